name = 'codecs of the script'
