/* listing.c - what re.DEBUG prints: the tree, and the program as instructions.
 *
 * What        listing_tree, listing_program.
 * How         The form is CPython's. A line of the program is its place, a colon if something jumps there and else a dot, the instruction and
 *             its operands as opcodes.def has them, and where its skip leads.
 * GIL         held. Writes to sys.stdout, which may run script code.
 * Read next   opcodes.def, README.md */
#include <stdio.h>

#include "stdlib/re/re.h"

static void add(ToyText *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(ToyText *text, const char *format, ...)
{
    char line[120];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    toy_text_add_ascii(text, line, (size_t)length);
}

static void indent(ToyText *text, size_t width) { add(text, "%*s", (int)width, ""); }

static bool print(ToyThread *t, ToyText *text)
{
    ToyValue all = toy_text_finish(text), out = toy_failed(all) ? TOY_UNBOUND : toy_sys_get(t, "stdout"), written = all;
    if (toy_is_given(out)) written = toy_call_method(t, out, "write", &all, 1);
    bool done = !toy_failed(written) && !toy_failed(all);
    if (toy_is_given(out)) toy_release(written);
    toy_release(out);
    toy_release(all);
    return done;
}

static void add_repr(ToyThread *t, ToyText *text, const uint32_t *characters, size_t length)
{
    ToyValue str = toy_str_from_ucs4(t, characters, length), repr = toy_failed(str) ? TOY_FAILED : toy_repr(t, str);
    if (toy_failed(repr)) text->has_failed = true;
    else toy_text_add(text, repr);
    toy_release(str);
    toy_release(repr);
}

static const char *const place_names[] = {
#define OP(name, operands, sentence)
#define CATEGORY(name, locale, unicode)
#define PLACE(name, line, locale, unicode) #name,
#include "stdlib/re/opcodes.def"
#undef PLACE
#undef CATEGORY
};
static const char *const category_names[] = {
#define PLACE(name, line, locale, unicode)
#define CATEGORY(name, locale, unicode) #name,
#include "stdlib/re/opcodes.def"
#undef CATEGORY
#undef OP
};

/* ==== the tree ============================================================================================================== */

static const char *const node_names[] = {
    "LITERAL", "NOT_LITERAL", "ANY None", "IN", "AT", "FAILURE", "GROUPREF", "MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT",
    "SUBPATTERN", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT", "BRANCH", "GROUPREF_EXISTS",
};

static void list_set(ToyText *text, const Node *node, size_t level)
{
    for (size_t i = 0; i < node->item_count; i++) {
        const SetItem *item = &node->items[i];
        indent(text, 2 * level);
        switch (item->op) {
        case OP_NEGATE: add(text, "NEGATE None\n"); break;
        case OP_RANGE: add(text, "RANGE (%u, %u)\n", item->low, item->high); break;
        case OP_CATEGORY: add(text, "CATEGORY CATEGORY_%s\n", category_names[item->low]); break;
        default: add(text, "LITERAL %u\n", item->low); break;
        }
    }
}

static bool list_sequence(ToyThread *t, ToyText *text, const Sequence *sequence, size_t level)
{
    if (!toy_check_recursion(t, "")) return false;
    for (const Node *node = sequence->first; node; node = node->next) {
        indent(text, 2 * level);
        add(text, "%s", node_names[node->kind]);
        switch (node->kind) {
        case NODE_LITERAL: case NODE_NOT_LITERAL: case NODE_GROUPREF: case NODE_GROUPREF_EXISTS:
            add(text, " %u", node->number);
            break;
        case NODE_AT:
            add(text, " AT_%s", place_names[node->number]);
            break;
        case NODE_MAX_REPEAT: case NODE_MIN_REPEAT: case NODE_POSSESSIVE_REPEAT:
            add(text, " %u ", node->minimum);
            if (node->maximum == REGEX_MANY) add(text, "MAXREPEAT");
            else add(text, "%u", node->maximum);
            break;
        case NODE_SUBPATTERN:
            if (node->number) add(text, " %u", node->number);
            else add(text, " None");
            add(text, " %u %u", node->flags_on, node->flags_off);
            break;
        case NODE_ASSERT: case NODE_ASSERT_NOT:
            add(text, node->number ? " -1" : " 1");
            break;
        default:
            break;
        }
        add(text, "\n");
        list_set(text, node, level + 1);
        for (const Sequence *arm = node->arms; arm; arm = arm->next) {
            if (arm != node->arms) {
                indent(text, 2 * level);
                add(text, node->kind == NODE_BRANCH ? "OR\n" : "ELSE\n");
            }
            if (!list_sequence(t, text, arm, level + 1)) return false;
        }
    }
    return true;
}

bool listing_tree(ToyThread *t, const Tree *tree)
{
    ToyText text;
    toy_text_init(&text, t);
    if (list_sequence(t, &text, tree->root, 0)) return print(t, &text);
    toy_text_abandon(&text);
    return false;
}

/* ==== the program =========================================================================================================== */

static const char *const op_names[] = {
#define OP(name, operands, sentence) #name,
#define PLACE(name, line, locale, unicode)
#define CATEGORY(name, locale, unicode)
#include "stdlib/re/opcodes.def"
#undef OP
};

typedef enum Operands {
    OPERANDS_NONE, OPERANDS_CHARACTER, OPERANDS_RANGE, OPERANDS_PLACE, OPERANDS_CATEGORY, OPERANDS_BITMAP, OPERANDS_BLOCKS, OPERANDS_GROUP,
    OPERANDS_MARK, OPERANDS_SKIP, OPERANDS_REPEAT, OPERANDS_LOOK, OPERANDS_CONDITION, OPERANDS_INFO,
} Operands;
static const uint8_t op_operands[] = {
#define OP(name, operands, sentence) OPERANDS_##operands,
#include "stdlib/re/opcodes.def"
#undef OP
#undef PLACE
#undef CATEGORY
};

typedef struct Listing {
    ToyThread *t;
    ToyText text;
    const uint32_t *code;
    bool *is_target;         /* something before leads there */
    int number_width;
} Listing;

static bool list_range(Listing *listing, size_t at, size_t end, size_t level);

/* The head of a line. */
static void begin_line(Listing *listing, size_t at, size_t level)
{
    add(&listing->text, "%*zu%c ", listing->number_width, at, listing->is_target[at] ? ':' : '.');
    indent(&listing->text, 2 * (level - 1));
}

static void end_line(Listing *listing) { add(&listing->text, "\n"); }
static void end_line_to(Listing *listing, size_t target)
{
    listing->is_target[target] = true;
    add(&listing->text, " (to %zu)\n", target);
}

static void add_words(Listing *listing, const uint32_t *words, size_t count, const char *format)
{
    add(&listing->text, "[");
    for (size_t i = 0; i < count; i++) {
        if (i) add(&listing->text, ", ");
        char word[16];
        toy_text_add_ascii(&listing->text, word, (size_t)snprintf(word, sizeof word, format[0] == 'x' ? "0x%x" : format[0] == 'd' ? "%u" : "0x%08x", words[i]));
    }
    add(&listing->text, "]");
}

static void add_count(Listing *listing, uint32_t count)
{
    if (count == REGEX_MANY) add(&listing->text, " MAXREPEAT");
    else add(&listing->text, " %u", count);
}

static size_t list_blocks(Listing *listing, size_t at, size_t level)
{
    const uint32_t *code = listing->code;
    uint32_t count = code[at + 1], of[256];
    const uint8_t *blocks = (const uint8_t *)(code + at + 2);
    for (size_t i = 0; i < 256; i++) of[i] = blocks[i];
    add(&listing->text, " %u ", count);
    add_words(listing, of, 256, "d");
    end_line(listing);
    at += 66;
    for (uint32_t i = 0; i < count; i++, at += 8) {
        indent(&listing->text, (size_t)listing->number_width + 2 * (level + 1));
        add_words(listing, code + at, 8, "08x");
        end_line(listing);
    }
    return at;
}

static bool list_branch(Listing *listing, size_t *at, size_t level)
{
    const uint32_t *code = listing->code;
    size_t arm = *at + 1;
    add(&listing->text, " %u", code[arm]);
    end_line_to(listing, arm + code[arm]);
    for (;;) {
        size_t next = arm + code[arm];
        if (!list_range(listing, arm + 1, next, level)) return false;
        arm = next;
        begin_line(listing, arm, level);
        if (!code[arm]) break;
        add(&listing->text, "branch %u", code[arm]);
        end_line_to(listing, arm + code[arm]);
    }
    add(&listing->text, "FAILURE\n");
    *at = arm + 1;
    return true;
}

static bool list_info(Listing *listing, size_t *at, size_t level)
{
    const uint32_t *code = listing->code + *at;
    size_t end = *at + 1 + code[INFO_SKIP], next = *at + 5, margin = (size_t)listing->number_width + 2 * level;
    char bits[4] = "0", *bit = bits;
    for (int i = 2; i >= 0; i--)
        if (bit != bits || code[INFO_FLAGS] >> i & 1) *bit++ = (char)('0' + (code[INFO_FLAGS] >> i & 1));
    add(&listing->text, " %u 0b%s %u", code[INFO_SKIP], bits, code[INFO_LEAST]);
    add_count(listing, code[INFO_MOST]);
    end_line_to(listing, end);
    if (code[INFO_FLAGS] & INFO_PREFIX) {
        uint32_t length = code[INFO_PREFIX_LENGTH];
        indent(&listing->text, margin);
        add(&listing->text, "  prefix_skip %u\n", code[INFO_PREFIX_SKIP]);
        indent(&listing->text, margin);
        add(&listing->text, "  prefix ");
        add_words(listing, code + INFO_PREFIX_TEXT, length, "x");
        add(&listing->text, " (");
        add_repr(listing->t, &listing->text, code + INFO_PREFIX_TEXT, length);
        add(&listing->text, ")\n");
        indent(&listing->text, margin);
        add(&listing->text, "  overlap ");
        add_words(listing, code + INFO_PREFIX_TEXT + length, length, "d");
        end_line(listing);
    }
    *at = end;
    if (!(code[INFO_FLAGS] & INFO_CHARSET)) return true;
    indent(&listing->text, margin + 2);
    add(&listing->text, "in\n");
    return list_range(listing, next, end, level + 1);
}

/* An instruction that has a body: [operands] words between its skip and that. */
static bool list_body(Listing *listing, size_t *at, size_t operands, size_t level)
{
    size_t start = *at + 1, end = start + listing->code[start];
    end_line_to(listing, end);
    *at = end;
    return list_range(listing, start + 1 + operands, end, level);
}

static bool list_one(Listing *listing, size_t *at, size_t level)
{
    const uint32_t *code = listing->code + *at;
    ToyText *text = &listing->text;
    add(text, "%s", op_names[code[0]]);
    switch ((Operands)op_operands[code[0]]) {
    case OPERANDS_NONE:
        *at += 1;
        break;
    case OPERANDS_CHARACTER:
        add(text, " 0x%x (", code[1]);
        add_repr(listing->t, text, code + 1, 1);
        add(text, ")");
        *at += 2;
        break;
    case OPERANDS_RANGE:
        add(text, " 0x%x 0x%x (", code[1], code[2]);
        add_repr(listing->t, text, code + 1, 1);
        add(text, "-");
        add_repr(listing->t, text, code + 2, 1);
        add(text, ")");
        *at += 3;
        break;
    case OPERANDS_PLACE:
        add(text, " %s", place_names[code[1]]);
        *at += 2;
        break;
    case OPERANDS_CATEGORY:
        add(text, " %s", category_names[code[1]]);
        *at += 2;
        break;
    case OPERANDS_BITMAP:
        add(text, " ");
        add_words(listing, code + 1, 8, "08x");
        *at += 9;
        break;
    case OPERANDS_BLOCKS:
        *at = list_blocks(listing, *at, level);
        return true;
    case OPERANDS_GROUP: case OPERANDS_MARK:
        add(text, " %u", code[1]);
        *at += 2;
        break;
    case OPERANDS_SKIP:
        if (code[0] == OP_BRANCH) return list_branch(listing, at, level);
        add(text, " %u", code[1]);
        if (code[0] != OP_JUMP) return list_body(listing, at, 0, level);
        end_line_to(listing, *at + 1 + code[1]);
        *at += 2;
        return true;
    case OPERANDS_REPEAT:
        add(text, " %u %u", code[1], code[2]);
        add_count(listing, code[3]);
        return list_body(listing, at, 2, level);
    case OPERANDS_LOOK:
        add(text, " %u %u", code[1], code[2]);
        return list_body(listing, at, 1, level);
    case OPERANDS_CONDITION:
        add(text, " %u %u", code[1], code[2]);
        end_line_to(listing, *at + 1 + code[2]);
        *at += 3;
        return true;
    case OPERANDS_INFO:
        return list_info(listing, at, level);
    }
    end_line(listing);
    return true;
}

static bool list_range(Listing *listing, size_t at, size_t end, size_t level)
{
    if (!toy_check_recursion(listing->t, "")) return false;
    while (at < end) {
        begin_line(listing, at, level + 1);
        if (!list_one(listing, &at, level + 1)) return false;
    }
    return true;
}

bool listing_program(ToyThread *t, const Program *program)
{
    Listing listing = {.t = t, .code = program->code, .is_target = toy_alloc(t, program->length + 1)};
    if (!listing.is_target) return false;
    memset(listing.is_target, 0, program->length + 1);
    listing.number_width = snprintf(NULL, 0, "%zu", program->length - 1);
    toy_text_init(&listing.text, t);
    end_line(&listing);
    bool done = list_range(&listing, 0, program->length, 0);
    toy_free(t, listing.is_target, program->length + 1);
    if (done) return print(t, &listing.text);
    toy_text_abandon(&listing.text);
    return false;
}
