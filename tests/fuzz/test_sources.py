"""Seeded damage to sources: whatever the text, the compiler answers with code or with an error; never a crash or a hang.

usage: test_sources.py [SEED [SECONDS]]   (without: a fixed seed, so that a failure can be repeated, and $TOY_FUZZ_SECONDS or 10)

Each round takes a script of the tests, damages it (tokens dropped, doubled, exchanged, brackets and quotes strewn in, bytes
flipped, cut short, nested deeply) and lists its code, through lexer, parser, scope analysis, code generation and verifier."""
import glob
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests'))
from script_test import DAMAGE

PROGRAM = os.environ.get('TOY') or os.path.join(ROOT, 'build', 'toy')
SLOWNESS = float(os.environ.get('TOY_SLOWNESS', 1))
STREWN = ['(', ')', '[', ']', '{', '}', ':', ',', '=', ':=', '*', '**', '@', '"', "'", '"""', "f'{", '\\', '\n', '    ', '\t',
          'if ', 'else', 'lambda ', 'yield ', 'await ', 'async ', 'for ', 'in ', 'match ', 'case ', 'except* ', 'del ', 'global x',
          'nonlocal x', '...', '->', '~', 'not ', '0x', '1e', '1_', '\0', '\x0c', '\ufeff', 'é', '𝒙', '\u2028', '#', ';', '!r', '%']


def damage(text, pick):
    tokens = re.findall(r'\w+|\s+|[^\w\s]', text)
    if len(tokens) > 400:  # a stretch of whole lines, so that most of it still means something
        lines = text.split('\n')
        start = pick.randrange(len(lines))
        tokens = re.findall(r'\w+|\s+|[^\w\s]', '\n'.join(lines[start:start + 40]))
    for _ in range(pick.choice([1, 1, 2, 3, 8])):
        at, other = (pick.randrange(len(tokens) or 1) for _ in range(2))
        kind = pick.randrange(6)
        if not tokens or kind == 0:
            tokens.insert(at, pick.choice(STREWN))
        elif kind == 1:
            del tokens[at]
        elif kind == 2:
            tokens.insert(at, tokens[other])
        elif kind == 3:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif kind == 4:
            tokens = tokens[:at] + tokens[at:other] * pick.choice([2, 3]) + tokens[other:]
        else:
            tokens[at] = pick.choice(STREWN)
    text = ''.join(tokens)
    if pick.random() < 0.05:
        text = text[:pick.randrange(len(text) + 1)]
    if pick.random() < 0.02:
        text = pick.choice(['(', '[', '{', 'lambda:', 'not ', '-', 'a[', "f'{", 'if x:\n ', 'x = ']) * pick.choice([50, 5000]) + text
    data = bytearray(text.encode('utf-8', 'surrogatepass'))
    if pick.random() < 0.1 and data:
        data[pick.randrange(len(data))] = pick.randrange(256)
    return bytes(data)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20240607
    end = time.monotonic() + float(sys.argv[2] if len(sys.argv) > 2 else os.environ.get('TOY_FUZZ_SECONDS', 10))
    pick = random.Random(seed)
    corpus = [path for folder in ('tests/language', 'tests/opcodes', 'tests/rejected', 'stdlib/lib', 'tests/bench')
              for path in sorted(glob.glob(os.path.join(ROOT, folder, '**', '*.toy'), recursive=True))]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in itertools.count():
            if time.monotonic() > end:
                break
            with open(pick.choice(corpus), encoding='utf-8', errors='surrogateescape') as file:
                data = damage(file.read().encode('utf-8', 'replace').decode(), pick)
            path = os.path.join(folder, 'damaged.toy')
            with open(path, 'wb') as file:
                file.write(data)
            try:
                done = subprocess.run([PROGRAM, '-m', 'dis', path], stdin=subprocess.DEVNULL, capture_output=True,
                                      timeout=10 * SLOWNESS)
                text = done.stderr.decode(errors='replace')
                fault = (None if done.returncode in (0, 1) and not DAMAGE.search(text)
                         else f'exit status {done.returncode}: {text[-1500:]}')
            except subprocess.TimeoutExpired:
                fault = 'no end'
            if fault is None:
                passed += 1
                continue
            failed += 1
            if failed <= 5:
                print(f'seed {seed}, number {number}: {fault}\n{data[:2000]!r}')
    print(f'{failed} of {passed + failed} sources went wrong')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
