/* toy.h - the wall: everything that a native module may know of the machine.
 *
 * What        Values, text, containers, calls, exceptions, types, modules, blocking, threads, fork: as C functions. The modules of
 *             stdlib include this header and no other of vm; modules of other people are compiled against it and loaded later.
 * How         A value is one word whose tags can be read inline; everything else is a function of api*.c, a thin wrapper over the
 *             floor that does the work. With link-time optimisation the wrapper is gone. Functions, types and modules are
 *             described in constant tables, laid out as the machine's own: api_layout.c compares both layouts while compiling.
 * Ownership   Arguments are borrowed, results are owned. TOY_TAKES on a parameter: the callee takes the reference over, also when it
 *             fails. TOY_BORROWED on a result: do not release it.
 * Failure     The zero word, NULL or false, with an exception raised. After a failure return at once; raise nothing over it.
 * GIL         Whoever has a ToyThread holds it, everywhere but between toy_block_begin and toy_block_end. "May run script code" below
 *             means that other threads may run inside. Functions without a ToyThread need no lock unless they say so.
 * Read next   stdlib/README.md (the checklists), vm/README.md, stdlib/mod_errno.c (a small module), stdlib/mod_math.c */
#ifndef TOY_TOY_H
#define TOY_TOY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#define TOY_API __attribute__((visibility("default")))
#define TOY_COLD __attribute__((cold, noinline))         /* what leads to a call of it lies apart in the caller */
#define TOY_MUST_CHECK __attribute__((warn_unused_result))
#define TOY_TAKES
#define TOY_BORROWED

/* ==== values ================================================================================================================ */

/* One word that is any value; vm/object/value.h tells how. Its bits are nobody's business but that of the inline functions here. */
#ifndef TOY_OBJECT_VALUE_H
struct Value { uint64_t bits; };
/* The head of every object: begins the struct of a native type. Fields are the machine's. */
struct Object { uint32_t count; uint8_t kind; uint8_t solid; uint16_t flags; struct Type *type; };
#endif
typedef struct Value ToyValue;
typedef struct Object ToyObject;
typedef struct Thread ToyThread;
typedef struct Interp ToyInterp;
typedef struct Type ToyType;
typedef struct Str ToyStr;     /* a str, where nothing else can be: toy_value(name) is its value */
typedef struct Tuple ToyTuple; /* a tuple likewise; of keyword names, see toy_arguments_sort */

#define TOY_WORD(n)         ((ToyValue){((uint64_t)(n) << 3) | 4})
#define TOY_UNBOUND         ((ToyValue){0})   /* an argument that was not given, an empty place */
#define TOY_FAILED          ((ToyValue){0})   /* the same word as a result: raised */
#define TOY_NONE            TOY_WORD(0)
#define TOY_FALSE           TOY_WORD(1)
#define TOY_TRUE            TOY_WORD(3)
#define TOY_ELLIPSIS        TOY_WORD(4)
#define TOY_NOT_IMPLEMENTED TOY_WORD(5)
#define TOY_END             TOY_WORD(6)       /* from a `next` slot and toy_next: no more; nothing is raised */

static inline bool toy_is_same(ToyValue a, ToyValue b) { return a.bits == b.bits; }   /* `is` */
static inline bool toy_failed(ToyValue v) { return __builtin_expect(v.bits == 0, 0); }
static inline bool toy_is_bound(ToyValue v) { return v.bits != 0; }
static inline bool toy_is_unbound(ToyValue v) { return v.bits == 0; }
static inline bool toy_is_none(ToyValue v) { return v.bits == TOY_NONE.bits; }
static inline bool toy_is_given(ToyValue v) { return v.bits != 0 && v.bits != TOY_NONE.bits; }   /* neither absent nor None */
static inline bool toy_is_true(ToyValue v) { return v.bits == TOY_TRUE.bits; }        /* True itself; toy_truth asks any value */
static inline bool toy_is_false(ToyValue v) { return v.bits == TOY_FALSE.bits; }
static inline bool toy_is_bool(ToyValue v) { return (v.bits | 16) == TOY_TRUE.bits; }
static inline bool toy_is_end(ToyValue v) { return v.bits == TOY_END.bits; }
static inline bool toy_is_not_implemented(ToyValue v) { return v.bits == TOY_NOT_IMPLEMENTED.bits; }
static inline ToyValue toy_bool(bool claim) { return claim ? TOY_TRUE : TOY_FALSE; }

static inline bool toy_is_object(ToyValue v) { return (v.bits & 7) == 0 && v.bits != 0; }
static inline ToyObject *toy_object(ToyValue v) { return (ToyObject *)(uintptr_t)v.bits; }        /* v must be an object */
static inline ToyValue toy_value(const void *object) { return (ToyValue){(uint64_t)(uintptr_t)object}; }   /* NULL becomes FAILED */

#define TOY_SMALL_INT_MAX ((int64_t)0x3fffffffffffffff)
static inline bool toy_is_small_int(ToyValue v) { return v.bits & 1; }
static inline int64_t toy_small_int(ToyValue v) { return (int64_t)v.bits >> 1; }
static inline bool toy_fits_small_int(int64_t n) { return n >= -TOY_SMALL_INT_MAX - 1 && n <= TOY_SMALL_INT_MAX; }
static inline ToyValue toy_small_int_value(int64_t n) { return (ToyValue){((uint64_t)n << 1) | 1}; }   /* n must fit */

