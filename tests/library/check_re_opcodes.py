"""Every instruction, place and category of stdlib/re/opcodes.def stands in the listings that re_debug.toy prints.

How: the rows' names are looked for in its expectation, which CPython made. A new row needs a pattern there that has it."""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
with open(os.path.join(ROOT, 'stdlib/re/opcodes.def'), encoding='utf-8') as file:
    names = re.findall(r'^(?:OP|PLACE|CATEGORY)\((\w+)', file.read(), re.M)
with open(os.path.join(ROOT, 'tests/library/re_debug.out'), encoding='utf-8') as file:
    listed = set(re.findall(r'\w+', file.read()))

missing = [name for name in names if name not in listed]
for name in missing:
    print(f'{name} is in no listing of tests/library/re_debug.toy')
print(f'{len(names) - len(missing)} passed, {len(missing)} failed')
raise SystemExit(bool(missing))
