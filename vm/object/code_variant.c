/* code_variant.c - code objects that scripts make: code.replace(), CodeType(...), and when two are equal.
 *
 * What        A unit that differs from another in the fields that were given, and the code object around it.
 * How         The fields lie in one row, in the constructor's order. A variant's unit is a copy of the model's in an arena of its
 *             own; tables that were not given are the model's still, whose outermost code object the variant keeps alive. What a
 *             script puts together may be nonsense: every variant passes the verifier before anybody sees it.
 * Invariants  I1 a variant's arena holds the unit and what was given, never a nested unit: those belong to the constants.
 * GIL         held.
 * Read next   code_object.c, vm/bytecode/verify.h */
#include "vm/object/code_variant.h"

#include "vm/bytecode/verify.h"
#include "vm/object/arguments.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

enum Part {
    PART_argcount, PART_posonlyargcount, PART_kwonlyargcount, PART_nlocals, PART_stacksize, PART_flags, PART_code, PART_consts,
    PART_names, PART_varnames, PART_filename, PART_name, PART_qualname, PART_firstlineno, PART_linetable, PART_exceptiontable,
    PART_freevars, PART_cellvars, PART_COUNT
};

static const char *const field_names[] = {
    "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize", "co_flags", "co_code", "co_consts",
    "co_names", "co_varnames", "co_filename", "co_name", "co_qualname", "co_firstlineno", "co_linetable", "co_exceptiontable",
    "co_freevars", "co_cellvars", NULL,
};
static const char *const constructor_names[] = {
    "argcount", "posonlyargcount", "kwonlyargcount", "nlocals", "stacksize", "flags", "codestring", "constants",
    "names", "varnames", "filename", "name", "qualname", "firstlineno", "linetable", "exceptiontable",
    "freevars", "cellvars",
};

/* What is being made: the fields as given (UNBOUND: as in the model), and who asks, for messages. */
typedef struct Variant {
    Thread *t;
    CodeUnit *unit;
    const Value *fields;
    const char *function;
    const char *const *names;    /* of the parameters, for messages */
} Variant;

/* ---- reading the fields ---- */

static bool has_no_memory(Variant *variant) { return raise_false(variant->t, EXC_MemoryError, "%s", ""); }

static bool expect(Variant *variant, int field, bool is_right, const char *what)
{
    if (is_right) return true;
    return raise_false(variant->t, EXC_TypeError, "%s() argument '%s' must be %s, not %N", variant->function, variant->names[field], what, variant->fields[field]);
}

static bool read_count(Variant *variant, int field, uint32_t *out)
{
    int64_t n = 0;
    if (is_unbound(variant->fields[field])) return true;
    Value v = int_from_index(variant->t, variant->fields[field]);
    if (failed(v)) return false;
    bool fits = int_fits_int64(v, &n) && n <= INT32_MAX && n >= INT32_MIN;
    release(v);
    if (!fits) return raise_false(variant->t, EXC_OverflowError, "Python int too large to convert to C int");
    if (n < 0) return raise_false(variant->t, EXC_ValueError, "co_%s must be a positive integer", field_names[field] + 3);
    *out = (uint32_t)n;
    return true;
}

static bool read_text(Variant *variant, Value v, CodeText *out)
{
    Value encoded = str_encode(variant->t, as_str(v), "utf-8", "surrogatepass");
    if (failed(encoded)) return false;
    out->length = as_bytes(encoded)->length;
    out->bytes = arena_copy(&variant->unit->arena, (const char *)as_bytes(encoded)->data, out->length);
    release(encoded);
    return out->bytes ? true : has_no_memory(variant);
}

static bool read_name(Variant *variant, int field, CodeText *out)
{
    Value v = variant->fields[field];
    return is_unbound(v) || (expect(variant, field, is_str(v), "str") && read_text(variant, v, out));
}

