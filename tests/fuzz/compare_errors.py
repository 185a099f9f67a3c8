#!/usr/bin/env python3
"""compare_errors.py - do errors read as CPython's? Asks both, over thousands of small mistakes.

What        tests/fuzz/compare_errors.py sources [-n COUNT] [-s SEED] [-v]   SyntaxErrors and SyntaxWarnings of damaged sources
            tests/fuzz/compare_errors.py calls [-s SEED] [-v]                errors of built-in functions, methods, operators
            The share that agrees, and the differences, the most frequent kind first; -v shows more of each kind.
            $TOY is the program, else build-dev/toy. Not part of tests/run: it needs the oracle.
How         Sources are pieces of the scripts of tests/language and tests/opcodes and of CPython's library, read from where it is
            installed, each with one or two tokens changed as fingers change them. What is compared is all a SyntaxError says:
            type, msg, lineno, offset, end_lineno, end_offset, text. Calls are every function and method of the built-in types
            with arguments they do not expect. _error_cases.py answers under either interpreter, many cases to a process.
Read next   _error_cases.py, test_sources.py (damage of a coarser kind: nothing may crash)
"""
import argparse
import collections
import glob
import io
import json
import keyword
import os
import random
import re
import subprocess
import sys
import tempfile
import tokenize

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests'))
from cpython import find_oracle

WORKER = os.path.join(HERE, '_error_cases.py')
OPERATORS = ['=', '==', ':=', '+', '-', '*', '**', '/', '//', '%', '@', '<', '>', '<=', '!=', '<>', '->', '+=', '.', ',', ':', ';', '!',
             '?', '$', '~', '...', '&', '|', '<<', '\\', '`']
BRACKETS = ['(', ')', '[', ']', '{', '}']


# ---- damage ----

def tokens_of(text):
    """(start, end, text) of each token, as places in the text."""
    starts = [0]
    for line in text.splitlines(True):
        starts.append(starts[-1] + len(line))
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.string.strip():
                found.append((starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1], token.string))
    except (tokenize.TokenError, SyntaxError):
        pass
    return found


def misspell(word, pick):
    at = pick.randrange(len(word))
    return pick.choice([word[:at] + word[at + 1:], word[:at] + word[at] + word[at:], word.capitalize(), word + pick.choice('seny'),
                        word[:at] + word[at + 1:at + 2] + word[at:at + 1] + word[at + 2:]])


def change_token(text, tokens, pick):
    at = pick.randrange(len(tokens))
    start, end, old = tokens[at]
    kind = pick.randrange(8)
    if kind == 0:                                                    # lost
        new = ''
    elif kind == 1:                                                  # twice
        new = old + ' ' + old
    elif kind == 2 and at + 1 < len(tokens):                         # exchanged with the next
        other = tokens[at + 1]
        return text[:start] + other[2] + text[end:other[0]] + old + text[other[1]:]
    elif kind == 3:                                                  # something from elsewhere in its place
        new = pick.choice(tokens)[2]
    elif kind == 4:                                                  # something put in front
        new = pick.choice([pick.choice(tokens)[2], pick.choice(OPERATORS), pick.choice(BRACKETS), pick.choice(keyword.kwlist)]) + ' ' + old
    elif kind == 5:                                                  # an operator for it
        new = pick.choice(OPERATORS + BRACKETS)
    elif kind == 6:                                                  # a keyword for it
        new = pick.choice(keyword.kwlist)
    else:                                                            # a letter lost
        cut = pick.randrange(len(old))
        new = old[:cut] + old[cut + 1:]
    return text[:start] + new + text[end:]


def change_of_sort(text, tokens, fits, change, pick):
    found = [token for token in tokens if fits(token[2])]
    if not found:
        return change_token(text, tokens, pick)
    start, end, old = pick.choice(found)
    return text[:start] + change(old) + text[end:]


def change_line(text, pick):
    lines = text.split('\n')
    at = pick.randrange(len(lines))
    line = lines[at]
    kind = pick.randrange(7)
    if kind == 0:
        lines[at] = ' ' + line
    elif kind == 1:
        lines[at] = line[1:] if line[:1] == ' ' else '    ' + line
    elif kind == 2:
        lines[at] = line.lstrip()
    elif kind == 3:
        lines[at] = re.sub(' {4}', '\t', line, count=1)
    elif kind == 4:
        del lines[at]
    elif kind == 5:
        lines[at] = line + pick.choice(OPERATORS + BRACKETS + [' if', ' else', ' for', ' as', ' in', ' and'])
    else:
        cut = pick.randrange(len(line) + 1)
        lines[at:at + 1] = [line[:cut], line[cut:]]
    return '\n'.join(lines)


def damage(text, pick):
    for _ in range(pick.choice([1, 1, 1, 2])):
        tokens = tokens_of(text)
        if len(tokens) < 2:
            break
        kind = pick.randrange(12)
        if kind < 5:
            text = change_token(text, tokens, pick)
        elif kind == 5:
            text = change_of_sort(text, tokens, lambda old: old in BRACKETS, lambda old: pick.choice(['', old + old, pick.choice(BRACKETS)]), pick)
        elif kind == 6:
            text = change_of_sort(text, tokens, keyword.iskeyword, lambda old: misspell(old, pick), pick)
        elif kind == 7:
            text = change_of_sort(text, tokens, lambda old: old in (':', ',', '.'), lambda old: pick.choice(['', '', *OPERATORS]), pick)
        elif kind == 8:
            text = change_of_sort(text, tokens, lambda old: old[-1] in '\'"', lambda old: pick.choice([old[:-1], old[1:], old + old[-1]]), pick)
        elif kind == 9:
            text = change_of_sort(text, tokens, lambda old: old in OPERATORS, lambda old: pick.choice(OPERATORS), pick)
        elif kind == 10:
            text = change_line(text, pick)
        elif pick.random() < 0.3:
            text = text[:pick.randrange(len(text))]
        else:
            text = change_line(text, pick)
    return text


