/* shape.h - shapes: the shared description of which attribute lies in which slot.
 *
 * What        Shape, a node of a tree: the root of a class has no keys, each child adds one name.
 * How         Adding attribute `x` to an instance goes from its shape to the child for `x`, made the first time. A shape has
 *             a small open-addressing table from interned name to slot, built when it is first searched.
 * Invariants  I1 a shape never changes what it says; deleting goes to dict mode (or to the parent for the newest key).
 *             I2 id is unique for the life of the interpreter: caches compare it.
 * GIL         held.
 * Read next   instance.h */
#ifndef TOY_OBJECT_SHAPE_H
#define TOY_OBJECT_SHAPE_H

#include "vm/object/type.h"

struct Shape {
    uint32_t id;             /* I2; never 0 */
    uint32_t count;          /* keys: slots 0 .. count-1 */
    uint32_t inline_count;   /* slots that lie in the object itself */
    uint32_t table_mask;     /* entries of table less one */
    Shape *parent;           /* NULL at the root */
    Shape *root;             /* itself at the root */
    Shape *older;            /* at the root: what was root before inline_count grew; its instances live on */
    Str *key;                /* the newest key, owned; NULL at the root */
    struct ShapeEntry { Str *key; uint32_t slot; } *table;   /* NULL until searched */
    Shape **children;        /* found by key pointer */
    uint32_t child_count, child_capacity;
    Type *owner;             /* BORROWED: the class whose instances have it; NULL after the class died */
};

enum { SHAPE_KEYS_MAX = 64, SHAPE_NOT_FOUND = UINT32_MAX };

/* The slot of [name], which must be interned; SHAPE_NOT_FOUND. Never raises. */
uint32_t shape_find(Shape *shape, Str *name);
/* The shape with [name] added; NULL when it would be too big (the caller goes to dict mode) or memory is out (t->raised). */
Shape *shape_add(Thread *t, Shape *shape, Str *name);
/* The child that shape_add would answer, if it exists already; NULL otherwise. Never raises. */
BORROWED Shape *shape_next(const Shape *shape, const Str *name);
MUST_CHECK Shape *shape_new_root(Thread *t, Type *owner, uint32_t inline_count);
void shape_free_tree(Thread *t, TAKES Shape *root);
void shape_table_finish(Interp *interp);

#endif