/* A tuple of names as a new table. */
static bool read_names(Variant *variant, int field, CodeText **out, uint32_t *count)
{
    Value v = variant->fields[field];
    if (is_unbound(v)) return true;
    if (!expect(variant, field, is_tuple(v), "tuple")) return false;
    Tuple *tuple = as_tuple(v);
    *count = (uint32_t)tuple->count;
    *out = arena_alloc(&variant->unit->arena, (tuple->count + 1) * sizeof **out);
    if (!*out) return has_no_memory(variant);
    for (size_t i = 0; i < tuple->count; i++) {
        if (!is_str(tuple->items[i])) return raise_false(variant->t, EXC_SystemError, "non-string found in code slot");
        if (!read_text(variant, tuple->items[i], &(*out)[i])) return false;
    }
    return true;
}

/* A table of rows of [size] bytes. */
static bool read_table(Variant *variant, int field, size_t size, void **out, uint32_t *count)
{
    Value v = variant->fields[field];
    if (is_unbound(v)) return true;
    if (!expect(variant, field, is_bytes(v), "bytes")) return false;
    Bytes *bytes = as_bytes(v);
    if (bytes->length % size) return raise_false(variant->t, EXC_ValueError, "code: %s is malformed", field_names[field]);
    *out = arena_copy(&variant->unit->arena, (const char *)bytes->data, bytes->length);
    *count = (uint32_t)(bytes->length / size);
    return *out ? true : has_no_memory(variant);
}

/* ---- constants ---- */

static bool plain_constant(Variant *variant, Value v, Const *out);

static bool plain_items(Variant *variant, Value items, Const *out)
{
    Tuple *tuple = tuple_from_iterable(variant->t, items);
    if (!tuple) return false;
    Const *row = arena_alloc(&variant->unit->arena, (tuple->count + 1) * sizeof *row);
    bool done = row || has_no_memory(variant);
    for (size_t i = 0; done && i < tuple->count; i++) done = plain_constant(variant, tuple->items[i], &row[i]);
    out->items.items = row;
    out->items.count = tuple->count;
    object_release(tuple);
    return done;
}

/* The constant as the verifier and the disassembler see it. What has no plain form is Ellipsis to them: some value, nothing to rely on. */
static bool plain_constant(Variant *variant, Value v, Const *out)
{
    if (stack_is_exhausted(variant->t, "")) return false;
    *out = (Const){.kind = CONST_ELLIPSIS};
    if (is_none(v)) {
        out->kind = CONST_NONE;
    } else if (is_bool(v)) {
        out->kind = is_same(v, TRUE) ? CONST_TRUE : CONST_FALSE;
    } else if (is_small_int(v)) {
        int64_t n = small_int(v);
        uint64_t *limb = arena_alloc(&variant->unit->arena, sizeof *limb);
        if (!limb) return has_no_memory(variant);
        *limb = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
        out->kind = CONST_INT, out->is_negative = n < 0, out->integer.limbs = limb, out->integer.count = n != 0;
    } else if (is_kind(v, KIND_INT)) {
        BigInt *big = (BigInt *)as_object(v);
        size_t count = (size_t)(big->size < 0 ? -big->size : big->size);
        uint64_t *limbs = arena_alloc(&variant->unit->arena, count * sizeof *limbs);
        if (!limbs) return has_no_memory(variant);
        memcpy(limbs, big->limbs, count * sizeof *limbs);
        out->kind = CONST_INT, out->is_negative = big->size < 0, out->integer.limbs = limbs, out->integer.count = count;
    } else if (is_exact_float(v)) {
        out->kind = CONST_FLOAT, out->real = as_double(v);
    } else if (is_kind(v, KIND_COMPLEX)) {
        Complex *complex = (Complex *)as_object(v);
        out->kind = CONST_COMPLEX, out->real = complex->real, out->imaginary = complex->imaginary;
    } else if (is_kind(v, KIND_STR)) {
        out->kind = CONST_TEXT;
        return read_text(variant, v, &out->text);
    } else if (is_kind(v, KIND_BYTES)) {
        out->kind = CONST_BYTES;
        out->text.length = as_bytes(v)->length;
        out->text.bytes = arena_copy(&variant->unit->arena, (const char *)as_bytes(v)->data, out->text.length);
        return out->text.bytes ? true : has_no_memory(variant);
    } else if (is_kind(v, KIND_TUPLE)) {
        out->kind = CONST_TUPLE;
        return plain_items(variant, v, out);
    } else if (is_kind(v, KIND_CODE)) {
        out->kind = CONST_CODE, out->code = ((Code *)as_object(v))->unit;
    }
    return true;
}

