/* specialize.c - the hot copy: when it is made, and how its instructions become special.
 *
 * What        specialize_call and specialize_loop make a warm code object's private copy of its words; specialize_name, _attribute,
 *             _method, _store and _native_call turn one instruction of it into the form that fits what it has just met.
 * How         Two kinds of forms. Those that need no history (two numbers, two locals, a comparison before a jump) are put in when the
 *             copy is made, by looking at neighbours. Those that remember something (a shape, a dict's keys) are put in by the
 *             plain form when it runs in the copy: it notes ids in its cache words and changes its own opcode.
 *             A guess that fails puts the plain opcode back, which looks at once what it meets now. When that has happened a few times,
 *             a form for any class takes over for good (attribute_cache.h); where there is none, the plain one waits a while.
 * Layout      caches of the guessing forms:
 *                 LOAD_GLOBAL_*, LOAD_NAME_*, CALL_BUILTIN_FAST   keys of globals | keys of built-ins | place | wait
 *                 *_MODULE            keys of the module | - | place | wait
 *                 *_SLOT, *_ADD       type version | shape id | offset in bytes from the object's begin | wait
 *                 *_MEMBER            type version | - | the same | wait
 *                 *_ANY               - | - | - | wait
 *                 LOAD_METHOD_*, _CLASS, _PROPERTY   type version | shape id, 0: no attributes | place in the method cache | wait
 *                 CALL_*              - | wait
 *                 *_OF_CLASS          its version | that of its own class | place in the method cache | wait
 *                 COMPARE_*           the outcomes that make it true or take its jump; written with the copy
 * Invariants  I1 operands and neighbours of a replaced opcode stay as they were.
 *             I2 caches hold numbers that are never used twice, no pointers: a stale one can only fail.
 * GIL         held: that is why words may be changed while other threads are in the same code.
 * Read next   eval_hot.h, vm/bytecode/opcodes.def (HOT rows) */
#include "vm/run/specialize.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/attribute_cache.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict_keys.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/method_cache.h"
#include "vm/object/plain_init.h"
#include "vm/object/str.h"
#include "vm/run/answer.h"
#include "vm/run/builtins.h"
#include "vm/run/generator.h"

/* ---- making the copy ---- */

/* Up to six instructions in a row, as the patterns see them: five, and one that tells what could begin with the second. */
enum { NEIGHBOURS = 6 };
typedef struct Neighbours {
    Opcode opcode[NEIGHBOURS];
    uint32_t operand[NEIGHBOURS];
} Neighbours;

static Neighbours neighbours_at(const CodeUnit *unit, uint32_t offset)
{
    Neighbours row = {{OP_NOP, OP_NOP, OP_NOP, OP_NOP, OP_NOP, OP_NOP}, {0}};
    for (int i = 0; i < NEIGHBOURS && offset < unit->word_count; i++) {
        row.opcode[i] = (Opcode)WORD_OPCODE(unit->words[offset]);
        row.operand[i] = WORD_OPERAND(unit->words[offset]);
        if (row.opcode[i] == OP_EXTENDED_ARG) break;       /* the next operand is not whole: the pattern ends here */
        offset += 1 + opcode_info(row.opcode[i])->caches;
    }
    return row;
}

/* The row without its first. */
static Neighbours neighbours_after(const Neighbours *row)
{
    Neighbours next = {{OP_NOP, OP_NOP, OP_NOP, OP_NOP, OP_NOP, OP_NOP}, {0}};
    memcpy(next.opcode, row->opcode + 1, (NEIGHBOURS - 1) * sizeof *next.opcode);
    memcpy(next.operand, row->operand + 1, (NEIGHBOURS - 1) * sizeof *next.operand);
    return next;
}

static BinaryOp plain_operator(uint32_t operand) { return operand >= BINARY_INPLACE_FIRST ? operand - BINARY_INPLACE_FIRST : operand; }

/* The hot form of one BINARY_OP. */
static Opcode binary_form(uint32_t operand)
{
    switch (plain_operator(operand)) {
    case BINARY_ADD: return OP_BINARY_ADD;
    case BINARY_SUBTRACT: return OP_BINARY_SUBTRACT;
    case BINARY_MULTIPLY: return OP_BINARY_MULTIPLY;
    case BINARY_TRUE_DIVIDE: return OP_BINARY_TRUE_DIVIDE;
    case BINARY_FLOOR_DIVIDE: return OP_BINARY_FLOOR_DIVIDE;
    case BINARY_REMAINDER: return OP_BINARY_REMAINDER;
    case BINARY_AND: return OP_BINARY_AND;
    case BINARY_OR: return OP_BINARY_OR;
    case BINARY_XOR: return OP_BINARY_XOR;
    case BINARY_LSHIFT: return OP_BINARY_LSHIFT;
    case BINARY_RSHIFT: return OP_BINARY_RSHIFT;
    default: return OP_BINARY_OP;
    }
}

