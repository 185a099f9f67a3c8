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
    bool is_partial;           /* more may follow: an unfinished character at the end is left over */
    size_t taken;              /* afterwards: how many bytes are done */
    Value object;              /* the bytes as a value, once a script's handler was asked: it may have put others into its place */
    StrBuilder out;
} Decoding;

/* bytes[start:end] are wrong: asks the handler. *resume is where to go on; false: raised. */
MUST_CHECK bool decoding_error(Decoding *d, size_t start, size_t end, const char *reason, size_t *resume);

/* What an error handler of a script is asked: [object] is bytes (decoding) or a str (encoding), owned by the asker; a handler may exchange it. */
typedef struct CodecError {
    const char *encoding, *errors;
    Value object;
    size_t start, end;
    const char *reason;
} CodecError;
/* The handler's answer: an owned str (or bytes, when encoding), and where to go on. False: raised. */
MUST_CHECK bool codec_ask_handler(Thread *t, CodecError *error, Value *replacement, size_t *resume);

/* As str_decode, for the encodings of the machine itself, a part at a time. *taken: how many bytes are done; [is_final] false leaves an
 * unfinished character at the end. [order], for UTF-16 and UTF-32 with a mark: 0 not known, -1 little, 1 big; may be NULL. */
MUST_CHECK Value str_decode_part(Thread *t, const char *bytes, size_t length, const char *encoding, const char *errors, bool is_final,
                                 size_t *taken, int *order);
MUST_CHECK Value str_encode_part(Thread *t, Str *s, const char *encoding, const char *errors);

MUST_CHECK Value unicode_escape_decode(Decoding *d, bool is_raw);
MUST_CHECK Value unicode_escape_encode(Thread *t, Str *s, bool is_raw);
/* \xhh, \uhhhh or \Uhhhhhhhh */
void str_builder_add_escape(StrBuilder *builder, uint32_t character);

#endif
