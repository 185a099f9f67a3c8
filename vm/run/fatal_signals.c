/* fatal_signals.c - last words: where each thread was when a fatal signal came.
 *
 * What        The handler behind -X faulthandler, and the dump of all stacks that it writes.
 * How         The handler finds the interpreter through the thread it runs in, writes with write(2) from its own stack, restores
 *             the default action and sends the signal again: the process dies as it would have.
 * Invariants  I1 from the signal on nothing is allocated, no lock is taken, no Value is changed.
 *             I2 of each stack at most FRAMES_MAX frames are shown, of each text at most TEXT_MAX characters: a broken machine
 *             must not talk for ever.
 * GIL         not needed.
 * Read next   vm/run/frame.h, vm/threads/signals.c */
#include "vm/run/fatal_signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vm/object/str.h"
#include "vm/run/frame.h"
#include "vm/run/interp.h"

enum { FRAMES_MAX = 100, TEXT_MAX = 500, THREADS_MAX = 100, HANDLER_STACK_BYTES = 64 * 1024 };

static const struct { int number; const char *name; } fatal_signals[] = {
    {SIGBUS, "Bus error"}, {SIGILL, "Illegal instruction"}, {SIGFPE, "Floating-point exception"},
    {SIGABRT, "Aborted"}, {SIGSEGV, "Segmentation fault"},
};

/* ---- writing without allocating ---- */

static void put(int descriptor, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(descriptor, text, length);
        if (n <= 0) return;
        text += n;
        length -= (size_t)n;
    }
}

static void put_text(int descriptor, const char *text) { put(descriptor, text, strlen(text)); }

static void put_number(int descriptor, uint64_t n, unsigned base, int digits)
{
    char text[24], *at = text + sizeof text;
    do {
        *--at = "0123456789abcdef"[n % base];
        n /= base;
    } while (n || text + sizeof text - at < digits);
    put(descriptor, at, (size_t)(text + sizeof text - at));
}

/* Characters beyond ASCII as escapes. */
static void put_str(int descriptor, const Str *s)
{
    for (size_t i = 0; s && i < s->length; i++) {
        uint32_t c = str_char(s, i);
        char byte = (char)c;
        if (i == TEXT_MAX) {
            put_text(descriptor, "...");
            return;
        }
        if (c >= ' ' && c < 127) put(descriptor, &byte, 1);
        else {
            put_text(descriptor, c < 0x100 ? "\\x" : c < 0x10000 ? "\\u" : "\\U");
            put_number(descriptor, c, 16, c < 0x100 ? 2 : c < 0x10000 ? 4 : 8);
        }
    }
}

static void put_stack(int descriptor, const Thread *t, bool is_current)
{
    put_text(descriptor, is_current ? "Current thread 0x" : "Thread 0x");
    put_number(descriptor, t->ident, 16, 16);
    put_text(descriptor, " (most recent call first):\n");
    const Frame *frame = t->frame;
    if (!frame) put_text(descriptor, "  <no Python frame>\n");
    for (int i = 0; frame; i++, frame = frame->caller) {
        if (i == FRAMES_MAX) {
            put_text(descriptor, "  ...\n");
            return;
        }
        put_text(descriptor, "  File \"");
        put_str(descriptor, frame->code->filename);
        put_text(descriptor, "\", line ");
        put_number(descriptor, frame_line(frame), 10, 1);
        put_text(descriptor, " in ");
        put_str(descriptor, frame->code->name);
        put_text(descriptor, "\n");
    }
}

void fatal_signals_dump(int descriptor, Interp *interp, Thread *t, bool all_threads)
{
    if (!all_threads) {
        if (t) put_stack(descriptor, t, true);
        return;
    }
    int count = 0;
    for (const Thread *each = interp->threads; each; each = each->next) {
        if (++count > THREADS_MAX) {
            put_text(descriptor, "...\n");
            return;
        }
        if (count > 1) put_text(descriptor, "\n");
        put_stack(descriptor, each, each == t);
    }
}

/* ---- the handler ---- */

static void on_fatal_signal(int number)
{
    const char *name = "unknown signal";
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++)
        if (fatal_signals[i].number == number) name = fatal_signals[i].name;
    signal(number, SIG_DFL);
    put_text(STDERR_FILENO, "Fatal Python error: ");
    put_text(STDERR_FILENO, name);
    put_text(STDERR_FILENO, "\n\n");
    Thread *t = thread_current();
    if (t) fatal_signals_dump(STDERR_FILENO, t->interp, t, true);
    raise(number);
}

bool fatal_signals_watch(Interp *interp)
{
    if (interp->run->signal_stack) return true;
    /* A stack of its own: the usual one may be what ran out. */
    interp->run->signal_stack = memory_alloc(&interp->memory, HANDLER_STACK_BYTES);
    if (!interp->run->signal_stack) return false;
    stack_t stack = {.ss_sp = interp->run->signal_stack, .ss_size = HANDLER_STACK_BYTES};
    struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_NODEFER | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    bool done = sigaltstack(&stack, NULL) == 0;
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++) done &= sigaction(fatal_signals[i].number, &action, NULL) == 0;
    return done;
}

void fatal_signals_forget(Interp *interp)
{
    if (!interp->run || !interp->run->signal_stack) return;
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++) signal(fatal_signals[i].number, SIG_DFL);
    stack_t stack = {.ss_flags = SS_DISABLE};
    sigaltstack(&stack, NULL);
    memory_free(&interp->memory, interp->run->signal_stack, HANDLER_STACK_BYTES);
    interp->run->signal_stack = NULL;
}

bool fatal_signals_are_watched(const Interp *interp) { return interp->run->signal_stack != NULL; }
