/* calendar_sums.c - days, weeks and local time as numbers.
 *
 * What        Years, months and days to ordinals and back; ISO weeks; the local time of a moment and the moment of a local time.
 * How         400 years are 146,097 days, whatever the year they begin with: a date is found by dividing by 400, 100, 4 and 1 years.
 *             Local time is the C library's, both ways: the way back asks for the time nearby and tries the offsets it finds.
 * GIL         held for what raises; the rest needs none.
 * Read next   datetime.h */
#include <errno.h>
#include <time.h>

#include "stdlib/datetime/datetime.h"

static const int16_t days_before[13] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

bool year_is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int month_length(int year, int month)
{
    return month == 2 ? 28 + year_is_leap(year) : 30 + ((month + (month > 7)) & 1);
}

static int days_before_year(int year)
{
    int y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400;
}

int day_of_year(int year, int month, int day) { return days_before[month] + (month > 2 && year_is_leap(year)) + day; }
int ordinal_of(int year, int month, int day) { return days_before_year(year) + day_of_year(year, month, day); }

void date_of_ordinal(int ordinal, int *year, int *month, int *day)
{
    enum { DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1461 };
    int n = ordinal - 1;
    int y = n / DAYS_400 * 400 + 1;
    n %= DAYS_400;
    int centuries = n / DAYS_100, years;
    n %= DAYS_100;
    y += centuries * 100 + n / DAYS_4 * 4;
    n %= DAYS_4;
    years = n / 365;
    y += years;
    n %= 365;
    /* The last day of four or of four hundred years is one more than the lengths before it add up to. */
    if (years == 4 || centuries == 4) {
        *year = y - 1;
        *month = 12;
        *day = 31;
        return;
    }
    int m = (n + 50) >> 5;   /* a first guess: right, or one too high */
    if (day_of_year(y, m, 1) - 1 > n) m--;
    *year = y;
    *month = m;
    *day = n - (day_of_year(y, m, 1) - 1) + 1;
}

int week_one_monday(int year)
{
    /* Week 1 is the one with 4 January in it. */
    int fourth = ordinal_of(year, 1, 4);
    return fourth - weekday_of(fourth);
}

const char *date_of_week(int iso_year, int week, int weekday, int *year, int *month, int *day)
{
    if (iso_year < YEAR_MIN || iso_year > YEAR_MAX) return "Year";
    if (week < 1 || week > 53) return "week";
    if (week == 53) {
        /* Only years that begin with a Thursday, or leap years that begin with a Wednesday, are so long. */
        int first = weekday_of(ordinal_of(iso_year, 1, 1));
        if (first != 3 && !(first == 2 && year_is_leap(iso_year))) return "week";
    }
    if (weekday < 1 || weekday > 7) return "day";
    date_of_ordinal(week_one_monday(iso_year) + (week - 1) * 7 + weekday - 1, year, month, day);
    return NULL;
}

int64_t seconds_of(int year, int month, int day, const Clock *clock)
{
    return (int64_t)ordinal_of(year, month, day) * SECONDS_PER_DAY + clock->hour * 3600 + clock->minute * 60 + clock->second;
}

bool local_of_utc(ToyThread *t, int64_t utc, int64_t *local)
{
    time_t timestamp = (time_t)(utc - (int64_t)EPOCH_ORDINAL * SECONDS_PER_DAY);
    struct tm parts;
    if (!localtime_r(&timestamp, &parts)) {
        toy_raise_os_error(t, errno, TOY_UNBOUND);
        return false;
    }
    Clock clock = {.hour = (uint8_t)parts.tm_hour, .minute = (uint8_t)parts.tm_min, .second = (uint8_t)parts.tm_sec};
    if (parts.tm_year + 1900 < 1) return toy_raise_false(t, TOY_ValueError, "year %d is out of range", parts.tm_year + 1900);
    *local = seconds_of(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, &clock);
    return true;
}

bool utc_of_local(ToyThread *t, int64_t local, int fold, int64_t *utc)
{
    int64_t shown, offset, other_offset;
    if (!local_of_utc(t, local, &shown)) return false;
    offset = shown - local;
    int64_t first = local - offset, first_shown;
    if (!local_of_utc(t, first, &first_shown)) return false;
    if (first_shown == local) {
        /* One moment that shows this time. Is there another within a day, before it (fold 0) or after it (fold 1)? */
        int64_t probe = fold ? first + SECONDS_PER_DAY : first - SECONDS_PER_DAY;
        if (!local_of_utc(t, probe, &shown)) return false;
        other_offset = shown - probe;
        if (other_offset == offset) {
            *utc = first;
            return true;
        }
    } else {
        other_offset = first_shown - first;
    }
    int64_t second = local - other_offset, second_shown;
    if (!local_of_utc(t, second, &second_shown)) return false;
    if (second_shown == local) *utc = second;
    else if (first_shown == local) *utc = first;
    /* Clocks were set forward over this time. */
    else *utc = (first < second) == (fold != 0) ? first : second;
    return true;
}
