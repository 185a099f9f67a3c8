/* type.c - the built-in types come into being; making instances; what type a value has.
 *
 * What        types_init from kinds.def, type_new_native for the rest, type_alloc, value_type.
 * How         A type needs a dict with str keys, a tuple of bases: instances of types. So the cells of all built-in types are made
 *             first, then strings can exist, then each type gets its name, order and slots. What scripts can see of it comes when they look:
 *             methods and the like are objects, and most programs never look into most types.
 *
 *                 types_init:   cells of kinds.def  ->  names, '' , ()  ->  for each: bases, order, slots
 *                 type_open:    dict, for it and all above it
 * Invariants  as in type.h.  I4 native types are immortal until types_finish takes them apart, all of them together.
 *             I5 a native type has either no dict or its whole dict. A script's class, and all above it, always have theirs.
 * GIL         held.
 * Read next   type_new.c (classes of scripts), type_slots.c, descriptor.c, type_lookup.c */
#include "vm/object/type.h"

#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/float.h"
#include "vm/object/bytes.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/slots.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"

#define KIND(NAME, name, base, spec) extern const TypeSpec spec;
#include "vm/object/kinds.def"
#undef KIND

/* The names lie in the rows: all are read when the program starts. */
static const struct { char name[48]; enum Kind base; const TypeSpec *spec; } kind_rows[KIND_COUNT] = {
#define KIND(NAME, name, base, spec) [KIND_##NAME] = {name, KIND_##base, &spec},
#include "vm/object/kinds.def"
#undef KIND
};

/* ---- what type a value has ---- */

Type *kind_type(Thread *t, enum Kind kind) { return t->interp->types[kind]; }

Type *value_type(Thread *t, Value v)
{
    if (LIKELY(is_object(v))) return as_object(v)->type;
    Type **types = t->interp->types;
    if (is_small_int(v)) return types[KIND_INT];
    if (is_word_float(v)) return types[KIND_FLOAT];
    if (is_bool(v)) return types[KIND_BOOL];
    if (is_none(v)) return types[KIND_NONE_TYPE];
    return types[is_not_implemented(v) ? KIND_NOT_IMPLEMENTED : KIND_ELLIPSIS];
}

const char *type_text(Thread *t, Type *type)
{
    if (type->native_name) return type->native_name;
    Value raised = t->raised;    /* asked for while composing a message: a failure here must not hide that */
    t->raised = UNBOUND;
    size_t length;
    const char *text = str_utf8(t, type->name, &length);
    if (!text) raised_clear(t);
    t->raised = raised;
    return text ? text : "?";
}

const char *value_type_name(Thread *t, Value v) { return type_text(t, value_type(t, v)); }

/* ---- layout ---- */

const Type *type_layout(const Type *type)
{
    while (type->base && type->spec->size == type->base->spec->size && type->member_count == type->base->member_count)
        type = type->base;
    return type;
}

void type_compute_size(Type *type)
{
    type->size = type_payload_size(type);
    type->attributes_offset = 0;
    if (type_is(type, TYPE_IS_VARIABLE_SIZE)) return;    /* type_alloc_sized adds the rest */
    type->size += type->member_count * (uint32_t)sizeof(Value);
    if (!type_is(type, TYPE_HAS_ATTRIBUTES)) return;
    type->attributes_offset = type->size;
    type->size += (uint32_t)(sizeof(Attributes) + type->inline_slots * sizeof(Value));
}

enum { INHERITED_FLAGS = TYPE_IS_CONTAINER | TYPE_HAS_ATTRIBUTES | TYPE_IS_WEAK_REFERABLE | TYPE_IS_SEQUENCE | TYPE_IS_MAPPING |
                         TYPE_IS_EXCEPTION | TYPE_IS_VARIABLE_SIZE | TYPE_MATCHES_SELF };

void type_inherit_layout(Type *type, const Type *base)
{
    type->spec = base->spec;
    type->solid = base->solid;
    type->member_count = base->member_count;
    type->flags |= base->flags & INHERITED_FLAGS;
}

bool type_add_subclass(Thread *t, Type *base, Type *type)
{
    if (base->subclass_count == base->subclass_capacity) {
        uint32_t capacity = base->subclass_capacity ? base->subclass_capacity * 2 : 4;
        Type **grown = block_resize(t, base->subclasses, base->subclass_capacity * sizeof(Type *), capacity * sizeof(Type *));
        if (!grown) return false;
        base->subclasses = grown;
        base->subclass_capacity = capacity;
    }
    base->subclasses[base->subclass_count++] = type;
    return true;
}

