/* parse.c - a pattern's text becomes a tree.
 *
 * What        Alternatives, items, repeats, [sets], and regex_parse, which is all that others call.
 * How         Recursive descent, one function per rule: alternatives are items separated by |, an item is a character, an escape, a set, a
 *             group (parse_group.c), and what follows it may be a repeat that swallows the last item. Two things are made simpler at once,
 *             as CPython does and re.DEBUG shows: alternatives that begin alike share the beginning, and alternatives of one character
 *             each become a set.
 * Invariants  I1 a function that answers NULL or false has raised.
 *             I2 nesting is bounded by the C stack: RecursionError.
 * GIL         held. Warnings may run script code.
 * Read next   tokens.c, parse_escape.c, parse_group.c, tree.c */
#include "stdlib/re/re.h"

static bool warn(Parser *p, const char *what, size_t at)
{
    return toy_warn(p->t, TOY_FutureWarning, p->stack_level, "Possible %s at position %zu", what, at) || parse_failed(p);
}

/* ==== [sets] ================================================================================================================ */

typedef struct ItemList { SetItem *items; size_t count, capacity; } ItemList;

static bool add_item(Parser *p, ItemList *list, SetItem item)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 8;
        SetItem *items = tree_alloc(p->tree, capacity * sizeof *items);
        if (!items) return parse_failed(p);
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return true;
}

/* What is there twice is kept once, where it was first. A set may list all characters of a script, so a table of hashes finds them. */
static bool drop_doubles(Parser *p, ItemList *list)
{
    size_t places = 4, kept = 0;
    while (places < 2 * list->count) places *= 2;
    uint32_t *table = tree_alloc(p->tree, places * sizeof *table);   /* 0: free; else one more than the index */
    if (!table) return parse_failed(p);
    for (size_t i = 0; i < list->count; i++) {
        const SetItem item = list->items[i];
        uint64_t hash = (item.op + ((uint64_t)item.low << 8) + ((uint64_t)item.high << 32)) * UINT64_C(0x9e3779b97f4a7c15);
        size_t place = (size_t)(hash >> 32) & (places - 1);
        for (; table[place]; place = (place + 1) & (places - 1)) {
            const SetItem *there = &list->items[table[place] - 1];
            if (there->op == item.op && there->low == item.low && there->high == item.high) break;
        }
        if (table[place]) continue;
        list->items[kept++] = item;
        table[place] = (uint32_t)kept;
    }
    list->count = kept;
    return true;
}

/* One character or escape of a set, which has just been read. */
static bool set_item(Parser *p, Token token, size_t start, SetItem *item)
{
    if (token.is_escape) return parse_set_escape(p, token.c, start, item);
    *item = (SetItem){OP_LITERAL, token.c, 0};
    return true;
}

static bool warn_of_set_operation(Parser *p, uint32_t c)
{
    switch (c) {
    case '-': return warn(p, "set difference", p->at - 1);
    case '&': return warn(p, "set intersection", p->at - 1);
    case '~': return warn(p, "set symmetric difference", p->at - 1);
    case '|': return warn(p, "set union", p->at - 1);
    default: return true;
    }
}

/* Behind "x-": the other end, or the minus was meant as such and the set ends. */
static bool set_range(Parser *p, ItemList *list, SetItem low, size_t start, size_t set_start, bool *is_done)
{
    size_t end_start = p->at;
    Token end = token_get(p);
    if (token_is_end(end)) return parse_error(p, p->at - set_start, "unterminated character set");
    if (token_is(end, ']')) {
        *is_done = true;
        return add_item(p, list, low) && add_item(p, list, (SetItem){OP_LITERAL, '-', 0});
    }
    if (token_is(end, '-') && !warn(p, "set difference", p->at - 2)) return false;
    SetItem high;
    if (!set_item(p, end, end_start, &high)) return false;
    if (low.op != OP_LITERAL || high.op != OP_LITERAL || high.low < low.low) {
        /* The message shows the ends as they begin, "\x" of "\x41": that is what CPython keeps of them. */
        size_t low_length = toy_str_char(p->text, start) == '\\' ? 2 : 1, high_length = end.is_escape ? 2 : 1;
        ToyValue ends[2] = {toy_str_slice(p->t, p->text, start, start + low_length),
                            toy_str_slice(p->t, p->text, end_start, end_start + high_length)};
        if (toy_failed(ends[0]) || toy_failed(ends[1])) parse_failed(p);
        else parse_error(p, low_length + 1 + high_length, "bad character range %S-%S", ends[0], ends[1]);
        toy_release(ends[0]);
        toy_release(ends[1]);
        return false;
    }
    return add_item(p, list, (SetItem){OP_RANGE, low.low, high.low});
}

