/* mod_sys.c - module sys: the machine as scripts see it.
 *
 * What        Limits, flags, hooks, frames, the handled exception, the switch interval. argv, path, executable and the streams are put
 *             here by the program (vm/cli) and by io.
 * How         Constants at start-up; functions ask the machine through the second door of the wall.
 * GIL         held.
 * Read next   vm/toy_vm.h, vm/cli/main_module.c */
#include <float.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stdlib/sys_parts.h"
#include "vm/toy_vm.h"

/* The language that is implemented: the oracle's version. */
#define VERSION_MAJOR 3
#define VERSION_MINOR 13
#define VERSION_MICRO 0
#define TOY_VERSION "0.1.0"
#define TEXT_OF(number) TEXT_OF_EXPANDED(number)
#define TEXT_OF_EXPANDED(number) #number
#ifdef __clang__
#define COMPILER "Clang " __clang_version__
#else
#define COMPILER "GCC " __VERSION__
#endif
/* Whole texts, and texts with names of their own: starting then needs no snprintf, a quarter of a megabyte of the C library, and
 * finds what it reads side by side (vm/cli/startup_order.py). */
static const char version_text[] = TEXT_OF(VERSION_MAJOR) "." TEXT_OF(VERSION_MINOR) "." TEXT_OF(VERSION_MICRO) " (toy " TOY_VERSION ") [" COMPILER "]";
static const char doc[] = "The interpreter as a script can see it: its streams and settings, the modules loaded,\n"
                          "where they are looked for, and the hooks into what it does.";
static const char get_depth_name[] = "get_coroutine_origin_tracking_depth", set_depth_name[] = "set_coroutine_origin_tracking_depth";

typedef struct SysState {
    ToyType *version_info, *flags, *float_info, *int_info, *hash_info, *thread_info, *hook_args, *async_hooks;
} SysState;

/* ---- records ---- */

static const ToyMember version_fields[] = {
    TOY_RECORD_FIELD("major", 0, "first number: the language"), TOY_RECORD_FIELD("minor", 1, "second number: what was added to it"),
    TOY_RECORD_FIELD("micro", 2, "third number: what was mended"),
    TOY_RECORD_FIELD("releaselevel", 3, "how finished it is: 'final', or 'candidate', 'beta', 'alpha'"),
    TOY_RECORD_FIELD("serial", 4, "which of several such"), TOY_RECORD_END,
};
static const ToyTypeSpec version_spec = TOY_RECORD(
                                                   "sys.version_info\n\nThe version of the language, in parts that can be "
                                                   "compared.", version_fields, 5);

#define EACH_FLAG(X) \
    X(debug) X(inspect) X(interactive) X(optimize) X(dont_write_bytecode) X(no_user_site) X(no_site) X(ignore_environment) X(verbose) \
    X(bytes_warning) X(quiet) X(hash_randomization) X(isolated) X(dev_mode) X(utf8_mode) X(warn_default_encoding) X(safe_path) X(int_max_str_digits)
enum {
#define X(name) FLAG_##name,
    EACH_FLAG(X)
#undef X
    FLAG_COUNT
};
static const ToyMember flag_fields[] = {
#define X(name) TOY_RECORD_FIELD(#name, FLAG_##name, NULL),
    EACH_FLAG(X)
#undef X
    TOY_RECORD_END,
};
static const ToyTypeSpec flags_spec = TOY_RECORD(
                                                 "sys.flags\n\nWhat the options of the command line and the environment "
                                                 "have switched on.", flag_fields, FLAG_COUNT);

static const ToyMember float_fields[] = {
    TOY_RECORD_FIELD("max", 0, NULL), TOY_RECORD_FIELD("max_exp", 1, NULL), TOY_RECORD_FIELD("max_10_exp", 2, NULL), TOY_RECORD_FIELD("min", 3, NULL),
    TOY_RECORD_FIELD("min_exp", 4, NULL), TOY_RECORD_FIELD("min_10_exp", 5, NULL), TOY_RECORD_FIELD("dig", 6, NULL), TOY_RECORD_FIELD("mant_dig", 7, NULL),
    TOY_RECORD_FIELD("epsilon", 8, NULL), TOY_RECORD_FIELD("radix", 9, NULL), TOY_RECORD_FIELD("rounds", 10, NULL), TOY_RECORD_END,
};
static const ToyTypeSpec float_spec = TOY_RECORD("sys.float_info\n\nWhat a float can hold, and how exactly.", float_fields, 11);

