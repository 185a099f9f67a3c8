/* api_vm.c - the second door of the wall: thread handles, the lock's counters, collector, signals, frames.
 *
 * What        The functions of toy_vm.h.
 * How         as api.c.
 * GIL         held.
 * Read next   toy_vm.h, vm/gil/gil.h, vm/threads/thread.h, vm/object/collector.h */
#include "vm/base/clock.h"
#include "vm/object/collector.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/object/weakref.h"
#include "vm/run/fatal_signals.h"
#include "vm/run/frame.h"
#include "vm/run/thread_dump.h"
#include "vm/threads/safepoint.h"
#include "vm/threads/signals.h"
#include "vm/threads/thread.h"

#include "vm/toy_vm.h"

/* ---- thread handles ---- */

ToyHandle *toy_handle_new(ToyThread *t) { return thread_handle_new(t); }
void toy_handle_release(ToyThread *t, TOY_TAKES ToyHandle *handle) { thread_handle_release(t, handle); }
bool toy_handle_start(ToyThread *t, ToyHandle *handle, ToyThreadBody body, void *argument, bool is_daemon, bool waits)
{
    return waits ? thread_start_and_see(t, handle, body, argument, is_daemon) : thread_start(t, handle, body, argument, is_daemon);
}
uint64_t toy_handle_ident(const ToyHandle *handle) { return handle->ident; }
int toy_handle_native_id(const ToyHandle *handle) { return handle->native_id; }
bool toy_handle_is_done(const ToyHandle *handle) { return handle->is_done; }
void toy_handle_set_ident(ToyHandle *handle, uint64_t ident)
{
    handle->ident = ident;
    handle->done.is_locked = true;    /* until toy_handle_set_done */
}
void toy_handle_set_done(ToyThread *t, ToyHandle *handle)
{
    handle->is_done = true;
    if (handle->done.is_locked) lock_release(t, &handle->done);
}
ToyLockResult toy_handle_join(ToyThread *t, ToyHandle *handle, int64_t timeout_ns) { return (ToyLockResult)thread_join(t, handle, timeout_ns); }
bool toy_threads_join_all(ToyThread *t) { return threads_join_all(t); }
int toy_thread_native_id(ToyThread *t) { return t->native_id; }
uint64_t toy_thread_main_ident(ToyThread *t) { return t->interp->main_thread->ident; }
size_t toy_thread_stack_size(ToyThread *t) { return t->interp->threading->stack_size; }
bool toy_thread_set_stack_size(ToyThread *t, size_t bytes) { return thread_set_stack_size(t->interp, bytes); }
bool toy_thread_raise_later(ToyThread *t, uint64_t ident, ToyValue exception_type)
{
    Thread *target = thread_with_ident(t->interp, ident);
    if (target) thread_raise_later(target, exception_type);
    return target != NULL;
}

/* ---- attributes beside the object ---- */

ToyValue toy_get_attribute_with(ToyThread *t, ToyValue object, ToyStr *name, ToyValue dict)
{
    if (!type_open(t, value_type(t, object))) return FAILED;
    Value of_type = type_lookup(t, value_type(t, object), name);
    if (is_unbound(of_type) || !is_data_descriptor(t, of_type)) {
        Value v = dict_get_str(as_dict(dict), name);
        if (is_bound(v)) return retain(v);
    }
    return generic_get_attribute(t, object, name);
}

bool toy_set_attribute_with(ToyThread *t, ToyValue object, ToyStr *name, ToyValue value, ToyValue dict)
{
    if (!type_open(t, value_type(t, object))) return false;
    Value of_type = type_lookup(t, value_type(t, object), name);
    if (is_bound(of_type) && is_data_descriptor(t, of_type)) return generic_set_attribute(t, object, name, value);
    if (is_bound(value)) return dict_set_str(t, as_dict(dict), name, value);
    bool was_there;
    if (!dict_delete_str(t, as_dict(dict), name, &was_there)) return false;
    if (!was_there) raise_attribute_error(t, object, name);
    return was_there;
}

bool toy_type_has_own_init(ToyThread *t, const ToyType *type) { return type->slots.init && type->slots.init != object_init; }

/* ---- recursive locks ---- */

