/* date.c - class date, and what isocalendar() answers.
 *
 * What        date: its making, its methods; IsoCalendarDate.
 * How         A subclass is called for each new date, as a script would, so that its own __new__ has its say; a plain date is made directly.
 *             For pickle a date is four bytes: the year in two, month, day.
 * GIL         held.
 * Read next   moment.c, calendar_sums.c */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "stdlib/datetime/datetime.h"

enum { STATE_LENGTH = 4 };

/* ---- making ---- */

bool arg_field(ToyThread *t, ToyValue v, int *out)
{
    int64_t n;
    if (toy_is_unbound(v)) return true;
    ToyValue index = toy_index(t, v);
    if (toy_failed(index)) return false;
    bool fits = toy_int_fits_int64(index, &n);
    toy_release(index);
    if (!fits) return toy_raise_false(t, TOY_OverflowError, "Python int too large to convert to C long");
    if (n > INT32_MAX) return toy_raise_false(t, TOY_OverflowError, "signed integer is greater than maximum");
    if (n < INT32_MIN) return toy_raise_false(t, TOY_OverflowError, "signed integer is less than minimum");
    *out = (int)n;
    return true;
}

bool date_check(ToyThread *t, int year, int month, int day)
{
    if (year < YEAR_MIN || year > YEAR_MAX) return toy_raise_false(t, TOY_ValueError, "year %d is out of range", year);
    if (month < 1 || month > 12) return toy_raise_false(t, TOY_ValueError, "month must be in 1..12");
    if (day < 1 || day > month_length(year, month)) return toy_raise_false(t, TOY_ValueError, "day is out of range for month");
    return true;
}

static ToyValue alloc_unchecked(ToyThread *t, ToyType *type, int year, int month, int day)
{
    Date *date = (Date *)toy_type_alloc(t, type);
    if (!date) return TOY_FAILED;
    date->year = (uint16_t)year;
    date->month = (uint8_t)month;
    date->day = (uint8_t)day;
    return toy_value(date);
}

ToyValue date_alloc(ToyThread *t, ToyType *type, int year, int month, int day)
{
    return date_check(t, year, month, day) ? alloc_unchecked(t, type, year, month, day) : TOY_FAILED;
}

ToyValue date_make(ToyThread *t, const DatetimeState *state, ToyType *type, int year, int month, int day)
{
    if (type == state->date) return date_alloc(t, type, year, month, day);
    if (type == state->moment) return moment_alloc(t, type, year, month, day, &(Clock){0}, TOY_NONE);
    return toy_call(t, toy_type_value(type), (ToyValue[]){toy_int(t, year), toy_int(t, month), toy_int(t, day)}, 3);
}

static ToyType *class_of(ToyValue self) { return (ToyType *)toy_object(self); }
static ToyValue date_make_of(ToyThread *t, ToyValue class, int ordinal)
{
    int year, month, day;
    date_of_ordinal(ordinal, &year, &month, &day);
    return date_make(t, state_of_type(class), class_of(class), year, month, day);
}

bool state_read(ToyThread *t, ToyValue v, size_t length, const char *what, uint8_t *to)
{
    size_t n;
    if (toy_is_bytes(v)) {
        const uint8_t *bytes = toy_bytes_data(v, &n);
        if (n == length) memcpy(to, bytes, length);
        return n == length;
    }
    if (!toy_is_str(v) || toy_str_length(v) != length) return false;
    for (size_t i = 0; i < length; i++) {
        uint32_t c = toy_str_char(v, i);
        if (c > 255)
            return toy_raise_false(t, TOY_ValueError, "Failed to encode latin1 string when unpickling a %s object. pickle.load(data, encoding='latin1') is assumed.", what);
        to[i] = (uint8_t)c;
    }
    return true;
}

