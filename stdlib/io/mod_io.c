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
    snprintf(mode->raw, sizeof mode->raw, "%s%s", mode->creates ? "x" : mode->reads ? "r" : mode->writes ? "w" : "a", mode->updates ? "+" : "");
    return true;
}

/* Layers over a raw file: buffered, then text. [raw] is taken. */
static ToyValue stack_layers(ToyThread *t, IoState *state, TOY_TAKES ToyValue raw, const Mode *mode, const char *mode_text, int buffering, TextOptions *options)
{
    FileIO *file = (FileIO *)toy_object(raw);
    bool is_terminal = false;
    if (buffering < 0 || buffering == 1) {
        ToyValue v = toy_call_method(t, raw, "isatty", NULL, 0);
        if (toy_failed(v)) goto failure;
        is_terminal = toy_is_true(v);
    }
    if (buffering == 1 || (buffering < 0 && is_terminal)) {
        options->line_buffering = !mode->is_binary;
        buffering = -1;
    }
    size_t size = IO_BUFFER_SIZE;
    if (buffering > 1) size = (size_t)buffering;
    if (buffering < 0) {
        struct stat status;
        toy_block_begin(t, "fstat");
        int result = fstat(file->fd, &status);
        toy_block_end(t);
        if (result == 0 && status.st_blksize > 1) size = (size_t)status.st_blksize;
    }
    if (buffering == 0) {
        if (mode->is_binary) return raw;
        toy_raise_value_error(t, "can't have unbuffered text I/O");
        goto failure;
    }
    bool reads = file->is_readable, writes = file->is_writable;
    ToyType *type = reads && writes ? state->random : writes ? state->writer : state->reader;
    ToyValue buffer = toy_value(buffered_new(t, type, raw, size, reads, writes));
    toy_release(raw);
    if (toy_failed(buffer) || mode->is_binary) return buffer;
    ToyValue text = text_new(t, state, state->text, buffer, options);
    toy_release(buffer);
    if (!toy_failed(text) && !text_set_mode(t, text, mode_text)) toy_clear(&text);
    return text;

failure:
    toy_release(raw);
    return TOY_FAILED;
}

static ToyValue io_open(ToyThread *t, ToyValue self, const ToyValue *args)
{
    IoState *state = toy_module_state(self);
    const char *mode_text = "r";
    int buffering = -1;
    bool closes_fd = true;
    Mode mode;
    TextOptions options = {.newline = args[5]};
    if (toy_is_bound(args[1]) && !toy_arg_text(t, args[1], "open", "mode", &mode_text)) return TOY_FAILED;
    if (!toy_arg_int(t, args[2], &buffering) || !toy_arg_bool(t, args[6], &closes_fd) || !mode_read(t, mode_text, &mode)) return TOY_FAILED;
    if (toy_is_given(args[3]) && !toy_arg_text(t, args[3], "open", "encoding", &options.encoding)) return TOY_FAILED;
    if (toy_is_given(args[4]) && !toy_arg_text(t, args[4], "open", "errors", &options.errors)) return TOY_FAILED;
    if (mode.is_binary && options.encoding) return toy_raise_value_error(t, "binary mode doesn't take an encoding argument");
    if (mode.is_binary && options.errors) return toy_raise_value_error(t, "binary mode doesn't take an errors argument");
    if (mode.is_binary && toy_is_given(args[5])) return toy_raise_value_error(t, "binary mode doesn't take a newline argument");
    ToyValue name = toy_is_int(args[0]) ? toy_retain(args[0]) : toy_fspath(t, args[0]);
    if (toy_failed(name)) return TOY_FAILED;
    FileIO *raw = file_open(t, state, name, mode.raw, closes_fd, args[7]);
    toy_release(name);
    return raw ? stack_layers(t, state, toy_value(raw), &mode, mode_text, buffering, &options) : TOY_FAILED;
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
    return toy_is_none(args[0]) ? toy_str(t, "utf-8") : toy_retain(args[0]);
}

/* ---- the standard streams ---- */

static bool make_stream(ToyThread *t, ToyModuleObject *module, int fd, const char *name, const char *mode, const char *errors)
{
    struct stat status;
    ToyValue stream = TOY_NONE;
    IoState *state = toy_module_state(toy_module_value(module));
    if (fstat(fd, &status) == 0) {                  /* else the descriptor is closed: the stream is None */
        char shown[16];
        snprintf(shown, sizeof shown, "<%s>", name);
        FileIO *raw = file_open(t, state, toy_small_int_value(fd), mode, false, TOY_UNBOUND);
        if (!raw) return false;
        toy_replace(&raw->name, toy_str(t, shown));
        bool writes = mode[0] == 'w', is_unbuffered = writes && toy_flags(t).unbuffered, is_terminal = isatty(fd);
        ToyValue buffer = toy_value(buffered_new(t, writes ? state->writer : state->reader, toy_value(raw), IO_BUFFER_SIZE, !writes, writes));
        toy_release(toy_value(raw));
        TextOptions options = {.errors = errors, .newline = TOY_UNBOUND, .line_buffering = fd == 2 || is_terminal, .write_through = is_unbuffered};
        stream = toy_failed(buffer) ? TOY_FAILED : text_new(t, state, state->text, buffer, &options);
        toy_release(buffer);
        if (toy_failed(stream) || !text_set_mode(t, stream, mode)) {
            toy_release(stream);
            return false;
        }
    }
    char original[16];
    snprintf(original, sizeof original, "__%s__", name);
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

static bool io_init(ToyThread *t, ToyModuleObject *module)
{
    IoState *state = toy_module_state(toy_module_value(module));
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
    return done && make_stream(t, module, 0, "stdin", "r", "strict") && make_stream(t, module, 1, "stdout", "w", "strict") &&
           make_stream(t, module, 2, "stderr", "w", "backslashreplace");
}

static void io_free(ToyThread *t, void *state) { toy_clear(&((IoState *)state)->unsupported); }

static const ToyFunction io_functions[] = {
    TOY_FUNCTION("open", io_open, "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)", 0,
                 "Open a file by its name, or by a descriptor, and return the stream to read or write it. OSError if the system refuses."),
    TOY_FUNCTION("open_code", io_open_code, "(path)", 0, "Open a file that is going to be imported, to be read as bytes."),
    TOY_FUNCTION("text_encoding", io_text_encoding, "(encoding, stacklevel=2, /)", 0,
                 "The encoding to open a text file with: the argument, or 'utf-8' if it is None."),
    TOY_FUNCTIONS_END,
};
const ToyModule toy_module_io = {
    .name = "_io",
    .doc = "The native part of module io: files, and the three standard streams.",
    .functions = io_functions,
    .state_size = sizeof(IoState),
    .init = io_init,
    .free_state = io_free,
};