/* Behind "[". */
static Node *parse_set(Parser *p)
{
    size_t set_start = p->at - 1;
    if (token_is(p->next, '[') && !warn(p, "nested set", p->at)) return NULL;
    bool is_negated = token_accept(p, '^'), is_done = false, is_first = true;
    ItemList list = {NULL, 0, 0};
    while (!is_done) {
        size_t start = p->at;
        Token token = token_get(p);
        if (token_is_end(token)) {
            parse_error(p, p->at - set_start, "unterminated character set");
            return NULL;
        }
        if (token_is(token, ']') && !is_first) break;
        if (!is_first && !token.is_escape && token_is(p->next, token.c) && !warn_of_set_operation(p, token.c)) return NULL;
        is_first = false;
        SetItem item;
        if (!set_item(p, token, start, &item)) return NULL;
        bool done = token_accept(p, '-') ? set_range(p, &list, item, start, set_start, &is_done) : add_item(p, &list, item);
        if (!done || p->has_failed) return NULL;
    }
    if (!drop_doubles(p, &list)) return NULL;
    if (list.count == 1 && list.items[0].op == OP_LITERAL)
        return tree_node(p->tree, is_negated ? NODE_NOT_LITERAL : NODE_LITERAL, list.items[0].low);
    Node *node = tree_node(p->tree, NODE_IN, 0);
    SetItem *items = node ? tree_alloc(p->tree, (list.count + 1) * sizeof *items) : NULL;
    if (!items) return NULL;
    if (is_negated) items[0] = (SetItem){OP_NEGATE, 0, 0};
    memcpy(items + is_negated, list.items, list.count * sizeof *items);
    node->items = items;
    node->item_count = list.count + is_negated;
    return node;
}

/* ==== repeats =============================================================================================================== */

/* Digits; *n stays as it is if there are none. */
static bool repeat_number(Parser *p, uint32_t *n, bool *is_given)
{
    uint64_t value = 0;
    *is_given = false;
    while (token_is_digit(p->next)) {
        *is_given = true;
        value = value * 10 + (token_get(p).c - '0');
        if (value > REGEX_MANY) value = REGEX_MANY;
    }
    if (*is_given) *n = (uint32_t)value;
    return !p->has_failed;
}

/* Behind "{": false and *is_text if it was no repeat after all, false without: raised. */
static bool repeat_bounds(Parser *p, size_t start, uint32_t *minimum, uint32_t *maximum, bool *is_text)
{
    bool has_low, has_high;
    *minimum = 0;
    *maximum = REGEX_MANY;
    *is_text = token_is(p->next, '}');
    if (*is_text) return false;
    if (!repeat_number(p, minimum, &has_low)) return false;
    if (token_accept(p, ',')) {
        if (!repeat_number(p, maximum, &has_high)) return false;
    } else {
        has_high = has_low;
        if (has_low) *maximum = *minimum;
    }
    if (!token_accept(p, '}')) {
        if (p->has_failed) return false;
        token_go_back(p, start);
        *is_text = !p->has_failed;
        return false;
    }
    if (p->has_failed) return false;
    if ((has_low && *minimum == REGEX_MANY) || (has_high && *maximum == REGEX_MANY)) {
        toy_raise(p->t, TOY_OverflowError, "the repetition number is too large");
        return parse_failed(p);
    }
    if (*maximum < *minimum) return parse_error(p, p->at - start, "min repeat greater than max repeat");
    return true;
}

static bool is_repeat(const Node *node) { return node->kind >= NODE_MAX_REPEAT && node->kind <= NODE_POSSESSIVE_REPEAT; }
static bool is_plain_group(const Node *node)
{
    return node->kind == NODE_SUBPATTERN && node->number == 0 && node->flags_on == 0 && node->flags_off == 0;
}

