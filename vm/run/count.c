/* count.c - what the loop has run: instructions, neighbours, failed guesses.
 *
 * What        The figures behind tests/bench/mix: which instructions a program spends its time in, which of them follow each other
 *             so often that one instruction should do the work of both, and which guesses do not hold.
 * How         A table indexed by the opcodes themselves. Each case tells which word led to it: if the word is a hot form and the case
 *             another one's, the guess of the hot form has failed (the end of a loop over a range is such a failure, too). That is
 *             no further step of the program: it counts as a failure, not as a run.
 *             "Before" means before in time, over jumps, calls and returns. A thread that is switched to follows the one before.
 * File        One fact a line, so that `sort -rn` shows what matters:
 *                 COUNT run NAME          COUNT pair FIRST SECOND          COUNT triple FIRST SECOND THIRD
 *                 COUNT failed HOT_FORM FORM_THAT_RAN_INSTEAD
 * GIL         held by whoever counts.
 * Read next   count.h, tests/bench/mix */
#include "vm/run/count.h"

#include <stdio.h>
#include <unistd.h>

struct InstructionCounts {
    uint64_t run[256], failed[256][256], pair[256][256];
    uint64_t triple[256][256][256];  /* 128 MB of address space; only the pages of triples that occur are ever touched */
    uint8_t before, long_before;     /* the last instruction, and the one before it */
    pid_t owner;                     /* the process that began */
};

bool counts_begin(Interp *interp)
{
    InstructionCounts *counts = memory_alloc_zeroed(&interp->memory, sizeof *counts);
    if (!counts) return false;
    counts->owner = getpid();
    interp->run->counts = counts;
    return true;
}

void count_instruction(InstructionCounts *counts, Opcode opcode, Opcode runs)
{
    if (!counts) return;
    if (opcode != runs) {
        counts->failed[opcode][runs]++;
        return;
    }
    counts->run[runs]++;
    counts->pair[counts->before][runs]++;
    counts->triple[counts->long_before][counts->before][runs]++;
    counts->long_before = counts->before;
    counts->before = (uint8_t)runs;
}

static void write_all(const InstructionCounts *counts, FILE *file)
{
    for (int a = 0; a < OPCODE_COUNT; a++) {
        if (!counts->run[a]) continue;
        fprintf(file, "%llu run %s\n", (unsigned long long)counts->run[a], opcode_name(a));
        for (int b = 0; b < OPCODE_COUNT; b++) {
            if (counts->failed[a][b]) fprintf(file, "%llu failed %s %s\n", (unsigned long long)counts->failed[a][b], opcode_name(a), opcode_name(b));
            if (!counts->pair[a][b]) continue;
            fprintf(file, "%llu pair %s %s\n", (unsigned long long)counts->pair[a][b], opcode_name(a), opcode_name(b));
            for (int c = 0; c < OPCODE_COUNT; c++)
                if (counts->triple[a][b][c])
                    fprintf(file, "%llu triple %s %s %s\n", (unsigned long long)counts->triple[a][b][c], opcode_name(a), opcode_name(b), opcode_name(c));
        }
    }
}

bool counts_write(Interp *interp, const char *path)
{
    InstructionCounts *counts = interp->run->counts;
    if (!counts) return true;
    interp->run->counts = NULL;
    char of_child[4096];
    snprintf(of_child, sizeof of_child, "%s.%d", path, (int)getpid());
    FILE *file = fopen(counts->owner == getpid() ? path : of_child, "w");
    if (file) write_all(counts, file);
    memory_free(&interp->memory, counts, sizeof *counts);
    return file && fclose(file) == 0;
}
