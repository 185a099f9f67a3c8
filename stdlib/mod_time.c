/* mod_time.c - time: clocks, sleeping, and the calendar of the C library.
 *
 * What        time, monotonic, perf_counter ... and their _ns forms; sleep; localtime, gmtime, mktime, strftime; struct_time.
 * How         Clocks are clock_gettime through the vDSO. The calendar is the C library's. strptime is written in toy (_strptime).
 * Invariants  I1 nothing here sets LC_TIME or any other locale: texts are those of "C".
 * GIL         held; sleep drops it.
 * Read next   stdlib/lib/_strptime.toy, vm/base/clock.c */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "vm/toy.h"

enum { NS_PER_SECOND = 1000000000 };

typedef struct TimeState { ToyType *struct_time; } TimeState;

/* ---- clocks ---- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static ToyValue seconds(ToyThread *t, int64_t ns)
{
    /* Whole seconds first: of a large number the low digits would be lost in one division. */
    return toy_float(t, (double)(ns / NS_PER_SECOND) + (double)(ns % NS_PER_SECOND) / 1e9);
}

#define CLOCK(name, clock) \
    static ToyValue name(ToyThread *t, ToyValue self, const ToyValue *args) { return seconds(t, clock_ns(clock)); } \
    static ToyValue name##_ns(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, clock_ns(clock)); }
CLOCK(wall_time, CLOCK_REALTIME)
CLOCK(monotonic, CLOCK_MONOTONIC)
CLOCK(process_time, CLOCK_PROCESS_CPUTIME_ID)
CLOCK(thread_time, CLOCK_THREAD_CPUTIME_ID)
#undef CLOCK

static bool arg_clock(ToyThread *t, ToyValue v, clockid_t *clock)
{
    int id;
    if (!toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "clk_id should be integer, not %T", v);
    if (!toy_arg_int(t, v, &id)) return false;
    *clock = (clockid_t)id;
    return true;
}

static ToyValue read_clock(ToyThread *t, ToyValue id, bool in_ns, int (*read)(clockid_t clock, struct timespec *out))
{
    clockid_t clock;
    struct timespec now;
    if (!arg_clock(t, id, &clock)) return TOY_FAILED;
    if (read(clock, &now) != 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    int64_t ns = (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
    return in_ns ? toy_int(t, ns) : seconds(t, ns);
}
static ToyValue time_clock_gettime(ToyThread *t, ToyValue self, const ToyValue *args) { return read_clock(t, args[0], false, clock_gettime); }
static ToyValue time_clock_gettime_ns(ToyThread *t, ToyValue self, const ToyValue *args) { return read_clock(t, args[0], true, clock_gettime); }
static ToyValue time_clock_getres(ToyThread *t, ToyValue self, const ToyValue *args) { return read_clock(t, args[0], false, clock_getres); }

static ToyValue set_clock(ToyThread *t, ToyValue id, int64_t ns)
{
    clockid_t clock;
    if (!arg_clock(t, id, &clock)) return TOY_FAILED;
    int64_t whole = ns / NS_PER_SECOND, rest = ns % NS_PER_SECOND;
    if (rest < 0) rest += NS_PER_SECOND, whole--;
    struct timespec wanted = {.tv_sec = whole, .tv_nsec = rest};
    return clock_settime(clock, &wanted) == 0 ? TOY_NONE : toy_raise_os_error(t, errno, TOY_UNBOUND);
}
static ToyValue time_clock_settime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t ns = 0;
    return toy_arg_seconds(t, args[1], &ns) ? set_clock(t, args[0], ns) : TOY_FAILED;
}
static ToyValue time_clock_settime_ns(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t ns = 0;
    return toy_arg_int64(t, args[1], &ns) ? set_clock(t, args[0], ns) : TOY_FAILED;
}

static ToyValue thread_clock_id(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t ident;
    clockid_t clock;
    if (!toy_arg_uint64(t, args[0], &ident)) return TOY_FAILED;
    int error = pthread_getcpuclockid((pthread_t)ident, &clock);
    return error ? toy_raise_os_error(t, error, TOY_UNBOUND) : toy_int(t, clock);
}

static ToyValue get_clock_info(ToyThread *t, ToyValue self, const ToyValue *args)
{
    static const struct { const char *name, *implementation; clockid_t clock; bool is_monotonic; } rows[] = {
        {"time", "clock_gettime(CLOCK_REALTIME)", CLOCK_REALTIME, false},
        {"monotonic", "clock_gettime(CLOCK_MONOTONIC)", CLOCK_MONOTONIC, true},
        {"perf_counter", "clock_gettime(CLOCK_MONOTONIC)", CLOCK_MONOTONIC, true},
        {"process_time", "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", CLOCK_PROCESS_CPUTIME_ID, true},
        {"thread_time", "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", CLOCK_THREAD_CPUTIME_ID, true},
    };
    const char *name;
    if (!toy_arg_text(t, args[0], "get_clock_info", "1", &name)) return TOY_FAILED;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) != 0) continue;
        struct timespec resolution = {0, 1};
        clock_getres(rows[i].clock, &resolution);
        ToyValue dict = toy_dict(t);
        bool done = !toy_failed(dict) && toy_dict_take_text(t, dict, "implementation", toy_str(t, rows[i].implementation)) &&
            toy_dict_set_text(t, dict, "monotonic", toy_bool(rows[i].is_monotonic)) &&
            toy_dict_set_text(t, dict, "adjustable", toy_bool(!rows[i].is_monotonic)) &&
            toy_dict_take_text(t, dict, "resolution", toy_float(t, (double)resolution.tv_sec + (double)resolution.tv_nsec * 1e-9));
        ToyValue info = done ? toy_namespace(t, dict) : TOY_FAILED;
        toy_release(dict);
        return info;
    }
    return toy_raise_value_error(t, "unknown clock");
}

