/* bind.c - which argument goes into which parameter of a script function.
 *
 * What        frame_bind_arguments: positional, keyword, defaults, *args, **kwargs; and CPython's words when it does not work out.
 * How         In the order of the language: positional ones first, the surplus into *args; keywords by name (identity of interned
 *             strings first, then equality), the unknown into **kwargs; then defaults fill what is still unbound.
 * Invariants  I1 slots are unbound before, and on failure unbound again: nothing stays owned.
 * GIL         held.
 * Read next   call.c, frame.h */
#include <stdio.h>

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/run/frame.h"
#include "vm/object/suggest.h"

static Str *parameter_name(const Code *code, size_t i) { return code->slot_names[i]; }

/* "'a'", "'a' and 'b'", "'a', 'b', and 'c'" of the parameters [from, to) that are unbound. */
static Value missing_names(Thread *t, const Code *code, const Value *slots, size_t from, size_t to, size_t count)
{
    StrBuilder builder;
    str_builder_init(&builder, t);
    size_t written = 0;
    for (size_t i = from; i < to; i++) {
        if (is_bound(slots[i])) continue;
        if (written > 0) str_builder_add_text(&builder, count == 2 ? " and " : written + 1 == count ? ", and " : ", ");
        str_builder_add_char(&builder, '\'');
        str_builder_add(&builder, parameter_name(code, i));
        str_builder_add_char(&builder, '\'');
        written++;
    }
    return str_builder_finish(&builder);
}

/* Required parameters of [from, to) are unbound: name them. */
static bool raise_missing(Thread *t, const Function *function, const Value *slots, size_t from, size_t to, const char *kind)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++) count += is_unbound(slots[i]);
    Value names = missing_names(t, function->code, slots, from, to, count);
    if (failed(names)) return false;
    raise_type_error(t, "%S() missing %zu required %s argument%s: %S", function->qualified_name, count, kind, count == 1 ? "" : "s", names);
    release(names);
    return false;
}

static bool raise_too_many(Thread *t, const Function *function, const Value *slots, size_t given)
{
    const CodeUnit *unit = function->code->unit;
    size_t most = unit->argument_count, defaults = is_bound(function->defaults) ? as_tuple(function->defaults)->count : 0;
    size_t keyword_only_given = 0;
    for (size_t i = most; i < most + unit->keyword_only_count; i++) keyword_only_given += is_bound(slots[i]);
    char wanted[64], extra[96] = "";
    if (defaults > 0) snprintf(wanted, sizeof wanted, "from %zu to %zu", most - defaults, most);
    else snprintf(wanted, sizeof wanted, "%zu", most);
    bool is_plural = defaults > 0 || most != 1;
    if (keyword_only_given > 0) {
        snprintf(extra, sizeof extra, " positional argument%s (and %zu keyword-only argument%s)", given == 1 ? "" : "s",
                 keyword_only_given, keyword_only_given == 1 ? "" : "s");
    }
    raise_type_error(t, "%S() takes %s positional argument%s but %zu%s %s given", function->qualified_name, wanted, is_plural ? "s" : "",
                     given, extra, given == 1 && keyword_only_given == 0 ? "was" : "were");
    return false;
}

/* The parameter called [name] among [from, to), or SIZE_MAX. */
static size_t find_parameter(const Code *code, Str *name, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (parameter_name(code, i) == name) return i;
    for (size_t i = from; i < to; i++)
        if (str_equal(parameter_name(code, i), name)) return i;
    return SIZE_MAX;
}

/* Keywords that name positional-only parameters, if any: the error that lists them. */
static bool raise_if_positional_only(Thread *t, const Function *function, Tuple *names)
{
    const Code *code = function->code;
    StrBuilder builder;
    str_builder_init(&builder, t);
    size_t found = 0;
    for (size_t i = 0; i < code->unit->positional_only_count; i++) {
        for (size_t k = 0; k < names->count; k++) {
            if (!str_equal(as_str(names->items[k]), parameter_name(code, i))) continue;
            if (found++) str_builder_add_text(&builder, ", ");
            str_builder_add(&builder, parameter_name(code, i));
        }
    }
    Value list = str_builder_finish(&builder);
    if (!failed(list) && found)
        raise_type_error(t, "%S() got some positional-only arguments passed as keyword arguments: '%S'", function->qualified_name, list);
    release(list);
    return is_raised(t);
}

