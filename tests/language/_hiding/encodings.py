name = 'encodings of the script'
