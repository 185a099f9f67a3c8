"""Each plain row of opcodes.def has a test named after it, and that test's code contains the instruction."""
import os
import re
import subprocess

import tree

rows = re.findall(r'^OP\(\s*(\w+)', tree.read('vm/bytecode/opcodes.def'), re.M)
findings = []
if len(rows) > 140:
    findings.append(f'{len(rows)} plain opcodes; 140 are the limit')
hot = re.findall(r'^HOT\(\s*(\w+)', tree.read('vm/bytecode/opcodes.def'), re.M)
if len(hot) > 110:
    findings.append(f'{len(hot)} hot opcodes; 110 are the limit')
folder = os.path.join(tree.ROOT, 'tests', 'opcodes')
for name in rows:
    path = os.path.join(folder, name + '.toy')
    if not os.path.exists(path):
        findings.append(f'no tests/opcodes/{name}.toy')
        continue
    if 'toy: not in a listing' in open(path).read():
        continue  # its header says how else it is known to run
    listing = subprocess.run([tree.PROGRAM, '-m', 'dis', path], capture_output=True, text=True)
    if not re.search(rf'\b{name}\b', listing.stdout):
        findings.append(f'tests/opcodes/{name}.toy compiles to no {name}' + listing.stderr[-300:])
findings += [f'tests/opcodes/{name} belongs to no opcode' for name in sorted(os.listdir(folder))
             if name.endswith('.toy') and not name.startswith('_') and name[:-4] not in rows]
tree.finish(findings)
