/* mod_containers.c - _containers: the native part of collections.
 *
 * What        deque, the descriptor that reads a field of a namedtuple, and counting for Counter. defaultdict and OrderedDict are the machine's own
 *             types, for they are dicts with a little more; here are their names.
 * How         A field of a namedtuple is read by index, without a call: tuple_getter's descriptor_get.
 * GIL         held.
 * Read next   deque.c, stdlib/lib/collections/__init__.toy, vm/object/ordered_dict.c */
#include "stdlib/containers/containers.h"

/* ---- the fields of a namedtuple ---- */

typedef struct TupleGetter { ToyObject head; size_t index; ToyValue doc; } TupleGetter;
static TupleGetter *as_getter(ToyValue v) { return (TupleGetter *)toy_object(v); }

static ToyValue getter_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    int64_t index;
    if (!toy_arguments_no_keywords(t, "_tuplegetter", names) || !toy_arguments_count(t, "_tuplegetter", count, 2, 2)) return TOY_FAILED;
    if (!toy_arg_size(t, args[0], &index)) return TOY_FAILED;
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    as_getter(self)->index = (size_t)index;
    as_getter(self)->doc = toy_retain(args[1]);
    return self;
}
static ToyValue getter_get(ToyThread *t, ToyValue self, ToyValue instance, ToyType *owner)
{
    if (toy_is_unbound(instance) || toy_is_none(instance)) return toy_retain(self);
    size_t index = as_getter(self)->index;
    if (!toy_is_tuple(instance)) return toy_raise_type_error(t, "descriptor for index '%zu' for tuple subclasses doesn't apply to '%T' object", index, instance);
    if (index >= toy_tuple_length(instance)) return toy_raise(t, TOY_IndexError, "tuple index out of range");
    return toy_retain(toy_tuple_item(instance, index));
}
static bool getter_set(ToyThread *t, ToyValue self, ToyValue instance, ToyValue v)
{
    return toy_raise_false(t, TOY_AttributeError, toy_is_bound(v) ? "can't set attribute" : "can't delete attribute");
}
static ToyValue getter_repr(ToyThread *t, ToyValue self)
{
    return toy_str_format(t, "_tuplegetter(%zu, %R)", as_getter(self)->index, as_getter(self)->doc);
}
static ToyValue getter_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue made_with = toy_tuple(t, toy_int(t, (int64_t)as_getter(self)->index), toy_retain(as_getter(self)->doc));
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), made_with);
}
static void getter_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((TupleGetter *)self)->doc, visit, context); }
static void getter_free(ToyObject *self) { toy_clear(&((TupleGetter *)self)->doc); }