/* One of four by the operator, the last for all that are for ints alone; OP_NOP where there is none. */
static Opcode arithmetic_form(uint32_t operand, Opcode add, Opcode subtract, Opcode multiply, Opcode operate)
{
    switch (plain_operator(operand)) {
    case BINARY_ADD: return add;
    case BINARY_SUBTRACT: return subtract;
    case BINARY_MULTIPLY: return multiply;
    case BINARY_FLOOR_DIVIDE:
    case BINARY_REMAINDER:
    case BINARY_AND:
    case BINARY_OR:
    case BINARY_XOR:
    case BINARY_LSHIFT:
    case BINARY_RSHIFT: return operate;
    default: return OP_NOP;
    }
}

static bool is_jump_on_truth(Opcode opcode) { return opcode == OP_POP_JUMP_IF_FALSE || opcode == OP_POP_JUMP_IF_TRUE; }

/* [looping] if behind the conditional jump, the [at]th of the row, a loop goes back to its start. */
static Opcode jump_form(const Neighbours *row, int at, Opcode jumping, Opcode looping)
{
    return row->opcode[at + 1] == OP_JUMP_BACKWARD ? looping : jumping;
}

/* LOAD_FAST, LOAD_FAST or LOAD_CONST, then an operator: OP_NOP if there is no form for it. */
static Opcode two_operand_form(const Neighbours *row)
{
    bool is_const = row->opcode[1] == OP_LOAD_CONST;
    if (row->opcode[2] == OP_COMPARE_OP && is_jump_on_truth(row->opcode[3]))
        return is_const ? jump_form(row, 3, OP_COMPARE_FAST_CONST_JUMP, OP_COMPARE_FAST_CONST_LOOP)
                        : jump_form(row, 3, OP_COMPARE_FAST_FAST_JUMP, OP_COMPARE_FAST_FAST_LOOP);
    if (row->opcode[2] == OP_BINARY_SUBSCR) return is_const ? OP_SUBSCR_FAST_CONST : OP_SUBSCR_FAST_FAST;
    if (row->opcode[2] == OP_STORE_SUBSCR && !is_const) return OP_STORE_SUBSCR_FAST_FAST;
    if (row->opcode[2] != OP_BINARY_OP) return OP_NOP;
    if (is_const && plain_operator(row->operand[2]) == BINARY_REMAINDER) return OP_REMAINDER_FAST_CONST;
    if (is_const && plain_operator(row->operand[2]) == BINARY_AND) return OP_AND_FAST_CONST;
    if (is_const) return arithmetic_form(row->operand[2], OP_ADD_FAST_CONST, OP_SUBTRACT_FAST_CONST, OP_MULTIPLY_FAST_CONST, OP_OPERATE_FAST_CONST);
    return arithmetic_form(row->operand[2], OP_ADD_FAST_FAST, OP_SUBTRACT_FAST_FAST, OP_MULTIPLY_FAST_FAST, OP_OPERATE_FAST_FAST);
}

/* LOAD_CONST, LOAD_FAST, times. */
static bool is_multiplied_local(const Neighbours *row)
{
    return row->opcode[1] == OP_LOAD_FAST && row->opcode[2] == OP_BINARY_OP && plain_operator(row->operand[2]) == BINARY_MULTIPLY;
}

/* LOAD_CONST, to the power of it. */
static bool is_power(const Neighbours *row) { return row->opcode[1] == OP_BINARY_OP && plain_operator(row->operand[1]) == BINARY_POWER; }

/* LOAD_FAST sequence, LOAD_FAST index, LOAD_CONST, plus or minus, BINARY_SUBSCR. */
static bool is_subscript_by_offset(const Neighbours *row)
{
    bool are_operands = row->opcode[1] == OP_LOAD_FAST && row->opcode[2] == OP_LOAD_CONST && row->opcode[3] == OP_BINARY_OP;
    return are_operands && (row->operand[3] == BINARY_ADD || row->operand[3] == BINARY_SUBTRACT) && row->opcode[4] == OP_BINARY_SUBSCR;
}

/* LOAD_FAST container, LOAD_FAST or LOAD_CONST key, COPY 2, COPY 2, BINARY_SUBSCR: a[i] += x begins so. */
static bool is_subscript_under(const Neighbours *row)
{
    bool are_copied = row->opcode[2] == OP_COPY && row->operand[2] == 2 && row->opcode[3] == OP_COPY && row->operand[3] == 2;
    return are_copied && row->opcode[4] == OP_BINARY_SUBSCR;
}

/* Does a LOAD_FAST or LOAD_CONST do more with what comes behind it than push? */
static bool has_form_of_its_own(const Neighbours *row)
{
    if (row->opcode[0] != OP_LOAD_FAST) return is_multiplied_local(row) || is_power(row);
    if (row->opcode[1] == OP_LOAD_ATTR || row->opcode[1] == OP_STORE_ATTR || (row->opcode[1] == OP_COPY && row->opcode[2] == OP_LOAD_ATTR)) return true;
    bool are_two = row->opcode[1] == OP_LOAD_FAST || row->opcode[1] == OP_LOAD_CONST;
    return are_two && (is_subscript_by_offset(row) || is_subscript_under(row) || two_operand_form(row) != OP_NOP);
}

