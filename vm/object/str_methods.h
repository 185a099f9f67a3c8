/* str_methods.h - the functions behind the methods of str, by file.
 * What        What str_methods.c puts into the table of str.   GIL  held.   Read next  str_methods.c */
#ifndef TOY_OBJECT_STR_METHODS_H
#define TOY_OBJECT_STR_METHODS_H

#include "vm/object/native.h"
#include "vm/object/str.h"

extern const NativeDef str_methods[];

#define STR_METHOD(name) MUST_CHECK Value str_method_##name(Thread *t, Value self, const Value *args)
/* str_case.c */
STR_METHOD(capitalize);
STR_METHOD(casefold);
STR_METHOD(lower);
STR_METHOD(upper);
STR_METHOD(swapcase);
STR_METHOD(title);
STR_METHOD(isalnum);
STR_METHOD(isalpha);
STR_METHOD(isascii);
STR_METHOD(isdecimal);
STR_METHOD(isdigit);
STR_METHOD(isidentifier);
STR_METHOD(islower);
STR_METHOD(isnumeric);
STR_METHOD(isprintable);
STR_METHOD(isspace);
STR_METHOD(istitle);
STR_METHOD(isupper);
/* str_split.c */
STR_METHOD(split);
STR_METHOD(rsplit);
STR_METHOD(splitlines);
STR_METHOD(partition);
STR_METHOD(rpartition);
STR_METHOD(strip);
STR_METHOD(lstrip);
STR_METHOD(rstrip);
/* str_replace.c */
STR_METHOD(replace);
STR_METHOD(translate);
STR_METHOD(maketrans);
STR_METHOD(expandtabs);
STR_METHOD(center);
STR_METHOD(ljust);
STR_METHOD(rjust);
STR_METHOD(zfill);
#undef STR_METHOD

#endif
