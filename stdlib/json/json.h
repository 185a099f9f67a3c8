/* json.h - what the files of module _json know of each other.
 *
 * What        The module's functions, the types Scanner and Encoder, and text as characters of one, two or four bytes.
 * How         json_scan.c turns text into values, json_encode.c values into text, json_strings.c does string literals for both.
 * GIL         held.
 * Read next   json_scan.c, json_encode.c */
#ifndef TOY_STDLIB_JSON_H
#define TOY_STDLIB_JSON_H

#include "vm/toy.h"

/* Rows of the module's functions. Where an Encoder is given one of the last two as its function for strings, it is not called but done. */
enum { ROW_SCANSTRING, ROW_ENCODE_ANY, ROW_ENCODE_ASCII };
extern const ToyFunction json_functions[];

/* The characters of a str, to be read at any place. The str must stay alive. */
typedef struct Characters { const void *data; unsigned width; size_t length; } Characters;

static inline Characters characters_of(ToyValue str)
{
    Characters text = {.length = toy_str_length(str)};
    text.data = toy_str_data(str, &text.width);
    return text;
}
static inline uint32_t character_at(const Characters *text, size_t i)
{
    return text->width == 1 ? ((const uint8_t *)text->data)[i] : text->width == 2 ? ((const uint16_t *)text->data)[i] : ((const uint32_t *)text->data)[i];
}

/* ---- json_strings.c ---- */

/* JSONDecodeError(what, text, place); answers FAILED. */
ToyValue json_raise(ToyThread *t, const char *what, ToyValue text, size_t place);
/* The literal whose opening quote stands before [start]. *end: behind the closing one. Strict: no control characters. */
TOY_MUST_CHECK ToyValue json_read_string(ToyThread *t, ToyValue str, const Characters *text, size_t start, bool is_strict, size_t *end);
/* The closing quote of a literal that has no escapes; SIZE_MAX: it has, or is wrong. *any: all its characters, or-ed. */
size_t json_plain_end(const Characters *text, size_t start, bool is_strict, uint32_t *any);
/* Writes the str as a literal, with escapes for all that is not ASCII if so wanted. */
void json_write_string(ToyText *out, ToyValue str, bool is_ascii);

/* ---- types ---- */

extern const ToyTypeSpec json_scanner_spec, json_encoder_spec;

#endif
