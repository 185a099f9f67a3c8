/* missing_attribute.c - why a module may lack what it was asked for.
 *
 * What        missing_attribute: the AttributeError of modules.
 * How         Three mistakes are common. The script, or a file beside it, has the name of a module of the library and is found first; two modules
 *             import each other, and one is asked before it is done; the same with a submodule that is still being loaded. The module's spec
 *             tells them apart: where it came from, whether it is being loaded.
 * GIL         held; a spec may be any object of a script's.
 * Read next   import.c, did_you_mean.c */
#include "vm/run/missing_attribute.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"

/* An attribute of the spec, or UNBOUND; nothing stays raised. Owned. */
static Value spec_part(Thread *t, Value spec, const char *name)
{
    Str *key = is_bound(spec) && !is_none(spec) ? str_intern_text(t, name) : NULL;
    Value part = key ? value_find_attribute(t, spec, key) : UNBOUND;
    if (key) object_release(key);
    raised_clear(t);
    return part;
}

static bool spec_says(Thread *t, Value spec, const char *name)
{
    Value part = spec_part(t, spec, name);
    bool truth = false;
    if (is_bound(part) && !value_truth(t, part, &truth)) raised_clear(t);
    release(part);
    return truth;
}

/* The file that the module was loaded from, or UNBOUND. Owned. */
static Value file_of(Thread *t, Value spec)
{
    Value origin = spec_says(t, spec, "has_location") ? spec_part(t, spec, "origin") : UNBOUND;
    if (is_str(origin)) return origin;
    release(origin);
    return UNBOUND;
}

/* Does the file, or the package that it begins, lie in the folder that is searched before all others? */
static bool is_found_first(Thread *t, Value file)
{
    Value first = t->interp->run->first_path;
    if (!is_str(file) || !is_str(first)) return false;
    size_t length, folder_length;
    const char *text = str_utf8(t, as_str(file), &length), *folder = text ? str_utf8(t, as_str(first), &folder_length) : NULL;
    raised_clear(t);
    if (!folder) return false;
    char current[PATH_MAX];
    if (folder_length == 0 && (folder = getcwd(current, sizeof current))) folder_length = strlen(folder);
    const char *slash = memrchr(text, '/', length);
    if (slash && strncmp(slash + 1, "__init__.", 9) == 0) slash = memrchr(text, '/', (size_t)(slash - text));
    return folder && slash && (size_t)(slash - text) == folder_length && memcmp(text, folder, folder_length) == 0;
}

static bool is_name_of_library(Thread *t, Str *own)
{
    Value names = sys_get(t, "stdlib_module_names");
    bool is_there = false;
    if (is_set(names) && !value_contains(t, names, object_value(own), &is_there)) raised_clear(t);
    return is_there;
}

static bool is_submodule_being_loaded(Thread *t, Str *own, Str *name)
{
    Str *full = str_format(t, "%U.%U", own, name);
    bool answer = full && import_is_loading(t, full);
    if (full) object_release(full);
    else raised_clear(t);
    return answer;
}

static void raise_reason(Thread *t, Value spec, Str *own, Str *name)
{
    Value file = file_of(t, spec);
    bool is_first = is_found_first(t, file), is_half_made = import_is_loading(t, own) || spec_says(t, spec, "_initializing");
    if (is_first && is_name_of_library(t, own))
        raise_error(t, EXC_AttributeError, "module '%U' has no attribute '%U' (consider renaming %R since it has the same name as the standard library "
                    "module named '%U' and the import system gives it precedence)", own, name, file, own);
    else if (is_half_made && is_first)
        raise_error(t, EXC_AttributeError, "module '%U' has no attribute '%U' (consider renaming %R if it has the same name as a third-party module you "
                    "intended to import)", own, name, file);
    else if (is_half_made && is_bound(file))
        raise_error(t, EXC_AttributeError, "partially initialized module '%U' from %R has no attribute '%U' (most likely due to a circular import)",
                    own, file, name);
    else if (is_half_made)
        raise_error(t, EXC_AttributeError, "partially initialized module '%U' has no attribute '%U' (most likely due to a circular import)", own, name);
    else if (is_submodule_being_loaded(t, own, name))
        raise_error(t, EXC_AttributeError, "cannot access submodule '%U' of module '%U' (most likely due to a circular import)", name, own);
    else
        raise_error(t, EXC_AttributeError, "module '%U' has no attribute '%U'", own, name);
    release(file);
}

void missing_attribute(Thread *t, Value module, Str *own, Str *name)
{
    Value spec = retain(dict_get_str(((Module *)as_object(module))->dict, NAME_OF(t, __spec__)));
    raise_reason(t, spec, own, name);
    release(spec);
}
