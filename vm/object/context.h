/* context.h - the two structs that everything hangs off: the interpreter and the thread.
 *
 * What        Interp: one per interpreter. Thread: one per thread that runs scripts. There is no other state.
 * How         The floors above add their part as a pointer to a struct of their own (frames: vm/run, parking: vm/threads),
 *             declared here, defined there. A function that may raise or touch values takes the Thread first, so its
 *             signature tells that the lock must be held.
 * Invariants  I1 t->raised is bound exactly while a failure is on its way up.
 *             I2 a thread touches Interp and any Value only while it holds interp->gil.
 * GIL         the fields say it one by one.
 * Read next   value.h, vm/run/frame.h, vm/threads/thread.h */
#ifndef TOY_OBJECT_CONTEXT_H
#define TOY_OBJECT_CONTEXT_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "vm/base/memory.h"
#include "vm/gil/gil.h"
#include "vm/object/type.h"

typedef struct Heap Heap;               /* heap.h */
enum { CELL_UNIT = 8, HEAP_SMALL_MAX = 512, CELL_CLASSES = HEAP_SMALL_MAX / CELL_UNIT + 1 };
static inline size_t cell_class(size_t size) { return (size + CELL_UNIT - 1) / CELL_UNIT; }
typedef struct FreeCell { struct FreeCell *next; Type *type; } FreeCell;   /* type NULL */
typedef struct MethodCache MethodCache; /* type_lookup.c */
typedef struct AttributeCache AttributeCache; /* attribute_cache.c */
typedef struct ShapeTable ShapeTable;   /* shape.h */
typedef struct WeakTable WeakTable;     /* weakref.h */
typedef struct InternTable InternTable; /* str_intern.c */
typedef struct Collector Collector;     /* collector.h */
typedef struct Frame Frame;             /* vm/run/frame.h */
typedef struct StackChunk StackChunk;   /* vm/run/frame.h */
typedef struct Threading Threading;     /* vm/threads/thread.h: hooks, pending calls, thread starts */
typedef struct ThreadHandle ThreadHandle; /* vm/threads/thread.h: what outlives a thread */
typedef struct SignalState SignalState; /* vm/threads/signals.h */
typedef struct RunState RunState;       /* vm/run/interp.h: import, hooks, builtins */

/* Reports an exception that cannot travel on (finalisers, callbacks): sys.unraisablehook. All borrowed; [where] may be UNBOUND,
 * [message] NULL: "Exception ignored in". */
typedef void (*UnraisableHook)(Thread *t, Value exception, Value where, const char *message);

/* The interned names, one field each: names->__init__ and so on. */
typedef struct Names {
#define NAME(identifier) Str *identifier;
#include "vm/object/names.def"
#undef NAME
#define SLOT(field, signature, dunder, wrapper) Str *dunder;
#include "vm/object/slots.def"
#undef SLOT
} Names;

#define NAME_OF(t, identifier) ((t)->interp->names.identifier)

/* What the switches of the command line ask of the machine. Constant after start-up, except where scripts may set it. */
typedef struct Config {
    bool stress_gc, stress_switch;      /* -X stress=gc,switch: collect, hand the lock over, at every chance */
    uint64_t stress_seed;
    uint64_t hash_seed;                 /* TOYHASHSEED; hash_is_random: taken from the system */
    bool hash_is_random;
    int optimize;                       /* -O: 1, -OO: 2 */
    bool is_interactive, is_unbuffered, is_isolated, is_quiet, is_verbose, is_dev_mode, ignores_environment, no_site, warns_of_encoding;
    bool is_debug, is_inspecting, writes_no_bytecode, no_user_site, has_safe_path;   /* -d -i -B -s -P: for sys.flags */
    bool shows_import_time;             /* -X importtime */
    bool omits_columns;                 /* -X no_debug_ranges */
    int verbosity;                      /* how often -v was given */
    int bytes_warning;
    int int_max_str_digits;             /* 4300 */
    bool show_refcount;
} Config;

