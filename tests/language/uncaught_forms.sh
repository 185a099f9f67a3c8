# What is shown of exceptions that nobody catches, and the status that follows: groups, SyntaxErrors, exits, hooks, finalisers.
try() {
    echo "== $1" >&2
    "$TOY" -c "$1"
    echo "-- $?" >&2
}

try 'raise ExceptionGroup("a", [ValueError(1), ExceptionGroup("b", [TypeError("x\ny"), KeyError("k")]), OSError(2, "n")])'
try 'raise BaseExceptionGroup("b", [KeyboardInterrupt(), SystemExit(3)])'
try 'e = ValueError(0)
for i in range(14): e = ExceptionGroup(f"g{i}", [e])
raise e'
try 'try: raise ExceptionGroup("g", [ValueError(1)])
except Exception as e:
    e.add_note("one\ntwo")
    raise RuntimeError("again") from e'
try 'raise SyntaxError'
try 'raise SyntaxError("m", ("f.py", 3, 5, "  abc def\n", 3, 8))'
try 'raise SyntaxError("m", ("f.py", 3, 0, "  abc def\n", 3, 0))'
try 'raise SyntaxError("m", (None, None, None, None))'
try 'raise SyntaxError("m", ("f.py", 3, 2, "\tabc\tdef\n", 4, 2))'
try 'raise TabError("m")'
try 'class S(SyntaxError):
    def __str__(self): return "mine"
raise S("m", ("f.py", 3, 5, "abc def\n", 3, 8))'
try 'e = SyntaxError("m", ("f.py", 3, 5, "abc def\n", 3, 8)); e.msg = e.text = None; e.add_note("n"); raise e'
try 'exec("if 1:\nx")'
try 'class K(KeyboardInterrupt): pass
raise K(1)'
for code in '' 0 3 -1 300 True 1.5 2**8 '"text"' '1, 2' 'ValueError("v")' 'b"x"' '"\udc80"'; do
    try "raise SystemExit($code)"
done
try 'e = SystemExit(1); e.code = "text"; raise e'
try 'import sys; sys.stderr = None; 1/0'
try 'import sys
sys.excepthook = lambda t, v, tb: print("hook", t, v, flush=True)
1/0'
try 'import sys
def hook(t, v, tb): raise KeyError("in hook")
sys.excepthook = hook
1/0'
try 'import sys
def hook(t, v, tb): raise SystemExit(5)
sys.excepthook = hook
1/0'
try 'import sys
del sys.excepthook
1/0'
try 'import sys
sys.__excepthook__(None, None, None)
sys.__excepthook__(ValueError, ValueError("x"), None)
sys.excepthook(1, 2, 3)'
try 'import threading
def f(): 1/0
t = threading.Thread(target=f, name="T"); t.start(); t.join(); print("after", flush=True)'
try 'import threading
def hook(a): raise KeyError(1)
threading.excepthook = hook
def f(): 1/0
t = threading.Thread(target=f, name="T"); t.start(); t.join()'
for what in ValueError 'ValueError("x")' 'SystemExit(3)' KeyboardInterrupt; do
    try "class A:
    def __del__(self): raise $what
A()"
done
try 'import sys
def hook(u): raise KeyError(3)
sys.unraisablehook = hook
class A:
    def __del__(self): 1/0
A()'
try 'import atexit
atexit.register(lambda: 1/0)
atexit.register(lambda: print("first", flush=True))'
try 'def f(n): return f(n - 1) if n else 1/0
f(10)'
try 'a = ValueError(1); b = KeyError(2); a.__cause__ = b; b.__cause__ = a
raise a'
try 'class N:
    def __str__(self): 1/0
    __repr__ = __str__
e = ValueError("x"); e.__notes__ = [N(), 5, None, "a\nb"]; raise e'
try 'class E(Exception):
    def __str__(self): return 5
raise E'
try 'import sys
sys.tracebacklimit = 1
def f(): g()
def g(): 1/0
f()'