/* ---- sleep ---- */

static ToyValue time_sleep(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t ns;
    if (toy_is_none(args[0])) return toy_raise_type_error(t, "'NoneType' object cannot be interpreted as an integer");
    if (!toy_arg_seconds(t, args[0], &ns)) return TOY_FAILED;
    if (ns < 0) return toy_raise_value_error(t, "sleep length must be non-negative");
    int64_t deadline;
    if (__builtin_add_overflow(clock_ns(CLOCK_MONOTONIC), ns, &deadline)) deadline = INT64_MAX;
    /* An absolute time: after a signal the rest of the sleep needs no sum. */
    struct timespec until = {.tv_sec = deadline / NS_PER_SECOND, .tv_nsec = deadline % NS_PER_SECOND};
    int error;
    do {
        toy_block_begin_for(t, "sleep", TOY_BLOCK_SLEEP);
        error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        toy_block_end(t);
        errno = error;
    } while (error != 0 && toy_block_retry(t));
    return error ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}

/* ---- struct_time ---- */

static const ToyMember struct_time_fields[] = {
    TOY_RECORD_FIELD("tm_year", 0, "year in full, as in 1993"), TOY_RECORD_FIELD("tm_mon", 1, "month, 1 to 12"),
    TOY_RECORD_FIELD("tm_mday", 2, "day of the month, 1 to 31"), TOY_RECORD_FIELD("tm_hour", 3, "hour of the day, 0 to 23"),
    TOY_RECORD_FIELD("tm_min", 4, "minute, 0 to 59"), TOY_RECORD_FIELD("tm_sec", 5, "second, 0 to 61: leap seconds are allowed for"),
    TOY_RECORD_FIELD("tm_wday", 6, "weekday, 0 (Monday) to 6"), TOY_RECORD_FIELD("tm_yday", 7, "day of the year, 1 to 366"),
    TOY_RECORD_FIELD("tm_isdst", 8, "1 in summer time, 0 outside it, -1 when not known"),
    TOY_RECORD_HIDDEN("tm_zone", 9, "short name of the time zone"), TOY_RECORD_HIDDEN("tm_gmtoff", 10, "seconds east of UTC"),
    TOY_RECORD_END,
};
static const ToyTypeSpec struct_time_spec = TOY_RECORD(
    "A moment as the calendar knows it: what gmtime(), localtime() and strptime() return, and asctime(), mktime()\n"
    "and strftime() accept. A tuple of nine ints whose items have names.", struct_time_fields, 11);

