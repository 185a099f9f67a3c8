/* site_names.h - the built-in names that are there for people: exit, quit, help, copyright, credits, license.
 * What        site_names_add().   How  site_names.c   GIL  held.   Read next  site_names.c */
#ifndef TOY_CLI_SITE_NAMES_H
#define TOY_CLI_SITE_NAMES_H

#include "vm/object/context.h"

/* Into builtins; -S leaves them out. False: raised. */
MUST_CHECK bool site_names_add(Thread *t);

#endif
