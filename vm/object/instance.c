/* instance.c - the attributes of an object, and the generic way to get and set them.
 *
 * What        Attributes as slots laid out by a shape, or as a dict; object.__getattribute__ and object.__setattr__.
 * How         Storing a new name moves the instance to the child shape for it. What a class's instances came to need is
 *             learned: when one runs out of slots in the object, the class's later instances get twice as many.
 *
 *                 a.x = 1; a.y = 2      | header | shape: root -x-> -y-> | extra | 1 | 2 |
 *                 a.__dict__            | header | the same              | extra -> dict, its instance: a | 1 | 2 |
 *                 del a.x               | header | NULL                  | extra -> dict {y: 2} | - | - |
 * Invariants  as in instance.h, and  I3 a shape's inline_count is that of the cell the instance was made with, so a shape never
 *             changes to one of another tree; who gets another class goes to dict mode.
 * GIL         held.
 * Read next   shape.c, type_lookup.c, descriptor.c */
#include "vm/object/instance.h"

#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/heap.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"

enum { INLINE_MAX = 32, OVERFLOW_FIRST = 4 };

Attributes *object_attributes(Object *object)
{
    Type *type = object->type;
    if (LIKELY(type->attributes_offset))
        return (Attributes *)((char *)object + type->attributes_offset);
    if (!type_is(type, TYPE_HAS_ATTRIBUTES)) return NULL;
    return (Attributes *)((char *)object + object_size(object)) - 1;
}

Value *object_members(Object *object)
{
    Type *type = object->type;
    if (!type->member_count) return NULL;
    if (!type_is(type, TYPE_IS_VARIABLE_SIZE))
        return (Value *)((char *)object + type_payload_size(type));
    char *end = (char *)object + object_size(object);
    if (type_is(type, TYPE_HAS_ATTRIBUTES)) end -= sizeof(Attributes);
    return (Value *)end - type->member_count;
}

/* ---- slots ---- */

static inline Value *slot_place(Attributes *attributes, const Shape *shape, uint32_t slot)
{
    return slot < shape->inline_count ? &attributes->slots[slot] : &attributes->extra->overflow[slot - shape->inline_count];
}

static size_t extra_size(uint32_t capacity) { return sizeof(ExtraAttributes) + capacity * sizeof(Value); }

static bool extra_reserve(Thread *t, Attributes *attributes, uint32_t capacity)
{
    ExtraAttributes *extra = attributes->extra;
    uint32_t old = extra ? extra->capacity : 0;
    if (extra && old >= capacity) return true;
    if (capacity) {
        uint32_t doubled = old ? old * 2 : OVERFLOW_FIRST;
        if (capacity < doubled) capacity = doubled;
    }
    ExtraAttributes *grown = block_resize(t, extra, extra ? extra_size(old) : 0, extra_size(capacity));
    if (!grown) return false;
    if (!extra) grown->dict = NULL;
    grown->capacity = capacity;
    attributes->extra = grown;
    return true;
}

/* Keys of shapes are interned; who asks with another Str of the same text is served by comparing texts. */
static uint32_t find_slot(Shape *shape, Str *name)
{
    if (LIKELY(name->head.flags & OBJECT_IS_INTERNED)) return shape_find(shape, name);
    for (Shape *s = shape; s->parent; s = s->parent)
        if (str_equal(s->key, name)) return s->count - 1;
    return SHAPE_NOT_FOUND;
}

Value attributes_get(Attributes *attributes, Str *name)
{
    Shape *shape = attributes->shape;
    if (LIKELY(shape != NULL)) {
        uint32_t slot = find_slot(shape, name);
        return slot == SHAPE_NOT_FOUND ? UNBOUND : *slot_place(attributes, shape, slot);
    }
    ExtraAttributes *extra = attributes->extra;
    return extra && extra->dict ? dict_get_str(extra->dict, name) : UNBOUND;
}

/* The dict: the view of the slots, or in dict mode their home. */
static BORROWED Dict *dict_of(Thread *t, Object *object, Attributes *attributes)
{
    if (!extra_reserve(t, attributes, 0)) return NULL;
    Dict *dict = attributes->extra->dict;
    if (dict) return dict;
    dict = dict_new(t);
    if (!dict) return NULL;
    if (attributes->shape) dict->instance = object;
    return attributes->extra->dict = dict;
}

static bool go_to_dict_mode(Thread *t, Object *object, Attributes *attributes)
{
    Dict *dict = dict_of(t, object, attributes);
    return dict && (!attributes->shape || dict_detach(t, dict));
}

