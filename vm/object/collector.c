/* collector.c - finds containers that only refer to each other, and frees them.
 *
 * What        collect, and what module gc asks about the heap.
 * How         A count says how often an object is referred to, not from where. So take away, on a copy of the counts, what the
 *             containers contribute to each other: who is left with something is referred to from elsewhere (a stack, a
 *             native structure, an immortal object), and so is alive, with all that can be reached from it. The rest is garbage.
 *
 *               gather      every container                       WHITE, scratch = count
 *               subtract    for each reference between them       scratch of the target - 1
 *               mark        scratch > 0 and what it reaches       GREY, then BLACK
 *               judge       what is still WHITE                   GARBAGE, and held
 *             Garbage ends in CPython's order: weak references to it die and callbacks run, then finalisers (each once, all of them
 *             before anything is torn); who was brought back to life by one is spared, found by the same subtraction among
 *             the garbage alone; what remains is cleared, which breaks the cycles, and let go: counting does the rest.
 * Invariants  I1, I2 as in collector.h.  I3 outside of collect every colour is NONE or DYING.
 *             I4 marking needs no memory: if its stack can't grow, GREY objects are found by walking the heap again.
 * GIL         held; only callbacks and finalisers can lose it.
 * Read next   heap.c, weakref.c */
#include "vm/object/collector.h"

#include "vm/object/colours.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/weakref.h"

enum { DEFAULT_THRESHOLD = 2000, GROWTH_FACTOR = 10 };

bool collector_init(Interp *interp)
{
    Collector *collector = memory_alloc_zeroed(&interp->memory, sizeof *collector);
    if (!collector) return false;
    collector->is_enabled = true;
    collector->thresholds[0] = DEFAULT_THRESHOLD;
    collector->thresholds[1] = collector->thresholds[2] = 10;
    interp->collector = collector;
    return true;
}

void collector_finish(Interp *interp)
{
    Collector *collector = interp->collector;
    if (!collector) return;
    if (collector->callbacks) object_release(collector->callbacks);
    if (collector->garbage) object_release(collector->garbage);
    memory_free(&interp->memory, collector, sizeof *collector);
    interp->collector = NULL;
}

static enum Colour colour(const Object *object) { return object->flags & OBJECT_COLOUR_MASK; }
static void paint(Object *object, enum Colour new_colour)
{
    object->flags = (uint16_t)((object->flags & ~OBJECT_COLOUR_MASK) | new_colour);
}

/* All references of an object, whoever keeps them. */
static void object_traverse(Object *object, VisitFn visit, void *context)
{
    Type *type = object->type;
    if (type->spec->traverse)
        type->spec->traverse(object, visit, context);
    attributes_traverse(object, visit, context);
    visit(&type->head, context);
}

static void object_clear(Object *object)
{
    attributes_clear(object);
    if (object->type->spec->clear)
        object->type->spec->clear(object);
}

/* ---- gather, subtract, mark ---- */

typedef struct Run {
    Memory *memory;
    Object **stack;                /* GREY ones; may be incomplete, then is_incomplete: I4 */
    size_t depth, capacity;
    bool is_incomplete;
    enum Colour from;              /* what mark turns into BLACK: WHITE, or GARBAGE when looking for the resurrected */
    Object **garbage;
    size_t garbage_count, live;
    size_t white;                  /* candidates not reached yet */
} Run;

static void gather(Object *object, void *context)
{
    Run *run = context;
    if (colour(object) == COLOUR_DYING) return;
    run->live++;
    if (object->count >= COUNT_IMMORTAL) return;    /* not a candidate: its references count as coming from outside */
    *heap_scratch(object) = object->count;
    paint(object, COLOUR_WHITE);
    run->white++;
}

static void subtract_child(Object *child, void *context)
{
    if (colour(child) == *(const enum Colour *)context)
        --*heap_scratch(child);
}

