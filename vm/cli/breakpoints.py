"""breakpoints.py - which of some places a program comes past: a breakpoint at each, which goes when it is met.

What        met(program, script, places) runs the program and returns the addresses that it, its threads and its forks executed.
How         ptrace(2), by ctypes, on x86-64. The byte at each place becomes INT3. Who comes there stops; the byte is put back, the instruction
            pointer set one back, and from then on this place costs nothing.
Invariants  The program is not relocated (-no-pie), and a place is the first byte of an instruction.
Read next   startup_order.py
"""
import ctypes
import os
import signal

TRACE_ME, CONTINUE, GET_REGISTERS, SET_REGISTERS, SET_OPTIONS = 0, 7, 12, 13, 0x4200
FOLLOW = 2 | 4 | 8                  # forks, vforks and threads are traced from their first instruction on
ALL_KINDS = 0x40000000              # waitpid's __WALL: threads, too
REGISTERS, RIP = ctypes.c_ulong * 27, 16
SECONDS = 60                        # of the processor's time; what hangs without its terminal ends so

LIBC = ctypes.CDLL(None)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def start(program, script):
    """A child that stops at its first instruction."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        LIBC.ptrace(SET_OPTIONS, pid, None, FOLLOW)
        return pid
    signal.alarm(SECONDS)
    os.chdir(os.path.dirname(os.path.abspath(script)))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    LIBC.ptrace(TRACE_ME, 0, None, None)
    os.execv(program, [program, script])


def put_byte(memory, place, byte):
    memory.seek(place)
    memory.write(byte)


def step_back(pid, original):
    """The place at which [pid] met a breakpoint, which is taken out; None: it stopped for something else."""
    registers = REGISTERS()
    LIBC.ptrace(GET_REGISTERS, pid, None, ctypes.addressof(registers))
    place = registers[RIP] - 1
    if place not in original:
        return None
    with open(f'/proc/{pid}/mem', 'r+b', 0) as memory:
        put_byte(memory, place, original[place])
    registers[RIP] = place
    LIBC.ptrace(SET_REGISTERS, pid, None, ctypes.addressof(registers))
    return place


def met(program, script, places):
    child = start(program, script)
    original, found = {}, set()
    with open(f'/proc/{child}/mem', 'r+b', 0) as memory:
        for place in set(places):
            memory.seek(place)
            original[place] = memory.read(1)
            put_byte(memory, place, b'\xcc')
    LIBC.ptrace(CONTINUE, child, None, None)
    while True:
        try:
            pid, status = os.waitpid(-1, ALL_KINDS)
        except ChildProcessError:
            return found
        if not os.WIFSTOPPED(status):
            continue
        stopped_by, event = os.WSTOPSIG(status), status >> 16
        if stopped_by == signal.SIGTRAP and not event:
            found.add(step_back(pid, original))
        is_ours = event or stopped_by in (signal.SIGTRAP, signal.SIGSTOP)
        LIBC.ptrace(CONTINUE, pid, None, None if is_ours else stopped_by)
        found.discard(None)
