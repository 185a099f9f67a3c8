/* mod_io.c - module _io: open(), the classes, and the three standard streams.
 *
 * What        open(file, mode, buffering, encoding, errors, newline, closefd, opener) and what importing io puts into sys and builtins.
 * How         open() stacks the layers that the mode asks for. The streams are ordinary text files over descriptors 0, 1, 2: stdout is
 *             line-buffered on a terminal, stderr always, and shows what it cannot encode as escapes.
 * GIL         held; dropped by the raw files.
 * Read next   io.h, file_io.c, buffered.c, text_io.c */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stdlib/io/io.h"
#include "vm/toy_vm.h"

/* ---- open ---- */

typedef struct Mode { bool creates, reads, writes, appends, updates, is_text, is_binary; char raw[8]; } Mode;

static bool mode_read(ToyThread *t, const char *text, Mode *mode)
{
    *mode = (Mode){.creates = false};
    for (const char *c = text; *c; c++) {
        bool *flag = *c == 'x' ? &mode->creates : *c == 'r' ? &mode->reads : *c == 'w' ? &mode->writes : *c == 'a' ? &mode->appends
                     : *c == '+' ? &mode->updates : *c == 't' ? &mode->is_text : *c == 'b' ? &mode->is_binary : NULL;
        if (!flag || *flag) return toy_raise_false(t, TOY_ValueError, "invalid mode: '%.200s'", text);
        *flag = true;
    }
    if (mode->is_text && mode->is_binary) return toy_raise_false(t, TOY_ValueError, "can't have text and binary mode at once");
    if (mode->creates + mode->reads + mode->writes + mode->appends != 1)
        return toy_raise_false(t, TOY_ValueError, "must have exactly one of create/read/write/append mode");
    mode->raw[0] = mode->creates ? 'x' : mode->reads ? 'r' : mode->writes ? 'w' : 'a';
    mode->raw[1] = mode->updates ? '+' : 0;
    return true;
}

static ToyValue with_mode(ToyThread *t, TOY_TAKES ToyValue text, const char *mode)
{
    ToyValue str = toy_failed(text) ? TOY_FAILED : toy_str(t, mode);
    if (toy_failed(str) || !toy_set_attribute(t, text, "mode", str)) toy_clear(&text);
    toy_release(str);
    return text;
}

/* The topmost layer of a file that could not be finished is closed, not left to its finaliser, which would complain. */
static ToyValue give_up(ToyThread *t, TOY_TAKES ToyValue top)
{
    ToyValue raised = toy_raised_take(t), closed = toy_call_method(t, top, "close", NULL, 0);
    toy_release(closed);
    (void)!io_raise_both(t, raised);
    toy_release(top);
    return TOY_FAILED;
}

/* Layers over a raw file: buffered, then text. */
static ToyValue stack_layers(ToyThread *t, IoState *state, FileIO *raw, const Mode *mode, const char *mode_text, int buffering, TextOptions *options)
{
    bool is_terminal = false;
    if (buffering < 0) {
        ToyValue v = toy_call_method(t, toy_value(raw), "isatty", NULL, 0);
        if (toy_failed(v)) return TOY_FAILED;
        is_terminal = toy_is_true(v);
    }
    if (buffering == 1 || is_terminal) {
        options->line_buffering = !mode->is_binary;
        buffering = -1;
    }
    if (buffering == 0) return mode->is_binary ? toy_retain(toy_value(raw)) : toy_raise_value_error(t, "can't have unbuffered text I/O");
    size_t size = buffering < 0 ? (size_t)raw->block_size : (size_t)buffering;
    bool reads = raw->is_readable, writes = raw->is_writable;
    ToyType *type = reads && writes ? state->random : writes ? state->writer : state->reader;
    if (reads && writes && !io_agrees(t, state, toy_value(raw), "seekable", "File or stream is not seekable.")) return TOY_FAILED;
    ToyValue buffer = toy_value(buffered_new(t, type, toy_value(raw), size, reads, writes));
    if (toy_failed(buffer) || mode->is_binary) return buffer;
    ToyValue text = with_mode(t, text_new(t, state, state->text, buffer, options), mode_text);
    if (toy_failed(text)) return give_up(t, buffer);
    toy_release(buffer);
    return text;
}

