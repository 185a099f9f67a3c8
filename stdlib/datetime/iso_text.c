/* iso_text.c - dates and times as texts: ISO 8601 both ways, strftime formats.
 *
 * What        Writing and reading YYYY-MM-DD, YYYY-Www-D, HH:MM:SS.ffffff+HH:MM and their forms without separators.
 * How         A Reader is a place in the text; reading a part moves it, or fails without an exception: the caller knows what to say about the
 *             whole. A format is copied with %z, %Z and %f filled in, which the C library knows nothing of; the rest is time.strftime's.
 * GIL         held.
 * Read next   moment.c */
#include <stdio.h>

#include "stdlib/datetime/datetime.h"

/* ---- writing ---- */

static size_t write_digits(char *to, unsigned n, size_t digits)
{
    for (size_t i = digits; i-- > 0; n /= 10) to[i] = (char)('0' + n % 10);
    return digits;
}

size_t write_date(char *to, int year, int month, int day)
{
    write_digits(to, (unsigned)year, 4);
    to[4] = '-';
    write_digits(to + 5, (unsigned)month, 2);
    to[7] = '-';
    write_digits(to + 8, (unsigned)day, 2);
    return 10;
}

size_t write_clock(ToyThread *t, char *to, const Clock *clock, ToyValue timespec)
{
    static const char *const names[] = {"auto", "hours", "minutes", "seconds", "milliseconds", "microseconds"};
    size_t which = 0, count = sizeof names / sizeof *names;
    if (toy_is_bound(timespec)) {
        const char *text;
        if (!toy_is_str(timespec)) {
            toy_raise_type_error(t, "isoformat() argument 1 must be str, not %N", timespec);
            return SIZE_MAX;
        }
        if (!(text = toy_str_utf8(t, timespec, NULL))) return SIZE_MAX;
        while (which < count && strcmp(names[which], text) != 0) which++;
        if (which == count) {
            toy_raise_value_error(t, "Unknown timespec value");
            return SIZE_MAX;
        }
    }
    if (which == 0) which = clock->micros ? 5 : 3;
    size_t n = write_digits(to, clock->hour, 2);
    if (which >= 2) to[n++] = ':', n += write_digits(to + n, clock->minute, 2);
    if (which >= 3) to[n++] = ':', n += write_digits(to + n, clock->second, 2);
    if (which >= 4) to[n++] = '.', n += which == 4 ? write_digits(to + n, (unsigned)clock->micros / 1000, 3) : write_digits(to + n, (unsigned)clock->micros, 6);
    return n;
}

size_t write_offset(ToyThread *t, const DatetimeState *state, char *to, ToyValue zone, ToyValue moment, const char *separator)
{
    if (toy_is_none(zone)) return 0;
    ToyValue offset = zone_ask(t, state, zone, "utcoffset", moment);
    if (toy_failed(offset)) return SIZE_MAX;
    if (toy_is_none(offset)) return 0;
    const Delta *delta = as_delta(offset);
    int seconds = delta->days * SECONDS_PER_DAY + delta->seconds, micros = delta->micros;
    toy_release(offset);
    to[0] = seconds < 0 ? '-' : '+';
    if (seconds < 0) {
        seconds = -seconds;
        if (micros) micros = MICROS_PER_SECOND - micros, seconds--;
    }
    size_t n = 1, width = strlen(separator);
    n += write_digits(to + n, (unsigned)seconds / 3600, 2);
    memcpy(to + n, separator, width);
    n += width;
    n += write_digits(to + n, (unsigned)seconds / 60 % 60, 2);
    if (seconds % 60 || micros) {
        memcpy(to + n, separator, width);
        n += width;
        n += write_digits(to + n, (unsigned)seconds % 60, 2);
    }
    if (micros) to[n++] = '.', n += write_digits(to + n, (unsigned)micros, 6);
    return n;
}

/* ---- reading ---- */

typedef struct Reader { ToyValue text; size_t at, end; } Reader;   /* end: of the text */

static uint32_t peek(const Reader *reader) { return reader->at < reader->end ? toy_str_char(reader->text, reader->at) : 0; }
static bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }

