"""Follows the links of every page: relative links, `file: symbol` and `file:symbol` mentions, and the FIND IT table.

A symbol is *defined* in a file when it stands there as a function's or macro's or type's or field's definition, a CASE, a row of a
table (.def), or the start of a file-top; merely being used does not count."""
import os
import re

import pages


def defines(path, symbol):
    text = pages.read(path)
    word = re.escape(symbol.removesuffix('()'))
    if re.search(r'[(:]', symbol.removesuffix('()')):  # CASE(X) and the like: the text itself
        return symbol in text
    patterns = [
        rf'^[A-Za-z_][\w\s\*]*\b{word}\s*\([^;{{]*\)\s*\{{',       # a function's body, on this line or the next
        rf'^[A-Za-z_][\w\s\*]*\b{word}\s*\([^;{{]*\)\s*\n?\{{',
        rf'^\s*#\s*define\s+{word}\b',
        rf'^\s*(typedef\s+)?(struct|enum|union)\s+{word}\b',
        rf'^\s*\}}\s*{word}\s*;',
        rf'^\s+[\w\s\*]*\b{word}(\[[^\]]*\])?\s*(:\s*\d+)?\s*[;,=]',      # a field, an enumerator
        rf'^\s*\w*\(\s*{word}\b',                                  # a row of a table
        rf'^\s*(async\s+)?(def|class)\s+{word}\b',
        rf'^(static |const )*[\w\s\*]+\b{word}(\[[^\]]*\])*\s*=',
        rf'^{word}\(\)\s*\{{',                                     # a shell function
        rf'\|\s*{word}\b|\b{word}\s*\|',                           # a flag in a table's row
    ]
    return any(re.search(pattern, text, re.M) for pattern in patterns)


def exists(path):
    return os.path.exists(os.path.join(pages.ROOT, path))


findings = []
for page in pages.pages():
    text, folder = pages.prose(pages.read(page)), os.path.dirname(page)
    for number, line in enumerate(text.splitlines(), 1):
        where = f'{page}:{number}'
        for target in re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)', line):
            if not re.match(r'\w+:', target) and not exists(os.path.normpath(os.path.join(folder, target))):
                findings.append(f'{where}: a link to {target}, which is not there')
        for path, symbol in re.findall(r'`([\w./-]+\.(?:c|h|cc|def|toy|py)): ?([\w()]+)`', line):
            place = next((place for place in (path, os.path.join(folder, path)) if exists(place)), None)
            if place is None:
                findings.append(f'{where}: {path} is not there')
            elif not defines(place, symbol):
                findings.append(f'{where}: {place} does not define {symbol}')

# FIND IT: | question | open | grep for |, in the top README.
rows = re.findall(r'^\| ([^|]+\?) \| ([^|]+) \| ([^|]+) \|$', pages.read('README.md'), re.M)
for question, places, words in rows:
    paths = re.findall(r'[\w./-]+\.(?:c|h|def|md)|toy\b(?=`)', places)
    for path in paths:
        if not exists(path):
            findings.append(f'README.md: {question} {path} is not there')
    for symbol in re.findall(r'`([^`]+)`', words):
        if paths and not any(exists(path) and defines(path, symbol) for path in paths):
            findings.append(f'README.md: {question} none of {", ".join(paths)} defines {symbol}')
if not rows:
    findings.append('README.md: no FIND IT table')
pages.finish(findings)
