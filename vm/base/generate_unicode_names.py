"""Writes unicode_names_data.h, the names of characters, from the Unicode database inside CPython 3.13 (Unicode 15.1).

Run once, by hand:  python3.13 vm/base/generate_unicode_names.py > vm/base/unicode_names_data.h

34,000 names are a megabyte of text, but most of it is repetition: LATIN SMALL LETTER, EGYPTIAN HIEROGLYPH, WITH ABOVE.
So a name becomes a row of tokens. A token below TOKEN_WORDS is a word; each later one stands for two tokens before it:
again and again the commonest pairs of neighbours are made tokens (byte-pair encoding, on words). A word includes the
space or hyphen in front of it. Names that are made by rule are not stored: Hangul syllables, and
whatever ends in its own number (CJK UNIFIED IDEOGRAPH-4E00): those are ranges with a prefix.
"""
import collections
import itertools
import re
import sys
import unicodedata

assert sys.version_info[:2] == (3, 13) and unicodedata.unidata_version == "15.1.0", "made for CPython 3.13 only"

LAST = 0x8000        # set in the last token of a name
BLOCK = 32           # names share one offset in blocks
ROUNDS, PAIRS_A_ROUND, RAREST = 60, 150, 4

# unicodedata.lookup knows aliases but cannot list them. These are the candidates; what lookup does not know is left out.
CONTROLS = """NULL|NUL;START OF HEADING|SOH;START OF TEXT|STX;END OF TEXT|ETX;END OF TRANSMISSION|EOT;ENQUIRY|ENQ;ACKNOWLEDGE|ACK;
ALERT|BEL;BACKSPACE|BS;CHARACTER TABULATION|HORIZONTAL TABULATION|HT|TAB;LINE FEED|NEW LINE|END OF LINE|LF|NL|EOL;
LINE TABULATION|VERTICAL TABULATION|VT;FORM FEED|FF;CARRIAGE RETURN|CR;SHIFT OUT|LOCKING-SHIFT ONE|SO;
SHIFT IN|LOCKING-SHIFT ZERO|SI;DATA LINK ESCAPE|DLE;DEVICE CONTROL ONE|DC1;DEVICE CONTROL TWO|DC2;DEVICE CONTROL THREE|DC3;
DEVICE CONTROL FOUR|DC4;NEGATIVE ACKNOWLEDGE|NAK;SYNCHRONOUS IDLE|SYN;END OF TRANSMISSION BLOCK|ETB;CANCEL|CAN;
END OF MEDIUM|EOM|EM;SUBSTITUTE|SUB;ESCAPE|ESC;INFORMATION SEPARATOR FOUR|FILE SEPARATOR|FS;
INFORMATION SEPARATOR THREE|GROUP SEPARATOR|GS;INFORMATION SEPARATOR TWO|RECORD SEPARATOR|RS;
INFORMATION SEPARATOR ONE|UNIT SEPARATOR|US;SP;DELETE|DEL;PADDING CHARACTER|PAD;HIGH OCTET PRESET|HOP;BREAK PERMITTED HERE|BPH;
NO BREAK HERE|NBH;INDEX|IND;NEXT LINE|NEL;START OF SELECTED AREA|SSA;END OF SELECTED AREA|ESA;
CHARACTER TABULATION SET|HORIZONTAL TABULATION SET|HTS;CHARACTER TABULATION WITH JUSTIFICATION|
HORIZONTAL TABULATION WITH JUSTIFICATION|HTJ;LINE TABULATION SET|VERTICAL TABULATION SET|VTS;PARTIAL LINE FORWARD|
PARTIAL LINE DOWN|PLD;PARTIAL LINE BACKWARD|PARTIAL LINE UP|PLU;REVERSE LINE FEED|REVERSE INDEX|RI;SINGLE SHIFT TWO|SINGLE-SHIFT-2|SS2;
SINGLE SHIFT THREE|SINGLE-SHIFT-3|SS3;DEVICE CONTROL STRING|DCS;PRIVATE USE ONE|PRIVATE USE-1|PU1;PRIVATE USE TWO|PRIVATE USE-2|PU2;
SET TRANSMIT STATE|STS;CANCEL CHARACTER|CCH;MESSAGE WAITING|MW;START OF GUARDED AREA|START OF PROTECTED AREA|SPA;
END OF GUARDED AREA|END OF PROTECTED AREA|EPA;START OF STRING|SOS;SINGLE GRAPHIC CHARACTER INTRODUCER|SGC;
SINGLE CHARACTER INTRODUCER|SCI;CONTROL SEQUENCE INTRODUCER|CSI;STRING TERMINATOR|ST;OPERATING SYSTEM COMMAND|OSC;
PRIVACY MESSAGE|PM;APPLICATION PROGRAM COMMAND|APC;NBSP;SHY;LATIN CAPITAL LETTER GHA;LATIN SMALL LETTER GHA;CGJ;ALM;
SYRIAC SUBLINEAR COLON SKEWED LEFT;SYRIAC LETTER PERSIAN GHAMAL;LAO LETTER FO FON;LAO LETTER FO FAY;LAO LETTER RO;LAO LETTER LO;
TIBETAN MARK BKA- SHOG GI MGO RGYAN;HANGUL JONGSEONG YESIEUNG-KIYEOK;HANGUL JONGSEONG YESIEUNG-SSANGKIYEOK;
HANGUL JONGSEONG SSANGYESIEUNG;HANGUL JONGSEONG YESIEUNG-KHIEUKH;FVS1;FVS2;FVS3;FVS4;MVS;KANNADA LETTER LLLA;ZWSP;ZWNJ;ZWJ;LRM;RLM;LRE;RLE;PDF;
LRO;RLO;NNBSP;MMSP;WJ;LRI;RLI;FSI;PDI;WEIERSTRASS ELLIPTIC FUNCTION;MICR ON US SYMBOL;MICR DASH SYMBOL;
LEFTWARDS TRIANGLE-HEADED ARROW WITH DOUBLE VERTICAL STROKE;RIGHTWARDS TRIANGLE-HEADED ARROW WITH DOUBLE VERTICAL STROKE;
YI SYLLABLE ITERATION MARK;MYANMAR LETTER KHAMTI LLA;PRESENTATION FORM FOR VERTICAL RIGHT WHITE LENTICULAR BRACKET;BYTE ORDER MARK|BOM|ZWNBSP;
CUNEIFORM SIGN NU11 TENU;CUNEIFORM SIGN NU11 OVER NU11 BUR OVER BUR;MEDEFAIDRIN CAPITAL LETTER H;MEDEFAIDRIN CAPITAL LETTER NG;
MEDEFAIDRIN SMALL LETTER H;MEDEFAIDRIN SMALL LETTER NG;BYZANTINE MUSICAL SYMBOL FTHORA SKLIRON CHROMA VASIS;HENTAIGANA LETTER E-1;
CHAM PUNCTUATION SPIRAL;ARABIC SMALL HIGH LIGATURE ALEF WITH YEH BARREE;SUNDANESE LETTER ARCHAIC I;BRAHMI SIGN OLD TAMIL SHORT E;TANGUT RADICAL-000"""


