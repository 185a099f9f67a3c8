/* exception_os.c - OSError: an error number of the system as an exception class.
 *
 * What        OSError's constructor, which makes the subclass that belongs to the errno; its text and fields.
 * How         OSError(errno, strerror[, filename[, winerror[, filename2]]]): args keeps the first two. __new__ does the work, for
 *             it chooses the class; only for a script's class that has its own __init__ and leaves __new__ alone does
 *             __init__ do it, when that class calls it.
 * Invariants  as exception.h.
 * GIL         held.
 * Read next   exception_fields.c, exception_raise.c (raise_os_error) */
#include <errno.h>

#include "vm/object/exception_parts.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static const struct { int number; enum ExceptionKind kind; } classes[] = {
    {EAGAIN, EXC_BlockingIOError}, {EALREADY, EXC_BlockingIOError}, {EINPROGRESS, EXC_BlockingIOError}, {EPIPE, EXC_BrokenPipeError},
    {ESHUTDOWN, EXC_BrokenPipeError}, {ECHILD, EXC_ChildProcessError}, {ECONNABORTED, EXC_ConnectionAbortedError},
    {ECONNREFUSED, EXC_ConnectionRefusedError}, {ECONNRESET, EXC_ConnectionResetError}, {EEXIST, EXC_FileExistsError},
    {ENOENT, EXC_FileNotFoundError}, {EISDIR, EXC_IsADirectoryError}, {ENOTDIR, EXC_NotADirectoryError}, {EINTR, EXC_InterruptedError},
    {EACCES, EXC_PermissionError}, {EPERM, EXC_PermissionError}, {ESRCH, EXC_ProcessLookupError}, {ETIMEDOUT, EXC_TimeoutError},
};

static Type *class_of_errno(Thread *t, Value number)
{
    for (size_t i = 0; is_small_int(number) && i < ARRAY_LENGTH(classes); i++) {
        if (classes[i].number == small_int(number))
            return exception_type(t, classes[i].kind);
    }
    return exception_type(t, EXC_OSError);
}

static bool is_left_to_init(const Type *type)
{
    return type->slots.init != os_error_init && type->slots.new_instance == os_error_new;
}

static bool take_arguments(Thread *t, Value self, const Value *args, size_t count)
{
    Exception *error = as_exception(self);
    size_t kept = count;
    if (count >= 2 && count <= 5) {
        replace(&error->fields[FIELD_ERRNO], retain(args[0]));
        replace(&error->fields[FIELD_STRERROR], retain(args[1]));
        Value filename = count >= 3 ? args[2] : NONE;
        if (is_none(filename)) {
            ;
        } else if (exception_is(t, self, EXC_BlockingIOError) && value_type(t, filename)->slots.index) {
            /* BlockingIOError's third argument is no name but a number of characters. */
            Value number = int_from_index(t, filename);
            if (failed(number))
                return false;
            replace(&error->fields[FIELD_CHARACTERS_WRITTEN], number);
        } else {
            replace(&error->fields[FIELD_FILENAME], retain(filename));
            replace(&error->fields[FIELD_FILENAME2], count == 5 ? retain(args[4]) : UNBOUND);
            kept = 2;
        }
    }
    Tuple *tuple = tuple_from_values(t, args, kept);
    if (!tuple)
        return false;
    replace(&error->args, object_value(tuple));
    return true;
}

static bool refuse_keywords(Thread *t, const Type *type, Tuple *names)
{
    if (!names || names->count == 0)
        return true;
    return raise_false(t, EXC_TypeError, "%U() takes no keyword arguments", type->name);
}

Value os_error_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (is_left_to_init(type))
        return base_exception_new(t, type, NULL, 0, NULL);
    if (!refuse_keywords(t, type, names))
        return FAILED;
    if (type == exception_type(t, EXC_OSError) && count >= 2 && count <= 5)
        type = class_of_errno(t, args[0]);
    Value self = base_exception_new(t, type, args, count, NULL);
    if (!failed(self) && !take_arguments(t, self, args, count)) {
        release(self);
        return FAILED;
    }
    return self;
}

bool os_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Type *type = value_type(t, self);
    if (!is_left_to_init(type))
        return true;   /* __new__ has done it */
    return refuse_keywords(t, type, names) && take_arguments(t, self, args, count);
}

Value os_error_str(Thread *t, Value self)
{
    Value *fields = as_exception(self)->fields;
    Value number = is_bound(fields[FIELD_ERRNO]) ? fields[FIELD_ERRNO] : NONE;
    Value text = is_bound(fields[FIELD_STRERROR]) ? fields[FIELD_STRERROR] : NONE;
    Value filename = fields[FIELD_FILENAME], filename2 = fields[FIELD_FILENAME2];
    if (is_bound(filename)) {
        if (is_bound(filename2) && !is_none(filename2))
            return object_value(str_format(t, "[Errno %S] %S: %R -> %R", number, text, filename, filename2));
        return object_value(str_format(t, "[Errno %S] %S: %R", number, text, filename));
    }
    if (is_bound(fields[FIELD_ERRNO]) && is_bound(fields[FIELD_STRERROR]))
        return object_value(str_format(t, "[Errno %S] %S", number, text));
    return base_exception_str(t, self);
}

static Value os_error_reduce(Thread *t, Value self, const Value *unused)
{
    (void)unused;
    Exception *error = as_exception(self);
    Tuple *args = as_tuple(error->args);
    Value filename = error->fields[FIELD_FILENAME], filename2 = error->fields[FIELD_FILENAME2];
    if (args->count != 2 || is_unbound(filename))
        return base_exception_reduce(t, self, unused);
    /* The filename was taken out of args: put it back. */
    Value whole[] = {args->items[0], args->items[1], filename, NONE, filename2};
    bool has_two = is_bound(filename2) && !is_none(filename2);
    Tuple *all = tuple_from_values(t, whole, has_two ? 5 : 3);
    Value state, reduction = FAILED;
    if (all && exception_state(t, self, &state)) {
        reduction = exception_reduction(t, self, object_value(all), state);
        release(state);
    }
    if (all)
        object_release(all);
    return reduction;
}

static Value get_characters_written(Thread *t, Value self)
{
    Value number = as_exception(self)->fields[FIELD_CHARACTERS_WRITTEN];
    return is_bound(number) ? retain(number) : raise_error(t, EXC_AttributeError, "characters_written");
}

static bool set_characters_written(Thread *t, Value self, Value value)
{
    Value *place = &as_exception(self)->fields[FIELD_CHARACTERS_WRITTEN];
    if (is_unbound(value)) {
        if (is_unbound(*place))
            return raise_false(t, EXC_AttributeError, "characters_written");
        clear(place);
        return true;
    }
    Value number = int_from_index(t, value);
    if (failed(number))
        return false;
    replace(place, number);
    return true;
}

const MemberDef os_members[] = {
    FIELD("errno", FIELD_ERRNO, "the number of the error, one of the module errno's"),
    FIELD("strerror", FIELD_STRERROR, "what the system says about that number"),
    FIELD("filename", FIELD_FILENAME, "the file it is about, or None"),
    FIELD("filename2", FIELD_FILENAME2, "the other file name of an operation with two"), FIELD_END,
};
const GetSetDef os_getsets[] = {
    {"characters_written", get_characters_written, set_characters_written, NULL},
    {NULL, NULL, NULL, NULL},
};
const NativeDef os_methods[] = {
    NATIVE("__reduce__", os_error_reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};
