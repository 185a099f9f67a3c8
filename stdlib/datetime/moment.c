/* moment.c - class datetime: a date and a time of day, with or without a zone. Here it is called a moment.
 *
 * What        What moments can do: arithmetic, order, conversion between zones, texts; and the tables of the class.
 * How         Two moments of one zone are compared as they stand; of two zones, as both would be in UTC. A moment that a zone shows twice, or
 *             never (its offset depends on fold), equals none of another zone: no hash could be right for it otherwise.
 *             For pickle a moment is ten bytes: the date's four, the clock's six; the top bit of the month is fold, from protocol 4 on.
 * Invariants  I1 the struct begins with a Date: what works on dates works on moments.
 * GIL         held; zones may run script code.
 * Read next   moment_make.c, zones.c */
#include "stdlib/datetime/moment.h"

static ToyValue ask(ToyThread *t, ToyValue self, const char *method) { return zone_ask(t, state_of(self), as_moment(self)->zone, method, self); }

/* ---- arithmetic ---- */

static int64_t ordinal(const Moment *moment) { return ordinal_of(moment->date.year, moment->date.month, moment->date.day); }
static int64_t second_of_day(const Clock *clock) { return clock->hour * 3600 + clock->minute * 60 + clock->second; }

/* A moment of [type] at a day, second and microsecond that may lie beyond their ranges. */
static ToyValue make_of_sum(ToyThread *t, const DatetimeState *state, ToyType *type, int64_t days, int64_t seconds, int64_t micros, ToyValue zone)
{
    int year, month, day;
    int64_t n = micros >= 0 ? micros / MICROS_PER_SECOND : -((MICROS_PER_SECOND - 1 - micros) / MICROS_PER_SECOND);
    seconds += n, micros -= n * MICROS_PER_SECOND;
    n = seconds >= 0 ? seconds / SECONDS_PER_DAY : -((SECONDS_PER_DAY - 1 - seconds) / SECONDS_PER_DAY);
    days += n, seconds -= n * SECONDS_PER_DAY;
    if (days < 1 || days > ORDINAL_MAX) return toy_raise(t, TOY_OverflowError, "date value out of range");
    date_of_ordinal((int)days, &year, &month, &day);
    Clock clock = {(uint8_t)(seconds / 3600), (uint8_t)(seconds / 60 % 60), (uint8_t)(seconds % 60), 0, (int32_t)micros};
    return moment_make(t, state, type, year, month, day, &clock, zone);
}

ToyValue moment_add(ToyThread *t, const DatetimeState *state, ToyValue v, const Delta *delta, int sign)
{
    const Moment *moment = as_moment(v);
    return make_of_sum(t, state, toy_type_of(t, v), ordinal(moment) + sign * (int64_t)delta->days, second_of_day(&moment->clock) + sign * (int64_t)delta->seconds,
                       moment->clock.micros + sign * (int64_t)delta->micros, moment->zone);
}

static ToyValue moment_add_slot(ToyThread *t, ToyValue left, ToyValue right)
{
    if (is_moment(t, left) && is_delta(t, right)) return moment_add(t, state_of(left), left, as_delta(right), 1);
    return is_delta(t, left) && is_moment(t, right) ? moment_add(t, state_of(right), right, as_delta(left), 1) : TOY_NOT_IMPLEMENTED;
}

/* Both offsets, or None twice when they do not matter: one zone for both. */
static bool two_offsets(ToyThread *t, ToyValue left, ToyValue right, ToyValue *a, ToyValue *b)
{
    *a = *b = TOY_NONE;
    if (toy_is_same(as_moment(left)->zone, as_moment(right)->zone)) return true;
    *a = ask(t, left, "utcoffset");
    if (toy_failed(*a)) return false;
    *b = ask(t, right, "utcoffset");
    if (!toy_failed(*b)) return true;
    toy_clear(a);
    return false;
}

/* left - right in UTC, in three numbers. */
typedef struct Distance { int64_t days, seconds, micros; } Distance;
static Distance distance(const Moment *left, const Moment *right, ToyValue a, ToyValue b)
{
    Distance d = {ordinal(left) - ordinal(right), second_of_day(&left->clock) - second_of_day(&right->clock), (int64_t)left->clock.micros - right->clock.micros};
    if (!toy_is_none(a) && !toy_is_none(b)) {
        d.days += as_delta(b)->days - as_delta(a)->days;
        d.seconds += as_delta(b)->seconds - as_delta(a)->seconds;
        d.micros += as_delta(b)->micros - as_delta(a)->micros;
    }
    return d;
}

