/* attribute_cache.c - see attribute_cache.h.
 *
 * What        attribute_resolve_load and _store, which find out; attribute_cached_load and _store, which remember.
 * How         Resolving walks the generic protocol without taking its last step: class first, a data descriptor wins, then the object's
 *             own, then what the class has. What would have to ask a script's __get__, which may go, and an object in dict mode
 *             are elsewhere. A class's __getattr__ does not matter to what is found without it.
 * Invariants  I1, I2 of the header.
 * GIL         held.
 * Read next   instance.c (the long way), type_lookup.c (versions) */
#include "vm/object/attribute_cache.h"

#include "vm/object/descriptor.h"
#include "vm/object/str.h"

enum { LOADS = 2048, STORES = 1024 };     /* entries, powers of two */

struct AttributeCache {
    AttributePlace loads[LOADS], stores[STORES];
};

void attribute_cache_finish(Interp *interp)
{
    AttributeCache *cache = interp->attribute_cache;
    if (!cache) return;
    interp->attribute_cache = NULL;
    for (size_t i = 0; i < LOADS; i++)
        if (cache->loads[i].name) object_release(cache->loads[i].name);
    for (size_t i = 0; i < STORES; i++)
        if (cache->stores[i].name) object_release(cache->stores[i].name);
    memory_free(&interp->memory, cache, sizeof *cache);
}

/* ---- finding out ---- */

/* __getattribute__ is object's: by itself, or before a __getattr__ that is asked for what is not there. */
static bool loads_generically(Thread *t, Type *type)
{
    if (LIKELY(type->slots.get_attribute == generic_get_attribute)) return true;
    if (!type_is(type, TYPE_IS_SCRIPT_MADE)) return false;
    Value get = type_lookup(t, type, NAME_OF(t, __getattribute__));
    return is_kind(get, KIND_SLOT_WRAPPER) && ((SlotWrapper *)as_object(get))->function == (void *)generic_get_attribute;
}

/* Version and shape of [object]; false: it has none that could be relied on. [*own]: its Attributes, or NULL. */
static bool begin(Thread *t, Value object, Str *name, AttributePlace *place, Attributes **own)
{
    *place = (AttributePlace){.name = name, .kind = ATTRIBUTE_ELSEWHERE};
    *own = NULL;
    Type *type = value_type(t, object);
    place->version = type_version(t, type);
    if (!place->version) return false;
    if (!type_is(type, TYPE_HAS_ATTRIBUTES)) return true;
    if (!type->attributes_offset) return false;
    *own = object_attributes(as_object(object));
    if (!(*own)->shape) return false;
    place->shape_id = (*own)->shape->id;
    return true;
}

static uint32_t slot_offset(const Type *type, uint32_t slot)
{
    return (uint32_t)(type->attributes_offset + offsetof(Attributes, slots) + slot * sizeof(Value));
}

static void put_slot(AttributePlace *place, const Type *type, const Shape *shape, uint32_t slot)
{
    bool is_inside = slot < shape->inline_count;
    place->kind = is_inside ? ATTRIBUTE_IN_SLOT : ATTRIBUTE_IN_OVERFLOW;
    place->where = is_inside ? slot_offset(type, slot) : slot - shape->inline_count;
}

void attribute_resolve_load(Thread *t, Value object, Str *name, AttributePlace *place)
{
    Attributes *own;
    if (!begin(t, object, name, place, &own)) return;
    Type *type = value_type(t, object);
    if (has_payload(object, KIND_TYPE) || has_payload(object, KIND_MODULE) || !loads_generically(t, type)) return;
    Value of_class = type_lookup(t, type, name);
    const TypeSlots *slots = is_bound(of_class) ? &value_type(t, of_class)->slots : NULL;
    uint32_t slot = own ? shape_find(own->shape, name) : SHAPE_NOT_FOUND;
    /* Else a descriptor that raises AttributeError makes __getattr__ be asked. */
    bool is_last_word = type->slots.get_attribute == generic_get_attribute;
    if (slot != SHAPE_NOT_FOUND && !(slots && slots->descriptor_set)) {
        put_slot(place, type, own->shape, slot);
    } else if (slots && is_kind(of_class, KIND_MEMBER)) {
        place->where = member_offset(type, of_class);
        if (place->where) place->kind = ATTRIBUTE_IN_MEMBER;
    } else if (slots && is_kind(of_class, KIND_PROPERTY)) {
        if (is_last_word) place->kind = ATTRIBUTE_IS_PROPERTY;
    } else if (slots && (slot == SHAPE_NOT_FOUND || slots->descriptor_get)) {
        if (type_is(value_type(t, of_class), TYPE_IS_METHOD_DESCRIPTOR)) place->kind = ATTRIBUTE_IS_METHOD;
        else if (!slots->descriptor_get) place->kind = ATTRIBUTE_OF_CLASS;
        else if (is_last_word && !type_is(value_type(t, of_class), TYPE_IS_SCRIPT_MADE)) place->kind = ATTRIBUTE_IS_ASKED;
    }
    if (place->kind >= ATTRIBUTE_OF_CLASS) place->value = of_class;
}

