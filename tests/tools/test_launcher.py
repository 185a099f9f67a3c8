"""The launcher `toy`: from any folder, through a link, quickly, and it leaves no trace of itself in the program."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAUNCHER, PROGRAM = os.path.join(ROOT, 'toy'), os.path.join(ROOT, 'build', 'toy')
SKIPPED = 77


def output(*command, folder=ROOT):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600).stdout


def wall_time(*command):
    start = time.monotonic()
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    return time.monotonic() - start


if os.environ.get('TOY') != PROGRAM:
    print('tests another build than the launcher runs')
    sys.exit(SKIPPED)
subprocess.run([LAUNCHER, '-c', ''])  # current from here on
with tempfile.TemporaryDirectory() as elsewhere:
    link = os.path.join(elsewhere, 'linked')
    os.symlink(LAUNCHER, link)
    for command, folder in (([LAUNCHER], elsewhere), (['./toy'], ROOT), ([link], elsewhere), (['./linked'], elsewhere), (['sh', LAUNCHER], elsewhere)):
        said = output(*command, '-c', 'import sys; print(sys.executable, sys.argv)', 'a b', '-V', folder=folder)
        assert said == f"{PROGRAM} ['-c', 'a b', '-V']\n", (command, said)
assert subprocess.run([LAUNCHER, '-c', 'raise SystemExit(7)']).returncode == 7
alone, launched = [], []
for _ in range(15):
    alone.append(wall_time(PROGRAM, '-c', ''))
    launched.append(wall_time(LAUNCHER, '-c', ''))
cost = statistics.median(launched) - statistics.median(alone)
assert cost < 0.030, f'seeing that nothing is to be built took {cost * 1000:.1f} ms'
