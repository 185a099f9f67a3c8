/* native.h - native functions: C code that scripts can call, declared in tables.
 *
 * What        NativeDef, one row per function: name, code, signature in Python's notation, flags, docstring. NativeFunction, the object.
 * How         The signature is parsed the first time it is needed; argument checking with CPython's wording, keyword
 *             arguments, help() and inspect.signature all come from it. A function gets exactly one Value per parameter of its
 *             signature, in that order, UNBOUND where nothing was given: defaults in the text are documentation. *args comes
 *             as a tuple, **kwargs as a dict or UNBOUND. When all parameters are positional and all are given, the
 *             function reads them where they lie on the caller's stack. NATIVE_RAW functions get the raw row instead.
 * Signatures  "(self, x, /, y, *, key=None)" as inspect would show it; `self` (or `module`, `cls`) in front marks methods as in
 *             "($self, x, /)"; parameters with a default are optional.
 * GIL         held on entry and exit. A function that never runs script code and is short is NATIVE_LEAF: the loop does not look at the breaker after it.
 * Read next   function.h, vm/toy.h */
#ifndef TOY_OBJECT_NATIVE_H
#define TOY_OBJECT_NATIVE_H

#include "vm/object/context.h"

typedef Value (*NativeFn)(Thread *t, Value self, const Value *args);
typedef Value (*NativeRawFn)(Thread *t, Value self, const Value *args, size_t count, Tuple *names);

enum NativeFlags {
    NATIVE_LEAF = 0x01,
    NATIVE_RAW = 0x02,       /* .raw instead of .function; the signature is documentation only */
    NATIVE_STATIC = 0x04,    /* of a type: no self */
    NATIVE_CLASS = 0x08,     /* of a type: self is the class */
};

typedef struct NativeDef {
    const char *name;        /* NULL ends a table */
    union { NativeFn function; NativeRawFn raw; };
    const char *signature;
    uint32_t flags;
    const char *doc;
} NativeDef;

/* Rows of a table read NATIVE("name", function, "(x, /)", flags, "doc") or NATIVE_RAW_ROW(...). */
#define NATIVE(name_, function_, signature_, flags_, doc_) {name_, {.function = function_}, signature_, flags_, doc_}
#define NATIVE_RAW_ROW(name_, raw_, signature_, flags_, doc_) {name_, {.raw = raw_}, signature_, (flags_) | NATIVE_RAW, doc_}
#define NATIVE_END {NULL, {.function = NULL}, NULL, 0, NULL}

enum {
    SIGNATURE_BINDS = UINT16_MAX,
    NATIVE_SPARE_WORDS = 4,    /* as many as a frame keeps above its operands: CODE_HOT_WORDS */
};

/* A parsed signature. Owned by whoever parsed it (NativeFunction, MethodDescriptor); names are interned. */
typedef struct Signature {
    uint16_t count;                        /* parameters without *args, **kwargs */
    uint16_t positional_only, positional;  /* the first so many; positional includes positional_only */
    uint16_t required;                     /* positional ones without a default */
    bool has_args, has_kwargs;             /* they take one slot each, after the others: *args, then **kwargs */
    uint16_t exact_count;                  /* positional arguments with which each parameter has one; SIGNATURE_BINDS: there are others, too */
    uint16_t in_place_least;               /* with so many at least, nothing but a few defaults is missing; SIGNATURE_BINDS: as above */
    uint64_t keyword_required;             /* bit i: keyword-only parameter i has no default */
    uint16_t capacity;                     /* of names, which stand behind this struct */
    Str **names;
} Signature;

typedef struct NativeFunction {
    Object head;
    const NativeDef *def;
    Value self;                            /* the module, the instance, the class; UNBOUND for static ones */
    Value module;                          /* __module__: a Str, None or UNBOUND */
    Signature *signature;                  /* NULL until parsed */
    Type *owner;                           /* the type it is a method of (for __qualname__), or NULL; BORROWED unless counted */
} NativeFunction;

MUST_CHECK Value native_function_new(Thread *t, const NativeDef *def, Value self, Value module);
/* A method bound to [self]; [signature] is borrowed from the descriptor in [owner], NULL: not parsed yet. */
MUST_CHECK Value native_method_new(Thread *t, const NativeDef *def, Type *owner, Signature *signature, Value self);
MUST_CHECK Value native_text_signature(Thread *t, const NativeDef *def, const char *receiver);   /* __text_signature__, or None */
/* Call a row directly; [signature_cache] is where its parsed form is kept. */
MUST_CHECK Value native_call(Thread *t, const NativeDef *def, Signature **signature_cache, Type *owner, Value self,
                             const Value *args, size_t count, Tuple *names);
/* The same for positional arguments on the loop's stack, above which NATIVE_SPARE_WORDS are free: without a call in between if there is one
 * for each parameter, or only a few defaults are missing, which the free words then say. (`q.get()`, `s.split()`: 25 instructions less.) */
ALWAYS_INLINE Value native_call_in_place(Thread *t, const NativeDef *def, Signature **signature_cache, Type *owner, Value self, Value *args, size_t count)
{
    const Signature *s = *signature_cache;
    if (LIKELY(s != NULL)) {
        if (LIKELY(s->exact_count == count)) return def->function(t, self, args);
        if (count >= s->in_place_least && count < s->exact_count) {
            memset(args + count, 0, NATIVE_SPARE_WORDS * sizeof(Value));      /* UNBOUND */
            return def->function(t, self, args);
        }
    } else if (def->flags & NATIVE_RAW) {
        return def->raw(t, self, args, count, NULL);
    }
    return native_call(t, def, signature_cache, owner, self, args, count, NULL);
}
MUST_CHECK Signature *signature_parse(Thread *t, const char *text);
void signature_free(Thread *t, TAKES Signature *signature);
/* Sort given arguments into [slots] (one per parameter, plus *args and **kwargs); owned references are only those two. */
MUST_CHECK bool signature_bind(Thread *t, const Signature *signature, const char *function_name,
                               const Value *args, size_t count, Tuple *names, Value *slots);

/* Adds each row to a module's or a type's dict. */
MUST_CHECK bool native_add_functions(Thread *t, Dict *dict, const NativeDef *table, Value self, Value module);

/* -- reading arguments; each raises CPython's TypeError or OverflowError and answers false. UNBOUND leaves *out as it is. -- */
MUST_CHECK bool arg_int64(Thread *t, Value v, int64_t *out);       /* __index__ honoured; OverflowError when too large */
MUST_CHECK bool arg_int(Thread *t, Value v, int *out);
MUST_CHECK bool arg_size(Thread *t, Value v, int64_t *out);        /* Py_ssize_t: clips to INT64 range only with IndexError wording */
MUST_CHECK bool arg_index_clipped(Thread *t, Value v, int64_t *out); /* slice indices: huge values clip */
MUST_CHECK bool arg_double(Thread *t, Value v, double *out);
MUST_CHECK bool arg_bool(Thread *t, Value v, bool *out);           /* truth */

#endif