static ToyValue moment_subtract(ToyThread *t, ToyValue left, ToyValue right)
{
    ToyValue a, b, result;
    if (!is_moment(t, left)) return TOY_NOT_IMPLEMENTED;
    if (is_delta(t, right)) return moment_add(t, state_of(left), left, as_delta(right), -1);
    if (!is_moment(t, right)) return TOY_NOT_IMPLEMENTED;
    if (!two_offsets(t, left, right, &a, &b)) return TOY_FAILED;
    if (toy_is_none(a) != toy_is_none(b)) {
        result = toy_raise_type_error(t, "can't subtract offset-naive and offset-aware datetimes");
    } else {
        Distance d = distance(as_moment(left), as_moment(right), a, b);
        result = delta_new(t, state_of(left)->delta, d.days, d.seconds, d.micros);
    }
    toy_release(a);
    toy_release(b);
    return result;
}

/* ---- order, hash, pickle ---- */

/* The same moment with another fold, as a plain datetime. */
static ToyValue with_fold(ToyThread *t, ToyValue self, int fold)
{
    const Moment *moment = as_moment(self);
    Clock clock = moment->clock;
    clock.fold = (uint8_t)fold;
    return moment_alloc(t, state_of(self)->moment, moment->date.year, moment->date.month, moment->date.day, &clock, moment->zone);
}

static ToyValue offset_with_fold(ToyThread *t, ToyValue self, int fold)
{
    if (toy_is_none(as_moment(self)->zone)) return TOY_NONE;
    ToyValue other = with_fold(t, self, fold), offset = toy_failed(other) ? TOY_FAILED : ask(t, other, "utcoffset");
    toy_release(other);
    return offset;
}

static bool offset_depends_on_fold(ToyThread *t, ToyValue self, ToyValue offset, bool *answer)
{
    ToyValue flipped = offset_with_fold(t, self, !as_moment(self)->clock.fold);
    if (toy_failed(flipped)) return false;
    if (toy_is_none(flipped) || toy_is_none(offset)) *answer = !toy_is_same(flipped, offset);
    else *answer = delta_compare_values(as_delta(flipped), as_delta(offset)) != 0;
    toy_release(flipped);
    return true;
}

static ToyValue compare_with_offsets(ToyThread *t, ToyValue left, ToyValue right, ToyValue a, ToyValue b, bool is_one_zone, ToyCompare op)
{
    bool asks_equality = op == COMPARE_EQ || op == COMPARE_NE, depends = false;
    if (toy_is_none(a) != toy_is_none(b)) {
        if (asks_equality) return toy_bool(op == COMPARE_NE);
        return toy_raise_type_error(t, "can't compare offset-naive and offset-aware datetimes");
    }
    Distance d = distance(as_moment(left), as_moment(right), a, b);
    int64_t seconds = d.days * SECONDS_PER_DAY + d.seconds, order = seconds * MICROS_PER_SECOND + d.micros;
    if (order == 0 && asks_equality && !is_one_zone) {
        if (!offset_depends_on_fold(t, left, a, &depends) || (!depends && !offset_depends_on_fold(t, right, b, &depends))) return TOY_FAILED;
        if (depends) order = 1;
    }
    return order_answer(order, op);
}

static ToyValue moment_compare(ToyThread *t, ToyValue left, ToyValue right, ToyCompare op)
{
    ToyValue a, b;
    if (!is_moment(t, left) || !is_moment(t, right)) return TOY_NOT_IMPLEMENTED;
    bool is_one_zone = toy_is_same(as_moment(left)->zone, as_moment(right)->zone);
    if (!two_offsets(t, left, right, &a, &b)) return TOY_FAILED;
    ToyValue answer = compare_with_offsets(t, left, right, a, b, is_one_zone, op);
    toy_release(a);
    toy_release(b);
    return answer;
}

