/* test_objects.c - the floor of objects without a loop above it: heap, collector, types, shapes, weak references.
 *
 * What        Start and end with every allocation failing in turn; teardown of deep structures; cycles, finalisers and
 *             resurrection; class creation; attributes and their live dict; weak references; argument binding.
 * How         One interpreter, one thread that holds the lock, script classes made through type(). Finalisers and callbacks are
 *             native functions. After each test nothing may be alive (counted in debug and malloc builds).
 * GIL         held by the one thread.
 * Read next   vm/object/README.md */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm/object/collector.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/weakref.h"

static Interp *interp;
static Thread *t;

static void set_up_memory(void)
{
    interp = calloc(1, sizeof *interp);
    t = calloc(1, sizeof *t);
    gil_init(&interp->gil, gil_policy_named(NULL));
    t->interp = interp;
    t->handled = &t->handled_base;
    t->handled_base.exception = NONE;
    t->stack_limit = (char *)__builtin_frame_address(0) - 1024 * 1024;
    interp->main_thread = interp->threads = t;
    thread_now = t;
    gil_join(&interp->gil, &t->gil_client, &t->breaker);
    gil_take(&interp->gil, &t->gil_client);
}

static void tear_down_memory(void)
{
    gil_drop(&interp->gil, &t->gil_client, DROP_EXIT);
    gil_leave(&interp->gil, &t->gil_client);
    gil_destroy(&interp->gil);
    thread_now = NULL;
    free(t);
    free(interp);
}

static void set_up(void)
{
    set_up_memory();
    ck_assert(objects_init(t));
}

static void tear_down(void)
{
    ck_assert(is_unbound(t->raised));
    objects_finish(interp, true);
    ck_assert_int_eq(interp->live_objects, 0);
    ck_assert_uint_eq(interp->memory.bytes_in_use, 0);
    tear_down_memory();
}

/* ---- small words for scripts' acts ---- */

static Value class_of(const char *name, Value base, Dict *dict)
{
    Str *text = str_intern_text(t, name);
    Tuple *bases = tuple_from_values(t, &base, is_bound(base));
    if (!dict) dict = dict_new(t);
    Value args[] = {object_value(text), object_value(bases), object_value(dict)};
    Value cls = value_call(t, object_value(kind_type(t, KIND_TYPE)), args, 3, NULL);
    object_release(text);
    object_release(bases);
    object_release(dict);
    return cls;
}

static Value made_by(Value cls)
{
    Value v = value_call0(t, cls);
    ck_assert(is_bound(v));
    return v;
}

static void set(Value v, const char *name, Value value)
{
    Str *text = str_intern_text(t, name);
    ck_assert(value_set_attribute(t, v, text, value));
    object_release(text);
}

static Value get(Value v, const char *name)
{
    Str *text = str_intern_text(t, name);
    Value value = value_find_attribute(t, v, text);
    object_release(text);
    return value;
}

static void delete(Value v, const char *name)
{
    Str *text = str_intern_text(t, name);
    ck_assert(value_delete_attribute(t, v, text));
    object_release(text);
}

static void expect_raised(enum ExceptionKind kind, const char *message)
{
    ck_assert(raised_is(t, kind));
    Value raised = raised_take(t), text = value_str(t, raised);
    size_t length;
    ck_assert_str_eq(str_utf8(t, as_str(text), &length), message);
    release2(raised, text);
}

/* ---- start and end ---- */

START_TEST(start_survives_any_failing_allocation)
{
    bool is_up = false;
    for (uint64_t n = 1; !is_up; n++) {
        set_up_memory();
        interp->memory.fail_at = n;
        is_up = objects_init(t);
        interp->memory.fail_at = 0;
        raised_clear(t);
        objects_finish(interp, true);
        ck_assert_int_eq(interp->live_objects, 0);
        ck_assert_uint_eq(interp->memory.bytes_in_use, 0);
        tear_down_memory();
        if (n > 300) n += 12;    /* the first ones each; a sample of the many alike */
    }
}
END_TEST

