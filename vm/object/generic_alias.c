/* generic_alias.c - see generic_alias.h: list[int] and what can be done with it.
 *
 * What        types.GenericAlias, and what aliases and unions share: finding type variables, putting arguments in their place.
 * How         Calls and unknown attributes go to the origin. A type variable is whatever has __typing_subst__; what has
 *             __parameters__ itself (an alias inside an alias) contributes these, and is subscripted in turn.
 * Invariants  I1 args is a tuple.
 * GIL         held; origins and type variables may be script code.
 * Read next   union.c, type.c */
#include "vm/object/generic_alias.h"

#include "vm/base/hash.h"
#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

#define AS_ALIAS(v) ((GenericAlias *)as_object(v))

/* An attribute by its text; UNBOUND without an error when there is none. */
static Value find_attribute(Thread *t, Value v, const char *name)
{
    Str *s = str_intern_text(t, name);
    Value found = s ? value_find_attribute(t, v, s) : UNBOUND;
    if (s)
        object_release(s);
    return found;
}

/* ---- making ---- */

static Value alias_new(Thread *t, Type *type, Value origin, Value item)
{
    Value args = is_tuple(item) ? retain(item) : object_value(tuple_from_values(t, &item, 1));
    GenericAlias *alias = failed(args) ? NULL : (GenericAlias *)type_alloc(t, type);
    if (!alias) {
        release(args);
        return FAILED;
    }
    alias->origin = retain(origin);
    alias->args = args;
    return object_value(alias);
}

Value generic_alias_new(Thread *t, Value origin, Value item)
{
    return alias_new(t, kind_type(t, KIND_GENERIC_ALIAS), origin, item);
}

Value generic_alias_class_get_item(Thread *t, Value cls, const Value *args)
{
    return generic_alias_new(t, cls, args[0]);
}

static Value alias_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords(t, "GenericAlias", names) || !arguments_count(t, "GenericAlias", count, 2, 2))
        return FAILED;
    return alias_new(t, type, args[0], args[1]);
}

static void alias_traverse(Object *self, VisitFn visit, void *context)
{
    GenericAlias *alias = (GenericAlias *)self;
    visit_value(alias->origin, visit, context);
    visit_value(alias->args, visit, context);
    visit_value(alias->parameters, visit, context);
}

static void alias_free(Object *self)
{
    GenericAlias *alias = (GenericAlias *)self;
    clear(&alias->origin);
    clear(&alias->args);
    clear(&alias->parameters);
}

/* ---- type variables ---- */

static bool add_once(Thread *t, List *list, Value v)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_same(list->items[i], v))
            return true;
    }
    return list_append(t, list, v);
}

static bool collect_parameters(Thread *t, Tuple *args, List *found)
{
    if (stack_is_low(t) && stack_is_exhausted(t, ""))
        return false;
    for (size_t i = 0; i < args->count; i++) {
        Value arg = args->items[i];
        if (is_type(arg))
            continue;
        if (is_tuple(arg) || is_list(arg)) {   /* Callable[[T], U] */
            Tuple *inner = tuple_from_iterable(t, arg);
            bool is_good = inner && collect_parameters(t, inner, found);
            if (inner)
                object_release(inner);
            if (!is_good)
                return false;
            continue;
        }
        Value subst = value_find_special(t, arg, NAME_OF(t, __typing_subst__));
        if (is_bound(subst)) {
            release(subst);
            if (!add_once(t, found, arg))
                return false;
            continue;
        }
        Value inner = is_raised(t) ? UNBOUND : find_attribute(t, arg, "__parameters__");
        if (is_raised(t))
            return false;
        for (size_t j = 0; is_tuple(inner) && j < as_tuple(inner)->count; j++) {
            if (!add_once(t, found, as_tuple(inner)->items[j])) {
                release(inner);
                return false;
            }
        }
        release(inner);
    }
    return true;
}

Value generic_parameters(Thread *t, Tuple *args)
{
    List *found = list_new(t, 0);
    Value parameters = FAILED;
    if (found && collect_parameters(t, args, found))
        parameters = object_value(tuple_from_values(t, found->items, found->count));
    if (found)
        object_release(found);
    return parameters;
}

