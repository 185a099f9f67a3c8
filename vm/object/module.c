/* module.c - modules and cells.
 *
 * What        Module: a dict with a name. Cell: one variable shared by closures.
 * How         A module's attributes are its dict; __getattr__ in the dict is asked for what is missing (PEP 562).
 * GIL         held.
 * Read next   function.h, vm/run/import.c */
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- cells ---- */

Cell *cell_new(Thread *t, Value content)
{
    Cell *cell = (Cell *)type_alloc(t, kind_type(t, KIND_CELL));
    if (cell) cell->content = retain(content);
    return cell;
}

static Value cell_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (names) return raise_type_error(t, "cell() takes no keyword arguments");
    if (count > 1) return raise_type_error(t, "cell expected at most 1 argument, got %zu", count);
    return object_value(cell_new(t, count ? args[0] : UNBOUND));
}
static Value cell_get_contents(Thread *t, Value self)
{
    Value v = ((Cell *)as_object(self))->content;
    return is_bound(v) ? retain(v) : raise_value_error(t, "Cell is empty");
}
static bool cell_set_contents(Thread *t, Value self, Value v)
{
    replace(&((Cell *)as_object(self))->content, retain(v));
    return true;
}
static Value cell_repr(Thread *t, Value self)
{
    Cell *cell = (Cell *)as_object(self);
    if (is_unbound(cell->content)) return object_value(str_format(t, "<cell at %p: empty>", (void *)cell));
    return object_value(str_format(t, "<cell at %p: %T object at %p>", (void *)cell, cell->content, (void *)(uintptr_t)cell->content.bits));
}
static Value cell_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_kind(other, KIND_CELL)) return NOT_IMPLEMENTED;
    Value a = ((Cell *)as_object(self))->content, b = ((Cell *)as_object(other))->content;
    if (is_bound(a) && is_bound(b)) return value_compare(t, a, b, op);
    int order = (int)is_bound(a) - (int)is_bound(b);
    bool answers[] = {order < 0, order <= 0, order == 0, order != 0, order > 0, order >= 0};
    return bool_value(answers[op]);
}
static void cell_traverse(Object *self, VisitFn visit, void *context)
{
    if (is_object(((Cell *)self)->content)) visit(as_object(((Cell *)self)->content), context);
}
static void cell_clear(Object *self) { clear(&((Cell *)self)->content); }

static const GetSetDef cell_getsets[] = {{"cell_contents", cell_get_contents, cell_set_contents, NULL}, {NULL, NULL, NULL, NULL}};
const TypeSpec cell_spec = {
    .doc = "Where a variable lives that functions share: empty, or with contents.",
    .signature = "([contents])",
    .size = sizeof(Cell),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER,
    .slots = {.repr = cell_repr, .compare = cell_compare, .new_instance = cell_make},
    .getsets = cell_getsets,
    .traverse = cell_traverse,
    .clear = cell_clear,
    .free = cell_clear,
};

/* ---- modules ---- */

static bool module_fill(Thread *t, Module *module, Value name, Value doc)
{
    if (!module->dict) module->dict = dict_new(t);    /* __init__ again: it keeps what it has */
    if (!module->dict) return false;
    replace(&module->name, retain(name));
    return dict_set_str(t, module->dict, NAME_OF(t, __name__), name) && dict_set_str(t, module->dict, NAME_OF(t, __doc__), doc) &&
           dict_set_str(t, module->dict, NAME_OF(t, __package__), NONE) && dict_set_str(t, module->dict, NAME_OF(t, __loader__), NONE) &&
           dict_set_str(t, module->dict, NAME_OF(t, __spec__), NONE);
}

Module *module_new(Thread *t, Str *name)
{
    Module *module = (Module *)type_alloc(t, kind_type(t, KIND_MODULE));
    if (module && !module_fill(t, module, object_value(name), NONE)) {
        object_release(module);
        return NULL;
    }
    return module;
}

static Value module_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    Module *module = (Module *)type_alloc(t, type);
    if (module) module->dict = dict_new(t);
    if (module && !module->dict) {
        object_release(module);
        return FAILED;
    }
    return object_value(module);
}

