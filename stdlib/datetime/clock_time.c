/* clock_time.c - class time: what a clock shows, with or without a zone.
 *
 * What        time and its methods.
 * How         For pickle a time is six bytes: hour, minute, second, the microseconds in three; the top bit of the first is fold, from protocol 4 on.
 *             Two times with zones are compared as both would be in UTC.
 * Invariants  I1 'fold' says which of two it is when clocks are set back, and counts in no comparison.
 * GIL         held.
 * Read next   moment.c */
#include "stdlib/datetime/datetime.h"

enum { STATE_LENGTH = 6, FOLD_BIT = 0x80 };

bool clock_check(ToyThread *t, int hour, int minute, int second, int micros, int fold)
{
    const char *wrong = NULL;
    if (hour < 0 || hour > 23) wrong = "hour must be in 0..23";
    else if (minute < 0 || minute > 59) wrong = "minute must be in 0..59";
    else if (second < 0 || second > 59) wrong = "second must be in 0..59";
    else if (micros < 0 || micros >= MICROS_PER_SECOND) wrong = "microsecond must be in 0..999999";
    else if (fold != 0 && fold != 1) wrong = "fold must be either 0 or 1";
    return !wrong || toy_raise_false(t, TOY_ValueError, "%s", wrong);
}

static ToyValue alloc_unchecked(ToyThread *t, ToyType *type, const Clock *clock, ToyValue zone)
{
    Time *time = (Time *)toy_type_alloc(t, type);
    if (!time) return TOY_FAILED;
    time->clock = *clock;
    time->zone = toy_retain(zone);
    return toy_value(time);
}

ToyValue time_alloc(ToyThread *t, ToyType *type, const Clock *clock, ToyValue zone)
{
    if (!clock_check(t, clock->hour, clock->minute, clock->second, clock->micros, clock->fold)) return TOY_FAILED;
    return alloc_unchecked(t, type, clock, zone);
}

ToyValue time_make(ToyThread *t, const DatetimeState *state, ToyType *type, const Clock *clock, ToyValue zone)
{
    if (type == state->time) return time_alloc(t, type, clock, zone);
    if (!clock_check(t, clock->hour, clock->minute, clock->second, clock->micros, clock->fold)) return TOY_FAILED;
    ToyValue args[6] = {toy_int(t, clock->hour), toy_int(t, clock->minute), toy_int(t, clock->second), toy_int(t, clock->micros), zone};
    return call_with_fold(t, type, args, 5, clock->fold);
}

/* Numbers of arguments are ints before they are bytes: checked while they are still wide. */
static bool arg_clock(ToyThread *t, const ToyValue *args, ToyValue fold, Clock *clock)
{
    int parts[5] = {clock->hour, clock->minute, clock->second, clock->micros, clock->fold};
    for (int i = 0; i < 4; i++)
        if (!arg_field(t, args[i], &parts[i])) return false;
    if (!arg_field(t, fold, &parts[4]) || !clock_check(t, parts[0], parts[1], parts[2], parts[3], parts[4])) return false;
    *clock = (Clock){(uint8_t)parts[0], (uint8_t)parts[1], (uint8_t)parts[2], (uint8_t)parts[4], parts[3]};
    return true;
}

static ToyValue time_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"hour", "minute", "second", "microsecond", "tzinfo", "fold", NULL};
    static const ToyParameters parameters = {NULL, parameter_names, 0, 5, 0};
    const DatetimeState *state = toy_type_state(type);
    ToyValue given[6];
    Clock clock = {0};
    if (count >= 1 && count <= 2 && toy_names_length(names) == 0) {
        uint8_t s[STATE_LENGTH];
        if (state_read(t, args[0], sizeof s, "time", s) && (s[0] & ~FOLD_BIT) < 24) {
            clock = (Clock){s[0] & (FOLD_BIT - 1), s[1], s[2], s[0] >> 7, s[3] << 16 | s[4] << 8 | s[5]};
            if (count == 2 && !toy_is_none(args[1]) && !toy_is_a(t, args[1], state->tzinfo)) return toy_raise_type_error(t, "bad tzinfo state arg");
            return alloc_unchecked(t, type, &clock, count == 2 ? args[1] : TOY_NONE);
        }
        if (toy_is_raised(t)) return TOY_FAILED;
    }
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !arg_clock(t, given, given[5], &clock)) return TOY_FAILED;
    ToyValue zone = toy_is_bound(given[4]) ? given[4] : TOY_NONE;
    return zone_check(t, state, zone) ? time_alloc(t, type, &clock, zone) : TOY_FAILED;
}

