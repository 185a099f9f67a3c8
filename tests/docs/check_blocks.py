"""Runs the pages: each block marked `toy` is a script; a block marked `output` right after it is what it prints.

A block marked `console` holds lines "$ toy ..." or "$ ./toy ...", each followed by what it prints. A line `...` in the expected
text stands for any lines. `toy no-run` is shown, not run."""
import os
import re
import shlex
import subprocess
import tempfile

import pages

ENVIRONMENT = {**os.environ, 'NO_COLOR': '1', 'TERM': 'dumb', 'TOYHASHSEED': '0', 'LC_ALL': 'C.UTF-8'}


def run(command, folder):
    try:
        done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
    except subprocess.TimeoutExpired:
        return 'no end after 120 s\n', 1
    return done.stdout.decode(errors='replace'), done.returncode


def fits(expected, came):
    pattern = ''.join(r'(?:.*\n)*?' if line.strip() == '...' else re.escape(line) + r'\n'
                      for line in expected.rstrip('\n').split('\n'))
    return re.fullmatch(pattern, came.rstrip('\n') + '\n') is not None


findings, count = [], 0
for page in pages.pages():
    waiting = None  # (where, output, status) of a script whose output block may follow
    for language, content, line in pages.blocks(pages.read(page)):
        where = f'{page}:{line}'
        if language == 'output' and waiting:
            if not fits(content, waiting[1]):
                findings.append(f'{waiting[0]}: prints\n{waiting[1]}not what the page says\n{content}')
            waiting = None
            continue
        if waiting and waiting[2]:
            findings.append(f'{waiting[0]}: exit status {waiting[2]}\n{waiting[1]}')
        waiting = None
        if language == 'toy':
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, 'example.toy'), 'w', encoding='utf-8') as file:
                    file.write(content)
                waiting = (where, *run([pages.PROGRAM, 'example.toy'], folder))
            count += 1
        elif language == 'console':
            for command, expected in re.findall(r'^\$ (.*)\n((?:(?!\$ ).*\n)*)', content, re.M):
                words = re.sub(r'^(\./)?toy\b', shlex.quote(pages.PROGRAM), command)
                output, _ = run(['sh', '-c', words], pages.ROOT)
                count += 1
                if not fits(expected, output) and expected.strip():
                    findings.append(f'{where}: $ {command}\nprints\n{output}not what the page says\n{expected}')
    if waiting and waiting[2]:
        findings.append(f'{waiting[0]}: exit status {waiting[2]}\n{waiting[1]}')
pages.finish(findings)
