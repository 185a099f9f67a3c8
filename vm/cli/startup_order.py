#!/usr/bin/env python3
"""startup_order.py - writes startup_order.ld: which functions an empty script runs, for the linker to lay side by side.

usage: vm/cli/startup_order.py PROGRAM      (a release build with its symbols; needs valgrind)

What        The kernel maps a program's file in windows of 64 KB, each at the first touch. Starting runs some 300 functions of several thousand;
            strewn over the whole text they made all of it resident, 1 MB more than side by side.
How         callgrind tells which addresses an empty script runs, nm whose they are. gcc's suffixes (.part, .constprop ...) are cut off: the linker's pattern allows any.
            A name that is gone harms nothing, one that is missing costs a little memory: tests/bench/run shows when to write the file anew.
Read next   meson.build (who uses the file), tests/bench/parts/startup.toy (what it is measured by)
"""
import bisect
import os
import re
import subprocess
import sys
import tempfile

HEAD = '''/* startup_order.ld - what an empty script runs, side by side in the program. Written by startup_order.py: see there why. */
SECTIONS
{
  .text.start : {
'''
TAIL = '''  }
}
INSERT BEFORE .text;
'''


def functions_of(program):
    """Start addresses of the functions of [program], ascending, and their names."""
    lines = subprocess.run(['nm', '--defined-only', '--numeric-sort', program], capture_output=True, text=True, check=True).stdout
    pairs = [(int(address, 16), name) for address, kind, name in map(str.split, lines.splitlines()) if kind in 'tTwW']
    return [address for address, _ in pairs], [name for _, name in pairs]


def functions_run(program):
    """Names of the functions of [program] that an empty script runs, without the compiler's suffixes."""
    with tempfile.TemporaryDirectory() as folder:
        script, profile = os.path.join(folder, 'empty.toy'), os.path.join(folder, 'profile')
        open(script, 'w', encoding='ascii').close()
        subprocess.run(['valgrind', '--tool=callgrind', '--dump-instr=yes', f'--callgrind-out-file={profile}', program, script],
                       check=True, stderr=subprocess.DEVNULL)
        with open(profile, encoding='utf-8') as file:
            lines = file.read().splitlines()
    addresses, names = functions_of(program)
    found, at = set(), 0
    for line in lines:  # "0x401000 7 3": address, line, cost; an address may be written as the distance from the one before
        if match := re.match(r'(0x[0-9a-f]+|[+-]\d+|\*) ', line):
            step = match[1]
            at = int(step, 16) if step.startswith('0x') else at if step == '*' else at + int(step)
            if addresses[0] <= at < addresses[-1]:  # the program lies at a fixed place, libraries far above it
                found.add(re.match(r'\w+', names[bisect.bisect_right(addresses, at) - 1])[0])
    return sorted(found)


def main():
    names = functions_run(os.path.realpath(sys.argv[1]))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'startup_order.ld')
    with open(path, 'w', encoding='ascii') as file:
        file.write(HEAD + ''.join(f'    *(.text.{name} .text.{name}.*)\n' for name in names) + TAIL)
    print(f'{len(names)} functions')


if len(sys.argv) != 2:
    sys.exit(__doc__)
main()
