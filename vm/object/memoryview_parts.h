/* memoryview_parts.h - what the two files of memoryview share.
 * What        MemoryView, and what may be asked of one.
 * How         see memoryview.c, whose I1 and I2 hold here too.
 * GIL         held.   Read next  memoryview.c, memoryview_items.c */
#ifndef TOY_OBJECT_MEMORYVIEW_PARTS_H
#define TOY_OBJECT_MEMORYVIEW_PARTS_H

#include "vm/object/bytes.h"
#include "vm/object/memoryview.h"

enum { FORMAT_MAX = 16 };

typedef struct MemoryView {
    Object head;
    BufferView view;           /* I1 */
    uint8_t *start;            /* of item 0, 0 ... */
    size_t item_size;
    size_t whole_size;         /* bytes in all, if there are no dimensions: an exporter may lend more than the one item */
    const char *format;        /* own_format, or the exporter's, which has it as long as there are views */
    char own_format[FORMAT_MAX];
    char letter;               /* of the format; 0: items of this format cannot be read or written */
    bool is_read_only;
    int dimensions;
    int64_t *shape, *strides;  /* one_shape and one_stride, or a block of 2 * dimensions */
    int64_t one_shape, one_stride;
    bool is_lent;              /* see memoryview_lend: it does not give the buffer back itself */
    size_t exports;            /* views that others took of this one */
    int64_t hash;              /* -1: not computed */
} MemoryView;

#define AS_VIEW(v) ((MemoryView *)as_object(v))

/* False: released, raised. To be asked again after whatever may have run script code. */
MUST_CHECK bool memoryview_is_alive(Thread *t, const MemoryView *m);
/* Another view of the same exporter, which starts out as [source] is; its numbers are for the caller to change. */
MUST_CHECK MemoryView *memoryview_again(Thread *t, const MemoryView *source, int dimensions);
MUST_CHECK Bytes *memoryview_copy_bytes(Thread *t, const MemoryView *m);

/* ---- memoryview_items.c ---- */
MUST_CHECK bool memoryview_has_letter(Thread *t, const MemoryView *m);      /* false: items of this format cannot be read; raised */
MUST_CHECK Value memoryview_get_item(Thread *t, Value self, Value key);
MUST_CHECK bool memoryview_set_item(Thread *t, Value self, Value key, Value v);
MUST_CHECK bool memoryview_length(Thread *t, Value self, size_t *count);
MUST_CHECK Value memoryview_iterate(Thread *t, Value self);

#endif
