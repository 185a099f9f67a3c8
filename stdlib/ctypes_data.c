/* ctypes_data.c - scalars of C as objects, and values as arguments.
 *
 * What        _SimpleCData, the base of c_int, c_double ...; CArgObject, an argument that was made by from_param or byref; conversions.
 * How         A class has a letter, _type_, that names a row of [kinds]: its size, libffi's description, how to read and to write it. An object holds
 *             its bytes in itself, or, made by in_dll and from_address, points to foreign ones.
 * Invariants  I1 what a pointer among the bytes points to is kept in 'keeps'.
 * GIL         held.
 * Read next   mod_ctypes.c */
#include "stdlib/ctypes_parts.h"

typedef struct Simple {
    ToyObject head;
    const struct Kind *kind;
    Scalar *place;             /* &own, or memory of somebody else */
    Scalar own;
    ToyValue keeps;            /* I1 */
} Simple;

typedef struct Kind {
    char letter;
    uint8_t size;
    ffi_type *type;
    /* Store the value at [place]; *keeps (owned, UNBOUND so far) gets what must live on. */
    bool (*write)(ToyThread *t, const struct Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps);
    ToyValue (*read)(ToyThread *t, const struct Kind *kind, const Scalar *place);
} Kind;

static Simple *as_simple(ToyValue v) { return (Simple *)toy_object(v); }

/* ---- reading and writing ---- */

/* The low 64 bits of an int of any size. */
static bool low_bits(ToyThread *t, ToyValue v, uint64_t *bits)
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

static bool write_int(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
{
    uint64_t bits;
    if (!low_bits(t, v, &bits)) return false;
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

static bool write_float(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps)
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
    if (!toy_is_none(v) && !low_bits(t, v, &bits)) return false;
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

/* A str as wide characters with a zero behind them: bytes that hold them, owned. */
static ToyValue wide_copy(ToyThread *t, ToyValue str)
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
    *keeps = wide_copy(t, v);
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

static const Kind kinds[] = {
    {'b', 1, &ffi_type_sint8, write_int, read_signed}, {'B', 1, &ffi_type_uint8, write_int, read_unsigned},
    {'h', 2, &ffi_type_sint16, write_int, read_signed}, {'H', 2, &ffi_type_uint16, write_int, read_unsigned},
    {'i', 4, &ffi_type_sint32, write_int, read_signed}, {'I', 4, &ffi_type_uint32, write_int, read_unsigned},
    {'l', 8, &ffi_type_sint64, write_int, read_signed}, {'L', 8, &ffi_type_uint64, write_int, read_unsigned},
    {'q', 8, &ffi_type_sint64, write_int, read_signed}, {'Q', 8, &ffi_type_uint64, write_int, read_unsigned},
    {'?', 1, &ffi_type_uint8, write_bool, read_bool}, {'c', 1, &ffi_type_sint8, write_char, read_char},
    {'u', 4, &ffi_type_sint32, write_wide, read_wide}, {'f', 4, &ffi_type_float, write_float, read_float},
    {'d', 8, &ffi_type_double, write_float, read_float}, {'g', sizeof(long double), &ffi_type_longdouble, write_float, read_float},
    {'z', 8, &ffi_type_pointer, write_text, read_text}, {'Z', 8, &ffi_type_pointer, write_wide_text, read_wide_text},
    {'P', 8, &ffi_type_pointer, write_pointer, read_pointer},
};
_Static_assert(sizeof(long) == 8 && sizeof(void *) == 8, "the rows above are those of a 64-bit system");

static const Kind *kind_of_letter(char letter)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].letter == letter) return &kinds[i];
    return NULL;
}

/* The row that a class names; NULL raises. */
static const Kind *kind_of_class(ToyThread *t, ToyValue class)
{
    ToyValue letter = toy_find_attribute(t, class, "_type_");
    if (toy_is_raised(t)) return NULL;
    const Kind *kind = toy_is_bound(letter) && toy_is_str(letter) && toy_str_length(letter) == 1 ? kind_of_letter((char)toy_str_char(letter, 0)) : NULL;
    toy_release(letter);
    if (!kind) toy_raise(t, TOY_AttributeError, "class must define a '_type_' attribute which must be a single character string containing one of 'cbBhHiIlLdfuzZqQPg?'");
    return kind;
}

