/* builtins.c - the functions every script sees without import.
 *
 * What        abs to round, and the start-up that fills the module.
 * How         A table of rows; types and exceptions are put in by name.
 * GIL         held.
 * Read next   builtins_iterate.c, builtins_code.c, build_class.c, print.c */
#include "vm/run/builtins.h"

#include <math.h>

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/bytes.h"
#include "vm/run/arith.h"
#include "vm/run/coroutine.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"

static Value builtin_abs(Thread *t, Value self, const Value *args) { return value_absolute(t, args[0]); }
static Value builtin_ascii(Thread *t, Value self, const Value *args) { return value_ascii(t, args[0]); }
static Value builtin_callable(Thread *t, Value self, const Value *args) { return bool_value(value_is_callable(t, args[0])); }
static Value builtin_divmod(Thread *t, Value self, const Value *args) { return value_divmod(t, args[0], args[1]); }
static Value builtin_repr(Thread *t, Value self, const Value *args) { return value_repr(t, args[0]); }
static Value builtin_id(Thread *t, Value self, const Value *args) { return int_from_uint64(t, args[0].bits); }

static Value in_base(Thread *t, Value v, int base, const char *prefix)
{
    enum { PREFIX_LENGTH = 2 };
    Value n = int_from_index(t, v);
    if (failed(n)) return FAILED;
    Value digits = int_to_str(t, n, base);
    release(n);
    if (failed(digits)) return FAILED;
    const Str *body = as_str(digits);
    bool is_negative = body->characters[0] == '-';
    Str *text = str_new(t, body->length + PREFIX_LENGTH, 0x7f);
    if (text) {
        char *to = text->characters;
        *to = '-';
        memcpy(to + is_negative, prefix, PREFIX_LENGTH);
        memcpy(to + is_negative + PREFIX_LENGTH, body->characters + is_negative, body->length - is_negative);
    }
    release(digits);
    return object_value(text);
}
static Value builtin_bin(Thread *t, Value self, const Value *args) { return in_base(t, args[0], 2, "0b"); }
static Value builtin_oct(Thread *t, Value self, const Value *args) { return in_base(t, args[0], 8, "0o"); }
static Value builtin_hex(Thread *t, Value self, const Value *args) { return in_base(t, args[0], 16, "0x"); }

static Value builtin_chr(Thread *t, Value self, const Value *args)
{
    Value n = int_from_index(t, args[0]);
    if (failed(n)) return FAILED;
    int64_t code;
    bool fits = int_fits_int64(n, &code) && code >= 0 && code <= 0x10ffff;
    release(n);
    if (!fits) return raise_value_error(t, "chr() arg not in range(0x110000)");
    return object_value(str_from_char(t, (uint32_t)code));
}

static Value builtin_ord(Thread *t, Value self, const Value *args)
{
    Value v = args[0];
    size_t length;
    if (is_str(v)) {
        if (as_str(v)->length == 1) return small_int_value(str_char(as_str(v), 0));
        length = as_str(v)->length;
    } else if (is_bytes(v)) {
        if (as_bytes(v)->length == 1) return small_int_value(as_bytes(v)->data[0]);
        length = as_bytes(v)->length;
    } else if (has_payload(v, KIND_BYTEARRAY)) {
        ByteArray *array = (ByteArray *)as_object(v);
        if (array->length == 1) return small_int_value(array->data[0]);
        length = array->length;
    } else {
        return raise_type_error(t, "ord() expected string of length 1, but %T found", v);
    }
    return raise_type_error(t, "ord() expected a character, but string of length %zu found", length);
}

static bool check_name(Thread *t, Value name)
{
    return is_str(name) || raise_false(t, EXC_TypeError, "attribute name must be string, not '%T'", name);
}

/* Attribute look-up wants interned names. */
static Str *interned(Thread *t, Value name) { return str_intern(t, (Str *)as_object(retain(name))); }

static Value builtin_getattr(Thread *t, Value self, const Value *args)
{
    if (!check_name(t, args[1])) return FAILED;
    Str *name = interned(t, args[1]);
    if (!name) return FAILED;
    Value v = is_bound(args[2]) ? value_find_attribute(t, args[0], name) : value_get_attribute(t, args[0], name);
    object_release(name);
    if (is_unbound(v) && is_bound(args[2]) && !is_raised(t)) return retain(args[2]);
    return v;
}

