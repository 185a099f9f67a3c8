/* mod_weakref.c - _weakref: the types of weak references, and who refers to an object weakly.
 *
 * What        ref, proxy, ProxyType, CallableProxyType; getweakrefs, getweakrefcount. weakref.toy builds on it.
 * How         The types are the machine's own (vm/object/weakref.c); here are their names.
 * GIL         held.
 * Read next   stdlib/lib/weakref.toy, vm/object/weakref.h */
#include "vm/toy_vm.h"

static ToyValue count_of(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, (int64_t)toy_weakref_count(t, args[0])); }
static ToyValue list_of(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_weakref_list(t, args[0]); }
static ToyValue proxy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_weak_proxy(t, args[0], toy_is_bound(args[1]) ? args[1] : TOY_NONE);
}

/* What a dictionary of weak references calls from its callback: the entry may have been replaced meanwhile. */
static ToyValue remove_dead(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_dict(args[0])) return toy_raise_type_error(t, "_remove_dead_weakref() argument 1 must be dict, not %N", args[0]);
    ToyValue reference;
    if (!toy_dict_get(t, args[0], args[1], &reference)) return TOY_FAILED;
    if (toy_is_unbound(reference)) return TOY_NONE;
    bool done = true;
    if (!toy_is_a(t, reference, toy_builtin_type(t, TOY_KIND_WEAKREF))) {
        done = toy_raise_false(t, TOY_TypeError, "not a weakref");
    } else {
        ToyValue target = toy_weakref_target(reference), old = TOY_UNBOUND;
        if (toy_is_unbound(target)) done = toy_dict_pop(t, args[0], args[1], &old);
        toy_release(old);
        toy_release(target);
    }
    toy_release(reference);
    return done ? TOY_NONE : TOY_FAILED;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("getweakrefcount", count_of, "(object, /)", 0, "How many weak references and proxies of the object there are."),
    TOY_FUNCTION("getweakrefs", list_of, "(object, /)", 0, "The weak references and proxies of the object, as a list."),
    TOY_FUNCTION("proxy", proxy, "(object, callback=None, /)", 0, "Create a proxy object that weakly references 'object'."),
    TOY_FUNCTION("_remove_dead_weakref", remove_dead, "(dct, key, /)", 0,
                 "Delete key from the dict dct if its value is a weak reference whose object is gone; no other thread runs in between."),
    TOY_FUNCTIONS_END,
};

static bool add(ToyThread *t, ToyModuleObject *module, const char *name, ToyBuiltin type)
{
    return toy_module_add(t, module, name, toy_type_value(toy_builtin_type(t, type)));
}
static bool init(ToyThread *t, ToyModuleObject *module)
{
    return add(t, module, "ref", TOY_KIND_WEAKREF) && add(t, module, "ReferenceType", TOY_KIND_WEAKREF) &&
           add(t, module, "ProxyType", TOY_KIND_WEAK_PROXY) && add(t, module, "CallableProxyType", TOY_KIND_WEAK_CALLABLE_PROXY);
}

const ToyModule toy_module_weakref = {
    .name = "_weakref",
    .doc = "References that do not keep their object alive: the floor under the module weakref.",
    .functions = functions,
    .init = init,
};
