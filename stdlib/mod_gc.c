/* mod_gc.c - gc: the cycle collector, as scripts see and drive it.
 *
 * What        collect, enable, thresholds, statistics, callbacks; what refers to what.
 * How         Questions to and settings of the collector of vm/object. Its generations are ages: collect(0) looks at what was made
 *             since the last collection. By itself the collector looks at all of them, when the first threshold says so.
 * GIL         held; a collection runs finalisers, which are script code.
 * Read next   vm/object/collector.c */
#include "vm/toy_vm.h"

enum { GENERATIONS = 3 };

static ToyValue gc_collect(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int generation = GENERATIONS - 1;
    if (!toy_arg_int(t, args[0], &generation)) return TOY_FAILED;
    if (generation < 0 || generation >= GENERATIONS) return toy_raise_value_error(t, "invalid generation");
    int64_t found = toy_collect(t, generation);
    return found < 0 ? toy_raise_memory_error(t) : toy_int(t, found);
}

static ToyValue gc_enable(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_collector_enable(t, true), TOY_NONE; }
static ToyValue gc_disable(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_collector_enable(t, false), TOY_NONE; }
static ToyValue gc_isenabled(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_collector_is_enabled(t)); }
static ToyValue gc_get_debug(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, toy_collector_debug(t)); }
static ToyValue gc_set_debug(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int flags = 0;
    if (!toy_arg_int(t, args[0], &flags)) return TOY_FAILED;
    toy_collector_set_debug(t, flags);
    return TOY_NONE;
}

static ToyValue gc_get_threshold(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const int64_t *thresholds = toy_collector_thresholds(t);
    return toy_tuple(t, toy_int(t, thresholds[0]), toy_int(t, thresholds[1]), toy_int(t, thresholds[2]));
}
static ToyValue gc_set_threshold(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t count = toy_tuple_length(args[0]);
    int64_t thresholds[GENERATIONS];
    if (count < 1 || count > GENERATIONS) return toy_raise_type_error(t, "gc.set_threshold requires 1 to 3 arguments");
    for (size_t i = 0; i < count; i++) {
        int number;
        if (!toy_arg_int(t, toy_tuple_item(args[0], i), &number)) return TOY_FAILED;
        thresholds[i] = number;
    }
    toy_collector_set_thresholds(t, thresholds, count);
    return TOY_NONE;
}

static ToyValue gc_get_count(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t counts[GENERATIONS];
    toy_collector_counts(t, counts);
    return toy_tuple(t, toy_int(t, counts[0]), toy_int(t, counts[1]), toy_int(t, counts[2]));
}

static ToyValue gc_get_stats(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue list = toy_list(t);
    for (int i = 0; i < GENERATIONS && !toy_failed(list); i++) {
        ToyCollectorStats stats = toy_collector_stats(t, i);
        ToyValue row = toy_dict(t);
        bool done = !toy_failed(row) && toy_dict_take_text(t, row, "collections", toy_int_from_uint64(t, stats.collections)) &&
            toy_dict_take_text(t, row, "collected", toy_int_from_uint64(t, stats.collected)) &&
            toy_dict_take_text(t, row, "uncollectable", toy_int_from_uint64(t, stats.uncollectable)) && toy_list_append(t, list, row);
        toy_release(row);
        if (!done) toy_clear(&list);
    }
    return list;
}

static ToyValue gc_get_objects(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t generation = -1;
    if (!toy_is_given(args[0])) return toy_collector_objects(t, -1);
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "argument should be integer or None, not '%T'", args[0]);
    if (!toy_arg_int64(t, args[0], &generation)) return TOY_FAILED;
    if (generation >= GENERATIONS)
        return toy_raise_value_error(t, "generation parameter must be less than the number of available generations (%d)", GENERATIONS);
    if (generation < -1) return toy_raise_value_error(t, "generation parameter cannot be negative");
    return toy_collector_objects(t, (int)generation);
}
static ToyValue gc_get_referrers(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_collector_referrers(t, toy_tuple_items(args[0]), toy_tuple_length(args[0]));
}
static ToyValue gc_get_referents(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_collector_referents(t, toy_tuple_items(args[0]), toy_tuple_length(args[0]));
}
static ToyValue gc_is_tracked(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_is_tracked(args[0])); }
static ToyValue gc_is_finalized(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_is_finalized(args[0])); }