static ToyValue date_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"year", "month", "day", NULL};
    static const ToyParameters parameters = {NULL, parameter_names, 0, 3, 3};
    ToyValue given[3];
    int year, month, day;
    if (count == 1 && toy_names_length(names) == 0) {
        uint8_t s[STATE_LENGTH];
        if (state_read(t, args[0], sizeof s, "date", s) && s[2] >= 1 && s[2] <= 12) return alloc_unchecked(t, type, s[0] << 8 | s[1], s[2], s[3]);
        if (toy_is_raised(t)) return TOY_FAILED;
        if (!toy_is_int(args[0]) && !arg_field(t, args[0], &year)) return TOY_FAILED;
    }
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    if (!arg_field(t, given[0], &year) || !arg_field(t, given[1], &month) || !arg_field(t, given[2], &day)) return TOY_FAILED;
    return date_alloc(t, type, year, month, day);
}

static ToyValue date_today(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue clock = toy_import_from(t, "time", "time"), now = toy_failed(clock) ? TOY_FAILED : toy_call0(t, clock);
    toy_release(clock);
    ToyValue result = toy_failed(now) ? TOY_FAILED : toy_call_method(t, self, "fromtimestamp", &now, 1);
    toy_release(now);
    return result;
}

static ToyValue date_fromtimestamp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t seconds;
    if (toy_is_float(args[0])) {
        double d = toy_float_read(args[0]);
        if (isnan(d)) return toy_raise_value_error(t, "Invalid value NaN (not a number)");
        if (!(fabs(d) < 9.2e18)) return toy_raise(t, TOY_OverflowError, "timestamp out of range for platform time_t");
        seconds = (int64_t)floor(d);
    } else {
        ToyValue n = toy_index(t, args[0]);
        if (toy_failed(n)) return TOY_FAILED;
        bool fits = toy_int_fits_int64(n, &seconds);
        toy_release(n);
        if (!fits) return toy_raise(t, TOY_OverflowError, "timestamp out of range for platform time_t");
    }
    time_t moment = (time_t)seconds;
    struct tm parts;
    errno = 0;
    if (!localtime_r(&moment, &parts)) return toy_raise_os_error(t, errno ? errno : EINVAL, TOY_UNBOUND);
    return date_make(t, state_of_type(self), class_of(self), parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

static ToyValue date_fromordinal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int ordinal;
    if (!arg_field(t, args[0], &ordinal)) return TOY_FAILED;
    if (ordinal < 1) return toy_raise_value_error(t, "ordinal must be >= 1");
    return date_make_of(t, self, ordinal);
}

static ToyValue date_fromisoformat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int year, month, day;
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "fromisoformat: argument must be str");
    size_t length = toy_str_length(args[0]);
    if (length != 7 && length != 8 && length != 10) return raise_bad_text(t, args[0]);
    if (!read_date(t, args[0], length, &year, &month, &day)) return toy_is_raised(t) ? TOY_FAILED : raise_bad_text(t, args[0]);
    return date_make(t, state_of_type(self), class_of(self), year, month, day);
}

static ToyValue date_fromisocalendar(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int parts[3], year, month, day;
    for (int i = 0; i < 3; i++) {
        if (arg_field(t, args[i], &parts[i])) continue;
        if (!toy_raised_is(t, TOY_OverflowError)) return TOY_FAILED;
        toy_raised_clear(t);
        return toy_raise_value_error(t, "ISO calendar component out of range");
    }
    const char *wrong = date_of_week(parts[0], parts[1], parts[2], &year, &month, &day);
    if (!wrong) return date_make(t, state_of_type(self), class_of(self), year, month, day);
    if (*wrong == 'Y') return toy_raise_value_error(t, "Year is out of range: %d", parts[0]);
    return *wrong == 'w' ? toy_raise_value_error(t, "Invalid week: %d", parts[1]) : toy_raise_value_error(t, "Invalid day: %d (range is [1, 7])", parts[2]);
}

static ToyValue date_replace(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Date *date = as_date(self);
    int year = date->year, month = date->month, day = date->day;
    if (!arg_field(t, args[0], &year) || !arg_field(t, args[1], &month) || !arg_field(t, args[2], &day)) return TOY_FAILED;
    return date_make(t, state_of(self), toy_type_of(t, self), year, month, day);
}

/* ---- asking ---- */

