/* context_map.c - an immutable mapping: what is changed is another mapping, which shares nearly all with the first.
 *
 * What        Type Map of _contextvars. A Context holds one; copies of the Context hold the same. Setting a variable costs a few small
 *             tuples, however many variables there are and whoever else holds the old mapping.
 * How         A trie over 32 bits of the key's hash, five at each level. A node is a tuple: two bitmaps that say which of its 32 places
 *             hold a pair and which another node, then the pairs, then the nodes, each in the order of their places:
 *
 *                 (pairs 0b0101, nodes 0b1000,  key, value,  key, value,  node)
 *                           | |          |       place 0     place 2      place 3
 *
 *             Below the last level, where keys have all 32 bits in common, a tuple is a plain list of keys and values.
 * Invariants  I1 a node is never changed once it is reachable.
 *             I2 but for the root, no node holds one pair and nothing else: that pair lies in the node above instead.
 * GIL         held. Hashing and comparing keys may run script code; whatever that does, the nodes stay as they are.
 * Read next   mod_contextvars.c */
#include "stdlib/context_map.h"

enum { LEVEL_BITS = 5, HASH_BITS = 32, HEAD = 2 };

typedef struct Map {
    ToyObject head;
    ToyValue root;
    size_t length;
} Map;

static Map *as_map(ToyValue v) { return (Map *)toy_object(v); }
size_t context_map_length(ToyValue map) { return as_map(map)->length; }

static ToyValue map_of(ToyThread *t, ToyType *type, TOY_TAKES ToyValue root, size_t length)
{
    Map *map = toy_failed(root) ? NULL : (Map *)toy_type_alloc(t, type);
    if (!map) {
        toy_release(root);
        return TOY_FAILED;
    }
    map->root = root;
    map->length = length;
    return toy_value(map);
}

ToyValue context_map_new(ToyThread *t, const ContextMapTypes *types) { return map_of(t, types->map, toy_tuple(t, toy_small_int_value(0), toy_small_int_value(0)), 0); }

static bool hash_of(ToyThread *t, ToyValue key, uint32_t *hash)
{
    int64_t wide;
    if (!toy_hash(t, key, &wide)) return false;
    *hash = (uint32_t)wide ^ (uint32_t)((uint64_t)wide >> 32);
    return true;
}

/* ==== nodes ==== */

typedef struct Node { uint32_t pairs, nodes; const ToyValue *first_pair, *first_node; } Node;

static Node node_read(ToyValue node)
{
    const ToyValue *items = toy_tuple_items(node);
    uint32_t pairs = (uint32_t)toy_small_int(items[0]), nodes = (uint32_t)toy_small_int(items[1]);
    return (Node){pairs, nodes, items + HEAD, items + HEAD + 2 * __builtin_popcount(pairs)};
}
static bool is_list(unsigned shift) { return shift >= HASH_BITS; }
static uint32_t place_of(uint32_t hash, unsigned shift) { return (uint32_t)1 << (hash >> shift & 31); }
static const ToyValue *pair_at(const Node *node, uint32_t place) { return node->first_pair + 2 * __builtin_popcount(node->pairs & (place - 1)); }
static const ToyValue *node_at(const Node *node, uint32_t place) { return node->first_node + __builtin_popcount(node->nodes & (place - 1)); }

/* A row of values that is put together and then becomes a tuple; BORROWED until then. */
typedef struct Row { ToyValue items[HEAD + 2 * 32]; size_t length; } Row;
static void add(Row *row, const ToyValue *items, size_t count)
{
    if (count) memcpy(row->items + row->length, items, count * sizeof *items);
    row->length += count;
}

/* A node like the old one, but for one place: there lies the pair if [pair] is not NULL, else the child if that is bound, else nothing. */
static ToyValue node_changed(ToyThread *t, const Node *old, uint32_t place, const ToyValue *pair, ToyValue child)
{
    uint32_t pairs = (old->pairs & ~place) | (pair ? place : 0), nodes = (old->nodes & ~place) | (toy_is_bound(child) ? place : 0);
    Row row = {.items = {toy_small_int_value(pairs), toy_small_int_value(nodes)}, .length = HEAD};
    size_t before = 2 * (size_t)__builtin_popcount(old->pairs & (place - 1)), skipped = old->pairs & place ? 2 : 0;
    add(&row, old->first_pair, before);
    if (pair) add(&row, pair, 2);
    add(&row, old->first_pair + before + skipped, (size_t)(old->first_node - old->first_pair) - before - skipped);
    before = (size_t)__builtin_popcount(old->nodes & (place - 1));
    skipped = old->nodes & place ? 1 : 0;
    add(&row, old->first_node, before);
    if (toy_is_bound(child)) add(&row, &child, 1);
    add(&row, old->first_node + before + skipped, (size_t)__builtin_popcount(old->nodes) - before - skipped);
    return toy_tuple_of(t, row.items, row.length);
}

