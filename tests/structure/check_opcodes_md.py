"""OPCODES.md is what opcodes-md prints: the page and the table say the same."""
import difflib
import os
import subprocess

import tree

printed = subprocess.run([os.path.join(tree.BUILD, 'opcodes-md')], capture_output=True, text=True, check=True).stdout
committed = tree.read('vm/bytecode/OPCODES.md')
tree.finish([] if printed == committed else list(difflib.unified_diff(
    committed.splitlines(), printed.splitlines(), 'vm/bytecode/OPCODES.md', 'opcodes-md', lineterm='', n=0)))