static ToyValue time_fromisoformat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const DatetimeState *state = state_of_type(self);
    Clock clock;
    ToyValue zone;
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "fromisoformat: argument must be str");
    size_t start = toy_str_length(args[0]) > 0 && toy_str_char(args[0], 0) == 'T';
    if (!read_clock(t, state, args[0], start, &clock, &zone)) return toy_is_raised(t) ? TOY_FAILED : raise_bad_text(t, args[0]);
    ToyValue result = time_make(t, state, (ToyType *)toy_object(self), &clock, zone);
    toy_release(zone);
    return result;
}

static ToyValue time_replace(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Time *time = as_time(self);
    const DatetimeState *state = state_of(self);
    Clock clock = time->clock;
    if (!arg_clock(t, args, args[5], &clock)) return TOY_FAILED;
    ToyValue zone = toy_is_bound(args[4]) ? args[4] : time->zone;
    return zone_check(t, state, zone) ? time_make(t, state, toy_type_of(t, self), &clock, zone) : TOY_FAILED;
}

/* ---- asking ---- */

static ToyValue get_hour(ToyThread *t, ToyValue self) { return toy_int(t, as_time(self)->clock.hour); }
static ToyValue get_minute(ToyThread *t, ToyValue self) { return toy_int(t, as_time(self)->clock.minute); }
static ToyValue get_second(ToyThread *t, ToyValue self) { return toy_int(t, as_time(self)->clock.second); }
static ToyValue get_micros(ToyThread *t, ToyValue self) { return toy_int(t, as_time(self)->clock.micros); }
static ToyValue get_fold(ToyThread *t, ToyValue self) { return toy_int(t, as_time(self)->clock.fold); }
static ToyValue get_zone(ToyThread *t, ToyValue self) { return toy_retain(as_time(self)->zone); }

/* A zone that changes over the year cannot say anything of a time without a date: it is asked about None. */
static ToyValue offset_of(ToyThread *t, ToyValue self) { return zone_ask(t, state_of(self), as_time(self)->zone, "utcoffset", TOY_NONE); }
static ToyValue time_utcoffset(ToyThread *t, ToyValue self, const ToyValue *args) { return offset_of(t, self); }
static ToyValue time_dst(ToyThread *t, ToyValue self, const ToyValue *args) { return zone_ask(t, state_of(self), as_time(self)->zone, "dst", TOY_NONE); }
static ToyValue time_tzname(ToyThread *t, ToyValue self, const ToyValue *args) { return zone_name(t, as_time(self)->zone, TOY_NONE); }

static ToyValue time_isoformat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Time *time = as_time(self);
    char text[TEXT_ROOM];
    size_t n = write_clock(t, text, &time->clock, args ? args[0] : TOY_UNBOUND);
    if (n == SIZE_MAX) return TOY_FAILED;
    size_t zone = write_offset(t, state_of(self), text + n, time->zone, TOY_NONE, ":");
    return zone == SIZE_MAX ? TOY_FAILED : toy_str_from_latin1(t, text, n + zone);
}
static ToyValue time_str(ToyThread *t, ToyValue self) { return toy_call_method(t, self, "isoformat", NULL, 0); }

static ToyValue time_repr(ToyThread *t, ToyValue self)
{
    const Time *time = as_time(self);
    const Clock *clock = &time->clock;
    const char *name = toy_type_name(t, self);
    ToyValue text = clock->micros ? toy_str_format(t, "%s(%d, %d, %d, %d", name, clock->hour, clock->minute, clock->second, clock->micros)
        : clock->second ? toy_str_format(t, "%s(%d, %d, %d", name, clock->hour, clock->minute, clock->second)
                        : toy_str_format(t, "%s(%d, %d", name, clock->hour, clock->minute);
    if (!toy_failed(text) && !toy_is_none(time->zone)) toy_replace(&text, toy_str_format(t, "%S, tzinfo=%R", text, time->zone));
    if (!toy_failed(text)) toy_replace(&text, toy_str_format(t, clock->fold ? "%S, fold=1)" : "%S)", text));
    return text;
}

