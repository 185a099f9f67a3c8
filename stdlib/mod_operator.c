/* mod_operator.c - operator: what the operators do, as functions; and attrgetter, itemgetter, methodcaller.
 *
 * What        One function per operator, each also under its dunder name, and three types of callables that ask something of their argument.
 * How         A function is one line over the wall's own. The getters prepare when they are made: names are interned, dotted ones
 *             split, keyword arguments laid out as a call wants them; a call then only asks.
 * Invariants  I1 getters do not change once made.
 * GIL         held; all of it may run script code.
 * Read next   vm/run/arith.h, stdlib/lib/_operator.toy (the name under which CPython pickles them) */
#include "vm/toy.h"

/* ---- operators ---- */

#define BINARY(name, op)   static ToyValue operator_##name(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_operate(t, op, args[0], args[1]); }
#define IN_PLACE(name, op) static ToyValue operator_##name(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_operate_in_place(t, op, args[0], args[1]); }
#define COMPARE(name, op)  static ToyValue operator_##name(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_compare_value(t, args[0], args[1], op); }
#define UNARY(name, call)  static ToyValue operator_##name(ToyThread *t, ToyValue self, const ToyValue *args) { return call(t, args[0]); }
BINARY(add, TOY_ADD) BINARY(sub, TOY_SUBTRACT) BINARY(mul, TOY_MULTIPLY) BINARY(truediv, TOY_TRUE_DIVIDE) BINARY(floordiv, TOY_FLOOR_DIVIDE)
BINARY(mod, TOY_REMAINDER) BINARY(pow, TOY_POWER) BINARY(matmul, TOY_MATRIX_MULTIPLY) BINARY(lshift, TOY_LSHIFT) BINARY(rshift, TOY_RSHIFT)
BINARY(and, TOY_AND) BINARY(or, TOY_OR) BINARY(xor, TOY_XOR)
IN_PLACE(iadd, TOY_ADD) IN_PLACE(isub, TOY_SUBTRACT) IN_PLACE(imul, TOY_MULTIPLY) IN_PLACE(itruediv, TOY_TRUE_DIVIDE)
IN_PLACE(ifloordiv, TOY_FLOOR_DIVIDE) IN_PLACE(imod, TOY_REMAINDER) IN_PLACE(ipow, TOY_POWER) IN_PLACE(imatmul, TOY_MATRIX_MULTIPLY)
IN_PLACE(ilshift, TOY_LSHIFT) IN_PLACE(irshift, TOY_RSHIFT) IN_PLACE(iand, TOY_AND) IN_PLACE(ior, TOY_OR) IN_PLACE(ixor, TOY_XOR)
COMPARE(lt, COMPARE_LT) COMPARE(le, COMPARE_LE) COMPARE(eq, COMPARE_EQ) COMPARE(ne, COMPARE_NE) COMPARE(gt, COMPARE_GT) COMPARE(ge, COMPARE_GE)
UNARY(neg, toy_negative) UNARY(pos, toy_positive) UNARY(invert, toy_invert) UNARY(abs, toy_absolute) UNARY(index, toy_index)

static ToyValue operator_truth(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool truth;
    return toy_truth(t, args[0], &truth) ? toy_bool(truth) : TOY_FAILED;
}
static ToyValue operator_not(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool truth;
    return toy_truth(t, args[0], &truth) ? toy_bool(!truth) : TOY_FAILED;
}
static ToyValue operator_is(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_is_same(args[0], args[1])); }
static ToyValue operator_is_not(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(!toy_is_same(args[0], args[1])); }

static ToyValue operator_getitem(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_get_item(t, args[0], args[1]); }
static ToyValue operator_setitem(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_set_item(t, args[0], args[1], args[2]) ? TOY_NONE : TOY_FAILED;
}
static ToyValue operator_delitem(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_set_item(t, args[0], args[1], TOY_UNBOUND) ? TOY_NONE : TOY_FAILED;
}
static ToyValue operator_contains(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool found;
    return toy_contains(t, args[0], args[1], &found) ? toy_bool(found) : TOY_FAILED;
}

