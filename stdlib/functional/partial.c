/* partial.c - functools.partial: a callable with some of its arguments already given.
 *
 * What        The type partial.
 * How         A call lays out one row: stored arguments, given ones, then values for stored and given keyword names. Where a given name is
 *             stored too, the given value takes the place. A partial of a plain partial is made flat.
 * Invariants  I1 args is a tuple, keywords a dict. Both are kept alive during a call, which may run __setstate__ of this very object.
 * GIL         held.
 * Read next   functional.h, stdlib/lib/functools.toy */
#include "stdlib/functional/functional.h"

typedef struct Partial { ToyObject head; ToyValue function, args, keywords; } Partial;
static Partial *as_partial(ToyValue v) { return (Partial *)toy_object(v); }

enum { ROW_ON_STACK = 12 };

/* ---- making one ---- */

/* Nothing was stored in its __dict__: then nobody misses it if it is made flat. */
static bool is_plain(ToyThread *t, ToyValue v, bool *answer)
{
    *answer = false;
    FunctionalState *state = toy_instance_state(v);
    if (!state->partial || !toy_is_a(t, v, state->partial)) return true;
    ToyValue dict = toy_get_attribute(t, v, "__dict__");
    if (toy_failed(dict)) return false;
    *answer = toy_dict_length(dict) == 0;
    toy_release(dict);
    return true;
}

static bool add_keywords(ToyThread *t, ToyValue keywords, ToyTuple *names, const ToyValue *values)
{
    for (size_t i = 0; i < toy_names_length(names); i++)
        if (!toy_dict_set(t, keywords, toy_names_item(names, i), values[i])) return false;
    return true;
}

/* [first], a tuple or UNBOUND, and behind it a row. */
static ToyValue tuple_joined(ToyThread *t, ToyValue first, const ToyValue *args, size_t count)
{
    size_t before = toy_is_bound(first) ? toy_tuple_length(first) : 0;
    if (!before) return toy_tuple_of(t, args, count);
    if (!count) return toy_retain(first);
    ToyValue *row = toy_alloc(t, (before + count) * sizeof *row);
    if (!row) return TOY_FAILED;
    memcpy(row, toy_tuple_items(first), before * sizeof *row);
    memcpy(row + before, args, count * sizeof *row);
    ToyValue tuple = toy_tuple_of(t, row, before + count);
    toy_free(t, row, (before + count) * sizeof *row);
    return tuple;
}

static ToyValue partial_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!count) return toy_raise_type_error(t, "type 'partial' takes at least one argument");
    if (!toy_is_callable(t, args[0])) return toy_raise_type_error(t, "the first argument must be callable");
    FunctionalState *state = toy_type_state(type);
    bool is_flat = false;
    if (toy_is_a(t, args[0], state->partial) && !is_plain(t, args[0], &is_flat)) return TOY_FAILED;
    const Partial *inner = is_flat ? as_partial(args[0]) : NULL;
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    Partial *partial = as_partial(self);
    partial->function = toy_retain(inner ? inner->function : args[0]);
    partial->args = tuple_joined(t, inner ? inner->args : TOY_UNBOUND, args + 1, count - 1);
    partial->keywords = inner ? toy_dict_copy(t, inner->keywords) : toy_dict(t);
    if (toy_failed(partial->args) || toy_failed(partial->keywords) || !add_keywords(t, partial->keywords, names, args + count)) toy_clear(&self);
    return self;
}

/* ---- calling it ---- */

/* Sets [row] from its place [at] on to the values of stored and given names; the tuple of those names. */
static ToyValue lay_keywords(ToyThread *t, ToyValue keywords, ToyTuple *given, const ToyValue *values, ToyValue *row, size_t at, size_t room)
{
    ToyValue *names = toy_alloc(t, room * sizeof *names);
    if (!names) return TOY_FAILED;
    size_t count = 0, position = 0, stored;
    ToyValue key, v, tuple = TOY_FAILED;
    while (count < room && toy_dict_next(keywords, &position, &key, &v)) {
        if (!toy_is_str(key)) {
            toy_raise_type_error(t, "keywords must be strings");
            goto done;
        }
        names[count] = key;
        row[at + count++] = v;
    }
    stored = count;
    for (size_t i = 0; i < toy_names_length(given); i++) {
        size_t place = 0;
        while (place < stored && !toy_str_equal(names[place], toy_names_item(given, i))) place++;
        if (place == stored) place = count++;
        names[place] = toy_names_item(given, i);
        row[at + place] = values[i];
    }
    tuple = toy_tuple_of(t, names, count);
done:
    toy_free(t, names, room * sizeof *names);
    return tuple;
}

