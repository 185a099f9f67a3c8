/* groupby.c - itertools.groupby: runs of items with the same key.
 *
 * What        groupby, and _grouper, the iterator over one run.
 * How         The groupby reads ahead one item. A grouper takes items from it as long as their key is that of its run; when the groupby goes on
 *             to another run, groupers given out before are over.
 * Invariants  I1 'grouper' is the newest grouper or NULL; a grouper that dies takes itself out.
 * GIL         held; key function and == run script code, after which fields are read again.
 * Read next   itertools.h */
#include "stdlib/itertools/itertools.h"

typedef struct GroupBy {
    ToyObject head;
    ToyValue iterator, key_function;       /* None: the item itself is the key */
    ToyValue run_key, key, item;           /* of the run given out last; of the item read ahead, which may have been taken. UNBOUND: none */
    ToyObject *grouper;                    /* I1; BORROWED */
} GroupBy;
typedef struct Grouper { ToyObject head; ToyValue group_by, key; } Grouper;
static GroupBy *as_group_by(ToyValue v) { return (GroupBy *)toy_object(v); }
static Grouper *as_grouper(ToyValue v) { return (Grouper *)toy_object(v); }

/* Reads the next item. *is_over: there is none. */
static bool read_ahead(ToyThread *t, GroupBy *group, bool *is_over)
{
    ToyValue item = toy_next(t, group->iterator);
    *is_over = toy_is_end(item);
    if (toy_failed(item) || *is_over) return *is_over;
    ToyValue key = toy_is_none(group->key_function) ? toy_retain(item) : toy_call1(t, group->key_function, item);
    if (toy_failed(key)) {
        toy_release(item);
        return false;
    }
    toy_replace(&group->item, item);
    toy_replace(&group->key, key);
    return true;
}
static bool keys_equal(ToyThread *t, ToyValue a, ToyValue b, bool *answer)
{
    toy_retain(a);
    toy_retain(b);
    bool is_good = toy_equal(t, a, b, answer);
    toy_release(a);
    toy_release(b);
    return is_good;
}

static ToyValue grouper_make(ToyThread *t, ToyType *type, ToyValue group_by, ToyValue key)
{
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    as_grouper(self)->group_by = toy_retain(group_by);
    as_grouper(self)->key = toy_retain(key);
    as_group_by(group_by)->grouper = toy_object(self);
    return self;
}

static ToyValue group_by_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"iterable", "key", NULL};
    static const ToyParameters parameters = {"groupby", parameter_names, 0, 2, 1};
    ToyValue given[2];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    ToyValue iterator = toy_iterate(t, given[0]);
    ToyValue self = toy_failed(iterator) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) {
        toy_release(iterator);
        return TOY_FAILED;
    }
    as_group_by(self)->iterator = iterator;
    as_group_by(self)->key_function = toy_is_bound(given[1]) ? toy_retain(given[1]) : TOY_NONE;
    return self;
}
static ToyValue group_by_next(ToyThread *t, ToyValue self)
{
    GroupBy *group = as_group_by(self);
    group->grouper = NULL;
    /* Past what is left of the run that was given out last. */
    for (;;) {
        bool equal = true, is_over;
        if (toy_is_bound(group->key)) {
            if (toy_is_unbound(group->run_key)) break;
            if (!keys_equal(t, group->run_key, group->key, &equal)) return TOY_FAILED;
            if (!equal && toy_is_bound(group->key)) break;
        }
        if (!read_ahead(t, group, &is_over)) return TOY_FAILED;
        if (is_over) return TOY_END;
    }
    ToyValue key = toy_retain(group->key);
    toy_replace(&group->run_key, toy_retain(key));
    return toy_tuple(t, key, grouper_make(t, ((ItertoolsState *)toy_instance_state(self))->grouper, self, key));
}
static ToyValue group_by_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const GroupBy *group = as_group_by(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    ToyValue made_with = toy_tuple(t, toy_retain(group->iterator), toy_retain(group->key_function));
    if (toy_is_unbound(group->run_key) || toy_is_unbound(group->key) || toy_is_unbound(group->item)) return toy_tuple(t, type_of(t, self), made_with);
    return toy_tuple(t, type_of(t, self), made_with, toy_tuple(t, toy_retain(group->item), toy_retain(group->run_key), toy_retain(group->key)));
}
static ToyValue group_by_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    GroupBy *group = as_group_by(self);
    if (!warn_of_pickling(t) || !check_state(t, args[0], 3)) return TOY_FAILED;
    ToyValue *const places[] = {&group->item, &group->run_key, &group->key};
    for (size_t i = 0; i < 3; i++) toy_replace(places[i], toy_retain(toy_tuple_item(args[0], i)));
    return TOY_NONE;
}
static void group_by_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const GroupBy *group = (GroupBy *)self;
    const ToyValue owned[] = {group->iterator, group->key_function, group->run_key, group->key, group->item};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) toy_visit(owned[i], visit, context);
}
static void group_by_free(ToyObject *self)
{
    GroupBy *group = (GroupBy *)self;
    ToyValue *const owned[] = {&group->iterator, &group->key_function, &group->run_key, &group->key, &group->item};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) toy_clear(owned[i]);
}
static const ToyFunction group_by_methods[] = {REDUCE_ROW(group_by_reduce), SET_STATE_ROW(group_by_set_state), TOY_FUNCTIONS_END};
const ToyTypeSpec groupby_spec = {
    .doc = "Pairs of a key and an iterator over the items that follow each other and have that key.", .signature = "(iterable, key=None)",
    .size = sizeof(GroupBy), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = group_by_new, .iterate = iterate_self, .next = group_by_next},
    .methods = group_by_methods, .traverse = group_by_traverse, .free = group_by_free,
};

