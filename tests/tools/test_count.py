"""-X count=FILE: a program that was built to count writes what ran; any other says that it was not."""
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.environ['TOY']
SCRIPT = '''
def total(n):
    s = 0
    for i in range(n):
        s += i * 2
    return s
for n in range(10):
    total(1000)
'''

with tempfile.TemporaryDirectory() as folder:
    script, file = os.path.join(folder, 'script.toy'), os.path.join(folder, 'counts')
    with open(script, 'w', encoding='utf-8') as text:
        text.write(SCRIPT)
    ran = subprocess.run([PROGRAM, '-X', f'count={file}', script], capture_output=True, text=True)
    if ran.returncode == 2:
        fits = re.search(r'-X count.*: this program does not count; build one with -Dcount=true', ran.stderr) and not os.path.exists(file)
        sys.exit(0 if fits else ran.stderr)
    if ran.returncode:
        sys.exit(ran.stderr)
    found = {}
    with open(file, encoding='utf-8') as lines:
        for line in lines:
            count, *key = line.split()
            found[' '.join(key)] = int(count)

# The names of hot forms may change; that 10,000 turns are 10,000 jumps back does not, nor that every instruction but the
# first has one before it.
jumps = found['run JUMP_BACKWARD']
if not 10000 <= jumps <= 10100:
    sys.exit(f'{jumps} jumps back')
runs, pairs, triples = (sum(n for key, n in found.items() if key.startswith(kind)) for kind in ('run', 'pair', 'triple'))
if not runs - 1 <= pairs <= runs or not runs - 2 <= triples <= runs:
    sys.exit(f'{runs} instructions, {pairs} pairs, {triples} triples')
if not any(key.startswith('failed ') for key in found):
    sys.exit('no guess has failed, not even at the end of a loop')
