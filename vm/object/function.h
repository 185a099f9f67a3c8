/* function.h - functions, methods, cells, modules and code objects of scripts.
 *
 * What        Function: code with its globals, defaults and closure. Method: a callable with self in front. Cell: a variable
 *             shared by closures. Module: a dict with a name. Code: a CodeUnit made usable: constants as Values,
 *             names interned, and the private hot copy.
 * How         A call of a Function never recurses in C from script code: the loop pushes a frame (vm/run/call.c fills the
 *             call slot for native callers).
 * GIL         held.
 * Read next   vm/bytecode/code.h, vm/run/call.c, native.h */
#ifndef TOY_OBJECT_FUNCTION_H
#define TOY_OBJECT_FUNCTION_H

#include "vm/bytecode/code.h"
#include "vm/object/context.h"

enum {
    CODE_BINDS = UINT32_MAX,
    CODE_FRAME_HEADER_WORDS = 11,     /* sizeof(Frame) in Values: see vm/run/frame.h */
    CODE_HOT_WORDS = 4,               /* of stack that entering needs above the unit's stack_size: a method and up to three arguments */
};

/* What tracing keeps for a code object: see vm/run/trace.c (the copy) and vm/run/monitor.c (the rest). */
#define MONITOR_TOOLS 6             /* whose numbers scripts may choose */
#define MONITOR_LOCAL_EVENTS 10     /* events that belong to places in code */
typedef struct CodeTrace {
    Word *words;                 /* the traced copy, as long as the unit; NULL: not made yet */
    uint32_t version;            /* Tracing.version when it was filled */
    uint32_t restarts;           /* Tracing.restarts when [disabled] began */
    uint32_t local_events[MONITOR_TOOLS];
    uint8_t *disabled;           /* for each local event a row of word_count bytes: a bit per tool that wants no more of it there; NULL: none */
} CodeTrace;

typedef struct Code {
    Object head;
    CodeUnit *unit;              /* shared by the nested code objects of one module, see `owner` */
    struct Code *owner;          /* the outermost code object, which frees the unit; NULL: this is it */
    Value *constants;            /* unit->constant_count, materialised when the code object is made */
    Str **names;                 /* unit->name_count, interned */
    Str **slot_names;
    Str *name, *qualified_name, *filename;
    Word *hot;                   /* the private hot copy, same length; NULL while cold */
    const Word *hot_start;       /* where calls begin in it: behind RESUME, when that comes first */
    uint32_t heat;               /* calls and backward jumps so far; see vm/run/specialize.c */
    uint32_t slot_count;         /* unit->slot_count */
    uint32_t frame_words;        /* Values a frame needs: slots + header + stack */
    uint32_t exact_count;        /* arguments of the plain case: no *args, **kwargs, keyword-only ones; else CODE_BINDS */
    uint32_t warm_count;         /* the same once there is a hot copy, CODE_BINDS before: one comparison says that a call may go straight in */
    uint32_t generator_start;    /* of warm code that makes a generator at once: the words in front of its POP_TOP; it has no warm_count. Else 0 */
    bool is_never_hot;           /* no memory for the copy */
    bool only_stores;            /* warm, and nothing but self.x = x: see plain_init.h */
    bool only_answers;           /* warm, and nothing but return self.x: see vm/run/answer.h; it has no warm_count */
    uint8_t unanswered;          /* calls of it for which there was no answer */
    bool unit_is_borrowed;       /* a failed construction: somebody else frees the unit */
    bool is_variant;             /* made by a script: its unit's arena is its own, what the unit points to need not be */
    CodeTrace *trace;            /* NULL: never traced */
} Code;

typedef struct Function {
    Object head;
    Code *code;
    const Word *start;           /* hot_start, warm_count and slot_count of its code, as function_warm found them; before the code was warm */
    uint32_t warm_count, slot_count;     /* warm_count is CODE_BINDS, and so may stay for a while afterwards */
    Dict *globals;
    Value builtins;              /* the dict in which LOAD_GLOBAL looks last */
    Value defaults;              /* tuple or UNBOUND */
    Value keyword_defaults;      /* dict or UNBOUND */
    Value closure;               /* tuple of cells or UNBOUND */
    Value name, qualified_name, module, doc, annotations, type_params;   /* UNBOUND: derived from code when asked */
    uint32_t version;            /* 0 or unique: changes when code, defaults or keyword defaults change */
} Function;

/* What a call needs of the code, one load nearer: each address on the way from a function to the first instruction waits for the one before
 * (recursion took 0.92 of its time). */
static inline void function_warm(Function *function)
{
    function->start = function->code->hot_start;
    function->warm_count = function->code->warm_count;
    function->slot_count = function->code->slot_count;
}

typedef struct Method { Object head; Value function, self; } Method;
typedef struct Cell { Object head; Value content; } Cell;
typedef struct Module {
    Object head;
    Dict *dict;
    Value name;
    void *state;                             /* a native module's own struct, NULL for modules of scripts */
    size_t state_size;
    bool is_native;                          /* made from the table of a native module */
    void (*traverse_state)(void *state, VisitFn visit, void *context);   /* visits what the state owns; may be NULL */
    void (*free_state)(Thread *t, void *state);   /* drops what the state owns; the block is the module's own business */
} Module;

/* Scripts count bytes of co_code: a word has four. co_positions() has an entry for every two, as dis and traceback expect. */
static inline Value code_byte_offset(uint32_t offset) { return small_int_value((int64_t)offset * (int64_t)sizeof(Word)); }

MUST_CHECK Value code_constant_value(Thread *t, const Const *constant);        /* of any kind but CONST_CODE */
MUST_CHECK Code *code_object_new(Thread *t, TAKES CodeUnit *unit);            /* verified; owns the unit */
MUST_CHECK Function *function_new(Thread *t, Code *code, Dict *globals);
MUST_CHECK Value method_new(Thread *t, Value function, Value self);
MUST_CHECK Cell *cell_new(Thread *t, Value content_or_unbound);
MUST_CHECK Module *module_new(Thread *t, Str *name);
/* Part of a new function: 1 defaults, 2 keyword defaults, 4 annotations, 8 closure. */
void function_set_part(Function *function, uint32_t part, TAKES Value v);

#endif
