/* code_object.c - a CodeUnit made usable: constants as values, names interned, and room for the hot copy.
 *
 * What        Code, the `code` type of scripts; built from a verified unit.
 * How         Nested units become Code constants of the outer one. They keep the outermost alive, which owns the unit's memory.
 *             Attributes are computed from the unit when asked; co_code and the tables have toy's own layout.
 * Invariants  I1 constants, names and slot_names are as long as the unit says.
 * GIL         held.
 * Read next   function.h, vm/bytecode/code.h, vm/run/specialize.c */
#include "vm/object/dict.h"
#include "vm/object/bytes.h"
#include "vm/object/code_variant.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/function.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

static Code *code_object_make(Thread *t, CodeUnit *unit, Code *owner);

static Value constant_value(Thread *t, const Const *constant, Code *owner);

static Value constant_tuple(Thread *t, const Const *constant, Code *owner)
{
    if (constant->items.count == 0) return retain(t->interp->empty_tuple);
    Tuple *tuple = tuple_new(t, constant->items.count);
    for (size_t i = 0; tuple && i < constant->items.count; i++) {
        tuple->items[i] = constant_value(t, &constant->items.items[i], owner);
        if (failed(tuple->items[i])) {
            object_release(tuple);
            return FAILED;
        }
    }
    return object_value(tuple);
}

static Value constant_frozenset(Thread *t, const Const *constant, Code *owner)
{
    Value items = constant_tuple(t, constant, owner);
    if (failed(items)) return FAILED;
    Set *set = set_from_iterable(t, KIND_FROZENSET, items);
    release(items);
    if (!set) return FAILED;
    /* CPython's compiler makes it anew out of the first one: its order is that of a set filled in the order of a set. */
    Tuple *in_order = tuple_from_iterable(t, object_value(set));
    object_release(set);
    set = in_order ? set_from_iterable(t, KIND_FROZENSET, object_value(in_order)) : NULL;
    if (in_order) object_release(in_order);
    return object_value(set);
}

/* Strings that look like identifiers are interned, as names are. */
static Value constant_text(Thread *t, CodeText text)
{
    Str *s = str_from_wtf8(t, text.bytes, text.length);
    bool is_identifier = s && text.length > 0;
    for (size_t i = 0; is_identifier && i < text.length; i++) {
        char c = text.bytes[i];
        is_identifier = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }
    return object_value(is_identifier || (s && text.length == 0) ? str_intern(t, s) : s);
}

static Value constant_value(Thread *t, const Const *constant, Code *owner)
{
    switch (constant->kind) {
    case CONST_NONE: return NONE;
    case CONST_TRUE: return TRUE;
    case CONST_FALSE: return FALSE;
    case CONST_ELLIPSIS: return ELLIPSIS;
    case CONST_INT: return int_from_limbs(t, constant->integer.limbs, constant->integer.count, constant->is_negative);
    case CONST_FLOAT: return float_value(t, constant->real);
    case CONST_COMPLEX: return complex_value(t, constant->real, constant->imaginary);
    case CONST_TEXT: return constant_text(t, constant->text);
    case CONST_BYTES: return object_value(bytes_from(t, constant->text.bytes, constant->text.length));
    case CONST_TUPLE: return constant_tuple(t, constant, owner);
    case CONST_FROZENSET: return constant_frozenset(t, constant, owner);
    case CONST_CODE: return object_value(code_object_make(t, constant->code, owner));
    }
    return FAILED;
}

Value code_constant_value(Thread *t, const Const *constant) { return constant_value(t, constant, NULL); }

static Str *text_interned(Thread *t, CodeText text) { return str_intern(t, str_from_wtf8(t, text.bytes, text.length)); }

static Str **texts_interned(Thread *t, const CodeText *texts, size_t count)
{
    Str **row = block_alloc(t, (count ? count : 1) * sizeof *row);
    if (!row) return NULL;
    memset(row, 0, count * sizeof *row);
    for (size_t i = 0; i < count; i++) {
        row[i] = text_interned(t, texts[i]);
        if (row[i]) continue;
        while (i > 0) object_release(row[--i]);
        block_free(t, row, (count ? count : 1) * sizeof *row);
        return NULL;
    }
    return row;
}

static bool is_plain_call(const CodeUnit *unit)
{
    return !(unit->flags & (CODE_VARARGS | CODE_VARKEYWORDS)) && unit->keyword_only_count == 0;
}

static void code_clear(Object *self);

