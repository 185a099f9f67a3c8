name = 'time of the script'
