"""No mutable globals: reads the program's symbol table; globals.txt names the few exceptions, each with its reason."""
import fnmatch
import re
import subprocess

import tree

if tree.has_symbol(tree.PROGRAM, '__asan_init') or tree.has_symbol(tree.PROGRAM, '__tsan_init'):
    tree.skip('a sanitizer adds variables of its own')
allowed = [line.split()[0] for line in tree.read('tests/structure/globals.txt').splitlines()
           if line.strip() and not line.startswith('#')]

# "[12] .data  PROGBITS ..." -> the numbers of the sections that can be written after start-up.
sections = subprocess.run(['readelf', '-SW', tree.PROGRAM], capture_output=True, text=True, check=True).stdout
writable = {number for number, name in re.findall(r'\[ *(\d+)\] (\S+)', sections)
            if name in ('.data', '.bss', '.tdata', '.tbss', '.lbss', '.ldata')}
findings = []
table = subprocess.run(['readelf', '-sW', tree.PROGRAM], capture_output=True, text=True, check=True).stdout
for line in table.partition("'.symtab'")[2].splitlines():
    words = line.split()
    if len(words) >= 8 and words[3] in ('OBJECT', 'TLS', 'COMMON') and words[6] in writable:
        name = re.sub(r'(\.lto_priv)?(\.\d+)*(@.*)?$', '', words[7])
        if not any(fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(words[7], pattern) for pattern in allowed):
            findings.append(f'{words[7]} ({words[2]} bytes) can change: hang it off Interp or Thread, or name it in globals.txt')
if "'.symtab'" not in table:
    tree.skip('the program is stripped')
tree.finish(sorted(set(findings)))