/* An instance ran out of inline slots: later ones shall have more. Never fails: without memory nothing is learned. */
static void learn_inline_count(Thread *t, Type *type, const Shape *shape)
{
    if (type->root_shape != shape->root || !type->attributes_offset || !type_is(type, TYPE_IS_SCRIPT_MADE)) return;
    uint32_t count = shape->inline_count ? shape->inline_count * 2 : 4;
    if (count > INLINE_MAX) return;
    Shape *root = shape_new_root(t, type, count);
    if (!root) {
        raised_clear(t);
        return;
    }
    root->older = type->root_shape;
    type->root_shape = root;
    type->inline_slots = count;
    type_compute_size(type);
}

int attributes_list(Attributes *attributes, Str **names, Value *values)
{
    Shape *shape = attributes->shape;
    if (!shape || shape->count > SHAPE_KEYS_MAX || (attributes->extra && attributes->extra->dict)) return -1;
    int count = (int)shape->count;
    for (Shape *s = shape; s->key; s = s->parent) {
        names[s->count - 1] = s->key;
        values[s->count - 1] = *slot_place(attributes, shape, s->count - 1);
    }
    return count;
}

bool attributes_set(Thread *t, Object *object, Str *name, Value value)
{
    Attributes *attributes = object_attributes(object);
    Shape *shape = attributes->shape;
    if (!shape)
        return go_to_dict_mode(t, object, attributes) && dict_set_str(t, attributes->extra->dict, name, value);
    uint32_t slot = find_slot(shape, name);
    if (slot != SHAPE_NOT_FOUND) {
        replace(slot_place(attributes, shape, slot), retain(value));
        return true;
    }
    Str *interned = NULL;
    if (!(name->head.flags & OBJECT_IS_INTERNED)) {
        object_retain(name);
        name = interned = str_intern(t, name);
        if (!interned) return false;
    }
    Shape *child = shape_add(t, shape, name);
    bool is_good = true;
    if (!child) {
        is_good = !is_raised(t) && go_to_dict_mode(t, object, attributes) && dict_set_str(t, attributes->extra->dict, name, value);
    } else {
        if (shape->count >= shape->inline_count) {
            if (shape->count == shape->inline_count) learn_inline_count(t, object->type, shape);
            is_good = extra_reserve(t, attributes, shape->count + 1 - shape->inline_count);
        }
        if (is_good) {
            *slot_place(attributes, child, shape->count) = retain(value);
            attributes->shape = child;
        }
    }
    if (interned) object_release(interned);
    return is_good;
}

bool attributes_delete(Thread *t, Object *object, Str *name, bool *was_there)
{
    Attributes *attributes = object_attributes(object);
    Shape *shape = attributes->shape;
    *was_there = false;
    if (shape) {
        uint32_t slot = find_slot(shape, name);
        if (slot == SHAPE_NOT_FOUND) return true;
        if (slot == shape->count - 1) {
            *was_there = true;
            attributes->shape = shape->parent;
            clear(slot_place(attributes, shape, slot));
            return true;
        }
        if (!go_to_dict_mode(t, object, attributes)) return false;
    }
    ExtraAttributes *extra = attributes->extra;
    return !extra || !extra->dict || dict_delete_str(t, extra->dict, name, was_there);
}

Dict *object_dict(Thread *t, Object *object)
{
    Dict *dict;
    if (object->solid == KIND_MODULE) {
        dict = ((Module *)object)->dict;
    } else {
        Attributes *attributes = object_attributes(object);
        dict = dict_of(t, object, attributes);
        if (!dict) return NULL;
    }
    object_retain(dict);
    return dict;
}

bool object_set_dict(Thread *t, Object *object, Dict *dict)
{
    Attributes *attributes = object_attributes(object);
    if (!go_to_dict_mode(t, object, attributes)) return false;
    Dict *old = attributes->extra->dict;
    object_retain(dict);
    attributes->extra->dict = dict;
    object_release(old);
    return true;
}

/* ---- for heap.c and collector.c ---- */

void attributes_traverse(Object *object, VisitFn visit, void *context)
{
    Type *type = object->type;
    Value *members = object_members(object);
    for (uint32_t i = 0; i < type->member_count; i++) visit_value(members[i], visit, context);
    Attributes *attributes = object_attributes(object);
    if (!attributes) return;
    Shape *shape = attributes->shape;
    if (shape)
        for (uint32_t i = 0; i < shape->count; i++) visit_value(*slot_place(attributes, shape, i), visit, context);
    if (attributes->extra && attributes->extra->dict)
        visit(&attributes->extra->dict->head, context);
}

