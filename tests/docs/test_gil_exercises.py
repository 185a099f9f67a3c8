"""Builds the solutions of vm/gil/README.md's exercises the way the chapter tells to, and checks what it says about them.

Each policy_NAME.c is put into a copy of vm/gil, declared in policy.h and named in gil.c's list; gil_slices.c then measures it. Where a chapter
asks to take something away, that is done in the copy, and the test that must fail is run on it."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOLUTIONS = os.path.join(ROOT, 'tests', 'docs', 'gil_exercises')
MOST_LINES = 60  # "a fifth policy in fifty lines", and its file-top
FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread']
findings = []


def edit(path, old, new):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f'{path}: {old!r} is not there once')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(old, new))


def compile_with(folder, test, *libraries):
    gil = os.path.join(folder, 'vm', 'gil')
    program = os.path.join(folder, os.path.basename(test)[:-2])
    sources = [os.path.join(gil, name) for name in os.listdir(gil) if name.endswith('.c')]
    subprocess.run(['cc', *FLAGS, '-I', folder, '-I', os.path.join(ROOT, 'tests/unit'), os.path.join(ROOT, test),
                    os.path.join(folder, 'vm/base/clock.c'), *sources, '-o', program, *libraries], check=True)
    return program


def copy_tree(folder):
    for name in ('base', 'gil'):
        shutil.copytree(os.path.join(ROOT, 'vm', name), os.path.join(folder, 'vm', name))
    return os.path.join(folder, 'vm', 'gil')


def build(folder, names):
    gil = copy_tree(folder)
    for name in names:
        shutil.copy(os.path.join(SOLUTIONS, f'policy_{name}.c'), gil)
    edit(os.path.join(gil, 'policy.h'), 'policy_io;', 'policy_io' + ''.join(f', policy_{name}' for name in names) + ';')
    edit(os.path.join(gil, 'gil.c'), '&policy_io}', '&policy_io' + ''.join(f', &policy_{name}' for name in names) + '}')
    return compile_with(folder, 'tests/bench/gil_slices.c')


def expect_failure(policy, old, new, test):
    """With [old] replaced by [new] in the policy's file, [test] fails."""
    found = subprocess.run(['pkg-config', '--libs', 'check'], capture_output=True, text=True)
    if found.returncode:
        return  # no unit tests on this machine
    with tempfile.TemporaryDirectory() as folder:
        edit(os.path.join(copy_tree(folder), f'policy_{policy}.c'), old, new)
        program = compile_with(folder, 'tests/unit/test_gil_policies.c', *found.stdout.split())
        output = subprocess.run([program], env={**os.environ, 'CK_RUN_CASE': policy, 'CK_DEFAULT_TIMEOUT': '20'}, capture_output=True, text=True, timeout=120).stdout
    expect(f'without {old!r}, {test} should fail:\n{output}', f':{test}:' in output)


def measure(policy, threads, interval_us, seconds):
    done = subprocess.run([program, policy, str(threads), str(interval_us), str(seconds)], capture_output=True, text=True, timeout=60)
    words = done.stdout.split()
    names = ('rate', 'p50', 'p95', 'longest', 'least', 'most', 'gap10', 'gap50', 'gap90', 'in_vain')
    if done.returncode or len(words) != len(names):
        findings.append(f'{policy}: {threads} threads: exit status {done.returncode}: {done.stdout}{done.stderr}')
        return dict.fromkeys(names, 0.0)
    return dict(zip(names, map(float, words)))


def expect(claim, holds):
    if not holds:
        findings.append(claim)


names = sorted(re.fullmatch(r'policy_(\w+)\.c', name)[1] for name in os.listdir(SOLUTIONS))
for name in names:
    with open(os.path.join(SOLUTIONS, f'policy_{name}.c'), encoding='utf-8') as file:
        expect(f'policy_{name}.c is longer than {MOST_LINES} lines', len(file.readlines()) <= MOST_LINES)
with tempfile.TemporaryDirectory() as folder:
    program = build(folder, names)
    patient = measure('patient', 2, 2000, 1)
    expect(f'patient: a slice of 3 intervals or more: {patient["p50"]} ms of 2 ms each', patient['p50'] >= 5.9)
    # Who wins a race between two cores is chance, and a busy machine may have but one to spare: some tries.
    expect('hasty: nobody woken in vain', os.cpu_count() == 1 or any(measure('hasty', 2, 200, 0.5)['in_vain'] > 0.1 for _ in range(20)))
    lottery = measure('lottery', 4, 500, 2)
    expect(f'lottery: all have had a share: {lottery["least"]}', lottery['least'] > 0)
    expect(f'lottery: hand-overs: {lottery["rate"]}', lottery['rate'] > 10)
expect_failure('fair', 'return gil->first_waiter == client;', 'return gil != NULL && client != NULL;', 'fair_lets_nobody_pass')
expect_failure('io', 'left_alone_ns = later(left_alone_ns, now - kept_off_since(gil, holder));', 'left_alone_ns = 0;', 'io_leaves_half_to_who_computes')
for finding in findings:
    print(finding)
sys.exit(1 if findings else 0)
