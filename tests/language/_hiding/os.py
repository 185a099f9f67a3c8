name = 'os of the script'
