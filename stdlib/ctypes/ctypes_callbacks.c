/* ctypes_callbacks.c - functions of the language that C can call: CFUNCTYPE(...)(function).
 *
 * What        Thunk: a piece of code at an address, made by libffi, and the function behind it.
 * How         C calls the address; libffi gathers the arguments and calls thunk_enter, which takes the lock, makes values of them, calls the
 *             function and puts down its result. What the function raises has nowhere to go: it is reported.
 *             Each thunk has a page of its own: written once, then made executable. libffi's allocator would share pages between thunks, and with
 *             forked children, and keep them writable.
 * Invariants  I1 the address is good as long as the Thunk lives; the CFuncPtr that it was made for keeps it, and so does whoever that is stored in.
 * GIL         taken by thunk_enter, whoever's thread calls; given back as it was found.
 * Read next   ctypes_functions.c, vm/toy.h: toy_thread_attach */
#include <errno.h>
#include <sys/mman.h>

#include "stdlib/ctypes/ctypes.h"

typedef struct Thunk {
    ToyObject head;
    ffi_closure *closure;      /* at the start of a page that is its own; NULL: none yet */
    ffi_cif interface;
    ffi_type **types;
    size_t count;
    ToyInterp *interp;
    ToyValue callable, classes, restype;   /* classes: a tuple, or UNBOUND */
} Thunk;

/* ---- a call from C ---- */

static ToyValue read_argument(ToyThread *t, CClass *class, const void *at)
{
    if (class->family == FAMILY_SIMPLE && ctypes_is_direct(class)) return ctypes_scalar_read(t, class, at);
    if (class->family == FAMILY_ARRAY) return ctypes_object_at(t, class, *(uint8_t *const *)at, TOY_UNBOUND, 0);   /* C passes its address */
    ToyValue v = ctypes_object_new(t, class);
    if (!toy_failed(v)) memcpy(as_cobject(v)->data, at, class->size);
    return v;
}

/* libffi wants integers that are smaller than a word as a whole word. */
static bool write_result(ToyThread *t, const CClass *class, ToyValue v, void *place)
{
    ToyValue keeps = TOY_UNBOUND;
    Scalar scalar = {.bits = 0};
    bool done = class->kind->write(t, class->kind, v, &scalar, &keeps);
    if (done && class->size < sizeof(ffi_arg) && class->kind->letter != 'f') {
        bool is_signed = strchr("bhi", class->kind->letter) != NULL;
        unsigned unused = 64 - 8 * (unsigned)class->size;
        scalar.bits = is_signed ? (uint64_t)((int64_t)(scalar.bits << unused) >> unused) : scalar.bits << unused >> unused;
        memcpy(place, &scalar, sizeof(ffi_arg));
    } else if (done) {
        memcpy(place, &scalar, class->size);
    }
    /* C has the address, and nobody tells when it is done with it: what it leads to is never freed. */
    bool is_text = toy_is_bound(keeps) && strchr("zZ", class->kind->letter);
    if (is_text) done = toy_warn(t, TOY_RuntimeWarning, 1, "memory leak in callback function.");
    else if (class->kind->letter != 'O') toy_release(keeps);
    return done;
}

/* "...callback function <function f at 0x...>" */
static void report(ToyThread *t, const Thunk *thunk, const char *doing)
{
    ToyValue raised = toy_raised_take(t);
    ToyValue message = toy_str_format(t, "Exception ignored on %s ctypes callback function %R", doing, thunk->callable);
    const char *text = toy_failed(message) ? NULL : toy_str_utf8(t, message, NULL);
    if (!text) toy_raised_clear(t);
    toy_raise_instance(t, raised);
    toy_report_unraisable(t, TOY_UNBOUND, text);
    toy_release(message);
}

static void thunk_run(ToyThread *t, const Thunk *thunk, void *result, void **arguments)
{
    ToyValue few[8], *values = thunk->count <= 8 ? few : toy_alloc(t, thunk->count * sizeof *values);
    size_t made = 0;
    ToyValue answer = TOY_FAILED;
    while (values && made < thunk->count) {
        values[made] = read_argument(t, as_cclass(toy_tuple_item(thunk->classes, made)), arguments[made]);
        if (toy_failed(values[made])) break;
        made++;
    }
    if (values && made == thunk->count) answer = toy_call(t, thunk->callable, values, made);
    while (made > 0) toy_release(values[--made]);
    if (values && values != few) toy_free(t, values, thunk->count * sizeof *values);
    if (toy_failed(answer)) {
        report(t, thunk, "calling");
        return;
    }
    if (!toy_is_none(thunk->restype) && !write_result(t, as_cclass(thunk->restype), answer, result))
        report(t, thunk, "converting result of");
    toy_release(answer);
}

