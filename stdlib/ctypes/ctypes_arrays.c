/* ctypes_arrays.c - arrays of C: T * n.
 *
 * What        Array and its metaclass; items and slices; value and raw of arrays of characters.
 * How         A class has _type_ and _length_. An item is a value where it can be (a number), else an object that is a part of the array.
 * GIL         held.
 * Read next   ctypes_objects.c, ctypes_pointers.c (which are indexed likewise) */
#include "stdlib/ctypes/ctypes.h"

/* ---- the class ---- */

static bool is_text(const CClass *item, bool *is_wide)
{
    char letter = item->kind && ctypes_is_direct(item) ? item->kind->letter : 0;
    *is_wide = letter == 'u';
    return letter == 'c' || letter == 'u';
}

static bool read_length(ToyThread *t, ToyValue self, int64_t *length)
{
    ToyValue v = toy_find_attribute(t, self, "_length_");
    bool done = false;
    if (toy_is_raised(t)) return false;
    if (toy_is_unbound(v)) toy_raise(t, TOY_AttributeError, "class must define a '_length_' attribute");
    else if (!toy_is_int(v)) toy_raise_type_error(t, "The '_length_' attribute must be an integer");
    else if (toy_int_sign(v) < 0) toy_raise_value_error(t, "The '_length_' attribute must not be negative");
    else if (!toy_int_fits_int64(v, length)) toy_raise(t, TOY_OverflowError, "The '_length_' attribute is too large");
    else done = true;
    toy_release(v);
    return done;
}

static bool add_text(ToyThread *t, CClass *class, bool is_wide);

static bool array_meta_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    CClass *class = as_cclass(self);
    CtypesState *state = cclass_state(class);
    int64_t length;
    if (!ctypes_class_begin(t, class) || !read_length(t, self, &length)) return false;
    ToyValue type = toy_find_attribute(t, self, "_type_");
    if (toy_is_unbound(type)) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_AttributeError, "class must define a '_type_' attribute");
    if (!ctypes_is_class(t, state, type)) {
        toy_release(type);
        return toy_raise_false(t, TOY_TypeError, "_type_ must have storage info");
    }
    CClass *item = as_cclass(type);
    size_t size;
    toy_replace(&class->item, type);
    if (__builtin_mul_overflow(item->size, (size_t)length, &size) || size > PTRDIFF_MAX) return toy_raise_false(t, TOY_OverflowError, "array too large");
    item->is_final = true;
    class->size = size;
    class->alignment = item->alignment;
    class->count = (size_t)length;
    class->has_pointers = item->has_pointers;
    if (!ctypes_class_describe(t, class, toy_retain(item->format), item, class->count)) return false;
    ctypes_class_end(class, FAMILY_ARRAY);
    bool is_wide;
    return !is_text(item, &is_wide) || add_text(t, class, is_wide);
}

const ToyTypeSpec ctypes_array_meta_spec = {
    .doc = "metatype for the Array Objects",
    .size = sizeof(CClass),
    .slots = {.init = array_meta_init},
    .traverse = ctypes_class_traverse,
    .clear = ctypes_class_clear,
    .free = ctypes_class_free,
};

/* ---- items ---- */

static bool has_index(ToyThread *t, ToyValue v)
{
    if (toy_is_int(v)) return true;
    ToyValue method = toy_find_special(t, v, "__index__");
    toy_release(method);
    return toy_is_bound(method);
}

static bool find_item(ToyThread *t, const CObject *object, const CClass *class, int64_t index, uint8_t **at)
{
    if (index < 0 || (size_t)index >= class->count) return toy_raise_false(t, TOY_IndexError, "invalid index");
    const CClass *item = as_cclass(class->item);
    if (!ctypes_has_bytes(t, object, (size_t)index * item->size, item->size)) return false;
    *at = object->data + (size_t)index * item->size;
    return true;
}

/* An index counts from the end if it is below 0; what no memory has is an IndexError. */
static bool read_index(ToyThread *t, const CClass *class, ToyValue key, const char *if_none, int64_t *index)
{
    if (!has_index(t, key)) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "%s", if_none);
    ToyValue n = toy_index(t, key);
    if (toy_failed(n)) return false;
    bool fits = toy_int_fits_int64(n, index);
    toy_release(n);
    if (!fits) return toy_raise_false(t, TOY_IndexError, "cannot fit '%T' into an index-sized integer", key);
    if (*index < 0) *index += (int64_t)class->count;
    return true;
}

