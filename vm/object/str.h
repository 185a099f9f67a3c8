/* str.h - text: immutable, one, two or four bytes per character by its widest one.
 *
 * What        Str and its native operations; the methods of scripts are in str_methods.c, formatting in format.c.
 * How         Characters follow the header in the object. O(1) index and slice. The hash is computed once. Lone surrogates are allowed.
 * Layout      | header 16 | hash 8 | length 8 | width 1, is_ascii 1, zero 2 | characters ... | one zero character ... | encoded 8 |
 *             The last field, aligned to 8, is there unless is_ascii: NULL, or the UTF-8 form once somebody asked for it.
 * Invariants  I1 width is the least that holds the widest character.  I2 is_ascii exactly if all characters are below 128.
 *             I3 interned strings with equal text are the same object.  I4 strings of one Latin-1 character are shared.
 *             I5 behind the characters all bytes up to the next multiple of eight in the cell are zero: short texts are compared by words.
 * GIL         held.
 * Read next   vm/base/unicode.h, vm/base/codec.h */
#ifndef TOY_OBJECT_STR_H
#define TOY_OBJECT_STR_H

#include <stdarg.h>

#include "vm/base/buffer.h"
#include "vm/object/context.h"

struct Str {
    Object head;
    int64_t hash;              /* -1: not computed yet */
    size_t length;             /* characters */
    uint8_t width;             /* 1, 2 or 4 bytes per character: I1 */
    bool is_ascii;             /* I2 */
    uint16_t zero;             /* for str_word */
    _Alignas(4) char characters[];   /* width bytes each, and a zero one behind them. At 36: eleven plain characters fit into 48 bytes */
};

static inline void *str_data(const Str *s) { return (void *)s->characters; }
static inline uint32_t str_char(const Str *s, size_t i)
{
    const void *data = str_data(s);
    return s->width == 1 ? ((const uint8_t *)data)[i] : s->width == 2 ? ((const uint16_t *)data)[i] : ((const uint32_t *)data)[i];
}
static inline bool is_str(Value v) { return has_payload(v, KIND_STR); }
static inline Str *as_str(Value v) { return (Str *)as_object(v); }

/* Each returns a new reference, or raises. */
MUST_CHECK Str *str_new(Thread *t, size_t length, uint32_t widest);            /* uninitialised characters; fill before use; [widest] must be exact class */
MUST_CHECK Str *str_from_utf8(Thread *t, const char *bytes, size_t length);    /* strict; UnicodeDecodeError */
MUST_CHECK Str *str_from_wtf8(Thread *t, const char *bytes, size_t length);    /* lone surrogates pass: code units, OS names */
MUST_CHECK Str *str_from_text(Thread *t, const char *text);                    /* NUL-terminated ASCII or UTF-8 the C code knows to be good */
MUST_CHECK Str *str_from_ascii(Thread *t, const char *bytes, size_t length);
MUST_CHECK Str *str_from_characters(Thread *t, const void *characters, unsigned width, size_t length);   /* of [width] bytes: 1, 2 or 4 */
MUST_CHECK Str *str_from_char(Thread *t, uint32_t character);
MUST_CHECK Str *str_format(Thread *t, const char *format, ...);                /* raise_error's formats */
MUST_CHECK Str *str_vformat(Thread *t, const char *format, va_list arguments);
MUST_CHECK Str *str_intern(Thread *t, TAKES Str *s);                           /* the interned equal; NULL in, NULL out */
MUST_CHECK Str *str_intern_text(Thread *t, const char *text);

MUST_CHECK Value str_concat(Thread *t, Str *a, Str *b);
/* a + b where the caller gives up its reference to a: grows in place when nobody else has it. */
MUST_CHECK Value str_append(Thread *t, TAKES Value a, Str *b);
MUST_CHECK Value str_join(Thread *t, Str *separator, const Value *items, size_t count);   /* items must be strs, else TypeError "sequence item N: expected str instance, T found" */
MUST_CHECK Value str_join_pieces(Thread *t, const Value *items, size_t count);            /* f-strings: all are known to be strs */
MUST_CHECK Value str_slice(Thread *t, Str *s, size_t start, size_t end);
bool str_equal(const Str *a, const Str *b);
/* Word 0 is the width and the first four bytes of the text, with what lies between; then come eight bytes in each, the last filled up: I5. */
static inline uint64_t str_word(const Str *s, size_t i)
{
    _Static_assert(offsetof(Str, width) % sizeof(uint64_t) == 0 && offsetof(Str, characters) == offsetof(Str, width) + 4, "as told above");
    uint64_t word;
    memcpy(&word, (const char *)s + offsetof(Str, width) + i * sizeof word, sizeof word);
    return word;
}
/* str_equal for strings of at most twenty bytes, without a call. I1: equal text has equal width. */
enum { STR_BYTES_IN_1 = 4, STR_BYTES_IN_2 = 12, STR_BYTES_IN_3 = 20 };
static inline bool str_is_short(const Str *s) { return s->length * s->width <= STR_BYTES_IN_3; }
static inline bool str_is_tiny(const Str *s) { return s->length * s->width <= STR_BYTES_IN_1; }
/* Equal length, width and first four bytes: of two tiny texts that is all. */
ALWAYS_INLINE bool str_begins_alike(const Str *a, const Str *b) { return a->length == b->length && str_word(a, 0) == str_word(b, 0); }
ALWAYS_INLINE bool str_equal_short(const Str *a, const Str *b)
{
    if (!str_begins_alike(a, b))
        return false;
    size_t size = a->length * a->width;
    return size <= STR_BYTES_IN_1 || (str_word(a, 1) == str_word(b, 1) && (size <= STR_BYTES_IN_2 || str_word(a, 2) == str_word(b, 2)));
}
int str_order(const Str *a, const Str *b);                                                /* <0, 0, >0 by code point */
bool str_equal_text(const Str *s, const char *ascii);
int64_t str_hash(Thread *t, Str *s);
bool str_contains(const Str *s, const Str *part);
int64_t str_find(const Str *s, const Str *part, size_t start, size_t end);                /* -1: not there */
int64_t str_find_char(const Str *s, uint32_t character, size_t start, size_t end);

