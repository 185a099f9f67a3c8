/* bytes_methods.h - what bytes and bytearray share.
 *
 * What        ByteSpan, the bytes of either; arguments that are bytes; the methods both have.
 * How         A method works on a span and makes a result of self's own kind. Arguments are read before the span is taken: reading one may run script
 *             code, which may resize a bytearray.
 * GIL         held.
 * Read next   bytes_methods.c */
#ifndef TOY_OBJECT_BYTES_METHODS_H
#define TOY_OBJECT_BYTES_METHODS_H

#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/native.h"

typedef struct ByteSpan { const uint8_t *data; size_t length; } ByteSpan;

static inline bool is_bytearray(Value v) { return has_payload(v, KIND_BYTEARRAY); }
static inline ByteArray *as_bytearray(Value v) { return (ByteArray *)as_object(v); }
static inline ByteSpan span_of(Value v)
{
    if (is_bytes(v))
        return (ByteSpan){as_bytes(v)->data, as_bytes(v)->length};
    const ByteArray *array = as_bytearray(v);
    return (ByteSpan){array->data ? array->data : (const uint8_t *)"", array->length};  /* memcpy and its kin want an address even for 0 bytes */
}

/* Places of [part] in [span] that do not overlap. */
size_t span_count(ByteSpan span, ByteSpan part);
/* A bytes or bytearray, as [self] is one. */
MUST_CHECK Value bytes_like(Thread *t, Value self, const void *data, size_t length);
/* self[start:end] in self's kind; a whole plain bytes is itself. */
MUST_CHECK Value bytes_slice(Thread *t, Value self, size_t start, size_t end);

/* Bytes to be searched for: a bytes-like object, or an int that is one byte. */
typedef struct Needle { ByteSpan span; BufferView view; bool has_view; uint8_t byte; } Needle;
MUST_CHECK bool needle_get(Thread *t, Value v, bool takes_int, Needle *needle);
void needle_release(Thread *t, Needle *needle);
/* An int in range(0, 256); [message] else. */
MUST_CHECK bool byte_from_value(Thread *t, Value v, const char *message, uint8_t *byte);

MUST_CHECK Value byte_iterator_new(Thread *t, Value self);                       /* byte_iterator.c */
MUST_CHECK Value bytes_repr(Thread *t, const char *prefix, ByteSpan span, const char *suffix);
MUST_CHECK Value bytes_get_item(Thread *t, Value self, Value key);
MUST_CHECK bool bytes_contains(Thread *t, Value self, Value item, bool *found);
MUST_CHECK Value bytes_str(Thread *t, Value self);                                  /* its repr; with -b a warning */
MUST_CHECK Value bytes_compare(Thread *t, Value self, Value other, CompareOp op);
MUST_CHECK Value bytes_concat(Thread *t, Value left, Value right, BinaryFn own);
MUST_CHECK Value bytes_multiply(Thread *t, Value left, Value right);
/* The bytes that an iterable of ints gives, in a block: *capacity bytes, to be freed by the caller. */
MUST_CHECK bool bytes_collect(Thread *t, Value iterable, const char *range_message, uint8_t **data, size_t *length, size_t *capacity);
/* bytes(x, encoding, errors) and bytearray(...): what x gives, as a Bytes. */
MUST_CHECK Value bytes_from_arguments(Thread *t, const char *name, Value source, Value encoding, Value errors);
MUST_CHECK Value bytes_fromhex(Thread *t, Value text);

#define BYTES_METHOD(name) MUST_CHECK Value bytes_method_##name(Thread *t, Value self, const Value *args)
/* bytes_methods.c */
BYTES_METHOD(count);
BYTES_METHOD(decode);
BYTES_METHOD(endswith);
BYTES_METHOD(find);
BYTES_METHOD(hex);
BYTES_METHOD(index);
BYTES_METHOD(removeprefix);
BYTES_METHOD(removesuffix);
BYTES_METHOD(rfind);
BYTES_METHOD(rindex);
BYTES_METHOD(startswith);
/* bytes_replace.c */
BYTES_METHOD(join);
BYTES_METHOD(maketrans);
BYTES_METHOD(replace);
BYTES_METHOD(translate);
/* bytes_split.c */
BYTES_METHOD(split);
BYTES_METHOD(rsplit);
BYTES_METHOD(splitlines);
BYTES_METHOD(partition);
BYTES_METHOD(rpartition);
BYTES_METHOD(strip);
BYTES_METHOD(lstrip);
BYTES_METHOD(rstrip);
/* bytes_case.c */
BYTES_METHOD(capitalize);
BYTES_METHOD(center);
BYTES_METHOD(expandtabs);
BYTES_METHOD(isalnum);
BYTES_METHOD(isalpha);
BYTES_METHOD(isascii);
BYTES_METHOD(isdigit);
BYTES_METHOD(islower);
BYTES_METHOD(isspace);
BYTES_METHOD(istitle);
BYTES_METHOD(isupper);
BYTES_METHOD(ljust);
BYTES_METHOD(lower);
BYTES_METHOD(rjust);
BYTES_METHOD(swapcase);
BYTES_METHOD(title);
BYTES_METHOD(upper);
BYTES_METHOD(zfill);
#undef BYTES_METHOD

