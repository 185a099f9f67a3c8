# Scripts that are not there, or not scripts: an error in CPython's words, CPython's exit status.
cd "$TMPDIR" || exit
try() { echo "== $1" >&2; shift; "$@"; echo "exit $?" >&2; }

try 'missing file' "$TOY" nowhere.toy
mkdir folder
try 'a folder without __main__' "$TOY" folder
printf '\001\002\377\376\000binary' >garbage.toy
try 'binary garbage' "$TOY" garbage.toy
printf 'print(1)\n\000print(2)\n' >nul.toy
try 'a NUL byte' "$TOY" nul.toy
printf 'x = "\351"\n' >latin.toy
try 'not UTF-8, and no encoding declared' "$TOY" latin.toy
printf '# coding: no-such-thing\nprint(1)\n' >unknown.toy
try 'an unknown encoding' "$TOY" unknown.toy
: >empty.toy
try 'nothing at all' "$TOY" empty.toy
printf 'print("no newline at the end")' >cut.toy
try 'no newline at the end' "$TOY" cut.toy
printf '\357\273\277print("mark")\n' >mark.toy
try 'a byte order mark' "$TOY" mark.toy
printf 'def f():\r\n    return "crlf"\r\nprint(f())\r\n' >crlf.toy
try 'CR LF' "$TOY" crlf.toy
printf '#!/usr/bin/env toy\nprint("hash bang")\n' >bang.toy
try 'a #! line' "$TOY" bang.toy
printf 'if True:\n\tx = 1\n        y = 2\n' >tabs.toy
try 'tabs and spaces mixed' "$TOY" tabs.toy
try 'no such module' "$TOY" -m no_such_module_anywhere
try 'an import that fails' "$TOY" -c 'import no_such_module_anywhere'
try 'a syntax error' "$TOY" -c 'x = = 1'
