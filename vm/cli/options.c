/* options.c - the command line and the environment, read.
 *
 * What        options_read(): argv and TOY* variables become an Options. --help and its siblings.
 * How         Letters may stand together ("-iq"), an argument may stick to its letter ("-cpass") or follow it. The first word
 *             that is no option names the script; what follows is the script's. Variables are read first, so that options win.
 * Invariants  I1 every switch, -X name and variable is a row of options.def; nothing is understood that is not listed there.
 * GIL         never needed.
 * Read next   options.def, main.c */
#include "vm/cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vm/run/count.h"

enum OptionId {
#define OPTION(id, letter, long_name, argument, text) OPTION_##id,
#include "vm/cli/options.def"
    OPTION_COUNT
};
enum XOptionId {
#define X_OPTION(id, name, argument, text) X_##id,
#include "vm/cli/options.def"
    X_COUNT
};

typedef struct OptionRow { char letter; const char *name, *argument, *text; } OptionRow;
typedef struct VariableRow { const char *name, *option, *text; } VariableRow;

static const OptionRow option_rows[] = {
#define OPTION(id, letter, long_name, argument, text) {letter, long_name, argument, text},
#include "vm/cli/options.def"
};
static const OptionRow x_rows[] = {
#define X_OPTION(id, name, argument, text) {0, name, argument, text},
#include "vm/cli/options.def"
};
static const VariableRow variable_rows[] = {
#define VARIABLE(id, name, option, text) {name, option, text},
#include "vm/cli/options.def"
};

/* ---- complaints ---- */

static const char usage[] = "usage: toy [option] ... [-c code | -m module | file | -] [arg] ...\n";

static int complain(const char *format, const char *word, const char *nearest)
{
    fprintf(stderr, format, word);
    if (nearest) fprintf(stderr, "; did you mean %s?", nearest);
    fprintf(stderr, "\n%sTry `toy -h' for more information.\n", usage);
    return 2;
}

static int complain_of_policy(const char *name)
{
    char text[200];
    int n = snprintf(text, sizeof text, "-X gil: no policy is called '%.60s'; there are", name);
    for (int i = 0; gil_policy_at(i) && (size_t)n < sizeof text; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %s", i ? "," : "", gil_policy_name(gil_policy_at(i)));
    return complain("%s", text, NULL);
}

/* Steps of inserting, deleting and changing letters from one word to the other. Long words are never near. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1], n = strlen(b);
    if (n > LONGEST || strlen(a) > LONGEST) return SIZE_MAX;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t change = corner + (a[i] != b[j]);
            corner = row[j + 1];
            size_t step = (corner < row[j] ? corner : row[j]) + 1;
            row[j + 1] = change < step ? change : step;
        }
    }
    return row[n];
}

static const char *nearest_name(const char *word, const OptionRow *rows, size_t count)
{
    const char *best = NULL;
    size_t least = strlen(word) / 2 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t steps = rows[i].name ? distance(word, rows[i].name) : SIZE_MAX;
        if (steps >= least) continue;
        least = steps;
        best = rows[i].name;
    }
    return best;
}

static int fatal(const char *what, const char *rule)
{
    fprintf(stderr, "Fatal toy error: %s %s\n", what, rule);
    return 1;
}

/* ---- help ---- */

static void print_text(const char *text, int indent)
{
    for (; *text; text++) {
        putchar(*text);
        if (*text == '\n') printf("%*s", indent, "");
    }
    putchar('\n');
}

static void print_options(void)
{
    printf("%sOptions:\n", usage);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const OptionRow *row = &option_rows[i];
        char head[64];
        int n = row->letter ? snprintf(head, sizeof head, "-%c", row->letter) : snprintf(head, sizeof head, "--%s", row->name);
        if (row->argument) n += snprintf(head + n, sizeof head - (size_t)n, " %s", row->argument);
        if (row->letter && row->name) n += snprintf(head + n, sizeof head - (size_t)n, ", --%s", row->name);
        if (n > 17) printf("  %s\n%19s: ", head, "");
        else printf("  %-17s: ", head);
        print_text(row->text, 21);
    }
    fputs("\nArguments:\n"
          "  file             : the script; a folder or a zip file with a __main__ in it is one too\n"
          "  -                : the script comes from stdin (this is so too without a file, unless stdin is a terminal: then there is a prompt)\n"
          "  arg ...          : what the script finds in sys.argv[1:]\n", stdout);
}

static void print_variables(void)
{
    puts("Environment variables:");
    for (size_t i = 0; i < ARRAY_LENGTH(variable_rows); i++) {
        printf("  %-21s: ", variable_rows[i].name);
        fputs(variable_rows[i].text, stdout);
        if (variable_rows[i].option) printf(" (%s)", variable_rows[i].option);
        putchar('\n');
    }
    puts("NO_COLOR, FORCE_COLOR and TERM=dumb are heeded.");
}

