/* mod_typing.c - _typing: the machine's part of `typing`.
 *
 * What        The types behind the syntax for generic functions, classes and aliases, and NoDefault.
 * How         A table. The rest of typing is written in toy; where the machine needs it, it imports that module (type_parameter.c).
 * GIL         held.
 * Read next   lib/typing.toy, vm/run/type_parameter.c */
#include "vm/toy.h"

static const struct { const char *name; ToyBuiltin kind; } rows[] = {
    {"NoDefaultType", TOY_KIND_NO_DEFAULT},
    {"ParamSpec", TOY_KIND_PARAM_SPEC},
    {"ParamSpecArgs", TOY_KIND_PARAM_SPEC_ARGS},
    {"ParamSpecKwargs", TOY_KIND_PARAM_SPEC_KWARGS},
    {"TypeAliasType", TOY_KIND_TYPE_ALIAS},
    {"TypeVar", TOY_KIND_TYPE_VAR},
    {"TypeVarTuple", TOY_KIND_TYPE_VAR_TUPLE},
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!toy_module_add(t, module, rows[i].name, toy_retain(toy_type_value(toy_builtin_type(t, rows[i].kind))))) return false;
    /* The one instance of its type. */
    return toy_module_add(t, module, "NoDefault", toy_call0(t, toy_type_value(toy_builtin_type(t, TOY_KIND_NO_DEFAULT))));
}

const ToyModule toy_module_typing = {
    .name = "_typing",
    .doc = "The types behind the syntax for generic functions, classes and aliases.",
    .init = init,
};
