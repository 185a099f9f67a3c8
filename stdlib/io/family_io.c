/* family_io.c - what raw, buffered and text files have in common among themselves.
 *
 * What        _RawIOBase, _BufferedIOBase, _TextIOBase: for classes that scripts derive from them.
 * How         The few methods that can be made of others are; the rest refuses. read() of a raw file is made of readinto(), readinto() of a
 *             buffered one of read().
 * GIL         held; runs script code.
 * Read next   base_io.c */
#include "stdlib/io/io.h"

/* ---- raw ---- */

static ToyValue raw_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t count = -1, got;
    if (toy_is_bound(args[0]) && !toy_arg_size(t, args[0], &count)) return TOY_FAILED;
    if (count < 0) return toy_call_method(t, self, "readall", NULL, 0);
    ToyValue room = toy_bytearray(t, NULL, (size_t)count), n = toy_failed(room) ? TOY_FAILED : toy_call_method(t, self, "readinto", &room, 1);
    ToyValue bytes = TOY_FAILED;
    if (toy_is_none(n)) {
        bytes = TOY_NONE;
    } else if (!toy_failed(n) && toy_arg_size(t, n, &got)) {
        size_t length;
        const uint8_t *data = toy_bytes_data(room, &length);
        if (got < 0 || (size_t)got > length)
            toy_raise_value_error(t, "readinto returned %lld outside buffer size %zu", (long long)got, length);
        else
            bytes = toy_bytes(t, data, (size_t)got);
    }
    toy_release(n);
    toy_release(room);
    return bytes;
}

static ToyValue raw_readall(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue all = toy_bytearray(t, "", 0), size = toy_small_int_value(IO_BUFFER_SIZE);
    size_t length = 0, total = 0;
    while (!toy_failed(all)) {
        ToyValue piece = toy_call_method(t, self, "read", &size, 1);
        if (toy_is_none(piece) && total == 0) {
            toy_release(all);
            return TOY_NONE;
        }
        bool done = !toy_failed(piece) && (toy_is_none(piece) || toy_is_bytes(piece) || toy_raise_false(t, TOY_TypeError, "read() should return bytes"));
        bool is_last = done && toy_is_none(piece);
        if (done && !is_last) {
            (void)toy_bytes_data(piece, &length);
            total += length;
            is_last = length == 0;
            if (length) toy_replace(&all, toy_operate_in_place(t, TOY_ADD, all, piece));
        }
        toy_release(piece);
        if (!done) break;
        if (!is_last) continue;
        const uint8_t *data = toy_bytes_data(all, &length);
        ToyValue bytes = toy_bytes(t, data, length);
        toy_release(all);
        return bytes;
    }
    toy_release(all);
    return TOY_FAILED;
}

static ToyValue raw_refuse(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_raise_instance(t, toy_call0(t, toy_type_value(toy_exception_type(t, TOY_NotImplementedError))));
}

static const ToyFunction raw_methods[] = {
    TOY_FUNCTION("read", raw_read, "($self, size=-1, /)", 0, "Return up to so many bytes, None if there are none yet, b'' at the end."),
    TOY_FUNCTION("readall", raw_readall, "($self, /)", 0, "Everything up to the end, by as many reads as that takes; None if nothing was ready."),
    TOY_FUNCTION("readinto", raw_refuse, "($self, buffer, /)", 0, "Fill the buffer with what comes; how many bytes that were."),
    TOY_FUNCTION("write", raw_refuse, "($self, b, /)", 0, "Write bytes; return how many."),
    TOY_FUNCTIONS_END,
};

/* ---- buffered ---- */

