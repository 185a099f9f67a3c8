/* async_generator.c - asynchronous generators, and what their methods return.
 *
 * What        async_generator; async_generator_asend and async_generator_athrow, the awaitables of its methods.
 * How         A generator's own yields are told from what it awaits by a wrapper (async_generator_wrap): what comes out wrapped is
 *             a value of the iteration, what comes out bare is passed on to the event loop. A Step is one asend, athrow or aclose
 *             under way. With the first Step the thread's hooks (sys.set_asyncgen_hooks) get to know the generator: an event loop
 *             closes what is left of it, which may need awaiting. Where there is no such hook, dying closes it like any
 *             generator.
 * Invariants  I1 generator->is_running_async exactly while a Step of it is neither new nor done.
 * GIL         held; hooks are script code.
 * Read next   coroutine.c, generator.c */
#include "vm/run/coroutine.h"

#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/warn.h"

static Value self_iterate(Thread *t, Value self) { return retain(self); }

typedef enum StepKind { STEP_SEND, STEP_THROW, STEP_CLOSE, STEP_VALUE } StepKind;
typedef enum StepState { STEP_NEW, STEP_UNDER_WAY, STEP_DONE } StepState;

/* One asend, athrow or aclose; or, as STEP_VALUE, the wrapper around a yielded value. */
typedef struct Step {
    Object head;
    StepKind kind;
    StepState state;
    Generator *generator;     /* owned; NULL for STEP_VALUE */
    Value value;              /* what to send, the exception to throw, or the yielded value */
} Step;

static Step *step_new(Thread *t, StepKind kind, Generator *generator, TAKES Value value)
{
    static const enum Kind kinds[] = {[STEP_SEND] = KIND_ASYNC_GENERATOR_STEP, [STEP_THROW] = KIND_ASYNC_GENERATOR_THROW,
                                      [STEP_CLOSE] = KIND_ASYNC_GENERATOR_THROW, [STEP_VALUE] = KIND_ASYNC_GENERATOR_VALUE};
    Step *step = (Step *)type_alloc(t, kind_type(t, kinds[kind]));
    if (!step) {
        release(value);
        return NULL;
    }
    step->kind = kind;
    step->generator = generator;
    step->value = value;
    if (generator) object_retain(generator);
    return step;
}

Value async_generator_wrap(Thread *t, Value v) { return object_value(step_new(t, STEP_VALUE, NULL, retain(v))); }

bool coroutine_can_send(Value v) { return is_kind(v, KIND_ASYNC_GENERATOR_STEP) || is_kind(v, KIND_ASYNC_GENERATOR_THROW); }

static const char *step_name(const Step *step)
{
    return step->kind == STEP_SEND ? "__anext__()/asend()" : step->kind == STEP_THROW ? "athrow()" : "aclose()";
}

static void step_end(Step *step)
{
    step->state = STEP_DONE;
    step->generator->is_running_async = false;
}

/* What came out of the generator during this step: pass on, or the step's own end. */
static Value step_result(Thread *t, Step *step, Value v, Value generator_returned_value, Value *returned)
{
    if (is_end(v)) {                                  /* the generator returned */
        release(generator_returned_value);
        step_end(step);
        step->generator->is_closing = true;
        if (step->kind == STEP_CLOSE) return *returned = NONE, END;
        return raise_value(t, EXC_StopAsyncIteration, UNBOUND);
    }
    if (failed(v)) {
        step_end(step);
        bool is_over = raised_is(t, EXC_StopAsyncIteration) || raised_is(t, EXC_GeneratorExit);
        if (is_over) step->generator->is_closing = true;
        if (is_over && step->kind == STEP_CLOSE) {
            raised_clear(t);
            return *returned = NONE, END;
        }
        return FAILED;
    }
    if (is_kind(v, KIND_ASYNC_GENERATOR_VALUE)) {
        step_end(step);
        if (step->kind == STEP_CLOSE) {
            release(v);
            return raise_error(t, EXC_RuntimeError, "async generator ignored GeneratorExit");
        }
        *returned = retain(((Step *)as_object(v))->value);
        release(v);
        return END;
    }
    return v;                                         /* something awaited inside: on to the event loop */
}

