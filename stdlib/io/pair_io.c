/* pair_io.c - BufferedRWPair: a reader and a writer as one file, for what are two, like pipes.
 *
 * What        The type BufferedRWPair.
 * How         Each method is handed on to the one or the other.
 * GIL         held; dropped by the files below.
 * Read next   buffered.c */
#include "stdlib/io/io.h"

typedef struct Pair { ToyObject head; ToyValue reader, writer; } Pair;   /* UNBOUND: __init__ did not run */

static ToyValue hand_on(ToyThread *t, ToyValue file, const char *method, const ToyValue *args, size_t count)
{
    if (toy_is_unbound(file)) return toy_raise_value_error(t, "I/O operation on uninitialized object");
    while (count && toy_is_unbound(args[count - 1])) count--;
    return toy_call_method(t, file, method, args, count);
}
#define HAND_ON(name, side, count)                                                                  \
    static ToyValue method_##name(ToyThread *t, ToyValue self, const ToyValue *args)                \
    {                                                                                               \
        return hand_on(t, ((Pair *)toy_object(self))->side, #name, args, count);                    \
    }
HAND_ON(read, reader, 1)
HAND_ON(read1, reader, 1)
HAND_ON(peek, reader, 1)
HAND_ON(readinto, reader, 1)
HAND_ON(readinto1, reader, 1)
HAND_ON(readable, reader, 0)
HAND_ON(write, writer, 1)
HAND_ON(flush, writer, 0)
HAND_ON(writable, writer, 0)

static ToyValue method_isatty(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue answer = hand_on(t, ((Pair *)toy_object(self))->writer, "isatty", NULL, 0);
    if (!toy_is_false(answer)) return answer;
    return hand_on(t, ((Pair *)toy_object(self))->reader, "isatty", NULL, 0);
}

/* Both, whatever happens to the first; its exception becomes the context of the second one's. */
static ToyValue method_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue first = hand_on(t, ((Pair *)toy_object(self))->writer, "close", NULL, 0);
    ToyValue raised = toy_failed(first) ? toy_raised_take(t) : TOY_UNBOUND;
    toy_release(first);
    ToyValue second = hand_on(t, ((Pair *)toy_object(self))->reader, "close", NULL, 0);
    if (io_raise_both(t, raised)) return second;
    toy_release(second);
    return TOY_FAILED;
}

static ToyValue get_closed(ToyThread *t, ToyValue self)
{
    ToyValue writer = ((Pair *)toy_object(self))->writer;
    if (toy_is_unbound(writer)) return toy_raise(t, TOY_RuntimeError, "the BufferedRWPair object is being garbage-collected");
    return toy_get_attribute(t, writer, "closed");
}

static ToyValue pair_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return toy_value(toy_type_alloc(t, type)); }
static bool pair_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"reader", "writer", "buffer_size", NULL};
    static const ToyParameters parameters = {"BufferedRWPair", list, 3, 3, 2};
    IoState *state = toy_instance_state(self);
    Pair *pair = (Pair *)toy_object(self);
    ToyValue given[3];
    if (!toy_arguments_no_keywords(t, "BufferedRWPair", names) || !toy_arguments_count(t, "BufferedRWPair", count, 2, 3) || !toy_arguments_sort(t, &parameters, args, count, names, given)) return false;
    if (!io_agrees(t, state, given[0], "readable", "File or stream is not readable.") || !io_agrees(t, state, given[1], "writable", "File or stream is not writable.")) return false;
    ToyValue size = toy_is_bound(given[2]) ? toy_retain(given[2]) : toy_small_int_value(IO_BUFFER_SIZE);
    ToyValue reader = toy_call2(t, toy_type_value(state->reader), given[0], size);
    ToyValue writer = toy_failed(reader) ? TOY_FAILED : toy_call2(t, toy_type_value(state->writer), given[1], size);
    toy_release(size);
    if (toy_failed(writer)) {
        toy_release(reader);
        return false;
    }
    toy_replace(&pair->reader, reader);
    toy_replace(&pair->writer, writer);
    return true;
}
static void traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Pair *)self)->reader, visit, context);
    toy_visit(((Pair *)self)->writer, visit, context);
}
static void clear(ToyObject *self)
{
    toy_clear(&((Pair *)self)->reader);
    toy_clear(&((Pair *)self)->writer);
}
static const ToyFunction methods[] = {
    TOY_FUNCTION("read", method_read, "($self, size=-1, /)", 0, NULL), TOY_FUNCTION("read1", method_read1, "($self, size=-1, /)", 0, NULL),
    TOY_FUNCTION("peek", method_peek, "($self, size=0, /)", 0, NULL), TOY_FUNCTION("readinto", method_readinto, "($self, buffer, /)", 0, NULL),
    TOY_FUNCTION("readinto1", method_readinto1, "($self, buffer, /)", 0, NULL), TOY_FUNCTION("readable", method_readable, "($self, /)", 0, NULL),
    TOY_FUNCTION("write", method_write, "($self, buffer, /)", 0, NULL), TOY_FUNCTION("flush", method_flush, "($self, /)", 0, NULL),
    TOY_FUNCTION("writable", method_writable, "($self, /)", 0, NULL), TOY_FUNCTION("isatty", method_isatty, "($self, /)", 0, NULL),
    TOY_FUNCTION("close", method_close, "($self, /)", 0, NULL), TOY_FUNCTIONS_END,
};
static const ToyGetSet getsets[] = {{"closed", get_closed, NULL, NULL}, {NULL, NULL, NULL, NULL}};
const ToyTypeSpec buffered_pair_spec = {
    .doc = "Two raw streams as one: what comes is read from the first, what is written goes to the second.", .signature =
        "(reader, writer, buffer_size=8192, /)",
    .size = sizeof(Pair), .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = pair_new, .init = pair_init}, .methods = methods, .getsets = getsets, .traverse = traverse, .clear = clear, .free = clear,
};
