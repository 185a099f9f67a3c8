"""cpython.py - finds the CPython 3.13 that is the oracle.

What        find_oracle(): its path and full version, or (None, why not).
How         $TOY_ORACLE, else the newest 3.13 that pyenv has, else python3.13 on PATH. Another version is refused: messages change
            from one to the next.
"""
import glob
import os
import shutil
import subprocess


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
