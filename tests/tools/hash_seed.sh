# PYTHONHASHSEED seeds the hashes of text and bytes, where TOYHASHSEED does not say otherwise.
unset TOYHASHSEED
for seed in 0 1 42 4294967295; do
    PYTHONHASHSEED=$seed "$TOY" -c 'print(hash("abc"), hash(b"abcdefghijk"), hash("\u1234"), list({"one", "two", "three", "four"}))'
done
[ "$(PYTHONHASHSEED=random "$TOY" -c 'print(hash("abc"))')" != "$(PYTHONHASHSEED=random "$TOY" -c 'print(hash("abc"))')" ] && echo random
[ "$(PYTHONHASHSEED=1 "$TOY" -E -c 'print(hash("abc"))')" != "$(PYTHONHASHSEED=1 "$TOY" -E -c 'print(hash("abc"))')" ] && echo ignored
for seed in -1 4294967296 one ''; do
    PYTHONHASHSEED=$seed "$TOY" -c 'print("ran")' 2>/dev/null
    echo $?
done
