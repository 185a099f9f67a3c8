/* zones.c - classes tzinfo and timezone: how far a clock is from UTC.
 *
 * What        tzinfo, which others inherit from; timezone, a fixed offset; and how the classes of this module ask any zone.
 * How         What a zone answers is checked: None or a duration of less than a day. A plain timezone is not asked but read.
 *             fromutc() of tzinfo needs only utcoffset and dst: it takes the standard offset, then asks for dst at the place it came to.
 * GIL         held; a zone's methods may run script code.
 * Read next   moment.c */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "stdlib/datetime/datetime.h"

/* ---- asking ---- */

bool zone_check(ToyThread *t, const DatetimeState *state, ToyValue zone)
{
    if (toy_is_none(zone) || toy_is_a(t, zone, state->tzinfo)) return true;
    return toy_raise_false(t, TOY_TypeError, "tzinfo argument must be None or of a tzinfo subclass, not type '%T'", zone);
}

static bool is_less_than_a_day(const Delta *delta)
{
    return delta->days == 0 || (delta->days == -1 && (delta->seconds > 0 || delta->micros > 0));
}

ToyValue zone_ask(ToyThread *t, const DatetimeState *state, ToyValue zone, const char *method, ToyValue moment)
{
    if (toy_is_none(zone)) return TOY_NONE;
    if (toy_type_of(t, zone) == state->timezone && method[0] == 'u') return toy_retain(as_timezone(zone)->offset);
    ToyValue offset = toy_call_method(t, zone, method, &moment, 1);
    if (toy_failed(offset) || toy_is_none(offset)) return offset;
    if (!is_delta(t, offset)) toy_raise_type_error(t, "tzinfo.%s() must return None or timedelta, not '%T'", method, offset);
    else if (is_less_than_a_day(as_delta(offset))) return offset;
    else toy_raise_value_error(t, "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24).");
    toy_release(offset);
    return TOY_FAILED;
}

ToyValue zone_name(ToyThread *t, ToyValue zone, ToyValue moment)
{
    if (toy_is_none(zone)) return TOY_NONE;
    ToyValue name = toy_call_method(t, zone, "tzname", &moment, 1);
    if (toy_failed(name) || toy_is_none(name) || toy_is_str(name)) return name;
    toy_raise_type_error(t, "tzinfo.tzname() must return None or a string, not '%T'", name);
    toy_release(name);
    return TOY_FAILED;
}

/* ---- tzinfo ---- */

static ToyValue tzinfo_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return toy_value(toy_type_alloc(t, type)); }
static bool tzinfo_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names) { return true; }

static ToyValue raise_not_there(ToyThread *t, const char *method)
{
    return toy_raise(t, TOY_NotImplementedError, "a tzinfo subclass must implement %s()", method);
}
static ToyValue tzinfo_utcoffset(ToyThread *t, ToyValue self, const ToyValue *args) { return raise_not_there(t, "utcoffset"); }
static ToyValue tzinfo_tzname(ToyThread *t, ToyValue self, const ToyValue *args) { return raise_not_there(t, "tzname"); }
static ToyValue tzinfo_dst(ToyThread *t, ToyValue self, const ToyValue *args) { return raise_not_there(t, "dst"); }

static bool check_utc_moment(ToyThread *t, ToyValue self, ToyValue v)
{
    if (!is_moment(t, v)) return toy_raise_false(t, TOY_TypeError, "fromutc: argument must be a datetime");
    return toy_is_same(as_moment(v)->zone, self) || toy_raise_false(t, TOY_ValueError, "fromutc: dt.tzinfo is not self");
}

static ToyValue ask_moment(ToyThread *t, ToyValue moment, const char *method, const char *complaint)
{
    ToyValue answer = zone_ask(t, state_of(moment), as_moment(moment)->zone, method, moment);
    return toy_is_none(answer) ? toy_raise_value_error(t, "%s", complaint) : answer;
}

static ToyValue tzinfo_fromutc(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue moment = args[0], standard = TOY_FAILED, shifted = TOY_FAILED, summer = TOY_FAILED, result = TOY_FAILED;
    if (!check_utc_moment(t, self, moment)) return TOY_FAILED;
    const DatetimeState *state = state_of(moment);
    ToyValue offset = ask_moment(t, moment, "utcoffset", "fromutc: non-None utcoffset() result required");
    ToyValue dst = toy_failed(offset) ? TOY_FAILED : ask_moment(t, moment, "dst", "fromutc: non-None dst() result required");
    if (!toy_failed(dst)) standard = delta_sum(t, state, offset, dst, -1);
    if (!toy_failed(standard)) shifted = moment_add(t, state, moment, as_delta(standard), 1);
    if (!toy_failed(shifted)) summer = ask_moment(t, shifted, "dst", "fromutc: tz.dst() gave inconsistent results; cannot convert");
    if (!toy_failed(summer)) result = moment_add(t, state, shifted, as_delta(summer), 1);
    toy_release(offset);
    toy_release(dst);
    toy_release(standard);
    toy_release(shifted);
    toy_release(summer);
    return result;
}

