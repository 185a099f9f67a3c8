"""Each source is in the list of its folder, so that it is built; C files have names that no other C file has.

usage: check_sources.py [--write]   with --write, the lists are made to say what is there"""
import collections
import os
import re
import sys

import tree

# meson.build of the folder, the variable that holds the list, endings, files that are listed by themselves
LISTS = [(f'vm/{room}', f'{room}_sources', ('.c', '.cc'), {'opcodes_md.c', 'eval.c'})
         for room in ('base', 'gil', 'bytecode', 'object', 'threads', 'run', 'cli')]
LISTS += [
    ('compiler', 'compiler_sources', ('.c',), {'embed.c'}),
    ('stdlib', 'stdlib_sources', ('.c',), set()),
    ('stdlib/loadable', 'hashlib_sources', ('.c',), set()),
    ('stdlib/lib', 'library_files', ('.toy',), set()),
    ('tests/unit', 'unit_test_sources', ('.c',), set()),
]


def present(folder, endings, apart):
    """Sources under [folder], as its meson.build writes them; those of loadable modules have lists of their own."""
    paths = [os.path.relpath(path, folder) for path in tree.files(*endings, rooms=[folder])]
    return sorted(path for path in paths if path not in apart and not path.startswith('loadable/'))


def written(variable, names):
    """One name a line: two who add a file each do not meet."""
    return f'{variable} = files(\n' + ''.join(f"  '{name}',\n" for name in names) + ')\n'


findings = []
LISTS.append(('vm', 'api_sources', ('.c',), None))
for folder, variable, endings, apart in LISTS:
    path = os.path.join(folder, 'meson.build')
    names = (present(folder, endings, apart) if apart is not None
             else sorted(name for name in os.listdir(os.path.join(tree.ROOT, folder)) if name.endswith(endings)))
    text = tree.read(path)
    listed = re.search(rf'^{variable} = files\(([^)]*)\)\n', text, re.M)
    if '--write' in sys.argv and listed:
        with open(os.path.join(tree.ROOT, path), 'w', encoding='utf-8') as file:
            file.write(text.replace(listed[0], written(variable, names)))
        continue
    there = re.findall(r"'([^']+)'", listed[1]) if listed else []
    findings += [f'{folder}/{name}: not in {path} (check_sources.py --write puts it there)' for name in names if name not in there]
    findings += [f'{path}: lists {name}, which is not there' for name in there if name not in names]

by_name = collections.defaultdict(list)
for path in tree.files('.c', '.cc'):
    by_name[os.path.basename(path)].append(path)
findings += [f'one name, several files: {" ".join(paths)}' for paths in by_name.values() if len(paths) > 1]
tree.finish(findings)