#define REFUSAL(name)                                                                               \
    static ToyValue refuse_##name(ToyThread *t, ToyValue self, const ToyValue *args)                \
    {                                                                                               \
        return raise_unsupported(t, toy_instance_state(self), #name);                               \
    }
REFUSAL(read)
REFUSAL(read1)
REFUSAL(readline)
REFUSAL(write)
REFUSAL(detach)

static ToyValue read_into(ToyThread *t, ToyValue self, ToyValue target, const char *name, const char *method)
{
    ToyBuffer view;
    if (!io_get_writable(t, target, name, &view)) return TOY_FAILED;
    ToyValue want = toy_int(t, (int64_t)view.length), bytes = toy_failed(want) ? TOY_FAILED : toy_call_method(t, self, method, &want, 1);
    ToyValue result = TOY_FAILED;
    size_t length;
    if (!toy_failed(bytes) && !toy_is_bytes(bytes)) {
        toy_raise_type_error(t, "%s() should return bytes", "read");
    } else if (!toy_failed(bytes)) {
        const uint8_t *data = toy_bytes_data(bytes, &length);
        if (length > view.length) {
            toy_raise_value_error(t, "read() returned too much data: %zu bytes requested, %zu returned", view.length, length);
        } else {
            memcpy(view.data, data, length);
            result = toy_int(t, (int64_t)length);
        }
    }
    toy_release(want);
    toy_release(bytes);
    toy_buffer_release(t, &view);
    return result;
}
static ToyValue buffered_readinto(ToyThread *t, ToyValue self, const ToyValue *args) { return read_into(t, self, args[0], "readinto() argument", "read"); }
static ToyValue buffered_readinto1(ToyThread *t, ToyValue self, const ToyValue *args) { return read_into(t, self, args[0], "readinto1() argument", "read1"); }

static const ToyFunction buffered_methods[] = {
    TOY_FUNCTION("read", refuse_read, "($self, size=-1, /)", 0, "The next bytes, size of them or all that come; fewer only at the end."),
    TOY_FUNCTION("read1", refuse_read1, "($self, size=-1, /)", 0, "Read and return bytes, with at most one read of the raw file."),
    TOY_FUNCTION("readinto", buffered_readinto, "($self, buffer, /)", 0, "Fill the buffer with what comes; how many bytes that were."),
    TOY_FUNCTION("readinto1", buffered_readinto1, "($self, buffer, /)", 0, "As readinto, with at most one read of the raw file."),
    TOY_FUNCTION("write", refuse_write, "($self, b, /)", 0, "Write bytes; return how many."),
    TOY_FUNCTION("detach", refuse_detach, "($self, /)", 0, "Give the raw stream back; this one can be used no more."),
    TOY_FUNCTIONS_END,
};

/* ---- text ---- */

static ToyValue get_none(ToyThread *t, ToyValue self) { return TOY_NONE; }
static const ToyFunction text_methods[] = {
    TOY_FUNCTION("read", refuse_read, "($self, size=-1, /)", 0, "Read at most so many characters."),
    TOY_FUNCTION("readline", refuse_readline, "($self, size=-1, /)", 0, "Read until newline or EOF."),
    TOY_FUNCTION("write", refuse_write, "($self, s, /)", 0, "Write the str; return its length."),
    TOY_FUNCTION("detach", refuse_detach, "($self, /)", 0, "Give the binary stream below back; this one can be used no more."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet text_getsets[] = {
    {"encoding", get_none, NULL, "the name of the encoding, or None"},
    {"errors", get_none, NULL, "what is done about text that cannot be encoded or decoded, or None"},
    {"newlines", get_none, NULL, "the line ends met so far: None, one of them, or a tuple"},
    {NULL, NULL, NULL, NULL},
};

#define FAMILY(doc_, methods_, getsets_)                                                            \
    {.doc = doc_, .size = sizeof(ToyObject), .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER, \
     .methods = methods_, .getsets = getsets_}
/* Read when the program starts: named, they lie with what starting needs (vm/cli/startup_order.py). */
static const char raw_doc[] = "The base of streams without a buffer: what is written goes out at once, by one call of the system.";
static const char buffered_doc[] = "The base of streams that read and write as much as they are asked to, whatever the system gives at a time.";
const ToyTypeSpec raw_base_spec = FAMILY(raw_doc, raw_methods, NULL);
const ToyTypeSpec buffered_base_spec = FAMILY(buffered_doc, buffered_methods, NULL);
const ToyTypeSpec text_base_spec = FAMILY("Base class for text I/O.", text_methods, text_getsets);
