/* ctypes_scalars.c - the scalars of C: their bytes as values, and values as their bytes.
 *
 * What        The table of kinds, by the letters that classes have as _type_; ctypes_scalar_read, ctypes_scalar_write.
 * How         Memory may be unaligned and its bytes in the other order: every scalar passes through a Scalar, where it is aligned and in ours.
 * Invariants  I1 the address of something is only written together with a value for 'keeps' that holds it.
 * GIL         held; __index__, __float__ and __bool__ run script code, before any memory is touched.
 * Read next   ctypes_simple.c, ctypes_objects.c */
#include "stdlib/ctypes/ctypes.h"

/* ---- reading and writing ---- */

bool ctypes_low_bits(ToyThread *t, ToyValue v, uint64_t *bits)
{
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) return false;
    int64_t word;
    bool done = true;
    if (toy_int_fits_int64(n, &word)) {
        *bits = (uint64_t)word;
    } else {
        ToyValue mask = toy_int_from_uint64(t, UINT64_MAX), low = toy_failed(mask) ? TOY_FAILED : toy_operate(t, TOY_AND, n, mask);
        done = !toy_failed(low) && toy_int_fits_uint64(low, bits);
        toy_release(mask);
        toy_release(low);
    }
    toy_release(n);
    return done;
}

bool ctypes_write_int(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    uint64_t bits;
    if (!ctypes_low_bits(t, v, &bits)) return false;
    memcpy(place, &bits, kind->size);   /* little-endian: the low bytes come first */
    return true;
}
static ToyValue read_signed(ToyThread *t, const Kind *kind, const Scalar *place)
{
    switch (kind->size) {
    case 1: return toy_int(t, place->i8);
    case 2: return toy_int(t, place->i16);
    case 4: return toy_int(t, place->i32);
    default: return toy_int(t, place->i64);
    }
}
static ToyValue read_unsigned(ToyThread *t, const Kind *kind, const Scalar *place)
{
    uint64_t bits = 0;
    memcpy(&bits, place, kind->size);
    return toy_int_from_uint64(t, bits);
}

static bool write_bool(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    bool truth;
    if (!toy_truth(t, v, &truth)) return false;
    place->i8 = truth;
    return true;
}
static ToyValue read_bool(ToyThread *t, const Kind *kind, const Scalar *place) { return toy_bool(place->i8 != 0); }

static bool write_char(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    size_t length;
    int64_t number;
    if ((toy_is_bytes(v) || toy_is_bytearray(v)) && (toy_bytes_data(v, &length), length == 1)) {
        place->i8 = (int8_t)toy_bytes_data(v, &length)[0];
        return true;
    }
    if (toy_is_int(v) && toy_int_fits_int64(v, &number) && number >= 0 && number <= 255) {
        place->i8 = (int8_t)number;
        return true;
    }
    return toy_raise_false(t, TOY_TypeError, "one character bytes, bytearray or integer expected");
}
static ToyValue read_char(ToyThread *t, const Kind *kind, const Scalar *place) { return toy_bytes(t, place, 1); }

static bool write_wide(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "unicode string expected instead of %T instance", v);
    if (toy_str_length(v) != 1) return toy_raise_false(t, TOY_TypeError, "one character unicode string expected");
    place->wide = (wchar_t)toy_str_char(v, 0);
    return true;
}
static ToyValue read_wide(ToyThread *t, const Kind *kind, const Scalar *place) { return toy_str_from_char(t, (uint32_t)place->wide); }

bool ctypes_write_float(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    double d;
    if (!toy_arg_double(t, v, &d)) return false;
    if (kind->letter == 'f') place->f32 = (float)d;
    else if (kind->letter == 'g') place->f80 = d;
    else place->f64 = d;
    return true;
}
static ToyValue read_float(ToyThread *t, const Kind *kind, const Scalar *place)
{
    return toy_float(t, kind->letter == 'f' ? (double)place->f32 : kind->letter == 'g' ? (double)place->f80 : place->f64);
}

static bool write_address(ToyThread *t, ToyValue v, Scalar *place)
{
    uint64_t bits = 0;
    if (!toy_is_none(v) && !ctypes_low_bits(t, v, &bits)) return false;
    place->pointer = (void *)(uintptr_t)bits;
    return true;
}

static bool write_text(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    if (toy_is_none(v) || toy_is_int(v)) return write_address(t, v, place);
    if (!toy_is_bytes(v)) return toy_raise_false(t, TOY_TypeError, "bytes or integer address expected instead of %T instance", v);
    size_t length;
    place->pointer = (void *)toy_bytes_data(v, &length);
    *keeps = toy_retain(v);
    return true;
}
static ToyValue read_text(ToyThread *t, const Kind *kind, const Scalar *place)
{
    return place->pointer ? toy_bytes(t, place->pointer, strlen(place->pointer)) : TOY_NONE;
}

