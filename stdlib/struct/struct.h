/* struct.h - what the files of module struct know of each other.
 *
 * What        Layout: a format, read once; its fields, and the items they stand for as values and back.
 * How         struct_layout.c reads formats, struct_items.c moves values, mod_struct.c is what scripts see.
 * GIL         held.
 * Read next   struct_layout.c */
#ifndef TOY_STDLIB_STRUCT_H
#define TOY_STDLIB_STRUCT_H

#include "vm/toy.h"

typedef struct StructState {
    ToyType *error, *struct_type, *iterator_type;
    ToyValue cache;             /* dict: format as given -> Struct, for the functions of the module */
} StructState;

typedef enum ItemKind { ITEM_PAD, ITEM_SIGNED, ITEM_UNSIGNED, ITEM_ADDRESS, ITEM_BOOL, ITEM_FLOAT, ITEM_CHAR, ITEM_TEXT, ITEM_PASCAL } ItemKind;

/* A letter and its repeat count: [count] items of [size] bytes side by side; of ITEM_TEXT and ITEM_PASCAL one of all the bytes. */
typedef struct Field {
    ItemKind kind;
    char letter;
    bool is_swapped;            /* the bytes lie in the other order than this machine's */
    int64_t size, count, offset;
} Field;

/* Counted, because an argument's __index__ may initialise the Struct anew while it packs. */
typedef struct Layout {
    size_t users;
    int64_t size, item_count;   /* bytes and values of the whole */
    size_t field_count, field_capacity;
    Field fields[];
} Layout;

TOY_MUST_CHECK Layout *layout_read(ToyThread *t, const StructState *state, const char *format, size_t length);   /* NULL: struct.error raised */
void layout_drop(ToyThread *t, TOY_TAKES Layout *layout);                                                         /* NULL is fine */

/* layout->item_count values to and from layout->size bytes. */
TOY_MUST_CHECK bool layout_pack(ToyThread *t, const StructState *state, const Layout *layout, const ToyValue *values, uint8_t *to);
TOY_MUST_CHECK ToyValue layout_unpack(ToyThread *t, const Layout *layout, const uint8_t *from);                   /* a tuple */

#endif