/* Before the first resumption; [throws]: by throw(), which a closed generator hears too. False: raised, or the end is already known (then *result). */
static bool step_begin(Thread *t, Step *step, bool throws, Value *result, Value *returned)
{
    Generator *generator = step->generator;
    if (generator->is_running_async) {
        const char *name = step->kind == STEP_SEND ? "anext()" : step_name(step);
        step->state = STEP_DONE;
        *result = raise_error(t, EXC_RuntimeError, "%s: asynchronous generator is already running", name);
        return false;
    }
    if (!throws && (generator->is_closing || generator->state == GENERATOR_CLOSED)) {
        step->state = STEP_DONE;
        if (step->kind == STEP_CLOSE) *returned = NONE, *result = END;
        else *result = raise_value(t, EXC_StopAsyncIteration, UNBOUND);
        return false;
    }
    generator->is_running_async = true;
    step->state = STEP_UNDER_WAY;
    return true;
}

/* The body may step the very step that runs it. */
static Value resume_body(Thread *t, Generator *generator, Value sent, Value *returned)
{
    if (generator->state == GENERATOR_RUNNING) return raise_value_error(t, "async generator already executing");
    return generator_resume(t, generator, sent, returned);
}

static Value resume_step(Thread *t, Step *step, Value sent, Value *returned)
{
    Generator *generator = step->generator;
    Value generator_value = UNBOUND, v;
    *returned = UNBOUND;
    if (step->state == STEP_DONE)
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited %s", step->kind == STEP_THROW || step->kind == STEP_CLOSE ? "aclose()/athrow()" : "__anext__()/asend()");
    if (step->state == STEP_UNDER_WAY) {
        v = resume_body(t, generator, sent, &generator_value);
        return step_result(t, step, v, generator_value, returned);
    }
    if (!is_none(sent) && step->kind != STEP_SEND) return raise_error(t, EXC_RuntimeError, "can't send non-None value to a just-started coroutine");
    if (!step_begin(t, step, false, &v, returned)) return v;
    if (step->kind == STEP_SEND) {
        Value first = is_none(sent) ? step->value : sent;
        if (generator->state == GENERATOR_CREATED && !is_none(first)) {
            step_end(step);
            return raise_type_error(t, "can't send non-None value to a just-started async generator");
        }
        v = resume_body(t, generator, first, &generator_value);
    } else {
        if (step->kind == STEP_CLOSE) generator->is_closing = true;
        if (!has_payload(step->value, KIND_BASE_EXCEPTION)) {
            step_end(step);
            return generator_thrown(t, (Value[3]){step->value, UNBOUND, UNBOUND}, "athrow");
        }
        v = generator_throw(t, object_value(generator), step->value, &generator_value);
    }
    return step_result(t, step, v, generator_value, returned);
}

Value coroutine_send(Thread *t, Value awaitable, Value value, Value *returned)
{
    return resume_step(t, (Step *)as_object(awaitable), value, returned);
}

static Value step_send(Thread *t, Value self, const Value *args)
{
    Value returned;
    Value v = resume_step(t, (Step *)as_object(self), args[0], &returned);
    return generator_result(t, v, returned);
}

static Value step_next(Thread *t, Value self)
{
    Value none = NONE;
    return step_send(t, self, &none);
}

