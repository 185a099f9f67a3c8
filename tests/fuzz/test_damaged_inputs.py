"""Damaged text and bytes for all that reads them: pickles, JSON, patterns, formats, dates, encodings ...; taken or refused, never a crash.

usage: test_damaged_inputs.py [SEED [SECONDS]]    (without: a fixed seed, so that a failure can be repeated, and $TOY_FUZZ_SECONDS or 10)

_damaged_inputs.toy does it, a thousand inputs a process; _processes.py starts and judges those. The seed of a process is in what is printed."""
import _processes

_processes.main('_damaged_inputs.toy', lambda seed: (seed, 1000), '{} inputs taken, {} refused', 20261123)
