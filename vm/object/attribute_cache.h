/* attribute_cache.h - where an attribute was found, for places in the code that meet many classes.
 *
 * What        AttributePlace: what a name means for all instances of one shape and state of their class; two tables of them, for loading
 *             and for storing; one pair per interpreter, made when somebody first needs it.
 * How         Where one class is met, the loop notes the place in the instruction's own cache words. Where several are met, or a descriptor has to
 *             be asked, it comes here: one probe, by class and name, and a second one where a class's instances have several shapes. A newer entry replaces an older
 *             one. Where the entry lies is known before the shape is, and where the value lies before both are compared: nothing waits for them.
 * Invariants  I1 a place holds for as long as its version and its shape are those of an object: both are numbers never used twice.
 *             I2 [value] and [next] are BORROWED; the class's state, or the tree of shapes, that I1 speaks of keeps them.
 * GIL         held.
 * Read next   attribute_cache.c, vm/run/specialize.c */
#ifndef TOY_OBJECT_ATTRIBUTE_CACHE_H
#define TOY_OBJECT_ATTRIBUTE_CACHE_H

#include "vm/object/instance.h"

typedef enum AttributeKind {
    ATTRIBUTE_ELSEWHERE,      /* nowhere, or not to be had without asking somebody */
    ATTRIBUTE_IN_SLOT,        /* one of the slots of its Attributes, [where] bytes from the object's begin */
    ATTRIBUTE_IN_OVERFLOW,    /* extra->overflow[where] */
    ATTRIBUTE_IN_MEMBER,      /* one of the __slots__, [where] bytes from the object's begin */
    ATTRIBUTE_OF_CLASS,       /* [value], the same for all instances; to load */
    ATTRIBUTE_IS_METHOD,      /* [value] wants to be called with the object in front; to load */
    ATTRIBUTE_IS_PROPERTY,    /* [value], a Property; to load */
    ATTRIBUTE_IS_ASKED,       /* [value], a native descriptor, asked each time: the field of a named tuple or of a native type; to load */
    ATTRIBUTE_IS_NEW,         /* as IN_SLOT, and the instance goes on to the shape [next], NULL before the first; to store */
} AttributeKind;

typedef struct AttributePlace {
    Str *name;                /* owned: an address in use again must not look like this name */
    uint32_t version;         /* of the class; 0: an empty entry */
    uint32_t shape_id;        /* 0: instances have no Attributes */
    AttributeKind kind;
    uint32_t where;
    union {
        Value value;          /* I2 */
        Shape *next;
    };
} AttributePlace;

/* What the attribute [name] of [object] is to a load, or to a store, without asking a descriptor or running anything. [place] belongs to the
 * caller and owns nothing. */
void attribute_resolve_load(Thread *t, Value object, Str *name, AttributePlace *place);
void attribute_resolve_store(Thread *t, Value object, Str *name, AttributePlace *place);

/* The same through the cache; NULL: elsewhere. Good until script code runs. */
BORROWED const AttributePlace *attribute_cached_load(Thread *t, Value object, Str *name);
/* What is at that place, as attribute_at says. */
BORROWED Value attribute_cached_value(Thread *t, Value object, Str *name);
/* The word to replace; an instance that gets a new attribute has already gone on to its next shape. NULL: store it the long way. */
BORROWED Value *attribute_cached_store(Thread *t, Value object, Str *name);

/* What [object] has at a place to load from; UNBOUND: a member that is empty, or somebody has to be asked or bound. */
BORROWED Value attribute_at(const AttributePlace *place, Object *object);

/* What the descriptor at a place of kind ATTRIBUTE_IS_ASKED says. */
MUST_CHECK Value attribute_ask(Thread *t, const AttributePlace *place, Object *object);

/* The getter, if the place is a property's; else UNBOUND. */
BORROWED Value attribute_getter(const AttributePlace *place);

void attribute_cache_finish(Interp *interp);

#endif