static Opcode load_fast_form(const Neighbours *row)
{
    if (row->opcode[1] == OP_LOAD_FAST || row->opcode[1] == OP_LOAD_CONST) {
        if (is_subscript_by_offset(row)) return OP_SUBSCR_FAST_OFFSET;
        if (is_subscript_under(row)) return OP_SUBSCR_FAST_UNDER;
        Opcode form = two_operand_form(row);
        if (form != OP_NOP) return form;
        /* Leave the second one to a form of its own, if it has one: a + b[c] is better served by (b[c]) than by (a b). */
        Neighbours next = neighbours_after(row);
        if (has_form_of_its_own(&next)) return OP_LOAD_FAST;
        return row->opcode[1] == OP_LOAD_FAST ? OP_LOAD_FAST_FAST : OP_LOAD_FAST_CONST;
    }
    if (row->opcode[1] == OP_LOAD_ATTR) {
        Opcode form = row->opcode[2] == OP_BINARY_OP ? arithmetic_form(row->operand[2], OP_ADD_ATTR, OP_SUBTRACT_ATTR, OP_MULTIPLY_ATTR, OP_NOP) : OP_NOP;
        return form != OP_NOP ? form : OP_LOAD_FAST_ATTR;
    }
    if (row->opcode[1] == OP_LOAD_METHOD) return OP_LOAD_FAST_METHOD;
    if (row->opcode[1] == OP_STORE_ATTR) return OP_STORE_FAST_ATTR;
    if (row->opcode[1] == OP_COPY && row->operand[1] == 1 && row->opcode[2] == OP_LOAD_ATTR) return OP_LOAD_FAST_ATTR_UNDER;
    if (row->opcode[1] == OP_RETURN_VALUE) return OP_RETURN_FAST;
    if (row->opcode[1] == OP_BINARY_SUBSCR) return OP_SUBSCR_FAST;
    if (is_jump_on_truth(row->opcode[1])) return jump_form(row, 1, OP_TEST_FAST_JUMP, OP_TEST_FAST_LOOP);
    if (row->opcode[1] == OP_COMPARE_OP && is_jump_on_truth(row->opcode[2])) return OP_COMPARE_FAST_JUMP;
    if (row->opcode[1] == OP_BINARY_OP) {
        Opcode form = arithmetic_form(row->operand[1], OP_ADD_FAST, OP_SUBTRACT_FAST, OP_MULTIPLY_FAST, OP_OPERATE_FAST);
        if (form != OP_NOP) return form;
    }
    return OP_LOAD_FAST;
}

static Opcode load_const_form(const Neighbours *row)
{
    if (row->opcode[1] == OP_COMPARE_OP && is_jump_on_truth(row->opcode[2])) return OP_COMPARE_CONST_JUMP;
    if (row->opcode[1] == OP_BINARY_SUBSCR) return OP_SUBSCR_CONST;
    if (is_multiplied_local(row)) return OP_MULTIPLY_CONST_FAST;
    if (is_power(row)) return OP_POWER_CONST;
    if (row->opcode[1] == OP_BINARY_OP) {
        if (plain_operator(row->operand[1]) == BINARY_REMAINDER) return OP_REMAINDER_CONST;
        if (plain_operator(row->operand[1]) == BINARY_AND) return OP_AND_CONST;
        Opcode form = arithmetic_form(row->operand[1], OP_ADD_CONST, OP_SUBTRACT_CONST, OP_MULTIPLY_CONST, OP_OPERATE_CONST);
        if (form != OP_NOP) return form;
    }
    if (row->opcode[1] != OP_LOAD_CONST) return OP_LOAD_CONST;
    Neighbours next = neighbours_after(row);
    Opcode form = load_const_form(&next);
    return form == OP_LOAD_CONST || form == OP_LOAD_CONST_CONST ? OP_LOAD_CONST_CONST : OP_LOAD_CONST;
}

static Opcode store_fast_form(const Neighbours *row)
{
    if (row->opcode[1] == OP_STORE_FAST) return OP_STORE_FAST_STORE_FAST;
    if (row->opcode[1] != OP_LOAD_FAST) return OP_STORE_FAST;
    /* What loads and does something at once is better than something that has to find its operand on the stack. */
    Neighbours next = neighbours_after(row);
    Opcode form = load_fast_form(&next);
    return form == OP_LOAD_FAST || form == OP_LOAD_FAST_FAST || form == OP_LOAD_FAST_CONST ? OP_STORE_FAST_LOAD_FAST : OP_STORE_FAST;
}

