/* mod_abc.c - _abc: what must be quick about abstract base classes: isinstance, issubclass, and what they remember.
 *
 * What        The two questions as methods of ABCMeta, registration, and the set of a new class's abstract methods. The rest is abc.toy.
 * How         Each ABC has an _abc_data in its attribute _abc_impl: who was registered, who was found to be a subclass, who was found
 *             not to be. All three are tables of weak references, found by the class's address; a callback takes a class
 *             that dies out of them. "Not" is true only until somebody registers anything anywhere: a counter tells.
 * Invariants  I1 an address in a table is that of a living class.  I2 what `denied` says holds while denied_at equals the counter.
 * GIL         held; hooks of classes are script code, so tables are looked at again after every question.
 * Read next   stdlib/lib/abc.toy, vm/object/instance_check.c (who asks) */
#include "vm/toy.h"

typedef struct AbcState {
    ToyType *data_type;
    ToyValue impl_name, mark_name, methods_name, hook_name, check_name, subclasses_name, class_name, ask_name;   /* attributes, interned */
    const ToyType *equipped;               /* ABCMeta; only compared with */
    int64_t counter;                       /* registrations so far */
} AbcState;

/* ---- tables of classes ---- */

typedef struct ClassTable {
    struct ClassPlace { const ToyObject *address; ToyValue reference; } *places;   /* open addressing; address NULL: free */
    size_t count, capacity;                /* a power of two, or 0 */
} ClassTable;

static size_t table_find(const ClassTable *table, const ToyObject *address)
{
    size_t i = ((uintptr_t)address >> 4) * 0x9e3779b97f4a7c15u >> 20;
    for (i &= table->capacity - 1; table->places[i].address && table->places[i].address != address;) i = (i + 1) & (table->capacity - 1);
    return i;
}
static bool table_has(const ClassTable *table, ToyValue cls)
{
    return table->count && table->places[table_find(table, toy_object(cls))].address;
}
static bool table_grow(ToyThread *t, ClassTable *table)
{
    ClassTable larger = {.count = table->count, .capacity = table->capacity ? table->capacity * 2 : 8};
    larger.places = toy_alloc(t, larger.capacity * sizeof *larger.places);
    if (!larger.places) return false;
    memset(larger.places, 0, larger.capacity * sizeof *larger.places);
    for (size_t i = 0; i < table->capacity; i++)
        if (table->places[i].address) larger.places[table_find(&larger, table->places[i].address)] = table->places[i];
    if (table->places) toy_free(t, table->places, table->capacity * sizeof *table->places);
    *table = larger;
    return true;
}
/* Takes the place out; what stood behind it because of it moves up. */
static void table_remove(ClassTable *table, const ToyObject *address)
{
    size_t hole = table->count ? table_find(table, address) : 0;
    if (!table->count || !table->places[hole].address) return;
    ToyValue reference = table->places[hole].reference;
    table->places[hole].address = NULL;
    table->count--;
    for (size_t i = (hole + 1) & (table->capacity - 1); table->places[i].address; i = (i + 1) & (table->capacity - 1)) {
        struct ClassPlace moved = table->places[i];
        table->places[i].address = NULL;
        table->places[table_find(table, moved.address)] = moved;
    }
    toy_release(reference);
}
static void table_clear(ClassTable *table)
{
    ClassTable old = *table;
    *table = (ClassTable){.places = NULL};
    for (size_t i = 0; i < old.capacity; i++)
        if (old.places[i].address) toy_release(old.places[i].reference);
    if (old.places) toy_free(toy_thread(), old.places, old.capacity * sizeof *old.places);
}
static void table_traverse(const ClassTable *table, ToyVisit visit, void *context)
{
    for (size_t i = 0; i < table->capacity; i++)
        if (table->places[i].address) toy_visit(table->places[i].reference, visit, context);
}
/* The references of a table, for people to look at. */
static ToyValue table_as_set(ToyThread *t, const ClassTable *table)
{
    ToyValue list = toy_list(t);
    for (size_t i = 0; i < table->capacity && !toy_failed(list); i++)
        if (table->places[i].address && !toy_list_append(t, list, table->places[i].reference)) toy_clear(&list);
    ToyValue set = toy_failed(list) ? TOY_FAILED : toy_set_from(t, false, list);
    toy_release(list);
    return set;
}

