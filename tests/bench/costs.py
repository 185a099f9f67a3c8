"""costs.py - compares what one operation costs here, in CPython 3.13 and in C: of what CPython adds to C, toy may add half.

What        compare(): the whole of thread_costs and process_costs. Their two other files have the operations: NAME.toy, which both
            interpreters run, and NAME.c. Each prints microseconds.
How         Medians of rounds in which the three take turns. Where two only take turns they share one core: to wake one on another costs
            C itself ten times as much, and which it is the kernel decides anew in each run.
Read next   thread_costs.toy, process_costs.toy"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from bench import HERE, ROOT, find_program, machine, write_between

BAR = 0.5


def compare(stem, description, names, on_one_core):
    """[names]: of the operations, with what stands in the table for each. The exit status says whether all hold."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument('--program', default=os.environ.get('TOY') or os.path.join(ROOT, 'build', 'toy'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--write', action='store_true', help='into README.md')
    parser.add_argument('names', nargs='*', help=' '.join(names))
    options = parser.parse_args()
    python = find_program('python3.13') or sys.exit('there is no python3.13')
    script, broken, all_cores = os.path.join(HERE, f'{stem}.toy'), [], os.sched_getaffinity(0)
    rows = ['| microseconds | toy | CPython 3.13 | C | toy adds, of what CPython adds |', '| --- | ---: | ---: | ---: | ---: |']
    with tempfile.TemporaryDirectory() as folder:
        twin = os.path.join(folder, stem)
        subprocess.run(['cc', '-std=gnu11', '-O2', '-o', twin, os.path.join(HERE, f'{stem}.c'), '-pthread'], check=True)
        for name in options.names or names:
            sides = [[os.path.abspath(options.program), '-W', 'ignore', script], [python, '-W', 'ignore', script], [twin]]
            runs = [[] for _ in sides]
            os.sched_setaffinity(0, set(list(all_cores)[-1:]) if name in on_one_core else all_cores)      # the programs inherit it
            for _ in range(options.rounds):
                for side, command in zip(runs, sides):
                    side.append(float(subprocess.run([*command, name], capture_output=True, text=True, check=True).stdout))
            toy, cpython, c = map(statistics.median, runs)
            holds = toy - c <= max(BAR * (cpython - c), 0)
            added = 'nothing' if toy <= c else f'{(toy - c) / (cpython - c):.2f}' if cpython > c else 'all'
            if not holds:
                broken.append(name)
            mark = '' if holds else ' !'
            rows.append(f'| {names[name]} | {toy:.3g} | {cpython:.3g} | {c:.3g} | {added}{mark} |')
            print(f'{name:18} {toy:10.3f} {cpython:10.3f} {c:10.3f}   {added:>7}{mark}', flush=True)
    if options.write:
        write_between(stem, f'On {machine()}; medians of {options.rounds}.\n\n' + '\n'.join(rows) + '\n')
    print(f'{len(rows) - 2 - len(broken)} hold, {len(broken)} do not' + (': ' + ' '.join(broken) if broken else ''))
    return bool(broken)