/* The outcomes (enum Outcome) of a comparison that make it true, or, if a jump follows that belongs to it, take the jump. */
static Word outcomes_of(const Neighbours *row)
{
    static const uint8_t true_for[COMPARE_OP_COUNT] = {
        [COMPARE_LT] = OUTCOME_LESS, [COMPARE_LE] = OUTCOME_LESS | OUTCOME_EQUAL, [COMPARE_EQ] = OUTCOME_EQUAL,
        [COMPARE_NE] = OUTCOME_LESS | OUTCOME_GREATER, [COMPARE_GT] = OUTCOME_GREATER, [COMPARE_GE] = OUTCOME_GREATER | OUTCOME_EQUAL,
    };
    Word outcomes = true_for[row->operand[0]];
    return row->opcode[1] == OP_POP_JUMP_IF_FALSE ? ~outcomes : outcomes;
}

/* UNPACK_SEQUENCE 2 or 3 into as many locals. */
static bool is_unpacked_to_locals(const Neighbours *row)
{
    bool are_two = row->opcode[1] == OP_STORE_FAST && row->opcode[2] == OP_STORE_FAST;
    return are_two && (row->operand[0] == 2 || (row->operand[0] == 3 && row->opcode[3] == OP_STORE_FAST));
}

static Opcode for_iter_form(const Neighbours *row)
{
    if (row->opcode[1] == OP_STORE_FAST) return OP_FOR_ITER_FAST;
    bool is_pair = row->opcode[1] == OP_UNPACK_SEQUENCE && row->operand[1] == 2 && row->opcode[2] == OP_STORE_FAST && row->opcode[3] == OP_STORE_FAST;
    return is_pair ? OP_FOR_ITER_PAIR : OP_FOR_ITER;
}

/* The hot forms of these look for a STORE_FAST behind them and do it too, so it is left as it is. */
static bool stores_result(Opcode opcode) { return opcode == OP_BINARY_OP || opcode == OP_BINARY_SUBSCR; }

/* The form for the first of the row; the plain opcode when there is none. */
static Opcode form_of(const Neighbours *row)
{
    switch (row->opcode[0]) {
    case OP_LOAD_FAST: return load_fast_form(row);
    case OP_LOAD_CONST: return load_const_form(row);
    case OP_STORE_FAST: return store_fast_form(row);
    case OP_FOR_ITER: return for_iter_form(row);
    case OP_BUILD_TUPLE: return row->opcode[1] == OP_UNPACK_SEQUENCE && row->operand[1] == row->operand[0] ? OP_REVERSE_VALUES : OP_BUILD_TUPLE;
    case OP_UNPACK_SEQUENCE: return is_unpacked_to_locals(row) ? OP_UNPACK_FAST : OP_UNPACK_SEQUENCE;
    case OP_BUILD_SLICE: return row->operand[0] == 3 && row->opcode[1] == OP_BINARY_SUBSCR ? OP_SUBSCR_SLICE : OP_BUILD_SLICE;
    case OP_COPY:
        return row->opcode[1] == OP_COPY && row->opcode[2] == OP_BINARY_SUBSCR && row->operand[0] == 2 && row->operand[1] == 2 ? OP_SUBSCR_UNDER : OP_COPY;
    case OP_SWAP:
        if (row->operand[0] == 2 && row->opcode[1] == OP_STORE_ATTR) return OP_STORE_ATTR_UNDER;
        return row->opcode[1] == OP_SWAP && row->opcode[2] == OP_STORE_SUBSCR && row->operand[0] == 3 && row->operand[1] == 2 ? OP_STORE_SUBSCR_UNDER : OP_SWAP;
    case OP_BINARY_OP: return binary_form(row->operand[0]);
    case OP_IS_OP: return is_jump_on_truth(row->opcode[1]) ? OP_IS_JUMP : OP_IS_OP;
    case OP_CONTAINS_OP: return is_jump_on_truth(row->opcode[1]) ? OP_CONTAINS_JUMP : OP_CONTAINS_OP;
    case OP_COMPARE_OP: return is_jump_on_truth(row->opcode[1]) ? OP_COMPARE_JUMP : OP_COMPARE_EASY;
    default: return row->opcode[0];
    }
}

/* The end of a loop, by where it goes back to. */
static Opcode loop_form(const CodeUnit *unit, uint32_t offset)
{
    Neighbours target = neighbours_at(unit, offset + 1 - WORD_OPERAND(unit->words[offset]));
    return target.opcode[0] == OP_FOR_ITER && for_iter_form(&target) == OP_FOR_ITER_FAST ? OP_JUMP_TO_FOR : OP_JUMP_BACKWARD_WARM;
}

/* How many words come before the first resumption of a generator that is made at once; 0: something else has to be done before, or it is none. */
static uint32_t generator_start_of(const CodeUnit *unit)
{
    uint32_t start = WORD_OPCODE(unit->words[0]) == OP_COPY_FREE_VARS;
    return WORD_OPCODE(unit->words[start]) == OP_RETURN_GENERATOR ? start + 1 : 0;
}