static const ToyMember int_fields[] = {
    TOY_RECORD_FIELD("bits_per_digit", 0, NULL), TOY_RECORD_FIELD("sizeof_digit", 1, NULL), TOY_RECORD_FIELD("default_max_str_digits", 2, NULL),
    TOY_RECORD_FIELD("str_digits_check_threshold", 3, NULL), TOY_RECORD_END,
};
static const ToyTypeSpec int_spec = TOY_RECORD("sys.int_info\n\nA named tuple that holds information about int.", int_fields, 4);

static const ToyMember hash_fields[] = {
    TOY_RECORD_FIELD("width", 0, NULL), TOY_RECORD_FIELD("modulus", 1, NULL), TOY_RECORD_FIELD("inf", 2, NULL), TOY_RECORD_FIELD("nan", 3, NULL),
    TOY_RECORD_FIELD("imag", 4, NULL), TOY_RECORD_FIELD("algorithm", 5, NULL), TOY_RECORD_FIELD("hash_bits", 6, NULL),
    TOY_RECORD_FIELD("seed_bits", 7, NULL), TOY_RECORD_FIELD("cutoff", 8, NULL), TOY_RECORD_END,
};
static const ToyTypeSpec hash_spec = TOY_RECORD("hash_info\n\nThe numbers from which the hashes of numbers and texts are made.", hash_fields, 9);

static const ToyMember thread_fields[] = {
    TOY_RECORD_FIELD("name", 0, "what threads are made of"), TOY_RECORD_FIELD("lock", 1, "what locks are made of"),
    TOY_RECORD_FIELD("version", 2, "the library of threads and its version, or None"), TOY_RECORD_END,
};
static const ToyTypeSpec thread_spec = TOY_RECORD("sys.thread_info\n\nWhat threads and locks are made of here.", thread_fields, 3);

static const ToyMember hook_fields[] = {
    TOY_RECORD_FIELD("exc_type", 0, "Exception type"), TOY_RECORD_FIELD("exc_value", 1, "the exception itself, or None"),
    TOY_RECORD_FIELD("exc_traceback", 2, "its traceback, or None"),
    TOY_RECORD_FIELD("err_msg", 3, "Error message"), TOY_RECORD_FIELD("object", 4, "where it happened, as an object"), TOY_RECORD_END,
};
static const ToyTypeSpec hook_spec = TOY_RECORD(
                                                "UnraisableHookArgs\n\nWhat sys.unraisablehook is told about an exception that "
                                                "could not be raised.", hook_fields, 5);

/* ---- leaving, limits ---- */

static ToyValue sys_exit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue status = toy_is_bound(args[0]) ? args[0] : TOY_NONE;
    ToyValue type = toy_type_value(toy_exception_type(t, TOY_SystemExit));
    /* A tuple is the row of arguments, None is none: as `raise SystemExit(...)` would have it. */
    ToyValue exception = toy_is_none(status)   ? toy_call0(t, type)
                         : toy_is_tuple(status) ? toy_call_with(t, type, status, TOY_UNBOUND)
                                                : toy_call1(t, type, status);
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

static ToyValue sys_getrecursionlimit(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_small_int_value(toy_recursion_limit(t)); }
static ToyValue sys_setrecursionlimit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int limit;
    if (!toy_arg_int(t, args[0], &limit)) return TOY_FAILED;
    if (limit < 1) return toy_raise_value_error(t, "recursion limit must be greater or equal than 1");
    return toy_set_recursion_limit(t, (uint32_t)limit) ? TOY_NONE : TOY_FAILED;
}

static ToyValue sys_getswitchinterval(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_float(t, 1e-6 * (double)toy_gil_interval_us(t)); }
static ToyValue sys_setswitchinterval(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double seconds;
    if (!toy_arg_double(t, args[0], &seconds)) return TOY_FAILED;
    if (!(seconds > 0)) return toy_raise_value_error(t, "switch interval must be strictly positive");
    double microseconds = seconds * 1e6;
    toy_gil_set_interval_us(t, microseconds > 1e15 ? (uint64_t)1e15 : (uint64_t)microseconds);
    return TOY_NONE;
}

