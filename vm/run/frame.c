/* frame.c - frames as objects: positions, attributes, and what is left of a frame that was left.
 *
 * What        FrameObject (sys._getframe, tb_frame, gi_frame) and Traceback, the chain that an exception collects on its way.
 * How         A FrameObject points to its running Frame. When the frame is left, frame_leave moves the locals into the
 *             object, so that a debugger or traceback still sees them.
 * Invariants  I4 of frame.h.
 * GIL         held.
 * Read next   frame.h, unwind.c */
#include "vm/run/frame.h"

#include "vm/object/arguments.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/str.h"
#include "vm/run/generator.h"
#include "vm/run/interp.h"

/* ---- positions ---- */

uint32_t frame_offset_at(const Frame *frame, const Word *ip)
{
    const Code *code = frame->code;
    const Word *start = code->unit->words;
    if (code->hot && ip >= code->hot && ip <= code->hot + code->unit->word_count) start = code->hot;
    if (code->trace && code->trace->words && ip >= code->trace->words && ip <= code->trace->words + code->unit->word_count) start = code->trace->words;
    return ip > start ? (uint32_t)(ip - start - 1) : 0;
}

LineEntry frame_position(const Frame *frame) { return code_position(frame->code->unit, frame_offset(frame)); }

static uint32_t line_at(const Code *code, uint32_t offset)
{
    uint32_t line = code_position(code->unit, offset).line;
    return line ? line : code->unit->first_line;
}

uint32_t frame_line(const Frame *frame) { return line_at(frame->code, frame_offset(frame)); }

/* ---- the object ---- */

FrameObject *frame_object(Thread *t, Frame *frame)
{
    if (!frame->object) {
        FrameObject *object = (FrameObject *)type_alloc(t, kind_type(t, KIND_FRAME));
        if (!object) return NULL;
        object->frame = frame;
        object->function = frame->function;
        object->code = frame->code;
        object->mapping = retain(frame->mapping);
        object->trace_lines = true;
        object_retain(object->function);
        object_retain(object->code);
        if (frame->flags & FRAME_IS_GENERATOR) object->generator = generator_of_frame(frame);
        frame->object = object;          /* the frame's own reference */
        frame->flags |= FRAME_HAS_OBJECT;
    }
    object_retain(frame->object);
    return frame->object;
}

void frame_leave(Thread *t, Frame *frame)
{
    FrameObject *object = frame->object;
    if (!object) return;
    frame->object = NULL;
    object->offset = frame_offset(frame);
    object->frame = NULL;
    object->generator = NULL;
    if (object->head.count > 1) {
        size_t count = frame->code->unit->slot_count;
        object->slots = memory_alloc(&t->interp->memory, (count ? count : 1) * sizeof(Value));
        /* When memory is out the object forgets its locals: leaving a frame cannot fail. */
        if (object->slots) {
            Value *locals = frame->locals;
            for (size_t i = 0; i < count; i++) object->slots[i] = retain(locals[i]);
        }
        Frame *caller = frame->flags & FRAME_IS_GENERATOR ? NULL : frame_in_use(frame->caller);
        if (caller) {
            Value pending = t->raised;
            t->raised = UNBOUND;
            FrameObject *back = frame_object(t, caller);
            if (back) object->back = object_value(back);
            else raised_clear(t);
            t->raised = pending;
        }
    }
    object_release(object);
}

void frame_drop_locals(Thread *t, Frame *frame, Value *slot)
{
    frame->flags |= FRAME_IS_LEFT;
    /* A finaliser may look at the frame that it runs in front of: it must not find there what is gone. */
    for (Value *gone = frame->locals; gone < slot; gone++) *gone = UNBOUND;
    Object *object = as_object(*slot);
    *slot = UNBOUND;
    object_free(object);
    while (++slot < (Value *)frame) clear(slot);
    if (frame->object) frame_leave(t, frame);
}

