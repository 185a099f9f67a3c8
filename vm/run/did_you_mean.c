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

/* [hides]: a name behind an underscore is no proposal. */
static Value suggest_in_list(Thread *t, Value names, Str *wrong, bool hides)
{
    List *list = failed(names) ? NULL : list_from_iterable(t, names);
    if (!list) return FAILED;
    size_t shown = 0;
    for (size_t i = 0; i < list->count; i++) {
        Value name = list->items[i];
        if (!is_str(name) || (hides && as_str(name)->length > 0 && str_char(as_str(name), 0) == '_')) continue;
        list->items[i] = list->items[shown];
        list->items[shown++] = name;
    }
    Str **candidates = memory_alloc_array(&t->interp->memory, shown ? shown : 1, sizeof *candidates);
    Value best = UNBOUND;
    if (!candidates) {
        raise_memory_error(t);
    } else {
        for (size_t i = 0; i < shown; i++) candidates[i] = as_str(list->items[i]);
        Str *s = suggest_name(t, wrong, candidates, shown);
        if (s) best = retain(object_value(s));
        memory_free(&t->interp->memory, candidates, (shown ? shown : 1) * sizeof *candidates);
    }
    object_release(list);
    return best;
}

static FrameObject *frame_of_error(Value traceback)
{
    if (!is_kind(traceback, KIND_TRACEBACK)) return NULL;
    Traceback *last = (Traceback *)as_object(traceback);
    while (last->next) last = last->next;
    return last->frame;
}

static Value locals_of(Thread *t, FrameObject *frame)
{
    Str *key = str_intern_text(t, "f_locals");
    Value locals = key ? value_get_attribute(t, object_value(frame), key) : FAILED;
    if (key) object_release(key);
    return locals;
}

/* Names the frame of the error could see: locals, globals, built-ins. */
static Value visible_names(Thread *t, Value traceback)
{
    FrameObject *frame = frame_of_error(traceback);
    if (!frame) return UNBOUND;
    List *names = list_new(t, 64);
    Value locals = locals_of(t, frame);
    bool done = names && !failed(locals) && list_extend(t, names, locals) && list_extend(t, names, object_value(frame->function->globals)) &&
                list_extend(t, names, frame->function->builtins);
    release(locals);
    if (done) return object_value(names);
    if (names) object_release(names);
    return FAILED;
}

/* What is called self where the error was; UNBOUND: nothing. */
static Value self_of_error(Thread *t, Value traceback)
{
    FrameObject *frame = frame_of_error(traceback);
    if (!frame) return UNBOUND;
    Value locals = locals_of(t, frame), name = object_value(str_intern_text(t, "self"));
    Value self = failed(locals) || failed(name) ? FAILED : value_get_item(t, locals, name);
    release2(locals, name);
    raised_clear(t);
    return self;
}

/* self.NAME exists where NAME was meant. */
static bool is_attribute_of_self(Thread *t, Value traceback, Str *name)
{
    Value self = self_of_error(t, traceback);
    Value there = is_bound(self) ? value_find_attribute(t, self, name) : UNBOUND;
    bool found = is_bound(there);
    release2(self, there);
    raised_clear(t);
    return found;
}

/* Names behind underscores are for who writes one too, and for the methods of the object itself. */
static bool hides_names(Thread *t, Value traceback, Str *wrong, Value object)
{
    if (wrong->length > 0 && str_char(wrong, 0) == '_') return false;
    Value self = is_bound(object) ? self_of_error(t, traceback) : UNBOUND;
    bool is_own = is_bound(self) && is_same(self, object);
    release(self);
    return !is_own;
}

Value did_you_mean(Thread *t, Value exception, Value traceback)
{
    Exception *e = (Exception *)as_object(exception);
    Value names = UNBOUND, wrong = UNBOUND, object = UNBOUND;
    bool is_name = exception_is(t, exception, EXC_NameError);
    if (is_name) {
        wrong = e->fields[0];
        if (is_str(wrong) && is_attribute_of_self(t, traceback, as_str(wrong))) return object_value(str_format(t, ". Did you mean: 'self.%S'?", wrong));
        if (is_str(wrong)) names = visible_names(t, traceback);
    } else if (exception_is(t, exception, EXC_AttributeError)) {
        wrong = e->fields[0];
        object = e->fields[1];
        if (is_str(wrong) && is_bound(object)) names = builtins_dir(t, object);
    } else if (exception_is(t, exception, EXC_ImportError)) {
        wrong = e->fields[3];
        Value module = is_str(wrong) && is_str(e->fields[1]) ? dict_get_str(as_dict(t->interp->modules), as_str(e->fields[1])) : UNBOUND;
        if (is_bound(module)) names = builtins_dir(t, module);
    }
    Value best = is_bound(names) && is_str(wrong) ? suggest_in_list(t, names, as_str(wrong), hides_names(t, traceback, as_str(wrong), object)) : UNBOUND;
    release(names);
    if (raised_is(t, EXC_MemoryError)) {
        release(best);
        return FAILED;
    }
    raised_clear(t);
    if (is_unbound(best)) return retain(t->interp->empty_str);
    Value text = object_value(str_format(t, ". Did you mean: '%S'?", best));
    release(best);
    return text;
}