static ToyValue state_bytes(ToyThread *t, const Moment *moment, bool has_fold)
{
    const Date *date = &moment->date;
    const Clock *clock = &moment->clock;
    uint8_t s[MOMENT_STATE_LENGTH] = {(uint8_t)(date->year >> 8), (uint8_t)date->year, (uint8_t)(date->month | (has_fold && clock->fold ? MOMENT_FOLD_BIT : 0)), date->day,
                                      clock->hour, clock->minute, clock->second, (uint8_t)(clock->micros >> 16), (uint8_t)(clock->micros >> 8), (uint8_t)clock->micros};
    return toy_bytes(t, s, sizeof s);
}

static bool moment_hash(ToyThread *t, ToyValue self, int64_t *hash)
{
    Moment *moment = as_moment(self);
    if (moment->date.hash == 0) {
        /* fold counts in no comparison, so it must not count here. */
        ToyValue offset = moment->clock.fold ? offset_with_fold(t, self, 0) : ask(t, self, "utcoffset"), key;
        if (toy_failed(offset)) return false;
        if (toy_is_none(offset)) {
            key = state_bytes(t, moment, false);
        } else {
            const Delta *delta = as_delta(offset);
            key = delta_new(t, state_of(self)->delta, ordinal(moment) - delta->days, second_of_day(&moment->clock) - delta->seconds, moment->clock.micros - delta->micros);
        }
        bool done = !toy_failed(key) && toy_hash(t, key, &moment->date.hash);
        toy_release(offset);
        toy_release(key);
        if (!done) return false;
    }
    *hash = moment->date.hash;
    return true;
}

static ToyValue reduce(ToyThread *t, ToyValue self, int protocol)
{
    const Moment *moment = as_moment(self);
    ToyValue state = state_bytes(t, moment, protocol > 3);
    ToyValue arguments = toy_failed(state) ? TOY_FAILED : toy_is_none(moment->zone) ? toy_tuple(t, state) : toy_tuple(t, state, toy_retain(moment->zone));
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), arguments);
}
static ToyValue moment_reduce(ToyThread *t, ToyValue self, const ToyValue *args) { return reduce(t, self, 2); }
static ToyValue moment_reduce_ex(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int protocol;
    return arg_field(t, args[0], &protocol) ? reduce(t, self, protocol) : TOY_FAILED;
}

/* ---- parts and zones ---- */

static ToyValue get_hour(ToyThread *t, ToyValue self) { return toy_int(t, as_moment(self)->clock.hour); }
static ToyValue get_minute(ToyThread *t, ToyValue self) { return toy_int(t, as_moment(self)->clock.minute); }
static ToyValue get_second(ToyThread *t, ToyValue self) { return toy_int(t, as_moment(self)->clock.second); }
static ToyValue get_micros(ToyThread *t, ToyValue self) { return toy_int(t, as_moment(self)->clock.micros); }
static ToyValue get_fold(ToyThread *t, ToyValue self) { return toy_int(t, as_moment(self)->clock.fold); }
static ToyValue get_zone(ToyThread *t, ToyValue self) { return toy_retain(as_moment(self)->zone); }

static ToyValue moment_utcoffset(ToyThread *t, ToyValue self, const ToyValue *args) { return ask(t, self, "utcoffset"); }
static ToyValue moment_dst(ToyThread *t, ToyValue self, const ToyValue *args) { return ask(t, self, "dst"); }
static ToyValue moment_tzname(ToyThread *t, ToyValue self, const ToyValue *args) { return zone_name(t, as_moment(self)->zone, self); }

static ToyValue moment_date(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Date *date = as_date(self);
    return date_alloc(t, state_of(self)->date, date->year, date->month, date->day);
}
static ToyValue moment_time(ToyThread *t, ToyValue self, const ToyValue *args) { return time_alloc(t, state_of(self)->time, &as_moment(self)->clock, TOY_NONE); }
static ToyValue moment_timetz(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return time_alloc(t, state_of(self)->time, &as_moment(self)->clock, as_moment(self)->zone);
}

static ToyValue moment_timetuple(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int dst = -1;
    ToyValue answer = ask(t, self, "dst");
    if (toy_failed(answer)) return TOY_FAILED;
    if (!toy_is_none(answer)) dst = as_delta(answer)->days != 0 || as_delta(answer)->seconds != 0 || as_delta(answer)->micros != 0;
    toy_release(answer);
    return date_timetuple(t, as_date(self), &as_moment(self)->clock, dst);
}