static bool read_constants(Variant *variant)
{
    Value v = variant->fields[PART_consts];
    if (is_unbound(v)) return true;
    if (!expect(variant, PART_consts, is_tuple(v), "tuple")) return false;
    Const row;
    if (!plain_items(variant, v, &row)) return false;
    variant->unit->constants = (Const *)row.items.items;
    variant->unit->constant_count = (uint32_t)row.items.count;
    return true;
}

/* ---- slots: arguments and other locals, own cells, free variables ---- */

static bool text_is(CodeText a, CodeText b) { return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0; }

/* The names of the model's slots of a kind, as if they had been given. */
static bool names_of_kind(Variant *variant, const CodeUnit *model, uint8_t bit, CodeText **out, uint32_t *count)
{
    *count = 0;
    *out = arena_alloc(&variant->unit->arena, (model->slot_count + 1) * sizeof **out);
    if (!*out) return has_no_memory(variant);
    for (uint32_t i = 0; i < model->slot_count; i++)
        if (model->slot_kinds[i] & bit) (*out)[(*count)++] = model->slot_names[i];
    return true;
}

static bool read_slots(Variant *variant, const CodeUnit *model)
{
    const Value *fields = variant->fields;
    CodeUnit *unit = variant->unit;
    if (is_unbound(fields[PART_varnames]) && is_unbound(fields[PART_freevars]) && is_unbound(fields[PART_cellvars])) return true;
    CodeText *locals, *cells, *frees;
    uint32_t local_count, cell_count, free_count, n = 0;
    if (!names_of_kind(variant, model, SLOT_LOCAL, &locals, &local_count) || !read_names(variant, PART_varnames, &locals, &local_count)) return false;
    if (!names_of_kind(variant, model, SLOT_CELL, &cells, &cell_count) || !read_names(variant, PART_cellvars, &cells, &cell_count)) return false;
    if (!names_of_kind(variant, model, SLOT_FREE, &frees, &free_count) || !read_names(variant, PART_freevars, &frees, &free_count)) return false;
    size_t most = (size_t)local_count + cell_count + free_count + 1;
    unit->slot_names = arena_alloc(&unit->arena, most * sizeof *unit->slot_names);
    unit->slot_kinds = arena_alloc(&unit->arena, most);
    if (!unit->slot_names || !unit->slot_kinds) return has_no_memory(variant);
    for (uint32_t i = 0; i < local_count; i++, n++) {
        bool keeps_hidden = i < model->slot_count && is_unbound(fields[PART_varnames]) && model->slot_kinds[i] & SLOT_HIDDEN;
        unit->slot_names[n] = locals[i];
        unit->slot_kinds[n] = SLOT_LOCAL | (keeps_hidden ? SLOT_HIDDEN : 0);
    }
    for (uint32_t i = 0; i < cell_count; i++) {
        uint32_t at = 0;
        while (at < local_count && !text_is(locals[at], cells[i])) at++;
        if (at == local_count) at = n++, unit->slot_names[at] = cells[i];
        unit->slot_kinds[at] |= SLOT_CELL;
    }
    for (uint32_t i = 0; i < free_count; i++, n++) unit->slot_names[n] = frees[i], unit->slot_kinds[n] = SLOT_FREE;
    unit->slot_count = n;
    unit->local_count = local_count;
    unit->cell_count = cell_count;
    unit->free_count = free_count;
    return true;
}

/* ---- putting it together ---- */

/* Lines count from the first one for whoever moves it. */
static bool move_lines(Variant *variant, uint32_t was_first)
{
    CodeUnit *unit = variant->unit;
    if (unit->first_line == was_first || is_bound(variant->fields[PART_linetable])) return true;
    LineEntry *moved = arena_alloc(&unit->arena, (unit->line_count + 1) * sizeof *moved);
    if (!moved) return has_no_memory(variant);
    uint32_t by = unit->first_line - was_first;
    for (uint32_t i = 0; i < unit->line_count; i++) {
        moved[i] = unit->lines[i];
        if (moved[i].line) moved[i].line += by, moved[i].end_line += by;
    }
    unit->lines = moved;
    return true;
}

