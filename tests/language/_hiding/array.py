name = 'array of the script'
