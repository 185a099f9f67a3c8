/* gen_import.c - import a.b as c; from a import b.
 *
 * What        Both import statements.
 * How         IMPORT_NAME takes the level (0: absolute, n: n dots) and the wanted names, and pushes a module: the outermost one
 *             when no names are wanted (import a.b pushes a), the innermost one otherwise.
 * GIL         never needed.
 * Read next   vm/run/import.c */
#include <string.h>

#include "compiler/gen.h"

/* import a.b.c as d: IMPORT_NAME pushed a; go down to c. */
static void go_down(Gen *g, Identifier name, Span at)
{
    const char *part = name->bytes, *end = name->bytes + name->length, *dot;
    part = memchr(part, '.', (size_t)(end - part));
    while (part) {
        part++;
        dot = memchr(part, '.', (size_t)(end - part));
        Identifier attribute = name_intern(g->names, part, (size_t)((dot ? dot : end) - part));
        if (!attribute) {
            gen_out_of_memory(g);
            return;
        }
        emit_name(g, OP_IMPORT_FROM, attribute, at);
        emit(g, OP_SWAP, 2, at);
        emit(g, OP_POP_TOP, 0, at);
        part = dot;
    }
}

void gen_import(Gen *g, Node *node)
{
    for (size_t i = 0; i < node->Import.names.count; i++) {
        const Node *alias = node->Import.names.items[i];
        Identifier name = alias->alias.name;
        const char *dot = memchr(name->bytes, '.', name->length);
        emit_int(g, 0, node->at);
        emit_none(g, node->at);
        emit_name(g, OP_IMPORT_NAME, name, node->at);
        if (alias->alias.asname) {
            if (dot) go_down(g, name, node->at);
            gen_name(g, alias->alias.asname, CONTEXT_Store, node->at);
        } else {
            Identifier first = dot ? name_intern(g->names, name->bytes, (size_t)(dot - name->bytes)) : name;
            if (!first)
                gen_out_of_memory(g);
            else
                gen_name(g, first, CONTEXT_Store, node->at);
        }
    }
}

void gen_import_from(Gen *g, Node *node)
{
    NodeList names = node->ImportFrom.names;
    Const *wanted = arena_alloc(g->arena, names.count * sizeof *wanted + 1);
    if (!wanted) {
        gen_out_of_memory(g);
        return;
    }
    for (size_t i = 0; i < names.count; i++) wanted[i] = const_text(*names.items[i]->alias.name);
    Const tuple = const_tuple(g, wanted, names.count);
    emit_int(g, (uint64_t)node->ImportFrom.level, node->at);
    emit_const(g, &tuple, node->at);
    Identifier module = node->ImportFrom.module ? node->ImportFrom.module : gen_identifier(g, "");
    emit_name(g, OP_IMPORT_NAME, module, node->at);
    if (names.count == 1 && identifier_is(names.items[0]->alias.name, "*")) {
        emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_IMPORT_STAR, node->at);
        emit(g, OP_POP_TOP, 0, node->at);
        return;
    }
    for (size_t i = 0; i < names.count; i++) {
        const Node *alias = names.items[i];
        emit_name(g, OP_IMPORT_FROM, alias->alias.name, node->at);
        gen_name(g, alias->alias.asname ? alias->alias.asname : alias->alias.name, CONTEXT_Store, node->at);
    }
    emit(g, OP_POP_TOP, 0, node->at);
}