struct Interp {
    Gil gil;                            /* the lock; everything below is read and written under it, unless it says otherwise */
    Memory memory;
    FreeCell *free_cells[2][CELL_CLASSES];   /* by size in units; [1]: for containers. Here and not in the Heap: one load less for each object */
    Heap *heap;
    Collector *collector;
    ShapeTable *shapes;
    WeakTable *weak;
    InternTable *interned;
    MethodCache *method_cache;
    AttributeCache *attribute_cache;
    Names names;
    Config config;

    Type *types[KIND_COUNT];            /* the built-in types, by kind */
    Type *dict_subtypes[6];             /* by enum DictSubtype (dict_subtypes.h); NULL until collections is imported */
    Type **exceptions;                  /* the exception classes, by enum ExceptionKind (exception.h) */

    Value empty_tuple, empty_str, empty_bytes, empty_frozenset, float_zero;   /* shared, immortal */
    Value one_byte[256];                /* the bytes of one byte: UNBOUND until first asked for, then immortal */
    Str *one_char[256];                 /* the strings of one Latin-1 character */
    uint64_t hash_key[2];               /* SipHash-1-3 */
    struct LimbScratch *limb_scratch;   /* bigint.c: what GMP may allocate during one operation */
    bool (*check_signals)(Thread *t);   /* plugged in by vm/threads: runs handlers of what arrived; false: one raised. NULL: none */
    /* Plugged in by vm/run: passes a warning on to the filters of the script; false: one made it an exception. NULL: none are issued. */
    bool (*warn)(Thread *t, int category, Str *message);
    /* Plugged in by vm/run: what super() without arguments means in the running frame, owned; false: raised. */
    bool (*super_arguments)(Thread *t, Value *type, Value *object);
    /* Plugged in by vm/run: value_for_each of a generator, as far as one entering of the loop brings it. True: ask it for more. */
    bool (*visit_generator)(Thread *t, Value generator, bool (*visit)(Thread *t, Value item, void *context), void *context);
    /* Plugged in by vm/run: the __name__ of the module whose code runs: BORROWED, UNBOUND when none does. */
    Value (*running_module)(Thread *t);
    /* Plugged in by vm/run: the module of that full name, imported if it was not yet. Owned. */
    Value (*import_module)(Thread *t, const char *name);
    uint32_t next_type_version, next_dict_version;
    Value memory_error;                 /* made in advance, for when there is no memory for one */
    Value last_resort_recursion_error;

    UnraisableHook unraisable_hook;     /* plugged in by vm/run; NULL: two plain lines on stderr */
    void (*missing_attribute)(Thread *t, Value module, Str *own, Str *name);   /* says why a module lacks it; NULL: in plain words */
    void (*report)(Thread *t);          /* plugged in by vm/cli: what is printed when the process ends, also by os._exit; NULL: nothing */
    void (*show_note)(Thread *t, Str *text);   /* the same: onto sys.stderr, leaves no exception; NULL: nowhere */
    Value modules;                      /* sys.modules, a dict */
    Value builtins;                     /* the dict of the builtins module */
    List *native_owners;                /* native modules whose types use their state (vm/toy.h): kept until the last object is gone; NULL: none */
    RunState *run;                      /* vm/run */
    Threading *threading;               /* vm/threads */
    SignalState *signals;               /* vm/threads; also read by the C signal handler */

    Thread *main_thread;
    Thread *threads;                    /* list of all, linked by next/previous; under the GIL */
    size_t thread_count;
    atomic_bool is_finalizing;          /* set once, by the main thread at the end; read anywhere */
    uint32_t watched_codes;             /* code objects with events of their own (sys.monitoring): see vm/run/monitor.c */
    int64_t live_objects;               /* counted in builds that check for leaks */
};

/* Bits of Thread.breaker: the reasons for which the loop must stop for a moment. See vm/threads/safepoint.h. */
enum Breaker {
    BREAKER_GIL_REQUEST = 0x01,         /* somebody waited one interval: yield (set by vm/gil) */
    BREAKER_SIGNAL = 0x02,              /* main thread only */
    BREAKER_PENDING = 0x04,             /* calls queued by other threads */
    BREAKER_ASYNC_RAISE = 0x08,
    BREAKER_COLLECT = 0x10,             /* the collector asks for a run */
    BREAKER_STRESS = 0x20,              /* stress=switch: never goes off */
    BREAKER_KICK = 0x80,                /* a sleeper was marked that nobody has kicked yet: see vm/threads/lock.c */
    BREAKER_TRACE = 0x40,               /* settrace, setprofile or monitoring changed: see vm/run/trace.c */
};

