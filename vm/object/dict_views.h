/* dict_views.h - keys(), values(), items(), and the six iterators.
 * What        DictView, DictIterator and how to make them.   How  both hold the dict and look at it anew each time.
 * GIL         held.   Read next  dict_views.c, dict_iterators.c */
#ifndef TOY_OBJECT_DICT_VIEWS_H
#define TOY_OBJECT_DICT_VIEWS_H

#include "vm/object/dict.h"

typedef struct DictView { Object head; Dict *dict; } DictView;
typedef struct DictIterator {
    Object head;
    Dict *dict;               /* NULL: exhausted */
    size_t position;          /* of dict_next, or dict_previous for the reverse ones */
    size_t length;            /* of the dict when the iterator was made: another one now is an error */
    size_t left;              /* for __length_hint__ */
    Value pair;               /* items: the last tuple given out, used again if nobody kept it; UNBOUND at first */
} DictIterator;

MUST_CHECK Value dict_view_new(Thread *t, enum Kind kind, Dict *dict);
MUST_CHECK Value dict_iterator_new(Thread *t, enum Kind kind, Dict *dict);
/* The next of an iterator over items, owned; *key is END or FAILED if there is none. */
void dict_next_item(Thread *t, Object *iterator, Value *key, Value *value);

#endif
