/* mod_tokenize.c - _tokenize: the tokens of a source text, from the lexer that the compiler uses.
 *
 * What        rows(source, list): appends a row for each token to the list.
 * How         A mistake in the source is an exception, and the tokens in front of it are in the list by then: that is why the caller
 *             brings it.
 * GIL         held.
 * Read next   lib/tokenize.toy, compiler/token_dump.c */
#include "vm/toy_vm.h"

static ToyValue tokenize_rows(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *source;
    size_t length;
    if (!toy_is_list(args[1])) return toy_raise_type_error(t, "rows() argument 2 must be list, not %N", args[1]);
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "rows() argument 1 must be str, not %N", args[0]);
    source = toy_str_utf8(t, args[0], &length);
    return source && toy_tokens(t, source, length, args[1]) ? TOY_NONE : TOY_FAILED;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("rows", tokenize_rows, "(source, rows, /)", 0,
                 "Append (kind, text, line, column, end line, end column, whole lines) of each token to the list rows."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_tokenize = {
    .name = "_tokenize",
    .doc = "The tokens of a source text.",
    .functions = functions,
};
