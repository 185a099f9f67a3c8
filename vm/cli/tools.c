/* tools.c - the tools under -m that are part of the program, and what they share.
 *
 * What        The list of tools; reading their input, their switches; printing.
 * How         See tools.h.
 * GIL         held; dropped while input is read.
 * Read next   tool_dis.c */
#include "vm/cli/tools.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vm/object/exception.h"
#include "vm/run/import_file.h"

static const Tool tools[] = {
    {"ast", tool_ast},
    {"dis", tool_dis},
    {"tokenize", tool_tokenize},
};

const Tool *tool_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(tools); i++)
        if (strcmp(tools[i].name, name) == 0) return &tools[i];
    return NULL;
}

bool tool_read(Thread *t, const char *file, ToolInput *input)
{
    bool is_stdin = !file || strcmp(file, "-") == 0;
    *input = (ToolInput){.bytes = NULL};
    Value name = is_stdin ? object_value(str_from_text(t, "<stdin>")) : str_decode(t, file, strlen(file), "utf-8", "surrogateescape");
    if (failed(name)) return false;
    input->name = as_str(name);
    bool done = is_stdin ? file_read_descriptor(t, STDIN_FILENO, input->name, &input->bytes, &input->length)
                         : file_read_all(t, input->name, &input->bytes, &input->length);
    if (!done) {
        input->bytes = NULL;
        tool_free(t, input);
    }
    return done;
}

void tool_free(Thread *t, ToolInput *input)
{
    if (input->bytes) memory_free(&t->interp->memory, input->bytes, input->length + 1);
    if (input->name) object_release(input->name);
    *input = (ToolInput){.bytes = NULL};
}

static int misuse(const ToolWords *words, const char *complaint, const char *word)
{
    fprintf(stderr, "%s%s: error: %s%s\n", words->help, words->tool, complaint, word);
    return TOOL_MISUSED;
}

static int take_switch(ToolWords *words, const Options *options, const ToolSwitch *row, const char *stuck)
{
    words->argument = NULL;
    if (!row->takes) return row->letter;
    if (stuck && *stuck) words->argument = stuck;
    else if (words->next < options->argument_count) words->argument = options->arguments[words->next++];
    return words->argument ? row->letter : misuse(words, "expected one argument for --", row->name);
}

int tool_next(ToolWords *words, const Options *options)
{
    while (words->next < options->argument_count) {
        const char *word = options->arguments[words->next++];
        if (word[0] != '-' || word[1] == 0) {
            if (words->file) return misuse(words, "unrecognized arguments: ", word);
            words->file = word;
            continue;
        }
        if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
            fputs(words->help, stdout);
            return TOOL_HELP;
        }
        const ToolSwitch *row = words->switches;
        size_t name_length = word[1] == '-' ? strcspn(word + 2, "=") : 0;
        for (; row->letter; row++) {
            if (word[1] == row->letter && (row->takes || !word[2])) return take_switch(words, options, row, word + 2);
            if (name_length && strncmp(row->name, word + 2, name_length) == 0 && !row->name[name_length])
                return take_switch(words, options, row, word[2 + name_length] ? word + 3 + name_length : NULL);
        }
        return misuse(words, "unrecognized arguments: ", word);
    }
    return TOOL_NO_MORE;
}

int tool_print(const Buffer *buffer)
{
    const char *at = buffer->data, *end = at + buffer->length;
    while (at < end) {
        ssize_t n = write(STDOUT_FILENO, at, (size_t)(end - at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EPIPE) return 1;
        if (n < 0) {
            perror("toy: stdout");
            return 1;
        }
        at += n;
    }
    return 0;
}
