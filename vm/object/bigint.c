/* bigint.c - big integers as objects: made, finished, and the memory GMP works with.
 *
 * What        bigint.h, and the conversions between int and the numbers of C.
 * How         GMP calls abort when its allocation fails, and takes no argument that could tell it whose memory to use. So an operation
 *             that may need scratch reserves it first: scratch_reserve takes one block from toy's memory, and
 *             GMP's hook (gmp_allocate) hands out pieces of that block, first in, last out.
 *             The bound was measured: mpn_mul, mpn_tdiv_qr, mpn_gcdext, mpn_get_str and mpn_set_str never had more
 *             than 6.2 times their operands out, up to 10**6 limbs; 8 times is reserved, and only touched pages cost.
 * Invariants  I1, I2 of bigint.h.
 * GIL         held.
 * Read next   int_arith.c */
#include "vm/object/bigint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm/base/hash.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"

/* ---- GMP's memory ---- */

enum { SCRATCH_FACTOR = 8, SCRATCH_EXTRA = 1024, SCRATCH_ALIGNMENT = 16, NEEDS_NO_SCRATCH = 40 };

struct LimbScratch {
    char *block;              /* NULL: not reserved */
    size_t size, used;
};

bool scratch_reserve(Thread *t, size_t limbs)
{
    struct LimbScratch *scratch = t->interp->limb_scratch;
    assert(!scratch->block);  /* I2 */
    if (limbs <= NEEDS_NO_SCRATCH)  /* served from the C stack by GMP itself */
        return true;
    scratch->size = (limbs * SCRATCH_FACTOR + SCRATCH_EXTRA) * sizeof(uint64_t);
    scratch->used = 0;
    scratch->block = memory_alloc(&t->interp->memory, scratch->size);
    if (scratch->block)
        return true;
    raise_memory_error(t);
    return false;
}

void scratch_release(Thread *t)
{
    struct LimbScratch *scratch = t->interp->limb_scratch;
    memory_free(&t->interp->memory, scratch->block, scratch->size);
    *scratch = (struct LimbScratch){0};
}

static size_t round_up(size_t size)
{
    return (size + SCRATCH_ALIGNMENT - 1) & ~(size_t)(SCRATCH_ALIGNMENT - 1);
}

static void *gmp_allocate(size_t size)
{
    struct LimbScratch *scratch = thread_current()->interp->limb_scratch;
    if (scratch->block && round_up(size) <= scratch->size - scratch->used) {
        void *piece = scratch->block + scratch->used;
        scratch->used += round_up(size);
        return piece;
    }
    /* Beyond the measured bound. GMP knows no failure, so neither may we. */
    void *piece = malloc(size);
    if (!piece) {
        fputs("Fatal error: out of memory in integer arithmetic\n", stderr);
        abort();
    }
    return piece;
}

static void gmp_free(void *piece, size_t size)
{
    struct LimbScratch *scratch = thread_current()->interp->limb_scratch;
    char *at = piece;
    if (!scratch->block || at < scratch->block || at >= scratch->block + scratch->size)
        free(piece);
    else if (at + round_up(size) == scratch->block + scratch->used)
        scratch->used -= round_up(size);  /* the last one; others wait for scratch_release */
}

static void *gmp_resize(void *piece, size_t old_size, size_t new_size)
{
    void *moved = gmp_allocate(new_size);
    memcpy(moved, piece, old_size < new_size ? old_size : new_size);
    gmp_free(piece, old_size);
    return moved;
}

bool int_init(Thread *t)
{
    struct LimbScratch *scratch = memory_alloc_zeroed(&t->interp->memory, sizeof *scratch);
    if (!scratch)
        return false;
    t->interp->limb_scratch = scratch;
    mp_set_memory_functions(gmp_allocate, gmp_resize, gmp_free);
    return true;
}

void int_finish(Interp *interp)
{
    memory_free(&interp->memory, interp->limb_scratch, sizeof *interp->limb_scratch);
    interp->limb_scratch = NULL;
}