ToyLockResult toy_rlock_acquire(ToyThread *t, ToyRecursiveLock *lock, int64_t timeout_ns) { return (ToyLockResult)rlock_acquire(t, lock, timeout_ns); }
bool toy_rlock_release(ToyThread *t, ToyRecursiveLock *lock) { return rlock_release(t, lock); }
bool toy_rlock_is_owned(ToyThread *t, const ToyRecursiveLock *lock) { return rlock_is_owned(t, lock); }
bool toy_rlock_release_all(ToyThread *t, ToyRecursiveLock *lock, uint64_t *depth, uint64_t *owner) { return rlock_release_all(t, lock, depth, owner); }
ToyLockResult toy_rlock_acquire_again(ToyThread *t, ToyRecursiveLock *lock, uint64_t depth, uint64_t owner)
{
    return (ToyLockResult)rlock_acquire_again(t, lock, depth, owner);
}
void toy_rlock_forget(ToyThread *t, ToyRecursiveLock *lock) { rlock_reinit_after_fork(t, lock); }

/* ---- the interpreter's lock ---- */

static bool add_number(Thread *t, Dict *dict, const char *key, Value n) { return toy_dict_take_text(t, object_value(dict), key, n); }
static Value seconds(Thread *t, int64_t ns) { return float_value(t, (double)ns / NS_PER_S); }

static Dict *counts_dict(Thread *t, const GilCounts *counts)
{
    Dict *dict = dict_new(t), *drops = dict_new(t);
    bool done = dict && drops &&
        add_number(t, dict, "takes", int_from_uint64(t, counts->takes)) &&
        add_number(t, dict, "contended_takes", int_from_uint64(t, counts->contended_takes)) &&
        add_number(t, dict, "seconds_waited", seconds(t, counts->ns_waited)) &&
        add_number(t, dict, "longest_wait", seconds(t, counts->ns_longest_wait)) &&
        add_number(t, dict, "seconds_held", seconds(t, counts->ns_held)) &&
        add_number(t, dict, "asks", int_from_uint64(t, counts->asks)) &&
        add_number(t, dict, "asked_drops", int_from_uint64(t, counts->asked_drops)) &&
        add_number(t, dict, "woken_in_vain", int_from_uint64(t, counts->woken_in_vain));
    for (DropReason reason = 0; done && reason < DROP_REASON_COUNT; reason++)
        done = add_number(t, drops, gil_drop_reason_name(reason), int_from_uint64(t, counts->drops[reason]));
    done = done && dict_set_text(t, dict, "drops", object_value(drops));
    if (drops) object_release(drops);
    if (done || !dict) return dict;
    object_release(dict);
    return NULL;
}

/* One of the threads that are there. What is not known yet, of a thread that has not had the lock, is None. */
static bool add_thread(Thread *t, List *rows, const Thread *each, GilCounts *total)
{
    GilCounts counts = gil_counts(&t->interp->gil, &each->gil_client);
    gil_counts_add(total, &counts);
    Dict *row = counts_dict(t, &counts);
    bool done = row && add_number(t, row, "number", int_from_uint64(t, each->gil_client.number)) &&
        add_number(t, row, "ident", int_from_uint64(t, each->ident)) &&
        add_number(t, row, "native_id", each->native_id ? small_int_value(each->native_id) : NONE) &&
        dict_set_text(t, row, "is_main", bool_value(each->is_main)) && list_append(t, rows, object_value(row));
    if (row) object_release(row);
    return done;
}

static bool add_ended(Thread *t, List *rows, const GilEnded *ended, GilCounts *total)
{
    gil_counts_add(total, &ended->counts);
    Dict *row = counts_dict(t, &ended->counts);
    bool done = row && add_number(t, row, "number", int_from_uint64(t, ended->number)) && list_append(t, rows, object_value(row));
    if (row) object_release(row);
    return done;
}

/* The total is added up from the rows, so that it is their sum to the last nanosecond. */
static Dict *stats_dict(Thread *t, List *threads, List *ended)
{
    Gil *gil = &t->interp->gil;
    GilEndedList left;
    gil_ended(gil, &left);
    GilCounts total = left.others;
    bool done = true;
    for (const Thread *each = t->interp->threads; done && each; each = each->next) done = add_thread(t, threads, each, &total);
    for (int i = 0; done && i < left.row_count; i++) done = add_ended(t, ended, &left.rows[i], &total);
    Dict *dict = done ? counts_dict(t, &total) : NULL;
    if (!dict) return NULL;
    done = dict_set_text(t, dict, "threads", object_value(threads)) && dict_set_text(t, dict, "ended", object_value(ended)) &&
           add_number(t, dict, "ended_count", int_from_uint64(t, left.count)) &&
           toy_dict_take_text(t, object_value(dict), "policy", object_value(str_from_text(t, gil_policy_name(gil->policy)))) &&
           add_number(t, dict, "interval", seconds(t, (int64_t)gil_interval(gil) * NS_PER_US));
    if (done) return dict;
    object_release(dict);
    return NULL;
}

