/* type_new.c - a class comes into being.
 *
 * What        type_new: type(name, bases, dict, **keywords), which every class statement ends in.
 * How         In this order: which base decides the layout; members from __slots__; the dict, a copy of the body's, with what the
 *             class adds to it; the method resolution order; the slots; then script code hears of the class: __set_name__ of
 *             everything in it, __init_subclass__ of its parent.
 * Invariants  I1 until its slots are filled the class is known to nobody, so a failure just drops it.
 * GIL         held; the last two steps run script code, iterating over __slots__ too.
 * Read next   type_slots.c, type_order.c, type_members.c */
#include "vm/object/type.h"

#include "vm/object/arguments.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/slots.h"
#include "vm/object/str.h"
#include "vm/object/type_making.h"

enum { INLINE_DEFAULT = 4, INLINE_AT_BIRTH_MAX = 24 };

/* ---- bases ---- */

/* Only a class statement replaces bases that are no classes by what their __mro_entries__ says. */
static bool refuse_entries(Thread *t, Tuple *bases)
{
    for (size_t i = 0; i < bases->count; i++) {
        if (is_type(bases->items[i])) continue;
        Value entries = value_find_attribute(t, bases->items[i], NAME_OF(t, __mro_entries__));
        if (is_unbound(entries) && is_raised(t)) return false;
        if (is_unbound(entries)) continue;
        release(entries);
        return raise_false(t, EXC_TypeError, "type() doesn't support MRO entry resolution; use types.new_class()");
    }
    return true;
}

bool type_check_bases(Thread *t, Tuple *bases)
{
    for (size_t i = 0; i < bases->count; i++) {
        Value base = bases->items[i];
        if (!is_type(base)) return raise_false(t, EXC_TypeError, "bases must be types");
        if (type_is(as_type(base), TYPE_IS_FINAL))
            return raise_false(t, EXC_TypeError, "type '%s' is not an acceptable base type", type_text(t, as_type(base)));
    }
    return true;
}

Type *type_best_base(Thread *t, Tuple *bases)
{
    Type *best = NULL;
    const Type *best_layout = NULL;
    for (size_t i = 0; i < bases->count; i++) {
        Type *base = as_type(bases->items[i]);
        const Type *layout = type_layout(base);
        if (best && type_is_subtype(best_layout, layout)) continue;
        if (best && !type_is_subtype(layout, best_layout)) return raise_null(t, EXC_TypeError, "multiple bases have instance lay-out conflict");
        best = base;
        best_layout = layout;
    }
    return best;
}

/* ---- what the body says ---- */

/* Takes an entry out of the dict; UNBOUND: it was not there. */
static bool take_entry(Thread *t, Dict *dict, Str *name, Value *value)
{
    bool was_there;
    *value = retain(dict_get_str(dict, name));
    if (is_unbound(*value) || dict_delete_str(t, dict, name, &was_there)) return true;
    clear(value);
    return false;
}

static bool wrap_entry(Thread *t, Dict *dict, Str *name, Value (*wrap)(Thread *t, Value function))
{
    Value function = dict_get_str(dict, name);
    if (!is_kind(function, KIND_FUNCTION)) return true;
    Value wrapped = wrap(t, function);
    bool is_good = !failed(wrapped) && dict_set_str(t, dict, name, wrapped);
    release(wrapped);
    return is_good;
}

static bool set_missing(Thread *t, Dict *dict, Str *name, Value value)
{
    return is_bound(dict_get_str(dict, name)) || dict_set_str(t, dict, name, value);
}

static bool take_qualified_name(Thread *t, Type *type)
{
    Value value;
    if (!take_entry(t, type->dict, NAME_OF(t, __qualname__), &value)) return false;
    if (is_bound(value) && !is_str(value)) {
        raise_type_error(t, "type __qualname__ must be a str, not %T", value);
        release(value);
        return false;
    }
    if (is_bound(value)) {
        type->qualified_name = as_str(value);
    } else {
        type->qualified_name = type->name;
        object_retain(type->name);
    }
    return true;
}

/* What the class adds to its dict. */
static bool settle_dict(Thread *t, Type *type)
{
    Names *names = &t->interp->names;
    Dict *dict = type->dict;
    Value module = t->interp->running_module ? t->interp->running_module(t) : UNBOUND;
    if (is_bound(module) && !set_missing(t, dict, names->__module__, module)) return false;
    if (!set_missing(t, dict, names->__doc__, NONE)) return false;
    Value doc = dict_get_str(dict, names->__doc__);
    size_t length;
    if (is_str(doc) && !str_utf8(t, as_str(doc), &length)) return false;
    if (is_bound(dict_get_str(dict, names->__eq__)) && !set_missing(t, dict, names->__hash__, NONE)) return false;
    return wrap_entry(t, dict, names->__new__, static_method_new) && wrap_entry(t, dict, names->__init_subclass__, class_method_new) &&
           wrap_entry(t, dict, names->__class_getitem__, class_method_new);
}

