/* coroutine.c - await, asynchronous iteration, asynchronous generators.
 *
 * What        coroutine, coroutine_wrapper, async_generator, and the awaitables that its methods return.
 * How         A coroutine is a Generator whose yields travel through every await above it to the event loop. An asynchronous
 *             generator's own yields are told from those by a wrapper (async_generator_wrap): what comes out wrapped is a value of
 *             the iteration, what comes out bare is passed on to the loop. A Step is one asend, athrow or aclose under way.
 * Invariants  I1 generator->is_running_async exactly while a Step of it is neither new nor done.
 * GIL         held.
 * Read next   generator.c */
#include "vm/run/coroutine.h"

#include "vm/object/generic_alias.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/warn.h"

/* ---- coroutines ---- */

void coroutine_note_origin(Thread *t, Generator *coroutine) { coroutine->origin = NONE; }

static Value coroutine_repr(Thread *t, Value self)
{
    Generator *generator = (Generator *)as_object(self);
    const char *kind = generator->head.kind == KIND_COROUTINE ? "coroutine" : "async_generator";
    return object_value(str_format(t, "<%s object %S at %p>", kind, generator->qualified_name, (void *)generator));
}

static Value coroutine_get_origin(Thread *t, Value self) { return retain(((Generator *)as_object(self))->origin); }

typedef struct CoroutineWrapper { Object head; Value coroutine; } CoroutineWrapper;

static Value coroutine_await(Thread *t, Value self)
{
    CoroutineWrapper *wrapper = (CoroutineWrapper *)type_alloc(t, kind_type(t, KIND_COROUTINE_WRAPPER));
    if (!wrapper) return FAILED;
    wrapper->coroutine = retain(self);
    return object_value(wrapper);
}

static void coroutine_finalize(Thread *t, Value self)
{
    Generator *coroutine = (Generator *)as_object(self);
    if (coroutine->state == GENERATOR_CREATED) {
        if (!warn(t, EXC_RuntimeWarning, 1, "coroutine '%S' was never awaited", coroutine->qualified_name))
            raised_report_unraisable(t, self, NULL);
        return;
    }
    if (coroutine->state != GENERATOR_SUSPENDED) return;
    Value v = generator_close(t, coroutine);
    if (failed(v)) raised_report_unraisable(t, self, NULL);
    release(v);
}

