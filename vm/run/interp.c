/* interp.c - an interpreter from its first to its last breath.
 *
 * What        Bringing the floors up in order, and taking them down; running a code object; sys.NAME for native code.
 * How         Up: memory and lock, threads, values and types, signals, modules. Down: threads joined, atexit, streams flushed, daemon
 *             threads parked, signals no longer heard, modules emptied, cycles collected, the heap given back.
 * Invariants  I1 nothing is freed that a parked daemon thread could still touch.
 * GIL         held from interp_new on by the main thread.
 * Read next   interp.h, vm/cli/main.c, vm/threads/thread.h */
#include "vm/run/interp.h"

#include "vm/base/siphash.h"
#include "vm/object/collector.h"
#include "vm/object/dict.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/weakref.h"
#include "vm/run/builtins.h"
#include "vm/run/call.h"
#include "vm/run/generator.h"
#include "vm/run/import.h"
#include "vm/run/running.h"
#include "vm/run/module_spec.h"
#include "vm/run/type_parameter.h"
#include "vm/run/warn.h"
#include "vm/threads/signals.h"
#include "vm/threads/thread.h"

#include <stdlib.h>

enum { FLUSH_FAILED = 120 };    /* the exit status when a standard stream could not be written */

/* ---- up ---- */

static bool start_run_state(Thread *t, const LoaderHooks *hooks)
{
    Interp *interp = t->interp;
    interp->run = memory_alloc_zeroed(&interp->memory, sizeof *interp->run);
    if (!interp->run) return false;
    interp->run->hooks = *hooks;
    interp->run->retired_code = list_new(t, 0);
    if (!trace_init(t)) return false;
    Dict *modules = dict_new(t);
    interp->modules = object_value(modules);
    if (!modules || !interp->run->retired_code || !import_init(t) || !builtins_init(t) || !type_parameter_init(t)) return false;
    Module *builtins = interp->run->builtins_module;
    return dict_set_str(t, modules, NAME_OF(t, builtins), object_value(builtins));
}

static Value current_frame(Thread *t)
{
    Frame *running = frame_in_use(t->frame);
    if (!running) return NONE;
    FrameObject *frame = frame_object(t, running);
    return frame ? object_value(frame) : FAILED;
}

static bool prepare_thread(Thread *t)
{
    trace_thread_begins(t);
    return stack_init(t);
}

Thread *interp_new(const Config *config, const LoaderHooks *hooks)
{
    Interp *interp = calloc(1, sizeof *interp);
    if (!interp) return NULL;
    interp->config = *config;
    memory_init(&interp->memory);
    HashKey key = config->hash_is_random ? hash_key_random() : hash_key_from_seed((uint32_t)config->hash_seed);
    interp->hash_key[0] = key.k0;
    interp->hash_key[1] = key.k1;
    gil_init(&interp->gil, gil_policy_named(NULL));
    const ThreadHooks thread_hooks = {.prepare = prepare_thread, .finish = stack_finish};
    if (!threading_init(interp, &thread_hooks)) return NULL;
    Thread *t = thread_attach_main(interp);
    if (!t || !objects_init(t) || !signals_init(t)) return NULL;
    interp->signals->current_frame = current_frame;
    interp->super_arguments = running_super;
    interp->visit_generator = generator_visit_all;
    interp->warn = warn_text;
    interp->running_module = running_module;
    interp->import_module = import_module_text;
    if (!start_run_state(t, hooks)) return NULL;
    Value sys = import_module_text(t, "sys");
    if (failed(sys)) return NULL;
    interp->run->sys_module = (Module *)as_object(sys);
    if (!module_spec_fill_sys(t)) return NULL;
    Value io = import_module_text(t, "_io");      /* puts the standard streams into sys */
    if (failed(io)) return NULL;
    release(io);
    return t;
}

