/* ctypes_layout.c - structures and unions: from _fields_ to places.
 *
 * What        The metaclass of Structure and Union; the layout of members as C compilers make it; anonymous members.
 * How         Members are placed one after another, each at a multiple of its alignment; those of a union all begin at 0. Bit fields share a
 *             unit of their declared type as long as they fit:
 *
 *                 end - size            end          'end' is where the open unit ends, 'used' how many of its bits are taken;
 *                 | used ... | free ... |            the next member begins at 'end'.
 * Invariants  I1 nothing of the class changes before all members have been placed.
 *             I2 a layout that somebody uses (an instance, a subclass, a member of another) is final.
 * GIL         held.
 * Read next   ctypes_fields.c, ctypes_structures.c */
#include "stdlib/ctypes/ctypes.h"

typedef struct Layout {
    CClass *class;
    bool is_union, is_big;     /* is_big: bits are counted from the other side */
    size_t pack;               /* no member is aligned to more; 0: no limit */
    size_t size, end, alignment;
    size_t unit_bits, used;    /* the open unit; 0: none */
    size_t described;          /* up to here the format tells of */
    size_t count;
    bool has_pointers;
    ToyValue format;           /* a str that grows */
} Layout;

/* ---- one member ---- */

static bool grow(ToyThread *t, Layout *layout, size_t bytes)
{
    return (!__builtin_add_overflow(layout->end, bytes, &layout->end) && layout->end <= PTRDIFF_MAX) || toy_raise_false(t, TOY_OverflowError, "structure too large");
}

static bool align(ToyThread *t, Layout *layout, const CClass *class)
{
    size_t to = layout->pack && layout->pack < class->alignment ? layout->pack : class->alignment;
    if (to > layout->alignment) layout->alignment = to;
    return !to || layout->end % to == 0 || grow(t, layout, to - layout->end % to);
}

static void put_bits(Layout *layout, const CClass *class, size_t bits, Field *field)
{
    field->offset = layout->end - class->size;
    field->low_bit = (uint8_t)(layout->is_big ? layout->unit_bits - layout->used - bits : layout->used);
    field->bits = (uint8_t)bits;
    layout->used += bits;
}

/* Decides where the member lies. [bits] 0: it is no bit field. */
static bool place(ToyThread *t, Layout *layout, const CClass *class, size_t bits, Field *field)
{
    if (layout->is_union) layout->end = layout->unit_bits = 0;
    size_t own_bits = class->size * 8;
    bool is_open = bits && layout->unit_bits;
    bool fits = is_open && own_bits <= layout->unit_bits && layout->used + bits <= layout->unit_bits;
    bool fits_if_wider = is_open && !fits && own_bits >= layout->unit_bits && layout->used + bits <= own_bits;
    if (fits_if_wider) {
        if (!grow(t, layout, (own_bits - layout->unit_bits) / 8)) return false;
        layout->unit_bits = own_bits;
    } else if (!fits) {
        if (!align(t, layout, class) || !grow(t, layout, class->size)) return false;
        layout->unit_bits = bits ? own_bits : 0;
        layout->used = 0;
    }
    if (bits) put_bits(layout, class, bits, field);
    else field->offset = layout->end - class->size;
    if (layout->end > layout->size) layout->size = layout->end;
    return true;
}

/* "3x<i:name:" */
static bool describe(ToyThread *t, Layout *layout, const CClass *class, ToyValue name, size_t offset)
{
    if (layout->is_union) return true;
    size_t gap = offset > layout->described ? offset - layout->described : 0;
    layout->described = offset + class->size > layout->described ? offset + class->size : layout->described;
    ToyValue shape = ctypes_shape_text(t, class);
    if (toy_failed(shape)) return false;
    ToyValue longer;
    if (gap > 1) longer = toy_str_format(t, "%S%zux%S%S:%S:", layout->format, gap, shape, class->format, name);
    else longer = toy_str_format(t, "%S%s%S%S:%S:", layout->format, gap ? "x" : "", shape, class->format, name);
    toy_release(shape);
    if (toy_failed(longer)) return false;
    toy_replace(&layout->format, longer);
    return true;
}

