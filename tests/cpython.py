#!/usr/bin/env python3
"""cpython.py - finds the CPython 3.13 that is the oracle, and runs its own test modules under the program.

What        find_oracle(): its path and full version, or (None, why not). As a program:

                tests/cpython.py test_int test_re ...      a table: what CPython runs there, what passes
                tests/cpython.py -v test_int               and each test that does not pass, with the reason
                tests/cpython.py -k '*hash*' -v test_int   only tests whose name fits
                tests/cpython.py language, ... library     the modules of a table in README.md: what toy brings itself, or what it
                                                           takes from CPython's Lib folder
                tests/cpython.py --write                   both tables, and README.md anew

            $TOY is the program, else build-dev/toy. Not part of tests/run: it needs CPython's Lib folder.
How         $TOY_ORACLE, else the newest 3.13 that pyenv has, else python3.13 on PATH. Another version is refused: messages change
            from one to the next. cpython_cases.py runs a module under either and writes down how each test went; what the oracle
            ran is kept beside the program. A test that CPython marks as about itself (skipped here for that reason) does not
            count; any other skip, and a test that was never reached, is one that does not pass.
Read next   cpython_cases.py
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LENT = os.path.join(HERE, 'cpython_lent')
BORROWERS = {'test.test_signal', 'test.test_faulthandler'}      # they want little of CPython's own test extension, and that lies in LENT
ORACLE_PATIENCE = 5      # times the limit: what CPython runs there is the measure, it has to come to its end


def find_oracle():
    pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
    asked = os.environ.get('TOY_ORACLE')
    candidates = [asked] if asked else [*sorted(glob.glob(pyenv + '/versions/3.13.*/bin/python3.13'))[::-1],
                                        shutil.which('python3.13')]
    for path in filter(None, candidates):
        answer = subprocess.run([path, '-c', 'import sys; print(sys.implementation.name, sys.version.split()[0], '
                                 'sys.version_info[:2] == (3, 13))'], capture_output=True, text=True)
        words = answer.stdout.split()
        if words[:1] == ['cpython'] and words[2:] == ['True']:
            return path, words[1]
        if asked:
            return None, f'$TOY_ORACLE is {" ".join(words[:2]) or "not a Python"}; CPython 3.13 is wanted'
    return None, 'no python3.13 found; set TOY_ORACLE to one'


# ---- running a module ----

def run_module(program, module, limit, environment):
    """{test: [outcome, reason]} and how the process ended: '', 'time', a signal's name, or its last line."""
    with tempfile.TemporaryDirectory(prefix='cases') as folder:
        report = os.path.join(folder, 'report')
        command = [program, os.path.join(HERE, 'cpython_cases.py'), module, report]
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, 'TMPDIR': folder, **environment}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output = process.communicate(timeout=limit)[0]
            end = ''
        except subprocess.TimeoutExpired:
            end = 'time'
        try:                               # whatever it has started ends with it
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if end:
            output = process.communicate()[0]
        elif process.returncode < 0:
            end = signal.Signals(-process.returncode).name
        return read_report(report, output, end)


def read_report(path, output, end):
    outcomes, is_over = {}, False
    if os.path.exists(path):
        with open(path, errors='replace') as file:
            for line in file:
                test, _, rest = line.rstrip('\n').partition('\t')
                outcome, _, reason = rest.partition('\t')
                if test == 'over':
                    is_over = True
                elif test not in outcomes or outcome != 'passed':      # a subtest may have failed before
                    outcomes[test] = [outcome, reason]
    if not is_over and not end:
        lines = output.decode(errors='replace').strip().splitlines()
        end = lines[-1] if lines else 'ended early'
    return outcomes, end


def oracle_outcomes(oracle, version, module, limit, kept):
    path = os.path.join(kept, f'{module}-{version}.json')
    if os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    outcomes, end = run_module(oracle, module, ORACLE_PATIENCE * limit, {})
    if end:                                # half of its tests would pass for all of them
        sys.exit(f'{module} under CPython itself: {end}')
    os.makedirs(kept, exist_ok=True)
    with open(path, 'w') as file:
        json.dump(outcomes, file)
    return outcomes


# ---- counting ----

class Row:
    """One line of the table."""

    columns = ('ran', 'passed', 'failed', 'errors', 'skipped', 'missing')

    def __init__(self, module, wanted, outcomes, end):
        self.module, self.end = module, end
        self.counts = collections.Counter()
        self.losses = []
        for test, (outcome, reason) in sorted(wanted.items()):
            if outcome != 'passed':
                continue
            outcome, reason = outcomes.get(test, ('missing', end))
            if outcome == 'skipped' and 'implementation detail' in reason:
                continue
            self.counts['ran'] += 1
            self.counts[{'error': 'errors'}.get(outcome, outcome)] += 1
            if outcome != 'passed':
                self.losses.append((test, outcome, reason))

    def short_name(self):
        return self.module.removeprefix('test.')

    def numbers(self):
        return f'{self.counts["ran"]} | {self.counts["passed"]} | {self.share()}'

    def share(self):
        return f'{100 * self.counts["passed"] / self.counts["ran"]:.1f}' if self.counts['ran'] else '-'

    def __str__(self):
        numbers = ' '.join(f'{self.counts[column]:>7}' for column in self.columns)
        return f'{self.module:<28} {numbers} {self.share():>6}  {self.end[:60]}'


# ---- the two tables of README.md ----

