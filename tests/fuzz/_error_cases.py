"""The two workers of compare_errors.py: each answers cases under the interpreter it runs in, one JSON line per case.

usage: _error_cases.py sources FILE FROM     what compile() says to each source of the JSON list in FILE, from number FROM on
       _error_cases.py calls SEED FROM       what built-in functions and methods say to odd arguments"""
import itertools
import json
import random
import sys
import warnings


def answer(case, value):
    sys.stdout.write(json.dumps([case, value]) + '\n')
    sys.stdout.flush()


# ---- sources ----

def what_compile_says(source):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            compile(source, 'case', 'exec', dont_inherit=True)
            outcome = None
        except SyntaxError as e:
            outcome = [type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset, e.text]
        except Exception as e:
            outcome = [type(e).__name__, str(e)]
    return [outcome, [[w.category.__name__, str(w.message), w.lineno] for w in caught]]


def answer_sources(path, start):
    with open(path, encoding='utf-8') as file:
        sources = json.load(file)
    for number in range(start, len(sources)):
        answer(number, what_compile_says(sources[number]))


# ---- calls ----

class Odd:
    """Nothing is defined for it."""

    def __repr__(self):
        return 'Odd()'


class Liar:
    """Its special methods answer with the wrong type."""

    def wrong(self, *args):
        return []

    __index__ = __int__ = __float__ = __complex__ = __bytes__ = __str__ = __hash__ = __len__ = __bool__ = __iter__ = wrong
    __length_hint__ = __format__ = __fspath__ = __round__ = __dir__ = wrong

    def __repr__(self):
        return 'Liar()'


RECEIVERS = {
    'int': '5', 'bool': 'True', 'float': '2.5', 'complex': '1j', 'str': "'ab'", 'bytes': "b'ab'", 'bytearray': "bytearray(b'ab')",
    'memoryview': "memoryview(b'ab')", 'list': '[1, 2]', 'tuple': '(1, 2)', 'dict': "{'a': 1}", 'set': '{1, 2}',
    'frozenset': 'frozenset({1, 2})', 'range': 'range(5)', 'slice': 'slice(1, 5)', 'NoneType': 'None', 'object': 'object()',
    'generator': '(i for i in (1, 2))', 'list_iterator': 'iter([1])', 'zip': 'zip((1, 2))', 'enumerate': "enumerate('ab')",
    'property': 'property(len)', 'type': 'type("T", (), {})', 'BaseException': 'BaseException(1)', 'OSError': 'OSError(2, "x")',
    'UnicodeDecodeError': "UnicodeDecodeError('utf-8', b'x', 0, 1, 'y')", 'ImportError': "ImportError('x', name='y')",
    'ExceptionGroup': "ExceptionGroup('m', [ValueError(1)])", 'staticmethod': 'staticmethod(len)', 'classmethod': 'classmethod(len)',
    'super': 'super(int, 5)', 'ellipsis': '...', 'dict_keys': "{'a': 1}.keys()", 'dict_items': "{'a': 1}.items()",
    'mappingproxy': 'type.__dict__["__dict__"].__get__(int)', 'function': '(lambda a, *, b=1: a)', 'GenericAlias': 'list[int]',
    'UnionType': '(int | str)', 'code': '(lambda: 0).__code__', 'module': '__import__("sys").__class__("m")',
}
ODD = ['None', '5', '-1', '2.5', "'ab'", "b'ab'", '[1]', '(1, 2)', '{}', '{1}', 'Odd()', 'Liar()', 'len', 'int', '10**30', "''", '1j',
       'float("nan")', 'range(3)', 'True', "'\\udc80'", 'bytearray(b"x")', 'slice(1)', '(i for i in (1, 2))']
KEYWORDS = ['key', 'x', 'sep', 'encoding', 'default', 'start', 'a']
NOT_CALLED = {'input', 'breakpoint', 'help', 'exit', 'quit', 'copyright', 'credits', 'license', 'print', 'open', 'exec', 'eval',
              'globals', 'locals', 'vars', 'dir', 'id', 'hash', '__import__', '__build_class__'}
NO_METHODS = {'__init_subclass__', '__subclasshook__', '__sizeof__', '__dir__', '__hash__', '__getstate__', '__repr__', '__reduce_ex__',
              '__reduce__', '__class__', '__doc__', '__dict__', '__subclasses__'}


def callables():
    import builtins
    for name in sorted(vars(builtins)):
        if callable(getattr(builtins, name)) and name not in NOT_CALLED and not name.startswith('_'):
            yield name
    for text in RECEIVERS.values():
        for name in sorted(dir(eval(text))):
            if name not in NO_METHODS:
                yield f'{text}.{name}' if not text[0].isdigit() else f'({text}).{name}'


def argument_lists(pick):
    yield ''
    for count in (1, 1, 1, 1, 2, 2, 3, 4, 7):
        yield ', '.join(pick.choice(ODD) for _ in range(count))
    for count in (0, 1, 2):
        yield ', '.join([pick.choice(ODD) for _ in range(count)] + [f'{pick.choice(KEYWORDS)}={pick.choice(ODD)}'])


def operations(pick):
    values = [*RECEIVERS.values(), *ODD]
    for operator in ('+', '-', '*', '/', '//', '%', '**', '@', '<<', '>>', '&', '|', '^', '<', '>=', 'in', 'is not'):
        for _ in range(60):
            yield f'({pick.choice(values)}) {operator} ({pick.choice(values)})'
    for form in ('-({0})', '+({0})', '~({0})', 'not ({0})', '({0})[{1}]', '({0})({1})', '({0}).nothing', '[*({0})]', '{{**({0})}}',
                 'len(*({0}))', 'len(**({0}))', '[0 for a, b in ({0})]', '(lambda x: ({0})[x:({1})])(1)', '"%d %s" % ({0})',
                 '"{{:{{}}}}".format({0}, {1})', 'f"{{({0})!r:>{{({1})}}}}"', '[0 for a, b in [({0})]]', '[0 for a, *b, c, d, e in [({0})]]'):
        for _ in range(60):
            yield form.format(pick.choice(values), pick.choice(values))


def what_a_call_says(text):
    try:
        value = eval(text, {'Odd': Odd, 'Liar': Liar})
    except SystemExit:
        return 'exit'
    except BaseException as e:
        return [type(e).__name__, str(e)]
    return ['returns', type(value).__name__]


def answer_calls(seed, start):
    pick = random.Random(seed)
    cases = []
    for call in callables():
        cases += [f'{call}({arguments})' for arguments in argument_lists(random.Random(f'{seed} {call}'))]
    cases += operations(pick)
    for number, text in itertools.islice(enumerate(cases), start, None):
        answer(text, what_a_call_says(text))


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    if sys.argv[1] == 'sources':
        answer_sources(sys.argv[2], int(sys.argv[3]))
    else:
        answer_calls(int(sys.argv[2]), int(sys.argv[3]))