/* ---- the iterator over one run ---- */

static ToyValue grouper_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "_grouper", 2, count, names)) return TOY_FAILED;
    if (toy_is_object(args[0]) && !strcmp(toy_type_name(t, args[0]), "itertools.groupby")) return grouper_make(t, type, args[0], args[1]);
    return toy_raise_type_error(t, "_grouper() argument 1 must be itertools.groupby, not %N", args[0]);
}
static ToyValue grouper_next(ToyThread *t, ToyValue self)
{
    Grouper *grouper = as_grouper(self);
    GroupBy *group = as_group_by(grouper->group_by);
    bool is_over = false, equal;
    if (group->grouper != &grouper->head) return TOY_END;
    if (toy_is_unbound(group->item) && !read_ahead(t, group, &is_over)) return TOY_FAILED;
    if (is_over) return TOY_END;
    if (!keys_equal(t, grouper->key, group->key, &equal)) return TOY_FAILED;
    if (!equal) return TOY_END;
    ToyValue item = group->item;
    group->item = TOY_UNBOUND;
    if (toy_is_unbound(item)) return TOY_END;    /* == has taken it */
    toy_clear(&group->key);
    return item;
}
static ToyValue grouper_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Grouper *grouper = as_grouper(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (as_group_by(grouper->group_by)->grouper != &grouper->head) {
        ToyValue iter = toy_import_from(t, "builtins", "iter");
        return toy_tuple(t, iter, toy_tuple(t, toy_tuple_of(t, NULL, 0)));
    }
    return toy_tuple(t, type_of(t, self), toy_tuple(t, toy_retain(grouper->group_by), toy_retain(grouper->key)));
}
static void grouper_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Grouper *)self)->group_by, visit, context);
    toy_visit(((Grouper *)self)->key, visit, context);
}
static void grouper_free(ToyObject *self)
{
    Grouper *grouper = (Grouper *)self;
    if (toy_is_bound(grouper->group_by) && as_group_by(grouper->group_by)->grouper == self) as_group_by(grouper->group_by)->grouper = NULL;
    toy_clear(&grouper->group_by);
    toy_clear(&grouper->key);
}
static const ToyFunction grouper_methods[] = {REDUCE_ROW(grouper_reduce), TOY_FUNCTIONS_END};
const ToyTypeSpec grouper_spec = {
    .size = sizeof(Grouper), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = grouper_new, .iterate = iterate_self, .next = grouper_next},
    .methods = grouper_methods, .traverse = grouper_traverse, .free = grouper_free,
};
