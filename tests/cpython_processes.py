#!/usr/bin/env python3
"""cpython_processes.py - runs CPython's own tests of multiprocessing under the program, class by class, and leaves nothing behind.

What            tests/cpython_processes.py                       fork, spawn and forkserver: a line for each class, and the sums
                tests/cpython_processes.py spawn -c Pool         only classes whose name has this in it
                tests/cpython_processes.py -v fork               and each test that does not pass, with the reason

            $TOY is the program, else build-dev/toy. Not part of tests/run: it needs CPython's Lib folder.
How         These tests start processes, kill some of them, and hang when something is wrong. So each class runs by itself (cpython_cases.py),
            with a time limit, in a folder and a session of its own. This program is the one to whom orphans fall (PR_SET_CHILD_SUBREAPER):
            when the time is over it ends the session, and whatever falls to it. New names in /dev/shm are reported.
            CPython itself is never run on them, for the same reasons: what it skips is known by the reason given. A test that is skipped for
            one of those does not count; for any other reason, or not reached, it does not pass.
Read next   cpython.py, cpython_cases.py
"""
import argparse
import collections
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from cpython import HERE, find_oracle, read_report

PARTS = 'test_processes', 'test_threads', 'test_manager', 'test_misc'
SKIPPED_THERE_TOO = re.compile(r"not (appropriate|applicable)|only relevant|only makes sense|, not 'spawn'|only run in test_multiprocessing_spawn|"
                               "Windows|win32|resource '|implementation detail")
LIST = """
import sys, unittest
module = __import__(sys.argv[1], fromlist=['*'])
loader = unittest.TestLoader()
for name, value in sorted(vars(module).items()):
    if isinstance(value, type) and issubclass(value, unittest.TestCase) and (names := loader.getTestCaseNames(value)):
        print('CLASS', name, *names)
"""
PR_SET_CHILD_SUBREAPER = 36


# ---- what is left behind ----

def children():
    """Of this process: what it has started and what has fallen to it."""
    with open('/proc/self/task/%d/children' % os.getpid()) as file:
        return [int(pid) for pid in file.read().split()]


def end_children():
    """End them, and those who fall to us when they have ended; how many there were that had not ended themselves."""
    count = 0
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return 0
    while pids := children():
        for pid in pids:
            count += 1
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return count


def shared_names():
    return set(os.listdir('/dev/shm')) if os.path.isdir('/dev/shm') else set()


# ---- running ----

class Runner:
    def __init__(self, program, library, limit):
        self.program, self.limit = program, limit
        # With PYTHONHOME set, test.support starts children that may read their environment: TOYLIB is there.
        self.environment = {**os.environ, 'TOYLIB': library, 'PYTHONHOME': library}

    def run(self, arguments, folder):
        """(what it printed, '' or 'time', processes that were left)"""
        with open(os.path.join(folder, 'output'), 'wb+') as output:
            process = subprocess.Popen([self.program, *arguments], cwd=folder, env={**self.environment, 'TMPDIR': folder},
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                process.wait(self.limit)
                end = ''
                time.sleep(0.2)                 # resource trackers see that all is over, and go
            except subprocess.TimeoutExpired:
                end = 'time'
            finally:                            # even if somebody ends this program
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                left = end_children()
            output.seek(0)
            return output.read(), end, left

    def classes(self, module):
        """{class: its tests}"""
        with tempfile.TemporaryDirectory(prefix='cases') as folder:
            output = self.run(['-c', LIST, module], folder)[0].decode(errors='replace')
        found = {words[1]: words[2:] for line in output.splitlines() if (words := line.split())[:1] == ['CLASS']}
        if not found:
            sys.exit(f'{module}: {output}')
        return found

    def outcomes(self, module, name):
        """{test: [outcome, reason]}, how it ended, and what was left"""
        before = shared_names()
        with tempfile.TemporaryDirectory(prefix='cases') as folder:
            report = os.path.join(folder, 'report')
            output, end, left = self.run([os.path.join(HERE, 'cpython_cases.py'), f'{module}.{name}', report], folder)
            outcomes, end = read_report(report, output, end)
        names = shared_names() - before       # perhaps of somebody else: they are only told
        return {test.rpartition('.')[2]: outcome for test, outcome in outcomes.items()}, end, left, sorted(names)


def main():
    parser = argparse.ArgumentParser(description="CPython's own tests of multiprocessing, under the program.")
    parser.add_argument('methods', nargs='*', default=['fork', 'spawn', 'forkserver'], help='fork, spawn, forkserver; none: all three')
    parser.add_argument('-c', dest='wanted', default='', help='only classes whose name has this in it')
    parser.add_argument('-t', dest='limit', type=float, default=120, help='seconds for a class (120)')
    parser.add_argument('-v', '--verbose', action='store_true', help='name each test that does not pass')
    options = parser.parse_args()
    oracle, version = find_oracle()
    if oracle is None:
        sys.exit(version)
    library = subprocess.run([oracle, '-c', 'import os; print(os.path.dirname(os.__file__))'], capture_output=True, text=True).stdout.strip()
    program = os.path.abspath(os.environ.get('TOY', os.path.join(HERE, '..', 'build-dev', 'toy')))
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit('ended'))
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    runner = Runner(program, library, options.limit)
    for method in options.methods:
        total = collections.Counter()
        for part in PARTS:
            module = f'test.test_multiprocessing_{method}.{part}'
            for name, tests in runner.classes(module).items():
                if options.wanted in name:
                    total += count_class(runner, module, name, tests, options.verbose)
        share = 100 * total['passed'] / max(total['ran'], 1)
        print(f'{method}: {total["passed"]} of {total["ran"]}, {share:.1f} %; {total["not counted"]} are not for it', flush=True)


def count_class(runner, module, name, tests, is_verbose):
    outcomes, end, left, names = runner.outcomes(module, name)
    counts, losses = collections.Counter(), []
    for test in tests:
        outcome, reason = outcomes.get(test, ('missing', end or 'not reached'))
        if outcome == 'skipped' and SKIPPED_THERE_TOO.search(reason):
            counts['not counted'] += 1
            continue
        counts['ran'] += 1
        counts[outcome] += 1
        if outcome != 'passed':
            losses.append(f'    {outcome}: {test}: {reason[:200]}')
    remarks = [end] * bool(end) + [f'{left} processes left'] * bool(left) + [f'new in /dev/shm: {names}'] * bool(names)
    print(f'{module.removeprefix("test.test_multiprocessing_")}.{name}: {counts["passed"]} of {counts["ran"]}', *remarks, sep='  ', flush=True)
    if is_verbose:
        print(*losses, sep='\n', end='\n' * bool(losses), flush=True)
    return counts


if __name__ == '__main__':
    main()
