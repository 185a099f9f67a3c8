"""Writes unicode_tables.h from the Unicode database inside CPython 3.13 (Unicode 15.1).

Run once, by hand, under CPython 3.13 only:  python3.13 vm/base/generate_unicode.py > vm/base/unicode_tables.h
The result is committed, so that a build needs no Python. Everything is asked of str methods and of unicodedata; what
they do not tell (case-ignorable, composition exclusions) is found by experiment: see case_ignorable and composition_pairs.

Layout of the tables (unicode.c reads them):
    stage1[code >> 7] -> block;  stage2[block * 128 + (code & 127)] -> record number;  records[...] -> flags, classes, case
    decomposition: its own two stages, to an offset in one long array:  header word (length | compatibility bit), code points
    composition: pairs sorted by (first, second), found by bisection
"""
import _sre
import sys
import unicodedata

assert sys.version_info[:2] == (3, 13) and unicodedata.unidata_version == "15.1.0", "made for CPython 3.13 only"

LIMIT = 0x110000
FLAGS = ["ALPHA", "DECIMAL", "DIGIT", "NUMERIC", "SPACE", "PRINTABLE", "UPPER", "LOWER", "TITLE", "CASED", "CASE_IGNORABLE",
         "ID_START", "ID_CONTINUE", "LINEBREAK", "MIRRORED", "WIDE"]
CATEGORIES = ["Cn", "Lu", "Ll", "Lt", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
              "Lm", "Lo", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"]
BIDIRECTIONAL = ["", "L", "LRE", "LRO", "R", "AL", "RLE", "RLO", "PDF", "EN", "ES", "ET", "AN", "CS", "NSM", "BN", "B", "S",
                 "WS", "ON", "LRI", "RLI", "FSI", "PDI"]
WIDTHS = ["F", "H", "W", "Na", "A", "N"]


def final_sigma_after(text):
    return (text + "\u03a3").lower()[-1] == "\u03c2"


def case_ignorable(c):
    # A sigma is final when, skipping what is case-ignorable, a cased character stands before it. So an ignorable c is
    # looked through, to the A (cased) as well as to the 1 (not cased).
    return final_sigma_after("A" + c) and not final_sigma_after("1" + c)


def cased(c):
    return c.isupper() or c.islower() or c.istitle()


def flags_of(c):
    claims = [c.isalpha(), c.isdecimal(), c.isdigit(), c.isnumeric(), c.isspace(), c.isprintable(), c.isupper(), c.islower(),
              unicodedata.category(c) == "Lt", cased(c), case_ignorable(c), c.isidentifier(), ("a" + c).isidentifier(),
              len(("a" + c + "b").splitlines()) == 2, bool(unicodedata.mirrored(c)), unicodedata.east_asian_width(c) in "WF"]
    return sum(1 << i for i, claim in enumerate(claims) if claim)


expansions = []          # code points of the mappings that are longer than one character, one after the other
expansion_at = {}


def mapping(c, mapped):
    """A difference of code points; or, for several characters, count << 24 | place in expansions."""
    if len(mapped) == 1:
        return ord(mapped) - ord(c)
    if mapped not in expansion_at:
        expansion_at[mapped] = len(expansions)
        expansions.extend(map(ord, mapped))
    return len(mapped) << 24 | expansion_at[mapped]


def case_of(c):
    simple = ord(c.lower()[0])
    # re compares by the simple lower-case letter: the first character of the full mapping. The capital sigma, alone in
    # a string, is not final, so lower() is the plain mapping here.
    assert _sre.unicode_tolower(ord(c)) == simple, hex(ord(c))
    return (mapping(c, c.upper()), mapping(c, c.lower()), mapping(c, c.title()), mapping(c, c.casefold()))


def two_stages(values, shift):
    """The classic table compression: equal blocks of 2**shift values are stored once."""
    size = 1 << shift
    blocks, stage1, stage2 = {}, [], []
    for at in range(0, len(values), size):
        block = tuple(values[at:at + size])
        if block not in blocks:
            blocks[block] = len(blocks)
            stage2.extend(block)
        stage1.append(blocks[block])
    return stage1, stage2


def array(kind, name, values, width=118):
    print(f"static const {kind} {name}[{len(values)}] = {{")
    line = "   "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > width:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};\n")


