/* parser.c - the ground that the grammar rules stand on, and parse() itself.
 *
 * What        Looking at tokens, going back, making nodes; the two readings; the shapes of a whole input.
 * How         See parse_rules.h. Everything a rule needs is made not to fail in its hands: a token that cannot be read looks
 *             like TOKEN_ERROR, a node that cannot be allocated is the spare one; the parse as a whole fails at the end.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_stmt.c, parse_report.c */
#include "compiler/parse_rules.h"

#include <string.h>

#include "compiler/source.h"
#include "vm/base/codec.h"
#include "vm/base/normalize.h"

/* CPython gives up at a depth of 6000 rules, of which about 30 stand around any expression. */
enum { MAX_DEPTH = 6000, OUTER_DEPTH = 31 };

/* ---- memory ---- */

static void out_of_memory(Parser *parser)
{
    diagnostics_out_of_memory(parser->diagnostics);
    parser->has_failed = true;
}

void *parser_alloc(Parser *parser, size_t size)
{
    void *block = arena_alloc(parser->arena, size);
    if (!block)
        out_of_memory(parser);
    return block;
}

Node *node_make_at(Parser *parser, NodeKind kind, Span at)
{
    Node *node = node_new(parser->arena, kind, at);
    if (node)
        return node;
    out_of_memory(parser);
    parser->spare = (Node){ .kind = kind, .at = at };
    return &parser->spare;
}

Node *node_make(Parser *parser, NodeKind kind, Span from)
{
    size_t last = parser->mark < parser->fill ? parser->mark : parser->fill;
    while (last > 1) {   /* a block ends where its last statement does, not at the DEDENT */
        TokenKind token = parser->tokens[last - 1].kind;
        if (token != TOKEN_NEWLINE && token != TOKEN_INDENT && token != TOKEN_DEDENT && token != TOKEN_ENDMARKER)
            break;
        last--;
    }
    Span end = last ? parser->tokens[last - 1].at : from;
    return node_make_at(parser, kind, span_join(from, end));
}

/* Lists grow by doubling, so a list of n > 0 items has room for the next power of two. */
static bool is_full(size_t count) { return (count & (count - 1)) == 0; }

static void *grow(Parser *parser, void *items, size_t count, size_t size)
{
    void *larger = parser_alloc(parser, (count ? count * 2 : 1) * size);
    if (larger && count)
        memcpy(larger, items, count * size);
    return larger;
}

void list_add(Parser *parser, NodeList *list, Node *node)
{
    if (is_full(list->count)) {
        Node **items = grow(parser, list->items, list->count, sizeof *items);
        if (!items)
            return;
        list->items = items;
    }
    list->items[list->count++] = node;
}

void identifier_list_add(Parser *parser, IdentifierList *list, Identifier name)
{
    if (is_full(list->count)) {
        Identifier *items = grow(parser, list->items, list->count, sizeof *items);
        if (!items)
            return;
        list->items = items;
    }
    list->items[list->count++] = name;
}

/* ---- tokens ---- */

/* The end of an interactive input is a NEWLINE as well, and closes open blocks, unless the caller waits for more lines. */
static void end_interactive(Parser *parser, Token *token)
{
    Lexer *lexer = parser->lexer;
    if (token->kind != TOKEN_ENDMARKER || parser->gave_newline || parser->fill == 0) {
        parser->gave_newline = false;
        return;
    }
    parser->gave_newline = true;
    token->kind = TOKEN_NEWLINE;
    if (lexer->indent_level && !parser->input->keeps_open_block) {
        lexer->pending_indents = -lexer->indent_level;
        lexer->indent_level = 0;
    }
}

static Identifier token_text(Parser *parser, const Token *token)
{
    Identifier text = name_intern(parser->names, token->start, (size_t)(token->end - token->start));
    if (!text)
        diagnostics_out_of_memory(parser->diagnostics);
    return text;
}

static void note_type_ignore(Parser *parser, const Token *token)
{
    Node *node = node_make_at(parser, NODE_TypeIgnore, token->at);
    node->TypeIgnore.lineno = token->at.lineno;
    node->TypeIgnore.tag = token_text(parser, token);
    list_add(parser, &parser->type_ignores, node);
}

Identifier accept_type_comment(Parser *parser)
{
    return accept(parser, TOKEN_TYPE_COMMENT) ? token_text(parser, last_token(parser)) : NULL;
}

