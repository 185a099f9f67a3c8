/* frame_locals.c - a frame's variables as a mapping: locals() and frame.f_locals (PEP 667).
 *
 * What        frame_locals_snapshot, what locals() answers; FrameLocalsProxy, through which a debugger reads and writes variables.
 * How         The proxy keeps the FrameObject and nothing else: each question looks at the slots as they are then, each assignment goes
 *             to the slot, or into the cell in it. Names that are no variables go into a dict of the FrameObject. Questions about
 *             all variables at once are answered by a dict made for the moment.
 * Invariants  I1 a slot that a script wrote stays bound: nothing is deleted through a proxy.
 * GIL         held.
 * Read next   frame.h, frame.c */
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/frame.h"

/* ---- slots ---- */

/* What slot [i] holds for scripts: through its cell if it is one. BORROWED; UNBOUND: no value. */
static Value slot_value(const CodeUnit *unit, const Value *slots, size_t i)
{
    Value v = slots[i];
    if (is_bound(v) && unit->slot_kinds[i] & (SLOT_CELL | SLOT_FREE) && is_kind(v, KIND_CELL)) return ((Cell *)as_object(v))->content;
    return v;
}

/* Where [i] is kept: the slot, or what is in the cell in it. */
static Value *slot_place(const CodeUnit *unit, Value *slots, size_t i)
{
    bool is_cell = unit->slot_kinds[i] & (SLOT_CELL | SLOT_FREE) && is_kind(slots[i], KIND_CELL);
    return is_cell ? &((Cell *)as_object(slots[i]))->content : &slots[i];
}

static Value locals_as_dict(Thread *t, const Code *code, const Value *slots, Value extra)
{
    Dict *dict = dict_new(t);
    if (!dict) return FAILED;
    for (size_t i = 0; slots && i < code->unit->slot_count; i++) {
        if (code->unit->slot_kinds[i] & SLOT_HIDDEN) continue;
        Value v = slot_value(code->unit, slots, i);
        if (is_bound(v) && !dict_set_str(t, dict, code->slot_names[i], v)) {
            object_release(dict);
            return FAILED;
        }
    }
    if (is_bound(extra) && !dict_update(t, dict, extra)) {
        object_release(dict);
        return FAILED;
    }
    return object_value(dict);
}

/* In the body of a module or class the variables of a comprehension that lies in it are slots: a dict of all, while there are some. */
Value frame_mapping(Thread *t, const Code *code, const Value *slots, Value mapping)
{
    Dict *both = NULL;
    for (size_t i = 0; slots && i < code->unit->slot_count && !is_raised(t); i++) {
        Value v = code->unit->slot_kinds[i] & SLOT_HIDDEN ? slot_value(code->unit, slots, i) : UNBOUND;
        if (is_unbound(v)) continue;
        if (!both) both = dict_new(t);
        if (both && (both->count || dict_update(t, both, mapping))) (void)!dict_set_str(t, both, code->slot_names[i], v);
    }
    if (!both) return is_raised(t) ? FAILED : retain(mapping);
    if (!is_raised(t)) return object_value(both);
    object_release(both);
    return FAILED;
}

Value frame_locals_snapshot(Thread *t, Frame *frame)
{
    if (is_bound(frame->mapping)) return frame_mapping(t, frame->code, frame->locals, frame->mapping);
    return locals_as_dict(t, frame->code, frame->locals, frame->object ? frame->object->extra_locals : UNBOUND);
}

/* ---- the proxy ---- */

typedef struct LocalsProxy { Object head; FrameObject *frame; } LocalsProxy;

static FrameObject *frame_of(Value proxy) { return ((LocalsProxy *)as_object(proxy))->frame; }
static Value *slots_of(FrameObject *frame) { return frame->frame ? frame->frame->locals : frame->slots; }
static Value as_dict_value(Thread *t, Value proxy)
{
    FrameObject *frame = frame_of(proxy);
    return locals_as_dict(t, frame->code, slots_of(frame), frame->extra_locals);
}

Value frame_locals_proxy(Thread *t, FrameObject *frame)
{
    LocalsProxy *proxy = (LocalsProxy *)type_alloc(t, kind_type(t, KIND_FRAME_LOCALS));
    if (!proxy) return FAILED;
    object_retain(frame);
    proxy->frame = frame;
    return object_value(proxy);
}

static Value proxy_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (names) return raise_type_error(t, "FrameLocalsProxy takes no keyword arguments");
    if (count != 1) return raise_type_error(t, "FrameLocalsProxy expected 1 argument, got %d", (int)count);
    if (!is_kind(args[0], KIND_FRAME)) return raise_type_error(t, "expect frame, not %T", args[0]);
    return frame_locals_proxy(t, (FrameObject *)as_object(args[0]));
}

