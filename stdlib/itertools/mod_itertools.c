/* mod_itertools.c - itertools: building blocks for loops.
 *
 * What        The module: its types, and tee().
 * How         The types are described in files by kind.
 * GIL         held.
 * Read next   endless.c, filters.c, streams.c, combinatorics.c, groupby.c, tee.c */
#include "stdlib/itertools/itertools.h"

static const struct { const ToyTypeSpec *spec; const char *name; } types[] = {
    {&accumulate_spec, "itertools.accumulate"}, {&batched_spec, "itertools.batched"}, {&combinations_spec, "itertools.combinations"},
    {&combinations_with_replacement_spec, "itertools.combinations_with_replacement"}, {&compress_spec, "itertools.compress"},
    {&count_spec, "itertools.count"}, {&cycle_spec, "itertools.cycle"}, {&drop_while_spec, "itertools.dropwhile"},
    {&filter_false_spec, "itertools.filterfalse"}, {&groupby_spec, "itertools.groupby"},
    {&pairwise_spec, "itertools.pairwise"}, {&permutations_spec, "itertools.permutations"}, {&product_spec, "itertools.product"},
    {&repeat_spec, "itertools.repeat"}, {&starmap_spec, "itertools.starmap"}, {&take_while_spec, "itertools.takewhile"},
    {&zip_longest_spec, "itertools.zip_longest"},
};

static const ToyFunction functions[] = {
    TOY_RAW_FUNCTION("tee", itertools_tee, "(iterable, n=2, /)", 0, "Return a tuple of n independent iterators over the same items."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ItertoolsState *state = toy_module_state(toy_module_value(module));
    state->chain = toy_type_new(t, module, &chain_spec, "itertools.chain", NULL);
    state->islice = toy_type_new(t, module, &islice_spec, "itertools.islice", NULL);
    state->grouper = toy_type_new(t, module, &grouper_spec, "itertools._grouper", NULL);
    state->tee = toy_type_new(t, module, &tee_spec, "itertools._tee", NULL);
    state->tee_block = toy_type_new(t, module, &tee_block_spec, "itertools._tee_dataobject", NULL);
    ToyType *const own[] = {state->chain, state->islice, state->grouper, state->tee, state->tee_block};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!own[i] || !toy_module_add_type(t, module, own[i])) return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!toy_module_add_type(t, module, toy_type_new(t, module, types[i].spec, types[i].name, NULL))) return false;
    return true;
}

const ToyModule toy_module_itertools = {
    .name = "itertools",
    .doc = "Iterators that are built of other iterators: endless ones, filters, groups, choices.",
    .functions = functions,
    .state_size = sizeof(ItertoolsState),
    .init = init,
};