static bool raise_unexpected(Thread *t, const Function *function, Str *name, Tuple *names)
{
    const Code *code = function->code;
    const CodeUnit *unit = code->unit;
    if (raise_if_positional_only(t, function, names)) return false;
    Str *near = suggest_name(t, name, code->slot_names + unit->positional_only_count,
                             unit->argument_count - unit->positional_only_count + unit->keyword_only_count);
    if (near) raise_type_error(t, "%S() got an unexpected keyword argument '%U'. Did you mean '%U'?", function->qualified_name, name, near);
    else if (!is_raised(t)) raise_type_error(t, "%S() got an unexpected keyword argument '%U'", function->qualified_name, name);
    return false;
}

/* Put the keyword values where their names say. [extra]: the dict of **kwargs or NULL. */
static bool bind_keywords(Thread *t, Function *function, Value *slots, const Value *values, Tuple *names, Dict *extra)
{
    const Code *code = function->code;
    const CodeUnit *unit = code->unit;
    for (size_t k = 0; k < names->count; k++) {
        Str *name = as_str(names->items[k]);
        size_t i = find_parameter(code, name, unit->positional_only_count, unit->argument_count + unit->keyword_only_count);
        if (i == SIZE_MAX) {
            if (!extra) return raise_unexpected(t, function, name, names);
            if (!dict_set(t, extra, names->items[k], values[k])) return false;
        } else if (is_bound(slots[i])) {
            return raise_false(t, EXC_TypeError, "%S() got multiple values for argument '%U'", function->qualified_name, name);
        } else {
            slots[i] = retain(values[k]);
        }
    }
    return true;
}

static bool fill_defaults(Thread *t, Function *function, Value *slots)
{
    const CodeUnit *unit = function->code->unit;
    size_t positional = unit->argument_count, all = positional + unit->keyword_only_count;
    Tuple *defaults = is_bound(function->defaults) ? as_tuple(function->defaults) : NULL;
    size_t first_default = defaults ? positional - (defaults->count < positional ? defaults->count : positional) : positional;
    for (size_t i = 0; i < first_default; i++)
        if (is_unbound(slots[i])) return raise_missing(t, function, slots, 0, first_default, "positional");
    for (size_t i = first_default; i < positional; i++)
        if (is_unbound(slots[i])) slots[i] = retain(defaults->items[defaults->count - (positional - i)]);
    bool is_complete = true;
    for (size_t i = positional; i < all; i++) {
        if (is_bound(slots[i])) continue;
        Value v = is_bound(function->keyword_defaults) ? dict_get_str(as_dict(function->keyword_defaults), parameter_name(function->code, i)) : UNBOUND;
        if (is_unbound(v)) is_complete = false;
        else slots[i] = retain(v);
    }
    return is_complete || raise_missing(t, function, slots, positional, all, "keyword-only");
}

bool frame_bind_arguments(Thread *t, Function *function, Value *slots, const Value *args, size_t count, Tuple *names)
{
    const CodeUnit *unit = function->code->unit;
    size_t positional = unit->argument_count, at_extra = positional + unit->keyword_only_count;
    size_t direct = count < positional ? count : positional;
    bool takes_args = unit->flags & CODE_VARARGS, takes_keywords = unit->flags & CODE_VARKEYWORDS;
    Dict *extra = NULL;
    bool done = true;

    for (size_t i = 0; i < unit->slot_count; i++) slots[i] = UNBOUND;
    for (size_t i = 0; i < direct; i++) slots[i] = retain(args[i]);
    if (takes_keywords) {
        extra = dict_new(t);
        done = extra != NULL;
        if (done) slots[at_extra + takes_args] = object_value(extra);
    }
    if (done && takes_args) {
        Tuple *rest = tuple_from_values(t, args + direct, count - direct);
        done = rest != NULL;
        if (done) slots[at_extra] = object_value(rest);
    }
    if (done && names) done = bind_keywords(t, function, slots, args + count, names, extra);
    if (done && count > positional && !takes_args) done = raise_too_many(t, function, slots, count);
    if (done) done = fill_defaults(t, function, slots);
    if (!done)
        for (size_t i = 0; i < unit->slot_count; i++) clear(&slots[i]);
    return done;
}
