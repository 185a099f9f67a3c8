/* symbol_rows.c - the scopes of a source as plain objects, for the module symtable.
 *
 * What        loader_symbols(): what scope analysis found, as nested tuples.
 * How         One tuple for each scope: (kind, name, line, is nested, {name: flags | binding << 12}, children). A comprehension without
 *             a frame of its own is no scope to scripts: its variables and its children are those of its host.
 * GIL         held.
 * Read next   compiler/scope.h, stdlib/lib/symtable.toy */
#include "compiler/compile.h"
#include "compiler/scope.h"
#include "vm/cli/loader.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/str.h"

enum { BINDING_SHIFT = 12 };

static Value row_of(Thread *t, const Scope *scope);

static bool add_symbol(Thread *t, Dict *symbols, const Symbol *symbol, bool is_of_inlined)
{
    Str *name = str_intern(t, str_from_wtf8(t, symbol->name->bytes, symbol->name->length));
    if (!name) return false;
    Value before = dict_get_str(symbols, name);
    int64_t flags = symbol->flags | (int64_t)symbol->binding << BINDING_SHIFT;
    if (is_of_inlined && is_bound(before)) flags = small_int(before) | symbol->flags;
    bool done = dict_set_str(t, symbols, name, small_int_value(flags));
    object_release(name);
    return done;
}

/* The argument of a comprehension's function, which an inlined one does not have. */
static bool is_hidden(const Scope *scope, const Symbol *symbol)
{
    return scope->is_inlined && symbol->name->length > 0 && symbol->name->bytes[0] == '.';
}

static bool add_scope(Thread *t, const Scope *scope, Dict *symbols, List *children)
{
    if (stack_is_exhausted(t, " during compilation")) return false;
    for (size_t i = 0; i < scope->symbol_count; i++)
        if (!is_hidden(scope, scope->symbols[i]) && !add_symbol(t, symbols, scope->symbols[i], scope->is_inlined)) return false;
    for (const Scope *child = scope->first_child; child; child = child->next_sibling) {
        bool done = child->is_inlined ? add_scope(t, child, symbols, children) : list_append_take(t, children, row_of(t, child));
        if (!done) return false;
    }
    return true;
}

static Value row_of(Thread *t, const Scope *scope)
{
    Dict *symbols = dict_new(t);
    List *children = symbols ? list_new(t, 4) : NULL;
    Str *name = children ? str_from_wtf8(t, scope->name ? scope->name->bytes : "", scope->name ? scope->name->length : 0) : NULL;
    Value row = FAILED;
    if (name && add_scope(t, scope, symbols, children)) {
        Value items[] = {small_int_value(scope->kind), object_value(name), small_int_value(scope->at.lineno), bool_value(scope->is_nested),
                         object_value(symbols), object_value(children)};
        row = object_value(tuple_from_values(t, items, ARRAY_LENGTH(items)));
    }
    if (name) object_release(name);
    if (children) object_release(children);
    if (symbols) object_release(symbols);
    return row;
}

Value loader_symbols(Thread *t, Arena *arena, NameTable *names, Node *tree, const CompileOptions *options, Diagnostics *diagnostics)
{
    bool has_text_annotations = options->has_text_annotations;
    if (!future_statements(tree, &has_text_annotations, diagnostics)) return UNBOUND;
    ScopeOptions scope_options = {has_text_annotations, options->stack_limit};
    const Scope *scope = scope_analyze(arena, names, tree, &scope_options, diagnostics);
    return scope ? row_of(t, scope) : UNBOUND;
}
