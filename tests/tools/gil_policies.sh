# toy: toy-only
# The policy of the lock: chosen by name when the program starts, or by the script; a name that is none ends it with the names there are.
for name in interval ticks fair io; do
    "$TOY" -X gil=$name -c 'import toy; print(toy.gil_policy(), toy.gil_stats()["policy"])'
done
"$TOY" -c 'import toy; print(toy.gil_policy(), toy.gil_policies())'
"$TOY" -X gil=anarchy -c 'print("not reached")' 2>&1
echo "exit $?"
"$TOY" -X gil -c 'print("not reached")' 2>&1 | head -n 1
"$TOY" -X gil=fair -X switch-interval=0.001 -X gil-stats -c 'pass' 2>&1 | sed -n '1s/process [0-9]*, //p'
"$TOY" -c '
import toy
print(toy.gil_policy("io"), toy.gil_policy())
try:
    toy.gil_policy("anarchy")
except ValueError as error:
    print(error)'
