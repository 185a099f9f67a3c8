/* pickle_buffer.c - PickleBuffer: an object's memory, to be pickled beside the stream instead of in it.
 *
 * What        The type PickleBuffer.
 * How         It holds a buffer of the object, so that the memory stays where it is, and lends it out again: the view that somebody takes
 *             of it is one of the object itself. raw() shows the same bytes as one row, whatever their shape.
 * GIL         held.
 * Read next   stdlib/lib/pickle.toy */
#include "stdlib/pickle/pickle_buffer.h"

typedef struct PickleBuffer {
    ToyObject head;
    ToyBuffer buffer;          /* owner UNBOUND: released */
    bool is_raw;               /* made by raw(): one row of bytes */
} PickleBuffer;

static PickleBuffer *self_of(ToyValue self) { return (PickleBuffer *)toy_object(self); }

static bool check_held(ToyThread *t, PickleBuffer *pickled)
{
    return toy_is_bound(pickled->buffer.owner) || toy_raise_false(t, TOY_ValueError, "operation forbidden on released PickleBuffer object");
}

static ToyValue make(ToyThread *t, ToyType *type, ToyValue object, bool is_raw)
{
    PickleBuffer *pickled = (PickleBuffer *)toy_type_alloc(t, type);
    if (!pickled) return TOY_FAILED;
    pickled->is_raw = is_raw;
    if (toy_buffer_get(t, object, &pickled->buffer, TOY_BUFFER_STRIDED)) return toy_value(pickled);
    pickled->buffer.owner = TOY_UNBOUND;
    toy_release(toy_value(pickled));
    return TOY_FAILED;
}

static ToyValue pickle_buffer_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (count != 1) return toy_raise_type_error(t, "PickleBuffer() takes exactly 1 positional argument (%zu given)", count);
    return toy_arguments_no_keywords(t, "PickleBuffer", names) ? make(t, type, args[0], false) : TOY_FAILED;
}

/* The object is asked again: its own view, with its own shape. */
static bool get_buffer(ToyThread *t, ToyValue self, ToyBuffer *buffer, int flags)
{
    PickleBuffer *pickled = self_of(self);
    if (!check_held(t, pickled) || !toy_buffer_get(t, pickled->buffer.owner, buffer, pickled->is_raw ? flags | TOY_BUFFER_STRIDED : flags)) return false;
    if (!pickled->is_raw) return true;
    buffer->format = "B";
    buffer->item_size = 1;
    buffer->dimensions = 1;
    buffer->shape = buffer->strides = NULL;
    buffer->one_shape = (int64_t)buffer->length;
    buffer->one_stride = 1;
    return true;
}

/* Do the items lie without gaps, the last index running fastest, or [is_fortran] the first? */
static bool is_contiguous(const ToyBuffer *buffer, bool is_fortran)
{
    int64_t stride = (int64_t)buffer->item_size;
    if (!buffer->shape || !buffer->strides) return buffer->dimensions <= 1 || !is_fortran;
    for (int n = 0; n < buffer->dimensions; n++) {
        int i = is_fortran ? n : buffer->dimensions - 1 - n;
        if (buffer->shape[i] == 0) return true;
        if (buffer->shape[i] > 1 && buffer->strides[i] != stride) return false;
        stride *= buffer->shape[i];
    }
    return true;
}

static ToyValue method_raw(ToyThread *t, ToyValue self, const ToyValue *args)
{
    PickleBuffer *pickled = self_of(self);
    if (!check_held(t, pickled)) return TOY_FAILED;
    if (!is_contiguous(&pickled->buffer, false) && !is_contiguous(&pickled->buffer, true))
        return toy_raise(t, TOY_BufferError, "cannot extract raw buffer from non-contiguous buffer");
    ToyValue raw = make(t, toy_type_of(t, self), pickled->buffer.owner, true);
    ToyValue view = toy_failed(raw) ? TOY_FAILED : toy_memoryview(t, raw);
    toy_release(raw);
    return view;
}

static void drop(PickleBuffer *pickled)
{
    if (toy_is_bound(pickled->buffer.owner)) toy_buffer_release(toy_thread(), &pickled->buffer);
}
static ToyValue method_release(ToyThread *t, ToyValue self, const ToyValue *args) { return (drop(self_of(self)), TOY_NONE); }
static void traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((PickleBuffer *)self)->buffer.owner, visit, context); }
static void clear(ToyObject *self) { drop((PickleBuffer *)self); }

static const ToyFunction methods[] = {
    TOY_FUNCTION("raw", method_raw, "($self, /)", 0,
                 "The memory as a memoryview of bytes in one dimension; BufferError if it does not lie in one piece."),
    TOY_FUNCTION("release", method_release, "($self, /)", 0, "Let the memory go; after that it can be neither viewed nor pickled."),
    TOY_FUNCTIONS_END,
};
const ToyTypeSpec pickle_buffer_spec = {
    .doc = "The memory of an object, for a pickle of protocol 5 that may carry it outside of its own bytes.", .signature =
        "(object)", .size = sizeof(PickleBuffer),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.new_instance = pickle_buffer_new, .get_buffer = get_buffer}, .methods = methods, .traverse = traverse, .clear = clear, .free = clear,
};
