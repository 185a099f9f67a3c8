"""-X gil-stats: a table at the end of each process, however it ends; its rows add up."""
import os
import re
import subprocess

TOY = os.environ['TOY']
failed = 0


def tables(source, *options):
    """{pid: {row name: [figures]}} of what the script leaves on stderr, its exit status, and whatever else it said."""
    done = subprocess.run([TOY, '-W', 'ignore', '-X', 'gil-stats', *options, '-c', source], capture_output=True, text=True, timeout=120)
    found, rest = {}, []
    for line in done.stderr.splitlines():
        head = re.match(r'gil: process (\d+), policy (\w+), interval (\d+) us$', line)
        row = re.match(r'gil: (main|all|\d+(?: more)?)( \(ended\))? +([\d. ]+)$', line)
        if head:
            rows = found.setdefault(int(head[1]), {})
        elif row:
            rows[row[1] + (row[2] or '')] = list(map(float, row[3].split()))
        elif not line.startswith('gil: thread  '):
            rest.append(line)
    return found, done.returncode, rest


def check(name, holds, shown):
    global failed
    if not holds:
        failed += 1
        print(f'{name}: {shown}')


def adds_up(rows):
    parts = [figures for name, figures in rows.items() if name != 'all']
    sums = [sum(column) for column in zip(*parts)]
    sums[3] = max(figures[3] for figures in parts)          # the longest wait
    return all(abs(a - b) < 1e-4 for a, b in zip(sums, rows['all'])) and len(sums) == len(rows['all']) == 14


came = tables('pass')
check('nothing', list(*came[0].values()) == ['main', 'all'] and came[1:] == (0, []), came)
came = tables('import sys, threading\nfor i in range(50):\n t = threading.Thread(target=sum, args=(range(10000),))\n t.start()\n t.join()\nsys.exit(3)')
rows = next(iter(came[0].values()))
check('ended', adds_up(rows) and '18 more' in rows and '19 (ended)' in rows and '50 (ended)' in rows and came[1:] == (3, []), came)
check('ended once each', rows['all'][13] == 50 and rows['18 more'][13] == 18, came)
came = tables('import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()\ntime.sleep(0.01)')
rows = next(iter(came[0].values()))
check('daemon', list(rows) == ['main', '1', 'all'] and rows['1'][11] == 1 and adds_up(rows), came)
came = tables('import os\nfor end in (0, 7):\n  if not os.fork(): os._exit(end)\nos.wait(), os.wait()\nif not os.fork(): raise SystemExit(5)\nos.wait()')
check('forks', len(came[0]) == 4 and all(adds_up(rows) for rows in came[0].values()) and came[1:] == (0, []), came)
came = tables('import os\nos._exit(9)')
check('at once', len(came[0]) == 1 and came[1:] == (9, []), came)
came = tables('1/0')
check('uncaught', len(came[0]) == 1 and came[1] == 1 and came[2][-1].startswith('ZeroDivisionError'), came)
came = tables('import os\nos.close(2)\nos._exit(4)')
check('no stderr', came == ({}, 4, []), came)
came = tables('import threading\nfor i in range(60): threading.Thread(target=threading.Event().wait, daemon=True).start()')
rows = next(iter(came[0].values()))
check('a crowd', '21 more' in rows and adds_up(rows) and rows['all'][0] > 60, came)
print(f'{9 - failed} passed, {failed} failed')
