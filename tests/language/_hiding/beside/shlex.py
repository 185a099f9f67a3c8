name = 'shlex beside'
