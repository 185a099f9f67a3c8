/* type_bases.c - A.__bases__ = (...): giving a class other parents.
 *
 * What        The getter and setter of __bases__.
 * How         Only parents of the same layout will do. The orders of the class and of everything below it are computed anew; if
 *             one cannot be, the old parents come back and all orders with them.
 * GIL         held.
 * Read next   type_order.c, type_new.c */
#include "vm/object/type_making.h"

#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/slots.h"
#include "vm/object/str.h"

Value type_get_bases(Thread *t, Value v)
{
    (void)t;
    return as_type(v)->bases ? retain(object_value(as_type(v)->bases)) : NONE;
}

/* The subclasses as they are now, each retained: a script's mro() may make and unmake some. NULL: no memory. */
static Tuple *subclasses_now(Thread *t, const Type *type)
{
    Tuple *tuple = tuple_new(t, type->subclass_count);
    for (uint32_t i = 0; tuple && i < type->subclass_count; i++) {
        object_retain(type->subclasses[i]);
        tuple->items[i] = object_value(type->subclasses[i]);
    }
    return tuple;
}

static bool order_anew(Thread *t, Type *type)
{
    Tuple *old = type->mro;
    if (old) object_retain(old);
    Tuple *mro = type->head.type == kind_type(t, KIND_TYPE) ? type_linearize(t, type) : type_ask_order(t, type);
    bool was_changed = type->mro != old;     /* by mro() itself, which has set other bases: those are newer */
    if (old) object_release(old);
    if (!mro) return false;
    if (was_changed) {
        object_release(mro);
        return true;
    }
    type->mro = mro;
    type->flags &= ~(uint32_t)TYPE_IS_OPEN;
    type_modified(t, type);
    if (old) object_release(old);
    if (!type_open(t, type)) return false;
    Tuple *subclasses = subclasses_now(t, type);
    bool done = subclasses != NULL;
    for (size_t i = 0; done && i < subclasses->count; i++) done = order_anew(t, as_type(subclasses->items[i]));
    if (subclasses) object_release(subclasses);
    return done;
}

static void slots_anew(Thread *t, Type *type)
{
    unsigned ways = type_descriptor_ways(type);
    type_modified(t, type);
    type_fill_slots(t, type);
    if (type_descriptor_ways(type) != ways) type_all_modified(t);
    for (uint32_t i = 0; i < type->subclass_count; i++) slots_anew(t, type->subclasses[i]);
}

static void leave_bases(Type *type)
{
    for (size_t i = 0; i < type->bases->count; i++) type_remove_subclass(as_type(type->bases->items[i]), type);
}

static bool join_bases(Thread *t, Type *type)
{
    for (size_t i = 0; i < type->bases->count; i++)
        if (!type_add_subclass(t, as_type(type->bases->items[i]), type)) return false;
    return true;
}

/* Also by the bases alone: while an order is being made, it does not tell yet. */
static bool descends_from(const Type *type, const Type *ancestor)
{
    if (type_is_subtype(type, ancestor)) return true;
    for (; type; type = type->base)
        if (type == ancestor) return true;
    return false;
}

static bool check_new_bases(Thread *t, Type *type, Value value, Type **base)
{
    if (!type_may_change(t, type, "__bases__", value)) return false;
    if (!is_tuple(value)) return raise_false(t, EXC_TypeError, "can only assign tuple to %U.__bases__, not %T", type->name, value);
    Tuple *bases = as_tuple(value);
    if (!bases->count) return raise_false(t, EXC_TypeError, "can only assign non-empty tuple to %U.__bases__, not ()", type->name);
    for (size_t i = 0; i < bases->count; i++) {
        if (!is_type(bases->items[i])) return raise_false(t, EXC_TypeError, "%U.__bases__ must be tuple of classes, not '%T'", type->name, bases->items[i]);
        if (descends_from(as_type(bases->items[i]), type)) return raise_false(t, EXC_TypeError, "a __bases__ item causes an inheritance cycle");
    }
    if (!type_check_bases(t, bases) || !(*base = type_best_base(t, bases))) return false;
    enum { SAME = TYPE_HAS_ATTRIBUTES | TYPE_IS_WEAK_REFERABLE };
    if ((type->base->flags ^ (*base)->flags) & TYPE_IS_CONTAINER && type_is(type->base, TYPE_IS_SCRIPT_MADE))
        return raise_false(t, EXC_TypeError, "__bases__ assignment: '%s' deallocator differs from '%s'", type_text(t, *base), type_text(t, type->base));
    if (type_layout(type->base) == type_layout(*base) && !((type->base->flags ^ (*base)->flags) & SAME)) return true;
    return raise_false(t, EXC_TypeError, "__bases__ assignment: '%s' object layout differs from '%s'", type_text(t, *base), type_text(t, type->base));
}

bool type_put_bases(Thread *t, Value v, Value value)
{
    Type *type = as_type(v), *base;
    if (!check_new_bases(t, type, value, &base)) return false;
    Tuple *old_bases = type->bases;
    Type *old_base = type->base;
    leave_bases(type);
    type->bases = as_tuple(retain(value));
    type->base = base;
    object_retain(base);
    bool is_good = join_bases(t, type) && order_anew(t, type);
    if (!is_good && type->bases == as_tuple(value)) {       /* else mro() has set others, which stay */
        Value raised = raised_take(t);
        leave_bases(type);
        Tuple *bases = type->bases;
        type->bases = old_bases;
        type->base = old_base;
        if (!join_bases(t, type) || !order_anew(t, type)) raised_clear(t);    /* it went well before; without memory the orders stay mixed */
        t->raised = raised;
        old_bases = bases;
        old_base = base;
    }
    slots_anew(t, type);
    object_release(old_bases);
    object_release(old_base);
    return is_good;
}
