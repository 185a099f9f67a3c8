/* type_members.c - __slots__: fixed places in the instances of a class; and the attributes __dict__ and __weakref__.
 *
 * What        type_add_members, called while a class is made.
 * How         Each name in __slots__ gets a Value behind the payload of the base, and a member descriptor in the dict. Without
 *             __slots__ the class gets what its bases lack of a __dict__ and weak references; with it, only what it names.
 * GIL         held; iterating over __slots__ may run script code.
 * Read next   type_new.c, instance.c */
#include "vm/object/type_making.h"

#include "vm/base/unicode.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/weakref.h"

static Value get_weakref(Thread *t, Value self) { return weakref_first(t, self); }

static const GetSetDef dict_getset = {"__dict__", object_get_dict, object_put_dict, "the attributes of this one object"};
static const GetSetDef weakref_getset = {"__weakref__", get_weakref, NULL, "the first of the weak references to the object, or None"};

static bool add_getset(Thread *t, Type *type, const GetSetDef *def, Str *name)
{
    if (is_bound(dict_get_str(type->dict, name))) return true;
    Value getset = getset_new(t, type, def);
    bool is_good = !failed(getset) && dict_set_str(t, type->dict, name, getset);
    release(getset);
    return is_good;
}

/* Types and modules have a dict of their own; it is not made of Attributes. */
static bool has_dict(const Type *type) { return type_is(type, TYPE_HAS_ATTRIBUTES) || type->solid == KIND_TYPE || type->solid == KIND_MODULE; }
static bool may_have_weakrefs(const Type *type) { return !type_is(type, TYPE_IS_VARIABLE_SIZE) || type->solid == KIND_STR; }

/* __name becomes _Class__name, as the compiler does it in the body. */
static Str *mangle(Thread *t, Type *type, Str *name)
{
    size_t n = name->length, skip = 0;
    bool is_private = n > 2 && str_char(name, 0) == '_' && str_char(name, 1) == '_' && !(str_char(name, n - 1) == '_' && str_char(name, n - 2) == '_');
    while (skip < type->name->length && str_char(type->name, skip) == '_') skip++;
    if (!is_private || skip == type->name->length) {
        object_retain(name);
        return str_intern(t, name);
    }
    Value class_name = str_slice(t, type->name, skip, type->name->length);
    if (failed(class_name)) return NULL;
    Str *mangled = str_format(t, "_%U%U", as_str(class_name), name);
    release(class_name);
    return str_intern(t, mangled);
}

static bool is_identifier(const Str *name)
{
    for (size_t i = 0; i < name->length; i++) {
        uint32_t c = str_char(name, i);
        bool fits = i ? unicode_is_identifier_continue(c) : unicode_is_identifier_start(c);
        if (!fits) return false;
    }
    return name->length > 0;
}

typedef struct Wanted { bool dict, weakref; } Wanted;

static bool add_member(Thread *t, Type *type, Value item, Wanted *wanted)
{
    if (!is_str(item)) return raise_false(t, EXC_TypeError, "__slots__ items must be strings, not '%T'", item);
    Str *name = as_str(item);
    if (!is_identifier(name)) return raise_false(t, EXC_TypeError, "__slots__ must be identifiers");
    if (str_equal(name, NAME_OF(t, __dict__))) {
        if (has_dict(type->base) || wanted->dict) return raise_false(t, EXC_TypeError, "__dict__ slot disallowed: we already got one");
        return wanted->dict = true;
    }
    if (str_equal(name, NAME_OF(t, __weakref__))) {
        if (type_is(type->base, TYPE_IS_WEAK_REFERABLE) || wanted->weakref || !may_have_weakrefs(type))
            return raise_false(t, EXC_TypeError, "__weakref__ slot disallowed: we already got one");
        return wanted->weakref = true;
    }
    Str *mangled = mangle(t, type, name);
    if (!mangled) return false;
    bool is_good;
    if (is_bound(dict_get_str(type->dict, mangled)) && mangled != NAME_OF(t, __qualname__) && mangled != NAME_OF(t, __classcell__)) {
        is_good = raise_false(t, EXC_ValueError, "%R in __slots__ conflicts with class variable", object_value(mangled));
    } else if (type->member_count == UINT16_MAX) {
        is_good = raise_false(t, EXC_TypeError, "too many __slots__");
    } else {
        Value member = member_new_slot(t, type, mangled, type->member_count);
        is_good = !failed(member) && dict_set_str(t, type->dict, mangled, member);
        release(member);
        type->member_count += is_good;
    }
    object_release(mangled);
    return is_good;
}

