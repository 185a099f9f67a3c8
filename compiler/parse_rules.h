/* parse_rules.h - what the files of the parser share: the Parser, its words, and the rules by name.
 *
 * What        Every grammar rule that another file uses, as parse_RULE(); and the few words that rules are written in: at, accept,
 *             token_ahead, node_make, list_add, mistake_*.
 * How         Tokens are read from the lexer when they are first looked at, and kept, so that a rule may go back. The last token
 *             that was ever looked at is where a plain "invalid syntax" points.
 *             A rule that does not match answers NULL and leaves the mark anywhere: who wants to try something else puts
 *             it back. Most rules know from one token what to do, so this is rare in the first reading.
 *             The second reading (has_failed_once) goes through the same rules in the order in which CPython's PEG parser
 *             would try them, remembers what each heavy rule made of each token (Memo), and asks the mistake_* rules of
 *             parse_mistakes*.c at the places where the grammar has its invalid_* rules.
 * Invariants  I1 once has_failed is set (a mistake is reported, the lexer stopped, or memory is out) every look at a token sees
 *                TOKEN_ERROR, so that all rules fall through to their ends.
 *             I2 node_make and list_add never return NULL: out of memory they hand out a spare node and set has_failed.
 *             I3 mark < fill whenever a token was looked at.
 * GIL         never needed.
 * Read next   parser.c, parse_stmt.c, parse_expr.c */
#ifndef TOY_COMPILER_PARSE_RULES_H
#define TOY_COMPILER_PARSE_RULES_H

#include "compiler/lexer.h"
#include "compiler/parser.h"

/* The rules whose results the second reading remembers. */
typedef enum Rule {
    RULE_EXPRESSION, RULE_NAMED_EXPRESSION, RULE_DISJUNCTION, RULE_BITWISE_OR, RULE_PRIMARY, RULE_ATOM, RULE_STAR_EXPRESSIONS,
    RULE_ARGUMENTS, RULE_SIMPLE_STATEMENT, RULE_BLOCK, RULE_STRINGS, RULE_FOR_IF_CLAUSES, RULE_PATTERN, RULE_STATEMENT,
} Rule;

typedef struct Memo {
    Rule rule;
    Node *node;           /* NULL: did not match here */
    NodeList list;        /* for rules that make a list */
    size_t end;           /* the mark behind it */
    struct Memo *next;
} Memo;

typedef struct Parser {
    Arena *arena;
    NameTable *names;
    Diagnostics *diagnostics;
    const ParseInput *input;
    Lexer *lexer;

    Token *tokens;
    size_t fill, capacity;      /* tokens looked at so far */
    size_t mark;                /* the next one to take */

    int depth;                  /* nested rules; see parser_enter */
    bool has_failed;            /* I1 */
    bool has_failed_once;       /* the second reading: name the mistake */
    bool hides_mistakes;        /* within the second reading, for a while: behave as in the first */
    bool gave_newline;          /* the end of an interactive input was handed out as a NEWLINE */
    NodeList type_ignores;      /* of keeps_type_comments */
    Node spare;                 /* I2 */
    Token no_token;             /* a TOKEN_ERROR without text */
    Identifier print, exec, underscore, match, case_, type;   /* names with a meaning in some places */
} Parser;

/* ---- tokens (parser.c) ---- */
bool parser_fill(Parser *parser, size_t index);   /* reads tokens up to index; false when that cannot be */

/* The text of a TYPE_COMMENT; NULL: there is none here. */
Identifier accept_type_comment(Parser *parser);
/* False: the grammar asked for is of before 3.[version], and it is said. */
bool is_of_version(Parser *parser, const char *what, int version);

