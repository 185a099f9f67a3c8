"""An empty program stays small: what every program pays before its first line, with room for a bad day and any build."""
import subprocess

import tree

if tree.has_symbol(tree.PROGRAM, '__asan_init') or tree.has_symbol(tree.PROGRAM, '__tsan_init'):
    tree.skip('a sanitizer has memory and pages of its own')
ASK = '''import gc, resource
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(len(gc.get_objects()), status["VmHWM"].split()[0], resource.getrusage(resource.RUSAGE_SELF).ru_minflt)'''
shown = subprocess.run([tree.PROGRAM, '-c', ASK], capture_output=True, text=True, check=True).stdout
LIMITS = {'containers (a native type is opened when it is looked into)': 1500, 'KB of memory': 6500, 'page faults': 400}
tree.finish([f'{figure} {what} at the start, at most {LIMITS[what]}'
             for what, figure in zip(LIMITS, map(int, shown.split())) if figure > LIMITS[what]])
