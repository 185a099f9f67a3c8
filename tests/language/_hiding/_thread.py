name = '_thread of the script'
