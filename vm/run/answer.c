/* answer.c - see answer.h.
 *
 * What        answer_scan, answer_of.
 * How         The code is RESUME and then one of LOAD_FAST, RETURN_VALUE; RETURN_CONST; LOAD_FAST, LOAD_ATTR, RETURN_VALUE. Which one it is says the
 *             first word of the hot copy. The LOAD_ATTR there remembers what the calls that had a frame have met.
 * Invariants  I1, I2 of the header.
 * GIL         held.
 * Read next   specialize.c (what is noted), eval_hot_attributes.h (LOAD_FAST_ATTR) */
#include "vm/run/answer.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/attribute_cache.h"
#include "vm/object/instance.h"

enum { UNANSWERED_MAX = 100 };

bool answer_scan(const Code *code)
{
    const Word *words = code->unit->words;
    if (code->exact_count == CODE_BINDS || WORD_OPCODE(words[0]) != OP_RESUME) return false;
    if (WORD_OPCODE(words[1]) == OP_RETURN_CONST) return true;
    if (WORD_OPCODE(words[1]) != OP_LOAD_FAST || WORD_OPERAND(words[1]) >= code->exact_count) return false;
    if (WORD_OPCODE(words[2]) == OP_RETURN_VALUE) return true;
    return WORD_OPCODE(words[2]) == OP_LOAD_ATTR && WORD_OPCODE(words[3 + CACHES_LOAD_ATTR]) == OP_RETURN_VALUE;
}

/* The attribute of [holder] that the LOAD_ATTR at [noted] means; UNBOUND: it has to be asked for. */
static BORROWED Value attribute_noted(Thread *t, const Code *code, Value holder, const Word *noted)
{
    if (UNLIKELY(!is_object(holder))) return UNBOUND;
    Opcode form = (Opcode)WORD_OPCODE(noted[0]);
    Object *object = as_object(holder);
    if (form == OP_LOAD_ATTR_SLOT || form == OP_LOAD_ATTR_MEMBER) {
        const Type *type = object->type;
        if (UNLIKELY(type->version != noted[1])) return UNBOUND;
        const Value *place = (Value *)((char *)object + noted[3]);
        if (form == OP_LOAD_ATTR_MEMBER) return *place;
        const Shape *shape = ((Attributes *)((char *)object + type->attributes_offset))->shape;
        return LIKELY(shape && shape->id == noted[2]) ? *place : UNBOUND;
    }
    return form == OP_LOAD_ATTR_ANY || form == OP_LOAD_ATTR_CLASS ? attribute_cached_value(t, holder, code->names[WORD_OPERAND(noted[0])]) : UNBOUND;
}

Value answer_of(Thread *t, Code *code, const Value *args)
{
    if (UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0 || t->depth >= t->depth_limit)) return UNBOUND;
    const Word *word = code->hot_start;
    uint32_t operand = WORD_OPERAND(word[0]);
    switch (WORD_OPCODE(word[0])) {
    case OP_RETURN_FAST: return retain(args[operand]);
    case OP_RETURN_CONST: return retain(code->constants[operand]);
    case OP_LOAD_FAST_ATTR: {
        Value v = attribute_noted(t, code, args[operand], word + 1);
        if (LIKELY(is_bound(v))) return retain(v);
        if (++code->unanswered < UNANSWERED_MAX) return UNBOUND;
        code->only_answers = false;
        code->warm_count = code->exact_count;
        return UNBOUND;
    }
    default: return UNBOUND;
    }
}