def piece(text, pick):
    """From an unindented line to another, at most sixty lines."""
    lines = text.split('\n')
    heads = [i for i, line in enumerate(lines) if line[:1].isalpha() or line[:1] == '@'] or [0]
    start = pick.choice(heads)
    length = pick.choice([3, 10, 30, 60])
    ends = [i for i in heads if start < i <= start + length] or [start + length]
    return '\n'.join(lines[start:ends[-1]]) + '\n'


def damaged_sources(count, seed, library):
    pick = random.Random(seed)
    own = [path for folder in ('language', 'opcodes') for path in sorted(glob.glob(os.path.join(ROOT, 'tests', folder, '*.toy')))]
    others = sorted(glob.glob(os.path.join(library, '*.py'))) + sorted(glob.glob(os.path.join(library, 'test', 'test_*.py')))
    sources = []
    while len(sources) < count:
        with open(pick.choice(pick.choice([own, others])), encoding='utf-8', errors='replace') as file:
            sources.append(damage(piece(file.read(), pick), pick))
    return sources


# ---- asking ----

def answers(program, arguments):
    """{case: answer}; a process that dies is followed by another, behind the case it died of."""
    found, done = {}, 0
    for _ in range(20):
        with tempfile.TemporaryFile('w+') as errors:
            process = subprocess.Popen([program, WORKER, *arguments, str(done)], stdout=subprocess.PIPE, stderr=errors, text=True,
                                       env={**os.environ, 'TOYHASHSEED': '0', 'PYTHONHASHSEED': '0'}, stdin=subprocess.DEVNULL)
            for line in process.stdout:
                case, value = json.loads(line)
                found[str(case)] = value
                done += 1
            if process.wait() == 0:
                return found
            errors.seek(0)
            print(f'{program}: status {process.returncode} after {done} cases: {errors.read()[-1500:]}')
        done += 1
    return found


def without_addresses(answer):
    return answer and [re.sub('0x[0-9a-f]+', '0x', part) for part in answer]


def kind_of(ours, theirs):
    """What sort of difference it is: the messages with what stands in quotes left out, then the fields that differ."""
    def form(outcome):
        return 'fine' if outcome is None else f'{outcome[0]}: ' + re.sub(r"'[^']*'|\d+", '*', str(outcome[1]))
    if form(ours) == form(theirs) and ours and len(ours) == len(theirs) == 7:
        names = ['type', 'msg', 'lineno', 'offset', 'end_lineno', 'end_offset', 'text']
        return form(ours) + ' -- ' + ' '.join(name for name, a, b in zip(names, ours, theirs) if a != b)
    return f'{form(ours)}  (CPython: {form(theirs)})'


def show(kinds, total, is_verbose):
    different = sum(map(len, kinds.values()))
    print(f'{total - different} of {total} agree: {100 * (total - different) / max(total, 1):.2f} %')
    for kind, cases in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f'{len(cases):5}  {kind}')
        for ours, theirs, text in sorted(cases, key=lambda case: len(case[2]))[:4 if is_verbose else 0]:
            print(f'           {text[:1500]!r}\n             toy     {ours}\n             CPython {theirs}')


def main():
    parser = argparse.ArgumentParser(description='Compare what errors say with CPython 3.13.')
    parser.add_argument('what', choices=['sources', 'calls'])
    parser.add_argument('-n', type=int, default=3000, help='how many sources')
    parser.add_argument('-s', type=int, default=1, help='seed')
    parser.add_argument('-v', action='store_true', help='show some cases of each kind')
    options = parser.parse_args()
    oracle, why = find_oracle()
    if not oracle:
        sys.exit(why)
    program = os.environ.get('TOY') or os.path.join(ROOT, 'build-dev', 'toy')
    kinds = collections.defaultdict(list)
    if options.what == 'calls':
        theirs, ours = (answers(each, ['calls', str(options.s)]) for each in (oracle, program))
        for text in theirs:
            if without_addresses(ours.get(text)) != without_addresses(theirs[text]):
                kinds[kind_of(ours.get(text, ['not reached', '']), theirs[text])].append((ours.get(text), theirs[text], text))
        show(kinds, len(theirs), options.v)
        return
    library = os.path.join(os.path.dirname(os.path.dirname(oracle)), 'lib', 'python3.13')
    sources = damaged_sources(options.n, options.s, library)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'sources.json')
        with open(path, 'w') as file:
            json.dump(sources, file)
        theirs, ours = (answers(each, ['sources', path]) for each in (oracle, program))
    for number, (outcome, warned) in theirs.items():
        ours_of = ours.get(number, [['not reached', ''], []])
        if ours_of[0] != outcome:
            kinds[kind_of(ours_of[0], outcome)].append((ours_of[0], outcome, sources[int(number)]))
        elif ours_of[1] != warned:
            kinds['other warnings'].append((ours_of[1], warned, sources[int(number)]))
    show(kinds, len(theirs), options.v)


if __name__ == '__main__':
    main()
