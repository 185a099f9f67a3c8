/* ctypes_memory.c - functions over objects and addresses.
 *
 * What        sizeof, alignment, addressof, resize, memmove, memset, string_at, wstring_at, cast.
 * How         An address is given in any way that c_void_p takes: an int, bytes, an array, a pointer, byref(x). A copy between two of them
 *             trusts the caller, as C does.
 * GIL         held: copies are of memory, and short.
 * Read next   ctypes_arguments.c */
#include "stdlib/ctypes/ctypes.h"

/* ---- about objects and classes ---- */

ToyValue ctypes_sizeof(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const CtypesState *state = toy_module_state(self);
    if (ctypes_is_class(t, state, args[0])) return toy_int(t, (int64_t)as_cclass(args[0])->size);
    if (ctypes_is_object(t, state, args[0])) return toy_int(t, (int64_t)as_cobject(args[0])->size);
    return toy_raise_type_error(t, "this type has no size");
}

ToyValue ctypes_alignment(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const CtypesState *state = toy_module_state(self);
    if (ctypes_is_class(t, state, args[0])) return toy_int(t, (int64_t)as_cclass(args[0])->alignment);
    if (ctypes_is_object(t, state, args[0])) return toy_int(t, (int64_t)cobject_class(args[0])->alignment);
    return toy_raise_type_error(t, "no alignment info");
}

ToyValue ctypes_addressof(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!ctypes_is_object(t, toy_module_state(self), args[0])) return toy_raise_type_error(t, "invalid type");
    return toy_int_from_uint64(t, (uint64_t)(uintptr_t)as_cobject(args[0])->data);
}

ToyValue ctypes_resize(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t size;
    if (!toy_arg_size(t, args[1], &size)) return TOY_FAILED;
    if (!ctypes_is_object(t, toy_module_state(self), args[0])) return toy_raise_type_error(t, "expected ctypes instance");
    size_t least = cobject_class(args[0])->size;
    if (size < 0 || (size_t)size < least) return toy_raise_value_error(t, "minimum size is %zu", least);
    return ctypes_object_resize(t, as_cobject(args[0]), (size_t)size) ? TOY_NONE : TOY_FAILED;
}

/* ---- memory ---- */

/* The [number]-th argument as a size_t. */
static bool read_count(ToyThread *t, CtypesState *state, ToyValue v, size_t number, size_t *count)
{
    uint64_t bits;
    if (!ctypes_low_bits(t, v, &bits)) return ctypes_blame_argument(t, state, number);
    *count = (size_t)bits;
    return true;
}

ToyValue ctypes_memmove(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    uint8_t *to, *from = NULL;
    ToyValue to_holder, from_holder = TOY_UNBOUND;
    size_t count = 0;
    bool done = ctypes_arg_address(t, state, args[0], 1, &to, &to_holder) && ctypes_arg_address(t, state, args[1], 2, &from, &from_holder) &&
                read_count(t, state, args[2], 3, &count);
    if (done && count) memmove(to, from, count);
    toy_release(to_holder);
    toy_release(from_holder);
    return done ? toy_int_from_uint64(t, (uint64_t)(uintptr_t)to) : TOY_FAILED;
}

ToyValue ctypes_memset(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    uint8_t *to;
    ToyValue holder;
    uint64_t byte = 0;
    size_t count = 0;
    bool done = ctypes_arg_address(t, state, args[0], 1, &to, &holder);
    if (done && !ctypes_low_bits(t, args[1], &byte)) done = ctypes_blame_argument(t, state, 2);
    done = done && read_count(t, state, args[2], 3, &count);
    if (done && count) memset(to, (int)(byte & 0xff), count);
    toy_release(holder);
    return done ? toy_int_from_uint64(t, (uint64_t)(uintptr_t)to) : TOY_FAILED;
}

