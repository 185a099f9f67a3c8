/* mod_sre.c - _sre: the machine as a module. What scripts import is re, which is written in toy.
 *
 * What        compile, compile_lexicon, and the types Pattern and Match.
 * How         See README.md.
 * GIL         held.
 * Read next   stdlib/lib/re.toy, pattern.c */
#include "stdlib/re/objects.h"

static ToyValue sre_compile(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return pattern_compile(t, toy_module_state(self), args[0], args[1]);
}
static ToyValue sre_compile_lexicon(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue phrases = toy_tuple_from(t, args[0]);
    ToyValue pattern = toy_failed(phrases) ? TOY_FAILED : pattern_compile_lexicon(t, toy_module_state(self), phrases, args[1]);
    toy_release(phrases);
    return pattern;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("compile", sre_compile, "(pattern, flags, /)", 0, "Return the Pattern of a text."),
    TOY_FUNCTION("compile_lexicon", sre_compile_lexicon, "(phrases, flags, /)", 0, "Return the Pattern that tries the phrases in order; lastindex says which."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    SreState *state = toy_module_state(toy_module_value(module));
    state->pattern = toy_type_new(t, module, &pattern_spec, "re.Pattern", NULL);
    state->match = toy_type_new(t, module, &match_spec, "re.Match", NULL);
    state->scanner = toy_type_new(t, module, &scanner_spec, "_sre.SRE_Scanner", NULL);
    state->iterator = toy_type_new(t, module, &iterator_spec, "callable_iterator", NULL);
    return state->pattern && state->match && state->scanner && state->iterator && toy_module_add_type(t, module, state->pattern) &&
           toy_module_add_type(t, module, state->match);
}

const ToyModule toy_module_sre = {
    .name = "_sre",
    .doc = "The native part of module re.",
    .functions = functions,
    .state_size = sizeof(SreState),
    .init = init,
};