/* The cell through which super() and __class__ in methods know the class. */
static bool fill_class_cell(Thread *t, Type *type, TAKES Value cell)
{
    if (is_unbound(cell)) return true;
    bool is_good = is_kind(cell, KIND_CELL);
    if (is_good)
        replace(&((Cell *)as_object(cell))->content, retain(object_value(type)));
    else
        raise_type_error(t, "__classcell__ must be a nonlocal cell, not %R", object_value(value_type(t, cell)));
    release(cell);
    return is_good;
}

/* Look-ups pass by what is no str. */
static bool warn_of_odd_keys(Thread *t, const Type *type)
{
    size_t position = 0;
    Value key, value;
    while (dict_next(type->dict, &position, &key, &value))
        if (!is_str(key)) return raise_warning(t, EXC_RuntimeWarning, "non-string key in the __dict__ of class %U", type->name);
    return true;
}

/* How many slots for attributes a new instance shall have: what the compiler saw being assigned to self, if it told. */
static uint32_t first_inline_count(Thread *t, const Type *type)
{
    Value assigned = dict_get_str(type->dict, NAME_OF(t, __static_attributes__));
    if (type_is(type, TYPE_IS_VARIABLE_SIZE)) return 0;
    size_t count = is_tuple(assigned) ? as_tuple(assigned)->count + type->base->inline_slots : INLINE_DEFAULT;
    return count < INLINE_AT_BIRTH_MAX ? (uint32_t)count : INLINE_AT_BIRTH_MAX;
}

/* ---- script code hears of the class ---- */

static void add_set_name_note(Thread *t, Type *type, Value key, Value attribute)
{
    Value raised = raised_take(t);
    Str *note = str_format(t, "Error calling __set_name__ on '%T' instance %R in '%U'", attribute, key, type->name);
    if (note) {
        Value argument = object_value(note);
        release(value_call_method(t, raised, NAME_OF(t, add_note), &argument, 1));
        object_release(note);
    }
    raised_clear(t);
    t->raised = raised;
}

static bool tell_attributes(Thread *t, Type *type)
{
    Dict *copy = dict_copy(t, type->dict);    /* __set_name__ may change the class */
    if (!copy) return false;
    size_t position = 0;
    Value key, attribute;
    bool is_good = true;
    while (is_good && dict_next(copy, &position, &key, &attribute)) {
        Value method = value_find_special(t, attribute, NAME_OF(t, __set_name__));
        if (is_unbound(method)) {
            is_good = !is_raised(t);
            continue;
        }
        Value result = value_call2(t, method, object_value(type), key);
        is_good = !failed(result);
        if (!is_good) add_set_name_note(t, type, key, attribute);
        release2(result, method);
    }
    object_release(copy);
    return is_good;
}

static bool tell_parent(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    bool is_method;
    bool is_in_order = false;
    for (size_t i = 0; i < type->mro->count; i++) is_in_order = is_in_order || is_same(type->mro->items[i], object_value(type));
    if (!is_in_order)                      /* its metaclass has made an order without it */
        return raise_false(t, EXC_TypeError, "super(type, obj): obj (type %U) is not an instance or subtype of type (%U).", type->name, type->name);
    Value method = super_get_attribute(t, type, object_value(type), NAME_OF(t, __init_subclass__), &is_method);
    if (failed(method)) return false;
    Value result = value_call(t, method, args, count, names);
    release(method);
    if (failed(result)) return false;
    release(result);
    return true;
}

/* ---- the whole ---- */

/* mro(), as the metaclass has it. */
static Tuple *ask_order(Thread *t, Type *type)
{
    if (type->head.type == kind_type(t, KIND_TYPE)) return type_linearize(t, type);
    return type_ask_order(t, type);
}

/* A script's mro() may have given the class other bases meanwhile, and those know it already: each shall know it once. */
static bool add_to_bases(Thread *t, Type *type)
{
    bool was_ordered_by_script = type->head.type != kind_type(t, KIND_TYPE);
    for (size_t i = 0; was_ordered_by_script && i < type->bases->count; i++) type_remove_subclass(as_type(type->bases->items[i]), type);
    for (size_t i = 0; i < type->bases->count; i++)
        if (!type_add_subclass(t, as_type(type->bases->items[i]), type)) return false;
    return true;
}

