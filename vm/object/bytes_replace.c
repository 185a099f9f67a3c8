/* bytes_replace.c - bytes put together and exchanged: join, replace, translate.
 *
 * What        The methods of bytes and bytearray that give changed copies.
 * How         What is joined or replaced is measured first, so that the result is made once with its size; where items have to be asked for
 *             their bytes (join of anything but exact bytes), they are gathered in a Buffer.
 * GIL         held; an item's __buffer__ runs script code.
 * Read next   str_replace.c */
#include "vm/object/bytes_methods.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/search.h"
#include "vm/object/text_arguments.h"

/* ---- joining ---- */

/* Adds the bytes of the items to [out]; they are copied at once, so a view need not be kept. */
static bool join_one(Thread *t, Value self, Value item, size_t i, Buffer *out)
{
    Needle needle;
    if (!is_bytes(item) && !value_has_buffer(t, item))
        return raise_false(t, EXC_TypeError, "sequence item %zu: expected a bytes-like object, %T found", i, item);
    if (!needle_get(t, item, false, &needle))
        return false;
    if (i)
        buffer_add(out, span_of(self).data, span_of(self).length);
    buffer_add(out, needle.span.data, needle.span.length);
    needle_release(t, &needle);
    return true;
}

static bool join_into(Thread *t, Value self, Value held, Buffer *out)
{
    size_t count = is_list(held) ? as_list(held)->count : as_tuple(held)->count;
    for (size_t i = 0; i < count; i++) {
        if (is_list(held) && as_list(held)->count != count)     /* an item's __buffer__ did that */
            return raise_false(t, EXC_RuntimeError, "sequence changed size during iteration");
        Value item = retain(is_list(held) ? as_list(held)->items[i] : as_tuple(held)->items[i]);
        bool is_good = join_one(t, self, item, i, out);
        release(item);
        if (!is_good)
            return false;
    }
    if (buffer_ok(out))
        return true;
    raise_memory_error(t);
    return false;
}

/* What is joined mostly: exact bytes only. Measured, then copied; nobody is asked. UNBOUND with nothing raised: not so. */
static Value join_plainly(Thread *t, Value self, const Value *items, size_t count)
{
    ByteSpan between = span_of(self);
    size_t length = 0;
    if (!is_kind(self, KIND_BYTES))
        return UNBOUND;
    for (size_t i = 0; i < count; i++) {
        size_t more = i ? between.length : 0;
        if (!is_kind(items[i], KIND_BYTES) || __builtin_add_overflow(length, more + as_bytes(items[i])->length, &length))
            return UNBOUND;
    }
    if (length == 0)
        return retain(t->interp->empty_bytes);
    Bytes *joined = bytes_new(t, length);
    uint8_t *to = joined ? joined->data : NULL;
    for (size_t i = 0; joined && i < count; i++) {
        if (i) {
            memcpy(to, between.data, between.length);
            to += between.length;
        }
        memcpy(to, as_bytes(items[i])->data, as_bytes(items[i])->length);
        to += as_bytes(items[i])->length;
    }
    return joined ? object_value(joined) : FAILED;
}

static Value join(Thread *t, Value self, Value iterable)
{
    Value held;
    const Value *items;
    size_t count;
    if (!join_items(t, iterable, &held, &items, &count))
        return FAILED;
    Value joined = FAILED;
    if (count == 1 && is_kind(items[0], KIND_BYTES) && is_bytes(self)) {
        joined = retain(items[0]);
    } else if (is_unbound(joined = join_plainly(t, self, items, count)) && !is_raised(t)) {
        Buffer out;
        buffer_init(&out, &t->interp->memory);
        if (join_into(t, self, held, &out))
            joined = bytes_like(t, self, out.data, out.length);
        buffer_free(&out);
    }
    release(held);
    return joined;
}

/* What is iterated may try to change the separator: it must not. */
Value bytes_method_join(Thread *t, Value self, const Value *args)
{
    BufferView view;
    if (!buffer_get(t, self, &view, 0))
        return FAILED;
    Value joined = join(t, self, args[0]);
    buffer_release(t, &view);
    return joined;
}

/* ---- replacing and translating ---- */

