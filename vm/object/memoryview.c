/* memoryview.c - memoryview: a window on the bytes of another object, as items of some format.
 *
 * What        The type: how views are made, comparison, casts, export of its own. Items and slices are in memoryview_items.c.
 * How         Each memoryview holds a BufferView of the *original* exporter, also one made by slicing or casting another
 *             memoryview; what differs (start, format, shape, strides, read-only) lies in the memoryview itself. So views
 *             do not depend on each other, and each can be released alone.
 * Invariants  I1 released: view.owner is UNBOUND, nothing else may be read.
 *             I2 all bytes reachable by shape and strides lie inside the exporter's.
 * GIL         held; the exporter keeps the bytes in place while a view exists.
 * Read next   memoryview_items.c, memory_format.c, buffer_view.c */
#include "vm/object/buffer_view.h"

#include "vm/object/arguments.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/memory_format.h"
#include "vm/object/memoryview.h"
#include "vm/object/memoryview_parts.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

bool memoryview_is_alive(Thread *t, const MemoryView *m)
{
    return is_bound(m->view.owner) || raise_false(t, EXC_ValueError, "operation forbidden on released memoryview object");
}

/* ---- making ---- */

static bool set_dimensions(Thread *t, MemoryView *m, int dimensions)
{
    m->dimensions = dimensions;
    if (dimensions <= 1) {
        m->shape = &m->one_shape;
        m->strides = &m->one_stride;
        return true;
    }
    int64_t *block = block_alloc(t, (size_t)dimensions * 2 * sizeof(int64_t));
    if (!block) {
        m->dimensions = 1;
        return false;
    }
    m->shape = block;
    m->strides = block + dimensions;
    return true;
}

static void drop_dimensions(Thread *t, MemoryView *m)
{
    if (m->shape && m->shape != &m->one_shape)
        block_free(t, m->shape, (size_t)m->dimensions * 2 * sizeof(int64_t));
    m->shape = m->strides = NULL;
    m->dimensions = 0;
}

/* Strides of a row-major array of m->shape. */
static void set_plain_strides(MemoryView *m)
{
    int64_t stride = (int64_t)m->item_size;
    for (int i = m->dimensions; i-- > 0; ) {
        m->strides[i] = stride;
        stride *= m->shape[i];
    }
}

/* A long one can only be the exporter's: casts know short ones. */
static void set_format(MemoryView *m, const char *format, size_t item_size)
{
    size_t length = strlen(format);
    m->format = length < FORMAT_MAX ? memcpy(m->own_format, format, length + 1) : format;
    m->letter = memory_format_letter(m->format);
    if (m->letter && memory_format_size(m->letter) != item_size)
        m->letter = 0;
    m->item_size = item_size;
}

/* What the buffer says of itself, taken over; [m] has it already. */
static bool describe(Thread *t, MemoryView *m)
{
    const BufferView *view = &m->view;
    if (!set_dimensions(t, m, view->dimensions))
        return false;
    m->start = view->data;
    m->is_read_only = view->is_read_only;
    m->whole_size = view->length;
    set_format(m, view->format ? view->format : "B", view->item_size);
    if (m->dimensions == 1)
        m->one_shape = (int64_t)(view->item_size ? view->length / view->item_size : 0);
    for (int i = 0; view->shape && i < m->dimensions; i++)
        m->shape[i] = view->shape[i];
    set_plain_strides(m);
    for (int i = 0; view->strides && i < m->dimensions; i++)
        m->strides[i] = view->strides[i];
    return true;
}

static MemoryView *view_new(Thread *t)
{
    MemoryView *m = (MemoryView *)heap_new(t, kind_type(t, KIND_MEMORYVIEW), sizeof(MemoryView));
    if (m)
        m->hash = -1;
    return m;
}

