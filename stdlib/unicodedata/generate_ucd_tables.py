"""Writes ucd_tables.h: named sequences, and what was different in Unicode 3.2, from the database inside CPython 3.13 (Unicode 15.1).

Run once, by hand, under CPython 3.13 only:  python3.13 stdlib/unicodedata/generate_ucd_tables.py > stdlib/unicodedata/ucd_tables.h
The rest of the database is in vm/base, which the machine needs itself. Sequences cannot be listed by unicodedata; the interface it
has for the compiler (_ucnhash_CAPI) knows their names under private numbers.
"""
import ctypes
import itertools
import sys
import unicodedata

assert sys.version_info[:2] == (3, 13) and unicodedata.unidata_version == "15.1.0", "made for CPython 3.13 only"
old = unicodedata.ucd_3_2_0
LIMIT = 0x110000
PRIVATE_NAMES = range(0xf0000, 0xf1000)


class NameInterface(ctypes.Structure):
    _fields_ = [("getname", ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)),
                ("getcode", ctypes.c_void_p)]


def sequences():
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    interface = NameInterface.from_address(pointer_of(unicodedata._ucnhash_CAPI, b"unicodedata._ucnhash_CAPI"))
    buffer = ctypes.create_string_buffer(256)
    for number in PRIVATE_NAMES:
        if interface.getname(number, buffer, len(buffer), 1):
            name = buffer.value.decode()
            text = unicodedata.lookup(name)
            if len(text) > 1:
                yield name, text


def record(db, c):
    return (db.category(c), db.bidirectional(c), db.mirrored(c), db.east_asian_width(c), db.decimal(c, -1))


def changed():
    """(code, record in 3.2) where it was another one."""
    for code in range(LIMIT):
        c = chr(code)
        if record(old, c) != record(unicodedata, c):
            yield code, record(old, c)


def runs(pairs):
    for (_, row), group in itertools.groupby(enumerate(pairs), lambda pair: (pair[1][0] - pair[0], pair[1][1])):
        group = list(group)
        yield group[0][1][0], group[-1][1][0], row


print("""/* ucd_tables.h - written by generate_ucd_tables.py from the database of CPython 3.13; do not edit.      (clang-format off)
 *
 * What        Named sequences, sorted by name; runs of characters that were something else in Unicode 3.2; corrected decompositions.
 * How         Described at the top of generate_ucd_tables.py.
 * GIL         never needed.
 * Read next   mod_unicodedata.c */
#ifndef TOY_STDLIB_UCD_TABLES_H
#define TOY_STDLIB_UCD_TABLES_H

#include <stdint.h>

static const struct NamedSequence { const char *name; uint16_t text[4]; } named_sequences[] = {""")
for name, text in sorted(sequences()):
    assert len(text) <= 4 and max(text) < "\U00010000"
    print(f'    {{"{name}", {{{", ".join(hex(ord(c)) for c in text)}}}}},')
print("""};

/* decimal: -1 for none. */
static const struct OldRecord {
    uint32_t first, last;
    char category[3], bidirectional[4], width[3];
    int8_t is_mirrored, decimal;
} old_records[] = {""")
for first, last, (category, bidirectional, mirrored, width, decimal) in runs(changed()):
    print(f'    {{{first:#x}, {last:#x}, "{category}", "{bidirectional}", "{width}", {mirrored}, {decimal}}},')
print("""};

/* Characters whose decomposition was a mistake. */
static const struct OldDecomposition { uint32_t character, part; } old_decompositions[] = {""")
for code in range(LIMIT):
    c = chr(code)
    if old.category(c) != "Cn" and old.normalize("NFD", c) != unicodedata.normalize("NFD", c):
        part, = old.normalize("NFD", c)
        print(f"    {{{code:#x}, {ord(part):#x}}},")
print("""};

#endif""")
