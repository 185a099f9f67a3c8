/* api_raise.c - the wall: exceptions and warnings.
 *
 * What        toy_raise and its kin.
 * How         as api.c. The list of classes in toy.h is turned into the machine's numbers here.
 * GIL         held.
 * Read next   toy.h, vm/object/exception.h, vm/run/warn.h */
#include <errno.h>

#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/warn.h"

#include "vm/toy.h"

static const uint8_t kinds[] = {
#define X(Name) [TOY_##Name] = EXC_##Name,
    TOY_EACH_EXCEPTION(X)
#undef X
};
_Static_assert((int)EXC_COUNT == (int)TOY_EXCEPTION_COUNT, "toy.h lists every exception class");

ToyValue toy_vraise(ToyThread *t, ToyException kind, const char *format, va_list arguments)
{
    return raise_verror(t, kinds[kind], format, arguments);
}

ToyValue toy_raise(ToyThread *t, ToyException kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    raise_verror(t, kinds[kind], format, arguments);
    va_end(arguments);
    return FAILED;
}

ToyValue toy_raise_type(ToyThread *t, ToyType *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Value text = object_value(str_vformat(t, format, arguments));
    va_end(arguments);
    if (failed(text)) return FAILED;
    Value exception = value_call1(t, object_value(type), text);
    release(text);
    return failed(exception) ? FAILED : raise_instance(t, exception);
}

ToyValue toy_raise_memory_error(ToyThread *t) { return raise_memory_error(t); }
ToyValue toy_raise_with(ToyThread *t, ToyException kind, ToyValue argument) { return raise_value(t, kinds[kind], argument); }
ToyValue toy_raise_instance(ToyThread *t, TOY_TAKES ToyValue exception) { return raise_instance(t, exception); }
ToyValue toy_raise_os_error(ToyThread *t, int error_number, ToyValue filename) { return raise_os_error(t, error_number, filename); }
ToyValue toy_raise_os_error2(ToyThread *t, int error_number, ToyValue filename, ToyValue filename2)
{
    return raise_os_error2(t, error_number, filename, filename2);
}
ToyValue toy_block_failed(ToyThread *t, ToyValue filename) { return is_raised(t) ? FAILED : raise_os_error(t, errno, filename); }

bool toy_is_raised(ToyThread *t) { return is_raised(t); }
bool toy_raised_is(ToyThread *t, ToyException kind) { return raised_is(t, kinds[kind]); }
bool toy_raised_is_type(ToyThread *t, const ToyType *type) { return is_raised(t) && type_is_subtype(value_type(t, t->raised), type); }
ToyValue toy_raised_take(ToyThread *t) { return raised_take(t); }
void toy_raised_clear(ToyThread *t) { raised_clear(t); }
void toy_raised_note(ToyThread *t, ToyValue note)
{
    raised_note(t, "%S", note);
}
void toy_report_unraisable(ToyThread *t, ToyValue where, const char *message) { raised_report_unraisable(t, where, message); }
ToyType *toy_exception_type(ToyThread *t, ToyException kind) { return exception_type(t, kinds[kind]); }
ToyType *toy_exception_new(ToyThread *t, const char *name, ToyType *base)
{
    Type *type = type_new_native(t, base->spec, name, base, NULL, KIND_BASE_EXCEPTION);
    if (type) type->flags |= TYPE_IS_WEAK_REFERABLE;   /* as what a class statement makes */
    return type;
}
ToyValue toy_exception_traceback(ToyValue exception) { return as_exception(exception)->traceback; }

bool toy_warn(ToyThread *t, ToyException category, int stack_level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Value text = object_value(str_vformat(t, format, arguments));
    va_end(arguments);
    bool done = !failed(text) && warn(t, kinds[category], stack_level, "%S", text);
    release(text);
    return done;
}

bool toy_warn_about(ToyThread *t, ToyException category, int stack_level, ToyValue source, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Value text = object_value(str_vformat(t, format, arguments));
    va_end(arguments);
    bool done = !failed(text) && warn_about(t, kinds[category], stack_level, source, "%S", text);
    release(text);
    return done;
}
