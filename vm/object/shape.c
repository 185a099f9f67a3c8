/* shape.c - the tree of shapes below each class.
 *
 * What        Finding a name's slot, and the child for one name more.
 * How         A shape's table is made the first time somebody searches it: shapes that instances only pass through on their way
 *             (a constructor that sets eight attributes passes seven) never get one. Names are interned, so a pointer is
 *             enough to tell them apart.
 * Invariants  as in shape.h.
 * GIL         held.
 * Read next   instance.c */
#include "vm/object/shape.h"

#include "vm/object/context.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/str.h"

struct ShapeTable { uint32_t next_id; };   /* per interpreter: only the ids are shared */

static inline uint32_t name_place(const Str *name) { return (uint32_t)((uintptr_t)name >> 4 ^ (uintptr_t)name >> 12); }

static Shape *shape_new(Thread *t)
{
    Interp *interp = t->interp;
    if (!interp->shapes) {
        interp->shapes = memory_alloc_zeroed(&interp->memory, sizeof *interp->shapes);
        if (!interp->shapes) {
            raise_memory_error(t);
            return NULL;
        }
    }
    Shape *shape = block_alloc(t, sizeof *shape);
    if (!shape) return NULL;
    *shape = (Shape){.id = ++interp->shapes->next_id};
    if (UNLIKELY(shape->id == 0))    /* after four thousand million shapes; ids may repeat then, 0 must not appear */
        shape->id = interp->shapes->next_id = 1;
    return shape;
}

Shape *shape_new_root(Thread *t, Type *owner, uint32_t inline_count)
{
    Shape *shape = shape_new(t);
    if (!shape) return NULL;
    shape->root = shape;
    shape->owner = owner;
    shape->inline_count = inline_count;
    return shape;
}

/* Without memory for a table the chain of parents is walked. */
static bool table_build(Shape *shape)
{
    Thread *t = thread_current();
    uint32_t size = 4;
    while (size < shape->count * 2) size *= 2;
    struct ShapeEntry *table = memory_alloc_zeroed(&t->interp->memory, size * sizeof *table);
    if (!table) return false;
    for (Shape *s = shape; s->parent; s = s->parent) {
        uint32_t place = name_place(s->key) & (size - 1);
        while (table[place].key) place = (place + 1) & (size - 1);
        table[place] = (struct ShapeEntry){s->key, s->count - 1};
    }
    shape->table = table;
    shape->table_mask = size - 1;
    return true;
}

uint32_t shape_find(Shape *shape, Str *name)
{
    if (!shape->table) {
        if (shape->count == 0) return SHAPE_NOT_FOUND;
        if (!table_build(shape)) {
            for (Shape *s = shape; s->parent; s = s->parent)
                if (s->key == name) return s->count - 1;
            return SHAPE_NOT_FOUND;
        }
    }
    for (uint32_t place = name_place(name);; place++) {
        struct ShapeEntry *entry = &shape->table[place & shape->table_mask];
        if (entry->key == name) return entry->slot;
        if (!entry->key) return SHAPE_NOT_FOUND;
    }
}

Shape *shape_next(const Shape *shape, const Str *name)
{
    for (uint32_t i = 0; i < shape->child_count; i++)
        if (shape->children[i]->key == name) return shape->children[i];
    return NULL;
}

Shape *shape_add(Thread *t, Shape *shape, Str *name)
{
    Shape *next = shape_next(shape, name);
    if (next) return next;
    /* Many children mean names made at run time: such instances are dicts by nature. */
    if (shape->count >= SHAPE_KEYS_MAX || shape->child_count >= SHAPE_KEYS_MAX) return NULL;
    if (shape->child_count == shape->child_capacity) {
        uint32_t capacity = shape->child_capacity ? shape->child_capacity * 2 : 1;
        Shape **grown = block_resize(t, shape->children, shape->child_capacity * sizeof(Shape *), capacity * sizeof(Shape *));
        if (!grown) return NULL;
        shape->children = grown;
        shape->child_capacity = capacity;
    }
    Shape *child = shape_new(t);
    if (!child) return NULL;
    child->parent = shape;
    child->root = shape->root;
    child->owner = shape->owner;
    child->inline_count = shape->inline_count;
    child->count = shape->count + 1;
    child->key = name;
    object_retain(name);
    shape->children[shape->child_count++] = child;
    return child;
}

void shape_free_tree(Thread *t, TAKES Shape *root)
{
    /* Downward along newest children, upward by parent: no recursion, however deep the tree. */
    Shape *shape = root;
    while (shape) {
        if (shape->child_count) {
            shape = shape->children[--shape->child_count];
            continue;
        }
        Shape *parent = shape == root ? NULL : shape->parent;
        if (shape->key) object_release(shape->key);
        if (shape->table) memory_free(&t->interp->memory, shape->table, (shape->table_mask + 1) * sizeof *shape->table);
        block_free(t, shape->children, shape->child_capacity * sizeof(Shape *));
        block_free(t, shape, sizeof *shape);
        shape = parent;
    }
}

void shape_table_finish(Interp *interp)
{
    memory_free(&interp->memory, interp->shapes, sizeof *interp->shapes);
    interp->shapes = NULL;
}