/* A view of [exporter], which is no memoryview, by that slot. */
static MemoryView *view_of_exporter(Thread *t, Value exporter, GetBufferFn get, int flags)
{
    MemoryView *m = view_new(t);
    if (!m)
        return NULL;
    if (buffer_get_by(t, exporter, get, &m->view, flags | BUFFER_STRIDED) && describe(t, m))
        return m;
    object_release(m);
    return NULL;
}

Value memoryview_by(Thread *t, Value exporter, GetBufferFn get, Value flags)
{
    int64_t asked = 0;
    if (!arg_int64(t, flags, &asked))
        return FAILED;
    if (asked < INT32_MIN || asked > INT32_MAX)
        return raise_error(t, EXC_OverflowError, asked < 0 ? "buffer flags too small" : "buffer flags too large");
    return object_value(view_of_exporter(t, exporter, get, (int)asked & BUFFER_WRITABLE));
}

Value memoryview_lend(Thread *t, const BufferView *view)
{
    MemoryView *m = view_new(t);
    if (!m)
        return FAILED;
    m->view = *view;
    m->is_lent = true;
    retain(view->owner);
    if (describe(t, m))
        return object_value(m);
    object_release(m);
    return FAILED;
}

void memoryview_end(Value lent) { clear(&AS_VIEW(lent)->view.owner); }
Value memoryview_exporter(Value view) { return AS_VIEW(view)->view.owner; }

/* Another view of the same bytes, for the caller to change. [dimensions]: room for so many; what fits is copied. */
MemoryView *memoryview_again(Thread *t, const MemoryView *source, int dimensions)
{
    if (source->is_lent)
        return raise_null(t, EXC_ValueError, "cannot create new view on restricted memoryview");
    MemoryView *m = (MemoryView *)heap_new(t, kind_type(t, KIND_MEMORYVIEW), sizeof(MemoryView));
    if (!m)
        return NULL;
    m->hash = -1;
    if (!buffer_get(t, source->view.owner, &m->view, 0) || !set_dimensions(t, m, dimensions)) {
        object_release(m);
        return NULL;
    }
    m->start = source->start;
    m->is_read_only = source->is_read_only;
    m->whole_size = source->whole_size;
    set_format(m, source->format, source->item_size);
    for (int i = 0; i < dimensions && i < source->dimensions; i++) {
        m->shape[i] = source->shape[i];
        m->strides[i] = source->strides[i];
    }
    return m;
}

Value memoryview_new(Thread *t, Value exporter)
{
    if (is_kind(exporter, KIND_MEMORYVIEW)) {
        const MemoryView *m = AS_VIEW(exporter);
        return memoryview_is_alive(t, m) ? object_value(memoryview_again(t, m, m->dimensions)) : FAILED;
    }
    if (!value_has_buffer(t, exporter))
        return raise_type_error(t, "memoryview: a bytes-like object is required, not '%T'", exporter);
    return object_value(view_of_exporter(t, exporter, value_type(t, exporter)->slots.get_buffer, 0));
}

static Value release_method(Thread *t, Value self, const Value *args);

bool memoryview_give_back(Thread *t, Value exporter, Value view)
{
    if (!is_kind(view, KIND_MEMORYVIEW))
        return raise_false(t, EXC_TypeError, "expected a memoryview object");
    const MemoryView *m = AS_VIEW(view);
    if (is_unbound(m->view.owner) || m->is_lent)   /* given back, or being so */
        return true;
    if (!is_same(m->view.owner, exporter))
        return raise_false(t, EXC_ValueError, "memoryview's buffer is not this object");
    return is_bound(release_method(t, view, NULL));   /* None, a word */
}

static Value memoryview_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)type;   /* final */
    static const char *const parameters[] = {"object", NULL};
    static const Parameters wanted = {"memoryview", parameters, 0, 1, 1};
    Value exporter;
    return arguments_sort(t, &wanted, args, count, names, &exporter) ? memoryview_new(t, exporter) : FAILED;
}

