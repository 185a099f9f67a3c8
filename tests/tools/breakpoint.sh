# PYTHONBREAKPOINT: what breakpoint() calls.
unset TOYBREAKPOINT
for choice in 0 print builtins.print os.path.join nosuch nosuch.name os.nosuch .; do
    echo "== $choice"
    PYTHONBREAKPOINT=$choice "$TOY" -W always -c 'print(breakpoint("a", "b"))' 2>&1
done
PYTHONBREAKPOINT=print "$TOY" -c '
import os, sys
os.environ["PYTHONBREAKPOINT"] = "0"
breakpoint("nothing")
os.environ["PYTHONBREAKPOINT"] = "len"
print(breakpoint("four"))
sys.breakpointhook = lambda *args, **names: (args, names)
print(breakpoint(1, b=2))
sys.breakpointhook = sys.__breakpointhook__
print(breakpoint([]))
del sys.breakpointhook
breakpoint()' 2>&1 | grep -v '\^'
