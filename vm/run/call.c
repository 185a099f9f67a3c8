/* call.c - how a call begins: frames for script functions, rows of arguments for the rest.
 *
 * What        call_enter (the loop's way: no C recursion), function_call (native code's way: a nested eval), the keyword and
 *             star forms.
 * How         Arguments become the callee's first locals where they lie. If their chunk is too short, or they lie in a
 *             generator, they move. Keyword calls bind into fresh slots above the row and then drop the row.
 * Invariants  as call.h.
 * GIL         held.
 * Read next   bind.c (which argument goes where), eval_calls.h (CALL) */
#include "vm/run/call.h"

#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/eval.h"
#include "vm/run/generator.h"
#include "vm/run/iterate.h"
#include "vm/run/specialize.h"

static void release_row(Value *from, Value *to)
{
    while (to > from) release(*--to);
}

/* The next frame would be one too many: RecursionError. */
static bool is_too_deep(Thread *t)
{
    if (LIKELY(t->depth < t->depth_limit)) return false;
    raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded");
    return true;
}

Frame *call_enter(Thread *t, Value *callee_at, Value *args, size_t count)
{
    Function *function = (Function *)as_object(*callee_at);
    Code *code = function->code;
    if (UNLIKELY(is_cold(code))) specialize_call(t, code);
    Value *locals = is_too_deep(t) ? NULL : stack_room(t, args, code->frame_words);
    if (UNLIKELY(!locals)) {
        release_row(callee_at, args + count);
        return NULL;
    }
    if (UNLIKELY(locals != args)) memcpy(locals, args, count * sizeof *args);
    Frame *frame = frame_lay(t, function, code, locals, count, callee_at, 0);
    t->frame = frame;
    t->depth++;
    return frame;
}

/* Push a frame whose slots were filled by frame_bind_arguments above everything that runs. */
static Frame *enter_bound(Thread *t, Function *function, Value *callee_at, const Value *args, size_t count, Tuple *names)
{
    Code *code = function->code;
    if (UNLIKELY(is_cold(code))) specialize_call(t, code);
    Value *locals = is_too_deep(t) ? NULL : stack_room(t, stack_top(t), code->frame_words);
    if (!locals || !frame_bind_arguments(t, function, locals, args, count, names)) return NULL;
    Frame *frame = frame_lay(t, function, code, locals, code->unit->slot_count, callee_at, 0);
    t->frame = frame;
    t->depth++;
    return frame;
}

Frame *call_enter_init(Thread *t, Value *callee_at, Value *args, size_t count)
{
    Type *type = (Type *)as_object(*callee_at);
    Function *init = type->init_function;
    if (UNLIKELY(is_cold(init->code))) specialize_call(t, init->code);
    Object *self = init->code->exact_count == count + 1 ? type_alloc(t, type) : NULL;
    if (UNLIKELY(!self)) {
        if (init->code->exact_count == count + 1) {
            release_row(callee_at, args + count);
            return NULL;
        }
        self = type_alloc(t, type);                 /* defaults, or a wrong number: bind decides */
        Value row[1] = {object_value(self)};
        if (!self) {
            release_row(callee_at, args + count);
            return NULL;
        }
        Value *all = stack_room(t, stack_top(t), count + 1);
        if (!all) {
            release(row[0]);
            release_row(callee_at, args + count);
            return NULL;
        }
        all[0] = row[0];
        memcpy(all + 1, args, count * sizeof *args);
        Value *locals = stack_room(t, all + count + 1, init->code->frame_words);
        bool is_bound_well = locals && !is_too_deep(t) && frame_bind_arguments(t, init, locals, all, count + 1, NULL);
        release_row(callee_at, args + count);
        if (!is_bound_well) {
            release(row[0]);
            return NULL;
        }
        *callee_at = row[0];
        Frame *frame = frame_lay(t, init, init->code, locals, init->code->unit->slot_count, callee_at, FRAME_IS_INIT);
        t->frame = frame;
        t->depth++;
        return frame;
    }
    /* The instance goes to the callee's place, where the result is expected, and once more in front of the arguments. */
    Value *locals = is_too_deep(t) ? NULL : stack_room(t, callee_at + 1, init->code->frame_words);
    if (UNLIKELY(!locals)) {
        object_release(self);
        release_row(callee_at, args + count);
        return NULL;
    }
    memmove(locals + 1, args, count * sizeof *args);
    locals[0] = object_value(self);
    object_retain(self);
    *callee_at = object_value(self);
    Frame *frame = frame_lay(t, init, init->code, locals, count + 1, callee_at, FRAME_IS_INIT);
    object_release(type);
    t->frame = frame;
    t->depth++;
    return frame;
}

void call_raise_init_result(Thread *t, TAKES Value result)
{
    raise_type_error(t, "__init__() should return None, not '%T'", result);
    release(result);
}

Value call_raise_not_callable(Thread *t, Value callee)
{
    return raise_type_error(t, "'%T' object is not callable", callee);
}