static bool takes_bits(const CClass *class) { return class->family == FAMILY_SIMPLE && strchr("bBhHiIlLqQ?", class->kind->letter) != NULL; }

static bool check_bits(ToyThread *t, const CClass *class, int64_t bits)
{
    if (takes_bits(class)) {
        if (bits > 0 && (uint64_t)bits <= class->size * 8) return true;
        return toy_raise_false(t, TOY_ValueError, "number of bits invalid for bit field");
    }
    return toy_raise_false(t, TOY_TypeError, "bit fields not allowed for type %s", toy_type_text(t, (ToyType *)(uintptr_t)class));
}

static bool add_member(ToyThread *t, Layout *layout, ToyValue pair, size_t number)
{
    CtypesState *state = cclass_state(layout->class);
    size_t length = toy_is_tuple(pair) ? toy_tuple_length(pair) : 0;
    int64_t bits = 0;
    bool is_good = (length == 2 || length == 3) && toy_is_str(toy_tuple_item(pair, 0));
    if (is_good && length == 3) is_good = toy_is_int(toy_tuple_item(pair, 2)) && toy_int_fits_int64(toy_tuple_item(pair, 2), &bits);
    if (!is_good) return toy_raise_false(t, TOY_TypeError, "'_fields_' must be a sequence of (name, C type) pairs");
    ToyValue name = toy_tuple_item(pair, 0), type = toy_tuple_item(pair, 1);
    if (!ctypes_is_class(t, state, type)) return toy_raise_false(t, TOY_TypeError, "second item in _fields_ tuple (index %zu) must be a C type", number);
    CClass *class = as_cclass(type);
    if (length == 3 && !check_bits(t, class, bits)) return false;
    class->is_final = true;
    /* Only now: it may be the very class that is being laid out. */
    if (layout->class->is_final) return toy_raise_false(t, TOY_AttributeError, "Structure or union cannot contain itself");
    layout->has_pointers |= class->has_pointers;
    Field like = {.class = type, .index = layout->count++};
    if (!place(t, layout, class, (size_t)bits, &like) || !describe(t, layout, class, name, like.offset)) return false;
    ToyValue field = ctypes_field_new(t, state, &like);
    bool done = !toy_failed(field) && toy_class_set_attribute(t, cclass_value(layout->class), name, field);
    toy_release(field);
    return done;
}

/* The items of something that has a length: a pointer, which can be iterated over too, has no end. */
static ToyValue items_of(ToyThread *t, ToyValue v, const char *if_none)
{
    size_t length;
    if (!toy_is_dict(v) && !toy_is_set(v) && toy_length(t, v, &length)) return toy_tuple_from(t, v);
    toy_raised_clear(t);
    return toy_raise_type_error(t, "%s", if_none);
}

/* ---- anonymous members: what is in them is reached directly ---- */

static bool lift_members(ToyThread *t, CClass *class, const Field *anonymous, size_t index, size_t offset);

static bool lift_member(ToyThread *t, CClass *class, ToyValue of, ToyValue pair, size_t index, size_t offset)
{
    CtypesState *state = cclass_state(class);
    ToyValue zero = toy_small_int_value(0), name = toy_get_item(t, pair, zero);
    ToyValue field = toy_failed(name) ? TOY_FAILED : toy_get_attribute_of(t, of, name);
    bool done = false;
    if (!toy_failed(field) && !toy_is_a(t, field, state->field_type)) {
        toy_raise_type_error(t, "unexpected type");
    } else if (!toy_failed(field) && as_field(field)->is_anonymous) {
        done = lift_members(t, class, as_field(field), index + as_field(field)->index, offset + as_field(field)->offset);
    } else if (!toy_failed(field)) {
        Field like = *as_field(field);
        like.offset += offset;
        like.index += index;
        ToyValue lifted = ctypes_field_new(t, state, &like);
        done = !toy_failed(lifted) && toy_class_set_attribute(t, cclass_value(class), name, lifted);
        toy_release(lifted);
    }
    toy_release(name);
    toy_release(field);
    return done;
}