static ToyValue struct_time_of(ToyThread *t, ToyValue module, const struct tm *moment)
{
    ToyType *type = ((TimeState *)toy_module_state(module))->struct_time;
    ToyValue values[11] = {
        toy_int(t, (int64_t)moment->tm_year + 1900), toy_int(t, moment->tm_mon + 1), toy_int(t, moment->tm_mday), toy_int(t, moment->tm_hour),
        toy_int(t, moment->tm_min), toy_int(t, moment->tm_sec), toy_int(t, (moment->tm_wday + 6) % 7), toy_int(t, moment->tm_yday + 1),
        toy_int(t, moment->tm_isdst), toy_str_from_os(t, moment->tm_zone, strlen(moment->tm_zone)), toy_int(t, moment->tm_gmtoff)};
    return toy_record_new(t, type, values);
}

/* Seconds since 1970, rounded down; now if there is no argument. */
static bool arg_moment(ToyThread *t, ToyValue v, time_t *out)
{
    if (!toy_is_given(v)) {
        *out = time(NULL);
        return true;
    }
    if (toy_is_float(v)) {
        double d = floor(toy_float_read(v));
        if (isnan(d)) return toy_raise_false(t, TOY_ValueError, "Invalid value NaN (not a number)");
        if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0))
            return toy_raise_false(t, TOY_OverflowError, "timestamp out of range for platform time_t");
        *out = (time_t)d;
        return true;
    }
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) return false;
    int64_t number;
    bool fits = toy_int_fits_int64(n, &number);
    toy_release(n);
    if (!fits) return toy_raise_false(t, TOY_OverflowError, "timestamp out of range for platform time_t");
    *out = (time_t)number;
    return true;
}

static ToyValue break_down(ToyThread *t, ToyValue self, ToyValue v, struct tm *(*convert)(const time_t *, struct tm *))
{
    time_t moment;
    struct tm parts;
    if (!arg_moment(t, v, &moment)) return TOY_FAILED;
    errno = 0;
    if (!convert(&moment, &parts)) return toy_raise_os_error(t, errno ? errno : EINVAL, TOY_UNBOUND);
    return struct_time_of(t, self, &parts);
}
static ToyValue time_localtime(ToyThread *t, ToyValue self, const ToyValue *args) { return break_down(t, self, args[0], localtime_r); }
static ToyValue time_gmtime(ToyThread *t, ToyValue self, const ToyValue *args) { return break_down(t, self, args[0], gmtime_r); }

/* Nine ints of a tuple into the C library's form. *holder keeps the zone's name. */
static bool read_parts(ToyThread *t, ToyValue self, ToyValue v, const char *function, struct tm *parts, ToyValue *holder)
{
    *holder = TOY_UNBOUND;
    memset(parts, 0, sizeof *parts);
    bool is_record = toy_is_a(t, v, ((TimeState *)toy_module_state(self))->struct_time);
    if (!toy_is_tuple(v)) return toy_raise_false(t, TOY_TypeError, "Tuple or struct_time argument required");
    if (toy_tuple_length(v) != 9) return toy_raise_false(t, TOY_TypeError, "%s(): illegal time tuple argument", function);
    int numbers[9];
    for (size_t i = 0; i < 9; i++) {
        ToyValue n = toy_index(t, toy_tuple_item(v, i));
        if (toy_failed(n)) return false;
        int64_t number = 0;
        bool fits = toy_int_fits_int64(n, &number) && number <= INT32_MAX && number >= INT32_MIN;
        bool is_negative = toy_int_sign(n) < 0;
        toy_release(n);
        if (!fits)
            return toy_raise_false(t, TOY_OverflowError, is_negative ? "signed integer is less than minimum" : "signed integer is greater than maximum");
        numbers[i] = (int)number;
    }
    if (numbers[0] < INT32_MIN + 1900) return toy_raise_false(t, TOY_OverflowError, "year out of range");
    parts->tm_year = numbers[0] - 1900;
    parts->tm_mon = (int)((unsigned)numbers[1] - 1u);
    parts->tm_mday = numbers[2];
    parts->tm_hour = numbers[3];
    parts->tm_min = numbers[4];
    parts->tm_sec = numbers[5];
    parts->tm_wday = (int)(((int64_t)numbers[6] + 1) % 7);
    parts->tm_yday = (int)((unsigned)numbers[7] - 1u);
    parts->tm_isdst = numbers[8];
    if (!is_record) return true;
    ToyValue offset = toy_get_attribute(t, v, "tm_gmtoff"), zone = toy_get_attribute(t, v, "tm_zone");
    int64_t gmtoff = 0;
    bool is_read = !toy_failed(offset) && !toy_failed(zone) && (toy_is_none(offset) || toy_arg_int64(t, offset, &gmtoff));
    parts->tm_gmtoff = gmtoff;
    if (is_read && toy_is_str(zone)) {
        parts->tm_zone = toy_str_os(t, zone);
        is_read = parts->tm_zone != NULL;
    }
    toy_release(offset);
    *holder = zone;
    return is_read;
}

