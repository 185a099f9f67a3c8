# Run by imports_hiding.toy, as a script: the modules in this folder have names of the library. `finders`: the machine does not find modules by itself.
import sys

if 'finders' in sys.argv:
    class Silent:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return None

    sys.meta_path.insert(0, Silent)


def show(name):
    try:
        module = __import__(name)
    except ImportError as error:
        print(f'{type(error).__name__}: {error}')
    else:
        print(name, '->', getattr(module, 'name', 'the library'))


for name in 'random', 'array', 'json', 'io', 'codecs', 'time', 'os', 'abc', '_thread', 'encodings', 'queue', 'json.decoder', 'encodings.aliases':
    show(name)
import fnmatch                     # imports re: the script's

try:
    import random
    random.choice
except AttributeError as error:
    print(str(error).replace(sys.path[0] + '/', ''))

folder = sys.path[0] + '/beside'
sys.path.append(folder)
show('stringprep')
sys.path.insert(0, folder)
show('shlex')

import importlib
import importlib.util

for name in 'random', 'json', 'math', 'linecache':
    origin = importlib.util.find_spec(name).origin or ''
    print(name, origin.startswith(sys.path[1] + '/'))
del sys.modules['random']
print(importlib.import_module('random').name, importlib.reload(sys.modules['random']).name)
