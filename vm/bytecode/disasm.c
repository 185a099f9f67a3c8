/* disasm.c - see disasm.h: the listing.
 *
 * What        Labels, lines, instructions, the handler table, the tables of a unit; then the same for nested units.
 * How         First every offset that somebody jumps to, or where a handler's range begins or ends, gets a label, numbered
 *             in the order of the code. Then one line per instruction:
 *
 *                   3   L1:    12     <=> CALL                     1 (...)
 *                 line label offset  arrow name                operand meaning
 *
 *             Everything is checked before it is used as an index: also a unit that the verifier refused can be listed.
 * GIL         as the Buffer's Memory.
 * Read next   disasm_constant.c, opcode.h */
#include "vm/bytecode/disasm.h"

#include <string.h>

enum { NAME_WIDTH = 20, OPERAND_WIDTH = 5, LINE_WIDTH = 3, NO_LINE_WIDTH = 4, LABEL_WIDTH = 4, OFFSET_WIDTH = 4 };

typedef struct Listing {
    Buffer *out;
    const CodeUnit *unit;
    const DisasmOptions *options;
    const Word *words;
    uint32_t *labels;            /* by offset, one more than there are words: 0, or the label's number */
    int line_width, label_width, offset_width;
} Listing;

static int decimal_width(uint64_t number)
{
    int width = 1;
    for (; number >= 10; number /= 10)
        width++;
    return width;
}

static void add_spaces(Buffer *out, int count)
{
    for (int i = 0; i < count; i++)
        buffer_add_byte(out, ' ');
}

static void strip_spaces(Buffer *out)
{
    while (out->length && out->data[out->length - 1] == ' ')
        buffer_truncate(out, out->length - 1);
}

static bool has_target(const Instruction *instruction)
{
    OperandKind kind = opcode_info(instruction->opcode)->operand;
    return kind == OPERAND_JUMP || kind == OPERAND_BACK;
}

static void mark_label(Listing *list, int64_t offset)
{
    if (offset >= 0 && offset <= list->unit->word_count)
        list->labels[offset] = 1;
}

/* Marks what needs a label, then numbers the marks; returns how many there are. */
static uint32_t number_labels(Listing *list)
{
    const CodeUnit *unit = list->unit;
    Instruction instruction;
    for (uint32_t at = 0; at < unit->word_count; at = instruction.next) {
        if (!instruction_read(list->words, unit->word_count, at, &instruction))
            break;
        if (has_target(&instruction))
            mark_label(list, instruction_target(&instruction));
    }
    for (uint32_t i = 0; i < unit->handler_count; i++) {
        mark_label(list, unit->handlers[i].start);
        mark_label(list, unit->handlers[i].end);
        mark_label(list, unit->handlers[i].target);
    }
    uint32_t count = 0;
    for (uint32_t at = 0; at <= unit->word_count; at++) {
        if (list->labels[at])
            list->labels[at] = ++count;
    }
    return count;
}

static void measure_columns(Listing *list, uint32_t label_count)
{
    const CodeUnit *unit = list->unit;
    uint32_t last_line = 0;
    bool has_unknown = false;
    for (uint32_t i = 0; i < unit->line_count; i++) {
        if (unit->lines[i].line > last_line)
            last_line = unit->lines[i].line;
        has_unknown |= unit->lines[i].line == 0;
    }
    list->line_width = decimal_width(last_line) > LINE_WIDTH ? decimal_width(last_line) : LINE_WIDTH;
    if (has_unknown && list->line_width < NO_LINE_WIDTH)
        list->line_width = NO_LINE_WIDTH;
    list->label_width = LABEL_WIDTH + decimal_width(label_count);
    list->offset_width = decimal_width(unit->word_count) > OFFSET_WIDTH ? decimal_width(unit->word_count) : OFFSET_WIDTH;
}

