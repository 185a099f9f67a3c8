/* exception.c - BaseException, and the making of all exception classes from exceptions.def.
 *
 * What        The class at the root: args, text, __traceback__, __cause__, __context__, notes, pickling; start-up of the tree.
 * How         All exceptions share one payload (struct Exception); a class differs from its base in what its PART_xx says.
 * Invariants  I1 args is a tuple from the moment the instance exists.
 * GIL         held.
 * Read next   exception_raise.c, exception_fields.c, exception_os.c, exception_group.c */
#include "vm/object/exception.h"

#include "vm/object/dict.h"
#include "vm/object/exception_parts.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"

Type *exception_type(Thread *t, enum ExceptionKind kind)
{
    return t->interp->exceptions[kind];
}

/* ---- the life of an exception ---- */

Value base_exception_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)names;   /* __init__ looks at them */
    Exception *exception = (Exception *)type_alloc(t, type);
    if (!exception)
        return FAILED;
    exception->args = object_value(tuple_from_values(t, args, count));
    if (failed(exception->args)) {
        object_release(exception);
        return FAILED;
    }
    return object_value(exception);
}

static bool has_same_args(Value tuple, const Value *args, size_t count)
{
    if (as_tuple(tuple)->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_same(as_tuple(tuple)->items[i], args[i]))
            return false;
    }
    return true;
}

bool base_exception_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (names && names->count > 0)
        return raise_false(t, EXC_TypeError, "%U() takes no keyword arguments", value_type(t, self)->name);
    /* Usually __new__ has just stored the same ones. */
    if (has_same_args(as_exception(self)->args, args, count))
        return true;
    Tuple *tuple = tuple_from_values(t, args, count);
    if (!tuple)
        return false;
    replace(&as_exception(self)->args, object_value(tuple));
    return true;
}

static void exception_traverse(Object *self, VisitFn visit, void *context)
{
    Exception *exception = (Exception *)self;
    visit_value(exception->args, visit, context);
    visit_value(exception->traceback, visit, context);
    visit_value(exception->cause, visit, context);
    visit_value(exception->context, visit, context);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        visit_value(exception->fields[i], visit, context);
}

static void exception_clear(Object *self)
{
    Exception *exception = (Exception *)self;
    Value empty = thread_current()->interp->empty_tuple;
    replace(&exception->args, retain(empty));   /* keeps I1 */
    clear(&exception->traceback);
    clear(&exception->cause);
    clear(&exception->context);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        clear(&exception->fields[i]);
}

static void exception_free(Object *self)
{
    Exception *exception = (Exception *)self;
    clear(&exception->args);
    clear(&exception->traceback);
    clear(&exception->cause);
    clear(&exception->context);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        clear(&exception->fields[i]);
}

/* ---- text ---- */

Value base_exception_str(Thread *t, Value self)
{
    Tuple *args = as_tuple(as_exception(self)->args);
    if (args->count == 0)
        return retain(t->interp->empty_str);
    Value shown = retain(args->count == 1 ? args->items[0] : object_value(args));
    Value text = value_str(t, shown);
    release(shown);
    return text;
}

static Value base_exception_repr(Thread *t, Value self)
{
    Value args = retain(as_exception(self)->args);
    Str *name = value_type(t, self)->name;
    Str *text = as_tuple(args)->count == 1 ? str_format(t, "%U(%R)", name, as_tuple(args)->items[0]) : str_format(t, "%U%R", name, args);
    release(args);
    return object_value(text);
}

/* ---- attributes ---- */

static Value or_none(Value v)
{
    return is_bound(v) ? retain(v) : NONE;
}

static Value get_args(Thread *t, Value self)
{
    (void)t;
    return retain(as_exception(self)->args);
}

static bool set_args(Thread *t, Value self, Value value)
{
    if (is_unbound(value))
        return raise_false(t, EXC_TypeError, "args may not be deleted");
    Tuple *args = tuple_from_iterable(t, value);
    if (!args)
        return false;
    replace(&as_exception(self)->args, object_value(args));
    return true;
}

static Value get_traceback(Thread *t, Value self)
{
    (void)t;
    return or_none(as_exception(self)->traceback);
}

static bool set_traceback(Thread *t, Value self, Value value)
{
    if (is_unbound(value))
        return raise_false(t, EXC_TypeError, "__traceback__ may not be deleted");
    if (!is_none(value) && !has_payload(value, KIND_TRACEBACK))
        return raise_false(t, EXC_TypeError, "__traceback__ must be a traceback or None");
    replace(&as_exception(self)->traceback, is_none(value) ? UNBOUND : retain(value));
    return true;
}

