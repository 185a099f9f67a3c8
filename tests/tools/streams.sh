# Output that cannot be written, and input from a pipe.
try() { echo "== $1" >&2; shift; sh -c "$*"; echo "exit $?" >&2; }

try 'a full disk' '"$TOY" -c "print(1)" >/dev/full'
try 'a full disk, seen while running' '"$TOY" -c "import sys; print(1); sys.stdout.flush()" >/dev/full'
try 'stdout closed' '"$TOY" -c "print(1)" >&-'
try 'stderr closed' '"$TOY" -c "1 / 0" 2>&-'
try 'stdin closed' '"$TOY" -c "import sys; print(sys.stdin)" <&-'
try 'a reader that leaves' '{ "$TOY" -c "import time
print(flush=True); time.sleep(0.3)
for i in range(100000): print(i)"; echo "exit $?" >&2; } | head -n 1'
try 'a script from a pipe' 'echo "print(6 * 7)" | "$TOY"'
try 'a script from a pipe, named -' 'echo "import sys; print(sys.argv)" | "$TOY" - a b'
try 'lines from a pipe' 'printf "one\ntwo\nthree" | "$TOY" -c "
import sys
print(input(), sys.stdin.readline(), sys.stdin.read())"'
try 'the end of input' '"$TOY" -c "input()" </dev/null'
try 'arguments' '"$TOY" -c "import sys; print(sys.argv)" -c --help "a b"'