static int date_ordinal(const Date *date) { return ordinal_of(date->year, date->month, date->day); }
static ToyValue get_year(ToyThread *t, ToyValue self) { return toy_int(t, as_date(self)->year); }
static ToyValue get_month(ToyThread *t, ToyValue self) { return toy_int(t, as_date(self)->month); }
static ToyValue get_day(ToyThread *t, ToyValue self) { return toy_int(t, as_date(self)->day); }
static ToyValue date_toordinal(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, date_ordinal(as_date(self))); }
static ToyValue date_weekday(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, weekday_of(date_ordinal(as_date(self)))); }
static ToyValue date_isoweekday(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, weekday_of(date_ordinal(as_date(self))) + 1); }

static ToyValue date_isocalendar(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Date *date = as_date(self);
    int ordinal = date_ordinal(date), year = date->year, monday = week_one_monday(year);
    if (ordinal < monday) monday = week_one_monday(--year);
    else if (year < YEAR_MAX + 1 && ordinal >= week_one_monday(year + 1)) monday = week_one_monday(++year);
    int days = ordinal - monday;
    return toy_record_new(t, state_of(self)->week_date, (ToyValue[]){toy_int(t, year), toy_int(t, days / 7 + 1), toy_int(t, days % 7 + 1)});
}

ToyValue date_timetuple(ToyThread *t, const Date *date, const Clock *clock, int dst)
{
    ToyValue parts = toy_tuple(t, toy_int(t, date->year), toy_int(t, date->month), toy_int(t, date->day), toy_int(t, clock->hour), toy_int(t, clock->minute),
                               toy_int(t, clock->second), toy_int(t, weekday_of(date_ordinal(date))), toy_int(t, day_of_year(date->year, date->month, date->day)), toy_int(t, dst));
    ToyValue type = toy_failed(parts) ? TOY_FAILED : toy_import_from(t, "time", "struct_time"), result = toy_failed(type) ? TOY_FAILED : toy_call1(t, type, parts);
    toy_release(parts);
    toy_release(type);
    return result;
}
static ToyValue date_timetuple_method(ToyThread *t, ToyValue self, const ToyValue *args) { return date_timetuple(t, as_date(self), &(Clock){0}, -1); }

static ToyValue date_ctime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    static const char days[] = "MonTueWedThuFriSatSun", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const Date *date = as_date(self);
    const Clock midnight = {0}, *clock = is_moment(t, self) ? &as_moment(self)->clock : &midnight;
    return toy_str_format(t, "%.3s %.3s %2d %02d:%02d:%02d %04d", days + 3 * weekday_of(date_ordinal(date)), months + 3 * (date->month - 1), date->day,
                          clock->hour, clock->minute, clock->second, date->year);
}

static ToyValue date_isoformat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Date *date = as_date(self);
    char text[TEXT_ROOM];
    return toy_str_from_latin1(t, text, write_date(text, date->year, date->month, date->day));
}
static ToyValue date_str(ToyThread *t, ToyValue self) { return toy_call_method(t, self, "isoformat", NULL, 0); }

static ToyValue date_repr(ToyThread *t, ToyValue self)
{
    const Date *date = as_date(self);
    return toy_str_format(t, "%s(%d, %d, %d)", toy_type_name(t, self), date->year, date->month, date->day);
}

static ToyValue date_strftime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "strftime() argument 1 must be str, not %N", args[0]);
    /* Through the method, which a subclass may have replaced. */
    ToyValue timetuple = toy_call_method(t, self, "timetuple", NULL, 0);
    bool has_clock = is_moment(t, self);
    return format_by(t, state_of(self), args[0], timetuple, has_clock ? as_moment(self)->clock.micros : 0, has_clock ? as_moment(self)->zone : TOY_NONE, self);
}

ToyValue format_method(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "__format__() argument must be str, not %N", args[0]);
    return toy_str_length(args[0]) == 0 ? toy_to_str(t, self) : toy_call_method(t, self, "strftime", args, 1);
}

/* ---- arithmetic and order ---- */

