/* names.c - variables by name.
 *
 * What        Look-up in the order of the language: locals mapping (class and module bodies), globals, built-ins.
 * How         Globals and built-ins are ordinary dicts; a mapping given to exec or made by __prepare__ may be anything.
 *             The hot copy replaces LOAD_GLOBAL by forms that remember the place in the dict (specialize.c).
 * GIL         held.
 * Read next   eval.c, specialize.c */
#include "vm/run/names.h"

#include "vm/object/descriptor.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static void raise_name_error(Thread *t, Str *name)
{
    raise_error(t, EXC_NameError, "name '%U' is not defined", name);
    if (raised_is(t, EXC_NameError)) replace(&((Exception *)as_object(t->raised))->fields[0], retain(object_value(name)));
}

void names_raise_unbound(Thread *t, Frame *frame, uint32_t slot)
{
    Str *name = frame->code->slot_names[slot];
    uint8_t kind = frame->code->unit->slot_kinds[slot];
    if (kind & SLOT_FREE) {
        raise_error(t, EXC_NameError, "cannot access free variable '%U' where it is not associated with a value in enclosing scope", name);
    } else {
        raise_error(t, EXC_UnboundLocalError, "cannot access local variable '%U' where it is not associated with a value", name);
        return;      /* the name is known, only too early: nothing better is to be proposed */
    }
    if (raised_is(t, EXC_NameError)) replace(&((Exception *)as_object(t->raised))->fields[0], retain(object_value(name)));
}

/* mapping[name], UNBOUND without an error if it is not there. */
static Value find_in_mapping(Thread *t, Value mapping, Str *name)
{
    if (is_kind(mapping, KIND_DICT)) return retain(dict_get_str(as_dict(mapping), name));
    Value v = value_get_item(t, mapping, object_value(name));
    if (failed(v) && raised_is(t, EXC_KeyError)) raised_clear(t);
    return v;
}

/* Built-ins are a dict, but a script may have put a module or any mapping there. */
static Value find_builtin(Thread *t, Frame *frame, Str *name)
{
    Value builtins = frame->function->builtins;
    return is_unbound(builtins) ? UNBOUND : find_in_mapping(t, builtins, name);
}

Value names_load_global(Thread *t, Frame *frame, Str *name)
{
    Value v = find_in_mapping(t, object_value(frame->function->globals), name);
    if (is_unbound(v) && !is_raised(t)) v = find_builtin(t, frame, name);
    if (is_unbound(v) && !is_raised(t)) raise_name_error(t, name);
    return v;
}

Value names_load(Thread *t, Frame *frame, Str *name)
{
    if (is_bound(frame->mapping)) {
        Value v = find_in_mapping(t, frame->mapping, name);
        if (is_bound(v) || is_raised(t)) return v;
    }
    return names_load_global(t, frame, name);
}

bool names_store(Thread *t, Frame *frame, Str *name, Value v)
{
    if (is_unbound(frame->mapping)) return raise_false(t, EXC_SystemError, "no locals found when storing %U", name);
    if (is_kind(frame->mapping, KIND_DICT)) return dict_set_str(t, as_dict(frame->mapping), name, v);
    return value_set_item(t, frame->mapping, object_value(name), v);
}

bool names_delete(Thread *t, Frame *frame, Str *name)
{
    if (is_unbound(frame->mapping)) return raise_false(t, EXC_SystemError, "no locals when deleting %U", name);
    if (value_delete_item(t, frame->mapping, object_value(name))) return true;
    if (raised_is(t, EXC_KeyError)) {
        raised_clear(t);
        raise_name_error(t, name);
    }
    return false;
}

bool names_delete_global(Thread *t, Frame *frame, Str *name)
{
    bool was_there;
    if (!dict_delete_str(t, frame->function->globals, name, &was_there)) return false;
    if (!was_there) raise_name_error(t, name);
    return was_there;
}

Value names_load_from_mapping(Thread *t, Frame *frame, Value mapping, uint32_t operand, bool is_cell)
{
    Str *name = is_cell ? frame->code->slot_names[operand] : frame->code->names[operand];
    Value v = find_in_mapping(t, mapping, name);
    if (is_bound(v) || is_raised(t)) return v;
    if (!is_cell) return names_load_global(t, frame, name);
    v = retain(((Cell *)as_object(frame->locals[operand]))->content);
    if (is_unbound(v)) names_raise_unbound(t, frame, operand);
    return v;
}

bool names_set_up_annotations(Thread *t, Frame *frame)
{
    Str *name = NAME_OF(t, __annotations__);
    Value there = is_bound(frame->mapping) ? find_in_mapping(t, frame->mapping, name) : UNBOUND;
    if (is_bound(there)) {
        release(there);
        return true;
    }
    if (is_raised(t)) return false;
    Dict *dict = dict_new(t);
    if (!dict) return false;
    bool done = names_store(t, frame, name, object_value(dict));
    object_release(dict);
    return done;
}

Value names_load_build_class(Thread *t, Frame *frame)
{
    Value v = find_builtin(t, frame, NAME_OF(t, __build_class__));
    if (is_unbound(v) && !is_raised(t)) raise_error(t, EXC_NameError, "__build_class__ not found");
    return v;
}

static bool is_plain_super(Thread *t, const Value *row)
{
    return is_same(row[0], object_value(kind_type(t, KIND_SUPER))) && is_type(row[1]);
}

/* A script's own `super` is called as it was written, with nothing. */
Value names_make_super(Thread *t, const Value *row)
{
    return is_plain_super(t, row) ? value_call(t, row[0], row + 1, 2, NULL) : value_call0(t, row[0]);
}

Value names_load_super(Thread *t, const Value *row, Str *name)
{
    bool is_method;
    Value found = names_load_super_method(t, row, name, &is_method);
    if (!is_method) return found;
    Value bound = attribute_bind(t, found, row[2], value_type(t, row[2]));
    release(found);
    return bound;
}

Value names_load_super_method(Thread *t, const Value *row, Str *name, bool *is_method)
{
    if (LIKELY(is_plain_super(t, row))) return super_get_attribute(t, as_type(row[1]), row[2], name, is_method);
    *is_method = false;
    Value proxy = names_make_super(t, row);
    if (failed(proxy)) return FAILED;
    Value v = value_get_attribute(t, proxy, name);
    release(proxy);
    return v;
}
