"""tree.py - what the checks of this folder share: the files of the tree, the floors, the symbols of a library."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('TOY_BUILD') or os.path.join(ROOT, 'build')
PROGRAM = os.environ.get('TOY') or os.path.join(BUILD, 'toy')
ROOMS = ('vm', 'compiler', 'stdlib')
SKIPPED = 77


def files(*suffixes, rooms=ROOMS):
    """Paths from the root, sorted, of the files in [rooms] that end so."""
    found = []
    for room in rooms:
        for folder, folders, names in os.walk(os.path.join(ROOT, room)):
            folders[:] = [name for name in folders if not name.startswith(('.', '__'))]
            found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names if name.endswith(suffixes)]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


class Floor:
    def __init__(self, number, room, library, sees):
        self.number, self.room, self.library, self.sees = int(number), room, library, sees


def read_floors():
    """The rows of floors.txt, and the names of the modules that may look inside."""
    floors, inside = [], set()
    for line in read('tests/structure/floors.txt').splitlines():
        if line.startswith('inside:'):
            inside |= set(line.split()[1:])
        elif line.strip() and not line.startswith('#'):
            floors.append(Floor(*line.split(None, 3)))
    return floors, inside


def room_of(path, floors):
    """The floor a file stands on: the longest room that is a prefix of its path. None outside of the building."""
    fitting = [floor for floor in floors if path.startswith(floor.room + '/')]
    return max(fitting, key=lambda floor: len(floor.room), default=None)


def symbols(library, undefined):
    """External names that lib[library].a defines, or needs and does not define itself."""
    path = os.path.join(BUILD, f'lib{library}.a')
    if not os.path.exists(path):
        skip(f'no {path}')
    tool = 'gcc-nm' if subprocess.run(['sh', '-c', 'command -v gcc-nm'], capture_output=True).returncode == 0 else 'nm'
    shown = subprocess.run([tool, '--format=posix', path], capture_output=True, text=True)
    defined, needed = set(), set()
    for line in shown.stdout.splitlines():
        words = line.split()
        if len(words) >= 2 and len(words[1]) == 1:
            if words[1] in 'Uwv':
                needed.add(words[0])
            elif words[1].isupper():
                defined.add(words[0])
    return needed - defined if undefined else defined


def has_symbol(program, name):
    return f' {name}\n' in subprocess.run(['nm', program], capture_output=True, text=True).stdout


def skip(reason):
    print(reason)
    sys.exit(SKIPPED)


def finish(findings):
    """Ends the check: no findings, no words."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