/* Numbers have + too, but nothing to be put one behind the other. */
static bool is_sequence(ToyThread *t, ToyValue v)
{
    ToyValue get_item = toy_is_dict(v) ? TOY_UNBOUND : toy_find_special(t, v, "__getitem__");
    toy_release(get_item);
    return toy_is_bound(get_item) || (!toy_is_raised(t) && toy_raise_false(t, TOY_TypeError, "'%T' object can't be concatenated", v));
}
/* The left operand's own message, if it has one, says more; that of + speaks of operands. */
static ToyValue concat(ToyThread *t, ToyValue left, ToyValue right, ToyValue (*operate)(ToyThread *, ToyOperator, ToyValue, ToyValue))
{
    if (!is_sequence(t, left)) return TOY_FAILED;
    ToyType *type = toy_type_of(t, left);
    if (type == toy_builtin_type(t, TOY_KIND_RANGE) || type == toy_builtin_type(t, TOY_KIND_MEMORYVIEW))
        return toy_raise_type_error(t, "'%T' object can't be concatenated", left);
    return operate(t, TOY_ADD, left, right);
}
static ToyValue operator_concat(ToyThread *t, ToyValue self, const ToyValue *args) { return concat(t, args[0], args[1], toy_operate); }
static ToyValue operator_iconcat(ToyThread *t, ToyValue self, const ToyValue *args) { return concat(t, args[0], args[1], toy_operate_in_place); }

typedef struct Search { ToyValue wanted; int64_t index, count; bool stops; } Search;
static bool compare_item(ToyThread *t, ToyValue item, void *context)
{
    Search *search = context;
    bool equal;
    if (!toy_equal(t, item, search->wanted, &equal)) return false;
    search->count += equal;
    if (equal && search->stops) return false;
    search->index++;
    return true;
}
static bool search_through(ToyThread *t, ToyValue iterable, Search *search)
{
    if (!toy_is_iterable(t, iterable)) return toy_raise_false(t, TOY_TypeError, "argument of type '%T' is not iterable", iterable);
    return toy_for_each(t, iterable, compare_item, search) || !toy_is_raised(t);
}
static ToyValue operator_count_of(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Search search = {.wanted = args[1]};
    return search_through(t, args[0], &search) ? toy_int(t, search.count) : TOY_FAILED;
}
static ToyValue operator_index_of(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Search search = {.wanted = args[1], .stops = true};
    if (!search_through(t, args[0], &search)) return TOY_FAILED;
    return search.count ? toy_int(t, search.index) : toy_raise_value_error(t, "sequence.index(x): x not in sequence");
}

static ToyValue operator_length_hint(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t fallback = 0;
    if (toy_is_bound(args[1]) && !toy_is_int(args[1])) return toy_raise_type_error(t, "'%T' object cannot be interpreted as an integer", args[1]);
    size_t hint;
    if (!toy_arg_size(t, args[1], &fallback) || !toy_length_hint(t, args[0], (size_t)fallback, &hint)) return TOY_FAILED;
    return toy_int(t, (int64_t)hint);
}

static ToyValue operator_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!count) return toy_raise_type_error(t, "call expected at least 1 argument, got 0");
    return toy_call_names(t, args[0], args + 1, count - 1, names);
}

/* ---- what the three types share ---- */

/* "operator.itemgetter(" and the items of [args] from [first] on. */
static bool write_call(ToyThread *t, ToyText *text, ToyValue self, ToyValue args)
{
    const char *name = toy_type_name(t, self);
    toy_text_add_ascii(text, name, strlen(name));
    toy_text_add_char(text, '(');
    for (size_t i = 0; i < toy_tuple_length(args); i++) {
        if (i) toy_text_add_ascii(text, ", ", 2);
        ToyValue item = toy_repr(t, toy_tuple_item(args, i));
        if (toy_failed(item)) return false;
        toy_text_add(text, item);
        toy_release(item);
    }
    return true;
}
static ToyValue repr_again(ToyThread *t, ToyValue self) { return toy_str_format(t, "%s(...)", toy_type_name(t, self)); }