ToyValue ctypes_items(ToyThread *t, CClass *item, ToyValue owner, uint8_t *data, int64_t start, int64_t step, size_t count)
{
    bool is_wide, is_string = is_text(item, &is_wide);
    if (is_string && count == 0) return is_wide ? toy_str(t, "") : toy_bytes(t, NULL, 0);
    if (is_string && !is_wide) {
        uint8_t *out;
        ToyValue bytes = toy_bytes_new(t, count, &out);
        for (size_t i = 0; !toy_failed(bytes) && i < count; i++) out[i] = data[start + (int64_t)i * step];
        return bytes;
    }
    if (is_string) {
        uint32_t *wide = count > SIZE_MAX / sizeof *wide ? NULL : toy_alloc(t, count * sizeof *wide);
        if (!wide) return toy_is_raised(t) ? TOY_FAILED : toy_raise_memory_error(t);
        for (size_t i = 0; i < count; i++) memcpy(&wide[i], data + (start + (int64_t)i * step) * (int64_t)sizeof *wide, sizeof *wide);
        ToyValue text = toy_str_from_ucs4(t, wide, count);
        toy_free(t, wide, count * sizeof *wide);
        return text;
    }
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && i < count; i++) {
        int64_t index = start + (int64_t)i * step;
        if (!toy_list_append_take(t, list, ctypes_read(t, item, owner, (size_t)index, data + index * (int64_t)item->size))) toy_clear(&list);
    }
    return list;
}

static bool is_slice(ToyThread *t, ToyValue v) { return toy_is_a(t, v, toy_builtin_type(t, TOY_KIND_SLICE)); }

static ToyValue array_get_item(ToyThread *t, ToyValue self, ToyValue key)
{
    CObject *object = as_cobject(self);
    CClass *class = cobject_class(self);
    int64_t index, stop, step;
    size_t count;
    uint8_t *at;
    if (is_slice(t, key)) {
        if (!toy_slice_resolve(t, key, &class->count, &index, &stop, &step, &count) || !ctypes_has_bytes(t, object, 0, class->size)) return TOY_FAILED;
        return toy_is_bound(class->item) ? ctypes_items(t, as_cclass(class->item), self, object->data, index, step, count) : toy_list(t);
    }
    if (!read_index(t, class, key, "indices must be integers", &index) || !find_item(t, object, class, index, &at)) return TOY_FAILED;
    return ctypes_read(t, as_cclass(class->item), self, (size_t)index, at);
}

static bool set_one(ToyThread *t, ToyValue self, int64_t index, ToyValue v)
{
    uint8_t *at;
    CClass *class = cobject_class(self);
    return find_item(t, as_cobject(self), class, index, &at) && ctypes_write(t, as_cclass(class->item), self, (size_t)index, v, at);
}

static bool array_set_item(ToyThread *t, ToyValue self, ToyValue key, ToyValue v)
{
    CClass *class = cobject_class(self);
    int64_t index, stop, step;
    size_t count, length;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "Array does not support item deletion");
    if (!is_slice(t, key)) return read_index(t, class, key, "indices must be integer", &index) && set_one(t, self, index, v);
    if (!toy_slice_resolve(t, key, &class->count, &index, &stop, &step, &count) || !ctypes_has_bytes(t, as_cobject(self), 0, class->size)) return false;
    if (!toy_length(t, v, &length)) {
        toy_raised_clear(t);
        length = SIZE_MAX;
    }
    if (length != count) return toy_raise_false(t, TOY_ValueError, "Can only assign sequence of same size");
    for (size_t i = 0; i < count; i++) {
        ToyValue place = toy_small_int_value((int64_t)i), item = toy_get_item(t, v, place);
        bool done = !toy_failed(item) && set_one(t, self, index + (int64_t)i * step, item);
        toy_release(item);
        if (!done) return false;
    }
    return true;
}

static bool array_length(ToyThread *t, ToyValue self, size_t *length)
{
    *length = cobject_class(self)->count;
    return true;
}

static ToyValue array_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return ctypes_object_new(t, (CClass *)type); }

static bool array_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    for (size_t i = 0; i < count; i++)
        if (!set_one(t, self, (int64_t)i, args[i])) return false;
    return true;
}

/* ---- arrays of characters ---- */

ToyValue ctypes_text_get(ToyThread *t, const CObject *object, const uint8_t *at, size_t count, bool is_wide)
{
    if (!ctypes_has_bytes(t, object, (size_t)(at - object->data), count * (is_wide ? sizeof(wchar_t) : 1))) return TOY_FAILED;
    if (!is_wide) return toy_bytes(t, at, strnlen((const char *)at, count));
    size_t length = 0;
    for (wchar_t character; length < count; length++) {
        memcpy(&character, at + length * sizeof character, sizeof character);
        if (!character) break;
    }
    uint32_t *wide = toy_alloc(t, (length + 1) * sizeof *wide);
    if (!wide) return TOY_FAILED;
    memcpy(wide, at, length * sizeof *wide);
    ToyValue text = toy_str_from_ucs4(t, wide, length);
    toy_free(t, wide, (length + 1) * sizeof *wide);
    return text;
}

