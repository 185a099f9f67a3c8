/* tool_dis.c - toy -m dis: a source as the machine's instructions.
 *
 * What        The listing of a whole source; of a script that has run, with the hot forms that its code has come to; or the explanation
 *             of one opcode.
 * How         Source becomes a code unit as it would for running; vm/bytecode/disasm.c lists it. What is specialised depends on what
 *             was met, so -S runs the script first, as __main__, and then lists the hot copies of its code objects.
 * GIL         held.
 * Read next   vm/bytecode/disasm.h, vm/bytecode/opcodes.def */
#include <string.h>

#include "vm/bytecode/disasm.h"
#include "vm/cli/loader.h"
#include "vm/cli/main_module.h"
#include "vm/cli/tools.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/run/interp.h"

static const char help[] = "usage: toy -m dis [-h] [-C] [-O] [-S] [--explain OPCODE] [file]\n\n"
                           "Lists the instructions that a source is compiled to.\n\n"
                           "  -S, --specialized     run the source, then list its code with the forms that warm code has come to\n"
                           "  -C, --show-caches     a line for each cache word too\n"
                           "  -O, --show-offsets    a column with the offset of each instruction\n"
                           "  -e, --explain OPCODE  what one opcode does, from the table of all opcodes\n\n"
                           "A double arrow marks the instructions at which another thread may get the lock.\n"
                           "Without a file, or with -, the source is read from stdin.\n";

static int print(Thread *t, Buffer *out)
{
    int status = -1;
    if (buffer_ok(out)) status = tool_print(out);
    else raise_memory_error(t);
    buffer_free(out);
    return status;
}

static int explain(Thread *t, const char *name)
{
    for (int opcode = 0; opcode < OPCODE_COUNT; opcode++) {
        if (strcmp(opcode_name((Opcode)opcode), name) != 0) continue;
        Buffer out;
        buffer_init(&out, &t->interp->memory);
        disasm_explain(&out, (Opcode)opcode);
        return print(t, &out);
    }
    fprintf(stderr, "toy -m dis: no opcode is called '%s'\n", name);
    return 2;
}

static CompileRequest request_for(const ToolInput *input)
{
    return (CompileRequest){.source = input->bytes, .length = input->length, .filename = input->name, .mode = COMPILE_MODULE,
                            .optimize = -1, .quotes_source = true};
}

static int list(Thread *t, const char *file, const DisasmOptions *style)
{
    ToolInput input;
    if (!tool_read(t, file, &input)) return -1;
    CompileRequest request = request_for(&input);
    bool is_incomplete = false;
    CodeUnit *unit = loader_hooks().compile(t, &request, &is_incomplete);
    tool_free(t, &input);
    if (!unit) return -1;
    Buffer out;
    buffer_init(&out, &t->interp->memory);
    disasm_unit(&out, unit, style);
    code_free(unit);
    return print(t, &out);
}

/* [code] and those among its constants, each with its hot copy if it has one. */
static void add_warm(Buffer *out, const Code *code, const DisasmOptions *style)
{
    DisasmOptions here = *style;
    here.has_nested = false;
    here.words = code->hot;
    disasm_unit(out, code->unit, &here);
    for (uint32_t i = 0; i < code->unit->constant_count && buffer_ok(out); i++) {
        if (!is_kind(code->constants[i], KIND_CODE)) continue;
        const Code *nested = (const Code *)as_object(code->constants[i]);
        buffer_add_text(out, "\nDisassembly of ");
        disasm_code_object(out, nested->unit);
        buffer_add_text(out, nested->hot ? ":\n" : " (cold):\n");
        add_warm(out, nested, style);
    }
}

/* -S: what the script raised is told after the listing. */
static int run_and_list(Thread *t, const char *file, const DisasmOptions *style)
{
    ToolInput input;
    if (!tool_read(t, file, &input)) return -1;
    CompileRequest request = request_for(&input);
    bool is_incomplete = false;
    Code *code = interp_compile(t, &request, &is_incomplete);
    tool_free(t, &input);
    if (!code) return -1;
    Value result = interp_run_code(t, code, main_module_dict(t), UNBOUND, UNBOUND), raised = t->raised;
    t->raised = UNBOUND;
    release(result);
    main_module_flush(t);
    Buffer out;
    buffer_init(&out, &t->interp->memory);
    add_warm(&out, code, style);
    object_release(code);
    int status = print(t, &out);
    if (is_unbound(raised)) return status;
    if (status < 0) raised_clear(t);
    t->raised = raised;
    return -1;
}

int tool_dis(Thread *t, const Options *options)
{
    static const ToolSwitch switches[] = {
        {'C', "show-caches", false}, {'O', "show-offsets", false}, {'S', "specialized", false}, {'e', "explain", true}, {0, NULL, false},
    };
    ToolWords words = {.tool = "toy -m dis", .help = help, .switches = switches};
    bool runs = false;
    DisasmOptions style = {.has_tables = true, .has_nested = true, .current = -1};
    for (;;) {
        int met = tool_next(&words, options);
        if (met == TOOL_NO_MORE) return runs ? run_and_list(t, words.file, &style) : list(t, words.file, &style);
        if (met < 0) return met == TOOL_HELP ? 0 : 2;
        if (met == 'C') style.has_caches = true;
        if (met == 'O') style.has_offsets = true;
        if (met == 'S') runs = true;
        if (met == 'e') return explain(t, words.argument);
    }
}
