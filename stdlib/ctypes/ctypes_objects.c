/* ctypes_objects.c - objects that are bytes: where these lie, who holds them, what they hold.
 *
 * What        _CData, the base of all objects of C types: making and freeing, parts, lent buffers, buffers that others take, pickling.
 * How         A part knows its place and its whole ('base'); the outermost whole keeps, in one dict, everything that pointers among the bytes
 *             lead to. The names in that dict say which part it is for: "0:2" is kept for item 2 of field 0, so a new value replaces the old.
 * Invariants  as in ctypes.h.
 * GIL         held.
 * Read next   ctypes_classes.c, ctypes_structures.c */
#include "stdlib/ctypes/ctypes.h"

#include <stdio.h>

/* The part of an object that a buffer was borrowed for. */
#define PART_IS_LENT SIZE_MAX

/* ---- making ---- */

bool ctypes_object_hash(ToyThread *t, ToyValue self, int64_t *hash) { return toy_raise_false(t, TOY_TypeError, "unhashable type"); }

static CObject *object_alloc(ToyThread *t, CClass *class)
{
    if (class->family == FAMILY_NONE) return toy_raise_null(t, TOY_TypeError, "abstract class");
    class->is_final = true;
    return (CObject *)toy_type_alloc(t, cclass_type(class));
}

/* Room of its own for [size] bytes; new ones are zero. What was too small is kept (I3), so each block is at least twice the one before. */
static bool take_room(ToyThread *t, CObject *object, size_t size)
{
    size_t old_size = object->size, room = object->block ? object->block->size : sizeof object->small;
    if (size > room) {
        if (object->block && size < room * 2) size = room * 2;
        Block *block = size > SIZE_MAX / 2 ? NULL : toy_alloc(t, sizeof *block + size);
        if (!block) {
            if (!toy_is_raised(t)) toy_raise_memory_error(t);
            return false;
        }
        block->size = size;
        block->older = object->block;
        if (old_size) memcpy(block->bytes, object->data, old_size);
        object->block = block;
    }
    object->data = object->block ? object->block->bytes : (uint8_t *)&object->small;
    if (size > old_size) memset(object->data + old_size, 0, size - old_size);
    return true;
}

ToyValue ctypes_object_new(ToyThread *t, CClass *class)
{
    CObject *object = object_alloc(t, class);
    if (!object) return TOY_FAILED;
    if (!take_room(t, object, class->size)) {
        toy_release(toy_value(object));
        return TOY_FAILED;
    }
    object->size = class->size;
    return toy_value(object);
}

ToyValue ctypes_object_at(ToyThread *t, CClass *class, uint8_t *at, ToyValue base, size_t index)
{
    CObject *object = object_alloc(t, class);
    if (!object) return TOY_FAILED;
    object->data = at;
    object->size = class->size;
    object->base = toy_retain(base);
    object->index = index;
    return toy_value(object);
}

bool ctypes_object_borrow(ToyThread *t, CObject *object, ToyValue exporter, int64_t offset)
{
    size_t size = cobject_class(toy_value(object))->size;
    ToyValue view = toy_memoryview(t, exporter);
    if (toy_failed(view)) return false;
    /* Of the view, not of the exporter: so nobody can release the view, which scripts see in _objects. */
    ToyBuffer *buffer = toy_alloc(t, sizeof *buffer);
    if (!buffer || !toy_buffer_get(t, view, buffer, TOY_BUFFER_STRIDED)) {
        if (buffer) toy_free(t, buffer, sizeof *buffer);
        toy_release(view);
        return false;
    }
    object->buffer = buffer;
    bool has_gaps = false;
    int64_t stride = (int64_t)buffer->item_size;
    for (int i = buffer->strides ? buffer->dimensions : 0; i-- > 0; stride *= buffer->shape[i])
        has_gaps |= buffer->shape[i] > 1 && buffer->strides[i] != stride;
    bool done = !buffer->is_read_only || toy_raise_false(t, TOY_TypeError, "underlying buffer is not writable");
    done = done && (!has_gaps || toy_raise_false(t, TOY_TypeError, "underlying buffer is not C contiguous"));
    done = done && (offset >= 0 || toy_raise_false(t, TOY_ValueError, "offset cannot be negative"));
    if (done && ((size_t)offset > buffer->length || size > buffer->length - (size_t)offset)) {
        toy_raise_value_error(t, "Buffer size too small (%zu instead of at least %zu bytes)", buffer->length, (size_t)offset + size);
        done = false;
    }
    if (!done) {
        toy_release(view);
        return false;
    }
    object->data = buffer->data + offset;
    object->size = size;
    return ctypes_keep(t, object, PART_IS_LENT, view);
}