/* One of ? * + { has been read; it repeats the last item of the sequence. */
static bool parse_repeat(Parser *p, Sequence *sequence, uint32_t c)
{
    size_t start = p->at;
    uint32_t minimum = c == '+', maximum = c == '?' ? 1 : REGEX_MANY;
    bool is_text = false;
    if (c == '{' && !repeat_bounds(p, start, &minimum, &maximum, &is_text)) {
        Node *brace = is_text ? tree_node(p->tree, NODE_LITERAL, '{') : NULL;
        if (brace) sequence_append(sequence, brace);
        return brace != NULL;
    }
    Node *item = sequence->last;
    if (!item || item->kind == NODE_AT) return parse_error(p, p->at - start + 1, "nothing to repeat");
    if (is_repeat(item)) return parse_error(p, p->at - start + 1, "multiple repeat");
    Sequence *body = is_plain_group(item) ? item->arms : tree_sequence(p->tree);
    NodeKind kind = token_accept(p, '?') ? NODE_MIN_REPEAT : token_accept(p, '+') ? NODE_POSSESSIVE_REPEAT : NODE_MAX_REPEAT;
    if (p->has_failed || !body) return false;
    if (!is_plain_group(item)) {
        Node *copy = tree_alloc(p->tree, sizeof *copy);
        if (!copy) return false;
        *copy = *item;
        sequence_append(body, copy);
    }
    /* The node in the list becomes the repeat, so that nobody need find what stands before it. */
    *item = (Node){.kind = kind, .minimum = minimum, .maximum = maximum, .arms = body};
    node_measure(p->tree, item);
    return true;
}

/* ==== items ================================================================================================================= */

