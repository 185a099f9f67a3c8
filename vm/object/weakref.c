/* weakref.c - weak references, and the table that finds them.
 *
 * What        weakref.ref, and what happens to references when their target dies.
 * How         The table maps an object to its newest reference; the others hang on it. A reference without a callback is made
 *             once and shared. When the target dies all become dead at once, and only then do callbacks run: no callback can
 *             meet another reference that still shows the dying object.
 * Invariants  as in weakref.h.  I3 the table's entry for a target is its newest reference; `next` leads to older ones.
 * GIL         held.
 * Read next   weak_proxy.c, heap.c, collector.c */
#include "vm/object/weakref.h"

#include "vm/base/hash.h"
#include "vm/object/arguments.h"
#include "vm/object/colours.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- the table: open addressing, deleting by moving later entries back ---- */

struct WeakTable {
    WeakRef **entries;     /* newest reference of a target, or NULL */
    size_t mask, used;
};

static size_t place_of(const WeakTable *table, const Object *target) { return (size_t)((uintptr_t)target >> 4) * 0x9e3779b97f4a7c15u >> 20 & table->mask; }

static WeakRef **find_entry(WeakTable *table, const Object *target)
{
    for (size_t i = place_of(table, target);; i = (i + 1) & table->mask)
        if (!table->entries[i] || table->entries[i]->target == target) return &table->entries[i];
}

static bool table_reserve(Thread *t)
{
    Memory *memory = &t->interp->memory;
    WeakTable *table = t->interp->weak;
    if (!table) {
        table = t->interp->weak = memory_alloc_zeroed(memory, sizeof *table);
        if (!table) return raise_memory_error(t), false;
    }
    if (table->entries && table->used * 4 < (table->mask + 1) * 3) return true;
    size_t old_size = table->entries ? table->mask + 1 : 0, size = old_size ? old_size * 2 : 16;
    WeakRef **old = table->entries, **entries = memory_alloc_zeroed(memory, size * sizeof *entries);
    if (!entries) return raise_memory_error(t), false;
    table->entries = entries;
    table->mask = size - 1;
    for (size_t i = 0; i < old_size; i++)
        if (old[i]) *find_entry(table, old[i]->target) = old[i];
    memory_free(memory, old, old_size * sizeof *old);
    return true;
}

static void entry_remove(WeakTable *table, WeakRef **entry)
{
    size_t hole = (size_t)(entry - table->entries);
    table->used--;
    for (size_t i = (hole + 1) & table->mask; table->entries[i]; i = (i + 1) & table->mask) {
        size_t home = place_of(table, table->entries[i]->target);
        if (((i - home) & table->mask) < ((i - hole) & table->mask)) continue;
        table->entries[hole] = table->entries[i];
        hole = i;
    }
    table->entries[hole] = NULL;
}

void weak_table_finish(Interp *interp)
{
    WeakTable *table = interp->weak;
    if (!table) return;
    if (table->entries) memory_free(&interp->memory, table->entries, (table->mask + 1) * sizeof *table->entries);
    memory_free(&interp->memory, table, sizeof *table);
    interp->weak = NULL;
}

bool weak_table_has_callback(const Interp *interp)
{
    const WeakTable *table = interp->weak;
    if (!table || !table->entries) return false;
    for (size_t i = 0; i <= table->mask; i++)
        for (const WeakRef *reference = table->entries[i]; reference; reference = reference->next)
            if (is_bound(reference->callback)) return true;
    return false;
}

static WeakRef *newest_of(Interp *interp, Object *target)
{
    return target->flags & OBJECT_HAS_WEAKREFS ? *find_entry(interp->weak, target) : NULL;
}

static void unlink_reference(Interp *interp, WeakRef *reference)
{
    Object *target = reference->target;
    if (!target) return;
    WeakRef **entry = find_entry(interp->weak, target);
    if (reference->previous) reference->previous->next = reference->next;
    if (reference->next) reference->next->previous = reference->previous;
    if (*entry == reference) {
        if (reference->next) {
            *entry = reference->next;
        } else {
            entry_remove(interp->weak, entry);
            target->flags &= (uint16_t)~OBJECT_HAS_WEAKREFS;
        }
    }
    reference->target = NULL;
    reference->next = reference->previous = NULL;
}

