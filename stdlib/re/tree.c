/* tree.c - what a pattern means, before it becomes instructions.
 *
 * What        Sequences of nodes, their widths, their equality; the table of groups.
 * How         A tree lives for the length of one compilation, so its nodes lie one behind the other in blocks and are never freed singly.
 *             Every node knows how wide the text is that it can match: a lookbehind needs that, and so does the search.
 * Invariants  I1 a node's width is set when its arms are complete; a sequence's is summed up when asked for.
 * GIL         held.
 * Read next   parse.c (who builds it), generate.c (who reads it) */
#include "stdlib/re/re.h"

enum { BLOCK_SIZE = 4000 };

bool tree_init(Tree *tree, ToyThread *t, uint32_t flags)
{
    *tree = (Tree){.t = t, .flags = flags, .names = toy_dict(t)};
    return !toy_failed(tree->names);
}

void tree_free(Tree *tree)
{
    for (TreeBlock *block = tree->blocks; block;) {
        TreeBlock *next = block->next;
        toy_free(tree->t, block, block->size);
        block = next;
    }
    if (tree->groups) toy_free(tree->t, tree->groups, tree->group_capacity * sizeof *tree->groups);
    toy_release(tree->names);
    *tree = (Tree){.t = tree->t};
}

void *tree_alloc(Tree *tree, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    TreeBlock *block = tree->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = sizeof *block + (size > BLOCK_SIZE ? size : BLOCK_SIZE);
        block = toy_alloc(tree->t, room);
        if (!block) return NULL;
        *block = (TreeBlock){.next = tree->blocks, .size = room, .used = sizeof *block};
        tree->blocks = block;
    }
    void *place = (char *)block + block->used;
    block->used += size;
    memset(place, 0, size);
    return place;
}

Sequence *tree_sequence(Tree *tree) { return tree_alloc(tree, sizeof(Sequence)); }

Node *tree_node(Tree *tree, NodeKind kind, uint32_t number)
{
    Node *node = tree_alloc(tree, sizeof *node);
    if (!node) return NULL;
    node->kind = kind;
    node->number = number;
    if (kind <= NODE_IN) node->width = (Width){1, 1};
    return node;
}

void sequence_append(Sequence *sequence, Node *node)
{
    node->next = NULL;
    if (sequence->last) sequence->last->next = node;
    else sequence->first = node;
    sequence->last = node;
    sequence->count++;
}

/* ==== groups ================================================================================================================ */

uint32_t tree_open_group(Tree *tree)
{
    size_t needed = (size_t)tree->group_count + 2;
    if (needed > tree->group_capacity) {
        size_t capacity = tree->group_capacity ? 2 * tree->group_capacity : 8;
        TreeGroup *groups = toy_resize(tree->t, tree->groups, tree->group_capacity * sizeof *groups, capacity * sizeof *groups);
        if (!groups) return 0;
        tree->groups = groups;
        tree->group_capacity = capacity;
    }
    tree->groups[++tree->group_count] = (TreeGroup){.is_open = true};
    return tree->group_count;
}

void tree_close_group(Tree *tree, uint32_t group, const Sequence *body)
{
    tree->groups[group] = (TreeGroup){.is_open = false, .width = sequence_width(body)};
}

/* ==== widths ================================================================================================================ */

static uint64_t add_widths(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }
static uint64_t multiply_widths(uint64_t a, uint64_t times)
{
    uint64_t product;
    return __builtin_mul_overflow(a, times, &product) ? UINT64_MAX : product;
}

Width sequence_width(const Sequence *sequence)
{
    Width sum = {0, 0};
    for (const Node *node = sequence->first; node; node = node->next) {
        sum.least = add_widths(sum.least, node->width.least);
        sum.most = add_widths(sum.most, node->width.most);
    }
    return sum;
}

void node_measure(const Tree *tree, Node *node)
{
    switch (node->kind) {
    case NODE_LITERAL: case NODE_NOT_LITERAL: case NODE_ANY: case NODE_IN:
        node->width = (Width){1, 1};
        return;
    case NODE_AT: case NODE_FAILURE: case NODE_ASSERT: case NODE_ASSERT_NOT:
        node->width = (Width){0, 0};
        return;
    case NODE_GROUPREF:
        node->width = tree->groups[node->number].width;
        return;
    case NODE_MAX_REPEAT: case NODE_MIN_REPEAT: case NODE_POSSESSIVE_REPEAT:
        node->width = sequence_width(node->arms);
        node->width.least = multiply_widths(node->width.least, node->minimum);
        node->width.most = node->maximum == REGEX_MANY && node->width.most ? UINT64_MAX : multiply_widths(node->width.most, node->maximum);
        return;
    case NODE_SUBPATTERN: case NODE_ATOMIC_GROUP:
        node->width = sequence_width(node->arms);
        return;
    case NODE_BRANCH: case NODE_GROUPREF_EXISTS:
        node->width = sequence_width(node->arms);
        for (const Sequence *arm = node->arms->next; arm; arm = arm->next) {
            Width width = sequence_width(arm);
            if (width.least < node->width.least) node->width.least = width.least;
            if (width.most > node->width.most) node->width.most = width.most;
        }
        if (!node->arms->next) node->width.least = 0;
        return;
    }
}

/* ==== equality: alternatives that begin alike share what they begin with ===================================================== */

/* Only what is a single thing: repeats, groups and the like are never equal, as CPython has it. */
bool node_equal(const Node *a, const Node *b)
{
    if (a->kind != b->kind || a->number != b->number || a->arms || b->arms || a->item_count != b->item_count) return false;
    for (size_t i = 0; i < a->item_count; i++)
        if (a->items[i].op != b->items[i].op || a->items[i].low != b->items[i].low || a->items[i].high != b->items[i].high) return false;
    return true;
}

/* ==== flags ================================================================================================================= */

uint32_t flags_inside(uint32_t flags, const Node *subpattern)
{
    if (subpattern->flags_on & REGEX_CHARACTERS) flags &= ~(uint32_t)REGEX_CHARACTERS;
    return (flags | subpattern->flags_on) & ~subpattern->flags_off;
}