/* [constants]: the values, if they are known already; else they are made from the unit's. */
static Code *make_with(Thread *t, CodeUnit *unit, Code *owner, const Value *constants)
{
    Code *code = (Code *)type_alloc(t, kind_type(t, KIND_CODE));
    if (!code) return NULL;
    code->unit = unit;
    code->exact_count = is_plain_call(unit) ? unit->argument_count : CODE_BINDS;
    code->warm_count = CODE_BINDS;
    code->slot_count = unit->slot_count;
    code->frame_words = unit->slot_count + unit->stack_size + CODE_HOT_WORDS + CODE_FRAME_HEADER_WORDS;
    code->constants = block_alloc(t, (unit->constant_count + 1) * sizeof(Value));
    if (code->constants) memset(code->constants, 0, (unit->constant_count + 1) * sizeof(Value));
    code->names = code->constants ? texts_interned(t, unit->names, unit->name_count) : NULL;
    code->slot_names = code->names ? texts_interned(t, unit->slot_names, unit->slot_count) : NULL;
    code->name = code->slot_names ? text_interned(t, unit->name) : NULL;
    code->qualified_name = code->name ? text_interned(t, unit->qualified_name) : NULL;
    code->filename = code->qualified_name ? text_interned(t, unit->filename) : NULL;
    bool done = code->filename != NULL;
    for (size_t i = 0; done && i < unit->constant_count; i++) {
        code->constants[i] = constants ? retain(constants[i]) : constant_value(t, &unit->constants[i], owner ? owner : code);
        done = !failed(code->constants[i]);
    }
    if (!done) {
        /* Whoever called owns the unit still, or the outermost code object does. */
        code->owner = NULL;
        code->unit_is_borrowed = true;
        code_clear((Object *)code);      /* nested ones that were made keep this one */
        object_release(code);
        return NULL;
    }
    code->owner = owner;
    if (owner) object_retain(owner);
    return code;
}

static Code *code_object_make(Thread *t, CodeUnit *unit, Code *owner) { return make_with(t, unit, owner, NULL); }

Code *code_object_variant(Thread *t, CodeUnit *unit, Code *model, const Value *constants)
{
    Code *code = make_with(t, unit, model && model->owner ? model->owner : model, constants);
    if (code) code->is_variant = true;
    return code;
}

Code *code_object_new(Thread *t, TAKES CodeUnit *unit)
{
    Code *code = code_object_make(t, unit, NULL);
    if (!code) {
        code_free(unit);
        return NULL;
    }
    /* The nested ones keep this one alive; this one must not keep itself alive through them: see code_traverse. */
    return code;
}

static void code_traverse(Object *self, VisitFn visit, void *context)
{
    Code *code = (Code *)self;
    if (code->owner) visit((Object *)code->owner, context);
    for (size_t i = 0; code->constants && i < code->unit->constant_count; i++)
        if (is_object(code->constants[i])) visit(as_object(code->constants[i]), context);
}

static void code_clear(Object *self)
{
    Code *code = (Code *)self;
    for (size_t i = 0; code->constants && i < code->unit->constant_count; i++) clear(&code->constants[i]);
}

static void free_names(Thread *t, Str **row, size_t count)
{
    if (!row) return;
    for (size_t i = 0; i < count; i++)
        if (row[i]) object_release(row[i]);
    block_free(t, row, (count ? count : 1) * sizeof *row);
}

static void free_trace(Thread *t, CodeTrace *trace, size_t words)
{
    if (!trace) return;
    Memory *memory = &t->interp->memory;
    bool is_watched = false;
    for (int tool = 0; tool < MONITOR_TOOLS; tool++) is_watched |= trace->local_events[tool] != 0;
    if (is_watched) t->interp->watched_codes--;
    if (trace->words) memory_free(memory, trace->words, words * sizeof *trace->words);
    if (trace->disabled) memory_free(memory, trace->disabled, words * MONITOR_LOCAL_EVENTS);
    memory_free(memory, trace, sizeof *trace);
}

static void code_object_free(Object *self)
{
    Thread *t = thread_current();
    Code *code = (Code *)self;
    CodeUnit *unit = code->unit;
    if (unit) {
        code_clear(self);
        if (code->constants) block_free(t, code->constants, (unit->constant_count + 1) * sizeof(Value));
        free_names(t, code->names, unit->name_count);
        free_names(t, code->slot_names, unit->slot_count);
        free_trace(t, code->trace, unit->word_count);
        if (code->hot) memory_free(&t->interp->memory, code->hot, unit->word_count * sizeof(Word));
    }
    if (code->name) object_release(code->name);
    if (code->qualified_name) object_release(code->qualified_name);
    if (code->filename) object_release(code->filename);
    if (code->is_variant) code_variant_free(unit);
    else if (!code->owner && !code->unit_is_borrowed) code_free(unit);
    if (code->owner) object_release(code->owner);
}