static bool takes_one(ToyThread *t, const char *name, size_t count, ToyTuple *names)
{
    return toy_arguments_no_keywords(t, name, names) && toy_arguments_count(t, name, count, 1, 1);
}

/* How an instance is called, for inspect.signature. */
static ToyValue get_text_signature(ToyThread *t, ToyValue self) { return toy_str(t, "(obj, /)"); }
static const ToyGetSet getsets[] = {{"__text_signature__", get_text_signature, NULL, NULL}, {NULL, NULL, NULL, NULL}};

/* ---- attrgetter and itemgetter ---- */

/* [asked] as it was given; [steps] of an attrgetter: for each a tuple of names to go from one to the next. */
typedef struct Getter { ToyObject head; ToyValue asked, steps; } Getter;
static Getter *as_getter(ToyValue v) { return (Getter *)toy_object(v); }

static void getter_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Getter *)self)->asked, visit, context);
    toy_visit(((Getter *)self)->steps, visit, context);
}
static void getter_clear(ToyObject *self)
{
    toy_clear(&((Getter *)self)->asked);
    toy_clear(&((Getter *)self)->steps);
}

static ToyValue getter_repr(ToyThread *t, ToyValue self)
{
    bool is_first;
    if (!toy_repr_enter(t, self, &is_first)) return TOY_FAILED;
    if (!is_first) return repr_again(t, self);
    ToyText text;
    toy_text_init(&text, t);
    bool is_written = write_call(t, &text, self, as_getter(self)->asked);
    toy_text_add_char(&text, ')');
    toy_repr_leave(t, self);
    if (is_written) return toy_text_finish(&text);
    toy_text_abandon(&text);
    return TOY_FAILED;
}
static ToyValue getter_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), toy_retain(as_getter(self)->asked));
}

/* One item, or a tuple of several, each asked for by [get]. */
static ToyValue get_all(ToyThread *t, ToyValue wanted, ToyValue object, ToyValue (*get)(ToyThread *, ToyValue, ToyValue))
{
    enum { FEW = 8 };
    size_t count = toy_tuple_length(wanted);
    if (count == 1) return get(t, object, toy_tuple_item(wanted, 0));
    if (count <= FEW) {
        ToyValue items[FEW];
        bool is_good = true;
        for (size_t i = 0; i < count; i++) {      /* after a failure none is asked any more */
            items[i] = is_good ? get(t, object, toy_tuple_item(wanted, i)) : TOY_FAILED;
            is_good = !toy_failed(items[i]);
        }
        return toy_tuple_take(t, items, count);
    }
    ToyValue result = toy_list(t);
    for (size_t i = 0; i < count && !toy_failed(result); i++)
        if (!toy_list_append_take(t, result, get(t, object, toy_tuple_item(wanted, i)))) toy_clear(&result);
    if (toy_failed(result)) return TOY_FAILED;
    ToyValue tuple = toy_tuple_from(t, result);
    toy_release(result);
    return tuple;
}

static ToyValue item_getter_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "itemgetter", names)) return TOY_FAILED;
    if (!count) return toy_raise_type_error(t, "itemgetter expected 1 argument, got 0");
    ToyValue asked = toy_tuple_of(t, args, count);
    ToyValue self = toy_failed(asked) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) toy_release(asked);
    else as_getter(self)->asked = asked;
    return self;
}
static ToyValue item_getter_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    return takes_one(t, "itemgetter", count, names) ? get_all(t, as_getter(self)->asked, args[0], toy_get_item) : TOY_FAILED;
}