bool is_of_version(Parser *parser, const char *what, int version)
{
    int limit = parser->input->feature_version;
    if (limit && limit < version && !parser->has_failed)
        mistake_here(parser, "%s only supported in Python 3.%d and greater", what, version);
    return !parser->has_failed;
}

bool parser_fill(Parser *parser, size_t index)
{
    while (parser->fill <= index) {
        if (parser->fill && parser->tokens[parser->fill - 1].kind == TOKEN_ENDMARKER)
            return false;
        if (parser->fill == parser->capacity) {
            size_t capacity = parser->capacity ? parser->capacity * 2 : 256;
            Token *tokens = parser_alloc(parser, capacity * sizeof *tokens);
            if (!tokens)
                return false;
            if (parser->fill)
                memcpy(tokens, parser->tokens, parser->fill * sizeof *tokens);
            parser->tokens = tokens;
            parser->capacity = capacity;
        }
        Token token = lexer_next(parser->lexer);
        while (token.kind == TOKEN_TYPE_IGNORE) {
            note_type_ignore(parser, &token);
            token = lexer_next(parser->lexer);
        }
        if (parser->input->mode == PARSE_SINGLE)
            end_interactive(parser, &token);
        parser->tokens[parser->fill++] = token;
        if (token.kind == TOKEN_ERROR) {
            report_lexer_stop(parser);
            parser->has_failed = true;
            return false;
        }
        if (parser->diagnostics->is_out_of_memory) {
            parser->has_failed = true;
            return false;
        }
    }
    return true;
}

Span here(Parser *parser)
{
    (void)next_kind(parser);
    return parser->mark < parser->fill ? parser->tokens[parser->mark].at : (Span){ 0 };
}

bool expect_forced(Parser *parser, TokenKind kind)
{
    if (accept(parser, kind))
        return true;
    if (!parser->has_failed && parser->has_failed_once)
        mistake_at(parser, here(parser), "expected '%s'", token_kind_text(kind));
    return false;
}

/* ---- names ---- */

/* Other than ASCII: names that look alike are one name (PEP 3131). */
static Identifier normalised_name(Parser *parser, const Token *token)
{
    Buffer characters, bytes, normal;
    buffer_init(&characters, parser->arena->memory);
    buffer_init(&normal, parser->arena->memory);
    buffer_init(&bytes, parser->arena->memory);
    for (const char *at = token->start; at < token->end;) {
        uint32_t character = 0;
        unsigned length = utf8_read(at, (size_t)(token->end - at), CODEC_STRICT, &character);
        buffer_add_u32(&characters, character);
        at += length ? length : 1;
    }
    if (buffer_ok(&characters))
        unicode_normalize(NORMAL_KC, (const uint32_t *)(const void *)characters.data, characters.length / 4, &normal);
    for (size_t i = 0; buffer_ok(&normal) && i < normal.length; i += 4) {
        uint32_t character;
        unsigned char encoded[4];
        memcpy(&character, normal.data + i, 4);
        buffer_add(&bytes, encoded, utf8_write(character, encoded));
    }
    bool is_good = buffer_ok(&characters) && buffer_ok(&normal) && buffer_ok(&bytes);
    Identifier name = is_good ? name_intern(parser->names, bytes.data, bytes.length) : NULL;
    buffer_free(&characters);
    buffer_free(&normal);
    buffer_free(&bytes);
    return name;
}

Identifier token_name(Parser *parser, const Token *token)
{
    static const CodeText nameless = { "", 0 };
    size_t length = (size_t)(token->end - token->start);
    bool is_ascii = true;
    for (const char *at = token->start; at < token->end; at++)
        is_ascii &= (unsigned char)*at < 0x80;
    Identifier name = is_ascii ? name_intern(parser->names, token->start, length) : normalised_name(parser, token);
    if (name)
        return name;
    out_of_memory(parser);
    return &nameless;
}

bool at_name(Parser *parser, Identifier name)
{
    if (!at(parser, TOKEN_NAME))
        return false;
    const Token *token = token_at(parser, parser->mark);
    return (size_t)(token->end - token->start) == name->length && memcmp(token->start, name->bytes, name->length) == 0;
}

Identifier accept_name(Parser *parser)
{
    return accept(parser, TOKEN_NAME) ? token_name(parser, last_token(parser)) : NULL;
}

Node *accept_name_node(Parser *parser, ExprContext ctx)
{
    if (!accept(parser, TOKEN_NAME))
        return NULL;
    Node *node = node_make_at(parser, NODE_Name, last_token(parser)->at);
    node->Name.id = token_name(parser, last_token(parser));
    node->Name.ctx = ctx;
    return node;
}