static ToyValue time_strftime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Time *time = as_time(self);
    const Clock *clock = &time->clock;
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "strftime() argument 1 must be str, not %N", args[0]);
    /* Some day or other: 1 January 1900, which no C library finds too early. */
    ToyValue timetuple = toy_tuple(t, toy_int(t, 1900), toy_int(t, 1), toy_int(t, 1), toy_int(t, clock->hour), toy_int(t, clock->minute), toy_int(t, clock->second),
                                   toy_int(t, 0), toy_int(t, 1), toy_int(t, -1));
    return format_by(t, state_of(self), args[0], timetuple, clock->micros, time->zone, TOY_NONE);
}

/* ---- order, hash, pickle ---- */

static int64_t micros_of(const Clock *clock) { return (clock->hour * 3600 + clock->minute * 60 + clock->second) * (int64_t)MICROS_PER_SECOND + clock->micros; }
static int64_t micros_of_offset(ToyValue offset)
{
    const Delta *delta = as_delta(offset);
    return ((int64_t)delta->days * SECONDS_PER_DAY + delta->seconds) * MICROS_PER_SECOND + delta->micros;
}

static ToyValue time_compare(ToyThread *t, ToyValue left, ToyValue right, ToyCompare op)
{
    if (!is_time(t, left) || !is_time(t, right)) return TOY_NOT_IMPLEMENTED;
    int64_t order = micros_of(&as_time(left)->clock) - micros_of(&as_time(right)->clock);
    if (toy_is_same(as_time(left)->zone, as_time(right)->zone)) return order_answer(order, op);
    ToyValue a = offset_of(t, left), b = toy_failed(a) ? TOY_FAILED : offset_of(t, right), answer;
    if (toy_failed(b)) answer = TOY_FAILED;
    else if (toy_is_none(a) && toy_is_none(b)) answer = order_answer(order, op);
    else if (!toy_is_none(a) && !toy_is_none(b)) answer = order_answer(order - micros_of_offset(a) + micros_of_offset(b), op);
    else if (op == COMPARE_EQ || op == COMPARE_NE) answer = toy_bool(op == COMPARE_NE);
    else answer = toy_raise_type_error(t, "can't compare offset-naive and offset-aware times");
    toy_release(a);
    toy_release(b);
    return answer;
}

static ToyValue state_bytes(ToyThread *t, const Clock *clock, bool with_fold)
{
    uint8_t s[STATE_LENGTH] = {(uint8_t)(clock->hour | (with_fold && clock->fold ? FOLD_BIT : 0)), clock->minute, clock->second,
                               (uint8_t)(clock->micros >> 16), (uint8_t)(clock->micros >> 8), (uint8_t)clock->micros};
    return toy_bytes(t, s, sizeof s);
}

static bool time_hash(ToyThread *t, ToyValue self, int64_t *hash)
{
    Time *time = as_time(self);
    if (time->hash == 0) {
        /* Equal times must have equal hashes, so of one with an offset what counts is UTC. */
        ToyValue offset = offset_of(t, self), key = TOY_FAILED;
        if (toy_failed(offset)) return false;
        if (toy_is_none(offset)) key = state_bytes(t, &time->clock, false);
        else key = delta_new(t, state_of(self)->delta, 0, 0, micros_of(&time->clock) - micros_of_offset(offset));
        bool done = !toy_failed(key) && toy_hash(t, key, &time->hash);
        toy_release(offset);
        toy_release(key);
        if (!done) return false;
    }
    *hash = time->hash;
    return true;
}

