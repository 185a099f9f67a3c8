/* colours.h - what the collector writes into the flags of a container.
 * What        The colours, under OBJECT_COLOUR_MASK.
 * How         collector.c says what each means; heap.c knows the last one.
 * GIL         held.
 * Read next   collector.c */
#ifndef TOY_OBJECT_COLOURS_H
#define TOY_OBJECT_COLOURS_H

enum Colour {
    COLOUR_NONE = 0,      /* outside of a collection, all; during one: not a candidate */
    COLOUR_WHITE = 1,     /* a candidate: unreachable as far as is known */
    COLOUR_GREY = 2,      /* reachable; what it refers to has not been looked at */
    COLOUR_BLACK = 3,     /* reachable, and done */
    COLOUR_GARBAGE = 4,   /* unreachable; the collector holds a reference to it */
    COLOUR_DYING = 7,     /* its count is zero; it waits to be freed or is being freed */
};

#endif
