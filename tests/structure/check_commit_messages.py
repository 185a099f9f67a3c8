"""Commit messages: `area: A sentence.` in at most 72 characters, an empty line, then why.

As a check: all commits of this branch. As a hook: check_commit_messages.py FILE (see tests/README.md)."""
import re
import subprocess
import sys

import tree

# Landed a word too long before this check ran by itself; history is not rewritten for it.
EXCUSED = {'7397847', 'f650a8d', '19cd725', '1bd42f0', '43b8765'}
FIRST_LINE = re.compile(r"[\w./*{},+-]+(, [\w./*{},+-]+)*: [A-Z`'_\d].*[.!?]$")


def faults(message):
    lines = message.rstrip('\n').split('\n')
    if re.match(r'(Merge|Revert) ', lines[0]):
        return
    if len(lines[0]) > 72:
        yield f'{len(lines[0])} characters in the first line; 72 fit'
    if not FIRST_LINE.match(lines[0]):
        yield 'the first line is not `area: A sentence.`'
    if len(lines) > 1 and lines[1]:
        yield 'no empty line after the first'


if len(sys.argv) > 1:
    with open(sys.argv[1], encoding='utf-8') as file:
        messages = [('', '\n'.join(line for line in file.read().split('\n') if not line.startswith('#')))]
else:
    log = subprocess.run(['git', '-C', tree.ROOT, 'log', '--format=%h%x00%B%x01'], capture_output=True, text=True)
    if log.returncode:
        tree.skip('not a git checkout')
    messages = [entry.strip('\n').split('\0') for entry in log.stdout.split('\x01') if entry.strip()]
tree.finish([f'{commit[:7]} {message.splitlines()[0][:60]}: {fault}' for commit, message in messages for fault in faults(message)
             if commit[:7] not in EXCUSED])
