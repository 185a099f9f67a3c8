/* datetime.h - what the files of module datetime know of each other.
 *
 * What        The instances of its classes, the sums of the calendar, and how instances are made.
 * How         A date is a day of the proleptic Gregorian calendar, a Clock the hands of a clock, a moment (class datetime) both and
 *             a zone. Sums go through ordinals: 1 January of year 1 is day 1. A duration is normalised: only days may be negative.
 * Invariants  I1 every field of an instance is in its range, but of one made of pickle's bytes: there only the month is sure to be one.  I2 'zone' is None or an instance of tzinfo.
 * GIL         held.
 * Read next   calendar_sums.c, timedelta.c, date.c, clock_time.c, moment.c, zones.c, iso_text.c, mod_datetime.c */
#ifndef TOY_STDLIB_DATETIME_H
#define TOY_STDLIB_DATETIME_H

#include "vm/toy.h"

enum { YEAR_MIN = 1, YEAR_MAX = 9999, ORDINAL_MAX = 3652059, DELTA_DAYS_MAX = 999999999, SECONDS_PER_DAY = 86400, MICROS_PER_SECOND = 1000000 };
#define MICROS_PER_DAY ((int64_t)SECONDS_PER_DAY * MICROS_PER_SECOND)
#define EPOCH_ORDINAL 719163   /* 1 January 1970 */

typedef struct DatetimeState {
    ToyType *delta, *date, *time, *moment, *tzinfo, *timezone, *week_date;
    ToyValue utc;
} DatetimeState;

typedef struct Delta { ToyObject head; int32_t days, seconds, micros; int64_t hash; } Delta;   /* hash: 0 is not known yet, here and below */
typedef struct Date { ToyObject head; int64_t hash; uint16_t year; uint8_t month, day; } Date;
typedef struct Clock { uint8_t hour, minute, second, fold; int32_t micros; } Clock;
typedef struct Time { ToyObject head; int64_t hash; Clock clock; ToyValue zone; } Time;
typedef struct Moment { Date date; Clock clock; ToyValue zone; } Moment;
typedef struct Timezone { ToyObject head; ToyValue offset, name; } Timezone;                      /* name: UNBOUND or a str */

static inline Delta *as_delta(ToyValue v) { return (Delta *)toy_object(v); }
static inline Date *as_date(ToyValue v) { return (Date *)toy_object(v); }
static inline Time *as_time(ToyValue v) { return (Time *)toy_object(v); }
static inline Moment *as_moment(ToyValue v) { return (Moment *)toy_object(v); }
static inline Timezone *as_timezone(ToyValue v) { return (Timezone *)toy_object(v); }
static inline const DatetimeState *state_of(ToyValue v) { return toy_instance_state(v); }
static inline const DatetimeState *state_of_type(ToyValue type) { return toy_type_state((ToyType *)toy_object(type)); }

/* ---- calendar_sums.c ---- */
bool year_is_leap(int year);
int month_length(int year, int month);
int ordinal_of(int year, int month, int day);
void date_of_ordinal(int ordinal, int *year, int *month, int *day);
int day_of_year(int year, int month, int day);
static inline int weekday_of(int ordinal) { return (ordinal + 6) % 7; }                          /* Monday is 0 */
int week_one_monday(int year);                                                                    /* the ordinal the ISO year begins with */
/* NULL, or what is wrong: "Year", "week" or "day". */
const char *date_of_week(int iso_year, int week, int weekday, int *year, int *month, int *day);
int64_t seconds_of(int year, int month, int day, const Clock *clock);                             /* since the ordinal 0 */
/* Local time: what the clocks show at a moment of UTC, both as seconds_of counts, and back. False: OSError. */
TOY_MUST_CHECK bool local_of_utc(ToyThread *t, int64_t utc, int64_t *local);
TOY_MUST_CHECK bool utc_of_local(ToyThread *t, int64_t local, int fold, int64_t *utc);

/* ---- checks: false is a ValueError, a TypeError ---- */
TOY_MUST_CHECK bool date_check(ToyThread *t, int year, int month, int day);
TOY_MUST_CHECK bool clock_check(ToyThread *t, int hour, int minute, int second, int micros, int fold);
TOY_MUST_CHECK bool zone_check(ToyThread *t, const DatetimeState *state, ToyValue zone);

/* A number of an argument; UNBOUND leaves *out as it is. OverflowError as CPython words it for the 32 bits of a C int. */
TOY_MUST_CHECK bool arg_field(ToyThread *t, ToyValue v, int *out);

/* ---- making: [type] may be a subclass, which is then called as a script would; fields are checked ---- */
TOY_MUST_CHECK ToyValue delta_new(ToyThread *t, ToyType *type, int64_t days, int64_t seconds, int64_t micros);   /* normalises */
TOY_MUST_CHECK ToyValue date_make(ToyThread *t, const DatetimeState *state, ToyType *type, int year, int month, int day);
TOY_MUST_CHECK ToyValue date_alloc(ToyThread *t, ToyType *type, int year, int month, int day);                    /* no call */
TOY_MUST_CHECK ToyValue time_alloc(ToyThread *t, ToyType *type, const Clock *clock, ToyValue zone);
TOY_MUST_CHECK ToyValue time_make(ToyThread *t, const DatetimeState *state, ToyType *type, const Clock *clock, ToyValue zone);
TOY_MUST_CHECK ToyValue moment_alloc(ToyThread *t, ToyType *type, int year, int month, int day, const Clock *clock, ToyValue zone);
TOY_MUST_CHECK ToyValue moment_make(ToyThread *t, const DatetimeState *state, ToyType *type, int year, int month, int day, const Clock *clock, ToyValue zone);
/* Calls a subclass; fold is given only if it is 1, for its __new__ need not know that. [args] has room for one more. */
TOY_MUST_CHECK ToyValue call_with_fold(ToyThread *t, ToyType *type, ToyValue *args, size_t count, int fold);
TOY_MUST_CHECK ToyValue zone_of_offset(ToyThread *t, const DatetimeState *state, TOY_TAKES ToyValue offset);     /* utc for a zero one */
TOY_MUST_CHECK ToyValue zone_new(ToyThread *t, const DatetimeState *state, ToyValue offset, ToyValue name);      /* name: UNBOUND or a str */