/* The C library would write nonsense for, or read beyond, what is out of range. Zeros are taken for ones. */
static bool check_parts(ToyThread *t, struct tm *parts)
{
    const char *wrong = NULL;
    if (parts->tm_mon == -1) parts->tm_mon = 0;
    if (parts->tm_mday == 0) parts->tm_mday = 1;
    if (parts->tm_yday == -1) parts->tm_yday = 0;
    if (parts->tm_mon < 0 || parts->tm_mon > 11) wrong = "month out of range";
    else if (parts->tm_mday < 0 || parts->tm_mday > 31) wrong = "day of month out of range";
    else if (parts->tm_hour < 0 || parts->tm_hour > 23) wrong = "hour out of range";
    else if (parts->tm_min < 0 || parts->tm_min > 59) wrong = "minute out of range";
    else if (parts->tm_sec < 0 || parts->tm_sec > 61) wrong = "seconds out of range";
    else if (parts->tm_wday < 0) wrong = "day of week out of range";
    else if (parts->tm_yday < 0 || parts->tm_yday > 365) wrong = "day of year out of range";
    return !wrong || toy_raise_false(t, TOY_ValueError, "%s", wrong);
}

/* The parts of an argument, or of now. */
static bool parts_or_now(ToyThread *t, ToyValue self, ToyValue v, const char *function, struct tm *parts, ToyValue *holder)
{
    if (toy_is_bound(v)) {
        if (read_parts(t, self, v, function, parts, holder) && check_parts(t, parts)) return true;
        toy_clear(holder);
        return false;
    }
    *holder = TOY_UNBOUND;
    time_t now = time(NULL);
    return localtime_r(&now, parts) || (toy_raise_os_error(t, errno, TOY_UNBOUND), false);
}

static ToyValue text_of(ToyThread *t, const struct tm *parts)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    return toy_str_format(t, "%.3s %.3s%3d %.2d:%.2d:%.2d %lld", days + 3 * parts->tm_wday, months + 3 * parts->tm_mon, parts->tm_mday,
                          parts->tm_hour, parts->tm_min, parts->tm_sec, (long long)parts->tm_year + 1900);
}

static ToyValue time_asctime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    struct tm parts;
    ToyValue holder;
    if (!parts_or_now(t, self, args[0], "asctime", &parts, &holder)) return TOY_FAILED;
    toy_release(holder);
    return text_of(t, &parts);
}

static ToyValue time_ctime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    time_t moment;
    struct tm parts;
    if (!arg_moment(t, args[0], &moment)) return TOY_FAILED;
    if (!localtime_r(&moment, &parts)) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return text_of(t, &parts);
}

static ToyValue time_mktime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    struct tm parts;
    ToyValue holder;
    bool is_read = read_parts(t, self, args[0], "mktime", &parts, &holder);
    toy_release(holder);
    if (!is_read) return TOY_FAILED;
    parts.tm_wday = -1;   /* mktime sets it; -1 left over means that it failed, -1 as a result is a moment like any other */
    time_t moment = mktime(&parts);
    if (moment == (time_t)-1 && parts.tm_wday == -1) return toy_raise(t, TOY_OverflowError, "mktime argument out of range");
    return toy_float(t, (double)moment);
}