static ToyValue sys_get_int_max_str_digits(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_small_int_value(toy_flags(t).int_max_str_digits); }
static ToyValue sys_set_int_max_str_digits(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int digits;
    if (!toy_arg_int(t, args[0], &digits)) return TOY_FAILED;
    if (digits != 0 && digits < 640) return toy_raise_value_error(t, "maxdigits must be 0 or larger than 640");
    toy_set_int_max_str_digits(t, digits);
    return TOY_NONE;
}

/* ---- objects ---- */

static ToyValue sys_getrefcount(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, toy_reference_count(args[0])); }

static ToyValue sys_getsizeof(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue method = toy_find_special(t, args[0], "__sizeof__");
    if (toy_is_unbound(method)) {
        if (toy_is_raised(t)) return TOY_FAILED;
        return toy_is_bound(args[1]) ? toy_retain(args[1]) : toy_raise_type_error(t, "Type %T doesn't define __sizeof__", args[0]);
    }
    ToyValue size = toy_call0(t, method);
    toy_release(method);
    return size;
}

static ToyValue sys_intern(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "intern() argument must be str, not %N", args[0]);
    if (toy_type_of(t, args[0]) != toy_builtin_type(t, TOY_KIND_STR)) return toy_raise_type_error(t, "can't intern %T", args[0]);
    return toy_str_intern(t, toy_retain(args[0]));
}

static ToyValue sys_is_finalizing(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_is_finalizing(t)); }
static ToyValue sys_getdefaultencoding(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_str(t, "utf-8"); }
static ToyValue sys_getfilesystemencodeerrors(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_str(t, "surrogateescape"); }
static ToyValue sys_getallocatedblocks(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t objects = toy_live_objects(t);
    return toy_int(t, objects < 0 ? 0 : objects);
}

/* ---- frames and exceptions ---- */

static ToyValue sys_getframe(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int depth = 0;
    if (!toy_arg_int(t, args[0], &depth)) return TOY_FAILED;
    ToyValue frame = toy_frame(t, depth < 0 ? 0 : (size_t)depth);
    return toy_is_unbound(frame) && !toy_is_raised(t) ? toy_raise_value_error(t, "call stack is not deep enough") : frame;
}

static ToyValue sys_getframemodulename(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int depth = 0;
    if (!toy_arg_int(t, args[0], &depth)) return TOY_FAILED;
    ToyValue frame = toy_frame(t, depth < 0 ? 0 : (size_t)depth);
    if (toy_is_unbound(frame)) return toy_is_raised(t) ? TOY_FAILED : TOY_NONE;
    ToyValue globals = toy_get_attribute(t, frame, "f_globals");
    toy_release(frame);
    ToyValue name = toy_failed(globals) ? TOY_FAILED : toy_dict_get_text(t, globals, "__name__");
    toy_release(globals);
    return toy_is_unbound(name) && !toy_is_raised(t) ? TOY_NONE : name;
}

static ToyValue sys_current_exceptions(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_current_exceptions(t); }
static ToyValue sys_is_gil_enabled(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_TRUE; }
static ToyValue sys_clear_caches(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_NONE; }
static ToyValue sys_is_interned(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "_is_interned() argument must be str, not %N", args[0]);
    return toy_bool(toy_is_interned(args[0]));
}

static ToyValue sys_current_frames(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_current_frames(t); }

static ToyValue sys_exception(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue handled = toy_handled_exception(t);
    return toy_is_bound(handled) ? toy_retain(handled) : TOY_NONE;
}

static ToyValue sys_exc_info(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue handled = toy_handled_exception(t);
    if (toy_is_unbound(handled)) return toy_tuple(t, TOY_NONE, TOY_NONE, TOY_NONE);
    ToyValue traceback = toy_exception_traceback(handled);
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, handled))), toy_retain(handled), toy_is_bound(traceback) ? toy_retain(traceback) : TOY_NONE);
}