/* ---- as scripts see it ---- */

static Code *self_of(Value self) { return (Code *)as_object(self); }

static Value names_tuple(Thread *t, Str **names, size_t count)
{
    Tuple *tuple = tuple_new(t, count);
    for (size_t i = 0; tuple && i < count; i++) tuple->items[i] = retain(object_value(names[i]));
    return object_value(tuple);
}

/* The names of the slots whose kind has any of [bits]. */
static Value slots_tuple(Thread *t, const Code *code, uint8_t bits)
{
    List *list = list_new(t, 0);
    for (size_t i = 0; list && i < code->unit->slot_count; i++) {
        uint8_t kind = code->unit->slot_kinds[i];
        if (kind & SLOT_HIDDEN || !(kind & bits)) continue;
        if (list_append(t, list, object_value(code->slot_names[i]))) continue;
        object_release(list);
        return FAILED;
    }
    if (!list) return FAILED;
    Tuple *tuple = tuple_from_values(t, list->items, list->count);
    object_release(list);
    return object_value(tuple);
}

#define CODE_GETTER(what, expression)                              \
    static Value code_get_##what(Thread *t, Value self)            \
    {                                                              \
        Code *code = self_of(self);                                \
        return expression;                                         \
    }
CODE_GETTER(name, retain(object_value(code->name)))
CODE_GETTER(qualified_name, retain(object_value(code->qualified_name)))
CODE_GETTER(filename, retain(object_value(code->filename)))
CODE_GETTER(first_line, small_int_value(code->unit->first_line))
CODE_GETTER(argument_count, small_int_value(code->unit->argument_count))
CODE_GETTER(positional_only_count, small_int_value(code->unit->positional_only_count))
CODE_GETTER(keyword_only_count, small_int_value(code->unit->keyword_only_count))
CODE_GETTER(local_count, small_int_value(code->unit->local_count))
CODE_GETTER(stack_size, small_int_value(code->unit->stack_size))
CODE_GETTER(flags, small_int_value(code->unit->flags))
CODE_GETTER(names, names_tuple(t, code->names, code->unit->name_count))
CODE_GETTER(constants, object_value(tuple_from_values(t, code->constants, code->unit->constant_count)))
CODE_GETTER(variable_names, slots_tuple(t, code, SLOT_LOCAL))
CODE_GETTER(cell_variables, slots_tuple(t, code, SLOT_CELL))
CODE_GETTER(free_variables, slots_tuple(t, code, SLOT_FREE))
CODE_GETTER(words, object_value(bytes_from(t, code->unit->words, code->unit->word_count * sizeof(Word))))
CODE_GETTER(line_table, object_value(bytes_from(t, code->unit->lines, code->unit->line_count * sizeof(LineEntry))))
CODE_GETTER(handler_table, object_value(bytes_from(t, code->unit->handlers, code->unit->handler_count * sizeof(HandlerEntry))))

