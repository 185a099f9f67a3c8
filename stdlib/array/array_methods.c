/* array_methods.c - the methods of array.
 *
 * What        append to tounicode.
 * How         Items are compared as values, so 1 finds 1.0. A script's __eq__ may shorten the array meanwhile: the length is asked for each time.
 * GIL         held.
 * Read next   mod_array.c */
#include "stdlib/array/array_methods.h"

#define METHOD(name) static ToyValue method_##name(ToyThread *t, ToyValue self, const ToyValue *args)

static ToyValue none_if(bool done) { return done ? TOY_NONE : TOY_FAILED; }

/* ---- looking for items ---- */

static bool item_equals(ToyThread *t, const Array *array, size_t i, ToyValue v, bool *equal)
{
    ToyValue item = array_read_item(t, array->item, array_at(array, i));
    bool done = !toy_failed(item) && toy_compare(t, item, v, COMPARE_EQ, equal);
    toy_release(item);
    return done;
}

bool array_find(ToyThread *t, const Array *array, ToyValue v, size_t start, size_t end, size_t *at)
{
    for (*at = start; *at < end && *at < array->length; ++*at) {
        bool equal;
        if (!item_equals(t, array, *at, v, &equal)) return false;
        if (equal) return true;
    }
    *at = SIZE_MAX;
    return true;
}

METHOD(count)
{
    const Array *array = as_array(self);
    int64_t count = 0;
    for (size_t i = 0; i < array->length; i++) {
        bool equal;
        if (!item_equals(t, array, i, args[0], &equal)) return TOY_FAILED;
        count += equal;
    }
    return toy_int(t, count);
}

/* A bound as a slice has it. */
static bool read_bound(ToyThread *t, const Array *array, ToyValue v, int64_t *bound)
{
    if (toy_is_unbound(v)) return true;
    if (!toy_is_int(v)) {
        ToyValue method = toy_find_special(t, v, "__index__");
        if (toy_is_unbound(method))
            return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "slice indices must be integers or have an __index__ method");
        toy_release(method);
    }
    if (!toy_arg_index(t, v, bound)) return false;
    if (*bound < 0) *bound += (int64_t)array->length;
    if (*bound < 0) *bound = 0;
    return true;
}

METHOD(index)
{
    const Array *array = as_array(self);
    int64_t start = 0, stop = INT64_MAX;
    size_t at;
    if (!read_bound(t, array, args[1], &start) || !read_bound(t, array, args[2], &stop) || !array_find(t, array, args[0], (size_t)start, (size_t)stop, &at)) return TOY_FAILED;
    return at == SIZE_MAX ? toy_raise_value_error(t, "array.index(x): x not in array") : toy_int(t, (int64_t)at);
}

METHOD(remove)
{
    Array *array = as_array(self);
    size_t at;
    if (!array_find(t, array, args[0], 0, array->length, &at)) return TOY_FAILED;
    if (at >= array->length) return toy_raise_value_error(t, "array.remove(x): x not in array");
    return none_if(array_delete(t, array, at));
}

/* ---- adding and taking away ---- */

METHOD(append) { return none_if(array_add_item(t, args[0], as_array(self))); }

METHOD(insert)
{
    Array *array = as_array(self);
    int64_t at;
    uint8_t bytes[ITEM_BYTES_MAX];
    if (!toy_arg_size(t, args[0], &at) || !array_convert_item(t, array->item, args[1], bytes)) return TOY_FAILED;
    int64_t length = (int64_t)array->length;
    if (at < 0) at = at + length < 0 ? 0 : at + length;
    return none_if(array_insert_bytes(t, array, (size_t)(at > length ? length : at), bytes));
}

METHOD(pop)
{
    Array *array = as_array(self);
    int64_t at = -1;
    if (!toy_arg_size(t, args[0], &at)) return TOY_FAILED;
    if (array->length == 0) return toy_raise(t, TOY_IndexError, "pop from empty array");
    if (at < 0) at += (int64_t)array->length;
    if (at < 0 || (size_t)at >= array->length) return toy_raise(t, TOY_IndexError, "pop index out of range");
    ToyValue v = array_read_item(t, array->item, array_at(array, (size_t)at));
    if (!toy_failed(v) && !array_delete(t, array, (size_t)at)) toy_clear(&v);
    return v;
}

