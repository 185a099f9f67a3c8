/* mod_opcode.c - _opcode: the table of opcodes, and the instructions of a code object, for opcode and dis.
 *
 * What        rows(): the table; instructions(): of a code object, decoded; stack_effect() and the questions about single opcodes.
 * How         Offsets are in bytes of co_code, four for each word, wherever scripts see them.
 * GIL         held.
 * Read next   lib/opcode.toy, lib/dis.toy, vm/api_code.c */
#include <string.h>

#include "vm/toy_vm.h"

enum { WORD_BYTES = 4 };

static ToyValue opcode_rows(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && i < toy_opcode_count(true); i++) {
        ToyOpcode row;
        toy_opcode(i, &row);
        ToyValue entry = toy_tuple(t, toy_str(t, row.name), toy_str(t, row.operand), toy_int(t, row.caches), toy_int(t, row.plain),
                                   toy_bool(row.jumps), toy_bool(row.is_safe));
        if (!toy_list_append_take(t, list, entry)) toy_clear(&list);
    }
    return list;
}

/* The opcode among the arguments; false: raised. */
static bool opcode_argument(ToyThread *t, ToyValue v, int *number) { return toy_arg_int(t, v, number); }

static bool is_opcode(int number) { return number >= 0 && (size_t)number < toy_opcode_count(true); }

static ToyValue opcode_is_valid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    return opcode_argument(t, args[0], &number) ? toy_bool(is_opcode(number)) : TOY_FAILED;
}

/* Is the operand of one of these kinds? */
static ToyValue has_operand(ToyThread *t, ToyValue v, const char *const *kinds)
{
    int number;
    if (!opcode_argument(t, v, &number)) return TOY_FAILED;
    if (!is_opcode(number)) return TOY_FALSE;
    ToyOpcode row;
    toy_opcode((size_t)number, &row);
    toy_opcode(row.plain, &row);
    bool found = false;
    for (; *kinds && !found; kinds++) found = strcmp(row.operand, *kinds) == 0;
    return toy_bool(found);
}

#define HAS(name, ...)                                                                                                                               \
    static ToyValue opcode_has_##name(ToyThread *t, ToyValue self, const ToyValue *args)                                                             \
    {                                                                                                                                                \
        static const char *const kinds[] = {__VA_ARGS__, NULL};                                                                                      \
        return has_operand(t, args[0], kinds);                                                                                                       \
    }
HAS(arg, "CONST", "NAME", "LOCAL", "CELL", "COUNT", "FLAG", "JUMP", "BACK")
HAS(const, "CONST")
HAS(name, "NAME")
HAS(local, "LOCAL")
HAS(free, "CELL")
HAS(jump, "JUMP", "BACK")
#undef HAS

/* None sets up a handler: those lie in a table beside the code. */
static ToyValue opcode_has_exc(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    return opcode_argument(t, args[0], &number) ? TOY_FALSE : TOY_FAILED;
}

static ToyValue opcode_stack_effect(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    int64_t arg = 0;
    if (!opcode_argument(t, args[0], &number)) return TOY_FAILED;
    bool has_arg = toy_is_given(args[1]) && !toy_is_none(args[1]);
    if (has_arg && !toy_arg_int64(t, args[1], &arg)) return TOY_FAILED;
    if (!is_opcode(number) || arg < 0 || arg > UINT32_MAX) return toy_raise_value_error(t, "invalid opcode or oparg");
    bool is_open = !toy_is_given(args[2]) || toy_is_none(args[2]);
    if (!is_open && !toy_is_bool(args[2])) return toy_raise_value_error(t, "stack_effect: jump must be False, True or None");
    ToyOpcode row;
    toy_opcode((size_t)number, &row);
    toy_opcode(row.plain, &row);
    int64_t on = toy_opcode_effect(row.plain, (uint32_t)arg, false), away = row.jumps ? toy_opcode_effect(row.plain, (uint32_t)arg, true) : on;
    if (is_open) return toy_int(t, on > away ? on : away);
    return toy_int(t, toy_is_true(args[2]) ? away : on);
}

static ToyValue names_of(ToyThread *t, ToyOperandTable table)
{
    ToyValue list = toy_list(t);
    for (uint32_t i = 0; !toy_failed(list) && toy_operand_name(table, i); i++)
        if (!toy_list_append_take(t, list, toy_str(t, toy_operand_name(table, i)))) toy_clear(&list);
    return list;
}
static ToyValue opcode_get_nb_ops(ToyThread *t, ToyValue self, const ToyValue *args) { return names_of(t, TOY_BINARY_OPERATORS); }
static ToyValue opcode_get_cmp_ops(ToyThread *t, ToyValue self, const ToyValue *args) { return names_of(t, TOY_COMPARISONS); }
static ToyValue opcode_get_intrinsic1_descs(ToyThread *t, ToyValue self, const ToyValue *args) { return names_of(t, TOY_INTRINSICS_1); }
static ToyValue opcode_get_intrinsic2_descs(ToyThread *t, ToyValue self, const ToyValue *args) { return names_of(t, TOY_INTRINSICS_2); }

static ToyValue bytes_offset(ToyThread *t, int64_t words) { return toy_int(t, words * WORD_BYTES); }

static ToyValue cache_words(ToyThread *t, ToyValue code, const ToyInstruction *instruction)
{
    ToyValue list = toy_list(t);
    for (uint32_t at = instruction->offset + 1; !toy_failed(list) && at < instruction->next; at++)
        if (!toy_list_append_take(t, list, toy_int(t, toy_code_word(code, at)))) toy_clear(&list);
    return list;
}

