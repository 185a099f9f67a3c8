/* plain_init.h - an __init__ that only stores: what it comes to, without running it.
 *
 * What        PlainInit: of a class, which argument or constant goes where in a new instance. Made when such a class is called warm.
 * How         Most classes begin with `self.x = x`, one line after the other. Whether code is nothing else is seen once, in its words; what its
 *             stores mean for a class is resolved once for each state of the class: slots of the shape that the instance ends with, or
 *             __slots__. Then a call of the class fills the new object as a form is filled in, and no frame is laid: half of the
 *             instructions that binary trees take.
 * Invariants  I1 one holds for as long as the class has this version, this root of shapes, and its __init__ this code.
 *             I2 nothing in such code can raise, call or be seen from outside; who is watched, or asked for the lock, runs it all the same.
 * GIL         held.
 * Read next   plain_init.c, vm/run/call.c (call_enter_init) */
#ifndef TOY_OBJECT_PLAIN_INIT_H
#define TOY_OBJECT_PLAIN_INIT_H

#include "vm/object/function.h"
#include "vm/object/instance.h"

enum { PLAIN_STORES_MAX = 16 };

typedef struct PlainStore {
    int32_t source;           /* which argument behind self; -1 - n: constant n */
    uint32_t where;           /* which name of the code; in a PlainInit: bytes from the object's begin */
} PlainStore;

typedef struct PlainInit {
    Code *code;               /* owned: an address in use again must not look like this code */
    Shape *root, *shape;      /* BORROWED from the class: the instance's at first, and in the end; NULL: no Attributes */
    uint32_t version;         /* of the class */
    uint32_t times_made;
    uint32_t count;           /* of stores; 0: it is not plain for this class */
    bool moves;               /* each argument goes to one place */
    PlainStore stores[PLAIN_STORES_MAX];
} PlainInit;

/* The stores that [code] consists of, in their order, *count of them; false: there is more to it, or there are too many. */
bool plain_init_scan(const Code *code, PlainStore stores[PLAIN_STORES_MAX], uint32_t *count);

/* What calling [type] does, whose init_function is warm; NULL: run it. */
BORROWED const PlainInit *plain_init_resolve(Thread *t, Type *type);
static inline BORROWED const PlainInit *plain_init_of(Thread *t, Type *type)
{
    const PlainInit *plain = type->plain_init;
    const Code *code = type->init_function->code;
    if (LIKELY(plain != NULL) && LIKELY(plain->version == type->version && plain->code == code && plain->root == type->root_shape))
        return plain->count ? plain : NULL;
    return code->only_stores ? plain_init_resolve(t, type) : NULL;
}

void plain_init_free(Thread *t, Type *type);

#endif
