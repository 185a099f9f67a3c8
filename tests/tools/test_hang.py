"""What a hang shows: the dump that -X gil-dump writes on SIGQUIT, as the driver asks for it, and toy.gil_dump()."""
import os
import signal
import subprocess
import sys
import tempfile
import time

import script_test

TOY = os.environ['TOY']
SLOWNESS = float(os.environ.get('TOY_SLOWNESS', 1))
DEADLOCK = '''\
import threading, time
first, second = threading.Lock(), threading.Lock()

def one():
    with first:
        met.wait()
        second.acquire()        # line 7

def two():
    with second:
        met.wait()
        first.acquire()         # line 12

def spin():
    while True:
        pass

met = threading.Barrier(2)
for body, is_daemon in (one, False), (two, False), (spin, True), (spin, True), (spin, True):     # of three one always waits
    threading.Thread(target=body, daemon=is_daemon).start()
threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
print("hangs")
'''
passed = failed = 0


def check(name, holds, shown):
    global passed, failed
    passed += bool(holds)
    failed += not holds
    if not holds:
        print(f'{name}: {shown}')


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, 'deadlock.toy'), 'w') as file:
        file.write(DEADLOCK)
    outcome = script_test.run_command([TOY, 'deadlock.toy'], folder, script_test.clean_environment(folder), b'', SLOWNESS, TOY, folder)
dump = outcome.stderr
check('a hang is told', outcome.timed_out and outcome.timed_out.startswith('no end after'), outcome.timed_out)
for line in ('File "deadlock.toy", line 7 in one', 'File "deadlock.toy", line 12 in two', 'in spin', 'The lock (policy interval',
             "is without the lock, in the wait for a script's lock (most recent call first)", 'has the lock for', 'waits for the lock for',
             'is held by ', 'Main thread 0 (0x', 'is without the lock, in sleep'):
    check(line, line in dump, dump)

# The program goes on as if nothing had been asked, whatever it is in the middle of.
WAITS = 'import time, sys\nprint("ready", flush=True)\ntime.sleep(0.5)\nprint(sys.stdin.readline(), end="")'
for how in (['-X', 'gil-dump'], []):
    process = subprocess.Popen([TOY, *how, '-c', WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={key: value for key, value in os.environ.items() if key != 'TOYGILDUMP'}, text=True)
    process.stdout.readline()
    for _ in range(3):
        time.sleep(0.1)
        process.send_signal(signal.SIGQUIT)
    out, err = process.communicate('typed\n', timeout=60 * SLOWNESS)
    if how:
        check('it goes on', (out, process.returncode) == ('typed\n', 0) and 'in sleep' in err, (out, err, process.returncode))
    else:
        check('not asked', (out, err, process.returncode) == ('', '', -signal.SIGQUIT), (out, err, process.returncode))

done = subprocess.run([TOY, '-c', '''
import os, toy
reader, writer = os.pipe()
def here(): toy.gil_dump(writer)
here()
print(os.read(reader, 9999).decode())
for bad in ("-1", "'2'", "1.5", "1, 2", "1 << 99"):
    try: eval(f"toy.gil_dump({bad})")
    except (ValueError, TypeError, OverflowError) as error: print(type(error).__name__)
'''], capture_output=True, text=True, timeout=60 * SLOWNESS)
check('on request', 'line 4 in here' in done.stdout and 'Main thread 0' in done.stdout and 'has the lock for 0.' in done.stdout and
      done.stdout.split()[-5:] == ['ValueError', 'TypeError', 'TypeError', 'TypeError', 'OverflowError'], done)
print(f'{passed} passed, {failed} failed')
sys.exit(failed > 0)