void type_remove_subclass(Type *base, Type *type)
{
    for (uint32_t i = 0; i < base->subclass_count; i++)
        if (base->subclasses[i] == type) {
            memmove(&base->subclasses[i], &base->subclasses[i + 1], (--base->subclass_count - i) * sizeof(Type *));
            return;
        }
}

/* ---- instances ---- */

Object *type_alloc(Thread *t, Type *type)
{
    Object *object = heap_new(t, type, type->size);
    if (LIKELY(object != NULL) && type->attributes_offset)
        ((Attributes *)((char *)object + type->attributes_offset))->shape = type->root_shape;
    return object;
}

Object *type_alloc_sized(Thread *t, Type *type, size_t size)
{
    if (LIKELY(!type->member_count && !type_is(type, TYPE_HAS_ATTRIBUTES))) return heap_new(t, type, size);
    /* Members and Attributes stand at the end of the cell, where object_members and object_attributes look for them. */
    bool has_attributes = type_is(type, TYPE_HAS_ATTRIBUTES);
    size = (size + 15) & ~(size_t)15;
    size += type->member_count * sizeof(Value) + (has_attributes ? sizeof(Attributes) : 0);
    size = (size + 15) & ~(size_t)15;
    Object *object = heap_new(t, type, size);
    if (object && has_attributes) object_attributes(object)->shape = type->root_shape;
    return object;
}

/* ---- a native type from its description ---- */

Type *type_cell_new(Thread *t, Type *metaclass)
{
    Type *type = (Type *)type_alloc(t, metaclass);
    if (type) type->module = UNBOUND;
    return type;
}

static void describe(Type *type, const TypeSpec *spec, const char *name, Type *base, enum Kind kind, enum Kind solid)
{
    type->spec = spec;
    type->native_name = name;
    type->base = base;
    type->flags = spec->flags | (base ? base->flags & INHERITED_FLAGS : 0);
    type->kind = (uint8_t)kind;
    type->solid = (uint8_t)solid;
    type->first_flags = type_is(type, TYPE_IS_CONTAINER) ? OBJECT_IS_TRACKED : 0;
    type->head.count = COUNT_IMMORTAL;
    type_compute_size(type);
}

/* Adds one attribute of a native type; takes the value, FAILED passes a failure on. */
static bool add_attribute(Thread *t, Dict *dict, const char *name, TAKES Value value)
{
    if (failed(value)) return false;
    Str *key = str_intern_text(t, name);
    /* A row of a table overrides what was made from a slot, not the other way round. */
    bool is_good = key && (is_bound(dict_get_str(dict, key)) || dict_set_str(t, dict, key, value));
    if (key) object_release(key);
    release(value);
    return is_good;
}

/* Sequences have concatenation where numbers have addition: no __radd__. */
static bool is_left_out(const TypeSpec *spec, const SlotRow *row)
{
    if (row->wrapper == WRAP_NEW || strcmp(row->dunder, "__getattr__") == 0) return true;
    return strcmp(row->dunder, "__radd__") == 0 && spec->slots.get_item;
}

static bool fill_dict(Thread *t, Type *type, Dict *dict)
{
    const TypeSpec *spec = type->spec;
    for (const NativeDef *def = spec->methods; def && def->name; def++)
        if (!add_attribute(t, dict, def->name, method_descriptor_new(t, type, def))) return false;
    for (const GetSetDef *def = spec->getsets; def && def->name; def++)
        if (!add_attribute(t, dict, def->name, getset_new(t, type, def))) return false;
    for (const MemberDef *def = spec->members; def && def->name; def++)
        if (!add_attribute(t, dict, def->name, member_new(t, type, def))) return false;
    /* Who brings Attributes in shows them. */
    static const GetSetDef dict_getset = {"__dict__", object_get_dict, object_put_dict, NULL};
    bool has_new_attributes = type_is(type, TYPE_HAS_ATTRIBUTES) && !type_is(type, TYPE_HIDES_DICT) && !(type->base && type_is(type->base, TYPE_HAS_ATTRIBUTES));
    if (has_new_attributes && !add_attribute(t, dict, "__dict__", getset_new(t, type, &dict_getset))) return false;
    bool is_unhashable = spec->slots.hash == hash_not_implemented || (spec->slots.compare && !spec->slots.hash);
    if (is_unhashable && !add_attribute(t, dict, "__hash__", NONE)) return false;
    for (size_t i = 0; i < slot_row_count; i++) {
        void *function = spec_slot(spec, slot_rows[i].field);
        if (function && !is_left_out(spec, &slot_rows[i]) &&
            !add_attribute(t, dict, slot_rows[i].dunder, slot_wrapper_new(t, type, &slot_rows[i], function)))
            return false;
    }
    if (spec->slots.new_instance && !add_attribute(t, dict, "__new__", new_wrapper(t, type))) return false;
    Value doc = spec->doc ? object_value(str_from_text(t, spec->doc)) : NONE;
    return add_attribute(t, dict, "__doc__", doc) && (!spec->add_rest || spec->add_rest(t, type, object_value(dict)));
}