static bool check_arguments(Variant *variant)
{
    CodeUnit *unit = variant->unit;
    uint64_t arguments = (uint64_t)unit->argument_count + unit->keyword_only_count + !!(unit->flags & CODE_VARARGS) + !!(unit->flags & CODE_VARKEYWORDS);
    if (arguments > unit->local_count) return raise_false(variant->t, EXC_ValueError, "code: co_varnames is too small");
    if (unit->positional_only_count > unit->argument_count) return raise_false(variant->t, EXC_ValueError, "code: co_posonlyargcount > co_argcount");
    uint32_t locals = unit->local_count;
    if (!read_count(variant, PART_nlocals, &locals)) return false;
    return locals == unit->local_count || raise_false(variant->t, EXC_ValueError, "code: co_nlocals != len(co_varnames)");
}

static bool read_fields(Variant *variant, const CodeUnit *model)
{
    CodeUnit *unit = variant->unit;
    uint32_t first_line = unit->first_line;
    void *words = unit->words, *lines = unit->lines, *handlers = unit->handlers;
    bool done = read_count(variant, PART_argcount, &unit->argument_count) && read_count(variant, PART_posonlyargcount, &unit->positional_only_count) &&
                read_count(variant, PART_kwonlyargcount, &unit->keyword_only_count) && read_count(variant, PART_stacksize, &unit->stack_size) &&
                read_count(variant, PART_flags, &unit->flags) && read_count(variant, PART_firstlineno, &unit->first_line) &&
                read_name(variant, PART_filename, &unit->filename) && read_name(variant, PART_name, &unit->name) &&
                read_name(variant, PART_qualname, &unit->qualified_name) && read_names(variant, PART_names, &unit->names, &unit->name_count) &&
                read_table(variant, PART_code, sizeof(Word), &words, &unit->word_count) &&
                read_table(variant, PART_linetable, sizeof(LineEntry), &lines, &unit->line_count) &&
                read_table(variant, PART_exceptiontable, sizeof(HandlerEntry), &handlers, &unit->handler_count) &&
                read_constants(variant) && read_slots(variant, model);
    if (!done) return false;
    unit->words = words, unit->lines = lines, unit->handlers = handlers;
    return move_lines(variant, first_line) && check_arguments(variant);
}

/* Free the arena alone (I1). */
void code_variant_free(CodeUnit *unit)
{
    Arena arena = unit->arena;
    arena_free(&arena);
}

static Value make(Thread *t, Code *model, const char *function, const char *const *names, const Value *fields)
{
    static const CodeUnit empty;
    const CodeUnit *from = model ? model->unit : &empty;
    Variant variant = {t, code_new(&t->interp->memory), fields, function, names};
    if (!variant.unit) return raise_memory_error(t);
    Arena arena = variant.unit->arena;
    *variant.unit = *from;
    variant.unit->arena = arena;
    variant.unit->is_verified = false;
    bool done = read_fields(&variant, from);
    VerifyError error;
    if (done && !code_verify(variant.unit, &error))
        done = error.is_out_of_memory ? has_no_memory(&variant) : raise_false(t, EXC_ValueError, "code: co_code is malformed: %s", error.message);
    Code *code = done ? code_object_variant(t, variant.unit, model, is_bound(fields[PART_consts]) ? as_tuple(fields[PART_consts])->items : model->constants) : NULL;
    if (!code) code_variant_free(variant.unit);
    return object_value(code);
}

Value code_replace(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    static const Parameters parameters = {"replace", field_names, 0, 0, 0};
    Value fields[PART_COUNT] = {UNBOUND};
    if (count) return raise_type_error(t, "replace() takes no positional arguments");
    if (!arguments_sort(t, &parameters, args, count, names, fields)) return FAILED;
    return make(t, (Code *)as_object(self), "replace", field_names, fields);
}

