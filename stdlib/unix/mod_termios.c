/* mod_termios.c - termios: how a terminal treats what goes through it.
 *
 * What        tcgetattr, tcsetattr, the other tc functions, the size of the window, and the names of flags.
 * How         The attributes of a terminal are a list of seven: flags for input, output, line and program, two speeds, and the control
 *             characters, each as bytes of one. Where lines are not edited two of these are numbers, and appear as such.
 * GIL         dropped around each call.
 * Read next   mod_fcntl.c */
#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "vm/toy.h"

typedef struct TermiosState { ToyType *error; } TermiosState;

/* Inside, other threads run. */
#define WITHOUT_LOCK(t, what, statement) \
    do { \
        toy_block_begin(t, what); \
        statement; \
        toy_block_end(t); \
    } while (0)

/* termios.error(number, text), of errno. */
static ToyValue raise_errno(ToyThread *t, ToyValue module)
{
    int number = errno;
    ToyValue text = toy_str(t, strerror(number));
    if (toy_failed(text)) return TOY_FAILED;
    ToyValue exception = toy_call2(t, toy_type_value(((TermiosState *)toy_module_state(module))->error), toy_small_int_value(number), text);
    toy_release(text);
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}
static ToyValue none_or_error(ToyThread *t, ToyValue module, int result) { return result < 0 ? raise_errno(t, module) : TOY_NONE; }

/* ==== attributes ============================================================================================================ */

enum { PLACE_INPUT, PLACE_OUTPUT, PLACE_LINE, PLACE_PROGRAM, PLACE_INPUT_SPEED, PLACE_OUTPUT_SPEED, PLACE_CHARACTERS, PLACES };

static ToyValue characters_value(ToyThread *t, const struct termios *mode)
{
    bool edits_lines = mode->c_lflag & ICANON;
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && i < NCCS; i++) {
        bool is_number = !edits_lines && (i == VMIN || i == VTIME);
        ToyValue item = is_number ? toy_int(t, mode->c_cc[i]) : toy_bytes(t, &mode->c_cc[i], 1);
        if (!toy_list_append_take(t, list, item)) toy_clear(&list);
    }
    return list;
}

static ToyValue termios_tcgetattr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    struct termios mode;
    if (!toy_arg_fd(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "tcgetattr", result = tcgetattr(fd, &mode));
    if (result < 0) return raise_errno(t, self);
    int64_t numbers[PLACE_CHARACTERS] = {mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag, cfgetispeed(&mode), cfgetospeed(&mode)};
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && i < PLACE_CHARACTERS; i++)
        if (!toy_list_append_take(t, list, toy_int(t, numbers[i]))) toy_clear(&list);
    if (!toy_failed(list) && !toy_list_append_take(t, list, characters_value(t, &mode))) toy_clear(&list);
    return list;
}

/* Flags and speeds have 32 bits; what is above falls away. */
static bool read_word(ToyThread *t, ToyValue v, uint32_t *word)
{
    int64_t number;
    if (!toy_arg_int64(t, v, &number)) return false;
    *word = (uint32_t)number;
    return true;
}

static bool read_character(ToyThread *t, ToyValue v, cc_t *character)
{
    if (toy_is_bytes(v)) {
        size_t length;
        const uint8_t *data = toy_bytes_data(v, &length);
        if (length == 1) {
            *character = data[0];
            return true;
        }
    }
    uint32_t number;
    if (!toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "tcsetattr: elements of attributes must be characters or integers");
    if (!read_word(t, v, &number)) return false;
    *character = (cc_t)number;
    return true;
}

static bool read_characters(ToyThread *t, ToyValue list, struct termios *mode)
{
    if (!toy_is_list(list) || toy_list_length(list) != NCCS) return toy_raise_false(t, TOY_TypeError, "tcsetattr: attributes[6] must be %d element list", NCCS);
    for (size_t i = 0; i < NCCS; i++) {
        if (i >= toy_list_length(list)) return toy_raise_false(t, TOY_TypeError, "tcsetattr: attributes[6] must be %d element list", NCCS);
        ToyValue item = toy_retain(toy_list_item(list, i));   /* an __index__ may empty the list */
        bool done = read_character(t, item, &mode->c_cc[i]);
        toy_release(item);
        if (!done) return false;
    }
    return true;
}

static bool read_attributes(ToyThread *t, ToyValue attributes, struct termios *mode, uint32_t *speeds)
{
    uint32_t words[PLACE_CHARACTERS];
    for (size_t i = 0; i < PLACE_CHARACTERS; i++)
        if (!read_word(t, toy_tuple_item(attributes, i), &words[i])) return false;
    if (!read_characters(t, toy_tuple_item(attributes, PLACE_CHARACTERS), mode)) return false;
    mode->c_iflag = words[PLACE_INPUT];
    mode->c_oflag = words[PLACE_OUTPUT];
    mode->c_cflag = words[PLACE_LINE];
    mode->c_lflag = words[PLACE_PROGRAM];
    speeds[0] = words[PLACE_INPUT_SPEED];
    speeds[1] = words[PLACE_OUTPUT_SPEED];
    return true;
}

static ToyValue termios_tcsetattr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, when, result;
    struct termios mode;
    uint32_t speeds[2];
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &when)) return TOY_FAILED;
    if (!toy_is_list(args[2]) || toy_list_length(args[2]) != PLACES) return toy_raise_type_error(t, "tcsetattr, arg 3: must be 7 element list");
    /* What the list does not speak of stays as it is. */
    WITHOUT_LOCK(t, "tcgetattr", result = tcgetattr(fd, &mode));
    if (result < 0) return raise_errno(t, self);
    ToyValue attributes = toy_tuple_from(t, args[2]);
    if (toy_failed(attributes)) return TOY_FAILED;
    bool is_right = read_attributes(t, attributes, &mode, speeds);
    toy_release(attributes);
    if (!is_right) return TOY_FAILED;
    if (cfsetispeed(&mode, speeds[0]) < 0 || cfsetospeed(&mode, speeds[1]) < 0) return raise_errno(t, self);
    WITHOUT_LOCK(t, "tcsetattr", result = tcsetattr(fd, when, &mode));
    return none_or_error(t, self, result);
}