/* In UTC, as a plain datetime of that zone. */
static ToyValue to_utc(ToyThread *t, ToyValue self, const Delta *offset)
{
    const Moment *moment = as_moment(self);
    const DatetimeState *state = state_of(self);
    return make_of_sum(t, state, state->moment, ordinal(moment) - offset->days, second_of_day(&moment->clock) - offset->seconds, moment->clock.micros - offset->micros, state->utc);
}

static ToyValue moment_utctimetuple(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue offset = ask(t, self, "utcoffset");
    if (toy_failed(offset)) return TOY_FAILED;
    ToyValue utc = toy_is_none(offset) ? toy_retain(self) : to_utc(t, self, as_delta(offset));
    toy_release(offset);
    ToyValue result = toy_failed(utc) ? TOY_FAILED : date_timetuple(t, as_date(utc), &as_moment(utc)->clock, 0);
    toy_release(utc);
    return result;
}

static bool local_timestamp(ToyThread *t, const Moment *moment, int fold, int64_t *timestamp)
{
    int64_t utc;
    if (!utc_of_local(t, moment_seconds(moment), fold, &utc)) return false;
    *timestamp = utc - (int64_t)EPOCH_ORDINAL * SECONDS_PER_DAY;
    return true;
}

static ToyValue moment_timestamp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Moment *moment = as_moment(self);
    int64_t seconds;
    if (toy_is_none(moment->zone))
        return local_timestamp(t, moment, moment->clock.fold, &seconds) ? toy_float(t, (double)seconds + moment->clock.micros / 1e6) : TOY_FAILED;
    const DatetimeState *state = state_of(self);
    ToyValue epoch = moment_alloc(t, state->moment, 1970, 1, 1, &(Clock){0}, state->utc), since = toy_failed(epoch) ? TOY_FAILED : moment_subtract(t, self, epoch);
    ToyValue result = toy_failed(since) ? TOY_FAILED : toy_float(t, delta_seconds(as_delta(since)));
    toy_release(epoch);
    toy_release(since);
    return result;
}

/* The zone in which this is local time. A time that clocks skipped belongs, by PEP 495, to the side that fold does not name in timestamp(). */
static ToyValue local_zone_of(ToyThread *t, const DatetimeState *state, const Moment *moment)
{
    int fold = moment->clock.fold;
    int64_t timestamp, other;
    if (!local_timestamp(t, moment, fold, &timestamp) || !local_timestamp(t, moment, !fold, &other)) return TOY_FAILED;
    if (other != timestamp && (other > timestamp) == (fold != 0)) timestamp = other;
    return zone_local(t, state, timestamp);
}

static ToyValue moment_astimezone(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Moment *moment = as_moment(self);
    const DatetimeState *state = state_of(self);
    ToyValue zone = toy_is_bound(args[0]) ? args[0] : TOY_NONE, own = TOY_FAILED, offset = TOY_NONE, utc = TOY_FAILED, target = TOY_FAILED, result = TOY_FAILED;
    if (!zone_check(t, state, zone)) return TOY_FAILED;
    if (!toy_is_none(moment->zone)) {
        if (toy_is_same(moment->zone, zone)) return toy_retain(self);
        offset = ask(t, self, "utcoffset");
        if (toy_failed(offset)) return TOY_FAILED;
    }
    if (toy_is_none(offset)) {
        /* Without an offset of its own it is local time. */
        own = local_zone_of(t, state, moment);
        if (toy_failed(own)) return TOY_FAILED;
        offset = toy_retain(as_timezone(own)->offset);
    }
    utc = to_utc(t, self, as_delta(offset));
    if (!toy_failed(utc))
        target = toy_is_none(zone) ? zone_local(t, state, moment_seconds(as_moment(utc)) - (int64_t)EPOCH_ORDINAL * SECONDS_PER_DAY) : toy_retain(zone);
    if (!toy_failed(target)) {
        /* What is made of it shall be of the same class. */
        const Moment *m = as_moment(utc);
        ToyValue moved = moment_make(t, state, toy_type_of(t, self), m->date.year, m->date.month, m->date.day, &m->clock, target);
        result = toy_failed(moved) ? TOY_FAILED : toy_call_method(t, target, "fromutc", &moved, 1);
        toy_release(moved);
    }
    toy_release(own);
    toy_release(offset);
    toy_release(utc);
    toy_release(target);
    return result;
}