bool int_may_go_on(Thread *t)
{
    if (LIKELY(!(atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_SIGNAL)) || !t->interp->check_signals)
        return true;
    /* A handler may compute with ints of its own (I2): what is reserved is put aside meanwhile. */
    struct LimbScratch *scratch = t->interp->limb_scratch, reserved = *scratch;
    *scratch = (struct LimbScratch){0};
    bool goes_on = t->interp->check_signals(t);
    *scratch = reserved;
    return goes_on;
}

/* ---- making ---- */

#define LIMBS_MAX ((size_t)PTRDIFF_MAX / sizeof(uint64_t) - 64)

static size_t cell_size(size_t count)
{
    return sizeof(BigInt) + count * sizeof(uint64_t);
}

BigInt *bigint_new(Thread *t, size_t count)
{
    if (UNLIKELY(count > LIMBS_MAX)) {
        raise_memory_error(t);
        return NULL;
    }
    Type *type = t->interp->types[KIND_INT];
    size_t size = cell_size(count);
    BigInt *big = (BigInt *)(LIKELY(size <= HEAP_SMALL_MAX) ? heap_new_quick(t, type, size) : heap_new_raw(t, type, size));
    if (LIKELY(big != NULL))
        big->size = (int64_t)count;
    return big;
}

static Value finish_shorter(Thread *t, TAKES BigInt *big, size_t count, size_t used, bool is_negative)
{
    size_t old_size = cell_size(count), new_size = cell_size(used);
    BigInt *shorter;
    if (old_size <= HEAP_SMALL_MAX && (old_size + CELL_UNIT - 1) / CELL_UNIT == (new_size + CELL_UNIT - 1) / CELL_UNIT) {
        shorter = big;      /* in a cell of the size that it would get */
    } else if (new_size > HEAP_SMALL_MAX) {
        shorter = (BigInt *)heap_resize(t, &big->head, old_size, new_size);
        if (!shorter) {
            object_release(big);
            return FAILED;
        }
    } else {
        shorter = bigint_new(t, used);
        if (shorter)
            memcpy(shorter->limbs, big->limbs, used * sizeof(uint64_t));
        object_release(big);
        if (!shorter)
            return FAILED;
    }
    shorter->size = is_negative ? -(int64_t)used : (int64_t)used;
    return object_value(shorter);
}

Value bigint_finish(Thread *t, TAKES BigInt *big, size_t used, bool is_negative)
{
    size_t count = (size_t)big->size;
    while (used > 0 && big->limbs[used - 1] == 0)
        used--;
    if (used <= 1) {
        uint64_t magnitude = used ? big->limbs[0] : 0;
        if (magnitude <= (uint64_t)SMALL_INT_MAX + is_negative) {
            object_release(big);
            return small_int_value(is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude);
        }
    }
    if (used != count)
        return finish_shorter(t, big, count, used, is_negative);
    if (is_negative)
        big->size = -big->size;
    return object_value(big);
}

Value int_from_limbs(Thread *t, const uint64_t *limbs, size_t count, bool is_negative)
{
    while (count > 0 && limbs[count - 1] == 0)
        count--;
    if (count == 0)
        return small_int_value(0);
    if (count == 1 && limbs[0] <= (uint64_t)SMALL_INT_MAX + is_negative)
        return small_int_value(is_negative ? (int64_t)(0 - limbs[0]) : (int64_t)limbs[0]);
    BigInt *big = bigint_new(t, count);
    if (!big)
        return FAILED;
    memcpy(big->limbs, limbs, count * sizeof *limbs);
    if (is_negative)
        big->size = -big->size;
    return object_value(big);
}

Value int_from_int64(Thread *t, int64_t n)
{
    if (LIKELY(fits_small_int(n)))
        return small_int_value(n);
    uint64_t magnitude = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    return int_from_limbs(t, &magnitude, 1, n < 0);
}

Value int_from_uint64(Thread *t, uint64_t n)
{
    return LIKELY(n <= (uint64_t)SMALL_INT_MAX) ? small_int_value((int64_t)n) : int_from_limbs(t, &n, 1, false);
}

Value int_exact(Thread *t, Value v)
{
    if (is_exact_int(v))
        return retain(v);
    Limbs view;
    limbs_view(v, &view);
    return int_from_limbs(t, view.data, view.count, view.is_negative);
}

