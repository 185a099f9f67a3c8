"""bench.py - what the tools of this folder share: where things are, which interpreters there are, and the marks in README.md."""
import glob
import math
import os
import re
import shutil
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def machine():
    """The processor's name and the number of cores."""
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        name = re.search(r'^model name\s*: (.*)$', file.read(), re.M)
    return f'{name[1] if name else os.uname().machine}, {os.cpu_count()} cores'


def find_program(name):
    """python3.13 may live in pyenv only; python3.11 is the distribution's, not one that comes first on PATH."""
    pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
    candidates = [name, os.path.join('/usr/bin', name), *sorted(glob.glob(f'{pyenv}/versions/*/bin/{name}')), shutil.which(name)]
    return next((path for path in candidates if path and '/' in path and os.path.exists(path)), None)


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def write_between(name, text):
    """Puts [text] into README.md, between its marks <!-- name --> and <!-- end -->."""
    path = os.path.join(HERE, 'README.md')
    with open(path, encoding='utf-8') as file:
        before, rest = file.read().split(f'<!-- {name} -->\n')
    after = rest.split('<!-- end -->\n', 1)[1]
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'{before}<!-- {name} -->\n{text}<!-- end -->\n{after}')


class Meter:
    """measure.c, compiled: see there why it is not Python."""

    def __init__(self, folder):
        self.path = os.path.join(folder, 'measure')
        subprocess.run(['cc', '-O1', '-o', self.path, os.path.join(HERE, 'measure.c')], check=True)

    def run(self, command, repeat, folder=None):
        """CPU seconds of one run (mean of [repeat]; None when it failed), peak memory in MB, output."""
        reader, writer = os.pipe()
        process = subprocess.Popen(['sh', '-c', f'exec "$@" 3>&{writer}', 'sh', self.path, str(repeat), *command],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, pass_fds=[writer])
        os.close(writer)
        output = process.communicate()[0]
        with os.fdopen(reader) as figures:
            cpu_us, peak_kb, status = map(int, figures.read().split())
        return (None if status else cpu_us / 1e6), peak_kb / 1024, output
