"""Writes _charmaps.toy: the encodings that are a table of 256 characters, as CPython 3.13 has them.

Run once, by hand, under CPython 3.13 only:  python3.13 stdlib/lib/encodings/generate_charmaps.py > stdlib/lib/encodings/_charmaps.toy
Each byte is decoded by itself; U+FFFE stands for those that mean nothing. Where the first half is ASCII only the second is written.
"""
import codecs
import sys

assert sys.version_info[:2] == (3, 13), "made for CPython 3.13 only"

NAMES = """
    cp037 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp273 cp424 cp437 cp500 cp720 cp737
    cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875 hp_roman8
    iso8859_1 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_10 iso8859_11 iso8859_13 iso8859_14
    iso8859_15 iso8859_16 koi8_r koi8_t koi8_u kz1048 mac_arabic mac_croatian mac_cyrillic mac_farsi mac_greek mac_iceland mac_latin2
    mac_roman mac_romanian mac_turkish palmos ptcp154 tis_620""".split()
ASCII = "".join(map(chr, range(128)))
WIDTH = 120


def character(module, byte):
    try:
        return module.getregentry().decode(bytes([byte]))[0]
    except UnicodeDecodeError:
        return "\ufffe"


def in_lines(text):
    line = ""
    for c in text:
        written = ascii(c)[1:-1] if c != "'" else "\\'"
        if len(line) + len(written) > WIDTH:
            yield line
            line = ""
        line += written
    yield line


print('"""Encodings that are a table; written by generate_charmaps.py.\n')
print("tables: name -> (the name that errors and CodecInfo show, the characters of bytes 128 to 255, or of all 256).")
print('"""\n\ntables = {')
for name in NAMES:
    module = __import__("encodings." + name, fromlist=["getregentry"])
    table = "".join(character(module, byte) for byte in range(256))
    assert len(table) == 256
    if table.startswith(ASCII):
        table = table[128:]
    print(f"    '{name}': ('{module.getregentry().name}',")
    for line in in_lines(table):
        print(f"        '{line}'")
    print("    ),")
print("}")
