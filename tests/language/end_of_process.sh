# What is alive when a script ends goes unseen, and is left to the system, unless somebody would notice: each of these does.
say() { echo "-- $1"; shift; "$TOY" -c "$1"; echo "status $?"; }

say 'a finaliser' 'class A:
    def __del__(self): print("gone")
a = A()'
say 'a finaliser in a cycle' 'class A:
    def __del__(self): print("gone")
a = A(); a.a = a; del a'
say 'a callback' 'import weakref
class A: pass
a = A()
r = weakref.ref(a, lambda r: print("told"))'
say 'a suspended generator' 'def g():
    try: yield 1
    finally: print("closed")
it = g(); next(it)'
say 'a file that nobody closed' 'import os, sys
f = os.fdopen(os.dup(1), "w")
f.write("in the buffer\n")'
say 'the original stdout, put aside' 'import io, sys
sys.stdout.write("not flushed\n")
sys.stdout = io.StringIO()'
say 'stdout is stderr' 'import sys
sys.stdout.write("not flushed\n")
sys.stdout = sys.__stdout__ = sys.stderr'
say 'a new stdout over the old one' 'import io, sys
sys.stdout = io.TextIOWrapper(sys.stdout.detach(), newline="\n")
sys.stdout.write("from the new one\n")'
say 'the buffer below' 'import sys
sys.stdout.buffer.write(b"bytes\n")'
say 'an exit function' 'import atexit
class A:
    def __del__(self): print("gone")
atexit.register(lambda: globals().update(a=A()))'