/* The rows both types have, in the order of the alphabet. */
/* clang-format off */
#define BYTES_COMMON_METHODS \
    NATIVE("capitalize", bytes_method_capitalize, "($self, /)", 0, "First letter capital, the rest small (ASCII)."), \
    NATIVE("center", bytes_method_center, "($self, width, fillchar=b' ', /)", 0, "Padded on both sides."), \
    NATIVE("count", bytes_method_count, "($self, sub[, start[, end]], /)", 0, "How often sub occurs in self[start:end], without overlaps."), \
    NATIVE("decode", bytes_method_decode, "($self, /, encoding='utf-8', errors='strict')", 0, "The text that these bytes are."), \
    NATIVE("endswith", bytes_method_endswith, "($self, suffix[, start[, end]], /)", 0, "Whether self[start:end] ends with suffix, or one of a tuple."), \
    NATIVE("expandtabs", bytes_method_expandtabs, "($self, /, tabsize=8)", 0, "Tabs replaced by blanks."), \
    NATIVE("find", bytes_method_find, "($self, sub[, start[, end]], /)", 0, "The first place of sub in self[start:end], or -1."), \
    NATIVE("hex", bytes_method_hex, "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", 0, "Two hexadecimal digits for each byte."), \
    NATIVE("index", bytes_method_index, "($self, sub[, start[, end]], /)", 0, "As find, but ValueError when it is not there."), \
    NATIVE("isalnum", bytes_method_isalnum, "($self, /)", 0, "ASCII letters and digits only, and at least one."), \
    NATIVE("isalpha", bytes_method_isalpha, "($self, /)", 0, "ASCII letters only, and at least one."), \
    NATIVE("isascii", bytes_method_isascii, "($self, /)", 0, "Nothing above 0x7f."), \
    NATIVE("isdigit", bytes_method_isdigit, "($self, /)", 0, "ASCII digits only, and at least one."), \
    NATIVE("islower", bytes_method_islower, "($self, /)", 0, "Some ASCII letters, all of them small."), \
    NATIVE("isspace", bytes_method_isspace, "($self, /)", 0, "ASCII blanks only, and at least one."), \
    NATIVE("istitle", bytes_method_istitle, "($self, /)", 0, "Each word begins with a capital, and only there."), \
    NATIVE("isupper", bytes_method_isupper, "($self, /)", 0, "Some ASCII letters, all of them capital."), \
    NATIVE("join", bytes_method_join, "($self, iterable_of_bytes, /)", 0, "The bytes of the iterable with these between them."), \
    NATIVE("ljust", bytes_method_ljust, "($self, width, fillchar=b' ', /)", 0, "Padded on the right."), \
    NATIVE("lower", bytes_method_lower, "($self, /)", 0, "ASCII letters made small."), \
    NATIVE("lstrip", bytes_method_lstrip, "($self, bytes=None, /)", 0, "Without the blanks (or bytes) in front."), \
    NATIVE("maketrans", bytes_method_maketrans, "(frm, to, /)", NATIVE_STATIC, "A table for translate()."), \
    NATIVE("partition", bytes_method_partition, "($self, sep, /)", 0, "(before, sep, after) at the first sep."), \
    NATIVE("removeprefix", bytes_method_removeprefix, "($self, prefix, /)", 0, "Without prefix, if it begins so."), \
    NATIVE("removesuffix", bytes_method_removesuffix, "($self, suffix, /)", 0, "Without suffix, if it ends so."), \
    NATIVE("replace", bytes_method_replace, "($self, old, new, count=-1, /)", 0, "With new for old: everywhere, or the first count times."), \
    NATIVE("rfind", bytes_method_rfind, "($self, sub[, start[, end]], /)", 0, "The last place of sub in self[start:end], or -1."), \
    NATIVE("rindex", bytes_method_rindex, "($self, sub[, start[, end]], /)", 0, "As rfind, but ValueError when it is not there."), \
    NATIVE("rjust", bytes_method_rjust, "($self, width, fillchar=b' ', /)", 0, "Padded on the left."), \
    NATIVE("rpartition", bytes_method_rpartition, "($self, sep, /)", 0, "(before, sep, after) at the last sep."), \
    NATIVE("rsplit", bytes_method_rsplit, "($self, /, sep=None, maxsplit=-1)", 0, "As split, counting from the end."), \
    NATIVE("rstrip", bytes_method_rstrip, "($self, bytes=None, /)", 0, "Without the blanks (or bytes) at the end."), \
    NATIVE("split", bytes_method_split, "($self, /, sep=None, maxsplit=-1)", 0, "The parts between sep, or between blanks."), \
    NATIVE("splitlines", bytes_method_splitlines, "($self, /, keepends=False)", 0, "The lines."), \
    NATIVE("startswith", bytes_method_startswith, "($self, prefix[, start[, end]], /)", 0, "Whether self[start:end] begins with prefix, or one of a tuple."), \
    NATIVE("strip", bytes_method_strip, "($self, bytes=None, /)", 0, "Without the blanks (or bytes) around."), \
    NATIVE("swapcase", bytes_method_swapcase, "($self, /)", 0, "ASCII capitals made small and small letters capital."), \
    NATIVE("title", bytes_method_title, "($self, /)", 0, "Each word with a capital in front."), \
    NATIVE("translate", bytes_method_translate, "($self, table, /, delete=b'')", 0, "Each byte as table has it, those of delete left out."), \
    NATIVE("upper", bytes_method_upper, "($self, /)", 0, "ASCII letters made capital."), \
    NATIVE("zfill", bytes_method_zfill, "($self, width, /)", 0, "Padded with zeros behind the sign.")
/* clang-format on */

#endif