static ToyValue io_open(ToyThread *t, ToyValue self, const ToyValue *args)
{
    IoState *state = toy_module_state(self);
    const char *mode_text = "r", *checked;
    int buffering = -1;
    bool closes_fd = true;
    Mode mode;
    TextOptions options = {.encoding = args[3], .errors = args[4], .newline = args[5]};
    if (toy_is_bound(args[1]) && !toy_arg_text(t, args[1], "open", "'mode'", &mode_text)) return TOY_FAILED;
    if (!toy_arg_int(t, args[2], &buffering)) return TOY_FAILED;
    static const char *const names[] = {"encoding", "errors", "newline"};
    for (int i = 0; i < 3; i++) {
        if (!toy_is_given(args[3 + i])) continue;
        if (!toy_is_str(args[3 + i])) return toy_raise_type_error(t, "open() argument '%s' must be str or None, not %T", names[i], args[3 + i]);
        if (!toy_arg_text(t, args[3 + i], "open", names[i], &checked)) return TOY_FAILED;
    }
    if (!toy_arg_bool(t, args[6], &closes_fd) || !mode_read(t, mode_text, &mode)) return TOY_FAILED;
    for (int i = 0; mode.is_binary && i < 3; i++)
        if (toy_is_given(args[3 + i])) return toy_raise_value_error(t, "binary mode doesn't take %s %s argument", i < 2 ? "an" : "a", names[i]);
    if (mode.is_binary && buffering == 1 &&
        !toy_warn(t, TOY_RuntimeWarning, 1, "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used"))
        return TOY_FAILED;
    ToyValue name = toy_is_int(args[0]) ? toy_retain(args[0]) : toy_fspath(t, args[0]);
    if (toy_failed(name)) return TOY_FAILED;
    FileIO *raw = file_open(t, state, name, mode.raw, closes_fd, args[7]);
    toy_release(name);
    if (!raw) return TOY_FAILED;
    ToyValue file = stack_layers(t, state, raw, &mode, mode_text, buffering, &options);
    if (toy_failed(file)) return give_up(t, toy_value(raw));
    toy_release(toy_value(raw));
    return file;
}

static ToyValue io_open_code(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue row[8] = {args[0], toy_str(t, "rb"), TOY_UNBOUND};
    ToyValue v = toy_failed(row[1]) ? TOY_FAILED : io_open(t, self, row);
    toy_release(row[1]);
    return v;
}

static ToyValue io_text_encoding(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int level = 2;
    if (!toy_is_none(args[0])) return toy_retain(args[0]);
    if (!toy_arg_int(t, args[1], &level) || !io_warn_of_encoding(t, toy_module_state(self), level)) return TOY_FAILED;
    return toy_str(t, "utf-8");
}

/* ---- the standard streams ---- */

/* The text file over the descriptor; None if that is closed. Unbuffered (-u), nothing lies between the text and the descriptor. */
static ToyValue stream_over(ToyThread *t, IoState *state, int fd, const char *name, const char *mode, const char *errors)
{
    struct stat status;
    if (fstat(fd, &status) != 0) return TOY_NONE;
    bool writes = mode[0] == 'w', is_unbuffered = writes && toy_flags(t).unbuffered;
    FileIO *raw = file_open(t, state, toy_small_int_value(fd), mode, false, TOY_UNBOUND);
    if (!raw) return TOY_FAILED;
    ToyValue shown = toy_str_format(t, "<%s>", name), encoding = toy_str(t, "utf-8"), handler = toy_str(t, errors), buffer = TOY_FAILED, stream = TOY_FAILED;
    if (!toy_failed(shown) && !toy_failed(encoding) && !toy_failed(handler) && toy_set_attribute(t, toy_value(raw), "name", shown))
        buffer = is_unbuffered ? toy_retain(toy_value(raw)) : toy_value(buffered_new(t, writes ? state->writer : state->reader, toy_value(raw), IO_BUFFER_SIZE, !writes, writes));
    TextOptions options = {.encoding = encoding, .errors = handler, .newline = TOY_UNBOUND, .line_buffering = fd == 2 || isatty(fd), .write_through = is_unbuffered};
    if (!toy_failed(buffer)) stream = with_mode(t, text_new(t, state, state->text, buffer, &options), mode);
    if (!toy_failed(stream)) {
        toy_ends_unseen(toy_value(raw));
        toy_ends_unseen(buffer);
        toy_ends_unseen(stream);
    }
    toy_release(toy_value(raw));
    toy_release(shown);
    toy_release(encoding);
    toy_release(handler);
    toy_release(buffer);
    return stream;
}

