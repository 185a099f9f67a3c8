/* colours.h - what the collector writes into the flags of a container.
 * What        The colours, under OBJECT_COLOUR_MASK, and the age, under OBJECT_AGE_MASK.
 * How         collector.c says what each colour means; heap.c knows the last one. A container is born with age 0; one that lives
 *             through a collection of ages 0 to n gets age n + 1, up to AGE_OLD: these are gc's generations.
 * GIL         held.
 * Read next   collector.c */
#ifndef TOY_OBJECT_COLOURS_H
#define TOY_OBJECT_COLOURS_H

#include "vm/object/value.h"

enum Colour {
    COLOUR_NONE = 0,      /* outside of a collection, all; during one: not a candidate */
    COLOUR_WHITE = 1,     /* a candidate: unreachable as far as is known */
    COLOUR_GREY = 2,      /* reachable; what it refers to has not been looked at */
    COLOUR_BLACK = 3,     /* reachable, and done */
    COLOUR_GARBAGE = 4,   /* unreachable; the collector holds a reference to it */
    COLOUR_DYING = 7,     /* its count is zero; it waits to be freed or is being freed */
};

enum Age { AGE_YOUNG = 0, AGE_OLD = 2, AGE_FROZEN = 3 /* gc.freeze: no collection looks at it */ };

static inline enum Colour colour(const Object *object) { return object->flags & OBJECT_COLOUR_MASK; }
static inline void paint(Object *object, enum Colour new_colour)
{
    object->flags = (uint16_t)((object->flags & ~OBJECT_COLOUR_MASK) | new_colour);
}

static inline enum Age age(const Object *object) { return (object->flags & OBJECT_AGE_MASK) / OBJECT_AGE_UNIT; }
static inline void set_age(Object *object, enum Age new_age)
{
    object->flags = (uint16_t)((object->flags & ~OBJECT_AGE_MASK) | new_age * OBJECT_AGE_UNIT);
}

#endif
