/* collector.c - finds containers that only refer to each other, and frees them.
 *
 * What        collect.
 * How         A count says how often an object is referred to, not from where. So take away, on a copy of the counts, what the
 *             containers contribute to each other: who is left with something is referred to from elsewhere (a stack, a
 *             native structure, an immortal object), and so is alive, with all that can be reached from it. The rest is garbage.
 *
 *               gather      every container of that age           WHITE, scratch = count
 *               subtract    for each reference between them       scratch of the target - 1
 *               mark        scratch > 0 and what it reaches       GREY, then BLACK
 *               judge       what is still WHITE                   GARBAGE, and held
 *             Garbage ends in CPython's order: weak references to it die and callbacks run, then finalisers (each once, all of them
 *             before anything is torn); who was brought back to life by one is spared, found by the same subtraction among
 *             the garbage alone; what remains is cleared, which breaks the cycles, and let go: counting does the rest.
 *             By itself it looks at all but the frozen; gc.collect(0) or (1) leave out what is older, which then counts as alive.
 * Invariants  I1, I2 as in collector.h.  I3 outside of collect every colour is NONE or DYING.
 *             I4 marking needs no memory: if its stack can't grow, GREY objects are found by walking the heap again.
 * GIL         held; only callbacks and finalisers can lose it.
 * Read next   collector_questions.c, heap.c, weakref.c */
#include "vm/object/collector.h"

#include "vm/base/clock.h"
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

enum {
    DEFAULT_THRESHOLD = 2000,
    GROWTH_FACTOR = 10,
    LIVE_PER_RUN = 2,              /* a run over everything when the heap has grown by half */
    LIVE_PER_YOUNG_RUN = 16,
};

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

void collector_hush(Thread *t)
{
    Collector *collector = t->interp->collector;
    collector->debug = 0;
    if (collector->callbacks) list_clear_items(t, collector->callbacks);
    if (collector->garbage) list_clear_items(t, collector->garbage);
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

void object_traverse(Object *object, VisitFn visit, void *context)
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
    enum Age oldest, next_age;     /* of the candidates; of those that live on */
} Run;

static void gather(Object *object, void *context)
{
    Run *run = context;
    if (colour(object) == COLOUR_DYING) return;
    run->live++;
    if (age(object) > run->oldest) return;          /* not a candidate: its references count as coming from outside */
    if (object->count >= COUNT_IMMORTAL) {          /* nor is this */
        set_age(object, run->next_age);
        return;
    }
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
    if (colour(object) != COLOUR_NONE) set_age(object, run->next_age);
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

static void show_note(Thread *t, TAKES Str *line_or_null)
{
    if (line_or_null && t->interp->show_note) t->interp->show_note(t, line_or_null);
    if (line_or_null) object_release(line_or_null);
    if (is_bound(t->raised)) raised_clear(t);
}

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

/* gc.DEBUG_STATS and gc.DEBUG_COLLECTABLE: lines on sys.stderr. */
static void tell_start(Thread *t, int generation)
{
    size_t counts[COLLECTOR_AGES];
    collector_count_ages(t, counts);
    show_note(t, str_format(t, "gc: collecting generation %d...\n"
                               "gc: objects in each generation: %zu %zu %zu\n"
                               "gc: objects in permanent generation: %zu\n", generation, counts[0], counts[1], counts[2], counts[3]));
}

static void tell_garbage(Thread *t, const Run *run)
{
    for (size_t i = 0; i < run->garbage_count; i++)
        show_note(t, str_format(t, "gc: collectable <%T %p>\n", object_value(run->garbage[i]), (void *)run->garbage[i]));
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

/* How much the heap may grow, as of now, before the next run by itself; 0: there is none. A script that has set the threshold gets it,
 * unless walking the heap that often would cost more than the rest of the program; otherwise there are few runs, over everything. */
static size_t growth_limit(const Collector *collector)
{
    size_t threshold = collector->thresholds[0] > 0 ? (size_t)collector->thresholds[0] : 0;
    size_t least = collector->live / (collector->is_told ? LIVE_PER_YOUNG_RUN : LIVE_PER_RUN);
    size_t limit = collector->is_told ? threshold : threshold * GROWTH_FACTOR;
    return threshold && limit < least ? least : limit;
}

static void settle(Interp *interp, int generation)
{
    Collector *collector = interp->collector;
    for (int i = 0; i <= generation; i++) collector->runs[i] = 0;
    bool is_whole = generation == COLLECTOR_GENERATIONS - 1;
    if (!is_whole) collector->runs[generation + 1]++;
    collector->grown = is_whole ? 0 : collector->grown + heap_young(interp);
    heap_settle(interp, growth_limit(collector));
}

void collector_set_thresholds(Thread *t, const int64_t *thresholds, size_t count)
{
    Collector *collector = t->interp->collector;
    for (size_t i = 0; i < count; i++) collector->thresholds[i] = thresholds[i];
    collector->is_told = true;
    heap_allow(t->interp, growth_limit(collector));
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
    int64_t start_ns = clock_monotonic_ns();
    if (collector->debug & COLLECTOR_STATS) tell_start(t, generation);

    Run run = {.memory = &interp->memory, .oldest = (enum Age)generation,
               .next_age = generation < AGE_OLD ? (enum Age)generation + 1 : AGE_OLD};
    find_garbage(interp, &run);
    size_t found = run.white, collected = 0;
    bool is_short = found && !run.garbage;
    if (run.garbage) {
        if (collector->debug & COLLECTOR_COLLECTABLE) tell_garbage(t, &run);
        if (say_farewell(t, &run))
            spare_resurrected(interp, &run);
        collected = end_garbage(t, &run);
        memory_free(run.memory, run.garbage, found * sizeof(Object *));
    }
    memory_free(run.memory, run.stack, run.capacity * sizeof(Object *));

    collector->live = run.live - collected;
    settle(interp, generation);
    if (collector->debug & COLLECTOR_STATS)
        show_note(t, str_format(t, "gc: done, %zu unreachable, 0 uncollectable, %.4fs elapsed\n", collected,
                                (double)(clock_monotonic_ns() - start_ns) * 1e-9));
    struct CollectorStats *stats = &collector->stats[generation];
    stats->collections++;
    stats->collected += collected;
    tell_callbacks(t, "stop", generation, (int64_t)collected);
    t->free_base = free_base;
    t->raised = raised;
    collector->is_running = false;
    return is_short ? -1 : (int64_t)collected;
}

void collector_run_if_due(Thread *t)
{
    Interp *interp = t->interp;
    Collector *collector = interp->collector;
    if (!collector->is_enabled || collector->is_running || collector->thresholds[0] <= 0) return;
    if (!interp->config.stress_gc && heap_young(interp) < growth_limit(collector)) return;
    bool is_whole = interp->config.stress_gc || !collector->is_told || collector->grown + heap_young(interp) >= collector->live / LIVE_PER_RUN;
    collect(t, is_whole ? COLLECTOR_GENERATIONS - 1 : 0);
}

/* ---- gc.callbacks, gc.garbage ---- */

static BORROWED List *own_list(Thread *t, List **place)
{
    if (!*place) *place = list_new(t, 0);
    return *place;
}

List *collector_callbacks(Thread *t) { return own_list(t, &t->interp->collector->callbacks); }
List *collector_garbage(Thread *t) { return own_list(t, &t->interp->collector->garbage); }
