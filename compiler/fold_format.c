/* fold_format.c - "%s is %r" % (a, b) becomes f"{a!s} is {b!r}".
 *
 * What        fold_format(), for a constant text on the left and a tuple display on the right.
 * How         Only %s, %r and %a, with '-', a width and a precision of at most two digits, mean the same in both. Everything else,
 *             and a wrong number of values, is left to the machine, which raises what is to be raised.
 * Invariants  I1 either the whole text is understood and the node becomes a JoinedStr, or nothing changes.
 * GIL         never needed.
 * Read next   fold.c, gen_display.c */
#include <stdio.h>
#include <string.h>

#include "compiler/compile.h"

enum { MOST_DIGITS = 2 };

typedef struct Reader {
    Arena *arena;
    const char *at, *end;
    Node **parts;
    size_t count;
} Reader;

static Node *text_node(Arena *arena, const char *bytes, size_t length, Span at)
{
    Node *node = node_new(arena, NODE_Constant, at);
    const char *copy = arena_copy(arena, bytes, length);
    if (!node || !copy) return NULL;
    node->Constant.value = (Const){.kind = CONST_TEXT, .text = {copy, length}};
    return node;
}

/* The text up to the next conversion, with %% as one %. False: no memory. */
static bool read_text(Reader *r, Span at)
{
    char *text = arena_alloc(r->arena, (size_t)(r->end - r->at) + 1);
    if (!text) return false;
    size_t length = 0;
    while (r->at < r->end) {
        if (*r->at == '%') {
            if (r->end - r->at < 2 || r->at[1] != '%') break;
            r->at++;
        }
        text[length++] = *r->at++;
    }
    if (!length) return true;
    return (r->parts[r->count++] = text_node(r->arena, text, length, at)) != NULL;
}

/* -1: there is none; -2: too many digits. */
static int read_number(Reader *r)
{
    int number = -1, digits = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (++digits > MOST_DIGITS) return -2;
        number = (number < 0 ? 0 : number) * 10 + *r->at - '0';
    }
    return number;
}

typedef enum Outcome { UNDERSTOOD, NOT_UNDERSTOOD, NO_MEMORY } Outcome;

static Outcome read_conversion(Reader *r, Node *value)
{
    bool is_left = false;
    int precision = -1;
    r->at++;
    for (; r->at < r->end && strchr("-+ #0", *r->at); r->at++) is_left |= *r->at == '-';
    int width = read_number(r);
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        precision = read_number(r);
        if (precision == -1) precision = 0;
    }
    if (width == -2 || precision == -2 || r->at == r->end || !strchr("sra", *r->at)) return NOT_UNDERSTOOD;
    char spec[16];
    int length = 0;
    if (!is_left && width > 0) spec[length++] = '>';
    if (width >= 0) length += snprintf(spec + length, sizeof spec - (size_t)length, "%d", width);
    if (precision >= 0) length += snprintf(spec + length, sizeof spec - (size_t)length, ".%d", precision);
    Node *node = node_new(r->arena, NODE_FormattedValue, value->at);
    if (!node) return NO_MEMORY;
    node->FormattedValue.value = value;
    node->FormattedValue.conversion = *r->at++;
    if (length) {
        node->FormattedValue.format_spec = text_node(r->arena, spec, (size_t)length, value->at);
        if (!node->FormattedValue.format_spec) return NO_MEMORY;
    }
    r->parts[r->count++] = node;
    return UNDERSTOOD;
}

static Outcome read_all(Reader *r, NodeList values)
{
    for (size_t used = 0;; used++) {
        if (!read_text(r, (Span){0, 0, 0, 0}))
            return NO_MEMORY; /* at the place of what runs before, as CPython has it */
        if (r->at == r->end) return used == values.count ? UNDERSTOOD : NOT_UNDERSTOOD;
        if (used == values.count) return NOT_UNDERSTOOD;
        Outcome outcome = read_conversion(r, values.items[used]);
        if (outcome != UNDERSTOOD) return outcome;
    }
}

bool fold_format(Arena *arena, Node *node, Diagnostics *diagnostics)
{
    NodeList values = node->BinOp.right->Tuple.elts;
    CodeText text = node->BinOp.left->Constant.value.text;
    for (size_t i = 0; i < values.count; i++)
        if (values.items[i]->kind == NODE_Starred) return true;
    Reader reader = {arena, text.bytes, text.bytes + text.length,
                     arena_alloc(arena, (2 * values.count + 1) * sizeof(Node *)), 0};
    Outcome outcome = reader.parts ? read_all(&reader, values) : NO_MEMORY;
    if (outcome == NO_MEMORY) diagnostics_out_of_memory(diagnostics);
    if (outcome == UNDERSTOOD) {
        node->kind = NODE_JoinedStr;
        node->JoinedStr.values = (NodeList){reader.parts, reader.count};
    }
    return outcome != NO_MEMORY;
}
