/* api_machine.c - the wall: what sys tells about the machine.
 *
 * What        Flags, limits, the module tables, the handled exception, printing of exceptions.
 * How         Thin wrappers, as in all api files.
 * GIL         held.
 * Read next   toy_vm.h, stdlib/mod_sys.c */
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/run/frame.h"
#include "vm/run/import.h"
#include "vm/run/import_file.h"
#include "vm/run/import_native.h"
#include "vm/run/import_order.h"
#include "vm/run/interp.h"
#include "vm/run/traceback_print.h"
#include "vm/run/uncaught.h"
#include "vm/toy_vm.h"

ToyFlags toy_flags(ToyThread *t)
{
    const Config *config = &t->interp->config;
    return (ToyFlags){
        .debug = config->is_debug,
        .inspect = config->is_inspecting,
        .interactive = config->is_interactive,
        .optimize = config->optimize,
        .no_user_site = config->no_user_site || config->is_isolated,
        .no_site = config->no_site,
        .ignore_environment = config->ignores_environment,
        .verbose = config->verbosity,
        .bytes_warning = config->bytes_warning,
        .quiet = config->is_quiet,
        .hash_randomization = config->hash_is_random || config->hash_seed != 0,
        .isolated = config->is_isolated,
        .dev_mode = config->is_dev_mode,
        .warn_default_encoding = config->warns_of_encoding,
        .safe_path = config->has_safe_path || config->is_isolated,
        .int_max_str_digits = config->int_max_str_digits,
        .unbuffered = config->is_unbuffered,
    };
}

void toy_set_int_max_str_digits(ToyThread *t, int digits) { t->interp->config.int_max_str_digits = digits; }

uint32_t toy_recursion_limit(ToyThread *t) { return t->depth_limit; }

bool toy_set_recursion_limit(ToyThread *t, uint32_t limit)
{
    if (limit <= t->depth)
        return raise_false(t, EXC_RecursionError, "cannot set the recursion limit to %u at the recursion depth %u: the limit is too low", limit, t->depth);
    for (Thread *each = t->interp->threads; each; each = each->next) each->depth_limit = limit;
    return true;
}

ToyValue toy_modules(ToyThread *t) { return t->interp->modules; }
ToyValue toy_builtins(ToyThread *t) { return t->interp->builtins; }

static bool append_name(Thread *t, List *list, const char *name)
{
    Str *s = str_intern_text(t, name);
    return s && list_append_take(t, list, object_value(s));
}

ToyValue toy_native_module_new(ToyThread *t, ToyValue name)
{
    const NativeModule *definition = import_find_native(t, as_str(name));
    return definition ? object_value(import_make_native(t, definition, NULL)) : UNBOUND;
}

ToyValue toy_embedded_module(ToyThread *t, ToyValue name, ToyEmbeddedPart part)
{
    const EmbeddedModule *embedded = import_find_embedded(t, as_str(name));
    if (!embedded) return UNBOUND;
    if (part == TOY_EMBEDDED_IS_PACKAGE) return bool_value(embedded->is_package);
    if (part == TOY_EMBEDDED_SOURCE) return object_value(str_from_wtf8(t, embedded->source, embedded->source_length));
    ImportSource source = {.embedded = embedded};
    return object_value(import_source_code(t, &source));
}

ToyValue toy_shared_object_load(ToyThread *t, ToyValue name, ToyValue file) { return object_value(import_load_shared_object(t, as_str(name), as_str(file))); }
ToyValue toy_own_shared_object(ToyThread *t, ToyValue name) { return object_value(import_find_own_shared_object(t, as_str(name))); }
bool toy_is_never_hidden(ToyValue name) { return import_is_never_hidden(as_str(name)); }
ToyValue toy_library_entry(ToyThread *t) { return import_library_entry(t, NULL); }

ToyValue toy_native_module_names(ToyThread *t, bool with_embedded)
{
    List *list = list_new(t, 64);
    bool done = list && append_name(t, list, "builtins");
    for (const NativeModule *const *row = t->interp->run->hooks.native_modules; done && row && *row; row++) done = append_name(t, list, (*row)->name);
    const EmbeddedModule *module = with_embedded ? t->interp->run->hooks.embedded_modules : NULL;
    for (; done && module && module->name; module++) done = strchr(module->name, '.') || append_name(t, list, module->name);
    Tuple *tuple = done && list_sort(t, list, NONE, false) ? tuple_from_values(t, list->items, list->count) : NULL;
    if (list) object_release(list);
    return object_value(tuple);
}

ToyValue toy_handled_exception(ToyThread *t) { return handled_exception(t); }
void toy_show_note(ToyThread *t, ToyValue text) { note_show(t, as_str(text)); }

bool toy_print_exception(ToyThread *t, ToyValue exception, ToyValue file) { return traceback_print(t, exception, file); }
void toy_print_unraisable(ToyThread *t, ToyValue exception, ToyValue where, ToyValue message) { unraisable_print(t, exception, where, message); }
size_t toy_size_of(ToyThread *t, ToyValue v) { return is_object(v) ? object_size(as_object(v)) : 0; }
