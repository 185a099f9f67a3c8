/* toy_vm.h - the second door of the wall: what only modules about the machine itself may see.
 *
 * What        Thread handles and thread-local storage, recursive locks, the collector, counters of the lock, signal actions, frames.
 *             For the modules listed under "inside" in tests/structure/floors.txt (sys, gc, toy, _thread, signal ...); not installed.
 * How         As toy.h: wrappers in api_vm.c, the same ownership and failure rules. But these functions are not exported (no TOY_API): a
 *             module that is loaded from a file cannot reach them.
 * GIL         held.
 * Read next   toy.h, api_vm.c */
#ifndef TOY_TOY_VM_H
#define TOY_TOY_VM_H

#include "vm/toy.h"

/* ==== thread handles: what outlives a thread ================================================================================ */

typedef struct ThreadHandle ToyHandle;
typedef void (*ToyThreadBody)(ToyThread *t, void *argument);

TOY_MUST_CHECK ToyHandle *toy_handle_new(ToyThread *t);             /* of no thread yet; NULL raises */
void toy_handle_release(ToyThread *t, TOY_TAKES ToyHandle *handle);
/* Start a thread; it keeps the handle while it lives. [waits]: return only after it has had the lock for the first time. */
TOY_MUST_CHECK bool toy_handle_start(ToyThread *t, ToyHandle *handle, ToyThreadBody body, void *argument, bool is_daemon, bool waits);
uint64_t toy_handle_ident(const ToyHandle *handle);                 /* 0: not started */
int toy_handle_native_id(const ToyHandle *handle);                  /* 0: not known yet */
bool toy_handle_is_done(const ToyHandle *handle);
void toy_handle_set_ident(ToyHandle *handle, uint64_t ident);       /* for threads that others made */
void toy_handle_set_done(ToyThread *t, ToyHandle *handle);
TOY_MUST_CHECK ToyLockResult toy_handle_join(ToyThread *t, ToyHandle *handle, int64_t timeout_ns);
TOY_MUST_CHECK bool toy_threads_join_all(ToyThread *t);             /* but daemons; false: a signal handler raised */
int toy_thread_native_id(ToyThread *t);
uint64_t toy_thread_main_ident(ToyThread *t);
size_t toy_thread_stack_size(ToyThread *t);
TOY_MUST_CHECK bool toy_thread_set_stack_size(ToyThread *t, size_t bytes);   /* false: too small, nothing raised */
/* Raise [exception_type] in the thread at its next safepoint; UNBOUND takes it back. False: there is no such thread. */
bool toy_thread_raise_later(ToyThread *t, uint64_t ident, ToyValue exception_type);

/* Attributes as if [dict] were the object's __dict__. */
TOY_MUST_CHECK ToyValue toy_get_attribute_with(ToyThread *t, ToyValue object, ToyStr *name, ToyValue dict);
TOY_MUST_CHECK bool toy_set_attribute_with(ToyThread *t, ToyValue object, ToyStr *name, ToyValue value, ToyValue dict);

/* ==== recursive locks ======================================================================================================= */

#ifndef TOY_THREADS_LOCK_H
struct RecursiveLock { struct ScriptLock lock; uint64_t owner; uint64_t depth; };
#endif
typedef struct RecursiveLock ToyRecursiveLock;
TOY_MUST_CHECK ToyLockResult toy_rlock_acquire(ToyThread *t, ToyRecursiveLock *lock, int64_t timeout_ns);
TOY_MUST_CHECK bool toy_rlock_release(ToyThread *t, ToyRecursiveLock *lock);   /* false raises: not the owner */
bool toy_rlock_is_owned(ToyThread *t, const ToyRecursiveLock *lock);
TOY_MUST_CHECK bool toy_rlock_release_all(ToyThread *t, ToyRecursiveLock *lock, uint64_t *depth, uint64_t *owner);
TOY_MUST_CHECK ToyLockResult toy_rlock_acquire_again(ToyThread *t, ToyRecursiveLock *lock, uint64_t depth, uint64_t owner);
void toy_rlock_forget(ToyThread *t, ToyRecursiveLock *lock);