/* ---- the data of an ABC ---- */

typedef struct AbcData {
    ToyObject head;
    ClassTable registered, confirmed, denied;
    int64_t denied_at;                     /* I2 */
    ToyValue forget;                       /* the callback of all references in the tables; UNBOUND: not needed yet */
} AbcData;
static AbcData *as_data(ToyValue v) { return (AbcData *)toy_object(v); }

static void data_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const AbcData *data = (AbcData *)self;
    table_traverse(&data->registered, visit, context);
    table_traverse(&data->confirmed, visit, context);
    table_traverse(&data->denied, visit, context);
    toy_visit(data->forget, visit, context);
}
static void data_clear(ToyObject *self)
{
    AbcData *data = (AbcData *)self;
    table_clear(&data->registered);
    table_clear(&data->confirmed);
    table_clear(&data->denied);
    toy_clear(&data->forget);
}

/* The class behind a dead reference is found by the reference: its address is told no more. */
static void forget_in(ClassTable *table, ToyValue reference)
{
    for (size_t i = 0; i < table->capacity; i++)
        if (table->places[i].address && toy_is_same(table->places[i].reference, reference)) {
            table_remove(table, table->places[i].address);
            return;
        }
}
static ToyValue forget(ToyThread *t, ToyValue self, const ToyValue *args)
{
    AbcData *data = as_data(self);
    forget_in(&data->registered, args[0]);
    forget_in(&data->confirmed, args[0]);
    forget_in(&data->denied, args[0]);
    return TOY_NONE;
}
static const ToyFunction forget_row = TOY_FUNCTION("forget", forget, "(reference, /)", 0, "A class has died.");

static bool remember(ToyThread *t, ToyValue self, ClassTable *table, ToyValue cls)
{
    AbcData *data = as_data(self);
    if (toy_is_unbound(data->forget)) data->forget = toy_function_new(t, &forget_row, self);
    ToyValue reference = toy_failed(data->forget) ? TOY_FAILED : toy_weakref(t, cls, data->forget);
    if (toy_failed(reference)) return false;
    bool is_roomy = table->count * 4 < table->capacity * 3 || table_grow(t, table);
    size_t place = is_roomy ? table_find(table, toy_object(cls)) : 0;
    if (is_roomy && !table->places[place].address) {
        table->places[place] = (struct ClassPlace){toy_object(cls), reference};
        table->count++;
    } else {
        toy_release(reference);
    }
    return is_roomy;
}

static const ToyTypeSpec data_spec = {
    .doc = "What an abstract base class knows about other classes.",
    .size = sizeof(AbcData),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .traverse = data_traverse, .clear = data_clear, .free = data_clear,
};

/* The _abc_data of a class, owned; FAILED: it is no ABC. */
static ToyValue data_of(ToyThread *t, const AbcState *state, ToyValue cls)
{
    ToyValue data = toy_get_attribute_of(t, cls, state->impl_name);
    if (toy_failed(data) || toy_is_a(t, data, state->data_type)) return data;
    toy_release(data);
    return toy_raise_type_error(t, "_abc_impl is set to a wrong type");
}

/* ---- issubclass ---- */

typedef enum Verdict { IS_OPEN, IS_SUBCLASS, IS_NONE, HAS_FAILED } Verdict;

static Verdict ask_hook(ToyThread *t, const AbcState *state, ToyValue cls, ToyValue subclass)
{
    ToyValue answer = toy_call_method_of(t, cls, state->hook_name, &subclass, 1);
    if (toy_failed(answer)) return HAS_FAILED;
    Verdict verdict = toy_is_true(answer) ? IS_SUBCLASS : toy_is_false(answer) ? IS_NONE : IS_OPEN;
    if (verdict == IS_OPEN && !toy_is_not_implemented(answer)) {
        toy_raise(t, TOY_AssertionError, "__subclasshook__ must return either False, True, or NotImplemented");
        verdict = HAS_FAILED;
    }
    toy_release(answer);
    return verdict;
}

