"""script_test.py - one test that is a script, and the running of it.

What        A test is NAME.toy (run by the program under test) or NAME.sh (run by sh, with the program in $TOY), with what
            CPython 3.13 made of it beside it: NAME.out (stdout) and, unless it is silent and succeeds, NAME.err (stderr,
            then a line "-- exit status N").
How         The leading comment block may hold directives, "# toy: key: value" (tests/README.md lists them). A test runs in
            its own folder with a clean environment and a private HOME and TMPDIR. Both sides are brought to one form
            before they are compared: see normalise().
Read next   driver.py (which tests, in which order, counted), oracle (makes the expectations)
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
DEFAULT_TIME_LIMIT = 20  # seconds

# What a sanitizer, an assertion or the count of living objects says when something was lost.
# A sanitizer that says it has not that much memory has found nothing: MemoryError is what comes of it.
DAMAGE = re.compile('(Address|Thread|Leak|UndefinedBehavior)Sanitizer(?! failed to allocate)|runtime error:|Assertion .* failed'
                    '|toy: still alive|objects are alive at the end')
KNOWN_DIRECTIVES = {
    'args', 'options', 'stdin', 'timeout', 'env', 'requires', 'toy-only', 'serial', 'stress',
    'category', 'cause', 'workaround',
}


# AddressSanitizer lists threads behind a lock of its own, which a fork copies taken if a thread begins or ends at that moment: the child then
# hangs as soon as it starts a thread. That is no fault of the program; such a run is repeated, once.
LOST_IN_FORK = '__sanitizer::ThreadRegistry::Lock'


class Outcome:
    """What a run left behind, in the form that is compared."""

    def __init__(self, stdout, stderr, status, timed_out=None):
        self.stdout, self.stderr, self.status, self.timed_out = stdout, stderr, status, timed_out

    def err_text(self):
        """The content of NAME.err: stderr, then how it ended."""
        text = self.stderr
        if text and not text.endswith('\n'):
            text += '\n-- no newline at the end\n'
        return text + f'-- exit {describe_status(self.status)}\n'


SILENT_SUCCESS = '-- exit status 0\n'


def describe_status(status):
    return f'signal {signal.Signals(-status).name}' if status < 0 else f'status {status}'


class ScriptTest:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.folder, self.file = os.path.split(self.path)
        self.stem, self.suffix = os.path.splitext(self.file)
        self.name = os.path.relpath(self.path, TESTS)
        self.directives = self._read_directives()

    def _read_directives(self):
        found = {}
        with open(self.path, 'rb') as file:
            for raw in file:
                line = raw.decode('utf-8', 'replace').lstrip('\ufeff').strip()
                if line and not line.startswith('#'):
                    break
                match = re.match(r'# toy: ([\w-]+)(?:: ?(.*))?$', line)
                if match:
                    found.setdefault(match[1], []).append(match[2] or '')
        return found

    def directive(self, key, default=None):
        return self.directives[key][-1] if key in self.directives else default

    def has(self, key):
        return key in self.directives

    @property
    def time_limit(self):
        return float(self.directive('timeout', DEFAULT_TIME_LIMIT))

    def unknown_directives(self):
        return sorted(set(self.directives) - KNOWN_DIRECTIVES)

    def missing_requirement(self):
        """The first command or file named by a `requires` directive that is not here, or None."""
        for word in ' '.join(self.directives.get('requires', [])).split():
            if not (os.path.exists(word) if '/' in word else shutil.which(word)):
                return word
        return None

    # ---- expectations -------------------------------------------------------------------------------------------

    def _beside(self, suffix):
        return os.path.join(self.folder, self.stem + suffix)

    def expected_stdout(self):
        """None when there is no expectation."""
        try:
            with open(self._beside('.out'), encoding='utf-8', errors='surrogateescape', newline='') as file:
                return file.read()
        except FileNotFoundError:
            return None

    def expected_err(self):
        try:
            with open(self._beside('.err'), encoding='utf-8', errors='surrogateescape', newline='') as file:
                return file.read()
        except FileNotFoundError:
            return SILENT_SUCCESS

    def write_expectation(self, outcome):
        with open(self._beside('.out'), 'w', encoding='utf-8', errors='surrogateescape', newline='') as file:
            file.write(outcome.stdout)
        err = outcome.err_text()
        if err != SILENT_SUCCESS:
            with open(self._beside('.err'), 'w', encoding='utf-8', errors='surrogateescape', newline='') as file:
                file.write(err)
        elif os.path.exists(self._beside('.err')):
            os.remove(self._beside('.err'))

    # ---- running ------------------------------------------------------------------------------------------------

    def command(self, program, extra_options=()):
        if self.suffix == '.sh':
            return ['sh', self.file]
        return [program, *extra_options, *self.directive('options', '').split(), self.file,
                *self.directive('args', '').split()]

    def run(self, program, extra_options=(), slowness=1.0, extra_environment=None, prefix=(), extra_time=0):
        scratch = tempfile.mkdtemp(prefix='toy-test-')
        environment = clean_environment(scratch)
        environment['TOY'] = program
        environment.update(extra_environment or {})
        for setting in self.directives.get('env', []):
            key, _, value = setting.partition('=')
            environment[key] = value
        given = '\n'.join(self.directives.get('stdin', []))
        if given:
            given += '\n'
        try:
            for _ in range(2):
                outcome = run_command([*prefix, *self.command(program, extra_options)], self.folder, environment,
                                      given.encode().decode('unicode_escape').encode('latin-1') if '\\' in given
                                      else given.encode(),
                                      (self.time_limit + extra_time) * slowness, program, scratch)
                if LOST_IN_FORK not in (outcome.timed_out or ''):
                    break
            return outcome
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def clean_environment(scratch):
    """What a test may see of this machine: little, and the same everywhere."""
    environment = {
        'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'HOME': scratch, 'TMPDIR': scratch, 'LC_ALL': 'C.UTF-8',
        'TZ': 'UTC', 'TERM': 'dumb', 'NO_COLOR': '1', 'PYTHONHASHSEED': '0', 'TOYHASHSEED': '0',
        'PYTHONDONTWRITEBYTECODE': '1', 'PYTHONUTF8': '1', 'TOYGILDUMP': '1',
    }
    for key, value in os.environ.items():
        if key.endswith('SAN_OPTIONS') or key in ('CK_FORK', 'LD_LIBRARY_PATH', 'LLVM_SYMBOLIZER_PATH'):
            environment[key] = value
    return environment


def run_command(command, folder, environment, given, time_limit, program, scratch=None):
    """Runs to the end or to the time limit; then every process of its session is shown and killed."""
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
    hang = None
    try:
        stdout, stderr = process.communicate(given, timeout=time_limit)
    except subprocess.TimeoutExpired:
        ask_for_dumps(process.pid)
        try:  # reads on, so that who has much to say is not kept from it
            stdout, stderr = process.communicate(timeout=1)
            hang = f'no end after {time_limit:g} s\n'
        except subprocess.TimeoutExpired:
            hang = f'no end after {time_limit:g} s\n' + describe_session(process.pid)
            kill_session(process.pid)
            stdout, stderr = process.communicate()
    local = [place for place in (folder, scratch) if place]
    return Outcome(normalise(stdout, local, program), normalise(stderr, local, program), process.returncode, hang)


def session_members(leader):
    """Process ids of the session that [leader] began: the program, and what it forked."""
    members = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/stat') as file:
                    if int(file.read().rpartition(')')[2].split()[3]) == leader:
                        members.append(int(entry))
            except (OSError, ValueError, IndexError):
                pass
    return sorted(members)


def ask_for_dumps(leader):
    """Each process that knows how (-X gil-dump) writes to stderr what its threads do in the script, and who has the lock."""
    for pid in session_members(leader):
        try:
            with open(f'/proc/{pid}/status') as file:
                caught = int(re.search(r'^SigCgt:\s*(\w+)', file.read(), re.M)[1], 16)
            if caught >> signal.SIGQUIT - 1 & 1:
                os.kill(pid, signal.SIGQUIT)
        except (OSError, TypeError):
            pass


def describe_session(leader):
    """Native stacks of all threads of all processes (with gdb), or at least what each waits for in the kernel."""
    lines = []
    for pid in session_members(leader):
        lines.append(f'process {pid}:')
        if shutil.which('gdb'):
            try:
                shown = subprocess.run(['gdb', '-p', str(pid), '-batch', '-nx', '-ex', 'set print thread-events off',
                                        '-ex', 'thread apply all backtrace 16'], capture_output=True, timeout=30)
                lines += [line for line in shown.stdout.decode(errors='replace').splitlines()
                          if line.startswith(('#', 'Thread'))]
                continue
            except subprocess.TimeoutExpired:
                pass
        for task in sorted(os.listdir(f'/proc/{pid}/task')) if os.path.isdir(f'/proc/{pid}/task') else []:
            facts = []
            for fact in ('comm', 'wchan', 'syscall'):
                try:
                    with open(f'/proc/{pid}/task/{task}/{fact}') as file:
                        facts.append(f'{fact} {file.read().strip()}')
                except OSError:
                    pass
            lines.append(f'  thread {task}: ' + ', '.join(facts))
    return '\n'.join(lines) + '\n'


def kill_session(leader):
    for pid in session_members(leader):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


# ---- one form for both sides ------------------------------------------------------------------------------------

FRAME = re.compile(r'^(?P<margin>(?:  )*(?:[|+] )?)  File "(?P<file>[^"]*)", line \d+')
ADDRESS = re.compile(r'\bat 0x[0-9a-f]+')
# Said when a run under -X stress fails; by ASan when a script asks for more than there is, and when threads run on while it looks for leaks.
ASIDE = re.compile(r'^(toy: the seed was|==\d+==WARNING: AddressSanitizer failed to allocate|==\d+==Running thread \d+ was not suspended\.) .*\n', re.M)
LIBRARY_FILE = re.compile(r'^<frozen |/lib/python3\.\d+/|/oracle_site/')


def normalise(raw, folders, program):
    """Bytes to text: paths of this machine shortened, addresses and frames of library files left out."""
    text = raw.decode('utf-8', 'surrogateescape').replace(program, 'toy')
    for folder in folders:
        text = text.replace(folder + '/', '')
    text = ASIDE.sub('', ADDRESS.sub('at 0x...', text))
    if 'File "' not in text:
        return text
    kept, skipping = [], None
    for line in text.splitlines(keepends=True):
        frame = FRAME.match(line)
        if frame:
            skipping = frame['margin'] if LIBRARY_FILE.search(frame['file']) else None
        elif skipping is not None and not line.startswith((skipping + '    ', skipping + '  [Previous line')):
            skipping = None
        if skipping is None:
            kept.append(line)
    return ''.join(kept)
