name = 'abc of the script'
