/* parse_escape.c - what a backslash means in a pattern.
 *
 * What        \n and its like, \x41 \u0041 \N{...} \101, \d \w \s, \A \b \Z, and \1: a group once more. Inside of a set and outside.
 * How         One table of letters; where a letter means something else in a set (\b) or nothing there (\A), the column says so.
 * GIL         held.
 * Read next   parse.c, tokens.c */
#include "stdlib/re/re.h"

/* Letters that stand for one character. */
static uint32_t plain_escape(uint32_t letter)
{
    switch (letter) {
    case 'a': return '\a';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\': return '\\';
    default: return TOKEN_END;
    }
}

static bool category_escape(uint32_t letter, RegexCategory *category)
{
    switch (letter) {
    case 'd': *category = CATEGORY_DIGIT; return true;
    case 'D': *category = CATEGORY_NOT_DIGIT; return true;
    case 's': *category = CATEGORY_SPACE; return true;
    case 'S': *category = CATEGORY_NOT_SPACE; return true;
    case 'w': *category = CATEGORY_WORD; return true;
    case 'W': *category = CATEGORY_NOT_WORD; return true;
    default: return false;
    }
}

static bool place_escape(uint32_t letter, RegexPlace *place)
{
    switch (letter) {
    case 'A': *place = PLACE_BEGINNING_STRING; return true;
    case 'b': *place = PLACE_BOUNDARY; return true;
    case 'B': *place = PLACE_NON_BOUNDARY; return true;
    case 'Z': *place = PLACE_END_STRING; return true;
    default: return false;
    }
}

static int hex_value(Token token)
{
    if (token.is_escape) return -1;
    if (token.c >= '0' && token.c <= '9') return (int)token.c - '0';
    uint32_t lower = token.c | 32;
    return token.c < 128 && lower >= 'a' && lower <= 'f' ? (int)lower - 'a' + 10 : -1;
}

static bool hex_escape(Parser *p, size_t start, size_t digits, uint32_t *c)
{
    *c = 0;
    size_t count = 0;
    for (; count < digits && hex_value(p->next) >= 0; count++) *c = *c * 16 + (uint32_t)hex_value(token_get(p));
    if (count < digits) return parse_error_text(p, p->at - start, "incomplete escape %S", start, p->at);
    if (*c > 0x10ffff) return parse_error_text(p, p->at - start, "bad escape %S", start, p->at);
    return true;
}

static bool named_escape(Parser *p, uint32_t *c)
{
    if (!token_accept(p, '{')) return parse_error(p, 0, "missing {");
    ToyValue name = tokens_until(p, '}', "character name");
    if (toy_failed(name)) return false;
    size_t length = 0;
    *c = UINT32_MAX;
    bool is_ascii = true;
    for (size_t i = 0; i < toy_str_length(name); i++) is_ascii &= toy_str_char(name, i) < 128;
    const char *text = is_ascii ? toy_str_utf8(p->t, name, &length) : "";
    if (!text) parse_failed(p);
    else *c = toy_char_by_name(text, length);
    bool done = *c != UINT32_MAX || parse_error(p, toy_str_length(name) + strlen("\\N{}"), "undefined character name %R", name);
    toy_release(name);
    return done;
}

/* What is a character in and outside of sets; [is_digit_left]: a digit that is none of these. */
static bool character_escape(Parser *p, uint32_t letter, size_t start, uint32_t *c)
{
    *c = plain_escape(letter);
    if (*c != TOKEN_END) return true;
    if (letter == 'x') return hex_escape(p, start, 2, c);
    if (p->is_str && letter == 'u') return hex_escape(p, start, 4, c);
    if (p->is_str && letter == 'U') return hex_escape(p, start, 8, c);
    if (p->is_str && letter == 'N') return named_escape(p, c);
    *c = letter;
    if (letter < 128 && is_ascii_letter(letter)) return parse_error_text(p, 2, "bad escape %S", start, start + 2);
    return true;
}

/* Up to three octal digits. */
static bool octal_escape(Parser *p, uint32_t letter, size_t start, uint32_t *c)
{
    *c = letter - '0';
    for (int i = 0; i < 2 && token_is_octal(p->next); i++) *c = *c * 8 + token_get(p).c - '0';
    return *c <= 0377 || parse_error_text(p, p->at - start, "octal escape value %S outside of range 0-0o377", start, p->at);
}

bool parse_set_escape(Parser *p, uint32_t letter, size_t start, SetItem *item)
{
    RegexCategory category;
    if (category_escape(letter, &category)) {
        *item = (SetItem){OP_CATEGORY, category, 0};
        return true;
    }
    *item = (SetItem){OP_LITERAL, '\b', 0};
    if (letter == 'b') return true;
    if (letter >= '0' && letter <= '7') return octal_escape(p, letter, start, &item->low);
    if (letter == '8' || letter == '9') return parse_error_text(p, 2, "bad escape %S", start, start + 2);
    return character_escape(p, letter, start, &item->low);
}

/* May \n, (?P=n) or (?(n)...) stand here? */
bool parse_check_lookbehind(Parser *p, uint32_t group)
{
    if (!p->lookbehind_groups) return true;
    if (group > p->tree->group_count || p->tree->groups[group].is_open) return parse_error(p, 0, "cannot refer to an open group");
    if (group >= p->lookbehind_groups) return parse_error(p, 0, "cannot refer to group defined in the same lookbehind subpattern");
    return true;
}

Node *parse_reference(Parser *p, uint32_t group, size_t back)
{
    if (p->tree->groups[group].is_open) {
        parse_error(p, back, "cannot refer to an open group");
        return NULL;
    }
    Node *node = parse_check_lookbehind(p, group) ? tree_node(p->tree, NODE_GROUPREF, group) : NULL;
    if (node) node_measure(p->tree, node);
    return node;
}

static Node *digit_escape(Parser *p, size_t start)
{
    bool is_octal;
    uint32_t n;
    if (!token_octal_or_group(p, start, &is_octal, &n)) return NULL;
    if (is_octal) return tree_node(p->tree, NODE_LITERAL, n);
    if (n <= p->tree->group_count) return parse_reference(p, n, p->at - start);
    parse_error(p, p->at - start - 1, "invalid group reference %u", n);
    return NULL;
}

Node *parse_escape(Parser *p, uint32_t letter, size_t start)
{
    RegexCategory category;
    RegexPlace place;
    uint32_t c;
    if (place_escape(letter, &place)) return tree_node(p->tree, NODE_AT, place);
    if (category_escape(letter, &category)) {
        Node *node = tree_node(p->tree, NODE_IN, 0);
        SetItem *item = node ? tree_alloc(p->tree, sizeof *item) : NULL;
        if (!item) return NULL;
        *item = (SetItem){OP_CATEGORY, category, 0};
        node->items = item;
        node->item_count = 1;
        return node;
    }
    if (letter >= '1' && letter <= '9') return digit_escape(p, start);
    bool done = letter == '0' ? octal_escape(p, letter, start, &c) : character_escape(p, letter, start, &c);
    return done ? tree_node(p->tree, NODE_LITERAL, c) : NULL;
}