/* A node for two pairs that came to one place of the node above. */
static ToyValue node_of_two(ToyThread *t, unsigned shift, uint32_t hash_a, const ToyValue *a, uint32_t hash_b, const ToyValue *b)
{
    if (is_list(shift)) return toy_tuple_of(t, (ToyValue[]){a[0], a[1], b[0], b[1]}, 4);
    uint32_t place_a = place_of(hash_a, shift), place_b = place_of(hash_b, shift);
    if (place_a != place_b) return node_changed(t, &(Node){place_a, 0, a, a + 2}, place_b, b, TOY_UNBOUND);
    ToyValue child = node_of_two(t, shift + LEVEL_BITS, hash_a, a, hash_b, b);
    ToyValue node = toy_failed(child) ? TOY_FAILED : toy_tuple_of(t, (ToyValue[]){toy_small_int_value(0), toy_small_int_value(place_a), child}, HEAD + 1);
    toy_release(child);
    return node;
}

/* Where the key is in a list; its length: nowhere. */
static bool list_find(ToyThread *t, ToyValue list, ToyValue key, size_t *at)
{
    size_t length = toy_tuple_length(list);
    for (*at = 0; *at < length; *at += 2) {
        bool is_equal;
        if (!toy_equal(t, toy_tuple_item(list, *at), key, &is_equal)) return false;
        if (is_equal) break;
    }
    return true;
}

/* [skipped] items from [at] on left out, [pair] put in their place if it is not NULL. */
static ToyValue list_changed(ToyThread *t, ToyValue list, size_t at, size_t skipped, const ToyValue *pair)
{
    size_t length = toy_tuple_length(list), to = 0;
    ToyValue changed = toy_tuple_new(t, length - skipped + (pair ? 2 : 0));
    if (toy_failed(changed)) return TOY_FAILED;
    for (size_t i = 0; i < at; i++) toy_tuple_put(changed, to++, toy_retain(toy_tuple_item(list, i)));
    for (size_t i = 0; pair && i < 2; i++) toy_tuple_put(changed, to++, toy_retain(pair[i]));
    for (size_t i = at + skipped; i < length; i++) toy_tuple_put(changed, to++, toy_retain(toy_tuple_item(list, i)));
    return changed;
}

/* ==== look, put in, take out ==== */

bool context_map_find(ToyThread *t, ToyValue map, ToyValue key, ToyValue *value)
{
    uint32_t hash;
    *value = TOY_UNBOUND;
    if (as_map(map)->length == 0) return true;
    if (!hash_of(t, key, &hash)) return false;
    ToyValue node = as_map(map)->root;
    for (unsigned shift = 0; !is_list(shift); shift += LEVEL_BITS) {
        Node here = node_read(node);
        uint32_t place = place_of(hash, shift);
        if (here.pairs & place) {
            const ToyValue *pair = pair_at(&here, place);
            bool is_equal;
            if (!toy_equal(t, pair[0], key, &is_equal)) return false;
            if (is_equal) *value = toy_retain(pair[1]);
            return true;
        }
        if (!(here.nodes & place)) return true;
        node = *node_at(&here, place);
    }
    size_t at;
    if (!list_find(t, node, key, &at)) return false;
    if (at < toy_tuple_length(node)) *value = toy_retain(toy_tuple_item(node, at + 1));
    return true;
}