static void make_hot(Thread *t, Code *code)
{
    const CodeUnit *unit = code->unit;
    Memory *memory = &t->interp->memory;
    if (t->interp->config.stress_switch || code->is_never_hot) return;
    Word *hot = memory_alloc(memory, unit->word_count * sizeof(Word));
    if (!hot) {
        code->is_never_hot = true;
        return;
    }
    memcpy(hot, unit->words, unit->word_count * sizeof(Word));
    Opcode previous = OP_NOP;
    bool is_whole = true;                     /* false behind EXTENDED_ARG: its operand stands in two words */
    for (uint32_t i = 0; i < unit->word_count; i += 1 + opcode_info(WORD_OPCODE(unit->words[i]))->caches) {
        Neighbours row = neighbours_at(unit, i);
        bool is_stored_before = row.opcode[0] == OP_STORE_FAST && stores_result(previous);
        if (is_whole && !is_stored_before) hot[i] = WORD_MAKE(form_of(&row), row.operand[0]);
        if (is_whole && row.opcode[0] == OP_JUMP_BACKWARD) hot[i] = WORD_MAKE(loop_form(unit, i), row.operand[0]);
        if (row.opcode[0] == OP_COMPARE_OP) hot[i + 1] = outcomes_of(&row);
        is_whole = row.opcode[0] != OP_EXTENDED_ARG;
        previous = row.opcode[0];
    }
    code->hot = hot;
    code->hot_start = WORD_OPCODE(hot[0]) == OP_RESUME ? hot + 1 : hot;
    code->generator_start = generator_start_of(unit);
    PlainStore stores[PLAIN_STORES_MAX];
    uint32_t count;
    code->only_stores = plain_init_scan(code, stores, &count);
    code->only_answers = answer_scan(code);
    if (!code->generator_start && !code->only_answers) code->warm_count = code->exact_count;
}

void specialize_call(Thread *t, Code *code)
{
    if (code->heat++ >= HEAT_CALLS) make_hot(t, code);
}

const Word *specialize_loop(Thread *t, Frame *frame, const Word *ip)
{
    Code *code = frame->code;
    bool runs_plain = ip >= code->unit->words && ip < code->unit->words + code->unit->word_count;
    if (!runs_plain) return ip;      /* traced words stay what they are */
    if (is_cold(code) && code->heat++ >= HEAT_LOOPS) make_hot(t, code);
    return code->hot ? code->hot + (ip - code->unit->words) : ip;
}

/* ---- guessing ---- */

/* The last cache word of a guessing instruction: runs of the plain form until it is looked at again | how many it waited for last |
 * guesses that have failed. */
enum { WAIT_MASK = 0xffff, WAITED_SHIFT = 16, FAILURES_SHIFT = 24, FAILURES_MAX = 4, WAITED_FIRST = 4, WAITED_MAX = 14,
       WAIT_AFTER_FAILURES = 64 };

/* The instruction's words if they lie in the hot copy, are still [plain] there, and it is time to look; else NULL. */
static Word *words_to_change(const Frame *frame, const Word *ip, Opcode plain, unsigned caches)
{
    const Code *code = frame->code;
    const Word *at = ip - 1;
    if (!code->hot || at < code->hot || at >= code->hot + code->unit->word_count || WORD_OPCODE(*at) != plain) return NULL;
    if (WORD_OPCODE(at[-1]) == OP_EXTENDED_ARG && at > code->hot) return NULL;
    Word *words = code->hot + (at - code->hot);
    Word *wait = &words[caches];
    if (*wait & WAIT_MASK) {
        --*wait;
        return NULL;
    }
    /* In case that nothing is found below: each time twice as long, so that what has no form costs no time. */
    Word waited = *wait >> WAITED_SHIFT & 0xff;
    waited = waited < WAITED_FIRST ? WAITED_FIRST : waited < WAITED_MAX ? waited + 1 : WAITED_MAX;
    *wait = (*wait & ~(Word)0 << FAILURES_SHIFT) | waited << WAITED_SHIFT | (Word)1 << waited;
    return words;
}

void specialize_again(const Word *ip, Opcode plain, Opcode any, unsigned caches)
{
    Word *words = (Word *)ip - 1;
    Word failures = (words[caches] >> FAILURES_SHIFT) + 1;
    bool are_many = failures > FAILURES_MAX;
    words[0] = WORD_MAKE(are_many ? any : plain, WORD_OPERAND(words[0]));
    words[caches] = are_many ? WAIT_AFTER_FAILURES : failures << FAILURES_SHIFT;
}

static void change(Word *words, Opcode opcode) { words[0] = WORD_MAKE(opcode, WORD_OPERAND(words[0])); }

/* What each instruction on a name turns into when the module's dict has it, and when only the built-ins have. */
static const struct { Opcode plain, of_module, of_builtins; bool is_mapped; } name_forms[] = {
    {OP_LOAD_GLOBAL, OP_LOAD_GLOBAL_MODULE, OP_LOAD_GLOBAL_BUILTIN, false},
    {OP_STORE_GLOBAL, OP_STORE_GLOBAL_MODULE, OP_STORE_GLOBAL, false},
    {OP_LOAD_NAME, OP_LOAD_NAME_MODULE, OP_LOAD_NAME_BUILTIN, true},
    {OP_STORE_NAME, OP_STORE_NAME_MODULE, OP_STORE_NAME, true},
};