static ToyValue sys_excepthook(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_exception(args[1])) {            /* a hook is no place to raise */
        ToyValue text = toy_is_none(args[1]) ? toy_str(t, "NoneType: None\n")
                                             : toy_str_format(t, "TypeError: print_exception(): Exception expected for value, %T found\n", args[1]);
        if (toy_failed(text)) return TOY_FAILED;
        toy_show_note(t, text);
        toy_release(text);
        return TOY_NONE;
    }
    return toy_print_exception(t, args[1], TOY_UNBOUND) ? TOY_NONE : TOY_FAILED;
}

static ToyValue sys_unraisablehook(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue value = toy_get_attribute(t, args[0], "exc_value"), message = toy_failed(value) ? TOY_FAILED : toy_get_attribute(t, args[0], "err_msg");
    ToyValue object = toy_failed(message) ? TOY_FAILED : toy_get_attribute(t, args[0], "object");
    bool done = !toy_failed(object);
    if (done) toy_print_unraisable(t, value, object, toy_is_none(message) ? TOY_UNBOUND : message);
    toy_release(value);
    toy_release(message);
    toy_release(object);
    return done ? TOY_NONE : TOY_FAILED;
}

/* ---- the prompt ---- */

static bool set_underscore(ToyThread *t, ToyValue v) { return toy_dict_set_text(t, toy_builtins(t), "_", v); }

static bool write_text(ToyThread *t, ToyValue out, ToyValue text)
{
    ToyValue written = toy_call_method(t, out, "write", &text, 1);
    toy_release(written);
    return !toy_failed(written);
}

/* Two calls, as CPython makes them: a stream of the script's own can tell. */
static bool write_line(ToyThread *t, ToyValue out, ToyValue text)
{
    ToyValue newline = toy_str(t, "\n");
    bool done = !toy_failed(newline) && write_text(t, out, text) && write_text(t, out, newline);
    toy_release(newline);
    return done;
}

static ToyValue sys_displayhook(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_is_none(args[0])) return TOY_NONE;
    if (!set_underscore(t, TOY_NONE)) return TOY_FAILED;
    ToyValue out = toy_sys_get(t, "stdout");
    if (!toy_is_given(out)) return toy_raise(t, TOY_RuntimeError, "lost sys.stdout");
    ToyValue text = toy_repr(t, args[0]);
    bool done = !toy_failed(text) && write_line(t, out, text) && set_underscore(t, args[0]);
    toy_release(text);
    toy_release(out);
    return done ? TOY_NONE : TOY_FAILED;
}

/* What breakpoint() shall call, by the environment; NULL: nothing was said. *variable is where. */
static const char *breakpoint_choice(ToyThread *t, const char **variable)
{
    static const char *const variables[] = {"TOYBREAKPOINT", "PYTHONBREAKPOINT"};
    if (toy_flags(t).ignore_environment) return NULL;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *text = getenv(*variable = variables[i]);
        if (text && *text) return text;
    }
    return NULL;
}

/* "package.module.name", or the name of a built-in function. */
static ToyValue import_dotted(ToyThread *t, const char *path)
{
    const char *dot = strrchr(path, '.');
    if (!dot) return toy_import_from(t, "builtins", path);
    size_t length = (size_t)(dot - path);
    char *module = toy_alloc(t, length + 1);
    if (!module) return TOY_FAILED;
    memcpy(module, path, length);
    module[length] = '\0';
    ToyValue v = toy_import_from(t, module, dot + 1);
    toy_free(t, module, length + 1);
    return v;
}

static ToyValue sys_breakpointhook(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    const char *variable, *choice = breakpoint_choice(t, &variable);
    if (choice && strcmp(choice, "0") == 0) return TOY_NONE;
    ToyValue set_trace = import_dotted(t, choice ? choice : "pdb.set_trace");
    if (toy_failed(set_trace)) {
        if (!choice || !(toy_raised_is(t, TOY_ImportError) || toy_raised_is(t, TOY_AttributeError))) return TOY_FAILED;
        toy_raised_clear(t);
        return toy_warn(t, TOY_RuntimeWarning, 1, "Ignoring unimportable $%s: \"%s\"", variable, choice) ? TOY_NONE : TOY_FAILED;
    }
    ToyValue v = toy_call_names(t, set_trace, args, count, names);
    toy_release(set_trace);
    return v;
}