static Value builtin_hasattr(Thread *t, Value self, const Value *args)
{
    if (!check_name(t, args[1])) return FAILED;
    Str *name = interned(t, args[1]);
    if (!name) return FAILED;
    Value v = value_find_attribute(t, args[0], name);
    object_release(name);
    if (is_unbound(v)) return is_raised(t) ? FAILED : FALSE;
    release(v);
    return TRUE;
}

static Value builtin_setattr(Thread *t, Value self, const Value *args)
{
    if (!check_name(t, args[1])) return FAILED;
    Str *name = interned(t, args[1]);
    bool done = name && value_set_attribute(t, args[0], name, args[2]);
    if (name) object_release(name);
    return done ? NONE : FAILED;
}

static Value builtin_delattr(Thread *t, Value self, const Value *args)
{
    if (!check_name(t, args[1])) return FAILED;
    Str *name = interned(t, args[1]);
    bool done = name && value_delete_attribute(t, args[0], name);
    if (name) object_release(name);
    return done ? NONE : FAILED;
}

static Value builtin_format(Thread *t, Value self, const Value *args)
{
    if (is_bound(args[1]) && !is_str(args[1])) return raise_type_error(t, "format() argument 2 must be str, not %N", args[1]);
    return value_format(t, args[0], args[1]);
}

static Value builtin_hash(Thread *t, Value self, const Value *args)
{
    int64_t hash;
    return value_hash(t, args[0], &hash) ? int_from_int64(t, hash) : FAILED;
}

static Value builtin_isinstance(Thread *t, Value self, const Value *args)
{
    bool answer;
    return value_is_instance(t, args[0], args[1], &answer) ? bool_value(answer) : FAILED;
}

static Value builtin_issubclass(Thread *t, Value self, const Value *args)
{
    bool answer;
    return value_is_subclass(t, args[0], args[1], &answer) ? bool_value(answer) : FAILED;
}

static Value builtin_iter(Thread *t, Value self, const Value *args)
{
    if (is_unbound(args[1])) return value_iterate(t, args[0]);
    if (!value_is_callable(t, args[0])) return raise_type_error(t, "iter(v, w): v must be callable");
    return callable_iterator_new(t, args[0], args[1]);
}

Value builtin_next(Thread *t, Value self, const Value *args)
{
    NextFn next = value_type(t, args[0])->slots.next;
    if (!next) return raise_type_error(t, "'%T' object is not an iterator", args[0]);
    Value v = next(t, args[0]);
    if (is_end(v)) return is_bound(args[1]) ? retain(args[1]) : raise_value(t, EXC_StopIteration, UNBOUND);
    if (failed(v) && is_bound(args[1]) && raised_is(t, EXC_StopIteration)) {
        raised_clear(t);
        return retain(args[1]);
    }
    return v;
}

static Value builtin_aiter(Thread *t, Value self, const Value *args)
{
    UnaryFn aiter = value_type(t, args[0])->slots.aiter;
    if (!aiter) return raise_type_error(t, "'%T' object is not an async iterable", args[0]);
    Value iterator = aiter(t, args[0]);
    if (!failed(iterator) && !value_type(t, iterator)->slots.anext) {
        raise_type_error(t, "%T.__aiter__() must return an async iterator, not %T", args[0], iterator);
        clear(&iterator);
    }
    return iterator;
}

static Value builtin_anext(Thread *t, Value self, const Value *args)
{
    UnaryFn anext = value_type(t, args[0])->slots.anext;
    if (!anext) return raise_type_error(t, "'%T' object is not an async iterator", args[0]);
    Value awaitable = anext(t, args[0]);
    if (failed(awaitable) || is_unbound(args[1])) return awaitable;
    Value v = anext_with_default(t, awaitable, args[1]);
    release(awaitable);
    return v;
}

