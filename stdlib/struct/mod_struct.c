/* mod_struct.c - _struct: values as packed bytes and back, by format strings.
 *
 * What        Struct, error, iter_unpack's iterator, and the functions that take the format with each call.
 * How         A Struct holds a Layout. The functions keep Structs of formats they have seen in a dict, which is emptied when it is full.
 * GIL         held.
 * Read next   struct_layout.c, struct_items.c */
#include "stdlib/struct/struct.h"

enum { CACHE_MAX = 100 };

typedef struct Struct {
    ToyObject head;
    Layout *layout;             /* NULL until __init__ ran */
    ToyValue format;            /* str */
} Struct;

typedef struct UnpackIterator {
    ToyObject head;
    ToyValue maker;             /* the Struct: UNBOUND when it is over */
    ToyBuffer buffer;
    size_t at;
} UnpackIterator;

static Struct *as_struct(ToyValue v) { return (Struct *)toy_object(v); }
static StructState *state_of(ToyValue instance) { return toy_instance_state(instance); }
static ToyValue fail(ToyThread *t, const StructState *state, const char *text) { return toy_raise_type(t, state->error, "%s", text); }

/* What a Struct is that was never initialised: no bytes fit it. */
static const Layout no_layout = {.size = -1, .item_count = -1};
static const Layout *layout_of(ToyValue self) { return as_struct(self)->layout ? as_struct(self)->layout : &no_layout; }

/* ---- the type Struct ---- */

static ToyValue struct_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return toy_value(toy_type_alloc(t, type));
}

static bool struct_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"format", NULL};
    static const ToyParameters parameters = {"Struct", parameter_names, 0, 1, 1};
    ToyValue given, text;
    size_t length;
    if (!toy_arguments_sort(t, &parameters, args, count, names, &given)) return false;
    if (toy_is_str(given)) {
        text = toy_str_encode(t, given, "ascii", NULL);
    } else if (toy_is_bytes(given)) {
        text = toy_retain(given);
    } else {
        return toy_raise_false(t, TOY_TypeError, "Struct() argument 1 must be a str or bytes object, not %T", given);
    }
    if (toy_failed(text)) return false;
    const char *format = (const char *)toy_bytes_data(text, &length);
    Layout *layout = layout_read(t, state_of(self), format, length);
    ToyValue shown = layout ? toy_str_decode(t, format, length, "latin-1", NULL) : TOY_FAILED;
    toy_release(text);
    if (toy_failed(shown)) {
        layout_drop(t, layout);
        return false;
    }
    Layout *old = as_struct(self)->layout;
    as_struct(self)->layout = layout;
    layout_drop(t, old);
    toy_replace(&as_struct(self)->format, shown);
    return true;
}

static void struct_free(ToyObject *self)
{
    layout_drop(toy_thread(), ((Struct *)self)->layout);
    toy_release(((Struct *)self)->format);
}

static ToyValue struct_repr(ToyThread *t, ToyValue self)
{
    return toy_str_format(t, "%s(%R)", toy_is_a(t, self, state_of(self)->struct_type) ? "Struct" : toy_type_name(t, self),
                          toy_is_bound(as_struct(self)->format) ? as_struct(self)->format : TOY_NONE);
}
static ToyValue get_format(ToyThread *t, ToyValue self)
{
    return toy_is_bound(as_struct(self)->format) ? toy_retain(as_struct(self)->format) : toy_str(t, "");
}
static ToyValue get_size(ToyThread *t, ToyValue self) { return toy_int(t, layout_of(self)->size); }

/* ---- what a Struct does; the functions of the module come here, too ---- */

static ToyValue pack(ToyThread *t, ToyValue self, const ToyValue *values, size_t count)
{
    const Layout *layout = layout_of(self);
    const StructState *state = state_of(self);
    if ((int64_t)count != layout->item_count)
        return toy_raise_type(t, state->error, "pack expected %lld items for packing (got %zu)", (long long)layout->item_count, count);
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, (size_t)layout->size, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    Layout *held = as_struct(self)->layout;
    held->users++;
    bool done = layout_pack(t, state, held, values, data);
    layout_drop(t, held);
    if (done) return bytes;
    toy_release(bytes);
    return TOY_FAILED;
}

/* Where [size] bytes at [offset] of [length] begin; -1: raised. */
static int64_t find_place(ToyThread *t, const StructState *state, bool is_packing, int64_t size, int64_t offset, int64_t length)
{
    int64_t start = offset < 0 ? offset + length : offset;
    if (offset < 0 && offset + size > 0) {
        toy_raise_type(t, state->error, is_packing ? "no space to pack %lld bytes at offset %lld" : "not enough data to unpack %lld bytes at offset %lld",
                       (long long)size, (long long)offset);
        return -1;
    }
    if (start < 0) {
        toy_raise_type(t, state->error, "offset %lld out of range for %lld-byte buffer", (long long)offset, (long long)length);
        return -1;
    }
    if (length - start >= size) return start;
    toy_raise_type(t, state->error, "%s requires a buffer of at least %llu bytes for %s %lld bytes at offset %lld (actual buffer size is %lld)",
                   is_packing ? "pack_into" : "unpack_from", (unsigned long long)size + (unsigned long long)start, is_packing ? "packing" : "unpacking",
                   (long long)size, (long long)start, (long long)length);
    return -1;
}

