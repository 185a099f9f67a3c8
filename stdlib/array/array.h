/* array.h - what the files of module array know of each other.
 *
 * What        ItemType: a type code; Array: items of one type, side by side.
 * How         array_items.c moves single items, array_pickle.c rebuilds arrays from bytes of any machine, mod_array.c is the type.
 * Invariants  I1 an array with exports > 0 keeps its length and its place.
 *             I2 an item that a script gives is converted before the array is looked at: converting may change it.
 * GIL         held.
 * Read next   mod_array.c */
#ifndef TOY_STDLIB_ARRAY_H
#define TOY_STDLIB_ARRAY_H

#include "vm/toy.h"

typedef enum ArrayKind { ARRAY_SIGNED, ARRAY_UNSIGNED, ARRAY_FLOAT, ARRAY_CHARACTER } ArrayKind;

typedef struct ItemType {
    char code;
    const char *format;                      /* of buffers */
    uint8_t size;
    ArrayKind kind;
    const char *below, *above, *far_above, *far_below;   /* what is said of an int that does not fit; the far ones do not fit 64 bits either */
} ItemType;

extern const ItemType array_item_types[];    /* ends with code 0 */
const ItemType *array_item_type(uint32_t code);   /* NULL: there is none */

typedef struct Array {
    ToyObject head;
    const ItemType *item;
    uint8_t *data;
    size_t length, capacity;                 /* items */
    size_t exports;
} Array;

typedef struct ArrayState { ToyType *array, *iterator; } ArrayState;

static inline Array *as_array(ToyValue v) { return (Array *)toy_object(v); }
static inline uint8_t *array_at(const Array *array, size_t i) { return array->data + i * array->item->size; }
extern const ToyTypeSpec array_spec;
static inline bool is_array(ToyThread *t, ToyValue v) { return toy_is_made_of(t, v, &array_spec); }
static inline ArrayState *array_state(ToyValue array) { return toy_instance_state(array); }

/* ---- array_items.c ---- */
enum { ITEM_BYTES_MAX = 8 };
TOY_MUST_CHECK ToyValue array_read_item(ToyThread *t, const ItemType *item, const uint8_t *at);
TOY_MUST_CHECK bool array_convert_item(ToyThread *t, const ItemType *item, ToyValue v, uint8_t bytes[ITEM_BYTES_MAX]);   /* I2 */
void array_swap_items(Array *array);

/* ---- mod_array.c ---- */
TOY_MUST_CHECK Array *array_new(ToyThread *t, ToyType *type, const ItemType *item, size_t length);
TOY_MUST_CHECK bool array_resize(ToyThread *t, Array *array, size_t length);
TOY_MUST_CHECK bool array_add_bytes(ToyThread *t, Array *array, ToyValue bytes_like);
/* array(typecode, initializer). */
TOY_MUST_CHECK ToyValue array_make(ToyThread *t, ToyType *type, const ItemType *item, ToyValue initializer_or_unbound);
TOY_MUST_CHECK ToyValue array_to_list(ToyThread *t, const Array *array);

/* ---- array_pickle.c ---- */
ToyValue array_reduce(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue array_reconstruct(ToyThread *t, ToyValue module, const ToyValue *args);

#endif
