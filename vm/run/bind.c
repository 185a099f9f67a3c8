/* bind.c - which argument goes into which parameter of a script function.
 *
 * What        frame_bind: positional, keyword, defaults, *args, **kwargs; and CPython's words when it does not work out.
 * How         The row of arguments becomes the first locals where it lies; nothing is copied that has its place already. In the
 *             order of the language: positional ones first, the surplus into *args; keywords by name (identity of interned
 *             strings first, then equality), the unknown into **kwargs; then defaults fill what is still unbound.
 * Invariants  I1 the row is taken over, also on failure.
 *             I2 script code may run meanwhile (a key's __hash__, a finaliser). The frame is linked by then, as one that is being
 *                left (I5 of frame.h): so other frames are laid above it, and nobody looks into it.
 * GIL         held.
 * Read next   call.c, frame.h */
#include <stdio.h>

#include "vm/object/dict_keys.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/run/frame.h"
#include "vm/object/suggest.h"

/* Arguments given by name, on their way to their parameters. */
typedef struct Keywords {
    const Value *names;
    Value *values;            /* owned until they have found their place; then unbound */
    size_t count;
} Keywords;

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
static bool raise_if_positional_only(Thread *t, const Function *function, const Keywords *keywords)
{
    const Code *code = function->code;
    StrBuilder builder;
    str_builder_init(&builder, t);
    size_t found = 0;
    for (size_t i = 0; i < code->unit->positional_only_count; i++) {
        for (size_t k = 0; k < keywords->count; k++) {
            if (!str_equal(as_str(keywords->names[k]), parameter_name(code, i))) continue;
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

static bool raise_unexpected(Thread *t, const Function *function, Str *name, const Keywords *keywords)
{
    const Code *code = function->code;
    const CodeUnit *unit = code->unit;
    if (raise_if_positional_only(t, function, keywords)) return false;
    Str *near = suggest_name(t, name, code->slot_names + unit->positional_only_count,
                             unit->argument_count - unit->positional_only_count + unit->keyword_only_count);
    if (near) raise_type_error(t, "%S() got an unexpected keyword argument '%U'. Did you mean '%U'?", function->qualified_name, name, near);
    else if (!is_raised(t)) raise_type_error(t, "%S() got an unexpected keyword argument '%U'", function->qualified_name, name);
    return false;
}

/* Put the keyword values where their names say. [extra]: the dict of **kwargs or NULL. */
static bool bind_keywords(Thread *t, Function *function, Value *slots, Keywords *keywords, Dict *extra)
{
    const Code *code = function->code;
    const CodeUnit *unit = code->unit;
    for (size_t k = 0; k < keywords->count; k++) {
        Str *name = as_str(keywords->names[k]);
        size_t i = find_parameter(code, name, unit->positional_only_count, unit->argument_count + unit->keyword_only_count);
        if (i == SIZE_MAX) {
            if (!extra) return raise_unexpected(t, function, name, keywords);
            if (!dict_set(t, extra, keywords->names[k], keywords->values[k])) return false;
        } else if (is_bound(slots[i])) {
            return raise_false(t, EXC_TypeError, "%S() got multiple values for argument '%U'", function->qualified_name, name);
        } else {
            slots[i] = keywords->values[k];
            keywords->values[k] = UNBOUND;
        }
    }
    return true;
}

/* The dict has them in the order of the parameters, unless a script has made it or some have none. */
static BORROWED Value keyword_default(Dict *defaults, size_t expected, Str *name)
{
    if (LIKELY(defaults->keys && !defaults->instance && expected < defaults->keys->used)) {
        const DictEntry *entry = dict_entry_at(defaults, expected);
        if (LIKELY(is_same(entry->key, object_value(name)))) return entry->value;
    }
    return dict_get_str(defaults, name);
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
        Value v = is_bound(function->keyword_defaults) ? keyword_default(as_dict(function->keyword_defaults), i - positional, parameter_name(function->code, i)) : UNBOUND;
        if (is_unbound(v)) is_complete = false;
        else slots[i] = retain(v);
    }
    return is_complete || raise_missing(t, function, slots, positional, all, "keyword-only");
}

/* What does not come with the row: surplus and **kwargs, keywords, defaults. The slots are unbound from [count] on. */
static bool bind_rest(Thread *t, Function *function, Value *slots, size_t count, TAKES Tuple *surplus, Keywords *keywords)
{
    const CodeUnit *unit = function->code->unit;
    size_t all = unit->argument_count + unit->keyword_only_count;
    bool takes_args = unit->flags & CODE_VARARGS;
    Dict *extra = NULL;
    if (takes_args) slots[all] = object_value(surplus);
    if (unit->flags & CODE_VARKEYWORDS) {
        extra = dict_new(t);
        if (!extra) return false;
        slots[all + takes_args] = object_value(extra);
    }
    if (!bind_keywords(t, function, slots, keywords, extra)) return false;
    if (count > unit->argument_count && !takes_args) return raise_too_many(t, function, slots, count);
    return fill_defaults(t, function, slots);
}

/* I2: what does not fit is let go while the frame stands on the chain. */
static void give_up(Thread *t, Frame *frame)
{
    frame->flags |= FRAME_IS_LEFT;
    t->frame = frame;
    for (Value *slot = frame->locals; slot < (Value *)frame; slot++) clear(slot);
    t->frame = frame->caller;
}

static Frame *bind_in_frame(Thread *t, Function *function, TAKES Value *row, size_t count, Keywords *keywords, Value *result_at, uint32_t flags)
{
    const CodeUnit *unit = function->code->unit;
    size_t direct = count < unit->argument_count ? count : unit->argument_count;
    bool takes_args = unit->flags & CODE_VARARGS, has_surplus = takes_args || count > direct;
    Tuple *surplus = has_surplus ? tuple_take_values(t, row + direct, count - direct) : NULL;
    Frame *frame = frame_lay(t, function, function->code, row, direct, result_at, flags | FRAME_IS_LEFT);
    t->frame = frame;                /* keeps I2 */
    bool done = (surplus || !has_surplus) && bind_rest(t, function, row, count, surplus, keywords);
    for (size_t k = 0; k < keywords->count; k++) release(keywords->values[k]);
    if (surplus && !takes_args) object_release(surplus);
    if (!done) {
        give_up(t, frame);
        return NULL;
    }
    t->frame = frame->caller;
    frame->flags = flags;
    return frame;
}

enum { KEYWORDS_ON_STACK = 16 };

/* The values are set aside first: where they lie other parameters may have their place. */
static Frame *bind_with_care(Thread *t, Function *function, TAKES Value *row, size_t count, const Value *names, size_t named, Value *result_at,
                             uint32_t flags)
{
    Value on_stack[KEYWORDS_ON_STACK];
    Keywords keywords = {names, on_stack, named};
    if (named > KEYWORDS_ON_STACK) {
        keywords.values = block_alloc(t, named * sizeof(Value));
        if (!keywords.values) {
            for (size_t i = 0; i < count + named; i++) release(row[i]);
            return NULL;
        }
    }
    for (size_t k = 0; k < named; k++) keywords.values[k] = row[count + k];
    Frame *frame = bind_in_frame(t, function, row, count, &keywords, result_at, flags);
    if (named > KEYWORDS_ON_STACK) block_free(t, keywords.values, named * sizeof(Value));
    return frame;
}

/* ---- what needs no care: it fits, and nothing can run meanwhile ---- */

/* How many of the keywords name the parameters from [count] on, in their order: their values are in place already. */
static size_t keywords_in_order(const Code *code, size_t count, const Value *names, size_t named)
{
    size_t in_order = 0, positional = code->unit->argument_count;
    if (count < code->unit->positional_only_count) return 0;
    while (in_order < named && count + in_order < positional && is_same(names[in_order], object_value(code->slot_names[count + in_order]))) in_order++;
    return in_order;
}

bool frame_names_in_order(const Code *code, uint32_t count, const Tuple *names)
{
    uint32_t first = count - (uint32_t)names->count, i = 0;
    if (first < code->unit->positional_only_count) return false;
    while (i < names->count && is_same(names->items[i], object_value(code->slot_names[first + i]))) i++;
    return i == names->count;
}

/* Few: the compiler would make an instruction of this that pays for many. */
static inline void values_move(Value *to, const Value *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        __asm__("" : "+r"(i));
    }
}

/* Which parameter each keyword names, [all] for **kwargs; by identity, for names in calls are interned. False: one of them needs care. */
static bool find_places(const Code *code, size_t direct, const Value *names, size_t named, uint32_t *places)
{
    const CodeUnit *unit = code->unit;
    size_t all = unit->argument_count + unit->keyword_only_count, first = unit->positional_only_count, expected = direct > first ? direct : first;
    if (named > KEYWORDS_ON_STACK) return false;
    for (size_t k = 0; k < named; k++) {
        size_t i = expected;
        if (i >= all || !is_same(names[k], object_value(code->slot_names[i])))
            for (i = first; i < all && !is_same(names[k], object_value(code->slot_names[i]));) i++;
        bool is_other = i == all && unit->flags & CODE_VARKEYWORDS && is_kind(names[k], KIND_STR) && as_object(names[k])->flags & OBJECT_IS_INTERNED;
        if (!is_other && (i == all || i < direct)) return false;
        places[k] = (uint32_t)i;
        expected = i + 1;
    }
    return true;
}

/* The keywords go to these [places]. What is missing may have a default; if not, that is the one thing that can still be wrong. */
static Frame *bind_to_places(Thread *t, Function *function, TAKES Value *row, size_t count, size_t direct, const Value *names, size_t named,
                             const uint32_t *places, Value *result_at, uint32_t flags)
{
    const CodeUnit *unit = function->code->unit;
    size_t all = unit->argument_count + unit->keyword_only_count;
    bool takes_args = unit->flags & CODE_VARARGS, takes_keywords = unit->flags & CODE_VARKEYWORDS;
    Value values[KEYWORDS_ON_STACK];      /* set aside: where they lie other parameters have their place */
    values_move(values, row + count, named);
    Tuple *surplus = takes_args ? tuple_take_values(t, row + direct, count - direct) : NULL;
    Dict *extra = takes_keywords ? dict_new(t) : NULL;
    Frame *frame = frame_lay(t, function, function->code, row, direct, result_at, flags);
    if (takes_args) row[all] = object_value(surplus);
    if (takes_keywords) row[all + takes_args] = object_value(extra);
    bool is_good = (surplus || !takes_args) && (extra || !takes_keywords);
    size_t bound = direct;
    for (size_t k = 0; k < named; k++) {
        if (places[k] < all) {
            row[places[k]] = values[k];
            bound++;
        } else {
            is_good = is_good && dict_set_str(t, extra, as_str(names[k]), values[k]);
            release(values[k]);
        }
    }
    if (LIKELY(is_good && (bound == all || fill_defaults(t, function, row)))) return frame;
    give_up(t, frame);
    return NULL;
}

Frame *frame_bind_positional(Thread *t, Function *function, TAKES Value *row, size_t count, Value *result_at, uint32_t flags)
{
    Code *code = function->code;
    const CodeUnit *unit = code->unit;
    size_t positional = unit->argument_count, direct = count < positional ? count : positional;
    if (code->exact_count != CODE_BINDS && count <= positional && frame_add_defaults(function, row, count, positional))
        return frame_lay(t, function, code, row, positional, result_at, flags);
    bool takes_args = unit->flags & CODE_VARARGS;
    if (UNLIKELY(count > direct && !takes_args)) return bind_with_care(t, function, row, count, NULL, 0, result_at, flags);
    Tuple *surplus = takes_args ? tuple_take_values(t, row + direct, count - direct) : NULL;
    Frame *frame = frame_lay(t, function, code, row, direct, result_at, flags);
    Value *behind = row + positional + unit->keyword_only_count;
    bool is_good = surplus || !takes_args;
    if (takes_args) *behind++ = object_value(surplus);
    if (unit->flags & CODE_VARKEYWORDS) {
        *behind = object_value(dict_new(t));
        is_good = is_good && is_bound(*behind);
    }
    if (LIKELY(is_good) && ((direct == positional && !unit->keyword_only_count) || fill_defaults(t, function, row))) return frame;
    give_up(t, frame);
    return NULL;
}

Frame *frame_bind(Thread *t, Function *function, TAKES Value *row, size_t count, const Value *names, size_t named, Value *result_at, uint32_t flags)
{
    Code *code = function->code;
    const CodeUnit *unit = code->unit;
    size_t positional = unit->argument_count, direct = count < positional ? count : positional;
    uint32_t places[KEYWORDS_ON_STACK];
    if (named == 0) return frame_bind_positional(t, function, row, count, result_at, flags);
    bool is_exact = code->exact_count != CODE_BINDS && count <= positional && keywords_in_order(code, count, names, named) == named;
    if (is_exact && frame_add_defaults(function, row, count + named, positional)) return frame_lay(t, function, code, row, positional, result_at, flags);
    if ((count == direct || unit->flags & CODE_VARARGS) && find_places(code, direct, names, named, places))
        return bind_to_places(t, function, row, count, direct, names, named, places, result_at, flags);
    return bind_with_care(t, function, row, count, names, named, result_at, flags);
}
