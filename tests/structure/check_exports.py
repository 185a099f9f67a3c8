"""The program shows the functions that vm/toy.h declares to modules that are loaded later, all of them and nothing else of its own."""
import re
import subprocess

import tree

if tree.has_symbol(tree.PROGRAM, '__asan_init') or tree.has_symbol(tree.PROGRAM, '__tsan_init'):
    tree.skip('a sanitizer exports its own')
declared = set(re.findall(r'^(?:extern )?TOY_API [^(;=]*?\b(toy_\w+)(?=[(\[])', tree.read('vm/toy.h').replace('__attribute__((noreturn)) ', ''), re.M))
shown = subprocess.run(['nm', '--dynamic', '--defined-only', tree.PROGRAM], capture_output=True, text=True, check=True).stdout
exported = {line.split()[2] for line in shown.splitlines() if '@' not in line}      # NAME@GLIBC: a variable of the C library's
tree.finish([f'{name} is declared in vm/toy.h, but not exported (vm/exports.ld)' for name in sorted(declared - exported)] +
            [f'{name} is exported, but vm/toy.h does not declare it' for name in sorted(exported - declared)])
