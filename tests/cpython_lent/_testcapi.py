"""_testcapi.py - what a few of CPython's tests want of its test extension, and a script can do as well.

What        raise_signal(number): C's raise().
How         Found through TOYPATH by the test modules that cpython.py names, and by the programs that those start.
Read next   ../cpython.py
"""
from signal import raise_signal

__all__ = ['raise_signal']