static bool get_writable(ToyThread *t, ToyValue v, ToyBuffer *buffer)
{
    if (toy_has_buffer(t, v) && toy_buffer_get(t, v, buffer, TOY_BUFFER_WRITABLE)) return true;
    toy_raised_clear(t);
    return toy_raise_false(t, TOY_TypeError, "argument must be read-write bytes-like object, not %T", v);
}

/* [args]: buffer, offset, values. */
static ToyValue pack_into(ToyThread *t, ToyValue self, const ToyValue *args, size_t count)
{
    const StructState *state = state_of(self);
    ToyBuffer buffer;
    int64_t offset;
    if (count == 0) return fail(t, state, "pack_into expected buffer argument");
    if (count == 1) return fail(t, state, "pack_into expected offset argument");
    if ((int64_t)count - 2 != layout_of(self)->item_count)
        return toy_raise_type(t, state->error, "pack_into expected %lld items for packing (got %zu)", (long long)layout_of(self)->item_count, count - 2);
    Layout *layout = as_struct(self)->layout;
    layout->users++;   /* the offset's __index__ may be a script's, too */
    bool done = get_writable(t, args[0], &buffer);
    if (done) {
        done = toy_arg_size(t, args[1], &offset);
        if (!done && toy_raised_is(t, TOY_OverflowError)) {
            toy_raised_clear(t);
            toy_raise(t, TOY_IndexError, "cannot fit '%T' into an index-sized integer", args[1]);
        }
        int64_t start = done ? find_place(t, state, true, layout->size, offset, (int64_t)buffer.length) : -1;
        done = start >= 0 && layout_pack(t, state, layout, args + 2, buffer.data + start);
        toy_buffer_release(t, &buffer);
    }
    layout_drop(t, layout);
    return done ? TOY_NONE : TOY_FAILED;
}

static ToyValue unpack(ToyThread *t, ToyValue self, ToyValue from)
{
    ToyBuffer buffer;
    if (!toy_buffer_get(t, from, &buffer, 0)) return TOY_FAILED;
    const Layout *layout = layout_of(self);
    ToyValue items = (int64_t)buffer.length == layout->size
                         ? layout_unpack(t, layout, buffer.data)
                         : toy_raise_type(t, state_of(self)->error, "unpack requires a buffer of %lld bytes", (long long)layout->size);
    toy_buffer_release(t, &buffer);
    return items;
}

static ToyValue unpack_from(ToyThread *t, ToyValue self, ToyValue from, ToyValue offset_or_unbound)
{
    ToyBuffer buffer;
    int64_t offset = 0;
    if (!toy_arg_size(t, offset_or_unbound, &offset) || !toy_buffer_get(t, from, &buffer, 0)) return TOY_FAILED;
    const Layout *layout = layout_of(self);
    int64_t start = find_place(t, state_of(self), false, layout->size, offset, (int64_t)buffer.length);
    ToyValue items = start < 0 ? TOY_FAILED : layout_unpack(t, layout, buffer.data + start);
    toy_buffer_release(t, &buffer);
    return items;
}

static ToyValue iter_unpack(ToyThread *t, ToyValue self, ToyValue from)
{
    const StructState *state = state_of(self);
    const Layout *layout = layout_of(self);
    if (layout->size == 0) return fail(t, state, "cannot iteratively unpack with a struct of length 0");
    UnpackIterator *iterator = (UnpackIterator *)toy_type_alloc(t, state->iterator_type);
    if (!iterator) return TOY_FAILED;
    if (toy_buffer_get(t, from, &iterator->buffer, 0)) {
        iterator->maker = toy_retain(self);
        if (iterator->buffer.length % (uint64_t)layout->size == 0) return toy_value(iterator);
        toy_raise_type(t, state->error, "iterative unpacking requires a buffer of a multiple of %lld bytes", (long long)layout->size);
    }
    toy_release(toy_value(iterator));
    return TOY_FAILED;
}

static void iterator_end(UnpackIterator *iterator)
{
    if (toy_is_bound(iterator->maker)) toy_buffer_release(toy_thread(), &iterator->buffer);
    toy_clear(&iterator->maker);
}

