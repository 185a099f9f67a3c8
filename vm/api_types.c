/* api_types.c - the wall: types and modules that native code makes, and records.
 *
 * What        toy_type_*, toy_record_*, toy_module_*, toy_import.
 * How         A ToyTypeSpec is a TypeSpec. A type remembers the state of the module it belongs to, and that module is kept to the end:
 *             instances may outlive their module's name. A record is a tuple with more items than it says: those behind its
 *             count are reached as members only.
 * GIL         held.
 * Read next   toy.h, vm/object/type.h, vm/run/import.h */
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/object_reduce.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/weakref.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"

#include "vm/toy.h"

/* ---- types ---- */

static bool keep_to_the_end(Thread *t, Module *module)
{
    List **owners = &t->interp->native_owners;
    if (!*owners) *owners = list_new(t, 0);
    if (!*owners) return false;
    for (size_t i = 0; i < (*owners)->count; i++)
        if (is_same((*owners)->items[i], object_value(module))) return true;
    return list_append(t, *owners, object_value(module));
}

ToyType *toy_type_new_of(ToyThread *t, ToyModuleObject *module, const ToyTypeSpec *spec, const char *name, ToyType *base, ToyType *metaclass)
{
    if (module && !keep_to_the_end(t, module)) return NULL;
    Type *type = type_new_native(t, spec, name, base, metaclass, KIND_INSTANCE);
    if (type && module) type->module_state = module->state;
    return type;
}

ToyType *toy_type_new(ToyThread *t, ToyModuleObject *module, const ToyTypeSpec *spec, const char *name, ToyType *base)
{
    return toy_type_new_of(t, module, spec, name, base, NULL);
}

void toy_class_traverse(ToyObject *self, ToyVisit visit, void *context) { type_spec.traverse(self, visit, context); }
void toy_class_clear(ToyObject *self) { type_spec.clear(self); }
void toy_class_free(ToyObject *self) { type_spec.free(self); }
bool toy_class_set_attribute(ToyThread *t, ToyValue class, ToyValue name, ToyValue value) { return type_spec.slots.set_attribute(t, class, as_str(name), value); }

void *toy_type_state(const ToyType *type)
{
    for (const Type *base = type; base; base = base->base)
        if (base->module_state) return base->module_state;
    /* A class with several bases: the one that is asked for need not be the one whose layout it has. */
    for (size_t i = 0; i < type->mro->count; i++)
        if (as_type(type->mro->items[i])->module_state) return as_type(type->mro->items[i])->module_state;
    return NULL;
}

static bool add_descriptor(Thread *t, Type *type, const char *text, TAKES Value descriptor)
{
    Str *name = failed(descriptor) ? NULL : str_intern_text(t, text);
    bool done = name && type_set_attribute(t, object_value(type), name, descriptor);
    release(descriptor);
    if (name) object_release(name);
    return done;
}

bool toy_type_add_methods(ToyThread *t, ToyModuleObject *module, ToyType *type, const ToyFunction *methods)
{
    if (!keep_to_the_end(t, module)) return false;
    type->module_state = module->state;
    for (const NativeDef *def = methods; def->name; def++)
        if (!add_descriptor(t, type, def->name, method_descriptor_new(t, type, def))) return false;
    return true;
}

bool toy_type_add_getsets(ToyThread *t, ToyType *type, const ToyGetSet *rows)
{
    for (const GetSetDef *def = rows; def->name; def++)
        if (!add_descriptor(t, type, def->name, getset_new(t, type, def))) return false;
    return true;
}

enum { PATTERN_FLAGS = TYPE_IS_SEQUENCE | TYPE_IS_MAPPING };
uint32_t toy_type_pattern_flags(const ToyType *type) { return type->flags & PATTERN_FLAGS; }
void toy_type_set_pattern_flags(ToyType *type, uint32_t flags)
{
    if (!type_is(type, TYPE_IS_SCRIPT_MADE)) return;    /* native types do not change; those that patterns know have said so themselves */
    type->flags = (type->flags & ~(uint32_t)PATTERN_FLAGS) | (flags & PATTERN_FLAGS);
    for (uint32_t i = 0; i < type->subclass_count; i++) toy_type_set_pattern_flags(type->subclasses[i], flags);
}