static void drop(Object *self)
{
    Thread *t = thread_current();
    if (((MemoryView *)self)->is_lent)
        memoryview_end(object_value(self));
    else
        buffer_release(t, &((MemoryView *)self)->view);
    drop_dimensions(t, (MemoryView *)self);
}

static void traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((MemoryView *)self)->view.owner, visit, context);
}

/* ---- geometry ---- */

static size_t item_count(const MemoryView *m)
{
    size_t count = 1;
    for (int i = 0; i < m->dimensions; i++)
        count *= (size_t)m->shape[i];
    return count;
}

static size_t byte_count(const MemoryView *m) { return m->dimensions ? item_count(m) * m->item_size : m->whole_size; }

/* Do the items lie one behind the other, the last index (or, [is_fortran], the first one) running fastest? */
static bool is_contiguous(const MemoryView *m, bool is_fortran)
{
    int64_t stride = (int64_t)m->item_size;
    for (int n = 0; n < m->dimensions; n++) {
        int i = is_fortran ? n : m->dimensions - 1 - n;
        if (m->shape[i] == 0)
            return true;
        if (m->shape[i] > 1 && m->strides[i] != stride)
            return false;
        stride *= m->shape[i];
    }
    return true;
}

/* Calls visit with each item's address, in the order of reading. */
typedef bool (*VisitItem)(Thread *t, uint8_t *at, void *context);
static bool for_each_item(Thread *t, const MemoryView *m, int dimension, uint8_t *at, VisitItem visit, void *context)
{
    if (dimension == m->dimensions)
        return visit(t, at, context);
    for (int64_t i = 0; i < m->shape[dimension]; i++) {
        if (!for_each_item(t, m, dimension + 1, at + i * m->strides[dimension], visit, context))
            return false;
    }
    return true;
}

typedef struct Gather { uint8_t *to; size_t item_size; } Gather;
static bool gather_item(Thread *t, uint8_t *at, void *context)
{
    (void)t;
    Gather *gather = context;
    memcpy(gather->to, at, gather->item_size);
    gather->to += gather->item_size;
    return true;
}

Bytes *memoryview_copy_bytes(Thread *t, const MemoryView *m)
{
    Bytes *bytes = bytes_new(t, byte_count(m));
    if (!bytes)
        return NULL;
    Gather gather = {bytes->data, m->item_size};
    if (is_contiguous(m, false))
        memcpy(bytes->data, m->start, byte_count(m));
    else if (!for_each_item(t, m, 0, m->start, gather_item, &gather))
        return NULL;
    return bytes;
}

/* ---- comparison, hash, repr ---- */

static bool same_shape(const MemoryView *a, const MemoryView *b)
{
    if (a->dimensions != b->dimensions)
        return false;
    for (int i = 0; i < a->dimensions; i++) {
        if (a->shape[i] != b->shape[i])
            return false;
    }
    return true;
}

/* The items of both, compared as values, one dimension at a time. */
static bool equal_items(Thread *t, const MemoryView *a, const MemoryView *b, int dimension, const uint8_t *x, const uint8_t *y, bool *equal)
{
    if (dimension == a->dimensions) {
        Value v = memory_read(t, a->letter, x), w = failed(v) ? FAILED : memory_read(t, b->letter, y);
        /* == and not identity: a NaN in memory is not equal to itself. */
        bool is_good = !failed(w) && value_compare_truth(t, v, w, COMPARE_EQ, equal);
        release2(v, w);
        return is_good;
    }
    *equal = true;
    for (int64_t i = 0; *equal && i < a->shape[dimension]; i++) {
        if (!equal_items(t, a, b, dimension + 1, x + i * a->strides[dimension], y + i * b->strides[dimension], equal))
            return false;
    }
    return true;
}