/* Is what a LOAD_GLOBAL finds called at once with a local and nothing else? */
static bool is_called_with_local(const Word *words)
{
    const Word *argument = &words[1 + CACHES_LOAD_GLOBAL], *call = argument + 1;
    return WORD_OPCODE(*argument) == OP_LOAD_FAST && WORD_OPERAND(*call) == 1 &&
           (WORD_OPCODE(*call) == OP_CALL || WORD_OPCODE(*call) == OP_CALL_NATIVE || WORD_OPCODE(*call) == OP_CALL_LEN);
}

void specialize_name(Thread *t, Frame *frame, const Word *ip, Opcode plain)
{
    size_t i = 0;
    while (name_forms[i].plain != plain) i++;
    Word *words = words_to_change(frame, ip, plain, opcode_info(plain)->caches);
    Dict *globals = frame->function->globals;
    /* With a mapping of its own (a class body, exec with locals) a name may mean something else each time. */
    if (!words || (name_forms[i].is_mapped && !is_same(frame->mapping, object_value(globals)))) return;
    Str *name = frame->code->names[WORD_OPERAND(ip[-1])];
    uint32_t globals_version = dict_keys_version(t, globals);
    if (!globals_version) return;
    size_t place = dict_find_place(globals, name);
    words[1] = globals_version;
    if (place < UINT32_MAX) {
        words[3] = (Word)place;
        change(words, name_forms[i].of_module);
        return;
    }
    if (name_forms[i].of_builtins == plain || !is_kind(frame->function->builtins, KIND_DICT)) return;
    Dict *builtins = as_dict(frame->function->builtins);
    uint32_t builtins_version = dict_keys_version(t, builtins);
    place = dict_find_place(builtins, name);
    if (!builtins_version || place >= UINT32_MAX) return;
    words[2] = builtins_version;
    words[3] = (Word)place;
    Value found = dict_entry_at(builtins, place)->value;
    bool is_function = is_kind(found, KIND_NATIVE_FUNCTION) && ((NativeFunction *)as_object(found))->def->function != builtin_next;   /* CALL_NEXT */
    bool calls = plain == OP_LOAD_GLOBAL && is_function && is_called_with_local(words);
    change(words, calls ? OP_CALL_BUILTIN_FAST : name_forms[i].of_builtins);
}

static void specialize_module_attribute(Thread *t, Word *words, Module *module, Str *name, Opcode form)
{
    uint32_t version = dict_keys_version(t, module->dict);
    size_t place = dict_find_place(module->dict, name);
    if (!version || place >= UINT32_MAX || is_bound(type_lookup(t, kind_type(t, KIND_MODULE), name))) return;
    words[1] = version;
    words[3] = (Word)place;
    change(words, form);
}

/* Notes where the method cache has what [type] has under [name], and its stamp. False: it has no place for it, or no stamp. */
static bool note_cached(Thread *t, Word *words, Type *type, Str *name)
{
    type_lookup(t, type, name);      /* whoever resolved it may not have come by the cache */
    MethodCache *cache = t->interp->method_cache;
    const MethodCacheEntry *entry = cache ? method_cache_entry(cache, type->version, name) : NULL;
    if (!entry || entry->version != type->version || entry->name != name || !entry->stamp) return false;
    words[1] = entry->stamp;
    words[3] = (Word)(entry - cache->entries);
    return true;
}

/* The class [cls] itself has a value of that name: what a look-up through [form] may take as it is. */
static void specialize_class_attribute(Thread *t, Word *words, Type *cls, Str *name, Opcode form)
{
    Type *metaclass = cls->head.type;
    uint32_t version = type_version(t, cls), meta_version = type_version(t, metaclass);
    if (!version || !meta_version || metaclass->slots.get_attribute != kind_type(t, KIND_TYPE)->slots.get_attribute) return;
    Value of_metaclass = type_lookup(t, metaclass, name), v = type_lookup(t, cls, name);
    if (is_bound(of_metaclass) && is_data_descriptor(t, of_metaclass)) return;
    if (is_unbound(v)) return;
    bool is_wrapped = is_kind(v, KIND_CLASS_METHOD) || is_kind(v, KIND_STATIC_METHOD);
    if (is_wrapped && (form != OP_LOAD_METHOD_OF_CLASS || !is_kind(((WrappedFunction *)as_object(v))->function, KIND_FUNCTION))) return;
    if (!is_wrapped && !is_kind(v, KIND_FUNCTION) && value_type(t, v)->slots.descriptor_get) return;
    words[2] = meta_version;
    if (note_cached(t, words, cls, name)) change(words, form);
}

/* Notes a place of an instance, or of its class, in the cache words, and the form that goes there. */
static void note_place(Thread *t, Word *words, Value object, const AttributePlace *place, Opcode form)
{
    words[1] = place->version;
    words[2] = place->shape_id;
    words[3] = place->where;
    bool is_of_class = place->kind == ATTRIBUTE_OF_CLASS || place->kind == ATTRIBUTE_IS_PROPERTY || place->kind == ATTRIBUTE_IS_METHOD;
    if (!is_of_class || note_cached(t, words, value_type(t, object), place->name)) change(words, form);
}