/* A token that was looked at; no_token when that failed (I1). */
static inline const Token *token_at(const Parser *parser, size_t index)
{
    return index < parser->fill ? &parser->tokens[index] : &parser->no_token;
}
static inline TokenKind kind_ahead(Parser *parser, size_t distance)
{
    size_t index = parser->mark + distance;
    if (parser->has_failed || (index >= parser->fill && !parser_fill(parser, index)))
        return TOKEN_ERROR;
    return parser->tokens[index].kind;
}
static inline TokenKind next_kind(Parser *parser) { return kind_ahead(parser, 0); }
static inline bool at(Parser *parser, TokenKind kind) { return next_kind(parser) == kind; }
static inline bool at_either(Parser *parser, TokenKind one, TokenKind other)
{
    TokenKind kind = next_kind(parser);
    return kind == one || kind == other;
}
static inline bool accept(Parser *parser, TokenKind kind)
{
    bool is_here = at(parser, kind);
    parser->mark += is_here;
    return is_here;
}
/* The token just taken. */
static inline const Token *last_token(const Parser *parser) { return token_at(parser, parser->mark - 1); }
/* Where the next token stands. */
Span here(Parser *parser);
/* accept(), or else the mistake "expected '...'": for what nothing else can stand for. */
bool expect_forced(Parser *parser, TokenKind kind);
bool at_name(Parser *parser, Identifier name);    /* a soft keyword */
Identifier accept_name(Parser *parser);           /* NULL: no NAME here */
Identifier token_name(Parser *parser, const Token *token);
/* Takes NAME as an expression. */
Node *accept_name_node(Parser *parser, ExprContext ctx);

/* ---- nodes (parser.c) ---- */
/* A node from [from] to the end of the last token taken. */
Node *node_make(Parser *parser, NodeKind kind, Span from);
Node *node_make_at(Parser *parser, NodeKind kind, Span at);
void list_add(Parser *parser, NodeList *list, Node *node);
void identifier_list_add(Parser *parser, IdentifierList *list, Identifier name);
void *parser_alloc(Parser *parser, size_t size);  /* NULL, and has_failed, when memory is exhausted */
static inline Span span_join(Span from, Span to)
{
    return (Span){ from.lineno, from.col_offset, to.end_lineno, to.end_col_offset };
}

/* ---- recursion and memory of the second reading (parser.c) ---- */
bool parser_enter(Parser *parser);                /* false: too deep, reported */
static inline void parser_leave(Parser *parser) { parser->depth--; }
static inline bool names_mistakes(const Parser *parser)
{
    return parser->has_failed_once && !parser->hides_mistakes && !parser->has_failed;
}
bool memo_find(Parser *parser, Rule rule, Memo *found);   /* and moves the mark */
void memo_keep(Parser *parser, Rule rule, size_t start, Node *node, NodeList list);

/* ---- reporting (parse_report.c); all set has_failed and return NULL ---- */
Node *mistake_at(Parser *parser, Span span, const char *format, ...) PRINTF_LIKE(3, 4);
Node *mistake_between(Parser *parser, Span from, Span to, const char *format, ...) PRINTF_LIKE(4, 5);
Node *mistake_from(Parser *parser, Span from, const char *format, ...) PRINTF_LIKE(3, 4);   /* to where the lexer is */
Node *mistake_here(Parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);              /* the last token looked at */
Node *mistake_next(Parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);              /* the next token to take */
Node *mistake_indent(Parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);            /* IndentationError, as mistake_here */
Node *mistake_columns(Parser *parser, DiagnosticClass class, Span span, const char *format, ...) PRINTF_LIKE(4, 5);
void report_lexer_stop(Parser *parser);
void report_final(Parser *parser, Token last);    /* after the second reading */
void token_warn(Parser *parser, const Token *token, const char *format, ...) PRINTF_LIKE(3, 4);

/* ---- statements (parse_stmt.c, parse_compound.c) ---- */
bool parse_statements(Parser *parser, NodeList *body);      /* one or more */
bool parse_statement(Parser *parser, NodeList *body);
bool parse_simple_stmts(Parser *parser, NodeList *body);
bool parse_compound_stmt(Parser *parser, Node **statement); /* true: there was one, *statement NULL if it did not match */
bool parse_block(Parser *parser, NodeList *body);
Node *parse_match_stmt(Parser *parser);
Node *parse_guard(Parser *parser);
Node *parse_with_stmt(Parser *parser, Span from, bool is_async);
Node *parse_try_stmt(Parser *parser);
Node *parse_type_alias(Parser *parser);
bool parse_type_params(Parser *parser, NodeList *list);     /* true also when there are none */