static List *in_order(Thread *t, const Tuple *items)
{
    List *list = list_from_values(t, items->items, items->count);
    bool are_names = true;
    for (size_t i = 0; i < items->count; i++) are_names = are_names && is_str(items->items[i]);
    if (!list || !are_names || list_sort(t, list, NONE, false)) return list;
    object_release(list);
    return NULL;
}

static bool add_slots(Thread *t, Type *type, Value slots, Wanted *wanted)
{
    Tuple *items = is_str(slots) ? tuple_from_values(t, &slots, 1) : tuple_from_iterable(t, slots);
    if (!items) return false;
    bool is_good = true, takes_members = (!type_is(type, TYPE_IS_VARIABLE_SIZE) || type->solid == KIND_STR) && type->solid != KIND_TYPE;
    if (items->count && !takes_members)
        is_good = raise_false(t, EXC_TypeError, "nonempty __slots__ not supported for subtype of '%s'", type_text(t, type->base));
    List *sorted = is_good ? in_order(t, items) : NULL;      /* by name, so that classes with the same names have the same layout */
    is_good = is_good && sorted;
    for (size_t i = 0; is_good && i < items->count; i++) is_good = add_member(t, type, sorted->items[i], wanted);
    if (sorted) object_release(sorted);
    object_release(items);
    return is_good;
}

bool type_add_members(Thread *t, Type *type)
{
    Value slots = retain(dict_get_str(type->dict, NAME_OF(t, __slots__)));
    Wanted wanted = {false, false};
    if (is_bound(slots)) {
        bool is_good = add_slots(t, type, slots, &wanted);
        release(slots);
        if (!is_good) return false;
        /* What a secondary base has, the class has too. */
        for (size_t i = 0; i < type->bases->count; i++) {
            const Type *base = as_type(type->bases->items[i]);
            if (type_is(base, TYPE_HAS_ATTRIBUTES)) wanted.dict = true;
            if (type_is(base, TYPE_IS_WEAK_REFERABLE)) wanted.weakref = true;
        }
    } else {
        wanted = (Wanted){true, may_have_weakrefs(type)};
    }
    if (wanted.dict && !has_dict(type->base)) {
        type->flags |= TYPE_HAS_ATTRIBUTES;
        if (!add_getset(t, type, &dict_getset, NAME_OF(t, __dict__))) return false;
    }
    if (wanted.weakref && !type_is(type->base, TYPE_IS_WEAK_REFERABLE)) {
        type->flags |= TYPE_IS_WEAK_REFERABLE;
        if (!add_getset(t, type, &weakref_getset, NAME_OF(t, __weakref__))) return false;
    }
    return true;
}

/* The member of that name that __slots__ of this class made; NULL: there is none. */
static BORROWED const Member *own_member(const Type *type, Value v)
{
    const Member *member = is_kind(v, KIND_MEMBER) ? (const Member *)as_object(v) : NULL;
    return member && !member->def && member->d.owner == type ? member : NULL;
}

bool type_adds_same_members(const Type *a, const Type *b)
{
    size_t position = 0, count = 0;
    Value key, value;
    while (dict_next(a->dict, &position, &key, &value)) {
        const Member *member = own_member(a, value);
        if (!member) continue;
        const Member *other = own_member(b, dict_get_str(b->dict, member->d.name));
        if (!other || other->index != member->index) return false;
        count++;
    }
    return a->member_count == b->member_count && count == a->member_count - (size_t)a->base->member_count;
}