/* ---- substitution ---- */

/* Parameters may have something to say about the row of arguments (defaults, *Ts): __typing_prepare_subst__(alias, row). */
static Value prepare(Thread *t, Value alias, Tuple *parameters, TAKES Value row)
{
    for (size_t i = 0; i < parameters->count && !failed(row); i++) {
        Value method = find_attribute(t, parameters->items[i], "__typing_prepare_subst__");
        if (is_bound(method) && !is_none(method)) {
            Value next = value_call2(t, method, alias, row);
            release(row);
            row = next;
            if (!failed(row) && !is_tuple(row)) {
                Tuple *tuple = tuple_from_iterable(t, row);
                release(row);
                row = object_value(tuple);
            }
        } else if (is_raised(t)) {
            release(row);
            row = FAILED;
        }
        release(method);
    }
    return row;
}

static Value value_of_parameter(Tuple *parameters, Tuple *row, Value parameter)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (is_same(parameters->items[i], parameter))
            return row->items[i];
    }
    return UNBOUND;
}

/* One argument with its variables replaced; *spreads: it stands for several, in a tuple. */
static Value substitute_one(Thread *t, Value alias, Value arg, Tuple *parameters, Tuple *row, bool *spreads)
{
    *spreads = false;
    if (is_type(arg))
        return retain(arg);
    if (is_tuple(arg) || is_list(arg)) {
        List *list = list_new(t, 0);
        Tuple *inner = list ? tuple_from_iterable(t, arg) : NULL;
        bool is_good = inner != NULL;
        for (size_t i = 0; is_good && i < inner->count; i++) {
            bool inner_spreads;
            Value one = substitute_one(t, alias, inner->items[i], parameters, row, &inner_spreads);
            is_good = !failed(one) && (inner_spreads ? list_extend(t, list, one) : list_append(t, list, one));
            release(one);
        }
        Value result = !is_good ? FAILED : is_tuple(arg) ? object_value(tuple_from_values(t, list->items, list->count)) : retain(object_value(list));
        if (inner)
            object_release(inner);
        if (list)
            object_release(list);
        return result;
    }
    Value subst = value_find_special(t, arg, NAME_OF(t, __typing_subst__));
    if (is_bound(subst)) {
        Value given = value_of_parameter(parameters, row, arg);
        Value result = is_unbound(given) ? retain(arg) : value_call1(t, subst, given);
        release(subst);
        return result;
    }
    if (is_raised(t))
        return FAILED;
    Value own = find_attribute(t, arg, "__parameters__");
    if (is_raised(t))
        return FAILED;
    Value result;
    if (!is_tuple(own) || as_tuple(own)->count == 0) {
        result = retain(arg);
    } else {
        /* dict[str, list[T]]: the inner alias is subscripted with what its own variables are to become. */
        List *given = list_new(t, as_tuple(own)->count);
        bool is_good = given != NULL;
        for (size_t i = 0; is_good && i < as_tuple(own)->count; i++) {
            Value v = value_of_parameter(parameters, row, as_tuple(own)->items[i]);
            if (is_bound(v) && is_kind(as_tuple(own)->items[i], KIND_TYPE_VAR_TUPLE))
                is_good = list_extend(t, given, v);
            else
                is_good = list_append(t, given, is_bound(v) ? v : as_tuple(own)->items[i]);
        }
        Tuple *key = is_good ? tuple_from_values(t, given->items, given->count) : NULL;
        result = key ? value_get_item(t, arg, object_value(key)) : FAILED;
        if (key)
            object_release(key);
        if (given)
            object_release(given);
        /* *Ts became several; so did *tuple[T, ...]. */
        if (is_tuple(result)) {
            Value unpacked = find_attribute(t, arg, "__typing_is_unpacked_typevartuple__");
            *spreads = is_same(unpacked, TRUE);
            release(unpacked);
        }
        if (!failed(result) && is_raised(t))
            clear(&result);
    }
    release(own);
    return result;
}