bool audit(Thread *t, Value event, const Value *args, size_t count)
{
    List *hooks = t->interp->run->audit_hooks;
    if (!hooks) return true;
    Tuple *tuple = tuple_from_values(t, args, count);
    bool done = tuple != NULL;
    Value row[2] = {event, object_value(tuple)};
    t->tracing++;                              /* hooks are not watched, as in CPython */
    for (size_t i = 0; done && i < hooks->count; i++) {
        Value hook = retain(hooks->items[i]);
        Value v = value_call(t, hook, row, 2, NULL);
        done = !failed(v);
        release2(hook, v);
    }
    t->tracing--;
    if (tuple) object_release(tuple);
    return done;
}

/* ---- down ---- */

/* Call a function of a module that is already loaded; its failure is reported, not passed on. */
static void call_if_loaded(Thread *t, const char *module_name, const char *function_name, const char *complaint)
{
    Str *name = str_intern_text(t, module_name), *function = str_intern_text(t, function_name);
    Value module = name ? import_find_loaded(t, name) : UNBOUND;
    if (is_bound(module) && function) {
        retain(module);
        Value v = value_call_method(t, module, function, NULL, 0);
        if (failed(v)) raised_report_unraisable(t, UNBOUND, complaint);
        release2(v, module);
    }
    raised_clear(t);
    if (name) object_release(name);
    if (function) object_release(function);
}

/* Flush one standard stream. False: it could not be written. */
static bool flush_stream(Thread *t, const char *name, bool reports)
{
    Value file = sys_get(t, name);
    if (is_unbound(file) || is_none(file)) return true;
    retain(file);
    Str *key = str_intern_text(t, "closed");
    Value closed = key ? value_find_attribute(t, file, key) : UNBOUND;
    raised_clear(t);
    bool is_closed = is_true(closed);
    release(closed);
    if (key) object_release(key);
    bool done = is_closed || file_flush(t, file);
    if (!done) {
        if (reports) raised_report_unraisable(t, UNBOUND, "Exception ignored on flushing sys.stdout");
        raised_clear(t);
    }
    release(file);
    return done;
}

int interp_shut_down(Thread *t, int status)
{
    /* Waits for all threads that are not daemons; without threading there are none. Ctrl-C ends the waiting, and they are left behind. */
    call_if_loaded(t, "threading", "_shutdown", "Exception ignored on threading shutdown");
    call_if_loaded(t, "atexit", "_run_exitfuncs", "Exception ignored in atexit callbacks");
    if (!flush_stream(t, "stdout", true)) status = FLUSH_FAILED;
    if (!flush_stream(t, "stderr", false)) status = FLUSH_FAILED;
    t->interp->run->is_shutting_down = true;
    return status;
}

#if defined NDEBUG && !defined TOY_HEAP_MALLOC
/* gc.callbacks or gc.set_debug: somebody hears of collections. */
static bool is_watched(const Collector *collector)
{
    return collector->debug || (collector->callbacks && collector->callbacks->count);
}

static void look_for_witness(Object *object, void *context)
{
    bool *has_witness = context;
    if (type_is(object->type, TYPE_HAS_FINALIZER) && !(object->flags & (OBJECT_IS_FINALIZED | OBJECT_ENDS_UNSEEN | OBJECT_NEEDS_NO_FINALIZER))) *has_witness = true;
}

/* The stream of that name is the one that the process began with, and interp_shut_down has flushed it. */
static bool is_original_stream(Thread *t, const char *name, const char *original)
{
    Value file = sys_get(t, name);
    return is_object(file) && is_same(file, sys_get(t, original)) && as_object(file)->flags & OBJECT_ENDS_UNSEEN;
}

/* Nobody would see it if all objects were finalised and freed now: nothing that is alive has a finaliser, or a weak reference with a callback.
 * Then the process may simply end, and the system takes everything back at once. Not asked after a failure to flush. */