/* A metaclass with an answer of its own may look at who asks: it shall see module abc. */
static bool ask_class(ToyThread *t, const AbcState *state, ToyValue cls, ToyValue other, ToyValue subclass, bool *answer)
{
    const ToyType *metaclass = toy_type_of(t, other);
    if (metaclass == state->equipped || metaclass == toy_type_of(t, toy_value(metaclass))) return toy_is_subclass(t, subclass, other, answer);
    const ToyValue both[] = {subclass, other};
    ToyValue result = toy_call_method_of(t, cls, state->ask_name, both, 2);
    bool is_good = !toy_failed(result) && toy_truth(t, result, answer);
    toy_release(result);
    return is_good;
}

/* Is it a subclass of any of [classes], a list? */
static Verdict ask_classes(ToyThread *t, const AbcState *state, ToyValue cls, ToyValue classes, ToyValue subclass)
{
    Verdict verdict = toy_failed(classes) ? HAS_FAILED : IS_OPEN;
    for (size_t i = 0; verdict == IS_OPEN && i < toy_list_length(classes); i++) {
        ToyValue other = toy_retain(toy_list_item(classes, i));
        bool answer;
        verdict = !ask_class(t, state, cls, other, subclass, &answer) ? HAS_FAILED : answer ? IS_SUBCLASS : IS_OPEN;
        toy_release(other);
    }
    toy_release(classes);
    return verdict;
}

static ToyValue registered_classes(ToyThread *t, const AbcData *data)
{
    ToyValue list = toy_list(t);
    for (size_t i = 0; i < data->registered.capacity && !toy_failed(list); i++) {
        if (!data->registered.places[i].address) continue;
        ToyValue cls = toy_weakref_target(data->registered.places[i].reference);
        if (toy_is_bound(cls) && !toy_list_append_take(t, list, cls)) toy_clear(&list);
    }
    return list;
}
static ToyValue own_subclasses(ToyThread *t, const AbcState *state, ToyValue cls)
{
    ToyValue classes = toy_call_method_of(t, cls, state->subclasses_name, NULL, 0);
    if (toy_failed(classes) || toy_is_list(classes)) return classes;
    toy_release(classes);
    return toy_raise_type_error(t, "__subclasses__() must return a list");
}

static Verdict find_out(ToyThread *t, const AbcState *state, ToyValue cls, const AbcData *data, ToyValue subclass)
{
    Verdict verdict = ask_hook(t, state, cls, subclass);
    if (verdict != IS_OPEN) return verdict;
    if (toy_type_is_subtype((ToyType *)toy_object(subclass), (ToyType *)toy_object(cls))) return IS_SUBCLASS;
    if (data->registered.count) verdict = ask_classes(t, state, cls, registered_classes(t, data), subclass);
    return verdict == IS_OPEN ? ask_classes(t, state, cls, own_subclasses(t, state, cls), subclass) : verdict;
}

static Verdict check_subclass(ToyThread *t, AbcState *state, ToyValue cls, ToyValue self, ToyValue subclass)
{
    AbcData *data = as_data(self);
    if (table_has(&data->confirmed, subclass)) return IS_SUBCLASS;
    if (data->denied_at < state->counter) {
        table_clear(&data->denied);
        data->denied_at = state->counter;
    } else if (table_has(&data->denied, subclass)) {
        return IS_NONE;
    }
    Verdict verdict = find_out(t, state, cls, data, subclass);
    if (verdict == IS_OPEN) verdict = IS_NONE;
    if (verdict != HAS_FAILED && !remember(t, self, verdict == IS_SUBCLASS ? &data->confirmed : &data->denied, subclass)) return HAS_FAILED;
    return verdict;
}

/* ---- the methods of ABCMeta ---- */

static ToyValue method_subclasscheck(ToyThread *t, ToyValue cls, const ToyValue *args)
{
    AbcState *state = toy_instance_state(cls);
    if (!toy_is_type(args[0])) return toy_raise_type_error(t, "issubclass() arg 1 must be a class");
    ToyValue data = data_of(t, state, cls);
    if (toy_failed(data)) return TOY_FAILED;
    Verdict verdict = check_subclass(t, state, cls, data, args[0]);
    toy_release(data);
    return verdict == HAS_FAILED ? TOY_FAILED : toy_bool(verdict == IS_SUBCLASS);
}