static bool is_simple(ToyThread *t, CtypesState *state, ToyValue v) { return toy_is_a(t, v, state->simple_type); }
static bool is_simple_class(CtypesState *state, ToyValue v)
{
    return toy_is_type(v) && toy_type_is_subtype((ToyType *)toy_object(v), state->simple_type);
}
/* c_int itself, but no class derived from it: its values are handed out as numbers. */
static bool is_direct(CtypesState *state, ToyValue class) { return toy_type_base((ToyType *)toy_object(class)) == state->simple_type; }

/* ---- _SimpleCData ---- */

static bool simple_assign(ToyThread *t, Simple *simple, ToyValue v)
{
    ToyValue keeps = TOY_UNBOUND;
    Scalar written = {.bits = 0};
    if (!simple->kind->write(t, simple->kind, v, &written, &keeps)) {
        toy_release(keeps);
        return false;
    }
    memcpy(simple->place, &written, simple->kind->size);
    toy_replace(&simple->keeps, keeps);
    return true;
}

static ToyValue simple_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    const Kind *kind = kind_of_class(t, toy_type_value(type));
    Simple *simple = kind ? (Simple *)toy_type_alloc(t, type) : NULL;
    if (!simple) return TOY_FAILED;
    simple->kind = kind;
    simple->place = &simple->own;
    return toy_value(simple);
}

static bool simple_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_count(t, "__init__", count, 0, 1)) return false;   /* keywords are not looked at, as in CPython */
    return count == 0 || simple_assign(t, as_simple(self), args[0]);
}

static ToyValue get_value(ToyThread *t, ToyValue self) { return as_simple(self)->kind->read(t, as_simple(self)->kind, as_simple(self)->place); }
static bool set_value(ToyThread *t, ToyValue self, ToyValue v)
{
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "can't delete attribute");
    return simple_assign(t, as_simple(self), v);
}

static ToyValue simple_repr(ToyThread *t, ToyValue self)
{
    CtypesState *state = toy_instance_state(self);
    ToyValue class = toy_type_value(toy_type_of(t, self));
    ToyValue name = toy_get_attribute(t, class, "__name__"), value = TOY_UNBOUND, text = TOY_FAILED;
    if (toy_failed(name)) return TOY_FAILED;
    const Simple *simple = as_simple(self);
    if (!is_direct(state, class)) {
        text = toy_str_format(t, "<%S object at %p>", name, (void *)toy_object(self));
    } else {
        /* A pointer prints as the address, whatever it points to. */
        bool is_text = simple->kind->letter == 'z' || simple->kind->letter == 'Z';
        value = is_text ? read_pointer(t, simple->kind, simple->place) : get_value(t, self);
        if (!toy_failed(value)) text = toy_str_format(t, "%S(%R)", name, value);
    }
    toy_release(name);
    toy_release(value);
    return text;
}

static bool simple_truth(ToyThread *t, ToyValue self, bool *truth)
{
    static const Scalar zero;
    *truth = memcmp(as_simple(self)->place, &zero, as_simple(self)->kind->size) != 0;
    return true;
}
static bool simple_hash(ToyThread *t, ToyValue self, int64_t *hash) { return toy_raise_false(t, TOY_TypeError, "unhashable type"); }

static void simple_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Simple *)self)->keeps, visit, context); }
static void simple_clear(ToyObject *self) { toy_clear(&((Simple *)self)->keeps); }

/* An object over memory that is there already. */
static ToyValue simple_at(ToyThread *t, ToyValue class, void *address, ToyValue keeps)
{
    ToyValue v = simple_new(t, (ToyType *)toy_object(class), NULL, 0, NULL);
    if (toy_failed(v)) return TOY_FAILED;
    as_simple(v)->place = address;
    as_simple(v)->keeps = toy_retain(keeps);
    return v;
}

static ToyValue simple_in_dll(ToyThread *t, ToyValue self, const ToyValue *args)
{
    void *address = ctypes_symbol(t, args[0], args[1], TOY_ValueError);
    return address ? simple_at(t, self, address, args[0]) : TOY_FAILED;
}
static ToyValue simple_from_address(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t address;
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "integer expected");
    return toy_arg_uint64(t, args[0], &address) ? simple_at(t, self, (void *)(uintptr_t)address, TOY_UNBOUND) : TOY_FAILED;
}