static bool take_digits(Reader *reader, size_t count, int *n)
{
    *n = 0;
    for (; count > 0; count--, reader->at++) {
        uint32_t c = peek(reader);
        if (!is_digit(c)) return false;
        *n = *n * 10 + (int)(c - '0');
    }
    return true;
}

static bool take(Reader *reader, uint32_t c)
{
    if (peek(reader) != c) return false;
    reader->at++;
    return true;
}

ToyValue raise_bad_text(ToyThread *t, ToyValue text) { return toy_raise_value_error(t, "Invalid isoformat string: %R", text); }

bool read_date(ToyThread *t, ToyValue text, size_t length, int *year, int *month, int *day)
{
    Reader reader = {text, 0, length};
    if (!take_digits(&reader, 4, year)) return false;
    bool has_separator = take(&reader, '-');
    if (take(&reader, 'W')) {
        int week, weekday = 1;
        if (!take_digits(&reader, 2, &week)) return false;
        if (reader.at < length && ((has_separator && !take(&reader, '-')) || !take_digits(&reader, 1, &weekday))) return false;
        return !date_of_week(*year, week, weekday, year, month, day);
    }
    return take_digits(&reader, 2, month) && (!has_separator || take(&reader, '-')) && take_digits(&reader, 2, day) && reader.at == length;
}

/* A text that could be split in two ways is split so that the date has the longer form, but for weeks behind which an even number of
 * digits comes: these are YYYYWww and a time. */
size_t find_separator(ToyValue text)
{
    size_t length = toy_str_length(text);
    if (length < 7) return 0;
    if (length == 7) return 7;
    if (toy_str_char(text, 4) == '-') {
        if (toy_str_char(text, 5) != 'W') return 10;
        if (length > 8 && toy_str_char(text, 8) == '-') {
            if (length == 9) return 0;
            return length > 10 && is_digit(toy_str_char(text, 10)) ? 8 : 10;
        }
        return 8;
    }
    if (toy_str_char(text, 4) != 'W') return 8;
    size_t at = 7;
    while (at < length && is_digit(toy_str_char(text, at))) at++;
    if (at < 9) return at;
    return at % 2 == 0 ? 7 : 8;
}

/* HH[[:]MM[[:]SS[.f...]]] up to [end], which is the end of the text or where a zone begins. *is_all: nothing of the text is left. */
static bool read_parts(Reader *reader, size_t end, int parts[4], bool *is_all)
{
    bool has_separator = true;
    memset(parts, 0, 4 * sizeof *parts);
    for (int i = 0; i < 3; i++) {
        if (!take_digits(reader, 2, &parts[i])) return false;
        uint32_t c = peek(reader);
        reader->at++;
        if (i == 0) has_separator = c == ':';
        if (reader->at >= end) {
            *is_all = c == 0;
            return true;
        }
        if (has_separator && c == ':') {
            if (i == 2) return false;
            continue;
        }
        if (c == '.' || c == ',') {
            if (i < 2) return false;
            break;
        }
        if (has_separator) return false;
        reader->at--;
    }
    /* What is finer than a microsecond is cut off. */
    size_t digits = end - reader->at < 6 ? end - reader->at : 6;
    if (!take_digits(reader, digits, &parts[3])) return false;
    for (; digits < 6; digits++) parts[3] *= 10;
    while (is_digit(peek(reader))) reader->at++;
    *is_all = reader->at >= reader->end;
    return true;
}

static bool read_zone(ToyThread *t, const DatetimeState *state, Reader *reader, ToyValue *zone)
{
    uint32_t sign = peek(reader);
    int parts[4];
    bool is_all;
    reader->at++;
    if (sign == 'Z') {
        if (reader->at != reader->end) return false;
        *zone = toy_retain(state->utc);
        return true;
    }
    if (!read_parts(reader, reader->end, parts, &is_all) || !is_all) return false;
    int seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    *zone = zone_of_offset(t, state, delta_new(t, state->delta, 0, sign == '-' ? -seconds : seconds, sign == '-' ? -parts[3] : parts[3]));
    return !toy_failed(*zone);
}