/* The columns in front of the instruction: line (only where it changes), label, offset, mark. */
static void add_margin(Listing *list, uint32_t offset, bool starts_line, bool has_label, const char *mark)
{
    Buffer *out = list->out;
    uint32_t line = code_position(list->unit, offset).line;
    if (!starts_line)
        add_spaces(out, list->line_width);
    else if (line)
        buffer_add_format(out, "%*u", list->line_width, line);
    else
        buffer_add_format(out, "%*s", list->line_width, "--");
    buffer_add_byte(out, ' ');
    if (has_label && list->labels[offset]) {
        add_spaces(out, list->label_width - 2 - decimal_width(list->labels[offset]));
        buffer_add_format(out, "L%u:", list->labels[offset]);
    } else {
        add_spaces(out, list->label_width);
    }
    if (list->options->has_offsets)
        buffer_add_format(out, " %*u  ", list->offset_width, offset);
    buffer_add_format(out, " %s ", mark);
}

/* Three columns wide, like the arrow of the current instruction. U+21C4 is one column but three bytes. */
static const char *mark_of(const Listing *list, const Instruction *instruction)
{
    if (list->options->current == instruction->offset)
        return "-->";
    return opcode_info(opcode_info(instruction->opcode)->plain)->flags & OPCODE_SAFE ? " \xe2\x87\x84 " : "   ";
}

static void add_number(Listing *list, const char *name, uint32_t number)
{
    int excess = (int)strlen(name) - NAME_WIDTH;
    buffer_add_format(list->out, "%-*s %*u", NAME_WIDTH, name, excess > 0 ? OPERAND_WIDTH - excess : OPERAND_WIDTH, number);
}

static void add_instruction(Listing *list, const Instruction *instruction)
{
    Buffer *out = list->out;
    const OpcodeInfo *info = opcode_info(instruction->opcode);
    if (info->operand == OPERAND_NONE) {
        buffer_add_text(out, info->name);
    } else {
        add_number(list, info->name, instruction->arg);
        if (has_target(instruction)) {
            int64_t target = instruction_target(instruction);
            bool is_inside = target >= 0 && target <= list->unit->word_count;
            buffer_add_format(out, " (to L%u)", is_inside ? list->labels[target] : 0);
        } else {
            size_t before = out->length;
            buffer_add_text(out, " (");
            size_t inner = out->length;
            disasm_operand(out, list->unit, instruction);
            if (out->length == inner)
                buffer_truncate(out, before);
            else
                buffer_add_byte(out, ')');
        }
    }
    strip_spaces(out);
    buffer_add_byte(out, '\n');
}

/* A prefix is listed as the instruction it looks like; the operand is then shown whole with the real one. */
static void add_prefixes(Listing *list, const Instruction *instruction, bool starts_line)
{
    uint32_t arg = 0;
    for (uint32_t at = instruction->start; at < instruction->offset; at++) {
        arg = arg << 24 | WORD_OPERAND(list->words[at]);
        add_margin(list, at, starts_line && at == instruction->start, at == instruction->start, "   ");
        add_number(list, opcode_name(OP_EXTENDED_ARG), arg);
        buffer_add_byte(list->out, '\n');
    }
}

static void add_caches(Listing *list, const Instruction *instruction)
{
    for (uint32_t at = instruction->offset + 1; at < instruction->next; at++) {
        add_margin(list, at, false, false, "   ");
        add_number(list, "CACHE", list->words[at]);
        buffer_add_byte(list->out, '\n');
    }
}

static void add_code(Listing *list)
{
    const CodeUnit *unit = list->unit;
    Instruction instruction;
    uint32_t line_before = 0;
    for (uint32_t at = 0; at < unit->word_count && buffer_ok(list->out); at = instruction.next) {
        if (!instruction_read(list->words, unit->word_count, at, &instruction)) {
            buffer_add_format(list->out, "  (the code ends inside the instruction at %u)\n", at);
            break;
        }
        uint32_t line = code_position(unit, at).line;
        bool starts_line = at == 0 || line != line_before;
        line_before = line;
        if (starts_line && at > 0)
            buffer_add_byte(list->out, '\n');
        bool has_prefix = instruction.start != instruction.offset;
        add_prefixes(list, &instruction, starts_line);
        add_margin(list, instruction.offset, starts_line && !has_prefix, !has_prefix, mark_of(list, &instruction));
        add_instruction(list, &instruction);
        if (list->options->has_caches)
            add_caches(list, &instruction);
    }
}

