name = 'random of the script'
