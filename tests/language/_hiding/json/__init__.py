name = 'json of the script'