static void subtract(Object *object, void *context)
{
    enum Colour from = COLOUR_WHITE;
    (void)context;
    if (colour(object) == COLOUR_WHITE)
        object_traverse(object, subtract_child, &from);
}

static void mark_grey(Object *object, void *context)
{
    Run *run = context;
    if (colour(object) != run->from) return;
    paint(object, COLOUR_GREY);
    run->white--;
    if (run->depth == run->capacity) {
        size_t capacity = run->capacity ? run->capacity * 2 : 512;
        Object **grown = memory_resize(run->memory, run->stack, run->capacity * sizeof(Object *), capacity * sizeof(Object *));
        if (!grown) {
            run->is_incomplete = true;
            return;
        }
        run->stack = grown;
        run->capacity = capacity;
    }
    run->stack[run->depth++] = object;
}

static void mark_from(Run *run, Object *object)
{
    mark_grey(object, run);
    while (run->depth) {
        Object *grey = run->stack[--run->depth];
        paint(grey, COLOUR_BLACK);
        object_traverse(grey, mark_grey, run);
    }
}

static void mark(Object *object, void *context)
{
    if (colour(object) == ((Run *)context)->from && *heap_scratch(object) > 0)
        mark_from(context, object);
}

static void mark_forgotten(Object *object, void *context)
{
    if (colour(object) != COLOUR_GREY) return;
    paint(object, ((Run *)context)->from);
    ((Run *)context)->white++;
    mark_from(context, object);
}

static void mark_all(Interp *interp, Run *run)
{
    while (run->is_incomplete) {
        run->is_incomplete = false;
        heap_walk_containers(interp, mark_forgotten, run);
    }
}

/* Ends the search: reachable ones lose their colour; garbage is listed and held, if there is a list. */
static void judge(Object *object, void *context)
{
    Run *run = context;
    if (colour(object) == COLOUR_DYING) return;
    if (colour(object) == COLOUR_WHITE && run->garbage) {
        paint(object, COLOUR_GARBAGE);
        object_retain(object);
        run->garbage[run->garbage_count++] = object;
    } else {
        paint(object, COLOUR_NONE);
    }
}

/* ---- the end of garbage ---- */

static bool is_garbage(Object *object) { return colour(object) == COLOUR_GARBAGE; }

/* Weak references die, callbacks and finalisers run. True: script code ran, so somebody may have been brought back to life. */
static bool say_farewell(Thread *t, Run *run)
{
    bool ran = false;
    WeakRef *doomed = NULL;
    for (size_t i = 0; i < run->garbage_count; i++)
        if (run->garbage[i]->flags & OBJECT_HAS_WEAKREFS)
            doomed = weakrefs_clear_later(t, run->garbage[i], is_garbage, doomed);
    if (doomed) {
        ran = true;
        weakrefs_run_callbacks(t, doomed);
    }
    for (size_t i = 0; i < run->garbage_count; i++) {
        Object *object = run->garbage[i];
        FinalizeFn finalize = object->type->slots.finalize;
        if (!finalize || object->flags & OBJECT_IS_FINALIZED) continue;
        object->flags |= OBJECT_IS_FINALIZED;
        ran = true;
        finalize(t, object_value(object));
        if (is_bound(t->raised)) raised_clear(t);
    }
    return ran;
}

static void spare_resurrected(Interp *interp, Run *run)
{
    enum Colour from = COLOUR_GARBAGE;
    for (size_t i = 0; i < run->garbage_count; i++)
        *heap_scratch(run->garbage[i]) = run->garbage[i]->count - 1;    /* less the one we hold */
    for (size_t i = 0; i < run->garbage_count; i++)
        object_traverse(run->garbage[i], subtract_child, &from);
    run->from = COLOUR_GARBAGE;
    for (size_t i = 0; i < run->garbage_count; i++)
        mark(run->garbage[i], run);
    mark_all(interp, run);
}