/* What the tables say about an instance: its type, and what it claims to be if that is not its type. */
static Verdict recall_instance(ToyThread *t, const AbcState *state, ToyValue self, ToyValue type, ToyValue instance, ToyValue *claimed)
{
    const AbcData *data = as_data(self);
    if (table_has(&data->confirmed, type)) return IS_SUBCLASS;
    *claimed = toy_get_attribute_of(t, instance, state->class_name);
    if (toy_failed(*claimed)) return HAS_FAILED;
    if (toy_is_same(*claimed, type)) return data->denied_at == state->counter && table_has(&data->denied, type) ? IS_NONE : IS_OPEN;
    return toy_is_object(*claimed) && table_has(&data->confirmed, *claimed) ? IS_SUBCLASS : IS_OPEN;
}

/* cls.__subclasscheck__, which a metaclass may have overridden. */
static Verdict ask_metaclass(ToyThread *t, const AbcState *state, ToyValue cls, ToyValue subclass)
{
    ToyValue answer = toy_call_method_of(t, cls, state->check_name, &subclass, 1);
    bool truth;
    Verdict verdict = toy_failed(answer) || !toy_truth(t, answer, &truth) ? HAS_FAILED : truth ? IS_SUBCLASS : IS_NONE;
    toy_release(answer);
    return verdict;
}

static ToyValue method_instancecheck(ToyThread *t, ToyValue cls, const ToyValue *args)
{
    AbcState *state = toy_instance_state(cls);
    ToyValue data = data_of(t, state, cls), claimed = TOY_UNBOUND;
    if (toy_failed(data)) return TOY_FAILED;
    ToyValue type = toy_retain(toy_type_value(toy_type_of(t, args[0])));
    Verdict verdict = recall_instance(t, state, data, type, args[0], &claimed);
    if (verdict == IS_OPEN) verdict = ask_metaclass(t, state, cls, claimed);
    if (verdict == IS_NONE && !toy_is_same(claimed, type)) verdict = ask_metaclass(t, state, cls, type);
    toy_release(claimed);
    toy_release(type);
    toy_release(data);
    return verdict == HAS_FAILED ? TOY_FAILED : toy_bool(verdict == IS_SUBCLASS);
}

static const ToyFunction check_methods[] = {
    TOY_FUNCTION("__instancecheck__", method_instancecheck, "($cls, instance, /)", 0, "Answer isinstance(instance, cls)."),
    TOY_FUNCTION("__subclasscheck__", method_subclasscheck, "($cls, subclass, /)", 0, "Answer issubclass(subclass, cls)."),
    TOY_FUNCTIONS_END,
};

/* ---- functions ---- */

static ToyValue equip(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_type(args[0])) return toy_raise_type_error(t, "expected a class, got %T", args[0]);
    ToyModuleObject *module = toy_module_object(self);
    ((AbcState *)toy_module_state(self))->equipped = (ToyType *)toy_object(args[0]);
    return toy_type_add_methods(t, module, (ToyType *)toy_object(args[0]), check_methods) ? TOY_NONE : TOY_FAILED;
}

/* The truth of v.__isabstractmethod__, false if it has none. */
static bool is_abstract(ToyThread *t, const AbcState *state, ToyValue v, bool *answer)
{
    *answer = false;
    ToyValue mark = toy_find_attribute_of(t, v, state->mark_name);
    bool is_good = toy_is_bound(mark) ? toy_truth(t, mark, answer) : !toy_is_raised(t);
    toy_release(mark);
    return is_good;
}
static bool add_own_methods(ToyThread *t, const AbcState *state, ToyValue cls, ToyValue names)
{
    ToyValue proxy = toy_get_attribute(t, cls, "__dict__");
    ToyValue dict = toy_failed(proxy) ? TOY_FAILED : toy_call_method(t, proxy, "copy", NULL, 0);
    toy_release(proxy);
    size_t position = 0;
    ToyValue name, v;
    bool is_good = !toy_failed(dict) && (toy_is_dict(dict) || toy_raise_false(t, TOY_TypeError, "__dict__ is not a dict")), answer;
    while (is_good && toy_dict_next(dict, &position, &name, &v))
        is_good = is_abstract(t, state, v, &answer) && (!answer || toy_set_add(t, names, name));
    toy_release(dict);
    return is_good;
}
typedef struct Inheriting { const AbcState *state; ToyValue cls, names; } Inheriting;
static bool add_inherited(ToyThread *t, ToyValue name, void *context)
{
    const Inheriting *inheriting = context;
    if (!toy_is_str(name)) return toy_raise_false(t, TOY_TypeError, "attribute name must be string, not '%T'", name);
    ToyValue v = toy_find_attribute_of(t, inheriting->cls, name);
    if (toy_is_unbound(v)) return !toy_is_raised(t);
    bool answer, is_good = is_abstract(t, inheriting->state, v, &answer) && (!answer || toy_set_add(t, inheriting->names, name));
    toy_release(v);
    return is_good;
}
static bool add_methods_of_bases(ToyThread *t, const AbcState *state, ToyValue cls, ToyValue names)
{
    Inheriting inheriting = {state, cls, names};
    ToyValue bases = toy_get_attribute(t, cls, "__bases__");
    bool is_good = !toy_failed(bases) && (toy_is_tuple(bases) || toy_raise_false(t, TOY_TypeError, "__bases__ is not tuple"));
    for (size_t i = 0; is_good && i < toy_tuple_length(bases); i++) {
        ToyValue inherited = toy_find_attribute_of(t, toy_tuple_item(bases, i), state->methods_name);
        is_good = toy_is_bound(inherited) ? toy_for_each(t, inherited, add_inherited, &inheriting) : !toy_is_raised(t);
        toy_release(inherited);
    }
    toy_release(bases);
    return is_good;
}

