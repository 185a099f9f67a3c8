/* value.h - one 64-bit word that is any value of the language.
 *
 * What        Value, its tags, and what can be asked of it without following a pointer; the header of every heap object.
 * How         low bits tell what the word is:
 *                 ...........xxxxxxxxxxxxxxx1   a small int, 63 bits, shifted left by one
 *                 ...........xxxxxxxxxxxxxx10   a float, held in the word itself by self-tagging (below)
 *                 ...........xxxxxxxxxxxxx000   a pointer to an Object; the all-zero word: failure, or an unbound variable
 *                 ...........kkkkkkkkkkkkk100   None, False, True, Ellipsis, NotImplemented, END
 *             Self-tagging (Melancon, Serrano, Feeley, 2024): most doubles have an exponent whose top three bits are 011 or
 *             100. Adding 1 to those three bits makes them 100 or 101, so the top two read 10; rotating left by three puts
 *             these two into the low bits, where they are the tag. Doubles outside of 2**-255 .. 2**256 (0.0 among them) are
 *             boxed; 0.0 is shared.
 * Invariants  I1 an int that fits in 63 bits is never boxed, a float that fits in the word never either, except inside
 *             an instance of a subclass.  I2 a stack slot, a container's item and a local own what they hold.
 *             I3 END is never visible to scripts: it ends a native iteration without a StopIteration object.
 * GIL         held wherever counts change. Counting is not atomic: this is the reason the lock exists.
 * Read next   kinds.def, type.h, heap.h, context.h */
#ifndef TOY_OBJECT_VALUE_H
#define TOY_OBJECT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vm/base/attributes.h"

typedef struct Value { uint64_t bits; } Value;

typedef struct Thread Thread;
typedef struct Interp Interp;
typedef struct Type Type;
typedef struct Object Object;

/* The header of every heap object: 16 bytes.
 *     0        4      5      6       8            16
 *     +--------+------+------+-------+------------+-------------
 *     | count  | kind | solid| flags |    type    | native payload of the solid base, then attribute slots
 *     +--------+------+------+-------+------------+-------------  */
struct Object {
    uint32_t count;   /* references; COUNT_IMMORTAL and above: never freed */
    uint8_t kind;     /* enum Kind of the exact built-in type, KIND_INSTANCE for a class made by a script */
    uint8_t solid;    /* enum Kind whose native payload follows: KIND_LIST for a list and for instances of its subclasses */
    uint16_t flags;   /* enum ObjectFlags */
    Type *type;       /* NULL in a free cell */
};

enum { COUNT_IMMORTAL = 0x80000000u };

enum ObjectFlags {
    OBJECT_COLOUR_MASK = 0x0007,  /* the collector's, see collector.c */
    OBJECT_IS_FINALIZED = 0x0008, /* __del__ ran; it runs once */
    OBJECT_HAS_WEAKREFS = 0x0010, /* listed in the interpreter's table of weak references */
    OBJECT_IS_TRACKED = 0x0020,   /* lives in a container page: the collector walks it */
    OBJECT_IS_LARGE = 0x0040,     /* not in a size-class page: heap.c keeps a list of these */
    OBJECT_IS_INTERNED = 0x0080,  /* a Str in the table of interned strings */
    OBJECT_KIND_FLAG_1 = 0x0100,  /* free for the kind's own use */
    OBJECT_KIND_FLAG_2 = 0x0200,
    OBJECT_KIND_FLAG_3 = 0x0400,
    OBJECT_AGE_UNIT = 0x0800,     /* enum Age times this: the collector's, see colours.h */
    OBJECT_AGE_MASK = 0x1800,
    OBJECT_NEEDS_NO_FINALIZER = 0x4000,   /* its type has one, which would do nothing: a generator that is over */
    OBJECT_ENDS_UNSEEN = 0x2000,  /* a standard stream: once it is flushed, its finaliser has nothing to do at the end of the process */
};

/* ---- immediate values ---- */

#define VALUE_WORD(n) ((Value){((uint64_t)(n) << 3) | 4})
#define UNBOUND        ((Value){0})     /* an unbound variable, an absent optional argument, a deleted slot */
#define FAILED         ((Value){0})     /* the same word as a result: t->raised tells why */
#define NONE           VALUE_WORD(0)
#define FALSE          VALUE_WORD(1)    /* FALSE and TRUE differ in one bit: is_bool tests both at once */
#define TRUE           VALUE_WORD(3)
#define ELLIPSIS       VALUE_WORD(4)
#define NOT_IMPLEMENTED VALUE_WORD(5)
#define END            VALUE_WORD(6)    /* I3 */

