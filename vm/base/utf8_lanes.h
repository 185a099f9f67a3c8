/* utf8_lanes.h - between codec.c and utf8_lanes.c.
 *
 * What        The two long loops over UTF-8 that is not plain ASCII.
 * Invariants  those of codec.h
 * GIL         never needed.
 * Read next   utf8_lanes.c */
#ifndef TOY_BASE_UTF8_LANES_H
#define TOY_BASE_UTF8_LANES_H

#include "vm/base/codec.h"

/* Goes on from run->taken, where a character begins, to a place where another begins, over good ones alone; perhaps not a step. */
void utf8_skim_lanes(const uint8_t *at, size_t length, CodecRun *run);

/* From the start of good UTF-8, whose characters fit into [width] bytes, 1 or 2: *taken bytes made so many characters. */
size_t utf8_decode_lanes(const uint8_t *at, size_t length, unsigned width, void *characters, size_t *taken);

#endif