/* ---- arguments made beforehand: from_param, byref ---- */

typedef struct Parameter { ToyObject head; const Kind *kind; Scalar scalar; ToyValue holder; } Parameter;

static ToyValue parameter_new(ToyThread *t, CtypesState *state, const Kind *kind, Scalar scalar, TOY_TAKES ToyValue holder)
{
    Parameter *parameter = (Parameter *)toy_type_alloc(t, state->parameter_type);
    if (!parameter) {
        toy_release(holder);
        return TOY_FAILED;
    }
    parameter->kind = kind;
    parameter->scalar = scalar;
    parameter->holder = holder;
    return toy_value(parameter);
}

static ToyValue parameter_repr(ToyThread *t, ToyValue self)
{
    const Parameter *parameter = (Parameter *)toy_object(self);
    char letter = parameter->kind->letter;
    if (letter == 'z' || letter == 'Z' || letter == 'P') return toy_str_format(t, "<cparam '%c' (%p)>", letter, parameter->scalar.pointer);
    ToyValue value = parameter->kind->read(t, parameter->kind, &parameter->scalar);
    ToyValue text = toy_failed(value) ? TOY_FAILED : toy_str_format(t, "<cparam '%c' (%R)>", letter, value);
    toy_release(value);
    return text;
}
static void parameter_free(ToyObject *self) { toy_clear(&((Parameter *)self)->holder); }

static const ToyTypeSpec parameter_spec = {
    .doc = "An argument of a foreign function, made in advance.",
    .size = sizeof(Parameter),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .slots = {.repr = parameter_repr},
    .free = parameter_free,
};

/* What a class's own conversion makes of a value. *is_plain: nothing, take the value as it is. FAILED without anything raised: it can't. */
static ToyValue convert_for_class(ToyThread *t, CtypesState *state, ToyValue class, const Kind *kind, ToyValue v)
{
    bool is_instance;
    if (!toy_is_instance(t, v, class, &is_instance)) return TOY_FAILED;
    if (is_instance) return toy_retain(v);
    Scalar scalar = {.bits = 0};
    ToyValue holder = TOY_UNBOUND;
    if (kind->letter != 'z' && kind->letter != 'Z' && kind->letter != 'P') {
        if (kind->write(t, kind, v, &scalar, &holder)) return parameter_new(t, state, kind, scalar, holder);
    } else {
        if (toy_is_none(v)) return TOY_NONE;
        bool takes_bytes = kind->letter != 'Z', takes_text = kind->letter != 'z', takes_any = kind->letter == 'P';
        const Kind *as = toy_is_bytes(v) && takes_bytes ? kind_of_letter('z') : toy_is_str(v) && takes_text ? kind_of_letter('Z')
            : toy_is_int(v) && takes_any ? kind : NULL;
        if (as) return as->write(t, as, v, &scalar, &holder) ? parameter_new(t, state, as, scalar, holder) : TOY_FAILED;
        if (toy_is_a(t, v, state->parameter_type)) {
            char letter = ((Parameter *)toy_object(v))->kind->letter;
            if (letter == kind->letter || letter == 'P' || (takes_any && (letter == 'z' || letter == 'Z'))) return toy_retain(v);
        }
        if (takes_any && is_simple(t, state, v) && as_simple(v)->kind->type == &ffi_type_pointer) return toy_retain(v);
        if (takes_any && toy_is_a(t, v, state->function_type)) {
            scalar.pointer = ctypes_function_address(v);
            return parameter_new(t, state, kind, scalar, toy_retain(v));
        }
    }
    /* Any object may say what shall be passed for it. */
    ToyValue raised = toy_is_raised(t) ? toy_raised_take(t) : TOY_UNBOUND;
    ToyValue stand_in = toy_find_attribute(t, v, "_as_parameter_");
    if (toy_is_bound(stand_in)) {
        toy_release(raised);
        ToyValue converted = convert_for_class(t, state, class, kind, stand_in);
        toy_release(stand_in);
        return converted;
    }
    if (toy_is_raised(t)) toy_release(raised);
    else if (toy_is_bound(raised)) toy_raise_instance(t, raised);
    else {
        ToyValue name = toy_get_attribute(t, class, "__name__");
        if (!toy_failed(name)) toy_raise_type_error(t, "'%T' object cannot be interpreted as ctypes.%S", v, name);
        toy_release(name);
    }
    return TOY_FAILED;
}