static inline bool is_same(Value a, Value b) { return a.bits == b.bits; }   /* Python's `is` */
static inline bool failed(Value v) { return UNLIKELY(v.bits == 0); }
static inline bool is_unbound(Value v) { return v.bits == 0; }
static inline bool is_bound(Value v) { return v.bits != 0; }
static inline bool is_none(Value v) { return v.bits == NONE.bits; }
static inline bool is_end(Value v) { return v.bits == END.bits; }
static inline bool is_not_implemented(Value v) { return v.bits == NOT_IMPLEMENTED.bits; }
static inline bool is_bool(Value v) { return (v.bits | 16) == TRUE.bits; }
static inline bool is_true(Value v) { return v.bits == TRUE.bits; }
static inline bool is_false(Value v) { return v.bits == FALSE.bits; }
static inline Value bool_value(bool claim) { return claim ? TRUE : FALSE; }

/* ---- small ints ---- */

#define SMALL_INT_MAX ((int64_t)0x3fffffffffffffff)
#define SMALL_INT_MIN (-SMALL_INT_MAX - 1)

static inline bool is_small_int(Value v) { return v.bits & 1; }
static inline bool are_small_ints(Value a, Value b) { return a.bits & b.bits & 1; }
static inline int64_t small_int(Value v) { return (int64_t)v.bits >> 1; }
static inline bool fits_small_int(int64_t n) { return n >= SMALL_INT_MIN && n <= SMALL_INT_MAX; }
static inline Value small_int_value(int64_t n) { return (Value){((uint64_t)n << 1) | 1}; }   /* n must fit */

/* ---- floats in the word ---- */

static inline uint64_t float_bits(double d) { uint64_t bits; memcpy(&bits, &d, sizeof bits); return bits; }
/* Less 2, because that is one instruction where a comparison of two masked bits takes three. */
static inline bool is_word_float(Value v) { return ((v.bits - 2) & 3) == 0; }
static inline bool are_word_floats(Value a, Value b) { return (((a.bits - 2) | (b.bits - 2)) & 3) == 0; }
static inline bool is_number_word(Value v) { return v.bits & 3; }     /* one of the two: a small int or a float */
static inline double word_float(Value v)
{
    uint64_t bits = ((v.bits >> 3) | (v.bits << 61)) - ((uint64_t)1 << 60);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}
/* The word for d if d fits, else a word that is not a float: test with is_word_float. */
static inline Value word_float_try(double d)
{
    uint64_t bits = float_bits(d) + ((uint64_t)1 << 60);
    return (Value){(bits << 3) | (bits >> 61)};
}

/* ---- objects ---- */

static inline bool is_object(Value v) { return (v.bits & 7) == 0 && v.bits != 0; }
static inline Object *as_object(Value v) { return (Object *)(uintptr_t)v.bits; }
static inline Value object_value(const void *object) { return (Value){(uint64_t)(uintptr_t)object}; }

/* The kinds: one per built-in type. */
enum Kind {
    KIND_INSTANCE = 0,            /* made by a script's class, or not a built-in payload */
#define KIND(NAME, name, base, spec) KIND_##NAME,
#include "vm/object/kinds.def"
#undef KIND
    KIND_COUNT
};

static inline bool is_kind(Value v, enum Kind kind) { return is_object(v) && as_object(v)->kind == kind; }        /* exactly this built-in type */
static inline bool has_payload(Value v, enum Kind solid) { return is_object(v) && as_object(v)->solid == solid; } /* it or a subclass */

/* ---- counting references ---- */

void object_free(TAKES Object *object);   /* heap.c: the count fell to zero */

ALWAYS_INLINE void object_retain(void *object)
{
    Object *o = object;
    if (LIKELY(o->count < COUNT_IMMORTAL)) o->count++;
}
ALWAYS_INLINE void object_release(TAKES void *object)
{
    Object *o = object;
    if (LIKELY(o->count < COUNT_IMMORTAL) && UNLIKELY(--o->count == 0)) object_free(o);
}
ALWAYS_INLINE Value retain(Value v)
{
    if (is_object(v)) object_retain(as_object(v));
    return v;
}
/* The same of a value that is known to be one. */
ALWAYS_INLINE Value retain_bound(Value v)
{
    ASSUME(v.bits != 0);
    return retain(v);
}
ALWAYS_INLINE void release(TAKES Value v)
{
    if (is_object(v)) object_release(as_object(v));
}
ALWAYS_INLINE void release2(TAKES Value a, TAKES Value b) { release(a); release(b); }
/* Store into an owned place: the old value is released last, for its finaliser may look at the place. */
static inline void replace(Value *place, TAKES Value v) { Value old = *place; *place = v; release(old); }
static inline void clear(Value *place) { Value old = *place; *place = UNBOUND; release(old); }

#endif