static bool shares_spec(const Type *type) { return type->base && type->base->spec == type->spec; }

/* I5. Without memory for all of it the type stays as if nobody had looked. */
static bool open_one(Thread *t, Type *type)
{
    Dict *dict = dict_new(t);
    if (dict && (shares_spec(type) || fill_dict(t, type, dict))) {
        type->dict = dict;
        return true;
    }
    if (dict) object_release(dict);
    return false;
}

bool type_open_order(Thread *t, Type *type)
{
    if (!type->mro) return true;      /* being made, or already taken apart: then what is not there will not come */
    for (size_t i = 0; i < type->mro->count; i++) {
        Type *one = as_type(type->mro->items[i]);
        if (!one->dict && one->mro && !open_one(t, one)) return false;
    }
    type->flags |= TYPE_IS_OPEN;
    return true;
}


/* Everything beyond the cell but the dict: name, order, slots. */
static bool complete(Thread *t, Type *type)
{
    const char *dot = strrchr(type->native_name, '.');
    type->name = str_intern_text(t, dot ? dot + 1 : type->native_name);
    Str *module = dot ? str_from_utf8(t, type->native_name, (size_t)(dot - type->native_name)) : str_from_text(t, "builtins");
    module = str_intern(t, module);
    if (module) type->module = object_value(module);
    if (!type->name || !module) return false;
    type->qualified_name = type->name;
    object_retain(type->name);
    Value base = type->base ? object_value(type->base) : UNBOUND;
    type->bases = tuple_from_values(t, &base, type->base != NULL);
    if (!type->bases) return false;
    type->mro = type_linearize(t, type);
    if (!type->mro) return false;
    if (type->base && !type_add_subclass(t, type->base, type)) return false;
    if (type_is(type, TYPE_HAS_ATTRIBUTES)) {
        type->root_shape = shape_new_root(t, type, 0);
        if (!type->root_shape) return false;
    }
    static const TypeSpec nothing;
    type_inherit_slots(type, shares_spec(type) ? &nothing : type->spec);
    type_note_slots(t, type);
    return true;
}

Type *type_new_native(Thread *t, const TypeSpec *spec, const char *name, Type *base, Type *metaclass, enum Kind kind)
{
    ASSERT_GIL(t);
    if (!base) base = kind_type(t, KIND_OBJECT);
    Type *type = type_cell_new(t, metaclass ? metaclass : base->head.type);
    if (!type) return NULL;
    describe(type, spec, name, base, kind, kind == KIND_INSTANCE ? base->solid : kind);
    if (complete(t, type)) return type;
    type_remove_subclass(base, type);
    type->flags |= TYPE_IS_SCRIPT_MADE;    /* nobody has seen it: may be freed like any other */
    type->head.count = 1;
    object_release(type);
    return NULL;
}

/* ---- start and end ---- */

static bool cells_init(Thread *t)
{
    Interp *interp = t->interp;
    /* The first cell has no type to be made from: a stand-in says what its header shall be. */
    Type stand_in = {.head = {.count = COUNT_IMMORTAL}, .kind = KIND_TYPE, .solid = KIND_TYPE, .first_flags = OBJECT_IS_TRACKED};
    for (int i = 0; i < 2; i++) {
        enum Kind kind = i ? KIND_OBJECT : KIND_TYPE;
        Type *type = (Type *)heap_new(t, i ? interp->types[KIND_TYPE] : &stand_in, type_spec.size);
        if (!type) return false;
        if (!i) type->head.type = type;
        interp->types[kind] = type;
        describe(type, kind_rows[kind].spec, kind_rows[kind].name, NULL, kind, kind);
    }
    Type *type_type = interp->types[KIND_TYPE];
    type_type->base = interp->types[KIND_OBJECT];
    for (int kind = 1; kind < KIND_COUNT; kind++) {
        if (interp->types[kind]) continue;
        Type *type = type_cell_new(t, type_type);
        if (!type) return false;
        interp->types[kind] = type;
        enum Kind base = kind_rows[kind].base;
        describe(type, kind_rows[kind].spec, kind_rows[kind].name, interp->types[base], (enum Kind)kind, base == KIND_OBJECT ? (enum Kind)kind : base);
    }
    return true;
}