bool call_is_leaf(Thread *t, Value callee, size_t count)
{
    if (!is_object(callee)) return false;
    Object *o = as_object(callee);
    if (o->kind == KIND_NATIVE_FUNCTION) return ((NativeFunction *)o)->def->flags & NATIVE_LEAF;
    if (o->kind == KIND_METHOD_DESCRIPTOR) return ((MethodDescriptor *)o)->def->flags & NATIVE_LEAF;
    return count == 1 && (Type *)o == t->interp->types[KIND_TYPE];    /* type(x) */
}

/* ---- from native code ---- */

Value function_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    Function *function = (Function *)as_object(callee);
    Code *code = function->code;
    if (UNLIKELY(is_cold(code))) specialize_call(t, code);
    Value *locals = is_too_deep(t) ? NULL : stack_room(t, stack_top(t), code->frame_words);
    if (!locals) return FAILED;
    if (LIKELY(code->exact_count == count && !names)) {
        for (size_t i = 0; i < count; i++) locals[i] = retain(args[i]);
    } else {
        if (!frame_bind_arguments(t, function, locals, args, count, names)) return FAILED;
        count = code->unit->slot_count;
    }
    object_retain(function);     /* keeps I3 of frame.h: the caller's reference may go away meanwhile */
    Value result = eval(t, frame_lay(t, function, code, locals, count, NULL, FRAME_IS_ENTRY), UNBOUND);
    object_release(function);
    return result;
}

Value call_body(Thread *t, Function *function, Value mapping)
{
    Code *code = function->code;
    Value *locals = is_too_deep(t) ? NULL : stack_room(t, stack_top(t), code->frame_words);
    if (!locals) return FAILED;
    Frame *frame = frame_lay(t, function, code, locals, 0, NULL, FRAME_IS_ENTRY);
    frame->mapping = retain(mapping);
    return eval(t, frame, UNBOUND);
}

/* ---- keywords and stars ---- */

/* A function, or a method of one: then *self goes in front. NULL: something else. */
static Function *script_function(Value callee, Value *self)
{
    *self = UNBOUND;
    if (is_kind(callee, KIND_FUNCTION)) return (Function *)as_object(callee);
    if (!is_kind(callee, KIND_METHOD)) return NULL;
    Method *method = (Method *)as_object(callee);
    *self = method->self;
    return is_kind(method->function, KIND_FUNCTION) ? (Function *)as_object(method->function) : NULL;
}

Value call_with_keywords(Thread *t, Value *callee_at, Value *args, size_t count, Value names, Frame **entered)
{
    Value self;
    Function *function = script_function(*callee_at, &self);
    size_t positional = count - as_tuple(names)->count;
    if (!function || is_bound(self)) return call_row(t, *callee_at, args, positional, as_tuple(names));
    Frame *frame = enter_bound(t, function, callee_at, args, positional, as_tuple(names));
    if (!frame) return FAILED;
    release_row(callee_at + 1, args + count);    /* the frame has references of its own; the callee stays in its place */
    *entered = frame;
    return NONE;
}

/* Lay the items of [args] and [keywords] out in a row; their names become *names. The row is borrowed from the two. */
static Value *spread(Thread *t, Tuple *args, Dict *keywords, Tuple **names)
{
    size_t count = args ? args->count : 0, named = keywords ? keywords->count : 0;
    Value *row = stack_room(t, stack_top(t), count + named + 1);
    *names = NULL;
    if (!row) return NULL;
    if (count) memcpy(row, args->items, count * sizeof *row);
    if (!named) return row;
    Tuple *list = tuple_new(t, named);
    if (!list) return NULL;
    size_t position = 0, i = 0;
    Value key, value;
    while (dict_next(keywords, &position, &key, &value) && i < named) {
        if (!is_str(key)) {
            object_release(list);
            raise_type_error(t, "keywords must be strings");
            return NULL;
        }
        list->items[i] = retain(key);
        row[count + i++] = value;
    }
    *names = list;
    return row;
}

Value call_with(Thread *t, Value callee, Tuple *args, Dict *keywords)
{
    Tuple *names;
    size_t count = args ? args->count : 0, named = keywords ? keywords->count : 0;
    Value small[16], *row = small;
    if (count + named > ARRAY_LENGTH(small)) {
        row = memory_alloc_array(&t->interp->memory, count + named, sizeof *row);
        if (!row) return raise_memory_error(t);
    }
    Value *spread_row = spread(t, args, keywords, &names);
    Value result = FAILED;
    if (spread_row) {
        /* A copy: the callee's own frame may be laid where the row stood. */
        memcpy(row, spread_row, (count + named) * sizeof *row);
        for (size_t i = 0; i < count + named; i++) retain(row[i]);
        result = call_row(t, callee, row, count, names);
        for (size_t i = 0; i < count + named; i++) release(row[i]);
        if (names) object_release(names);
    }
    if (row != small) memory_free(&t->interp->memory, row, (count + named) * sizeof *row);
    return result;
}

