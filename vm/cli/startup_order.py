#!/usr/bin/env python3
"""startup_order.py - writes startup_order.ld: what programs use, for the linker to lay side by side.

usage: vm/cli/startup_order.py PROGRAM...      (release builds with their symbols; needs valgrind; a minute or two for each)

What        The kernel maps a program's file in windows of 64 KB, each at the first touch. A small script runs some 600 of 6,800 functions: 0.4 MB,
            but strewn over the whole program they make 1.3 MB of it resident.
How         Code: first what an empty script needs, then all that the scripts of tests/bench enter, by how many of them do, then what those of
            tests/language enter besides; of equally many, what the same scripts enter side by side. Who enters what is told by breakpoints, one
            at the head of each function, which goes when it is met: the script runs nearly as fast as without.
            How many tests of language enter it is no order for programs: those try everything there is.
            Of a function that the compiler divided, the cold part counts for itself, and has a breakpoint wherever the other part jumps into it.
            Constants: what an empty script needs, then what startup_order.toy needs besides: valgrind's lackey tells each address that is
            touched, nm whose it is. Large tables come last: whoever needs one line of such a table has not to pass by the whole of it.
            Short texts (the names of types, functions, attributes) and the constants of floating point have no names
            that tell whose they are: all of them come first, 100 KB.
            gcc's suffixes (.part, .constprop ...) are cut off: the linker's pattern allows any. A jump table bears the name of its function.
            A name that is gone harms nothing, one that is missing costs 64 KB: give it a build with link-time optimisation and one without,
            for which functions the former makes one changes with every edit. tests/bench/run startup shows when to write the file anew.
Read next   meson.build (who uses the file), breakpoints.py, tests/bench/parts/startup.toy (what it is measured by)
"""
import bisect
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

import breakpoints

HERE = os.path.dirname(os.path.abspath(__file__))
# What has no section for each function or no name: the C library's first function, GMP's; texts below 32 bytes, single constants.
FIRST = {'text': '    *crt1.o(.text)\n    *crtbegin*.o(.text)\n    *mp_set_fns.o(.text)\n',
         'rodata': '    *(.rodata.cst*)\n    *(.rodata.str1.1 .rodata.*.str1.1)\n'}
# Scripts to learn from, the more typical first.
TRAINING = ('bench/[pt]*/[a-z]*.toy', 'language/[a-z]*.toy')
LARGE = 4096                        # bytes of a table
WINDOW = 0x10000
HEAD = '/* startup_order.ld - what programs use, side by side. Written by startup_order.py: see there why. */\n'


class Symbols:
    """Who lies where in a program: of its functions, or of its constant tables."""

    def __init__(self, program, kinds):
        lines = subprocess.run(['nm', '--defined-only', '--numeric-sort', '-S', program], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in lines.splitlines()]
        self.rows = [(int(row[0], 16), int(row[1], 16), row[3]) for row in rows if len(row) == 4 and row[2] in kinds]
        self.starts = [row[0] for row in self.rows]
        self.names = {}             # of a place; tables that say the same share it
        for start, _, name in self.rows:
            self.names.setdefault(start, set()).add(re.match(r'\w+', name)[0] + ('.cold' if name.endswith('.cold') else ''))
        self.divided = {re.match(r'\w+', row[2])[0] for row in self.rows if row[2].endswith('.cold')}

    def names_at(self, address):
        """The names, without the compiler's suffixes but that of a function's cold part; none: nobody's."""
        at = bisect.bisect_right(self.starts, address) - 1
        return set() if at < 0 or address >= self.starts[at] + self.rows[at][1] else self.names[self.starts[at]]


def touched(program, script):
    """Addresses, in steps of 16, that running [script] executes, and those that it reads or writes."""
    executed, used = set(), set()
    command = ['valgrind', '--tool=lackey', '--trace-mem=yes', '--log-fd=9', program, script]
    reads, writes = os.pipe()
    with subprocess.Popen(['sh', '-c', f'exec "$@" 9>&{writes} >/dev/null', 'sh', *command], pass_fds=[writes]) as process:
        os.close(writes)
        with os.fdopen(reads, encoding='ascii', errors='replace') as trace:
            for line in trace:      # "I  04001b,3", " L 04001b,8", " S ...", " M ..."
                if line[1:2] in ' LSM' and ',' in line:
                    (executed if line[0] == 'I' else used).add(int(line[3:line.index(',')], 16) & ~15)
    if process.returncode:
        sys.exit(f'{script}: exit status {process.returncode}')
    return executed, used


