# toy -m dis -S: the forms that code has come to, after it has run; what was never warm stays plain.
scratch=$(mktemp -d) && cd "$scratch" || exit 1
trap 'rm -rf "$scratch"' EXIT
cat >script.toy <<'EOF'
class Point:
    def __init__(self, x):
        self.x = x


def total(points):
    sum = 0
    for point in points:
        sum += point.x
    return sum


def never():
    return never.x


print(total([Point(n) for n in range(50)]))
EOF
"$TOY" -m dis -S script.toy >listing
echo "status $?"
head -n 1 listing
grep -E '^Disassembly' listing | sed 's/ at 0x[0-9a-f]*//'
grep -oE '(⇄  JUMP_TO_FOR|FOR_ITER_FAST|JUMP_TO_FOR|[A-Z_]*ADD_ATTR|LOAD_FAST_ATTR|STORE_ATTR_ADD|STORE_FAST_LOAD_FAST|LOAD_GLOBAL_[A-Z]+)' listing | sort | uniq -c | sed 's/^ *//'
grep -c LOAD_ATTR_SLOT listing
echo "== without -S nothing runs and nothing is special"
"$TOY" -m dis script.toy | grep -cE 'FOR_ITER_FAST|^1225'
echo "== a script that raises is listed, then its error is told"
echo 'for n in range(20): last = n
last.nothing' | "$TOY" -m dis -S 2>errors | grep -c JUMP_BACKWARD_WARM
tail -n 1 errors
echo 'x = (' | "$TOY" -m dis -S 2>&1 | tail -n 1
"$TOY" -m dis -S nosuch.toy 2>&1
echo "status $?"
