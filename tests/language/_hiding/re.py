print('re.py')


def compile(pattern, flags=0):
    return None
