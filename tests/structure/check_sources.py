"""C files have names that no other C file has; each is in the list of its folder, so that it is compiled."""
import collections
import json
import os

import tree

sources = tree.files('.c', '.cc')
by_name = collections.defaultdict(list)
for path in sources:
    by_name[os.path.basename(path)].append(path)
findings = [f'one name, several files: {" ".join(paths)}' for paths in by_name.values() if len(paths) > 1]

commands = os.path.join(tree.BUILD, 'compile_commands.json')
if os.path.exists(commands):
    with open(commands) as file:
        compiled = {os.path.relpath(os.path.realpath(os.path.join(row['directory'], row['file'])),
                                    os.path.realpath(tree.ROOT)) for row in json.load(file)}
    findings += [f'{path}: not in a meson.build' for path in sources if path not in compiled]
tree.finish(findings)