ToyType *sys_async_hooks_type(ToyValue self) { return ((SysState *)toy_module_state(self))->async_hooks; }

static const ToyFunction sys_functions[] = {
    TOY_FUNCTION("_current_frames", sys_current_frames, "()", 0, "The frame in which each thread is, by the thread's number."),
    TOY_FUNCTION("_clear_internal_caches", sys_clear_caches, "()", 0, "Nothing to do: what is cached here is never out of date."),
    TOY_FUNCTION("_clear_type_cache", sys_clear_caches, "()", 0, "Nothing to do: what is cached here is never out of date."),
    TOY_FUNCTION("_current_exceptions", sys_current_exceptions, "()", 0, "The exception that each thread is handling, by the thread's number."),
    TOY_FUNCTION("_is_gil_enabled", sys_is_gil_enabled, "()", 0, "True: here one lock lets one thread at a time run."),
    TOY_FUNCTION("_is_interned", sys_is_interned, "(string, /)", 0, "Whether this str is the one that stands for all equal names."),
    TOY_FUNCTION("_getframe", sys_getframe, "(depth=0, /)", 0, "The frame of the caller, or of whoever is depth calls above it."),
    TOY_FUNCTION("_getframemodulename", sys_getframemodulename, "(depth=0)", 0,
                 "The name of the module that the caller's code stands in, or that of whoever is depth calls above."),
    TOY_FUNCTION("_setprofileallthreads", sys_setprofileallthreads, "(function, /)", 0, "What setprofile() does, for every thread that runs now."),
    TOY_FUNCTION("_settraceallthreads", sys_settraceallthreads, "(function, /)", 0, "What settrace() does, for every thread that runs now."),
    TOY_FUNCTION("addaudithook", sys_addaudithook, "(hook)", 0,
                 "Have hook(event, args) called at every audit event from now on; there is no way to remove it."),
    TOY_RAW_FUNCTION("audit", sys_audit, "(event, /, *args)", 0,
                     "Tell every audit hook of the event and its arguments; what a hook raises is passed on."),
    TOY_RAW_FUNCTION("breakpointhook", sys_breakpointhook, "(*args, **kws)", 0,
                     "What breakpoint() calls with its arguments; this one hands them to pdb.set_trace()."),
    TOY_FUNCTION("call_tracing", sys_call_tracing, "(func, args, /)", 0, "Call func(*args) and have it traced, even from within a trace function."),
    TOY_FUNCTION("displayhook", sys_displayhook, "(object, /)", 0,
                 "Print what an expression typed at the prompt came to, and keep it as builtins._; None does neither."),
    TOY_FUNCTION("exc_info", sys_exc_info, "()", 0,
                 "The exception being handled as the triple of its class, itself and its traceback; three times None if there is none."),
    TOY_FUNCTION("excepthook", sys_excepthook, "(exctype, value, traceback, /)", 0,
                 "Print an exception that nobody caught to sys.stderr, with its traceback."),
    TOY_FUNCTION("exception", sys_exception, "()", 0, "The exception being handled, or None."),
    TOY_FUNCTION("exit", sys_exit, "(status=None, /)", 0,
                 "Raise SystemExit with a status: None is success, an int is the exit status, anything else is printed and means 1."),
    TOY_FUNCTION("get_asyncgen_hooks", sys_get_asyncgen_hooks, "()", 0,
                 "The pair of functions that hear of async generators: of the first step, and of one that is given up."),
    TOY_FUNCTION(get_depth_name, sys_get_origin_depth, "()", 0,
                 "How many frames each new coroutine of this thread remembers of where it was made."),
    TOY_FUNCTION("getallocatedblocks", sys_getallocatedblocks, "()", 0, "The number of blocks of memory in use at this moment."),
    TOY_FUNCTION("getdefaultencoding", sys_getdefaultencoding, "()", 0,
                 "The encoding that str.encode() and bytes.decode() use if none is named: 'utf-8'."),
    TOY_FUNCTION("getfilesystemencodeerrors", sys_getfilesystemencodeerrors, "()", 0,
                 "The error handler for names of files: bytes that are not UTF-8 become lone surrogates and back."),
    TOY_FUNCTION("getfilesystemencoding", sys_getdefaultencoding, "()", 0, "The encoding of names of files: 'utf-8'."),
    TOY_FUNCTION("get_int_max_str_digits", sys_get_int_max_str_digits, "()", 0,
                 "The number of digits above which int() and str() refuse to convert; 0 means no limit."),
    TOY_FUNCTION("getprofile", sys_getprofile, "()", 0, "The function that setprofile() set, or None."),
    TOY_FUNCTION("getrecursionlimit", sys_getrecursionlimit, "()", 0, "How many calls may be under way at a time in one thread."),
    TOY_FUNCTION("getrefcount", sys_getrefcount, "(object, /)", 0,
                 "How many references to the object there are, the argument of this call among them."),
    TOY_FUNCTION("getsizeof", sys_getsizeof, "(object, default=<unrepresentable>)", 0,
                 "The memory that the object takes, in bytes, without what it refers to."),
    TOY_FUNCTION("gettrace", sys_gettrace, "()", 0, "The function that settrace() set, or None."),
    TOY_FUNCTION("getswitchinterval", sys_getswitchinterval, "()", 0, "After how many seconds a waiting thread asks for the lock."),
    TOY_FUNCTION("intern", sys_intern, "(string, /)", 0, "The one str that stands for all equal to this: such names are compared by identity."),
    TOY_FUNCTION("is_finalizing", sys_is_finalizing, "()", 0, "Whether the interpreter is on its way down."),
    TOY_FUNCTION("set_asyncgen_hooks", sys_set_asyncgen_hooks, "(firstiter=None, finalizer=None)", 0, "Set what hears of asynchronous generators: of their first step, of their end."),
    TOY_FUNCTION(set_depth_name, sys_set_origin_depth, "(depth)", 0,
                 "Let each new coroutine of this thread remember so many frames of where it was made; 0 for none."),
    TOY_FUNCTION("set_int_max_str_digits", sys_set_int_max_str_digits, "(maxdigits)", 0,
                 "Set the number of digits above which int() and str() refuse to convert: 0 (no limit) or at least 640."),
    TOY_FUNCTION("setprofile", sys_setprofile, "(function, /)", 0,
                 "Have function(frame, event, arg) called when calls begin and end in this thread, native ones included."),
    TOY_FUNCTION("settrace", sys_settrace, "(function, /)", 0,
                 "Have function(frame, event, arg) called for every call in this thread; what it returns hears of the lines within."),
    TOY_FUNCTION("setrecursionlimit", sys_setrecursionlimit, "(limit, /)", 0,
                 "Set how many calls may be under way at a time in one thread, before RecursionError."),
    TOY_FUNCTION("setswitchinterval", sys_setswitchinterval, "(interval, /)", 0, "Set after how many seconds a waiting thread asks for the lock."),
    TOY_FUNCTION("unraisablehook", sys_unraisablehook, "(unraisable, /)", 0,
                 "Print an exception that nobody can catch, such as one raised by a __del__, to sys.stderr."),
    TOY_FUNCTIONS_END,
};