static ToyValue date_shift(ToyThread *t, ToyValue self, const Delta *delta, int sign)
{
    int64_t ordinal = date_ordinal(as_date(self)) + sign * (int64_t)delta->days;
    if (ordinal < 1 || ordinal > ORDINAL_MAX) return toy_raise(t, TOY_OverflowError, "date value out of range");
    return date_make_of(t, toy_type_value(toy_type_of(t, self)), (int)ordinal);
}
static ToyValue date_add(ToyThread *t, ToyValue left, ToyValue right)
{
    if (is_date(t, left) && is_delta(t, right)) return date_shift(t, left, as_delta(right), 1);
    return is_delta(t, left) && is_date(t, right) ? date_shift(t, right, as_delta(left), 1) : TOY_NOT_IMPLEMENTED;
}
static ToyValue date_subtract(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!is_date(t, left) || is_moment(t, left)) return TOY_NOT_IMPLEMENTED;
    if (is_delta(t, right)) return date_shift(t, left, as_delta(right), -1);
    if (!is_date(t, right) || is_moment(t, right)) return TOY_NOT_IMPLEMENTED;
    return delta_new(t, state_of(left)->delta, date_ordinal(as_date(left)) - date_ordinal(as_date(right)), 0, 0);
}

static ToyValue date_compare(ToyThread *t, ToyValue left, ToyValue right, ToyCompare op)
{
    /* Between a date and a moment no order would be right. */
    if (!is_date(t, left) || !is_date(t, right) || is_moment(t, left) != is_moment(t, right)) return TOY_NOT_IMPLEMENTED;
    return order_answer(date_ordinal(as_date(left)) - date_ordinal(as_date(right)), op);
}

static ToyValue state_bytes(ToyThread *t, const Date *date)
{
    uint8_t s[STATE_LENGTH] = {(uint8_t)(date->year >> 8), (uint8_t)date->year, date->month, date->day};
    return toy_bytes(t, s, sizeof s);
}

static bool date_hash(ToyThread *t, ToyValue self, int64_t *hash)
{
    Date *date = as_date(self);
    if (date->hash == 0) {
        ToyValue state = state_bytes(t, date);
        if (toy_failed(state)) return false;
        bool done = toy_hash(t, state, &date->hash);
        toy_release(state);
        if (!done) return false;
    }
    *hash = date->hash;
    return true;
}

static ToyValue date_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue state = state_bytes(t, as_date(self));
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), toy_failed(state) ? TOY_FAILED : toy_tuple(t, state));
}

/* ---- tables ---- */