bool ctypes_object_resize(ToyThread *t, CObject *object, size_t size)
{
    bool is_own = object->block || object->data == (uint8_t *)&object->small;
    if (!is_own) return toy_raise_false(t, TOY_ValueError, "Memory cannot be resized because this object doesn't own it");
    if (!take_room(t, object, size)) return false;
    object->size = size;
    return true;
}

/* ---- ending ---- */

void ctypes_object_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const CObject *object = (CObject *)self;
    toy_visit(object->base, visit, context);
    toy_visit(object->keeps, visit, context);
    if (object->buffer) toy_visit(object->buffer->owner, visit, context);
}

/* Whoever still asks finds no bytes (I2). */
void ctypes_object_clear(ToyObject *self)
{
    CObject *object = (CObject *)self;
    if (toy_is_bound(object->base) || object->buffer) object->size = 0;
    toy_clear(&object->base);
    toy_clear(&object->keeps);
    if (object->buffer) {
        ToyThread *t = toy_thread();
        ToyBuffer *buffer = object->buffer;
        object->buffer = NULL;
        toy_buffer_release(t, buffer);
        toy_free(t, buffer, sizeof *buffer);
    }
}

void ctypes_object_free(ToyObject *self)
{
    CObject *object = (CObject *)self;
    ctypes_object_clear(self);
    for (Block *block = object->block, *older; block; block = older) {
        older = block->older;
        toy_free(toy_thread(), block, sizeof *block + block->size);
    }
    object->block = NULL;
}

/* ---- keeping alive ---- */

CObject *ctypes_outermost(CObject *object)
{
    while (toy_is_bound(object->base)) object = as_cobject(object->base);
    return object;
}

/* A dict, unless it is a scalar, which can only keep the one value that it has. */
static bool has_dict(ToyThread *t, CObject *object)
{
    if (toy_is_bound(object->keeps) || !cobject_class(toy_value(object))->count) return true;
    object->keeps = toy_dict(t);
    return !toy_failed(object->keeps);
}

ToyValue ctypes_kept(ToyThread *t, CObject *object)
{
    object = ctypes_outermost(object);
    if (!has_dict(t, object)) return TOY_FAILED;
    return toy_is_bound(object->keeps) ? toy_retain(object->keeps) : TOY_NONE;
}

bool ctypes_keep(ToyThread *t, CObject *object, size_t index, TOY_TAKES ToyValue v)
{
    if (!toy_is_given(v)) return true;
    CObject *outermost = ctypes_outermost(object);
    if (!has_dict(t, outermost)) {
        toy_release(v);
        return false;
    }
    if (!cobject_class(toy_value(outermost))->count || !toy_is_dict(outermost->keeps)) {
        toy_replace(&outermost->keeps, v);
        return true;
    }
    ToyText name;
    toy_text_init(&name, t);
    for (;;) {
        char digits[24];
        int length = snprintf(digits, sizeof digits, "%zx", index == PART_IS_LENT ? (size_t)UINT32_MAX : index);
        toy_text_add_ascii(&name, digits, (size_t)length);
        if (toy_is_unbound(object->base)) break;
        toy_text_add_ascii(&name, ":", 1);
        index = object->index;
        object = as_cobject(object->base);
    }
    ToyValue key = toy_text_finish(&name);
    bool done = !toy_failed(key) && toy_dict_set(t, outermost->keeps, key, v);
    toy_release(key);
    toy_release(v);
    return done;
}

/* ---- values in memory ---- */

bool ctypes_has_bytes(ToyThread *t, const CObject *object, size_t offset, size_t size)
{
    return (offset <= object->size && size <= object->size - offset) || toy_raise_false(t, TOY_ValueError, "outside of the object's memory");
}