/* The arguments as a tuple, with every *tuple[int, str] as the types it stands for; *tuple[int, ...] stays. */
static Value spell_out(Thread *t, Value item)
{
    Tuple *given = is_tuple(item) ? (Tuple *)as_object(retain(item)) : tuple_from_values(t, &item, 1);
    List *list = given ? list_new(t, given->count) : NULL;
    bool done = list != NULL;
    for (size_t i = 0; done && i < given->count; i++) {
        Value each = given->items[i];
        Value inner = is_type(each) ? UNBOUND : find_attribute(t, each, "__typing_unpacked_tuple_args__");
        bool is_known = is_tuple(inner) && !(as_tuple(inner)->count && is_same(as_tuple(inner)->items[as_tuple(inner)->count - 1], ELLIPSIS));
        done = !is_raised(t) && (is_known ? list_extend(t, list, inner) : list_append(t, list, each));
        release(inner);
    }
    Value row = done ? object_value(tuple_from_values(t, list->items, list->count)) : FAILED;
    if (list)
        object_release(list);
    if (given)
        object_release(given);
    return row;
}

Value generic_substitute(Thread *t, Value alias, Tuple *args, Tuple *parameters, Value item)
{
    if (parameters->count == 0)
        return raise_type_error(t, "%R is not a generic class", alias);
    Value row = spell_out(t, item);
    if (!failed(row))
        row = prepare(t, alias, parameters, row);
    if (failed(row))
        return FAILED;
    size_t given = as_tuple(row)->count;
    if (given != parameters->count) {
        release(row);
        return raise_type_error(t, "Too %s arguments for %R; actual %zu, expected %zu", given > parameters->count ? "many" : "few", alias, given, parameters->count);
    }
    List *result = list_new(t, args->count);
    bool is_good = result != NULL;
    for (size_t i = 0; is_good && i < args->count; i++) {
        bool spreads;
        Value one = substitute_one(t, alias, args->items[i], parameters, as_tuple(row), &spreads);
        is_good = !failed(one) && (spreads ? list_extend(t, result, one) : list_append(t, result, one));
        release(one);
    }
    release(row);
    Value tuple = is_good ? object_value(tuple_from_values(t, result->items, result->count)) : FAILED;
    if (result)
        object_release(result);
    return tuple;
}

static Value get_parameters(Thread *t, Value self)
{
    GenericAlias *alias = AS_ALIAS(self);
    if (is_unbound(alias->parameters))
        alias->parameters = generic_parameters(t, as_tuple(alias->args));
    return retain(alias->parameters);
}

static Value alias_get_item(Thread *t, Value self, Value item)
{
    Value parameters = get_parameters(t, self);
    if (failed(parameters))
        return FAILED;
    Value args = generic_substitute(t, self, as_tuple(AS_ALIAS(self)->args), as_tuple(parameters), item);
    release(parameters);
    if (failed(args))
        return FAILED;
    Value alias = alias_new(t, value_type(t, self), AS_ALIAS(self)->origin, args);
    release(args);
    if (!failed(alias))
        AS_ALIAS(alias)->is_unpacked = AS_ALIAS(self)->is_unpacked;
    return alias;
}

/* ---- text ---- */

Value generic_item_text(Thread *t, Value item)
{
    if (is_same(item, ELLIPSIS))
        return object_value(str_from_ascii(t, "...", 3));
    /* A class shows as its name, with the module unless it is built in. What is an alias itself says it all in its repr. */
    Value origin = is_type(item) ? UNBOUND : find_attribute(t, item, "__origin__");
    bool is_alias = is_bound(origin);
    release(origin);
    if (is_raised(t))
        return FAILED;
    if (!is_alias) {
        Value name = value_find_attribute(t, item, NAME_OF(t, __qualname__));
        Value module = is_str(name) ? value_find_attribute(t, item, NAME_OF(t, __module__)) : UNBOUND;
        Value text = UNBOUND;
        if (is_str(name) && is_bound(module) && !is_none(module)) {
            bool is_builtin = is_str(module) && str_equal_text(as_str(module), "builtins");
            text = is_builtin ? retain(name) : object_value(str_format(t, "%S.%S", module, name));
        }
        release2(name, module);
        if (is_bound(text) || is_raised(t))
            return text;
    }
    return value_repr(t, item);
}

