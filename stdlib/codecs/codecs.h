/* codecs.h - what the files of module _codecs share.
 *
 * What        The state of the module, its functions by file, and the reading of their common arguments.
 * How         mod_codecs.c has the table.
 * GIL         held.
 * Read next   mod_codecs.c */
#ifndef TOY_STDLIB_CODECS_H
#define TOY_STDLIB_CODECS_H

#include "vm/toy.h"

typedef struct CodecsState {
    ToyValue search_functions;   /* list */
    ToyValue found;              /* dict: normalized name -> what a search function answered */
    ToyValue handlers;           /* dict: name -> error handler */
    ToyType *encoding_map_type;
} CodecsState;

/* The str argument [number] of a codec, and the name of its error handler: None and absent mean strict. */
TOY_MUST_CHECK bool codec_text_argument(ToyThread *t, const char *function, ToyValue v);
TOY_MUST_CHECK bool codec_errors_argument(ToyThread *t, const char *function, ToyValue v, TOY_BORROWED const char **errors);
/* (result, length): takes the result; FAILED is passed on. */
TOY_MUST_CHECK ToyValue codec_answer(ToyThread *t, TOY_TAKES ToyValue result, size_t length);

typedef ToyValue CodecFunction(ToyThread *t, ToyValue self, const ToyValue *args);
CodecFunction codecs_register, codecs_unregister, codecs_lookup, codecs_register_error, codecs_lookup_error, codecs_encode, codecs_decode,
    codecs_text_encode, codecs_text_decode;                                                       /* registry.c */
CodecFunction charmap_encode, charmap_decode, charmap_build;                                      /* charmap.c */
CodecFunction utf_7_encode, utf_7_decode;                                                         /* utf7.c */
CodecFunction escape_encode, escape_decode;                                                       /* bytes_escape.c */
extern const ToyFunction codec_handlers[];                                                        /* error_handlers.c: "strict" and so on */
extern const ToyTypeSpec encoding_map_spec;

#endif
