"""Each hot form of opcodes.def has tests in which it runs and in which its guess fails: the table in tests/language/README.md.

usage: check_hot_forms.py [--write]

Always: every HOT row has a row of the table with a mark, and a row in tests/language/_shapes.toy, and nothing else has. With a program
that counts (meson setup build-count -Dcount=true; TOY=build-count/toy) the scripts are run, too, and each form must have run and failed in one;
--write makes the table."""
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

import tree

README = 'tests/language/README.md'
MARK, END = '<!-- hot forms -->\n', '<!-- end -->\n'
PATTERNS = ('language/hot_*.toy', 'language/*_guesses.toy', 'library/*_guesses.toy', 'threads/hot_*.toy')
NO_SHAPE = {'TRACED', 'RETURN_FAST',    # of no statement of their own: hot_watched has both
            'LOAD_NAME_MODULE', 'LOAD_NAME_BUILTIN', 'STORE_NAME_MODULE'}   # not in functions: hot_module_names


def guesses():
    """The forms that can fail: those whose case may go to another one. The rest are shorter ways that hold for all values."""
    cases = ''.join(tree.read(path) for path in tree.files('.h', rooms=['vm/run']) if '/eval_' in path)
    bodies = dict(re.findall(r'^ *CASE\((\w+)\)(.*?)(?=^ *CASE\(|\Z)', cases, re.M | re.S))
    return {form for form, body in bodies.items() if re.search(r'goto (run|guess)_', body)}


def scripts():
    return sorted(path for pattern in PATTERNS for path in glob.glob(os.path.join(tree.ROOT, 'tests', pattern)))


def title(path):
    folder, name = os.path.split(path[:-4])
    return name if os.path.basename(folder) == 'language' else f'../{os.path.basename(folder)}/{name}'


def counted(path):
    """(forms that ran, forms whose guess failed) in a script."""
    ran, failed = set(), set()
    with tempfile.TemporaryDirectory() as scratch:
        file = os.path.join(scratch, 'counts')
        done = subprocess.run([tree.PROGRAM, '-X', f'count={file}', path], cwd=os.path.dirname(path), capture_output=True, timeout=300,
                              env={**os.environ, 'TOYHASHSEED': '0'})
        if not os.path.exists(file):
            sys.exit(f'{path}: {done.stderr.decode()[-500:]}')
        with open(file, encoding='utf-8') as lines:
            for line in lines:
                _, kind, name, *_ = line.split()
                {'run': ran, 'failed': failed}.get(kind, set()).add(name)
    return ran, failed


def table(forms):
    """{form: {script: mark}} of what happens in a program that counts."""
    marks, can_fail = collections.defaultdict(dict), guesses()
    for path in scripts():
        ran, failed = counted(path)
        for form in forms:
            if form in ran:
                marks[form][title(path)] = 'x' if form in failed or form not in can_fail else 'r'
    return marks


def written(forms, marks):
    titles = [title(path) for path in scripts()]
    lines = ['| form | ' + ' | '.join(f'`{each}`' for each in titles) + ' |', '| --- |' + ' :---: |' * len(titles)]
    lines += [f'| `{form}` | ' + ' | '.join(marks[form].get(each, '') for each in titles) + ' |' for form in forms]
    return ''.join(line + '\n' for line in lines)


def read(text):
    head, _, *rows = [[cell.strip().strip('`') for cell in line.strip('|\n').split('|')] for line in text.splitlines()]
    return {row[0]: {name: mark for name, mark in zip(head[1:], row[1:]) if mark} for row in rows}


forms = re.findall(r'^HOT\(\s*(\w+)', tree.read('vm/bytecode/opcodes.def'), re.M)
before, rest = tree.read(README).split(MARK)
there, after = rest.split(END, 1)
counts = subprocess.run([tree.PROGRAM, '-X', 'count=/dev/null', '-c', ''], capture_output=True).returncode == 0
if '--write' in sys.argv:
    if not counts:
        sys.exit('this program does not count: meson setup build-count -Dcount=true, and TOY=build-count/toy')
    with open(os.path.join(tree.ROOT, README), 'w', encoding='utf-8') as file:
        file.write(before + MARK + written(forms, table(forms)) + END + after)
    sys.exit()
marks = read(there)
shapes = set(re.findall(r"^    '(\w+)': \(", tree.read('tests/language/_shapes.toy'), re.M))
findings = [f'{form}: no row in the table of {README} (vm/bytecode/README.md, "Adding a hot form", says how)' for form in forms if form not in marks]
findings += [f'{form}: no test in which its guess fails, says {README}' for form in forms if form in marks and 'x' not in marks[form].values()]
findings += [f'{form}: no row in tests/language/_shapes.toy' for form in forms if form not in shapes | NO_SHAPE]
findings += [f'{form}: is no hot form' for form in sorted((set(marks) | shapes) - set(forms))]
if counts:
    now = table(forms)      # not mark by mark: what a race between threads meets is another thing each time
    findings += [f'{form}: its guess fails nowhere, whatever the table says' for form in forms if 'x' not in now[form].values()]
tree.finish(findings)