/* ---- text ---- */

static ToyValue isoformat(ToyThread *t, ToyValue self, uint32_t separator, ToyValue timespec)
{
    const Moment *moment = as_moment(self);
    char text[2 * TEXT_ROOM];
    size_t n = write_date(text, moment->date.year, moment->date.month, moment->date.day), clock, zone;
    text[n] = separator < 128 ? (char)separator : 'T';
    clock = write_clock(t, text + n + 1, &moment->clock, timespec);
    if (clock == SIZE_MAX) return TOY_FAILED;
    zone = write_offset(t, state_of(self), text + n + 1 + clock, moment->zone, self, ":");
    if (zone == SIZE_MAX) return TOY_FAILED;
    if (separator < 128) return toy_str_from_latin1(t, text, n + 1 + clock + zone);
    ToyText wide;
    toy_text_init(&wide, t);
    toy_text_add_ascii(&wide, text, n);
    toy_text_add_char(&wide, separator);
    toy_text_add_ascii(&wide, text + n + 1, clock + zone);
    return toy_text_finish(&wide);
}

static ToyValue moment_isoformat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint32_t separator = 'T';
    if (toy_is_bound(args[0])) {
        if (!toy_is_str(args[0]) || toy_str_length(args[0]) != 1)
            return toy_raise_type_error(t, "isoformat() argument 1 must be a unicode character, not %N", args[0]);
        separator = toy_str_char(args[0], 0);
    }
    return isoformat(t, self, separator, args[1]);
}

static ToyValue moment_str(ToyThread *t, ToyValue self)
{
    /* Through the method, which a subclass may have replaced. */
    ToyValue separator = toy_str(t, " "), text = toy_failed(separator) ? TOY_FAILED : toy_call_method(t, self, "isoformat", &separator, 1);
    toy_release(separator);
    return text;
}

static ToyValue moment_repr(ToyThread *t, ToyValue self)
{
    const Moment *moment = as_moment(self);
    const Clock *clock = &moment->clock;
    ToyValue text = toy_str_format(t, "%s(%d, %d, %d, %d, %d", toy_type_name(t, self), moment->date.year, moment->date.month, moment->date.day, clock->hour, clock->minute);
    if (!toy_failed(text) && (clock->second || clock->micros)) toy_replace(&text, toy_str_format(t, "%S, %d", text, clock->second));
    if (!toy_failed(text) && clock->micros) toy_replace(&text, toy_str_format(t, "%S, %d", text, clock->micros));
    if (!toy_failed(text) && clock->fold) toy_replace(&text, toy_str_format(t, "%S, fold=%d", text, clock->fold));
    if (!toy_failed(text) && !toy_is_none(moment->zone)) toy_replace(&text, toy_str_format(t, "%S, tzinfo=%R", text, moment->zone));
    if (!toy_failed(text)) toy_replace(&text, toy_str_format(t, "%S)", text));
    return text;
}

/* ---- tables ---- */

static void moment_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Moment *)self)->zone, visit, context); }
static void moment_free(ToyObject *self) { toy_clear(&((Moment *)self)->zone); }
static void moment_clear(ToyObject *self) { toy_replace(&((Moment *)self)->zone, TOY_NONE); }

