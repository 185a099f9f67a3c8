#!/usr/bin/env python3
"""startup_order.py - writes startup_order.ld: which functions an empty script runs, for the linker to lay side by side.

usage: vm/cli/startup_order.py PROGRAM      (a release build; needs valgrind)

What        The kernel maps a program's file in windows of 64 KB, each at the first touch. Starting runs some 300 functions of several thousand;
            strewn over the whole text they made all of it resident, 1 MB more than side by side.
How         callgrind names what an empty script runs. gcc's suffixes (.part, .constprop ...) are cut off: the linker's pattern allows any.
            A name that is gone harms nothing, one that is missing costs a little memory: tests/bench/run shows when to write the file anew.
Read next   meson.build (who uses the file), tests/bench/startup.toy (what it is measured by)
"""
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


def functions_run(program):
    """Names of the functions of [program] that an empty script runs, without the compiler's suffixes."""
    with tempfile.TemporaryDirectory() as folder:
        script, profile = os.path.join(folder, 'empty.toy'), os.path.join(folder, 'profile')
        open(script, 'w', encoding='ascii').close()
        subprocess.run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={profile}', program, script], check=True,
                       stderr=subprocess.DEVNULL)
        with open(profile, encoding='utf-8') as file:
            lines = file.read().splitlines()
    objects, names, current, found = {}, {}, None, set()
    for line in lines:
        if match := re.match(r'(c?)ob=\((\d+)\)(?: (.*))?$', line):
            called, number, name = match.groups()
            if name:
                objects[number] = name
            if not called:
                current = objects[number]
        elif match := re.match(r"(c?)fn=\((\d+)\)(?: ([A-Za-z_]\w*)[^ ]*)?$", line):
            called, number, name = match.groups()
            if name:
                names[number] = name
            if not called and number in names and os.path.samefile(current, program):
                found.add(names[number])
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