/* ---- heap ---- */

START_TEST(a_chain_of_a_million_is_freed_without_recursion)
{
    List *outer = list_new(t, 1);
    for (int i = 0; i < 1000000; i++) {
        List *list = list_new(t, 1);
        ck_assert(list_append_take(t, list, object_value(outer)));
        outer = list;
    }
    object_release(outer);
    ck_assert(t->free_base == NULL && t->free_later == NULL);
}
END_TEST

START_TEST(blocks_keep_their_bytes_when_they_move)
{
    size_t sizes[] = {1, 16, 17, 500, 512, 513, 5000, 600, 40, 3};
    unsigned char *block = NULL;
    size_t size = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        block = block_resize(t, block, size, sizes[i]);
        ck_assert(block != NULL);
        size_t kept = size < sizes[i] ? size : sizes[i];
        for (size_t at = 0; at < kept; at++) ck_assert_uint_eq(block[at], (unsigned char)(at * 7));
        size = sizes[i];
        for (size_t at = 0; at < size; at++) block[at] = (unsigned char)(at * 7);
    }
    block_free(t, block, size);
}
END_TEST

/* ---- collector ---- */

static Value kept;        /* what a finaliser brought back to life */

static Value finalizer(Thread *thread, Value self, const Value *args)
{
    (void)thread, (void)args;
    if (is_none(kept)) kept = retain(self);
    return NONE;
}
static const NativeDef finalizer_def = NATIVE("__del__", finalizer, "($self, /)", 0, NULL);

START_TEST(cycles_are_found_and_counted)
{
    Value cls = class_of("Node", UNBOUND, NULL);
    for (int i = 0; i < 50; i++) {
        Value a = made_by(cls), b = made_by(cls);
        set(a, "other", b);
        set(b, "other", a);
        release2(a, b);
    }
    Value alive = made_by(cls);
    set(alive, "self", alive);
    ck_assert_int_eq(collect(t, 2), 100);
    ck_assert_int_eq(collect(t, 2), 0);
    release(alive);
    release(cls);
}
END_TEST

START_TEST(a_finaliser_runs_once_and_may_bring_back)
{
    Dict *dict = dict_new(t);
    Value method = method_descriptor_new(t, kind_type(t, KIND_OBJECT), &finalizer_def);
    ck_assert(dict_set_text(t, dict, "__del__", method));
    release(method);
    Value cls = class_of("F", UNBOUND, dict);
    Value a = made_by(cls), b = made_by(cls);
    set(a, "other", b);
    set(b, "other", a);
    kept = NONE;
    release2(a, b);
    ck_assert_int_eq(collect(t, 2), 0);    /* both are spared: one is kept, it refers to the other */
    ck_assert(is_object(kept));
    Value other = get(kept, "other");
    ck_assert(is_object(other));
    release(other);
    Value again = kept;
    kept = TRUE;                           /* bring nothing back any more */
    release(again);
    ck_assert_int_eq(collect(t, 2), 2);
    release(cls);
}
END_TEST

START_TEST(growth_asks_for_a_collection)
{
    atomic_store(&t->breaker, 0);
    List *list = list_new(t, 0);
    for (int i = 0; i < 30000; i++) {
        List *item = list_new(t, 0);
        ck_assert(list_append_take(t, list, object_value(item)));
    }
    ck_assert(atomic_load(&t->breaker) & BREAKER_COLLECT);
    object_release(list);
}
END_TEST

/* ---- weak references ---- */

static int calls;
static Value count_call(Thread *thread, Value self, const Value *args)
{
    (void)thread, (void)self;
    ck_assert(is_weakref(args[0]) && is_unbound(weakref_target(args[0])));
    calls++;
    return NONE;
}
static const NativeDef count_call_def = NATIVE("count_call", count_call, "(reference, /)", 0, NULL);