static bool make_stream(ToyThread *t, ToyModuleObject *module, int fd, const char *name, const char *original, const char *mode, const char *errors)
{
    ToyValue stream = stream_over(t, toy_module_state(toy_module_value(module)), fd, name, mode, errors);
    if (toy_failed(stream)) return false;
    ToyValue sys = toy_import(t, "sys");
    bool done = !toy_failed(sys) && toy_set_attribute(t, sys, name, stream) && toy_set_attribute(t, sys, original, stream);
    toy_release(sys);
    toy_release(stream);
    return done;
}

/* ---- start ---- */

static bool make_types(ToyThread *t, ToyModuleObject *module, IoState *state)
{
    return (state->base = toy_type_new(t, module, &io_base_spec, "_io._IOBase", NULL)) &&
           (state->raw_base = toy_type_new(t, module, &raw_base_spec, "_io._RawIOBase", state->base)) &&
           (state->buffered_base = toy_type_new(t, module, &buffered_base_spec, "_io._BufferedIOBase", state->base)) &&
           (state->text_base = toy_type_new(t, module, &text_base_spec, "_io._TextIOBase", state->base)) &&
           (state->file = toy_type_new(t, module, &file_io_spec, "_io.FileIO", state->raw_base)) &&
           (state->reader = toy_type_new(t, module, &buffered_reader_spec, "_io.BufferedReader", state->buffered_base)) &&
           (state->writer = toy_type_new(t, module, &buffered_writer_spec, "_io.BufferedWriter", state->buffered_base)) &&
           (state->random = toy_type_new(t, module, &buffered_random_spec, "_io.BufferedRandom", state->buffered_base)) &&
           (state->pair = toy_type_new(t, module, &buffered_pair_spec, "_io.BufferedRWPair", state->buffered_base)) &&
           (state->bytes_buffer = toy_type_new(t, module, &bytes_buffer_spec, "_io._BytesIOBuffer", NULL)) &&
           (state->newline_decoder = toy_type_new(t, module, &newline_decoder_spec, "_io.IncrementalNewlineDecoder", NULL)) &&
           (state->text = toy_type_new(t, module, &text_io_spec, "_io.TextIOWrapper", state->text_base)) &&
           (state->bytes = toy_type_new(t, module, &bytes_io_spec, "_io.BytesIO", state->buffered_base)) &&
           (state->string = toy_type_new(t, module, &string_io_spec, "_io.StringIO", state->text_base));
}

/* class UnsupportedOperation(OSError, ValueError), made as a script would. */
static bool make_unsupported(ToyThread *t, ToyModuleObject *module, IoState *state)
{
    ToyValue bases = toy_tuple(t, toy_retain(toy_type_value(toy_exception_type(t, TOY_OSError))), toy_retain(toy_type_value(toy_exception_type(t, TOY_ValueError))));
    ToyValue dict = toy_dict(t), name = toy_str(t, "UnsupportedOperation");
    if (!toy_failed(bases) && !toy_failed(dict) && !toy_failed(name) && toy_dict_take_text(t, dict, "__module__", toy_str(t, "io"))) {
        ToyValue row[3] = {name, bases, dict};
        state->unsupported = toy_call(t, toy_type_value(toy_builtin_type(t, TOY_KIND_TYPE)), row, 3);
    }
    toy_release(bases);
    toy_release(dict);
    toy_release(name);
    return !toy_failed(state->unsupported) && toy_module_add(t, module, "UnsupportedOperation", toy_retain(state->unsupported));
}

static bool add_type(ToyThread *t, ToyModuleObject *module, const char *name, ToyType *type)
{
    return toy_module_add(t, module, name, toy_retain(toy_type_value(type)));
}