static ToyValue reduce(ToyThread *t, ToyValue self, int protocol)
{
    const Time *time = as_time(self);
    ToyValue state = state_bytes(t, &time->clock, protocol > 3);
    ToyValue arguments = toy_failed(state) ? TOY_FAILED : toy_is_none(time->zone) ? toy_tuple(t, state) : toy_tuple(t, state, toy_retain(time->zone));
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), arguments);
}
static ToyValue time_reduce(ToyThread *t, ToyValue self, const ToyValue *args) { return reduce(t, self, 2); }
static ToyValue time_reduce_ex(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int protocol;
    return arg_field(t, args[0], &protocol) ? reduce(t, self, protocol) : TOY_FAILED;
}

static void time_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Time *)self)->zone, visit, context); }
static void time_free(ToyObject *self) { toy_clear(&((Time *)self)->zone); }
static void time_clear(ToyObject *self) { toy_replace(&((Time *)self)->zone, TOY_NONE); }

/* ---- tables ---- */

#define FIELDS "hour=None, minute=None, second=None, microsecond=None, tzinfo=None"
static const ToyFunction time_methods[] = {
    TOY_FUNCTION("fromisoformat", time_fromisoformat, "($type, object, /)", TOY_CLASS, "The time that a text in ISO 8601 format says."),
    TOY_FUNCTION("isoformat", time_isoformat, "($self, /, timespec='auto')", 0,
           "The time of day as ISO 8601 writes it: '12:30:05.000250+01:00'; without the fraction or the offset if there is none.\n\ntimespec: "
           "'auto', 'hours', 'minutes', 'seconds', 'milliseconds' or 'microseconds'."),
    TOY_FUNCTION("strftime", time_strftime, "($self, /, format)", 0, "Return a text made by a format in strftime style."),
    TOY_FUNCTION("__format__", format_method, "($self, object, /)", 0, "What strftime() makes of the specification; str(self) if that is empty."),
    TOY_FUNCTION("utcoffset", time_utcoffset, "($self, /)", 0,
                 "How far the clock is ahead of UTC, as tzinfo says without knowing the day; None if it does not."),
    TOY_FUNCTION("tzname", time_tzname, "($self, /)", 0, "What tzinfo calls the zone without knowing the day; None if it does not."),
    TOY_FUNCTION("dst", time_dst, "($self, /)", 0,
                 "How much daylight saving time there is, as tzinfo says without knowing the day; None if it does not."),
    TOY_FUNCTION("replace", time_replace, "($self, /, " FIELDS ", *, fold=None)", 0, "Return the time with some fields changed."),
    TOY_FUNCTION("__replace__", time_replace, "($self, /, *, " FIELDS ", fold=None)", 0, "As replace(), for copy.replace()."),
    TOY_FUNCTION("__reduce_ex__", time_reduce_ex, "($self, protocol, /)", 0, "What it is made anew of, for a protocol of pickle."),
    TOY_FUNCTION("__reduce__", time_reduce, "($self, /)", 0, "What it is made anew of."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet time_getsets[] = {
    {"hour", get_hour, NULL, "The hour, 0 to 23."}, {"minute", get_minute, NULL, "The minute, 0 to 59."}, {"second", get_second, NULL, "The second, 0 to 59."},
    {"microsecond", get_micros, NULL, "The microsecond, 0 to 999999."}, {"tzinfo", get_zone, NULL, "The time zone or None."},
    {"fold", get_fold, NULL, "1 for the second of two times that clocks show when they are set back."},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec time_spec = {
    .doc = "A time of day: time(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
    .signature = "(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
    .size = sizeof(Time),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = time_construct, .repr = time_repr, .str = time_str, .hash = time_hash, .compare = time_compare},
    .methods = time_methods,
    .getsets = time_getsets,
    .traverse = time_traverse,
    .clear = time_clear,
    .free = time_free,
};

bool time_constants(ToyThread *t, const DatetimeState *state)
{
    return toy_type_set(t, state->time, "min", time_alloc(t, state->time, &(Clock){0}, TOY_NONE)) &&
           toy_type_set(t, state->time, "max", time_alloc(t, state->time, &(Clock){23, 59, 59, 0, 999999}, TOY_NONE)) &&
           toy_type_set(t, state->time, "resolution", delta_new(t, state->delta, 0, 0, 1));
}