static bool would_end_unseen(Thread *t, int status)
{
    const Interp *interp = t->interp;
    if (status == FLUSH_FAILED || interp->config.show_refcount || is_watched(interp->collector) || weak_table_has_callback(interp)) return false;
    if (!is_original_stream(t, "stdout", "__stdout__") || !is_original_stream(t, "stderr", "__stderr__") ||
        is_same(sys_get(t, "stdout"), sys_get(t, "stderr")))
        return false;
    bool has_witness = false;
    heap_walk_containers(t->interp, look_for_witness, &has_witness);
    return !has_witness;
}
#else
/* A build that looks for leaks gives everything back. */
static bool would_end_unseen(Thread *t, int status) { return false; }
#endif

static bool is_of_the_machine(const Interp *interp, const Module *module)
{
    return module == interp->run->builtins_module || module == interp->run->sys_module;
}

/* Weak references to the modules of scripts and of the library, in the order of their loading. NULL: no memory. */
static List *weak_modules(Thread *t)
{
    List *weak = list_new(t, 0);
    size_t position = 0;
    Value name, module;
    while (weak && dict_next(as_dict(t->interp->modules), &position, &name, &module)) {
        if (!is_kind(module, KIND_MODULE) || is_of_the_machine(t->interp, (Module *)as_object(module))) continue;
        Value reference = weakref_new(t, module, NONE);
        bool done = !failed(reference) && list_append(t, weak, reference);
        release(reference);
        if (done) continue;
        object_release(weak);
        weak = NULL;
    }
    raised_clear(t);
    return weak;
}

/* First the interpreter lets go of them: what only they hold goes in the right order, the collector seeing whole cycles. Then those that
 * somebody still holds are emptied, the last loaded first. */
static void empty_modules(Thread *t)
{
    Interp *interp = t->interp;
    if (!is_dict(interp->modules)) return;
    /* What the last uncaught exception passed through would hold on to its module. */
    static const char *const remembered[] = {"last_exc", "last_type", "last_value", "last_traceback"};
    for (size_t i = 0; i < ARRAY_LENGTH(remembered); i++)
        if (is_bound(sys_get(t, remembered[i])) && !sys_set(t, remembered[i], NONE)) raised_clear(t);
    /* A script's own stream goes with the script: its finaliser may have something to report. */
    static const char *const streams[][2] = {{"stdin", "__stdin__"}, {"stdout", "__stdout__"}, {"stderr", "__stderr__"}};
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++) {
        Value original = sys_get(t, streams[i][1]);
        if (is_bound(original) && !is_same(original, sys_get(t, streams[i][0])) && !sys_set(t, streams[i][0], original)) raised_clear(t);
    }
    /* Finalisers may still warn: the module that shows it goes last. */
    Str *name = str_intern_text(t, "warnings");
    Value warnings = name ? retain(dict_get_str(as_dict(interp->modules), name)) : UNBOUND;
    if (name) object_release(name);
    interp->run->last_warnings = warnings;
    List *weak = weak_modules(t);
    dict_clear(t, as_dict(interp->modules));
    collect(t, 2);
    for (size_t i = weak ? weak->count : 0; i-- > 0;) {
        Value module = weakref_target(weak->items[i]);
        if (is_kind(module, KIND_MODULE) && !is_same(module, warnings)) dict_clear(t, ((Module *)as_object(module))->dict);
        release(module);
    }
    if (weak) object_release(weak);
    if (is_kind(warnings, KIND_MODULE)) dict_clear(t, ((Module *)as_object(warnings))->dict);
    clear(&interp->run->last_warnings);
    raised_clear(t);
}