static Value compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (op != COMPARE_EQ && op != COMPARE_NE)
        return NOT_IMPLEMENTED;
    const MemoryView *a = AS_VIEW(self);
    if (is_unbound(a->view.owner) || (is_kind(other, KIND_MEMORYVIEW) && is_unbound(AS_VIEW(other)->view.owner)))
        return bool_value(is_same(self, other) == (op == COMPARE_EQ));
    if (!value_has_buffer(t, other))
        return NOT_IMPLEMENTED;
    Value second = memoryview_new(t, other);
    if (failed(second)) {
        raised_clear(t);
        return NOT_IMPLEMENTED;
    }
    const MemoryView *b = AS_VIEW(second);
    bool equal = false, is_good = true;
    if (same_shape(a, b) && a->letter && b->letter)
        is_good = equal_items(t, a, b, 0, a->start, b->start, &equal);
    release(second);
    return is_good ? bool_value(equal == (op == COMPARE_EQ)) : FAILED;
}

static bool hash(Thread *t, Value self, int64_t *result)
{
    MemoryView *m = AS_VIEW(self);
    if (m->hash == -1) {
        if (!memoryview_is_alive(t, m))
            return false;
        if (!m->is_read_only)
            return raise_false(t, EXC_ValueError, "cannot hash writable memoryview object");
        if (m->letter != 'B' && m->letter != 'b' && m->letter != 'c')
            return raise_false(t, EXC_ValueError, "memoryview: hashing is restricted to formats 'B', 'b' or 'c'");
        Bytes *bytes = memoryview_copy_bytes(t, m);
        bool is_good = bytes && value_hash(t, object_value(bytes), &m->hash);
        if (bytes)
            object_release(bytes);
        if (!is_good)
            return false;
    }
    *result = m->hash;
    return true;
}

static Value repr(Thread *t, Value self)
{
    const char *form = is_bound(AS_VIEW(self)->view.owner) ? "<memory at %p>" : "<released memory at %p>";
    return object_value(str_format(t, form, (void *)as_object(self)));
}

/* ---- lending the bytes on ---- */

static bool get_buffer(Thread *t, Value self, BufferView *view, int flags)
{
    MemoryView *m = AS_VIEW(self);
    if (!memoryview_is_alive(t, m))
        return false;
    if (m->is_lent)
        return raise_false(t, EXC_ValueError, "cannot create new view on restricted memoryview");
    if ((flags & BUFFER_WRITABLE) && m->is_read_only)
        return raise_false(t, EXC_BufferError, "memoryview: underlying buffer is not writable");
    bool has_gaps = !is_contiguous(m, false);
    if (has_gaps && !(flags & BUFFER_STRIDED))
        return raise_false(t, EXC_BufferError, "memoryview: underlying buffer is not C-contiguous");
    view->data = m->start;
    view->length = byte_count(m);
    view->item_size = m->item_size;
    view->is_read_only = m->is_read_only;
    view->format = m->format;
    view->dimensions = m->dimensions;
    bool is_plain = m->dimensions == 1 && !has_gaps;
    view->shape = is_plain ? NULL : m->shape;
    view->strides = is_plain ? NULL : m->strides;
    m->exports++;
    return true;
}

static void release_buffer(Thread *t, Value self, BufferView *view)
{
    (void)t, (void)view;
    AS_VIEW(self)->exports--;
}

/* ---- methods ---- */

static Value release_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    MemoryView *m = AS_VIEW(self);
    if (m->exports > 0)
        return raise_error(t, EXC_BufferError, "memoryview has %zu exported buffer%s", m->exports, m->exports == 1 ? "" : "s");
    if (!m->is_lent)
        buffer_release(t, &m->view);
    return NONE;
}

static Value enter(Thread *t, Value self, const Value *args)
{
    (void)args;
    return memoryview_is_alive(t, AS_VIEW(self)) ? retain(self) : FAILED;
}