Value builtin_len(Thread *t, Value self, const Value *args)
{
    Value v = args[0];
    if (is_kind(v, KIND_LIST)) return small_int_value((int64_t)as_list(v)->count);
    if (is_kind(v, KIND_STR)) return small_int_value((int64_t)as_str(v)->length);
    size_t length;
    return value_length(t, args[0], &length) ? int_from_int64(t, (int64_t)length) : FAILED;
}

static Value builtin_pow(Thread *t, Value self, const Value *args)
{
    return value_power(t, args[0], args[1], is_bound(args[2]) ? args[2] : NONE);
}

static Value builtin_round(Thread *t, Value self, const Value *args)
{
    if (is_word_float(args[0]) && is_unbound(args[1])) return int_from_double(t, nearbyint(word_float(args[0])));   /* ties to even */
    Value method = value_find_special(t, args[0], NAME_OF(t, __round__));
    if (is_unbound(method)) return is_raised(t) ? FAILED : raise_type_error(t, "type %T doesn't define __round__ method", args[0]);
    bool has_digits = is_bound(args[1]) && !is_none(args[1]);
    Value v = has_digits ? value_call1(t, method, args[1]) : value_call0(t, method);
    release(method);
    return v;
}

static Value builtin_breakpoint(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Value hook = sys_get(t, "breakpointhook");
    if (is_unbound(hook)) return raise_error(t, EXC_RuntimeError, "lost sys.breakpointhook");
    return value_call(t, hook, args, count, names);
}

static const NativeDef functions[] = {
    NATIVE_RAW_ROW("__build_class__", build_class, "(func, name, /, *bases, metaclass=None, **kwds)", 0,
                   "What a class statement calls with its body, as a function, its name, its bases and keywords."),
    NATIVE("abs", builtin_abs, "(x, /)", 0, "The absolute value of a number."),
    NATIVE("aiter", builtin_aiter, "(async_iterable, /)", 0, "The asynchronous iterator of an asynchronous iterable."),
    NATIVE("anext", builtin_anext, "(aiterator, default=<unrepresentable>, /)", 0,
           "An awaitable for the next item of an async iterator; at its end it gives default, or raises StopAsyncIteration."),
    NATIVE("ascii", builtin_ascii, "(obj, /)", 0, "What repr() gives, with \\\\x, \\\\u and \\\\U in the place of every character beyond ASCII."),
    NATIVE("bin", builtin_bin, "(number, /)", 0, "The text of an int in base two, with 0b in front of its digits."),
    NATIVE_RAW_ROW("breakpoint", builtin_breakpoint, "(*args, **kws)", 0, "Stop here for a debugger: hand the arguments to sys.breakpointhook()."),
    NATIVE("callable", builtin_callable, "(obj, /)", 0,
           "Whether the object can be called: classes, functions, and objects whose class has __call__."),
    NATIVE("chr", builtin_chr, "(i, /)", 0, "The character with this code point, 0 to 0x10ffff, as a str."),
    NATIVE("delattr", builtin_delattr, "(obj, name, /)", 0, "Remove an attribute: delattr(x, 'y') is del x.y."),
    NATIVE("divmod", builtin_divmod, "(x, y, /)", 0, "Quotient and remainder, (x // y, x % y), with x == quotient * y + remainder."),
    NATIVE("format", builtin_format, "(value, format_spec='', /)", 0, "Return type(value).__format__(value, format_spec)"),
    NATIVE("getattr", builtin_getattr, "(object, name, default=<unrepresentable>, /)", 0,
           "The attribute of that name: getattr(x, 'y') is x.y. If there is none, default, if that is given."),
    NATIVE("hasattr", builtin_hasattr, "(obj, name, /)", 0, "Whether getattr() finds an attribute of that name."),
    NATIVE("hash", builtin_hash, "(obj, /)", 0, "The number that dicts and sets know the object by; equal objects have equal numbers."),
    NATIVE("hex", builtin_hex, "(number, /)", 0, "The text of an int in base sixteen, with 0x in front of its digits."),
    NATIVE("id", builtin_id, "(obj, /)", 0, "A number that no other object has while this one lives."),
    NATIVE("isinstance", builtin_isinstance, "(obj, class_or_tuple, /)", NATIVE_LEAF,
           "Whether an object is of a class, of one derived from it, or of one of several: a tuple, or A | B."),
    NATIVE("issubclass", builtin_issubclass, "(cls, class_or_tuple, /)", 0,
           "Whether cls is that class, derives from it, or does so for one of several: a tuple, or A | B."),
    NATIVE("iter", builtin_iter, "(object, sentinel=<unrepresentable>, /)", 0,
           "The iterator over the items of an object; of two arguments, one that calls the first until the second comes."),
    NATIVE("len", builtin_len, "(obj, /)", NATIVE_LEAF, "How many items the object holds."),
    NATIVE("next", builtin_next, "(iterator, default=<unrepresentable>, /)", 0,
           "The next item of an iterator; at its end default, if that is given, or StopIteration."),
    NATIVE("oct", builtin_oct, "(number, /)", 0, "The text of an int in base eight, with 0o in front of its digits."),
    NATIVE("ord", builtin_ord, "(c, /)", 0, "The code point of the one character in a string; of bytes, the one byte."),
    NATIVE("pow", builtin_pow, "(base, exp, mod=None)", 0, "Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments."),
    NATIVE("repr", builtin_repr, "(obj, /)", 0, "The text that shows an object to a programmer: often the expression that would make it."),
    NATIVE("round", builtin_round, "(number, ndigits=None)", 0,
           "The number nearest to this one that has ndigits decimals; of two equally near, the one whose last digit is even."),
    NATIVE("setattr", builtin_setattr, "(obj, name, value, /)", 0, "Set an attribute: setattr(x, 'y', v) is x.y = v."),
    NATIVE_END,
};

