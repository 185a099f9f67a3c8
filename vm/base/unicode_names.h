/* unicode_names.h - characters by their Unicode names, and names by their characters.
 *
 * What        unicode_by_name: what \N{BULLET} in a string literal means. unicode_name: the name of a character.
 * How         See unicode_names.c.
 * Invariants  I1 names are matched without regard to case, aliases too; the rule-made names CJK UNIFIED IDEOGRAPH-4E00 and HANGUL
 *             SYLLABLE GAG count, but only in capitals.
 * GIL         never needed.
 * Read next   unicode_names.c, compiler/literal.c */
#ifndef TOY_BASE_UNICODE_NAMES_H
#define TOY_BASE_UNICODE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define UNICODE_NO_NAME UINT32_MAX

enum { UNICODE_NAME_MAX = 96 };

/* The character called [name], or UNICODE_NO_NAME. */
uint32_t unicode_by_name(const char *name, size_t length);
/* Writes the name of [c] with a NUL behind and returns its length; 0 when it has none. Aliases are no names. */
size_t unicode_name(uint32_t c, char out[UNICODE_NAME_MAX]);

#endif