static ToyValue time_strftime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *format;
    struct tm parts;
    ToyValue holder;
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "strftime() argument 1 must be str, not %N", args[0]);
    if (!parts_or_now(t, self, args[1], "strftime", &parts, &holder)) return TOY_FAILED;
    parts.tm_isdst = parts.tm_isdst < -1 ? -1 : parts.tm_isdst > 1 ? 1 : parts.tm_isdst;
    ToyValue encoded = toy_str_encode(t, args[0], "utf-8", "surrogateescape"), result = TOY_FAILED;
    size_t length = 0;
    format = toy_failed(encoded) ? NULL : (const char *)toy_bytes_data(encoded, &length);
    if (format && memchr(format, 0, length)) {
        toy_raise_value_error(t, "embedded null character");
    } else if (format) {
        /* strftime answers 0 for "too small" and for an empty text alike: only a format can tell, so give up at a size no text has. */
        char small[512], *text = small;
        size_t room = sizeof small, written = strftime(text, room, format, &parts);
        while (!written && length && room < 256 * length + sizeof small) {
            if (text != small) free(text);
            text = malloc(room *= 2);
            if (!text) break;
            written = strftime(text, room, format, &parts);
        }
        result = text ? toy_str_from_os(t, text, written) : toy_raise_memory_error(t);
        if (text != small) free(text);
    }
    toy_release(encoded);
    toy_release(holder);
    return result;
}

static ToyValue time_strptime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue function = toy_import_from(t, "_strptime", "_strptime_time");
    if (toy_failed(function)) return TOY_FAILED;
    ToyValue result = toy_call(t, function, args, toy_is_bound(args[1]) ? 2 : 1);
    toy_release(function);
    return result;
}

/* ---- time zones ---- */

/* The two offsets of this year's January and July, whichever of them is summer. */
static bool set_zone(ToyThread *t, ToyModuleObject *module)
{
    enum { YEAR = (365 * 24 + 6) * 3600 };
    tzset();
    struct tm january, july;
    time_t first = time(NULL) / YEAR * YEAR, half = first + YEAR / 2;
    if (!localtime_r(&first, &january) || !localtime_r(&half, &july)) return true;
    const struct tm *standard = january.tm_gmtoff <= july.tm_gmtoff ? &january : &july;
    const struct tm *summer = standard == &january ? &july : &january;
    ToyValue names = toy_tuple(t, toy_str_from_os(t, standard->tm_zone, strlen(standard->tm_zone)),
                               toy_str_from_os(t, summer->tm_zone, strlen(summer->tm_zone)));
    return toy_module_add(t, module, "tzname", names) && toy_module_add_int(t, module, "timezone", -standard->tm_gmtoff) &&
           toy_module_add_int(t, module, "altzone", -summer->tm_gmtoff) &&
           toy_module_add_int(t, module, "daylight", standard->tm_gmtoff != summer->tm_gmtoff);
}

static ToyValue time_tzset(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return set_zone(t, toy_module_object(self)) ? TOY_NONE : TOY_FAILED;
}

/* ---- the module ---- */