static ToyValue call_laid_out(ToyThread *t, const Partial *partial, const ToyValue *args, size_t count, ToyTuple *names, ToyValue *row)
{
    size_t before = toy_tuple_length(partial->args), stored = toy_dict_length(partial->keywords);
    memcpy(row, toy_tuple_items(partial->args), before * sizeof *row);
    if (count) memcpy(row + before, args, count * sizeof *row);
    if (!stored) {
        memcpy(row + before + count, args + count, toy_names_length(names) * sizeof *row);
        return toy_call_names(t, partial->function, row, before + count, names);
    }
    ToyValue all = lay_keywords(t, partial->keywords, names, args + count, row, before + count, stored + toy_names_length(names));
    if (toy_failed(all)) return TOY_FAILED;
    /* A keyword's value may be replaced in the dict while the call runs: the row must own it. */
    size_t values = toy_tuple_length(all);
    for (size_t i = 0; i < values; i++) toy_retain(row[before + count + i]);
    ToyValue result = toy_call_names(t, partial->function, row, before + count, (ToyTuple *)toy_object(all));
    for (size_t i = 0; i < values; i++) toy_release(row[before + count + i]);
    toy_release(all);
    return result;
}

static ToyValue partial_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    const Partial held = *as_partial(self);
    if (toy_is_unbound(held.function)) return toy_raise_type_error(t, "the first argument must be callable");   /* it was part of garbage */
    size_t room = toy_tuple_length(held.args) + count + toy_dict_length(held.keywords) + toy_names_length(names);
    ToyValue on_stack[ROW_ON_STACK], *row = on_stack;
    if (room > ROW_ON_STACK && !(row = toy_alloc(t, room * sizeof *row))) return TOY_FAILED;
    toy_retain(held.function);
    toy_retain(held.args);
    toy_retain(held.keywords);
    ToyValue result = call_laid_out(t, &held, args, count, names, row);
    toy_release(held.function);
    toy_release(held.args);
    toy_release(held.keywords);
    if (row != on_stack) toy_free(t, row, room * sizeof *row);
    return result;
}

/* As a class attribute it does not bind. It will some day: who relies on that is told. */
static ToyValue partial_get(ToyThread *t, ToyValue self, ToyValue instance, ToyType *owner)
{
    if (toy_is_given(instance) && !toy_warn(t, TOY_FutureWarning, 1, "functools.partial will be a method descriptor in future Python versions; "
                                            "wrap it in staticmethod() if you want to preserve the old behavior"))
        return TOY_FAILED;
    return toy_retain(self);
}

/* ---- its text ---- */

static bool write_repr(ToyThread *t, ToyText *text, ToyValue v)
{
    ToyValue part = toy_repr(t, v);
    if (toy_failed(part)) return false;
    toy_text_add(text, part);
    toy_release(part);
    return true;
}
static bool write_parts(ToyThread *t, ToyText *text, ToyValue self, const Partial *partial)
{
    FunctionalState *state = toy_instance_state(self);
    ToyValue name = toy_get_attribute(t, toy_type_value(toy_type_of(t, self)), "__qualname__");
    ToyValue module = toy_get_attribute(t, toy_type_value(toy_type_of(t, self)), "__module__");
    ToyValue head = TOY_FAILED;
    if (!toy_failed(name) && !toy_failed(module))
        head = toy_type_of(t, self) == state->partial ? toy_str(t, "functools.partial") : toy_str_format(t, "%S.%S", module, name);
    toy_release(name);
    toy_release(module);
    if (toy_failed(head)) return false;
    toy_text_add(text, head);
    toy_release(head);
    toy_text_add_char(text, '(');
    if (!write_repr(t, text, partial->function)) return false;
    for (size_t i = 0; i < toy_tuple_length(partial->args); i++) {
        toy_text_add_ascii(text, ", ", 2);
        if (!write_repr(t, text, toy_tuple_item(partial->args, i))) return false;
    }
    /* A repr that is written in toy may change the dict. */
    ToyValue keywords = toy_dict_copy(t, partial->keywords), key, v;
    size_t position = 0;
    bool is_good = !toy_failed(keywords);
    while (is_good && toy_dict_next(keywords, &position, &key, &v)) {
        toy_text_add_ascii(text, ", ", 2);
        ToyValue shown = toy_to_str(t, key);
        if ((is_good = !toy_failed(shown))) toy_text_add(text, shown);
        toy_text_add_char(text, '=');
        is_good = is_good && write_repr(t, text, v);
        toy_release(shown);
    }
    toy_release(keywords);
    toy_text_add_char(text, ')');
    return is_good;
}

