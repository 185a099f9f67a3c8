name = 'queue of the script, which has no file of its own'