/* Is [key], whose hash is [hash], the name? Anything that equals a str and has its hash is. */
static bool is_name(Thread *t, Str *name, Value key, int64_t hash, bool *answer)
{
    int64_t name_hash;
    *answer = false;
    if (is_same(object_value(name), key)) return *answer = true;
    if (!value_hash(t, object_value(name), &name_hash)) return false;
    return name_hash != hash || value_equal(t, object_value(name), key, answer);
}

/* *place is that of the variable called [key], NULL if there is none. One that is not bound counts only for writing. False: raised. */
static bool find_place(Thread *t, Value proxy, Value key, bool writes, Value **place)
{
    FrameObject *frame = frame_of(proxy);
    const CodeUnit *unit = frame->code->unit;
    int64_t hash;
    *place = NULL;
    if (!value_hash(t, key, &hash)) return false;
    for (size_t i = 0; i < unit->slot_count; i++) {
        bool is_one;
        if (unit->slot_kinds[i] & SLOT_HIDDEN) continue;
        if (!is_name(t, frame->code->slot_names[i], key, hash, &is_one)) return false;
        Value *slots = slots_of(frame);       /* now: __eq__ may have let the frame end */
        if (!is_one || !slots) continue;
        Value *found = slot_place(unit, slots, i);
        if (!writes && is_unbound(*found)) continue;
        *place = found;
        return true;
    }
    return true;
}

/* *value owned, UNBOUND: not there. False: raised. */
static bool look_up(Thread *t, Value proxy, Value key, Value *value)
{
    Value *place;
    if (!find_place(t, proxy, key, false, &place)) return false;
    *value = place ? retain(*place) : UNBOUND;
    Value extra = frame_of(proxy)->extra_locals;
    return place || is_unbound(extra) || dict_get(t, as_dict(extra), key, value);
}

static Value proxy_get_item(Thread *t, Value self, Value key)
{
    Value v;
    if (!look_up(t, self, key, &v)) return FAILED;
    return is_bound(v) ? v : raise_error(t, EXC_KeyError, "local variable '%R' is not defined", key);
}

static bool proxy_set_item(Thread *t, Value self, Value key, Value value)
{
    if (is_unbound(value)) return raise_false(t, EXC_TypeError, "cannot remove variables from FrameLocalsProxy");
    Value *place;
    if (!find_place(t, self, key, true, &place)) return false;
    if (place) {
        replace(place, retain(value));
        return true;
    }
    FrameObject *frame = frame_of(self);
    if (is_unbound(frame->extra_locals)) frame->extra_locals = object_value(dict_new(t));
    return is_bound(frame->extra_locals) && dict_set(t, as_dict(frame->extra_locals), key, value);
}

static bool proxy_contains(Thread *t, Value self, Value key, bool *found)
{
    Value v;
    if (!look_up(t, self, key, &v)) return false;
    *found = is_bound(v);
    release(v);
    return true;
}

static bool proxy_length(Thread *t, Value self, size_t *length)
{
    Value dict = as_dict_value(t, self);
    if (failed(dict)) return false;
    *length = dict_length(as_dict(dict));
    release(dict);
    return true;
}

static bool copy_into(Thread *t, Value self, Value from, const char *complaint);

/* [other], a dict or a proxy, as a dict: owned; UNBOUND: it is something else. */
static Value other_dict(Thread *t, Value other)
{
    if (is_kind(other, KIND_FRAME_LOCALS)) return as_dict_value(t, other);
    return is_dict(other) ? retain(other) : UNBOUND;
}

static Value proxy_or(Thread *t, Value left, Value right)
{
    Value a = other_dict(t, left), b = is_bound(a) ? other_dict(t, right) : UNBOUND;
    if (is_unbound(b)) {
        release(a);
        return is_raised(t) ? FAILED : NOT_IMPLEMENTED;
    }
    Dict *both = dict_copy(t, as_dict(a));
    if (both && !dict_update(t, both, b)) {
        object_release(both);
        both = NULL;
    }
    release2(a, b);
    return object_value(both);
}

static Value proxy_inplace_or(Thread *t, Value self, Value other)
{
    if (!is_dict(other) && !is_kind(other, KIND_FRAME_LOCALS)) return NOT_IMPLEMENTED;
    return copy_into(t, self, other, NULL) ? retain(self) : FAILED;
}

static Value proxy_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (is_kind(other, KIND_FRAME_LOCALS)) {
        bool is_one = frame_of(self) == frame_of(other);
        if (op == COMPARE_EQ || op == COMPARE_NE) return bool_value(is_one == (op == COMPARE_EQ));
        return NOT_IMPLEMENTED;
    }
    if (!is_dict(other)) return NOT_IMPLEMENTED;
    Value dict = as_dict_value(t, self);
    if (failed(dict)) return FAILED;
    Value v = value_compare(t, dict, other, op);
    release(dict);
    return v;
}