/* What its dict says of a new class: members, attributes, the size of an instance. */
static bool add_parts(Thread *t, Type *type)
{
    /* The name first: __slots__ may want the entry. */
    if (!take_qualified_name(t, type) || !type_add_members(t, type) || !settle_dict(t, type) || !warn_of_odd_keys(t, type)) return false;
    if (type_is(type, TYPE_HAS_ATTRIBUTES)) {
        type->inline_slots = first_inline_count(t, type);
        type->root_shape = shape_new_root(t, type, type->inline_slots);
        if (!type->root_shape) return false;
    }
    type_compute_size(type);
    return true;
}

static bool fill(Thread *t, Type *type, Str *name, Tuple *bases, Type *base, Dict *body)
{
    type->name = name;
    object_retain(name);
    type->base = base;
    object_retain(base);
    type->bases = bases;
    object_retain(bases);
    type->dict = dict_copy(t, body);
    if (!type->dict) return false;
    type->flags = TYPE_IS_SCRIPT_MADE | TYPE_IS_CONTAINER;
    type_inherit_layout(type, base);
    /* Patterns take it for what the first base is that is one of the two. */
    enum { AS_PATTERNS_SEE_IT = TYPE_IS_SEQUENCE | TYPE_IS_MAPPING };
    type->flags &= ~(uint32_t)AS_PATTERNS_SEE_IT;
    for (size_t i = 0; i < bases->count && !(type->flags & AS_PATTERNS_SEE_IT); i++)
        type->flags |= as_type(bases->items[i])->flags & AS_PATTERNS_SEE_IT;
    type->kind = KIND_INSTANCE;
    type->first_flags = OBJECT_IS_TRACKED;
    Value cell;                /* taken out first: __slots__ may name __classcell__ too */
    if (!take_entry(t, type->dict, NAME_OF(t, __classcell__), &cell)) return false;
    if (!add_parts(t, type)) {
        release(cell);
        return false;
    }
    if (!fill_class_cell(t, type, cell)) return false;
    Tuple *order = ask_order(t, type);
    if (!order) return false;
    if (type->mro) object_release(order);      /* mro() has set __bases__, and with them an order that is newer */
    else type->mro = order;
    if (!add_to_bases(t, type) || !type_open(t, type)) return false;
    type_fill_slots(t, type);
    return true;
}
Type *type_new(Thread *t, Type *metaclass, Str *name, Tuple *bases, Dict *dict, const Value *args, size_t count, Tuple *names)
{
    ASSERT_GIL(t);
    Tuple *own_bases = NULL;
    if (bases->count == 0) {
        Value object = object_value(kind_type(t, KIND_OBJECT));
        bases = own_bases = tuple_from_values(t, &object, 1);
        if (!bases) return NULL;
    }
    Type *type = NULL, *base = type_check_bases(t, bases) ? type_best_base(t, bases) : NULL;
    if (base) type = type_cell_new(t, metaclass);
    bool is_good = type && fill(t, type, name, bases, base, dict) && tell_attributes(t, type) && tell_parent(t, type, args, count, names);
    if (own_bases) object_release(own_bases);
    if (is_good) return type;
    if (type) object_release(type);
    return NULL;
}

/* type.__new__, for scripts and for metaclasses. */
Value type_new_slot(Thread *t, Type *metaclass, const Value *args, size_t count, Tuple *names)
{
    if (count != 3) return raise_type_error(t, "type.__new__() takes exactly 3 arguments (%zu given)", count);
    static const enum Kind kinds[] = {KIND_STR, KIND_TUPLE, KIND_DICT};
    for (size_t i = 0; i < 3; i++)
        if (!has_payload(args[i], kinds[i]))
            return raise_type_error(t, "type.__new__() argument %zu must be %s, not %N", i + 1, kind_type(t, kinds[i])->native_name, args[i]);
    Tuple *bases = as_tuple(args[1]);
    if (!refuse_entries(t, bases)) return FAILED;
    Type *winner = type_metaclass(t, metaclass, bases);
    if (!winner) return FAILED;
    if (winner != metaclass && winner->slots.new_instance != type_new_slot) return winner->slots.new_instance(t, winner, args, count, names);
    if (!type_name_is_good(t, as_str(args[0]))) return FAILED;
    return object_value(type_new(t, winner, as_str(args[0]), bases, as_dict(args[2]), args + 3, 0, names));
}
