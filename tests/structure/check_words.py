"""What does not belong in the tree: open ends without an issue number, paths of one machine, stray white space."""
import re
import subprocess

import tree

OPEN_END = re.compile(r'\b(' + '|'.join(['TO' 'DO', 'FIX' 'ME', 'X' 'XX', 'HA' 'CK']) + r')\b(?!.*#\d)')
MACHINE = re.compile('|'.join(['/wo' 'rk/', '/ro' 'ot/', '/ho' r'me/\w']))
TEXT = re.compile(r'\.(c|h|cc|def|toy|py|sh|md|txt|build)$|^toy$|/run$|/oracle$')

listed = subprocess.run(['git', '-C', tree.ROOT, 'ls-files'], capture_output=True, text=True)
if listed.returncode:
    tree.skip('not a git checkout')
findings = []
for path in listed.stdout.splitlines():
    if not TEXT.search(path):
        continue
    try:
        lines = tree.read(path).splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        continue  # being moved, or bytes on purpose
    for number, line in enumerate(lines, 1):
        if OPEN_END.search(line):
            findings.append(f'{path}:{number}: an open end without an issue number: {line.strip()[:80]}')
        if MACHINE.search(line):
            findings.append(f'{path}:{number}: a path of one machine: {line.strip()[:80]}')
        if path.endswith(('.c', '.h', '.cc', '.def')) and ('\t' in line or line != line.rstrip()):
            findings.append(f'{path}:{number}: a tab, or white space at the end')
tree.finish(findings)
