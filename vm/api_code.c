/* api_code.c - the second door of the wall: opcodes and the instructions of code objects.
 *
 * What        Rows of the table of opcodes; one instruction, one handler of a code object at a time; code objects as bytes.
 * How         vm/bytecode reads both; here its answers become what a module may see.
 * GIL         held.
 * Read next   toy_vm.h, vm/bytecode/opcode.h, vm/bytecode/disasm.h */
#include "vm/bytecode/disasm.h"
#include "vm/bytecode/image.h"
#include "vm/bytecode/verify.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/list.h"
#include "vm/object/str.h"

#include "vm/toy_vm.h"

static const Code *code_of(ToyValue code) { return (const Code *)as_object(code); }

bool toy_is_code(ToyValue v) { return is_kind(v, KIND_CODE); }

size_t toy_opcode_count(bool with_hot) { return with_hot ? (size_t)OPCODE_COUNT : (size_t)OPCODE_PLAIN_COUNT; }

void toy_opcode(size_t number, ToyOpcode *row)
{
    const OpcodeInfo *info = opcode_info((unsigned)number);
    unsigned flags = opcode_info(info->plain)->flags;
    *row = (ToyOpcode){.name = info->name, .operand = opcode_operand_name(info->operand), .picture = info->picture, .sentence = info->sentence,
                       .caches = info->caches, .plain = info->plain, .raises = flags & OPCODE_RAISES, .calls = flags & OPCODE_CALLS,
                       .is_safe = flags & OPCODE_SAFE, .jumps = flags & OPCODE_JUMPS, .ends = flags & OPCODE_ENDS};
}

int64_t toy_opcode_effect(size_t number, uint32_t arg, bool is_jumping)
{
    OpcodeEffect effect = opcode_effect((unsigned)number, arg, is_jumping);
    return effect.pushes - effect.pops;
}

const char *toy_operand_name(ToyOperandTable table, uint32_t number)
{
    switch (table) {
    case TOY_BINARY_OPERATORS: return binary_op_symbol(number);
    case TOY_COMPARISONS: return compare_op_symbol(number);
    case TOY_INTRINSICS_1: return intrinsic_1_name(number);
    case TOY_INTRINSICS_2: return intrinsic_2_name(number);
    }
    return NULL;
}

bool toy_code_instruction(ToyValue code, uint32_t at, bool is_hot, ToyInstruction *instruction)
{
    const Code *c = code_of(code);
    const Word *words = is_hot && c->hot ? c->hot : c->unit->words;
    Instruction read;
    if (at >= c->unit->word_count || !instruction_read(words, c->unit->word_count, at, &read)) return false;
    OperandKind kind = opcode_info(opcode_info(read.opcode)->plain)->operand;
    bool has_target = kind == OPERAND_JUMP || kind == OPERAND_BACK;
    *instruction = (ToyInstruction){.start = read.start, .offset = read.offset, .next = read.next, .arg = read.arg, .opcode = read.opcode,
                                    .target = has_target ? instruction_target(&read) : 0, .has_target = has_target};
    return true;
}

uint32_t toy_code_word(ToyValue code, uint32_t at) { return at < code_of(code)->unit->word_count ? code_of(code)->unit->words[at] : 0; }

/* The text of a buffer as a str; the buffer is free again. */
static ToyValue text_of_buffer(ToyThread *t, Buffer *text)
{
    Value result = buffer_ok(text) ? str_decode(t, text->data ? text->data : "", text->length, "utf-8", "surrogatepass") : raise_memory_error(t);
    buffer_free(text);
    return result;
}

ToyValue toy_code_operand_text(ToyThread *t, ToyValue code, const ToyInstruction *instruction)
{
    Instruction read = {.start = instruction->start, .offset = instruction->offset, .next = instruction->next, .arg = instruction->arg,
                        .opcode = (Opcode)opcode_info(instruction->opcode)->plain};
    Buffer text;
    buffer_init(&text, &t->interp->memory);
    disasm_operand(&text, code_of(code)->unit, &read);
    return text_of_buffer(t, &text);
}

ToyValue toy_code_listing(ToyThread *t, ToyValue code, int64_t current, bool shows_caches, bool is_hot, bool shows_offsets)
{
    const Code *c = code_of(code);
    DisasmOptions options = {.has_offsets = shows_offsets, .has_caches = shows_caches, .words = is_hot ? c->hot : NULL, .current = current};
    Buffer text;
    buffer_init(&text, &t->interp->memory);
    disasm_unit(&text, c->unit, &options);
    return text_of_buffer(t, &text);
}

bool toy_code_handler(ToyValue code, uint32_t i, ToyHandler *handler)
{
    const CodeUnit *unit = code_of(code)->unit;
    if (i >= unit->handler_count) return false;
    const HandlerEntry *entry = &unit->handlers[i];
    *handler = (ToyHandler){entry->start, entry->end, entry->target, entry->depth, entry->pushes_offset};
    return true;
}

/* ---- images ---- */

/* A script may have put anything among the constants of a variant; the unit has an Ellipsis there. */
static bool is_plain(const Const *constant, Value v)
{
    if (constant->kind == CONST_ELLIPSIS) return is_same(v, ELLIPSIS);
    for (size_t i = 0; constant->kind == CONST_TUPLE && i < constant->items.count; i++)
        if (!is_plain(&constant->items.items[i], as_tuple(v)->items[i])) return false;
    return true;
}

ToyValue toy_code_image(ToyThread *t, ToyValue v)
{
    const Code *code = code_of(v);
    for (size_t i = 0; i < code->unit->constant_count; i++)
        if (!is_plain(&code->unit->constants[i], code->constants[i])) return raise_error(t, EXC_ValueError, "unmarshallable object");
    Buffer image;
    buffer_init(&image, &t->interp->memory);
    image_write(&image, code->unit);
    Value bytes = buffer_ok(&image) ? object_value(bytes_from(t, image.data, image.length)) : raise_memory_error(t);
    buffer_free(&image);
    return bytes;
}

ToyValue toy_code_from_image(ToyThread *t, const void *bytes, size_t length)
{
    ImageError error = {0};
    CodeUnit *unit = image_read(&t->interp->memory, bytes, length, IMAGE_COPY, &error);
    if (!unit) return error.is_out_of_memory ? raise_memory_error(t) : raise_error(t, EXC_ValueError, "bad marshal data (%s)", error.message);
    VerifyError fault;
    if (code_verify(unit, &fault)) return object_value(code_object_new(t, unit));
    code_free(unit);
    return fault.is_out_of_memory ? raise_memory_error(t) : raise_error(t, EXC_ValueError, "bad marshal data (%s)", fault.message);
}