static void frame_traverse(Object *self, VisitFn visit, void *context)
{
    FrameObject *object = (FrameObject *)self;
    if (object->function) visit((Object *)object->function, context);
    if (object->code) visit((Object *)object->code, context);
    if (is_object(object->back)) visit(as_object(object->back), context);
    if (is_object(object->mapping)) visit(as_object(object->mapping), context);
    if (is_object(object->extra_locals)) visit(as_object(object->extra_locals), context);
    if (is_object(object->trace)) visit(as_object(object->trace), context);
    if (object->slots)
        for (size_t i = 0; i < object->code->unit->slot_count; i++)
            if (is_object(object->slots[i])) visit(as_object(object->slots[i]), context);
}

static void frame_clear(Object *self)
{
    FrameObject *object = (FrameObject *)self;
    if (object->slots)
        for (size_t i = 0; i < object->code->unit->slot_count; i++) clear(&object->slots[i]);
    clear(&object->extra_locals);
    clear(&object->trace);
}

static void frame_free(Object *self)
{
    FrameObject *object = (FrameObject *)self;
    frame_clear(self);
    if (object->slots) {
        size_t count = object->code->unit->slot_count;
        memory_free(&thread_current()->interp->memory, object->slots, (count ? count : 1) * sizeof(Value));
    }
    clear(&object->back);
    clear(&object->mapping);
    if (object->function) object_release(object->function);
    if (object->code) object_release(object->code);
}

static Value frame_get_code(Thread *t, Value self) { return retain(object_value(((FrameObject *)as_object(self))->code)); }
static Value frame_get_globals(Thread *t, Value self)
{
    return retain(object_value(((FrameObject *)as_object(self))->function->globals));
}
static Value frame_get_builtins(Thread *t, Value self) { return retain(((FrameObject *)as_object(self))->function->builtins); }
static Value frame_get_line(Thread *t, Value self)
{
    FrameObject *object = (FrameObject *)as_object(self);
    uint32_t offset = object->frame ? frame_offset(object->frame) : object->offset;
    /* A module or an exec begins in front of its first line. */
    bool is_before = offset == 0 && !(object->code->unit->flags & CODE_OPTIMIZED) && code_position(object->code->unit, 0).line == 0;
    return small_int_value(is_before ? 0 : line_at(object->code, offset));
}
static Value frame_get_lasti(Thread *t, Value self)
{
    FrameObject *object = (FrameObject *)as_object(self);
    return code_byte_offset(object->frame ? frame_offset(object->frame) : object->offset);
}
static Value frame_get_back(Thread *t, Value self)
{
    FrameObject *object = (FrameObject *)as_object(self);
    if (!object->frame) return is_bound(object->back) ? retain(object->back) : NONE;
    Frame *caller = frame_in_use(object->frame->caller);
    if (!caller) return NONE;
    FrameObject *back = frame_object(t, caller);
    return back ? object_value(back) : FAILED;
}
static Value frame_get_locals(Thread *t, Value self)
{
    FrameObject *object = (FrameObject *)as_object(self);
    if (is_unbound(object->mapping)) return frame_locals_proxy(t, object);
    return frame_mapping(t, object->code, object->frame ? object->frame->locals : object->slots, object->mapping);
}
static bool frame_set_line(Thread *t, Value self, Value value)
{
    int64_t line;
    if (is_unbound(value)) return raise_false(t, EXC_AttributeError, "cannot delete attribute");
    if (!is_exact_int(value)) return raise_false(t, EXC_ValueError, "lineno must be an integer");
    if (!int_fits_int64(value, &line) || line != (int)line) return raise_false(t, EXC_ValueError, "lineno out of range");
    return frame_jump(t, (FrameObject *)as_object(self), line);
}
static Value frame_get_trace_opcodes(Thread *t, Value self) { return bool_value(((FrameObject *)as_object(self))->trace_opcodes); }
static bool frame_set_trace_opcodes(Thread *t, Value self, Value value)
{
    if (!is_bool(value)) return raise_false(t, EXC_TypeError, "attribute value type must be bool");
    ((FrameObject *)as_object(self))->trace_opcodes = is_true(value);
    Tracing *tracing = &t->interp->run->tracing;
    if (is_true(value) && !tracing->traces_opcodes) {
        tracing->traces_opcodes = true;
        trace_changed(t->interp);
    }
    return true;
}
static Value frame_get_trace(Thread *t, Value self)
{
    FrameObject *object = (FrameObject *)as_object(self);
    return is_bound(object->trace) ? retain(object->trace) : NONE;
}
static bool frame_set_trace(Thread *t, Value self, Value value)
{
    FrameObject *object = (FrameObject *)as_object(self);
    if (is_none(value)) value = UNBOUND;
    replace(&object->trace, retain(value));
    return true;
}
static Value frame_repr(Thread *t, Value self)
{
    FrameObject *object = (FrameObject *)as_object(self);
    Value line = frame_get_line(t, self);
    return object_value(str_format(t, "<frame at %p, file '%U', line %d, code %U>", (void *)object, object->code->filename,
                                   (int)small_int(line), object->code->name));
}
static Value frame_clear_method(Thread *t, Value self, const Value *args)
{
    FrameObject *object = (FrameObject *)as_object(self);
    if (object->frame && object->generator && object->generator->state != GENERATOR_RUNNING) {
        if (object->generator->state == GENERATOR_SUSPENDED)
            return raise_error(t, EXC_RuntimeError, "cannot clear a suspended frame");
        Value generator = object_value(object->generator);
        if (value_type(t, generator)->slots.finalize) value_type(t, generator)->slots.finalize(t, generator);
        generator_finish(t, object->generator);
        return NONE;
    }
    if (object->frame) return raise_error(t, EXC_RuntimeError, "cannot clear an executing frame");
    frame_clear(as_object(self));
    return NONE;
}