static Value proxy_repr(Thread *t, Value self)
{
    bool is_first;
    if (!repr_enter(t, self, &is_first)) return FAILED;
    if (!is_first) return object_value(str_from_text(t, "{...}"));
    Value dict = as_dict_value(t, self);
    Value text = failed(dict) ? FAILED : value_repr(t, dict);
    release(dict);
    repr_leave(t, self);
    return text;
}

/* ---- methods; keys(), values() and items() are lists ---- */

static Value list_by(Thread *t, Value self, const char *method)
{
    Value dict = as_dict_value(t, self);
    Str *name = failed(dict) ? NULL : str_intern_text(t, method);
    Value view = name ? value_call_method(t, dict, name, NULL, 0) : FAILED;
    Value list = failed(view) ? FAILED : object_value(list_from_iterable(t, view));
    release2(dict, view);
    if (name) object_release(name);
    return list;
}

static Value keys(Thread *t, Value self, const Value *args) { return list_by(t, self, "keys"); }
static Value values(Thread *t, Value self, const Value *args) { return list_by(t, self, "values"); }
static Value items(Thread *t, Value self, const Value *args) { return list_by(t, self, "items"); }
static Value copy(Thread *t, Value self, const Value *args) { return as_dict_value(t, self); }

static Value iterate_list_of(Thread *t, Value list)
{
    Value iterator = failed(list) ? FAILED : value_iterate(t, list);
    release(list);
    return iterator;
}
static Value proxy_iterate(Thread *t, Value self) { return iterate_list_of(t, list_by(t, self, "keys")); }
static Value reversed(Thread *t, Value self, const Value *args) { return list_by(t, self, "__reversed__"); }

static Value get(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count < 1 || count > 2) return raise_type_error(t, "get expected 1 or 2 arguments");
    Value v;
    if (!look_up(t, self, args[0], &v)) return FAILED;
    return is_bound(v) ? v : retain(count == 2 ? args[1] : NONE);
}

static Value setdefault(Thread *t, Value self, const Value *args)
{
    Value v, given = is_bound(args[1]) ? args[1] : NONE;
    if (!look_up(t, self, args[0], &v)) return FAILED;
    if (is_bound(v)) return v;
    return proxy_set_item(t, self, args[0], given) ? retain(given) : FAILED;
}

static bool copy_into(Thread *t, Value self, Value from, const char *complaint)
{
    Value dict = other_dict(t, from);
    if (is_unbound(dict)) return is_raised(t) ? false : raise_false(t, EXC_TypeError, "%s", complaint);
    Dict *copied = dict_copy(t, as_dict(dict));
    bool done = copied != NULL;
    size_t position = 0;
    Value key, value;
    while (done && dict_next(copied, &position, &key, &value)) done = proxy_set_item(t, self, key, value);
    if (copied) object_release(copied);
    release(dict);
    return done;
}

static Value update(Thread *t, Value self, const Value *args)
{
    return copy_into(t, self, args[0], "update() argument must be dict or another FrameLocalsProxy") ? NONE : FAILED;
}

static void proxy_traverse(Object *self, VisitFn visit, void *context) { visit((Object *)((LocalsProxy *)self)->frame, context); }
static void proxy_free(Object *self) { object_release(((LocalsProxy *)self)->frame); }

static const NativeDef methods[] = {
    NATIVE("__reversed__", reversed, "($self, /)", 0, NULL),
    NATIVE("copy", copy, "($self, /)", 0, "Return the variables as a dict."),
    NATIVE("keys", keys, "($self, /)", 0, "Return the names of the variables."),
    NATIVE("values", values, "($self, /)", 0, "Return the values of the variables."),
    NATIVE("items", items, "($self, /)", 0, "Return the variables as pairs."),
    NATIVE("update", update, "($self, object, /)", 0, "Set the variables that the argument names."),
    NATIVE_RAW_ROW("get", get, "($self, key, default=None, /)", 0, "Return the variable's value, else default."),
    NATIVE("setdefault", setdefault, "($self, key, default=None, /)", 0, "Return the variable's value; give it default first, if it has none."),
    NATIVE_END,
};
const TypeSpec frame_locals_spec = {
    .size = sizeof(LocalsProxy),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_MAPPING,
    .slots = {.repr = proxy_repr, .compare = proxy_compare, .iterate = proxy_iterate, .new_instance = proxy_make, .length = proxy_length,
              .get_item = proxy_get_item, .set_item = proxy_set_item, .contains = proxy_contains, .or = proxy_or, .inplace_or = proxy_inplace_or},
    .methods = methods,
    .traverse = proxy_traverse,
    .free = proxy_free,
};
