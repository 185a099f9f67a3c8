/* running.c - what the floor of objects asks about the code that runs: super() without arguments, the module of a new class.
 *
 * What        The two hooks of Interp that need a frame; interp_new plugs them in.
 * How         super() means super(__class__, first argument): the class lies in the free variable __class__ of the running function.
 * GIL         held.
 * Read next   vm/object/super.c, vm/object/type_new.c */
#include "vm/run/running.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/str.h"
#include "vm/run/frame.h"

static Value cell_content(Value v) { return is_kind(v, KIND_CELL) ? ((Cell *)as_object(v))->content : UNBOUND; }

bool running_super(Thread *t, Value *type, Value *object)
{
    Frame *frame = frame_in_use(t->frame);
    if (!frame) return raise_false(t, EXC_RuntimeError, "super(): no current frame");
    const CodeUnit *unit = frame->code->unit;
    if (unit->argument_count == 0) return raise_false(t, EXC_RuntimeError, "super(): no arguments");
    const Value *slots = frame->locals;
    Value first = unit->slot_kinds[0] & SLOT_CELL ? cell_content(slots[0]) : slots[0];
    if (is_unbound(first)) return raise_false(t, EXC_RuntimeError, "super(): arg[0] deleted");
    for (uint32_t i = unit->slot_count - unit->free_count; i < unit->slot_count; i++) {
        if (frame->code->slot_names[i] != NAME_OF(t, __class__)) continue;
        Value cls = cell_content(slots[i]);
        if (is_unbound(cls)) return raise_false(t, EXC_RuntimeError, "super(): empty __class__ cell");
        *type = retain(cls);
        *object = retain(first);
        return true;
    }
    return raise_false(t, EXC_RuntimeError, "super(): __class__ cell not found");
}

Value running_module(Thread *t)
{
    return t->frame ? dict_get_str(t->frame->function->globals, NAME_OF(t, __name__)) : UNBOUND;
}