static Value get_context(Thread *t, Value self)
{
    (void)t;
    return or_none(as_exception(self)->context);
}

static bool set_context(Thread *t, Value self, Value value)
{
    if (is_unbound(value))
        return raise_false(t, EXC_TypeError, "__context__ may not be deleted");
    if (!is_none(value) && !is_exception(value))
        return raise_false(t, EXC_TypeError, "exception context must be None or derive from BaseException");
    replace(&as_exception(self)->context, is_none(value) ? UNBOUND : retain(value));
    return true;
}

static Value get_cause(Thread *t, Value self)
{
    (void)t;
    return or_none(as_exception(self)->cause);
}

static bool set_cause(Thread *t, Value self, Value value)
{
    if (is_unbound(value))
        return raise_false(t, EXC_TypeError, "__cause__ may not be deleted");
    if (!is_none(value) && !is_exception(value))
        return raise_false(t, EXC_TypeError, "exception cause must be None or derive from BaseException");
    replace(&as_exception(self)->cause, is_none(value) ? UNBOUND : retain(value));
    as_exception(self)->suppress_context = true;
    return true;
}

static const GetSetDef base_getsets[] = {
    {"args", get_args, set_args, NULL},
    {"__traceback__", get_traceback, set_traceback, NULL},
    {"__context__", get_context, set_context, "the exception that was being handled when this one was raised, or None"},
    {"__cause__", get_cause, set_cause, "what \"raise ... from\" named as the reason, or None"},
    {NULL, NULL, NULL, NULL},
};

static const MemberDef base_members[] = {
    {"__suppress_context__", MEMBER_BOOL, offsetof(Exception, suppress_context), false, NULL},
    FIELD_END,
};

/* ---- methods ---- */

static Value with_traceback(Thread *t, Value self, const Value *args)
{
    return set_traceback(t, self, args[0]) ? retain(self) : FAILED;
}

static Value add_note(Thread *t, Value self, const Value *args)
{
    if (!is_str(args[0]))
        return raise_type_error(t, "note must be a str, not '%T'", args[0]);
    Str *name = NAME_OF(t, __notes__);
    Value notes = value_find_attribute(t, self, name);
    if (is_raised(t))
        return FAILED;
    bool is_good;
    if (is_unbound(notes)) {
        notes = object_value(list_from_values(t, args, 1));
        is_good = !failed(notes) && value_set_attribute(t, self, name, notes);
    } else if (is_list(notes)) {
        is_good = list_append(t, as_list(notes), args[0]);
    } else {
        is_good = raise_false(t, EXC_TypeError, "Cannot add note: __notes__ is not a list");
    }
    release(notes);
    return is_good ? NONE : FAILED;
}

bool exception_state(Thread *t, Value self, Value *state)
{
    *state = UNBOUND;
    Dict *live = object_dict(t, as_object(self));
    if (!live)
        return false;
    Dict *copy = dict_length(live) > 0 ? dict_copy(t, live) : NULL;
    bool is_good = copy || dict_length(live) == 0;
    object_release(live);
    if (copy)
        *state = object_value(copy);
    return is_good;
}

Value exception_reduction(Thread *t, Value self, Value args, Value state_or_unbound)
{
    Value items[] = {object_value(value_type(t, self)), args, state_or_unbound};
    return object_value(tuple_from_values(t, items, is_bound(state_or_unbound) ? 3 : 2));
}

Value base_exception_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value state;
    if (!exception_state(t, self, &state))
        return FAILED;
    Value reduction = exception_reduction(t, self, as_exception(self)->args, state);
    release(state);
    return reduction;
}

static Value set_state(Thread *t, Value self, const Value *args)
{
    if (is_none(args[0]))
        return NONE;
    if (!is_dict(args[0]))
        return raise_type_error(t, "state is not a dictionary");
    size_t position = 0;
    Value key, value;
    Dict *copy = dict_copy(t, as_dict(args[0]));   /* setting may run script code that changes the dict */
    bool is_good = copy != NULL;
    while (is_good && dict_next(copy, &position, &key, &value)) {
        if (!is_str(key))
            is_good = raise_false(t, EXC_TypeError, "attribute name must be string, not '%T'", key);
        else
            is_good = value_set_attribute(t, self, as_str(key), value);
    }
    if (copy)
        object_release(copy);
    return is_good ? NONE : FAILED;
}

