"""driver.py - finds the tests, runs them, counts.

What        Every folder of tests/ holds tests of up to three forms: scripts (NAME.toy, NAME.sh: script_test.py), checks
            (test_NAME.py, check_NAME.py: a program that succeeds or fails), and, in unit/, C programs written with Check.
            `stress` is the scripts once more, with the rare event forced at every chance; those of `storms` run under every
            policy of the lock, on one core and on all.
How         Tests run side by side; those marked `serial` (they measure time) alone, at the end. A failure prints what was
            expected and what came; a hang prints what every thread does in the script, who has the lock, and every
            thread's native stack.
Read next   script_test.py, README.md
"""
import argparse
import concurrent.futures
import difflib
import os
import re
import signal
import subprocess
import sys
import time

from script_test import DAMAGE, TESTS, ScriptTest, clean_environment, describe_status, run_command

ROOT = os.path.dirname(TESTS)
FOLDERS = ['structure', 'unit', 'language', 'library', 'opcodes', 'threads', 'fork', 'storms', 'native', 'repl', 'tools',
           'docs', 'examples', 'bench/programs', 'stress', 'fuzz']
STRESSED_FOLDERS = ['language', 'opcodes', 'threads', 'fork']
SKIPPED = 77  # exit status of a check that cannot run here
FAILED_ALLOCATIONS = 2000


def printable(text):
    return text.encode('utf-8', 'backslashreplace').decode()


class Result:
    """One line of the count. [passed] and [failed] are more than one for a program that counts itself."""

    def __init__(self, name, problem=None, passed=None, failed=None, skipped=None):
        self.name, self.problem, self.skipped = name, problem, skipped
        self.failed = failed if failed is not None else int(problem is not None)
        self.passed = passed if passed is not None else int(problem is None and skipped is None)


# ---- finding ----------------------------------------------------------------------------------------------------

def folder_path(folder):
    return os.path.join(ROOT if folder == 'examples' else TESTS, folder)


def files_of(folder):
    path = folder_path(folder)
    return [os.path.join(path, name) for name in sorted(os.listdir(path))] if os.path.isdir(path) else []


def is_script(path):
    return path.endswith(('.toy', '.sh')) and not os.path.basename(path).startswith('_')


def is_check(path):
    return re.match(r'(test|check)_\w+\.py$', os.path.basename(path)) is not None


def is_example(path):
    return os.path.basename(os.path.dirname(path)) == 'examples'  # prints measurements: what counts is that it ends well


def is_storm(path):
    return os.path.basename(os.path.dirname(path)) == 'storms'


def find_script_tests(wanted):
    """ScriptTests in the folders and files named, or in all folders."""
    return [ScriptTest(path) for path in expand(wanted) if is_script(path)]


def expand(wanted):
    """Folder names, paths of folders and paths of files -> paths of files."""
    paths = []
    for word in wanted or [folder for folder in FOLDERS if folder != 'stress']:
        word = word.rstrip('/')
        name = os.path.basename(word)
        places = [word, os.path.join(TESTS, word), os.path.join(ROOT, word), os.path.join(TESTS, word + '.toy')]
        place = next((place for place in places if os.path.isfile(place)), None)
        if place:
            paths.append(os.path.abspath(place))
        elif word in FOLDERS or name in FOLDERS:
            paths += files_of(word if word in FOLDERS else name)
        else:
            sys.exit(f'tests/run: no folder or file called {word}; folders: {" ".join(FOLDERS)}')
    return paths


# ---- the three forms --------------------------------------------------------------------------------------------

def difference(expected, came, what):
    lines = list(difflib.unified_diff(expected.splitlines(), came.splitlines(), f'expected {what}', f'{what} that came',
                                      lineterm=''))
    if not lines and expected != came:
        lines = [f'{what}: only line ends differ: expected {expected[-40:]!r}, came {came[-40:]!r}']
    return '\n'.join(lines[:60]) + ('\n...' if len(lines) > 60 else '')


def judge_script(test, outcome):
    """What is wrong with the outcome, as text, or None."""
    if outcome.timed_out:
        return outcome.timed_out + printable(outcome.stderr[-10000:])
    stdout, err = test.expected_stdout(), test.expected_err()
    if stdout is None and not (test.has('toy-only') or is_example(test.path)):
        return 'no expectation: make it with tests/oracle --write ' + test.name
    problems = []
    if stdout is not None and stdout != outcome.stdout:
        problems.append(difference(stdout, outcome.stdout, 'stdout'))
    if err != outcome.err_text():
        problems.append(difference(err, outcome.err_text(), 'stderr'))
    return printable('\n'.join(problems)) if problems else None


