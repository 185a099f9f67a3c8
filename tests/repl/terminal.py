"""terminal.py - types at the prompt and reads what appears.

What        Terminal(program): the program on a pseudo-terminal of its own, 80 columns wide. type() sends keys, expect() waits for
            text. run_tests() runs the test_ functions of a module and counts them.
How         What appears is read as it comes; sequences that move the cursor or set colours are left out, so that a test
            sees the text a person sees, roughly. expect() never sleeps: it returns when the text is there, or raises with
            everything that has been seen.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

PROGRAM = os.environ.get('TOY') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'build', 'toy')
SLOWNESS = float(os.environ.get('TOY_SLOWNESS', 1))
CONTROL = re.compile(rb'\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x07\x0f]|[^\n]\x08')

UP, DOWN, RIGHT, LEFT, HOME, END = '\x1b[A', '\x1b[B', '\x1b[C', '\x1b[D', '\x01', '\x05'
CTRL_C, CTRL_D, TAB, ENTER = '\x03', '\x04', '\t', '\r'


class Terminal:
    def __init__(self, *arguments, environment=None):
        self.home = tempfile.TemporaryDirectory()
        self.seen = b''    # everything since the start
        self.position = 0  # in self.seen: what expect() has not passed yet
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
        clean = {'PATH': os.environ['PATH'], 'HOME': self.home.name, 'TERM': 'xterm', 'LC_ALL': 'C.UTF-8', 'NO_COLOR': '1',
                 'TOY_HISTORY': os.path.join(self.home.name, 'history'), 'PYTHON_BASIC_REPL': '1', **(environment or {})}
        for key, value in os.environ.items():
            if key.endswith('SAN_OPTIONS'):
                clean[key] = value
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=clean, cwd=self.home.name,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)
        self.file = ours

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.file)
        self.home.cleanup()

    def type(self, text):
        os.write(self.file, text.encode())

    def line(self, text):
        self.type(text + ENTER)

    def text(self):
        """What has appeared and was not yet expected, without control sequences."""
        return CONTROL.sub(b'', self.seen[self.position:]).decode(errors='replace').replace('\r', '')

    def read_more(self, seconds):
        ready, _, _ = select.select([self.file], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            data = os.read(self.file, 65536)
        except OSError:  # the other end is closed
            data = b''
        self.seen += data
        return bool(data)

    def expect(self, wanted, seconds=5.0):
        """Waits until [wanted], a regular expression, appears; returns the text up to it and passes it."""
        end = time.monotonic() + seconds * SLOWNESS
        while True:
            text = self.text()
            match = re.search(wanted, text)
            if match:
                self.position = len(self.seen)
                self.rest = text[match.end():]
                return text[:match.end()]
            if time.monotonic() > end or not self.read_more(end - time.monotonic()):
                raise AssertionError(f'{wanted!r} did not appear; all that did:\n'
                                     + CONTROL.sub(b'', self.seen).decode(errors='replace'))

    def ask(self, text, prompt='>>> '):
        """Types a line and returns what is printed between its echo and the next prompt."""
        self.line(text)
        shown = self.expect(r'\n' + re.escape(prompt) + r'$')
        return shown.partition('\n')[2].rpartition('\n')[0]

    def end(self, seconds=5.0):
        """Waits for the end of the program; its exit status, or minus the signal that ended it."""
        limit = time.monotonic() + seconds * SLOWNESS
        while self.read_more(limit - time.monotonic()):
            pass
        return self.process.wait(timeout=max(limit - time.monotonic(), 0.1))


def run_tests(module):
    """Runs each test_ function; prints failures, then the count as the driver reads it."""
    passed = failed = 0
    for name, function in list(vars(module).items()):
        if name.startswith('test_') and callable(function):
            try:
                function()
                passed += 1
            except Exception:
                failed += 1
                print(f'{name}:')
                traceback.print_exc(file=sys.stdout)
    print(f'{passed} passed, {failed} failed')
    sys.exit(1 if failed else 0)