static const NativeDef frame_methods[] = {
    NATIVE("clear", frame_clear_method, "($self, /)", 0, "Clear all references held by the frame."),
    NATIVE_END,
};
static const GetSetDef frame_getsets[] = {
    {"f_back", frame_get_back, NULL, NULL},
    {"f_builtins", frame_get_builtins, NULL, NULL},
    {"f_code", frame_get_code, NULL, NULL},
    {"f_globals", frame_get_globals, NULL, NULL},
    {"f_lasti", frame_get_lasti, NULL, NULL},
    {"f_lineno", frame_get_line, frame_set_line, NULL},
    {"f_locals", frame_get_locals, NULL, NULL},
    {"f_trace", frame_get_trace, frame_set_trace, NULL},
    {"f_trace_opcodes", frame_get_trace_opcodes, frame_set_trace_opcodes, NULL},
    {NULL, NULL, NULL, NULL},
};
static const MemberDef frame_members[] = {
    {"f_trace_lines", MEMBER_BOOL, offsetof(FrameObject, trace_lines), false, NULL},
    {NULL, MEMBER_BOOL, 0, false, NULL},
};
const TypeSpec frame_spec = {
    .size = sizeof(FrameObject),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW,
    .slots = {.repr = frame_repr},
    .methods = frame_methods,
    .getsets = frame_getsets,
    .members = frame_members,
    .traverse = frame_traverse,
    .clear = frame_clear,
    .free = frame_free,
};

/* ---- traceback ---- */

bool traceback_add(Thread *t, Frame *frame, uint32_t offset)
{
    Value raised = t->raised;
    Exception *exception = (Exception *)as_object(raised);
    t->raised = UNBOUND;
    FrameObject *object = frame_object(t, frame);
    Traceback *entry = object ? (Traceback *)type_alloc(t, kind_type(t, KIND_TRACEBACK)) : NULL;
    if (!entry) {
        if (object) object_release(object);
        release(raised);   /* the MemoryError goes on in its place */
        return false;
    }
    t->raised = raised;
    entry->frame = object;
    entry->offset = offset;
    entry->lasti = (int64_t)offset * (int64_t)sizeof(Word);
    entry->line = line_at(frame->code, offset);
    entry->next = is_object(exception->traceback) ? (Traceback *)as_object(exception->traceback) : NULL;
    exception->traceback = object_value(entry);
    return true;
}

static void traceback_traverse(Object *self, VisitFn visit, void *context)
{
    Traceback *entry = (Traceback *)self;
    if (entry->next) visit((Object *)entry->next, context);
    if (entry->frame) visit((Object *)entry->frame, context);
}

static void traceback_clear(Object *self)
{
    Traceback *entry = (Traceback *)self;
    Traceback *next = entry->next;
    FrameObject *frame = entry->frame;
    entry->next = NULL;
    entry->frame = NULL;
    if (next) object_release(next);
    if (frame) object_release(frame);
}