static Value tobytes(Thread *t, Value self, const Value *args)
{
    const MemoryView *m = AS_VIEW(self);
    if (!memoryview_is_alive(t, m))
        return FAILED;
    bool is_fortran = false;
    if (is_bound(args[0]) && !is_none(args[0])) {
        if (!is_str(args[0]))
            return raise_type_error(t, "tobytes() argument 'order' must be str or None, not %N", args[0]);
        Str *order = as_str(args[0]);
        is_fortran = str_equal_text(order, "F") || (str_equal_text(order, "A") && is_contiguous(m, true) && !is_contiguous(m, false));
        if (!is_fortran && !str_equal_text(order, "C") && !str_equal_text(order, "A"))
            return raise_value_error(t, "order must be 'C', 'F' or 'A'");
    }
    if (!is_fortran || m->dimensions < 2)
        return object_value(memoryview_copy_bytes(t, m));
    /* Column-major: the same walk over the dimensions in reverse. */
    MemoryView *turned = memoryview_again(t, m, m->dimensions);
    if (!turned)
        return FAILED;
    for (int i = 0; i < m->dimensions; i++) {
        turned->shape[i] = m->shape[m->dimensions - 1 - i];
        turned->strides[i] = m->strides[m->dimensions - 1 - i];
    }
    Bytes *bytes = memoryview_copy_bytes(t, turned);
    object_release(turned);
    return object_value(bytes);
}

static Value hex(Thread *t, Value self, const Value *args)
{
    if (!memoryview_is_alive(t, AS_VIEW(self)))
        return FAILED;
    Bytes *bytes = memoryview_copy_bytes(t, AS_VIEW(self));
    Str *name = bytes ? str_intern_text(t, "hex") : NULL;
    size_t count = is_unbound(args[0]) ? 0 : is_unbound(args[1]) ? 1 : 2;
    Value text = name ? value_call_method(t, object_value(bytes), name, args, count) : FAILED;
    if (name)
        object_release(name);
    if (bytes)
        object_release(bytes);
    return text;
}

static Value list_of(Thread *t, const MemoryView *m, int dimension, const uint8_t *at)
{
    if (dimension == m->dimensions)
        return memory_read(t, m->letter, at);
    List *list = list_new(t, (size_t)m->shape[dimension]);
    for (int64_t i = 0; list && i < m->shape[dimension]; i++) {
        Value item = list_of(t, m, dimension + 1, at + i * m->strides[dimension]);
        if (failed(item) || !list_append_take(t, list, item)) {
            object_release(list);
            return FAILED;
        }
    }
    return object_value(list);
}

static Value tolist(Thread *t, Value self, const Value *args)
{
    (void)args;
    const MemoryView *m = AS_VIEW(self);
    return memoryview_is_alive(t, m) && memoryview_has_letter(t, m) ? list_of(t, m, 0, m->start) : FAILED;
}

static Value toreadonly(Thread *t, Value self, const Value *args)
{
    (void)args;
    const MemoryView *m = AS_VIEW(self);
    MemoryView *copy = memoryview_is_alive(t, m) ? memoryview_again(t, m, m->dimensions) : NULL;
    if (copy)
        copy->is_read_only = true;
    return object_value(copy);
}

static bool is_byte_letter(char letter) { return letter == 'B' || letter == 'b' || letter == 'c'; }

/* The second argument of cast: how many items in each dimension. */
static bool take_shape(Thread *t, Value shape, int64_t *sizes, int *dimensions)
{
    if (!is_list(shape) && !is_tuple(shape))
        return raise_false(t, EXC_TypeError, "shape must be a list or a tuple");
    Tuple *row = tuple_from_iterable(t, shape);
    if (!row)
        return false;
    bool is_good = true;
    if (row->count > BUFFER_MAX_DIMENSIONS)
        is_good = raise_false(t, EXC_ValueError, "memoryview: number of dimensions must not exceed %d", BUFFER_MAX_DIMENSIONS);
    for (size_t i = 0; is_good && i < row->count; i++) {
        if (!is_small_int(row->items[i]))
            is_good = raise_false(t, EXC_TypeError, "memoryview.cast(): elements of shape must be integers");
        else if (small_int(row->items[i]) <= 0)
            is_good = raise_false(t, EXC_ValueError, "memoryview.cast(): elements of shape must be integers > 0");
        else
            sizes[i] = small_int(row->items[i]);
    }
    *dimensions = (int)row->count;
    object_release(row);
    return is_good;
}