void attributes_each(Object *object, void (*visit)(Value v, void *context), void *context)
{
    Value *members = object_members(object);
    for (uint32_t i = 0; i < object->type->member_count; i++)
        if (is_bound(members[i])) visit(members[i], context);
    Attributes *attributes = object_attributes(object);
    Shape *shape = attributes ? attributes->shape : NULL;
    for (uint32_t i = 0; shape && i < shape->count; i++)
        if (is_bound(*slot_place(attributes, shape, i))) visit(*slot_place(attributes, shape, i), context);
    if (attributes && attributes->extra && attributes->extra->dict)
        visit(object_value(attributes->extra->dict), context);
}

/* The instance goes, its view may stay: then it takes the attributes over. Without memory for that it is left empty. */
static void leave_view(Dict *dict)
{
    Thread *t = thread_current();
    if (dict->head.count > 1) {
        Value raised = t->raised;
        t->raised = UNBOUND;
        if (!dict_detach(t, dict)) raised_clear(t);
        t->raised = raised;
    }
    dict->instance = NULL;
}

void attributes_clear(Object *object)
{
    Type *type = object->type;
    if (type->member_count) {
        Value *members = object_members(object);
        for (uint32_t i = 0; i < type->member_count; i++) clear(&members[i]);
    }
    Attributes *attributes = object_attributes(object);
    if (!attributes) return;
    ExtraAttributes *extra = attributes->extra;
    if (extra && extra->dict && extra->dict->instance)
        leave_view(extra->dict);
    Shape *shape = attributes->shape;
    attributes->extra = NULL;
    if (shape) {
        uint32_t inline_count = shape->count < shape->inline_count ? shape->count : shape->inline_count;
        attributes->shape = shape->root;
        for (uint32_t i = 0; i < inline_count; i++) clear(&attributes->slots[i]);
        for (uint32_t i = inline_count; i < shape->count; i++) release(extra->overflow[i - inline_count]);
    }
    if (extra) {
        if (extra->dict) object_release(extra->dict);
        block_free(thread_current(), extra, extra_size(extra->capacity));
    }
}

/* ---- another class ---- */

enum { LAYOUT_FLAGS = TYPE_HAS_ATTRIBUTES | TYPE_IS_WEAK_REFERABLE };

/* The class, itself or above, that added the last thing to its instances: members, Attributes, or that they can be weakly referred to. */
static const Type *last_to_add(const Type *type)
{
    while (type->base && type->spec->size == type->base->spec->size && type->member_count == type->base->member_count &&
           !((type->flags ^ type->base->flags) & LAYOUT_FLAGS))
        type = type->base;
    return type;
}

static bool have_same_layout(const Type *a, const Type *b)
{
    a = last_to_add(a);
    b = last_to_add(b);
    return a == b || (a->base == b->base && !((a->flags ^ b->flags) & LAYOUT_FLAGS) && type_adds_same_members(a, b));
}

bool object_set_class(Thread *t, Object *object, Type *type)
{
    ASSERT_GIL(t);
    Type *old = object->type;
    if (old == type) return true;
    bool are_modules = type_is_subtype(old, kind_type(t, KIND_MODULE)) && type_is_subtype(type, kind_type(t, KIND_MODULE));
    if (!are_modules && !(type_is(old, TYPE_IS_SCRIPT_MADE) && type_is(type, TYPE_IS_SCRIPT_MADE)))
        return raise_false(t, EXC_TypeError, "__class__ assignment only supported for mutable types or ModuleType subclasses");
    if (!have_same_layout(old, type))
        return raise_false(t, EXC_TypeError, "__class__ assignment: '%U' object layout differs from '%U'", type->name, old->name);
    Attributes *attributes = object_attributes(object);
    if (attributes && !go_to_dict_mode(t, object, attributes)) return false;    /* I3 */
    object_retain(type);
    object->type = type;
    object->kind = type->kind;
    if (type_descriptor_ways(old) != type_descriptor_ways(type)) type_all_modified(t);
    object_release(old);
    return true;
}

/* ---- the generic protocol ---- */

/* Modules and classes keep their attributes in a dict from the first day. NULL: [object] has no such dict. */
static Dict *own_namespace(const Object *object)
{
    if (object->solid == KIND_MODULE) return ((const Module *)object)->dict;
    return object->solid == KIND_TYPE ? ((const Type *)object)->dict : NULL;
}