/* ==== the lock of the interpreter =========================================================================================== */

/* Counts since the start: {"takes": ..., "threads": [{...}, ...]}; see vm/gil/README.md for what each means. */
TOY_MUST_CHECK ToyValue toy_gil_stats(ToyThread *t);
const char *toy_gil_policy(ToyThread *t);
TOY_MUST_CHECK bool toy_gil_set_policy(ToyThread *t, const char *name);        /* false: there is none of that name */
const char *toy_gil_policy_name_at(int index);                      /* NULL behind the last */
uint64_t toy_gil_interval_us(ToyThread *t);
void toy_gil_set_interval_us(ToyThread *t, uint64_t interval_us);
/* How many times this thread has dropped the lock. */
uint64_t toy_gil_drops(ToyThread *t);
/* Who has the lock, and of each thread what it does and its stack, as text. */
void toy_gil_dump(ToyThread *t, int descriptor);
/* As a safepoint that was asked: whoever waits runs now. */
void toy_gil_hand_over(ToyThread *t);

/* ==== the collector ========================================================================================================= */

typedef struct ToyCollectorStats { uint64_t collections, collected, uncollectable; } ToyCollectorStats;
int64_t toy_collect(ToyThread *t, int generation);                  /* may run script code; leaves no exception; -1: short of memory */
bool toy_collector_is_enabled(ToyThread *t);
void toy_collector_enable(ToyThread *t, bool is_enabled);
int toy_collector_debug(ToyThread *t);
void toy_collector_set_debug(ToyThread *t, int flags);
const int64_t *toy_collector_thresholds(ToyThread *t);              /* three of them */
void toy_collector_set_thresholds(ToyThread *t, const int64_t *thresholds, size_t count);
void toy_collector_counts(ToyThread *t, int64_t counts[3]);         /* gc.get_count */
ToyCollectorStats toy_collector_stats(ToyThread *t, int generation);
TOY_BORROWED TOY_MUST_CHECK ToyValue toy_collector_callbacks(ToyThread *t);
TOY_BORROWED TOY_MUST_CHECK ToyValue toy_collector_garbage(ToyThread *t);
bool toy_is_tracked(ToyValue v);
bool toy_is_finalized(ToyValue v);
TOY_MUST_CHECK ToyValue toy_collector_objects(ToyThread *t, int generation);   /* -1: of all */
TOY_MUST_CHECK ToyValue toy_collector_referents(ToyThread *t, const ToyValue *objects, size_t count);
TOY_MUST_CHECK ToyValue toy_collector_referrers(ToyThread *t, const ToyValue *objects, size_t count);
void toy_collector_freeze(ToyThread *t, bool freezes);              /* false: unfreezes */
size_t toy_collector_frozen(ToyThread *t);
int64_t toy_live_objects(ToyThread *t);                             /* -1: this build does not count */
size_t toy_bytes_in_use(ToyThread *t);
bool toy_fail_allocation(ToyThread *t, uint64_t number);            /* counted from now, 0: none; did the one asked for before fail? */
int64_t toy_reference_count(ToyValue v);                            /* immortals: a large number */

/* ==== weak references ======================================================================================================= */

size_t toy_weakref_count(ToyThread *t, ToyValue v);
TOY_MUST_CHECK ToyValue toy_weakref_list(ToyThread *t, ToyValue v);
TOY_MUST_CHECK ToyValue toy_weak_proxy(ToyThread *t, ToyValue target, ToyValue callback_or_none);

/* ==== signals =============================================================================================================== */

typedef enum ToySignalAction { TOY_SIGNAL_DEFAULT, TOY_SIGNAL_IGNORED, TOY_SIGNAL_FOREIGN, TOY_SIGNAL_INTERRUPTS, TOY_SIGNAL_CALLS } ToySignalAction;
enum { TOY_SIGNAL_COUNT = 65 };
/* [handler] BORROWED: of TOY_SIGNAL_CALLS only. */
ToySignalAction toy_signal_action(ToyThread *t, int number, ToyValue *handler);
TOY_MUST_CHECK bool toy_signal_set_action(ToyThread *t, int number, ToySignalAction action, ToyValue handler);   /* false: errno */
void toy_signal_trip(ToyThread *t, int number);
int toy_signal_set_wakeup_fd(ToyThread *t, int fd, bool warns_on_full_buffer);

