/* collector_questions.c - what module gc asks about the heap.
 *
 * What        Which containers there are, of which age; who refers to whom; freezing.
 * How         A walk around the heap notes what it finds in plain memory first: nothing may be allocated on the way. The
 *             list that scripts get is made of that afterwards.
 * GIL         held; no script code runs.
 * Read next   collector.c (colours and ages), heap.h (the walk) */
#include "vm/object/collector.h"

#include "vm/object/colours.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/set.h"

static bool may_refer(Value v) { return is_object(v) && as_object(v)->flags & OBJECT_IS_TRACKED; }

/* As CPython answers it: a dict or tuple that holds nothing that could be part of a cycle does not count as tracked. */
bool object_is_tracked(Value v)
{
    if (!may_refer(v)) return false;
    if (is_kind(v, KIND_DICT)) {
        size_t position = 0;
        Value key, item;
        while (dict_next(as_dict(v), &position, &key, &item))
            if (may_refer(key) || may_refer(item)) return true;
        return false;
    }
    if (is_kind(v, KIND_TUPLE)) return as_tuple(v)->count > 0;
    return true;
}

/* What a walk has found. */
typedef struct Search {
    Memory *memory;
    const Value *wanted;
    size_t wanted_count;
    int wanted_age;                /* -1: any but the frozen */
    bool is_hit, has_failed;
    Value *found;
    size_t count, capacity;
} Search;

static void search_add(Value v, void *context)
{
    Search *search = context;
    if (search->has_failed) return;
    if (search->count == search->capacity) {
        size_t capacity = search->capacity ? search->capacity * 2 : 256;
        Value *grown = memory_resize(search->memory, search->found, search->capacity * sizeof(Value), capacity * sizeof(Value));
        if (!grown) {
            search->has_failed = true;
            return;
        }
        search->found = grown;
        search->capacity = capacity;
    }
    search->found[search->count++] = v;
}

static List *search_end(Thread *t, Search *search)
{
    for (size_t i = 0; i < search->count; i++) retain(search->found[i]);
    List *list = NULL;
    if (search->has_failed)
        raise_memory_error(t);
    else
        list = list_new(t, search->count);
    bool is_good = list != NULL;
    for (size_t i = 0; i < search->count; i++) {
        is_good = is_good && list_append(t, list, search->found[i]);
        release(search->found[i]);
    }
    memory_free(search->memory, search->found, search->capacity * sizeof(Value));
    if (is_good) return list;
    if (list) object_release(list);
    return NULL;
}

/* ---- all objects ---- */

static void search_object(Object *object, void *context)
{
    Search *search = context;
    if (colour(object) == COLOUR_DYING) return;
    if (search->wanted_age < 0 ? age(object) != AGE_FROZEN : (int)age(object) == search->wanted_age)
        search_add(object_value(object), search);
}

List *collector_objects(Thread *t, int generation)
{
    Search search = {.memory = &t->interp->memory, .wanted_age = generation};
    heap_walk_containers(t->interp, search_object, &search);
    return search_end(t, &search);
}

/* ---- who refers to it ---- */

static void search_child(Object *child, void *context)
{
    Search *search = context;
    for (size_t i = 0; i < search->wanted_count; i++)
        if (is_object(search->wanted[i]) && as_object(search->wanted[i]) == child) search->is_hit = true;
}

static void search_referrer(Object *object, void *context)
{
    Search *search = context;
    if (colour(object) == COLOUR_DYING) return;
    search->is_hit = false;
    object_traverse(object, search_child, search);
    if (search->is_hit) search_add(object_value(object), search);
}

List *collector_referrers(Thread *t, const Value *objects, size_t count)
{
    Search search = {.memory = &t->interp->memory, .wanted = objects, .wanted_count = count};
    heap_walk_containers(t->interp, search_referrer, &search);
    return search_end(t, &search);
}

/* ---- what it refers to ---- */

static void search_add_object(Object *object, void *context) { search_add(object_value(object), context); }

/* Traversing shows objects only, and small numbers are none: the containers that people look into are read item by item, in CPython's order. */
static void search_items(Search *search, Object *object)
{
    size_t position = 0;
    Value key, item;
    switch (object->solid) {
    case KIND_LIST: {
        List *list = (List *)object;
        for (size_t i = list->count; i-- > 0;) search_add(list->items[i], search);
        break;
    }
    case KIND_TUPLE: {
        Tuple *tuple = (Tuple *)object;
        for (size_t i = tuple->count; i-- > 0;) search_add(tuple->items[i], search);
        break;
    }
    case KIND_DICT: {
        bool has_text_only = true;
        while (dict_next((Dict *)object, &position, &key, &item)) has_text_only = has_text_only && is_kind(key, KIND_STR);
        for (position = 0; dict_next((Dict *)object, &position, &key, &item);) {
            search_add(item, search);
            if (!has_text_only) search_add(key, search);
        }
        break;
    }
    case KIND_SET:
    case KIND_FROZENSET:
        while (set_next((Set *)object, &position, &key)) search_add(key, search);
        break;
    default:
        if (object->type->spec->traverse)
            object->type->spec->traverse(object, search_add_object, search);
    }
}

List *collector_referents(Thread *t, const Value *objects, size_t count)
{
    Search search = {.memory = &t->interp->memory};
    for (size_t i = 0; i < count; i++) {
        if (!may_refer(objects[i])) continue;
        Object *object = as_object(objects[i]);
        search_items(&search, object);
        attributes_each(object, search_add, &search);
        if (type_is(object->type, TYPE_IS_SCRIPT_MADE)) search_add(object_value(object->type), &search);
    }
    return search_end(t, &search);
}

/* ---- freezing ---- */

static void freeze(Object *object, void *context)
{
    (void)context;
    set_age(object, AGE_FROZEN);
}

static void unfreeze(Object *object, void *context)
{
    (void)context;
    if (age(object) == AGE_FROZEN) set_age(object, AGE_OLD);
}

static void abandon(Object *object, void *context)
{
    if (age(object) == AGE_FROZEN) object->flags |= OBJECT_IS_FINALIZED;
    unfreeze(object, context);
}

void collector_freeze(Thread *t) { heap_walk_containers(t->interp, freeze, NULL); }
void collector_unfreeze(Thread *t) { heap_walk_containers(t->interp, unfreeze, NULL); }
void collector_abandon_frozen(Thread *t) { heap_walk_containers(t->interp, abandon, NULL); }

static void count_age(Object *object, void *context) { ((size_t *)context)[age(object)]++; }

void collector_count_ages(Thread *t, size_t counts[COLLECTOR_AGES])
{
    for (int i = 0; i < COLLECTOR_AGES; i++) counts[i] = 0;
    heap_walk_containers(t->interp, count_age, counts);
}