int64_t str_find_last(const Str *s, const Str *part, size_t start, size_t end);
size_t str_count(const Str *s, const Str *part, size_t start, size_t end);                /* places that do not overlap */

/* UTF-8 of s with a NUL behind it: BORROWED, as long as s lives (for ASCII the characters themselves, else kept with s). Raises UnicodeEncodeError for lone surrogates. */
BORROWED MUST_CHECK const char *str_utf8(Thread *t, Str *s, size_t *length);
/* The same for names of the operating system: surrogateescape back to the bytes; ValueError "embedded null byte". */
BORROWED MUST_CHECK const char *str_os_name(Thread *t, Str *s);
/* Adds the text, lone surrogates as \udcxx escapes: for error output, never raises. */
void str_add_to_buffer(const Str *s, Buffer *buffer);

/* A growing text: collects pieces, becomes a Str at the end. After a failure t->raised is set and further writes do nothing. */
typedef struct StrBuilder {
    Thread *t;
    char *data; size_t length, capacity;    /* characters */
    uint8_t width; bool has_failed;
    uint32_t widest;                        /* OR of all characters */
} StrBuilder;
void str_builder_init(StrBuilder *builder, Thread *t);
void str_builder_add_char(StrBuilder *builder, uint32_t character);
void str_builder_add(StrBuilder *builder, const Str *s);
void str_builder_add_slice(StrBuilder *builder, const Str *s, size_t start, size_t end);
void str_builder_add_ascii(StrBuilder *builder, const char *text, size_t length);
void str_builder_add_text(StrBuilder *builder, const char *ascii);
void str_builder_add_repeated(StrBuilder *builder, uint32_t character, size_t times);
MUST_CHECK Value str_builder_finish(StrBuilder *builder);   /* the Str, or FAILED; the builder is empty afterwards */
void str_builder_abandon(StrBuilder *builder);

/* Decoding and encoding by name, with error handlers (strict, ignore, replace, backslashreplace, surrogateescape, surrogatepass, xmlcharrefreplace, namereplace). */
MUST_CHECK Value str_decode(Thread *t, const char *bytes, size_t length, const char *encoding, const char *errors);
MUST_CHECK Value str_encode(Thread *t, Str *s, const char *encoding, const char *errors);
/* For what a script asks to encode or decode: in development mode false, raised LookupError, if one of the names (or NULL) means nothing. */
MUST_CHECK bool codec_names_exist(Thread *t, const char *encoding, const char *errors);

/* UnicodeDecodeError and UnicodeEncodeError with their five fields. */
COLD Value raise_decode_error(Thread *t, const char *encoding, const char *bytes, size_t length, size_t start, size_t end, const char *reason);
COLD Value raise_encode_error(Thread *t, const char *encoding, Str *s, size_t start, size_t end, const char *reason);

/* -- for the files that make up str -- */
#define STR_LENGTH_MAX ((size_t)PTRDIFF_MAX / 4 - 64)
MUST_CHECK Str *str_new_of(Thread *t, Type *type, size_t length, uint32_t widest);   /* of str or a subclass */
MUST_CHECK Value str_exact(Thread *t, Str *s);                                       /* itself, or a copy of a subclass's instance */
MUST_CHECK Value str_repr(Thread *t, Str *s, bool is_ascii_only);                    /* quotes and escapes */
uint32_t characters_widest(const void *data, unsigned width, size_t length);         /* OR of a kind: tells the class of the widest */
void characters_copy(void *to, unsigned to_width, const void *from, unsigned width, size_t count);
static inline void *str_at(const Str *s, size_t i) { return (char *)s->characters + i * s->width; }
size_t str_size_of(Object *s);                                                       /* bytes of its cell, before members */
void str_free(Object *s);
void str_put(Str *s, size_t i, uint32_t character);                                  /* while it is being filled */

typedef struct StrIterator { Object head; Str *str; size_t next; } StrIterator;      /* str NULL: exhausted */

/* Start-up, as soon as the type str exists: the table of interned strings, '' and the strings of one character. */
MUST_CHECK bool str_init(Thread *t);
void str_finish(Interp *interp);                                                     /* after the last Str is gone */
void str_forget_interned(Interp *interp, Str *s);                                    /* an interned Str dies */

extern const TypeSpec str_spec, str_iterator_spec;

#endif