static bool names_init(Thread *t)
{
    Names *names = &t->interp->names;
#define NAME(identifier) \
    if (!(names->identifier = str_intern_text(t, #identifier))) return false; \
    names->identifier->head.count = COUNT_IMMORTAL;
#include "vm/object/names.def"
#undef NAME
#define SLOT(field, signature, dunder, wrapper) \
    if (!(names->dunder = str_intern_text(t, #dunder))) return false; \
    names->dunder->head.count = COUNT_IMMORTAL;
#include "vm/object/slots.def"
#undef SLOT
    return true;
}

bool types_init(Thread *t)
{
    Interp *interp = t->interp;
    if (!cells_init(t) || !str_init(t) || !names_init(t) || !int_init(t) || !float_init(t) || !bytes_init(t)) return false;
    Tuple *empty = (Tuple *)type_alloc_sized(t, interp->types[KIND_TUPLE], sizeof(Tuple));
    if (!empty) return false;
    empty->head.count = COUNT_IMMORTAL;
    interp->empty_tuple = object_value(empty);
    for (int kind = 1; kind < KIND_COUNT; kind++)
        if (!complete(t, interp->types[kind])) return false;
    return true;
}

/* Lets go of what classes hold in their dicts, while all their shapes are still there: instances may be among it. Nothing is, unless a
 * script's class has outlived the last collection. */
static void empty_dicts(Thread *t, Type *type)
{
    for (uint32_t i = 0; i < type->subclass_count; i++) empty_dicts(t, type->subclasses[i]);
    Dict *dict = type->dict;
    if (!dict || !type_is(type, TYPE_IS_SCRIPT_MADE)) return;
    type->head.count = COUNT_IMMORTAL;      /* it goes with the others, not when its parts let go of it */
    type->dict = NULL;
    object_release(dict);
}

/* Drops what the type holds, but for its cell: other types' parts may still need it to be freed. */
static void take_apart(Thread *t, Type *type)
{
    for (uint32_t i = 0; i < type->subclass_count;) {
        Type *subclass = type->subclasses[i];
        if (subclass->base == type) i++;
        else type_remove_subclass(type, subclass);    /* ExceptionGroup has two parents: each cell is given back once */
        take_apart(t, subclass);
    }
    type->version = 0;
    Dict *dict = type->dict;
    Tuple *mro = type->mro, *bases = type->bases;
    type->dict = NULL;
    type->mro = type->bases = NULL;
    if (dict) object_release(dict);
    if (mro) object_release(mro);
    if (bases) object_release(bases);
    clear(&type->module);
    if (type->name) object_release(type->name);
    if (type->qualified_name) object_release(type->qualified_name);
    type->name = type->qualified_name = NULL;
    for (Shape *root = type->root_shape, *older; root; root = older) {
        older = root->older;
        shape_free_tree(t, root);
    }
    type->root_shape = NULL;
}

/* Those of kinds.def go last, and by their table: after a failed start they may not be listed as subclasses. */
static void give_cells_back(Thread *t, Type *type)
{
    for (uint32_t i = 0; i < type->subclass_count; i++) {
        Type *subclass = type->subclasses[i];
        give_cells_back(t, subclass);
        if (t->interp->types[subclass->kind] != subclass) heap_discard(t->interp, &subclass->head);
    }
    block_free(t, type->subclasses, type->subclass_capacity * sizeof(Type *));
}

static void free_immortal(Value *place)
{
    if (is_object(*place)) {
        as_object(*place)->count = 1;
        clear(place);
    }
}

static void free_name(Str *name)
{
    Value v = name && name->head.count >= COUNT_IMMORTAL ? object_value(name) : UNBOUND;
    free_immortal(&v);
}

void types_finish(Interp *interp)
{
    Thread *t = thread_current();
    Type *object = interp->types[KIND_OBJECT];
    if (object) {
        empty_dicts(t, object);
        take_apart(t, object);
    }
    for (int kind = 1; kind < KIND_COUNT; kind++)
        if (interp->types[kind]) take_apart(t, interp->types[kind]);
    Value *shared[] = {&interp->empty_tuple, &interp->empty_str, &interp->empty_bytes, &interp->empty_frozenset, &interp->float_zero};
    for (size_t i = 0; i < ARRAY_LENGTH(shared); i++) free_immortal(shared[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(interp->one_byte); i++) free_immortal(&interp->one_byte[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(interp->one_char); i++) {
        free_name(interp->one_char[i]);
        interp->one_char[i] = NULL;
    }
    Str **names = (Str **)&interp->names;
    for (size_t i = 0; i < sizeof(Names) / sizeof(Str *); i++) {
        free_name(names[i]);
        names[i] = NULL;
    }
    str_finish(interp);
    if (object) give_cells_back(t, object);
    for (int kind = 1; kind < KIND_COUNT; kind++)
        if (interp->types[kind]) heap_discard(interp, &interp->types[kind]->head);
    memset(interp->types, 0, sizeof interp->types);
}