/* ==== the line ============================================================================================================== */

static ToyValue termios_tcsendbreak(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, duration, result;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &duration)) return TOY_FAILED;
    WITHOUT_LOCK(t, "tcsendbreak", result = tcsendbreak(fd, duration));
    return none_or_error(t, self, result);
}
static ToyValue termios_tcdrain(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    if (!toy_arg_fd(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "tcdrain", result = tcdrain(fd));
    return none_or_error(t, self, result);
}
static ToyValue termios_tcflush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, queue, result;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &queue)) return TOY_FAILED;
    WITHOUT_LOCK(t, "tcflush", result = tcflush(fd, queue));
    return none_or_error(t, self, result);
}
static ToyValue termios_tcflow(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, action, result;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &action)) return TOY_FAILED;
    WITHOUT_LOCK(t, "tcflow", result = tcflow(fd, action));
    return none_or_error(t, self, result);
}

/* ==== the window ============================================================================================================ */

static ToyValue termios_tcgetwinsize(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    struct winsize size;
    if (!toy_arg_fd(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "ioctl", result = ioctl(fd, TIOCGWINSZ, &size));
    return result < 0 ? raise_errno(t, self) : toy_tuple(t, toy_int(t, size.ws_row), toy_int(t, size.ws_col));
}

static bool read_window(ToyThread *t, ToyValue v, int64_t *rows, int64_t *columns)
{
    ToyValue pair = toy_is_list(v) || toy_is_tuple(v) ? toy_tuple_from(t, v) : TOY_UNBOUND;
    if (toy_is_unbound(pair) && toy_is_raised(t)) return false;
    bool is_right = toy_is_bound(pair) && toy_tuple_length(pair) == 2;
    if (!is_right) (void)toy_raise_type_error(t, "tcsetwinsize, arg 2: must be a two-item sequence");
    is_right = is_right && toy_arg_int64(t, toy_tuple_item(pair, 0), rows) && toy_arg_int64(t, toy_tuple_item(pair, 1), columns);
    toy_release(pair);
    if (!is_right) return false;
    bool fits = *rows >= 0 && *rows <= UINT16_MAX && *columns >= 0 && *columns <= UINT16_MAX;
    return fits || toy_raise_false(t, TOY_OverflowError, "winsize value(s) out of range.");
}

static ToyValue termios_tcsetwinsize(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    int64_t rows, columns;
    struct winsize size;
    if (!toy_arg_fd(t, args[0], &fd) || !read_window(t, args[1], &rows, &columns)) return TOY_FAILED;
    WITHOUT_LOCK(t, "ioctl", result = ioctl(fd, TIOCGWINSZ, &size));   /* its size in dots stays */
    if (result < 0) return raise_errno(t, self);
    size.ws_row = (unsigned short)rows;
    size.ws_col = (unsigned short)columns;
    WITHOUT_LOCK(t, "ioctl", result = ioctl(fd, TIOCSWINSZ, &size));
    return none_or_error(t, self, result);
}

/* ==== the module ============================================================================================================ */

static const ToyFunction functions[] = {
    TOY_FUNCTION("tcgetattr", termios_tcgetattr, "(fd, /)", 0, "The terminal's attributes: [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]."),
    TOY_FUNCTION("tcsetattr", termios_tcsetattr, "(fd, when, attributes, /)", 0, "Set the attributes: at once (TCSANOW), when all is written (TCSADRAIN), and what was typed thrown away (TCSAFLUSH)."),
    TOY_FUNCTION("tcsendbreak", termios_tcsendbreak, "(fd, duration, /)", 0, "Send a break on the line."),
    TOY_FUNCTION("tcdrain", termios_tcdrain, "(fd, /)", 0, "Wait until all that was written is out."),
    TOY_FUNCTION("tcflush", termios_tcflush, "(fd, queue, /)", 0, "Throw away what has come (TCIFLUSH), what is still to go (TCOFLUSH), or both (TCIOFLUSH)."),
    TOY_FUNCTION("tcflow", termios_tcflow, "(fd, action, /)", 0, "Stop or let go output (TCOOFF, TCOON) or input (TCIOFF, TCION)."),
    TOY_FUNCTION("tcgetwinsize", termios_tcgetwinsize, "(fd, /)", 0, "The size of the window: (rows, columns)."),
    TOY_FUNCTION("tcsetwinsize", termios_tcsetwinsize, "(fd, winsize, /)", 0, "Set the size of the window: (rows, columns)."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant rows[] = {
#define NAME(name) {#name, name},
#define NUMBER(name, n) {#name, n},
#include "stdlib/unix/termios_constants.def"
#undef NUMBER
#undef NAME
    };
    TermiosState *state = toy_module_state(toy_module_value(module));
    state->error = toy_exception_new(t, "termios.error", toy_exception_type(t, TOY_Exception));
    return state->error && toy_module_add_ints(t, module, rows, sizeof rows / sizeof *rows) &&
           toy_module_add(t, module, "error", toy_retain(toy_type_value(state->error)));
}

const ToyModule toy_module_termios = {
    .name = "termios",
    .doc = "How a terminal treats what goes through it.",
    .functions = functions,
    .state_size = sizeof(TermiosState),
    .init = init,
};