static inline bool toy_is_word_float(ToyValue v) { return (v.bits & 3) == 2; }
static inline double toy_word_float(ToyValue v)
{
    uint64_t bits = ((v.bits >> 3) | (v.bits << 61)) - ((uint64_t)1 << 60);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* References. Both do nothing for None, small ints and the like. */
TOY_API ToyValue toy_retain(ToyValue v);
TOY_API void toy_release(TOY_TAKES ToyValue v);                         /* may run script code: a finaliser */
/* Store into an owned place; the old value is released last. */
static inline void toy_replace(ToyValue *place, TOY_TAKES ToyValue v) { ToyValue old = *place; *place = v; toy_release(old); }
static inline void toy_clear(ToyValue *place) { toy_replace(place, TOY_UNBOUND); }

/* The calling thread; NULL if the machine does not know it. For `free` and `clear` of types, which are not given it. */
TOY_API TOY_BORROWED ToyThread *toy_thread(void);
TOY_API TOY_BORROWED ToyInterp *toy_interp(ToyThread *t);

/* Blocks from the interpreter's heap; the size must be said again. NULL raises MemoryError. */
TOY_API TOY_MUST_CHECK void *toy_alloc(ToyThread *t, size_t size);
TOY_API TOY_MUST_CHECK void *toy_resize(ToyThread *t, void *block, size_t old_size, size_t new_size);
TOY_API void toy_free(ToyThread *t, TOY_TAKES void *block, size_t size);

/* ==== types of values ======================================================================================================= */

#define TOY_EACH_BUILTIN(X) \
    X(OBJECT) X(TYPE) X(INT) X(BOOL) X(FLOAT) X(COMPLEX) X(STR) X(BYTES) X(BYTEARRAY) X(MEMORYVIEW) X(TUPLE) X(LIST) X(DICT) X(SET) \
    X(FROZENSET) X(RANGE) X(SLICE) X(FUNCTION) X(METHOD) X(NATIVE_FUNCTION) X(MODULE) X(CODE) X(CELL) X(FRAME) X(TRACEBACK) X(GENERATOR) \
    X(COROUTINE) X(ASYNC_GENERATOR) X(NAMESPACE) X(WEAKREF) X(WEAK_PROXY) X(WEAK_CALLABLE_PROXY) X(CAPSULE) X(GENERIC_ALIAS) X(UNION) \
    X(MAPPING_PROXY) X(PROPERTY) X(BASE_EXCEPTION) X(NONE_TYPE) X(NOT_IMPLEMENTED) X(ELLIPSIS) X(GETSET) X(MEMBER) X(SLOT_WRAPPER) \
    X(METHOD_WRAPPER) X(METHOD_DESCRIPTOR) X(CLASS_METHOD_DESCRIPTOR) X(TYPE_VAR) X(PARAM_SPEC) X(PARAM_SPEC_ARGS) X(PARAM_SPEC_KWARGS) \
    X(TYPE_VAR_TUPLE) X(TYPE_ALIAS) X(NO_DEFAULT) X(MODULE_SPEC) X(BUILTIN_IMPORTER) X(FROZEN_IMPORTER) X(PATH_FINDER) \
    X(SOURCE_FILE_LOADER)
typedef enum ToyBuiltin {
#define X(NAME) TOY_KIND_##NAME,
    TOY_EACH_BUILTIN(X)
#undef X
    TOY_BUILTIN_COUNT
} ToyBuiltin;

TOY_API TOY_BORROWED ToyType *toy_builtin_type(ToyThread *t, ToyBuiltin which);
TOY_API TOY_BORROWED ToyType *toy_type_of(ToyThread *t, ToyValue v);
TOY_API TOY_BORROWED const char *toy_type_name(ToyThread *t, ToyValue v);          /* of its type, for messages; formats have %T */
TOY_API TOY_BORROWED const char *toy_type_text(ToyThread *t, ToyType *type);
static inline ToyValue toy_type_value(ToyType *type) { return toy_value(type); }   /* BORROWED still */
TOY_API TOY_BORROWED ToyType *toy_type_base(const ToyType *type);           /* NULL for object */
TOY_API bool toy_type_is_subtype(const ToyType *type, const ToyType *of);
/* By class, without asking __instancecheck__: what native code needs before it looks into an object's struct. */
TOY_API bool toy_is_a(ToyThread *t, ToyValue v, const ToyType *type);
/* isinstance() and issubclass(); [type] may be a tuple or union. May run script code. */
TOY_API TOY_MUST_CHECK bool toy_is_instance(ToyThread *t, ToyValue v, ToyValue type, bool *answer);
TOY_API TOY_MUST_CHECK bool toy_is_subclass(ToyThread *t, ToyValue v, ToyValue type, bool *answer);

/* Of the built-in type or a subclass of it. */
TOY_API bool toy_is_int(ToyValue v);            /* bools too */
TOY_API bool toy_is_float(ToyValue v);
TOY_API bool toy_is_exact_float(ToyValue v);
TOY_API bool toy_is_complex(ToyValue v);
TOY_API bool toy_is_str(ToyValue v);
TOY_API bool toy_is_bytes(ToyValue v);
TOY_API bool toy_is_bytearray(ToyValue v);
TOY_API bool toy_is_tuple(ToyValue v);
TOY_API bool toy_is_list(ToyValue v);
TOY_API bool toy_is_dict(ToyValue v);
TOY_API bool toy_is_set(ToyValue v);            /* frozensets too */
TOY_API bool toy_is_type(ToyValue v);
TOY_API bool toy_is_exception(ToyValue v);
TOY_API bool toy_is_callable(ToyThread *t, ToyValue v);
TOY_API bool toy_is_iterable(ToyThread *t, ToyValue v);
TOY_API bool toy_has_buffer(ToyThread *t, ToyValue v);

/* ==== raising =============================================================================================================== */

#define TOY_EACH_EXCEPTION(X) \
    X(BaseException) X(BaseExceptionGroup) X(GeneratorExit) X(KeyboardInterrupt) X(SystemExit) X(Exception) X(ArithmeticError) \
    X(FloatingPointError) X(OverflowError) X(ZeroDivisionError) X(AssertionError) X(AttributeError) X(BufferError) X(EOFError) \
    X(ImportError) X(ModuleNotFoundError) X(LookupError) X(IndexError) X(KeyError) X(MemoryError) X(NameError) X(UnboundLocalError) \
    X(OSError) X(BlockingIOError) X(ChildProcessError) X(ConnectionError) X(BrokenPipeError) X(ConnectionAbortedError) \
    X(ConnectionRefusedError) X(ConnectionResetError) X(FileExistsError) X(FileNotFoundError) X(InterruptedError) \
    X(IsADirectoryError) X(NotADirectoryError) X(PermissionError) X(ProcessLookupError) X(TimeoutError) X(ReferenceError) \
    X(RuntimeError) X(NotImplementedError) X(PythonFinalizationError) X(RecursionError) X(StopAsyncIteration) X(StopIteration) \
    X(SyntaxError) X(IndentationError) X(TabError) X(_IncompleteInputError) X(SystemError) X(TypeError) X(ValueError) X(UnicodeError) X(UnicodeDecodeError) \
    X(UnicodeEncodeError) X(UnicodeTranslateError) X(ExceptionGroup) X(Warning) X(BytesWarning) X(DeprecationWarning) \
    X(EncodingWarning) X(FutureWarning) X(ImportWarning) X(PendingDeprecationWarning) X(ResourceWarning) X(RuntimeWarning) \
    X(SyntaxWarning) X(UnicodeWarning) X(UserWarning)
typedef enum ToyException {
#define X(Name) TOY_##Name,
    TOY_EACH_EXCEPTION(X)
#undef X
    TOY_EXCEPTION_COUNT
} ToyException;

/* Each answers FAILED, so that a function can end in `return toy_raise(...)`. Formats are printf's and more: %R repr of a ToyValue,
 * %S str of one, %T the name of its type, %N also, but None for None (ToyValues are passed as they are). */
TOY_API TOY_COLD ToyValue toy_raise(ToyThread *t, ToyException kind, const char *format, ...);
TOY_API TOY_COLD ToyValue toy_vraise(ToyThread *t, ToyException kind, const char *format, va_list arguments);
TOY_API TOY_COLD ToyValue toy_raise_type(ToyThread *t, ToyType *type, const char *format, ...);          /* a class of a module's own */
#define toy_raise_type_error(t, ...)  toy_raise(t, TOY_TypeError, __VA_ARGS__)
#define toy_raise_value_error(t, ...) toy_raise(t, TOY_ValueError, __VA_ARGS__)
#define toy_raise_false(...) (toy_raise(__VA_ARGS__), false)                                    /* for functions that answer bool */
#define toy_raise_null(...)  (toy_raise(__VA_ARGS__), NULL)                                     /* or a pointer */
TOY_API TOY_COLD ToyValue toy_raise_memory_error(ToyThread *t);
TOY_API ToyValue toy_raise_with(ToyThread *t, ToyException kind, ToyValue argument);            /* KeyError(key): one argument, any value */
TOY_API ToyValue toy_raise_instance(ToyThread *t, TOY_TAKES ToyValue exception);
/* The subclass of OSError that belongs to the number, with its text; [filename] may be UNBOUND. */
TOY_API TOY_COLD ToyValue toy_raise_os_error(ToyThread *t, int error_number, ToyValue filename);
TOY_API TOY_COLD ToyValue toy_raise_os_error2(ToyThread *t, int error_number, ToyValue filename, ToyValue filename2);

TOY_API bool toy_is_raised(ToyThread *t);
TOY_API bool toy_raised_is(ToyThread *t, ToyException kind);
TOY_API bool toy_raised_is_type(ToyThread *t, const ToyType *type);
TOY_API TOY_MUST_CHECK ToyValue toy_raised_take(ToyThread *t);                                  /* the exception; nothing is raised any more */
TOY_API void toy_raised_clear(ToyThread *t);
TOY_API void toy_raised_note(ToyThread *t, ToyValue note);                                      /* adds a str to the raised exception's notes */
/* What cannot travel on goes to sys.unraisablehook. [message] NULL: "Exception ignored in". [where] may be UNBOUND. */
TOY_API void toy_report_unraisable(ToyThread *t, ToyValue where, const char *message);
TOY_API TOY_BORROWED ToyType *toy_exception_type(ToyThread *t, ToyException kind);
/* A new class "module.Name" below [base]; lives as long as the interpreter. */
TOY_API TOY_BORROWED TOY_MUST_CHECK ToyType *toy_exception_new(ToyThread *t, const char *name, ToyType *base);
TOY_API TOY_BORROWED ToyValue toy_exception_traceback(ToyValue exception);                     /* or UNBOUND */
/* warnings.warn: false if a filter made it an exception. May run script code. */
TOY_API TOY_MUST_CHECK bool toy_warn(ToyThread *t, ToyException category, int stack_level, const char *format, ...);
/* The same about an object: WarningMessage.source. */
TOY_API TOY_MUST_CHECK bool toy_warn_about(ToyThread *t, ToyException category, int stack_level, ToyValue source, const char *format, ...);

/* ==== reading arguments: each raises CPython's TypeError or OverflowError; UNBOUND leaves *out as it is ====================== */

TOY_API TOY_MUST_CHECK bool toy_arg_int64(ToyThread *t, ToyValue v, int64_t *out);     /* __index__ is honoured */
TOY_API TOY_MUST_CHECK bool toy_arg_int(ToyThread *t, ToyValue v, int *out);           /* 32 bits */
TOY_API TOY_MUST_CHECK bool toy_arg_uint64(ToyThread *t, ToyValue v, uint64_t *out);
TOY_API TOY_MUST_CHECK bool toy_arg_size(ToyThread *t, ToyValue v, int64_t *out);      /* "cannot fit 'int' into an index-sized integer" */
TOY_API TOY_MUST_CHECK bool toy_arg_index(ToyThread *t, ToyValue v, int64_t *out);     /* the same, huge values clip */
TOY_API TOY_MUST_CHECK bool toy_arg_double(ToyThread *t, ToyValue v, double *out);
TOY_API TOY_MUST_CHECK bool toy_arg_bool(ToyThread *t, ToyValue v, bool *out);         /* truth of any value */
/* A str as UTF-8, BORROWED from it; TypeError "NAME() argument WHAT must be str, not T": [what] is 1 or 'name'. None is no str. */
TOY_API TOY_MUST_CHECK bool toy_arg_text(ToyThread *t, ToyValue v, const char *function, const char *what, const char **out);
/* A file descriptor: an int, or an object with fileno(). */
TOY_API TOY_MUST_CHECK bool toy_arg_fd(ToyThread *t, ToyValue v, int *out);
/* A time-out: None and UNBOUND leave *out_ns; "timestamp too large", "Invalid value NaN (not a number)". Rounded up to whole ns. */
TOY_API TOY_MUST_CHECK bool toy_arg_seconds(ToyThread *t, ToyValue v, int64_t *out_ns);

/* Constructors and RAW functions get the row as it was written. Sorts it into [slots], one for each name of the NULL-terminated
 * list; the first [positional_only] cannot be given by name, those from [positional] on only so, the first [required] must be there.
 * [function] NULL: messages say "function", as CPython does where it knows no name. */
#ifndef TOY_OBJECT_ARGUMENTS_H
struct Parameters { const char *function; const char *const *names; size_t positional_only, positional, required; };
#endif
typedef struct Parameters ToyParameters;
/* [names] of keyword arguments: their values follow the [count] positional ones in the row. NULL: none. */
TOY_API TOY_MUST_CHECK bool toy_arguments_sort(ToyThread *t, const ToyParameters *parameters, const ToyValue *args, size_t count,
                                               ToyTuple *names, ToyValue *slots);
TOY_API TOY_MUST_CHECK bool toy_arguments_count(ToyThread *t, const char *function, size_t count, size_t least, size_t most);
TOY_API TOY_MUST_CHECK bool toy_arguments_no_keywords(ToyThread *t, const char *function, ToyTuple *names);
TOY_API size_t toy_names_length(const ToyTuple *names);                                /* 0 for NULL */
TOY_API TOY_BORROWED ToyValue toy_names_item(const ToyTuple *names, size_t i);

/* ==== numbers =============================================================================================================== */

TOY_API TOY_MUST_CHECK ToyValue toy_int_boxed(ToyThread *t, int64_t n);
TOY_MUST_CHECK static inline ToyValue toy_int(ToyThread *t, int64_t n)
{
    return __builtin_expect(toy_fits_small_int(n), 1) ? toy_small_int_value(n) : toy_int_boxed(t, n);
}
TOY_API TOY_MUST_CHECK ToyValue toy_int_from_uint64(ToyThread *t, uint64_t n);
TOY_API TOY_MUST_CHECK ToyValue toy_int_from_double(ToyThread *t, double d);           /* truncates; raises for inf and nan */
TOY_API TOY_MUST_CHECK ToyValue toy_int_from_bytes(ToyThread *t, const uint8_t *bytes, size_t length, bool is_little, bool is_signed);
TOY_API TOY_MUST_CHECK bool toy_int_to_bytes(ToyThread *t, ToyValue v, uint8_t *bytes, size_t length, bool is_little, bool is_signed);
TOY_API TOY_MUST_CHECK ToyValue toy_int_from_text(ToyThread *t, const char *digits, int base);
TOY_API TOY_MUST_CHECK ToyValue toy_index(ToyThread *t, ToyValue v);                   /* the int behind __index__ */
TOY_API bool toy_int_fits_int64(ToyValue v, int64_t *out);                             /* of an int; false without raising */
TOY_API bool toy_int_fits_uint64(ToyValue v, uint64_t *out);
TOY_API TOY_MUST_CHECK bool toy_int_to_double(ToyThread *t, ToyValue v, double *out);  /* OverflowError "int too large to convert to float" */
TOY_API int toy_int_sign(ToyValue v);
TOY_API size_t toy_int_bit_length(ToyValue v);

TOY_API TOY_MUST_CHECK ToyValue toy_float_boxed(ToyThread *t, double d);
TOY_MUST_CHECK static inline ToyValue toy_float(ToyThread *t, double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    bits += (uint64_t)1 << 60;
    ToyValue v = {(bits << 3) | (bits >> 61)};
    return toy_is_word_float(v) ? v : toy_float_boxed(t, d);
}
TOY_API double toy_float_read(ToyValue v);                                             /* v must be a float */
/* repr(d), NUL-terminated; its length. And back: the length of the number at the start of the text, 0: there is none. */
enum { TOY_FLOAT_TEXT_MAX = 32 };
TOY_API size_t toy_float_text(double d, char text[TOY_FLOAT_TEXT_MAX]);
TOY_API size_t toy_float_parse(const char *text, double *d);
TOY_API double toy_half_read(uint16_t bits);                                           /* IEEE 754 binary16 */
TOY_API bool toy_half_from_double(double d, uint16_t *bits);                           /* false: too large, nothing is raised */
TOY_API TOY_MUST_CHECK ToyValue toy_complex(ToyThread *t, double real, double imaginary);
TOY_API void toy_complex_read(ToyValue v, double *real, double *imaginary);            /* v must be a complex */

/* Operators, on any values; may run script code unless both are exact ints or floats. */
typedef enum ToyOperator {
    TOY_ADD, TOY_SUBTRACT, TOY_MULTIPLY, TOY_TRUE_DIVIDE, TOY_FLOOR_DIVIDE, TOY_REMAINDER, TOY_POWER, TOY_MATRIX_MULTIPLY,
    TOY_LSHIFT, TOY_RSHIFT, TOY_AND, TOY_OR, TOY_XOR,
} ToyOperator;
TOY_API TOY_MUST_CHECK ToyValue toy_operate(ToyThread *t, ToyOperator op, ToyValue left, ToyValue right);
TOY_API TOY_MUST_CHECK ToyValue toy_operate_in_place(ToyThread *t, ToyOperator op, ToyValue left, ToyValue right);
TOY_API TOY_MUST_CHECK ToyValue toy_power(ToyThread *t, ToyValue base, ToyValue exponent, ToyValue modulus_or_none);
TOY_API TOY_MUST_CHECK ToyValue toy_divmod(ToyThread *t, ToyValue left, ToyValue right);
TOY_API TOY_MUST_CHECK ToyValue toy_negative(ToyThread *t, ToyValue v);
TOY_API TOY_MUST_CHECK ToyValue toy_positive(ToyThread *t, ToyValue v);
TOY_API TOY_MUST_CHECK ToyValue toy_invert(ToyThread *t, ToyValue v);
TOY_API TOY_MUST_CHECK ToyValue toy_absolute(ToyThread *t, ToyValue v);

/* ==== text ================================================================================================================== */

TOY_API TOY_MUST_CHECK ToyValue toy_str(ToyThread *t, const char *utf8);                            /* NUL-terminated, known to be good */
TOY_API TOY_MUST_CHECK ToyValue toy_str_from_utf8(ToyThread *t, const char *bytes, size_t length);  /* strict */
TOY_API TOY_MUST_CHECK ToyValue toy_str_from_latin1(ToyThread *t, const char *bytes, size_t length);
TOY_API TOY_MUST_CHECK ToyValue toy_str_from_ucs4(ToyThread *t, const uint32_t *characters, size_t length);
TOY_API TOY_MUST_CHECK ToyValue toy_str_from_characters(ToyThread *t, const void *characters, unsigned width, size_t length); /* of 1, 2 or 4 bytes */
TOY_API TOY_MUST_CHECK ToyValue toy_str_from_char(ToyThread *t, uint32_t character);
TOY_API TOY_MUST_CHECK ToyValue toy_str_from_os(ToyThread *t, const char *bytes, size_t length);    /* names from the system: surrogateescape */
TOY_API TOY_MUST_CHECK ToyValue toy_str_format(ToyThread *t, const char *format, ...);              /* toy_raise's formats */
TOY_API TOY_MUST_CHECK ToyValue toy_str_vformat(ToyThread *t, const char *format, va_list arguments);
TOY_API TOY_MUST_CHECK ToyValue toy_str_intern(ToyThread *t, TOY_TAKES ToyValue str);
/* Uninitialised, with room for [length] characters up to [widest]; fill it through toy_str_data before anybody sees it. [widest] must
 * be in the class (127, 255, 65535, more) of the widest character that will be there. */
TOY_API TOY_MUST_CHECK ToyValue toy_str_new(ToyThread *t, size_t length, uint32_t widest);

TOY_API size_t toy_str_length(ToyValue str);                                                        /* characters */
TOY_API uint32_t toy_str_char(ToyValue str, size_t i);
TOY_API void *toy_str_data(ToyValue str, unsigned *width);                                          /* 1, 2 or 4 bytes each; do not change */
/* UTF-8 with a NUL behind it, BORROWED as long as the str lives. NULL raises: lone surrogates. [length] may be NULL. */
TOY_API TOY_BORROWED TOY_MUST_CHECK const char *toy_str_utf8(ToyThread *t, ToyValue str, size_t *length);
/* As the system wants a name: surrogateescape undone; ValueError "embedded null byte" (or "character"). */
TOY_API TOY_BORROWED TOY_MUST_CHECK const char *toy_str_os(ToyThread *t, ToyValue str);
TOY_API bool toy_str_is(ToyValue str, const char *ascii);                                           /* equal text */
TOY_API bool toy_str_equal(ToyValue a, ToyValue b);
TOY_API int64_t toy_str_find(ToyValue str, ToyValue part, size_t start, size_t end);                /* -1: not there */
/* Characters of str into an array of them, of [width] bytes each, which may be wider than the str's own. */
TOY_API void toy_str_copy(ToyValue str, size_t start, size_t count, void *to, unsigned width);
TOY_API int64_t toy_str_find_char(ToyValue str, uint32_t character, size_t start, size_t end);
TOY_API TOY_MUST_CHECK ToyValue toy_str_slice(ToyThread *t, ToyValue str, size_t start, size_t end);
TOY_API TOY_MUST_CHECK ToyValue toy_str_concat(ToyThread *t, ToyValue a, ToyValue b);
TOY_API TOY_MUST_CHECK ToyValue toy_str_join(ToyThread *t, ToyValue separator, const ToyValue *items, size_t count);
/* By codec name, with error handlers; NULL: "utf-8", "strict". */
TOY_API TOY_MUST_CHECK ToyValue toy_str_decode(ToyThread *t, const char *bytes, size_t length, const char *encoding, const char *errors);
TOY_API TOY_MUST_CHECK ToyValue toy_str_encode(ToyThread *t, ToyValue str, const char *encoding, const char *errors);

/* A part of a longer input, in an encoding of the machine's own: [is_final] false leaves an unfinished character at the end over. *taken:
 * how many bytes are done. *order, for "utf-16" and "utf-32": 0 not known yet, -1 little, 1 big; may be NULL. */
TOY_API TOY_MUST_CHECK ToyValue toy_str_decode_part(ToyThread *t, const char *bytes, size_t length, const char *encoding, const char *errors,
                                                    bool is_final, size_t *taken, int *order);
TOY_API TOY_MUST_CHECK ToyValue toy_str_encode_part(ToyThread *t, ToyValue str, const char *encoding, const char *errors);
/* For codecs: what the handler called [errors] (NULL: strict) makes of object[start:end], where object is bytes (decoding) or a str
 * (encoding). False: raised. A handler may exchange the object, which the caller owns. *replacement: owned, a str (or bytes, when encoding). */
#ifndef TOY_OBJECT_STR_CODEC_H
struct CodecError { const char *encoding, *errors; struct Value object; size_t start, end; const char *reason; };
#endif
typedef struct CodecError ToyCodecError;
TOY_API TOY_MUST_CHECK bool toy_codec_ask_handler(ToyThread *t, ToyCodecError *error, ToyValue *replacement, size_t *resume);
TOY_API TOY_COLD ToyValue toy_raise_encode_error(ToyThread *t, const char *encoding, ToyValue str, size_t start, size_t end, const char *reason);

/* A growing text. After a failure further writes do nothing; toy_text_finish tells. */
#ifndef TOY_OBJECT_STR_H
struct StrBuilder { struct Thread *t; char *data; size_t length, capacity; uint8_t width; bool has_failed; uint32_t widest; };
#endif
typedef struct StrBuilder ToyText;
TOY_API void toy_text_init(ToyText *text, ToyThread *t);
TOY_API void toy_text_add_char(ToyText *text, uint32_t character);
TOY_API void toy_text_add(ToyText *text, ToyValue str);
TOY_API void toy_text_add_slice(ToyText *text, ToyValue str, size_t start, size_t end);
TOY_API void toy_text_add_ascii(ToyText *text, const char *ascii, size_t length);
TOY_API TOY_MUST_CHECK ToyValue toy_text_finish(ToyText *text);                                     /* the str; the builder is empty again */
TOY_API void toy_text_abandon(ToyText *text);

/* What is known about one character; the words are str's. The case mappings give the first of what may be several. */
TOY_API bool toy_char_is_alpha(uint32_t character);
TOY_API bool toy_char_is_alnum(uint32_t character);
TOY_API bool toy_char_is_decimal(uint32_t character);
TOY_API bool toy_char_is_space(uint32_t character);
TOY_API uint32_t toy_char_upper(uint32_t character);
TOY_API uint32_t toy_char_lower(uint32_t character);
/* What the Unicode database says of a character. */
typedef struct ToyCharacter {
    const char *category, *bidirectional, *east_asian_width;
    unsigned combining;
    bool is_mirrored, is_numeric;
    int decimal, digit;                                                                                      /* -1: none */
    double numeric;
} ToyCharacter;
TOY_API ToyCharacter toy_char(uint32_t character);
/* Its decomposition mapping, BORROWED: how many characters; 0: none. *tag: "<compat>" or such, "" when canonical. */
TOY_API size_t toy_char_decomposition(uint32_t character, const uint32_t **parts, const char **tag);
typedef enum ToyNormalForm { TOY_NFC, TOY_NFD, TOY_NFKC, TOY_NFKD } ToyNormalForm;
TOY_API TOY_MUST_CHECK ToyValue toy_str_normalize(ToyThread *t, ToyValue str, ToyNormalForm form);
TOY_API const char *toy_unicode_version(void);
enum { TOY_CHAR_NAME_MAX = 96 };
TOY_API size_t toy_char_name(uint32_t character, char name[TOY_CHAR_NAME_MAX]);                          /* its length; 0: it has none */
TOY_API uint32_t toy_char_by_name(const char *name, size_t length);                                 /* UINT32_MAX: there is none */

/* Paths. os.fspath: a str or bytes. The second gives the system's bytes of a str, bytes or PathLike: BORROWED from *holder, which the
 * caller releases; TypeError "FUNCTION: path should be string, bytes or os.PathLike, not T" ([function] NULL: "expected str, bytes ..."). */
TOY_API TOY_MUST_CHECK ToyValue toy_fspath(ToyThread *t, ToyValue path);
TOY_API TOY_BORROWED TOY_MUST_CHECK const char *toy_path(ToyThread *t, ToyValue path, const char *function, ToyValue *holder);

/* ==== bytes and buffers ===================================================================================================== */

TOY_API TOY_MUST_CHECK ToyValue toy_bytes(ToyThread *t, const void *data, size_t length);
TOY_API TOY_MUST_CHECK ToyValue toy_bytes_new(ToyThread *t, size_t length, uint8_t **data);         /* fill before anybody sees it */
TOY_API TOY_MUST_CHECK ToyValue toy_bytes_cut(ToyThread *t, TOY_TAKES ToyValue bytes, size_t length); /* a new one that nobody saw, shortened */
/* The same longer or shorter: *data is where it lies now. FAILED: it is gone. */
TOY_API TOY_MUST_CHECK ToyValue toy_bytes_resize(ToyThread *t, TOY_TAKES ToyValue bytes, size_t length, uint8_t **data);
TOY_API TOY_BORROWED const uint8_t *toy_bytes_data(ToyValue bytes, size_t *length);
TOY_API TOY_MUST_CHECK ToyValue toy_bytearray(ToyThread *t, const void *data, size_t length);

enum {
    TOY_BUFFER_WRITABLE = 1,
    TOY_BUFFER_STRIDED = 2,    /* gaps between the items will do: the caller reads shape and strides */
};
#ifndef TOY_OBJECT_BUFFER_VIEW_H
struct BufferView {
    struct Value owner;         /* the exporter */
    uint8_t *data;
    size_t length;              /* bytes in all */
    size_t item_size;
    bool is_read_only;
    const char *format;         /* struct notation; "B" */
    int dimensions;
    int64_t *shape, *strides;   /* NULL: one dimension, contiguous */
    int64_t one_shape, one_stride;
    void *internal;
};
#endif
typedef struct BufferView ToyBuffer;
/* The bytes of a bytes-like object, contiguous. Every get is matched by a release; in between the object keeps its size and the bytes may
 * be used without the lock. TypeError "a bytes-like object is required, not 'T'". */
TOY_API TOY_MUST_CHECK bool toy_buffer_get(ToyThread *t, ToyValue v, ToyBuffer *buffer, int flags);
TOY_API void toy_buffer_release(ToyThread *t, ToyBuffer *buffer);
/* For get_buffer slots: one dimension of bytes. Retains the owner. */
TOY_API void toy_buffer_fill(ToyBuffer *buffer, ToyValue owner, void *data, size_t length, bool is_read_only);
TOY_API TOY_MUST_CHECK ToyValue toy_memoryview(ToyThread *t, ToyValue v);

/* ==== containers ============================================================================================================ */

TOY_API TOY_MUST_CHECK ToyValue toy_list(ToyThread *t);
TOY_API TOY_MUST_CHECK ToyValue toy_list_from(ToyThread *t, ToyValue iterable);
TOY_API TOY_MUST_CHECK ToyValue toy_list_of(ToyThread *t, const ToyValue *items, size_t count);
TOY_API size_t toy_list_length(ToyValue list);
TOY_API TOY_BORROWED ToyValue toy_list_item(ToyValue list, size_t i);
TOY_API TOY_BORROWED ToyValue *toy_list_items(ToyValue list);                                         /* as long as its length stays; they may be put in another order */
TOY_API TOY_MUST_CHECK bool toy_list_append(ToyThread *t, ToyValue list, ToyValue v);
TOY_API TOY_MUST_CHECK bool toy_list_append_take(ToyThread *t, ToyValue list, TOY_TAKES ToyValue v);  /* FAILED is passed on */
TOY_API TOY_MUST_CHECK bool toy_list_extend(ToyThread *t, ToyValue list, ToyValue iterable);
TOY_API TOY_MUST_CHECK ToyValue toy_list_pop(ToyThread *t, ToyValue list, int64_t at);
TOY_API TOY_MUST_CHECK bool toy_list_insert(ToyThread *t, ToyValue list, int64_t at, ToyValue v);
TOY_API void toy_list_put(ToyThread *t, ToyValue list, size_t i, TOY_TAKES ToyValue v);
TOY_API void toy_list_clear(ToyThread *t, ToyValue list);
TOY_API TOY_MUST_CHECK bool toy_list_sort(ToyThread *t, ToyValue list);

TOY_API TOY_MUST_CHECK ToyValue toy_tuple_of(ToyThread *t, const ToyValue *items, size_t count);
TOY_API TOY_MUST_CHECK ToyValue toy_tuple_take(ToyThread *t, TOY_TAKES ToyValue *items, size_t count); /* if any item is FAILED, so is the result */
#define toy_tuple(t, ...) toy_tuple_take(t, (ToyValue[]){__VA_ARGS__}, sizeof (ToyValue[]){__VA_ARGS__} / sizeof(ToyValue)) /* takes */
TOY_API TOY_MUST_CHECK ToyValue toy_tuple_from(ToyThread *t, ToyValue iterable);
/* For readers of formats in which a tuple may hold itself: all None, to be filled before scripts see it. */
TOY_API TOY_MUST_CHECK ToyValue toy_tuple_new(ToyThread *t, size_t count);
TOY_API void toy_tuple_put(ToyValue tuple, size_t i, TOY_TAKES ToyValue v);
TOY_API size_t toy_tuple_length(ToyValue tuple);
TOY_API TOY_BORROWED ToyValue toy_tuple_item(ToyValue tuple, size_t i);
TOY_API TOY_BORROWED const ToyValue *toy_tuple_items(ToyValue tuple);

TOY_API TOY_MUST_CHECK ToyValue toy_dict(ToyThread *t);
TOY_API TOY_MUST_CHECK ToyValue toy_dict_copy(ToyThread *t, ToyValue dict);
TOY_API size_t toy_dict_length(ToyValue dict);
TOY_API TOY_MUST_CHECK bool toy_dict_get(ToyThread *t, ToyValue dict, ToyValue key, ToyValue *value);   /* owned; UNBOUND: not there */
TOY_API TOY_MUST_CHECK bool toy_dict_set(ToyThread *t, ToyValue dict, ToyValue key, ToyValue value);
/* Where the value stands, found without script code and without raising, BORROWED until the dict changes; what is put there is owned by the
 * dict. NULL: it is not there, or it takes more to tell. */
TOY_API TOY_BORROWED ToyValue *toy_dict_peek(ToyValue dict, ToyValue key);
TOY_API TOY_MUST_CHECK bool toy_dict_pop(ToyThread *t, ToyValue dict, ToyValue key, ToyValue *value);
TOY_API TOY_MUST_CHECK bool toy_dict_contains(ToyThread *t, ToyValue dict, ToyValue key, bool *found);
TOY_API TOY_MUST_CHECK bool toy_dict_update(ToyThread *t, ToyValue dict, ToyValue mapping_or_pairs);
TOY_API void toy_dict_clear(ToyThread *t, ToyValue dict);
/* The same for a key whose hash is known: its __hash__ is not asked again. */
TOY_API TOY_MUST_CHECK bool toy_dict_get_hashed(ToyThread *t, ToyValue dict, ToyValue key, int64_t hash, ToyValue *value);
TOY_API TOY_MUST_CHECK bool toy_dict_set_hashed(ToyThread *t, ToyValue dict, ToyValue key, int64_t hash, ToyValue value);
TOY_API TOY_MUST_CHECK bool toy_dict_pop_hashed(ToyThread *t, ToyValue dict, ToyValue key, int64_t hash, ToyValue *value);
/* From *position = 0; BORROWED key and value; the dict must not change in between. */
TOY_API bool toy_dict_next(ToyValue dict, size_t *position, ToyValue *key, ToyValue *value);
TOY_API TOY_MUST_CHECK ToyValue toy_dict_get_text(ToyThread *t, ToyValue dict, const char *key);    /* owned; UNBOUND: not there, or raised */
TOY_API TOY_MUST_CHECK bool toy_dict_set_text(ToyThread *t, ToyValue dict, const char *key, ToyValue value);
TOY_API TOY_MUST_CHECK bool toy_dict_take_text(ToyThread *t, ToyValue dict, const char *key, TOY_TAKES ToyValue value);

/* collections.defaultdict and OrderedDict: dicts with a little more. NULL: raised; they are made when first asked for. */
TOY_API TOY_BORROWED TOY_MUST_CHECK ToyType *toy_default_dict_type(ToyThread *t);
TOY_API TOY_BORROWED TOY_MUST_CHECK ToyType *toy_ordered_dict_type(ToyThread *t);

TOY_API TOY_MUST_CHECK ToyValue toy_set(ToyThread *t, bool is_frozen);
TOY_API TOY_MUST_CHECK ToyValue toy_set_from(ToyThread *t, bool is_frozen, ToyValue iterable);
TOY_API size_t toy_set_length(ToyValue set);
TOY_API TOY_MUST_CHECK bool toy_set_add(ToyThread *t, ToyValue set, ToyValue v);
TOY_API TOY_MUST_CHECK bool toy_set_contains(ToyThread *t, ToyValue set, ToyValue v, bool *found);
TOY_API TOY_MUST_CHECK bool toy_set_discard(ToyThread *t, ToyValue set, ToyValue v, bool *was_there);
TOY_API bool toy_set_next(ToyValue set, size_t *position, ToyValue *key);                           /* BORROWED key */

TOY_API TOY_MUST_CHECK ToyValue toy_method(ToyThread *t, ToyValue function, ToyValue self);         /* types.MethodType(function, self) */
/* types.SimpleNamespace(**dict) */
TOY_API TOY_MUST_CHECK ToyValue toy_namespace(ToyThread *t, ToyValue dict);

/* ==== what any value can be asked; all may run script code ================================================================== */

TOY_API TOY_MUST_CHECK ToyValue toy_call(ToyThread *t, ToyValue callee, const ToyValue *args, size_t count);
TOY_API TOY_MUST_CHECK ToyValue toy_call_names(ToyThread *t, ToyValue callee, const ToyValue *args, size_t count, ToyTuple *names);
TOY_API TOY_MUST_CHECK ToyValue toy_call_with(ToyThread *t, ToyValue callee, ToyValue args_tuple, ToyValue keywords_dict); /* either UNBOUND */
TOY_API TOY_MUST_CHECK ToyValue toy_call_method(ToyThread *t, ToyValue object, const char *name, const ToyValue *args, size_t count);
TOY_API TOY_MUST_CHECK ToyValue toy_call_method_of(ToyThread *t, ToyValue object, ToyValue name, const ToyValue *args, size_t count); /* name: a str */
static inline TOY_MUST_CHECK ToyValue toy_call0(ToyThread *t, ToyValue callee) { return toy_call(t, callee, NULL, 0); }
static inline TOY_MUST_CHECK ToyValue toy_call1(ToyThread *t, ToyValue callee, ToyValue a) { return toy_call(t, callee, &a, 1); }
static inline TOY_MUST_CHECK ToyValue toy_call2(ToyThread *t, ToyValue callee, ToyValue a, ToyValue b)
{
    return toy_call(t, callee, (ToyValue[]){a, b}, 2);
}

TOY_API TOY_MUST_CHECK ToyValue toy_get_attribute(ToyThread *t, ToyValue v, const char *name);
/* UNBOUND with nothing raised when it does not exist; with something raised when asking failed. */
TOY_API ToyValue toy_find_attribute(ToyThread *t, ToyValue v, const char *name);
TOY_API TOY_MUST_CHECK bool toy_set_attribute(ToyThread *t, ToyValue v, const char *name, ToyValue value);   /* UNBOUND deletes */
TOY_API TOY_MUST_CHECK ToyValue toy_get_attribute_of(ToyThread *t, ToyValue v, ToyValue name);               /* name: a str */
TOY_API ToyValue toy_find_attribute_of(ToyThread *t, ToyValue v, ToyValue name);
TOY_API TOY_MUST_CHECK bool toy_set_attribute_of(ToyThread *t, ToyValue v, ToyValue name, ToyValue value);
/* object's own way, for get_attribute and set_attribute slots that only add to it. */
TOY_API TOY_MUST_CHECK ToyValue toy_generic_get_attribute(ToyThread *t, ToyValue v, ToyValue name);
TOY_API TOY_MUST_CHECK bool toy_generic_set_attribute(ToyThread *t, ToyValue v, ToyValue name, ToyValue value);
/* A special method: looked up on the type, bound. UNBOUND: there is none. */
TOY_API ToyValue toy_find_special(ToyThread *t, ToyValue v, const char *name);

TOY_API TOY_MUST_CHECK ToyValue toy_get_item(ToyThread *t, ToyValue v, ToyValue key);
TOY_API TOY_MUST_CHECK bool toy_set_item(ToyThread *t, ToyValue v, ToyValue key, ToyValue item);             /* UNBOUND deletes */
TOY_API TOY_MUST_CHECK bool toy_length(ToyThread *t, ToyValue v, size_t *length);
/* len(v), else what __length_hint__ guesses, else [fallback]. */
TOY_API TOY_MUST_CHECK bool toy_length_hint(ToyThread *t, ToyValue v, size_t fallback, size_t *hint);
TOY_API TOY_MUST_CHECK bool toy_contains(ToyThread *t, ToyValue v, ToyValue item, bool *found);
TOY_API TOY_MUST_CHECK bool toy_truth(ToyThread *t, ToyValue v, bool *truth);
TOY_API TOY_MUST_CHECK bool toy_equal(ToyThread *t, ToyValue a, ToyValue b, bool *equal);                    /* identity implies it */
#ifndef TOY_OBJECT_TYPE_H
enum CompareOp { COMPARE_LT, COMPARE_LE, COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_GE };
#endif
typedef enum CompareOp ToyCompare;
TOY_API TOY_MUST_CHECK bool toy_compare(ToyThread *t, ToyValue a, ToyValue b, ToyCompare op, bool *answer);
/* The same as scripts see it: what the method answered need not be a bool. */
TOY_API TOY_MUST_CHECK ToyValue toy_compare_value(ToyThread *t, ToyValue a, ToyValue b, ToyCompare op);
/* -1, 0 or 1 where a is below, equal to, above b and no script code is needed to see it: numbers, strings, tuples of them. */
enum { TOY_ORDER_UNKNOWN = 2 };
TOY_API int toy_order_try(ToyValue a, ToyValue b);
TOY_API TOY_MUST_CHECK bool toy_hash(ToyThread *t, ToyValue v, int64_t *hash);
TOY_API TOY_MUST_CHECK ToyValue toy_repr(ToyThread *t, ToyValue v);
TOY_API TOY_MUST_CHECK ToyValue toy_to_str(ToyThread *t, ToyValue v);
TOY_API TOY_MUST_CHECK ToyValue toy_format(ToyThread *t, ToyValue v, ToyValue spec);
/* Guards of repr against running in circles: *is_first false: write "..." and do not leave. */
TOY_API TOY_MUST_CHECK bool toy_repr_enter(ToyThread *t, ToyValue v, bool *is_first);
TOY_API void toy_repr_leave(ToyThread *t, ToyValue v);

/* For native functions that call themselves: true when the C stack is nearly used up; then RecursionError is raised, [where] (" while
 * doing this", or "") behind its text. */
TOY_API TOY_MUST_CHECK bool toy_stack_is_exhausted(ToyThread *t, const char *where);

TOY_API TOY_MUST_CHECK ToyValue toy_iterate(ToyThread *t, ToyValue v);
TOY_API TOY_MUST_CHECK ToyValue toy_next(ToyThread *t, ToyValue iterator);                                   /* TOY_END: no more */
/* visit(t, item, context) until it answers false; then so does this: raised, or stopped by choice. */
TOY_API TOY_MUST_CHECK bool toy_for_each(ToyThread *t, ToyValue iterable, bool (*visit)(ToyThread *t, ToyValue item, void *context), void *context);
/* The length is asked for after the slice's parts, whose __index__ may change it. */
TOY_API TOY_MUST_CHECK bool toy_slice_resolve(ToyThread *t, ToyValue slice, const size_t *length, int64_t *start, int64_t *stop, int64_t *step, size_t *count);

/* ==== native functions ====================================================================================================== */

/* A row: name, code, signature in Python's notation, flags, docstring. The signature says what the function gets: one ToyValue for each
 * parameter, in order, UNBOUND where nothing was given (defaults in the text are documentation); *args comes as a tuple, **kwargs
 * as a dict or UNBOUND. "(x, /, y=0, *, key=None)"; methods begin with $self or $cls: "($self, x, /)". [self] is the module, the instance
 * or the class. LEAF: short, runs no script code, does not block: the loop does not look for other threads after it. */
#ifndef TOY_OBJECT_NATIVE_H
struct NativeDef {
    const char *name;
    union {
        struct Value (*function)(struct Thread *t, struct Value self, const struct Value *args);
        struct Value (*raw)(struct Thread *t, struct Value self, const struct Value *args, size_t count, struct Tuple *names);
    };
    const char *signature;
    uint32_t flags;
    const char *doc;
};
#endif
typedef struct NativeDef ToyFunction;
enum ToyFunctionFlags { TOY_LEAF = 0x01, TOY_RAW = 0x02, TOY_STATIC = 0x04, TOY_CLASS = 0x08 };
#define TOY_FUNCTION(name_, function_, signature_, flags_, doc_) {name_, {.function = function_}, signature_, flags_, doc_}
#define TOY_RAW_FUNCTION(name_, raw_, signature_, flags_, doc_)  {name_, {.raw = raw_}, signature_, (flags_) | TOY_RAW, doc_}
#define TOY_FUNCTIONS_END {NULL, {.function = NULL}, NULL, 0, NULL}
/* The row that a native function was made of; NULL: it is something else. To know one's own. */
TOY_API TOY_BORROWED const ToyFunction *toy_function_row(ToyValue v);
/* A function object outside of a table; [def] must live as long as the interpreter. */
TOY_API TOY_MUST_CHECK ToyValue toy_function_new(ToyThread *t, const ToyFunction *def, ToyValue self);

/* ==== types of a module's own =============================================================================================== */

/* The constant description of a type, as vm/object/type.h has it. The struct of an instance begins with a ToyObject; [size] is its
 * sizeof. It starts zeroed. [free] drops all references and native memory (the cell itself is not its business), [traverse] visits each owned
 * value once, [clear] drops those that can be part of a cycle. */
#ifndef TOY_OBJECT_TYPE_H
struct TypeSlots {
    struct Value (*repr)(struct Thread *, struct Value), (*str)(struct Thread *, struct Value);
    bool (*hash)(struct Thread *, struct Value, int64_t *);                              /* never -1 */
    struct Value (*call)(struct Thread *, struct Value callee, const struct Value *args, size_t count, struct Tuple *names);
    struct Value (*get_attribute)(struct Thread *, struct Value, struct Str *);
    bool (*set_attribute)(struct Thread *, struct Value, struct Str *, struct Value);    /* UNBOUND deletes */
    struct Value (*compare)(struct Thread *, struct Value, struct Value, enum CompareOp op);   /* may answer NOT_IMPLEMENTED */
    struct Value (*iterate)(struct Thread *, struct Value), (*next)(struct Thread *, struct Value);   /* next: END */
    struct Value (*await)(struct Thread *, struct Value), (*aiter)(struct Thread *, struct Value), (*anext)(struct Thread *, struct Value);
    struct Value (*descriptor_get)(struct Thread *, struct Value, struct Value, struct Type *);
    bool (*descriptor_set)(struct Thread *, struct Value, struct Value, struct Value);
    bool (*init)(struct Thread *, struct Value self, const struct Value *args, size_t count, struct Tuple *names);
    struct Value (*new_instance)(struct Thread *, struct Type *, const struct Value *args, size_t count, struct Tuple *names);
    void (*finalize)(struct Thread *, struct Value);                                     /* __del__: reports what it raises itself */
    bool (*length)(struct Thread *, struct Value, size_t *);
    struct Value (*get_item)(struct Thread *, struct Value, struct Value);
    bool (*set_item)(struct Thread *, struct Value, struct Value, struct Value);         /* UNBOUND deletes */
    bool (*contains)(struct Thread *, struct Value, struct Value, bool *);
    bool (*truth)(struct Thread *, struct Value, bool *);
    struct Value (*add)(struct Thread *, struct Value, struct Value), (*subtract)(struct Thread *, struct Value, struct Value),
        (*multiply)(struct Thread *, struct Value, struct Value), (*true_divide)(struct Thread *, struct Value, struct Value),
        (*floor_divide)(struct Thread *, struct Value, struct Value), (*remainder)(struct Thread *, struct Value, struct Value),
        (*divmod)(struct Thread *, struct Value, struct Value);
    struct Value (*power)(struct Thread *, struct Value, struct Value, struct Value);
    struct Value (*matrix_multiply)(struct Thread *, struct Value, struct Value), (*lshift)(struct Thread *, struct Value, struct Value),
        (*rshift)(struct Thread *, struct Value, struct Value), (*and)(struct Thread *, struct Value, struct Value),
        (*or)(struct Thread *, struct Value, struct Value), (*xor)(struct Thread *, struct Value, struct Value);
    struct Value (*inplace_add)(struct Thread *, struct Value, struct Value), (*inplace_subtract)(struct Thread *, struct Value, struct Value),
        (*inplace_multiply)(struct Thread *, struct Value, struct Value), (*inplace_true_divide)(struct Thread *, struct Value, struct Value),
        (*inplace_floor_divide)(struct Thread *, struct Value, struct Value), (*inplace_remainder)(struct Thread *, struct Value, struct Value),
        (*inplace_power)(struct Thread *, struct Value, struct Value), (*inplace_matrix_multiply)(struct Thread *, struct Value, struct Value),
        (*inplace_lshift)(struct Thread *, struct Value, struct Value), (*inplace_rshift)(struct Thread *, struct Value, struct Value),
        (*inplace_and)(struct Thread *, struct Value, struct Value), (*inplace_or)(struct Thread *, struct Value, struct Value),
        (*inplace_xor)(struct Thread *, struct Value, struct Value);
    struct Value (*negative)(struct Thread *, struct Value), (*positive)(struct Thread *, struct Value), (*absolute)(struct Thread *, struct Value),
        (*invert)(struct Thread *, struct Value), (*to_int)(struct Thread *, struct Value), (*to_float)(struct Thread *, struct Value),
        (*index)(struct Thread *, struct Value);
    bool (*get_buffer)(struct Thread *, struct Value, struct BufferView *, int flags);
    void (*release_buffer)(struct Thread *, struct Value, struct BufferView *);
};
struct GetSetDef {
    const char *name;
    struct Value (*get)(struct Thread *, struct Value self);
    bool (*set)(struct Thread *, struct Value self, struct Value value);                 /* NULL: read-only; UNBOUND deletes */
    const char *doc;
};
enum MemberKind { MEMBER_VALUE, MEMBER_VALUE_OR_NONE, MEMBER_INT64, MEMBER_BOOL, MEMBER_DOUBLE };
struct MemberDef { const char *name; enum MemberKind kind; size_t offset; bool is_read_only; const char *doc; };
struct TypeSpec {
    const char *doc;
    const char *signature;                    /* of a call, for help() */
    size_t size;
    uint32_t flags;                           /* enum ToyTypeFlags */
    struct TypeSlots slots;                   /* empty ones are inherited */
    const struct NativeDef *methods;          /* each table ends with a NULL name and may be NULL */
    const struct GetSetDef *getsets;
    const struct MemberDef *members;
    void (*traverse)(struct Object *self, void (*visit)(struct Object *child, void *context), void *context);
    void (*clear)(struct Object *self);
    void (*free)(struct Object *self);
    size_t (*size_of)(struct Object *self);   /* variable-sized payload only */
    bool (*add_rest)(ToyThread *t, ToyType *type, ToyValue dict);   /* attributes that no table can hold, when somebody first looks; or NULL */
};
#endif
typedef struct TypeSpec ToyTypeSpec;
typedef struct GetSetDef ToyGetSet;
typedef struct MemberDef ToyMember;
typedef void (*ToyVisit)(ToyObject *child, void *context);
enum ToyTypeFlags {
    TOY_TYPE_IS_FINAL = 0x0002,               /* may not be subclassed */
    TOY_TYPE_IS_CONTAINER = 0x0004,           /* can be part of a cycle: has traverse and clear */
    TOY_TYPE_HAS_ATTRIBUTES = 0x0008,         /* instances have a __dict__ */
    TOY_TYPE_IS_WEAK_REFERABLE = 0x0010,
    TOY_TYPE_IS_METHOD_DESCRIPTOR = 0x0020,   /* descriptor_get only puts the instance in front, as toy_method does: calls need not bind */
    TOY_TYPE_IS_SEQUENCE = 0x0040, TOY_TYPE_IS_MAPPING = 0x0080,
    TOY_TYPE_IS_VARIABLE_SIZE = 0x0800,
    TOY_TYPE_NO_NEW = 0x1000,                 /* "cannot create 'x' instances" */
};
/* For traverse functions. */
static inline void toy_visit(ToyValue v, ToyVisit visit, void *context) { if (toy_is_object(v)) visit(toy_object(v), context); }

typedef struct Module ToyModuleObject;
/* "module.Name", a constant; [base] NULL: object. The type lives as long as the interpreter. It remembers the state of [module] (may be NULL)
 * for toy_type_state, and keeps that module alive. Add it with toy_module_add_type. */
TOY_API TOY_BORROWED TOY_MUST_CHECK ToyType *toy_type_new(ToyThread *t, ToyModuleObject *module, const ToyTypeSpec *spec, const char *name, ToyType *base);
/* Methods for a class that a script made, as if [module] had made the type: what must be quick although the class is written in toy. */
TOY_API TOY_MUST_CHECK bool toy_type_add_methods(ToyThread *t, ToyModuleObject *module, ToyType *type, const ToyFunction *methods);
/* The same for attributes that are computed: descriptors of the class, not of those above it. */
TOY_API TOY_MUST_CHECK bool toy_type_add_getsets(ToyThread *t, ToyType *type, const ToyGetSet *rows);

/* Metaclasses: types whose instances are types. Their struct begins with a ToyClass, and their spec's traverse, clear and free call those three.
 * toy_type_new makes one if [base] is the built-in type, or one that was made so. */
enum { TOY_CLASS_WORDS = 80 };
typedef struct ToyClass { ToyObject head; uint64_t rest[TOY_CLASS_WORDS]; } ToyClass;
TOY_API void toy_class_traverse(ToyObject *self, ToyVisit visit, void *context);
TOY_API void toy_class_clear(ToyObject *self);
TOY_API void toy_class_free(ToyObject *self);
/* type's own way, for a set_attribute slot that only adds to it. */
TOY_API TOY_MUST_CHECK bool toy_class_set_attribute(ToyThread *t, ToyValue class, ToyValue name, ToyValue value);
/* toy_type_new for a type that is an instance of [metaclass]. */
TOY_API TOY_BORROWED TOY_MUST_CHECK ToyType *toy_type_new_of(ToyThread *t, ToyModuleObject *module, const ToyTypeSpec *spec, const char *name,
                                                             ToyType *base, ToyType *metaclass);

/* TOY_TYPE_IS_SEQUENCE, TOY_TYPE_IS_MAPPING: how patterns see the instances. Giving a class such flags gives them to its subclasses. */
TOY_API uint32_t toy_type_pattern_flags(const ToyType *type);
TOY_API void toy_type_set_pattern_flags(ToyType *type, uint32_t flags);
/* Of the type that this spec describes, or below it: for operators, where either side may be a stranger. */
TOY_API bool toy_is_made_of(ToyThread *t, ToyValue v, const ToyTypeSpec *spec);
TOY_API TOY_BORROWED void *toy_type_state(const ToyType *type);               /* of the type or the nearest in its order that has one */
static inline void *toy_instance_state(ToyValue v) { return toy_type_state(toy_object(v)->type); }
TOY_API bool toy_type_has_own_init(ToyThread *t, const ToyType *type);      /* an __init__ that is not object's */
TOY_API TOY_MUST_CHECK ToyObject *toy_type_alloc(ToyThread *t, ToyType *type);    /* payload zeroed */
/* A script's class whose instances are their attributes and nothing else, and which leaves to object how they are copied. */
TOY_API bool toy_type_is_plain(ToyThread *t, ToyType *type);
enum { TOY_ATTRIBUTES_MAX = 64 };
/* The attributes of an instance of such a class, in order, BORROWED. -1: they are not to be had so, only from its __dict__. */
TOY_API int toy_instance_attributes(ToyValue instance, ToyValue names[TOY_ATTRIBUTES_MAX], ToyValue values[TOY_ATTRIBUTES_MAX]);
/* Into its __dict__, so to say: no __setattr__ is asked. */
TOY_API TOY_MUST_CHECK bool toy_instance_set(ToyThread *t, ToyValue instance, ToyValue name, ToyValue value);
/* Its finaliser may be left out when the process ends: there is nothing for it to do then. A standard stream, which is flushed before. */
TOY_API void toy_ends_unseen(ToyValue instance);
TOY_API TOY_MUST_CHECK bool toy_type_set(ToyThread *t, ToyType *type, const char *name, TOY_TAKES ToyValue v);   /* a class attribute, at start-up */
TOY_API TOY_MUST_CHECK ToyValue toy_generic_alias(ToyThread *t, ToyValue origin, ToyValue arguments);   /* for __class_getitem__ */

/* Records: tuples whose items have names, as time.struct_time and os.stat_result. A spec is TOY_RECORD(doc, fields, places); [fields] are
 * rows in order of place, TOY_RECORD_HIDDEN ones (attributes only) behind the others; a place without a row is an item without a name. */
#define TOY_RECORD_FIELD(name_, place_, doc_)  {name_, MEMBER_VALUE, sizeof(ToyObject) + sizeof(size_t) + (place_) * sizeof(ToyValue), true, doc_}
#define TOY_RECORD_HIDDEN(name_, place_, doc_) {name_, MEMBER_VALUE_OR_NONE, sizeof(ToyObject) + sizeof(size_t) + (place_) * sizeof(ToyValue), true, doc_}
#define TOY_RECORD_END                         {NULL, MEMBER_VALUE, 0, true, NULL}
#define TOY_RECORD(doc_, fields_, places_) { \
    .doc = doc_, .signature = "(iterable=(), /)", .size = sizeof(ToyObject) + sizeof(size_t) + (places_) * sizeof(ToyValue), \
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_SEQUENCE | TOY_TYPE_IS_VARIABLE_SIZE, \
    .slots = {.repr = toy_record_repr, .new_instance = toy_record_make}, .methods = toy_record_methods, .members = fields_, \
    .traverse = toy_record_traverse, .free = toy_record_free, .size_of = toy_record_size, .add_rest = toy_record_add_rest}