static Value replace_in(Thread *t, Value self, ByteSpan old, ByteSpan new, size_t most)
{
    ByteSpan span = span_of(self);
    size_t count = span_count(span, old), added;
    if (count > most)
        count = most;
    if (count == 0 || (old.length > span.length))
        return bytes_slice(t, self, 0, span.length);
    if (__builtin_mul_overflow(count, new.length, &added) || added > (size_t)PTRDIFF_MAX - span.length)
        return raise_error(t, EXC_OverflowError, "replace bytes is too long");
    size_t length = span.length - count * old.length + added;
    Value result = is_bytearray(self) ? bytearray_from(t, NULL, length) : object_value(bytes_new(t, length));
    if (failed(result))
        return FAILED;
    uint8_t *to = (uint8_t *)span_of(result).data;
    if (old.length == 1 && new.length == 1 && most >= span.length) {
        for (size_t i = 0; i < span.length; i++)
            to[i] = span.data[i] == old.data[0] ? new.data[0] : span.data[i];
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        /* An empty part is found before each byte: between two hits one byte is copied. */
        size_t at = old.length ? (size_t)search_first(span.data, span.length, old.data, old.length, 1) : i > 0;
        if (at > span.length) break;   /* never: [count] of them are there; but the compiler cannot know */
        memcpy(to, span.data, at);
        to += at;
        memcpy(to, new.data, new.length);
        to += new.length;
        span.data += at + old.length;
        span.length -= at + old.length;
    }
    memcpy(to, span.data, span.length);
    return result;
}

Value bytes_method_replace(Thread *t, Value self, const Value *args)
{
    int64_t most = -1;
    Needle old, new;
    if (!needle_get(t, args[0], false, &old))
        return FAILED;
    Value result = FAILED;
    if (needle_get(t, args[1], false, &new)) {
        if (arg_size(t, args[2], &most))
            result = replace_in(t, self, old.span, new.span, most < 0 ? SIZE_MAX : (size_t)most);
        needle_release(t, &new);
    }
    needle_release(t, &old);
    return result;
}

static Value translate_with(Thread *t, Value self, const uint8_t *table, ByteSpan dropped)
{
    bool drops[256] = {false};
    for (size_t i = 0; i < dropped.length; i++)
        drops[dropped.data[i]] = true;
    Buffer out;
    buffer_init(&out, &t->interp->memory);
    ByteSpan span = span_of(self);
    char *to = buffer_reserve(&out, span.length ? span.length : 1);
    size_t length = 0;
    for (size_t i = 0; to && i < span.length; i++) {
        uint8_t c = span.data[i];
        if (!drops[c])
            to[length++] = (char)(table ? table[c] : c);
    }
    Value result = to ? bytes_like(t, self, to, length) : raise_memory_error(t);
    buffer_free(&out);
    return result;
}

Value bytes_method_translate(Thread *t, Value self, const Value *args)
{
    Needle table = {.has_view = false}, dropped = {.has_view = false};
    bool has_table = !is_none(args[0]);
    if (has_table && !needle_get(t, args[0], false, &table))
        return FAILED;
    Value result = FAILED;
    if (has_table && table.span.length != 256)
        raise_value_error(t, "translation table must be 256 characters long");
    else if (is_unbound(args[1]) || needle_get(t, args[1], false, &dropped))
        result = translate_with(t, self, has_table ? table.span.data : NULL, dropped.span);
    needle_release(t, &dropped);
    needle_release(t, &table);
    return result;
}

Value bytes_method_maketrans(Thread *t, Value self, const Value *args)
{
    Needle from, to;
    if (!needle_get(t, args[0], false, &from))
        return FAILED;
    Value result = FAILED;
    if (needle_get(t, args[1], false, &to)) {
        Bytes *table = NULL;
        if (from.span.length != to.span.length)
            raise_value_error(t, "maketrans arguments must have same length");
        else
            table = bytes_new(t, 256);
        for (unsigned c = 0; table && c < 256; c++)
            table->data[c] = (uint8_t)c;
        for (size_t i = 0; table && i < from.span.length; i++)
            table->data[from.span.data[i]] = to.span.data[i];
        result = table ? object_value(table) : FAILED;
        needle_release(t, &to);
    }
    needle_release(t, &from);
    return result;
}