/* The characters at an address, up to a zero or of the given number. */
static ToyValue text_at(ToyThread *t, ToyValue self, const ToyValue *args, bool is_wide)
{
    uint8_t *at;
    ToyValue holder, text = TOY_FAILED;
    int64_t size = -1;
    if (ctypes_arg_address(t, toy_module_state(self), args[0], 1, &at, &holder) && toy_arg_int64(t, args[1], &size)) {
        if (!at && size) toy_raise_value_error(t, "NULL pointer access");
        else if (!is_wide) text = toy_bytes(t, at, size < 0 ? strlen((const char *)at) : (size_t)size);
        else text = toy_str_from_ucs4(t, (const uint32_t *)(void *)at, size < 0 ? wcslen((const wchar_t *)(void *)at) : (size_t)size);
    }
    toy_release(holder);
    return text;
}
ToyValue ctypes_string_at(ToyThread *t, ToyValue self, const ToyValue *args) { return text_at(t, self, args, false); }
ToyValue ctypes_wstring_at(ToyThread *t, ToyValue self, const ToyValue *args) { return text_at(t, self, args, true); }

/* ---- cast ---- */

static bool is_pointer_class(ToyThread *t, const CtypesState *state, ToyValue v)
{
    if (!ctypes_is_class(t, state, v)) return false;
    const CClass *class = as_cclass(v);
    return class->family == FAMILY_POINTER || class->family == FAMILY_FUNCTION || (class->kind && strchr("PzZO", class->kind->letter));
}

/* The pointer keeps what its origin keeps, and the origin: both share one dict, so what one of them gets to keep later, the other keeps too. */
static bool share_keeps(ToyThread *t, CObject *pointer, ToyValue origin)
{
    ToyValue kept = ctypes_kept(t, as_cobject(origin));
    if (toy_failed(kept)) return false;
    CObject *outermost = ctypes_outermost(as_cobject(origin));
    if (toy_is_none(kept)) kept = outermost->keeps = toy_dict(t), toy_retain(kept);
    if (toy_failed(kept)) return false;
    pointer->keeps = kept;
    if (!toy_is_dict(kept)) return true;
    ToyValue name = toy_int(t, (int64_t)(uintptr_t)toy_object(origin));
    bool done = !toy_failed(name) && toy_dict_set(t, kept, name, origin);
    toy_release(name);
    return done;
}

ToyValue ctypes_cast(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    uint8_t *address;
    ToyValue holder, made = TOY_FAILED;
    if (!ctypes_arg_address(t, state, args[0], 1, &address, &holder)) return TOY_FAILED;
    if (is_pointer_class(t, state, args[1])) made = toy_call0(t, args[1]);
    else if (toy_is_type(args[1])) toy_raise_type_error(t, "cast() argument 2 must be a pointer type, not %s", toy_type_text(t, (ToyType *)toy_object(args[1])));
    else toy_raise_type_error(t, "cast() argument 2 must be a pointer type, not %T", args[1]);
    if (!toy_failed(made) && !(ctypes_is_object(t, state, made) && ctypes_has_bytes(t, as_cobject(made), 0, sizeof address))) {
        if (!toy_is_raised(t)) toy_raise_type_error(t, "cast() argument 2 must make a ctypes instance");
        toy_clear(&made);
    }
    if (!toy_failed(made)) {
        CObject *pointer = as_cobject(made);
        memcpy(pointer->data, &address, sizeof address);
        if (ctypes_is_object(t, state, args[0]) ? !share_keeps(t, pointer, args[0]) : !ctypes_keep(t, pointer, 0, toy_retain(holder))) toy_clear(&made);
    }
    toy_release(holder);
    return made;
}

/* ---- pickling ---- */

ToyValue ctypes_unpickle(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_tuple(args[1])) return toy_raise_type_error(t, "_unpickle() argument 2 must be tuple, not %N", args[1]);
    ToyValue made = toy_call_method(t, args[0], "__new__", args, 1);
    if (toy_failed(made)) return TOY_FAILED;
    ToyValue result = toy_call_method(t, made, "__setstate__", toy_tuple_items(args[1]), toy_tuple_length(args[1]));
    if (toy_failed(result)) toy_clear(&made);
    toy_release(result);
    return made;
}