static Value step_throw(Thread *t, Value self, const Value *args)
{
    Step *step = (Step *)as_object(self);
    Value v, returned = UNBOUND, generator_value = UNBOUND;
    if (step->state == STEP_DONE)
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited %s", step->kind == STEP_SEND ? "__anext__()/asend()" : "aclose()/athrow()");
    Value exception = generator_thrown(t, args, "throw");
    if (failed(exception)) return FAILED;
    if (step->state == STEP_NEW && !step_begin(t, step, true, &v, &returned)) {
        release(exception);
        return generator_result(t, v, returned);
    }
    v = generator_throw(t, object_value(step->generator), exception, &generator_value);
    release(exception);
    v = step_result(t, step, v, generator_value, &returned);
    return generator_result(t, v, returned);
}

static Value step_close(Thread *t, Value self, const Value *args)
{
    Step *step = (Step *)as_object(self);
    if (step->state == STEP_DONE) return NONE;
    Value thrown[3] = {object_value(exception_type(t, EXC_GeneratorExit)), UNBOUND, UNBOUND};
    Value v = step_throw(t, self, thrown);
    if (!failed(v)) {
        release(v);
        return raise_error(t, EXC_RuntimeError, "coroutine ignored GeneratorExit");
    }
    if (raised_is(t, EXC_StopIteration) || raised_is(t, EXC_StopAsyncIteration) || raised_is(t, EXC_GeneratorExit)) {
        raised_clear(t);
        return NONE;
    }
    return FAILED;
}

/* It dies and was never awaited. */
static void step_finalize(Thread *t, Value self)
{
    Step *step = (Step *)as_object(self);
    if (step->state != STEP_NEW) return;
    const char *method = step->kind == STEP_SEND ? "asend" : step->kind == STEP_THROW ? "athrow" : "aclose";
    if (!warn_about(t, EXC_RuntimeWarning, 1, object_value(step->generator), "coroutine method '%s' of '%S' was never awaited", method,
                    generator_qualified_name(step->generator)))
        raised_report_unraisable(t, object_value(step->generator), NULL);
}

static void step_traverse(Object *self, VisitFn visit, void *context)
{
    Step *step = (Step *)self;
    if (step->generator) visit((Object *)step->generator, context);
    if (is_object(step->value)) visit(as_object(step->value), context);
}

static void step_free(Object *self)
{
    Step *step = (Step *)self;
    if (step->generator) object_release(step->generator);
    clear(&step->value);
}

static const NativeDef step_methods[] = {
    NATIVE("send", step_send, "($self, arg, /)", 0, NULL),
    NATIVE("throw", step_throw, "($self, typ, val=None, tb=None, /)", 0, NULL),
    NATIVE("close", step_close, "($self, /)", 0, NULL),
    NATIVE_END,
};
#define STEP_SPEC                                                                                                          \
    {                                                                                                                      \
        .size = sizeof(Step), .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW | TYPE_HAS_FINALIZER,               \
        .slots = {.iterate = self_iterate, .await = self_iterate, .next = step_next, .finalize = step_finalize},           \
        .methods = step_methods, .traverse = step_traverse, .free = step_free,                                            \
    }
const TypeSpec async_generator_step_spec = STEP_SPEC, async_generator_throw_spec = STEP_SPEC;
const TypeSpec async_generator_value_spec = {
    .size = sizeof(Step), .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW, .traverse = step_traverse, .free = step_free,
};

/* ---- the generator ---- */

/* The first step of [generator]: the thread's hooks are told and remembered. */
static bool note_hooks(Thread *t, Generator *generator)
{
    if (generator->hooks_are_set) return true;
    generator->hooks_are_set = true;
    generator->hooks_finalizer = retain(t->async_generator_hooks[1]);
    Value first = retain(t->async_generator_hooks[0]);
    if (is_unbound(first)) return true;
    Value v = value_call1(t, first, object_value(generator));
    release2(first, v);
    return !failed(v);
}

static Value first_step(Thread *t, StepKind kind, Value self, TAKES Value value)
{
    if (failed(value)) return FAILED;
    if (note_hooks(t, (Generator *)as_object(self))) return object_value(step_new(t, kind, (Generator *)as_object(self), value));
    release(value);
    return FAILED;
}

