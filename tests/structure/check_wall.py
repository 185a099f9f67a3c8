"""Symbols show who leans on whom even where a declaration was repeated by hand.

The compiler needs no symbol of the machine; stdlib needs toy_ functions only; floors 0 to 2 need nothing from above. (Floors 3
to 5 are one machine: vm/object/context.h declares what objects ask of threads and of the loop, by name.)"""
import re

import tree

floors, _ = tree.read_floors()
rooms = [floor for floor in floors if floor.library != '-']
# Whoever loads or writes them, they are the C library's.
c_library = set(re.findall(r'^LIBM\([\w ]+, (\w+)', tree.read('vm/base/libm.def'), re.M)) | set(re.findall(r'^double (\w+)\(', tree.read('vm/base/libm.c'), re.M))
defined = {floor.room: tree.symbols(floor.library, undefined=False) - c_library for floor in rooms}
findings = [f'{name} is defined in {one.room} and in {other.room}' for i, one in enumerate(rooms) for other in rooms[:i]
            for name in sorted(defined[one.room] & defined[other.room])]
for floor in rooms:
    if floor.room in ('vm/object', 'vm/threads', 'vm/run', 'vm'):
        continue
    needed = tree.symbols(floor.library, undefined=True)
    for other in rooms:
        if other is floor:
            continue
        may_see = (other.number < floor.number and other.room != 'compiler' if floor.sees == 'everything below'
                   else other.room in floor.sees.split())
        for name in sorted(needed & defined[other.room]):
            if not may_see and not (floor.room == 'stdlib' and name.startswith(('toy_', 'Toy'))):
                findings.append(f'{floor.room} needs {name}, which is defined in {other.room}')
tree.finish(findings)