Value int_of_type(Thread *t, Type *type, Value v)
{
    if (type->kind == KIND_INT)
        return int_exact(t, v);
    Limbs view;
    limbs_view(v, &view);
    BigInt *big = (BigInt *)type_alloc_sized(t, type, cell_size(view.count));
    if (!big)
        return FAILED;
    memcpy(big->limbs, view.data, view.count * sizeof(uint64_t));
    big->size = view.is_negative ? -(int64_t)view.count : (int64_t)view.count;
    return object_value(big);
}

Value int_checked(Thread *t, TAKES Value n, const char *dunder)
{
    if (failed(n) || is_exact_int(n))
        return n;
    Value exact = FAILED;
    if (!is_int(n))
        raise_type_error(t, "%s returned non-int (type %T)", dunder, n);
    else if (raise_warning(t, EXC_DeprecationWarning, "%s returned non-int (type %T).  The ability to return an instance of a strict "
                           "subclass of int is deprecated, and may be removed in a future version of Python.", dunder, n))
        exact = int_exact(t, n);
    release(n);
    return exact;
}

Value int_from_index(Thread *t, Value v)
{
    if (is_int(v))
        return int_exact(t, v);
    UnaryFn index = value_type(t, v)->slots.index;
    if (!index)
        return raise_type_error(t, "'%T' object cannot be interpreted as an integer", v);
    return int_checked(t, index(t, v), "__index__");
}

/* ---- floats ---- */

Value int_from_double(Thread *t, double d)
{
    if (isnan(d))
        return raise_value_error(t, "cannot convert float NaN to integer");
    if (isinf(d))
        return raise_error(t, EXC_OverflowError, "cannot convert float infinity to integer");
    if (fabs(d) < 0x1p62)
        return small_int_value((int64_t)d);
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(d), &exponent), 53);
    unsigned shift = (unsigned)(exponent - 53);
    size_t whole = shift / 64, count = whole + 2;
    uint64_t limbs[20] = {0};  /* 1024 bits are 16 limbs */
    limbs[whole] = mantissa << shift % 64;
    if (shift % 64 != 0)
        limbs[whole + 1] = mantissa >> (64 - shift % 64);
    return int_from_limbs(t, limbs, count, d < 0);
}

bool int_to_double(Thread *t, Value v, double *out)
{
    int64_t n;
    if (LIKELY(small_number(v, &n))) {
        *out = (double)n;  /* the processor rounds to nearest, ties to even */
        return true;
    }
    Limbs view;
    limbs_view(v, &view);
    size_t bits = int_bit_length(v);
    if (bits > 1024)
        return raise_false(t, EXC_OverflowError, "int too large to convert to float");
    /* The upper 64 bits; whatever lies below them only matters as "there was something": it becomes the lowest bit. */
    uint64_t top = view.count ? view.data[view.count - 1] : 0;
    int64_t exponent = view.count ? (int64_t)(view.count - 1) * 64 : 0;
    if (view.count > 1) {
        int lead = __builtin_clzll(top);
        uint64_t next = view.data[view.count - 2];
        if (lead) {
            top = top << lead | next >> (64 - lead);
            next <<= lead;
        }
        exponent -= lead;
        bool is_rest = next != 0;
        for (size_t i = 0; i + 2 < view.count && !is_rest; i++)
            is_rest = view.data[i] != 0;
        top |= is_rest;
    }
    double d = ldexp((double)top, (int)exponent);
    if (isinf(d))
        return raise_false(t, EXC_OverflowError, "int too large to convert to float");
    *out = view.is_negative ? -d : d;
    return true;
}

/* ---- numbers of C, bytes ---- */

