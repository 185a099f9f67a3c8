/* collector.h - the cycle collector: frees containers that only refer to each other.
 *
 * What        Collector, its settings and counters (module gc reads and sets them), and the ways to run it.
 * How         Counting frees nearly everything at once; what is left are cycles. The heap asks for a run by BREAKER_COLLECT when
 *             containers grew enough; the thread's next safepoint calls collector_run_if_due. See collector.c for the algorithm.
 * Invariants  I1 it never runs inside an allocation: native code need not fear for what it holds.  I2 it does not nest.
 * GIL         held. Finalisers and callbacks are script code: the lock may change hands inside.
 * Read next   collector.c, collector_questions.c, heap.h */
#ifndef TOY_OBJECT_COLLECTOR_H
#define TOY_OBJECT_COLLECTOR_H

#include "vm/object/context.h"
#include "vm/object/type.h"

struct Collector {
    bool is_enabled;
    bool is_running;                 /* I2 */
    int debug;                       /* gc.set_debug: enum CollectorDebug */
    int64_t thresholds[3];           /* the first: growth before a run; 0: never by itself. The others are kept for scripts. */
    int64_t runs[3];                 /* [i]: of generation i - 1 since the last one of i or older */
    bool is_told;                    /* a script has set the thresholds */
    size_t grown;                    /* containers by which the heap had grown when younger generations were collected */
    struct CollectorStats { uint64_t collections, collected, uncollectable; } stats[3];
    size_t live;                     /* containers alive after the last run */
    List *callbacks, *garbage;       /* gc.callbacks, gc.garbage; NULL until asked for */
};

enum { COLLECTOR_GENERATIONS = 3, COLLECTOR_AGES = COLLECTOR_GENERATIONS + 1 };   /* the last age: frozen */
enum CollectorDebug { COLLECTOR_STATS = 1, COLLECTOR_COLLECTABLE = 2, COLLECTOR_SAVE_ALL = 32 };

MUST_CHECK bool collector_init(Interp *interp);
void collector_finish(Interp *interp);
void collector_hush(Thread *t);      /* the end is near: no callback is called any more, nothing told, and what was saved let go */

/* Collect now, whatever has grown; the result is how many unreachable objects were found among those of that age or younger (2: all
 * but the frozen), -1 if there was no memory to list them. Never leaves an exception behind. */
int64_t collect(Thread *t, int generation);
/* At a safepoint that heard BREAKER_COLLECT (the caller has cleared the bit): collect if enabled and if growth warrants it. */
void collector_run_if_due(Thread *t);

void collector_set_thresholds(Thread *t, const int64_t *thresholds, size_t count);

BORROWED MUST_CHECK List *collector_callbacks(Thread *t);
BORROWED MUST_CHECK List *collector_garbage(Thread *t);
/* All references of an object, whoever keeps them. */
void object_traverse(Object *object, VisitFn visit, void *context);

/* -- collector_questions.c -- */
bool object_is_tracked(Value v);                                       /* gc.is_tracked */
MUST_CHECK List *collector_objects(Thread *t, int generation);         /* gc.get_objects; -1: all */
MUST_CHECK List *collector_referents(Thread *t, const Value *objects, size_t count);
MUST_CHECK List *collector_referrers(Thread *t, const Value *objects, size_t count);
void collector_freeze(Thread *t);                                      /* gc.freeze */
void collector_unfreeze(Thread *t);
void collector_abandon_frozen(Thread *t);                              /* at the end: freed like the others, but no __del__ is called */
void collector_count_ages(Thread *t, size_t counts[COLLECTOR_AGES]);

#endif