static bool is_pattern_space(uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void skip_comment(Parser *p)
{
    for (;;) {
        Token token = token_get(p);
        if (token_is_end(token) || token_is(token, '\n')) return;
    }
}

/* (?:ab) by itself is ab. */
static void unpack_groups(Sequence *sequence)
{
    Node *node = sequence->first;
    *sequence = (Sequence){.next = sequence->next};
    while (node) {
        Node *next = node->next;
        if (is_plain_group(node)) {
            for (Node *inner = node->arms->first; inner;) {
                Node *inner_next = inner->next;
                sequence_append(sequence, inner);
                inner = inner_next;
            }
        } else {
            sequence_append(sequence, node);
        }
        node = next;
    }
}

static bool append(Sequence *sequence, Node *node)
{
    if (node) sequence_append(sequence, node);
    return node != NULL;
}

static bool parse_item(Parser *p, Sequence *sequence, bool *is_verbose, int nesting, bool is_first)
{
    size_t start = p->at;
    Token token = token_get(p);
    if (token.is_escape) return append(sequence, parse_escape(p, token.c, start));
    if (*is_verbose && is_pattern_space(token.c)) return true;
    switch (token.c) {
    case '#':
        if (!*is_verbose) break;
        skip_comment(p);
        return true;
    case '[': return append(sequence, parse_set(p));
    case '?': case '*': case '+': case '{': return parse_repeat(p, sequence, token.c);
    case '.': return append(sequence, tree_node(p->tree, NODE_ANY, 0));
    case '(': return parse_group(p, sequence, is_verbose, nesting, is_first);
    case '^': return append(sequence, tree_node(p->tree, NODE_AT, PLACE_BEGINNING));
    case '$': return append(sequence, tree_node(p->tree, NODE_AT, PLACE_END));
    default: break;
    }
    return append(sequence, tree_node(p->tree, NODE_LITERAL, token.c));
}

Sequence *parse_items(Parser *p, bool is_verbose, int nesting, bool is_first)
{
    Sequence *sequence = toy_check_recursion(p->t, "") ? tree_sequence(p->tree) : NULL;
    if (!sequence) return NULL;
    while (!token_is_end(p->next) && !token_is(p->next, '|') && !token_is(p->next, ')'))
        if (!parse_item(p, sequence, &is_verbose, nesting, is_first) || p->has_failed) return NULL;
    if (p->has_failed) return NULL;
    unpack_groups(sequence);
    return sequence;
}

/* ==== alternatives ========================================================================================================== */

/* While all arms begin with equal items, that item goes in front of the branch, once. */
static void share_beginnings(Sequence *into, Sequence *arms)
{
    for (;;) {
        Node *shared = arms->first;
        for (const Sequence *arm = arms; arm; arm = arm->next)
            if (!arm->first || !node_equal(shared, arm->first)) return;
        for (Sequence *arm = arms; arm; arm = arm->next) {
            arm->first = arm->first->next;
            if (!arm->first) arm->last = NULL;
            arm->count--;
        }
        sequence_append(into, shared);
    }
}

/* Arms of one character or set each: *node becomes a set. */
static bool branch_as_set(Parser *p, const Sequence *arms, Node **node)
{
    *node = NULL;
    for (const Sequence *arm = arms; arm; arm = arm->next) {
        const Node *only = arm->first;
        if (arm->count != 1) return true;
        if (only->kind != NODE_LITERAL && !(only->kind == NODE_IN && only->items[0].op != OP_NEGATE)) return true;
    }
    ItemList list = {NULL, 0, 0};
    for (const Sequence *arm = arms; arm; arm = arm->next) {
        const Node *only = arm->first;
        if (only->kind == NODE_LITERAL && !add_item(p, &list, (SetItem){OP_LITERAL, only->number, 0})) return false;
        for (size_t i = 0; i < only->item_count; i++)
            if (!add_item(p, &list, only->items[i])) return false;
    }
    if (!drop_doubles(p, &list)) return false;
    Node *set = tree_node(p->tree, NODE_IN, 0);
    if (!set) return false;
    set->items = list.items;
    set->item_count = list.count;
    *node = set;
    return true;
}

Sequence *parse_alternatives(Parser *p, bool is_verbose, int nesting)
{
    Sequence *first = parse_items(p, is_verbose, nesting + 1, nesting == 0);
    if (!first) return NULL;
    Sequence *last = first;
    while (token_accept(p, '|')) {
        if (nesting == 0) is_verbose = p->tree->flags & REGEX_VERBOSE;
        last->next = parse_items(p, is_verbose, nesting + 1, false);
        last = last->next;
        if (!last) return NULL;
    }
    if (p->has_failed) return NULL;
    if (last == first) return first;
    Sequence *all = tree_sequence(p->tree);
    Node *node;
    if (!all) return NULL;
    share_beginnings(all, first);
    if (!branch_as_set(p, first, &node)) return NULL;
    if (!node) {
        node = tree_node(p->tree, NODE_BRANCH, 0);
        if (!node) return NULL;
        node->arms = first;
        node_measure(p->tree, node);
    }
    sequence_append(all, node);
    return all;
}

/* ==== the whole pattern ===================================================================================================== */

/* False: flags that do not go together. */
static bool settle_flags(ToyThread *t, uint32_t *flags, bool is_str)
{
    if (is_str) {
        if (*flags & REGEX_LOCALE) return toy_raise_false(t, TOY_ValueError, "cannot use LOCALE flag with a str pattern");
        if (*flags & REGEX_ASCII && *flags & REGEX_UNICODE) return toy_raise_false(t, TOY_ValueError, "ASCII and UNICODE flags are incompatible");
        if (!(*flags & REGEX_ASCII)) *flags |= REGEX_UNICODE;
        return true;
    }
    if (*flags & REGEX_UNICODE) return toy_raise_false(t, TOY_ValueError, "cannot use UNICODE flag with a bytes pattern");
    if (*flags & REGEX_LOCALE && *flags & REGEX_ASCII) return toy_raise_false(t, TOY_ValueError, "ASCII and LOCALE flags are incompatible");
    return true;
}

static bool check_conditions(Parser *p)
{
    for (size_t i = 0; i < p->condition_count; i++) {
        uint32_t group = p->conditions[i].group;
        if (group <= p->tree->group_count) continue;
        p->at = p->conditions[i].place;
        return parse_error(p, 0, "invalid group reference %u", group);
    }
    return true;
}

bool regex_parse(Tree *tree, ToyValue pattern, ToyValue text, bool is_str, int stack_level)
{
    Parser p = {.t = tree->t, .tree = tree, .pattern = pattern, .is_str = is_str, .stack_level = stack_level};
    tokens_begin(&p, text);
    tree->root = p.has_failed ? NULL : parse_alternatives(&p, tree->flags & REGEX_VERBOSE, 0);
    bool done = tree->root && settle_flags(tree->t, &tree->flags, is_str);
    if (done && !token_is_end(p.next)) done = parse_error(&p, 0, "unbalanced parenthesis");
    done = done && check_conditions(&p);
    if (p.conditions) toy_free(tree->t, p.conditions, p.condition_capacity * sizeof *p.conditions);
    return done;
}
