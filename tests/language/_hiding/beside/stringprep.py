name = 'stringprep beside'
