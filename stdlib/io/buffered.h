/* buffered.h - between buffered_below.c and buffered.c.
 *
 * What        A Buffered's turn, and its raw file.
 * GIL         held; dropped by the raw file.
 * Read next   buffered_below.c, buffered.c */
#ifndef TOY_STDLIB_IO_BUFFERED_H
#define TOY_STDLIB_IO_BUFFERED_H

#include "stdlib/io/io.h"

/* Whoever may touch the raw file, where the GIL is given up, has the turn. A thread that has it already gets RuntimeError. The turn keeps the
 * Buffered alive: what runs below may drop it. */
TOY_MUST_CHECK bool buffered_enter(ToyThread *t, Buffered *buffered);
void buffered_leave(ToyThread *t, Buffered *buffered);
TOY_MUST_CHECK bool buffered_check_usable(ToyThread *t, Buffered *buffered);                    /* set up, not detached */
TOY_MUST_CHECK bool buffered_check_open(ToyThread *t, Buffered *buffered, const char *act);     /* "read of", for the message */
TOY_MUST_CHECK bool buffered_begin(ToyThread *t, Buffered *buffered, const char *act);          /* open, and the turn taken */
/* A method of the raw file, which a method of the raw file may have detached: then it raises. */
TOY_MUST_CHECK ToyValue buffered_call_raw(ToyThread *t, Buffered *buffered, const char *method, const ToyValue *args, size_t count);

/* Once each; as file_read: -1 raised, -2 it would block. */
TOY_MUST_CHECK int64_t below_read(ToyThread *t, Buffered *buffered, uint8_t *data, size_t length);
TOY_MUST_CHECK int64_t below_write(ToyThread *t, Buffered *buffered, const uint8_t *data, size_t length);
TOY_MUST_CHECK bool below_seek(ToyThread *t, Buffered *buffered, int64_t offset, int whence, int64_t *position);
TOY_MUST_CHECK bool below_tell(ToyThread *t, Buffered *buffered, int64_t *position);

#endif