static bool module_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    size_t named = names ? names->count : 0;
    Value name = count > 0 ? args[0] : UNBOUND, doc = count > 1 ? args[1] : NONE;
    for (size_t i = 0; i < named; i++) {
        bool is_name = str_equal_text(as_str(names->items[i]), "name");
        if ((is_name && count > 0) || (count > 1 && str_equal_text(as_str(names->items[i]), "doc")))
            return raise_false(t, EXC_TypeError, "argument for module() given by name (%R) and position (%d)", names->items[i], is_name ? 1 : 2);
        if (is_name) name = args[count + i];
        else if (str_equal_text(as_str(names->items[i]), "doc")) doc = args[count + i];
        else return raise_false(t, EXC_TypeError, "module() got an unexpected keyword argument '%S'", names->items[i]);
    }
    if (is_unbound(name)) return raise_false(t, EXC_TypeError, "module() missing required argument 'name' (pos 1)");
    if (count > 2) return raise_false(t, EXC_TypeError, "module() takes at most 2 arguments (%zu given)", count + named);
    if (!is_str(name)) return raise_false(t, EXC_TypeError, "module() argument 'name' must be str, not %N", name);
    return module_fill(t, (Module *)as_object(self), name, doc);
}

static Value module_get_attribute(Thread *t, Value self, Str *name)
{
    Module *module = (Module *)as_object(self);
    /* What the dict has comes before what the type has, but for data descriptors: __doc__ is the module's, __dict__ the type's. */
    Value v = dict_get_str(module->dict, name);
    if (is_bound(v)) {
        if (UNLIKELY(!type_open(t, value_type(t, self)))) return FAILED;
        Value descriptor = type_lookup(t, value_type(t, self), name);
        if (is_unbound(descriptor) || !value_type(t, descriptor)->slots.descriptor_set) return retain(v);
    }
    v = generic_find_attribute(t, self, name);
    if (is_bound(v) || is_raised(t)) return v;
    Value fallback = dict_get_str(module->dict, NAME_OF(t, __getattr__));
    if (is_bound(fallback)) {
        retain(fallback);
        v = value_call1(t, fallback, object_value(name));
        release(fallback);
        return v;
    }
    Value own = retain(dict_get_str(module->dict, NAME_OF(t, __name__)));
    if (is_str(own) && t->interp->missing_attribute) t->interp->missing_attribute(t, self, as_str(own), name);
    else if (is_str(own)) raise_error(t, EXC_AttributeError, "module '%S' has no attribute '%U'", own, name);
    else raise_error(t, EXC_AttributeError, "module has no attribute '%U'", name);
    release(own);
    attribute_error_set_place(t, self, name);
    return FAILED;
}

static bool module_set_attribute(Thread *t, Value self, Str *name, Value v)
{
    Module *module = (Module *)as_object(self);
    if (UNLIKELY(!type_open(t, value_type(t, self)))) return false;
    Value descriptor = type_lookup(t, value_type(t, self), name);
    if (is_bound(descriptor) && value_type(t, descriptor)->slots.descriptor_set)
        return generic_set_attribute(t, self, name, v);
    if (is_bound(v)) return dict_set_str(t, module->dict, name, v);
    bool was_there;
    if (!dict_delete_str(t, module->dict, name, &was_there)) return false;
    if (!was_there) {
        Value own = dict_get_str(module->dict, NAME_OF(t, __name__));
        raise_error(t, EXC_AttributeError, "module '%S' has no attribute '%U'", is_bound(own) ? own : NONE, name);
    }
    return was_there;
}


static Value module_get_annotations(Thread *t, Value self)
{
    Module *module = (Module *)as_object(self);
    Value v = dict_get_str(module->dict, NAME_OF(t, __annotations__));
    if (is_bound(v)) return retain(v);
    Dict *dict = dict_new(t);
    if (dict && !dict_set_str(t, module->dict, NAME_OF(t, __annotations__), object_value(dict))) {
        object_release(dict);
        return FAILED;
    }
    return object_value(dict);
}

static bool module_set_annotations(Thread *t, Value self, Value v)
{
    Module *module = (Module *)as_object(self);
    if (is_bound(v)) return dict_set_str(t, module->dict, NAME_OF(t, __annotations__), v);
    bool was_there;
    if (!dict_delete_str(t, module->dict, NAME_OF(t, __annotations__), &was_there)) return false;
    return was_there || raise_false(t, EXC_AttributeError, "__annotations__");
}

static Value module_dir(Thread *t, Value self, const Value *args)
{
    Value dict = value_get_attribute(t, self, NAME_OF(t, __dict__));   /* a subclass may have another */
    if (failed(dict)) return FAILED;
    Value names = FAILED;
    if (!is_dict(dict)) {
        raise_type_error(t, "<module>.__dict__ is not a dictionary");
    } else {
        Value own = retain(dict_get_str(as_dict(dict), NAME_OF(t, __dir__)));
        names = is_bound(own) ? value_call0(t, own) : object_value(list_from_iterable(t, dict));
        release(own);
    }
    release(dict);
    return names;
}

/* ---- repr ---- */

