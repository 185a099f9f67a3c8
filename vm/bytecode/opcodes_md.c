/* opcodes_md.c - a little program that writes OPCODES.md.
 *
 * What        The reference of all instructions as a page: prints it to standard output. The committed OPCODES.md is what it
 *             printed; a structure test runs it again and compares.
 * How         One table per group; the groups are ranges of rows, each beginning where the comment in opcodes.def begins one.
 * GIL         never needed.
 * Read next   opcodes.def, opcode.h */
#include <stdio.h>

#include "vm/bytecode/opcode.h"

static const struct { Opcode first; const char *heading; } groups[] = {
    {OP_NOP, "Stack"},
    {OP_LOAD_CONST, "Constants and variables"},
    {OP_LOAD_ATTR, "Attributes and items"},
    {OP_UNARY_NEGATIVE, "Operators"},
    {OP_JUMP_FORWARD, "Jumps"},
    {OP_GET_ITER, "Iteration and containers"},
    {OP_CONVERT_VALUE, "f-strings"},
    {OP_MAKE_FUNCTION, "Functions and calls"},
    {OP_RETURN_GENERATOR, "Generators and coroutines"},
    {OP_RAISE_VARARGS, "Exceptions and with"},
    {OP_IMPORT_NAME, "Import and match"},
};

static const struct { unsigned flag; char letter; const char *meaning; } flags[] = {
    {OPCODE_RAISES, 'R', "may raise"},
    {OPCODE_CALLS, 'C', "may run other script code"},
    {OPCODE_SAFE, 'S', "tests the breaker word: the lock may change hands (⇄ in listings)"},
    {OPCODE_JUMPS, 'J', "may jump"},
    {OPCODE_ENDS, 'E', "never goes on to the next instruction"},
};

static void print_flags(unsigned present)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(flags); i++) {
        if (present & flags[i].flag)
            putchar(flags[i].letter);
    }
}

/* A bar inside a cell would end it. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
}

static void print_row(Opcode opcode)
{
    const OpcodeInfo *info = opcode_info(opcode);
    printf("| %s | %s | `%s` | ", info->name, info->operand == OPERAND_NONE ? "" : opcode_operand_name(info->operand), info->picture);
    print_flags(info->flags);
    printf(" | %s | ", info->caches == 0 ? "" : info->caches == 1 ? "1" : info->caches == 2 ? "2" : "3");
    print_cell(info->sentence);
    puts(" |");
}

static void print_table(Opcode first, Opcode end)
{
    puts("| name | operand | stack | flags | caches | what it does |\n| --- | --- | --- | --- | --- | --- |");
    for (Opcode opcode = first; opcode < end; opcode++)
        print_row(opcode);
    putchar('\n');
}

static void print_safe_list(void)
{
    const char *separator = "";
    puts("## Where the lock can be lost\n");
    printf("Between two instructions the lock changes hands only at ");
    for (unsigned opcode = 0; opcode < OPCODE_PLAIN_COUNT; opcode++) {
        if (!(opcode_info(opcode)->flags & OPCODE_SAFE))
            continue;
        printf("%s%s", separator, opcode_name(opcode));
        separator = ", ";
    }
    puts(". Inside a native function that blocks it is given up as well: rows with C can reach one.\n");
}

static void print_numbers(const char *heading, const char *(*name_of)(uint32_t), uint32_t count)
{
    printf("## %s\n\n", heading);
    for (uint32_t i = 0; i < count; i++)
        printf("%s%u `%s`", i ? ", " : "", i, name_of(i));
    puts("\n");
}

static void print_hot_rows(void)
{
    if (OPCODE_COUNT == (unsigned)OPCODE_PLAIN_COUNT)
        return;
    puts("## Hot forms\n\nOnly in the hot copies that the machine makes of warm code.\n");
    puts("| name | falls back to | why |\n| --- | --- | --- |");
    for (unsigned opcode = OPCODE_PLAIN_COUNT; opcode < OPCODE_COUNT; opcode++)
        printf("| %s | %s | %s |\n", opcode_name(opcode), opcode_name(opcode_info(opcode)->plain), opcode_info(opcode)->sentence);
    putchar('\n');
}

int main(void)
{
    puts("# The instructions\n\nWritten by `opcodes_md.c` from `opcodes.def`; do not edit.\n");
    printf("%d plain instructions. The picture shows the stack before and after, the top at the right. Flags:", OPCODE_PLAIN_COUNT);
    for (unsigned i = 0; i < ARRAY_LENGTH(flags); i++)
        printf("%s %c %s", i ? ";" : "", flags[i].letter, flags[i].meaning);
    puts(".\n");
    for (unsigned i = 0; i < ARRAY_LENGTH(groups); i++) {
        printf("## %s\n\n", groups[i].heading);
        print_table(groups[i].first, i + 1 < ARRAY_LENGTH(groups) ? groups[i + 1].first : (Opcode)OPCODE_PLAIN_COUNT);
    }
    print_hot_rows();
    print_safe_list();
    print_numbers("Operators of BINARY_OP", binary_op_symbol, BINARY_OP_COUNT);
    print_numbers("Operators of COMPARE_OP", compare_op_symbol, COMPARE_OP_COUNT);
    print_numbers("Operations of CALL_INTRINSIC_1", intrinsic_1_name, INTRINSIC_1_COUNT);
    print_numbers("Operations of CALL_INTRINSIC_2", intrinsic_2_name, INTRINSIC_2_COUNT);
    return 0;
}