void specialize_attribute(Thread *t, Frame *frame, const Word *ip, Value object)
{
    Word *words = words_to_change(frame, ip, OP_LOAD_ATTR, CACHES_LOAD_ATTR);
    if (!words || !is_object(object)) return;
    Str *name = frame->code->names[WORD_OPERAND(ip[-1])];
    if (is_kind(object, KIND_MODULE)) {
        specialize_module_attribute(t, words, (Module *)as_object(object), name, OP_LOAD_ATTR_MODULE);
        return;
    }
    if (is_type(object)) {
        specialize_class_attribute(t, words, as_type(object), name, OP_LOAD_ATTR_OF_CLASS);
        return;
    }
    AttributePlace place;
    attribute_resolve_load(t, object, name, &place);
    switch (place.kind) {
    case ATTRIBUTE_IN_SLOT: note_place(t, words, object, &place, OP_LOAD_ATTR_SLOT); return;
    case ATTRIBUTE_IN_MEMBER: note_place(t, words, object, &place, OP_LOAD_ATTR_MEMBER); return;
    case ATTRIBUTE_OF_CLASS: note_place(t, words, object, &place, OP_LOAD_ATTR_CLASS); return;
    case ATTRIBUTE_IS_PROPERTY: note_place(t, words, object, &place, OP_LOAD_ATTR_PROPERTY); return;
    case ATTRIBUTE_IN_OVERFLOW:
    case ATTRIBUTE_IS_ASKED:
    case ATTRIBUTE_IS_METHOD: change(words, OP_LOAD_ATTR_ANY); return;
    case ATTRIBUTE_IS_NEW:
    case ATTRIBUTE_ELSEWHERE: return;
    }
}

/* What calls [method] of a built-in type: by itself, when nothing stands between look-up and call. */
static Opcode type_method_form(const Type *type, Value method, const Word *words)
{
    Word call = words[1 + CACHES_LOAD_METHOD];
    bool is_call = WORD_OPCODE(call) == OP_CALL_METHOD || WORD_OPCODE(call) == OP_CALL_METHOD_NATIVE;
    bool is_native = is_kind(method, KIND_METHOD_DESCRIPTOR) && !type_is(type, TYPE_IS_SCRIPT_MADE);
    return is_native && is_call && WORD_OPERAND(call) == 0 ? OP_CALL_TYPE_METHOD : OP_LOAD_METHOD_TYPE;
}

static void choose_method_form(Thread *t, Word *words, Value object, Str *name)
{
    if (is_kind(object, KIND_MODULE)) {
        specialize_module_attribute(t, words, (Module *)as_object(object), name, OP_LOAD_METHOD_MODULE);
        return;
    }
    if (is_type(object)) {
        specialize_class_attribute(t, words, as_type(object), name, OP_LOAD_METHOD_OF_CLASS);
        return;
    }
    AttributePlace place;
    attribute_resolve_load(t, object, name, &place);
    switch (place.kind) {
    case ATTRIBUTE_IN_SLOT: note_place(t, words, object, &place, OP_LOAD_METHOD_SLOT); return;
    case ATTRIBUTE_IS_METHOD:
        note_place(t, words, object, &place, place.shape_id ? OP_LOAD_METHOD_SHAPE : type_method_form(value_type(t, object), place.value, words));
        return;
    case ATTRIBUTE_IN_MEMBER:
    case ATTRIBUTE_OF_CLASS:
    case ATTRIBUTE_IN_OVERFLOW: change(words, OP_LOAD_METHOD_ANY); return;
    case ATTRIBUTE_IS_PROPERTY:
    case ATTRIBUTE_IS_ASKED:
    case ATTRIBUTE_IS_NEW:
    case ATTRIBUTE_ELSEWHERE: return;
    }
}

/* What becomes of a LOAD_FAST before the LOAD_METHOD at [words], which has found its form: it does what comes next, too, if it knows that form;
 * and with a native method, one local or constant as argument and the call behind it, all of this. */
static Opcode local_method_form(Thread *t, const Word *words, Value object)
{
    Opcode form = (Opcode)WORD_OPCODE(words[0]);
    if (form == OP_LOAD_METHOD || form == OP_LOAD_METHOD_SHAPE || form == OP_LOAD_METHOD_ANY) return OP_LOAD_FAST_METHOD;
    if (form != OP_LOAD_METHOD_TYPE) return OP_LOAD_FAST;
    const Word *argument = &words[1 + CACHES_LOAD_METHOD], *call = argument + 1;
    Value method = t->interp->method_cache->entries[words[3]].value;
    bool is_native = is_kind(method, KIND_METHOD_DESCRIPTOR) && !type_is(value_type(t, object), TYPE_IS_SCRIPT_MADE) &&
                     ((MethodDescriptor *)as_object(method))->def->function != generator_send_method;      /* CALL_SEND */
    bool is_argument = WORD_OPCODE(*argument) == OP_LOAD_FAST || WORD_OPCODE(*argument) == OP_LOAD_CONST;
    bool is_call = is_argument && WORD_OPERAND(*call) == 1 &&
                   (WORD_OPCODE(*call) == OP_CALL_METHOD || WORD_OPCODE(*call) == OP_CALL_METHOD_NATIVE || WORD_OPCODE(*call) == OP_CALL_LIST_APPEND);
    return is_native && is_call ? OP_CALL_FAST_METHOD : OP_LOAD_FAST_METHOD;
}