TOY_API ToyValue toy_record_repr(ToyThread *t, ToyValue self);
TOY_API ToyValue toy_record_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names);
TOY_API void toy_record_traverse(ToyObject *self, ToyVisit visit, void *context);
TOY_API void toy_record_free(ToyObject *self);
TOY_API size_t toy_record_size(ToyObject *self);
TOY_API bool toy_record_add_rest(ToyThread *t, ToyType *type, ToyValue dict);
extern TOY_API const ToyFunction toy_record_methods[];
/* toy_type_new for such a spec. */
TOY_API TOY_BORROWED TOY_MUST_CHECK ToyType *toy_record_type_new(ToyThread *t, ToyModuleObject *module, const ToyTypeSpec *spec, const char *name);
/* Takes all the values, one for each place. If any is FAILED, so is the result. */
TOY_API TOY_MUST_CHECK ToyValue toy_record_new(ToyThread *t, ToyType *type, TOY_TAKES ToyValue *values);

/* ==== modules =============================================================================================================== */

#ifndef TOY_RUN_INTERP_H
struct NativeModule {
    uint64_t abi;                                                   /* of a shared object: TOY_ABI. Stays the first field for ever */
    const char *name, *doc;
    const char *known_as;                                           /* what its functions say as __module__; NULL: its name */
    const struct NativeDef *functions;                              /* ends with a NULL name; may be NULL */
    size_t state_size;                                              /* of the module's own struct, zeroed; 0: none */
    bool (*init)(struct Thread *t, struct Module *module);          /* adds types and constants; may be NULL. False: raised */
    /* Visits the values that the state owns, so that the collector sees knots that scripts tie through it; may be NULL. */
    void (*traverse_state)(void *state, void (*visit)(struct Object *child, void *context), void *context);
    void (*free_state)(struct Thread *t, void *state);              /* drops what the state owns; may be NULL */
};
#endif
typedef struct NativeModule ToyModule;
/* In the program: mod_NAME.c defines `const ToyModule toy_module_NAME = {...};` and stdlib/modules.def names it. A shared object NAME.toy.so
 * defines `const ToyModule toy_module = {.abi = TOY_ABI, .name = "NAME", ...};`, the one symbol that is looked for in it. */
