# Run by imports_hiding.toy: the machine tells of what is worth a warning though the script's warnings.py hides the module it does that with.
import warnings

print(warnings.name)
print(eval(r"'\d'"), eval('1 is 1'))