/* ---- recursion, memos ---- */

bool parser_enter(Parser *parser)
{
    char stack_top;
    bool is_deep = parser->input->stack_limit && (uintptr_t)&stack_top < parser->input->stack_limit;
    if (parser->has_failed)
        return false;
    if (++parser->depth + OUTER_DEPTH <= MAX_DEPTH && !is_deep)
        return true;
    parser->depth--;
    diagnostic_add(parser->diagnostics, DIAGNOSTIC_MEMORY_ERROR, NULL, "Parser stack overflowed - Python source too complex to parse");
    parser->has_failed = true;
    return false;
}

bool memo_find(Parser *parser, Rule rule, Memo *found)
{
    if (!parser->has_failed_once || next_kind(parser) == TOKEN_ERROR)
        return false;
    for (const Memo *memo = parser->tokens[parser->mark].memos; memo; memo = memo->next) {
        if (memo->rule == rule) {
            *found = *memo;
            parser->mark = memo->end;
            return true;
        }
    }
    return false;
}

void memo_keep(Parser *parser, Rule rule, size_t start, Node *node, NodeList list)
{
    if (!parser->has_failed_once || parser->has_failed || start >= parser->fill)
        return;
    Memo *memo = parser_alloc(parser, sizeof *memo);
    if (!memo)
        return;
    *memo = (Memo){ rule, node, list, node ? parser->mark : start, parser->tokens[start].memos };
    parser->tokens[start].memos = memo;
}

/* ---- whole inputs ---- */

/* file: [statements] ENDMARKER */
static Node *parse_file(Parser *parser)
{
    Node *module = node_make_at(parser, NODE_Module, (Span){ 0 });
    NodeList body = { 0 };
    if (!at(parser, TOKEN_ENDMARKER) && !parse_statements(parser, &body))
        return NULL;
    module->Module.body = body;
    if (!accept(parser, TOKEN_ENDMARKER))
        return NULL;
    module->Module.type_ignores = parser->type_ignores;
    return module;
}

/* interactive: compound_stmt NEWLINE | simple_stmts | NEWLINE | ENDMARKER */
static Node *parse_interactive(Parser *parser)
{
    Node *module = node_make_at(parser, NODE_Interactive, (Span){ 0 });
    Node *statement;
    NodeList body = { 0 };
    size_t start = parser->mark;
    if (parse_compound_stmt(parser, &statement)) {
        if (statement && accept(parser, TOKEN_NEWLINE)) {
            list_add(parser, &module->Interactive.body, statement);
            return module;
        }
        if (statement)
            return NULL;
        parser->mark = start;
    }
    if (!parse_simple_stmts(parser, &body)) {
        parser->mark = start;
        if (!accept(parser, TOKEN_NEWLINE))
            return NULL;
        Node *pass = node_make(parser, NODE_Pass, last_token(parser)->at);
        list_add(parser, &module->Interactive.body, pass);
        return module;
    }
    module->Interactive.body = body;
    return module;
}

/* eval: expressions NEWLINE* ENDMARKER */
static Node *parse_eval(Parser *parser)
{
    Node *body = parse_expressions(parser);
    if (!body)
        return NULL;
    while (accept(parser, TOKEN_NEWLINE))
        continue;
    if (!accept(parser, TOKEN_ENDMARKER))
        return NULL;
    Node *expression = node_make_at(parser, NODE_Expression, (Span){ 0 });
    expression->Expression.body = body;
    return expression;
}

/* func_type: '(' [','.(expression | '*' expression | '**' expression)+] ')' '->' expression NEWLINE* ENDMARKER; stars stand last, each once */
static Node *parse_func_type(Parser *parser)
{
    Node *type = node_make_at(parser, NODE_FunctionType, (Span){ 0 });
    int last_stars = 0;
    if (!accept(parser, TOKEN_LPAR))
        return NULL;
    while (!at(parser, TOKEN_RPAR) || last_stars || type->FunctionType.argtypes.count) {
        int stars = accept(parser, TOKEN_STAR) ? 1 : accept(parser, TOKEN_DOUBLESTAR) ? 2 : 0;
        Node *argument = stars < last_stars || (stars && stars == last_stars) ? NULL : parse_expression(parser);
        if (!argument)
            return NULL;
        list_add(parser, &type->FunctionType.argtypes, argument);
        last_stars = stars;
        if (stars == 2 || !accept(parser, TOKEN_COMMA))
            break;
    }
    if (!accept(parser, TOKEN_RPAR) || !accept(parser, TOKEN_RARROW) || !(type->FunctionType.returns = parse_expression(parser)))
        return NULL;
    while (accept(parser, TOKEN_NEWLINE))
        continue;
    return accept(parser, TOKEN_ENDMARKER) ? type : NULL;
}

