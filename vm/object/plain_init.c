/* plain_init.c - see plain_init.h.
 *
 * What        plain_init_scan, which reads code; plain_init_resolve, which asks the class.
 * How         Scanning runs the few instructions that such code is made of with the places where values come from instead of values: loads
 *             push them, SWAP and COPY move them, STORE_ATTR on self takes one. Anything else: not plain.
 * Invariants  as plain_init.h.
 * GIL         held.
 * Read next   attribute_cache.c (the same questions for one store), vm/run/specialize.c (who scans) */
#include "vm/object/plain_init.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/descriptor.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"

enum {
    DEPTH_MAX = 16,
    RESOLVED_MAX = 64,              /* states of one class after which it is run instead */
};

/* ---- the code ---- */

/* Sources on the stack: locals as 0 self, 1 .. arguments; constants as -1 - n. */
typedef struct Scan {
    int32_t stack[DEPTH_MAX];
    uint32_t depth;
    PlainStore *stores;
    uint32_t count;
} Scan;

static bool scan_push(Scan *scan, int32_t source)
{
    if (scan->depth == DEPTH_MAX) return false;
    scan->stack[scan->depth++] = source;
    return true;
}

static bool scan_store(Scan *scan, uint32_t name)
{
    if (scan->depth < 2 || scan->count == PLAIN_STORES_MAX || scan->stack[scan->depth - 1] != 0) return false;
    int32_t source = scan->stack[scan->depth - 2];
    scan->depth -= 2;
    if (source == 0) return false;      /* self.me = self */
    scan->stores[scan->count++] = (PlainStore){.source = source > 0 ? source - 1 : source, .where = name};
    return true;
}

/* One instruction. False: it is not of those; *is_over: the last one. */
static bool scan_step(Scan *scan, const Code *code, Opcode opcode, uint32_t operand, bool *is_over)
{
    switch (opcode) {
    case OP_RESUME:
    case OP_NOP: return true;
    case OP_LOAD_FAST: return operand < code->exact_count && scan_push(scan, (int32_t)operand);
    case OP_LOAD_CONST: return scan_push(scan, -1 - (int32_t)operand);
    case OP_COPY: return operand <= scan->depth && scan_push(scan, scan->stack[scan->depth - operand]);
    case OP_SWAP: {
        if (operand < 2 || operand > scan->depth) return false;
        int32_t *top = &scan->stack[scan->depth - 1], *other = &scan->stack[scan->depth - operand], source = *top;
        *top = *other;
        *other = source;
        return true;
    }
    case OP_STORE_ATTR: return scan_store(scan, operand);
    case OP_RETURN_CONST:
        *is_over = true;
        return scan->depth == 0 && is_none(code->constants[operand]);
    default: return false;
    }
}

bool plain_init_scan(const Code *code, PlainStore stores[PLAIN_STORES_MAX], uint32_t *count)
{
    const CodeUnit *unit = code->unit;
    Scan scan = {.stores = stores};
    bool is_over = false;
    if (code->exact_count == CODE_BINDS || code->exact_count == 0 || unit->word_count > 8 * PLAIN_STORES_MAX) return false;
    for (uint32_t i = 0; i < unit->word_count && !is_over; i += 1 + opcode_info(WORD_OPCODE(unit->words[i]))->caches)
        if (!scan_step(&scan, code, (Opcode)WORD_OPCODE(unit->words[i]), WORD_OPERAND(unit->words[i]), &is_over)) return false;
    *count = scan.count;
    return is_over && scan.count > 0;
}

/* ---- the class ---- */

/* Where an instance keeps the attribute [name] that it gets next; false: not in itself, or somebody has to be asked. */
static bool place_of(Thread *t, Type *type, Str *name, Shape **shape, uint32_t *where)
{
    Value of_class = type_lookup(t, type, name);
    if (is_bound(of_class) && is_data_descriptor(t, of_class)) {
        if (!is_kind(of_class, KIND_MEMBER)) return false;
        *where = member_offset_to_write(type, of_class);
        return *where != 0;
    }
    if (!*shape || shape_find(*shape, name) != SHAPE_NOT_FOUND || (*shape)->count >= (*shape)->inline_count) return false;
    *where = type->attributes_offset + (uint32_t)(offsetof(Attributes, slots) + (*shape)->count * sizeof(Value));
    *shape = shape_add(t, *shape, name);
    return *shape != NULL;
}

static bool resolve_stores(Thread *t, Type *type, PlainInit *plain)
{
    bool is_plain_type = type->slots.set_attribute == generic_set_attribute && (type->attributes_offset || !type_is(type, TYPE_HAS_ATTRIBUTES));
    if (!is_plain_type || !plain_init_scan(plain->code, plain->stores, &plain->count)) return false;
    uint32_t used = 0;        /* arguments, a bit each */
    plain->moves = true;
    for (uint32_t i = 0; i < plain->count; i++) {
        PlainStore *store = &plain->stores[i];
        if (!place_of(t, type, plain->code->names[store->where], &plain->shape, &store->where)) return false;
        for (uint32_t k = 0; k < i; k++)
            if (plain->stores[k].where == store->where) return false;
        uint32_t bit = store->source >= 0 && store->source < 32 ? (uint32_t)1 << store->source : 0;
        if (store->source >= 0 && (!bit || used & bit)) plain->moves = false;
        used |= bit;
    }
    uint32_t arguments = plain->code->exact_count - 1;
    if (arguments >= 32 || used != ((uint32_t)1 << arguments) - 1) plain->moves = false;
    return true;
}

const PlainInit *plain_init_resolve(Thread *t, Type *type)
{
    PlainInit *plain = type->plain_init;
    if (plain && plain->times_made == RESOLVED_MAX) return NULL;
    uint32_t version = type_version(t, type);
    if (!version) return NULL;
    if (!plain) {
        plain = block_alloc(t, sizeof *plain);
        if (!plain) {
            raised_clear(t);
            return NULL;
        }
        plain->code = NULL;
        plain->times_made = 0;
        type->plain_init = plain;
    }
    Code *old = plain->code;
    plain->code = type->init_function->code;
    object_retain(plain->code);
    if (old) object_release(old);
    plain->version = version;
    plain->root = type->root_shape;
    plain->shape = type->attributes_offset ? type->root_shape : NULL;
    plain->times_made++;
    if (!resolve_stores(t, type, plain)) plain->count = 0;
    if (is_raised(t)) raised_clear(t);      /* no memory for a shape */
    return plain->count ? plain : NULL;
}

void plain_init_free(Thread *t, Type *type)
{
    if (!type->plain_init) return;
    object_release(type->plain_init->code);
    block_free(t, type->plain_init, sizeof *type->plain_init);
}