/* ==== last words: see vm/run/fatal_signals.h ================================================================================= */

/* Each false: errno, nothing is raised. */
TOY_MUST_CHECK bool toy_faults_watch(ToyThread *t, int descriptor, bool all_threads);
void toy_faults_forget(ToyThread *t);
bool toy_faults_are_watched(ToyThread *t);
bool toy_signal_is_fatal(int number);
TOY_MUST_CHECK bool toy_stack_signal_register(ToyThread *t, int number, int descriptor, bool all_threads, bool chains);
bool toy_stack_signal_unregister(ToyThread *t, int number);         /* false: it was not registered */
/* The stacks of all threads or of [t] alone, as text. Without the lock, too, and in a thread that is none of the interpreter's: then with
 * t NULL what other threads do meanwhile may garble it. */
void toy_dump_stacks(ToyInterp *interp, ToyThread *t, int descriptor, bool all_threads);
_Noreturn void toy_fatal_error(const char *function, const char *message);    /* in any thread */

/* ==== frames ================================================================================================================ */

/* The frame object [depth] callers up; UNBOUND without anything raised: the stack is not so deep. */
ToyValue toy_frame(ToyThread *t, size_t depth);
/* The innermost frame of every thread, by ident: a dict. */
TOY_MUST_CHECK ToyValue toy_current_frames(ToyThread *t);

/* ==== being watched: sys.settrace, sys.setprofile, sys.monitoring ============================================================ */

/* [function] UNBOUND: none. Of this thread, or of all. */
void toy_set_trace(ToyThread *t, ToyValue function, bool in_all_threads);
void toy_set_profile(ToyThread *t, ToyValue function, bool in_all_threads);
TOY_BORROWED ToyValue toy_trace_function(ToyThread *t);             /* UNBOUND: none */
TOY_BORROWED ToyValue toy_profile_function(ToyThread *t);
/* callee(*args) in which tracing is on, even if a trace function calls. */
TOY_MUST_CHECK ToyValue toy_call_traced(ToyThread *t, ToyValue callee, ToyValue args);

/* As the functions of sys.monitoring, same names and rules. Each false or FAILED: raised. */
const char *toy_monitor_event_name(int event);                      /* NULL behind the last; its bit is 1 << event */
TOY_BORROWED ToyValue toy_monitor_disable(ToyThread *t);
TOY_BORROWED ToyValue toy_monitor_missing(ToyThread *t);
TOY_MUST_CHECK bool toy_monitor_use_tool(ToyThread *t, int tool, ToyValue name);
TOY_MUST_CHECK bool toy_monitor_free_tool(ToyThread *t, int tool);
TOY_MUST_CHECK ToyValue toy_monitor_tool_name(ToyThread *t, int tool);
TOY_MUST_CHECK ToyValue toy_monitor_register(ToyThread *t, int tool, int event_set, ToyValue callback);
TOY_MUST_CHECK bool toy_monitor_set_events(ToyThread *t, int tool, int events);
TOY_MUST_CHECK ToyValue toy_monitor_events(ToyThread *t, int tool);
TOY_MUST_CHECK bool toy_monitor_set_local_events(ToyThread *t, int tool, ToyValue code, int events);
TOY_MUST_CHECK ToyValue toy_monitor_local_events(ToyThread *t, int tool, ToyValue code);
void toy_monitor_restart(ToyThread *t);
/* A module that no import finds: sys.monitoring. */
TOY_MUST_CHECK ToyValue toy_hidden_module(ToyThread *t, const ToyModule *definition);

/* ==== hooks of coroutines and of auditing =================================================================================== */