static const NativeDef base_methods[] = {
    NATIVE("__reduce__", base_exception_reduce, "($self, /)", 0, NULL),
    NATIVE("__setstate__", set_state, "($self, object, /)", 0, NULL),
    NATIVE("with_traceback", with_traceback, "($self, object, /)", NATIVE_LEAF,
           "Put tb in the place of the traceback, and return the exception itself."),
    NATIVE("add_note", add_note, "($self, object, /)", 0, "Have a text shown below the traceback, as one more of __notes__."),
    NATIVE_END,
};

/* ---- the classes ---- */

#define EXCEPTION_FLAGS (TYPE_IS_CONTAINER | TYPE_HAS_ATTRIBUTES | TYPE_IS_EXCEPTION)

/* Texts with names: those of the classes that starting looks into lie with what it needs (vm/cli/startup_order.py). */
#define EXCEPTION(Name, Base, part, doc_) static const char Name##_doc[] = doc_;
#include "vm/object/exceptions.def"
#undef EXCEPTION

const TypeSpec base_exception_spec = {
    .doc = BaseException_doc,
    .size = sizeof(Exception), .flags = EXCEPTION_FLAGS,
    .slots = {.repr = base_exception_repr, .str = base_exception_str, .new_instance = base_exception_new, .init = base_exception_init},
    .methods = base_methods, .getsets = base_getsets, .members = base_members,
    .traverse = exception_traverse, .clear = exception_clear, .free = exception_free,
};

static const struct ExceptionRow { const char *name; enum ExceptionKind base; TypeSpec spec; } rows[] = {
#define EXCEPTION(Name, Base, part, doc_)                                                                       \
    [EXC_##Name] = {#Name, EXC_##Base,                                                                          \
                    {.doc = Name##_doc, .size = sizeof(Exception), .flags = EXCEPTION_FLAGS, PART_##part,             \
                     .traverse = exception_traverse, .clear = exception_clear, .free = exception_free}},
#include "vm/object/exceptions.def"
#undef EXCEPTION
};

/* ExceptionGroup is the one built-in class with two bases: it is an Exception too. */
static bool add_second_base(Thread *t, Type *group, Type *exception)
{
    Value bases[] = {object_value(group->base), object_value(exception)};
    Tuple *both = tuple_from_values(t, bases, 2);
    if (!both)
        return false;
    object_release(group->bases);
    group->bases = both;
    Tuple *mro = type_linearize(t, group);
    if (!mro)
        return false;
    object_release(group->mro);
    group->mro = mro;
    type_modified(t, group);
    return type_add_subclass(t, exception, group);
}

bool exceptions_init(Thread *t)
{
    Interp *interp = t->interp;
    interp->exceptions = memory_alloc_zeroed(&interp->memory, EXC_COUNT * sizeof(Type *));
    if (!interp->exceptions)
        return false;
    interp->exceptions[EXC_BaseException] = kind_type(t, KIND_BASE_EXCEPTION);
    for (int kind = EXC_BaseException + 1; kind < EXC_COUNT; kind++) {
        const struct ExceptionRow *row = &rows[kind];
        Type *type = type_new_native(t, &row->spec, row->name, interp->exceptions[row->base], NULL, KIND_BASE_EXCEPTION);
        if (!type)
            return false;
        interp->exceptions[kind] = type;
    }
    if (!add_second_base(t, interp->exceptions[EXC_ExceptionGroup], interp->exceptions[EXC_Exception]))
        return false;
    interp->memory_error = base_exception_new(t, interp->exceptions[EXC_MemoryError], NULL, 0, NULL);
    if (failed(interp->memory_error))
        return false;
    Str *text = str_from_text(t, "maximum recursion depth exceeded");
    if (!text)
        return false;
    Value argument = object_value(text);
    interp->last_resort_recursion_error = base_exception_new(t, interp->exceptions[EXC_RecursionError], &argument, 1, NULL);
    release(argument);
    return !failed(interp->last_resort_recursion_error);
}

void exceptions_finish(Interp *interp)
{
    clear(&interp->memory_error);
    clear(&interp->last_resort_recursion_error);
    memory_free(&interp->memory, interp->exceptions, EXC_COUNT * sizeof(Type *));
    interp->exceptions = NULL;
}