ToyValue toy_gil_stats(ToyThread *t)
{
    List *threads = list_new(t, t->interp->thread_count), *ended = threads ? list_new(t, 0) : NULL;
    Dict *dict = ended ? stats_dict(t, threads, ended) : NULL;
    if (threads) object_release(threads);
    if (ended) object_release(ended);
    return dict ? object_value(dict) : FAILED;
}

const char *toy_gil_policy(ToyThread *t) { return gil_policy_name(t->interp->gil.policy); }
bool toy_gil_set_policy(ToyThread *t, const char *name)
{
    const GilPolicy *policy = gil_policy_named(name);
    if (policy) gil_set_policy(&t->interp->gil, policy);
    return policy != NULL;
}
const char *toy_gil_policy_name_at(int index)
{
    const GilPolicy *policy = gil_policy_at(index);
    return policy ? gil_policy_name(policy) : NULL;
}
uint64_t toy_gil_interval_us(ToyThread *t) { return gil_interval(&t->interp->gil); }
void toy_gil_set_interval_us(ToyThread *t, uint64_t interval_us) { gil_set_interval(&t->interp->gil, interval_us); }
uint64_t toy_gil_drops(ToyThread *t)
{
    GilCounts counts = gil_counts(&t->interp->gil, &t->gil_client);
    uint64_t drops = 0;
    for (size_t i = 0; i < DROP_REASON_COUNT; i++) drops += counts.drops[i];
    return drops;
}
void toy_gil_dump(ToyThread *t, int descriptor) { thread_dump_all(descriptor, t->interp); }
void toy_gil_hand_over(ToyThread *t) { gil_hand_over(&t->interp->gil, &t->gil_client); }

/* ---- last words ---- */

bool toy_faults_watch(ToyThread *t, int descriptor, bool all_threads) { return fatal_signals_watch(t->interp, descriptor, all_threads); }
void toy_faults_forget(ToyThread *t) { fatal_signals_forget(t->interp); }
bool toy_faults_are_watched(ToyThread *t) { return fatal_signals_are_watched(t->interp); }
bool toy_signal_is_fatal(int number) { return signal_is_fatal(number); }
bool toy_stack_signal_register(ToyThread *t, int number, int descriptor, bool all_threads, bool chains)
{
    return stack_signal_register(t->interp, number, descriptor, all_threads, chains);
}
bool toy_stack_signal_unregister(ToyThread *t, int number) { return stack_signal_unregister(t->interp, number); }
void toy_dump_stacks(ToyInterp *interp, ToyThread *t, int descriptor, bool all_threads) { thread_dump_stacks(descriptor, interp, t, all_threads); }
void toy_fatal_error(const char *function, const char *message) { fatal_error(function, message); }

/* ---- the collector ---- */

int64_t toy_collect(ToyThread *t, int generation) { return collect(t, generation); }
bool toy_collector_is_enabled(ToyThread *t) { return t->interp->collector->is_enabled; }
void toy_collector_enable(ToyThread *t, bool is_enabled) { t->interp->collector->is_enabled = is_enabled; }
int toy_collector_debug(ToyThread *t) { return t->interp->collector->debug; }
void toy_collector_set_debug(ToyThread *t, int flags) { t->interp->collector->debug = flags; }
const int64_t *toy_collector_thresholds(ToyThread *t) { return t->interp->collector->thresholds; }
void toy_collector_set_thresholds(ToyThread *t, const int64_t *thresholds, size_t count) { collector_set_thresholds(t, thresholds, count); }
void toy_collector_counts(ToyThread *t, int64_t counts[3])
{
    const Collector *collector = t->interp->collector;
    counts[0] = (int64_t)(heap_young(t->interp));
    for (int i = 1; i < COLLECTOR_GENERATIONS; i++) counts[i] = collector->runs[i];
}
ToyCollectorStats toy_collector_stats(ToyThread *t, int generation)
{
    const struct CollectorStats *stats = &t->interp->collector->stats[generation];
    return (ToyCollectorStats){stats->collections, stats->collected, stats->uncollectable};
}
ToyValue toy_collector_callbacks(ToyThread *t) { return object_value(collector_callbacks(t)); }
ToyValue toy_collector_garbage(ToyThread *t) { return object_value(collector_garbage(t)); }
/* Built-in types are immortal, part of the machine rather than of the script's objects: gc does not speak of them. */
static bool is_native_type(Value v) { return is_type(v) && !type_is(as_type(v), TYPE_IS_SCRIPT_MADE); }