static bool lift_members(ToyThread *t, CClass *class, const Field *anonymous, size_t index, size_t offset)
{
    if (!toy_check_recursion(t, "")) return false;
    ToyValue fields = toy_get_attribute(t, anonymous->class, "_fields_");
    ToyValue pairs = toy_failed(fields) ? TOY_FAILED : items_of(t, fields, "'_fields_' must be a sequence of pairs");
    bool done = !toy_failed(pairs);
    for (size_t i = 0; done && i < toy_tuple_length(pairs); i++) done = lift_member(t, class, anonymous->class, toy_tuple_item(pairs, i), index, offset);
    toy_release(fields);
    toy_release(pairs);
    return done;
}

static bool lift_anonymous(ToyThread *t, CClass *class)
{
    ToyValue self = cclass_value(class), names = toy_find_attribute(t, self, "_anonymous_");
    if (toy_is_unbound(names)) return !toy_is_raised(t);
    ToyValue row = items_of(t, names, "_anonymous_ must be a sequence");
    toy_release(names);
    bool done = !toy_failed(row);
    for (size_t i = 0; done && i < toy_tuple_length(row); i++) {
        ToyValue name = toy_tuple_item(row, i), field = toy_is_str(name) ? toy_get_attribute_of(t, self, name) : toy_raise_type_error(t, "attribute name must be string, not '%T'", name);
        done = !toy_failed(field);
        if (done && !toy_is_a(t, field, cclass_state(class)->field_type)) {
            toy_raise(t, TOY_AttributeError, "'%S' is specified in _anonymous_ but not in _fields_", name);
            done = false;
        } else if (done) {
            as_field(field)->is_anonymous = true;
            done = lift_members(t, class, as_field(field), as_field(field)->index, as_field(field)->offset);
        }
        toy_release(field);
    }
    toy_release(row);
    return done;
}

/* ---- all of it ---- */

/* _pack_ or _align_; 0: not there. */
static bool read_limit(ToyThread *t, ToyValue self, const char *name, size_t *limit)
{
    ToyValue v = toy_find_attribute(t, self, name);
    int64_t n = 0;
    *limit = 0;
    if (toy_is_unbound(v)) return !toy_is_raised(t);
    bool is_good = toy_is_int(v) && toy_int_fits_int64(v, &n) && n >= 0 && n <= INT32_MAX;
    toy_release(v);
    *limit = (size_t)n;
    return is_good || toy_raise_false(t, TOY_ValueError, "%s must be a non-negative integer", name);
}

static const CClass *inherited(CClass *class)
{
    const ToyType *base = toy_type_base(cclass_type(class));
    bool is_data = toy_type_is_subtype(base, cclass_state(class)->data);
    return is_data && ((const CClass *)base)->family == class->family ? (const CClass *)base : NULL;
}

static bool begin_layout(ToyThread *t, Layout *layout)
{
    ToyValue self = cclass_value(layout->class), order = toy_find_attribute(t, self, "_swappedbytes_");
    layout->is_big = toy_is_bound(order);
    toy_release(order);
    size_t least;
    if (toy_is_raised(t) || !read_limit(t, self, "_pack_", &layout->pack) || !read_limit(t, self, "_align_", &least)) return false;
    layout->is_union = layout->class->family == FAMILY_UNION;
    layout->alignment = least ? least : 1;
    const CClass *base = inherited(layout->class);
    if (base) {
        layout->size = layout->end = layout->described = base->size;
        if (base->alignment > layout->alignment) layout->alignment = base->alignment;
        layout->count = base->count;
        layout->has_pointers = base->has_pointers;
    }
    layout->format = toy_str(t, layout->is_union ? "B" : "T{");
    return !toy_failed(layout->format);
}

