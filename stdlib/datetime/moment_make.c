/* moment_make.c - how datetimes come to be: numbers, the clock, texts, parts of others.
 *
 * What        datetime(...), now, fromtimestamp, fromisoformat, strptime, combine, replace.
 * How         All come to moment_make, which makes a plain datetime itself and calls a subclass as a script would. Local time that is
 *             shown twice gets fold 1 the second time: it is the second if the time a day before, or at the jump, shows the same.
 * GIL         held.
 * Read next   moment.c, calendar_sums.c */
#include <errno.h>
#include <math.h>
#include <time.h>

#include "stdlib/datetime/moment.h"

static ToyType *class_of(ToyValue self) { return (ToyType *)toy_object(self); }

static ToyValue alloc_unchecked(ToyThread *t, ToyType *type, int year, int month, int day, const Clock *clock, ToyValue zone)
{
    Moment *moment = (Moment *)toy_type_alloc(t, type);
    if (!moment) return TOY_FAILED;
    moment->date.year = (uint16_t)year;
    moment->date.month = (uint8_t)month;
    moment->date.day = (uint8_t)day;
    moment->clock = *clock;
    moment->zone = toy_retain(zone);
    return toy_value(moment);
}

ToyValue moment_alloc(ToyThread *t, ToyType *type, int year, int month, int day, const Clock *clock, ToyValue zone)
{
    if (!date_check(t, year, month, day) || !clock_check(t, clock->hour, clock->minute, clock->second, clock->micros, clock->fold)) return TOY_FAILED;
    return alloc_unchecked(t, type, year, month, day, clock, zone);
}

ToyValue call_with_fold(ToyThread *t, ToyType *type, ToyValue *args, size_t count, int fold)
{
    if (!fold) return toy_call(t, toy_type_value(type), args, count);
    ToyValue name = toy_str(t, "fold"), names = toy_failed(name) ? TOY_FAILED : toy_tuple(t, name);
    args[count] = toy_small_int_value(fold);
    ToyValue result = toy_failed(names) ? TOY_FAILED : toy_call_names(t, toy_type_value(type), args, count, (ToyTuple *)toy_object(names));
    toy_release(names);
    return result;
}

ToyValue moment_make(ToyThread *t, const DatetimeState *state, ToyType *type, int year, int month, int day, const Clock *clock, ToyValue zone)
{
    if (type == state->moment) return moment_alloc(t, type, year, month, day, clock, zone);
    ToyValue args[9] = {toy_int(t, year), toy_int(t, month), toy_int(t, day), toy_int(t, clock->hour), toy_int(t, clock->minute), toy_int(t, clock->second),
                        toy_int(t, clock->micros), zone};
    return call_with_fold(t, type, args, 8, clock->fold);
}

/* ---- of numbers ---- */

static bool arg_parts(ToyThread *t, const ToyValue *given, ToyValue fold, int parts[8])
{
    for (int i = 0; i < 7; i++)
        if (!arg_field(t, given[i], &parts[i])) return false;
    return arg_field(t, fold, &parts[7]) && date_check(t, parts[0], parts[1], parts[2]) && clock_check(t, parts[3], parts[4], parts[5], parts[6], parts[7]);
}
static Clock clock_of(const int parts[8]) { return (Clock){(uint8_t)parts[3], (uint8_t)parts[4], (uint8_t)parts[5], (uint8_t)parts[7], parts[6]}; }

ToyValue moment_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold", NULL};
    static const ToyParameters parameters = {NULL, parameter_names, 0, 8, 3};
    const DatetimeState *state = toy_type_state(type);
    ToyValue given[9];
    int parts[8] = {0};
    if (count >= 1 && count <= 2 && toy_names_length(names) == 0) {
        uint8_t s[MOMENT_STATE_LENGTH];
        if (state_read(t, args[0], sizeof s, "datetime", s) && (s[2] & ~MOMENT_FOLD_BIT) >= 1 && (s[2] & ~MOMENT_FOLD_BIT) <= 12) {
            Clock clock = {s[4], s[5], s[6], s[2] >> 7, s[7] << 16 | s[8] << 8 | s[9]};
            if (count == 2 && !toy_is_none(args[1]) && !toy_is_a(t, args[1], state->tzinfo)) return toy_raise_type_error(t, "bad tzinfo state arg");
            return alloc_unchecked(t, type, s[0] << 8 | s[1], s[2] & (MOMENT_FOLD_BIT - 1), s[3], &clock, count == 2 ? args[1] : TOY_NONE);
        }
        if (toy_is_raised(t)) return TOY_FAILED;
        if (!toy_is_int(args[0]) && !arg_field(t, args[0], parts)) return TOY_FAILED;
    }
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !arg_parts(t, given, given[8], parts)) return TOY_FAILED;
    ToyValue zone = toy_is_bound(given[7]) ? given[7] : TOY_NONE;
    if (!zone_check(t, state, zone)) return TOY_FAILED;
    Clock clock = clock_of(parts);
    return moment_alloc(t, type, parts[0], parts[1], parts[2], &clock, zone);
}