static uint32_t label_at(const Listing *list, uint32_t offset)
{
    return offset <= list->unit->word_count ? list->labels[offset] : 0;
}

static void add_handlers(Listing *list)
{
    const CodeUnit *unit = list->unit;
    if (unit->handler_count)
        buffer_add_text(list->out, "ExceptionTable:\n");
    for (uint32_t i = 0; i < unit->handler_count; i++) {
        const HandlerEntry *entry = &unit->handlers[i];
        buffer_add_format(list->out, "  L%u to L%u -> L%u [%u]%s\n", label_at(list, entry->start), label_at(list, entry->end),
                          label_at(list, entry->target), (unsigned)entry->depth, entry->pushes_offset ? " lasti" : "");
    }
}

static void add_row(Buffer *out, uint32_t number, CodeText name)
{
    buffer_add_format(out, "%4u: ", number);
    buffer_add(out, name.bytes, name.length);
    buffer_add_byte(out, '\n');
}

static void add_slots(Buffer *out, const CodeUnit *unit, const char *heading, unsigned kind)
{
    bool is_first = true;
    for (uint32_t i = 0; i < unit->slot_count; i++) {
        if (!(unit->slot_kinds[i] & kind))
            continue;
        if (is_first)
            buffer_add_format(out, "%s:\n", heading);
        is_first = false;
        add_row(out, i, unit->slot_names[i]);
    }
}

static void add_tables(Buffer *out, const CodeUnit *unit)
{
    if (unit->constant_count)
        buffer_add_text(out, "Constants:\n");
    for (uint32_t i = 0; i < unit->constant_count; i++) {
        buffer_add_format(out, "%4u: ", i);
        disasm_constant(out, &unit->constants[i]);
        buffer_add_byte(out, '\n');
    }
    if (unit->name_count)
        buffer_add_text(out, "Names:\n");
    for (uint32_t i = 0; i < unit->name_count; i++)
        add_row(out, i, unit->names[i]);
    add_slots(out, unit, "Variable names", SLOT_LOCAL);
    add_slots(out, unit, "Cell variables", SLOT_CELL);
    add_slots(out, unit, "Free variables", SLOT_FREE);
}

static void add_unit(Buffer *out, const CodeUnit *unit, const DisasmOptions *options)
{
    Listing list = {.out = out, .unit = unit, .options = options, .words = options->words ? options->words : unit->words};
    size_t label_bytes = ((size_t)unit->word_count + 1) * sizeof *list.labels;
    list.labels = memory_alloc_zeroed(out->memory, label_bytes);
    if (!list.labels) {
        out->has_failed = true;
        return;
    }
    measure_columns(&list, number_labels(&list));
    add_code(&list);
    add_handlers(&list);
    if (options->has_tables)
        add_tables(out, unit);
    memory_free(out->memory, list.labels, label_bytes);
}

void disasm_unit(Buffer *out, const CodeUnit *unit, const DisasmOptions *options)
{
    add_unit(out, unit, options);
    if (!options->has_nested)
        return;
    DisasmOptions nested = *options;
    nested.words = NULL;
    nested.current = -1;
    for (uint32_t i = 0; i < unit->constant_count && buffer_ok(out); i++) {
        if (unit->constants[i].kind != CONST_CODE)
            continue;
        buffer_add_text(out, "\nDisassembly of ");
        disasm_code_object(out, unit->constants[i].code);
        buffer_add_text(out, ":\n");
        disasm_unit(out, unit->constants[i].code, &nested);
    }
}