/* ---- making ---- */

static WeakRef *as_weak(Value v) { return (WeakRef *)as_object(v); }

static Value reference_make(Thread *t, Type *type, Value target, Value callback)
{
    Interp *interp = t->interp;
    if (!is_object(target) || !type_is(as_object(target)->type, TYPE_IS_WEAK_REFERABLE))
        return raise_type_error(t, "cannot create weak reference to '%T' object", target);
    Object *object = as_object(target);
    bool is_plain = is_none(callback) || is_unbound(callback);
    if (is_plain && !type_is(type, TYPE_IS_SCRIPT_MADE))
        for (WeakRef *known = newest_of(interp, object); known; known = known->next)
            if (known->head.type == type && is_unbound(known->callback)) return retain(object_value(known));
    if (!table_reserve(t)) return FAILED;
    WeakRef *reference = (WeakRef *)type_alloc(t, type);
    if (!reference) return FAILED;
    reference->hash = -1;
    if (!is_plain) reference->callback = retain(callback);
    WeakRef **entry = find_entry(interp->weak, object);
    reference->target = object;
    reference->next = *entry;
    if (*entry) (*entry)->previous = reference;
    else interp->weak->used++;
    *entry = reference;
    object->flags |= OBJECT_HAS_WEAKREFS;
    return object_value(reference);
}

Value weakref_new(Thread *t, Value target, Value callback_or_none) { return reference_make(t, kind_type(t, KIND_WEAKREF), target, callback_or_none); }

Value weak_proxy_new(Thread *t, Value target, Value callback_or_none)
{
    return reference_make(t, kind_type(t, value_is_callable(t, target) ? KIND_WEAK_CALLABLE_PROXY : KIND_WEAK_PROXY), target, callback_or_none);
}

/* ---- asking ---- */

Value weakref_target(Value reference)
{
    Object *target = as_weak(reference)->target;
    /* A container whose count has fallen to zero may wait to be freed: it is dead already. */
    if (!target || (target->flags & OBJECT_COLOUR_MASK) == COLOUR_DYING) return UNBOUND;
    return retain(object_value(target));
}

size_t weakref_count(Interp *interp, Object *object)
{
    size_t count = 0;
    for (WeakRef *reference = newest_of(interp, object); reference; reference = reference->next) count++;
    return count;
}

List *weakref_list(Thread *t, Object *object)
{
    List *list = list_new(t, 0);
    if (!list) return NULL;
    /* The shared one without callback first, then the others, newest first: CPython's order. */
    for (int shared = 1; shared >= 0; shared--)
        for (WeakRef *reference = newest_of(t->interp, object); reference; reference = reference->next) {
            bool is_shared = is_unbound(reference->callback) && reference->head.kind != KIND_INSTANCE;
            if (is_shared == shared && !list_append(t, list, object_value(reference))) {
                object_release(list);
                return NULL;
            }
        }
    return list;
}

Value weakref_first(Thread *t, Value v)
{
    List *list = weakref_list(t, as_object(v));
    if (!list) return FAILED;
    Value first = list->count ? retain(list->items[0]) : NONE;
    object_release(list);
    return first;
}

/* ---- the target dies ---- */

WeakRef *weakrefs_clear_later(Thread *t, Object *object, bool (*is_garbage)(Object *object), WeakRef *chain)
{
    WeakTable *table = t->interp->weak;
    WeakRef **entry = find_entry(table, object), *reference = *entry, *next, **tail = &chain;
    if (!reference) return chain;
    entry_remove(table, entry);
    object->flags &= (uint16_t)~OBJECT_HAS_WEAKREFS;
    while (*tail) tail = &(*tail)->next;
    for (; reference; reference = next) {
        next = reference->next;
        reference->target = NULL;
        reference->next = reference->previous = NULL;
        /* One that is being freed itself, and held the last reference to its own target, has nobody left to tell. */
        bool is_dying = (reference->head.flags & OBJECT_COLOUR_MASK) == COLOUR_DYING;
        if (is_dying || is_unbound(reference->callback) || (is_garbage && is_garbage(&reference->head))) continue;
        object_retain(reference);
        *tail = reference;
        tail = &reference->next;
    }
    return chain;
}

