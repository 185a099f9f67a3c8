/* exception_group.c - see exception_group.h.
 *
 * What        BaseExceptionGroup and ExceptionGroup: constructor with its rules, split, subgroup, derive; the two halves of except*.
 * How         Splitting walks the tree with a condition: a class or tuple of classes, a function, or a set of leaves. Each node
 *             gives two parts, made by its derive(), so that a script's subclass decides what its parts are.
 * Invariants  I1 FIELD_EXCEPTIONS is a tuple of one or more exceptions.  I2 an ExceptionGroup holds no BaseException that is
 *             no Exception.
 * GIL         held; derive() and conditions run script code.
 * Read next   exception.c, vm/run/unwind.c */
#include "vm/object/exception_group.h"

#include "vm/object/arguments.h"
#include "vm/object/exception_parts.h"
#include "vm/object/generic_alias.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static bool is_group(Thread *t, Value v)
{
    return exception_is(t, v, EXC_BaseExceptionGroup);
}

static Tuple *members_of(Value group)
{
    return as_tuple(as_exception(group)->fields[FIELD_EXCEPTIONS]);
}

/* ---- constructor ---- */

/* The class to make: a plain BaseExceptionGroup of Exceptions is an ExceptionGroup. NULL: raised. */
static Type *choose_class(Thread *t, Type *type, Tuple *members)
{
    bool are_all_plain = true;
    for (size_t i = 0; i < members->count; i++) {
        if (!is_exception(members->items[i]))
            return raise_null(t, EXC_ValueError, "Item %zu of second argument (exceptions) is not an exception", i);
        are_all_plain = are_all_plain && exception_is(t, members->items[i], EXC_Exception);
    }
    Type *plain_group = exception_type(t, EXC_ExceptionGroup);
    if (type == exception_type(t, EXC_BaseExceptionGroup))
        return are_all_plain ? plain_group : type;
    if (!are_all_plain && type == plain_group)
        return raise_null(t, EXC_TypeError, "Cannot nest BaseExceptions in an ExceptionGroup");
    if (!are_all_plain && type_is_subtype(type, exception_type(t, EXC_Exception)))
        return raise_null(t, EXC_TypeError, "Cannot nest BaseExceptions in '%U'", type->name);   /* keeps I2 */
    return type;
}

Value group_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)names;
    if (count != 2)
        return raise_type_error(t, "BaseExceptionGroup.__new__() takes exactly 2 arguments (%zu given)", count);
    if (!is_str(args[0]))
        return raise_type_error(t, "BaseExceptionGroup.__new__() argument 1 must be str, not %N", args[0]);
    bool is_sequence = value_type(t, args[1])->slots.get_item && !has_payload(args[1], KIND_DICT) && !has_payload(args[1], KIND_MAPPING_PROXY);
    if (!is_sequence)
        return raise_type_error(t, "second argument (exceptions) must be a sequence");
    Tuple *members = tuple_from_iterable(t, args[1]);
    if (!members)
        return FAILED;
    Value self = FAILED;
    if (members->count == 0)
        raise_value_error(t, "second argument (exceptions) must be a non-empty sequence");
    else if ((type = choose_class(t, type, members)) != NULL)
        self = base_exception_new(t, type, args, count, NULL);
    if (!failed(self)) {
        as_exception(self)->fields[FIELD_MESSAGE] = retain(args[0]);
        as_exception(self)->fields[FIELD_EXCEPTIONS] = retain(object_value(members));
    }
    object_release(members);
    return self;
}

static Value make_group(Thread *t, Value message, Value members)
{
    Value args[] = {message, members};
    return value_call(t, object_value(exception_type(t, EXC_BaseExceptionGroup)), args, 2, NULL);
}

Value group_str(Thread *t, Value self)
{
    size_t count = members_of(self)->count;
    return object_value(str_format(t, "%S (%zu sub-exception%s)", as_exception(self)->fields[FIELD_MESSAGE], count, count == 1 ? "" : "s"));
}

/* ---- parts ---- */

static bool copy_notes(Thread *t, Value from, Value to)
{
    Value notes = value_find_attribute(t, from, NAME_OF(t, __notes__));
    if (is_unbound(notes))
        return !is_raised(t);
    bool is_good = true;
    if (is_list(notes) || is_tuple(notes)) {   /* anything else was put there by mistake: it is left behind */
        List *copy = list_from_iterable(t, notes);
        is_good = copy && value_set_attribute(t, to, NAME_OF(t, __notes__), object_value(copy));
        if (copy)
            object_release(copy);
    }
    release(notes);
    return is_good;
}