/* ---- start ---- */

static ToyValue small(int64_t n) { return toy_small_int_value(n); }

static ToyValue version_info(ToyThread *t, SysState *state)
{
    ToyValue items[] = {small(VERSION_MAJOR), small(VERSION_MINOR), small(VERSION_MICRO), toy_str(t, "final"), small(0)};
    return toy_record_new(t, state->version_info, items);
}

static ToyValue flags_record(ToyThread *t, SysState *state)
{
    ToyFlags flags = toy_flags(t);
    ToyValue items[FLAG_COUNT] = {
        [FLAG_debug] = small(flags.debug), [FLAG_inspect] = small(flags.inspect), [FLAG_interactive] = small(flags.interactive),
        [FLAG_optimize] = small(flags.optimize), [FLAG_dont_write_bytecode] = small(1), [FLAG_no_user_site] = small(flags.no_user_site),
        [FLAG_no_site] = small(flags.no_site), [FLAG_ignore_environment] = small(flags.ignore_environment), [FLAG_verbose] = small(flags.verbose),
        [FLAG_bytes_warning] = small(flags.bytes_warning), [FLAG_quiet] = small(flags.quiet),
        [FLAG_hash_randomization] = small(flags.hash_randomization), [FLAG_isolated] = small(flags.isolated), [FLAG_dev_mode] = toy_bool(flags.dev_mode),
        [FLAG_utf8_mode] = small(1), [FLAG_warn_default_encoding] = small(flags.warn_default_encoding), [FLAG_safe_path] = toy_bool(flags.safe_path),
        [FLAG_int_max_str_digits] = small(flags.int_max_str_digits),
    };
    return toy_record_new(t, state->flags, items);
}