void attribute_resolve_store(Thread *t, Value object, Str *name, AttributePlace *place)
{
    Attributes *own;
    if (!begin(t, object, name, place, &own)) return;
    Type *type = as_object(object)->type;
    /* What a native type's instances are given is seldom alike: no shape is learned for it. */
    if (type->slots.set_attribute != generic_set_attribute || (own && !type_is(type, TYPE_IS_SCRIPT_MADE))) return;
    Value of_class = type_lookup(t, type, name);
    if (is_bound(of_class) && is_data_descriptor(t, of_class)) {
        if (is_kind(of_class, KIND_MEMBER)) place->where = member_offset_to_write(type, of_class);
        if (place->where) place->kind = ATTRIBUTE_IN_MEMBER;
        return;
    }
    if (!own) return;
    uint32_t slot = shape_find(own->shape, name);
    if (slot != SHAPE_NOT_FOUND) {
        put_slot(place, type, own->shape, slot);
        return;
    }
    if (own->shape->count >= own->shape->inline_count || own->shape->count >= SHAPE_KEYS_MAX) return;
    place->kind = ATTRIBUTE_IS_NEW;
    place->next = shape_next(own->shape, name);
    place->where = slot_offset(type, own->shape->count);
}

/* The slot or member that [place] means, and the word outside of the object. */
static inline Value *word_in(Object *object, const AttributePlace *place) { return (Value *)((char *)object + place->where); }
static inline Attributes *attributes_in(Object *object) { return (Attributes *)((char *)object + object->type->attributes_offset); }
static inline Value *overflow_word(Object *object, const AttributePlace *place) { return &attributes_in(object)->extra->overflow[place->where]; }

/* ---- remembering ---- */

static BORROWED AttributeCache *cache_of(Thread *t)
{
    Interp *interp = t->interp;
    if (UNLIKELY(!interp->attribute_cache))      /* no memory, no cache */
        interp->attribute_cache = memory_alloc_zeroed(&interp->memory, sizeof *interp->attribute_cache);
    return interp->attribute_cache;
}

/* Where the entry for [name] of a class lies, in a table of [size]. By the class's address: its numbers would have to be loaded first. */
static inline AttributePlace *entry_at(AttributePlace *table, size_t size, const Type *type, const Str *name)
{
    uint32_t mixed = (uint32_t)((uintptr_t)type >> 4) * 0x9e3779b1u >> 8 ^ (uint32_t)((uintptr_t)name >> 5);
    return &table[mixed & (size - 1)];
}

/* ... and where another one, if the first is about the same class and name, but other instances. */
static inline AttributePlace *second_entry_at(AttributePlace *table, size_t size, uint32_t shape_id, const Str *name)
{
    uint32_t mixed = shape_id * 0x9e3779b1u >> 8 ^ (uint32_t)((uintptr_t)name >> 5);
    return &table[mixed & (size - 1)];
}

static inline bool is_about(const AttributePlace *entry, uint32_t version, const Str *name)
{
    return LIKELY(entry->version == version && entry->name == name);
}

static void remember(AttributePlace *entry, const AttributePlace *found)
{
    Str *old = entry->name;
    *entry = *found;
    object_retain(entry->name);
    if (old) object_release(old);    /* a Str: runs no script code */
}

/* The entry of [table] that is about [object] and [name]; NULL: there is none. A class without version has none (those have names); an
 * object in dict mode has no place of its own for anything. */
ALWAYS_INLINE BORROWED AttributePlace *probe(AttributePlace *table, size_t size, const Object *object, const Str *name)
{
    const Type *type = object->type;
    AttributePlace *entry = entry_at(table, size, type, name);
    if (UNLIKELY(!is_about(entry, type->version, name))) return NULL;
    uint32_t shape_id = 0;
    if (LIKELY(type->attributes_offset)) {
        const Shape *shape = ((const Attributes *)((const char *)object + type->attributes_offset))->shape;
        if (UNLIKELY(!shape)) return NULL;
        shape_id = shape->id;
    }
    if (LIKELY(entry->shape_id == shape_id)) return entry;
    entry = second_entry_at(table, size, shape_id, name);
    return is_about(entry, type->version, name) && entry->shape_id == shape_id ? entry : NULL;
}

