/* bytes.h - bytes and bytearray.
 * What        Immutable bytes, their data in the object; mutable bytearray, its data in a block.   How  methods shared in bytes_methods.c.
 * Invariants  I1 a bytearray with exports > 0 does not change its size.   GIL  held.   Read next  buffer_view.h */
#ifndef TOY_OBJECT_BYTES_H
#define TOY_OBJECT_BYTES_H

#include "vm/object/context.h"

typedef struct Bytes { Object head; int64_t hash; size_t length; uint8_t data[]; } Bytes;   /* one NUL behind the data */
typedef struct ByteArray { Object head; uint8_t *data; size_t length, capacity; size_t exports; } ByteArray;

static inline bool is_bytes(Value v) { return has_payload(v, KIND_BYTES); }
static inline Bytes *as_bytes(Value v) { return (Bytes *)as_object(v); }
MUST_CHECK Bytes *bytes_new(Thread *t, size_t length);                              /* uninitialised data */
MUST_CHECK Bytes *bytes_from(Thread *t, const void *data, size_t length);
/* One that nobody else has seen, longer (the new bytes are not set) or shorter; it may move. NULL, raised: it is gone. */
MUST_CHECK Bytes *bytes_resize(Thread *t, TAKES Bytes *bytes, size_t length);
MUST_CHECK Value bytearray_from(Thread *t, const void *data, size_t length);

/* bytes(v): from __bytes__, a buffer or an iterable of ints, as int.from_bytes takes them; exact bytes. */
MUST_CHECK Value bytes_from_object(Thread *t, Value v);
MUST_CHECK bool bytes_init(Thread *t);                                              /* start-up: the shared b'' */

extern const TypeSpec bytes_spec, bytearray_spec, bytes_iterator_spec, bytearray_iterator_spec;

#endif
