#!/usr/bin/env python3
"""startup_order.py - writes startup_order.ld: what is used early and often, for the linker to lay side by side.

usage: vm/cli/startup_order.py PROGRAM...      (release builds with their symbols; needs valgrind, and five minutes)

What        The kernel maps a program's file in windows of 64 KB, each at the first touch. Starting runs some 600 functions of several thousand, an
            ordinary program some hundred more, and both read as many constant tables; strewn over the whole program they made all of it resident.
How         Functions: callgrind tells which ones a script runs. First come those of an empty script, then those that two thirds of the scripts
            of tests/opcodes and tests/language run; then what startup_order.toy runs besides, which does what ordinary programs do; then the others that some of
            those tests run, each followed by the one whose scripts are most like its own: so an odd feature has its windows to itself.
            Tables: valgrind's lackey tells each address that is touched, nm whose it is. First comes what an empty script needs, behind it what
            startup_order.toy needs besides. gcc's suffixes (.part, .constprop ...) are cut off: the linker's
            pattern allows any. A jump table bears the name of its function. Short texts (the names of types, functions, attributes) and the
            constants of floating point have no names that tell whose they are: all of them come first, 100 KB.
            A name that is gone harms nothing, one that is missing costs 64 KB: give it a build without link-time optimisation, which runs
            the tests, and one with, for which functions that makes one changes with every edit. tests/bench/run startup shows when to write the file anew.
Read next   meson.build (who uses the file), tests/bench/parts/startup.toy (what it is measured by)
"""
import bisect
import collections
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# What has no section for each function or no name: the C library's first function, GMP's; texts below 32 bytes, single constants.
FIRST = {'text': '    *crt1.o(.text)\n    *crtbegin*.o(.text)\n    *mp_set_fns.o(.text)\n    *(.text.startup.*)\n',
         'rodata': '    *(.rodata.cst*)\n    *(.rodata.str1.1 .rodata.*.str1.1)\n'}
FEWEST = 4      # scripts of 250 that run a function: below that it stays where it is
HEAD = '/* startup_order.ld - what is used early, side by side in the program. Written by startup_order.py: see there why. */\n'


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


def tables_used(program, script):
    """Names of the constants that running [script] needs, and of the functions whose jump tables it may read."""
    executed, used = touched(program, script)
    tables, functions = Symbols(program, 'rR'), Symbols(program, 'tTwW')
    return set().union(*(tables.names_at(start + step) for start in used for step in (0, 15)),
                       *(functions.names_at(start) for start in executed))


def functions_run(program, script, folder):
    """Names of the functions that running [script] executes; none if it takes too long."""
    profile = os.path.join(folder, f'{os.path.basename(program)}.{abs(hash((program, script)))}')
    command = ['valgrind', '--tool=callgrind', f'--callgrind-out-file={profile}', program, script]
    try:
        subprocess.run(command, cwd=os.path.dirname(script), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        with open(profile, encoding='utf-8') as file:
            return {match[1] + (match[2] or '') for match in re.finditer(r"^c?fn=\(\d+\) (\w+)[^\s']*?(\.cold)?(?:'\d+)?$", file.read(), re.M)}
    except (subprocess.TimeoutExpired, OSError):
        return set()


def functions_by_use(programs, scripts, ordinary, empty):
    """Names, in the order told above."""
    used_by = collections.defaultdict(int)      # of each function: a bit for each script
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for i, names in enumerate(pool.map(lambda script: functions_run(programs[0], script, folder), scripts)):
            for name in names:
                used_by[name] |= 1 << i
        first_names, ordinary_names = (set.union(*(functions_run(program, script, folder) for program in programs)) for script in (empty, ordinary))
    own = set.union(*(set().union(*Symbols(program, 'tTwW').names.values()) for program in programs))
    uses = {name: used_by[name].bit_count() for name in own & (used_by.keys() | first_names | ordinary_names)}
    by_use = sorted(uses, key=lambda name: (-uses[name], name))
    first = [name for name in by_use if name in first_names]
    most = [name for name in by_use if uses[name] * 3 >= len(scripts) * 2 and name not in first_names]
    often = [name for name in by_use if name in ordinary_names.difference(first, most)]
    others, last = dict.fromkeys(name for name in by_use if uses[name] >= FEWEST and name not in {*first, *most, *often}), 0
    chain = []
    while others:
        chain.append(max(others, key=lambda name: (used_by[name] & last).bit_count() / (used_by[name] | last).bit_count()))
        del others[chain[-1]]
        last = used_by[chain[-1]]
    return first + most + often + chain


def pattern(section, name, divided):
    """The sections in which the linker finds [name]. Code that is run seldom has sections with a word more; of a function that the compiler
    divided, the cold part comes only if it was run."""
    words = ['']
    if name.endswith('.cold'):
        name, words = name.removesuffix('.cold'), ['unlikely.']
    elif section == 'text' and name not in divided:
        words = ['', 'unlikely.']
    return f'    *({" ".join(f".{section}.{word}{name} .{section}.{word}{name}.*" for word in words)})\n'


def main():
    programs = [os.path.realpath(path) for path in sys.argv[1:]]
    divided = set.union(*(Symbols(program, 'tT').divided for program in programs))
    tests = os.path.join(HERE, '..', '..', 'tests')
    scripts = [os.path.realpath(path) for folder in ('opcodes', 'language') for path in sorted(glob.glob(os.path.join(tests, folder, '[A-Za-z]*.toy')))]
    ordinary = os.path.join(HERE, 'startup_order.toy')
    data = {}                       # names in order: an ordered set
    with tempfile.TemporaryDirectory() as folder:
        empty = os.path.join(folder, 'empty.toy')
        open(empty, 'w', encoding='ascii').close()
        code = functions_by_use(programs, scripts, ordinary, empty)
        for script in (empty, ordinary):
            names = set.union(*(tables_used(program, script) for program in programs))
            data.update(dict.fromkeys(sorted(name for name in names if not name.endswith('.cold'))))
    with open(os.path.join(HERE, 'startup_order.ld'), 'w', encoding='ascii') as file:
        file.write(HEAD)
        for section, names in (('text', code), ('rodata', data)):
            patterns = ''.join(pattern(section, name, divided) for name in names)
            file.write(f'SECTIONS\n{{\n  .{section}.start : {{\n{FIRST[section]}{patterns}  }}\n}}\nINSERT BEFORE .{section};\n')
    print(f'{len(code)} functions, {len(data)} names of tables')


if len(sys.argv) < 2:
    sys.exit(__doc__)
main()