static ToyValue float_info(ToyThread *t, SysState *state)
{
    ToyValue items[] = {toy_float(t, DBL_MAX), small(DBL_MAX_EXP), small(DBL_MAX_10_EXP), toy_float(t, DBL_MIN), small(DBL_MIN_EXP), small(DBL_MIN_10_EXP),
                        small(DBL_DIG), small(DBL_MANT_DIG), toy_float(t, DBL_EPSILON), small(FLT_RADIX), small(1)};
    return toy_record_new(t, state->float_info, items);
}

static ToyValue int_info(ToyThread *t, SysState *state)
{
    return toy_record_new(t, state->int_info, (ToyValue[]){small(64), small(8), small(4300), small(640)});
}

static ToyValue hash_info(ToyThread *t, SysState *state)
{
    ToyValue items[] = {small(64), toy_int(t, ((int64_t)1 << 61) - 1), small(314159), small(0), small(1000003), toy_str(t, "siphash13"), small(64), small(128), small(0)};
    return toy_record_new(t, state->hash_info, items);
}

static ToyValue thread_info(ToyThread *t, SysState *state)
{
    /* confstr would tell it whole; but that lies far from all else of the C library, 64 KB to be mapped at each start. */
    char version[64] = "NPTL ";
    strncat(version, gnu_get_libc_version(), sizeof version - sizeof "NPTL ");
    return toy_record_new(t, state->thread_info, (ToyValue[]){toy_str(t, "pthread"), toy_str(t, "futex"), toy_str(t, version)});
}

static ToyValue implementation(ToyThread *t, SysState *state)
{
    ToyValue dict = toy_dict(t);
    if (toy_failed(dict)) return TOY_FAILED;
    bool done = toy_dict_take_text(t, dict, "name", toy_str(t, "toy")) && toy_dict_take_text(t, dict, "cache_tag", toy_str(t, "toy-313")) &&
                toy_dict_take_text(t, dict, "version", version_info(t, state)) &&
                toy_dict_take_text(t, dict, "hexversion", small(VERSION_MAJOR << 24 | VERSION_MINOR << 16 | VERSION_MICRO << 8 | 0xf0)) &&
                toy_dict_take_text(t, dict, "_multiarch", toy_str(t, "x86_64-linux-gnu"));
    ToyValue v = done ? toy_namespace(t, dict) : TOY_FAILED;
    toy_release(dict);
    return v;
}

static bool make_types(ToyThread *t, ToyModuleObject *module, SysState *state)
{
    return (state->version_info = toy_record_type_new(t, module, &version_spec, "sys.version_info")) &&
           (state->flags = toy_record_type_new(t, module, &flags_spec, "sys.flags")) &&
           (state->float_info = toy_record_type_new(t, module, &float_spec, "sys.float_info")) &&
           (state->int_info = toy_record_type_new(t, module, &int_spec, "sys.int_info")) &&
           (state->hash_info = toy_record_type_new(t, module, &hash_spec, "sys.hash_info")) &&
           (state->thread_info = toy_record_type_new(t, module, &thread_spec, "sys.thread_info")) &&
           (state->async_hooks = toy_record_type_new(t, module, &sys_async_hooks_spec, "asyncgen_hooks")) &&
           (state->hook_args = toy_record_type_new(t, module, &hook_spec, "UnraisableHookArgs"));
}

