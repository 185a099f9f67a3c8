"""Includes go down: each #include against floors.txt."""
import re

import tree

floors, inside = tree.read_floors()
findings = []
for path in tree.files('.c', '.h', '.cc', '.def'):
    here = tree.room_of(path, floors)
    if here is None:
        findings.append(f'{path}: in no room of floors.txt')
        continue
    for line, text in enumerate(tree.read(path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', text)
        if not match:
            continue
        target, where = match[1], f'{path}:{line}'
        there = tree.room_of(target, floors)
        if there is None:
            if not target.endswith('.inc'):  # what the build generates
                findings.append(f'{where}: "{target}" is not written from the root')
        elif there is here:
            pass
        elif there.room == 'compiler' and here.room != 'vm/cli':
            findings.append(f'{where}: only vm/cli may see the compiler')
        elif there.number > here.number:
            findings.append(f'{where}: floor {here.number} includes floor {there.number}: {target}')
        elif here.sees != 'everything below':
            module = re.sub(r'^stdlib/(mod_)?(\w+).*', r'\2', path)
            sees = here.sees.split() + (['vm/toy_vm.h'] if here.room == 'stdlib' and module in inside else [])
            if target not in sees and there.room not in sees:
                findings.append(f'{where}: {here.room} sees only {" ".join(sees)}, not {target}')
tree.finish(findings)