static const ToyFunction getter_methods[] = {
    TOY_FUNCTION("__reduce__", getter_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTIONS_END,
};
static const ToyMember getter_members[] = {
    {"__doc__", MEMBER_VALUE_OR_NONE, offsetof(TupleGetter, doc), false, NULL},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
const ToyTypeSpec tuple_getter_spec = {
    .signature = "(index, doc, /)",
    .size = sizeof(TupleGetter),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = getter_make, .descriptor_get = getter_get, .descriptor_set = getter_set, .repr = getter_repr},
    .methods = getter_methods, .members = getter_members, .traverse = getter_traverse, .free = getter_free,
};

/* ---- counting ---- */

static bool is_one_more(ToyValue count) { return toy_is_small_int(count) && toy_small_int(count) < TOY_SMALL_INT_MAX; }
static ToyValue one_more(ToyThread *t, ToyValue count)
{
    if (is_one_more(count)) return toy_small_int_value(toy_small_int(count) + 1);
    return toy_operate(t, TOY_ADD, count, toy_small_int_value(1));
}

/* A dict whose class stores and finds as dict does is counted in directly. */
static bool count_in_dict(ToyThread *t, ToyValue item, void *context)
{
    ToyValue mapping = *(ToyValue *)context, old;
    ToyValue *place = toy_dict_peek(mapping, item);
    if (place && is_one_more(*place)) {      /* one look-up instead of two */
        *place = toy_small_int_value(toy_small_int(*place) + 1);
        return true;
    }
    if (!toy_dict_get(t, mapping, item, &old)) return false;
    ToyValue count = toy_is_bound(old) ? one_more(t, old) : toy_small_int_value(1);
    toy_release(old);
    bool is_good = !toy_failed(count) && toy_dict_set(t, mapping, item, count);
    toy_release(count);
    return is_good;
}
typedef struct Counting { ToyValue mapping, get; } Counting;
static bool count_in_mapping(ToyThread *t, ToyValue item, void *context)
{
    const Counting *counting = context;
    ToyValue old = toy_call2(t, counting->get, item, toy_small_int_value(0));
    ToyValue count = toy_failed(old) ? TOY_FAILED : toy_operate(t, TOY_ADD, old, toy_small_int_value(1));
    toy_release(old);
    bool is_good = !toy_failed(count) && toy_set_item(t, counting->mapping, item, count);
    toy_release(count);
    return is_good;
}
static bool has_own(ToyThread *t, ToyValue mapping, ToyValue name, bool *answer)
{
    ToyValue own = toy_get_attribute_of(t, toy_type_value(toy_type_of(t, mapping)), name);
    ToyValue plain = toy_get_attribute_of(t, toy_type_value(toy_builtin_type(t, TOY_KIND_DICT)), name);
    *answer = !toy_is_same(own, plain);
    bool is_good = !toy_failed(own) && !toy_failed(plain);
    toy_release(own);
    toy_release(plain);
    return is_good;
}
static ToyValue count_elements(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue mapping = args[0];
    bool has_own_get = true, has_own_set = true;
    const ContainersState *state = toy_module_state(self);
    if (toy_is_dict(mapping) && (!has_own(t, mapping, state->get, &has_own_get) || !has_own(t, mapping, state->set_item, &has_own_set))) return TOY_FAILED;
    if (!has_own_get && !has_own_set) return toy_for_each(t, args[1], count_in_dict, &mapping) ? TOY_NONE : TOY_FAILED;
    Counting counting = {mapping, toy_get_attribute_of(t, mapping, state->get)};
    bool is_good = !toy_failed(counting.get) && toy_for_each(t, args[1], count_in_mapping, &counting);
    toy_release(counting.get);
    return is_good ? TOY_NONE : TOY_FAILED;
}

/* ---- the module ---- */

static const ToyFunction functions[] = {
    TOY_FUNCTION("_count_elements", count_elements, "(mapping, iterable, /)", 0,
                 "For each item of the iterable, add 1 to its number in the mapping."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ContainersState *state = toy_module_state(toy_module_value(module));
    state->deque = toy_type_new(t, module, &deque_spec, "collections.deque", NULL);
    state->deque_iterator = toy_type_new(t, module, &deque_iterator_spec, "collections._deque_iterator", NULL);
    state->deque_reverse_iterator = toy_type_new(t, module, &deque_reverse_iterator_spec, "collections._deque_reverse_iterator", NULL);
    state->tuple_getter = toy_type_new(t, module, &tuple_getter_spec, "collections._tuplegetter", NULL);
    state->get = toy_str_intern(t, toy_str(t, "get"));
    state->set_item = toy_str_intern(t, toy_str(t, "__setitem__"));
    if (toy_failed(state->get) || toy_failed(state->set_item)) return false;
    return state->deque && state->deque_iterator && state->deque_reverse_iterator && state->tuple_getter &&
           toy_module_add_type(t, module, state->deque) && toy_module_add_type(t, module, state->deque_iterator) &&
           toy_module_add_type(t, module, state->deque_reverse_iterator) && toy_module_add_type(t, module, state->tuple_getter) &&
           toy_module_add_type(t, module, toy_default_dict_type(t)) && toy_module_add_type(t, module, toy_ordered_dict_type(t));
}

static void free_state(ToyThread *t, void *context)
{
    ContainersState *state = context;
    toy_clear(&state->get);
    toy_clear(&state->set_item);
}

const ToyModule toy_module_containers = {
    .name = "_containers",
    .known_as = "_collections",
    .doc = "The native part of module collections.",
    .functions = functions,
    .state_size = sizeof(ContainersState),
    .init = init,
    .free_state = free_state,
};