bool array_extend_with(ToyThread *t, Array *array, ToyValue from)
{
    if (!is_array(t, from)) return toy_for_each(t, from, array_add_item, array);
    const Array *other = as_array(from);
    size_t before = array->length, count = other->length;
    if (other->item != array->item) return toy_raise_false(t, TOY_TypeError, "can only extend with array of same kind");
    if (!array_resize(t, array, before + count)) return false;
    if (count) memcpy(array_at(array, before), other->data, count * array->item->size);   /* also where both are one */
    return true;
}
METHOD(extend) { return none_if(array_extend_with(t, as_array(self), args[0])); }
METHOD(clear) { return none_if(array_resize(t, as_array(self), 0)); }

METHOD(reverse)
{
    Array *array = as_array(self);
    size_t size = array->item->size;
    for (size_t i = 0; i < array->length / 2; i++) {
        uint8_t bytes[ITEM_BYTES_MAX], *low = array_at(array, i), *high = array_at(array, array->length - 1 - i);
        memcpy(bytes, low, size);
        memcpy(low, high, size);
        memcpy(high, bytes, size);
    }
    return TOY_NONE;
}

METHOD(byteswap) { return (array_swap_items(as_array(self)), TOY_NONE); }

/* ---- from and to other things ---- */

METHOD(fromlist)
{
    Array *array = as_array(self);
    if (!toy_is_list(args[0])) return toy_raise_type_error(t, "arg must be list");
    size_t before = array->length, count = toy_list_length(args[0]);
    if (count == 0) return TOY_NONE;
    if (!array_resize(t, array, before + count) || !array_resize(t, array, before)) return TOY_FAILED;
    for (size_t i = 0; i < count; i++) {
        bool done = i < toy_list_length(args[0]) || toy_raise_false(t, TOY_RuntimeError, "list changed size during iteration");
        if (done && array_add_item(t, toy_list_item(args[0], i), array)) continue;
        if (!array_resize(t, array, before)) return TOY_FAILED;
        return TOY_FAILED;
    }
    return TOY_NONE;
}
METHOD(tolist) { return array_to_list(t, as_array(self)); }
METHOD(frombytes) { return none_if(array_add_bytes(t, as_array(self), args[0])); }
METHOD(tobytes) { return toy_bytes(t, as_array(self)->data ? as_array(self)->data : (const uint8_t *)"", as_array(self)->length * as_array(self)->item->size); }

METHOD(fromunicode)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "fromunicode() argument must be str, not %N", args[0]);
    if (as_array(self)->item->kind != ARRAY_CHARACTER)
        return toy_raise_value_error(t, "fromunicode() may only be called on unicode type arrays ('u' or 'w')");
    return none_if(array_add_text(t, as_array(self), args[0]));
}

ToyValue array_text(ToyThread *t, const Array *array)
{
    for (size_t i = 0; i < array->length; i++) {
        uint32_t character;
        memcpy(&character, array_at(array, i), sizeof character);
        if (character > 0x10ffff)   /* the decoder says what is wrong */
            return toy_str_decode(t, (const char *)array->data, array->length * sizeof character, "utf-32-le", NULL);
    }
    return toy_str_from_ucs4(t, (const uint32_t *)(const void *)array->data, array->length);
}
METHOD(tounicode)
{
    if (as_array(self)->item->kind != ARRAY_CHARACTER)
        return toy_raise_value_error(t, "tounicode() may only be called on unicode type arrays ('u' or 'w')");
    return array_text(t, as_array(self));
}

METHOD(tofile)
{
    enum { BLOCK = 64 * 1024 };
    const Array *array = as_array(self);
    for (size_t at = 0; at < array->length * array->item->size; at += BLOCK) {
        size_t left = array->length * array->item->size - at;
        ToyValue bytes = toy_bytes(t, array->data + at, left < BLOCK ? left : BLOCK);
        ToyValue written = toy_failed(bytes) ? TOY_FAILED : toy_call_method(t, args[0], "write", &bytes, 1);
        toy_release(bytes);
        if (toy_failed(written)) return TOY_FAILED;
        toy_release(written);
    }
    return TOY_NONE;
}

