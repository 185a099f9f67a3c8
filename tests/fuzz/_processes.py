"""What the fuzzers that run inside of the program share: a process for each seed, each judged, for a given time.

The script does many rounds a process and prints two numbers at its end. A process fails that ends with another status, is killed, says one of
the words of DAMAGE or does not end. The seed is the process's name: with it (and FUZZ_SHOW in the environment) the fault can be had again."""
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests'))
from script_test import DAMAGE

PROGRAM = os.path.abspath(os.environ.get('TOY') or os.path.join(ROOT, 'build', 'toy'))
SLOWNESS = float(os.environ.get('TOY_SLOWNESS', 1))
BYTES = 2 << 30     # a process may have
with open(PROGRAM, 'rb') as file:
    IS_SANITIZED = re.search(rb'__(asan|tsan)_init', file.read())


def restrain():
    """In the child. A sanitizer maps far more than it uses; it has an option of its own."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not IS_SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def fault_of(script, arguments, folder):
    """None, or what went wrong; and the two numbers."""
    environment = {**os.environ, 'TOYHASHSEED': '0', 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + f':max_allocation_size_mb={BYTES >> 21}'}
    try:
        done = subprocess.run([PROGRAM, '-W', 'ignore', os.path.join(ROOT, 'tests', 'fuzz', script), *map(str, arguments)], cwd=folder, env=environment,
                              preexec_fn=restrain, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOWNESS)
    except subprocess.TimeoutExpired:
        return 'no end', 0, 0
    text = done.stderr.decode(errors='replace')
    counts = re.search(rb'^(\d+) (\d+)\s*\Z', done.stdout, re.M) or [0, 0, 0]     # damaged code may print, too
    fault = None if done.returncode == 0 and counts != [0, 0, 0] and not DAMAGE.search(text) else f'exit status {done.returncode}: {text[-3000:]}'
    return fault, int(counts[1]), int(counts[2])


def main(script, arguments_of, words, first_seed):
    """usage: test_X.py [SEED [SECONDS]]; [arguments_of] a seed are the script's."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else first_seed
    seconds = float(sys.argv[2] if len(sys.argv) > 2 else os.environ.get('TOY_FUZZ_SECONDS', 10))
    passed = failed = first = second = 0
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            fault, *counts = fault_of(script, arguments_of(seed), folder)
            first, second = first + counts[0], second + counts[1]
            if fault is None:
                passed += 1
            else:
                failed += 1
                if failed <= 5:
                    print(f'seed {seed}: {fault}')
            seed += 1
    print(f'{words.format(first, second)}; {failed} of {passed + failed} processes went wrong')
    sys.exit(1 if failed or not first else 0)
