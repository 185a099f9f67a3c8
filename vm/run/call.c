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
#include "vm/object/plain_init.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/answer.h"
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

/* A call of [function] is about to begin. */
static inline void warm_up(Thread *t, Function *function)
{
    if (UNLIKELY(is_cold(function->code))) specialize_call(t, function->code);
    if (UNLIKELY(function->warm_count != function->code->warm_count)) function_warm(function);
}

Frame *call_enter(Thread *t, Value *callee_at, Value *args, size_t count)
{
    Function *function = (Function *)as_object(*callee_at);
    Code *code = function->code;
    warm_up(t, function);
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

Value *call_move_args(Thread *t, const Code *code, const Value *args)
{
    Value *locals = t->frame->result_at;
    if (!(t->frame->flags & FRAME_IS_GENERATOR) || !stack_has_room(t, locals, code->frame_words)) return NULL;
    for (uint32_t i = 0; i < code->warm_count; i++) locals[i] = args[i];
    return locals;
}

/* A call of it makes a generator at once. Who wants to know where coroutines come from gets frames for them. */
static bool makes_generator(Thread *t, const Code *code) { return code->generator_start && !t->coroutine_origin_depth; }

/* The running frame goes on behind the call, with a new generator as its result. */
static Frame *enter_nothing(Thread *t, Value *callee_at, Value *args, size_t count)
{
    Generator *generator = is_too_deep(t) ? NULL : generator_from_call(t, (Function *)as_object(*callee_at), args);
    if (UNLIKELY(!generator)) {
        release_row(args, args + count);
        release(*callee_at);
        return NULL;
    }
    *callee_at = object_value(generator);
    t->frame->sp = callee_at + 1;
    return t->frame;
}

/* Make the frame of a row that wants sorting the running one. [row] lies in place; it and *callee_at are taken over. */
static Frame *enter_bound(Thread *t, Function *function, Value *callee_at, Value *row, size_t count, const Value *names, size_t named, uint32_t flags)
{
    Code *code = function->code;
    warm_up(t, function);
    Value *locals = is_too_deep(t) ? NULL : stack_room(t, row, frame_room(code, count + named));
    if (UNLIKELY(!locals)) {
        release_row(row, row + count + named);
        release(*callee_at);
        return NULL;
    }
    if (UNLIKELY(locals != row)) memcpy(locals, row, (count + named) * sizeof *row);
    Frame *frame = frame_bind(t, function, locals, count, names, named, callee_at, flags);
    if (UNLIKELY(!frame)) {
        release(*callee_at);
        return NULL;
    }
    t->frame = frame;
    t->depth++;
    return frame;
}

/* The row with [first] in front: in the free place below it, or everything goes up by the one that is kept for this (CODE_HOT_WORDS). */
static Value *put_first(Value *callee_at, Value *args, size_t count, TAKES Value first)
{
    Value *row = args == callee_at + 1 ? args : args - 1;
    if (row == args) memmove(row + 1, args, count * sizeof *args);
    row[0] = first;
    return row;
}

Value *call_unwrap_method(Value *callee_at, Value *args, size_t count)
{
    Method *method = (Method *)as_object(*callee_at);
    Value *row = put_first(callee_at, args, count, retain(method->self));
    *callee_at = retain(method->function);
    object_release(method);      /* a weak reference's callback lays its frame above the running one, which this row belongs to */
    return row;
}

static Frame *enter_method(Thread *t, Value *callee_at, Value *args, size_t count, const Value *names, size_t named)
{
    Method *method = (Method *)as_object(*callee_at);
    Value *row = put_first(callee_at, args, count + named, retain(method->self));
    *callee_at = retain(method->function);
    Frame *frame = enter_bound(t, (Function *)as_object(*callee_at), callee_at, row, count + 1, names, named, 0);
    object_release(method);      /* last: a weak reference's callback lays its frame above this one */
    return frame;
}

/* The class at *callee_at is called, whose __init__ only stores: the instance takes its place, and the running frame goes on. */
static NOINLINE Frame *enter_plain_init(Thread *t, const PlainInit *plain, Value *callee_at, Value *args, size_t count)
{
    Type *type = (Type *)as_object(*callee_at);
    Object *self = type_alloc(t, type);
    if (UNLIKELY(!self)) {
        release_row(args, args + count);
        release(*callee_at);
        return NULL;
    }
    const Value *constants = plain->code->constants;
    for (const PlainStore *store = plain->stores, *end = store + plain->count; store < end; store++) {
        bool is_argument = store->source >= 0;
        Value v = is_argument ? args[store->source] : constants[-1 - store->source];
        *(Value *)((char *)self + store->where) = is_argument && plain->moves ? v : retain(v);
    }
    if (plain->shape) ((Attributes *)((char *)self + type->attributes_offset))->shape = plain->shape;
    *callee_at = object_value(self);
    t->frame->sp = callee_at + 1;
    if (!plain->moves) release_row(args, args + count);
    object_release(type);      /* of which there is an instance now */
    return t->frame;
}

/* Nobody listens, and there would be room for its frame: then it need not be run. */
static bool may_skip_init(Thread *t) { return atomic_load_explicit(&t->breaker, memory_order_relaxed) == 0 && t->depth < t->depth_limit; }

static Frame *enter_init(Thread *t, Value *callee_at, Value *args, size_t count, const Value *names, size_t named)
{
    Type *type = (Type *)as_object(*callee_at);
    if (type->init_function->code->only_stores && named == 0 && may_skip_init(t)) {
        Code *code = type->init_function->code;
        const PlainInit *plain = plain_init_of(t, type);
        bool has_room = plain && count < code->exact_count && stack_has_room(t, args, code->frame_words);
        if (has_room && frame_add_defaults(type->init_function, args - 1, count + 1, code->exact_count))
            return enter_plain_init(t, plain, callee_at, args, code->exact_count - 1);
    }
    Object *self = type_alloc(t, type);
    if (UNLIKELY(!self)) {
        release_row(args, args + count + named);
        release(*callee_at);
        return NULL;
    }
    object_retain(self);
    Value *row = put_first(callee_at, args, count + named, object_value(self));
    *callee_at = object_value(self);       /* where the result is expected */
    object_release(type);                  /* of which there is an instance now */
    return enter_bound(t, type->init_function, callee_at, row, count + 1, names, named, FRAME_IS_INIT);
}

/* An instance whose class has a __call__ of its own. */
static bool enter_instance(Thread *t, Value *callee_at, Value *args, size_t count, const Value *names, size_t named, Frame **entered)
{
    Value callee = *callee_at;
    if (!is_kind(callee, KIND_INSTANCE) || !type_is(as_object(callee)->type, TYPE_IS_SCRIPT_MADE)) return false;
    Value method = type_lookup(t, as_object(callee)->type, NAME_OF(t, __call__));
    if (!is_kind(method, KIND_FUNCTION)) return false;
    Value *row = put_first(callee_at, args, count + named, callee);
    *callee_at = retain(method);
    bool is_exact = !named && ((Function *)as_object(method))->code->exact_count == count + 1;
    *entered = is_exact ? call_enter(t, callee_at, row, count + 1) : enter_bound(t, (Function *)as_object(method), callee_at, row, count + 1, names, named, 0);
    return true;
}

/* [frame] is the new running one, if there is one. */
static inline Frame *begin(Thread *t, Value *callee_at, Frame *frame)
{
    if (UNLIKELY(!frame)) {
        release(*callee_at);
        return NULL;
    }
    t->frame = frame;
    t->depth++;
    return frame;
}

static inline bool has_room(Thread *t, const Code *code, Value *args, size_t count)
{
    return LIKELY(t->depth < t->depth_limit && stack_has_room(t, args, frame_room(code, count)));
}

bool call_add_defaults(Thread *t, const Function *function, Value *args, size_t count)
{
    if (count > function->warm_count || !stack_has_room(t, args, function->code->frame_words)) return false;
    return frame_add_defaults(function, args, count, function->warm_count);
}

Frame *call_enter_function(Thread *t, Value *callee_at, Value *args, size_t count)
{
    Function *function = (Function *)as_object(*callee_at);
    Code *code = function->code;
    if (code->exact_count == count && makes_generator(t, code)) return enter_nothing(t, callee_at, args, count);
    warm_up(t, function);
    if (UNLIKELY(!has_room(t, code, args, count))) return enter_bound(t, function, callee_at, args, count, NULL, 0, 0);
    return begin(t, callee_at, frame_bind_positional(t, function, args, count, callee_at, 0));
}

Frame *call_enter_function_kw(Thread *t, Value *callee_at, Value *args, size_t count, const Tuple *names)
{
    Function *function = (Function *)as_object(*callee_at);
    Code *code = function->code;
    size_t named = names->count;
    warm_up(t, function);
    if (UNLIKELY(!has_room(t, code, args, count))) return enter_bound(t, function, callee_at, args, count - named, names->items, named, 0);
    return begin(t, callee_at, frame_bind(t, function, args, count - named, names->items, named, callee_at, 0));
}

bool call_enter_script(Thread *t, Value *callee_at, Value *args, size_t count, const Value *names, size_t named, Frame **entered)
{
    if (!call_is_script(*callee_at)) return enter_instance(t, callee_at, args, count, names, named, entered);
    Object *callee = as_object(*callee_at);
    if (callee->kind == KIND_FUNCTION && !named) *entered = call_enter_function(t, callee_at, args, count);
    else if (callee->kind == KIND_FUNCTION) *entered = enter_bound(t, (Function *)callee, callee_at, args, count, names, named, 0);
    else if (callee->kind == KIND_METHOD) *entered = enter_method(t, callee_at, args, count, names, named);
    else *entered = enter_init(t, callee_at, args, count, names, named);
    return true;
}

/* The same for any other __init__ that takes exactly these arguments. */
static NOINLINE Frame *enter_exact_init(Thread *t, Value *callee_at, Value *args, size_t count)
{
    Type *type = (Type *)as_object(*callee_at);
    Function *init = type->init_function;
    warm_up(t, init);
    Object *self = type_alloc(t, type);
    if (UNLIKELY(!self)) {
        release_row(callee_at, args + count);
        return NULL;
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

Frame *call_enter_init(Thread *t, Value *callee_at, Value *args, size_t count)
{
    const PlainInit *plain = plain_init_of(t, (Type *)as_object(*callee_at));
    return plain && LIKELY(may_skip_init(t)) ? enter_plain_init(t, plain, callee_at, args, count) : enter_exact_init(t, callee_at, args, count);
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

static Frame *lay_for_native(Thread *t, Function *function, const Value *args, size_t count, Tuple *names)
{
    Code *code = function->code;
    size_t named = names ? names->count : 0;
    warm_up(t, function);
    Value *row = is_too_deep(t) ? NULL : stack_room(t, stack_top(t), frame_room(code, count + named));
    if (!row) return NULL;
    for (size_t i = 0; i < count + named; i++) row[i] = retain(args[i]);
    if (code->exact_count == count && !named) return frame_lay(t, function, code, row, count, NULL, FRAME_IS_ENTRY);
    return frame_bind(t, function, row, count, names ? names->items : NULL, named, NULL, FRAME_IS_ENTRY);
}

/* The same for warm code that wants exactly these arguments, where there is room. */
static inline Frame *lay_warm(Thread *t, Function *function, const Value *args, size_t count)
{
    Code *code = function->code;
    Value *row = frame_top(t->frame);
    if (UNLIKELY(!stack_has_room(t, row, code->frame_words))) return NULL;
    for (size_t i = 0; i < count; i++) row[i] = retain(args[i]);
    return call_lay_warm(t, function, row, NULL, FRAME_IS_ENTRY);
}

/* A generator at once, without a frame on the stack. */
static Value new_generator(Thread *t, Function *function, const Value *args, size_t count)
{
    Generator *generator = generator_from_call(t, function, args);
    if (UNLIKELY(!generator)) return FAILED;
    object_retain(function);
    for (size_t i = 0; i < count; i++) retain(args[i]);
    return object_value(generator);
}

Value function_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    Function *function = (Function *)as_object(callee);
    if (function->code->exact_count == count && !names && makes_generator(t, function->code) && LIKELY(t->depth < t->depth_limit))
        return new_generator(t, function, args, count);
    bool is_plain = function->warm_count == count && !names && t->frame && t->depth < t->depth_limit;
    if (!is_plain && function->code->only_answers && function->code->exact_count == count && !names) {
        Value answer = answer_of(t, function->code, args);
        if (is_bound(answer)) return answer;
    }
    Frame *frame = LIKELY(is_plain) ? lay_warm(t, function, args, count) : NULL;
    if (!frame && !(frame = lay_for_native(t, function, args, count, names))) return FAILED;
    object_retain(function);     /* keeps I3 of frame.h: the caller's reference may go away meanwhile */
    Value result = eval(t, frame, UNBOUND, NULL);
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
    return eval(t, frame, UNBOUND, NULL);
}

/* ---- keywords and stars ---- */

/* The arguments of f(*iterable) as a tuple, or as the list that they are (owned), or the TypeError that names the callee. */
static Value star_arguments(Thread *t, Value callee, Value iterable, bool list_is_safe)
{
    if (is_kind(iterable, KIND_LIST) && list_is_safe) return retain(iterable);
    Tuple *tuple = tuple_from_iterable(t, iterable);
    if (tuple || !raised_is(t, EXC_TypeError) || value_is_iterable(t, iterable)) return object_value(tuple);
    raised_clear(t);
    Str *text = call_text(t, callee);
    if (text) {
        raise_type_error(t, "%U argument after * must be an iterable, not %T", text, iterable);
        object_release(text);
    }
    return FAILED;
}

/* The dict of f(**mapping), owned; NULL: raised. */
static Dict *star_keywords(Thread *t, Value callee, Value mapping)
{
    if (is_kind(mapping, KIND_DICT)) return as_dict(retain(mapping));
    Dict *dict = dict_new(t);
    if (!dict || call_merge_keywords(t, dict, mapping, callee)) return dict;
    object_release(dict);
    return NULL;
}

/* Keys of [keywords] to [names], values to [values], as many as there are; retained. False: raised, nothing is owned. */
static bool spread_keywords(Thread *t, Dict *keywords, Value *names, Value *values)
{
    size_t position = 0, i = 0;
    Value key, value;
    while (dict_next(keywords, &position, &key, &value)) {
        names[i] = retain(key);
        values[i++] = retain(value);
        if (is_str(key)) continue;
        while (i-- > 0) release2(names[i], values[i]);
        return raise_false(t, EXC_TypeError, "keywords must be strings");
    }
    return true;
}

enum { ROW_ON_STACK = 24 };

/* callee(*items, **keywords) where the callee is no script function, or the call comes from native code. */
static Value call_spread(Thread *t, Value callee, const Value *items, size_t count, Dict *keywords)
{
    size_t named = keywords ? dict_length(keywords) : 0;
    Value small[ROW_ON_STACK], *row = small;
    if (count + named > ROW_ON_STACK) {
        row = memory_alloc_array(&t->interp->memory, count + named, sizeof *row);
        if (!row) return raise_memory_error(t);
    }
    /* A copy, with references of its own: what it was read from may change meanwhile. */
    Tuple *names = named ? tuple_new(t, named) : NULL;
    Value result = FAILED;
    if (names && !spread_keywords(t, keywords, names->items, row + count)) {
        for (size_t k = 0; k < named; k++) names->items[k] = UNBOUND;
    } else if (names || !named) {
        for (size_t i = 0; i < count; i++) row[i] = retain(items[i]);
        result = call_row(t, callee, row, count, names);
        for (size_t i = 0; i < count + named; i++) release(row[i]);
    }
    if (names) object_release(names);
    if (row != small) memory_free(&t->interp->memory, row, (count + named) * sizeof *row);
    return result;
}

Value call_with(Thread *t, Value callee, Tuple *args, Dict *keywords)
{
    return call_spread(t, callee, args ? args->items : NULL, args ? args->count : 0, keywords);
}

/* Enter the script function at *callee_at with items and keywords laid out above it, over the iterable that they come from.
 * NULL: raised; the callee's place and that of the iterable are empty, or as they were. */
static Frame *enter_spread(Thread *t, Value *callee_at, const Value *items, size_t count, Dict *keywords)
{
    size_t named = keywords ? dict_length(keywords) : 0;
    Value names[ROW_ON_STACK];
    Value *row = stack_room(t, callee_at + 1, count + named + 1 + CODE_HOT_WORDS);
    if (!row) return NULL;
    if (row != callee_at + 1) row++;       /* in another chunk: the free place that put_first looks for */
    Value iterable = callee_at[1];
    if (named && !spread_keywords(t, keywords, names, row + count)) return callee_at[1] = iterable, NULL;
    for (size_t i = 0; i < count; i++) row[i] = retain(items[i]);
    Frame *entered;
    if (!call_enter_script(t, callee_at, row, count, names, named, &entered)) entered = NULL;      /* never: its caller has looked */
    if (!entered) callee_at[0] = callee_at[1] = UNBOUND;
    for (size_t k = 0; k < named; k++) release(names[k]);
    release(iterable);
    return entered;
}

/* What functions that hand on *args, **kwargs do mostly: f(*tuple), and nothing by name. */
static inline bool is_plain_spread(Thread *t, const Value *callee_at, Value keywords)
{
    if (!is_kind(callee_at[0], KIND_FUNCTION) || !is_kind(callee_at[1], KIND_TUPLE)) return false;
    if (is_bound(keywords) && (!is_kind(keywords, KIND_DICT) || dict_length(as_dict(keywords)))) return false;
    return stack_has_room(t, (Value *)callee_at + 1, as_tuple(callee_at[1])->count + 1 + CODE_HOT_WORDS);
}

static Frame *enter_plain_spread(Thread *t, Value *callee_at)
{
    Tuple *tuple = as_tuple(callee_at[1]);
    Value *row = callee_at + 1;
    for (size_t i = 0; i < tuple->count; i++) row[i] = retain(tuple->items[i]);
    Frame *entered = call_enter_function(t, callee_at, row, tuple->count);
    if (!entered) callee_at[0] = callee_at[1] = UNBOUND;
    object_release(tuple);
    return entered;
}

Value call_with_iterables(Thread *t, Value *callee_at, Value keywords, Frame **entered)
{
    if (entered && is_plain_spread(t, callee_at, keywords)) return (*entered = enter_plain_spread(t, callee_at)) ? NONE : FAILED;
    bool has_keywords = is_bound(keywords);
    Value holder = star_arguments(t, *callee_at, callee_at[1], !has_keywords || is_kind(keywords, KIND_DICT));
    if (failed(holder)) return FAILED;
    Value result = FAILED;
    Dict *dict = has_keywords ? star_keywords(t, *callee_at, keywords) : NULL;
    if (dict || !has_keywords) {
        bool is_list = is_kind(holder, KIND_LIST);
        const Value *items = is_list ? as_list(holder)->items : as_tuple(holder)->items;
        size_t count = is_list ? as_list(holder)->count : as_tuple(holder)->count;
        if (entered && call_is_script(*callee_at) && (!dict || dict_length(dict) <= ROW_ON_STACK)) {
            *entered = enter_spread(t, callee_at, items, count, dict);
            if (*entered) result = NONE;
        } else {
            result = call_spread(t, *callee_at, items, count, dict);
        }
    }
    release(holder);
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