/* [pair]: key and value. The node itself, if nothing changes. A key that is there stays, if only equal to the new one. */
static ToyValue node_with(ToyThread *t, ToyValue node, unsigned shift, uint32_t hash, const ToyValue *pair, bool *is_new)
{
    if (is_list(shift)) {
        size_t at;
        if (!list_find(t, node, pair[0], &at)) return TOY_FAILED;
        *is_new = at == toy_tuple_length(node);
        if (*is_new) return list_changed(t, node, at, 0, pair);
        const ToyValue *old = toy_tuple_items(node) + at;
        return toy_is_same(old[1], pair[1]) ? toy_retain(node) : list_changed(t, node, at, 2, (ToyValue[]){old[0], pair[1]});
    }
    Node here = node_read(node);
    uint32_t place = place_of(hash, shift), old_hash;
    if (!((here.pairs | here.nodes) & place)) {
        *is_new = true;
        return node_changed(t, &here, place, pair, TOY_UNBOUND);
    }
    ToyValue child, changed = TOY_FAILED;
    if (here.pairs & place) {
        const ToyValue *old = pair_at(&here, place);
        bool is_equal;
        if (!toy_equal(t, old[0], pair[0], &is_equal)) return TOY_FAILED;
        if (is_equal) return toy_is_same(old[1], pair[1]) ? toy_retain(node) : node_changed(t, &here, place, (ToyValue[]){old[0], pair[1]}, TOY_UNBOUND);
        if (!hash_of(t, old[0], &old_hash)) return TOY_FAILED;
        *is_new = true;
        child = node_of_two(t, shift + LEVEL_BITS, old_hash, old, hash, pair);
    } else {
        ToyValue old = *node_at(&here, place);
        child = node_with(t, old, shift + LEVEL_BITS, hash, pair, is_new);
        if (toy_is_same(child, old)) changed = toy_retain(node);
    }
    if (!toy_failed(child) && toy_failed(changed)) changed = node_changed(t, &here, place, NULL, child);
    toy_release(child);
    return changed;
}

ToyValue context_map_with(ToyThread *t, ToyValue v, ToyValue key, ToyValue value)
{
    Map *map = as_map(v);
    uint32_t hash;
    bool is_new = false;
    if (!hash_of(t, key, &hash)) return TOY_FAILED;
    ToyValue root = node_with(t, map->root, 0, hash, (ToyValue[]){key, value}, &is_new);
    if (!toy_failed(root) && toy_is_same(root, map->root)) {
        toy_release(root);
        return toy_retain(v);
    }
    return map_of(t, map->head.type, root, map->length + is_new);
}

/* Keeps I2: the one pair that is left of [child], or NULL. */
static const ToyValue *lone_pair(ToyValue child, unsigned shift)
{
    if (is_list(shift)) return toy_tuple_length(child) == 2 ? toy_tuple_items(child) : NULL;
    Node node = node_read(child);
    return node.nodes == 0 && (node.pairs & (node.pairs - 1)) == 0 ? node.first_pair : NULL;
}

/* The node itself, if the key is not there. */
static ToyValue node_without(ToyThread *t, ToyValue node, unsigned shift, uint32_t hash, ToyValue key)
{
    if (is_list(shift)) {
        size_t at;
        if (!list_find(t, node, key, &at)) return TOY_FAILED;
        return at == toy_tuple_length(node) ? toy_retain(node) : list_changed(t, node, at, 2, NULL);
    }
    Node here = node_read(node);
    uint32_t place = place_of(hash, shift);
    if (here.pairs & place) {
        bool is_equal;
        if (!toy_equal(t, *pair_at(&here, place), key, &is_equal)) return TOY_FAILED;
        return is_equal ? node_changed(t, &here, place, NULL, TOY_UNBOUND) : toy_retain(node);
    }
    if (!(here.nodes & place)) return toy_retain(node);
    ToyValue old = *node_at(&here, place), child = node_without(t, old, shift + LEVEL_BITS, hash, key), changed;
    if (toy_failed(child)) return TOY_FAILED;
    const ToyValue *pair = lone_pair(child, shift + LEVEL_BITS);
    if (toy_is_same(child, old)) changed = toy_retain(node);
    else if (pair) changed = node_changed(t, &here, place, pair, TOY_UNBOUND);
    else changed = node_changed(t, &here, place, NULL, child);
    toy_release(child);
    return changed;
}

ToyValue context_map_without(ToyThread *t, ToyValue v, ToyValue key)
{
    Map *map = as_map(v);
    uint32_t hash;
    if (!hash_of(t, key, &hash)) return TOY_FAILED;
    ToyValue root = node_without(t, map->root, 0, hash, key);
    if (!toy_failed(root) && toy_is_same(root, map->root)) {
        toy_release(root);
        return toy_retain(v);
    }
    return map_of(t, map->head.type, root, map->length - 1);
}