ToyValue moment_replace(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Moment *moment = as_moment(self);
    const DatetimeState *state = state_of(self);
    const Clock *old = &moment->clock;
    int parts[8] = {moment->date.year, moment->date.month, moment->date.day, old->hour, old->minute, old->second, old->micros, old->fold};
    if (!arg_parts(t, args, args[8], parts)) return TOY_FAILED;
    ToyValue zone = toy_is_bound(args[7]) ? args[7] : moment->zone;
    if (!zone_check(t, state, zone)) return TOY_FAILED;
    Clock clock = clock_of(parts);
    return moment_make(t, state, toy_type_of(t, self), parts[0], parts[1], parts[2], &clock, zone);
}

ToyValue moment_combine(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const DatetimeState *state = state_of_type(self);
    if (!is_date(t, args[0])) return toy_raise_type_error(t, "combine() argument 1 must be datetime.date, not %N", args[0]);
    if (!is_time(t, args[1])) return toy_raise_type_error(t, "combine() argument 2 must be datetime.time, not %N", args[1]);
    ToyValue zone = toy_is_bound(args[2]) ? args[2] : as_time(args[1])->zone;
    if (!zone_check(t, state, zone)) return TOY_FAILED;
    const Date *date = as_date(args[0]);
    return moment_make(t, state, class_of(self), date->year, date->month, date->day, &as_time(args[1])->clock, zone);
}

/* ---- of the clock ---- */

typedef struct tm *(*BreakDown)(const time_t *, struct tm *);

static ToyValue make_of_timestamp(ToyThread *t, ToyValue class, int64_t seconds, int micros, BreakDown break_down, ToyValue zone)
{
    time_t timestamp = (time_t)seconds;
    struct tm parts;
    errno = 0;
    if (!break_down(&timestamp, &parts)) return toy_raise_os_error(t, errno ? errno : EINVAL, TOY_UNBOUND);
    int year = parts.tm_year + 1900, month = parts.tm_mon + 1;
    /* A leap second is shown as the one before it: minutes have 60. */
    Clock clock = {.hour = (uint8_t)parts.tm_hour, .minute = (uint8_t)parts.tm_min, .second = (uint8_t)(parts.tm_sec > 59 ? 59 : parts.tm_sec), .micros = micros};
    if (break_down == localtime_r && toy_is_none(zone) && year >= YEAR_MIN && year <= YEAR_MAX) {
        int64_t utc = seconds + (int64_t)EPOCH_ORDINAL * SECONDS_PER_DAY, shown = seconds_of(year, month, parts.tm_mday, &clock), before;
        if (utc - SECONDS_PER_DAY >= SECONDS_PER_DAY * 2) {
            if (!local_of_utc(t, utc - SECONDS_PER_DAY, &before)) return TOY_FAILED;
            int64_t jump = shown - before - SECONDS_PER_DAY;
            if (jump < 0) {
                if (!local_of_utc(t, utc + jump, &before)) return TOY_FAILED;
                clock.fold = before == shown;
            }
        }
    }
    return moment_make(t, state_of_type(class), class_of(class), year, month, parts.tm_mday, &clock, zone);
}

/* A moment of UTC in a zone: the zone itself says what its clocks show. */
static ToyValue convert(ToyThread *t, ToyValue utc, ToyValue zone)
{
    if (toy_failed(utc) || toy_is_none(zone)) return utc;
    ToyValue result = toy_call_method(t, zone, "fromutc", &utc, 1);
    toy_release(utc);
    return result;
}