/* A group like [group] of these members, with its history; NONE if there are none. */
static Value part_of(Thread *t, Value group, List *members)
{
    if (members->count == 0)
        return NONE;
    Value list = object_value(members);
    Str *derive = str_intern_text(t, "derive");
    if (!derive)
        return FAILED;
    Value part = value_call_method(t, group, derive, &list, 1);
    object_release(derive);
    if (failed(part))
        return FAILED;
    if (!is_group(t, part)) {
        release(part);
        return raise_type_error(t, "derive must return an instance of BaseExceptionGroup");
    }
    Exception *to = as_exception(part), *from = as_exception(group);
    replace(&to->traceback, retain(from->traceback));
    replace(&to->context, retain(from->context));
    replace(&to->cause, retain(from->cause));
    to->suppress_context = from->suppress_context;
    if (!copy_notes(t, group, part)) {
        release(part);
        return FAILED;
    }
    return part;
}

/* Whom a split looks for: classes, a function, or (for except*) the leaves in a list. */
typedef struct Condition { Value classes, function; List *leaves; } Condition;

static bool condition_holds(Thread *t, const Condition *condition, Value exception, bool *holds)
{
    *holds = false;
    if (is_bound(condition->classes))
        return value_is_instance(t, exception, condition->classes, holds);
    if (is_bound(condition->function)) {
        Value answer = value_call1(t, condition->function, exception);
        bool is_good = !failed(answer) && value_truth(t, answer, holds);
        release(answer);
        return is_good;
    }
    for (size_t i = 0; i < condition->leaves->count && !is_group(t, exception); i++)
        *holds = *holds || is_same(condition->leaves->items[i], exception);
    return true;
}

/* *match and *rest become owned parts, NONE where nothing belongs. With [needs_rest] false *rest stays NONE. */
static bool split(Thread *t, Value exception, const Condition *condition, bool needs_rest, Value *match, Value *rest)
{
    *match = *rest = NONE;
    bool holds;
    if (!condition_holds(t, condition, exception, &holds))
        return false;
    if (holds) {
        *match = retain(exception);
        return true;
    }
    if (!is_group(t, exception)) {
        if (needs_rest)
            *rest = retain(exception);
        return true;
    }
    if (stack_is_low(t) && stack_is_exhausted(t, " in exceptiongroup_split_recursive"))
        return false;
    List *matches = list_new(t, 0), *rests = list_new(t, 0);
    bool is_good = matches && rests;
    Tuple *members = as_tuple(retain(object_value(members_of(exception))));
    for (size_t i = 0; is_good && i < members->count; i++) {
        Value one, other;
        is_good = split(t, members->items[i], condition, needs_rest, &one, &other);
        is_good = is_good && (is_none(one) || list_append(t, matches, one)) && (is_none(other) || list_append(t, rests, other));
        release2(one, other);
    }
    object_release(members);
    if (is_good) {
        *match = part_of(t, exception, matches);
        *rest = failed(*match) ? NONE : part_of(t, exception, rests);
        is_good = !failed(*match) && !failed(*rest);
    }
    if (!is_good) {
        release2(*match, *rest);
        *match = *rest = NONE;
    }
    if (matches)
        object_release(matches);
    if (rests)
        object_release(rests);
    return is_good;
}

static bool is_exception_class(Value v)
{
    return is_type(v) && type_is(as_type(v), TYPE_IS_EXCEPTION);
}

/* The argument of split() and subgroup(). */
static bool condition_from(Thread *t, Value v, Condition *condition)
{
    *condition = (Condition){UNBOUND, UNBOUND, NULL};
    bool are_classes = is_exception_class(v);
    if (is_tuple(v)) {
        are_classes = true;
        for (size_t i = 0; i < as_tuple(v)->count; i++)
            are_classes = are_classes && is_exception_class(as_tuple(v)->items[i]);
    }
    if (are_classes)
        condition->classes = v;
    else if (value_is_callable(t, v) && !is_type(v))
        condition->function = v;
    else
        return raise_false(t, EXC_TypeError, "expected an exception type, a tuple of exception types, or a callable (other than a class)");
    return true;
}

/* ---- methods ---- */

static Value split_method(Thread *t, Value self, const Value *args)
{
    Condition condition;
    Value match, rest;
    if (!condition_from(t, args[0], &condition) || !split(t, self, &condition, true, &match, &rest))
        return FAILED;
    Value pair = tuple_pack2(t, match, rest);
    release2(match, rest);
    return pair;
}

static Value subgroup_method(Thread *t, Value self, const Value *args)
{
    Condition condition;
    Value match, rest;
    if (!condition_from(t, args[0], &condition) || !split(t, self, &condition, false, &match, &rest))
        return FAILED;
    return match;
}

