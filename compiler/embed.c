/* embed.c - the build tool that puts the library written in toy into the program.
 *
 * What        toy-embed ROOT OUTPUT FILES..: compiles each file and writes one C file with the table embedded_modules.
 * How         ROOT/json/decoder.toy becomes the module json.decoder, ROOT/json/__init__.toy the package json. The table
 *             holds the image of the code (vm/bytecode/image.h) and the source, for tracebacks and for get_source. It is made of
 *             the compiler and the floors below it: no machine is needed to build the machine.
 * Invariants  I1 a file that does not compile stops the build.
 * GIL         never needed.
 * Read next   compile.h, vm/bytecode/image.h, vm/run/import.c (who reads the table) */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/compile.h"
#include "vm/bytecode/image.h"
#include "vm/bytecode/verify.h"

typedef struct Embedder {
    Memory memory;
    const char *root;
    FILE *output;
} Embedder;

typedef struct ModuleName {
    char text[256];
    bool is_package;
} ModuleName;

static bool read_file(const char *path, Buffer *content)
{
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    size_t length;
    char *place;
    while ((place = buffer_reserve(content, 1 << 16)) && (length = fread(place, 1, 1 << 16, file)) > 0)
        buffer_advance(content, length);
    bool is_good = !ferror(file) && buffer_ok(content);
    fclose(file);
    return is_good;
}

/* "root/a/b.toy" -> "a.b"; "root/a/__init__.toy" -> "a", a package. False: not there, not under root, or too long. */
static bool module_name(const char *root, const char *given, ModuleName *name)
{
    char path[PATH_MAX];
    size_t root_length = strlen(root), length;
    if (!realpath(given, path) || strncmp(path, root, root_length) != 0 || path[root_length] != '/') return false;
    memmove(path, path + root_length + 1, strlen(path) - root_length);
    length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, ".toy") == 0) length -= 4;
    if (length >= sizeof name->text) return false;
    memcpy(name->text, path, length);
    name->text[length] = '\0';
    for (char *c = name->text; *c; c++)
        if (*c == '/') *c = '.';
    char *dot = strrchr(name->text, '.');
    name->is_package = strcmp(dot ? dot + 1 : name->text, "__init__") == 0;
    if (name->is_package && dot) *dot = '\0';
    return true;
}

static void write_bytes(FILE *output, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) fprintf(output, i % 32 == 31 ? "%d,\n" : "%d,", (unsigned char)bytes[i]);
    fputs("0\n};\n", output);
}

static void complain(const char *path, const Diagnostics *diagnostics)
{
    const Diagnostic *error = diagnostics_error(diagnostics);
    if (error)
        fprintf(stderr, "%s:%d: %s: %s\n", path, error->lineno, diagnostic_class_name(error->class), error->message);
    else
        fprintf(stderr, "%s: out of memory\n", path);
}

static bool write_image(Embedder *e, int number, const CodeUnit *unit, const Buffer *source)
{
    Buffer image;
    buffer_init(&image, &e->memory);
    image_write(&image, unit);
    bool is_good = buffer_ok(&image);
    if (is_good) {
        fprintf(e->output, "static const unsigned char image_%d[] = {\n", number);
        write_bytes(e->output, image.data, image.length);
        fprintf(e->output, "static const char source_%d[] = {\n", number);
        write_bytes(e->output, source->data, source->length);
    }
    buffer_free(&image);
    return is_good;
}

static bool embed_source(Embedder *e, int number, const char *path, const char *title, const Buffer *source)
{
    Arena arena;
    Diagnostics diagnostics;
    VerifyError error = {.message = ""};
    arena_init(&arena, &e->memory);
    diagnostics_init(&diagnostics, &arena);
    CompileOptions options = {.input = {.source = source->data ? source->data : "",
                                        .length = source->length,
                                        .filename = title,
                                        .mode = PARSE_FILE,
                                        .max_int_digits = PARSE_DEFAULT_MAX_INT_DIGITS}};
    CodeUnit *unit = compile_source(&e->memory, &options, &diagnostics);
    bool is_good = unit != NULL;
    if (!unit) complain(path, &diagnostics);
    for (size_t i = 0; i < diagnostics.count; i++) /* a warning would be shown at nobody's request later: show it now */
        if (diagnostic_is_warning(&diagnostics.items[i]))
            fprintf(stderr, "%s:%d: warning: %s\n", path, diagnostics.items[i].lineno, diagnostics.items[i].message);
    if (unit && !code_verify(unit, &error)) {
        fprintf(stderr, "%s: the compiler made a bad code unit: %s (word %u)\n", path, error.message, error.offset);
        is_good = false;
    }
    is_good = is_good && write_image(e, number, unit, source);
    code_free(unit);
    arena_free(&arena);
    return is_good;
}

static bool embed_file(Embedder *e, int number, const char *path, ModuleName *name)
{
    char title[300];
    Buffer source;
    buffer_init(&source, &e->memory);
    bool is_good = module_name(e->root, path, name) && read_file(path, &source);
    if (!is_good) fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
    snprintf(title, sizeof title, "<frozen %s>", name->text);
    is_good = is_good && embed_source(e, number, path, title, &source);
    buffer_free(&source);
    return is_good;
}

int main(int argc, char **argv)
{
    Embedder e = {.output = NULL};
    if (argc < 3) {
        fprintf(stderr, "usage: %s ROOT OUTPUT FILES..\n", argv[0]);
        return 2;
    }
    memory_init(&e.memory);
    char root[PATH_MAX];
    e.root = realpath(argv[1], root);
    e.output = fopen(argv[2], "w");
    ModuleName *names = calloc((size_t)argc, sizeof *names);
    if (!e.root || !e.output || !names) {
        fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
        return 1;
    }
    fputs(
        "/* embedded_library.c - generated by compiler/embed.c: the library written in toy, as images and source. */\n"
        "#include \"vm/run/interp.h\"\n\nextern const EmbeddedModule embedded_modules[];\n\n",
        e.output);
    bool is_good = true;
    for (int i = 3; i < argc; i++) is_good &= embed_file(&e, i, argv[i], &names[i]);
    /* All names in one place: whoever looks through them touches two pages. */
    fputs("\nstatic const char module_names[] =\n", e.output);
    for (int i = 3; i < argc; i++) fprintf(e.output, "    \"%s\\0\"\n", names[i].text);
    fputs("    ;\n\nconst EmbeddedModule embedded_modules[] = {\n", e.output);
    size_t offset = 0;
    for (int i = 3; i < argc; i++) {
        fprintf(e.output, "    {module_names + %zu, image_%d, sizeof image_%d - 1, source_%d, sizeof source_%d - 1, %s},\n",
                offset, i, i, i, i, names[i].is_package ? "true" : "false");
        offset += strlen(names[i].text) + 1;
    }
    fputs("    {0},\n};\n", e.output);
    free(names);
    is_good &= !ferror(e.output);
    is_good &= fclose(e.output) == 0;
    if (!is_good) remove(argv[2]);
    return is_good ? 0 : 1;
}