def run_script(test, options, stress=None):
    name = test.name + (f' [{stress}]' if stress else '')
    if test.unknown_directives():
        return Result(name, f'unknown directives: {", ".join(test.unknown_directives())}')
    missing = test.missing_requirement()
    if missing:
        return Result(name, skipped=f'needs {missing}')
    extra = ['-X', f'stress={stress}'] if stress else []
    environment = {'TOY_STRESS': stress} if stress else {}
    outcome = test.run(options.program, extra, options.slowness * (10 if stress else 1), environment)
    return Result(name, judge_script(test, outcome))


def ending(err):
    """The last line of stderr and the exit: a traceback that could not be printed in full, for lack of memory, is one all the same."""
    return err.rstrip('\n').split('\n')[-2:]


def run_failing_allocations(test, options, first, last):
    """The N-th allocation fails, for every N: MemoryError or success, and nothing is lost."""
    stdout, expected_err, problems = test.expected_stdout(), ending(test.expected_err()), []
    for number in range(first, last + 1, options.allocation_step):
        outcome = test.run(options.program, ['-X', f'stress=alloc:{number}'], options.slowness)
        is_told = 'MemoryError' in outcome.stderr + outcome.stdout
        is_same = (outcome.stdout, ending(outcome.err_text())) == (stdout, expected_err)
        is_fine = (is_same or is_told and outcome.status in (0, 1)) and not DAMAGE.search(outcome.stderr)
        if outcome.timed_out or not is_fine:
            problems.append(f'-X stress=alloc:{number}: {outcome.timed_out or describe_status(outcome.status)}: '
                            f'{printable(outcome.stderr[-1500:])}')
            if len(problems) == 3:
                break
    return Result(f'{test.name} [alloc:{first}..{last}]', '\n'.join(problems) or None)


def run_check(path, options):
    """A Python program that succeeds, fails, is skipped (status 77), or counts in its last line."""
    name = os.path.relpath(path, TESTS)
    environment = {**os.environ, 'TOY': options.program, 'TOY_BUILD': options.build, 'TOY_SLOWNESS': str(options.slowness),
                   'PYTHONDONTWRITEBYTECODE': '1', 'PYTHONPATH': TESTS}
    outcome = run_command([sys.executable, path], ROOT, environment, b'', 300 * options.slowness, options.program)
    text = printable(outcome.stdout + outcome.stderr).rstrip('\n')
    last = text.rpartition('\n')[2]
    counted = re.match(r'(\d+) passed, (\d+) failed$', last)
    if outcome.timed_out:
        return Result(name, outcome.timed_out + text)
    if outcome.status == SKIPPED:
        return Result(name, skipped=last)
    if counted:
        return Result(name, text if int(counted[2]) else None, int(counted[1]), int(counted[2]))
    return Result(name, None if outcome.status == 0 else text or describe_status(outcome.status))


def run_unit(path, options):
    name = 'unit/' + os.path.basename(path)
    environment = {**clean_environment('/tmp'), 'CK_VERBOSITY': 'normal'}
    outcome = run_command([path], ROOT, environment, b'', 120 * options.slowness, options.program)
    text = printable(outcome.stdout + outcome.stderr)
    counts = [tuple(map(int, row)) for row in re.findall(r'Checks: (\d+), Failures: (\d+), Errors: (\d+)', text)]
    failed = sum(failures + errors for _, failures, errors in counts)
    passed = sum(checks for checks, _, _ in counts) - failed
    if outcome.timed_out or outcome.status != 0 or not counts:
        return Result(name, (outcome.timed_out or '') + text + describe_status(outcome.status), passed, max(failed, 1))
    return Result(name, None, passed, failed)


def policies_of(program):
    """The lock's policies, as the program names them."""
    listing = subprocess.run([program, '-c', 'import toy; print(*toy.gil_policies())'], capture_output=True, check=True, timeout=60)
    return listing.stdout.decode().split()


def plan_storms(tests, options):
    """Each under every policy, on one core and on all: what is lost in a race is not lost in the same place everywhere."""
    seconds = os.environ.get('TOY_STORM_SECONDS', '0.5')
    core = str(min(os.sched_getaffinity(0)))
    plan = []
    for policy in policies_of(options.program) if tests else []:
        for where, prefix in (('one core', ['taskset', '-c', core]), ('all cores', [])):
            for test in tests:
                plan.append((False, lambda test=test, policy=policy, where=where, prefix=prefix: Result(
                    f'{test.name} [{policy}, {where}]',
                    judge_script(test, test.run(options.program, ['-X', f'gil={policy}'], options.slowness,
                                                {'TOY_STORM_SECONDS': seconds}, prefix, 4 * float(seconds))))))
    return plan


# ---- the plan ---------------------------------------------------------------------------------------------------

