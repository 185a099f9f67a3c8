/* gil_report.c - what -X gil-stats prints.
 *
 * What        The lock's counters as a table: a row for each thread that is there, for each of the last that have
 *             ended, for all others together, and for everything.
 * How         The columns are a table of functions from counts to text. The report is written by one write(2), so that those
 *             of several processes stay in one piece each.
 * GIL         held: the counts of threads that do not wait stand still.
 * Read next   vm/gil/README.md (what the counters mean) */
#include "vm/cli/gil_report.h"

#include <stdio.h>
#include <unistd.h>

#include "vm/base/buffer.h"
#include "vm/base/clock.h"

enum { LIVE_ROWS_MAX = 40, NAME_WIDTH = 16 };

/* name, width, what it shows, how */
#define EACH_COLUMN(X)                                             \
    X("takes",      10, counts->takes,             NUMBER)         \
    X("waited",     10, counts->contended_takes,   NUMBER)         \
    X("s waited",   12, counts->ns_waited,         SECONDS)        \
    X("s longest",  10, counts->ns_longest_wait,   SECONDS)        \
    X("s held",     12, counts->ns_held,           SECONDS)        \
    X("asks",        8, counts->asks,              NUMBER)         \
    X("asked",       8, counts->asked_drops,       NUMBER)         \
    X("in vain",     8, counts->woken_in_vain,     NUMBER)

static void add_row(Buffer *out, const char *name, const GilCounts *counts)
{
    buffer_add_format(out, "gil: %-*s", NAME_WIDTH, name);
#define NUMBER(width, n) buffer_add_format(out, " %*llu", width, (unsigned long long)(n))
#define SECONDS(width, ns) buffer_add_format(out, " %*.6f", width, (double)(ns) / NS_PER_S)
#define X(head, width, what, how) how(width, what);
    EACH_COLUMN(X)
#undef X
    for (DropReason reason = 0; reason < DROP_REASON_COUNT; reason++) NUMBER(8, counts->drops[reason]);
#undef NUMBER
#undef SECONDS
    buffer_add_text(out, "\n");
}

static void add_head(Buffer *out)
{
    buffer_add_format(out, "gil: %-*s", NAME_WIDTH, "thread");
#define X(head, width, what, how) buffer_add_format(out, " %*s", width, head);
    EACH_COLUMN(X)
#undef X
    for (DropReason reason = 0; reason < DROP_REASON_COUNT; reason++) buffer_add_format(out, " %8s", gil_drop_reason_name(reason));
    buffer_add_text(out, "\n");
}

static void add_numbered(Buffer *out, uint64_t number, const char *suffix, const GilCounts *counts, GilCounts *total)
{
    char name[64];
    if (number == 0) snprintf(name, sizeof name, "main%s", suffix);
    else snprintf(name, sizeof name, "%llu%s", (unsigned long long)number, suffix);
    add_row(out, name, counts);
    gil_counts_add(total, counts);
}

void gil_report(Thread *t)
{
    Gil *gil = &t->interp->gil;
    Buffer out;
    buffer_init(&out, &t->interp->memory);
    buffer_add_format(&out, "gil: process %d, policy %s, interval %llu us\n", (int)getpid(), gil_policy_name(gil->policy),
                      (unsigned long long)gil_interval(gil));
    add_head(&out);

    GilEndedList ended;
    gil_ended(gil, &ended);
    GilCounts total = {0}, others = ended.others;
    uint64_t other_count = ended.count - (uint64_t)ended.row_count;
    const Thread *each = t->interp->threads;
    while (each && each->next) each = each->next;               /* the newest is the first of the list */
    for (int i = 0; each; each = each->previous, i++) {
        GilCounts counts = gil_counts(gil, &each->gil_client);
        if (i < LIVE_ROWS_MAX) {
            add_numbered(&out, each->gil_client.number, "", &counts, &total);
        } else {
            gil_counts_add(&others, &counts);
            other_count++;
        }
    }
    for (int i = 0; i < ended.row_count; i++) add_numbered(&out, ended.rows[i].number, " (ended)", &ended.rows[i].counts, &total);
    if (other_count) {
        char name[64];
        snprintf(name, sizeof name, "%llu more", (unsigned long long)other_count);
        add_row(&out, name, &others);
        gil_counts_add(&total, &others);
    }
    add_row(&out, "all", &total);
    /* If it cannot be written, there is nobody left to tell. */
    (void)!(buffer_ok(&out) && write(STDERR_FILENO, out.data, out.length) > 0);
    buffer_free(&out);
}