/* A link of the chain of exceptions being handled: what `raise` alone re-raises. One per thread, and one per generator. */
typedef struct HandledException {
    Value exception;                    /* owned; NONE: nothing is handled here */
    struct HandledException *previous;  /* the link of whoever resumed the generator */
} HandledException;

struct Thread {
    Interp *interp;
    _Atomic uint32_t breaker;           /* enum Breaker; set by any thread, cleared by this one */
    Value raised;                       /* I1: the exception on its way up */
    HandledException *handled;          /* innermost link of the chain; starts at handled_base */
    HandledException handled_base;
    Frame *frame;                       /* the innermost frame */
    char *stack_limit;                  /* C recursion below this address is a RecursionError */
    uint32_t depth, depth_limit;        /* script frames, and sys.setrecursionlimit */
    StackChunk *chunk;                  /* newest chunk of the value stack */
    Value *stack_base, *stack_end;      /* where the newest chunk's values begin and end */

    GilClient gil_client;               /* vm/gil's part */
    Parking parking;                    /* where it waits for script locks; marked by who releases, or by a signal handler */
    ThreadHandle *handle;               /* what a joiner waits on; owned. NULL: main and foreign threads */
    Thread *next, *previous;            /* Interp.threads */
    pthread_t pthread;
    uint64_t ident;                     /* threading.get_ident() */
    int native_id;                      /* gettid() */
    bool is_main, is_daemon;
    Value async_raise;                  /* to be raised at the next safepoint; under the GIL */
    Value trace_function, profile_function;
    int tracing;                        /* > 0 while a hook or a callback runs: it is not watched itself */
    uint8_t telling;                    /* what settrace's hook is just told: see vm/run/hooks.c */
    Value context;                      /* contextvars.Context or UNBOUND */
    uint32_t coroutine_origin_depth;    /* how many callers a new coroutine remembers */
    Value async_generator_hooks[2];     /* firstiter, finalizer */
    Value locals;                       /* dict: per-thread storage of threading.local, by object id */
    uint32_t repr_depth;                /* guards of repr's recursion: see protocol.c */
    struct ReprGuard *repr_guards;
    char *free_base;                    /* stack address of the outermost object_free() under way, NULL: none; see heap.c */
    Object *free_later;                 /* objects it shall free when it is done: chains too long for the stack */
    bool kick_is_due;                   /* a safepoint has been passed since BREAKER_KICK was set */
    int block_depth;                    /* > 0 between block_begin and block_end */
    const char *blocked_on;             /* the name given to block_begin, for reports */
};

/* The calling thread's Thread, NULL in a foreign thread. The one thread-local variable of the machine. */
extern __thread Thread *thread_now;
static inline Thread *thread_current(void) { return thread_now; }

/* Holds in debug builds: the calling thread may touch values. */
#ifndef NDEBUG
#define ASSERT_GIL(t) assert((t) == thread_current() && gil_is_held_by(&(t)->interp->gil, &(t)->gil_client))
#else
#define ASSERT_GIL(t) ((void)(t))
#endif

/* Everything of this floor, in the right order: heap, types, names, shared values, exceptions. [t] holds the lock and is
 * thread_now; its stack_limit is set, and so is interp->hash_key. After a failure objects_finish gives back what was made. */
MUST_CHECK bool objects_init(Thread *t);
/* What the exceptions made in advance carried from their last raise is let go: while script code can still run. */
void objects_forget_errors(Interp *interp);
/* The floors above have dropped what they own. Afterwards interp->live_objects is 0, or something leaked: in builds that
 * count (debug, TOY_HEAP_MALLOC) the leaks are listed on stderr when [reports] is set. */
void objects_finish(Interp *interp, bool reports);

/* True when the C stack is nearly used up; then RecursionError is raised ([where]: " while calling a Python object" or ""). */
MUST_CHECK bool stack_is_exhausted(Thread *t, const char *where);

#endif
