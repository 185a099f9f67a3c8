/* plain.h - what pickle knows natively: plain data, and instances that are their attributes.
 *
 * What        plain_dumps, plain_dump, plain_loads.
 * How         Both do what _pickler.toy and _unpickler.toy do for the same opcodes, and write the same bytes. Whatever they do not know - an
 *             instance whose class has something to say, an older protocol, damaged bytes, a nesting that is very deep - they leave
 *             alone, and the machine written in toy begins again from the start and says what there is to say.
 * Invariants  I1 nothing in there runs script code, so what is being written cannot change meanwhile.
 *             I2 giving up leaves nothing raised and nothing half done.
 * GIL         held throughout.
 * Read next   plain_writer.c, plain_reader.c */
#ifndef TOY_STDLIB_PICKLE_PLAIN_H
#define TOY_STDLIB_PICKLE_PLAIN_H

#include "vm/toy.h"

TOY_MUST_CHECK ToyValue plain_dumps(ToyThread *t, ToyValue v, ToyValue protocol_given);    /* None: not ours */
/* The same into a file, in the pieces that a Pickler writes. NotImplemented: not ours. */
TOY_MUST_CHECK ToyValue plain_dump(ToyThread *t, ToyValue v, ToyValue protocol_given, ToyValue write);
TOY_MUST_CHECK ToyValue plain_loads(ToyThread *t, ToyValue bytes);                         /* NotImplemented, which no pickle is of: not ours */
/* A class under its names, if the module is loaded and the name has no dots. UNBOUND, nothing raised: there is none. */
TOY_MUST_CHECK ToyValue plain_find(ToyThread *t, ToyValue modules, ToyValue module_name, ToyValue name);

#endif