static const GetSetDef code_getsets[] = {
    {"co_argcount", code_get_argument_count, NULL, NULL},
    {"co_posonlyargcount", code_get_positional_only_count, NULL, NULL},
    {"co_kwonlyargcount", code_get_keyword_only_count, NULL, NULL},
    {"co_nlocals", code_get_local_count, NULL, NULL},
    {"co_stacksize", code_get_stack_size, NULL, NULL},
    {"co_flags", code_get_flags, NULL, NULL},
    {"co_code", code_get_words, NULL, NULL},
    {"co_linetable", code_get_line_table, NULL, NULL},
    {"co_exceptiontable", code_get_handler_table, NULL, NULL},
    {"co_consts", code_get_constants, NULL, NULL},
    {"co_names", code_get_names, NULL, NULL},
    {"co_varnames", code_get_variable_names, NULL, NULL},
    {"co_cellvars", code_get_cell_variables, NULL, NULL},
    {"co_freevars", code_get_free_variables, NULL, NULL},
    {"co_filename", code_get_filename, NULL, NULL},
    {"co_name", code_get_name, NULL, NULL},
    {"co_qualname", code_get_qualified_name, NULL, NULL},
    {"co_firstlineno", code_get_first_line, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

/* Where a module begins is line 0, as in CPython. */
static bool is_begin_of_module(const CodeUnit *unit, uint32_t offset, uint32_t line) { return line == 0 && offset == 0 && !(unit->flags & CODE_OPTIMIZED); }

/* What belongs to no place in the source has None for its line. */
static Value line_part(const CodeUnit *unit, uint32_t offset, uint32_t line)
{
    return line || is_begin_of_module(unit, offset, line) ? small_int_value(line) : NONE;
}

static Value position_part(uint32_t line, uint32_t n) { return line && n != NO_COLUMN ? small_int_value(n) : NONE; }

enum { POSITIONS_PER_WORD = 2 };      /* see code_byte_offset */

/* co_positions(): (line, end line, column, end column), twice for each word. */
static Value code_positions(Thread *t, Value self, const Value *args)
{
    const CodeUnit *unit = self_of(self)->unit;
    List *list = list_new(t, (size_t)unit->word_count * POSITIONS_PER_WORD);
    for (uint32_t i = 0; list && i < unit->word_count * POSITIONS_PER_WORD; i++) {
        uint32_t offset = i / POSITIONS_PER_WORD;
        LineEntry at = code_position(unit, offset);
        Tuple *row = tuple_new(t, 4);
        if (row && is_begin_of_module(unit, offset, at.line)) {
            for (uint32_t part = 0; part < 4; part++) row->items[part] = small_int_value(part == 1);
        } else if (row) {
            row->items[0] = line_part(unit, offset, at.line);
            row->items[1] = position_part(at.line, at.end_line);
            row->items[2] = position_part(at.line, at.column);
            row->items[3] = position_part(at.line, at.end_column);
        }
        if (row && list_append_take(t, list, object_value(row))) continue;
        object_release(list);
        return FAILED;
    }
    if (!list) return FAILED;
    Value iterator = value_iterate(t, object_value(list));
    object_release(list);
    return iterator;
}

/* co_lines(): (start, end, line) for each run of words of one line; in bytes. */
static Value code_lines(Thread *t, Value self, const Value *args)
{
    const CodeUnit *unit = self_of(self)->unit;
    List *list = list_new(t, unit->line_count);
    for (uint32_t i = 0; list && i < unit->line_count;) {
        uint32_t next = i + 1;
        while (next < unit->line_count && unit->lines[next].line == unit->lines[i].line) next++;
        uint32_t end = next < unit->line_count ? unit->lines[next].start : unit->word_count;
        Tuple *row = tuple_new(t, 3);
        if (row) {
            row->items[0] = code_byte_offset(unit->lines[i].start);
            row->items[1] = code_byte_offset(end);
            row->items[2] = line_part(unit, unit->lines[i].start, unit->lines[i].line);
        }
        i = next;
        if (row && list_append_take(t, list, object_value(row))) continue;
        object_release(list);
        return FAILED;
    }
    if (!list) return FAILED;
    Value iterator = value_iterate(t, object_value(list));
    object_release(list);
    return iterator;
}

static Value code_repr(Thread *t, Value self)
{
    Code *code = self_of(self);
    return object_value(str_format(t, "<code object %U at %p, file \"%U\", line %u>", code->name, (void *)code, code->filename, code->unit->first_line));
}

static const NativeDef code_methods[] = {
    NATIVE("co_positions", code_positions, "($self, /)", 0, NULL),
    NATIVE("co_lines", code_lines, "($self, /)", 0, NULL),
    NATIVE_RAW_ROW("replace", code_replace, "($self, /, **changes)", 0, "A copy of the code in which the fields named by keywords have other values."),
    NATIVE_RAW_ROW("__replace__", code_replace, "($self, /, **changes)", 0, "As replace(), for copy.replace()."),
    NATIVE_END,
};
const TypeSpec code_spec = {
    .doc = "What a function or module consists of once it is compiled. compile() makes them.",
    .size = sizeof(Code),
    .signature =
           "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize,\n"
           "     flags, codestring, constants, names, varnames, filename, name,\n"
                 "     qualname, firstlineno, linetable, exceptiontable, freevars=(),\n     cellvars=(), /)",
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = code_repr, .hash = code_hash, .compare = code_compare, .new_instance = code_make},
    .methods = code_methods,
    .getsets = code_getsets,
    .traverse = code_traverse,
    .clear = code_clear,
    .free = code_object_free,
};