static void print_x_options(void)
{
    puts("Options of the implementation:");
    for (size_t i = 0; i < X_COUNT; i++) {
        char head[64];
        snprintf(head, sizeof head, "-X %s%s", x_rows[i].name, x_rows[i].argument ? x_rows[i].argument : "");
        printf("  %-28s: ", head);
        print_text(x_rows[i].text, 32);
    }
    puts("Policies for -X gil=NAME:");
    for (int i = 0; gil_policy_at(i); i++)
        printf("  %-28s: %s\n", gil_policy_name(gil_policy_at(i)), gil_policy_summary(gil_policy_at(i)));
}

static void print_version(int times)
{
    if (times > 1) printf("toy %s (%s %s) [%s]\n", TOY_VERSION, __DATE__, __TIME__, "C " __VERSION__);
    else printf("toy %s\n", TOY_VERSION);
}

/* ---- the environment ---- */

const char *options_variable(const Config *config, const char *name)
{
    const char *text = config->ignores_environment ? NULL : getenv(name);
    return text && *text ? text : NULL;
}

static bool row_add(TextRow *row, const char *text)
{
    const char **items = realloc(row->items, (row->count + 1) * sizeof *items);
    if (!items) return false;
    row->items = items;
    items[row->count++] = text;
    return true;
}

/* A variable that counts: a number, or just being there. */
static int level_of(const Config *config, const char *name)
{
    const char *text = options_variable(config, name);
    if (!text) return 0;
    char *end;
    long n = strtol(text, &end, 10);
    return *end || n < 0 ? 1 : (int)n;
}

static void at_least(int *level, int n)
{
    if (*level < n) *level = n;
}

static bool read_digit_limit(const char *text, int *limit)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (*end || end == text || errno || n < 0 || n > INT32_MAX || (n > 0 && n < 640)) return false;
    *limit = (int)n;
    return true;
}

static int read_hash_seed(Config *config)
{
    if (config->hash_is_random) return -1;                      /* -R */
    config->hash_is_random = true;
    const char *variable = "TOYHASHSEED", *text = options_variable(config, variable);
    if (!text) text = options_variable(config, variable = "PYTHONHASHSEED");    /* whoever wants the same order from both sets one */
    if (!text || strcmp(text, "random") == 0) return -1;
    char *end;
    errno = 0;
    unsigned long seed = strtoul(text, &end, 10);
    if (*end || errno || seed > UINT32_MAX || *text == '-')
        return fatal(variable, "must be \"random\" or an integer in range [0; 4294967295]");
    config->hash_is_random = false;
    config->hash_seed = seed;
    return -1;
}

static int read_environment(Options *options)
{
    Config *config = &options->config;
    at_least(&config->optimize, level_of(config, "TOYOPTIMIZE"));
    at_least(&config->verbosity, level_of(config, "TOYVERBOSE"));
    config->is_debug |= options_variable(config, "TOYDEBUG") != NULL;
    config->is_dev_mode |= options_variable(config, "TOYDEVMODE") != NULL;
    config->writes_no_bytecode |= options_variable(config, "TOYDONTWRITEBYTECODE") != NULL;
    config->is_inspecting |= options_variable(config, "TOYINSPECT") != NULL;
    config->no_user_site |= options_variable(config, "TOYNOUSERSITE") != NULL;
    config->has_safe_path |= options_variable(config, "TOYSAFEPATH") != NULL;
    config->is_unbuffered |= options_variable(config, "TOYUNBUFFERED") != NULL;
    config->omits_columns |= options_variable(config, "TOYNODEBUGRANGES") != NULL;
    config->shows_import_time |= options_variable(config, "TOYPROFILEIMPORTTIME") != NULL;
    options->has_fault_handler |= options_variable(config, "TOYFAULTHANDLER") != NULL;
    options->dumps_on_signal |= options_variable(config, "TOYGILDUMP") != NULL;
    const char *digits = options_variable(config, "TOYINTMAXSTRDIGITS");
    if (config->int_max_str_digits < 0) {                       /* not given as an option */
        config->int_max_str_digits = 4300;
        if (digits && !read_digit_limit(digits, &config->int_max_str_digits))
            return fatal("TOYINTMAXSTRDIGITS:", "invalid limit; must be >= 640 or 0 for unlimited.");
    }
    return read_hash_seed(config);
}

/* ---- -X ---- */