static Value derive_method(Thread *t, Value self, const Value *args)
{
    Value both[] = {as_exception(self)->fields[FIELD_MESSAGE], args[0]};
    return value_call(t, object_value(exception_type(t, EXC_BaseExceptionGroup)), both, 2, NULL);
}

const MemberDef group_members[] = {
    {"message", MEMBER_VALUE_OR_NONE, offsetof(Exception, fields) + FIELD_MESSAGE * sizeof(Value), true, "the text given when it was made"},
    {"exceptions", MEMBER_VALUE_OR_NONE, offsetof(Exception, fields) + FIELD_EXCEPTIONS * sizeof(Value), true,
                                                  "the exceptions it is made of, as a tuple"},
    FIELD_END,
};
const NativeDef group_methods[] = {
    CLASS_GET_ITEM_ROW,
    NATIVE("derive", derive_method, "($self, object, /)", 0, NULL),
    NATIVE("split", split_method, "($self, object, /)", 0, NULL),
    NATIVE("subgroup", subgroup_method, "($self, object, /)", 0, NULL),
    NATIVE_END,
};

/* ---- except* ---- */

bool exception_group_match(Thread *t, Value exception, Value classes, Value *rest, Value *match)
{
    *match = *rest = NONE;
    bool is_instance;
    if (!value_is_instance(t, exception, classes, &is_instance))
        return false;
    if (is_instance && !is_group(t, exception)) {
        /* except* always binds a group: a lone exception is wrapped. The traceback stays its own. */
        Tuple *members = tuple_from_values(t, &exception, 1);
        *match = members ? make_group(t, t->interp->empty_str, object_value(members)) : FAILED;
        if (members)
            object_release(members);
        if (failed(*match)) {
            *match = NONE;
            return false;
        }
        return true;
    }
    if (is_instance) {
        *match = retain(exception);
        return true;
    }
    if (!is_group(t, exception)) {
        *rest = retain(exception);
        return true;
    }
    Condition condition = {classes, UNBOUND, NULL};
    return split(t, exception, &condition, true, match, rest);
}

/* Was [part] made from [whole] by splitting, and only raised again? Then all its history is the same. */
static bool has_same_history(Value part, Value whole)
{
    Exception *a = as_exception(part), *b = as_exception(whole);
    return is_same(a->traceback, b->traceback) && is_same(a->cause, b->cause) && is_same(a->context, b->context);
}

static bool collect_leaves(Thread *t, Value exception, List *leaves)
{
    if (!is_group(t, exception))
        return list_append(t, leaves, exception);
    if (stack_is_low(t) && stack_is_exhausted(t, " in collect_exception_group_leaf_ids"))
        return false;
    Tuple *members = members_of(exception);
    for (size_t i = 0; i < members->count; i++) {
        if (!collect_leaves(t, members->items[i], leaves))
            return false;
    }
    return true;
}

/* The part of [original] whose leaves are those of [parts]: what was raised again melts into one group of the old form. */
static Value project(Thread *t, Value original, List *parts)
{
    List *leaves = list_new(t, 0);
    bool is_good = leaves != NULL;
    for (size_t i = 0; is_good && i < parts->count; i++)
        is_good = collect_leaves(t, parts->items[i], leaves);
    Condition condition = {UNBOUND, UNBOUND, leaves};
    Value match = FAILED, rest = NONE;
    if (is_good && !split(t, original, &condition, false, &match, &rest))
        match = FAILED;
    if (leaves)
        object_release(leaves);
    return match;
}

/* Sorts what the clauses left: raised again from [original], or new. */
static bool sort_out(Thread *t, Value original, List *all, List *again, List *new)
{
    for (size_t i = 0; i < all->count; i++) {
        Value exception = all->items[i];
        if (!is_none(exception) && !list_append(t, has_same_history(exception, original) ? again : new, exception))
            return false;
    }
    return true;
}

Value exception_group_reraise_star(Thread *t, Value original, List *raised)
{
    if (raised->count == 0)
        return NONE;
    if (!is_group(t, original))
        return retain(raised->items[0]);   /* a lone exception: it was raised again, or not */
    List *again = list_new(t, 0), *new = list_new(t, 0);
    Value result = FAILED;
    if (again && new && sort_out(t, original, raised, again, new)) {
        Value kept = again->count > 0 ? project(t, original, again) : NONE;
        if (failed(kept) || new->count == 0)
            result = kept;
        else if (!is_none(kept) && !list_append_take(t, new, kept))
            result = FAILED;
        else
            result = new->count == 1 ? retain(new->items[0]) : make_group(t, t->interp->empty_str, object_value(new));
    }
    if (again)
        object_release(again);
    if (new)
        object_release(new);
    return result;
}