static ToyValue split_name(ToyThread *t, ToyValue name)
{
    ToyValue steps = toy_list(t), dot = toy_str_from_char(t, '.');
    int64_t start = 0, length = (int64_t)toy_str_length(name);
    bool is_good = !toy_failed(steps) && !toy_failed(dot);
    while (is_good && start <= length) {
        int64_t end = toy_str_find(name, dot, (size_t)start, (size_t)length);
        if (end < 0) end = length;
        ToyValue step = toy_str_slice(t, name, (size_t)start, (size_t)end);
        is_good = toy_list_append_take(t, steps, toy_failed(step) ? TOY_FAILED : toy_str_intern(t, step));
        start = end + 1;
    }
    ToyValue result = is_good ? toy_tuple_from(t, steps) : TOY_FAILED;
    toy_release(steps);
    toy_release(dot);
    return result;
}
static ToyValue attribute_getter_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "attrgetter", names)) return TOY_FAILED;
    if (!count) return toy_raise_type_error(t, "attrgetter expected 1 argument, got 0");
    for (size_t i = 0; i < count; i++)
        if (!toy_is_str(args[i])) return toy_raise_type_error(t, "attribute name must be a string");
    ToyValue all = toy_list(t);
    bool is_good = !toy_failed(all);
    for (size_t i = 0; i < count && is_good; i++) is_good = toy_list_append_take(t, all, split_name(t, args[i]));
    ToyValue self = is_good ? toy_value(toy_type_alloc(t, type)) : TOY_FAILED;
    if (!toy_failed(self)) {
        as_getter(self)->asked = toy_tuple_of(t, args, count);
        as_getter(self)->steps = toy_failed(as_getter(self)->asked) ? TOY_UNBOUND : toy_tuple_from(t, all);
        if (toy_is_unbound(as_getter(self)->steps)) toy_clear(&self);
    }
    toy_release(all);
    return self;
}
static ToyValue follow(ToyThread *t, ToyValue object, ToyValue steps)
{
    ToyValue v = toy_retain(object);
    for (size_t i = 0; i < toy_tuple_length(steps) && !toy_failed(v); i++)
        toy_replace(&v, toy_get_attribute_of(t, v, toy_tuple_item(steps, i)));
    return v;
}
static ToyValue attribute_getter_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    return takes_one(t, "attrgetter", count, names) ? get_all(t, as_getter(self)->steps, args[0], follow) : TOY_FAILED;
}

/* ---- methodcaller ---- */

/* The arguments as they stand in a call: [row] holds positional ones, then one value for each of [names] (a tuple; UNBOUND: none). */
typedef struct MethodCaller { ToyObject head; ToyValue name, row, names; size_t positional; } MethodCaller;
static MethodCaller *as_caller(ToyValue v) { return (MethodCaller *)toy_object(v); }

static ToyValue caller_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!count) return toy_raise_type_error(t, "methodcaller needs at least one argument, the method name");
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "method name must be a string");
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    MethodCaller *caller = as_caller(self);
    caller->positional = count - 1;
    caller->name = toy_str_intern(t, toy_retain(args[0]));
    caller->row = toy_tuple_of(t, args + 1, count - 1 + toy_names_length(names));
    if (toy_names_length(names)) caller->names = toy_retain(toy_value(names));
    if (toy_failed(caller->name) || toy_failed(caller->row)) toy_clear(&self);
    return self;
}
static ToyValue caller_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    MethodCaller *caller = as_caller(self);
    if (!takes_one(t, "methodcaller", count, names)) return TOY_FAILED;
    if (toy_is_unbound(caller->names)) return toy_call_method_of(t, args[0], caller->name, toy_tuple_items(caller->row), caller->positional);
    ToyValue method = toy_get_attribute_of(t, args[0], caller->name);
    if (toy_failed(method)) return TOY_FAILED;
    ToyValue result = toy_call_names(t, method, toy_tuple_items(caller->row), caller->positional, (ToyTuple *)toy_object(caller->names));
    toy_release(method);
    return result;
}

