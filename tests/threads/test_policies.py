"""Scripts of this folder and of fork print the same under every policy of the lock, at the default interval and at a microsecond."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOY = os.environ['TOY']
SCRIPTS = ['threads/start_join', 'threads/locks', 'threads/queues', 'threads/low_level', 'threads/exceptions',
           'threads/signals', 'threads/blocking_calls', 'fork/from_threads', 'fork/hooks']
findings = count = 0
for script in SCRIPTS:
    path = os.path.join(os.path.dirname(HERE), script)
    with open(path + '.out', 'rb') as file:
        expected = file.read()
    for policy in ('ticks', 'fair', 'io'):
        for interval in ('0.005', '0.000001'):
            command = [TOY, '-X', f'gil={policy}', '-X', f'switch-interval={interval}', os.path.basename(path) + '.toy']
            count += 1
            try:
                done = subprocess.run(command, cwd=os.path.dirname(path), stdin=subprocess.DEVNULL, capture_output=True,
                                      timeout=60 * float(os.environ.get('TOY_SLOWNESS', 1)))
            except subprocess.TimeoutExpired:
                findings += 1
                print(f'{" ".join(command[1:])}: no end')
                continue
            if done.stdout != expected:
                findings += 1
                print(f'{" ".join(command[1:])}: prints\n{done.stdout.decode()}{done.stderr.decode()}')
print(f'{count - findings} passed, {findings} failed')
sys.exit(findings > 0)
