/* mod_datetime.c - datetime: dates, times, durations, zones.
 *
 * What        The module: its classes and constants. What they do is in the other files of this folder.
 * How         The classes are made in the order in which they need each other; constants like datetime.max are made once they are all there.
 * GIL         held.
 * Read next   datetime.h */
#include "stdlib/datetime/datetime.h"

static bool make_types(ToyThread *t, ToyModuleObject *module, DatetimeState *state)
{
    return (state->delta = toy_type_new(t, module, &delta_spec, "datetime.timedelta", NULL)) &&
           (state->date = toy_type_new(t, module, &date_spec, "datetime.date", NULL)) &&
           (state->moment = toy_type_new(t, module, &moment_spec, "datetime.datetime", state->date)) &&
           (state->time = toy_type_new(t, module, &time_spec, "datetime.time", NULL)) &&
           (state->tzinfo = toy_type_new(t, module, &tzinfo_spec, "datetime.tzinfo", NULL)) &&
           (state->timezone = toy_type_new(t, module, &timezone_spec, "datetime.timezone", state->tzinfo)) &&
           (state->week_date = toy_record_type_new(t, module, &week_date_spec, "datetime.IsoCalendarDate"));
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const char *const names[] = {"date", "datetime", "time", "timedelta", "timezone", "tzinfo", "MINYEAR", "MAXYEAR", "UTC"};
    enum { COUNT = sizeof names / sizeof *names };
    DatetimeState *state = toy_module_state(toy_module_value(module));
    ToyValue all[COUNT];
    if (!make_types(t, module, state) || !delta_constants(t, state) || !date_constants(t, state) || !time_constants(t, state) ||
        !moment_constants(t, state) || !zone_constants(t, state))
        return false;
    ToyType *const types[] = {state->delta, state->date, state->moment, state->time, state->tzinfo, state->timezone};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!toy_module_add_type(t, module, types[i])) return false;
    if (!toy_module_add_int(t, module, "MINYEAR", YEAR_MIN) || !toy_module_add_int(t, module, "MAXYEAR", YEAR_MAX) ||
        !toy_module_add(t, module, "UTC", toy_retain(state->utc)))
        return false;
    for (size_t i = 0; i < COUNT; i++) all[i] = toy_str(t, names[i]);
    return toy_module_add(t, module, "__all__", toy_tuple_take(t, all, COUNT));
}

static void free_state(ToyThread *t, void *state) { toy_clear(&((DatetimeState *)state)->utc); }

const ToyModule toy_module_datetime = {
    .name = "datetime",
    .doc = "Dates, times of day, durations and time zones.",
    .state_size = sizeof(DatetimeState),
    .init = init,
    .free_state = free_state,
};
