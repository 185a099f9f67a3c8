/* dict_live.c - a dict that shows the attributes of an instance, not a copy of them.
 *
 * What        What dict.c asks when dict->instance is set: `obj.__dict__` was asked for while the attributes still lie in slots.
 * How         Strings are looked up in the instance's shape, stores go through attributes_set. Anything the slots cannot do
 *             (other keys, deletion, clear, popitem) first moves the attributes into the dict's own table for good; from
 *             then on the instance is in dict mode and this dict is their home.
 * Invariants  I4 of dict.h: a live dict has no entries of its own.  I2 of instance.h: shape NULL, then the dict holds everything.
 * GIL         held.
 * Read next   instance.c, shape.c */
#include "vm/object/dict_keys.h"

#include "vm/object/instance.h"

static Value *slot_at(Attributes *attributes, uint32_t slot)
{
    uint32_t inline_count = attributes->shape->inline_count;
    return slot < inline_count ? &attributes->slots[slot] : &attributes->extra->overflow[slot - inline_count];
}

/* The shape that added slot [slot]: the newest key is at the end of the chain of parents. */
static Shape *shape_of_slot(Shape *shape, uint32_t slot)
{
    while (shape->count > slot + 1)
        shape = shape->parent;
    return shape;
}

size_t dict_live_length(Dict *dict)
{
    return object_attributes(dict->instance)->shape->count;
}

Value dict_live_get(Dict *dict, const Str *key)
{
    Attributes *attributes = object_attributes(dict->instance);
    if (key->head.flags & OBJECT_IS_INTERNED) {
        uint32_t slot = shape_find(attributes->shape, (Str *)key);
        return slot == SHAPE_NOT_FOUND ? UNBOUND : *slot_at(attributes, slot);
    }
    for (Shape *shape = attributes->shape; shape->key; shape = shape->parent) {
        if (str_equal(shape->key, key))
            return *slot_at(attributes, shape->count - 1);
    }
    return UNBOUND;
}

bool dict_live_next(Dict *dict, size_t *position, Value *key, Value *value)
{
    Attributes *attributes = object_attributes(dict->instance);
    if (*position >= attributes->shape->count)
        return false;
    uint32_t slot = (uint32_t)(*position)++;
    *key = object_value(shape_of_slot(attributes->shape, slot)->key);
    *value = *slot_at(attributes, slot);
    return true;
}

bool dict_live_set(Thread *t, Dict *dict, Str *key, Value value)
{
    object_retain(key);
    Str *name = str_intern(t, key);
    if (!name)
        return false;
    bool is_good = attributes_set(t, dict->instance, name, value);
    object_release(name);
    return is_good;
}

bool dict_detach(Thread *t, Dict *dict)
{
    Object *instance = dict->instance;
    Attributes *attributes = object_attributes(instance);
    size_t count = attributes->shape->count, position = 0;
    Value key, value;
    /* Gather first: after a failure for want of memory the instance is as it was. */
    Dict *table = dict_new_sized(t, count);
    if (!table)
        return false;
    while (dict_live_next(dict, &position, &key, &value)) {
        if (!dict_insert(t, table, key, as_str(key)->hash != -1 ? as_str(key)->hash : str_hash(t, as_str(key)), value)) {
            object_release(table);
            return false;
        }
    }
    dict->instance = NULL;
    dict->keys = table->keys, dict->count = table->count, dict->keys_version = 0;
    table->keys = NULL, table->count = 0;
    object_release(table);
    for (uint32_t slot = 0; slot < count; slot++)
        clear(slot_at(attributes, slot));   /* the table holds another reference: nothing dies here */
    attributes->shape = NULL;
    return true;
}
