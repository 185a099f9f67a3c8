"""Damaged code units: the verifier refuses them or the loop runs them; never a crash, never a loop that hears nothing.

usage: test_code_units.py [SEED [SECONDS]]    (without: a fixed seed, so that a failure can be repeated, and $TOY_FUZZ_SECONDS or 10)

_code_units.toy does it, a few hundred units a process; here processes are started and judged. The seed of a process is in what is printed."""
import glob
import os
import re

import _processes

ROOT = _processes.ROOT
UNITS = 300  # a process
PATHS = sorted(glob.glob(os.path.join(ROOT, 'tests', 'opcodes', '*.toy')) + glob.glob(os.path.join(ROOT, 'tests', 'language', '[a-z]*.toy')))
with open(os.path.join(ROOT, 'vm', 'bytecode', 'opcodes.def'), encoding='utf-8') as file:
    DEAF = re.findall(r'^OP\( *(\w+)', file.read(), re.M).index('JUMP_BACKWARD_NO_INTERRUPT')

_processes.main('_code_units.toy', lambda seed: (seed, UNITS, DEAF, *PATHS[seed % 7::7]), '{} units refused, {} ran', 20261122)