/* (name, *positional) */
static ToyValue caller_asked(ToyThread *t, const MethodCaller *caller, bool with_positional)
{
    ToyValue list = toy_list_of(t, &caller->name, 1);
    for (size_t i = 0; with_positional && i < caller->positional && !toy_failed(list); i++)
        if (!toy_list_append(t, list, toy_tuple_item(caller->row, i))) toy_clear(&list);
    ToyValue asked = toy_failed(list) ? TOY_FAILED : toy_tuple_from(t, list);
    toy_release(list);
    return asked;
}
static bool write_keywords(ToyThread *t, ToyText *text, const MethodCaller *caller)
{
    for (size_t i = 0; toy_is_bound(caller->names) && i < toy_tuple_length(caller->names); i++) {
        toy_text_add_ascii(text, ", ", 2);
        toy_text_add(text, toy_tuple_item(caller->names, i));
        toy_text_add_char(text, '=');
        ToyValue value = toy_repr(t, toy_tuple_item(caller->row, caller->positional + i));
        if (toy_failed(value)) return false;
        toy_text_add(text, value);
        toy_release(value);
    }
    return true;
}
static ToyValue caller_repr(ToyThread *t, ToyValue self)
{
    bool is_first;
    if (!toy_repr_enter(t, self, &is_first)) return TOY_FAILED;
    if (!is_first) return repr_again(t, self);
    ToyText text;
    toy_text_init(&text, t);
    ToyValue asked = caller_asked(t, as_caller(self), true);
    bool is_written = !toy_failed(asked) && write_call(t, &text, self, asked) && write_keywords(t, &text, as_caller(self));
    toy_text_add_char(&text, ')');
    toy_release(asked);
    toy_repr_leave(t, self);
    if (is_written) return toy_text_finish(&text);
    toy_text_abandon(&text);
    return TOY_FAILED;
}

/* Keyword arguments cannot stand in the tuple that pickle hands to a class: a partial carries them. */
static ToyValue caller_class_with_keywords(ToyThread *t, ToyValue self)
{
    MethodCaller *caller = as_caller(self);
    ToyValue partial = toy_import_from(t, "functools", "partial"), keywords = toy_dict(t);
    bool is_good = !toy_failed(partial) && !toy_failed(keywords);
    for (size_t i = 0; is_good && i < toy_tuple_length(caller->names); i++)
        is_good = toy_dict_set(t, keywords, toy_tuple_item(caller->names, i), toy_tuple_item(caller->row, caller->positional + i));
    ToyValue args = is_good ? toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), toy_retain(caller->name)) : TOY_FAILED;
    ToyValue result = toy_failed(args) ? TOY_FAILED : toy_call_with(t, partial, args, keywords);
    toy_release(args);
    toy_release(partial);
    toy_release(keywords);
    return result;
}
static ToyValue caller_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MethodCaller *caller = as_caller(self);
    if (toy_is_unbound(caller->names))
        return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), caller_asked(t, caller, true));
    ToyValue maker = caller_class_with_keywords(t, self);
    return toy_failed(maker) ? TOY_FAILED : toy_tuple(t, maker, toy_tuple_of(t, toy_tuple_items(caller->row), caller->positional));
}
static void caller_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((MethodCaller *)self)->row, visit, context);
    toy_visit(((MethodCaller *)self)->names, visit, context);
}
static void caller_clear(ToyObject *self)
{
    MethodCaller *caller = (MethodCaller *)self;
    toy_clear(&caller->row);
    toy_clear(&caller->names);
}
static void caller_free(ToyObject *self)
{
    caller_clear(self);
    toy_clear(&((MethodCaller *)self)->name);
}

/* ---- tables ---- */

