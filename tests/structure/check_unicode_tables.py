"""The Unicode tables of vm/base are what their generators print under CPython 3.13."""
import os
import subprocess
import sys

import tree

sys.path.insert(0, os.path.join(tree.ROOT, 'tests'))
from cpython import find_oracle

program, version = find_oracle()
if program is None:
    tree.skip(version)
findings = []
for generator, table in (('generate_unicode.py', 'unicode_tables.h'), ('generate_unicode_names.py', 'unicode_names_data.h')):
    made = subprocess.run([program, 'vm/base/' + generator], cwd=tree.ROOT, capture_output=True, text=True)
    if made.returncode:
        findings.append(f'vm/base/{generator}: {made.stderr[-300:]}')
    elif made.stdout != tree.read('vm/base/' + table):
        findings.append(f'vm/base/{table} is not what vm/base/{generator} prints')
tree.finish(findings)
