/* mod_contextvars.c - _contextvars: values that belong to a line of work instead of a thread.
 *
 * What        ContextVar, Token, Context, copy_context(). contextvars.toy gives them their public name.
 * How         A Context holds a mapping from variables to values that never changes (context_map.c). Copying a Context copies nothing: both
 *             then hold the same mapping, and whoever sets a variable holds another one from then on. So a copy, made for every task and
 *             callback, costs one object, and what is set in it is not seen outside.
 *
 *                 thread --current--> Context --outer--> Context (the one that run() was called in) --outer--> ...
 *                                        |
 *                                        +--> mapping  <-- shared with copies and their iterators
 *
 * Invariants  I1 a Context is in at most one such chain: is_entered.
 * GIL         held. What a key's or value's own code does in between finds every Context whole.
 * Read next   context_map.c, stdlib/lib/contextvars.toy */
#include "stdlib/context_map.h"

typedef struct State { ContextMapTypes map_types; ToyType *variable, *token, *context; ToyValue missing; } State;

typedef struct Context {
    ToyObject head;
    ToyValue values;       /* a mapping */
    ToyValue outer;        /* while it is entered: the context that it covers */
    bool is_entered;
} Context;

typedef struct Variable { ToyObject head; ToyValue name, default_value; } Variable;      /* default UNBOUND: none */

typedef struct Token {
    ToyObject head;
    ToyValue variable, context, old;      /* old UNBOUND: it had no value */
    bool is_used;
} Token;

static Context *as_context(ToyValue v) { return (Context *)toy_object(v); }
static Variable *as_variable(ToyValue v) { return (Variable *)toy_object(v); }
static Token *as_token(ToyValue v) { return (Token *)toy_object(v); }
static bool is_of(ToyValue v, const ToyType *type) { return toy_is_object(v) && toy_object(v)->type == type; }     /* all three are final */
static State *state_of(ToyValue v) { return toy_instance_state(v); }

/* ==== contexts ==== */

static ToyValue context_over(ToyThread *t, ToyType *type, TOY_TAKES ToyValue values)
{
    Context *context = toy_failed(values) ? NULL : (Context *)toy_type_alloc(t, type);
    if (!context) {
        toy_release(values);
        return TOY_FAILED;
    }
    context->values = values;
    return toy_value(context);
}

/* The context this thread is in; the first to ask makes it. */
static TOY_BORROWED ToyValue current_context(ToyThread *t, State *state)
{
    ToyValue context = toy_local_find(t, state);
    if (toy_is_bound(context)) return context;
    context = context_over(t, state->context, context_map_new(t, &state->map_types));
    bool is_stored = !toy_failed(context) && toy_local_store(t, state, context);
    toy_release(context);                 /* the thread keeps it */
    return is_stored ? context : TOY_FAILED;
}

static ToyValue copy_of(ToyThread *t, ToyValue context) { return context_over(t, toy_object(context)->type, toy_retain(as_context(context)->values)); }

/* Others may hold the mapping that was there, and its values' finalisers may look at this context: it is released last. */
static bool replace_values(Context *context, TOY_TAKES ToyValue values)
{
    if (toy_failed(values)) return false;
    toy_replace(&context->values, values);
    return true;
}

/* What a variable has in a context; the mapping is held meanwhile. */
static bool find_value(ToyThread *t, ToyValue context, ToyValue key, ToyValue *value)
{
    ToyValue values = toy_retain(as_context(context)->values);
    bool done = context_map_find(t, values, key, value);
    toy_release(values);
    return done;
}

static ToyValue context_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (count || names) return toy_raise_type_error(t, "Context() does not accept any arguments");
    return context_over(t, type, context_map_new(t, toy_type_state(type)));
}

static ToyValue context_copy(ToyThread *t, ToyValue self, const ToyValue *args) { return copy_of(t, self); }

static ToyValue context_run(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    State *state = state_of(self);
    Context *context = as_context(self);
    if (count == 0) return toy_raise_type_error(t, "run() missing 1 required positional argument");
    if (context->is_entered) return toy_raise(t, TOY_RuntimeError, "cannot enter context: %R is already entered", self);
    ToyValue outer = current_context(t, state);
    if (toy_failed(outer)) return TOY_FAILED;
    outer = toy_retain(outer);
    if (!toy_local_store(t, state, self)) {
        toy_release(outer);
        return TOY_FAILED;
    }
    context->outer = outer;
    context->is_entered = true;
    ToyValue result = toy_call_names(t, args[0], args + 1, count - 1, names);
    context->is_entered = false;
    context->outer = TOY_UNBOUND;
    /* The thread has an entry, so putting another value into it needs no memory. */
    ToyValue raised = toy_failed(result) ? toy_raised_take(t) : TOY_UNBOUND;
    bool is_back = toy_local_store(t, state, outer);
    toy_release(outer);
    if (toy_is_bound(raised)) return toy_raise_instance(t, raised);
    if (is_back) return result;
    toy_release(result);
    return TOY_FAILED;
}

