"""Lets CPython import .toy files, as toy does.

What        On the oracle's PYTHONPATH, so that it runs before the test's script.
How         The path finders share one list of source suffixes: adding to it in place reaches every finder made later.
            Nothing is left to see: this folder leaves sys.path, and tracebacks hold no frame of it.
"""
import importlib.machinery
import os
import sys

importlib.machinery.SOURCE_SUFFIXES.insert(0, '.toy')
sys.path_importer_cache.clear()
sys.path[:] = [entry for entry in sys.path if os.path.basename(entry) != 'oracle_site']
