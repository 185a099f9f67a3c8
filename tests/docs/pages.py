"""pages.py - what the checks of this folder share: the pages of the book and their fenced blocks."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('TOY') or os.path.join(ROOT, 'build', 'toy')


def pages():
    """Paths from the root of all Markdown pages of the tree."""
    listed = subprocess.run(['git', '-C', ROOT, 'ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        return [path for path in listed.stdout.splitlines() if os.path.exists(os.path.join(ROOT, path))]
    return sorted(os.path.relpath(os.path.join(folder, name), ROOT) for folder, folders, names in os.walk(ROOT)
                  for name in names if name.endswith('.md') and '/build' not in folder)


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def blocks(text):
    """(language, content, line number) of each fenced block."""
    for match in re.finditer(r'^```([^\n]*)\n(.*?)^```', text, re.M | re.S):
        yield match[1].strip(), match[2], text.count('\n', 0, match.start()) + 1


def prose(text):
    """The page without its fenced blocks, line numbers kept."""
    return re.sub(r'^```.*?^```', lambda match: '\n' * match[0].count('\n'), text, flags=re.M | re.S)


def finish(findings):
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