/* collections.abc marks Sequence and Mapping, so that patterns match their subclasses. The mark itself is not for others to see. */
static bool take_pattern_flags(ToyThread *t, ToyValue cls)
{
    static const char mark[] = "__abc_tpflags__";
    ToyValue dict = toy_get_attribute(t, cls, "__dict__");
    ToyValue flags = toy_failed(dict) ? TOY_FAILED : toy_find_attribute(t, cls, mark);
    bool is_own = false;
    if (toy_is_bound(flags)) {
        ToyValue name = toy_str(t, mark);
        if (toy_failed(name) || !toy_contains(t, dict, name, &is_own)) toy_clear(&flags);
        toy_release(name);
    }
    toy_release(dict);
    if (toy_is_raised(t)) return false;
    int64_t bits = 0;
    if (is_own && toy_is_small_int(flags)) bits = toy_small_int(flags);
    toy_release(flags);
    if (!is_own) return true;
    if ((bits & 96) == 96) return toy_raise_false(t, TOY_TypeError, "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING");
    toy_type_set_pattern_flags((ToyType *)toy_object(cls), (bits & 32 ? TOY_TYPE_IS_SEQUENCE : 0) | (bits & 64 ? TOY_TYPE_IS_MAPPING : 0));
    return toy_set_attribute(t, cls, mark, TOY_UNBOUND);
}

static ToyValue abc_init(ToyThread *t, ToyValue self, const ToyValue *args)
{
    AbcState *state = toy_module_state(self);
    ToyValue cls = args[0], methods = TOY_UNBOUND, data = TOY_UNBOUND;
    if (!toy_is_type(cls)) return toy_raise_type_error(t, "expected a class, got %T", cls);
    ToyValue names = toy_set(t, false);
    bool is_good = !toy_failed(names) && add_own_methods(t, state, cls, names) && add_methods_of_bases(t, state, cls, names) &&
                   !toy_failed(methods = toy_set_from(t, true, names)) && toy_set_attribute_of(t, cls, state->methods_name, methods) &&
                   !toy_failed(data = toy_value(toy_type_alloc(t, state->data_type)));
    if (is_good) as_data(data)->denied_at = state->counter;
    is_good = is_good && toy_set_attribute_of(t, cls, state->impl_name, data) && take_pattern_flags(t, cls);
    toy_release(names);
    toy_release(methods);
    toy_release(data);
    return is_good ? TOY_NONE : TOY_FAILED;
}