TOY_BORROWED ToyValue toy_async_hook(ToyThread *t, int which);      /* 0: firstiter, 1: finalizer; UNBOUND: none */
void toy_set_async_hook(ToyThread *t, int which, ToyValue hook);
uint32_t toy_coroutine_origin_depth(ToyThread *t);
void toy_set_coroutine_origin_depth(ToyThread *t, uint32_t depth);
TOY_MUST_CHECK bool toy_add_audit_hook(ToyThread *t, ToyValue hook);
/* Every hook hears of [event] (a str) with these arguments. False: one raised. */
TOY_MUST_CHECK bool toy_audit(ToyThread *t, ToyValue event, const ToyValue *args, size_t count);
/* What each thread handles, by ident: exceptions or None. */
TOY_MUST_CHECK ToyValue toy_current_exceptions(ToyThread *t);
bool toy_is_interned(ToyValue text);
/* The class whose instances sys.unraisablehook gets: a record of five. */
void toy_set_unraisable_type(ToyThread *t, ToyType *type);

/* ==== what sys tells about the machine ====================================================================================== */

/* Of the command line; as sys.flags names them. */
typedef struct ToyFlags {
    int debug, inspect, interactive, optimize, no_user_site, no_site, ignore_environment, verbose, bytes_warning, quiet, hash_randomization,
        isolated, dev_mode, safe_path, int_max_str_digits, unbuffered, warn_default_encoding;
} ToyFlags;
ToyFlags toy_flags(ToyThread *t);
void toy_set_int_max_str_digits(ToyThread *t, int digits);
uint32_t toy_recursion_limit(ToyThread *t);
TOY_MUST_CHECK bool toy_set_recursion_limit(ToyThread *t, uint32_t limit);     /* RecursionError: deeper than that already */
TOY_BORROWED ToyValue toy_modules(ToyThread *t);                    /* sys.modules */
TOY_BORROWED ToyValue toy_builtins(ToyThread *t);                   /* the dict of the builtins module */
/* Names of the modules that are native, and of all that lie in the program: tuples, sorted. */
TOY_MUST_CHECK ToyValue toy_native_module_names(ToyThread *t, bool with_embedded);
/* Modules that lie in the program. UNBOUND without anything raised: there is none of that name. */
ToyValue toy_native_module_new(ToyThread *t, ToyValue name);        /* made and filled, not in sys.modules */
typedef enum ToyEmbeddedPart { TOY_EMBEDDED_CODE, TOY_EMBEDDED_SOURCE, TOY_EMBEDDED_IS_PACKAGE } ToyEmbeddedPart;
ToyValue toy_embedded_module(ToyThread *t, ToyValue name, ToyEmbeddedPart part);
/* Modules that lie in shared objects: made and filled, not in sys.modules; and where toy's own of that name lies, a str, or UNBOUND. */
TOY_MUST_CHECK ToyValue toy_shared_object_load(ToyThread *t, ToyValue name, ToyValue file);
ToyValue toy_own_shared_object(ToyThread *t, ToyValue name);
bool toy_is_never_hidden(ToyValue name);                            /* by a file along sys.path: see vm/run/import_order.h */
TOY_MUST_CHECK ToyValue toy_library_entry(ToyThread *t);            /* of sys.path, for all other modules in the program */
TOY_BORROWED ToyValue toy_handled_exception(ToyThread *t);          /* UNBOUND: none is being handled */
/* An exception and its traceback, as people read it, to [file] (UNBOUND: sys.stderr). */
void toy_show_note(ToyThread *t, ToyValue text);       /* a str onto sys.stderr, if there is one; what goes wrong is dropped */
TOY_MUST_CHECK bool toy_print_exception(ToyThread *t, ToyValue exception, ToyValue file);
void toy_print_unraisable(ToyThread *t, ToyValue exception, ToyValue where, ToyValue message);
size_t toy_size_of(ToyThread *t, ToyValue v);                       /* bytes of the object's cell; 0 for values without one */

/* ==== source text, and what the compiler knows about it ======================================================================= */

/* The lines of a file, or of what only has a name like one: a module in the program, -c, the prompt. A list of strs without newlines,
 * owned; UNBOUND: not to be had, nothing but a MemoryError is raised. */