/* Flags of SET_FUNCTION_ATTRIBUTE, by bit. */
static void add_function_attributes(Buffer *out, uint32_t flags)
{
    static const char *const names[] = {"defaults", "kwdefaults", "annotations", "closure"};
    bool is_first = true;
    for (unsigned bit = 0; bit < ARRAY_LENGTH(names); bit++) {
        if (!(flags >> bit & 1))
            continue;
        buffer_add_format(out, "%s%s", is_first ? "" : ", ", names[bit]);
        is_first = false;
    }
}

static void add_flag_meaning(Buffer *out, const Instruction *instruction)
{
    static const char *const conversions[] = {"", "str", "repr", "ascii"};
    uint32_t arg = instruction->arg;
    const char *meaning = NULL;
    switch (instruction->opcode) {
    case OP_BINARY_OP:        meaning = binary_op_symbol(arg); break;
    case OP_COMPARE_OP:       meaning = compare_op_symbol(arg); break;
    case OP_CALL_INTRINSIC_1: meaning = intrinsic_1_name(arg); break;
    case OP_CALL_INTRINSIC_2: meaning = intrinsic_2_name(arg); break;
    case OP_CONVERT_VALUE:    meaning = arg < ARRAY_LENGTH(conversions) ? conversions[arg] : NULL; break;
    case OP_SET_FUNCTION_ATTRIBUTE: add_function_attributes(out, arg); break;
    default: break;
    }
    if (meaning)
        buffer_add_text(out, meaning);
}

static void add_name(Buffer *out, const CodeText *names, uint32_t count, uint32_t i)
{
    if (i < count)
        buffer_add(out, names[i].bytes, names[i].length);
}

void disasm_operand(Buffer *out, const CodeUnit *unit, const Instruction *instruction)
{
    uint32_t arg = instruction->arg;
    switch (opcode_info(instruction->opcode)->operand) {
    case OPERAND_CONST:
        if (arg < unit->constant_count)
            disasm_constant(out, &unit->constants[arg]);
        break;
    case OPERAND_NAME:
        add_name(out, unit->names, unit->name_count, arg);
        break;
    case OPERAND_LOCAL: case OPERAND_CELL:
        add_name(out, unit->slot_names, unit->slot_count, arg);
        break;
    case OPERAND_FLAG:
        add_flag_meaning(out, instruction);
        break;
    case OPERAND_JUMP: case OPERAND_BACK:
        buffer_add_format(out, "to %lld", (long long)instruction_target(instruction));
        break;
    case OPERAND_NONE: case OPERAND_COUNT:
        break;
    }
}

void disasm_explain(Buffer *out, Opcode opcode)
{
    static const struct { unsigned flag; const char *meaning; } flags[] = {
        {OPCODE_RAISES, "may raise"},
        {OPCODE_CALLS, "may run other script code"},
        {OPCODE_SAFE, "the lock may change hands here"},
        {OPCODE_JUMPS, "may jump"},
        {OPCODE_ENDS, "never goes on to the next instruction"},
    };
    const OpcodeInfo *info = opcode_info(opcode);
    buffer_add_format(out, "%s: %s\n", info->name, info->sentence);
    if (!opcode_is_plain(opcode)) {
        buffer_add_format(out, "  hot form, falls back to %s\n", opcode_name(info->plain));
        return;
    }
    buffer_add_format(out, "  stack    %s\n  operand  %s\n", info->picture, opcode_operand_name(info->operand));
    buffer_add_format(out, "  pops     %s\n  pushes   %s", info->pops, info->pushes);
    if (info->flags & OPCODE_JUMPS)
        buffer_add_format(out, ", or %s when it jumps", info->jumped);
    buffer_add_format(out, "\n  words    %u\n", 1u + info->caches);
    for (unsigned i = 0; i < ARRAY_LENGTH(flags); i++) {
        if (info->flags & flags[i].flag)
            buffer_add_format(out, "  %s\n", flags[i].meaning);
    }
}