static ToyValue tzinfo_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue initial = toy_find_attribute(t, self, "__getinitargs__");
    if (toy_is_raised(t)) return TOY_FAILED;
    ToyValue arguments = toy_is_bound(initial) ? toy_call0(t, initial) : toy_tuple_of(t, NULL, 0);
    toy_release(initial);
    ToyValue state = toy_failed(arguments) ? TOY_FAILED : toy_call_method(t, self, "__getstate__", NULL, 0);
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), arguments, state);
}

static const ToyFunction tzinfo_methods[] = {
    TOY_FUNCTION("tzname", tzinfo_tzname, "($self, dt, /)", 0, "datetime -> name of the time zone, for subclasses to say."),
    TOY_FUNCTION("utcoffset", tzinfo_utcoffset, "($self, dt, /)", 0, "datetime -> timedelta that local time is ahead of UTC, for subclasses to say."),
    TOY_FUNCTION("dst", tzinfo_dst, "($self, dt, /)", 0, "datetime -> timedelta that summer time is ahead of standard time, for subclasses to say."),
    TOY_FUNCTION("fromutc", tzinfo_fromutc, "($self, dt, /)", 0, "What the clocks of this zone show at a moment that is given in UTC."),
    TOY_FUNCTION("__reduce__", tzinfo_reduce, "($self, /)", 0, "What it is made anew of."),
    TOY_FUNCTIONS_END,
};
const ToyTypeSpec tzinfo_spec = {
    .doc = "A time zone: the base of classes that say how far local time is from UTC.",
    .signature = "(*args, **kwargs)",
    .size = sizeof(ToyObject),
    .slots = {.new_instance = tzinfo_construct, .init = tzinfo_init},
    .methods = tzinfo_methods,
};

/* ---- timezone ---- */

ToyValue zone_new(ToyThread *t, const DatetimeState *state, ToyValue offset, ToyValue name)
{
    if (!is_less_than_a_day(as_delta(offset)))
        return toy_raise_value_error(t, "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not %R.", offset);
    Timezone *zone = (Timezone *)toy_type_alloc(t, state->timezone);
    if (!zone) return TOY_FAILED;
    zone->offset = toy_retain(offset);
    zone->name = toy_retain(name);
    return toy_value(zone);
}

static bool is_zero(ToyValue delta) { return as_delta(delta)->days == 0 && as_delta(delta)->seconds == 0 && as_delta(delta)->micros == 0; }

ToyValue zone_of_offset(ToyThread *t, const DatetimeState *state, ToyValue offset)
{
    if (toy_failed(offset)) return TOY_FAILED;
    ToyValue zone = toy_is_bound(state->utc) && is_zero(offset) ? toy_retain(state->utc) : zone_new(t, state, offset, TOY_UNBOUND);
    toy_release(offset);
    return zone;
}

ToyValue zone_local(ToyThread *t, const DatetimeState *state, int64_t timestamp)
{
    time_t seconds = (time_t)timestamp;
    struct tm parts;
    if (!localtime_r(&seconds, &parts)) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    ToyValue offset = delta_new(t, state->delta, 0, parts.tm_gmtoff, 0), name = toy_str_from_os(t, parts.tm_zone, strlen(parts.tm_zone));
    ToyValue zone = toy_failed(offset) || toy_failed(name) ? TOY_FAILED : zone_new(t, state, offset, name);
    toy_release(offset);
    toy_release(name);
    return zone;
}

static ToyValue timezone_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"offset", "name", NULL};
    static const ToyParameters parameters = {"timezone", parameter_names, 0, 2, 1};
    const DatetimeState *state = toy_type_state(type);
    ToyValue given[2];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    if (!is_delta(t, given[0])) return toy_raise_type_error(t, "timezone() argument 1 must be datetime.timedelta, not %N", given[0]);
    if (toy_is_bound(given[1]) && !toy_is_str(given[1])) return toy_raise_type_error(t, "timezone() argument 2 must be str, not %N", given[1]);
    return toy_is_bound(given[1]) ? zone_new(t, state, given[0], given[1]) : zone_of_offset(t, state, toy_retain(given[0]));
}

static bool check_argument(ToyThread *t, ToyValue v, const char *method)
{
    return toy_is_none(v) || is_moment(t, v) ||
           toy_raise_false(t, TOY_TypeError, "%s(dt) argument must be a datetime instance or None, not %T", method, v);
}

