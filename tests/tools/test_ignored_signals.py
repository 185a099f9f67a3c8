"""The tests' answers do not hang on the signals that whoever started them ignored or blocked: here the driver runs one that is about them."""
import os
import signal
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def ignore():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


run = subprocess.run([sys.executable, os.path.join(TESTS, 'driver.py'), '--program', os.environ['TOY'], 'library/signal_names.toy'],
                     preexec_fn=ignore, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
print(run.stdout)
sys.exit(run.returncode)
