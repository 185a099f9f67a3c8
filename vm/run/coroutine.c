/* coroutine.c - await and asynchronous iteration.
 *
 * What        coroutine, coroutine_wrapper; what await, async for and anext(iterator, default) drive.
 * How         A coroutine is a Generator whose yields travel through every await above it to the event loop. If origins are tracked, a new
 *             one remembers who has called it. One that dies without ever having run is reported.
 * GIL         held.
 * Read next   generator.c, async_generator.c */
#include "vm/run/coroutine.h"

#include "vm/object/generic_alias.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/call.h"
#include "vm/run/iterate.h"
#include "vm/run/warn.h"

/* ---- coroutines ---- */

/* ((file, line, name), ...) of the callers, innermost first. */
static Value callers(Thread *t, uint32_t depth)
{
    List *list = list_new(t, depth < 16 ? depth : 16);
    Frame *frame = t->frame ? frame_in_use(t->frame->caller) : NULL;
    for (; list && frame && depth-- > 0; frame = frame_in_use(frame->caller)) {
        Tuple *row = tuple_new(t, 3);
        if (row) {
            row->items[0] = retain(object_value(frame->code->filename));
            row->items[1] = small_int_value(frame_line(frame));
            row->items[2] = retain(object_value(frame->code->name));
        }
        if (row && list_append_take(t, list, object_value(row))) continue;
        object_release(list);
        list = NULL;
    }
    if (!list) return FAILED;
    Value tuple = object_value(tuple_from_values(t, list->items, list->count));
    object_release(list);
    return tuple;
}

bool coroutine_note_origin(Thread *t, Generator *coroutine)
{
    uint32_t depth = t->coroutine_origin_depth;
    coroutine->origin = depth ? callers(t, depth) : NONE;
    return !failed(coroutine->origin);
}

static Value coroutine_repr(Thread *t, Value self)
{
    Generator *generator = (Generator *)as_object(self);
    return object_value(str_format(t, "<coroutine object %S at %p>", generator_qualified_name(generator), (void *)generator));
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
        if (!warn_unawaited(t, self)) raised_report_unraisable(t, self, NULL);
        return;
    }
    if (coroutine->state != GENERATOR_SUSPENDED) return;
    Value v = generator_close(t, coroutine);
    if (failed(v)) raised_report_unraisable(t, self, NULL);
    release(v);
}

static const NativeDef coroutine_methods[] = {
    NATIVE("send", generator_send_method, "($self, arg, /)", 0,
           "Go on: arg is what the await there results in.\n\n"
           "Returns what is yielded next; StopIteration if it ends."),
    NATIVE("throw", generator_throw_method, "($self, typ, val=None, tb=None, /)", 0,
           "throw(value)\n"
           "throw(type[,value[,traceback]])\n\n"
           "Raise an exception in coroutine code, where it stands; what is yielded next is\n"
           "returned, or StopIteration comes with its result."),
    NATIVE("close", generator_close_method, "($self, /)", 0, "End it by raising GeneratorExit inside coroutine code, where it waits."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};
static const GetSetDef coroutine_getsets[] = {
    {"__name__", generator_get_name, generator_set_name, "what the coroutine's function is called"},
    {"__qualname__", generator_get_qualified_name, generator_set_qualified_name, "the name of the coroutine with those of the scopes around it"},
    {"cr_await", generator_get_delegate, NULL, "what an await is waiting for, or None"},
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
    .doc = "The iterator that __await__() of a coroutine gives.",
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
    Type *type = value_type(t, v);
    UnaryFn await = type->slots.await;
    if (!await) return raise_not_awaitable(t, v, context);
    /* What the slot of a script's class would do: mostly it makes a generator, and no frame is needed. */
    Value method = type_is(type, TYPE_IS_SCRIPT_MADE) ? type_lookup(t, type, NAME_OF(t, __await__)) : UNBOUND;
    Value iterator = is_kind(method, KIND_FUNCTION) ? function_call(t, method, &v, 1, NULL) : await(t, v);
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
    if (failed(awaitable) || coroutine_can_send(awaitable)) return awaitable;
    Value result = awaitable_iterator(t, awaitable, 0);
    if (failed(result)) {
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

/* ---- anext(iterator, default) ---- */

typedef struct AnextAwaitable { Object head; Value awaitable, otherwise; } AnextAwaitable;

static AnextAwaitable *anext_of(Value self) { return (AnextAwaitable *)as_object(self); }

Value anext_with_default(Thread *t, Value awaitable, Value otherwise)
{
    AnextAwaitable *anext = (AnextAwaitable *)type_alloc(t, kind_type(t, KIND_ANEXT_AWAITABLE));
    if (!anext) return FAILED;
    anext->awaitable = retain(awaitable);
    anext->otherwise = retain(otherwise);
    return object_value(anext);
}

/* What a script has to drive: an iterator with send, throw and close. */
static Value anext_iterator(Thread *t, Value self)
{
    Value iterator = awaitable_iterator(t, anext_of(self)->awaitable, 0);
    if (!is_kind(iterator, KIND_COROUTINE)) return iterator;
    Value wrapper = coroutine_await(t, iterator);
    release(iterator);
    return wrapper;
}

/* The end of the iteration is the default. */
static Value anext_result(Thread *t, Value self, Value v)
{
    if (!failed(v) || !raised_is(t, EXC_StopAsyncIteration)) return v;
    raised_clear(t);
    return raise_stop_iteration(t, anext_of(self)->otherwise);
}

static Value anext_call(Thread *t, Value self, const char *method, const Value *args, size_t count)
{
    Value iterator = anext_iterator(t, self);
    Str *name = failed(iterator) ? NULL : str_intern_text(t, method);
    while (count > 0 && is_unbound(args[count - 1])) count--;
    Value v = name ? value_call_method(t, iterator, name, args, count) : FAILED;
    if (name) object_release(name);
    release(iterator);
    return anext_result(t, self, v);
}

static Value anext_next(Thread *t, Value self)
{
    Value iterator = anext_iterator(t, self);
    if (failed(iterator)) return FAILED;
    Value v = iterate_other(t, iterator);
    release(iterator);
    return anext_result(t, self, v);
}
static Value anext_send(Thread *t, Value self, const Value *args) { return anext_call(t, self, "send", args, 1); }
static Value anext_throw(Thread *t, Value self, const Value *args) { return anext_call(t, self, "throw", args, 3); }
static Value anext_close(Thread *t, Value self, const Value *args) { return anext_call(t, self, "close", args, 0); }

static void anext_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((AnextAwaitable *)self)->awaitable, visit, context);
    visit_value(((AnextAwaitable *)self)->otherwise, visit, context);
}
static void anext_free(Object *self)
{
    clear(&((AnextAwaitable *)self)->awaitable);
    clear(&((AnextAwaitable *)self)->otherwise);
}

static const NativeDef anext_methods[] = {
    NATIVE("send", anext_send, "($self, arg, /)", 0, NULL),
    NATIVE("throw", anext_throw, "($self, typ, val=None, tb=None, /)", 0, NULL),
    NATIVE("close", anext_close, "($self, /)", 0, NULL),
    NATIVE_END,
};
const TypeSpec anext_awaitable_spec = {
    .size = sizeof(AnextAwaitable), .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW,
    .slots = {.iterate = self_iterate, .await = self_iterate, .next = anext_next},
    .methods = anext_methods, .traverse = anext_traverse, .free = anext_free,
};