/* ---- parameters and targets (parse_params.c, parse_targets.c) ---- */
Node *parse_params(Parser *parser, bool is_lambda);         /* may be empty */
Node *parse_star_targets(Parser *parser);
Node *parse_star_target(Parser *parser);
Node *parse_del_targets(Parser *parser, NodeList *targets); /* not NULL: matched */
typedef enum TargetUse { TARGET_STAR, TARGET_DELETE, TARGET_FOR } TargetUse;
bool is_star_target(const Node *node);
bool is_delete_target(const Node *node);
bool is_single_target(const Node *node);
void set_context(Parser *parser, Node *node, ExprContext ctx);
/* The part of [node] that keeps it from being a target; NULL if there is none. */
Node *invalid_target(Node *node, TargetUse use);
const char *expression_name(const Node *node);              /* "function call", for messages */

/* ---- expressions (parse_expr.c, parse_atom.c, parse_fstring.c) ---- */
Node *parse_expression(Parser *parser);
Node *parse_conditional(Parser *parser);                   /* expression, without its mistakes and memo */
Node *parse_tuple_or_one(Parser *parser, Node *(*item)(Parser *parser));   /* a list with commas, of expressions or targets */
Node *parse_expressions(Parser *parser);
Node *parse_star_expression(Parser *parser);
Node *parse_star_expressions(Parser *parser);
Node *parse_star_named_expression(Parser *parser);
bool parse_star_named_expressions(Parser *parser, NodeList *list);
Node *parse_named_expression(Parser *parser);
Node *parse_assignment_expression(Parser *parser);          /* NAME ':=' expression */
Node *parse_yield_expr(Parser *parser);
Node *parse_annotated_rhs(Parser *parser);                  /* yield_expr | star_expressions */
Node *parse_disjunction(Parser *parser);
Node *parse_inversion(Parser *parser);                      /* 'not' ... | comparison */
Node *parse_bitwise_or(Parser *parser);
Node *parse_sum(Parser *parser);
Node *parse_factor(Parser *parser);
Node *parse_primary(Parser *parser);
Node *parse_atom(Parser *parser);
Node *parse_lambdef(Parser *parser);
Node *parse_starred_expression(Parser *parser);             /* '*' expression */
Node *parse_arguments(Parser *parser);                      /* a Call without func */
Node *parse_args(Parser *parser);
Node *parse_slices(Parser *parser);
bool parse_for_if_clauses(Parser *parser, NodeList *clauses);
bool at_comprehension(Parser *parser);                      /* for, or async for */
Node *parse_strings(Parser *parser);
bool parse_fstring_field(Parser *parser, NodeList *parts);  /* '{' ... '}' */
Node *parse_paren(Parser *parser);
Node *parse_list(Parser *parser);
Node *parse_brace(Parser *parser);
Node *parse_number(Parser *parser);

/* ---- patterns (parse_pattern.c) ---- */
Node *parse_patterns(Parser *parser);
Node *parse_pattern(Parser *parser);
Node *parse_or_pattern(Parser *parser);

/* ---- the rules for mistakes (parse_mistakes.c: expressions, parse_mistakes_stmt.c: statements) ----
 * Each looks at what stands at the mark and reports if it is its mistake. The mark is as before afterwards. */
void mistake_expression(Parser *parser);
void mistake_arithmetic(Parser *parser);
void mistake_factor(Parser *parser);
void mistake_named_expression(Parser *parser);
void mistake_arguments(Parser *parser);
void mistake_kwarg(Parser *parser);
void mistake_starred_expression(Parser *parser);
void mistake_group(Parser *parser);
void mistake_comprehension(Parser *parser);
void mistake_kvpair(Parser *parser, const Node *key, bool is_first);
void mistake_dict_comprehension(Parser *parser);
void mistake_for_target(Parser *parser);
void mistake_for_if_clause(Parser *parser);
void mistake_params(Parser *parser, bool is_lambda);
void mistake_star_etc(Parser *parser, bool is_lambda);
void mistake_kwds(Parser *parser, bool is_lambda);
void mistake_default(Parser *parser, bool is_lambda);
void mistake_replacement_field(Parser *parser);
void mistake_assignment(Parser *parser);
void mistake_del(Parser *parser);
void mistake_import(Parser *parser);
void mistake_import_from_targets(Parser *parser);
void mistake_with_item(Parser *parser);
void mistake_with(Parser *parser);
void mistake_try(Parser *parser);
void mistake_except(Parser *parser);
void mistake_as_pattern(Parser *parser);
void mistake_class_pattern(Parser *parser);
void mistake_type_params(Parser *parser);
void mistake_type_param(Parser *parser);

#endif
