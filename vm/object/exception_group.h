/* exception_group.h - ExceptionGroup: several exceptions raised as one, and how except* takes them apart.
 *
 * What        Splitting a group by class; what remains to be raised when the except* clauses are done.
 * How         A group is a tree. Splitting keeps its form: each part is a group derived from the same node, with the node's
 *             traceback, cause, context and notes.
 * GIL         held; derive() and a condition given as function are script code.
 * Read next   exception_group.c, vm/run/unwind.c */
#ifndef TOY_OBJECT_EXCEPTION_GROUP_H
#define TOY_OBJECT_EXCEPTION_GROUP_H

#include "vm/object/exception.h"

/* except* [classes]: *match and *rest are owned; NONE where nothing belongs. A plain exception that matches is wrapped in a group.
 * TypeErrors for what may not stand behind except*. */
MUST_CHECK bool exception_group_match(Thread *t, Value exception, Value classes, Value *rest, Value *match);
/* What leaves a try statement with except* clauses that caught [original] in parts and left [raised]; NONE: nothing. */
MUST_CHECK Value exception_group_reraise_star(Thread *t, Value original, List *raised);

#endif
