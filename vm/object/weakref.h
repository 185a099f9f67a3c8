/* weakref.h - weak references: pointers that do not keep alive.
 *
 * What        WeakRef, for weakref.ref and both kinds of proxy; the table from an object to the references on it.
 * How         A flag in the object's header says that the table has a list for it; so an object without weak references pays nothing.
 * Invariants  I1 target is NULL or a live object with OBJECT_HAS_WEAKREFS.  I2 all references of one target are linked, newest first.
 * GIL         held; callbacks are script code.
 * Read next   weakref.c, heap.c (object_free), collector.c */
#ifndef TOY_OBJECT_WEAKREF_H
#define TOY_OBJECT_WEAKREF_H

#include "vm/object/context.h"

typedef struct WeakRef {
    Object head;
    Object *target;                    /* I1; BORROWED */
    Value callback;                    /* UNBOUND: none */
    int64_t hash;                      /* -1: not asked for yet */
    struct WeakRef *next, *previous;   /* I2 */
} WeakRef;

MUST_CHECK Value weakref_new(Thread *t, Value target, Value callback_or_none);   /* TypeError "cannot create weak reference to 'T' object" */
MUST_CHECK Value weak_proxy_new(Thread *t, Value target, Value callback_or_none);
static inline bool is_weakref(Value v) { return has_payload(v, KIND_WEAKREF); }
/* The object referred to, or UNBOUND once it is gone. */
MUST_CHECK Value weakref_target(Value reference);
MUST_CHECK Value weakref_first(Thread *t, Value object);   /* what __weakref__ answers: the oldest reference or None */
size_t weakref_count(Interp *interp, Object *object);
MUST_CHECK List *weakref_list(Thread *t, Object *object);

/* The object dies: its references become dead, then the callbacks run, newest reference first. */
void weakrefs_clear(Thread *t, Object *object);
/* For the collector: make them dead now; those whose callback shall still run are added to [doomed] as a chain of owned
 * references. A reference that is itself garbage (asked through is_garbage) does not get its callback run. */
WeakRef *weakrefs_clear_later(Thread *t, Object *object, bool (*is_garbage)(Object *object), WeakRef *chain);
void weakrefs_run_callbacks(Thread *t, WeakRef *chain);

void weak_table_finish(Interp *interp);
bool weak_table_has_callback(const Interp *interp);        /* some live object's end would be told to somebody */

/* of all three types */
void weakref_traverse(Object *self, VisitFn visit, void *context);
void weakref_forget(Object *self);

extern const TypeSpec weakref_spec, weak_proxy_spec, weak_callable_proxy_spec;

#endif
