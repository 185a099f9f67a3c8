/* did_you_mean.c - what somebody may have meant who wrote a name that is not there.
 *
 * What        did_you_mean, for NameError, AttributeError and ImportError.
 * How         The candidates are what the place of the error could see: locals, globals and built-ins of the frame, dir() of the
 *             object or module. vm/object/suggest.c chooses among them.
 * GIL         held; dir() may be script code.
 * Read next   traceback_print.c, vm/object/suggest.c */
#include "vm/run/did_you_mean.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/suggest.h"
#include "vm/run/builtins.h"
#include "vm/run/frame.h"

static Value suggest_in_list(Thread *t, Value names, Str *wrong)
{
    List *list = failed(names) ? NULL : list_from_iterable(t, names);
    if (!list) return FAILED;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_str(list->items[i])) continue;
        Value kept = list->items[count];
        list->items[count++] = list->items[i];
        list->items[i] = kept;
    }
    /* A name that hides behind an underscore is proposed only for one that has one too. */
    bool wants_hidden = wrong->length > 0 && str_char(wrong, 0) == '_';
    size_t shown = 0;
    for (size_t i = 0; i < count; i++) {
        Str *s = as_str(list->items[i]);
        if (!wants_hidden && s->length > 0 && str_char(s, 0) == '_') continue;
        Value kept = list->items[shown];
        list->items[shown++] = list->items[i];
        list->items[i] = kept;
    }
    Str **candidates = memory_alloc_array(&t->interp->memory, shown ? shown : 1, sizeof *candidates);
    Value best = UNBOUND;
    if (candidates) {
        for (size_t i = 0; i < shown; i++) candidates[i] = as_str(list->items[i]);
        Str *s = suggest_name(t, wrong, candidates, shown);
        if (s) best = retain(object_value(s));
        memory_free(&t->interp->memory, candidates, (shown ? shown : 1) * sizeof *candidates);
    }
    object_release(list);
    return best;
}

/* Names the frame of the error could see: locals, globals, built-ins. */
static Value visible_names(Thread *t, Exception *e)
{
    if (!is_kind(e->traceback, KIND_TRACEBACK)) return UNBOUND;
    Traceback *last = (Traceback *)as_object(e->traceback);
    while (last->next) last = last->next;
    List *names = list_new(t, 64);
    Str *key = str_intern_text(t, "f_locals");
    Value locals = key ? value_get_attribute(t, object_value(last->frame), key) : FAILED;
    bool done = names && !failed(locals) && list_extend(t, names, locals) && list_extend(t, names, object_value(last->frame->function->globals)) &&
                list_extend(t, names, last->frame->function->builtins);
    if (key) object_release(key);
    release(locals);
    if (done) return object_value(names);
    if (names) object_release(names);
    return FAILED;
}

/* self.NAME exists where NAME was meant. */
static bool is_attribute_of_self(Thread *t, Exception *e, Str *name)
{
    if (!is_kind(e->traceback, KIND_TRACEBACK)) return false;
    Traceback *last = (Traceback *)as_object(e->traceback);
    while (last->next) last = last->next;
    Str *key = str_intern_text(t, "f_locals");
    Value locals = key ? value_get_attribute(t, object_value(last->frame), key) : FAILED;
    if (key) object_release(key);
    Str *self_name = str_intern_text(t, "self");
    bool found = false;
    if (self_name && is_dict(locals)) {
        Value self = dict_get_str(as_dict(locals), self_name);
        Value there = is_bound(self) ? value_find_attribute(t, self, name) : UNBOUND;
        found = is_bound(there);
        release(there);
    }
    if (self_name) object_release(self_name);
    release(locals);
    raised_clear(t);
    return found;
}

Value did_you_mean(Thread *t, Value exception)
{
    Exception *e = (Exception *)as_object(exception);
    Value names = UNBOUND, wrong = UNBOUND;
    bool is_name = exception_is(t, exception, EXC_NameError);
    if (is_name) {
        wrong = e->fields[0];
        if (is_str(wrong) && is_attribute_of_self(t, e, as_str(wrong))) return object_value(str_format(t, ". Did you mean: 'self.%S'?", wrong));
        if (is_str(wrong)) names = visible_names(t, e);
    } else if (exception_is(t, exception, EXC_AttributeError)) {
        wrong = e->fields[0];
        if (is_str(wrong) && is_bound(e->fields[1])) names = builtins_dir(t, e->fields[1]);
    } else if (exception_is(t, exception, EXC_ImportError)) {
        wrong = e->fields[3];
        Value module = is_str(wrong) && is_str(e->fields[1]) ? dict_get_str(as_dict(t->interp->modules), as_str(e->fields[1])) : UNBOUND;
        if (is_bound(module)) names = builtins_dir(t, module);
    }
    Value best = is_bound(names) && is_str(wrong) ? suggest_in_list(t, names, as_str(wrong)) : UNBOUND;
    release(names);
    raised_clear(t);
    if (is_unbound(best)) return retain(t->interp->empty_str);
    Value text = object_value(str_format(t, ". Did you mean: '%S'?", best));
    release(best);
    return text;
}
