/* main.c - the program, from its first line to its last.
 *
 * What        main(): options, interpreter, script, prompt, end, exit status.
 * How         The order is CPython's: read the options; bring the interpreter up; run the script as __main__; show what was not
 *             caught; with -i go on at the prompt; wait for threads, run atexit functions, flush; leave.
 * Invariants  I1 the status is the script's own, unless output could not be flushed (120) or SIGINT ended it: then the process
 *             really dies of that signal, so that a shell loop around it stops too.
 * GIL         taken by interp_new, held to the end.
 * Read next   options.c, main_module.c, repl.c, vm/run/interp.c */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/base/codec.h"
#include "vm/cli/gil_report.h"
#include "vm/cli/loader.h"
#include "vm/cli/main_module.h"
#include "vm/cli/options.h"
#include "vm/cli/repl.h"
#include "vm/run/count.h"
#include "vm/run/fatal_signals.h"
#include "vm/run/interp.h"
#include "vm/run/missing_attribute.h"
#include "vm/run/uncaught.h"

/* ---- the end ---- */

/* Die of SIGINT, as a program would that knows nothing of it. */
static void die_of_interrupt(void)
{
    signal(SIGINT, SIG_DFL);
    kill(getpid(), SIGINT);
}

/* ---- the middle ---- */

static void apply(Thread *t, const Options *options)
{
    Gil *gil = &t->interp->gil;
    if (options->policy) gil_set_policy(gil, options->policy);
    if (options->interval_us) gil_set_interval(gil, options->interval_us);
    if (options->shows_gil_stats) t->interp->report = gil_report;
    if (options->has_fault_handler && !fatal_signals_watch(t->interp, STDERR_FILENO, true)) fputs("toy: warning: no fault handler\n", stderr);
    if (options->dumps_on_signal && !dump_signal_watch()) fputs("toy: warning: no dump on SIGQUIT\n", stderr);
    if (options->count_file && !counts_begin(t->interp)) fputs("toy: warning: no memory to count in\n", stderr);
    if (options->fail_at) t->interp->memory.fail_at = t->interp->memory.allocations + options->fail_at;
}

/* The script, and the prompt if there is one. *interrupted: KeyboardInterrupt ended it. */
static int run(Thread *t, const Options *options, bool *interrupted)
{
    bool asks = options->config.is_inspecting || (options->kind == RUN_STDIN && isatty(STDIN_FILENO));
    int status = 0;
    if (options->kind != RUN_STDIN || !asks) {
        status = main_module_run(t, options);
        if (status < 0) status = uncaught_end(t, asks, interrupted);
        /* A script may ask for the prompt while it runs: TOYINSPECT set in os.environ. */
        asks = asks || options_variable(&options->config, "TOYINSPECT");
        if (!asks) return status;
        *interrupted = false;
    }
    return repl_run(t, options);
}

int main(int argc, char **argv)
{
    Options options;
    int status = options_read(&options, argc, argv);
    if (status >= 0) {
        options_free(&options);
        return status;
    }
    LoaderHooks hooks = loader_hooks();
    Thread *t = interp_new(&options.config, &hooks);
    if (!t) {
        fputs("Fatal toy error: the interpreter could not be started\n", stderr);
        return 1;
    }
    t->interp->unraisable_hook = unraisable_show;
    t->interp->show_note = note_show;
    t->interp->missing_attribute = missing_attribute;
    bool interrupted = false;
    if (!main_module_prepare(t, &options)) {
        status = uncaught_end(t, false, &interrupted);
    } else {
        apply(t, &options);
        status = run(t, &options, &interrupted);
        t->interp->memory.fail_at = 0;
    }
    status = interp_shut_down(t, status);
    if (options.count_file && !counts_write(t->interp, options.count_file)) perror(options.count_file);
    if (t->interp->report) t->interp->report(t);
    if (options.config.show_refcount) fprintf(stderr, "[%lld objects]\n", (long long)t->interp->live_objects);
    if (options.config.stress_switch && status)
        fprintf(stderr, "toy: the seed was stress=seed:%llu\n", (unsigned long long)options.config.stress_seed);
    fatal_signals_finish(t->interp);
    interp_finish(t, status);
    options_free(&options);
    if (interrupted) die_of_interrupt();
    return status;
}