Value generic_find_attribute(Thread *t, Value object, Str *name)
{
    Type *type = value_type(t, object);
    if (UNLIKELY(!type_open(t, type))) return UNBOUND;
    Value attribute = type_lookup(t, type, name);
    DescrGetFn get = NULL;
    if (is_bound(attribute)) {
        const TypeSlots *slots = &value_type(t, attribute)->slots;
        get = slots->descriptor_get;
        if (get && slots->descriptor_set) {
            /* The call may change the class: hold on to the descriptor. */
            retain(attribute);
            Value result = get(t, attribute, object, type);
            release(attribute);
            return result;
        }
    }
    Attributes *attributes = is_object(object) ? object_attributes(as_object(object)) : NULL;
    if (attributes) {
        Value value = attributes_get(attributes, name);
        if (is_bound(value)) return retain(value);
    } else if (is_object(object)) {
        Dict *names = own_namespace(as_object(object));
        Value value = names ? dict_get_str(names, name) : UNBOUND;
        if (is_bound(value)) return retain(value);
    }
    if (get) {
        retain(attribute);
        Value result = get(t, attribute, object, type);
        release(attribute);
        return result;
    }
    return retain(attribute);
}

Value generic_get_attribute(Thread *t, Value object, Str *name)
{
    Value value = generic_find_attribute(t, object, name);
    if (UNLIKELY(is_unbound(value)) && !is_raised(t))
        return raise_attribute_error(t, object, name);
    return value;
}

void attribute_error_set_place(Thread *t, Value object, Str *name)
{
    if (!raised_is(t, EXC_AttributeError)) return;    /* no memory for one, then it is a MemoryError */
    Exception *exception = (Exception *)as_object(t->raised);
    replace(&exception->fields[0], retain(object_value(name)));
    replace(&exception->fields[1], retain(object));
}

void attribute_error_complete(Thread *t, Value object, Str *name)
{
    if (!raised_is(t, EXC_AttributeError))
        return;
    const Exception *exception = (Exception *)as_object(t->raised);
    if (is_unbound(exception->fields[0]) && is_unbound(exception->fields[1]))
        attribute_error_set_place(t, object, name);
}

static bool refuse_to_set(Thread *t, Value object, Str *name, Value attribute)
{
    if (is_bound(attribute))
        return raise_false(t, EXC_AttributeError, "'%T' object attribute '%U' is read-only", object, name);
    raise_error(t, EXC_AttributeError, "'%T' object has no attribute '%U' and no __dict__ for setting new attributes", object, name);
    attribute_error_set_place(t, object, name);
    return false;
}

bool generic_set_attribute(Thread *t, Value object, Str *name, Value value)
{
    ASSERT_GIL(t);
    Type *type = value_type(t, object);
    if (UNLIKELY(!type_open(t, type))) return false;
    Value attribute = type_lookup(t, type, name);
    if (is_bound(attribute)) {
        DescrSetFn set = value_type(t, attribute)->slots.descriptor_set;
        if (set) {
            retain(attribute);
            bool is_good = set(t, attribute, object, value);
            release(attribute);
            return is_good;
        }
    }
    bool has_attributes = is_object(object) && object_attributes(as_object(object));
    Dict *names = !has_attributes && has_payload(object, KIND_MODULE) ? own_namespace(as_object(object)) : NULL;
    if (!has_attributes && !names) return refuse_to_set(t, object, name, attribute);
    if (is_bound(value)) return names ? dict_set_str(t, names, name, value) : attributes_set(t, as_object(object), name, value);
    bool was_there;
    if (!(names ? dict_delete_str(t, names, name, &was_there) : attributes_delete(t, as_object(object), name, &was_there))) return false;
    if (was_there) return true;
    raise_attribute_error(t, object, name);
    return false;
}

Value object_get_method(Thread *t, Value object, Str *name, bool *is_method)
{
    Type *type = value_type(t, object);
    *is_method = false;
    if (UNLIKELY(type->slots.get_attribute != generic_get_attribute))
        return value_get_attribute(t, object, name);
    if (UNLIKELY(!type_open(t, type))) return FAILED;
    Value attribute = type_lookup(t, type, name);
    if (is_unbound(attribute) || !type_is(value_type(t, attribute), TYPE_IS_METHOD_DESCRIPTOR))
        return generic_get_attribute(t, object, name);
    Attributes *attributes = is_object(object) ? object_attributes(as_object(object)) : NULL;
    if (attributes) {
        Value own = attributes_get(attributes, name);
        if (is_bound(own)) return retain(own);
    }
    *is_method = true;
    return retain(attribute);
}
