/* tool_dis.c - toy -m dis: a source as the machine's instructions.
 *
 * What        The listing of a whole source; or the explanation of one opcode.
 * How         Source becomes a code unit as it would for running; vm/bytecode/disasm.c lists it.
 * GIL         held.
 * Read next   vm/bytecode/disasm.h, vm/bytecode/opcodes.def */
#include <string.h>

#include "vm/bytecode/disasm.h"
#include "vm/cli/loader.h"
#include "vm/cli/tools.h"
#include "vm/object/exception.h"

static const char help[] = "usage: toy -m dis [-h] [-C] [-O] [--explain OPCODE] [file]\n\n"
                           "Lists the instructions that a source is compiled to.\n\n"
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

static int list(Thread *t, const char *file, const DisasmOptions *style)
{
    ToolInput input;
    if (!tool_read(t, file, &input)) return -1;
    CompileRequest request = {.source = input.bytes, .length = input.length, .filename = input.name, .mode = COMPILE_MODULE,
                              .optimize = -1, .quotes_source = true};
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

int tool_dis(Thread *t, const Options *options)
{
    static const ToolSwitch switches[] = {
        {'C', "show-caches", false}, {'O', "show-offsets", false}, {'e', "explain", true}, {0, NULL, false},
    };
    ToolWords words = {.tool = "toy -m dis", .help = help, .switches = switches};
    DisasmOptions style = {.has_tables = true, .has_nested = true, .current = -1};
    for (;;) {
        int met = tool_next(&words, options);
        if (met == TOOL_NO_MORE) return list(t, words.file, &style);
        if (met < 0) return met == TOOL_HELP ? 0 : 2;
        if (met == 'C') style.has_caches = true;
        if (met == 'O') style.has_offsets = true;
        if (met == 'e') return explain(t, words.argument);
    }
}