/* ==== all of it ==== */

/* visit(t, key, value, context) for each pair until it answers false. */
typedef bool Visit(ToyThread *t, ToyValue key, ToyValue value, void *context);
static bool node_visit(ToyThread *t, ToyValue node, unsigned shift, Visit *visit, void *context)
{
    Node here = is_list(shift) ? (Node){0, 0, toy_tuple_items(node), NULL} : node_read(node);
    size_t pairs = is_list(shift) ? toy_tuple_length(node) / 2 : (size_t)__builtin_popcount(here.pairs);
    for (size_t i = 0; i < pairs; i++)
        if (!visit(t, here.first_pair[2 * i], here.first_pair[2 * i + 1], context)) return false;
    for (int i = 0; i < __builtin_popcount(here.nodes); i++)
        if (!node_visit(t, here.first_node[i], shift + LEVEL_BITS, visit, context)) return false;
    return true;
}

typedef struct Gathering { ToyValue list; ContextMapPart part; } Gathering;
static bool gather(ToyThread *t, ToyValue key, ToyValue value, void *context)
{
    const Gathering *gathering = context;
    if (gathering->part == CONTEXT_MAP_ITEMS) return toy_list_append_take(t, gathering->list, toy_tuple_of(t, (ToyValue[]){key, value}, 2));
    return toy_list_append(t, gathering->list, gathering->part == CONTEXT_MAP_KEYS ? key : value);
}

/* Its list is filled when it is made. */
typedef struct Iterator {
    ToyObject head;
    ToyValue list;
    size_t at;
} Iterator;

ToyValue context_map_iterate(ToyThread *t, ToyValue map, ContextMapPart part)
{
    ContextMapTypes *types = toy_instance_state(map);
    Gathering gathering = {toy_list(t), part};
    bool done = !toy_failed(gathering.list) && node_visit(t, as_map(map)->root, 0, gather, &gathering);
    Iterator *iterator = done ? (Iterator *)toy_type_alloc(t, types->iterators[part]) : NULL;
    if (iterator) iterator->list = gathering.list;
    else toy_release(gathering.list);
    return toy_value(iterator);
}
static ToyValue iterator_iterate(ToyThread *t, ToyValue self) { return toy_retain(self); }
static ToyValue iterator_next(ToyThread *t, ToyValue self)
{
    Iterator *iterator = (Iterator *)toy_object(self);
    return iterator->at < toy_list_length(iterator->list) ? toy_retain(toy_list_item(iterator->list, iterator->at++)) : TOY_END;
}
static bool iterator_length(ToyThread *t, ToyValue self, size_t *length)
{
    *length = toy_list_length(((Iterator *)toy_object(self))->list);
    return true;
}
static void iterator_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Iterator *)self)->list, visit, context); }
static void iterator_free(ToyObject *self) { toy_clear(&((Iterator *)self)->list); }

static const ToyTypeSpec iterator_spec = {
    .size = sizeof(Iterator),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_NO_NEW,
    .slots = {.iterate = iterator_iterate, .next = iterator_next, .length = iterator_length},
    .traverse = iterator_traverse,
    .free = iterator_free,
};

typedef struct Comparison { ToyValue other; bool is_equal; } Comparison;
static bool compare_pair(ToyThread *t, ToyValue key, ToyValue value, void *context)
{
    Comparison *comparison = context;
    ToyValue other;
    if (!context_map_find(t, comparison->other, key, &other)) return false;
    comparison->is_equal = toy_is_bound(other);
    bool done = !comparison->is_equal || toy_equal(t, value, other, &comparison->is_equal);
    toy_release(other);
    return done && comparison->is_equal;
}
bool context_map_equal(ToyThread *t, ToyValue a, ToyValue b, bool *equal)
{
    Comparison comparison = {b, toy_is_same(a, b)};
    if (!comparison.is_equal && context_map_length(a) == context_map_length(b)) {
        comparison.is_equal = true;
        if (!node_visit(t, as_map(a)->root, 0, compare_pair, &comparison) && toy_is_raised(t)) return false;
    }
    *equal = comparison.is_equal;
    return true;
}