ToyValue toy_source_lines(ToyThread *t, ToyValue filename);
/* Where the operator or the brackets of a failed expression stand: line and column of both ends, lines from 0, columns in characters. */
bool toy_caret_anchors(ToyThread *t, const char *segment, size_t length, uint32_t ends[4]);
/* Would carets from column [start] of the first to [end] of the last line tell nothing? */
bool toy_carets_are_idle(ToyThread *t, const char *lines, size_t length, uint32_t line_count, uint32_t start, uint32_t end);
TOY_MUST_CHECK ToyValue toy_did_you_mean(ToyThread *t, ToyValue exception, ToyValue traceback);    /* ". Did you mean: 'x'?" or "" */
/* Where the instruction at [offset], in bytes of co_code, came from. False: [code] is none, or the instruction has no line. */
typedef struct ToyPosition { uint32_t line, end_line, column, end_column; bool has_columns; } ToyPosition;
bool toy_code_position(ToyValue code, int64_t offset, ToyPosition *position);
size_t toy_str_width(ToyValue str);                                 /* columns of a terminal: wide characters take two */

/* Appends (kind, text, line, column, end line, end column, whole lines) of every token of a source to a list. False: raised, what is wrong
 * with the source, behind the good tokens. */
TOY_MUST_CHECK bool toy_tokens(ToyThread *t, const char *source, size_t length, ToyValue rows);

/* The scopes of a source: (kind, name, line, is nested, {name: flags | binding << 12}, [children]). mode: "exec", "eval" or "single". */
TOY_MUST_CHECK ToyValue toy_symbols(ToyThread *t, ToyValue source, ToyValue filename, const char *mode);

/* ==== instructions ========================================================================================================== */

/* A row of the table of opcodes; texts are ASCII and live for ever. */
typedef struct ToyOpcode {
    const char *name, *operand, *picture, *sentence;     /* operand: "CONST", "JUMP" ... */
    unsigned caches, plain;                              /* words that follow; the form that a hot one falls back to */
    bool raises, calls, is_safe, jumps, ends;
} ToyOpcode;
size_t toy_opcode_count(bool with_hot);
void toy_opcode(size_t number, ToyOpcode *row);
/* How much higher the stack is afterwards. */
int64_t toy_opcode_effect(size_t number, uint32_t arg, bool is_jumping);
typedef enum ToyOperandTable { TOY_BINARY_OPERATORS, TOY_COMPARISONS, TOY_INTRINSICS_1, TOY_INTRINSICS_2 } ToyOperandTable;
const char *toy_operand_name(ToyOperandTable table, uint32_t number);    /* NULL behind the last */
/* One instruction with its prefixes, as it stands at [at]; offsets in words. */
typedef struct ToyInstruction { uint32_t start, offset, next, arg; unsigned opcode; int64_t target; bool has_target; } ToyInstruction;
/* False: [at] is behind the end, or nothing whole stands there. With [is_hot] of the copy that runs, if there is one. */
bool toy_code_instruction(ToyValue code, uint32_t at, bool is_hot, ToyInstruction *instruction);
uint32_t toy_code_word(ToyValue code, uint32_t at);
/* What the operand means, as the listing shows it in brackets: a str. */
TOY_MUST_CHECK ToyValue toy_code_operand_text(ToyThread *t, ToyValue code, const ToyInstruction *instruction);
/* A row of the table of handlers; false behind the last. */
typedef struct ToyHandler { uint32_t start, end, target, depth; bool pushes_offset; } ToyHandler;
bool toy_code_handler(ToyValue code, uint32_t i, ToyHandler *handler);
bool toy_is_code(ToyValue v);
/* A code object as bytes and back; an image that is none, or does not pass the verifier, is a ValueError. */
TOY_MUST_CHECK ToyValue toy_code_image(ToyThread *t, ToyValue code);
TOY_MUST_CHECK ToyValue toy_code_from_image(ToyThread *t, const void *bytes, size_t length);
/* All of it for people, as toy -m dis lists it: a str. [current]: the offset in words to mark, or -1. */
TOY_MUST_CHECK ToyValue toy_code_listing(ToyThread *t, ToyValue code, int64_t current, bool shows_caches, bool is_hot, bool shows_offsets);

#endif
