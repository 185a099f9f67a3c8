/* image.h - code units as bytes and back.
 *
 * What        image_write and image_read: how the library written in toy travels from the build into the program, and what
 *             marshal hands out.
 * How         One pass, no pointers, numbers in as few bytes as they need. The bytes begin with a fingerprint of the opcode
 *             table: an image made for another table is refused, not misread.
 * Invariants  I1 image_read never reads outside its input and bounds what it allocates by its length, whatever the bytes.
 *             I2 a unit that was read is well formed as data only; code_verify says if it may run.
 * GIL         as the Memory.
 * Read next   image.c, verify.h */
#ifndef TOY_BYTECODE_IMAGE_H
#define TOY_BYTECODE_IMAGE_H

#include "vm/base/buffer.h"
#include "vm/bytecode/code.h"

typedef struct ImageError {
    const char *message;
    size_t offset;              /* in the bytes */
    bool is_out_of_memory;
} ImageError;

enum ImageOptions {
    IMAGE_COPY = 0,
    IMAGE_BORROW = 1,  /* texts point into the bytes, which must outlive the unit: for images that lie in the program */
};

void image_write(Buffer *out, const CodeUnit *unit);
/* NULL and *error when the bytes are no image or memory is exhausted. All bytes must belong to the image. */
MUST_CHECK CodeUnit *image_read(Memory *memory, const void *bytes, size_t length, unsigned options, ImageError *error);

#endif
