"""Symbols go down, as includes do: the machine's own declarations could be repeated by hand, its symbols cannot.

The compiler needs no symbol of the machine; stdlib needs toy_ functions only; no floor needs one above it."""
import tree

floors, _ = tree.read_floors()
rooms = [floor for floor in floors if floor.library != '-']
defined = {floor.room: tree.symbols(floor.library, undefined=False) for floor in rooms}
findings = []
for floor in rooms:
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
