# toy: toy-only
# toy: requires: cc
# toy: timeout: 60
# A native module in a shared object, built outside of the tree's build with one command; and what is no such module.
here=$(pwd)
cd "$TMPDIR" || exit
build() { cc -shared -fPIC -I"$here/../../vm" "$@"; }
try() { echo "== $1"; shift; "$TOY" "$@" 2>&1 | grep -v '^Traceback\|^  '; }

build -o greeting.toy.so "$here/_greeting.c" || exit
cat >use.toy <<'end'
import greeting, importlib.machinery, importlib.util, sys
print(greeting, greeting.__doc__, greeting.hello('you'), greeting.hello.__module__, greeting.hello.__doc__)
try:
    greeting.hello(1)
except TypeError as error:
    print(error)
spec = greeting.__spec__
print(spec.name, spec.origin == greeting.__file__, spec.has_location, type(spec.loader).__name__, spec.loader is greeting.__loader__, spec.cached)
print(spec.loader.get_code('greeting'), spec.loader.get_source('greeting'), spec.loader.is_package('greeting'), importlib.machinery.EXTENSION_SUFFIXES)
first = sys.modules.pop('greeting')
import greeting
print(greeting is first, greeting.hello('again'), first.hello('first'), importlib.reload(greeting) is greeting)
found = importlib.util.find_spec('greeting')
print(importlib.util.module_from_spec(found).hello('by hand'), importlib.machinery.PathFinder.find_spec('greeting', ['.']).name)
sys.meta_path.insert(0, sys.meta_path[-1])
del sys.modules['greeting']
import greeting
print(greeting.hello('by finders'))
end
try 'a module' use.toy
mkdir package && cp greeting.toy.so package/ && touch package/__init__.toy
try 'in a package' -c 'import package.greeting as g; print(g.__name__, g.__package__, g.hello("inside"), g.hello.__module__)'
mkdir folder && cp greeting.toy.so folder/__init__.toy.so && mkdir greeting && mv folder/__init__.toy.so greeting/
mv greeting.toy.so alone.so
try 'a package that is one' -c 'import greeting; print(greeting.__path__ == [greeting.__file__.rpartition("/")[0]], greeting.hello("package"))'
try 'run as a script' -m greeting.__init__
rm -r greeting
try 'in four threads at once' -c '
import os, threading
os.rename("alone.so", "greeting.toy.so")
def use(): import greeting; seen.append(greeting)
seen = []
threads = [threading.Thread(target=use) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(seen), len(set(seen)))'
try 'before a source of that name' -c 'open("greeting.toy", "w").write("hello = str"); import greeting; print(greeting.hello("x"))'

refuse() { try "$1" -c "
import sys
sys.path.insert(0, '')
try: import $2
except ImportError as error: print(type(error).__name__, str(error).replace(error.path or 'no file', 'FILE'), error.name, (error.path or '').rpartition('/')[2])"; }
cp greeting.toy.so other.toy.so && refuse 'under another name' other
build -DABI=0 -o none.toy.so "$here/_greeting.c" && refuse 'that does not say for which toy.h it was made' none
build -DABI='(TOY_ABI + (1ull << 32))' -o later.toy.so "$here/_greeting.c" && refuse 'for a later toy.h' later
build -DABI='(TOY_ABI + 8)' -o laid.toy.so "$here/_greeting.c" && refuse 'for another layout' laid
echo 'int unrelated;' >library.c && build -o library.toy.so library.c && refuse 'a library that is no module' library
printf '#include "toy.h"\nToyValue toy_of_tomorrow(void); ToyValue use(void) { return toy_of_tomorrow(); }\n' >symbol.c
build -o symbol.toy.so symbol.c && refuse 'that wants what is not exported' symbol
printf '#include "toy.h"\nvoid gil_take(void); void use(void) { gil_take(); }\n' >inside.c
build -o inside.toy.so inside.c && refuse 'that wants what lies behind the wall' inside
printf '#include "toy.h"\nstatic bool init(ToyThread *t, ToyModuleObject *m) { return toy_raise_false(t, TOY_ImportError, "not today"); }\n%s\n' \
    'const ToyModule toy_module = {.abi = TOY_ABI, .name = "raises", .init = init};' >raises.c
build -o raises.toy.so raises.c && refuse 'whose init raises' raises
echo 'not a shared object' >text.toy.so && refuse 'text' text
: >empty.toy.so && refuse 'nothing' empty
for size in 10 63 64 100 500 4096 12000; do head -c $size greeting.toy.so >cut.toy.so && refuse "the first $size bytes" cut; done
mkdir directory.toy.so && refuse 'a folder of that name' directory
ln -s nowhere dangling.toy.so && refuse 'a link to nowhere' dangling
try 'by hand, of what is not there' -c '
import importlib.machinery, _imp
spec = importlib.machinery.ModuleSpec("gone", None, origin="/nowhere/gone.toy.so")
for spec.origin in "/nowhere/gone.toy.so", "gone.toy.so", None, 1, "a\0b":
    try: _imp.create_dynamic(spec)
    except Exception as error: print(type(error).__name__, error)'