extern TOY_API const ToyModule toy_module;
/* Told apart by it: objects compiled with another toy.h. The version grows when a function goes or changes, or a struct of this header does;
 * two sizes are in the word too, should it have been forgotten. */
#define TOY_ABI_VERSION 1
#define TOY_ABI ((uint64_t)TOY_ABI_VERSION << 32 | sizeof(ToyTypeSpec) << 16 | sizeof(ToyModule))
static inline ToyValue toy_module_value(ToyModuleObject *module) { return toy_value(module); }
static inline ToyModuleObject *toy_module_object(ToyValue module) { return (ToyModuleObject *)toy_object(module); }
/* Of a module function's [self]. BORROWED. */
TOY_API TOY_BORROWED void *toy_module_state(ToyValue module);
TOY_API TOY_MUST_CHECK bool toy_module_add(ToyThread *t, ToyModuleObject *module, const char *name, TOY_TAKES ToyValue v);
TOY_API TOY_MUST_CHECK bool toy_module_add_int(ToyThread *t, ToyModuleObject *module, const char *name, int64_t n);
TOY_API TOY_MUST_CHECK bool toy_module_add_type(ToyThread *t, ToyModuleObject *module, ToyType *type);   /* by the last part of its name */
typedef struct ToyIntConstant { const char *name; int64_t n; } ToyIntConstant;
TOY_API TOY_MUST_CHECK bool toy_module_add_ints(ToyThread *t, ToyModuleObject *module, const ToyIntConstant *rows, size_t count);
TOY_API TOY_BORROWED ToyValue toy_module_dict(ToyModuleObject *module);
TOY_API TOY_MUST_CHECK ToyValue toy_import(ToyThread *t, const char *name);          /* the module of that full name; may run script code */
TOY_API TOY_MUST_CHECK ToyValue toy_import_from(ToyThread *t, const char *module, const char *name);
TOY_API ToyValue toy_sys_get(ToyThread *t, const char *name);                        /* owned; UNBOUND: not there */
TOY_API TOY_MUST_CHECK ToyValue toy_weakref(ToyThread *t, ToyValue target, ToyValue callback_or_none);
TOY_API TOY_MUST_CHECK ToyValue toy_weakref_target(ToyValue reference);              /* UNBOUND once it is gone */

