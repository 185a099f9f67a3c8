"""vm/base/unicode_tables.h is what its generator prints under CPython 3.13."""
import os
import subprocess
import sys

import tree

sys.path.insert(0, os.path.join(tree.ROOT, 'tests'))
from cpython import find_oracle

program, version = find_oracle()
if program is None:
    tree.skip(version)
made = subprocess.run([program, 'vm/base/generate_unicode.py'], cwd=tree.ROOT, capture_output=True, text=True)
if made.returncode:
    tree.finish([f'vm/base/generate_unicode.py: {made.stderr[-300:]}'])
tree.finish([] if made.stdout == tree.read('vm/base/unicode_tables.h')
            else ['vm/base/unicode_tables.h is not what vm/base/generate_unicode.py prints'])
