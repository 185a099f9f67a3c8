# How a program ends, as the shell sees it.
try() { echo "== $*" >&2; "$TOY" -c "$1"; echo "exit $?" >&2; }

try 'pass'
try 'raise SystemExit'
try 'raise SystemExit(None)'
try 'raise SystemExit(3)'
try 'raise SystemExit(257)'
try 'raise SystemExit(-1)'
try 'raise SystemExit("words")'
try 'import sys; sys.exit(True)'
try 'import os; os._exit(9)'
try 'raise ValueError("uncaught")'
try 'raise KeyboardInterrupt'
try 'try:
    raise SystemExit(4)
finally:
    print("finally runs")'

# The shell tells of these deaths itself, in its own words.
"$TOY" -c 'import os; os.abort()' 2>/dev/null
echo "abort: exit $?"
"$TOY" -c 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)' 2>/dev/null
echo "kill: exit $?"