static ToyValue abc_register(ToyThread *t, ToyValue self, const ToyValue *args)
{
    AbcState *state = toy_module_state(self);
    ToyValue cls = args[0], subclass = args[1];
    bool answer;
    if (!toy_is_type(subclass)) return toy_raise_type_error(t, "Can only register classes");
    if (!toy_is_type(cls)) return toy_raise_type_error(t, "expected a class, got %T", cls);
    if (!toy_is_subclass(t, subclass, cls, &answer)) return TOY_FAILED;
    if (answer) return toy_retain(subclass);
    /* It would be a subclass of itself in the end. */
    if (!toy_is_subclass(t, cls, subclass, &answer)) return TOY_FAILED;
    if (answer) return toy_raise(t, TOY_RuntimeError, "Refusing to create an inheritance cycle");
    ToyValue data = data_of(t, state, cls);
    bool is_kept = !toy_failed(data) && remember(t, data, &as_data(data)->registered, subclass);
    toy_release(data);
    if (!is_kept) return TOY_FAILED;
    state->counter++;
    uint32_t flags = toy_type_pattern_flags((ToyType *)toy_object(cls));
    if (flags) toy_type_set_pattern_flags((ToyType *)toy_object(subclass), flags);
    return toy_retain(subclass);
}

static ToyValue cache_token(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_int(t, ((AbcState *)toy_module_state(self))->counter);
}

static ToyValue get_dump(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue data = data_of(t, toy_module_state(self), args[0]);
    if (toy_failed(data)) return TOY_FAILED;
    AbcData *of = as_data(data);
    ToyValue dump = toy_tuple(t, table_as_set(t, &of->registered), table_as_set(t, &of->confirmed), table_as_set(t, &of->denied),
                              toy_int(t, of->denied_at));
    toy_release(data);
    return dump;
}
static ToyValue reset_registry(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue data = data_of(t, toy_module_state(self), args[0]);
    if (toy_failed(data)) return TOY_FAILED;
    table_clear(&as_data(data)->registered);
    toy_release(data);
    return TOY_NONE;
}
static ToyValue reset_caches(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue data = data_of(t, toy_module_state(self), args[0]);
    if (toy_failed(data)) return TOY_FAILED;
    table_clear(&as_data(data)->confirmed);
    table_clear(&as_data(data)->denied);
    toy_release(data);
    return TOY_NONE;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("get_cache_token", cache_token, "()", 0, "Return a number that changes with every registration: as long as it is the same, isinstance answers the same."),
    TOY_FUNCTION("_equip", equip, "(metaclass, /)", 0, "Give the metaclass its __instancecheck__ and __subclasscheck__."),
    TOY_FUNCTION("_abc_init", abc_init, "(cls, /)", 0, "Set up a new abstract base class: find its abstract methods, begin to remember."),
    TOY_FUNCTION("_abc_register", abc_register, "(cls, subclass, /)", 0, "Make subclass a virtual subclass of cls; return it."),
    TOY_FUNCTION("_get_dump", get_dump, "(cls, /)", 0, "Return (registered, found to be subclasses, found not to be, when), for debugging."),
    TOY_FUNCTION("_reset_registry", reset_registry, "(cls, /)", 0, "Forget who was registered."),
    TOY_FUNCTION("_reset_caches", reset_caches, "(cls, /)", 0, "Forget what was found out."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    AbcState *state = toy_module_state(toy_module_value(module));
    struct { ToyValue *place; const char *text; } names[] = {
        {&state->impl_name, "_abc_impl"}, {&state->mark_name, "__isabstractmethod__"}, {&state->methods_name, "__abstractmethods__"},
        {&state->hook_name, "__subclasshook__"}, {&state->check_name, "__subclasscheck__"}, {&state->subclasses_name, "__subclasses__"},
        {&state->class_name, "__class__"}, {&state->ask_name, "_abc_ask"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ToyValue name = toy_str(t, names[i].text);
        *names[i].place = toy_failed(name) ? TOY_FAILED : toy_str_intern(t, name);
        if (toy_failed(*names[i].place)) return false;
    }
    state->data_type = toy_type_new(t, module, &data_spec, "_abc._abc_data", NULL);
    return state->data_type != NULL;
}
static void free_state(ToyThread *t, void *of)
{
    AbcState *state = of;
    ToyValue *names[] = {&state->impl_name, &state->mark_name, &state->methods_name, &state->hook_name, &state->check_name, &state->subclasses_name,
                         &state->class_name, &state->ask_name};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) toy_clear(names[i]);
}

const ToyModule toy_module_abc = {
    .name = "_abc",
    .doc = "The native part of module abc.",
    .functions = functions,
    .state_size = sizeof(AbcState),
    .init = init,
    .free_state = free_state,
};