/* An attribute that may be missing, or whose owner fails to say: then UNBOUND. Owned. */
static Value attribute_or_unbound(Thread *t, Value v, const char *text)
{
    Str *name = str_intern_text(t, text);
    Value found = name ? value_find_attribute(t, v, name) : UNBOUND;
    if (name) object_release(name);
    if (failed(found)) raised_clear(t);
    return found;
}

/* How a module is named that came from no file: by its loader, if that is known. [name] and [loader] may be UNBOUND. */
static Str *repr_by_loader(Thread *t, Value name, Value loader)
{
    if (is_unbound(loader) || is_none(loader)) return str_format(t, "<module %R>", name);
    Value folders = str_equal_text(value_type(t, loader)->name, "NamespaceLoader") ? attribute_or_unbound(t, loader, "_path") : UNBOUND;
    if (is_unbound(folders)) return str_format(t, "<module %R (%R)>", name, loader);
    List *list = list_from_iterable(t, folders);
    Str *text = list ? str_format(t, "<module %R (namespace) from %R>", name, object_value(list)) : NULL;
    if (list) object_release(list);
    release(folders);
    return text;
}

static Str *repr_by_spec(Thread *t, Value spec)
{
    Value name = attribute_or_unbound(t, spec, "name"), origin = attribute_or_unbound(t, spec, "origin");
    Value unknown = object_value(str_intern_text(t, "?"));
    if (is_unbound(name) || is_none(name)) replace(&name, retain(unknown));
    Str *text;
    if (is_unbound(origin) || is_none(origin)) {
        Value loader = attribute_or_unbound(t, spec, "loader");
        text = repr_by_loader(t, name, loader);
        release(loader);
    } else {
        Value has_location = attribute_or_unbound(t, spec, "has_location");
        text = str_format(t, is_same(has_location, TRUE) ? "<module %R from %R>" : "<module %R (%S)>", name, origin);
        release(has_location);
    }
    release2(name, origin);
    release(unknown);
    return text;
}

static Value module_repr(Thread *t, Value self)
{
    Dict *dict = ((Module *)as_object(self))->dict;
    Value spec = retain(dict_get_str(dict, NAME_OF(t, __spec__)));
    if (is_bound(spec) && !is_none(spec)) {
        Str *text = repr_by_spec(t, spec);
        release(spec);
        return object_value(text);
    }
    release(spec);
    Value name = retain(dict_get_str(dict, NAME_OF(t, __name__))), file = retain(dict_get_str(dict, NAME_OF(t, __file__)));
    Value loader = retain(dict_get_str(dict, NAME_OF(t, __loader__)));
    if (is_unbound(name)) name = object_value(str_intern_text(t, "?"));
    Str *text = is_bound(file) ? str_format(t, "<module %R from %R>", name, file) : repr_by_loader(t, name, loader);
    release2(name, file);
    release(loader);
    return object_value(text);
}

static void module_traverse(Object *self, VisitFn visit, void *context)
{
    Module *module = (Module *)self;
    if (module->dict) visit((Object *)module->dict, context);
    if (is_object(module->name)) visit(as_object(module->name), context);
    if (module->traverse_state && module->state) module->traverse_state(module->state, visit, context);
}

static void module_clear(Object *self)
{
    Module *module = (Module *)self;
    if (module->dict) dict_clear(thread_current(), module->dict);
}

static void module_free(Object *self)
{
    Module *module = (Module *)self;
    if (module->free_state && module->state) module->free_state(thread_current(), module->state);
    memory_free(&thread_current()->interp->memory, module->state, module->state_size);
    if (module->dict) object_release(module->dict);
    clear(&module->name);
}

static const NativeDef module_methods[] = {
    NATIVE("__dir__", module_dir, "($self, /)", 0, "The names in the module, or what its own __dir__() returns."),
    NATIVE_END,
};
static const MemberDef module_members[] = {
    {"__dict__", MEMBER_VALUE, offsetof(Module, dict), true, NULL},      /* a Dict *: as a word it is the value */
    {NULL, MEMBER_VALUE, 0, false, NULL},
};
static const GetSetDef module_getsets[] = {
    {"__annotations__", module_get_annotations, module_set_annotations, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec module_spec = {
    .doc = "A module: a namespace with a name, a str, and a docstring, any object.",
    .signature = "(name, doc=None)",
    .size = sizeof(Module),
    .flags = TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = module_repr, .get_attribute = module_get_attribute, .set_attribute = module_set_attribute,
              .new_instance = module_make, .init = module_init},
    .methods = module_methods,
    .members = module_members,
    .getsets = module_getsets,
    .traverse = module_traverse,
    .clear = module_clear,
    .free = module_free,
};