/* The answer of a comparison whose difference is [order]. */
static inline ToyValue order_answer(int64_t order, ToyCompare op)
{
    switch (op) {
    case COMPARE_LT: return toy_bool(order < 0);
    case COMPARE_LE: return toy_bool(order <= 0);
    case COMPARE_EQ: return toy_bool(order == 0);
    case COMPARE_NE: return toy_bool(order != 0);
    case COMPARE_GT: return toy_bool(order > 0);
    case COMPARE_GE: return toy_bool(order >= 0);
    }
    return TOY_NOT_IMPLEMENTED;
}

/* ---- durations ---- */
int64_t delta_compare_values(const Delta *a, const Delta *b);                                     /* below, at, above 0 */
TOY_MUST_CHECK ToyValue delta_negate(ToyThread *t, ToyValue v);
TOY_MUST_CHECK ToyValue delta_sum(ToyThread *t, const DatetimeState *state, ToyValue a, ToyValue b, int sign);   /* a + sign * b */
double delta_seconds(const Delta *delta);

/* ---- zones.c: what a zone says; [moment] is a datetime or None ---- */
/* None, or a timedelta of less than a day either way; [method] is "utcoffset" or "dst". Owned. */
TOY_MUST_CHECK ToyValue zone_ask(ToyThread *t, const DatetimeState *state, ToyValue zone, const char *method, ToyValue moment);
TOY_MUST_CHECK ToyValue zone_name(ToyThread *t, ToyValue zone, ToyValue moment);                  /* None or a str */
/* The zone of this machine at seconds since 1970. */
TOY_MUST_CHECK ToyValue zone_local(ToyThread *t, const DatetimeState *state, int64_t timestamp);

/* ---- moments, for zones.c ---- */
TOY_MUST_CHECK ToyValue moment_add(ToyThread *t, const DatetimeState *state, ToyValue v, const Delta *delta, int sign);
TOY_MUST_CHECK ToyValue date_timetuple(ToyThread *t, const Date *date, const Clock *clock, int dst);

/* ---- iso_text.c ---- */
enum { TEXT_ROOM = 64 };
size_t write_date(char *to, int year, int month, int day);
/* [timespec] UNBOUND: auto. SIZE_MAX: raised. */
size_t write_clock(ToyThread *t, char *to, const Clock *clock, ToyValue timespec);
/* "+01:00" with [separator] in between; nothing if there is no offset. SIZE_MAX: raised. */
size_t write_offset(ToyThread *t, const DatetimeState *state, char *to, ToyValue zone, ToyValue moment, const char *separator);
TOY_MUST_CHECK bool read_date(ToyThread *t, ToyValue text, size_t length, int *year, int *month, int *day);
/* From [start] to the end. *zone: owned, None if there is none. */
TOY_MUST_CHECK bool read_clock(ToyThread *t, const DatetimeState *state, ToyValue text, size_t start, Clock *clock, ToyValue *zone);
size_t find_separator(ToyValue text);                                                              /* between date and time; 0: nowhere */
TOY_COLD ToyValue raise_bad_text(ToyThread *t, ToyValue text);
/* time.strftime, after %z, %Z and %f have been filled in. */
TOY_MUST_CHECK ToyValue format_by(ToyThread *t, const DatetimeState *state, ToyValue format, TOY_TAKES ToyValue timetuple, int micros, ToyValue zone, ToyValue moment);
TOY_MUST_CHECK ToyValue format_method(ToyThread *t, ToyValue self, const ToyValue *args);          /* __format__ of all three */

/* ---- states for pickle ---- */
/* The bytes of a state given as bytes or, by Python 2, as a str of Latin-1: at [to]. False: it is none, or, with something raised, a bad one. */
bool state_read(ToyThread *t, ToyValue v, size_t length, const char *what, uint8_t *to);

extern const ToyTypeSpec delta_spec, date_spec, time_spec, moment_spec, tzinfo_spec, timezone_spec, week_date_spec;
/* Is it an instance, or one of a subclass? */
static inline bool is_delta(ToyThread *t, ToyValue v) { return toy_is_made_of(t, v, &delta_spec); }
static inline bool is_time(ToyThread *t, ToyValue v) { return toy_is_made_of(t, v, &time_spec); }
static inline bool is_moment(ToyThread *t, ToyValue v) { return toy_is_made_of(t, v, &moment_spec); }
static inline bool is_date(ToyThread *t, ToyValue v) { return toy_is_made_of(t, v, &date_spec); }   /* moments too */
/* min, max, resolution. */
TOY_MUST_CHECK bool delta_constants(ToyThread *t, const DatetimeState *state);
TOY_MUST_CHECK bool date_constants(ToyThread *t, const DatetimeState *state);
TOY_MUST_CHECK bool time_constants(ToyThread *t, const DatetimeState *state);
TOY_MUST_CHECK bool moment_constants(ToyThread *t, const DatetimeState *state);
TOY_MUST_CHECK bool zone_constants(ToyThread *t, DatetimeState *state);

#endif