/* The iterable of f(*iterable) as a tuple (owned), or the TypeError that names the callee. */
static Tuple *star_arguments(Thread *t, Value callee, Value iterable)
{
    if (is_kind(iterable, KIND_TUPLE)) {
        object_retain(as_object(iterable));
        return as_tuple(iterable);
    }
    Tuple *tuple = tuple_from_iterable(t, iterable);
    if (tuple || !raised_is(t, EXC_TypeError) || value_is_iterable(t, iterable)) return tuple;
    raised_clear(t);
    Str *text = call_text(t, callee);
    if (text) {
        raise_type_error(t, "%U argument after * must be an iterable, not %T", text, iterable);
        object_release(text);
    }
    return NULL;
}

Value call_with_iterables(Thread *t, Value *callee_at, Value keywords, Frame **entered)
{
    Value self;
    Tuple *args = star_arguments(t, *callee_at, callee_at[1]);
    if (!args) return FAILED;
    Dict *dict = NULL;
    if (is_bound(keywords)) {
        if (is_kind(keywords, KIND_DICT)) {
            dict = as_dict(keywords);
            object_retain(dict);
        } else {
            dict = dict_new(t);
            if (!dict || !call_merge_keywords(t, dict, keywords, *callee_at)) {
                object_release(args);
                if (dict) object_release(dict);
                return FAILED;
            }
        }
    }
    Value result = FAILED;
    Function *function = script_function(*callee_at, &self);
    if (function && is_unbound(self)) {
        /* The row stands where the frame will be laid: bind reads it from a tuple and a fresh row above the slots. */
        Tuple *names = NULL;
        Value *row = args->items;
        Value *named = NULL;
        size_t count = args->count + (dict ? dict->count : 0);
        if (dict && dict->count) {
            named = memory_alloc_array(&t->interp->memory, count, sizeof *named);
            Value *spread_row = named ? spread(t, args, dict, &names) : NULL;
            if (spread_row) memcpy(named, spread_row, count * sizeof *named);
            else if (!named) raise_memory_error(t);
            row = spread_row ? named : NULL;
        }
        *entered = row ? enter_bound(t, function, callee_at, row, args->count, names) : NULL;
        if (*entered) {
            release(callee_at[1]);
            result = NONE;
        }
        if (names) object_release(names);
        if (named) memory_free(&t->interp->memory, named, count * sizeof *named);
    } else {
        result = call_with(t, *callee_at, args, dict);
    }
    object_release(args);
    if (dict) object_release(dict);
    return result;
}

Str *call_text(Thread *t, Value callee)
{
    Value name = value_find_attribute(t, callee, NAME_OF(t, __qualname__));
    if (is_unbound(name)) {
        raised_clear(t);
        Value text = value_str(t, callee);
        return failed(text) ? NULL : as_str(text);
    }
    Value module = value_find_attribute(t, callee, NAME_OF(t, __module__));
    raised_clear(t);
    Str *text;
    if (is_str(module) && !str_equal_text(as_str(module), "builtins")) text = str_format(t, "%S.%S()", module, name);
    else text = str_format(t, "%S()", name);
    release2(module, name);
    return text;
}

/* One item of f(**mapping): refuse what is there already. */
static bool merge_one(Thread *t, Dict *into, Value key, Value value, Value callee)
{
    bool is_there = false;
    if (!dict_contains(t, into, key, &is_there)) return false;
    if (!is_there) return dict_set(t, into, key, value);      /* that keys are strings is seen when the call is laid out */
    Str *text = call_text(t, callee);
    if (!text) return false;
    raise_type_error(t, "%U got multiple values for keyword argument '%S'", text, key);
    object_release(text);
    return false;
}

bool call_merge_keywords(Thread *t, Dict *into, Value mapping, Value callee)
{
    if (is_kind(mapping, KIND_DICT)) {
        Dict *copy = as_dict(mapping);
        object_retain(copy);
        size_t position = 0;
        Value key, value;
        bool done = true;
        while (done && dict_next(copy, &position, &key, &value)) {
            retain(key);
            retain(value);
            done = merge_one(t, into, key, value, callee);
            release2(key, value);
        }
        object_release(copy);
        return done;
    }
    Value keys_method = value_find_attribute(t, mapping, NAME_OF(t, keys));
    if (is_unbound(keys_method)) {
        if (is_raised(t)) return false;
        Str *text = call_text(t, callee);
        if (text) {
            raise_type_error(t, "%U argument after ** must be a mapping, not %T", text, mapping);
            object_release(text);
        }
        return false;
    }
    Value keys = value_call0(t, keys_method);
    release(keys_method);
    List *list = failed(keys) ? NULL : list_from_iterable(t, keys);
    release(keys);
    bool done = list != NULL;
    for (size_t i = 0; done && i < list->count; i++) {
        Value value = value_get_item(t, mapping, list->items[i]);
        done = !failed(value) && merge_one(t, into, list->items[i], value, callee);
        release(value);
    }
    if (list) object_release(list);
    return done;
}