/* The hooks under their second names, by which scripts find the originals again. */
static bool keep_originals(ToyThread *t, ToyModuleObject *module)
{
    static const char *const hooks[][2] = {{"breakpointhook", "__breakpointhook__"}, {"displayhook", "__displayhook__"},
                                           {"excepthook", "__excepthook__"}, {"unraisablehook", "__unraisablehook__"}};
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (!toy_module_add(t, module, hooks[i][1], toy_dict_get_text(t, toy_module_dict(module), hooks[i][0]))) return false;
    return true;
}

static ToyValue frozen(ToyThread *t, ToyValue tuple)
{
    ToyValue set = toy_failed(tuple) ? TOY_FAILED : toy_set_from(t, true, tuple);
    toy_release(tuple);
    return set;
}

static bool sys_init(ToyThread *t, ToyModuleObject *module)
{
    SysState *state = toy_module_state(toy_module_value(module));
    if (!make_types(t, module, state)) return false;
    toy_set_unraisable_type(t, state->hook_args);
    return toy_module_add(t, module, "UnraisableHookArgs", toy_retain(toy_type_value(state->hook_args))) && keep_originals(t, module) && toy_module_add(t, module, "version", toy_str(t, version_text)) &&
           toy_module_add(t, module, "version_info", version_info(t, state)) && toy_module_add(t, module, "implementation", implementation(t, state)) &&
           toy_module_add(t, module, "flags", flags_record(t, state)) && toy_module_add(t, module, "float_info", float_info(t, state)) &&
           toy_module_add(t, module, "int_info", int_info(t, state)) && toy_module_add(t, module, "hash_info", hash_info(t, state)) &&
           toy_module_add(t, module, "thread_info", thread_info(t, state)) &&
           toy_module_add(t, module, "_git", toy_tuple_take(t, (ToyValue[]){toy_str(t, "toy"), toy_str(t, ""), toy_str(t, "")}, 3)) &&
           toy_module_add_int(t, module, "hexversion", VERSION_MAJOR << 24 | VERSION_MINOR << 16 | VERSION_MICRO << 8 | 0xf0) &&
           toy_module_add_int(t, module, "api_version", 1013) && toy_module_add_int(t, module, "maxsize", INT64_MAX) &&
           toy_module_add_int(t, module, "maxunicode", 0x10ffff) && toy_module_add(t, module, "platform", toy_str(t, "linux")) &&
           toy_module_add(t, module, "byteorder", toy_str(t, "little")) && toy_module_add(t, module, "abiflags", toy_str(t, "")) &&
           toy_module_add(t, module, "copyright", toy_str(t, "Copyright (c) the toy authors.\nAll Rights Reserved.")) &&
           toy_module_add(t, module, "float_repr_style", toy_str(t, "short")) && toy_module_add(t, module, "platlibdir", toy_str(t, "lib")) &&
           toy_module_add(t, module, "_framework", toy_str(t, "")) && toy_module_add(t, module, "pycache_prefix", TOY_NONE) && toy_module_add(t, module, "dont_write_bytecode", TOY_TRUE) &&
           toy_module_add(t, module, "modules", toy_retain(toy_modules(t))) && toy_module_add(t, module, "meta_path", toy_list(t)) &&
           toy_module_add(t, module, "path_hooks", toy_list(t)) && toy_module_add(t, module, "path_importer_cache", toy_dict(t)) &&
           toy_module_add(t, module, "argv", toy_list(t)) && toy_module_add(t, module, "orig_argv", toy_list(t)) &&
           toy_module_add(t, module, "path", toy_list(t)) && toy_module_add(t, module, "warnoptions", toy_list(t)) &&
           toy_module_add(t, module, "_xoptions", toy_dict(t)) && toy_module_add(t, module, "builtin_module_names", toy_native_module_names(t, false)) &&
           toy_module_add(t, module, "monitoring", toy_hidden_module(t, &sys_monitoring)) &&
           toy_module_add(t, module, "stdlib_module_names", frozen(t, toy_native_module_names(t, true)));
}

const ToyModule toy_module_sys = {
    .name = "sys",
    .doc = doc,
    .functions = sys_functions,
    .state_size = sizeof(SysState),
    .init = sys_init,
};