bool int_fits_int64(Value v, int64_t *out)
{
    if (small_number(v, out))
        return true;
    Limbs view;
    limbs_view(v, &view);
    uint64_t magnitude = view.count ? view.data[0] : 0;
    if (view.count > 1 || magnitude > (uint64_t)INT64_MAX + view.is_negative)
        return false;
    *out = view.is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool int_fits_uint64(Value v, uint64_t *out)
{
    Limbs view;
    limbs_view(v, &view);
    if (view.count > 1 || (view.is_negative && view.count))
        return false;
    *out = view.count ? view.data[0] : 0;
    return true;
}

int int_sign(Value v)
{
    Limbs view;
    limbs_view(v, &view);
    return view.count == 0 ? 0 : view.is_negative ? -1 : 1;
}

size_t int_bit_length(Value v)
{
    Limbs view;
    limbs_view(v, &view);
    return view.count ? view.count * 64 - (size_t)__builtin_clzll(view.data[view.count - 1]) : 0;
}

int64_t int_hash(Value v)
{
    int64_t n;
    if (LIKELY(small_number(v, &n)))
        return hash_int64(n);
    Limbs view;
    limbs_view(v, &view);
    return hash_limbs(view.data, view.count, view.is_negative);
}

int limbs_order(const Limbs *a, const Limbs *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->count ? mpn_cmp(mpn_const(a->data), mpn_const(b->data), (mp_size_t)a->count) : 0;
}

int int_order(Value left, Value right)
{
    if (LIKELY(are_small_ints(left, right))) {
        int64_t a = small_int(left), b = small_int(right);
        return a < b ? -1 : a > b;
    }
    Limbs a, b;
    limbs_view(left, &a);
    limbs_view(right, &b);
    if (a.is_negative != b.is_negative)
        return a.is_negative ? -1 : 1;
    int order = limbs_order(&a, &b);
    order = order < 0 ? -1 : order > 0;
    return a.is_negative ? -order : order;
}

Value int_from_bytes(Thread *t, const uint8_t *bytes, size_t length, bool is_little, bool is_signed)
{
    size_t count = (length + 7) / 8;
    bool is_negative = is_signed && length && (bytes[is_little ? length - 1 : 0] & 0x80);
    if (length <= 8 && length) {  /* by far the most frequent: one limb, no object */
        uint64_t n = is_negative ? UINT64_MAX : 0;
        for (size_t i = 0; i < length; i++)
            n = n << 8 | bytes[is_little ? length - 1 - i : i];
        return is_signed ? int_from_int64(t, (int64_t)n) : int_from_uint64(t, n);
    }
    BigInt *big = bigint_new(t, count + 1);
    if (!big)
        return FAILED;
    memset(big->limbs, is_negative ? 0xff : 0, (count + 1) * sizeof(uint64_t));
    for (size_t i = 0; i < length; i++) {
        uint64_t byte = bytes[is_little ? i : length - 1 - i];
        uint64_t *limb = &big->limbs[i / 8];
        *limb = (*limb & ~((uint64_t)0xff << i % 8 * 8)) | byte << i % 8 * 8;
    }
    if (is_negative)
        mpn_neg(mpn(big->limbs), mpn(big->limbs), (mp_size_t)(count + 1));
    return bigint_finish(t, big, count + 1, is_negative);
}

bool int_to_bytes(Thread *t, Value v, uint8_t *bytes, size_t length, bool is_little, bool is_signed)
{
    Limbs view;
    limbs_view(v, &view);
    if (view.is_negative && !is_signed)
        return raise_false(t, EXC_OverflowError, "can't convert negative int to unsigned");
    size_t bits = int_bit_length(v);
    if (is_signed && view.count) {
        /* -2**n needs one bit less than 2**n. */
        bool is_least = view.is_negative && mpn_popcount(mpn_const(view.data), (mp_size_t)view.count) == 1;
        bits += !is_least;
    }
    if (bits > length * 8)
        return raise_false(t, EXC_OverflowError, "int too big to convert");
    uint64_t borrow = view.is_negative;  /* two's complement: invert and add one */
    uint64_t limb = 0;
    for (size_t i = 0; i < length; i++) {
        if (i % 8 == 0) {
            limb = i / 8 < view.count ? view.data[i / 8] : 0;
            if (view.is_negative) {
                limb = ~limb + borrow;
                borrow = borrow && limb == 0;
            }
        }
        bytes[is_little ? i : length - 1 - i] = (uint8_t)(limb >> i % 8 * 8);
    }
    return true;
}