void weakrefs_run_callbacks(Thread *t, WeakRef *chain)
{
    while (chain) {
        WeakRef *reference = chain;
        chain = reference->next;
        reference->next = NULL;
        Value callback = reference->callback;
        reference->callback = UNBOUND;
        Value result = value_call1(t, callback, object_value(reference));
        if (failed(result)) raised_report_unraisable(t, callback, NULL);
        release2(result, callback);
        object_release(reference);
    }
}

void weakrefs_clear(Thread *t, Object *object) { weakrefs_run_callbacks(t, weakrefs_clear_later(t, object, NULL, NULL)); }

/* ---- weakref.ref ---- */

static Value ref_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (type == kind_type(t, KIND_WEAKREF) && !arguments_no_keywords(t, "ref", names)) return FAILED;
    if (!arguments_count(t, "__new__", count, 1, 2)) return FAILED;
    return reference_make(t, type, args[0], count > 1 ? args[1] : NONE);
}

static bool ref_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    (void)self, (void)args;
    return arguments_no_keywords(t, "ref", names) && arguments_count(t, "__init__", count, 1, 2);
}

static Value ref_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    (void)args;
    if (count) return raise_type_error(t, "weakref expected 0 arguments, got %zu", count);
    if (!arguments_no_keywords(t, "weakref", names)) return FAILED;
    Value target = weakref_target(callee);
    return is_bound(target) ? target : NONE;
}

static Value ref_repr(Thread *t, Value self)
{
    Value target = weakref_target(self);
    void *own = as_object(self);
    if (is_unbound(target)) return object_value(str_format(t, "<weakref at %p; dead>", own));
    Value name = value_find_special(t, target, NAME_OF(t, __name__)), text = FAILED;    /* the object's own attributes may be anything */
    if (is_unbound(name) && is_raised(t))
        ;
    else if (is_bound(name) && is_str(name))
        text = object_value(str_format(t, "<weakref at %p; to '%T' at %p (%U)>", own, target, (void *)as_object(target), as_str(name)));
    else
        text = object_value(str_format(t, "<weakref at %p; to '%T' at %p>", own, target, (void *)as_object(target)));
    release2(name, target);
    return text;
}

static bool ref_hash(Thread *t, Value self, int64_t *hash)
{
    WeakRef *reference = as_weak(self);
    if (reference->hash == -1) {
        Value target = weakref_target(self);
        if (is_unbound(target)) return raise_false(t, EXC_TypeError, "weak object has gone away");
        bool is_good = value_hash(t, target, &reference->hash);
        release(target);
        if (!is_good) return reference->hash = -1, false;
    }
    *hash = reference->hash;
    return true;
}

static Value ref_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_weakref(other)) return NOT_IMPLEMENTED;
    Value a = weakref_target(self), b = weakref_target(other), result;
    if (is_unbound(a) || is_unbound(b))
        result = bool_value(is_same(self, other) == (op == COMPARE_EQ));
    else
        result = value_compare(t, a, b, op);
    release2(a, b);
    return result;
}

static Value ref_get_callback(Thread *t, Value self)
{
    (void)t;
    return is_bound(as_weak(self)->callback) ? retain(as_weak(self)->callback) : NONE;
}

static const GetSetDef ref_getsets[] = {{"__callback__", ref_get_callback, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const NativeDef ref_methods[] = {CLASS_GET_ITEM_ROW, NATIVE_END};

void weakref_traverse(Object *self, VisitFn visit, void *context) { visit_value(((WeakRef *)self)->callback, visit, context); }
void weakref_forget(Object *self)
{
    unlink_reference(thread_current()->interp, (WeakRef *)self);
    clear(&((WeakRef *)self)->callback);
}

const TypeSpec weakref_spec = {
    .size = sizeof(WeakRef), .flags = TYPE_IS_CONTAINER,
    .slots = {.repr = ref_repr, .hash = ref_hash, .call = ref_call, .compare = ref_compare, .new_instance = ref_new, .init = ref_init},
    .methods = ref_methods, .getsets = ref_getsets, .traverse = weakref_traverse, .clear = weakref_forget, .free = weakref_forget,
};
