name = 'io of the script'