ToyValue ctypes_read(ToyThread *t, CClass *class, ToyValue owner, size_t index, uint8_t *at)
{
    if (class->family == FAMILY_SIMPLE && ctypes_is_direct(class)) return ctypes_scalar_read(t, class, at);
    return ctypes_object_at(t, class, at, owner, index);
}

/* A tuple stands for the call of the class with its items. */
static bool write_made(ToyThread *t, CClass *class, ToyValue owner, size_t index, ToyValue arguments, uint8_t *at)
{
    ToyValue made = toy_call_with(t, cclass_value(class), arguments, TOY_UNBOUND);
    if (!toy_failed(made)) {
        bool done = ctypes_write(t, class, owner, index, made, at);
        toy_release(made);
        return done;
    }
    ToyValue raised = toy_raised_take(t);
    ToyValue text = toy_to_str(t, raised), name = toy_failed(text) ? TOY_FAILED : toy_get_attribute(t, cclass_value(class), "__name__");
    if (!toy_failed(name)) toy_raise(t, TOY_RuntimeError, "(%S) %T: %S", name, raised, text);
    toy_release(raised);
    toy_release(text);
    toy_release(name);
    return false;
}

static bool refuse(ToyThread *t, const CClass *class, ToyValue v)
{
    ToyValue name = toy_get_attribute(t, cclass_value(class), "__name__");
    if (toy_failed(name)) return false;
    if (ctypes_is_object(t, cclass_state(class), v)) toy_raise_type_error(t, "incompatible types, %T instance instead of %S instance", v, name);
    else toy_raise_type_error(t, "expected %S instance, got %T", name, v);
    toy_release(name);
    return false;
}

/* What [owner] keeps from now on, owned; NONE: nothing; FAILED. */
static ToyValue store(ToyThread *t, CClass *class, ToyValue v, uint8_t *at)
{
    CtypesState *state = cclass_state(class);
    bool is_pointer = class->family == FAMILY_POINTER;
    if (class->family == FAMILY_SIMPLE && !ctypes_is_object(t, state, v)) {
        ToyValue keeps = TOY_UNBOUND;
        if (ctypes_scalar_write(t, class, v, at, &keeps)) return toy_is_bound(keeps) ? keeps : TOY_NONE;
        toy_release(keeps);
        return TOY_FAILED;
    }
    if (is_pointer && toy_is_none(v)) {
        memset(at, 0, sizeof(void *));
        return TOY_NONE;
    }
    if (!ctypes_is_object(t, state, v)) return refuse(t, class, v), TOY_FAILED;
    CObject *source = as_cobject(v);
    bool is_instance;
    if (!toy_is_instance(t, v, cclass_value(class), &is_instance)) return TOY_FAILED;
    if (is_instance) {
        ToyValue kept = ctypes_has_bytes(t, source, 0, class->size) ? ctypes_kept(t, source) : TOY_FAILED;
        if (!toy_failed(kept)) memmove(at, source->data, class->size);
        return kept;
    }
    CClass *of = cobject_class(v);
    if (!is_pointer || of->family != FAMILY_ARRAY || !toy_is_same(of->item, class->item)) return refuse(t, class, v), TOY_FAILED;
    /* An array becomes the address of its first item: all of it is kept, not only what it keeps. */
    ToyValue kept = ctypes_kept(t, source);
    ToyValue both = toy_failed(kept) ? TOY_FAILED : toy_tuple(t, kept, toy_retain(v));
    if (toy_failed(both)) return TOY_FAILED;
    memcpy(at, &source->data, sizeof source->data);
    return both;
}

bool ctypes_write(ToyThread *t, CClass *class, ToyValue owner, size_t index, ToyValue v, uint8_t *at)
{
    if (class->family != FAMILY_SIMPLE && toy_is_tuple(v)) return write_made(t, class, owner, index, v, at);
    ToyValue kept = store(t, class, v, at);
    return !toy_failed(kept) && ctypes_keep(t, as_cobject(owner), index, kept);
}

/* ---- lending ---- */