def names_used(program, script):
    """Of functions, and of tables, that running [script] needs."""
    functions, tables = Symbols(program, 'tTwW'), Symbols(program, 'rR')
    executed, used = touched(program, script)
    return [set().union(*(who.names_at(start + step) for start in places for step in range(16))) for who, places in ((functions, executed), (tables, used))]


def doors(program):
    """Where functions jump into their cold parts."""
    lines = subprocess.run(['objdump', '--disassemble', '--no-show-raw-insn', program], capture_output=True, text=True, check=True).stdout
    found, here = set(), ''
    for line in lines.splitlines():
        if line.endswith('>:'):
            here = line
        elif not here.endswith('.cold>:') and (jump := re.search(r'\bj\w+ +([0-9a-f]+) <[\w.]+\.cold[+>]', line)):
            found.add(int(jump[1], 16))
    return found


def by_use(programs, scripts):
    """The functions that scripts enter: what most of them do first."""
    users = collections.defaultdict(set)
    for program in programs:
        functions = Symbols(program, 'tTwW')
        places = doors(program).union(start for start, _, name in functions.rows if not name.endswith('.cold'))
        for number, script in enumerate(scripts):
            for place in breakpoints.met(program, script, sorted(places)):
                for name in functions.names_at(place):
                    users[name].add(number)
    return sorted(users, key=lambda name: (-len(users[name]), sorted(users[name]), name))


def pattern(section, name, divided):
    """The sections in which the linker finds [name]. Code that the compiler holds for hot, or run once, or seldom, has sections with a word more;
    of a function that it divided, the cold part comes only if it was run."""
    words = ['']
    if name.endswith('.cold'):
        name, words = name.removesuffix('.cold'), ['unlikely.']
    elif section == 'text':
        words = ['', 'hot.', 'startup.'] + ([] if name in divided else ['unlikely.'])
    return f'    *({" ".join(f".{section}.{word}{name} .{section}.{word}{name}.*" for word in words)})\n'


def main():
    programs = [os.path.realpath(path) for path in sys.argv[1:]]
    code, data = {}, {}             # names in order; dicts as ordered sets
    divided = set.union(*(Symbols(program, 'tT').divided for program in programs))
    with tempfile.TemporaryDirectory() as folder:
        empty = os.path.join(folder, 'empty.toy')
        open(empty, 'w', encoding='ascii').close()
        for script in (empty, os.path.join(HERE, 'startup_order.toy')):
            rows = [names_used(program, script) for program in programs]
            functions = set.union(*(row[0] for row in rows))
            if not code:
                code.update(dict.fromkeys(sorted(functions)))
            names = functions.union(*(row[1] for row in rows))
            data.update(dict.fromkeys(sorted(name for name in names if not name.endswith('.cold'))))
    sizes = {re.match(r'\w+', name)[0]: size for program in programs for _, size, name in Symbols(program, 'rR').rows}
    data = sorted(data, key=lambda name: max(sizes.get(name, 0), LARGE))      # otherwise in the order they have
    for group in TRAINING:
        code.update(dict.fromkeys(by_use(programs, sorted(glob.glob(os.path.join(HERE, '../../tests', group))))))
    with open(os.path.join(HERE, 'startup_order.ld'), 'w', encoding='ascii') as file:
        file.write(HEAD)
        for section, names in (('text', code), ('rodata', data)):
            patterns = ''.join(pattern(section, name, divided) for name in names)
            begins = f'ALIGN({WINDOW:#x}) ' if section == 'rodata' else ''      # what is before is no part of its first window
            file.write(f'SECTIONS\n{{\n  .{section}.start : {begins}{{\n{FIRST[section]}{patterns}  }}\n}}\nINSERT BEFORE .{section};\n')
    print(f'{len(code)} functions, {len(data)} names of tables')


if len(sys.argv) < 2:
    sys.exit(__doc__)
main()
