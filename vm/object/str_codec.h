/* str_codec.h - what the two halves of str's codecs share.
 * What        Error handlers by name; the escape codecs.   How  str_codec.c, str_escape.c.   GIL  held.   Read next  str_codec.c */
#ifndef TOY_OBJECT_STR_CODEC_H
#define TOY_OBJECT_STR_CODEC_H

#include "vm/base/codec.h"
#include "vm/object/str.h"

/* One decoding on its way: what errors are reported with, and where the characters go. */
typedef struct Decoding {
    Thread *t;
    const char *name;          /* of the encoding, for errors */
    Codec codec;               /* for surrogatepass */
    const char *errors;        /* the handler's name; NULL: strict */
    const char *bytes;
    size_t length;
    StrBuilder out;
} Decoding;

/* bytes[start:end] are wrong: asks the handler. *resume is where to go on; false: raised. */
MUST_CHECK bool decoding_error(Decoding *d, size_t start, size_t end, const char *reason, size_t *resume);

MUST_CHECK Value unicode_escape_decode(Decoding *d, bool is_raw);
MUST_CHECK Value unicode_escape_encode(Thread *t, Str *s, bool is_raw);
/* \xhh, \uhhhh or \Uhhhhhhhh */
void str_builder_add_escape(StrBuilder *builder, uint32_t character);

#endif