static size_t end_garbage(Thread *t, Run *run)
{
    Collector *collector = t->interp->collector;
    size_t count = 0;
    bool saves = collector->debug & COLLECTOR_SAVE_ALL;
    for (size_t i = 0; i < run->garbage_count; i++)
        if (colour(run->garbage[i]) == COLOUR_GARBAGE) count++;
    for (size_t i = 0; i < run->garbage_count; i++) {
        Object *object = run->garbage[i];
        if (colour(object) != COLOUR_GARBAGE) continue;
        if (saves) {
            List *list = collector_garbage(t);
            if (!list || !list_append(t, list, object_value(object))) raised_clear(t);
        } else {
            object_clear(object);
        }
    }
    for (size_t i = 0; i < run->garbage_count; i++) {
        paint(run->garbage[i], COLOUR_NONE);
        object_release(run->garbage[i]);
    }
    return count;
}

/* ---- a whole run ---- */

static void tell_callbacks(Thread *t, const char *phase, int generation, int64_t collected)
{
    List *callbacks = t->interp->collector->callbacks;
    if (!callbacks || callbacks->count == 0) return;
    Str *text = str_from_text(t, phase);
    Dict *info = dict_new(t);
    if (text && info && dict_set_text(t, info, "generation", small_int_value(generation)) &&
        dict_set_text(t, info, "collected", small_int_value(collected)) &&
        dict_set_text(t, info, "uncollectable", small_int_value(0))) {
        for (size_t i = 0; i < callbacks->count; i++) {
            Value callback = retain(callbacks->items[i]);
            Value result = value_call2(t, callback, object_value(text), object_value(info));
            if (failed(result))
                raised_report_unraisable(t, callback, NULL);
            release2(result, callback);
        }
    }
    if (is_bound(t->raised)) raised_clear(t);
    if (text) object_release(text);
    if (info) object_release(info);
}

static void find_garbage(Interp *interp, Run *run)
{
    heap_walk_containers(interp, gather, run);
    heap_walk_containers(interp, subtract, NULL);
    run->from = COLOUR_WHITE;
    heap_walk_containers(interp, mark, run);
    mark_all(interp, run);
    if (run->white)    /* without memory for the list the garbage stays where it is until the next run */
        run->garbage = memory_alloc_array(run->memory, run->white, sizeof(Object *));
    heap_walk_containers(interp, judge, run);
}

int64_t collect(Thread *t, int generation)
{
    ASSERT_GIL(t);
    Interp *interp = t->interp;
    Collector *collector = interp->collector;
    if (collector->is_running) return 0;
    collector->is_running = true;
    Value raised = t->raised;
    t->raised = UNBOUND;
    char *free_base = t->free_base;
    t->free_base = NULL;
    tell_callbacks(t, "start", generation, 0);

    Run run = {.memory = &interp->memory};
    find_garbage(interp, &run);
    size_t found = run.white, collected = 0;
    if (run.garbage) {
        if (say_farewell(t, &run))
            spare_resurrected(interp, &run);
        collected = end_garbage(t, &run);
        memory_free(run.memory, run.garbage, found * sizeof(Object *));
    }
    memory_free(run.memory, run.stack, run.capacity * sizeof(Object *));

    collector->live = run.live - collected;
    size_t growth = (size_t)collector->thresholds[0] * GROWTH_FACTOR;
    if (growth && growth < collector->live / 2) growth = collector->live / 2;
    heap_settle(interp, growth);
    struct CollectorStats *stats = &collector->stats[generation];
    stats->collections++;
    stats->collected += collected;
    tell_callbacks(t, "stop", generation, (int64_t)collected);
    t->free_base = free_base;
    t->raised = raised;
    collector->is_running = false;
    return (int64_t)collected;
}

void collector_run_if_due(Thread *t)
{
    Interp *interp = t->interp;
    Collector *collector = interp->collector;
    if (!collector->is_enabled || collector->is_running || collector->thresholds[0] <= 0) return;
    size_t growth = (size_t)collector->thresholds[0] * GROWTH_FACTOR;
    if (!interp->config.stress_gc && heap_young(interp) < growth) return;
    collect(t, COLLECTOR_GENERATIONS - 1);
}