static Node *parse_input(Parser *parser)
{
    parser->mark = 0;
    parser->depth = 0;
    Node *tree = NULL;
    switch (parser->input->mode) {
    case PARSE_FILE: tree = parse_file(parser); break;
    case PARSE_SINGLE: tree = parse_interactive(parser); break;
    case PARSE_EVAL: tree = parse_eval(parser); break;
    case PARSE_FUNC_TYPE: tree = parse_func_type(parser); break;
    }
    return parser->has_failed ? NULL : tree;
}

/* One statement is one line of a REPL; what follows it may be blank lines and comments only. */
static bool is_single_statement(Parser *parser)
{
    const Lexer *lexer = parser->lexer;
    const char *at = lexer->cursor;
    for (;;) {
        while (at < lexer->text_end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\f'))
            at++;
        if (at == lexer->text_end || *at != '#')
            return at == lexer->text_end;
        while (at < lexer->text_end && *at != '\n')
            at++;
    }
}

/* The text ended in the middle of something that may still become right. */
static bool is_cut_off(const Parser *parser)
{
    LexerDone done = parser->lexer->done;
    return done == LEXER_END || done == LEXER_OPEN_TRIPLE_QUOTES || done == LEXER_OPEN_QUOTES;
}

static void report_incomplete(Parser *parser)
{
    Diagnostics *diagnostics = parser->diagnostics;
    if (diagnostics->is_out_of_memory)
        return;
    if (diagnostics->has_error)
        (void)diagnostics_take_error(diagnostics);
    diagnostics->is_incomplete = true;
    mistake_here(parser, "incomplete input");
}

static bool intern_soft_keywords(Parser *parser)
{
    NameTable *names = parser->names;
    return (parser->print = name_intern(names, "print", 5)) && (parser->exec = name_intern(names, "exec", 4))
           && (parser->underscore = name_intern(names, "_", 1)) && (parser->match = name_intern(names, "match", 5))
           && (parser->case_ = name_intern(names, "case", 4)) && (parser->type = name_intern(names, "type", 4));
}

Node *parse(Arena *arena, NameTable *names, const ParseInput *input, Diagnostics *diagnostics)
{
    SourceText text;
    if (!source_read(arena, input, &text, diagnostics))
        return NULL;
    Parser *parser = arena_alloc(arena, sizeof *parser);
    Lexer *lexer = arena_alloc(arena, sizeof *lexer);
    if (!parser || !lexer) {
        diagnostics_out_of_memory(diagnostics);
        return NULL;
    }
    lexer_init(lexer, text.bytes, text.length, diagnostics);
    lexer->checks_utf8 = input->is_script_file;
    lexer->wants_type_comments = input->keeps_type_comments;
    lexer->filename = input->filename;
    *parser = (Parser){ .arena = arena, .names = names, .diagnostics = diagnostics, .input = input, .lexer = lexer,
                        .no_token = { .kind = TOKEN_ERROR, .start = "", .end = "" } };
    if (!intern_soft_keywords(parser)) {
        diagnostics_out_of_memory(diagnostics);
        return NULL;
    }

    Node *tree = parse_input(parser);
    if (tree && input->mode == PARSE_SINGLE && !is_single_statement(parser)) {
        mistake_here(parser, "multiple statements found while compiling a single statement");
        return NULL;
    }
    if (tree || diagnostics->is_out_of_memory)
        return diagnostics->is_out_of_memory ? NULL : tree;
    if (input->allows_incomplete && is_cut_off(parser)) {
        report_incomplete(parser);
        return NULL;
    }
    Token last = parser->fill ? parser->tokens[parser->fill - 1] : (Token){ .kind = TOKEN_ENDMARKER };
    if (!diagnostics->has_error) {
        for (size_t i = 0; i < parser->fill; i++)
            parser->tokens[i].memos = NULL;
        parser->has_failed_once = true;
        (void)parse_input(parser);
    }
    report_final(parser, last);
    return NULL;
}