/* ---- a context as a mapping: what it holds, not what the variables' defaults are ---- */

static bool check_key(ToyThread *t, ToyValue self, ToyValue key)
{
    return is_of(key, state_of(self)->variable) || toy_raise_false(t, TOY_TypeError, "a ContextVar key was expected, got %R", key);
}
static bool context_length(ToyThread *t, ToyValue self, size_t *length)
{
    *length = context_map_length(as_context(self)->values);
    return true;
}
static ToyValue context_item(ToyThread *t, ToyValue self, ToyValue key)
{
    ToyValue value;
    if (!check_key(t, self, key) || !find_value(t, self, key, &value)) return TOY_FAILED;
    return toy_is_bound(value) ? value : toy_raise_with(t, TOY_KeyError, key);
}
static bool context_contains(ToyThread *t, ToyValue self, ToyValue key, bool *found)
{
    ToyValue value;
    if (!check_key(t, self, key) || !find_value(t, self, key, &value)) return false;
    *found = toy_is_bound(value);
    toy_release(value);
    return true;
}
static ToyValue context_get(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue value;
    if (!check_key(t, self, args[0]) || !find_value(t, self, args[0], &value)) return TOY_FAILED;
    return toy_is_bound(value) ? value : toy_retain(toy_is_bound(args[1]) ? args[1] : TOY_NONE);
}

/* keys, values and items are iterators, with a length, over what was there when they were asked for: the context may be written to while they run. */
static ToyValue context_iterate(ToyThread *t, ToyValue self) { return context_map_iterate(t, as_context(self)->values, CONTEXT_MAP_KEYS); }
static ToyValue context_keys(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_iterate(t, as_context(self)->values, CONTEXT_MAP_KEYS); }
static ToyValue context_values(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_iterate(t, as_context(self)->values, CONTEXT_MAP_VALUES); }
static ToyValue context_items(ToyThread *t, ToyValue self, const ToyValue *args) { return context_map_iterate(t, as_context(self)->values, CONTEXT_MAP_ITEMS); }

static ToyValue context_compare(ToyThread *t, ToyValue self, ToyValue other, ToyCompare op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_of(other, toy_object(self)->type)) return TOY_NOT_IMPLEMENTED;
    ToyValue mine = toy_retain(as_context(self)->values), theirs = toy_retain(as_context(other)->values);
    bool is_equal, done = context_map_equal(t, mine, theirs, &is_equal);
    toy_release(mine);
    toy_release(theirs);
    return done ? toy_bool(is_equal == (op == COMPARE_EQ)) : TOY_FAILED;
}

static void context_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Context *)self)->values, visit, context);
    toy_visit(((Context *)self)->outer, visit, context);
}
static void context_free(ToyObject *self)
{
    toy_clear(&((Context *)self)->values);
    toy_clear(&((Context *)self)->outer);
}

static const ToyFunction context_methods[] = {
    TOY_RAW_FUNCTION("run", context_run, "($self, callable, /, *args, **kwargs)", 0, "Call the callable in this context: variables it sets are set here only."),
    TOY_FUNCTION("copy", context_copy, "($self, /)", 0, "A context that begins with the same values."),
    TOY_FUNCTION("get", context_get, "($self, key, default=None, /)", 0, "The variable's value here, or the default."),
    TOY_FUNCTION("keys", context_keys, "($self, /)", 0, "The variables that have a value here."),
    TOY_FUNCTION("values", context_values, "($self, /)", 0, "Their values."),
    TOY_FUNCTION("items", context_items, "($self, /)", 0, "Pairs of variable and value."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec context_spec = {
    .doc = "Which variables have which values, in one line of work.",
    .signature = "()",
    .size = sizeof(Context),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_MAPPING,
    .slots = {.new_instance = context_new, .length = context_length, .get_item = context_item, .contains = context_contains,
              .iterate = context_iterate, .compare = context_compare},
    .methods = context_methods,
    .traverse = context_traverse,
    .free = context_free,
};

/* ==== variables ==== */

static ToyValue variable_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"name", "default", NULL};
    static const ToyParameters parameters = {"ContextVar", parameter_names, 1, 1, 1};
    ToyValue given[2] = {TOY_UNBOUND, TOY_UNBOUND};
    if (count > 1) return toy_raise_type_error(t, "ContextVar() takes at most 1 positional argument (%zu given)", count);
    if (count + toy_names_length(names) == 0) return toy_raise_type_error(t, "ContextVar() takes exactly 1 positional argument (0 given)");
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    if (!toy_is_str(given[0])) return toy_raise_type_error(t, "context variable name must be a str");
    Variable *variable = (Variable *)toy_type_alloc(t, type);
    if (!variable) return TOY_FAILED;
    variable->name = toy_retain(given[0]);
    variable->default_value = toy_is_bound(given[1]) ? toy_retain(given[1]) : TOY_UNBOUND;
    return toy_value(variable);
}