/* ==== calls that may block ================================================================================================== */

/*     ssize_t n;
 *     do {
 *         toy_block_begin(t, "read");
 *         n = read(fd, data, length);              // no value is touched in here: another thread runs
 *         toy_block_end(t);
 *     } while (n < 0 && toy_block_retry(t));       // EINTR: handlers have run, again (with the time that is left)
 *     if (n < 0) return toy_block_failed(t, TOY_UNBOUND);
 *
 * [what] names the call in reports; a constant. errno survives toy_block_end. */
typedef enum ToyBlockReason { TOY_BLOCK_NATIVE, TOY_BLOCK_LOCK, TOY_BLOCK_SLEEP, TOY_BLOCK_FORK } ToyBlockReason;
TOY_API void toy_block_begin(ToyThread *t, const char *what);
TOY_API void toy_block_begin_for(ToyThread *t, const char *what, ToyBlockReason reason);
TOY_API void toy_block_end(ToyThread *t);
TOY_API TOY_MUST_CHECK bool toy_block_retry(ToyThread *t);
/* After a loop as above: the error is errno's, unless a handler has raised. */
TOY_API ToyValue toy_block_failed(ToyThread *t, ToyValue filename);
/* Handlers of signals that have arrived; false: one raised. For long computations; may run script code. */
TOY_API TOY_MUST_CHECK bool toy_check_signals(ToyThread *t);
TOY_API int64_t toy_monotonic_ns(void);
/* For functions that call themselves as deep as their data is nested: false raises RecursionError, C's stack is nearly used up. [doing] is a
 * constant for the message, " while ...", or "". */