Value code_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)type;
    Value fields[PART_COUNT];
    if (!arguments_no_keywords(t, "code", names) || !arguments_count(t, "code", count, PART_freevars, PART_COUNT)) return FAILED;
    for (size_t i = 0; i < PART_COUNT; i++) fields[i] = i < count ? args[i] : t->interp->empty_tuple;
    return make(t, NULL, "code", constructor_names, fields);
}

/* ---- equal code: the same names, instructions, constants and places; not the same file ---- */

static bool same_names(Str **a, Str **b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!str_equal(a[i], b[i])) return false;
    return true;
}

static bool same_bytes(const void *a, const void *b, size_t size) { return size == 0 || memcmp(a, b, size) == 0; }

/* 1 == 1.0 and 0.0 == -0.0, but code with the one is not code with the other. */
static bool same_constant(Thread *t, Value a, Value b, bool *answer)
{
    *answer = is_same(a, b);
    if (*answer) return true;
    if (value_type(t, a) != value_type(t, b)) return true;
    if (stack_is_exhausted(t, " in comparison")) return false;
    if (is_exact_float(a)) {
        double x = as_double(a), y = as_double(b);
        *answer = memcmp(&x, &y, sizeof x) == 0;
        return true;
    }
    if (is_kind(a, KIND_COMPLEX)) {
        *answer = memcmp(&((Complex *)as_object(a))->real, &((Complex *)as_object(b))->real, 2 * sizeof(double)) == 0;
        return true;
    }
    if (!is_kind(a, KIND_TUPLE)) return value_equal(t, a, b, answer);
    if (as_tuple(a)->count != as_tuple(b)->count) return true;
    *answer = true;
    for (size_t i = 0; *answer && i < as_tuple(a)->count; i++)
        if (!same_constant(t, as_tuple(a)->items[i], as_tuple(b)->items[i], answer)) return false;
    return true;
}

static bool is_equal(Thread *t, Code *a, Code *b, bool *answer)
{
    const CodeUnit *x = a->unit, *y = b->unit;
    *answer = str_equal(a->name, b->name) && x->argument_count == y->argument_count && x->positional_only_count == y->positional_only_count &&
              x->keyword_only_count == y->keyword_only_count && x->flags == y->flags && x->first_line == y->first_line &&
              x->word_count == y->word_count && same_bytes(x->words, y->words, x->word_count * sizeof(Word)) &&
              x->slot_count == y->slot_count && same_bytes(x->slot_kinds, y->slot_kinds, x->slot_count) &&
              same_names(a->slot_names, b->slot_names, x->slot_count) && x->name_count == y->name_count && same_names(a->names, b->names, x->name_count) &&
              x->line_count == y->line_count && same_bytes(x->lines, y->lines, x->line_count * sizeof *x->lines) &&
              x->handler_count == y->handler_count && same_bytes(x->handlers, y->handlers, x->handler_count * sizeof *x->handlers) &&
              x->constant_count == y->constant_count;
    for (uint32_t i = 0; *answer && i < x->constant_count; i++)
        if (!same_constant(t, a->constants[i], b->constants[i], answer)) return false;
    return true;
}

Value code_compare(Thread *t, Value self, Value other, CompareOp op)
{
    bool equal = is_same(self, other);
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_kind(other, KIND_CODE)) return NOT_IMPLEMENTED;
    if (!equal && !is_equal(t, (Code *)as_object(self), (Code *)as_object(other), &equal)) return FAILED;
    return bool_value(equal == (op == COMPARE_EQ));
}

/* Of what is quick to read and seldom the same. */
bool code_hash(Thread *t, Value self, int64_t *hash)
{
    Code *code = (Code *)as_object(self);
    const CodeUnit *unit = code->unit;
    if (!value_hash(t, object_value(code->name), hash)) return false;
    uint64_t mixed = (uint64_t)*hash;
    uint64_t parts[] = {unit->first_line, unit->argument_count, unit->flags, unit->word_count, unit->constant_count, unit->slot_count};
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) mixed = (mixed ^ parts[i]) * 0x100000001b3;
    for (uint32_t i = 0; i < unit->word_count; i++) mixed = (mixed ^ unit->words[i]) * 0x100000001b3;
    *hash = (int64_t)mixed == -1 ? -2 : (int64_t)mixed;
    return true;
}
