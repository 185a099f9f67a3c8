/* caret_anchors.c - what a traceback points at within an expression.
 *
 * What        Two questions about a piece of source that failed: where is its operator or its pair of brackets, and is it so plain
 *             a call that underlining all of it would tell nothing.
 * How         The piece is parsed once more. The tree tells where the operands end; the operator is the first character behind the
 *             left one that is no blank, bracket, comment or line continuation.
 *
 *                 a . b [ key ]  +  f ( x )         the segment
 *                 ^^^^^^^^^^^^^  |  ^^^^^^^         left and right operand, from the tree
 *                                +                 what is searched between them
 *
 * Invariants  I1 no answer is an answer: a piece that does not parse has no anchors.
 * GIL         held, for the account of memory only.
 * Read next   vm/run/traceback_frame.c, compiler/parser.h */
#include "compiler/parser.h"
#include "vm/base/codec.h"
#include "vm/cli/loader.h"
#include "vm/object/exception.h"

/* The lines of a segment, and a place in it: columns in bytes. */
typedef struct Segment { const char **starts; size_t *lengths; size_t count; } Segment;
typedef struct Place { size_t line, column; } Place;

static Node *parse_text(Thread *t, Arena *arena, const char *text, size_t length)
{
    NameTable names;
    Diagnostics diagnostics;
    name_table_init(&names, arena);
    diagnostics_init(&diagnostics, arena);
    ParseInput input = {.source = text, .length = length, .filename = "<unknown>", .mode = PARSE_FILE, .is_text = true,
                        .stack_limit = (uintptr_t)t->stack_limit, .max_int_digits = PARSE_DEFAULT_MAX_INT_DIGITS};
    return parse(arena, &names, &input, &diagnostics);
}

static bool split(Arena *arena, const char *text, size_t length, Segment *segment)
{
    size_t count = 1;
    for (size_t i = 0; i < length; i++) count += text[i] == '\n';
    segment->starts = arena_alloc(arena, count * sizeof *segment->starts);
    segment->lengths = arena_alloc(arena, count * sizeof *segment->lengths);
    if (!segment->starts || !segment->lengths) return false;
    for (const char *end = text + length; segment->count < count; segment->count++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) stop = end;
        segment->starts[segment->count] = text;
        segment->lengths[segment->count] = (size_t)(stop - text);
        text = stop + (stop < end);
    }
    return true;
}

/* To the next line while there is no character at [place]. False: the segment ends. */
static bool settle(const Segment *segment, Place *place)
{
    while (place->line < segment->count && place->column >= segment->lengths[place->line]) {
        place->column = 0;
        place->line++;
    }
    return place->line < segment->count;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* From [place] on, the first character that is [wanted]; for 0, the first that is neither blank nor a closing bracket. */
static bool search(const Segment *segment, Place *place, char wanted)
{
    for (;;) {
        if (!settle(segment, place)) return false;
        char c = segment->starts[place->line][place->column];
        if (c == '\\' || c == '#') {
            place->line++;
            place->column = 0;
        } else if (wanted ? c == wanted : !is_blank(c) && c != ')') {
            return true;
        } else {
            place->column++;
        }
    }
}

/* The parser saw one more line in front, and counts lines from 1. */
static Place end_of(const Node *node) { return (Place){(size_t)(node->at.end_lineno - 2), (size_t)node->at.end_col_offset}; }

static uint32_t characters(const Segment *segment, Place place)
{
    size_t length = segment->lengths[place.line];
    return (uint32_t)utf8_count(segment->starts[place.line], place.column < length ? place.column : length);
}

static void set_anchors(const Segment *segment, Place left, Place right, CaretAnchors *anchors)
{
    *anchors = (CaretAnchors){(uint32_t)left.line, characters(segment, left), (uint32_t)right.line, characters(segment, right)};
}

/* An operator is one or two characters long; the second may already belong to the right operand. */
static bool operator_anchors(const Segment *segment, const Node *node, CaretAnchors *anchors)
{
    Place left = end_of(node->BinOp.left);
    if (!search(segment, &left, 0)) return false;
    Place right = {left.line, left.column + 1};
    const Span *operand = &node->BinOp.right->at;
    bool is_before_operand = (size_t)(operand->lineno - 2) > left.line || right.column < (size_t)operand->col_offset;
    if (right.column < segment->lengths[left.line] && is_before_operand) {
        char c = segment->starts[left.line][right.column];
        if (!is_blank(c) && c != '\\' && c != '#') right.column++;
    }
    set_anchors(segment, left, right, anchors);
    return true;
}

static bool bracket_anchors(const Segment *segment, const Node *head, const Node *whole, char bracket, CaretAnchors *anchors)
{
    Place left = end_of(head), right = end_of(whole);
    if (!search(segment, &left, bracket) || right.line >= segment->count) return false;
    set_anchors(segment, left, right, anchors);
    return true;
}

bool loader_caret_anchors(Thread *t, const char *text, size_t length, CaretAnchors *anchors)
{
    Arena arena;
    Buffer wrapped;
    Segment segment = {.count = 0};
    arena_init(&arena, &t->interp->memory);
    buffer_init(&wrapped, &t->interp->memory);
    buffer_add_text(&wrapped, "(\n");            /* in brackets an expression may go over several lines */
    buffer_add(&wrapped, text, length);
    buffer_add_text(&wrapped, "\n)");
    Node *tree = buffer_ok(&wrapped) && split(&arena, text, length, &segment) ? parse_text(t, &arena, wrapped.data, wrapped.length) : NULL;
    bool found = false;
    if (tree && tree->Module.body.count == 1 && tree->Module.body.items[0]->kind == NODE_Expr) {
        const Node *node = tree->Module.body.items[0]->Expr.value;
        if (node->kind == NODE_BinOp) found = operator_anchors(&segment, node, anchors);
        else if (node->kind == NODE_Subscript) found = bracket_anchors(&segment, node->Subscript.value, node, '[', anchors);
        else if (node->kind == NODE_Call) found = bracket_anchors(&segment, node->Call.func, node, '(', anchors);
    }
    buffer_free(&wrapped);
    arena_free(&arena);
    return found;
}

/* The call of `return f(...)` or `x = f(...)`; NULL: the statement is neither. */
static const Node *plain_call(const Node *statement)
{
    if (statement->kind == NODE_Return) {
        const Node *value = statement->Return.value;
        return value && value->kind == NODE_Call && value->Call.func->kind == NODE_Name ? value : NULL;
    }
    if (statement->kind != NODE_Assign || statement->Assign.value->kind != NODE_Call) return NULL;
    const NodeList *targets = &statement->Assign.targets;
    return targets->count == 1 && targets->items[0]->kind == NODE_Name ? statement->Assign.value : NULL;
}

bool loader_carets_are_idle(Thread *t, const char *text, size_t length, uint32_t line_count, uint32_t start, uint32_t end)
{
    Arena arena;
    arena_init(&arena, &t->interp->memory);
    Node *tree = parse_text(t, &arena, text, length);
    bool is_idle = false;
    if (tree && tree->Module.body.count == 0) is_idle = true;
    else if (tree) {
        const Node *call = plain_call(tree->Module.body.items[0]);
        is_idle = call && call->at.lineno == 1 && call->at.end_lineno == (int32_t)line_count && call->at.col_offset == (int32_t)start &&
                  call->at.end_col_offset == (int32_t)end;
    }
    arena_free(&arena);
    return is_idle;
}