ToyObject *toy_type_alloc(ToyThread *t, ToyType *type) { return type_alloc(t, type); }
bool toy_type_is_plain(ToyThread *t, ToyType *type) { return type_reduces_plainly(t, type); }

int toy_instance_attributes(ToyValue instance, ToyValue names[TOY_ATTRIBUTES_MAX], ToyValue values[TOY_ATTRIBUTES_MAX])
{
    _Static_assert((int)TOY_ATTRIBUTES_MAX == (int)SHAPE_KEYS_MAX, "toy.h gives room for as many names as a shape has");
    Str *keys[SHAPE_KEYS_MAX];
    int count = attributes_list(object_attributes(as_object(instance)), keys, values);
    for (int i = 0; i < count; i++) names[i] = object_value(keys[i]);
    return count;
}

bool toy_instance_set(ToyThread *t, ToyValue instance, ToyValue name, ToyValue value)
{
    return attributes_set(t, as_object(instance), as_str(name), value);
}

void toy_ends_unseen(ToyValue instance) { as_object(instance)->flags |= OBJECT_ENDS_UNSEEN; }

bool toy_type_set(ToyThread *t, ToyType *type, const char *name, TOY_TAKES ToyValue v)
{
    bool done = !failed(v) && type_open(t, type) && dict_set_text(t, type->dict, name, v);
    release(v);
    return done;
}

ToyValue toy_generic_alias(ToyThread *t, ToyValue origin, ToyValue arguments) { return generic_alias_new(t, origin, arguments); }
ToyValue toy_function_new(ToyThread *t, const ToyFunction *def, ToyValue self) { return native_function_new(t, def, self, UNBOUND); }
const ToyFunction *toy_function_row(ToyValue v) { return is_kind(v, KIND_NATIVE_FUNCTION) ? ((NativeFunction *)as_object(v))->def : NULL; }
ToyValue toy_weakref(ToyThread *t, ToyValue target, ToyValue callback_or_none) { return weakref_new(t, target, callback_or_none); }
ToyValue toy_weakref_target(ToyValue reference) { return weakref_target(reference); }

/* ---- records ---- */

static size_t places_of(const Type *type) { return (type->spec->size - sizeof(Tuple)) / sizeof(Value); }

/* Items of the tuple: all places before the first hidden one. */
static size_t visible_of(const Type *type)
{
    for (const MemberDef *field = type->spec->members; field->name; field++)
        if (field->kind == MEMBER_VALUE_OR_NONE) return (field->offset - sizeof(Tuple)) / sizeof(Value);
    return places_of(type);
}

static size_t field_count(const Type *type)
{
    size_t count = 0;
    while (type->spec->members[count].name) count++;
    return count;
}

void toy_record_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    for (size_t i = places_of(self->type); i-- > 0;) visit_value(((Tuple *)self)->items[i], visit, context);
}
void toy_record_free(ToyObject *self)
{
    for (size_t i = places_of(self->type); i-- > 0;) clear(&((Tuple *)self)->items[i]);
}
size_t toy_record_size(ToyObject *self) { return self->type->spec->size; }

bool toy_record_add_rest(ToyThread *t, ToyType *type, ToyValue dict)
{
    size_t visible = visible_of(type), named = 0;
    List *match = list_new(t, visible);
    bool is_whole = match != NULL;
    for (const MemberDef *field = type->spec->members; is_whole && field->name; field++) {
        if (field->kind != MEMBER_VALUE) continue;
        named++;
        is_whole = toy_list_append_take(t, object_value(match), object_value(str_intern_text(t, field->name)));
    }
    Value fields = is_whole ? object_value(tuple_from_values(t, match->items, match->count)) : FAILED;
    if (match) object_release(match);
    int64_t hidden = (int64_t)(field_count(type) - named);
    return toy_dict_take_text(t, dict, "__match_args__", fields) && toy_dict_take_text(t, dict, "n_sequence_fields", small_int_value((int64_t)visible)) &&
           toy_dict_take_text(t, dict, "n_fields", small_int_value((int64_t)visible + hidden)) &&
           toy_dict_take_text(t, dict, "n_unnamed_fields", small_int_value((int64_t)(visible - named)));
}