void specialize_method(Thread *t, Frame *frame, const Word *ip, Value object)
{
    Word *words = words_to_change(frame, ip, OP_LOAD_METHOD, CACHES_LOAD_METHOD);
    if (!words) return;
    choose_method_form(t, words, object, frame->code->names[WORD_OPERAND(ip[-1])]);
    bool is_behind_local = words > frame->code->hot && WORD_OPCODE(frame->code->unit->words[words - 1 - frame->code->hot]) == OP_LOAD_FAST;
    if (is_behind_local && (WORD_OPCODE(words[-1]) == OP_LOAD_FAST_METHOD || WORD_OPCODE(words[-1]) == OP_CALL_FAST_METHOD))
        change(words - 1, local_method_form(t, words, object));
}

void specialize_native_call(const Frame *frame, const Word *next, Opcode plain, Value callee, Value first)
{
    _Static_assert(CACHES_CALL == CACHES_CALL_METHOD, "one figure serves both");
    _Static_assert((int)CODE_HOT_WORDS >= (int)NATIVE_SPARE_WORDS, "above the arguments of a native call is room for those left out");
    bool is_method = plain == OP_CALL_METHOD;
    Word *words = words_to_change(frame, next - CACHES_CALL, plain, CACHES_CALL);
    if (!words || !is_object(callee)) return;
    enum Kind kind = as_object(callee)->kind;
    if (!is_method) {
        bool is_next = kind == KIND_NATIVE_FUNCTION && ((NativeFunction *)as_object(callee))->def->function == builtin_next;
        bool is_entered = is_object(first) && (as_object(first)->kind == KIND_GENERATOR || type_is(as_object(first)->type, TYPE_IS_SCRIPT_MADE));
        bool is_native_instance = kind == KIND_INSTANCE && !type_is(as_object(callee)->type, TYPE_IS_SCRIPT_MADE);
        bool is_len = kind == KIND_NATIVE_FUNCTION && ((NativeFunction *)as_object(callee))->def->function == builtin_len;
        if (is_len && WORD_OPERAND(words[0]) == 1) change(words, OP_CALL_LEN);
        else if (is_next && is_entered && WORD_OPERAND(words[0]) <= 2) change(words, OP_CALL_NEXT);
        else if (kind == KIND_NATIVE_FUNCTION || kind == KIND_TYPE || is_native_instance) change(words, OP_CALL_NATIVE);
    } else if (kind == KIND_NATIVE_FUNCTION && is_unbound(first)) {
        change(words, OP_CALL_METHOD_NATIVE);
    } else if (kind == KIND_METHOD_DESCRIPTOR && is_bound(first)) {
        NativeFn function = ((MethodDescriptor *)as_object(callee))->def->function;
        bool is_statement = WORD_OPCODE(words[1 + CACHES_CALL_METHOD]) == OP_POP_TOP, has_one = WORD_OPERAND(words[0]) == 1;
        if (has_one && is_statement && function == list_append_method && is_kind(first, KIND_LIST)) change(words, OP_CALL_LIST_APPEND);
        else change(words, has_one && function == generator_send_method && generator_of(first) ? OP_CALL_SEND : OP_CALL_METHOD_NATIVE);
    }
}

void specialize_store(Thread *t, Frame *frame, const Word *ip, Value object)
{
    Word *words = words_to_change(frame, ip, OP_STORE_ATTR, CACHES_STORE_ATTR);
    if (!words || !is_object(object)) return;
    AttributePlace place;
    attribute_resolve_store(t, object, frame->code->names[WORD_OPERAND(ip[-1])], &place);
    switch (place.kind) {
    case ATTRIBUTE_IN_SLOT: note_place(t, words, object, &place, OP_STORE_ATTR_SLOT); return;
    case ATTRIBUTE_IN_MEMBER: note_place(t, words, object, &place, OP_STORE_ATTR_MEMBER); return;
    case ATTRIBUTE_IS_NEW: note_place(t, words, object, &place, OP_STORE_ATTR_ADD); return;
    case ATTRIBUTE_IN_OVERFLOW: change(words, OP_STORE_ATTR_ANY); return;
    case ATTRIBUTE_OF_CLASS:
    case ATTRIBUTE_IS_METHOD:
    case ATTRIBUTE_IS_PROPERTY:
    case ATTRIBUTE_IS_ASKED:
    case ATTRIBUTE_ELSEWHERE: return;
    }
}