static const ToyFunction date_methods[] = {
    TOY_FUNCTION("today", date_today, "($type, /)", TOY_CLASS, "The present day by the local clock."),
    TOY_FUNCTION("fromtimestamp", date_fromtimestamp, "($type, timestamp, /)", TOY_CLASS, "The local date at a number of seconds since 1970."),
    TOY_FUNCTION("fromordinal", date_fromordinal, "($type, ordinal, /)", TOY_CLASS,
                 "The day of that number, if the first of January of the year 1 has number 1."),
    TOY_FUNCTION("fromisoformat", date_fromisoformat, "($type, object, /)", TOY_CLASS, "The date that a text in ISO 8601 format says."),
    TOY_FUNCTION("fromisocalendar", date_fromisocalendar, "($type, /, year, week, day)", TOY_CLASS,
                 "The day on that weekday (Monday is 1) of that week of a year of the ISO calendar."),
    TOY_FUNCTION("ctime", date_ctime, "($self, /)", 0, "As the C library writes a moment: 'Sun Jun 20 23:21:05 1993'."),
    TOY_FUNCTION("strftime", date_strftime, "($self, /, format)", 0, "Return a text made by a format in strftime style."),
    TOY_FUNCTION("__format__", format_method, "($self, object, /)", 0, "What strftime() makes of the specification; str(self) if that is empty."),
    TOY_FUNCTION("timetuple", date_timetuple_method, "($self, /)", 0, "As a time.struct_time, such as time.localtime() gives."),
    TOY_FUNCTION("isocalendar", date_isocalendar, "($self, /)", 0,
                 "Its place in the ISO calendar: year, week and weekday (Monday is 1), as a named tuple."),
    TOY_FUNCTION("isoformat", date_isoformat, "($self, /)", 0, "The date as ISO 8601 writes it: '2002-03-11'."),
    TOY_FUNCTION("isoweekday", date_isoweekday, "($self, /)", 0, "Return the day of the week: Monday is 1, Sunday 7."),
    TOY_FUNCTION("toordinal", date_toordinal, "($self, /)", 0, "The number of the day, if the first of January of the year 1 has number 1."),
    TOY_FUNCTION("weekday", date_weekday, "($self, /)", 0, "Return the day of the week: Monday is 0, Sunday 6."),
    TOY_FUNCTION("replace", date_replace, "($self, /, year=None, month=None, day=None)", 0, "Return the date with some fields changed."),
    TOY_FUNCTION("__replace__", date_replace, "($self, /, *, year=None, month=None, day=None)", 0, "As replace(), for copy.replace()."),
    TOY_FUNCTION("__reduce__", date_reduce, "($self, /)", 0, "What it is made anew of."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet date_getsets[] = {
    {"year", get_year, NULL, "The year, 1 to 9999."}, {"month", get_month, NULL, "The month, 1 to 12."}, {"day", get_day, NULL, "The day, 1 to 31."},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec date_spec = {
    .doc = "A day: date(year, month, day)",
    .signature = "(year, month, day)",
    .size = sizeof(Date),
    .slots = {.new_instance = date_construct, .repr = date_repr, .str = date_str, .hash = date_hash, .compare = date_compare, .add = date_add, .subtract = date_subtract},
    .methods = date_methods,
    .getsets = date_getsets,
};

bool date_constants(ToyThread *t, const DatetimeState *state)
{
    return toy_type_set(t, state->date, "min", date_alloc(t, state->date, YEAR_MIN, 1, 1)) &&
           toy_type_set(t, state->date, "max", date_alloc(t, state->date, YEAR_MAX, 12, 31)) &&
           toy_type_set(t, state->date, "resolution", delta_new(t, state->delta, 1, 0, 0));
}

/* ---- IsoCalendarDate ---- */

static ToyValue week_date_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    /* As a plain tuple: the names are for reading only. */
    ToyValue items = toy_tuple_of(t, toy_tuple_items(self), 3);
    return toy_tuple(t, toy_retain(toy_type_value(toy_builtin_type(t, TOY_KIND_TUPLE))), toy_failed(items) ? TOY_FAILED : toy_tuple(t, items));
}
static ToyValue week_date_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"year", "week", "weekday", NULL};
    static const ToyParameters parameters = {"IsoCalendarDate", parameter_names, 0, 3, 3};
    ToyValue given[3];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    for (int i = 0; i < 3; i++) toy_retain(given[i]);
    return toy_record_new(t, type, given);
}
static const ToyFunction week_date_methods[] = {
    TOY_FUNCTION("__reduce__", week_date_reduce, "($self, /)", 0, "What it is made anew of: a tuple."),
    TOY_FUNCTIONS_END,
};
static const ToyMember week_date_fields[] = {
    TOY_RECORD_FIELD("year", 0, "The ISO year."), TOY_RECORD_FIELD("week", 1, "The week of the year, 1 to 53."),
    TOY_RECORD_FIELD("weekday", 2, "The day of the week: Monday is 1, Sunday 7."), TOY_RECORD_END,
};
const ToyTypeSpec week_date_spec = {
    .doc = "A day as isocalendar() says it: a tuple of three ints that have names.",
    .signature = "(year, week, weekday)",
    .size = sizeof(ToyObject) + sizeof(size_t) + 3 * sizeof(ToyValue),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_SEQUENCE | TOY_TYPE_IS_VARIABLE_SIZE,
    .slots = {.repr = toy_record_repr, .new_instance = week_date_construct},
    .methods = week_date_methods,
    .members = week_date_fields,
    .traverse = toy_record_traverse,
    .free = toy_record_free,
    .size_of = toy_record_size,
};