static void thunk_enter(ffi_cif *interface, void *result, void **arguments, void *user)
{
    Thunk *thunk = user;
    int was;
    if (interface->rtype != &ffi_type_void) memset(result, 0, interface->rtype->size < sizeof(ffi_arg) ? sizeof(ffi_arg) : interface->rtype->size);
    ToyThread *t = toy_thread_attach(thunk->interp, &was);
    if (!t) return;
    ToyValue self = toy_retain(toy_value(thunk));   /* the call may drop the last reference */
    thunk_run(t, thunk, result, arguments);
    toy_release(self);
    toy_thread_leave(t, was);
}

/* ---- making one ---- */

static ffi_type *argument_type(ToyThread *t, const CtypesState *state, ToyValue v)
{
    const CClass *class = ctypes_is_class(t, state, v) ? as_cclass(v) : NULL;
    if (class && class->family == FAMILY_SIMPLE) return class->kind->type;
    if (class && (class->family == FAMILY_POINTER || class->family == FAMILY_FUNCTION || class->family == FAMILY_ARRAY)) return &ffi_type_pointer;
    return toy_raise_null(t, TOY_TypeError, "invalid argument type for callback function");
}

static bool prepare(ToyThread *t, const CtypesState *state, Thunk *thunk, void **code)
{
    ffi_type *result = &ffi_type_void;
    if (!toy_is_none(thunk->restype)) {
        bool is_simple = ctypes_is_class(t, state, thunk->restype) && as_cclass(thunk->restype)->family == FAMILY_SIMPLE;
        if (!is_simple) return toy_raise_false(t, TOY_TypeError, "invalid result type for callback function");
        result = as_cclass(thunk->restype)->kind->type;
    }
    for (size_t i = 0; i < thunk->count; i++)
        if (!(thunk->types[i] = argument_type(t, state, toy_tuple_item(thunk->classes, i)))) return false;
    if (ffi_prep_cif(&thunk->interface, FFI_DEFAULT_ABI, (unsigned)thunk->count, result, thunk->types) != FFI_OK)
        return toy_raise_false(t, TOY_RuntimeError, "ffi_prep_cif failed");
    void *page = mmap(NULL, sizeof *thunk->closure, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return toy_raise_memory_error(t), false;
    *code = thunk->closure = page;
    if (ffi_prep_closure_loc(page, &thunk->interface, thunk_enter, thunk, page) != FFI_OK)
        return toy_raise_false(t, TOY_RuntimeError, "ffi_prep_closure failed");
    if (mprotect(page, sizeof *thunk->closure, PROT_READ | PROT_EXEC) == 0) return true;
    toy_raise_os_error(t, errno, TOY_UNBOUND);
    return false;
}

ToyValue ctypes_thunk_new(ToyThread *t, CtypesState *state, ToyValue callable, ToyValue classes, ToyValue restype, void **code)
{
    Thunk *thunk = (Thunk *)toy_type_alloc(t, state->thunk_type);
    if (!thunk) return TOY_FAILED;
    thunk->interp = toy_interp(t);
    thunk->callable = toy_retain(callable);
    thunk->classes = toy_retain(classes);
    thunk->restype = toy_retain(restype);
    size_t count = toy_is_bound(classes) ? toy_tuple_length(classes) : 0;
    if (count) thunk->types = toy_alloc(t, count * sizeof *thunk->types);
    if (!count || thunk->types) {
        thunk->count = count;
        if (prepare(t, state, thunk, code)) return toy_value(thunk);
    }
    toy_release(toy_value(thunk));
    return TOY_FAILED;
}

static void thunk_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Thunk *thunk = (Thunk *)self;
    toy_visit(thunk->callable, visit, context);
    toy_visit(thunk->classes, visit, context);
    toy_visit(thunk->restype, visit, context);
}
static void thunk_free(ToyObject *self)
{
    Thunk *thunk = (Thunk *)self;
    toy_clear(&thunk->callable);
    toy_clear(&thunk->classes);
    toy_clear(&thunk->restype);
    if (thunk->types) toy_free(toy_thread(), thunk->types, thunk->count * sizeof *thunk->types);
    if (thunk->closure) munmap(thunk->closure, sizeof *thunk->closure);
    thunk->types = NULL;
    thunk->closure = NULL;
}

const ToyTypeSpec ctypes_thunk_spec = {
    .doc = "The code behind a callback.",
    .size = sizeof(Thunk),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW | TOY_TYPE_IS_CONTAINER,
    .traverse = thunk_traverse,
    .free = thunk_free,
};