#define FIELDS "year=None, month=None, day=None, hour=None, minute=None, second=None, microsecond=None, tzinfo=None"
static const ToyFunction moment_methods[] = {
    TOY_FUNCTION("now", moment_now, "($type, /, tz=None)", TOY_CLASS, "The moment it is now, in a zone; without one, local time."),
    TOY_FUNCTION("utcnow", moment_utcnow, "($type, /)", TOY_CLASS, "The moment it is now, in UTC, but without a zone."),
    TOY_FUNCTION("fromtimestamp", moment_fromtimestamp, "($type, /, timestamp, tz=None)", TOY_CLASS, "The moment at a number of seconds since 1970, in a zone; without one, local time."),
    TOY_FUNCTION("utcfromtimestamp", moment_utcfromtimestamp, "($type, timestamp, /)", TOY_CLASS, "The moment at a number of seconds since 1970, in UTC, but without a zone."),
    TOY_RAW_FUNCTION("strptime", moment_strptime, "($type, date_string, format, /)", TOY_CLASS, "The moment that a text says, read by a format; see time.strptime()."),
    TOY_FUNCTION("combine", moment_combine, "($type, /, date, time, tzinfo=None)", TOY_CLASS, "A date and a time in one."),
    TOY_FUNCTION("fromisoformat", moment_fromisoformat, "($type, object, /)", TOY_CLASS, "The moment that a text in ISO 8601 format says."),
    TOY_FUNCTION("date", moment_date, "($self, /)", 0, "The day, without the time."),
    TOY_FUNCTION("time", moment_time, "($self, /)", 0, "The time of day, without the zone."),
    TOY_FUNCTION("timetz", moment_timetz, "($self, /)", 0, "The time of day, with the zone."),
    TOY_FUNCTION("timetuple", moment_timetuple, "($self, /)", 0,
                 "As a time.struct_time, such as time.localtime() gives, with tm_isdst as dst() says."),
    TOY_FUNCTION("timestamp", moment_timestamp, "($self, /)", 0, "Return seconds since 1970 as float."),
    TOY_FUNCTION("utctimetuple", moment_utctimetuple, "($self, /)", 0, "As a time.struct_time in UTC, such as time.gmtime() gives."),
    TOY_FUNCTION("isoformat", moment_isoformat, "($self, /, sep='T', timespec='auto')", 0,
           "The moment as ISO 8601 writes it: '2002-03-11T12:30:05.000250+01:00'; without the fraction or the offset if there is none.\n\nsep "
           "stands between date and time. timespec: 'auto', 'hours', 'minutes', 'seconds', 'milliseconds' or 'microseconds'."),
    TOY_FUNCTION("utcoffset", moment_utcoffset, "($self, /)", 0, "How far the local clock is ahead of UTC, as tzinfo says; None without one."),
    TOY_FUNCTION("tzname", moment_tzname, "($self, /)", 0, "What tzinfo calls the zone; None without one."),
    TOY_FUNCTION("dst", moment_dst, "($self, /)", 0, "How much of the offset is daylight saving time, as tzinfo says; None without one."),
    TOY_FUNCTION("replace", moment_replace, "($self, /, " FIELDS ", *, fold=None)", 0, "Return the datetime with some fields changed."),
    TOY_FUNCTION("__replace__", moment_replace, "($self, /, *, " FIELDS ", fold=None)", 0, "As replace(), for copy.replace()."),
    TOY_FUNCTION("astimezone", moment_astimezone, "($self, /, tz=None)", 0, "Return the same moment as another zone's clocks show it; without one, local time."),
    TOY_FUNCTION("__reduce_ex__", moment_reduce_ex, "($self, protocol, /)", 0, "What it is made anew of, for a protocol of pickle."),
    TOY_FUNCTION("__reduce__", moment_reduce, "($self, /)", 0, "What it is made anew of."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet moment_getsets[] = {
    {"hour", get_hour, NULL, "The hour, 0 to 23."}, {"minute", get_minute, NULL, "The minute, 0 to 59."}, {"second", get_second, NULL, "The second, 0 to 59."},
    {"microsecond", get_micros, NULL, "The microsecond, 0 to 999999."}, {"tzinfo", get_zone, NULL, "The time zone or None."},
    {"fold", get_fold, NULL, "1 for the second of two times that clocks show when they are set back."},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec moment_spec = {
    .doc = "A date and a time of day: datetime(year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
    .signature = "(year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
    .size = sizeof(Moment),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = moment_construct, .repr = moment_repr, .str = moment_str, .hash = moment_hash, .compare = moment_compare,
              .add = moment_add_slot, .subtract = moment_subtract},
    .methods = moment_methods,
    .getsets = moment_getsets,
    .traverse = moment_traverse,
    .clear = moment_clear,
    .free = moment_free,
};

bool moment_constants(ToyThread *t, const DatetimeState *state)
{
    return toy_type_set(t, state->moment, "min", moment_alloc(t, state->moment, YEAR_MIN, 1, 1, &(Clock){0}, TOY_NONE)) &&
           toy_type_set(t, state->moment, "max", moment_alloc(t, state->moment, YEAR_MAX, 12, 31, &(Clock){23, 59, 59, 0, 999999}, TOY_NONE)) &&
           toy_type_set(t, state->moment, "resolution", delta_new(t, state->delta, 0, 0, 1));
}
