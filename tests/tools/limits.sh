# Nesting and recursion without end: an error, never a crash.
cd "$TMPDIR" || exit
try() { echo "== $1" >&2; shift; "$@"; echo "exit $?" >&2; }
# many TEXT COUNT: TEXT, COUNT times.
many() { awk -v text="$1" -v count="$2" 'BEGIN { while (count-- > 0) printf "%s", text }'; }
last() { "$@" 2>&1 | tail -n 1; }

many '(' 10000 >brackets.toy
try '10,000 brackets' last "$TOY" brackets.toy
{ many '(' 150; printf 1; many ')' 150; echo; } >fits.toy
try '150 brackets' last "$TOY" fits.toy
{ many '- ' 10000; echo 1; } >minus.toy
"$TOY" minus.toy >/dev/null 2>&1
echo "10,000 minus signs: ended by itself: $(($? < 2))" >&2
{ many 'x.' 10000; echo x; } >attributes.toy
"$TOY" attributes.toy >/dev/null 2>&1
echo "10,000 attributes: ended by itself: $(($? < 2))" >&2
for depth in 50 99 100; do
    awk -v depth=$depth 'BEGIN { for (i = 0; i < depth; i++) printf "%*sif 1:\n", i, ""; printf "%*spass\n", depth, "" }' >indent.toy
    try "$depth levels of indentation" last "$TOY" indent.toy
done
try 'recursion without end' last "$TOY" -c '
def f(): return f()
f()'
try 'recursion through repr' last "$TOY" -c '
class C:
    def __repr__(self): return repr(self)
repr(C())'
try 'recursion through comparison' last "$TOY" -c '
a = []; b = []; a.append(b); b.append(a)
c = []; d = []; c.append(d); d.append(c)
a == c'
try 'a list in itself' "$TOY" -c 'a = []; a.append(a); print(a)'
try 'a long chain is freed' "$TOY" -c '
chain = None
for _ in range(300000): chain = [chain]
del chain
print("freed")'
try 'an int too long to print' last "$TOY" -c 'print(10 ** 5000)'
try 'a size beyond all memory' last "$TOY" -c '"a" * (1 << 62)'
