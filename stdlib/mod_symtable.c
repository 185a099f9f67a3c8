/* mod_symtable.c - _symtable: the scopes of a source, as the compiler sees them.
 *
 * What        scopes(source, filename, mode).
 * How         One function; what its tuples mean, lib/symtable.toy says in methods.
 * GIL         held.
 * Read next   lib/symtable.toy, vm/cli/symbol_rows.c */
#include <string.h>

#include "vm/toy_vm.h"

static ToyValue symtable_scopes(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *mode;
    for (int i = 0; i < 3; i++)
        if (!toy_is_str(args[i])) return toy_raise_type_error(t, "symtable() argument %d must be str, not %N", i + 1, args[i]);
    mode = toy_str_utf8(t, args[2], NULL);
    if (!mode) return TOY_FAILED;
    if (strcmp(mode, "exec") && strcmp(mode, "eval") && strcmp(mode, "single"))
        return toy_raise_value_error(t, "symtable() arg 3 must be 'exec' or 'eval' or 'single'");
    return toy_symbols(t, args[0], args[1], mode);
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("scopes", symtable_scopes, "(source, filename, mode, /)", 0,
                 "Return (kind, name, line, is nested, {name: flags | binding << 12}, [children]) of the outermost scope."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_symtable = {
    .name = "_symtable",
    .doc = "The scopes of a source.",
    .functions = functions,
};