/* ---- what module gc asks ---- */

static BORROWED List *own_list(Thread *t, List **place)
{
    if (!*place) *place = list_new(t, 0);
    return *place;
}

List *collector_callbacks(Thread *t) { return own_list(t, &t->interp->collector->callbacks); }
List *collector_garbage(Thread *t) { return own_list(t, &t->interp->collector->garbage); }

static bool may_refer(Value v) { return is_object(v) && as_object(v)->flags & OBJECT_IS_TRACKED; }

/* As CPython answers it: a dict or tuple that holds nothing that could be part of a cycle does not count as tracked. */
bool object_is_tracked(Value v)
{
    if (!may_refer(v)) return false;
    if (is_kind(v, KIND_DICT)) {
        size_t position = 0;
        Value key, item;
        while (dict_next(as_dict(v), &position, &key, &item))
            if (may_refer(key) || may_refer(item)) return true;
        return false;
    }
    if (is_kind(v, KIND_TUPLE)) return as_tuple(v)->count > 0;
    return true;
}

/* Lists objects found on the way around the heap. They are noted in plain memory first: the heap must not change meanwhile. */
typedef struct Search {
    Memory *memory;
    const Value *wanted;
    size_t wanted_count;
    bool is_hit, has_failed;
    Object **found;
    size_t count, capacity;
} Search;

static void search_add(Object *object, void *context)
{
    Search *search = context;
    if (colour(object) == COLOUR_DYING || search->has_failed) return;
    if (search->count == search->capacity) {
        size_t capacity = search->capacity ? search->capacity * 2 : 256;
        Object **grown = memory_resize(search->memory, search->found, search->capacity * sizeof(Object *), capacity * sizeof(Object *));
        if (!grown) {
            search->has_failed = true;
            return;
        }
        search->found = grown;
        search->capacity = capacity;
    }
    search->found[search->count++] = object;
}

static void search_child(Object *child, void *context)
{
    Search *search = context;
    for (size_t i = 0; i < search->wanted_count; i++)
        if (as_object(search->wanted[i]) == child) search->is_hit = true;
}

static void search_referrer(Object *object, void *context)
{
    Search *search = context;
    if (colour(object) == COLOUR_DYING) return;
    search->is_hit = false;
    object_traverse(object, search_child, search);
    if (search->is_hit) search_add(object, search);
}

static List *search_end(Thread *t, Search *search)
{
    for (size_t i = 0; i < search->count; i++) object_retain(search->found[i]);
    List *list = NULL;
    if (search->has_failed)
        raise_memory_error(t);
    else
        list = list_new(t, search->count);
    bool is_good = list != NULL;
    for (size_t i = 0; i < search->count; i++) {
        is_good = is_good && list_append(t, list, object_value(search->found[i]));
        object_release(search->found[i]);
    }
    memory_free(search->memory, search->found, search->capacity * sizeof(Object *));
    if (is_good) return list;
    if (list) object_release(list);
    return NULL;
}

List *collector_objects(Thread *t)
{
    Search search = {.memory = &t->interp->memory};
    heap_walk_containers(t->interp, search_add, &search);
    return search_end(t, &search);
}

List *collector_referrers(Thread *t, const Value *objects, size_t count)
{
    Search search = {.memory = &t->interp->memory, .wanted = objects, .wanted_count = count};
    heap_walk_containers(t->interp, search_referrer, &search);
    return search_end(t, &search);
}

List *collector_referents(Thread *t, const Value *objects, size_t count)
{
    Search search = {.memory = &t->interp->memory};
    for (size_t i = 0; i < count; i++)
        if (may_refer(objects[i]))
            object_traverse(as_object(objects[i]), search_add, &search);
    return search_end(t, &search);
}
