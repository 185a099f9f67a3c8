/* exception_fields.c - exception classes with fields of their own: SystemExit, StopIteration, KeyError, NameError, AttributeError,
 * ImportError, SyntaxError.
 *
 * What        Their constructors, texts and members.
 * How         A constructor stores args through BaseException's, then fills Exception.fields. Fields that were not given are
 *             UNBOUND and show as None.
 * Invariants  I1 a constructor may run twice (script code calls __init__): what it stores replaces what was there.
 * GIL         held.
 * Read next   exception_parts.h, exception_os.c, exception_unicode.c */
#include "vm/object/dict.h"
#include "vm/object/exception_parts.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static void set_field(Value self, int field, Value v_or_unbound)
{
    replace(&as_exception(self)->fields[field], retain(v_or_unbound));
}

static Value field_of(Value self, int field)
{
    return as_exception(self)->fields[field];
}

/* Keyword arguments go into fields of the same names; [first] is the field of names[0]. Absent ones become UNBOUND. */
static bool take_keywords(Thread *t, Value self, const char *class_name, const char *const *field_names, size_t field_count, int first,
                          const Value *args, size_t count, Tuple *names)
{
    for (size_t i = 0; i < field_count; i++)
        set_field(self, first + (int)i, UNBOUND);
    for (size_t k = 0; names && k < names->count; k++) {
        Str *name = as_str(names->items[k]);
        size_t i = 0;
        while (i < field_count && !str_equal_text(name, field_names[i]))
            i++;
        if (i == field_count)
            return raise_false(t, EXC_TypeError, "%s() got an unexpected keyword argument '%U'", class_name, name);
        set_field(self, first + (int)i, args[count + k]);
    }
    return true;
}

/* ---- SystemExit, StopIteration, KeyError ---- */

bool system_exit_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!base_exception_init(t, self, args, count, names))
        return false;
    set_field(self, FIELD_CODE, count == 0 ? UNBOUND : count == 1 ? args[0] : as_exception(self)->args);
    return true;
}

bool stop_iteration_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!base_exception_init(t, self, args, count, names))
        return false;
    set_field(self, FIELD_VALUE, count == 0 ? UNBOUND : args[0]);
    return true;
}

Value key_error_str(Thread *t, Value self)
{
    /* str(KeyError('')) would be invisible: a single key shows as its repr. */
    Tuple *args = as_tuple(as_exception(self)->args);
    if (args->count != 1)
        return base_exception_str(t, self);
    Value key = retain(args->items[0]);
    Value text = value_repr(t, key);
    release(key);
    return text;
}

const MemberDef exit_members[] = {FIELD("code", FIELD_CODE, "exception code"), FIELD_END};
const MemberDef stop_members[] = {FIELD("value", FIELD_VALUE, "what the generator returned"), FIELD_END};

/* ---- NameError, AttributeError ---- */

bool name_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    static const char *const fields[] = {"name"};
    return base_exception_init(t, self, args, count, NULL) &&
           take_keywords(t, self, "NameError", fields, ARRAY_LENGTH(fields), FIELD_NAME, args, count, names);
}

bool attribute_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    static const char *const fields[] = {"name", "obj"};
    return base_exception_init(t, self, args, count, NULL) &&
           take_keywords(t, self, "AttributeError", fields, ARRAY_LENGTH(fields), FIELD_NAME, args, count, names);
}

/* Adds a field to a state dict, made if there is none yet. */
static bool add_to_state(Thread *t, Value *state, const char *name, Value v)
{
    if (is_unbound(v))
        return true;
    if (is_unbound(*state)) {
        Dict *dict = dict_new(t);
        if (!dict)
            return false;
        *state = object_value(dict);
    }
    return dict_set_text(t, as_dict(*state), name, v);
}

/* obj is left out: it may be anything, and need not be picklable. */
static Value attribute_error_getstate(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value state;
    if (exception_state(t, self, &state) && add_to_state(t, &state, "name", field_of(self, FIELD_NAME)) &&
        add_to_state(t, &state, "args", as_exception(self)->args))
        return state;
    release(state);
    return FAILED;
}

static Value attribute_error_reduce(Thread *t, Value self, const Value *args)
{
    Value state = attribute_error_getstate(t, self, args);
    if (failed(state))
        return FAILED;
    Value reduction = exception_reduction(t, self, as_exception(self)->args, state);
    release(state);
    return reduction;
}