static ToyValue partial_repr(ToyThread *t, ToyValue self)
{
    bool is_first;
    if (!toy_repr_enter(t, self, &is_first)) return TOY_FAILED;
    if (!is_first) return toy_str(t, "...");
    const Partial held = *as_partial(self);
    toy_retain(held.function);
    toy_retain(held.args);
    toy_retain(held.keywords);
    ToyText text;
    toy_text_init(&text, t);
    bool is_written = write_parts(t, &text, self, &held);
    toy_repr_leave(t, self);
    toy_release(held.function);
    toy_release(held.args);
    toy_release(held.keywords);
    if (is_written) return toy_text_finish(&text);
    toy_text_abandon(&text);
    return TOY_FAILED;
}

/* ---- pickling ---- */

static ToyValue partial_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Partial *partial = as_partial(self);
    ToyValue dict = toy_get_attribute(t, self, "__dict__");
    if (toy_failed(dict)) return TOY_FAILED;
    if (!toy_dict_length(dict)) toy_replace(&dict, TOY_NONE);
    ToyValue state = toy_tuple(t, toy_retain(partial->function), toy_retain(partial->args), toy_retain(partial->keywords), dict);
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), toy_tuple_of(t, &partial->function, 1), state);
}

static ToyValue partial_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue state = args[0];
    if (!toy_is_tuple(state) || toy_tuple_length(state) != 4) return toy_raise_type_error(t, "invalid partial state");
    const ToyValue *parts = toy_tuple_items(state);
    bool is_good = toy_is_callable(t, parts[0]) && toy_is_tuple(parts[1]) && (toy_is_none(parts[2]) || toy_is_dict(parts[2]));
    if (!is_good) return toy_raise_type_error(t, "invalid partial state");
    ToyType *tuple_type = toy_builtin_type(t, TOY_KIND_TUPLE), *dict_type = toy_builtin_type(t, TOY_KIND_DICT);
    ToyValue own_args = toy_type_of(t, parts[1]) == tuple_type ? toy_retain(parts[1]) : toy_tuple_from(t, parts[1]);
    ToyValue keywords = toy_is_none(parts[2]) ? toy_dict(t) : toy_type_of(t, parts[2]) == dict_type ? toy_retain(parts[2]) : toy_dict_copy(t, parts[2]);
    ToyValue dict = toy_is_none(parts[3]) ? toy_dict(t) : toy_retain(parts[3]);
    is_good = !toy_failed(own_args) && !toy_failed(keywords) && !toy_failed(dict) && toy_set_attribute(t, self, "__dict__", dict);
    toy_release(dict);
    if (!is_good) {
        toy_release(own_args);
        toy_release(keywords);
        return TOY_FAILED;
    }
    Partial *partial = as_partial(self);
    ToyValue function = toy_retain(parts[0]);
    toy_replace(&partial->function, function);
    toy_replace(&partial->args, own_args);
    toy_replace(&partial->keywords, keywords);
    return TOY_NONE;
}

static ToyValue partial_class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

/* ---- the type ---- */

static void partial_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Partial *partial = (Partial *)self;
    toy_visit(partial->function, visit, context);
    toy_visit(partial->args, visit, context);
    toy_visit(partial->keywords, visit, context);
}
static void partial_clear(ToyObject *self)
{
    Partial *partial = (Partial *)self;
    toy_clear(&partial->function);
    toy_clear(&partial->args);
    toy_clear(&partial->keywords);
}

static const ToyFunction methods[] = {
    TOY_FUNCTION("__reduce__", partial_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTION("__setstate__", partial_set_state, "($self, state, /)", 0, "Take over (function, args, keywords, __dict__)."),
    TOY_FUNCTION("__class_getitem__", partial_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyMember members[] = {
    {"func", MEMBER_VALUE, offsetof(Partial, function), true, "the callable"},
    {"args", MEMBER_VALUE, offsetof(Partial, args), true, "arguments that go in front of those of the call"},
    {"keywords", MEMBER_VALUE, offsetof(Partial, keywords), true, "keyword arguments, unless the call gives others"},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
const ToyTypeSpec partial_spec = {
    .doc = "A new callable that calls the function with these arguments in front of its own.",
    .signature = "(func, /, *args, **keywords)",
    .size = sizeof(Partial),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.new_instance = partial_new, .call = partial_call, .repr = partial_repr, .descriptor_get = partial_get},
    .methods = methods, .members = members,
    .traverse = partial_traverse, .clear = partial_clear, .free = partial_clear,
};