START_TEST(references_die_before_callbacks_run)
{
    Value cls = class_of("W", UNBOUND, NULL), callback = native_function_new(t, &count_call_def, UNBOUND, UNBOUND);
    Value target = made_by(cls), plain = weakref_new(t, target, NONE), same = weakref_new(t, target, NONE);
    ck_assert(is_same(plain, same));
    Value loud[20];
    for (int i = 0; i < 20; i++) loud[i] = weakref_new(t, target, callback);
    ck_assert_uint_eq(weakref_count(interp, as_object(target)), 21);
    release(loud[0]);    /* who drops the reference is not called */
    calls = 0;
    release(target);
    ck_assert_int_eq(calls, 19);
    ck_assert(is_unbound(weakref_target(plain)));
    for (int i = 1; i < 20; i++) release(loud[i]);
    release2(plain, same);
    release2(cls, callback);
    ck_assert(failed(weakref_new(t, small_int_value(3), NONE)));
    expect_raised(EXC_TypeError, "cannot create weak reference to 'int' object");
}
END_TEST

/* ---- attributes ---- */

START_TEST(attributes_outgrow_slots_and_shape)
{
    Value cls = class_of("A", UNBOUND, NULL), v = made_by(cls);
    char name[16];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "a%d", i);
        set(v, name, small_int_value(i));
        if (i == 50) ck_assert(object_attributes(as_object(v))->shape != NULL);
    }
    ck_assert(object_attributes(as_object(v))->shape == NULL);    /* so many are a dict */
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "a%d", i);
        ck_assert_int_eq(small_int(get(v, name)), i);
    }
    release2(v, cls);
}
END_TEST

START_TEST(same_names_in_same_order_share_a_shape)
{
    Value cls = class_of("A", UNBOUND, NULL), a = made_by(cls), b = made_by(cls), c = made_by(cls);
    const char *names[] = {"x", "y", "y", "x"};
    for (int i = 0; i < 2; i++) {
        set(a, names[i], TRUE);
        set(b, names[i], FALSE);
        set(c, names[i + 2], NONE);
    }
    ck_assert(object_attributes(as_object(a))->shape == object_attributes(as_object(b))->shape);
    ck_assert(object_attributes(as_object(a))->shape != object_attributes(as_object(c))->shape);
    release2(a, b);
    release2(c, cls);
}
END_TEST

START_TEST(a_dict_is_a_live_view_and_survives)
{
    Value cls = class_of("A", UNBOUND, NULL), v = made_by(cls);
    set(v, "x", small_int_value(1));
    Dict *dict = object_dict(t, as_object(v));
    ck_assert(dict_set_text(t, dict, "y", small_int_value(2)));
    set(v, "z", small_int_value(3));
    ck_assert_uint_eq(dict_length(dict), 3);
    ck_assert_int_eq(small_int(get(v, "y")), 2);
    delete(v, "x");
    ck_assert_uint_eq(dict_length(dict), 2);
    set(v, "w", small_int_value(4));
    release(v);
    ck_assert_uint_eq(dict_length(dict), 3);
    object_release(dict);
    v = made_by(cls);
    set(v, "q", TRUE);
    dict = object_dict(t, as_object(v));
    release(v);    /* while it is still a view */
    ck_assert_uint_eq(dict_length(dict), 1);
    object_release(dict);
    release(cls);
}
END_TEST

/* ---- classes ---- */

START_TEST(orders_and_layouts_that_cannot_be)
{
    Value a = class_of("A", UNBOUND, NULL), b = class_of("B", a, NULL), result;
    Value pairs[][2] = {{a, b}, {a, a}, {object_value(kind_type(t, KIND_INT)), object_value(kind_type(t, KIND_LIST))}};
    const char *messages[] = {"Cannot create a consistent method resolution order (MRO) for bases A, B", "duplicate base class A",
                              "multiple bases have instance lay-out conflict"};
    Str *name = str_intern_text(t, "X");
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        Tuple *bases = tuple_from_values(t, pairs[i], 2);
        Dict *dict = dict_new(t);
        Value args[] = {object_value(name), object_value(bases), object_value(dict)};
        result = value_call(t, object_value(kind_type(t, KIND_TYPE)), args, 3, NULL);
        ck_assert(failed(result));
        expect_raised(EXC_TypeError, messages[i]);
        object_release(bases);
        object_release(dict);
    }
    object_release(name);
    release2(a, b);
}
END_TEST

