/* thread_dump.c - where each thread is, written by a machine that may be broken.
 *
 * What        The stacks of all threads, as faulthandler shows them, and foreign modules; the stacks with the lock's state, for programs that hang.
 * How         write(2), piece by piece. What other threads own is read as it is: they do not stand still for this, unless all of them wait.
 * Invariants  I1 nothing is allocated, no lock is taken, no Value is changed: it may run in a signal handler.
 *             I2 of each stack at most FRAMES_MAX frames are shown, of each text at most TEXT_MAX characters: a broken machine
 *             must not talk for ever.
 * GIL         not needed.
 * Read next   vm/run/frame.h, fatal_signals.c (who calls it), vm/gil/gil.h */
#include "vm/run/thread_dump.h"

#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/gil/policy.h"
#include "vm/object/collector.h"
#include "vm/object/dict.h"
#include "vm/object/function.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/frame.h"
#include "vm/run/interp.h"

enum { FRAMES_MAX = 100, TEXT_MAX = 500, THREADS_MAX = 100 };

/* What is read here is written by threads that know nothing of it: ThreadSanitizer would be right, and of no use. */
#define READS_UNGUARDED __attribute__((no_sanitize("thread")))

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
READS_UNGUARDED static void put_str(int descriptor, const Str *s)
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

static void put_seconds(int descriptor, int64_t ns)
{
    put_number(descriptor, (uint64_t)(ns / NS_PER_S), 10, 1);
    put_text(descriptor, ".");
    put_number(descriptor, (uint64_t)(ns % NS_PER_S / NS_PER_MS), 10, 3);
    put_text(descriptor, " s");
}

/* ---- stacks ---- */

READS_UNGUARDED static void put_frames(int descriptor, const Thread *t)
{
    const Frame *frame = t->frame;
    if (!frame) put_text(descriptor, "  <no Python frame>\n");
    for (int i = 0; frame && i < FRAMES_MAX; i++, frame = frame->caller) {
        put_text(descriptor, "  File \"");
        put_str(descriptor, frame->code->filename);
        put_text(descriptor, "\", line ");
        put_number(descriptor, frame_line(frame), 10, 1);
        put_text(descriptor, " in ");
        put_str(descriptor, frame->code->name);
        put_text(descriptor, "\n");
    }
}

READS_UNGUARDED static void put_stack(int descriptor, const Thread *t, bool is_current)
{
    put_text(descriptor, is_current ? "Current thread 0x" : "Thread 0x");
    put_number(descriptor, t->ident, 16, 16);
    put_text(descriptor, " (most recent call first):\n");
    if (is_current && t->interp->collector->is_running) put_text(descriptor, "  Garbage-collecting\n");
    put_frames(descriptor, t);
}

READS_UNGUARDED void thread_dump_stacks(int descriptor, Interp *interp, Thread *t, bool all_threads)
{
    if (!all_threads) {
        put_text(descriptor, "Stack (most recent call first):\n");
        if (t) put_frames(descriptor, t);
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

/* ---- modules ---- */

/* sys.stdlib_module_names, or NULL. */
READS_UNGUARDED static Set *library_names(Interp *interp)
{
    size_t position = 0;
    Value key, value;
    const Module *sys = interp->run ? interp->run->sys_module : NULL;
    while (sys && sys->dict && dict_next(sys->dict, &position, &key, &value))
        if (is_str(key) && str_equal_text(as_str(key), "stdlib_module_names")) return is_kind(value, KIND_FROZENSET) ? as_set(value) : NULL;
    return NULL;
}

/* By comparing: whether a name has its hash already, and whether the table is whole, nobody knows. */
READS_UNGUARDED static bool is_listed(Set *names, const Str *name)
{
    size_t position = 0;
    Value key;
    while (names && set_next(names, &position, &key))
        if (is_str(key) && str_equal(as_str(key), name)) return true;
    return false;
}

READS_UNGUARDED void thread_dump_native_modules(int descriptor, Interp *interp)
{
    Set *names = library_names(interp);
    size_t position = 0;
    uint64_t count = 0;
    Value key, value;
    while (is_kind(interp->modules, KIND_DICT) && dict_next(as_dict(interp->modules), &position, &key, &value)) {
        if (!is_str(key) || !is_kind(value, KIND_MODULE) || !((Module *)as_object(value))->is_native || is_listed(names, as_str(key))) continue;
        put_text(descriptor, count++ ? ", " : "\nExtension modules: ");
        put_str(descriptor, as_str(key));
    }
    if (!count) return;
    put_text(descriptor, " (total: ");
    put_number(descriptor, count, 10, 1);
    put_text(descriptor, ")\n");
}

/* ---- stacks and the lock ---- */

READS_UNGUARDED static void put_lock(int descriptor, Gil *gil)
{
    put_text(descriptor, "Process ");
    put_number(descriptor, (uint64_t)getpid(), 10, 1);
    put_text(descriptor, ". The lock (policy ");
    put_text(descriptor, gil_policy_name(gil->policy));
    put_text(descriptor, ", interval ");
    put_number(descriptor, gil_interval(gil), 10, 1);
    put_text(descriptor, " us) ");
    const GilClient *holder = gil_holder(gil);
    if (holder) {
        put_text(descriptor, "is held by ");
        put_number(descriptor, holder->number, 10, 1);
    } else {
        put_text(descriptor, "is free");
    }
    put_text(descriptor, "; ");
    put_number(descriptor, gil->waiter_count, 10, 1);
    put_text(descriptor, " wait for it.\n");
}

/* What the thread does as far as the lock is concerned. */
READS_UNGUARDED static void put_state(int descriptor, Gil *gil, const Thread *t)
{
    const GilClient *client = &t->gil_client;
    const char *call = t->blocked_on;
    int64_t now = clock_monotonic_ns(), waiting_since = client->waiting_since_ns;
    if (gil_holder(gil) == client) {
        put_text(descriptor, "has the lock for ");
        put_seconds(descriptor, now - client->held_since_ns);
        if (atomic_load(&t->breaker) & GIL_REQUEST_BIT) put_text(descriptor, ", is asked for it");
    } else if (waiting_since) {
        put_text(descriptor, "waits for the lock for ");
        put_seconds(descriptor, now - waiting_since);
        if (call) put_text(descriptor, ", behind ");
    } else if (gil->yielder == client) {
        put_text(descriptor, "has dropped the lock, and stays away until another one has it");
    } else {
        put_text(descriptor, "is without the lock");
        if (call) put_text(descriptor, ", in ");
    }
    if (call) put_text(descriptor, strcmp(call, "lock") == 0 ? "the wait for a script's lock" : call);
}

READS_UNGUARDED void thread_dump_all(int descriptor, Interp *interp)
{
    Gil *gil = &interp->gil;
    put_lock(descriptor, gil);
    int count = 0;
    for (const Thread *each = interp->threads; each; each = each->next) {
        if (++count > THREADS_MAX) {
            put_text(descriptor, "...\n");
            return;
        }
        put_text(descriptor, each == interp->main_thread ? "Main thread " : "Thread ");
        put_number(descriptor, each->gil_client.number, 10, 1);
        put_text(descriptor, " (0x");
        put_number(descriptor, each->ident, 16, 16);
        put_text(descriptor, ", native id ");
        if (each->native_id) put_number(descriptor, (uint64_t)each->native_id, 10, 1);
        else put_text(descriptor, "not known yet");
        put_text(descriptor, ") ");
        put_state(descriptor, gil, each);
        put_text(descriptor, " (most recent call first):\n");
        put_frames(descriptor, each);
    }
}