static ToyValue simple_from_param(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Kind *kind = kind_of_class(t, self);
    return kind ? convert_for_class(t, toy_type_state((ToyType *)toy_object(self)), self, kind, args[0]) : TOY_FAILED;
}

static const ToyFunction simple_methods[] = {
    TOY_FUNCTION("from_param", simple_from_param, "($type, value, /)", TOY_CLASS, "Convert a Python object into a function call parameter."),
    TOY_FUNCTION("in_dll", simple_in_dll, "($type, dll, name, /)", TOY_CLASS, "C.in_dll(dll, name) -> C instance\naccess a C instance in a dll"),
    TOY_FUNCTION("from_address", simple_from_address, "($type, integer, /)", TOY_CLASS, "C.from_address(integer) -> C instance\naccess a C instance at the specified address"),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet simple_getsets[] = {{"value", get_value, set_value, "current value"}, {NULL, NULL, NULL, NULL}};
static const ToyTypeSpec simple_spec = {
    .doc = "A scalar of C. Classes derived from it say by the letter in _type_ which one.",
    .size = sizeof(Simple),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = simple_repr, .hash = simple_hash, .truth = simple_truth, .new_instance = simple_new, .init = simple_init},
    .methods = simple_methods,
    .getsets = simple_getsets,
    .traverse = simple_traverse,
    .clear = simple_clear,
    .free = simple_clear,
};

static const ToyTypeSpec data_spec = {
    .doc = "What all C objects have in common: so far, only a name.",
    .size = sizeof(ToyObject),
    .flags = TOY_TYPE_NO_NEW,
};

bool ctypes_data_init(ToyThread *t, ToyModuleObject *module, CtypesState *state)
{
    ToyType *base = toy_type_new(t, module, &data_spec, "_ctypes._CData", NULL);
    if (!base) return false;
    state->simple_type = toy_type_new(t, module, &simple_spec, "_ctypes._SimpleCData", base);
    state->parameter_type = toy_type_new(t, module, &parameter_spec, "_ctypes.CArgObject", NULL);
    return toy_module_add_type(t, module, state->simple_type) && state->parameter_type;
}

/* ---- values as arguments ---- */

static void fill(Argument *argument, const Kind *kind, const Scalar *scalar, ToyValue holder)
{
    memcpy(&argument->scalar, scalar, kind->size);
    argument->type = kind->type;
    argument->holder = toy_retain(holder);
}

bool ctypes_convert(ToyThread *t, CtypesState *state, ToyValue v, size_t number, Argument *argument)
{
    size_t length;
    if (is_simple(t, state, v)) return fill(argument, as_simple(v)->kind, as_simple(v)->place, v), true;
    if (toy_is_object(v) && toy_is_a(t, v, state->parameter_type)) {
        const Parameter *parameter = (Parameter *)toy_object(v);
        return fill(argument, parameter->kind, &parameter->scalar, v), true;
    }
    argument->type = &ffi_type_pointer;
    if (toy_is_none(v)) {
        argument->scalar.pointer = NULL;
        return true;
    }
    if (toy_is_int(v)) {
        int64_t word;
        uint64_t bits;
        argument->type = &ffi_type_sint;
        if (!toy_int_fits_int64(v, &word)) {
            if (!toy_int_fits_uint64(v, &bits)) return toy_raise_false(t, TOY_OverflowError, "int too long to convert");
            word = (int64_t)bits;
        }
        argument->scalar.i64 = word;
        return true;
    }
    if (toy_is_bytes(v)) {
        argument->scalar.pointer = (void *)toy_bytes_data(v, &length);
        argument->holder = toy_retain(v);
        return true;
    }
    if (toy_is_str(v)) {
        argument->holder = wide_copy(t, v);
        if (toy_failed(argument->holder)) return false;
        argument->scalar.pointer = (void *)toy_bytes_data(argument->holder, &length);
        return true;
    }
    if (toy_is_a(t, v, state->function_type)) {
        argument->scalar.pointer = ctypes_function_address(v);
        argument->holder = toy_retain(v);
        return true;
    }
    ToyValue stand_in = toy_find_attribute(t, v, "_as_parameter_");
    if (toy_is_bound(stand_in)) {
        bool done = ctypes_convert(t, state, stand_in, number, argument);
        toy_release(stand_in);
        return done;
    }
    return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "Don't know how to convert parameter %zu", number);
}