static ToyValue gc_freeze(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_collector_freeze(t, true), TOY_NONE; }
static ToyValue gc_unfreeze(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_collector_freeze(t, false), TOY_NONE; }
static ToyValue gc_get_freeze_count(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, (int64_t)toy_collector_frozen(t)); }

static const ToyFunction functions[] = {
    TOY_FUNCTION("collect", gc_collect, "(generation=2)", 0, "Look for cycles that nobody can reach and free them; how many objects were found."),
    TOY_FUNCTION("enable", gc_enable, "()", 0, "Let the collector run by itself."),
    TOY_FUNCTION("disable", gc_disable, "()", 0, "Do not let the collector run by itself."),
    TOY_FUNCTION("isenabled", gc_isenabled, "()", 0, "Return whether the collector runs by itself."),
    TOY_FUNCTION("get_debug", gc_get_debug, "()", 0, "Return the debugging flags."),
    TOY_FUNCTION("set_debug", gc_set_debug, "(flags, /)", 0, "Set the debugging flags: DEBUG_SAVEALL keeps what is found in gc.garbage, the others tell sys.stderr."),
    TOY_FUNCTION("get_threshold", gc_get_threshold, "()", 0, "Return the thresholds; the first is how many new containers make the collector run."),
    TOY_FUNCTION("set_threshold", gc_set_threshold, "(*thresholds)", 0, "Set the thresholds; a first one of 0 turns the collector off."),
    TOY_FUNCTION("get_count", gc_get_count, "()", 0, "Return the counts that are compared with the thresholds."),
    TOY_FUNCTION("get_stats", gc_get_stats, "()", 0, "Return a list of dicts: collections, collected, uncollectable."),
    TOY_FUNCTION("get_objects", gc_get_objects, "(generation=None)", 0, "Return a list of the objects that the collector tracks, of one generation or of all."),
    TOY_FUNCTION("get_referrers", gc_get_referrers, "(*objs)", 0, "The containers that hold one of the given objects, as a list."),
    TOY_FUNCTION("get_referents", gc_get_referents, "(*objs)", 0, "All that the given objects hold, one step away, as a list."),
    TOY_FUNCTION("is_tracked", gc_is_tracked, "(obj, /)", 0, "Return whether the collector tracks the object."),
    TOY_FUNCTION("is_finalized", gc_is_finalized, "(obj, /)", 0, "Return whether the object has been finalized by the collector."),
    TOY_FUNCTION("freeze", gc_freeze, "()", 0, "Let later collections ignore all objects that are there now."),
    TOY_FUNCTION("unfreeze", gc_unfreeze, "()", 0, "Undo freeze(): frozen objects join the oldest generation."),
    TOY_FUNCTION("get_freeze_count", gc_get_freeze_count, "()", 0, "Return how many objects are frozen."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant flags[] = {
        {"DEBUG_STATS", 1}, {"DEBUG_COLLECTABLE", 2}, {"DEBUG_UNCOLLECTABLE", 4}, {"DEBUG_SAVEALL", 32}, {"DEBUG_LEAK", 38}};
    return toy_module_add_ints(t, module, flags, sizeof flags / sizeof *flags) &&
           toy_module_add(t, module, "callbacks", toy_retain(toy_collector_callbacks(t))) &&
           toy_module_add(t, module, "garbage", toy_retain(toy_collector_garbage(t)));
}

const ToyModule toy_module_gc = {
    .name = "gc",
    .doc = "Access to the collector of reference cycles.",
    .functions = functions,
    .init = init,
};