static Value cast(Thread *t, Value self, const Value *args)
{
    const MemoryView *m = AS_VIEW(self);
    int64_t sizes[BUFFER_MAX_DIMENSIONS];
    int dimensions = 1;
    if (!memoryview_is_alive(t, m))
        return FAILED;
    if (!is_str(args[0]))
        return raise_type_error(t, "cast() argument 'format' must be str, not %N", args[0]);
    if (!is_contiguous(m, false))
        return raise_type_error(t, "memoryview: casts are restricted to C-contiguous views");
    if (is_bound(args[1])) {
        if (!take_shape(t, args[1], sizes, &dimensions))
            return FAILED;
        if (m->dimensions != 1 && dimensions != 1)
            return raise_type_error(t, "memoryview: cast must be 1D -> ND or ND -> 1D");
    }
    const char *format = str_utf8(t, as_str(args[0]), NULL);
    if (!format)
        return FAILED;
    char letter = memory_format_letter(format);
    if (!letter)
        return raise_value_error(t, "memoryview: destination format must be a native single character format prefixed with an optional '@'");
    if (!m->letter && !is_byte_letter(letter))
        return raise_value_error(t, "memoryview: source format must be a native single character format prefixed with an optional '@'");
    if (!is_byte_letter(letter) && !is_byte_letter(m->letter))
        return raise_type_error(t, "memoryview: cannot cast between two non-byte formats");
    size_t total = byte_count(m), item_size = memory_format_size(letter);
    if (total % item_size)
        return raise_type_error(t, "memoryview: length is not a multiple of itemsize");
    MemoryView *result = memoryview_again(t, m, dimensions);
    if (!result)
        return FAILED;
    set_format(result, format, item_size);
    result->whole_size = item_size;
    if (is_unbound(args[1]))
        sizes[0] = (int64_t)(total / item_size);
    uint64_t product = item_size;
    bool overflows = false;
    for (int i = 0; i < dimensions; i++) {
        result->shape[i] = sizes[i];
        overflows = overflows || __builtin_mul_overflow(product, (uint64_t)sizes[i], &product);
    }
    if (overflows || product != total) {
        object_release(result);
        return raise_type_error(t, "memoryview: product(shape) * itemsize != buffer size");
    }
    set_plain_strides(result);
    return object_value(result);
}

static Value from_flags(Thread *t, Value cls, const Value *args)
{
    (void)cls;
    GetBufferFn get = value_type(t, args[0])->slots.get_buffer;
    return is_kind(args[0], KIND_MEMORYVIEW) || !get ? memoryview_new(t, args[0]) : memoryview_by(t, args[0], get, args[1]);
}

/* ---- attributes ---- */

static Value row_of(Thread *t, const MemoryView *m, const int64_t *numbers)
{
    if (!memoryview_is_alive(t, m))
        return FAILED;
    Tuple *row = tuple_new(t, (size_t)m->dimensions);
    for (int i = 0; row && i < m->dimensions; i++)
        row->items[i] = small_int_value(numbers[i]);
    return object_value(row);
}