static ToyValue variable_repr(ToyThread *t, ToyValue self)
{
    const Variable *variable = as_variable(self);
    if (toy_is_unbound(variable->default_value)) return toy_str_format(t, "<ContextVar name=%R at %p>", variable->name, (const void *)variable);
    bool is_first;
    if (!toy_repr_enter(t, self, &is_first)) return TOY_FAILED;
    if (!is_first) return toy_str(t, "...");
    ToyValue text = toy_str_format(t, "<ContextVar name=%R default=%R at %p>", variable->name, variable->default_value, (const void *)variable);
    toy_repr_leave(t, self);
    return text;
}

static ToyValue variable_get(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue context = current_context(t, state_of(self)), value;
    if (toy_failed(context) || !find_value(t, context, self, &value)) return TOY_FAILED;
    if (toy_is_bound(value)) return value;
    if (toy_is_bound(args[0])) return toy_retain(args[0]);
    if (toy_is_bound(as_variable(self)->default_value)) return toy_retain(as_variable(self)->default_value);
    return toy_raise_with(t, TOY_LookupError, self);
}

static ToyValue variable_set(ToyThread *t, ToyValue self, const ToyValue *args)
{
    State *state = state_of(self);
    ToyValue context = current_context(t, state), old;
    if (toy_failed(context) || !find_value(t, context, self, &old)) return TOY_FAILED;
    Token *token = (Token *)toy_type_alloc(t, state->token);
    if (!token) {
        toy_release(old);
        return TOY_FAILED;
    }
    token->variable = toy_retain(self);
    token->context = toy_retain(context);
    token->old = old;
    if (replace_values(as_context(context), context_map_with(t, as_context(context)->values, self, args[0]))) return toy_value(token);
    toy_release(toy_value(token));
    return TOY_FAILED;
}

static ToyValue variable_reset(ToyThread *t, ToyValue self, const ToyValue *args)
{
    State *state = state_of(self);
    if (!is_of(args[0], state->token)) return toy_raise_type_error(t, "expected an instance of Token, got %R", args[0]);
    Token *token = as_token(args[0]);
    if (token->is_used) return toy_raise(t, TOY_RuntimeError, "%R has already been used once", args[0]);
    if (!toy_is_same(token->variable, self)) return toy_raise_value_error(t, "%R was created by a different ContextVar", args[0]);
    ToyValue context = current_context(t, state);
    if (toy_failed(context)) return TOY_FAILED;
    if (!toy_is_same(token->context, context)) return toy_raise_value_error(t, "%R was created in a different Context", args[0]);
    token->is_used = true;
    ToyValue values = as_context(context)->values;
    values = toy_is_bound(token->old) ? context_map_with(t, values, self, token->old) : context_map_without(t, values, self);
    return replace_values(as_context(context), values) ? TOY_NONE : TOY_FAILED;
}

static void variable_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Variable *)self)->default_value, visit, context); }
static void variable_clear(ToyObject *self) { toy_clear(&((Variable *)self)->default_value); }
static void variable_free(ToyObject *self)
{
    variable_clear(self);
    toy_clear(&((Variable *)self)->name);
}

static ToyValue class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