static ToyValue now(ToyThread *t, ToyValue class, BreakDown break_down, ToyValue zone)
{
    struct timespec moment;
    clock_gettime(CLOCK_REALTIME, &moment);
    return make_of_timestamp(t, class, moment.tv_sec, (int)(moment.tv_nsec / 1000), break_down, zone);
}

ToyValue moment_now(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue zone = toy_is_bound(args[0]) ? args[0] : TOY_NONE;
    if (!zone_check(t, state_of_type(self), zone)) return TOY_FAILED;
    return convert(t, now(t, self, toy_is_none(zone) ? localtime_r : gmtime_r, zone), zone);
}

#define IS_DEPRECATED " is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: "

ToyValue moment_utcnow(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_warn(t, TOY_DeprecationWarning, 1, "datetime.datetime.utcnow()" IS_DEPRECATED "datetime.datetime.now(datetime.UTC).")) return TOY_FAILED;
    return now(t, self, gmtime_r, TOY_NONE);
}

/* Seconds and microseconds, halves to even. */
static bool arg_timestamp(ToyThread *t, ToyValue v, int64_t *seconds, int *micros)
{
    *micros = 0;
    if (toy_is_float(v)) {
        double d = toy_float_read(v), whole, part;
        if (isnan(d)) return toy_raise_false(t, TOY_ValueError, "Invalid value NaN (not a number)");
        part = nearbyint(modf(d, &whole) * 1e6);
        if (part >= 1e6) part -= 1e6, whole += 1.0;
        if (part < 0.0) part += 1e6, whole -= 1.0;
        if (!(whole >= -9223372036854775808.0 && whole < 9223372036854775808.0))
            return toy_raise_false(t, TOY_OverflowError, "timestamp out of range for platform time_t");
        *seconds = (int64_t)whole;
        *micros = (int)part;
        return true;
    }
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) return false;
    bool fits = toy_int_fits_int64(n, seconds);
    toy_release(n);
    return fits || toy_raise_false(t, TOY_OverflowError, "timestamp out of range for platform time_t");
}

ToyValue moment_fromtimestamp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue zone = toy_is_bound(args[1]) ? args[1] : TOY_NONE;
    int64_t seconds;
    int micros;
    if (!zone_check(t, state_of_type(self), zone) || !arg_timestamp(t, args[0], &seconds, &micros)) return TOY_FAILED;
    return convert(t, make_of_timestamp(t, self, seconds, micros, toy_is_none(zone) ? localtime_r : gmtime_r, zone), zone);
}

ToyValue moment_utcfromtimestamp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t seconds;
    int micros;
    if (!toy_warn(t, TOY_DeprecationWarning, 1, "datetime.datetime.utcfromtimestamp()" IS_DEPRECATED "datetime.datetime.fromtimestamp(timestamp, datetime.UTC)."))
        return TOY_FAILED;
    return arg_timestamp(t, args[0], &seconds, &micros) ? make_of_timestamp(t, self, seconds, micros, gmtime_r, TOY_NONE) : TOY_FAILED;
}

/* ---- of texts ---- */

ToyValue moment_fromisoformat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const DatetimeState *state = state_of_type(self);
    int year, month, day;
    Clock clock = {0};
    ToyValue zone = TOY_NONE;
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "fromisoformat: argument must be str");
    size_t separator = find_separator(args[0]), length = toy_str_length(args[0]);
    bool is_read = separator != 0 && separator <= length && read_date(t, args[0], separator, &year, &month, &day) &&
                   (separator == length || read_clock(t, state, args[0], separator + 1, &clock, &zone));
    if (!is_read) return toy_is_raised(t) ? TOY_FAILED : raise_bad_text(t, args[0]);
    ToyValue result = moment_make(t, state, class_of(self), year, month, day, &clock, zone);
    toy_release(zone);
    return result;
}

ToyValue moment_strptime(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "strptime", names)) return TOY_FAILED;
    if (count != 2) return toy_raise_type_error(t, "strptime() takes exactly 2 arguments (%zu given)", count);
    for (int i = 0; i < 2; i++)
        if (!toy_is_str(args[i])) return toy_raise_type_error(t, "strptime() argument %d must be str, not %N", i + 1, args[i]);
    ToyValue function = toy_import_from(t, "_strptime", "_strptime_datetime");
    ToyValue result = toy_failed(function) ? TOY_FAILED : toy_call(t, function, (ToyValue[]){self, args[0], args[1]}, 3);
    toy_release(function);
    return result;
}