README = os.path.join(HERE, 'README.md')
END = '<!-- end -->\n'


class Table:
    """What stands between two marks of README.md: `language` has a row for each test module, `library` one for each module
    that comes from CPython's Lib folder, beside its test module."""

    def __init__(self, name, mark, pattern):
        self.name, self.mark = name, f'<!-- {mark} -->\n'
        with open(README, encoding='utf-8') as file:
            text = file.read().split(self.mark)[1].split(END)[0]
        self.entries = [match if isinstance(match, tuple) else ('', match) for match in re.findall(pattern, text, re.M)]

    def tests(self):
        return [test for _, test in self.entries]

    def lines(self, rows, total, version):
        yield f'| {version} | run there | pass here | % |'
        yield '| --- | ---: | ---: | ---: |'
        for row in rows:
            yield f'| `{row.short_name()}` | {row.numbers()} |'
        yield f'| all {len(rows)} | {total.numbers()} |'

    def write(self, rows, version):
        total = Row('all', {}, {}, '')
        for row in rows:
            total.counts += row.counts
        with open(README, encoding='utf-8') as file:
            before, rest = file.read().split(self.mark)
        after = rest.split(END, 1)[1]
        table = '\n'.join([*self.lines(rows, total, version), ''])
        with open(README, 'w', encoding='utf-8') as file:
            file.write(before + self.mark + table + END + after)


class LibraryTable(Table):
    def lines(self, rows, total, version):
        yield f'| module | tests of {version} | run there | pass here | % |'
        yield '| --- | --- | ---: | ---: | ---: |'
        for (module, _), row in zip(self.entries, rows):
            yield f'| `{module}` | `{row.short_name()}` | {row.numbers()} |'
        good = sum(row.counts['passed'] >= 0.9 * row.counts['ran'] > 0 for row in rows)
        yield f'| {good} of {len(rows)} pass 90 % | | {total.numbers()} |'

    def leave_out_brought(self, program, environment):
        """Each must come from the Lib folder: what toy brings itself by now does not count."""
        code = ('import sys\nfrom importlib.util import find_spec\n'
                'for name in sys.argv[1:]: print(name, getattr(find_spec(name), "origin", None))')
        command = [program, '-c', code, *(module for module, _ in self.entries)]
        answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}).stdout
        origins = dict(line.split(' ', 1) for line in answer.splitlines())
        self.entries = [entry for entry in self.entries if origins.get(entry[0], '').startswith(environment['TOYLIB'])]


def tables():
    return {'language': Table('language', "CPython's tests", r'^\| `(test[\w.]+)`'),
            'library': LibraryTable('library', "CPython's modules", r'^\| `([\w.]+)` \| `(test[\w.]+)`')}


def main():
    parser = argparse.ArgumentParser(description="CPython's own test modules, under the program.")
    parser.add_argument('modules', nargs='*', help='test_int, or test.test_int; language, library: those of a table in README.md; none: both')
    parser.add_argument('--write', action='store_true', help='write the tables of README.md anew')
    parser.add_argument('-v', '--verbose', action='store_true', help='name each test that does not pass')
    parser.add_argument('-k', dest='pattern', default='', help='only tests whose full name fits this pattern')
    parser.add_argument('-t', dest='limit', type=float, default=120, help='seconds for a module (120)')
    parser.add_argument('-j', dest='jobs', type=int, default=1, help='so many modules at a time (1)')
    arguments = parser.parse_args()
    # A shell starts what it runs in the background deaf to Ctrl-C, and the tests would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    oracle, version = find_oracle()
    if oracle is None:
        sys.exit(version)
    program = os.path.abspath(os.environ.get('TOY', os.path.join(HERE, '..', 'build-dev', 'toy')))
    library = subprocess.run([oracle, '-c', 'import os; print(os.path.dirname(os.__file__))'], capture_output=True, text=True).stdout.strip()
    # With PYTHONHOME set, test.support starts children that may read their environment: TOYLIB is there.
    environment = {'TOYLIB': library, 'PYTHONHOME': library, 'CASES_PATTERN': arguments.pattern}

    def row_of(module):
        module = module if module.startswith('test.') else f'test.{module}'
        wanted = oracle_outcomes(oracle, version, module, arguments.limit, os.path.join(os.path.dirname(program), 'cpython_cases'))
        if arguments.pattern:
            import fnmatch
            wanted = {test: outcome for test, outcome in wanted.items() if fnmatch.fnmatchcase(test, arguments.pattern)}
        lent = {'TOYPATH': LENT} if module in BORROWERS else {}
        return Row(module, wanted, *run_module(program, module, arguments.limit, environment | lent))

    def run_all(pool, modules):
        rows = []
        for row in pool.map(row_of, modules):
            rows.append(row)
            print(row, flush=True)
            if arguments.verbose:
                for test, outcome, reason in row.losses:
                    print(f'    {outcome}: {test}: {reason[:200]}')
            whole.counts += row.counts
        return rows

    print(f'{"module":<28} ' + ' '.join(f'{column:>7}' for column in Row.columns) + f' {"%":>6}  ended')
    known, whole = tables(), Row('all', {}, {}, '')
    known['library'].leave_out_brought(program, environment)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name in arguments.modules or known:
            rows = run_all(pool, known[name].tests() if name in known else [name])
            if arguments.write and name in known:
                known[name].write(rows, f'CPython {version}')
    print(whole)


if __name__ == '__main__':
    main()