/* The entry that [found], about instances of [type], goes to. */
static BORROWED AttributePlace *entry_to_replace(AttributePlace *table, size_t size, const Type *type, const AttributePlace *found)
{
    AttributePlace *first = entry_at(table, size, type, found->name);
    return is_about(first, found->version, found->name) ? second_entry_at(table, size, found->shape_id, found->name) : first;
}

static NOINLINE BORROWED const AttributePlace *find_to_load(Thread *t, Value object, Str *name)
{
    AttributeCache *cache = cache_of(t);
    AttributePlace found;
    if (!is_object(object) || !cache) return NULL;
    attribute_resolve_load(t, object, name, &found);
    if (found.kind == ATTRIBUTE_ELSEWHERE) return NULL;
    AttributePlace *entry = entry_to_replace(cache->loads, LOADS, as_object(object)->type, &found);
    remember(entry, &found);
    return entry;
}

const AttributePlace *attribute_cached_load(Thread *t, Value object, Str *name)
{
    AttributeCache *cache = t->interp->attribute_cache;
    const AttributePlace *entry = LIKELY(cache != NULL && is_object(object)) ? probe(cache->loads, LOADS, as_object(object), name) : NULL;
    return LIKELY(entry != NULL) ? entry : find_to_load(t, object, name);
}

/* In none of the slots, or not known yet. By itself, so that the other way saves no registers: 0.94 of scheduler's time. */
static NOINLINE BORROWED Value value_elsewhere(Thread *t, Value object, Str *name, const AttributePlace *entry)
{
    if (entry && entry->kind == ATTRIBUTE_IN_OVERFLOW) return *overflow_word(as_object(object), entry);
    if (!entry) entry = find_to_load(t, object, name);
    return entry ? attribute_at(entry, as_object(object)) : UNBOUND;
}

Value attribute_cached_value(Thread *t, Value object, Str *name)
{
    AttributeCache *cache = t->interp->attribute_cache;
    const AttributePlace *entry = LIKELY(cache != NULL && is_object(object)) ? probe(cache->loads, LOADS, as_object(object), name) : NULL;
    if (LIKELY(entry && entry->kind == ATTRIBUTE_IN_SLOT)) return *word_in(as_object(object), entry);
    return value_elsewhere(t, object, name, entry);
}

/* The word of [object] that [place] means, for a store. */
static BORROWED Value *word_at(const AttributePlace *place, Object *object)
{
    switch (place->kind) {
    case ATTRIBUTE_IN_SLOT:
    case ATTRIBUTE_IN_MEMBER: return word_in(object, place);
    case ATTRIBUTE_IN_OVERFLOW: return overflow_word(object, place);
    case ATTRIBUTE_IS_NEW:
        attributes_in(object)->shape = place->next;
        return word_in(object, place);
    default: return NULL;
    }
}

static NOINLINE BORROWED Value *find_to_store(Thread *t, Value object, Str *name)
{
    AttributeCache *cache = cache_of(t);
    AttributePlace found;
    if (!is_object(object) || !cache) return NULL;
    attribute_resolve_store(t, object, name, &found);
    if (found.kind == ATTRIBUTE_ELSEWHERE || (found.kind == ATTRIBUTE_IS_NEW && !found.next)) return NULL;
    remember(entry_to_replace(cache->stores, STORES, as_object(object)->type, &found), &found);
    return word_at(&found, as_object(object));
}

Value *attribute_cached_store(Thread *t, Value object, Str *name)
{
    AttributeCache *cache = t->interp->attribute_cache;
    const AttributePlace *entry = LIKELY(cache != NULL && is_object(object)) ? probe(cache->stores, STORES, as_object(object), name) : NULL;
    return LIKELY(entry != NULL) ? word_at(entry, as_object(object)) : find_to_store(t, object, name);
}

Value attribute_at(const AttributePlace *place, Object *object)
{
    switch (place->kind) {
    case ATTRIBUTE_IN_SLOT:
    case ATTRIBUTE_IN_MEMBER: return *word_in(object, place);
    case ATTRIBUTE_IN_OVERFLOW: return *overflow_word(object, place);
    case ATTRIBUTE_OF_CLASS: return place->value;
    default: return UNBOUND;
    }
}

Value attribute_ask(Thread *t, const AttributePlace *place, Object *object)
{
    /* The answer may take the descriptor out of its class, and the object out of the variable it was read from. */
    Value descriptor = retain(place->value), holder = retain(object_value(object));
    Value answer = as_object(descriptor)->type->slots.descriptor_get(t, descriptor, holder, object->type);
    release2(descriptor, holder);
    return answer;
}

Value attribute_getter(const AttributePlace *place)
{
    return place->kind == ATTRIBUTE_IS_PROPERTY ? ((Property *)as_object(place->value))->getter : UNBOUND;
}