bool toy_is_tracked(ToyValue v) { return object_is_tracked(v) && !is_native_type(v); }
bool toy_is_finalized(ToyValue v) { return is_object(v) && (as_object(v)->flags & OBJECT_IS_FINALIZED); }
ToyValue toy_collector_objects(ToyThread *t, int generation) { return object_value(collector_objects(t, generation)); }
ToyValue toy_collector_referents(ToyThread *t, const ToyValue *objects, size_t count) { return object_value(collector_referents(t, objects, count)); }
ToyValue toy_collector_referrers(ToyThread *t, const ToyValue *objects, size_t count) { return object_value(collector_referrers(t, objects, count)); }
void toy_collector_freeze(ToyThread *t, bool freezes)
{
    if (freezes) collector_freeze(t);
    else collector_unfreeze(t);
}
size_t toy_collector_frozen(ToyThread *t)
{
    size_t counts[COLLECTOR_AGES];
    collector_count_ages(t, counts);
    return counts[COLLECTOR_AGES - 1];
}

#if defined(TOY_HEAP_MALLOC) || !defined(NDEBUG)
int64_t toy_live_objects(ToyThread *t) { return t->interp->live_objects; }
#else
int64_t toy_live_objects(ToyThread *t) { return -1; }
#endif
size_t toy_bytes_in_use(ToyThread *t) { return t->interp->memory.bytes_in_use; }
bool toy_fail_allocation(ToyThread *t, uint64_t number)
{
    Memory *memory = &t->interp->memory;
    bool has_failed = memory->fail_at && memory->fail_at <= memory->allocations;
    memory->fail_at = number ? memory->allocations + number : 0;
    return has_failed;
}
int64_t toy_reference_count(ToyValue v) { return is_object(v) ? (int64_t)as_object(v)->count : (int64_t)UINT32_MAX; }

/* ---- weak references ---- */

size_t toy_weakref_count(ToyThread *t, ToyValue v) { return is_object(v) ? weakref_count(t->interp, as_object(v)) : 0; }
ToyValue toy_weakref_list(ToyThread *t, ToyValue v) { return object_value(is_object(v) ? weakref_list(t, as_object(v)) : list_new(t, 0)); }
ToyValue toy_weak_proxy(ToyThread *t, ToyValue target, ToyValue callback_or_none) { return weak_proxy_new(t, target, callback_or_none); }

/* ---- signals ---- */

ToySignalAction toy_signal_action(ToyThread *t, int number, ToyValue *handler)
{
    switch (signals_action(t, number, handler)) {
    case SIGNAL_DEFAULT: return TOY_SIGNAL_DEFAULT;
    case SIGNAL_IGNORED: return TOY_SIGNAL_IGNORED;
    case SIGNAL_INTERRUPTS: return TOY_SIGNAL_INTERRUPTS;
    case SIGNAL_CALLS: return TOY_SIGNAL_CALLS;
    case SIGNAL_UNASKED: case SIGNAL_FOREIGN: break;
    }
    return TOY_SIGNAL_FOREIGN;
}

bool toy_signal_set_action(ToyThread *t, int number, ToySignalAction action, ToyValue handler)
{
    static const SignalAction actions[] = {
        [TOY_SIGNAL_DEFAULT] = SIGNAL_DEFAULT, [TOY_SIGNAL_IGNORED] = SIGNAL_IGNORED, [TOY_SIGNAL_FOREIGN] = SIGNAL_FOREIGN,
        [TOY_SIGNAL_INTERRUPTS] = SIGNAL_INTERRUPTS, [TOY_SIGNAL_CALLS] = SIGNAL_CALLS};
    return signals_set_action(t, number, actions[action], handler);
}
void toy_signal_trip(ToyThread *t, int number) { signals_trip(t->interp, number); }
int toy_signal_set_wakeup_fd(ToyThread *t, int fd, bool warns_on_full_buffer) { return signals_set_wakeup_fd(t, fd, warns_on_full_buffer); }

/* ---- frames ---- */

ToyValue toy_frame(ToyThread *t, size_t depth)
{
    Frame *frame = frame_in_use(t->frame);
    while (frame && depth-- > 0) frame = frame_in_use(frame->caller);
    return frame ? object_value(frame_object(t, frame)) : UNBOUND;
}

ToyValue toy_current_frames(ToyThread *t)
{
    Dict *dict = dict_new(t);
    for (Thread *each = t->interp->threads; dict && each; each = each->next) {
        Frame *running = frame_in_use(each->frame);
        if (!running) continue;
        Value key = int_from_uint64(t, each->ident), frame = object_value(frame_object(t, running));
        bool done = !failed(key) && !failed(frame) && dict_set(t, dict, key, frame);
        release2(key, frame);
        if (!done) {
            object_release(dict);
            return FAILED;
        }
    }
    return object_value(dict);
}