const MemberDef name_members[] = {FIELD("name", FIELD_NAME, "name"), FIELD_END};
const MemberDef attribute_members[] = {FIELD("name", FIELD_NAME, "attribute name"), FIELD("obj", FIELD_OBJECT, "object"), FIELD_END};
const NativeDef attribute_methods[] = {
    NATIVE("__getstate__", attribute_error_getstate, "($self, /)", 0, NULL),
    NATIVE("__reduce__", attribute_error_reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};

/* ---- ImportError ---- */

bool import_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    static const char *const fields[] = {"name", "path", "name_from"};
    if (!base_exception_init(t, self, args, count, NULL) ||
        !take_keywords(t, self, "ImportError", fields, ARRAY_LENGTH(fields), FIELD_IMPORT_NAME, args, count, names))
        return false;
    set_field(self, FIELD_IMPORT_MESSAGE, count == 1 ? args[0] : UNBOUND);
    return true;
}

Value import_error_str(Thread *t, Value self)
{
    Value message = field_of(self, FIELD_IMPORT_MESSAGE);
    return is_kind(message, KIND_STR) ? retain(message) : base_exception_str(t, self);
}

static Value import_error_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value state, reduction = FAILED;
    if (exception_state(t, self, &state) && add_to_state(t, &state, "name", field_of(self, FIELD_IMPORT_NAME)) &&
        add_to_state(t, &state, "path", field_of(self, FIELD_IMPORT_PATH)) &&
        add_to_state(t, &state, "name_from", field_of(self, FIELD_IMPORT_NAME_FROM)))
        reduction = exception_reduction(t, self, as_exception(self)->args, state);
    release(state);
    return reduction;
}

const MemberDef import_members[] = {
    FIELD("msg", FIELD_IMPORT_MESSAGE, "the text given when it was made"), FIELD("name", FIELD_IMPORT_NAME, "module name"),
    FIELD("path", FIELD_IMPORT_PATH, "module path"), FIELD("name_from", FIELD_IMPORT_NAME_FROM, "name that was asked of the module"), FIELD_END,
};
const NativeDef import_methods[] = {
    NATIVE("__reduce__", import_error_reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};

/* ---- SyntaxError ---- */

/* The second argument: (filename, lineno, offset, text[, end_lineno, end_offset]). */
static bool take_place(Thread *t, Value self, Value place)
{
    Tuple *info = tuple_from_iterable(t, place);
    if (!info)
        return false;
    bool is_good = true;
    if (info->count < 4)
        is_good = raise_false(t, EXC_TypeError, "function takes at least 4 arguments (%zu given)", info->count);
    else if (info->count > 6)
        is_good = raise_false(t, EXC_TypeError, "function takes at most 6 arguments (%zu given)", info->count);
    for (size_t i = 0; is_good && i < 6; i++)
        set_field(self, FIELD_SYNTAX_FILENAME + (int)i, i < info->count ? info->items[i] : UNBOUND);
    if (is_good && info->count == 5)
        is_good = raise_false(t, EXC_TypeError, "end_offset must be provided when end_lineno is provided");
    object_release(info);
    return is_good;
}

bool syntax_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!base_exception_init(t, self, args, count, names))
        return false;
    if (count >= 1)
        set_field(self, FIELD_SYNTAX_MESSAGE, args[0]);
    return count != 2 || take_place(t, self, args[1]);
}

Value syntax_error_str(Thread *t, Value self)
{
    Value filename = field_of(self, FIELD_SYNTAX_FILENAME), line = field_of(self, FIELD_LINE);
    Value message = field_of(self, FIELD_SYNTAX_MESSAGE);
    if (is_unbound(message))
        message = NONE;
    bool has_line = is_exact_int(line);
    if (!is_str(filename) && !has_line)
        return value_str(t, message);
    if (!is_str(filename))
        return object_value(str_format(t, "%S (line %S)", message, line));
    /* The last part of the path is enough. */
    Str *path = as_str(filename);
    size_t start = path->length;
    while (start > 0 && str_char(path, start - 1) != '/')
        start--;
    Value name = str_slice(t, path, start, path->length);
    if (failed(name))
        return FAILED;
    Str *text = has_line ? str_format(t, "%S (%U, line %S)", message, as_str(name), line) : str_format(t, "%S (%U)", message, as_str(name));
    release(name);
    return object_value(text);
}

const MemberDef syntax_members[] = {
    FIELD("msg", FIELD_SYNTAX_MESSAGE, "exception msg"), FIELD("filename", FIELD_SYNTAX_FILENAME, "the file it is about, or None"),
    FIELD("lineno", FIELD_LINE, "the line, counted from 1"), FIELD("offset", FIELD_COLUMN, "the column, counted from 1"),
    FIELD("text", FIELD_TEXT, "exception text"), FIELD("end_lineno", FIELD_END_LINE, "the line in which the place ends"),
    FIELD("end_offset", FIELD_END_COLUMN, "the column in which the place ends"),
    FIELD("print_file_and_line", FIELD_PRINT_FILE, "whether a traceback shows the place"), FIELD_END,
};
