/* mod_queue.c - _queue: SimpleQueue, a queue that signal handlers and finalisers may put to as well.
 *
 * What        SimpleQueue and Empty. Queue, LifoQueue and PriorityQueue are written in toy (queue.toy).
 * How         A ring of values, and a script lock that is locked exactly while nobody shall take: put unlocks it, who gets an item from a
 *             ring with more in it leaves it unlocked. put runs no script code and waits for nothing, so it may come at any time, also in
 *             the midst of a get of the same thread.
 * Invariants  I1 whoever waits does so on 'filled'; the ring is looked at again afterwards, for another thread may have been faster.
 * GIL         held; get drops it while it waits.
 * Read next   stdlib/lib/queue.toy, vm/threads/lock.h */
#include "vm/toy.h"

typedef struct QueueState { ToyType *empty; } QueueState;

typedef struct SimpleQueue {
    ToyObject head;
    ToyLock filled;          /* locked: nothing has come since somebody found the ring empty */
    ToyValue *items;         /* a ring; its capacity is a power of two */
    size_t first, count, capacity;
} SimpleQueue;

static SimpleQueue *as_queue(ToyValue v) { return (SimpleQueue *)toy_object(v); }

static bool ring_push(ToyThread *t, SimpleQueue *queue, ToyValue v)
{
    if (queue->count == queue->capacity) {
        size_t capacity = queue->capacity ? queue->capacity * 2 : 8;
        ToyValue *grown = toy_alloc(t, capacity * sizeof *grown);
        if (!grown) return false;
        for (size_t i = 0; i < queue->count; i++) grown[i] = queue->items[(queue->first + i) & (queue->capacity - 1)];
        if (queue->items) toy_free(t, queue->items, queue->capacity * sizeof *grown);
        queue->items = grown;
        queue->first = 0;
        queue->capacity = capacity;
    }
    queue->items[(queue->first + queue->count++) & (queue->capacity - 1)] = toy_retain(v);
    return true;
}

static ToyValue ring_pop(SimpleQueue *queue)
{
    ToyValue v = queue->items[queue->first];
    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->count--;
    return v;
}

static ToyValue queue_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_type_has_own_init(t, type)) {
        if (count) return toy_raise_type_error(t, "SimpleQueue() takes no positional arguments");
        if (!toy_arguments_no_keywords(t, "SimpleQueue", names)) return TOY_FAILED;
    }
    return toy_value(toy_type_alloc(t, type));
}

static ToyValue put(ToyThread *t, SimpleQueue *queue, ToyValue item)
{
    if (!ring_push(t, queue, item)) return TOY_FAILED;
    if (queue->filled.is_locked) toy_lock_release(t, &queue->filled);
    return TOY_NONE;
}

/* Mostly one item and nothing else: taken raw, so that this needs no sorting. */
static ToyValue queue_put(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"item", "block", "timeout", NULL};
    static const ToyParameters parameters = {"put", parameter_names, 0, 3, 1};
    if (__builtin_expect(count == 1 && !names, 1)) return put(t, as_queue(self), args[0]);
    ToyValue given[3];
    return toy_arguments_sort(t, &parameters, args, count, names, given) ? put(t, as_queue(self), given[0]) : TOY_FAILED;
}
static ToyValue queue_put_nowait(ToyThread *t, ToyValue self, const ToyValue *args) { return put(t, as_queue(self), args[0]); }

static bool raise_empty(ToyThread *t, ToyValue self)
{
    ToyValue exception = toy_call0(t, toy_type_value(((QueueState *)toy_instance_state(self))->empty));
    if (!toy_failed(exception)) toy_raise_instance(t, exception);
    return false;
}

/* Until something is there. False: raised. */
static bool wait(ToyThread *t, ToyValue self, int64_t timeout_ns)
{
    SimpleQueue *queue = as_queue(self);
    int64_t deadline = timeout_ns > 0 ? toy_monotonic_ns() + timeout_ns : 0;
    do {
        int64_t left = timeout_ns;
        if (timeout_ns > 0) {
            left = deadline - toy_monotonic_ns();
            if (left < 0) left = 0;
        }
        /* First time round this takes the lock that nobody has; then it waits until a put gives it back. */
        ToyLockResult result = toy_lock_acquire(t, &queue->filled, left);
        if (result == TOY_LOCK_RAISED) return false;
        if (result == TOY_LOCK_TIMED_OUT || (left == 0 && queue->count == 0)) return raise_empty(t, self);
    } while (queue->count == 0);
    return true;
}

