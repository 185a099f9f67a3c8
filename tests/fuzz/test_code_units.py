"""Damaged code units: the verifier refuses them or the loop runs them; never a crash, never a loop that hears nothing.

usage: test_code_units.py [SEED [SECONDS]]    (without: a fixed seed, so that a failure can be repeated, and $TOY_FUZZ_SECONDS or 10)

_code_units.toy does it, a few hundred units a process; here processes are started and judged. The seed of a process is in what is printed."""
import glob
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests'))
from script_test import DAMAGE

PROGRAM = os.environ.get('TOY') or os.path.join(ROOT, 'build', 'toy')
SLOWNESS = float(os.environ.get('TOY_SLOWNESS', 1))
UNITS = 300  # a process
with open(os.path.join(ROOT, 'vm', 'bytecode', 'opcodes.def'), encoding='utf-8') as file:
    DEAF = re.findall(r'^OP\( *(\w+)', file.read(), re.M).index('JUMP_BACKWARD_NO_INTERRUPT')


def fault_of(seed, paths):
    """None, or what went wrong; and how many units were refused, and ran."""
    try:
        done = subprocess.run([PROGRAM, os.path.join(ROOT, 'tests', 'fuzz', '_code_units.toy'), str(seed), str(UNITS), str(DEAF), *paths],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOWNESS)
    except subprocess.TimeoutExpired:
        return 'no end', 0, 0
    text = done.stderr.decode(errors='replace')
    counts = re.match(rb'(\d+) (\d+)$', done.stdout.strip()) or [0, 0, 0]
    fault = None if done.returncode == 0 and not DAMAGE.search(text) else f'exit status {done.returncode}: {text[-3000:]}'
    return fault, int(counts[1]), int(counts[2])


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20261122
    seconds = float(sys.argv[2] if len(sys.argv) > 2 else os.environ.get('TOY_FUZZ_SECONDS', 10))
    paths = sorted(glob.glob(os.path.join(ROOT, 'tests', 'opcodes', '*.toy')) +
                   glob.glob(os.path.join(ROOT, 'tests', 'language', '[a-z]*.toy')))
    passed = failed = refused = ran = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        fault, *counts = fault_of(seed, paths[seed % 7::7])
        refused, ran = refused + counts[0], ran + counts[1]
        if fault is None:
            passed += 1
        else:
            failed += 1
            if failed <= 5:
                print(f'seed {seed}: {fault}')
        seed += 1
    print(f'{refused} units refused, {ran} ran; {failed} of {passed + failed} processes went wrong')
    sys.exit(1 if failed or not ran else 0)


if __name__ == '__main__':
    main()