static ToyValue iterator_next(ToyThread *t, ToyValue self)
{
    UnpackIterator *iterator = (UnpackIterator *)toy_object(self);
    if (toy_is_unbound(iterator->maker)) return TOY_END;
    const Layout *layout = layout_of(iterator->maker);
    if (iterator->buffer.length - iterator->at < (size_t)layout->size) {
        iterator_end(iterator);
        return TOY_END;
    }
    const uint8_t *from = iterator->buffer.data + iterator->at;
    iterator->at += (size_t)layout->size;
    return layout_unpack(t, layout, from);
}

static ToyValue iterator_length_hint(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const UnpackIterator *iterator = (UnpackIterator *)toy_object(self);
    if (toy_is_unbound(iterator->maker)) return toy_int(t, 0);
    return toy_int(t, (int64_t)(iterator->buffer.length - iterator->at) / layout_of(iterator->maker)->size);
}
static ToyValue iterator_iterate(ToyThread *t, ToyValue self) { return toy_retain(self); }
static void iterator_free(ToyObject *self) { iterator_end((UnpackIterator *)self); }
static void iterator_clear(ToyObject *self) { iterator_end((UnpackIterator *)self); }
static void iterator_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((UnpackIterator *)self)->maker, visit, context);
    toy_visit(((UnpackIterator *)self)->buffer.owner, visit, context);
}

/* ---- methods ---- */

static ToyValue method_pack(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    return toy_arguments_no_keywords(t, "Struct.pack", names) ? pack(t, self, args, count) : TOY_FAILED;
}
static ToyValue method_pack_into(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    return toy_arguments_no_keywords(t, "Struct.pack_into", names) ? pack_into(t, self, args, count) : TOY_FAILED;
}
static ToyValue method_unpack(ToyThread *t, ToyValue self, const ToyValue *args) { return unpack(t, self, args[0]); }
static ToyValue method_unpack_from(ToyThread *t, ToyValue self, const ToyValue *args) { return unpack_from(t, self, args[0], args[1]); }
static ToyValue method_iter_unpack(ToyThread *t, ToyValue self, const ToyValue *args) { return iter_unpack(t, self, args[0]); }
static ToyValue method_size_of(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Layout *layout = as_struct(self)->layout;
    return toy_int(t, (int64_t)(sizeof(Struct) + (layout ? sizeof(Layout) + layout->field_capacity * sizeof(Field) : 0)));
}

/* ---- functions ---- */

/* The Struct of a format, owned. */
static ToyValue struct_for(ToyThread *t, ToyValue module, ToyValue format)
{
    StructState *state = toy_module_state(module);
    ToyValue made = TOY_UNBOUND;
    if (!toy_dict_get(t, state->cache, format, &made) || toy_is_bound(made)) return made;
    made = toy_call1(t, toy_type_value(state->struct_type), format);
    if (toy_failed(made)) return TOY_FAILED;
    if (toy_dict_length(state->cache) >= CACHE_MAX) toy_dict_clear(t, state->cache);
    if (toy_dict_set(t, state->cache, format, made)) return made;
    toy_release(made);
    return TOY_FAILED;
}

static ToyValue with_struct(ToyThread *t, ToyValue module, const ToyValue *args, size_t count, ToyTuple *names, const char *function,
                            ToyValue (*act)(ToyThread *t, ToyValue self, const ToyValue *args, size_t count))
{
    if (!toy_arguments_no_keywords(t, function, names)) return TOY_FAILED;
    if (count == 0) return toy_raise_type_error(t, "missing format argument");
    ToyValue maker = struct_for(t, module, args[0]);
    if (toy_failed(maker)) return TOY_FAILED;
    ToyValue result = act(t, maker, args + 1, count - 1);
    toy_release(maker);
    return result;
}
static ToyValue function_pack(ToyThread *t, ToyValue module, const ToyValue *args, size_t count, ToyTuple *names)
{
    return with_struct(t, module, args, count, names, "_struct.pack", pack);
}
static ToyValue function_pack_into(ToyThread *t, ToyValue module, const ToyValue *args, size_t count, ToyTuple *names)
{
    return with_struct(t, module, args, count, names, "_struct.pack_into", pack_into);
}
static ToyValue function_unpack(ToyThread *t, ToyValue module, const ToyValue *args)
{
    ToyValue maker = struct_for(t, module, args[0]);
    if (toy_failed(maker)) return TOY_FAILED;
    ToyValue items = unpack(t, maker, args[1]);
    toy_release(maker);
    return items;
}
static ToyValue function_unpack_from(ToyThread *t, ToyValue module, const ToyValue *args)
{
    ToyValue maker = struct_for(t, module, args[0]);
    if (toy_failed(maker)) return TOY_FAILED;
    ToyValue items = unpack_from(t, maker, args[1], args[2]);
    toy_release(maker);
    return items;
}
static ToyValue function_iter_unpack(ToyThread *t, ToyValue module, const ToyValue *args)
{
    ToyValue maker = struct_for(t, module, args[0]);
    if (toy_failed(maker)) return TOY_FAILED;
    ToyValue iterator = iter_unpack(t, maker, args[1]);
    toy_release(maker);
    return iterator;
}
static ToyValue function_calcsize(ToyThread *t, ToyValue module, const ToyValue *args)
{
    ToyValue maker = struct_for(t, module, args[0]);
    if (toy_failed(maker)) return TOY_FAILED;
    ToyValue size = get_size(t, maker);
    toy_release(maker);
    return size;
}
static ToyValue function_clear_cache(ToyThread *t, ToyValue module, const ToyValue *args)
{
    toy_dict_clear(t, ((StructState *)toy_module_state(module))->cache);
    return TOY_NONE;
}