#define TWO(name, function, doc) TOY_FUNCTION(name, operator_##function, "(a, b, /)", 0, doc)
#define ONE(name, function, doc) TOY_FUNCTION(name, operator_##function, "(a, /)", 0, doc)
static const ToyFunction functions[] = {
    TWO("lt", lt, "Whether a < b, as < answers."), TWO("le", le, "Whether a <= b, as <= answers."), TWO("eq", eq, "Whether a == b, as == answers."),
    TWO("ne", ne, "Whether a != b, as != answers."), TWO("gt", gt, "Whether a > b, as > answers."), TWO("ge", ge, "Whether a >= b, as >= answers."),
    ONE("not_", not, "Whether a counts as false."), ONE("truth", truth, "Whether a counts as true."),
    TWO("is_", is, "Whether a and b are one and the same object."), TWO("is_not", is_not, "Whether a and b are two different objects."),
    ONE("abs", abs, "What abs(a) gives."), TWO("add", add, "What a + b comes to."), TWO("and_", and, "What a & b comes to."),
    TWO("floordiv", floordiv, "What a // b comes to."), ONE("index", index, "The int that a is exactly; TypeError if it is none."),
    ONE("inv", invert, "What ~a comes to."),
    ONE("invert", invert, "What ~a comes to."), TWO("lshift", lshift, "What a << b comes to."), TWO("mod", mod, "What a % b comes to."),
    TWO("mul", mul, "What a * b comes to."), TWO("matmul", matmul, "What a @ b comes to."), ONE("neg", neg, "What -a comes to."),
    TWO("or_", or, "What a | b comes to."), ONE("pos", pos, "What +a comes to."), TWO("pow", pow, "What a ** b comes to."),
    TWO("rshift", rshift, "What a >> b comes to."), TWO("sub", sub, "What a - b comes to."), TWO("truediv", truediv, "What a / b comes to."),
    TWO("xor", xor, "What a ^ b comes to."), TWO("concat", concat, "What a + b comes to if both are sequences; TypeError for numbers."),
    TWO("contains", contains, "Whether a contains b: b in a, the container coming first."),
    TWO("countOf", count_of, "How many items of a are b or equal to it."),
    TWO("delitem", delitem, "Remove from a what b is the key or index of."), TWO("getitem", getitem, "The item of a whose key or index is b."),
    TWO("indexOf", index_of, "The position of the first item of a that is b or equal to it; ValueError if there is none."),
    TOY_FUNCTION("setitem", operator_setitem, "(a, b, c, /)", 0, "Make c the item of a whose key or index is b."),
    TOY_FUNCTION("length_hint", operator_length_hint, "(obj, default=0, /)", 0,
                 "Guess how many items there are in obj: exact if it has a length, else what it thinks itself, else the default."),
    TOY_RAW_FUNCTION("call", operator_call, "(obj, /, *args, **kwargs)", 0, "Call obj with the arguments that follow it."),
    TWO("iadd", iadd, "What a is after a += b; if a can change in place, it does."),
    TWO("iand", iand, "What a is after a &= b; if a can change in place, it does."),
    TWO("iconcat", iconcat, "What a is after a += b, both being sequences; TypeError for numbers."),
    TWO("ifloordiv", ifloordiv, "What a is after a //= b; if a can change in place, it does."),
    TWO("ilshift", ilshift, "What a is after a <<= b; if a can change in place, it does."),
    TWO("imod", imod, "What a is after a %= b; if a can change in place, it does."),
    TWO("imul", imul, "What a is after a *= b; if a can change in place, it does."),
    TWO("imatmul", imatmul, "What a is after a @= b; if a can change in place, it does."),
    TWO("ior", ior, "What a is after a |= b; if a can change in place, it does."),
    TWO("ipow", ipow, "What a is after a **= b; if a can change in place, it does."),
    TWO("irshift", irshift, "What a is after a >>= b; if a can change in place, it does."),
    TWO("isub", isub, "What a is after a -= b; if a can change in place, it does."),
    TWO("itruediv", itruediv, "What a is after a /= b; if a can change in place, it does."),
    TWO("ixor", ixor, "What a is after a ^= b; if a can change in place, it does."),
    TOY_FUNCTIONS_END,
};