/* The types that scripts reach by their bare name. */
static const enum Kind named_types[] = {
    KIND_OBJECT, KIND_TYPE, KIND_INT, KIND_BOOL, KIND_FLOAT, KIND_COMPLEX, KIND_STR, KIND_BYTES, KIND_BYTEARRAY, KIND_MEMORYVIEW, KIND_TUPLE,
    KIND_LIST, KIND_DICT, KIND_SET, KIND_FROZENSET, KIND_RANGE, KIND_SLICE, KIND_ENUMERATE, KIND_ZIP, KIND_MAP, KIND_FILTER, KIND_REVERSED,
    KIND_PROPERTY, KIND_CLASS_METHOD, KIND_STATIC_METHOD, KIND_SUPER,
};

static bool add_type(Thread *t, Dict *dict, Type *type) { return dict_set_str(t, dict, type->name, object_value(type)); }

static bool add_constants(Thread *t, Dict *dict)
{
    return dict_set_text(t, dict, "None", NONE) && dict_set_text(t, dict, "True", TRUE) && dict_set_text(t, dict, "False", FALSE) &&
           dict_set_text(t, dict, "Ellipsis", ELLIPSIS) && dict_set_text(t, dict, "NotImplemented", NOT_IMPLEMENTED) &&
           dict_set_text(t, dict, "__debug__", bool_value(t->interp->config.optimize == 0));
}

bool builtins_init(Thread *t)
{
    Str *name = str_intern_text(t, "builtins");
    Module *module = name ? module_new(t, name) : NULL;
    if (name) object_release(name);
    if (!module) return false;
    t->interp->run->builtins_module = module;
    Dict *dict = module->dict;
    t->interp->builtins = retain(object_value(dict));
    const NativeDef *tables[] = {functions, builtins_iterate_functions, builtins_code_functions, builtins_print_functions};
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
        if (!native_add_functions(t, dict, tables[i], object_value(module), object_value(NAME_OF(t, builtins)))) return false;
    for (size_t i = 0; i < ARRAY_LENGTH(named_types); i++)
        if (!add_type(t, dict, kind_type(t, named_types[i]))) return false;
    for (int i = 0; i < EXC_COUNT; i++)
        if (!add_type(t, dict, exception_type(t, (enum ExceptionKind)i))) return false;
    Value os_error = object_value(exception_type(t, EXC_OSError));
    if (!dict_set_text(t, dict, "EnvironmentError", os_error) || !dict_set_text(t, dict, "IOError", os_error)) return false;
    return add_constants(t, dict);
}