START_TEST(assigning_a_dunder_reaches_subclasses)
{
    static const NativeDef length_def = NATIVE("__len__", count_call, "($self, /)", 0, NULL);
    Value a = class_of("A", UNBOUND, NULL), b = class_of("B", a, NULL);
    ck_assert(as_type(b)->slots.length == NULL);
    Value method = method_descriptor_new(t, kind_type(t, KIND_OBJECT), &length_def);
    uint32_t version = type_version(t, as_type(b));
    set(a, "__len__", method);
    ck_assert(as_type(b)->slots.length != NULL && as_type(b)->version != version);
    delete(a, "__len__");
    ck_assert(as_type(b)->slots.length == NULL);
    release(method);
    release2(a, b);
}
END_TEST

/* ---- arguments ---- */

static Value give_second(Thread *thread, Value self, const Value *args)
{
    (void)thread, (void)self;
    return is_unbound(args[1]) ? NONE : retain(args[1]);
}
static const NativeDef bound_def = NATIVE("f", give_second, "(a, /, b, c=(1, ')'), *, key=None)", 0, NULL);

START_TEST(arguments_are_bound_with_cpythons_words)
{
    Value f = native_function_new(t, &bound_def, UNBOUND, UNBOUND), row[6];
    for (int i = 0; i < 6; i++) row[i] = small_int_value(i);
    ck_assert_int_eq(small_int(value_call(t, f, row, 2, NULL)), 1);
    ck_assert_int_eq(small_int(value_call(t, f, row, 3, NULL)), 1);
    static const struct { size_t count; const char *message; } wrong[] = {
        {0, "f() takes at least 1 positional argument (0 given)"}, {1, "f() missing required argument 'b' (pos 2)"},
        {4, "f() takes at most 3 positional arguments (4 given)"}, {5, "f() takes at most 4 arguments (5 given)"}};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        ck_assert(failed(value_call(t, f, row, wrong[i].count, NULL)));
        expect_raised(EXC_TypeError, wrong[i].message);
    }
    Value name = object_value(str_intern_text(t, "b"));
    Tuple *names = tuple_from_values(t, &name, 1);
    ck_assert_int_eq(small_int(value_call(t, f, row + 2, 1, names)), 3);
    ck_assert(failed(value_call(t, f, row, 2, names)));
    expect_raised(EXC_TypeError, "argument for f() given by name ('b') and position (2)");
    object_release(names);
    release2(name, f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("objects");
    TCase *start = tcase_create("start");
    tcase_set_timeout(start, 120);
    tcase_add_test(start, start_survives_any_failing_allocation);
    suite_add_tcase(suite, start);
    TCase *rest = tcase_create("rest");
    tcase_add_checked_fixture(rest, set_up, tear_down);
    tcase_set_timeout(rest, 60);
    tcase_add_test(rest, a_chain_of_a_million_is_freed_without_recursion);
    tcase_add_test(rest, blocks_keep_their_bytes_when_they_move);
    tcase_add_test(rest, cycles_are_found_and_counted);
    tcase_add_test(rest, a_finaliser_runs_once_and_may_bring_back);
    tcase_add_test(rest, growth_asks_for_a_collection);
    tcase_add_test(rest, references_die_before_callbacks_run);
    tcase_add_test(rest, attributes_outgrow_slots_and_shape);
    tcase_add_test(rest, same_names_in_same_order_share_a_shape);
    tcase_add_test(rest, a_dict_is_a_live_view_and_survives);
    tcase_add_test(rest, orders_and_layouts_that_cannot_be);
    tcase_add_test(rest, assigning_a_dunder_reaches_subclasses);
    tcase_add_test(rest, arguments_are_bound_with_cpythons_words);
    suite_add_tcase(suite, rest);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}