static bool end_layout(ToyThread *t, Layout *layout)
{
    size_t size = layout->size, rest = size % layout->alignment;
    if (rest && (__builtin_add_overflow(size, layout->alignment - rest, &size) || size > PTRDIFF_MAX))
        return toy_raise_false(t, TOY_OverflowError, "structure too large");
    CClass *class = layout->class;
    ToyValue format = layout->format;
    layout->format = TOY_UNBOUND;
    if (!layout->is_union) {
        size_t gap = size - layout->size;
        ToyValue whole = gap > 1 ? toy_str_format(t, "%S%zux}", format, gap) : toy_str_format(t, "%S%s}", format, gap ? "x" : "");
        toy_release(format);
        format = whole;
    }
    class->size = size;
    if (!ctypes_class_describe(t, class, format, NULL, SIZE_MAX)) return false;
    class->alignment = layout->alignment;
    class->count = layout->count;
    class->has_pointers = layout->has_pointers;
    return true;
}

static bool set_fields(ToyThread *t, CClass *class, ToyValue fields)
{
    if (class->family == FAMILY_NONE) return toy_raise_false(t, TOY_TypeError, "ctypes state is not initialized");
    if (class->is_final) return toy_raise_false(t, TOY_AttributeError, "_fields_ is final");
    ToyValue pairs = items_of(t, fields, "'_fields_' must be a sequence of pairs");
    if (toy_failed(pairs)) return false;
    Layout layout = {.class = class};
    size_t count = toy_tuple_length(pairs);
    bool done = begin_layout(t, &layout);
    for (size_t i = 0; done && i < count; i++) done = add_member(t, &layout, toy_tuple_item(pairs, i), i);
    ToyValue names = done ? toy_tuple_new(t, count) : TOY_FAILED;
    for (size_t i = 0; !toy_failed(names) && i < count; i++) toy_tuple_put(names, i, toy_retain(toy_tuple_item(toy_tuple_item(pairs, i), 0)));
    toy_release(pairs);
    done = !toy_failed(names) && end_layout(t, &layout);
    toy_release(layout.format);
    if (!done) {
        toy_release(names);
        return false;
    }
    toy_replace(&class->names, names);
    class->is_final = true;
    return lift_anonymous(t, class);
}

/* ---- the metaclass ---- */

static bool structure_meta_set_attribute(ToyThread *t, ToyValue self, ToyStr *name, ToyValue v)
{
    bool is_fields = toy_str_is(toy_value(name), "_fields_");
    if (!toy_class_set_attribute(t, self, toy_value(name), v)) return false;
    return !is_fields || toy_is_unbound(v) || set_fields(t, as_cclass(self), v);
}

static bool structure_meta_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    CClass *class = as_cclass(self);
    if (!ctypes_class_begin(t, class)) return false;
    ToyValue body = count >= 3 && toy_is_dict(args[2]) ? args[2] : TOY_UNBOUND;
    ToyValue abstract = toy_is_bound(body) ? toy_dict_get_text(t, body, "_abstract_") : TOY_UNBOUND;
    toy_release(abstract);
    if (toy_is_bound(abstract)) return true;
    ToyValue fields = toy_is_bound(body) ? toy_dict_get_text(t, body, "_fields_") : TOY_UNBOUND;
    if (toy_is_raised(t)) return false;
    Family family = toy_is_a(t, self, cclass_state(class)->metas[FAMILY_UNION]) ? FAMILY_UNION : FAMILY_STRUCTURE;
    class->family = family;
    CClass *base = (CClass *)(uintptr_t)inherited(class);
    if (base) base->is_final = true;
    if (toy_is_bound(fields)) {
        bool done = toy_set_attribute(t, self, "_fields_", fields);
        toy_release(fields);
        ctypes_class_end(class, done ? family : FAMILY_NONE);
        return done;
    }
    if (base) {
        class->size = base->size;
        class->alignment = base->alignment;
        class->count = base->count;
        class->has_pointers = base->has_pointers;
    }
    bool done = ctypes_class_describe(t, class, base ? toy_retain(base->format) : toy_str(t, "B"), NULL, SIZE_MAX);
    ctypes_class_end(class, done ? family : FAMILY_NONE);
    return done;
}

const ToyTypeSpec ctypes_structure_meta_spec = {
    .doc = "metatype for C structures and unions",
    .size = sizeof(CClass),
    .slots = {.init = structure_meta_init, .set_attribute = structure_meta_set_attribute},
    .traverse = ctypes_class_traverse,
    .clear = ctypes_class_clear,
    .free = ctypes_class_free,
};