/* What threads of the parent were doing with a file is over in the child. */
static ToyValue note_fork(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, struct Tuple *names)
{
    ((IoState *)toy_module_state(self))->forks++;
    return TOY_NONE;
}
/* Raw: to read a signature in the child would be to write, that is to copy pages. */
static const ToyFunction note_fork_row = TOY_RAW_FUNCTION("note_fork", note_fork, "()", 0, NULL);

static bool register_fork(ToyThread *t, ToyModuleObject *module)
{
    ToyValue hook = toy_function_new(t, &note_fork_row, toy_module_value(module));
    bool done = !toy_failed(hook) && toy_fork_register(t, TOY_UNBOUND, TOY_UNBOUND, hook);
    toy_release(hook);
    return done;
}

static bool io_init(ToyThread *t, ToyModuleObject *module)
{
    IoState *state = toy_module_state(toy_module_value(module));
    state->is_dev_mode = toy_flags(t).dev_mode;
    state->warns_of_encoding = toy_flags(t).warn_default_encoding;
    bool done = make_types(t, module, state) && make_unsupported(t, module, state) && add_type(t, module, "_IOBase", state->base) &&
                add_type(t, module, "_RawIOBase", state->raw_base) && add_type(t, module, "_BufferedIOBase", state->buffered_base) &&
                add_type(t, module, "_TextIOBase", state->text_base) && add_type(t, module, "FileIO", state->file) &&
                add_type(t, module, "BufferedReader", state->reader) && add_type(t, module, "BufferedWriter", state->writer) &&
                add_type(t, module, "BufferedRandom", state->random) && add_type(t, module, "TextIOWrapper", state->text) &&
                add_type(t, module, "BytesIO", state->bytes) && add_type(t, module, "BufferedRWPair", state->pair) &&
                add_type(t, module, "_BytesIOBuffer", state->bytes_buffer) && add_type(t, module, "IncrementalNewlineDecoder", state->newline_decoder) && add_type(t, module, "StringIO", state->string);
    done = done && toy_module_add_int(t, module, "DEFAULT_BUFFER_SIZE", IO_BUFFER_SIZE) && toy_module_add_int(t, module, "SEEK_SET", SEEK_SET) &&
           toy_module_add_int(t, module, "SEEK_CUR", SEEK_CUR) && toy_module_add_int(t, module, "SEEK_END", SEEK_END) &&
           toy_module_add(t, module, "BlockingIOError", toy_retain(toy_type_value(toy_exception_type(t, TOY_BlockingIOError))));
    ToyValue open_function = done ? toy_dict_get_text(t, toy_module_dict(module), "open") : TOY_FAILED;
    done = done && !toy_failed(open_function) && toy_dict_set_text(t, toy_builtins(t), "open", open_function);
    toy_release(open_function);
    return done && register_fork(t, module) && make_stream(t, module, 0, "stdin", "__stdin__", "r", "strict") && make_stream(t, module, 1, "stdout", "__stdout__", "w", "strict") &&
           make_stream(t, module, 2, "stderr", "__stderr__", "w", "backslashreplace");
}

static void io_free(ToyThread *t, void *state)
{
    toy_clear(&((IoState *)state)->unsupported);
    io_forget_all_below(t, state);
}

static const ToyFunction io_functions[] = {
    TOY_FUNCTION("open", io_open, "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)", 0,
                 "Open a file by its name, or by a descriptor, and return the stream to read or write it. OSError if the system refuses."),
    TOY_FUNCTION("open_code", io_open_code, "(path)", 0, "Open a file that is going to be imported, to be read as bytes."),
    TOY_FUNCTION("text_encoding", io_text_encoding, "(encoding, stacklevel=2, /)", 0,
                 "The encoding to open a text file with: the argument, or 'utf-8' if it is None."),
    TOY_FUNCTIONS_END,
};
static const char doc[] = "The native part of module io: files, and the three standard streams.";     /* named, as what starting needs is */
const ToyModule toy_module_io = {
    .name = "_io",
    .doc = doc,
    .functions = io_functions,
    .state_size = sizeof(IoState),
    .init = io_init,
    .free_state = io_free,
};