/* -X stress=gc,switch,alloc:N,seed:S */
static int read_stress(Options *options, const char *list)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        char *end = (char *)list + length;
        if (length == 2 && memcmp(list, "gc", 2) == 0) options->config.stress_gc = true;
        else if (length == 6 && memcmp(list, "switch", 6) == 0) options->config.stress_switch = true;
        else if (length > 6 && memcmp(list, "alloc:", 6) == 0) options->fail_at = strtoull(list + 6, &end, 10);
        else if (length > 5 && memcmp(list, "seed:", 5) == 0) options->config.stress_seed = strtoull(list + 5, &end, 10);
        else return complain("-X stress: unknown event in '%s'", list, NULL);
        if (end != list + length) return complain("-X stress: not a number in '%s'", list, NULL);
        list += length + (list[length] == ',');
    }
    return -1;
}

static int read_x_option(Options *options, const char *word)
{
    word += strspn(word, " ");                  /* "-X dev" in one word */
    size_t length = strcspn(word, "=");
    const char *argument = word[length] ? word + length + 1 : NULL;
    size_t i = 0;
    while (i < X_COUNT && (strncmp(x_rows[i].name, word, length) != 0 || x_rows[i].name[length])) i++;
    if (!row_add(&options->x_options, word)) return fatal("no memory", "");
    if (i == X_COUNT) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)length, word);
        const char *nearest = nearest_name(name, x_rows, X_COUNT);
        fprintf(stderr, "toy: warning: unknown option -X %s", name);
        if (nearest) fprintf(stderr, "; did you mean -X %s?", nearest);
        fputc('\n', stderr);
        return -1;
    }
    if (!argument && x_rows[i].argument && x_rows[i].argument[0] == '=') return complain("-X %s: argument expected", word, NULL);
    Config *config = &options->config;
    switch ((enum XOptionId)i) {
    case X_COUNT_RUN:
        if (!PROGRAM_COUNTS) return complain("-X %s: this program does not count; build one with -Dcount=true", word, NULL);
        options->count_file = argument;
        break;
    case X_DEV: config->is_dev_mode = true; break;
    case X_FAULT_HANDLER: options->has_fault_handler = true; break;
    case X_GIL_DUMP: options->dumps_on_signal = true; break;
    case X_GIL_STATS: options->shows_gil_stats = true; break;
    case X_IMPORT_TIME: config->shows_import_time = true; break;
    case X_NO_DEBUG_RANGES: config->omits_columns = true; break;
    case X_SHOW_REFCOUNT: config->show_refcount = true; break;
    case X_WARN_ENCODING: config->warns_of_encoding = true; break;
    case X_STRESS: return read_stress(options, argument);
    case X_GIL_POLICY:
        options->policy = gil_policy_named(argument);
        if (!options->policy) return complain_of_policy(argument);
        break;
    case X_MAX_STR_DIGITS:
        if (!read_digit_limit(argument, &config->int_max_str_digits))
            return fatal("-X int_max_str_digits:", "invalid limit; must be >= 640 or 0 for unlimited.");
        break;
    case X_SWITCH_INTERVAL: {
        char *end;
        double seconds = strtod(argument, &end);
        if (*end || end == argument || !(seconds > 0) || seconds > 1e9) return complain("-X switch-interval: not a time in seconds: '%s'", argument, NULL);
        options->interval_us = seconds < 1e-6 ? 1 : (uint64_t)(seconds * 1e6);
        break;
    }
    case X_UTF8: case X_FROZEN_MODULES: case X_PYCACHE_PREFIX: case X_COUNT: break;
    }
    return -1;
}

/* ---- switches ---- */

typedef struct Asked { bool help, help_env, help_x, help_all; int version; } Asked;

/* One switch with its argument. The status to leave with, or -1. */
static int read_option(Options *options, Asked *asked, enum OptionId id, const char *argument)
{
    Config *config = &options->config;
    switch (id) {
    case OPTION_BYTES_WARNING: config->bytes_warning++; break;
    case OPTION_NO_BYTECODE: config->writes_no_bytecode = true; break;
    case OPTION_COMMAND: options->kind = RUN_COMMAND; options->target = argument; break;
    case OPTION_DEBUG: config->is_debug = true; break;
    case OPTION_NO_ENVIRONMENT: config->ignores_environment = true; break;
    case OPTION_HELP: asked->help = true; break;
    case OPTION_INSPECT: config->is_inspecting = config->is_interactive = true; break;
    case OPTION_ISOLATE: config->is_isolated = config->ignores_environment = config->no_user_site = config->has_safe_path = true; break;
    case OPTION_MODULE: options->kind = RUN_MODULE; options->target = argument; break;
    case OPTION_OPTIMIZE: config->optimize++; break;
    case OPTION_SAFE_PATH: config->has_safe_path = true; break;
    case OPTION_QUIET: config->is_quiet = true; break;
    case OPTION_NO_USER_SITE: config->no_user_site = true; break;
    case OPTION_RANDOM_HASHES: config->hash_is_random = true; break;
    case OPTION_NO_SITE: config->no_site = true; break;
    case OPTION_UNBUFFERED: config->is_unbuffered = true; break;
    case OPTION_VERBOSE: config->verbosity++; break;
    case OPTION_VERSION: asked->version++; break;
    case OPTION_WARNING: return row_add(&options->warnings, argument) ? -1 : fatal("no memory", "");
    case OPTION_SKIP_LINE: options->skips_first_line = true; break;
    case OPTION_EXTENDED: return read_x_option(options, argument);
    case OPTION_HELP_ENV: asked->help_env = true; break;
    case OPTION_HELP_X: asked->help_x = true; break;
    case OPTION_HELP_ALL: asked->help_all = true; break;
    case OPTION_HASH_PYCS:
        if (strcmp(argument, "always") != 0 && strcmp(argument, "default") != 0 && strcmp(argument, "never") != 0)
            return complain("--check-hash-based-pycs must be one of 'default', 'always', or 'never'%.0s", "", NULL);
        break;
    case OPTION_COUNT: break;
    }
    return -1;
}