/* Suspended and forgotten: the event loop's hook closes it, else it is closed here and now. */
static void async_generator_finalize(Thread *t, Value self)
{
    Generator *generator = (Generator *)as_object(self);
    if (generator->state != GENERATOR_SUSPENDED) return;
    Value v;
    if (is_bound(generator->hooks_finalizer) && !generator->is_closing) {
        Value finalizer = retain(generator->hooks_finalizer);
        v = value_call1(t, finalizer, self);
        if (failed(v)) raised_report_unraisable(t, self, NULL);
        release(finalizer);
    } else {
        v = generator_close(t, generator);
        if (failed(v)) raised_report_unraisable(t, self, NULL);
    }
    release(v);
}

static Value async_generator_repr(Thread *t, Value self)
{
    Generator *generator = (Generator *)as_object(self);
    return object_value(str_format(t, "<async_generator object %S at %p>", generator_qualified_name(generator), (void *)generator));
}

static Value async_generator_anext(Thread *t, Value self) { return first_step(t, STEP_SEND, self, NONE); }
static Value async_generator_asend(Thread *t, Value self, const Value *args) { return first_step(t, STEP_SEND, self, retain(args[0])); }
static Value async_generator_athrow(Thread *t, Value self, const Value *args)
{
    /* What cannot be raised is complained of when it is awaited. */
    bool is_class = has_payload(args[0], KIND_TYPE) && type_is((Type *)as_object(args[0]), TYPE_IS_EXCEPTION);
    bool can_be_raised = is_class || has_payload(args[0], KIND_BASE_EXCEPTION);
    return first_step(t, STEP_THROW, self, can_be_raised ? generator_thrown(t, args, "athrow") : retain(args[0]));
}
static Value async_generator_aclose(Thread *t, Value self, const Value *args)
{
    return first_step(t, STEP_CLOSE, self, exception_make(t, object_value(exception_type(t, EXC_GeneratorExit)), UNBOUND));
}
static Value async_generator_get_running(Thread *t, Value self) { return bool_value(((Generator *)as_object(self))->is_running_async); }

static const NativeDef async_generator_methods[] = {
    NATIVE("asend", async_generator_asend, "($self, arg, /)", 0,
           "An awaitable: the generator goes on, its yield giving v, and the next item is the result."),
    NATIVE("athrow", async_generator_athrow, "($self, typ, val=None, tb=None, /)", 0,
           "athrow(value)\n"
           "athrow(type[,value[,tb]])\n\n"
           "An awaitable: the exception is raised where the generator stands, and the next item is the result."),
    NATIVE("aclose", async_generator_aclose, "($self, /)", 0, "An awaitable: GeneratorExit is raised where the generator stands, and it must end."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};
static const GetSetDef async_generator_getsets[] = {
    {"__name__", generator_get_name, generator_set_name, "the function's name"},
    {"__qualname__", generator_get_qualified_name, generator_set_qualified_name, "the function's name, with those it is nested in"},
    {"ag_await", generator_get_delegate, NULL, "what an await is waiting for, or None"},
    {"ag_frame", generator_get_frame, NULL, NULL},
    {"ag_code", generator_get_code, NULL, NULL},
    {"ag_running", async_generator_get_running, NULL, NULL},
    {"ag_suspended", generator_get_suspended, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec async_generator_spec = {
    .size = sizeof(Generator),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW | TYPE_IS_VARIABLE_SIZE | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_FINALIZER,
    .slots = {.repr = async_generator_repr, .aiter = self_iterate, .anext = async_generator_anext, .finalize = async_generator_finalize},
    .methods = async_generator_methods,
    .getsets = async_generator_getsets,
    .traverse = generator_traverse,
    .clear = generator_clear,
    .free = generator_free,
    .size_of = generator_size_of,
};
