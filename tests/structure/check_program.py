"""The program needs the C library and nothing else: each shared library costs start-up."""
import re
import subprocess

import tree

if tree.has_symbol(tree.PROGRAM, '__asan_init') or tree.has_symbol(tree.PROGRAM, '__tsan_init'):
    tree.skip('a sanitizer brings its own runtime')
ALLOWED = re.compile(r'libc\.so\.\d+$|ld-linux[\w.-]*$')
dynamic = subprocess.run(['readelf', '-dW', tree.PROGRAM], capture_output=True, text=True, check=True).stdout
tree.finish([f'needs {name}' for name in re.findall(r'\(NEEDED\).*\[(.*)\]', dynamic) if not ALLOWED.match(name)])