TOY_API TOY_MUST_CHECK bool toy_check_recursion(ToyThread *t, const char *doing);

/* ==== locks that scripts or modules own ===================================================================================== */

#ifndef TOY_THREADS_LOCK_H
struct ScriptLock { bool is_locked; uint32_t fork_count; struct LockWaiter *first, *last; };
#endif
typedef struct ScriptLock ToyLock;           /* plain data under the lock; zeroed is free */
typedef enum ToyLockResult { TOY_LOCK_ACQUIRED, TOY_LOCK_TIMED_OUT, TOY_LOCK_RAISED } ToyLockResult;
TOY_API TOY_MUST_CHECK ToyLockResult toy_lock_wait(ToyThread *t, ToyLock *lock, int64_t timeout_ns);   /* it is taken; below 0: for ever */
TOY_API void toy_lock_wake(ToyThread *t, ToyLock *lock);
static inline TOY_MUST_CHECK ToyLockResult toy_lock_acquire(ToyThread *t, ToyLock *lock, int64_t timeout_ns)
{
    if (__builtin_expect(!lock->is_locked, 1)) {
        lock->is_locked = true;
        return TOY_LOCK_ACQUIRED;
    }
    return timeout_ns == 0 ? TOY_LOCK_TIMED_OUT : toy_lock_wait(t, lock, timeout_ns);
}
static inline void toy_lock_release(ToyThread *t, ToyLock *lock)
{
    lock->is_locked = false;
    if (__builtin_expect(lock->first != NULL, 0)) toy_lock_wake(t, lock);
}
TOY_API void toy_lock_forget(ToyThread *t, ToyLock *lock);   /* in the child of a fork: free, whoever had it */