/* What came is added, even if it was not enough. */
METHOD(fromfile)
{
    Array *array = as_array(self);
    int64_t count, wanted;
    size_t length;
    if (!toy_arg_size(t, args[1], &count)) return TOY_FAILED;
    if (count < 0) return toy_raise_value_error(t, "negative count");
    if (__builtin_mul_overflow(count, (int64_t)array->item->size, &wanted)) return toy_raise_memory_error(t);
    ToyValue number = toy_int(t, wanted), bytes = toy_failed(number) ? TOY_FAILED : toy_call_method(t, args[0], "read", &number, 1);
    toy_release(number);
    if (toy_failed(bytes)) return TOY_FAILED;
    bool done = toy_is_bytes(bytes) || toy_raise_false(t, TOY_TypeError, "read() didn't return bytes");
    done = done && array_add_bytes(t, array, bytes);
    if (done) toy_bytes_data(bytes, &length);
    toy_release(bytes);
    if (done && (int64_t)length != wanted) return toy_raise(t, TOY_EOFError, "read() didn't return enough bytes");
    return none_if(done);
}

METHOD(buffer_info)
{
    return toy_tuple(t, toy_int(t, (int64_t)(intptr_t)as_array(self)->data), toy_int(t, (int64_t)as_array(self)->length));
}

METHOD(copy)
{
    const Array *array = as_array(self);
    Array *copy = array_new(t, ((ArrayState *)toy_instance_state(self))->array, array->item, array->length);
    if (copy && array->length) memcpy(copy->data, array->data, array->length * array->item->size);
    return toy_value(copy);
}
METHOD(size_of) { return toy_int(t, (int64_t)(sizeof(Array) + as_array(self)->capacity * as_array(self)->item->size)); }
METHOD(class_item) { return toy_generic_alias(t, self, args[0]); }

const ToyFunction array_methods[] = {
    TOY_FUNCTION("append", method_append, "($self, v, /)", 0, "Add v as the last item; it must fit the typecode."),
    TOY_FUNCTION("buffer_info", method_buffer_info, "($self, /)", 0, "Return a tuple (address, length): where the items are, and how many."),
    TOY_FUNCTION("byteswap", method_byteswap, "($self, /)", 0, "Turn the order of the bytes in each item round."),
    TOY_FUNCTION("clear", method_clear, "($self, /)", 0, "Take every item out."),
    TOY_FUNCTION("count", method_count, "($self, v, /)", 0, "How many items are equal to v."),
    TOY_FUNCTION("extend", method_extend, "($self, bb, /)", 0,
                 "Add all items of bb at the end: of an array, its typecode must be the same; of another iterable, they must fit."),
    TOY_FUNCTION("fromfile", method_fromfile, "($self, f, n, /)", 0, "Read n items from the binary file and append them."),
    TOY_FUNCTION("fromlist", method_fromlist, "($self, list, /)", 0, "Add the items of a list at the end; if one does not fit, none is added."),
    TOY_FUNCTION("frombytes", method_frombytes, "($self, buffer, /)", 0, "Append the items whose bytes these are."),
    TOY_FUNCTION("fromunicode", method_fromunicode, "($self, ustr, /)", 0, "Append the characters of the str; for type codes u and w."),
    TOY_FUNCTION("index", method_index, "($self, v, start=0, stop=sys.maxsize, /)", 0,
                 "The position of the first item that equals v, between start and stop; ValueError if there is none."),
    TOY_FUNCTION("insert", method_insert, "($self, i, v, /)", 0, "Put v in front of the item at index i."),
    TOY_FUNCTION("pop", method_pop, "($self, i=-1, /)", 0,
                 "Take the item at index i, the last if not given, out of the array and return it; IndexError if there is none."),
    TOY_FUNCTION("remove", method_remove, "($self, v, /)", 0, "Take the first item that equals v out; ValueError if there is none."),
    TOY_FUNCTION("reverse", method_reverse, "($self, /)", 0, "Turn the order of the items around, in the array itself."),
    TOY_FUNCTION("tobytes", method_tobytes, "($self, /)", 0, "Return the bytes of all items."),
    TOY_FUNCTION("tofile", method_tofile, "($self, f, /)", 0, "Write the items to the file f, as the bytes they are in memory."),
    TOY_FUNCTION("tolist", method_tolist, "($self, /)", 0, "The items as Python objects, in a new list."),
    TOY_FUNCTION("tounicode", method_tounicode, "($self, /)", 0, "Return the characters as a str; for type codes u and w."),
    TOY_FUNCTION("__copy__", method_copy, "($self, /)", 0, "A new array with the same typecode and items."),
    TOY_FUNCTION("__deepcopy__", method_copy, "($self, unused, /)", 0, "A new array with the same typecode and items."),
    TOY_FUNCTION("__reduce_ex__", array_reduce, "($self, value, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTION("__sizeof__", method_size_of, "($self, /)", 0, "The bytes that the array takes, those of its items included."),
    TOY_FUNCTION("__class_getitem__", method_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
