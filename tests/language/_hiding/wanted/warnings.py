name = 'warnings of the script'
