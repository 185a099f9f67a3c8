/* codec.h - between bytes and characters.
 *
 * What        UTF-8, Latin-1, ASCII, UTF-16 and UTF-32, both ways, on plain arrays. The str type builds its strings and its
 *             UnicodeDecodeErrors from this; the lexer reads source text with the one-character functions.
 * How         Both ways in two steps, so that the target can be allocated exactly: first *scan* / *measure* (how far is the
 *             input good, how many characters, how wide is the widest; or what is wrong, where, and in which words),
 *             then *decode* / *encode* the good part, which cannot fail. After an error the caller may go on behind it:
 *
 *                 bytes:  |<-------- good -------->|<- error_length ->|  not looked at yet ...
 *                         0                    run.taken
 *
 * Invariants  I1 scan and measure read only inside their input.  I2 decode and encode want input that passed, whole.
 * GIL         never needed.
 * Read next   codec.c, vm/object/str.c */
#ifndef TOY_BASE_CODEC_H
#define TOY_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/base/attributes.h"

typedef enum Codec {
    CODEC_UTF8, CODEC_LATIN1, CODEC_ASCII, CODEC_UTF16_LE, CODEC_UTF16_BE, CODEC_UTF32_LE, CODEC_UTF32_BE,
} Codec;

enum CodecOptions {
    CODEC_STRICT = 0,
    CODEC_SURROGATES = 1,  /* lone surrogates pass, both ways: WTF-8 and its kin */
    CODEC_PARTIAL = 2,     /* more may follow: an unfinished character at the end is left over, not an error */
};

typedef struct CodecRun {
    size_t taken;         /* how many bytes (scan) or characters (measure) from the start are good */
    size_t made;          /* how many characters (scan) or bytes (measure) they become */
    uint32_t widest;      /* scan: at least the greatest character, at most its class: < 0x80, 0x100, 0x10000, or more */
    const char *reason;   /* NULL: all is good, but for what CODEC_PARTIAL leaves over; else CPython's words for it */
    size_t error_length;  /* with reason: how many bytes or characters, from [taken] on, are to blame */
} CodecRun;

/* Bytes to characters. [width] is the size of a character in [characters]: 1, 2 or 4, as run.widest allows. */
CodecRun codec_scan(Codec codec, const void *bytes, size_t length, unsigned options);
void codec_decode(Codec codec, const void *bytes, size_t length, unsigned width, void *characters);

/* Characters to bytes. [length] counts characters. */
CodecRun codec_measure(Codec codec, const void *characters, unsigned width, size_t length, unsigned options);
void codec_encode(Codec codec, const void *characters, unsigned width, size_t length, void *bytes);

/* "utf-8", "latin-1", "ascii" ...: the name that errors carry. */
BORROWED const char *codec_name(Codec codec);

/* One UTF-8 character: returns how many bytes it takes and stores it; 0 if there is no well-formed one here. */
unsigned utf8_read(const void *bytes, size_t length, unsigned options, uint32_t *character);
/* Writes 1 to 4 bytes, also for surrogates; returns how many. */
unsigned utf8_write(uint32_t character, unsigned char out[4]);
/* How many characters: bytes that do not continue one. For text known to be well formed. */
size_t utf8_count(const void *bytes, size_t length);

/* The character size that holds [widest]: 1, 2 or 4. */
static inline unsigned codec_width(uint32_t widest)
{
    return widest < 0x100 ? 1 : widest < 0x10000 ? 2 : 4;
}

#endif