static Value get_obj(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? retain(AS_VIEW(self)->view.owner) : FAILED; }
static Value get_nbytes(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? small_int_value((int64_t)byte_count(AS_VIEW(self))) : FAILED; }
static Value get_readonly(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? bool_value(AS_VIEW(self)->is_read_only) : FAILED; }
static Value get_itemsize(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? small_int_value((int64_t)AS_VIEW(self)->item_size) : FAILED; }
static Value get_format(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? object_value(str_from_text(t, AS_VIEW(self)->format)) : FAILED; }
static Value get_ndim(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? small_int_value(AS_VIEW(self)->dimensions) : FAILED; }
static Value get_shape(Thread *t, Value self) { return row_of(t, AS_VIEW(self), AS_VIEW(self)->shape); }
static Value get_strides(Thread *t, Value self) { return row_of(t, AS_VIEW(self), AS_VIEW(self)->strides); }
static Value get_suboffsets(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? retain(t->interp->empty_tuple) : FAILED; }
static Value get_c(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? bool_value(is_contiguous(AS_VIEW(self), false)) : FAILED; }
static Value get_f(Thread *t, Value self) { return memoryview_is_alive(t, AS_VIEW(self)) ? bool_value(is_contiguous(AS_VIEW(self), true)) : FAILED; }

static Value get_contiguous(Thread *t, Value self)
{
    const MemoryView *m = AS_VIEW(self);
    return memoryview_is_alive(t, m) ? bool_value(is_contiguous(m, false) || is_contiguous(m, true)) : FAILED;
}

static const GetSetDef getsets[] = {
    {"obj", get_obj, NULL, "object whose memory is seen"},
    {"nbytes", get_nbytes, NULL, "The bytes that the items would take one behind the other."},
    {"readonly", get_readonly, NULL, "whether writing is refused"},
    {"itemsize", get_itemsize, NULL, "bytes in one element"},
    {"format", get_format, NULL, "The format of each element, in the struct module's letters."},
    {"ndim", get_ndim, NULL, "The number of dimensions."},
    {"shape", get_shape, NULL, "A tuple: the number of elements in each dimension."},
    {"strides", get_strides, NULL, "A tuple: the bytes from one element to the next in each dimension."},
    {"suboffsets", get_suboffsets, NULL, "Always empty."},
    {"c_contiguous", get_c, NULL, "whether elements lie side by side, the last index running fastest"},
    {"f_contiguous", get_f, NULL, "whether elements lie side by side, the first index running fastest"},
    {"contiguous", get_contiguous, NULL, "whether elements lie side by side, in either order"},
    {NULL, NULL, NULL, NULL},
};

static const NativeDef methods[] = {
    NATIVE("release", release_method, "($self, /)", 0, "Give the memory back; the view cannot be used after that."),
    NATIVE("tobytes", tobytes, "($self, /, order='C')", 0, "Return the data in the buffer as a byte string, in the order 'C', 'F' or 'A'."),
    NATIVE("hex", hex, "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", 0, "The bytes of the memory, two hexadecimal digits each, in a str."),
    NATIVE("tolist", tolist, "($self, /)", 0, "The elements in a list, one list within another for each further dimension."),
    NATIVE("cast", cast, "($self, /, format, shape=<unrepresentable>)", 0, "A view of the same memory with another format, another shape or both."),
    NATIVE("toreadonly", toreadonly, "($self, /)", 0, "A view of the same memory that cannot write."),
    NATIVE("_from_flags", from_flags, "($type, /, object, flags)", NATIVE_CLASS, "A view of another object's memory, which is shared and not copied."),
    NATIVE("__enter__", enter, "($self, /)", 0, NULL),
    NATIVE("__exit__", release_method, "($self, /, *exc_info)", 0, "Give the memory back; the view cannot be used after that."),
    NATIVE_END,
};

const TypeSpec memoryview_spec = {
    .doc = "A view of another object's memory, which is shared and not copied.", .signature = "(object)",
    .size = sizeof(MemoryView), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_IS_SEQUENCE | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = repr, .hash = hash, .compare = compare, .iterate = memoryview_iterate, .new_instance = memoryview_new_instance, .length = memoryview_length,
              .get_item = memoryview_get_item, .set_item = memoryview_set_item, .get_buffer = get_buffer, .release_buffer = release_buffer},
    .methods = methods, .getsets = getsets, .traverse = traverse, .clear = NULL, .free = drop,
};
