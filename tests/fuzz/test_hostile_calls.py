"""Everything native, called with objects that change what the call holds: never a crash.

usage: test_hostile_calls.py [SEED [SECONDS]]    (without: a fixed seed, so that a failure can be repeated, and $TOY_FUZZ_SECONDS or 10)

_hostile_calls.toy does it, a thousand calls a process; _processes.py starts and judges those. The seed of a process is in what is printed."""
import _processes

_processes.main('_hostile_calls.toy', lambda seed: (seed, 1000), '{} calls returned, {} raised', 20261123)