bool ctypes_object_buffer(ToyThread *t, ToyValue self, ToyBuffer *view, int flags)
{
    CObject *object = as_cobject(self);
    CClass *class = cobject_class(self);
    if (!ctypes_has_bytes(t, object, 0, class->size)) return false;   /* the shape is the class's */
    toy_buffer_fill(view, self, object->data, object->size, false);
    view->item_size = class->item_size;
    view->format = class->format_text ? class->format_text : "B";
    view->dimensions = class->dimensions;
    view->shape = class->dimensions ? class->shape : NULL;
    view->internal = toy_object(toy_retain(cclass_value(class)));   /* format and shape are the class's, which may be exchanged */
    return true;
}

void ctypes_object_buffer_release(ToyThread *t, ToyValue self, ToyBuffer *view)
{
    toy_release(toy_value(view->internal));
}

/* ---- pickling ---- */

static ToyValue reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const CObject *object = as_cobject(self);
    if (cobject_class(self)->has_pointers) return toy_raise_value_error(t, "ctypes objects containing pointers cannot be pickled");
    ToyValue attributes = toy_find_attribute(t, self, "__dict__");
    if (toy_is_raised(t)) return TOY_FAILED;
    ToyValue state = toy_tuple(t, toy_is_bound(attributes) ? attributes : toy_dict(t), toy_bytes(t, object->data, object->size));
    ToyValue call = toy_tuple(t, toy_retain(toy_value(toy_object(self)->type)), state);
    return toy_tuple(t, toy_import_from(t, "_ctypes", "_unpickle"), call);
}

static ToyValue set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CObject *object = as_cobject(self);
    if (!toy_is_dict(args[0])) return toy_raise_type_error(t, "__setstate__() argument 1 must be dict, not %N", args[0]);
    if (!toy_is_bytes(args[1])) return toy_raise_type_error(t, "a bytes-like object is required, not '%N'", args[1]);
    if (cobject_class(self)->has_pointers) return toy_raise_value_error(t, "ctypes objects containing pointers cannot be pickled");
    size_t length;
    const uint8_t *bytes = toy_bytes_data(args[1], &length);
    if (length) memcpy(object->data, bytes, length < object->size ? length : object->size);
    ToyValue attributes = toy_find_attribute(t, self, "__dict__");
    bool done = !toy_is_raised(t) && (toy_is_unbound(attributes) || toy_dict_update(t, attributes, args[0]));
    toy_release(attributes);
    return done ? TOY_NONE : TOY_FAILED;
}

static const ToyFunction data_methods[] = {
    TOY_FUNCTION("__reduce__", reduce, "($self, /)", 0, "What pickle stores: the class, the attributes, the bytes."),
    TOY_FUNCTION("__setstate__", set_state, "($self, attributes, bytes, /)", 0, "Take over attributes and bytes from a pickle."),
    TOY_FUNCTIONS_END,
};

static ToyValue get_base(ToyThread *t, ToyValue self)
{
    ToyValue base = as_cobject(self)->base;
    return toy_is_bound(base) ? toy_retain(base) : TOY_NONE;
}
static ToyValue get_keeps(ToyThread *t, ToyValue self)
{
    ToyValue keeps = as_cobject(self)->keeps;
    return toy_is_bound(keeps) ? toy_retain(keeps) : TOY_NONE;
}
static ToyValue get_is_own(ToyThread *t, ToyValue self)
{
    const CObject *object = as_cobject(self);
    return toy_small_int_value(object->block || object->data == (const uint8_t *)&object->small);
}
static const ToyGetSet data_getsets[] = {
    {"_b_base_", get_base, NULL, "the object of whose memory this is a part"},
    {"_b_needsfree_", get_is_own, NULL, "whether the memory is the object's own"},
    {"_objects", get_keeps, NULL, "what is kept alive for the sake of pointers (to be looked at only)"},
    {NULL, NULL, NULL, NULL},
};

const ToyTypeSpec ctypes_data_spec = {
    .doc = "What all objects of C types have in common: memory.",
    .size = sizeof(CObject),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_NO_NEW,
    .slots = {.hash = ctypes_object_hash, .get_buffer = ctypes_object_buffer, .release_buffer = ctypes_object_buffer_release},
    .methods = data_methods,
    .getsets = data_getsets,
    .traverse = ctypes_object_traverse,
    .clear = ctypes_object_clear,
    .free = ctypes_object_free,
};