/* ==== threads and processes ================================================================================================= */

/* A thread of a module's own: body(t, argument) runs with the lock held and reports its own exceptions. False: raised, [argument] is
 * still the caller's. A daemon is not waited for at the end. */
TOY_API TOY_MUST_CHECK bool toy_thread_start(ToyThread *t, void (*body)(ToyThread *t, void *argument), void *argument, bool is_daemon);
/* A library calls back: its thread enters, taking the lock if it has not got it, and leaves with what *was told. NULL: no memory, or it
 * is all over. For threads that somebody else made, and for our own inside of a blocking call. */
TOY_API TOY_MUST_CHECK ToyThread *toy_thread_attach(ToyInterp *interp, int *was);
TOY_API void toy_thread_leave(ToyThread *t, int was);
TOY_API uint64_t toy_thread_ident(ToyThread *t);
TOY_API bool toy_thread_is_main(ToyThread *t);
TOY_API bool toy_is_finalizing(ToyThread *t);

/* A value of each thread's own, found by an address that belongs to the asker. BORROWED; UNBOUND without anything raised: this thread has
 * none. Storing another value where there is one needs no memory and cannot fail. toy_local_forget drops those of all threads, and must be
 * called before the address may mean something else. */
TOY_API TOY_BORROWED ToyValue toy_local_find(ToyThread *t, const void *key);
TOY_API TOY_MUST_CHECK bool toy_local_store(ToyThread *t, const void *key, ToyValue v);
TOY_API void toy_local_forget(ToyThread *t, const void *key);
/* For the traverse of an object whose address is the key: the values of all threads are its own, and may lead back to it. */
TOY_API void toy_local_visit(ToyThread *t, const void *key, ToyVisit visit, void *context);

/* os.fork without its warning: the pid, 0 in the child, -1 raised. Hooks and locks are seen to. */
TOY_API TOY_MUST_CHECK pid_t toy_fork(ToyThread *t);
/* End the process at once, but for what -X options report at its end. */
TOY_API __attribute__((noreturn)) void toy_exit_now(ToyThread *t, int status);
/* The three steps of it, for fork and exec in one. */
TOY_API void toy_fork_before(ToyThread *t);
TOY_API void toy_fork_in_parent(ToyThread *t);
TOY_API void toy_fork_in_child(ToyThread *t);
TOY_API TOY_MUST_CHECK bool toy_fork_register(ToyThread *t, ToyValue before, ToyValue in_parent, ToyValue in_child);   /* any UNBOUND */
/* How many threads this process has: os.fork warns if more than one. */
TOY_API size_t toy_thread_count(ToyThread *t);

#endif