/* With a zero behind it, if there is room. */
static bool put_bytes(ToyThread *t, uint8_t *at, size_t count, const uint8_t *data, size_t length)
{
    if (length > count) return toy_raise_false(t, TOY_ValueError, "bytes too long (%zu, maximum length %zu)", length, count);
    if (length) memcpy(at, data, length);
    if (length < count) at[length] = 0;
    return true;
}

bool ctypes_text_set(ToyThread *t, uint8_t *at, size_t count, ToyValue v, bool is_wide)
{
    if (!is_wide) {
        if (!toy_is_bytes(v)) return toy_raise_false(t, TOY_TypeError, "expected bytes, %T found", v);
        size_t size;
        const uint8_t *data = toy_bytes_data(v, &size);
        return put_bytes(t, at, count, data, strnlen((const char *)data, size));   /* a C string ends with the first zero */
    }
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "unicode string expected instead of %T instance", v);
    size_t length = toy_str_length(v);
    if (length > count) return toy_raise_false(t, TOY_ValueError, "string too long (%zu, maximum length %zu)", length, count);
    for (size_t i = 0; i <= length && i < count; i++) {
        wchar_t character = i < length ? (wchar_t)toy_str_char(v, i) : 0;
        memcpy(at + i * sizeof character, &character, sizeof character);
    }
    return true;
}

static ToyValue get_text(ToyThread *t, ToyValue self, bool is_wide)
{
    return ctypes_text_get(t, as_cobject(self), as_cobject(self)->data, cobject_class(self)->count, is_wide);
}
static bool set_text(ToyThread *t, ToyValue self, ToyValue v, bool is_wide)
{
    CObject *object = as_cobject(self);
    const CClass *class = cobject_class(self);
    if (!ctypes_has_bytes(t, object, 0, class->size)) return false;
    if (is_wide) {
        if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "can't delete attribute");
        if (toy_is_str(v) && toy_str_length(v) > class->count) return toy_raise_false(t, TOY_ValueError, "string too long");
        return ctypes_text_set(t, object->data, class->count, v, true);
    }
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "can't delete attribute");
    if (!toy_is_bytes(v)) return toy_raise_false(t, TOY_TypeError, "bytes expected instead of %T instance", v);
    size_t length;
    const uint8_t *data = toy_bytes_data(v, &length);
    return length <= class->count ? put_bytes(t, object->data, class->count, data, length) : toy_raise_false(t, TOY_ValueError, "byte string too long");
}

static ToyValue get_bytes_value(ToyThread *t, ToyValue self) { return get_text(t, self, false); }
static bool set_bytes_value(ToyThread *t, ToyValue self, ToyValue v) { return set_text(t, self, v, false); }
static ToyValue get_wide_value(ToyThread *t, ToyValue self) { return get_text(t, self, true); }
static bool set_wide_value(ToyThread *t, ToyValue self, ToyValue v) { return set_text(t, self, v, true); }

static ToyValue get_raw(ToyThread *t, ToyValue self) { return toy_bytes(t, as_cobject(self)->data, as_cobject(self)->size); }
static bool set_raw(ToyThread *t, ToyValue self, ToyValue v)
{
    CObject *object = as_cobject(self);
    ToyBuffer buffer;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_AttributeError, "cannot delete attribute");
    if (!toy_buffer_get(t, v, &buffer, 0)) return false;
    bool fits = buffer.length <= object->size;
    if (fits && buffer.length) memmove(object->data, buffer.data, buffer.length);
    toy_buffer_release(t, &buffer);
    return fits || toy_raise_false(t, TOY_ValueError, "byte string too long");
}

static const ToyGetSet bytes_getsets[] = {
    {"raw", get_raw, set_raw, "value"},
    {"value", get_bytes_value, set_bytes_value, "string value"},
    {NULL, NULL, NULL, NULL},
};
static const ToyGetSet wide_getsets[] = {
    {"value", get_wide_value, set_wide_value, "string value"},
    {NULL, NULL, NULL, NULL},
};

static bool add_text(ToyThread *t, CClass *class, bool is_wide) { return toy_type_add_getsets(t, cclass_type(class), is_wide ? wide_getsets : bytes_getsets); }

static ToyValue class_get_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

static const ToyFunction array_methods[] = {
    TOY_FUNCTION("__class_getitem__", class_get_item, "($type, item, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
const ToyTypeSpec ctypes_array_spec = {
    .doc = "Abstract base class for arrays.\n\nThe recommended way to create concrete array types is by multiplying any\n"
           "ctypes data type with a non-negative integer. Alternatively, you can subclass\nthis type and define _length_ and _type_ class variables.",
    .size = sizeof(CObject),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.hash = ctypes_object_hash, .new_instance = array_new, .init = array_init, .length = array_length, .get_item = array_get_item,
              .set_item = array_set_item, .get_buffer = ctypes_object_buffer, .release_buffer = ctypes_object_buffer_release},
    .methods = array_methods,
    .traverse = ctypes_object_traverse,
    .clear = ctypes_object_clear,
    .free = ctypes_object_free,
};