static const ToyFunction functions[] = {
    TOY_FUNCTION("time", wall_time, "()", 0, "The seconds since the beginning of 1970 in UTC, as a float."),
    TOY_FUNCTION("time_ns", wall_time_ns, "()", 0, "Nanoseconds since the Epoch, as an int."),
    TOY_FUNCTION("monotonic", monotonic, "()", 0, "Return a clock that cannot go backward, in seconds."),
    TOY_FUNCTION("monotonic_ns", monotonic_ns, "()", 0, "Return a clock that cannot go backward, in nanoseconds."),
    TOY_FUNCTION("perf_counter", monotonic, "()", 0, "Return the finest clock for measuring durations, in seconds."),
    TOY_FUNCTION("perf_counter_ns", monotonic_ns, "()", 0, "Return the finest clock for measuring durations, in nanoseconds."),
    TOY_FUNCTION("process_time", process_time, "()", 0, "Return the CPU time of the process, user and system, in seconds."),
    TOY_FUNCTION("process_time_ns", process_time_ns, "()", 0, "Return the CPU time of the process, user and system, in nanoseconds."),
    TOY_FUNCTION("thread_time", thread_time, "()", 0, "Return the CPU time of the thread, user and system, in seconds."),
    TOY_FUNCTION("thread_time_ns", thread_time_ns, "()", 0, "Return the CPU time of the thread, user and system, in nanoseconds."),
    TOY_FUNCTION("clock_gettime", time_clock_gettime, "(clk_id, /)", 0, "What clock clk_id shows, in seconds, as a float."),
    TOY_FUNCTION("clock_gettime_ns", time_clock_gettime_ns, "(clk_id, /)", 0, "What clock clk_id shows, in whole nanoseconds."),
    TOY_FUNCTION("clock_getres", time_clock_getres, "(clk_id, /)", 0, "Return the resolution of the specified clock, in seconds."),
    TOY_FUNCTION("clock_settime", time_clock_settime, "(clk_id, time, /)", 0, "Set the time of the specified clock, in seconds."),
    TOY_FUNCTION("clock_settime_ns", time_clock_settime_ns, "(clk_id, time, /)", 0, "Set the time of the specified clock, in nanoseconds."),
    TOY_FUNCTION("pthread_getcpuclockid", thread_clock_id, "(thread_id, /)", 0, "Return the clock that counts the CPU time of a thread."),
    TOY_FUNCTION("get_clock_info", get_clock_info, "(name, /)", 0, "Return what is known of a clock: implementation, monotonic, adjustable, resolution."),
    TOY_FUNCTION("sleep", time_sleep, "(seconds, /)", 0, "Do nothing for that many seconds. Other threads run meanwhile."),
    TOY_FUNCTION("localtime", time_localtime, "(seconds=None, /)", 0, "Return seconds since the Epoch as a struct_time of local time."),
    TOY_FUNCTION("gmtime", time_gmtime, "(seconds=None, /)", 0, "Return seconds since the Epoch as a struct_time of UTC."),
    TOY_FUNCTION("mktime", time_mktime, "(tuple, /)", 0, "Return seconds since the Epoch for a struct_time of local time."),
    TOY_FUNCTION("asctime", time_asctime, "(tuple=None, /)", 0, "Return a time as a text like 'Sat Jun 06 16:26:11 1998'."),
    TOY_FUNCTION("ctime", time_ctime, "(seconds=None, /)", 0, "Return seconds since the Epoch as a text of local time."),
    TOY_FUNCTION("strftime", time_strftime, "(format, tuple=None, /)", 0, "Return a time as a text made by a format; see the C library's strftime."),
    TOY_FUNCTION("strptime", time_strptime, "(string, format='%a %b %d %H:%M:%S %Y', /)", 0, "Return the struct_time that a text says, read by a format."),
    TOY_FUNCTION("tzset", time_tzset, "()", 0, "Read the TZ variable of the environment again."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
        {"CLOCK_REALTIME", CLOCK_REALTIME}, {"CLOCK_MONOTONIC", CLOCK_MONOTONIC}, {"CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW},
        {"CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID}, {"CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID},
        {"CLOCK_BOOTTIME", CLOCK_BOOTTIME}, {"CLOCK_TAI", CLOCK_TAI}, {"_STRUCT_TM_ITEMS", 11},
    };
    TimeState *state = toy_module_state(toy_module_value(module));
    state->struct_time = toy_record_type_new(t, module, &struct_time_spec, "time.struct_time");
    return toy_module_add_type(t, module, state->struct_time) && toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants) &&
           set_zone(t, module);
}

const ToyModule toy_module_time = {
    .name = "time",
    .doc = "Clocks, sleeping, and the conversion between moments and calendar dates.",
    .functions = functions,
    .state_size = sizeof(TimeState),
    .init = init,
};
