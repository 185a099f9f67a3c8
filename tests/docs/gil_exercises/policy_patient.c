/* policy_patient.c - as interval, but a waiter asks only after three turns without a switch.
 *
 * What        The answer to exercise 2 of vm/gil/README.md.
 * How         The count of turns is kept in the waiter's own note: several wait at once, and each has its own patience.
 * Invariants  P4 a request is set only after three full turns in a row without a switch.
 * GIL         the notes are written under the mutex.
 * Read next   vm/gil/policy_interval.c */
#include "vm/base/clock.h"
#include "vm/gil/policy.h"

/* Of a client: turns it has waited since the last switch it saw; the number of that switch. */
enum { TURNS, SEEN };

static void patient_wait(Gil *gil, GilClient *waiter)
{
    if ((uint64_t)waiter->notes[SEEN] != gil->switch_number) {
        waiter->notes[SEEN] = (int64_t)gil->switch_number;
        waiter->notes[TURNS] = 0;
    }
    if (gil_sleep(gil, waiter, clock_monotonic_ns() + (int64_t)gil_interval(gil) * NS_PER_US) != GIL_TIME_IS_UP)
        return;
    gil_place(gil, waiter, NULL);
    if (gil_holder(gil) != NULL && (uint64_t)waiter->notes[SEEN] == gil->switch_number && ++waiter->notes[TURNS] >= 3)
        gil_ask(gil, waiter);
}

const GilPolicy policy_patient = {
    .name = "patient",
    .summary = "a waiter asks after three switch intervals",
    .wait = patient_wait,
};