def main():
    numerics, cases, records = {None: 0}, {(0, 0, 0, 0): 0}, {}
    record_numbers, decompositions, decomposition_numbers = [], [0], []
    for code in range(LIMIT):
        c = chr(code)
        number = numerics.setdefault(unicodedata.numeric(c, None), len(numerics))
        case = cases.setdefault(case_of(c), len(cases))
        record = (flags_of(c), case, CATEGORIES.index(unicodedata.category(c)),
                  BIDIRECTIONAL.index(unicodedata.bidirectional(c)), unicodedata.combining(c),
                  WIDTHS.index(unicodedata.east_asian_width(c)), unicodedata.decimal(c, -1), unicodedata.digit(c, -1), number)
        record_numbers.append(records.setdefault(record, len(records)))
        # Hangul syllables are taken apart by arithmetic, not by table.
        parts = "" if 0xAC00 <= code < 0xD7A4 else unicodedata.decomposition(c)
        if parts:
            words = parts.split()
            tag = words.pop(0) if words[0].startswith("<") else ""
            decomposition_numbers.append(len(decompositions))
            decompositions.append(len(words) | TAGS.index(tag) << 8)
            decompositions.extend(int(word, 16) for word in words)
        else:
            decomposition_numbers.append(0)

    print("/* unicode_tables.h - generated by generate_unicode.py from the Unicode database of CPython 3.13; do not edit.")
    print(" *")
    print(" * What        The character data behind unicode.c (its only reader): Unicode", unicodedata.unidata_version + ".")
    print(" * How         Two-stage tables; the layout is described at the top of generate_unicode.py.")
    print(" * GIL         never needed.")
    print(" * Read next   unicode.c */")
    print("#ifndef TOY_BASE_UNICODE_TABLES_H\n#define TOY_BASE_UNICODE_TABLES_H\n\n#include <stdint.h>\n")
    print(f'#define UNICODE_VERSION_TEXT "{unicodedata.unidata_version}"\n')
    print("enum {")
    for i, flag in enumerate(FLAGS):
        print(f"    HAS_{flag} = {1 << i:#x},")
    print("};\n")
    print("typedef struct UnicodeRecord {\n    uint16_t flags, case_number;\n    uint8_t category, bidirectional, combining, width;")
    print("    int8_t decimal, digit;  /* -1: has none */\n    uint8_t numeric;        /* 0: has none */\n} UnicodeRecord;\n")
    print("typedef struct UnicodeCase {\n    int32_t upper, lower, title, fold;  /* to add; or, from 1 << 24, count << 24 | place in expansions */\n} UnicodeCase;\n")
    print("typedef struct UnicodePair {\n    uint32_t first, second, composed;\n} UnicodePair;\n")
    for name, texts in (("categories", CATEGORIES), ("bidirectional_names", BIDIRECTIONAL), ("widths", WIDTHS), ("tags", TAGS)):
        width = max(map(len, texts)) + 1
        print(f"static const char unicode_{name}[][{width}] = {{ " + ", ".join(f'"{text}"' for text in texts) + " };")
    print()
    array("UnicodeRecord", "unicode_records", ["{" + ", ".join(map(str, record)) + "}" for record in records])
    array("UnicodeCase", "unicode_cases", ["{" + ", ".join(map(str, case)) + "}" for case in cases])
    array("uint16_t", "unicode_expansions", expansions)
    array("double", "unicode_numerics", ["0" if value is None else repr(value) for value in numerics])
    stage1, stage2 = two_stages(record_numbers, 7)
    assert max(stage1) < 65536 and len(records) < 65536
    array("uint8_t" if max(stage1) < 256 else "uint16_t", "unicode_stage1", stage1)
    array("uint16_t", "unicode_stage2", stage2)
    stage1, stage2 = two_stages(decomposition_numbers, 7)
    assert max(stage1) < 256 and len(decompositions) < 65536
    array("uint8_t", "unicode_decomposition_stage1", stage1)
    array("uint16_t", "unicode_decomposition_stage2", stage2)
    array("uint32_t", "unicode_decompositions", decompositions)
    array("UnicodePair", "unicode_pairs", ["{%#x, %#x, %#x}" % pair for pair in composition_pairs()])
    print("#endif")


TAGS = ["", "<circle>", "<compat>", "<final>", "<font>", "<fraction>", "<initial>", "<isolated>", "<medial>", "<narrow>",
        "<noBreak>", "<small>", "<square>", "<sub>", "<super>", "<vertical>", "<wide>"]


def composition_pairs():
    """Canonical pairs that compose again; the excluded ones are those which NFC leaves apart."""
    pairs = []
    for code in range(LIMIT):
        parts = unicodedata.decomposition(chr(code))
        if 0xAC00 <= code < 0xD7A4 or not parts or parts.startswith("<") or len(parts.split()) != 2:
            continue
        first, second = (int(word, 16) for word in parts.split())
        if unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(code):
            pairs.append((first, second, code))
    return sorted(pairs)


main()
