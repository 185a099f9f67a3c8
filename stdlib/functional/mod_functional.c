/* mod_functional.c - _functional: the native part of functools.
 *
 * What        partial, _lru_cache_wrapper, cmp_to_key, reduce.
 * How         The first two are types with files of their own. cmp_to_key makes a K: called, it wraps an object in a key that compares by
 *             asking the function; K and key are the same struct, a K without an object.
 * GIL         held; all of it runs script code.
 * Read next   partial.c, lru_cache.c, stdlib/lib/functools.toy */
#include "stdlib/functional/functional.h"

/* ---- cmp_to_key ---- */

typedef struct Key { ToyObject head; ToyValue compare, object; } Key;
static Key *as_key(ToyValue v) { return (Key *)toy_object(v); }

static ToyValue key_new(ToyThread *t, ToyType *type, ToyValue compare, ToyValue object)
{
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    as_key(self)->compare = toy_retain(compare);
    as_key(self)->object = toy_retain(object);
    return self;
}

static ToyValue key_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"obj", NULL};
    static const ToyParameters parameters = {"K", parameter_names, 0, 1, 1};
    ToyValue object;
    if (!toy_arguments_sort(t, &parameters, args, count, names, &object)) return TOY_FAILED;
    return key_new(t, toy_type_of(t, self), as_key(self)->compare, object);
}

static ToyValue key_compare(ToyThread *t, ToyValue self, ToyValue other, ToyCompare op)
{
    if (toy_type_of(t, self) != toy_type_of(t, other)) return toy_raise_type_error(t, "other argument must be K instance");
    const Key *a = as_key(self), *b = as_key(other);
    if (toy_is_unbound(a->object) || toy_is_unbound(b->object)) return toy_raise(t, TOY_AttributeError, "object");
    ToyValue answer = toy_call2(t, a->compare, a->object, b->object);
    if (toy_failed(answer)) return TOY_FAILED;
    ToyValue result = toy_compare_value(t, answer, toy_small_int_value(0), op);
    toy_release(answer);
    return result;
}

static void key_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Key *)self)->compare, visit, context);
    toy_visit(((Key *)self)->object, visit, context);
}
static void key_free(ToyObject *self)
{
    toy_clear(&((Key *)self)->compare);
    toy_clear(&((Key *)self)->object);
}

static const ToyMember key_members[] = {
    {"obj", MEMBER_VALUE_OR_NONE, offsetof(Key, object), false, "the object that is compared"},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
static ToyValue get_text_signature(ToyThread *t, ToyValue self) { return toy_str(t, "(obj)"); }
static const ToyGetSet key_getsets[] = {{"__text_signature__", get_text_signature, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const ToyTypeSpec key_spec = {
    .signature = "(obj)",
    .size = sizeof(Key),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .slots = {.call = key_call, .compare = key_compare},
    .members = key_members, .getsets = key_getsets, .traverse = key_traverse, .free = key_free,
};

static ToyValue cmp_to_key(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return key_new(t, ((FunctionalState *)toy_module_state(self))->key, args[0], TOY_UNBOUND);
}

/* ---- reduce ---- */

typedef struct Reduction { ToyValue function, result; } Reduction;
static bool reduce_item(ToyThread *t, ToyValue item, void *context)
{
    Reduction *reduction = context;
    if (toy_is_unbound(reduction->result)) {
        reduction->result = toy_retain(item);
        return true;
    }
    ToyValue next = toy_call2(t, reduction->function, reduction->result, item);
    toy_replace(&reduction->result, next);
    return !toy_failed(next);
}

static ToyValue reduce(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "reduce", names) || !toy_arguments_count(t, "reduce", count, 2, 3)) return TOY_FAILED;
    Reduction reduction = {args[0], count > 2 ? toy_retain(args[2]) : TOY_UNBOUND};
    if (!toy_is_iterable(t, args[1])) {
        toy_release(reduction.result);
        return toy_raise_type_error(t, "reduce() arg 2 must support iteration");
    }
    if (!toy_for_each(t, args[1], reduce_item, &reduction)) toy_clear(&reduction.result);
    else if (toy_is_unbound(reduction.result)) toy_raise_type_error(t, "reduce() of empty iterable with no initial value");
    return reduction.result;
}

/* ---- the module ---- */

static const ToyFunction functions[] = {
    TOY_FUNCTION("cmp_to_key", cmp_to_key, "(mycmp)", 0,
                 "Make a function for the key= of sorted() out of one that compares.\n\n  mycmp\n    Takes two objects; its result is below zero, "
                 "zero or above zero as the first is less than, equal to or more than the second."),
    TOY_RAW_FUNCTION("reduce", reduce, "(function, iterable, initial=<unrepresentable>, /)", 0,
                 "Apply a function of two arguments to the first two items, then to its result and the third item, and so on; return the last result.\n"
                 "With an initial value, that stands in front of the items."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    FunctionalState *state = toy_module_state(toy_module_value(module));
    ToyType *cache = toy_type_new(t, module, &lru_cache_spec, "functools._lru_cache_wrapper", NULL);
    state->partial = toy_type_new(t, module, &partial_spec, "functools.partial", NULL);
    state->key = toy_type_new(t, module, &key_spec, "functools.KeyWrapper", NULL);
    state->link = toy_type_new(t, module, &lru_link_spec, "functools._lru_list_elem", NULL);
    return cache && state->partial && state->key && state->link && toy_module_add_type(t, module, state->partial) &&
           toy_module_add_type(t, module, cache);
}

const ToyModule toy_module_functional = {
    .name = "_functional",
    .known_as = "_functools",
    .doc = "The native part of module functools.",
    .functions = functions,
    .state_size = sizeof(FunctionalState),
    .init = init,
};
