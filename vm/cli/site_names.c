/* site_names.c - the built-in names that are there for people: exit, quit, help, copyright, credits, license.
 *
 * What        Three small types, and their instances in builtins. CPython's site module puts them there.
 * How         Each object has a name; its repr says how to use it, for people type the bare name first.
 * GIL         held.
 * Read next   repl.c */
#include "vm/cli/site_names.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/interp.h"

typedef struct SiteName {
    Object head;
    const char *name, *text;
} SiteName;

static SiteName *self_of(Value self) { return (SiteName *)as_object(self); }

static bool write_out(Thread *t, Str *text)
{
    Value out = sys_get(t, "stdout");
    if (is_unbound(out) || is_none(out)) return true;
    retain(out);
    bool done = text && file_write(t, out, text);
    release(out);
    return done;
}

static Value write_out_take(Thread *t, TAKES Str *text)
{
    bool done = write_out(t, text);
    if (text) object_release(text);
    return done ? NONE : FAILED;
}

/* ---- exit and quit ---- */

static Value quitter_repr(Thread *t, Value self)
{
    return object_value(str_format(t, "Use %s() or Ctrl-D (i.e. EOF) to exit", self_of(self)->name));
}

/* Standard input is closed as well: a prompt within the script's own loop would otherwise go on. */
static Value quitter_call(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count > 1 || (names && names->count > 0 && !(names->count == 1 && count == 0 && str_equal_text(as_str(names->items[0]), "code"))))
        return raise_type_error(t, "Quitter.__call__() takes from 1 to 2 positional arguments");
    Value code = count || names ? args[0] : NONE, in = sys_get(t, "stdin");
    if (is_bound(in) && !is_none(in)) {
        retain(in);
        Value closed = value_call_method(t, in, NAME_OF(t, close), NULL, 0);
        release2(closed, in);
        raised_clear(t);
    }
    return raise_value(t, EXC_SystemExit, code);
}

static const TypeSpec quitter_spec = {
    .size = sizeof(SiteName),
    .flags = TYPE_NO_NEW,
    .slots = {.repr = quitter_repr, .call = quitter_call},
};

/* ---- copyright, credits, license ---- */

static Value printer_repr(Thread *t, Value self) { return object_value(str_from_text(t, self_of(self)->text)); }

static Value printer_call(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count || names) return raise_type_error(t, "_Printer.__call__() takes 1 positional argument but %zu were given", count + 1);
    return write_out_take(t, str_format(t, "%s\n", self_of(self)->text));
}

static const TypeSpec printer_spec = {
    .size = sizeof(SiteName),
    .flags = TYPE_NO_NEW,
    .slots = {.repr = printer_repr, .call = printer_call},
};

/* ---- help ---- */

static const char help_text[] =
    "Type help(object) for what is known about an object: its name, how it is called, what it does.\n"
    "Names to begin with: dir(), print, len, str, list, dict; `import math` and then help(math.sqrt).\n";

static Value helper_repr(Thread *t, Value self)
{
    return object_value(str_from_text(t, "Type help() for interactive help, or help(object) for help about object."));
}

static Value attribute(Thread *t, Value v, const char *name)
{
    Str *key = str_intern_text(t, name);
    Value found = key ? value_find_attribute(t, v, key) : UNBOUND;
    if (key) object_release(key);
    raised_clear(t);
    return found;
}

/* The docstring, each line behind four blanks. */
static void add_indented(StrBuilder *out, Str *doc)
{
    bool is_line_start = true;
    for (size_t i = 0; i < doc->length; i++) {
        uint32_t c = str_char(doc, i);
        if (is_line_start && c != '\n') str_builder_add_text(out, "    ");
        is_line_start = c == '\n';
        str_builder_add_char(out, c);
    }
    if (!is_line_start) str_builder_add_char(out, '\n');
}

/* "(obj, /)" of "($module, obj, /)": the receiver is not for people. */
static void add_signature(StrBuilder *out, Str *signature)
{
    size_t start = 1;
    if (signature->length > 1 && str_char(signature, 1) == '$') {
        while (start < signature->length && str_char(signature, start) != ',' && str_char(signature, start) != ')') start++;
        if (start < signature->length && str_char(signature, start) == ',') start += 2;
    }
    str_builder_add_char(out, '(');
    str_builder_add_slice(out, signature, start, signature->length);
}

/* What people call things of this type. */
static const char *noun_of(Thread *t, Value object)
{
    if (is_type(object)) return "class";
    if (is_kind(object, KIND_NATIVE_FUNCTION)) return "built-in function";
    return value_type_name(t, object);
}

static Value describe(Thread *t, Value object)
{
    Value name = attribute(t, object, "__qualname__"), doc = attribute(t, object, "__doc__"), signature = attribute(t, object, "__text_signature__");
    Value module = attribute(t, object, "__module__");
    if (is_unbound(name)) name = attribute(t, object, "__name__");
    Str *title = is_str(name) ? str_format(t, "Help on %s %S", noun_of(t, object), name) : str_format(t, "Help on %T object", object);
    StrBuilder out;
    str_builder_init(&out, t);
    if (title) str_builder_add(&out, title);
    if (is_str(module)) {
        str_builder_add_text(&out, " in module ");
        str_builder_add(&out, as_str(module));
    }
    str_builder_add_text(&out, ":\n\n");
    if (is_str(name)) str_builder_add(&out, as_str(name));
    if (is_str(signature) && as_str(signature)->length > 1) add_signature(&out, as_str(signature));
    str_builder_add_char(&out, '\n');
    if (is_str(doc)) add_indented(&out, as_str(doc));
    if (title) object_release(title);
    release2(doc, module);
    release2(name, signature);
    Value text = str_builder_finish(&out);
    return failed(text) ? FAILED : write_out_take(t, as_str(text));
}

static Value helper_call(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count > 1 || names) return raise_type_error(t, "help() takes at most one argument");
    return count ? describe(t, args[0]) : write_out_take(t, str_from_text(t, help_text));
}

static const TypeSpec helper_spec = {
    .size = sizeof(SiteName),
    .flags = TYPE_NO_NEW,
    .slots = {.repr = helper_repr, .call = helper_call},
};

/* ---- the names ---- */

static bool add(Thread *t, Type *type, const char *name, const char *text)
{
    SiteName *object = (SiteName *)type_alloc(t, type);
    if (!object) return false;
    object->name = name;
    object->text = text;
    bool done = dict_set_text(t, as_dict(t->interp->builtins), name, object_value(object));
    object_release(object);
    return done;
}

bool site_names_add(Thread *t)
{
    Type *base = kind_type(t, KIND_OBJECT);
    Type *quitter = type_new_native(t, &quitter_spec, "_sitebuiltins.Quitter", base, NULL, KIND_INSTANCE);
    Type *printer = quitter ? type_new_native(t, &printer_spec, "_sitebuiltins._Printer", base, NULL, KIND_INSTANCE) : NULL;
    Type *helper = printer ? type_new_native(t, &helper_spec, "_sitebuiltins._Helper", base, NULL, KIND_INSTANCE) : NULL;
    return helper && add(t, quitter, "exit", NULL) && add(t, quitter, "quit", NULL) && add(t, helper, "help", NULL) &&
           add(t, printer, "copyright", "Copyright (c) the authors of toy.\nAll Rights Reserved.") &&
           add(t, printer, "credits", "toy speaks the language that Guido van Rossum and the Python community made.") &&
           add(t, printer, "license", "toy is free software under the terms of the MIT License.");
}