/* A word that begins with two dashes; *next: what may be its argument. */
static int read_long(Options *options, Asked *asked, const char *word, const char *next, int *used)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!option_rows[i].name || strcmp(option_rows[i].name, word + 2) != 0) continue;
        if (option_rows[i].argument && !next) return complain("Argument expected for the %s option", word, NULL);
        if (option_rows[i].argument) (*used)++;
        return read_option(options, asked, (enum OptionId)i, next);
    }
    char nearest[64];
    const char *name = nearest_name(word + 2, option_rows, OPTION_COUNT);
    if (name) snprintf(nearest, sizeof nearest, "--%s", name);
    return complain("unknown option %s", word, name ? nearest : NULL);
}

/* Letters behind one dash. *ends: -c or -m was met. */
static int read_letters(Options *options, Asked *asked, const char *word, const char *next, int *used, bool *ends)
{
    for (const char *letter = word + 1; *letter; letter++) {
        char wanted = *letter == '?' ? 'h' : *letter;
        size_t i = 0;
        while (i < OPTION_COUNT && option_rows[i].letter != wanted) i++;
        if (i == OPTION_COUNT) {
            char given[2] = {*letter, 0}, nearest[3] = {'-', (char)(*letter ^ 0x20), 0};
            bool is_near = false;
            for (size_t k = 0; k < OPTION_COUNT; k++) is_near |= option_rows[k].letter == nearest[1];
            return complain("Unknown option: -%s", given, is_near && nearest[1] >= 'A' ? nearest : NULL);
        }
        const char *argument = NULL;
        if (option_rows[i].argument) {
            char given[2] = {*letter, 0};
            argument = letter[1] ? letter + 1 : next;
            if (!argument) return complain("Argument expected for the -%s option", given, NULL);
            if (!letter[1]) (*used)++;
        }
        int status = read_option(options, asked, (enum OptionId)i, argument);
        *ends = i == OPTION_COMMAND || i == OPTION_MODULE;
        if (status >= 0 || argument) return status;
    }
    return -1;
}

static int answer(const Asked *asked)
{
    if (!asked->help && !asked->help_env && !asked->help_x && !asked->help_all && !asked->version) return -1;
    if (asked->help || asked->help_all) print_options();
    if (asked->help_all) putchar('\n');
    if (asked->help_env || asked->help_all) print_variables();
    if (asked->help_all) putchar('\n');
    if (asked->help_x || asked->help_all) print_x_options();
    if (asked->version && !asked->help && !asked->help_env && !asked->help_x && !asked->help_all) print_version(asked->version);
    return 0;
}

int options_read(Options *options, int argc, char **argv)
{
    *options = (Options){.config = {.int_max_str_digits = -1}, .original = argv, .original_count = argc};
    Asked asked = {.version = 0};
    int at = 1;
    bool ends = false;
    while (at < argc && !ends) {
        const char *word = argv[at];
        if (word[0] != '-' || word[1] == 0) break;
        at++;
        if (strcmp(word, "--") == 0) break;
        const char *next = at < argc ? argv[at] : NULL;
        int status = word[1] == '-' ? read_long(options, &asked, word, next, &at) : read_letters(options, &asked, word, next, &at, &ends);
        if (status >= 0) return status;
    }
    int status = answer(&asked);
    if (status >= 0) return status;
    if (!ends && at < argc) {
        options->is_dash = strcmp(argv[at], "-") == 0;
        if (!options->is_dash) {
            options->kind = RUN_FILE;
            options->target = argv[at];
        }
        at++;
    }
    options->arguments = argv + at;
    options->argument_count = argc - at;
    status = read_environment(options);
    if (options->config.optimize > 2) options->config.optimize = 2;
    options->config.is_verbose = options->config.verbosity > 0;
    options->has_fault_handler |= options->config.is_dev_mode;
    return status;
}

void options_free(Options *options)
{
    free(options->warnings.items);
    free(options->x_options.items);
}