static const ToyFunction variable_methods[] = {
    TOY_FUNCTION("get", variable_get, "($self, default=<unrepresentable>, /)", TOY_LEAF, "The value in the current context; else the default given, else the variable's own, else a LookupError."),
    TOY_FUNCTION("set", variable_set, "($self, value, /)", 0, "Set the value in the current context; the Token returned leads back to what was before."),
    TOY_FUNCTION("reset", variable_reset, "($self, token, /)", 0, "Go back to what was before the set() that returned the token."),
    TOY_FUNCTION("__class_getitem__", class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyMember variable_members[] = {
    {"name", MEMBER_VALUE, offsetof(Variable, name), true, "What it was called when it was made."},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
static const ToyTypeSpec variable_spec = {
    .doc = "A variable that has its own value in each context.",
    .signature = "(name, *, default=<unrepresentable>)",
    .size = sizeof(Variable),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.new_instance = variable_new, .repr = variable_repr},
    .methods = variable_methods,
    .members = variable_members,
    .traverse = variable_traverse,
    .clear = variable_clear,
    .free = variable_free,
};

/* ==== tokens ==== */

static ToyValue token_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return toy_raise(t, TOY_RuntimeError, "Tokens can only be created by ContextVars");
}
static ToyValue token_repr(ToyThread *t, ToyValue self)
{
    const Token *token = as_token(self);
    return toy_str_format(t, "<Token%s var=%R at %p>", token->is_used ? " used" : "", token->variable, (const void *)token);
}
static ToyValue token_old_value(ToyThread *t, ToyValue self)
{
    return toy_retain(toy_is_bound(as_token(self)->old) ? as_token(self)->old : state_of(self)->missing);
}
static void token_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Token *token = (Token *)self;
    toy_visit(token->variable, visit, context);
    toy_visit(token->context, visit, context);
    toy_visit(token->old, visit, context);
}
/* The variable and the context lead to no token but by values: dropping the old one is enough to break any knot. */
static void token_clear(ToyObject *self) { toy_clear(&((Token *)self)->old); }
static void token_free(ToyObject *self)
{
    token_clear(self);
    toy_clear(&((Token *)self)->variable);
    toy_clear(&((Token *)self)->context);
}

static const ToyFunction token_methods[] = {
    TOY_FUNCTION("__class_getitem__", class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyMember token_members[] = {
    {"var", MEMBER_VALUE, offsetof(Token, variable), true, "The variable that was set."},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
static const ToyGetSet token_getsets[] = {
    {"old_value", token_old_value, NULL, "What the variable had before, or Token.MISSING."},
    {NULL, NULL, NULL, NULL},
};
static const ToyTypeSpec token_spec = {
    .doc = "The way back from a ContextVar.set().",
    .signature = "()",
    .size = sizeof(Token),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = token_new, .repr = token_repr},
    .methods = token_methods,
    .members = token_members,
    .getsets = token_getsets,
    .traverse = token_traverse,
    .clear = token_clear,
    .free = token_free,
};

static ToyValue missing_repr(ToyThread *t, ToyValue self) { return toy_str(t, "<Token.MISSING>"); }
static const ToyTypeSpec missing_spec = {
    .size = sizeof(ToyObject),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .slots = {.repr = missing_repr},
};

/* ==== the module ==== */

static ToyValue copy_context(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue context = current_context(t, toy_module_state(self));
    return toy_failed(context) ? TOY_FAILED : copy_of(t, context);
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("copy_context", copy_context, "()", 0, "A copy of the current context."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    State *state = toy_module_state(toy_module_value(module));
    state->variable = toy_type_new(t, module, &variable_spec, "_contextvars.ContextVar", NULL);
    state->token = state->variable ? toy_type_new(t, module, &token_spec, "_contextvars.Token", NULL) : NULL;
    state->context = state->token ? toy_type_new(t, module, &context_spec, "_contextvars.Context", NULL) : NULL;
    ToyType *missing = state->context && context_map_make_types(t, module, &state->map_types) ? toy_type_new(t, module, &missing_spec, "Token.MISSING", NULL) : NULL;
    ToyObject *only = missing ? toy_type_alloc(t, missing) : NULL;
    if (!only) return false;
    state->missing = toy_value(only);
    return toy_type_set(t, state->token, "MISSING", toy_retain(state->missing)) && toy_module_add_type(t, module, state->variable) &&
           toy_module_add_type(t, module, state->token) && toy_module_add_type(t, module, state->context);
}
static void free_state(ToyThread *t, void *state)
{
    toy_local_forget(t, state);
    toy_clear(&((State *)state)->missing);
}

const ToyModule toy_module_contextvars = {
    .name = "_contextvars",
    .doc = "The native part of module contextvars.",
    .functions = functions,
    .state_size = sizeof(State),
    .init = init,
    .free_state = free_state,
};