void interp_finish(Thread *t, int status)
{
    Interp *interp = t->interp;
    bool are_daemons_left = threads_close(t);
    if (would_end_unseen(t, status)) return;
    signals_close(t);
    trace_finish(t);
    fork_hooks_finish(interp, &interp->threading->fork_hooks);
    objects_forget_errors(interp);
    collect(t, 2);
    collector_hush(t);
    empty_modules(t);
    clear(&t->locals);                           /* not before: finalisers of what modules held may ask their threading.local */
    collect(t, 2);
    if (interp->run->sys_module) {
        dict_clear(t, interp->run->sys_module->dict);
        object_release(interp->run->sys_module);
    }
    if (interp->run->audit_hooks) object_release(interp->run->audit_hooks);
    if (interp->run->unraisable_type) object_release(interp->run->unraisable_type);
    clear(&interp->run->sources);
    clear(&interp->run->first_path);
    dict_clear(t, interp->run->builtins_module->dict);
    object_release(interp->run->builtins_module);
    clear(&interp->builtins);
    clear(&interp->modules);
    collector_abandon_frozen(t);
    collect(t, 2);
    object_release(interp->run->retired_code);
    if (are_daemons_left) return;                /* I1: parked for ever, with all they have in hand */
    clear(&t->locals);                           /* what the last finalisers have put there */
    signals_finish(t);
    type_parameter_finish(interp);
    import_finish(t);
    memory_free(&interp->memory, interp->run, sizeof *interp->run);
    interp->run = NULL;
    stack_finish(t);
    objects_finish(interp, true);
    thread_detach(t);
    threading_finish(interp);
    gil_destroy(&interp->gil);
    free(interp);
}

/* ---- code ---- */

void interp_functions_changed(Thread *t) { type_modified(t, kind_type(t, KIND_OBJECT)); }

Code *interp_compile(Thread *t, const CompileRequest *request, bool *is_incomplete)
{
    if (!t->interp->run->hooks.compile) {
        raise_error(t, EXC_SystemError, "this program has no compiler");
        return NULL;
    }
    CodeUnit *unit = t->interp->run->hooks.compile(t, request, is_incomplete);
    return unit ? code_object_new(t, unit) : NULL;
}

Value interp_run_code(Thread *t, Code *code, Dict *globals, Value locals, Value closure)
{
    Function *function = function_new(t, code, globals);
    if (!function) return FAILED;
    if (is_bound(closure)) {
        bool fits = is_tuple(closure) && as_tuple(closure)->count == code->unit->free_count;
        for (size_t i = 0; fits && i < as_tuple(closure)->count; i++) fits = is_kind(as_tuple(closure)->items[i], KIND_CELL);
        if (!fits) {
            object_release(function);
            return raise_type_error(t, "code object requires a closure of exactly length %u", code->unit->free_count);
        }
        function->closure = retain(closure);
    }
    /* The code of a function has its locals in slots, whoever runs it: a mapping would only be what locals() answers with. */
    Value mapping = is_bound(locals) ? locals : object_value(globals);
    Value v = call_body(t, function, code->unit->flags & CODE_OPTIMIZED ? UNBOUND : mapping);
    object_release(function);
    return v;
}

/* ---- sys ---- */

Value sys_get(Thread *t, const char *name)
{
    Module *sys = t->interp->run ? t->interp->run->sys_module : NULL;
    if (!sys || !sys->dict) return UNBOUND;
    /* The key needs no memory: looking up where to print must work when there is none left. */
    _Alignas(Str) char room[sizeof(Str) + 64] = {0};
    Str *key = (Str *)room;
    *key = (Str){.head = {.count = COUNT_IMMORTAL, .kind = KIND_STR, .solid = KIND_STR, .type = t->interp->types[KIND_STR]},
                 .hash = -1, .length = strlen(name), .width = 1, .is_ascii = true};
    if (key->length >= 64) return UNBOUND;
    memcpy(key->characters, name, key->length);
    return dict_get_str(sys->dict, key);
}

bool sys_set(Thread *t, const char *name, Value v)
{
    Module *sys = t->interp->run->sys_module;
    return sys && dict_set_text(t, sys->dict, name, v);
}