bool ctypes_convert_as(ToyThread *t, CtypesState *state, ToyValue class, ToyValue v, Argument *argument)
{
    ToyValue converted = TOY_FAILED;
    if (is_simple_class(state, class)) {
        const Kind *kind = kind_of_class(t, class);
        if (!kind) return false;
        bool has_own_way = !is_direct(state, class);   /* a class derived from c_int may have a from_param of its own */
        /* Numbers, the most frequent case, need no object in between. */
        bool is_number = toy_is_exact_float(v) ? kind->write == write_float : toy_is_small_int(v) && (kind->write == write_int || kind->write == write_float);
        if (is_number && !has_own_way) {
            argument->type = kind->type;
            return kind->write(t, kind, v, &argument->scalar, &argument->holder);
        }
        if (!has_own_way) converted = convert_for_class(t, state, class, kind, v);
    }
    if (toy_failed(converted)) {
        if (toy_is_raised(t)) return false;
        converted = toy_call_method(t, class, "from_param", &v, 1);
        if (toy_failed(converted)) return false;
    }
    bool done = ctypes_convert(t, state, converted, 1, argument);
    toy_release(converted);   /* the argument holds what it needs */
    return done;
}

/* ---- results ---- */

bool ctypes_result_type(ToyThread *t, CtypesState *state, ToyValue restype, ffi_type **type)
{
    *type = toy_is_none(restype) ? &ffi_type_void : &ffi_type_sint;
    if (!is_simple_class(state, restype)) return true;
    const Kind *kind = kind_of_class(t, restype);
    if (kind) *type = kind->type;
    return kind != NULL;
}

ToyValue ctypes_result(ToyThread *t, CtypesState *state, ToyValue restype, const Scalar *returned)
{
    if (toy_is_none(restype)) return TOY_NONE;
    if (!is_simple_class(state, restype)) {
        ToyValue number = toy_int(t, returned->i32);
        return toy_call1(t, restype, number);
    }
    const Kind *kind = kind_of_class(t, restype);
    if (!kind) return TOY_FAILED;
    if (is_direct(state, restype)) return kind->read(t, kind, returned);
    ToyValue v = simple_new(t, (ToyType *)toy_object(restype), NULL, 0, NULL);
    if (!toy_failed(v)) memcpy(as_simple(v)->place, returned, kind->size);
    return v;
}

/* ---- sizes and addresses ---- */

ToyValue ctypes_sizeof(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    if (is_simple(t, state, args[0])) return toy_int(t, as_simple(args[0])->kind->size);
    if (toy_is_object(args[0]) && toy_is_a(t, args[0], state->function_type)) return toy_int(t, sizeof(void *));
    if (!is_simple_class(state, args[0])) return toy_raise_type_error(t, "this type has no size");
    const Kind *kind = kind_of_class(t, args[0]);
    return kind ? toy_int(t, kind->size) : TOY_FAILED;
}

ToyValue ctypes_addressof(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!is_simple(t, toy_module_state(self), args[0])) return toy_raise_type_error(t, "invalid type");
    return toy_int_from_uint64(t, (uint64_t)(uintptr_t)as_simple(args[0])->place);
}

ToyValue ctypes_byref(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    int64_t offset = 0;
    if (!is_simple(t, state, args[0])) return toy_raise_type_error(t, "byref() argument must be a ctypes instance, not '%T'", args[0]);
    if (!toy_arg_int64(t, args[1], &offset)) return TOY_FAILED;
    Scalar address = {.pointer = (char *)as_simple(args[0])->place + offset};
    return parameter_new(t, state, kind_of_letter('P'), address, toy_retain(args[0]));
}