def plan_stress(options):
    """All scripts with collections and hand-overs forced; those listed in stress/alloc.txt with failing allocations."""
    tests = [ScriptTest(path) for folder in STRESSED_FOLDERS for path in files_of(folder) if path.endswith('.toy')
             and is_script(path)]
    plan = [(test.has('serial'), lambda test=test: run_script(test, options, 'gc,switch'))
            for test in tests if test.directive('stress') != 'no']
    try:
        with open(os.path.join(TESTS, 'stress', 'alloc.txt')) as file:
            samples = [line.split() for line in file if line.strip() and not line.startswith('#')]
    except FileNotFoundError:
        samples = []
    for name, *only in samples:
        first, last = map(int, only[0].split('..')) if only else (1, options.failed_allocations)
        plan.append((False, lambda name=name, first=first, last=last: run_failing_allocations(
            ScriptTest(os.path.join(TESTS, name)), options, first, last)))
    return plan


def make_plan(options):
    """Pairs (is serial, function that runs it and returns a Result)."""
    plan, storms = [], []
    wanted = options.what or FOLDERS
    if 'unit' in wanted:
        folder = os.path.join(options.build, 'tests', 'unit')
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            path = os.path.join(folder, name)
            if name.startswith('test_') and os.path.isfile(path) and os.access(path, os.X_OK):
                plan.append((False, lambda path=path: run_unit(path, options)))
    scripts_and_checks = [word for word in wanted if word != 'unit']
    for path in expand(scripts_and_checks) if scripts_and_checks else []:
        if is_script(path):
            test = ScriptTest(path)
            if is_storm(path):
                storms.append(test)
            elif not options.stress or test.suffix == '.toy' and test.directive('stress') != 'no':
                plan.append((test.has('serial') or is_example(path),
                             lambda test=test: run_script(test, options, options.stress)))
        elif is_check(path):
            plan.append((False, lambda path=path: run_check(path, options)))
    plan += plan_storms(storms, options)
    if 'stress' in wanted:
        plan += plan_stress(options)
    return plan


class Report:
    def __init__(self):
        self.passed = self.failed = 0
        self.skipped, self.failures = [], []
        self.is_terminal = sys.stdout.isatty()

    def add(self, result):
        self.passed += result.passed
        self.failed += result.failed
        if result.skipped is not None:
            self.skipped.append(result)
        if result.problem is not None:
            self.failures.append(result.name)
            print(f'{self.clear()}FAIL {result.name}\n' + '\n'.join('    ' + line for line in result.problem.splitlines()),
                  flush=True)
        elif self.is_terminal:
            print(f'{self.clear()}{self.passed} passed, {self.failed} failed  {result.name}', end='', flush=True)

    def clear(self):
        return '\r\033[K' if self.is_terminal else ''

    def finish(self, seconds):
        print(self.clear(), end='')
        for result in self.skipped:
            print(f'skipped {result.name}: {result.skipped}')
        if len(self.failures) > 1:
            print('failed: ' + ' '.join(self.failures))
        print(f'in {seconds:.1f} s')
        print(f'{self.passed} passed, {self.failed} failed')


def default_signals():
    """What a background job or nohup lets us inherit ignored or blocked must not reach the tests: they are about signals."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def main():
    default_signals()
    parser = argparse.ArgumentParser(prog='tests/run', description='Run the tests. TOY=PATH tests another program.')
    parser.add_argument('--program', default=os.environ.get('TOY', os.path.join(ROOT, 'build', 'toy')))
    parser.add_argument('--stress', metavar='LIST', help='run scripts with -X stress=LIST, e.g. gc,switch')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 2)
    parser.add_argument('--slowness', type=float, default=1.0, help='factor on time limits (sanitizer builds)')
    parser.add_argument('--failed-allocations', type=int, default=FAILED_ALLOCATIONS, metavar='N')
    parser.add_argument('--allocation-step', type=int, default=1, metavar='N', help='try every N-th allocation only')
    parser.add_argument('--without', action='append', default=[], metavar='FOLDER')
    parser.add_argument('what', nargs='*', help=f'folders ({", ".join(FOLDERS)}) or files; default everything')
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    options.build = os.path.dirname(options.program)
    options.what = [word.rstrip('/') for word in options.what]
    if options.without:
        options.what = [folder for folder in options.what or FOLDERS if folder not in options.without]

    start, report, plan = time.monotonic(), Report(), make_plan(options)
    with concurrent.futures.ThreadPoolExecutor(max(options.jobs, 1)) as pool:
        for result in concurrent.futures.as_completed([pool.submit(run) for serial, run in plan if not serial]):
            report.add(result.result())
    for serial, run in plan:
        if serial:
            report.add(run())
    report.finish(time.monotonic() - start)
    sys.exit(1 if report.failed or not report.passed else 0)


if __name__ == '__main__':
    main()