/* ==== the type ==== */

static ToyValue map_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (count || names) return toy_raise_type_error(t, "Map() takes no arguments");
    return context_map_new(t, toy_type_state(type));
}
static bool map_length(ToyThread *t, ToyValue self, size_t *length)
{
    *length = context_map_length(self);
    return true;
}
static ToyValue map_item(ToyThread *t, ToyValue self, ToyValue key)
{
    ToyValue value;
    if (!context_map_find(t, self, key, &value)) return TOY_FAILED;
    return toy_is_bound(value) ? value : toy_raise_with(t, TOY_KeyError, key);
}
static bool map_contains(ToyThread *t, ToyValue self, ToyValue key, bool *found)
{
    ToyValue value;
    if (!context_map_find(t, self, key, &value)) return false;
    *found = toy_is_bound(value);
    toy_release(value);
    return true;
}
static ToyValue map_iterate(ToyThread *t, ToyValue self) { return context_map_iterate(t, self, CONTEXT_MAP_KEYS); }
static ToyValue map_compare(ToyThread *t, ToyValue self, ToyValue other, ToyCompare op)
{
    bool is_equal;
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !toy_is_same(toy_type_value(toy_type_of(t, other)), toy_type_value(toy_object(self)->type))) return TOY_NOT_IMPLEMENTED;
    return context_map_equal(t, self, other, &is_equal) ? toy_bool(is_equal == (op == COMPARE_EQ)) : TOY_FAILED;
}
static ToyValue map_get(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue value;
    if (!context_map_find(t, self, args[0], &value)) return TOY_FAILED;
    return toy_is_bound(value) ? value : toy_retain(toy_is_bound(args[1]) ? args[1] : TOY_NONE);
}
static ToyValue map_set(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_with(t, self, args[0], args[1]); }
static ToyValue map_delete(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_without(t, self, args[0]); }
static ToyValue map_keys(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_iterate(t, self, CONTEXT_MAP_KEYS); }
static ToyValue map_values(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_iterate(t, self, CONTEXT_MAP_VALUES); }
static ToyValue map_items(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_iterate(t, self, CONTEXT_MAP_ITEMS); }

static void map_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Map *)self)->root, visit, context); }
static void map_free(ToyObject *self) { toy_clear(&((Map *)self)->root); }

static const ToyFunction map_methods[] = {
    TOY_FUNCTION("get", map_get, "($self, key, default=None, /)", 0, "The value of the key, or the default."),
    TOY_FUNCTION("set", map_set, "($self, key, value, /)", 0, "A mapping like this one in which the key has this value."),
    TOY_FUNCTION("delete", map_delete, "($self, key, /)", 0, "A mapping like this one without the key; this one, if it is not there."),
    TOY_FUNCTION("keys", map_keys, "($self, /)", 0, "An iterator over the keys."),
    TOY_FUNCTION("values", map_values, "($self, /)", 0, "An iterator over the values."),
    TOY_FUNCTION("items", map_items, "($self, /)", 0, "An iterator over pairs of key and value."),
    TOY_FUNCTIONS_END,
};
/* It has no clear: its tuples are never changed, so a knot always leads through a Context or a value, which can be emptied. */
static const ToyTypeSpec map_spec = {
    .doc = "A mapping that never changes; set() and delete() make others.",
    .signature = "()",
    .size = sizeof(Map),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_MAPPING,
    .slots = {.new_instance = map_new, .length = map_length, .get_item = map_item, .contains = map_contains, .iterate = map_iterate, .compare = map_compare},
    .methods = map_methods,
    .traverse = map_traverse,
    .free = map_free,
};

bool context_map_make_types(ToyThread *t, ToyModuleObject *module, ContextMapTypes *types)
{
    static const char *const names[] = {"builtins.keys", "builtins.values", "builtins.items"};
    types->map = toy_type_new(t, module, &map_spec, "_contextvars.Map", NULL);
    bool done = types->map != NULL;
    for (int part = 0; done && part < CONTEXT_MAP_PART_COUNT; part++) {
        types->iterators[part] = toy_type_new(t, module, &iterator_spec, names[part], NULL);
        done = types->iterators[part] != NULL;
    }
    return done && toy_module_add_type(t, module, types->map);
}