static ToyValue opcode_instructions(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool is_hot = false;
    if (!toy_is_code(args[0])) return toy_raise_type_error(t, "expected a code object, not '%T'", args[0]);
    if (toy_is_given(args[1]) && !toy_truth(t, args[1], &is_hot)) return TOY_FAILED;
    ToyValue list = toy_list(t);
    ToyInstruction instruction;
    for (uint32_t at = 0; !toy_failed(list) && toy_code_instruction(args[0], at, is_hot, &instruction); at = instruction.next) {
        ToyValue row = toy_tuple(t, toy_int(t, instruction.opcode), toy_int(t, instruction.arg), bytes_offset(t, instruction.start),
                                 bytes_offset(t, instruction.offset), bytes_offset(t, instruction.next),
                                 instruction.has_target ? bytes_offset(t, instruction.target) : TOY_NONE,
                                 toy_code_operand_text(t, args[0], &instruction), cache_words(t, args[0], &instruction));
        if (!toy_list_append_take(t, list, row)) toy_clear(&list);
    }
    return list;
}

static ToyValue opcode_handlers(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_code(args[0])) return toy_raise_type_error(t, "expected a code object, not '%T'", args[0]);
    ToyValue list = toy_list(t);
    ToyHandler handler;
    for (uint32_t i = 0; !toy_failed(list) && toy_code_handler(args[0], i, &handler); i++) {
        ToyValue row = toy_tuple(t, bytes_offset(t, handler.start), bytes_offset(t, handler.end), bytes_offset(t, handler.target),
                                 toy_int(t, handler.depth), toy_bool(handler.pushes_offset));
        if (!toy_list_append_take(t, list, row)) toy_clear(&list);
    }
    return list;
}

static ToyValue opcode_listing(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t current;
    bool shows[3] = {false, false, false};
    if (!toy_is_code(args[0])) return toy_raise_type_error(t, "expected a code object, not '%T'", args[0]);
    if (!toy_arg_int64(t, args[1], &current)) return TOY_FAILED;
    for (int i = 0; i < 3; i++)
        if (!toy_truth(t, args[i + 2], &shows[i])) return TOY_FAILED;
    return toy_code_listing(t, args[0], current < 0 ? -1 : current / WORD_BYTES, shows[0], shows[1], shows[2]);
}

static ToyValue opcode_nothing(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_NONE; }

static const ToyFunction functions[] = {
    TOY_FUNCTION("rows", opcode_rows, "()", 0, "Return the table: (name, operand, cache words, plain form, jumps, may change the lock's holder)."),
    TOY_FUNCTION("instructions", opcode_instructions, "(code, is_hot=False, /)", 0,
                 "Return (opcode, arg, start, offset, next, target or None, operand's meaning, cache words) of each instruction."),
    TOY_FUNCTION("handlers", opcode_handlers, "(code, /)", 0, "Return (start, end, target, depth, pushes the offset) of each handler."),
    TOY_FUNCTION("listing", opcode_listing, "(code, current_offset, show_caches, is_hot, show_offsets, /)", 0,
                 "Return the instructions and the handlers as text; the one at current_offset is marked."),
    TOY_FUNCTION("stack_effect", opcode_stack_effect, "(opcode, oparg=None, /, *, jump=None)", 0,
                 "Return how much higher the stack is after the instruction; jump: when it jumps or not, None: the higher of both."),
    TOY_FUNCTION("is_valid", opcode_is_valid, "(opcode)", 0, "Return whether there is such an opcode."),
    TOY_FUNCTION("has_arg", opcode_has_arg, "(opcode)", 0, "Return whether it uses its operand."),
    TOY_FUNCTION("has_const", opcode_has_const, "(opcode)", 0, "Return whether the operand is the number of a constant."),
    TOY_FUNCTION("has_name", opcode_has_name, "(opcode)", 0, "Return whether the operand is the number of a name."),
    TOY_FUNCTION("has_jump", opcode_has_jump, "(opcode)", 0, "Return whether the operand says where to jump."),
    TOY_FUNCTION("has_free", opcode_has_free, "(opcode)", 0, "Return whether the operand is the number of a cell or free variable."),
    TOY_FUNCTION("has_local", opcode_has_local, "(opcode)", 0, "Return whether the operand is the number of a local variable."),
    TOY_FUNCTION("has_exc", opcode_has_exc, "(opcode)", 0, "Return whether it sets up a handler: none does."),
    TOY_FUNCTION("get_nb_ops", opcode_get_nb_ops, "()", 0, "Return the operators of BINARY_OP."),
    TOY_FUNCTION("get_cmp_ops", opcode_get_cmp_ops, "()", 0, "Return the operators of COMPARE_OP."),
    TOY_FUNCTION("get_intrinsic1_descs", opcode_get_intrinsic1_descs, "()", 0, "Return the names of the intrinsics of one operand."),
    TOY_FUNCTION("get_intrinsic2_descs", opcode_get_intrinsic2_descs, "()", 0, "Return the names of the intrinsics of two operands."),
    TOY_FUNCTION("get_specialization_stats", opcode_nothing, "()", 0, "Return None: this build keeps no such statistics."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module) { return toy_module_add(t, module, "ENABLE_SPECIALIZATION", TOY_TRUE); }

const ToyModule toy_module_opcode = {
    .name = "_opcode",
    .doc = "The table of opcodes, and the instructions of code objects.",
    .functions = functions,
    .init = init,
};
