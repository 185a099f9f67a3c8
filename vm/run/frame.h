/* frame.h - frames: one running call each, in a stack of chunks that never move.
 *
 * What        Frame, the value stack it lies on, FrameObject (a frame as scripts see it), HandledException.
 * How         A call leaves its arguments where the caller pushed them: they become the first locals of the new frame.
 *             The Frame itself follows the locals, its operand stack follows the Frame. When a chunk is too short the
 *             arguments move to a new chunk. A generator keeps the same layout inside its own object.
 * Layout          caller's stack ... callee | a1 a2 .. other locals | Frame | operand stack ->
 *                                    ^result_at ^locals               ^frame  ^frame_stack
 * Invariants  I1 a slot and a stack place own what they hold; above sp nothing is owned.
 *             I2 ip is saved before anything that may call or raise; sp is saved before a frame is pushed or suspended.
 *             I3 [function] lives as long as the frame: its owner is the stack place at result_at, the generator, or the native caller.
 *             I4 a FrameObject outlives its Frame by taking the locals over when the frame is left (frame_leave).
 *             I5 while the locals of a frame are released finalisers run above it. It stays on the chain, for the place it takes;
 *                but who looks at frames steps over it (frame_in_use), for its slots own nothing certain any more.
 * GIL         held.
 * Read next   eval.c, call.c, unwind.c, generator.c */
#ifndef TOY_RUN_FRAME_H
#define TOY_RUN_FRAME_H

#include "vm/object/context.h"
#include "vm/object/function.h"
#include "vm/object/list.h"

typedef struct FrameObject FrameObject;
typedef struct Generator Generator;

enum FrameFlags {
    FRAME_IS_ENTRY = 0x01,      /* returning leaves eval(), to a native caller */
    FRAME_IS_GENERATOR = 0x02,  /* lies in a Generator */
    FRAME_IN_FOR = 0x04,        /* a generator resumed by FOR_ITER of its caller: returning ends the loop */
    FRAME_IN_SEND = 0x08,       /* a generator resumed by SEND of its caller: returning jumps there */
    FRAME_IS_INIT = 0x10,       /* __init__ entered by calling its class: the result is the instance, below the frame */
    FRAME_IS_LEFT = 0x20,       /* its locals are being released: I5 */
    FRAME_HAS_OBJECT = 0x40,    /* a FrameObject was made for it; a frame without flags is left the quick way */
    FRAME_IS_NEXT = 0x80,       /* __next__ entered by FOR_ITER of its caller: StopIteration ends the loop */
    FRAME_IS_OPERATOR = 0x100,  /* a method entered by an operator, whose number stands from bit 16 on: see operators.c */
    FRAME_STAGE_SHIFT = 9,      /* three bits: what the operator does with the result */
    FRAME_OPERANDS_SHIFT = 12,  /* two bits: how many operands lie below the method */
    FRAME_DROPS_RESULT = 0x4000, /* the operator has none */
    FRAME_HAS_DEFAULT = 0x4000, /* of a generator: next(generator, default), which lies below the generator */
    FRAME_IN_CALL = 0x8000,     /* a generator resumed by send() or next(): it lies where the result is expected; returning is StopIteration */
};

struct Frame {
    Frame *caller;              /* NULL at the bottom of a thread */
    Function *function;         /* I3; BORROWED */
    Code *code;                 /* function->code when the call began */
    Value *locals;              /* the first of its slots: they end where the Frame begins */
    Value *constants;           /* code->constants */
    const Word *ip;             /* the next word to run, in the unit's words or in the hot copy */
    Value *sp;                  /* first free place */
    Value *result_at;           /* place in the caller that holds the callee and gets the result; NULL for entry frames. In a generator that
                                 * runs: the free place of the stack from where on it calls, for it lies elsewhere itself */
    Value mapping;              /* locals of class and module bodies, and of exec; UNBOUND in functions */
    FrameObject *object;        /* owned; NULL until a script or a traceback asks */
    uint32_t flags;             /* enum FrameFlags */
    uint32_t traced_line;       /* vm/run/trace.c */
};