ToyType *toy_record_type_new(ToyThread *t, ToyModuleObject *module, const ToyTypeSpec *spec, const char *name)
{
    return toy_type_new(t, module, spec, name, kind_type(t, KIND_TUPLE));
}

ToyValue toy_record_new(ToyThread *t, ToyType *type, TOY_TAKES ToyValue *values)
{
    size_t places = places_of(type);
    bool is_whole = true;
    for (size_t i = 0; i < places; i++) is_whole &= !failed(values[i]);
    Tuple *record = is_whole ? (Tuple *)heap_new(t, type, type->spec->size) : NULL;
    if (!record) {
        for (size_t i = 0; i < places; i++) release(values[i]);
        return FAILED;
    }
    memcpy(record->items, values, places * sizeof(Value));
    record->count = visible_of(type);
    return object_value(record);
}

/* Hidden fields from a dict; each of its keys must be one of those that are not set. */
static bool fill_from_dict(Thread *t, Tuple *record, Dict *dict)
{
    size_t used = 0;
    for (const MemberDef *field = record->head.type->spec->members; field->name; field++) {
        Value *place = (Value *)((char *)record + field->offset);
        if (field->kind != MEMBER_VALUE_OR_NONE || is_bound(*place)) continue;
        Value v = toy_dict_get_text(t, object_value(dict), field->name);
        used += is_bound(v);
        *place = v;
    }
    if (used == dict_length(dict)) return true;
    return raise_false(t, EXC_TypeError, "%s() got duplicate or unexpected field name(s)", type_text(t, record->head.type));
}

ToyValue toy_record_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"sequence", "dict", NULL};
    static const ToyParameters parameters = {"structseq", parameter_names, 0, 2, 1};
    Value slots[2];
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots)) return FAILED;
    if (!value_is_iterable(t, slots[0])) return raise_type_error(t, "constructor requires a sequence");
    if (is_bound(slots[1]) && !is_dict(slots[1])) return raise_type_error(t, "%s() takes a dict as second arg, if any", type_text(t, type));
    Tuple *given = tuple_from_iterable(t, slots[0]);
    if (!given) return FAILED;
    size_t places = places_of(type), visible = visible_of(type);
    if (given->count < visible || given->count > places) {
        const char *bound = visible == places ? "a " : given->count < visible ? "an at least " : "an at most ";
        raise_type_error(t, "%s() takes %s%zu-sequence (%zu-sequence given)", type_text(t, type), bound, given->count < visible ? visible : places, given->count);
        object_release(given);
        return FAILED;
    }
    Tuple *record = (Tuple *)heap_new(t, type, type->spec->size);
    if (record) {
        for (size_t i = 0; i < given->count; i++) record->items[i] = retain(given->items[i]);
        record->count = visible;
    }
    object_release(given);
    if (record && is_bound(slots[1]) && !fill_from_dict(t, record, as_dict(slots[1]))) {
        object_release(record);
        return FAILED;
    }
    return object_value(record);
}

ToyValue toy_record_repr(ToyThread *t, ToyValue self)
{
    const Type *type = as_object(self)->type;
    StrBuilder text;
    str_builder_init(&text, t);
    str_builder_add_text(&text, type_text(t, as_object(self)->type));
    str_builder_add_char(&text, '(');
    const Tuple *record = as_tuple(self);
    for (size_t i = 0; i < record->count; i++) {
        if (i) str_builder_add_ascii(&text, ", ", 2);
        str_builder_add_text(&text, type->spec->members[i].name);
        str_builder_add_char(&text, '=');
        Value item = value_repr(t, record->items[i]);
        if (failed(item)) {
            str_builder_abandon(&text);
            return FAILED;
        }
        str_builder_add(&text, as_str(item));
        release(item);
    }
    str_builder_add_char(&text, ')');
    return str_builder_finish(&text);
}

