"""cpython_cases.py MODULE REPORT - runs one of CPython's test modules and writes down how each test went.

What        One line for each test: its name, its outcome (passed, failed, error, skipped), the reason. At the end the line "over", unless
            the module could not be loaded: then the reason is printed.
How         Run by cpython.py, under CPython and under toy. Lines are written as tests end, so that a crash loses nothing.
            $CASES_PATTERN: only tests whose names fit.
            Some test modules import CPython's own test extensions at their top, for a few of their tests. Under toy a stand-in is there,
            whose functions skip: those tests then do not pass, instead of all of the module's. What the stand-in can answer, because
            a script can know it or because there is nothing to do, it answers.
Read next   cpython.py
"""
import os
import sys
import types
import unittest

if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
    sys.path.pop(0)        # this folder has names of its own


class StandIn(types.ModuleType):
    """For one of CPython's own test extensions."""

    @staticmethod
    def get_config():
        """test.support asks whether code knows its columns: it does."""
        return {'code_debug_ranges': 1}

    @staticmethod
    def hamt():
        """What a Context holds, there a hash trie as here."""
        from _contextvars import Map
        return Map()

    @staticmethod
    def get_recursion_depth():
        """test.support counts frames itself where this is missing."""
        raise ImportError('not to be had here')

    @staticmethod
    def suppress_immortalization(suppress):
        """CPython without its lock keeps some objects for ever; toy, like CPython with it, none."""

    @staticmethod
    def get_immortalize_deferred():
        return False

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)

        def skip(*args, **options):
            raise unittest.SkipTest(f'{self.__name__}.{name} is CPython\'s own')
        return skip


class Recorder(unittest.TestResult):
    def __init__(self, report):
        super().__init__()
        self.report = report

    def write(self, test, outcome, reason=''):
        name = getattr(test, 'test_case', test).id()
        lines = str(reason).strip().splitlines()
        self.report.write(f'{name}\t{outcome}\t{lines[-1] if lines else ""}\n'.encode('utf-8', 'backslashreplace'))
        self.report.flush()

    def _exc_info_to_string(self, err, test):
        # The whole text costs much, and only its end is wanted.
        try:
            return f'{err[0].__name__}: {err[1]}'.split('\n')[0]
        except Exception:
            return err[0].__name__

    def addSuccess(self, test):
        self.write(test, 'passed')

    def addExpectedFailure(self, test, err):
        self.write(test, 'passed')

    def addUnexpectedSuccess(self, test):
        self.write(test, 'failed', 'unexpected success')

    def addSkip(self, test, reason):
        if "CPython's own" in str(reason):         # in setUp, perhaps, and then what that took is not given back
            for tool in range(6):
                sys.monitoring.free_tool_id(tool)
        self.write(test, 'skipped', reason)

    def addError(self, test, err):
        self.write(test, 'error', self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        self.write(test, 'failed', self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            outcome = 'failed' if issubclass(err[0], test.failureException) else 'error'
            self.write(test, outcome, self._exc_info_to_string(err, test))


def main():
    module, path = sys.argv[1:]
    if sys.implementation.name != 'cpython':
        for name in '_testinternalcapi', '_testlimitedcapi', '_testsinglephase', '_testmultiphase':
            sys.modules[name] = StandIn(name)
    del sys.argv[1:]
    loader = unittest.TestLoader()
    if os.environ.get('CASES_PATTERN'):
        loader.testNamePatterns = [os.environ['CASES_PATTERN']]
    with open(path, 'wb') as report:
        try:
            suite = loader.loadTestsFromName(module)
        except unittest.SkipTest as reason:
            if '_testcapi' not in str(reason):
                raise
            sys.modules['_testcapi'] = StandIn('_testcapi')
            suite = loader.loadTestsFromName(module)
        suite.run(Recorder(report))
        if not loader.errors:
            report.write(b'over\n')
    for error in loader.errors:
        print(error.strip().splitlines()[-1])


if __name__ == '__main__':      # a process that a test starts may import this, too
    main()
