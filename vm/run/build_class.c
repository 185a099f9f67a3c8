/* build_class.c - the class statement.
 *
 * What        builtins.__build_class__(function, name, *bases, metaclass=..., **keywords).
 * How         PEP 3115 and 560: bases that are not classes are replaced (__mro_entries__), the metaclass is decided, it prepares the namespace,
 *             the body runs in it, the metaclass is called, and the __class__ cell that methods share is filled.
 * GIL         held.
 * Read next   vm/object/type_new.c */
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/call.h"

/* Replace bases that have __mro_entries__ and are no classes. Owned. */
static Tuple *resolve_bases(Thread *t, Tuple *bases)
{
    List *list = list_new(t, bases->count);
    for (size_t i = 0; list && i < bases->count; i++) {
        Value base = bases->items[i], entries = UNBOUND;
        if (!has_payload(base, KIND_TYPE)) {
            entries = value_find_attribute(t, base, NAME_OF(t, __mro_entries__));
            if (is_unbound(entries) && is_raised(t)) goto failure;
        }
        if (is_unbound(entries)) {
            if (!list_append(t, list, base)) goto failure;
            continue;
        }
        Value replaced = value_call1(t, entries, object_value(bases));
        release(entries);
        if (failed(replaced)) goto failure;
        bool is_good = is_tuple(replaced);
        if (!is_good) raise_type_error(t, "__mro_entries__ must return a tuple");
        bool done = is_good && list_extend(t, list, replaced);
        release(replaced);
        if (!done) goto failure;
    }
    if (!list) return NULL;
    Tuple *tuple = tuple_from_values(t, list->items, list->count);
    object_release(list);
    return tuple;

failure:
    object_release(list);
    return NULL;
}

static bool same_items(const Tuple *a, const Tuple *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!is_same(a->items[i], b->items[i])) return false;
    return true;
}

/* Everything a class statement brings together; all owned. */
typedef struct ClassParts {
    Str *name;
    Tuple *given, *bases;
    Dict *keywords;
    Value metaclass, namespace;
} ClassParts;

static void parts_free(ClassParts *parts)
{
    if (parts->given) object_release(parts->given);
    if (parts->bases) object_release(parts->bases);
    if (parts->keywords) object_release(parts->keywords);
    release2(parts->metaclass, parts->namespace);
}

static bool collect_keywords(Thread *t, ClassParts *parts, const Value *values, Tuple *names)
{
    parts->keywords = dict_new(t);
    if (!parts->keywords) return false;
    for (size_t i = 0; names && i < names->count; i++) {
        if (str_equal_text(as_str(names->items[i]), "metaclass")) parts->metaclass = retain(values[i]);
        else if (!dict_set(t, parts->keywords, names->items[i], values[i])) return false;
    }
    return true;
}

/* The metaclass: named, or that of the first base; then the most derived one of all bases, if it is a class. */
static bool decide_metaclass(Thread *t, ClassParts *parts)
{
    if (is_unbound(parts->metaclass)) {
        Type *type = parts->bases->count > 0 ? value_type(t, parts->bases->items[0]) : kind_type(t, KIND_TYPE);
        parts->metaclass = retain(object_value(type));
    }
    if (!has_payload(parts->metaclass, KIND_TYPE)) return true;
    Type *winner = type_metaclass(t, (Type *)as_object(parts->metaclass), parts->bases);
    if (!winner) return false;
    replace(&parts->metaclass, retain(object_value(winner)));
    return true;
}

static bool prepare_namespace(Thread *t, ClassParts *parts)
{
    Value prepare = value_find_attribute(t, parts->metaclass, NAME_OF(t, __prepare__));
    if (is_unbound(prepare)) {
        if (is_raised(t)) return false;
        parts->namespace = object_value(dict_new(t));
        return !failed(parts->namespace);
    }
    Tuple *args = tuple_new(t, 2);
    if (args) {
        args->items[0] = retain(object_value(parts->name));
        args->items[1] = retain(object_value(parts->bases));
        parts->namespace = call_with(t, prepare, args, parts->keywords);
        object_release(args);
    }
    release(prepare);
    if (failed(parts->namespace)) return false;
    if (is_dict(parts->namespace) || value_type(t, parts->namespace)->slots.get_item) return true;
    bool is_class = has_payload(parts->metaclass, KIND_TYPE);
    if (is_class) raise_type_error(t, "%U.__prepare__() must return a mapping, not %T", ((Type *)as_object(parts->metaclass))->name, parts->namespace);
    else raise_type_error(t, "<metaclass>.__prepare__() must return a mapping, not %T", parts->namespace);
    return false;
}

/* The class body returned its __class__ cell: it must hold the class now. */
static bool check_cell(Thread *t, Value cell, Value cls, Str *name)
{
    if (!is_kind(cell, KIND_CELL)) return true;
    Value content = ((Cell *)as_object(cell))->content;
    if (is_same(content, cls)) return true;
    if (is_unbound(content))
        return raise_false(t, EXC_RuntimeError, "__class__ not set defining %R as %R. Was __classcell__ propagated to type.__new__?", object_value(name), cls);
    return raise_false(t, EXC_TypeError, "__class__ set to %R defining %R as %R", content, object_value(name), cls);
}

static Value make_class(Thread *t, ClassParts *parts)
{
    Tuple *args = tuple_new(t, 3);
    if (!args) return FAILED;
    args->items[0] = retain(object_value(parts->name));
    args->items[1] = retain(object_value(parts->bases));
    args->items[2] = retain(parts->namespace);
    Value cls = call_with(t, parts->metaclass, args, parts->keywords);
    object_release(args);
    return cls;
}

Value build_class(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count < 2) return raise_type_error(t, "__build_class__: not enough arguments");
    if (!is_kind(args[0], KIND_FUNCTION)) return raise_type_error(t, "__build_class__: func must be a function");
    if (!is_str(args[1])) return raise_type_error(t, "__build_class__: name is not a string");
    ClassParts parts = {.name = as_str(args[1])};
    Value cls = FAILED, cell = UNBOUND;
    parts.given = tuple_from_values(t, args + 2, count - 2);
    parts.bases = parts.given ? resolve_bases(t, parts.given) : NULL;
    bool done = parts.bases && collect_keywords(t, &parts, args + count, names) && decide_metaclass(t, &parts) && prepare_namespace(t, &parts);
    if (done) cell = call_body(t, (Function *)as_object(args[0]), parts.namespace);
    done = done && !failed(cell);
    if (done && !same_items(parts.given, parts.bases))
        done = value_set_item(t, parts.namespace, object_value(NAME_OF(t, __orig_bases__)), object_value(parts.given));
    if (done) cls = make_class(t, &parts);
    if (!failed(cls) && has_payload(cls, KIND_TYPE) && !check_cell(t, cell, cls, parts.name)) clear(&cls);
    release(cell);
    parts_free(&parts);
    return cls;
}