/* What is set of the hidden fields, as a dict. */
static Value hidden_dict(Thread *t, const Tuple *record)
{
    Dict *dict = dict_new(t);
    for (const MemberDef *field = record->head.type->spec->members; dict && field->name; field++) {
        Value v = *(Value *)((char *)record + field->offset);
        if (field->kind != MEMBER_VALUE_OR_NONE) continue;
        if (!dict_set_text(t, dict, field->name, is_bound(v) ? v : NONE)) {
            object_release(dict);
            return FAILED;
        }
    }
    return object_value(dict);
}

static Value record_reduce(Thread *t, Value self, const Value *args)
{
    const Tuple *record = as_tuple(self);
    Value hidden = hidden_dict(t, record);
    if (failed(hidden)) return FAILED;
    Value items = toy_tuple_take(t, (Value[]){object_value(tuple_from_values(t, record->items, record->count)), hidden}, 2);
    return toy_tuple_take(t, (Value[]){retain(object_value(record->head.type)), items}, 2);
}

/* copy.replace(record, **changes) */
static Value record_replace(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    const Tuple *record = as_tuple(self);
    Type *type = record->head.type;
    if (count) return raise_type_error(t, "__replace__() takes no positional arguments");
    size_t named = 0;
    for (const MemberDef *field = type->spec->members; field->name; field++) named += field->kind == MEMBER_VALUE;
    if (named < visible_of(type))
        return raise_type_error(t, "__replace__() is not supported for %s because it has unnamed field(s)", type_text(t, type));
    Tuple *copy = (Tuple *)heap_new(t, type, type->spec->size);
    if (!copy) return FAILED;
    copy->count = record->count;
    for (size_t i = places_of(type); i-- > 0;) copy->items[i] = retain(record->items[i]);
    List *unknown = NULL;
    for (size_t i = 0; i < toy_names_length(names); i++) {
        const MemberDef *field = type->spec->members;
        while (field->name && !str_equal_text(as_str(names->items[i]), field->name)) field++;
        if (field->name) {
            replace((Value *)((char *)copy + field->offset), retain(args[i]));
            continue;
        }
        if (!unknown) unknown = list_new(t, 1);
        if (!unknown || !list_append(t, unknown, names->items[i])) break;
    }
    if (unknown && !is_raised(t)) raise_type_error(t, "Got unexpected field name(s): %R", object_value(unknown));
    if (unknown) object_release(unknown);
    if (!is_raised(t)) return object_value(copy);
    object_release(copy);
    return FAILED;
}

const ToyFunction toy_record_methods[] = {
    NATIVE("__reduce__", record_reduce, "($self, /)", 0, NULL),
    NATIVE_RAW_ROW("__replace__", record_replace, "($self, /, **changes)", 0, "A copy in which the fields named by keywords have other values."),
    NATIVE_END,
};

/* ---- modules ---- */

void *toy_module_state(ToyValue module) { return ((Module *)as_object(module))->state; }
ToyValue toy_module_dict(ToyModuleObject *module) { return object_value(module->dict); }

bool toy_module_add(ToyThread *t, ToyModuleObject *module, const char *name, TOY_TAKES ToyValue v)
{
    bool done = !failed(v) && dict_set_text(t, module->dict, name, v);
    release(v);
    return done;
}

bool toy_module_add_int(ToyThread *t, ToyModuleObject *module, const char *name, int64_t n) { return toy_module_add(t, module, name, toy_int(t, n)); }

bool toy_module_add_ints(ToyThread *t, ToyModuleObject *module, const ToyIntConstant *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!toy_module_add_int(t, module, rows[i].name, rows[i].n)) return false;
    return true;
}

bool toy_module_add_type(ToyThread *t, ToyModuleObject *module, ToyType *type)
{
    if (!type) return false;
    return dict_set_str(t, module->dict, type->name, object_value(type));
}

ToyValue toy_import(ToyThread *t, const char *name) { return import_module_text(t, name); }
ToyValue toy_import_from(ToyThread *t, const char *module, const char *name)
{
    Value imported = import_module_text(t, module);
    if (failed(imported)) return FAILED;
    Value v = toy_get_attribute(t, imported, name);
    release(imported);
    return v;
}
ToyValue toy_sys_get(ToyThread *t, const char *name) { return retain(sys_get(t, name)); }