static bool add_item_text(Thread *t, StrBuilder *builder, Value item)
{
    if (is_kind(item, KIND_LIST)) {   /* Callable[[int, str], None] */
        str_builder_add_char(builder, '[');
        for (size_t i = 0; i < as_list(item)->count; i++) {
            if (i > 0)
                str_builder_add_text(builder, ", ");
            if (!add_item_text(t, builder, as_list(item)->items[i]))
                return false;
        }
        str_builder_add_char(builder, ']');
        return true;
    }
    Value text = generic_item_text(t, item);
    if (failed(text))
        return false;
    str_builder_add(builder, as_str(text));
    release(text);
    return true;
}

static Value alias_repr(Thread *t, Value self)
{
    GenericAlias *alias = AS_ALIAS(self);
    Tuple *args = as_tuple(alias->args);
    StrBuilder builder;
    str_builder_init(&builder, t);
    if (alias->is_unpacked)
        str_builder_add_char(&builder, '*');
    bool is_good = add_item_text(t, &builder, alias->origin);
    str_builder_add_char(&builder, '[');
    for (size_t i = 0; is_good && i < args->count; i++) {
        if (i > 0)
            str_builder_add_text(&builder, ", ");
        is_good = add_item_text(t, &builder, args->items[i]);
    }
    if (args->count == 0)
        str_builder_add_text(&builder, "()");
    str_builder_add_char(&builder, ']');
    if (is_good)
        return str_builder_finish(&builder);
    str_builder_abandon(&builder);
    return FAILED;
}

/* ---- other slots ---- */

static bool alias_hash(Thread *t, Value self, int64_t *hash)
{
    int64_t origin, args;
    if (!value_hash(t, AS_ALIAS(self)->origin, &origin) || !value_hash(t, AS_ALIAS(self)->args, &args))
        return false;
    *hash = (origin ^ args) == -1 ? -2 : origin ^ args;
    return true;
}

static Value alias_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !has_payload(other, KIND_GENERIC_ALIAS))
        return NOT_IMPLEMENTED;
    GenericAlias *a = AS_ALIAS(self), *b = AS_ALIAS(other);
    bool equal = a->is_unpacked == b->is_unpacked;
    if (equal && !value_compare_truth(t, a->origin, b->origin, COMPARE_EQ, &equal))
        return FAILED;
    if (equal && !value_compare_truth(t, a->args, b->args, COMPARE_EQ, &equal))
        return FAILED;
    return bool_value(equal == (op == COMPARE_EQ));
}

/* list[int]() makes a list, and tells it, if it can be told, whose child it is. */
static Value alias_call(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Value made = value_call(t, AS_ALIAS(self)->origin, args, count, names);
    if (!failed(made) && is_object(made) && !value_set_attribute(t, made, NAME_OF(t, __orig_class__), self)) {
        if (!raised_is(t, EXC_AttributeError) && !raised_is(t, EXC_TypeError)) {
            release(made);
            return FAILED;
        }
        raised_clear(t);
    }
    return made;
}

static bool is_own_attribute(const Str *name)
{
    static const char *const own[] = {
        "__class__", "__bases__", "__origin__", "__args__", "__unpacked__", "__parameters__", "__typing_unpacked_tuple_args__", "__mro_entries__",
        "__reduce_ex__", "__reduce__", "__copy__", "__deepcopy__",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(own); i++) {
        if (str_equal_text(name, own[i]))
            return true;
    }
    return false;
}

/* Other dunders too belong to the alias if they are not the origin's business: then name == "__bases__" and the like go on. */
static Value alias_get_attribute(Thread *t, Value self, Str *name)
{
    return is_own_attribute(name) ? generic_get_attribute(t, self, name) : value_get_attribute(t, AS_ALIAS(self)->origin, name);
}

/* for x in tuple[int, ...]: the one thing it yields is *tuple[int, ...]. */
static Value alias_iterate(Thread *t, Value self)
{
    Value unpacked = alias_new(t, value_type(t, self), AS_ALIAS(self)->origin, AS_ALIAS(self)->args);
    if (failed(unpacked))
        return FAILED;
    AS_ALIAS(unpacked)->is_unpacked = true;
    Tuple *one = tuple_take_values(t, &unpacked, 1);
    if (!one)
        return FAILED;
    Value iterator = tuple_iterator_new(t, object_value(one));
    object_release(one);
    return iterator;
}