def find_aliases():
    found = {}
    candidates = re.split(r"[;|]", CONTROLS.replace("\n", "")) + [f"VS{i}" for i in range(1, 257)]
    for alias in candidates:
        try:
            c = unicodedata.lookup(alias)
        except KeyError:
            continue
        if len(c) == 1 and unicodedata.name(c, "") != alias:
            found[alias] = ord(c)
    return found


def pieces(name):
    """Each word with the space or hyphen before it; the whole name as if a space stood in front."""
    return re.findall("[ -][^ -]*", " " + name)


def compress(rows):
    """Byte-pair encoding: returns the rows as token numbers, the words and the pairs."""
    words = sorted({word for row in rows for word in row})
    numbers = {word: i for i, word in enumerate(words)}
    rows = [[numbers[word] for word in row] for row in rows]
    pairs = []
    for _ in range(ROUNDS):
        counts = collections.Counter(pair for row in rows for pair in itertools.pairwise(row))
        chosen, taken = {}, set()
        for pair, count in counts.most_common(PAIRS_A_ROUND * 4):
            if count < RAREST or len(chosen) == PAIRS_A_ROUND:
                break
            if taken.isdisjoint(pair):   # a pair that shares a word waits for a later round
                chosen[pair] = len(words) + len(pairs)
                pairs.append(pair)
                taken.update(pair)
        if not chosen:
            break
        for row in rows:
            i = 0
            while i + 1 < len(row):
                number = chosen.get((row[i], row[i + 1]))
                if number is not None:
                    row[i:i + 2] = [number]
                i += 1
    return rows, words, pairs


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
    names, ranges = {}, []
    for code in range(0x110000):
        name = unicodedata.name(chr(code), "")
        if not name or 0xAC00 <= code < 0xD7A4:
            continue
        if name.endswith(f"-{code:04X}"):
            prefix = name[:-len(f"{code:04X}")]
            if ranges and ranges[-1][0] == prefix and ranges[-1][2] == code - 1:
                ranges[-1][2] = code
            else:
                ranges.append([prefix, code, code])
        else:
            names[code] = name
    entries = [(code, name) for code, name in sorted(names.items())]
    aliases = sorted((code, name) for name, code in find_aliases().items())
    rows, words, pairs = compress([pieces(name) for _, name in entries + aliases])
    for (_, name), row in zip(entries + aliases, rows):
        def expand(token):
            return [words[token]] if token < len(words) else sum((expand(part) for part in pairs[token - len(words)]), [])
        assert "".join(sum((expand(token) for token in row), [])) == " " + name, name
    assert len(words) + len(pairs) < LAST

    tokens, offsets = [], []
    for i, row in enumerate(rows):
        if i % BLOCK == 0:
            offsets.append(len(tokens))
        tokens += row[:-1] + [row[-1] | LAST]
    runs = []
    for i, (code, _) in enumerate(entries):
        if not runs or code != runs[-1][0] + (i - runs[-1][1]):
            runs.append((code, i))
    everything = entries + aliases
    order = sorted(range(len(everything)), key=lambda i: everything[i][1])
    letters, word_offsets = "", []
    for i, word in enumerate(words):
        word_offsets.append(len(letters))
        letters += word
    word_offsets.append(len(letters))
    assert len(everything) < 65536

    print("/* unicode_names_data.h - generated by generate_unicode_names.py from the database of CPython 3.13; do not edit.")
    print(" *")
    print(" * What        The names of characters as rows of tokens; unicode_names.c is the only reader.")
    print(" * How         Described at the top of generate_unicode_names.py.")
    print(" * GIL         never needed.")
    print(" * Read next   unicode_names.c */")
    print("#ifndef TOY_BASE_UNICODE_NAMES_DATA_H\n#define TOY_BASE_UNICODE_NAMES_DATA_H\n\n#include <stdint.h>\n")
    print("enum {")
    print(f"    NAME_COUNT = {len(entries)},          /* of characters; aliases follow */")
    print(f"    ALIAS_COUNT = {len(aliases)},\n    TOKEN_WORDS = {len(words)},\n    TOKEN_LAST = {LAST:#x},\n    NAME_BLOCK = {BLOCK},")
    print(f"    NAME_LONGEST = {max(len(name) for _, name in everything)},\n}};\n")
    print("static const struct { const char *prefix; uint32_t first, last; } name_ranges[] = {")
    for prefix, low, high in ranges:
        print(f'    {{"{prefix}", {low:#x}, {high:#x}}},')
    print("};\n")
    print("/* The letters of all words, one after the other; word i is [name_words[i], name_words[i + 1]). */")
    print(f"static const char name_letters[{len(letters) + 1}] =")
    for i in range(0, len(letters), 112):
        print(f'    "{letters[i:i + 112]}"' + (";\n" if i + 112 >= len(letters) else ""))
    array("uint32_t", "name_words", word_offsets)
    array("uint16_t", "name_pairs", [part for pair in pairs for part in pair])
    array("uint16_t", "name_tokens", tokens)
    array("uint32_t", "name_offsets", offsets)
    print("/* Runs of characters with names: from [code] on they have the names from [first] on, up to the next run's first. */")
    print("static const struct { uint32_t code; uint16_t first; } name_runs[] = {")
    line = "   "
    for code, index in runs:
        text = f" {{{code:#x}, {index}}},"
        if len(line) + len(text) > 118:
            print(line)
            line = "   "
        line += text
    print(line + "\n};\n")
    array("uint32_t", "alias_codes", [code for code, _ in aliases])
    print("/* Numbers of all names, aliases included, in alphabetical order of the names. */")
    array("uint16_t", "name_order", order)
    print("#endif")
    print(f"words {len(words)} letters {len(letters)} pairs {len(pairs)} tokens {len(tokens)} names {len(everything)} runs {len(runs)}: "
          f"{len(letters) + len(word_offsets) * 4 + len(pairs) * 4 + len(tokens) * 2 + len(runs) * 8 + len(order) * 2 + len(offsets) * 4} bytes",
          file=sys.stderr)


main()