/* ---- tables ---- */

static const ToyGetSet struct_getsets[] = {
    {"format", get_format, NULL, "The format, as a str."},
    {"size", get_size, NULL, "How many bytes one record takes."},
    {NULL, NULL, NULL, NULL},
};
static const ToyFunction struct_methods[] = {
    TOY_RAW_FUNCTION("pack", method_pack, "($self, /, *values)", 0, "Return the values as packed bytes."),
    TOY_RAW_FUNCTION("pack_into", method_pack_into, "($self, /, *args)", 0, "pack_into(buffer, offset, *values): pack the values into a writable buffer."),
    TOY_FUNCTION("unpack", method_unpack, "($self, buffer, /)", 0, "Return the values in the buffer, which is exactly one record, as a tuple."),
    TOY_FUNCTION("unpack_from", method_unpack_from, "($self, /, buffer, offset=0)", 0, "Return the values of the record at the offset as a tuple."),
    TOY_FUNCTION("iter_unpack", method_iter_unpack, "($self, buffer, /)", 0, "Return an iterator over the records in the buffer."),
    TOY_FUNCTION("__sizeof__", method_size_of, "($self, /)", 0, "Return the bytes that the Struct takes."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec struct_spec = {
    .doc = "A format, read once, for packing and unpacking many times.", .signature = "(format)",
    .size = sizeof(Struct), .flags = TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = struct_repr, .new_instance = struct_new, .init = struct_init},
    .methods = struct_methods, .getsets = struct_getsets, .free = struct_free,
};
static const ToyFunction iterator_methods[] = {
    TOY_FUNCTION("__length_hint__", iterator_length_hint, "($self, /)", 0, "Return how many records are left."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec iterator_spec = {
    .doc = "Records of a buffer, one tuple after the other.", .size = sizeof(UnpackIterator),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .slots = {.iterate = iterator_iterate, .next = iterator_next}, .methods = iterator_methods,
    .traverse = iterator_traverse, .clear = iterator_clear, .free = iterator_free,
};
static const ToyFunction functions[] = {
    TOY_FUNCTION("calcsize", function_calcsize, "(format, /)", 0, "Return how many bytes a record of the format takes."),
    TOY_RAW_FUNCTION("pack", function_pack, "(format, /, *values)", 0, "Return the values as bytes, packed as the format says."),
    TOY_RAW_FUNCTION("pack_into", function_pack_into, "(format, buffer, offset, /, *values)", 0, "Pack the values into a writable buffer."),
    TOY_FUNCTION("unpack", function_unpack, "(format, buffer, /)", 0, "Return the values in the buffer, which is exactly one record, as a tuple."),
    TOY_FUNCTION("unpack_from", function_unpack_from, "(format, /, buffer, offset=0)", 0, "Return the values of the record at the offset as a tuple."),
    TOY_FUNCTION("iter_unpack", function_iter_unpack, "(format, buffer, /)", 0, "Return an iterator over the records in the buffer."),
    TOY_FUNCTION("_clearcache", function_clear_cache, "()", 0, "Forget the formats that were read."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    StructState *state = toy_module_state(toy_module_value(module));
    state->cache = toy_dict(t);
    state->error = toy_exception_new(t, "struct.error", toy_exception_type(t, TOY_Exception));
    state->struct_type = toy_type_new(t, module, &struct_spec, "_struct.Struct", NULL);
    state->iterator_type = toy_type_new(t, module, &iterator_spec, "_struct.unpack_iterator", NULL);
    return !toy_failed(state->cache) && state->iterator_type && toy_module_add_type(t, module, state->error) &&
           toy_module_add_type(t, module, state->struct_type);
}
static void free_state(ToyThread *t, void *state) { toy_release(((StructState *)state)->cache); }

const ToyModule toy_module_struct = {
    .name = "_struct",
    .doc = "Values as packed bytes and back: the native part of module struct.",
    .functions = functions,
    .state_size = sizeof(StructState),
    .init = init,
    .free_state = free_state,
};