/* ---- methods ---- */

static Value mro_entries(Thread *t, Value self, const Value *args)
{
    (void)args;
    return object_value(tuple_from_values(t, &AS_ALIAS(self)->origin, 1));
}

static Value instancecheck(Thread *t, Value self, const Value *args)
{
    (void)self, (void)args;
    return raise_type_error(t, "isinstance() argument 2 cannot be a parameterized generic");
}

static Value subclasscheck(Thread *t, Value self, const Value *args)
{
    (void)self, (void)args;
    return raise_type_error(t, "issubclass() argument 2 cannot be a parameterized generic");
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value both = tuple_pack2(t, AS_ALIAS(self)->origin, AS_ALIAS(self)->args);
    Value reduction = failed(both) ? FAILED : tuple_pack2(t, object_value(value_type(t, self)), both);
    release(both);
    return reduction;
}

static Value get_unpacked_args(Thread *t, Value self)
{
    (void)t;
    GenericAlias *alias = AS_ALIAS(self);
    bool is_tuple_alias = is_same(alias->origin, object_value(kind_type(t, KIND_TUPLE)));
    return alias->is_unpacked && is_tuple_alias ? retain(alias->args) : NONE;
}

/* What the class shows, and what the alias answers itself: see alias_get_attribute. */
static Value alias_dir(Thread *t, Value self, const Value *args)
{
    (void)args;
    static const char *const own[] = {"__args__", "__bases__", "__class__", "__copy__", "__deepcopy__", "__mro_entries__", "__origin__",
                                      "__parameters__", "__reduce__", "__reduce_ex__", "__typing_unpacked_tuple_args__", "__unpacked__"};
    Value method = value_find_special(t, AS_ALIAS(self)->origin, NAME_OF(t, __dir__));
    Value shown = is_unbound(method) ? FAILED : value_call0(t, method);
    List *names = failed(shown) ? NULL : list_from_iterable(t, shown);
    release2(method, shown);
    bool done = names != NULL;
    for (size_t i = 0; done && i < ARRAY_LENGTH(own); i++) {
        Value name = object_value(str_intern_text(t, own[i]));
        bool is_there = false;
        done = !failed(name) && value_contains(t, object_value(names), name, &is_there) && (is_there || list_append(t, names, name));
        release(name);
    }
    if (done) return object_value(names);
    if (names) object_release(names);
    return FAILED;
}

static const NativeDef methods[] = {
    NATIVE("__dir__", alias_dir, "($self, /)", 0, NULL),
    NATIVE("__mro_entries__", mro_entries, "($self, object, /)", 0, NULL),
    NATIVE("__instancecheck__", instancecheck, "($self, object, /)", 0, NULL),
    NATIVE("__subclasscheck__", subclasscheck, "($self, object, /)", 0, NULL),
    NATIVE("__reduce__", reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};

static const GetSetDef getsets[] = {
    {"__parameters__", get_parameters, NULL, "Type variables in the GenericAlias."},
    {"__typing_unpacked_tuple_args__", get_unpacked_args, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const MemberDef members[] = {
    {"__origin__", MEMBER_VALUE, offsetof(GenericAlias, origin), true, NULL},
    {"__args__", MEMBER_VALUE, offsetof(GenericAlias, args), true, NULL},
    {"__unpacked__", MEMBER_BOOL, offsetof(GenericAlias, is_unpacked), true, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};

const TypeSpec generic_alias_spec = {
    .doc = "Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,).",
    .signature = "(origin, args, /)",
    .size = sizeof(GenericAlias), .flags = TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = alias_repr, .hash = alias_hash, .call = alias_call, .get_attribute = alias_get_attribute, .compare = alias_compare,
              .iterate = alias_iterate, .new_instance = alias_new_instance, .get_item = alias_get_item, .or = union_or_slot},
    .methods = methods, .getsets = getsets, .members = members, .traverse = alias_traverse, .free = alias_free,
};
