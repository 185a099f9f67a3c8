/* normalize.h - the four Unicode normal forms.
 *
 * What        Text that looks the same may be written in several ways (e with acute: one character or two). A normal form
 *             chooses one: D takes everything apart, C puts it together again; the K forms also replace characters
 *             by plainer ones (ligatures, full-width letters). Identifiers are compared in NFKC.
 * How         Decompose, sort combining marks by class, compose.
 * GIL         as the Buffer's Memory.
 * Read next   normalize.c, compiler/lexer.c (identifiers) */
#ifndef TOY_BASE_NORMALIZE_H
#define TOY_BASE_NORMALIZE_H

#include "vm/base/buffer.h"

typedef enum NormalForm { NORMAL_C, NORMAL_D, NORMAL_KC, NORMAL_KD } NormalForm;

/* Appends the normal form of [text] to [out] as 4-byte characters; on failure the buffer says so (buffer_ok). */
void unicode_normalize(NormalForm form, const uint32_t *text, size_t length, Buffer *out);

#endif