static const NativeDef coroutine_methods[] = {
    NATIVE("send", generator_send_method, "($self, arg, /)", 0, "send(arg) -> send 'arg' into coroutine,\nreturn next yielded value or raise StopIteration."),
    NATIVE("throw", generator_throw_method, "($self, typ, val=None, tb=None, /)", 0, "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next yielded value or raise\nStopIteration."),
    NATIVE("close", generator_close_method, "($self, /)", 0, "close() -> raise GeneratorExit inside coroutine."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};
static const GetSetDef coroutine_getsets[] = {
    {"__name__", generator_get_name, generator_set_name, "name of the coroutine"},
    {"__qualname__", generator_get_qualified_name, generator_set_qualified_name, "qualified name of the coroutine"},
    {"cr_await", generator_get_delegate, NULL, "object being awaited on, or None"},
    {"cr_frame", generator_get_frame, NULL, NULL},
    {"cr_code", generator_get_code, NULL, NULL},
    {"cr_running", generator_get_running, NULL, NULL},
    {"cr_suspended", generator_get_suspended, NULL, NULL},
    {"cr_origin", coroutine_get_origin, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec coroutine_spec = {
    .size = sizeof(Generator),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW | TYPE_IS_VARIABLE_SIZE | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_FINALIZER,
    .slots = {.repr = coroutine_repr, .await = coroutine_await, .finalize = coroutine_finalize},
    .methods = coroutine_methods,
    .getsets = coroutine_getsets,
    .traverse = generator_traverse,
    .clear = generator_clear,
    .free = generator_free,
    .size_of = generator_size_of,
};

/* ---- what coroutine.__await__() returns ---- */

static Value wrapped_of(Value self) { return ((CoroutineWrapper *)as_object(self))->coroutine; }

static Value wrapper_send(Thread *t, Value self, const Value *args) { return generator_send_method(t, wrapped_of(self), args); }
static Value wrapper_throw(Thread *t, Value self, const Value *args) { return generator_throw_method(t, wrapped_of(self), args); }
static Value wrapper_close(Thread *t, Value self, const Value *args) { return generator_close_method(t, wrapped_of(self), args); }
static Value wrapper_next(Thread *t, Value self)
{
    Value none = NONE;
    return generator_send_method(t, wrapped_of(self), &none);
}
static Value self_iterate(Thread *t, Value self) { return retain(self); }
static void wrapper_traverse(Object *self, VisitFn visit, void *context) { visit(as_object(((CoroutineWrapper *)self)->coroutine), context); }
static void wrapper_free(Object *self) { clear(&((CoroutineWrapper *)self)->coroutine); }

static const NativeDef wrapper_methods[] = {
    NATIVE("send", wrapper_send, "($self, arg, /)", 0, NULL),
    NATIVE("throw", wrapper_throw, "($self, typ, val=None, tb=None, /)", 0, NULL),
    NATIVE("close", wrapper_close, "($self, /)", 0, NULL),
    NATIVE_END,
};
const TypeSpec coroutine_wrapper_spec = {
    .doc = "A wrapper object implementing __await__ for coroutines.",
    .size = sizeof(CoroutineWrapper),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW,
    .slots = {.iterate = self_iterate, .next = wrapper_next},
    .methods = wrapper_methods,
    .traverse = wrapper_traverse,
    .free = wrapper_free,
};

/* ---- await ---- */

static bool is_iterable_coroutine(Value v)
{
    return is_kind(v, KIND_GENERATOR) && ((Generator *)as_object(v))->code->unit->flags & CODE_ITERABLE_COROUTINE;
}

static Value raise_not_awaitable(Thread *t, Value v, uint32_t context)
{
    if (context == 1) return raise_type_error(t, "'async with' received an object from __aenter__ that does not implement __await__: %T", v);
    if (context == 2) return raise_type_error(t, "'async with' received an object from __aexit__ that does not implement __await__: %T", v);
    return raise_type_error(t, "object %T can't be used in 'await' expression", v);
}

Value awaitable_iterator(Thread *t, Value v, uint32_t context)
{
    if (is_kind(v, KIND_COROUTINE)) {
        if (is_bound(generator_delegate((Generator *)as_object(v)))) return raise_error(t, EXC_RuntimeError, "coroutine is being awaited already");
        return retain(v);
    }
    if (is_iterable_coroutine(v)) return retain(v);
    UnaryFn await = value_type(t, v)->slots.await;
    if (!await) return raise_not_awaitable(t, v, context);
    Value iterator = await(t, v);
    if (failed(iterator)) return FAILED;
    if (is_kind(iterator, KIND_COROUTINE) || is_iterable_coroutine(iterator)) {
        release(iterator);
        return raise_type_error(t, "__await__() returned a coroutine");
    }
    if (!value_type(t, iterator)->slots.next) {
        raise_type_error(t, "__await__() returned non-iterator of type '%T'", iterator);
        clear(&iterator);
    }
    return iterator;
}

Value async_iterator(Thread *t, Value v)
{
    UnaryFn aiter = value_type(t, v)->slots.aiter;
    if (!aiter) return raise_type_error(t, "'async for' requires an object with __aiter__ method, got %T", v);
    Value iterator = aiter(t, v);
    if (!failed(iterator) && !value_type(t, iterator)->slots.anext) {
        raise_type_error(t, "'async for' received an object from __aiter__ that does not implement __anext__: %T", iterator);
        clear(&iterator);
    }
    return iterator;
}

Value async_iterator_next(Thread *t, Value iterator)
{
    UnaryFn anext = value_type(t, iterator)->slots.anext;
    if (!anext) return raise_type_error(t, "'async for' requires an iterator with __anext__ method, got %T", iterator);
    Value awaitable = anext(t, iterator);
    if (failed(awaitable) || is_kind(awaitable, KIND_ASYNC_GENERATOR_STEP)) return awaitable;
    Value result = awaitable_iterator(t, awaitable, 0);
    if (failed(result) && raised_is(t, EXC_TypeError)) {
        Value cause = raised_take(t);
        raise_type_error(t, "'async for' received an invalid object from __anext__: %T", awaitable);
        Exception *e = (Exception *)as_object(t->raised);
        replace(&e->cause, retain(cause));
        e->suppress_context = true;
        release(cause);
    }
    release(awaitable);
    return result;
}

/* ---- asynchronous generators ---- */

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
    Step *step = (Step *)type_alloc(t, kind_type(t, KIND_ASYNC_GENERATOR_STEP));
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

bool coroutine_can_send(Value v) { return is_kind(v, KIND_ASYNC_GENERATOR_STEP); }

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
    if (is_kind(v, KIND_ASYNC_GENERATOR_STEP) && ((Step *)as_object(v))->kind == STEP_VALUE) {
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

/* Before the first resumption. False: raised, or the end is already known (then *result). */
static bool step_begin(Thread *t, Step *step, Value *result, Value *returned)
{
    Generator *generator = step->generator;
    if (generator->is_running_async) {
        const char *name = step->kind == STEP_SEND ? "anext()" : step_name(step);
        *result = raise_error(t, EXC_RuntimeError, "%s: asynchronous generator is already running", name);
        return false;
    }
    if (generator->is_closing || generator->state == GENERATOR_CLOSED) {
        step->state = STEP_DONE;
        if (step->kind == STEP_CLOSE) *returned = NONE, *result = END;
        else *result = raise_value(t, EXC_StopAsyncIteration, UNBOUND);
        return false;
    }
    generator->is_running_async = true;
    step->state = STEP_UNDER_WAY;
    return true;
}

static Value resume_step(Thread *t, Step *step, Value sent, Value *returned)
{
    Generator *generator = step->generator;
    Value generator_value = UNBOUND, v;
    *returned = UNBOUND;
    if (step->state == STEP_DONE)
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited %s", step->kind == STEP_THROW || step->kind == STEP_CLOSE ? "aclose()/athrow()" : "__anext__()/asend()");
    if (step->state == STEP_UNDER_WAY) {
        v = generator_resume(t, generator, sent, &generator_value);
        return step_result(t, step, v, generator_value, returned);
    }
    if (!is_none(sent) && step->kind != STEP_SEND) return raise_error(t, EXC_RuntimeError, "can't send non-None value to a just-started coroutine");
    if (!step_begin(t, step, &v, returned)) return v;
    if (step->kind == STEP_SEND) {
        Value first = is_none(sent) ? step->value : sent;
        if (generator->state == GENERATOR_CREATED && !is_none(first)) {
            step_end(step);
            return raise_type_error(t, "can't send non-None value to a just-started async generator");
        }
        v = generator_resume(t, generator, first, &generator_value);
    } else {
        if (step->kind == STEP_CLOSE) generator->is_closing = true;
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
    Value exception = generator_thrown(t, args), v, returned = UNBOUND, generator_value = UNBOUND;
    if (failed(exception)) return FAILED;
    if (step->state == STEP_DONE) {
        release(exception);
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited %s", step->kind == STEP_SEND ? "__anext__()/asend()" : "aclose()/athrow()");
    }
    if (step->state == STEP_NEW && !step_begin(t, step, &v, &returned)) {
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
const TypeSpec async_generator_step_spec = {
    .size = sizeof(Step),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW,
    .slots = {.iterate = self_iterate, .await = self_iterate, .next = step_next},
    .methods = step_methods,
    .traverse = step_traverse,
    .free = step_free,
};

static Value async_generator_anext(Thread *t, Value self) { return object_value(step_new(t, STEP_SEND, (Generator *)as_object(self), NONE)); }
static Value async_generator_asend(Thread *t, Value self, const Value *args)
{
    return object_value(step_new(t, STEP_SEND, (Generator *)as_object(self), retain(args[0])));
}
static Value async_generator_athrow(Thread *t, Value self, const Value *args)
{
    Value exception = generator_thrown(t, args);
    return failed(exception) ? FAILED : object_value(step_new(t, STEP_THROW, (Generator *)as_object(self), exception));
}
static Value async_generator_aclose(Thread *t, Value self, const Value *args)
{
    Value exit = exception_make(t, object_value(exception_type(t, EXC_GeneratorExit)), UNBOUND);
    return failed(exit) ? FAILED : object_value(step_new(t, STEP_CLOSE, (Generator *)as_object(self), exit));
}
static Value async_generator_get_running(Thread *t, Value self) { return bool_value(((Generator *)as_object(self))->is_running_async); }

static const NativeDef async_generator_methods[] = {
    NATIVE("asend", async_generator_asend, "($self, arg, /)", 0, "asend(v) -> send 'v' in generator."),
    NATIVE("athrow", async_generator_athrow, "($self, typ, val=None, tb=None, /)", 0, "athrow(value)\nathrow(type[,value[,tb]])\n\nraise exception in generator."),
    NATIVE("aclose", async_generator_aclose, "($self, /)", 0, "aclose() -> raise GeneratorExit inside generator."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};
static const GetSetDef async_generator_getsets[] = {
    {"__name__", generator_get_name, generator_set_name, "name of the async generator"},
    {"__qualname__", generator_get_qualified_name, generator_set_qualified_name, "qualified name of the async generator"},
    {"ag_await", generator_get_delegate, NULL, "object being awaited on, or None"},
    {"ag_frame", generator_get_frame, NULL, NULL},
    {"ag_code", generator_get_code, NULL, NULL},
    {"ag_running", async_generator_get_running, NULL, NULL},
    {"ag_suspended", generator_get_suspended, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec async_generator_spec = {
    .size = sizeof(Generator),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW | TYPE_IS_VARIABLE_SIZE | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = coroutine_repr, .aiter = self_iterate, .anext = async_generator_anext},
    .methods = async_generator_methods,
    .getsets = async_generator_getsets,
    .traverse = generator_traverse,
    .clear = generator_clear,
    .free = generator_free,
    .size_of = generator_size_of,
};