_Static_assert(sizeof(Frame) == CODE_FRAME_HEADER_WORDS * sizeof(Value), "code objects say how much room a frame needs");

static inline Value *frame_stack(Frame *frame) { return (Value *)(frame + 1); }
/* Word offset of the instruction that runs, or ran last: any word of it, caches included. */
uint32_t frame_offset_at(const Frame *frame, const Word *ip);
static inline uint32_t frame_offset(const Frame *frame) { return frame_offset_at(frame, frame->ip); }
LineEntry frame_position(const Frame *frame);
uint32_t frame_line(const Frame *frame);

/* [frame], or the next of its callers that is not being left (I5). */
static inline Frame *frame_in_use(Frame *frame)
{
    while (frame && frame->flags & FRAME_IS_LEFT) frame = frame->caller;
    return frame;
}

BORROWED Value handled_exception(Thread *t);    /* innermost one being handled, UNBOUND if none */

/* A frame as an object. While the frame runs it points there; afterwards it owns the locals. */
struct FrameObject {
    Object head;
    Frame *frame;               /* NULL once left */
    Function *function;         /* owned */
    Code *code;                 /* owned */
    Value back;                 /* FrameObject of the caller, fixed when left; UNBOUND: ask frame->caller */
    Value mapping;
    Value *slots;               /* taken over at frame_leave; slot_count of them, NULL while running */
    uint32_t offset;            /* where it stopped */
    Value extra_locals;         /* dict of names that scripts added through f_locals, or UNBOUND */
    Value trace;                /* f_trace */
    bool trace_lines, trace_opcodes;
    Generator *generator;       /* BORROWED; for f_generator and clear() */
};
MUST_CHECK FrameObject *frame_object(Thread *t, Frame *frame);    /* new reference */
MUST_CHECK Value frame_locals_snapshot(Thread *t, Frame *frame);  /* locals(): a dict for functions, the mapping elsewhere; owned */

/* [mapping], with the variables of comprehensions if there are any in [slots] (may be NULL). */
MUST_CHECK Value frame_mapping(Thread *t, const Code *code, const Value *slots, Value mapping);
MUST_CHECK Value frame_locals_proxy(Thread *t, FrameObject *frame);             /* f_locals of a function's frame */
MUST_CHECK bool frame_jump(Thread *t, FrameObject *object, int64_t line);        /* f_lineno = line: frame_jump.c */

/* Traceback: one entry per frame that an exception left. */
typedef struct Traceback {
    Object head;
    struct Traceback *next;     /* towards the place of the raise; owned */
    FrameObject *frame;         /* owned */
    uint32_t offset, line;
    int64_t lasti;              /* the offset as scripts count, or as one has said it */
} Traceback;
MUST_CHECK bool traceback_add(Thread *t, Frame *frame, uint32_t offset);   /* in front of t->raised's traceback; false: MemoryError is raised instead */

/* ---- the stack ---- */

struct StackChunk {
    StackChunk *older, *newer;
    size_t capacity;            /* Values */
    Value values[];
};
enum { STACK_CHUNK_VALUES = 16 * 1024 };

MUST_CHECK bool stack_init(Thread *t);
void stack_finish(Thread *t);
/* Room for [count] Values at or above [at]: [at] itself if its chunk is long enough, else the start of a newer chunk. NULL: raised. */
MUST_CHECK Value *stack_room_slow(Thread *t, Value *at, size_t count);
static inline bool stack_has_room(Thread *t, Value *at, size_t count)
{
    return LIKELY(at + count <= t->stack_end) && LIKELY(at >= t->stack_base);      /* below: in an older chunk, or in a generator */
}
MUST_CHECK static inline Value *stack_room(Thread *t, Value *at, size_t count)
{
    return stack_has_room(t, at, count) ? at : stack_room_slow(t, at, count);
}
/* First free place of the stack above [frame], which is on a thread's chain. */
ALWAYS_INLINE Value *frame_top(const Frame *frame)
{
    return frame->flags & FRAME_IS_GENERATOR ? frame->result_at : frame->locals + frame->code->frame_words;
}
/* First free place for a native caller of eval: above the running frame's operand stack. */
Value *stack_top(Thread *t);