static ToyValue timezone_str(ToyThread *t, ToyValue self)
{
    const Timezone *zone = as_timezone(self);
    const DatetimeState *state = state_of(self);
    if (toy_is_bound(zone->name)) return toy_retain(zone->name);
    if (is_zero(zone->offset)) return toy_str(t, "UTC");
    char text[TEXT_ROOM] = "UTC";
    size_t n = write_offset(t, state, text + 3, self, TOY_NONE, ":");
    return n == SIZE_MAX ? TOY_FAILED : toy_str_from_latin1(t, text, 3 + n);
}

static ToyValue timezone_repr(ToyThread *t, ToyValue self)
{
    const Timezone *zone = as_timezone(self);
    const char *name = toy_type_name(t, self);
    if (toy_is_same(self, state_of(self)->utc)) return toy_str_format(t, "%s.utc", name);
    return toy_is_bound(zone->name) ? toy_str_format(t, "%s(%R, %R)", name, zone->offset, zone->name) : toy_str_format(t, "%s(%R)", name, zone->offset);
}

static ToyValue timezone_utcoffset(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_argument(t, args[0], "utcoffset") ? toy_retain(as_timezone(self)->offset) : TOY_FAILED;
}
static ToyValue timezone_tzname(ToyThread *t, ToyValue self, const ToyValue *args) { return check_argument(t, args[0], "tzname") ? timezone_str(t, self) : TOY_FAILED; }
static ToyValue timezone_dst(ToyThread *t, ToyValue self, const ToyValue *args) { return check_argument(t, args[0], "dst") ? TOY_NONE : TOY_FAILED; }
static ToyValue timezone_fromutc(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!check_utc_moment(t, self, args[0])) return TOY_FAILED;
    return moment_add(t, state_of(args[0]), args[0], as_delta(as_timezone(self)->offset), 1);
}
static ToyValue timezone_getinitargs(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Timezone *zone = as_timezone(self);
    return toy_tuple_of(t, (ToyValue[]){zone->offset, zone->name}, toy_is_bound(zone->name) ? 2 : 1);
}

static ToyValue timezone_compare(ToyThread *t, ToyValue left, ToyValue right, ToyCompare op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !toy_is_made_of(t, left, &timezone_spec) || !toy_is_made_of(t, right, &timezone_spec)) return TOY_NOT_IMPLEMENTED;
    return order_answer(delta_compare_values(as_delta(as_timezone(left)->offset), as_delta(as_timezone(right)->offset)), op);
}
static bool timezone_hash(ToyThread *t, ToyValue self, int64_t *hash) { return toy_hash(t, as_timezone(self)->offset, hash); }

static void timezone_free(ToyObject *self)
{
    toy_clear(&((Timezone *)self)->offset);
    toy_clear(&((Timezone *)self)->name);
}

static const ToyFunction timezone_methods[] = {
    TOY_FUNCTION("tzname", timezone_tzname, "($self, dt, /)", 0, "The name given at the start, or UTC+HH:MM."),
    TOY_FUNCTION("utcoffset", timezone_utcoffset, "($self, dt, /)", 0, "The offset from UTC; it is always the same."),
    TOY_FUNCTION("dst", timezone_dst, "($self, dt, /)", 0, "None."),
    TOY_FUNCTION("fromutc", timezone_fromutc, "($self, dt, /)", 0, "What the clocks of this zone show at a moment that is given in UTC."),
    TOY_FUNCTION("__getinitargs__", timezone_getinitargs, "($self, /)", 0, "What it is made anew of, for pickle."),
    TOY_FUNCTIONS_END,
};
const ToyTypeSpec timezone_spec = {
    .doc = "A time zone with a fixed offset from UTC.",
    .signature = "(offset, name=None)",
    .size = sizeof(Timezone),
    .flags = TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = timezone_construct, .repr = timezone_repr, .str = timezone_str, .hash = timezone_hash, .compare = timezone_compare},
    .methods = timezone_methods,
    .free = timezone_free,
};

static ToyValue zone_of_minutes(ToyThread *t, const DatetimeState *state, int minutes)
{
    return zone_of_offset(t, state, delta_new(t, state->delta, 0, minutes * 60, 0));
}

bool zone_constants(ToyThread *t, DatetimeState *state)
{
    enum { ALMOST_A_DAY = 23 * 60 + 59 };
    state->utc = zone_of_minutes(t, state, 0);
    return !toy_failed(state->utc) && toy_type_set(t, state->timezone, "utc", toy_retain(state->utc)) &&
           toy_type_set(t, state->timezone, "min", zone_of_minutes(t, state, -ALMOST_A_DAY)) &&
           toy_type_set(t, state->timezone, "max", zone_of_minutes(t, state, ALMOST_A_DAY));
}