static const ToyFunction getter_methods[] = {
    TOY_FUNCTION("__reduce__", getter_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec attribute_getter_spec = {
    .doc = "A function that reads attributes of what it is called with.\nattrgetter('name')(r) is r.name, attrgetter('a', 'b.c')(r) is (r.a, r.b.c).",
    .signature = "(attr, /, *attrs)",
    .size = sizeof(Getter),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = attribute_getter_new, .call = attribute_getter_call, .repr = getter_repr},
    .methods = getter_methods, .getsets = getsets, .traverse = getter_traverse, .clear = getter_clear, .free = getter_clear,
};
static const ToyTypeSpec item_getter_spec = {
    .doc = "A function that reads items of what it is called with.\nitemgetter(2)(r) is r[2], itemgetter(2, 5)(r) is (r[2], r[5]).",
    .signature = "(item, /, *items)",
    .size = sizeof(Getter),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = item_getter_new, .call = item_getter_call, .repr = getter_repr},
    .methods = getter_methods, .getsets = getsets, .traverse = getter_traverse, .clear = getter_clear, .free = getter_clear,
};
static const ToyFunction caller_methods[] = {
    TOY_FUNCTION("__reduce__", caller_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec caller_spec = {
    .doc = "A function that calls a method of what it is called with.\nmethodcaller('name', 1, key=2)(r) is r.name(1, key=2).",
    .signature = "(name, /, *args, **kwargs)",
    .size = sizeof(MethodCaller),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = caller_new, .call = caller_call, .repr = caller_repr},
    .methods = caller_methods, .getsets = getsets, .traverse = caller_traverse, .clear = caller_clear, .free = caller_free,
};

/* ---- the module ---- */

/* Each function again under the name of the method that it stands for: __add__ is add, __and__ is and_. */
static bool add_dunder_names(ToyThread *t, ToyModuleObject *module)
{
    static const char *const without[] = {"countOf", "indexOf", "is_", "is_not", "length_hint", "truth", NULL};
    for (const ToyFunction *row = functions; row->name; row++) {
        size_t length = strlen(row->name), i = 0;
        while (without[i] && strcmp(without[i], row->name) != 0) i++;
        if (without[i]) continue;
        if (row->name[length - 1] == '_') length--;
        char name[32] = "__";
        memcpy(name + 2, row->name, length);
        memcpy(name + 2 + length, "__", 3);
        if (!toy_module_add(t, module, name, toy_dict_get_text(t, toy_module_dict(module), row->name))) return false;
    }
    return true;
}

/* What `from operator import *` means: all functions and types under their plain names. */
static bool add_all(ToyThread *t, ToyModuleObject *module)
{
    ToyValue names = toy_list(t);
    bool is_good = !toy_failed(names);
    for (const ToyFunction *row = functions; is_good && row->name; row++) is_good = toy_list_append_take(t, names, toy_str(t, row->name));
    is_good = is_good && toy_list_append_take(t, names, toy_str(t, "attrgetter")) && toy_list_append_take(t, names, toy_str(t, "itemgetter")) &&
              toy_list_append_take(t, names, toy_str(t, "methodcaller")) && toy_list_sort(t, names);
    if (is_good) return toy_module_add(t, module, "__all__", names);
    toy_release(names);
    return false;
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return add_dunder_names(t, module) && add_all(t, module) &&
           toy_module_add_type(t, module, toy_type_new(t, module, &attribute_getter_spec, "operator.attrgetter", NULL)) &&
           toy_module_add_type(t, module, toy_type_new(t, module, &item_getter_spec, "operator.itemgetter", NULL)) &&
           toy_module_add_type(t, module, toy_type_new(t, module, &caller_spec, "operator.methodcaller", NULL));
}

const ToyModule toy_module_operator = {
    .name = "operator",
    .known_as = "_operator",
    .doc = "The operators as functions: add(x, y) is x + y. Names are those of the special methods, without the underscores.",
    .functions = functions,
    .init = init,
};