static Value traceback_get_frame(Thread *t, Value self)
{
    Traceback *entry = (Traceback *)as_object(self);
    return entry->frame ? retain(object_value(entry->frame)) : NONE;
}
static Value traceback_get_line(Thread *t, Value self) { return small_int_value(((Traceback *)as_object(self))->line); }
static Value traceback_get_lasti(Thread *t, Value self) { return small_int_value(((Traceback *)as_object(self))->lasti); }
static Value traceback_get_next(Thread *t, Value self)
{
    Traceback *next = ((Traceback *)as_object(self))->next;
    return next ? retain(object_value(next)) : NONE;
}
static bool traceback_set_next(Thread *t, Value self, Value value)
{
    Traceback *entry = (Traceback *)as_object(self);
    if (!is_none(value) && !is_kind(value, KIND_TRACEBACK)) {
        if (is_unbound(value)) return raise_false(t, EXC_TypeError, "can't delete tb_next attribute");
        return raise_false(t, EXC_TypeError, "expected traceback object, got '%T'", value);
    }
    for (Traceback *step = is_none(value) ? NULL : (Traceback *)as_object(value); step; step = step->next)
        if (step == entry) return raise_false(t, EXC_ValueError, "traceback loop detected");
    Traceback *old = entry->next;
    entry->next = is_none(value) ? NULL : (Traceback *)as_object(retain(value));
    if (old) object_release(old);
    return true;
}
static Value traceback_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameter_names[] = {"tb_next", "tb_frame", "tb_lasti", "tb_lineno", NULL};
    static const Parameters parameters = {"traceback", parameter_names, 0, 4, 4};
    Value slots[4] = {UNBOUND, UNBOUND, UNBOUND, UNBOUND};
    int lasti = 0, line = 0;
    if (!arguments_sort(t, &parameters, args, count, names, slots)) return FAILED;
    if (!is_kind(slots[1], KIND_FRAME)) return raise_type_error(t, "traceback() argument 'tb_frame' must be frame, not %N", slots[1]);
    if (!arg_int(t, slots[2], &lasti) || !arg_int(t, slots[3], &line)) return FAILED;
    if (!is_none(slots[0]) && !is_kind(slots[0], KIND_TRACEBACK)) return raise_type_error(t, "expected traceback object or None, got '%T'", slots[0]);
    Traceback *entry = (Traceback *)type_alloc(t, type);
    if (!entry) return FAILED;
    entry->next = is_none(slots[0]) ? NULL : (Traceback *)as_object(retain(slots[0]));
    entry->frame = (FrameObject *)as_object(retain(slots[1]));
    entry->lasti = lasti;
    entry->offset = (uint32_t)lasti / (uint32_t)sizeof(Word);
    entry->line = (uint32_t)line;
    return object_value(entry);
}

static const GetSetDef traceback_getsets[] = {
    {"tb_frame", traceback_get_frame, NULL, NULL},
    {"tb_lasti", traceback_get_lasti, NULL, NULL},
    {"tb_lineno", traceback_get_line, NULL, NULL},
    {"tb_next", traceback_get_next, traceback_set_next, NULL},
    {NULL, NULL, NULL, NULL},
};
static Value traceback_dir(Thread *t, Value self, const Value *args)
{
    List *names = list_new(t, 0);
    for (const GetSetDef *row = traceback_getsets; names && row->name; row++) {
        if (list_append_take(t, names, object_value(str_from_text(t, row->name)))) continue;
        object_release(names);
        names = NULL;
    }
    return object_value(names);
}

static const NativeDef traceback_methods[] = {
    NATIVE("__dir__", traceback_dir, "($self, /)", 0, "The names of its own attributes."),
    NATIVE_END,
};

const TypeSpec traceback_spec = {
    .doc = "One line of a traceback: a frame, the place in it, and the next line.",
    .signature = "(tb_next, tb_frame, tb_lasti, tb_lineno)",
    .size = sizeof(Traceback),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER,
    .slots = {.new_instance = traceback_make},
    .methods = traceback_methods,
    .getsets = traceback_getsets,
    .traverse = traceback_traverse,
    .clear = traceback_clear,
    .free = traceback_clear,
};