ToyValue ctypes_wide_copy(ToyThread *t, ToyValue str)
{
    size_t length = toy_str_length(str);
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, (length + 1) * sizeof(wchar_t), &data);
    for (size_t i = 0; !toy_failed(bytes) && i <= length; i++) {
        wchar_t character = i < length ? (wchar_t)toy_str_char(str, i) : 0;
        memcpy(data + i * sizeof character, &character, sizeof character);
    }
    return bytes;
}
static bool write_wide_text(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    if (toy_is_none(v) || toy_is_int(v)) return write_address(t, v, place);
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "unicode string or integer address expected instead of %T instance", v);
    *keeps = ctypes_wide_copy(t, v);
    if (toy_failed(*keeps)) return false;
    size_t length;
    place->pointer = (void *)toy_bytes_data(*keeps, &length);
    return true;
}
static ToyValue read_wide_text(ToyThread *t, const Kind *kind, const Scalar *place)
{
    _Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "wide characters are code points");
    return place->pointer ? toy_str_from_ucs4(t, place->pointer, wcslen(place->pointer)) : TOY_NONE;
}

static bool write_pointer(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    if (!toy_is_none(v) && !toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "cannot be converted to pointer");
    return write_address(t, v, place);
}
static ToyValue read_pointer(ToyThread *t, const Kind *kind, const Scalar *place)
{
    return place->pointer ? toy_int_from_uint64(t, (uint64_t)(uintptr_t)place->pointer) : TOY_NONE;
}

/* An object of the language itself: its word. */
static bool write_value(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    place->bits = v.bits;
    *keeps = toy_retain(v);
    return true;
}
static ToyValue read_value(ToyThread *t, const Kind *kind, const Scalar *place)
{
    ToyValue v = {place->bits};
    return toy_is_bound(v) ? toy_retain(v) : toy_raise_value_error(t, "PyObject is NULL");
}

static const Kind kinds[] = {
    {'b', 1, 'b', &ffi_type_sint8, ctypes_write_int, read_signed}, {'B', 1, 'B', &ffi_type_uint8, ctypes_write_int, read_unsigned},
    {'h', 2, 'h', &ffi_type_sint16, ctypes_write_int, read_signed}, {'H', 2, 'H', &ffi_type_uint16, ctypes_write_int, read_unsigned},
    {'i', 4, 'i', &ffi_type_sint32, ctypes_write_int, read_signed}, {'I', 4, 'I', &ffi_type_uint32, ctypes_write_int, read_unsigned},
    {'l', 8, 'q', &ffi_type_sint64, ctypes_write_int, read_signed}, {'L', 8, 'Q', &ffi_type_uint64, ctypes_write_int, read_unsigned},
    {'q', 8, 'q', &ffi_type_sint64, ctypes_write_int, read_signed}, {'Q', 8, 'Q', &ffi_type_uint64, ctypes_write_int, read_unsigned},
    {'?', 1, '?', &ffi_type_uint8, write_bool, read_bool}, {'c', 1, 'c', &ffi_type_sint8, write_char, read_char},
    {'u', 4, 'u', &ffi_type_sint32, write_wide, read_wide}, {'f', 4, 'f', &ffi_type_float, ctypes_write_float, read_float},
    {'d', 8, 'd', &ffi_type_double, ctypes_write_float, read_float},
    {'g', sizeof(long double), 'g', &ffi_type_longdouble, ctypes_write_float, read_float},
    {'z', 8, 'z', &ffi_type_pointer, write_text, read_text}, {'Z', 8, 'Z', &ffi_type_pointer, write_wide_text, read_wide_text},
    {'P', 8, 'P', &ffi_type_pointer, write_pointer, read_pointer}, {'O', 8, 'O', &ffi_type_pointer, write_value, read_value},
};
_Static_assert(sizeof(long) == 8 && sizeof(void *) == 8, "the rows above are those of a 64-bit system");

const Kind *ctypes_kind(char letter)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].letter == letter) return &kinds[i];
    return NULL;
}

/* ---- memory ---- */

static void turn_round(Scalar *scalar, size_t size)
{
    uint8_t *bytes = (uint8_t *)scalar;
    for (size_t i = 0; i < size / 2; i++) {
        uint8_t byte = bytes[i];
        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = byte;
    }
}

ToyValue ctypes_scalar_read(ToyThread *t, const CClass *class, const uint8_t *at)
{
    Scalar scalar = {.bits = 0};
    memcpy(&scalar, at, class->kind->size);
    if (class->is_swapped) turn_round(&scalar, class->kind->size);
    return class->kind->read(t, class->kind, &scalar);
}

bool ctypes_scalar_write(ToyThread *t, const CClass *class, ToyValue v, uint8_t *at, ToyValue *keeps)
{
    Scalar scalar = {.bits = 0};
    if (!class->kind->write(t, class->kind, v, &scalar, keeps)) return false;
    if (class->is_swapped) turn_round(&scalar, class->kind->size);
    memcpy(at, &scalar, class->kind->size);
    return true;
}
