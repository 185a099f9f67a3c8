/* mapping.h - what the files of module mmap know of each other.
 *
 * What        Mapping: bytes of memory that are a file's, or that forked processes share.
 * How         mod_mmap.c makes, resizes and unmaps, and describes the type; mapping_bytes.c reads, writes and searches the bytes.
 * Invariants  I1 'data' is NULL once it is closed; a mapping with exports > 0 is neither closed nor resized.
 *             I2 what a script gives is converted before 'data' is looked at: converting may close the mapping.
 * GIL         held.
 * Read next   mod_mmap.c */
#ifndef TOY_STDLIB_MEMORY_MAPPING_H
#define TOY_STDLIB_MEMORY_MAPPING_H

#include "vm/toy.h"

typedef enum MappingAccess { ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY } MappingAccess;

typedef struct Mapping {
    ToyObject head;
    uint8_t *data;           /* I1 */
    size_t length;
    size_t position;         /* of read, write, find */
    int64_t offset;          /* of 'data' in the file */
    size_t exports;
    int fd;                  /* our own; -1: anonymous memory, or the file is not ours to keep open */
    int flags;               /* of mmap(2) */
    MappingAccess access;
    bool is_tracked;         /* 'fd' was wanted */
} Mapping;

static inline Mapping *as_mapping(ToyValue v) { return (Mapping *)toy_object(v); }

/* False: closed, and ValueError raised. */
static inline TOY_MUST_CHECK bool mapping_is_open(ToyThread *t, const Mapping *map)
{
    return map->data || toy_raise_false(t, TOY_ValueError, "mmap closed or invalid");
}

/* ---- mapping_bytes.c ---- */
/* An index-sized int, and one of 32 bits; UNBOUND leaves *out as it is. */
TOY_MUST_CHECK bool mapping_arg_int(ToyThread *t, ToyValue v, int *out);
TOY_MUST_CHECK bool mapping_arg_size(ToyThread *t, ToyValue v, int64_t *out);
typedef ToyValue MapMethod(ToyThread *t, ToyValue self, const ToyValue *args);
MapMethod map_find, map_rfind, map_move, map_read, map_read_byte, map_read_line, map_seek, map_seekable, map_tell, map_write, map_write_byte;
ToyValue mapping_get_item(ToyThread *t, ToyValue self, ToyValue key);
bool mapping_set_item(ToyThread *t, ToyValue self, ToyValue key, ToyValue v);

#endif