/* ---- entering and leaving ---- */

/* Slots become unbound that held nothing. They are few: a call of memset, which the compiler would make of this, was 4 % of recursion. */
static inline void slots_clear(Value *slot, const Value *end)
{
    for (; slot < end; slot++) {
        *slot = UNBOUND;
        __asm__("" : "+r"(slot));
    }
}

/* [frame] as a call begins with it, at [ip], but for sp: the loop has that in a register, and saves it when another frame asks (I2). */
static inline Frame *frame_fill(Frame *frame, Frame *caller, Function *function, Code *code, const Word *ip, Value *locals, Value *result_at,
                                uint32_t flags)
{
    frame->caller = caller;
    frame->function = function;
    frame->code = code;
    frame->locals = locals;
    frame->constants = code->constants;
    frame->ip = ip;
    frame->result_at = result_at;
    frame->mapping = UNBOUND;
    frame->object = NULL;
    frame->flags = flags;
    frame->traced_line = 0;
    return frame;
}
/* Where a call begins in warm code: behind RESUME, which asks what there is to hear, if there is nothing. */
static inline const Word *frame_warm_start(Thread *t, const Code *code)
{
    return LIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) == 0) ? code->hot_start : code->hot;
}
/* Lay a frame for [function] at [locals]; the first [given] slots are already there and owned, the others become unbound.
 * The caller has made sure of the room (code->frame_words from locals). */
static inline Frame *frame_lay(Thread *t, Function *function, Code *code, Value *locals, size_t given, Value *result_at, uint32_t flags)
{
    size_t slots = code->slot_count;
    Frame *frame = (Frame *)(locals + slots);
    slots_clear(locals + given, locals + slots);
    frame->sp = frame_stack(frame);
    return frame_fill(frame, t->frame, function, code, code->hot ? frame_warm_start(t, code) : code->unit->words, locals, result_at, flags);
}
/* The FrameObject, if any, takes locals and position over; then locals are released. Does not pop. */
void frame_leave(Thread *t, Frame *frame);
/* Of a frame that was left, the locals from [slot] on; those before it are released already, and *slot has lost its last reference. */
void frame_drop_locals(Thread *t, Frame *frame, Value *slot);

/* A frame for a call of [function], laid where the [row] of its arguments begins: [count] positional ones, then those that
 * [names], as many as [named], name. Every parameter kind, defaults, *args and **kwargs; CPython's TypeErrors. The row is taken over in any case; it
 * lies where there is room for frame_room(code, count + named). The frame is not linked yet. NULL: raised. */
MUST_CHECK Frame *frame_bind(Thread *t, Function *function, TAKES Value *row, size_t count, const Value *names, size_t named, Value *result_at,
                             uint32_t flags);
/* The same without keywords. */
MUST_CHECK Frame *frame_bind_positional(Thread *t, Function *function, TAKES Value *row, size_t count, Value *result_at, uint32_t flags);
/* The defaults of the positional parameters from [count] on. False: one of them has none; nothing has happened. */
static inline bool frame_add_defaults(const Function *function, Value *row, size_t count, size_t positional)
{
    if (count >= positional) return true;
    size_t missing = positional - count;
    const Tuple *defaults = is_bound(function->defaults) ? (const Tuple *)as_object(function->defaults) : NULL;
    if (!defaults || missing > defaults->count) return false;
    for (size_t i = 0; i < missing; i++) row[count + i] = retain(defaults->items[defaults->count - missing + i]);
    return true;
}
/* A row of [count] arguments, the last ones given by the [names], is all that warm code wants, in its order: they are its first locals. */
bool frame_names_in_order(const Code *code, uint32_t count, const Tuple *names);
static inline bool frame_is_ready(const Function *function, uint32_t count, const Tuple *names)
{
    return function->warm_count == count && frame_names_in_order(function->code, count, names);
}
static inline size_t frame_room(const Code *code, size_t given) { return given < code->frame_words ? code->frame_words : given; }

extern const TypeSpec frame_spec, traceback_spec;

#endif
