/* dict_subtypes.h - dicts with a little more: what collections calls defaultdict and OrderedDict.
 *
 * What        How to get at the two types. Few scripts use them: they are made when collections asks for them.
 * How         dict_subtype makes all of them at its first call; the Interp remembers them.
 * GIL         held.
 * Read next   default_dict.c, ordered_dict.c */
#ifndef TOY_OBJECT_DICT_SUBTYPES_H
#define TOY_OBJECT_DICT_SUBTYPES_H

#include "vm/object/dict.h"

enum DictSubtype { DEFAULT_DICT, ORDERED_DICT, ORDERED_KEYS, ORDERED_VALUES, ORDERED_ITEMS, ORDERED_ITERATOR };

BORROWED MUST_CHECK Type *dict_subtype(Thread *t, enum DictSubtype which);   /* NULL: raised */

extern const TypeSpec default_dict_spec, ordered_dict_spec, ordered_keys_spec, ordered_values_spec, ordered_items_spec, ordered_iterator_spec;

#endif
