/* context.c - the floor of objects starts and ends; the current thread.
 *
 * What        objects_init and objects_finish: everything of this floor in the one order that works. thread_now. stack_is_exhausted.
 * How         Up: memory for objects, cells of the built-in types, strings and names, then each type in full; shared values;
 *             exceptions, which are types too. Down: what can still run script code first, while everything it could ask for
 *             is there; the types last, for every object needs its type to be freed.
 * GIL         held.
 * Read next   heap.c, type.c `types_init`, exception.c */
#include "vm/object/context.h"

#include "vm/object/attribute_cache.h"
#include "vm/object/collector.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/type_layout.h"
#include "vm/object/weakref.h"

__thread Thread *thread_now;

bool stack_is_exhausted(Thread *t, const char *where)
{
    if ((char *)__builtin_frame_address(0) >= t->stack_limit) return false;
    raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded%s", where);
    return true;
}

bool objects_init(Thread *t)
{
    ASSERT_GIL(t);
    Interp *interp = t->interp;
    return heap_init(interp) && collector_init(interp) && types_init(t) && exceptions_init(t);
}

/* The exceptions made in advance may have been raised: what they carried keeps frames, and so half the program, alive. */
static void forget_raise(Value error)
{
    if (is_unbound(error)) return;
    Exception *exception = (Exception *)as_object(error);
    clear(&exception->traceback);
    clear(&exception->cause);
    clear(&exception->context);
}

void objects_forget_errors(Interp *interp)
{
    forget_raise(interp->memory_error);
    forget_raise(interp->last_resort_recursion_error);
}

void objects_finish(Interp *interp, bool reports)
{
    Thread *t = thread_current();
    if (!interp->heap) return;
    if (interp->collector) {
        /* What finalisers of the first round leave behind, the second one finds. */
        collect(t, COLLECTOR_GENERATIONS - 1);
        collect(t, COLLECTOR_GENERATIONS - 1);
        /* Their types' last instances are gone. What the modules held may be a cycle again: a class is one. */
        if (interp->native_owners) object_release(interp->native_owners);
        interp->native_owners = NULL;
        collect(t, COLLECTOR_GENERATIONS - 1);
    }
    collector_finish(interp);
    exceptions_finish(interp);
    method_cache_finish(interp);
    attribute_cache_finish(interp);
    types_finish(interp);
    int_finish(interp);
    weak_table_finish(interp);
    shape_table_finish(interp);
    if (reports && interp->live_objects) heap_report_leaks(interp);
    heap_finish(interp);
}