bool read_clock(ToyThread *t, const DatetimeState *state, ToyValue text, size_t start, Clock *clock, ToyValue *zone)
{
    Reader reader = {text, start, toy_str_length(text)};
    int parts[4];
    bool is_all;
    size_t zone_at = start;
    while (zone_at < reader.end) {
        uint32_t c = toy_str_char(text, zone_at);
        if (c == '+' || c == '-' || c == 'Z') break;
        zone_at++;
    }
    *zone = TOY_NONE;
    if (!read_parts(&reader, zone_at, parts, &is_all) || (zone_at == reader.end && !is_all)) return false;
    reader.at = zone_at;
    if (zone_at < reader.end && !read_zone(t, state, &reader, zone)) return false;
    if (!clock_check(t, parts[0], parts[1], parts[2], parts[3], 0)) {
        toy_clear(zone);
        return false;
    }
    *clock = (Clock){.hour = (uint8_t)parts[0], .minute = (uint8_t)parts[1], .second = (uint8_t)parts[2], .micros = parts[3]};
    return true;
}

/* ---- formats ---- */

/* The zone's name; a percent sign in it must survive strftime. */
static bool add_zone_name(ToyThread *t, ToyText *to, ToyValue zone, ToyValue moment)
{
    if (toy_is_none(zone)) return true;
    ToyValue name = zone_name(t, zone, moment);
    if (toy_failed(name)) return false;
    ToyValue marks[2] = {toy_str(t, "%"), toy_str(t, "%%")}, doubled = TOY_NONE;
    bool is_good = !toy_failed(marks[0]) && !toy_failed(marks[1]);
    if (is_good && !toy_is_none(name)) doubled = toy_call_method(t, name, "replace", marks, 2);
    is_good = is_good && !toy_failed(doubled) && (toy_is_none(name) || toy_is_str(doubled) || toy_raise_false(t, TOY_TypeError, "tzname.replace() did not return a string"));
    if (is_good && toy_is_str(doubled)) toy_text_add(to, doubled);
    toy_release(marks[0]);
    toy_release(marks[1]);
    toy_release(doubled);
    toy_release(name);
    return is_good;
}

static ToyValue fill_in(ToyThread *t, const DatetimeState *state, ToyValue format, int micros, ToyValue zone, ToyValue moment)
{
    ToyText to;
    char part[TEXT_ROOM];
    toy_text_init(&to, t);
    for (size_t i = 0, length = toy_str_length(format); i < length; i++) {
        uint32_t c = toy_str_char(format, i), next = i + 1 < length ? toy_str_char(format, i + 1) : 0;
        bool has_colon = next == ':' && i + 2 < length && toy_str_char(format, i + 2) == 'z';
        size_t n = 0;
        if (c != '%' || !next) {
            toy_text_add_char(&to, c);
            continue;
        }
        if (next == 'z' || has_colon) {
            n = write_offset(t, state, part, zone, moment, has_colon ? ":" : "");
            i += has_colon;
        } else if (next == 'f') {
            n = write_digits(part, (unsigned)micros, 6);
        } else if (next == 'Z') {
            if (!add_zone_name(t, &to, zone, moment)) n = SIZE_MAX;
        } else {
            toy_text_add_char(&to, c);
            toy_text_add_char(&to, next);
        }
        if (n == SIZE_MAX) {
            toy_text_abandon(&to);
            return TOY_FAILED;
        }
        toy_text_add_ascii(&to, part, n);
        i++;
    }
    return toy_text_finish(&to);
}

ToyValue format_by(ToyThread *t, const DatetimeState *state, ToyValue format, ToyValue timetuple, int micros, ToyValue zone, ToyValue moment)
{
    if (toy_failed(timetuple)) return TOY_FAILED;
    ToyValue filled = fill_in(t, state, format, micros, zone, moment), strftime = toy_failed(filled) ? TOY_FAILED : toy_import_from(t, "time", "strftime");
    ToyValue result = toy_failed(strftime) ? TOY_FAILED : toy_call2(t, strftime, filled, timetuple);
    toy_release(filled);
    toy_release(strftime);
    toy_release(timetuple);
    return result;
}