static ToyValue get(ToyThread *t, ToyValue self, int64_t timeout_ns)
{
    SimpleQueue *queue = as_queue(self);
    if (queue->count == 0 && !wait(t, self, timeout_ns)) return TOY_FAILED;
    ToyValue v = ring_pop(queue);
    /* More is there: the next one who waits need not wait for the next put. */
    if (queue->count && queue->filled.is_locked) toy_lock_release(t, &queue->filled);
    return v;
}

static ToyValue queue_get(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"block", "timeout", NULL};
    static const ToyParameters parameters = {"get", parameter_names, 0, 2, 0};
    if (__builtin_expect(count == 0 && !names, 1)) return get(t, self, -1);
    ToyValue given[2];
    bool is_blocking = true;
    int64_t timeout_ns = -1;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_arg_bool(t, given[0], &is_blocking)) return TOY_FAILED;
    if (is_blocking && toy_is_given(given[1])) {
        if (!toy_arg_seconds(t, given[1], &timeout_ns)) return TOY_FAILED;
        if (timeout_ns < 0) return toy_raise_value_error(t, "'timeout' must be a non-negative number");
    }
    return get(t, self, is_blocking ? timeout_ns : 0);
}
static ToyValue queue_get_nowait(ToyThread *t, ToyValue self, const ToyValue *args) { return get(t, self, 0); }
static ToyValue queue_empty(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(as_queue(self)->count == 0); }
static ToyValue queue_size(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, (int64_t)as_queue(self)->count); }
static ToyValue queue_class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

static void queue_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const SimpleQueue *queue = (SimpleQueue *)self;
    for (size_t i = 0; i < queue->count; i++) toy_visit(queue->items[(queue->first + i) & (queue->capacity - 1)], visit, context);
}
static void queue_clear(ToyObject *self)
{
    SimpleQueue *queue = (SimpleQueue *)self;
    while (queue->count) toy_release(ring_pop(queue));
}
static void queue_free(ToyObject *self)
{
    SimpleQueue *queue = (SimpleQueue *)self;
    queue_clear(self);
    if (queue->items) toy_free(toy_thread(), queue->items, queue->capacity * sizeof *queue->items);
}

static const ToyFunction queue_methods[] = {
    TOY_RAW_FUNCTION("put", queue_put, "($self, item, block=True, timeout=None)", 0,
                     "Add an item at the end. It never waits; the other arguments are for the sake of Queue."),
    TOY_FUNCTION("put_nowait", queue_put_nowait, "($self, item)", 0, "Add an item at the end, as put() does."),
    TOY_RAW_FUNCTION("get", queue_get, "($self, block=True, timeout=None)", 0, "Remove and return an item; wait for one, for ever or for the time given, or raise Empty."),
    TOY_FUNCTION("get_nowait", queue_get_nowait, "($self)", 0, "Remove and return an item, or raise Empty at once."),
    TOY_FUNCTION("empty", queue_empty, "($self)", 0, "Whether there is nothing in it just now; another thread may change that at once."),
    TOY_FUNCTION("qsize", queue_size, "($self)", 0, "Return how many items there are at this moment."),
    TOY_FUNCTION("__class_getitem__", queue_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec queue_spec = {
    .doc = "A queue of any length for threads, first in, first out; put() never waits, so a destructor may call it.",
    .signature = "()",
    .size = sizeof(SimpleQueue),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.new_instance = queue_new},
    .methods = queue_methods,
    .traverse = queue_traverse,
    .clear = queue_clear,
    .free = queue_free,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    QueueState *state = toy_module_state(toy_module_value(module));
    state->empty = toy_exception_new(t, "_queue.Empty", toy_exception_type(t, TOY_Exception));
    return toy_module_add_type(t, module, state->empty) &&
           toy_module_add_type(t, module, toy_type_new(t, module, &queue_spec, "_queue.SimpleQueue", NULL));
}

const ToyModule toy_module_queue = {
    .name = "_queue",
    .doc = "The native part of module queue.",
    .state_size = sizeof(QueueState),
    .init = init,
};
