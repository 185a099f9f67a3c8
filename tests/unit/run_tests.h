/* run_tests.h - the main of a unit test: a list of tests, one after the other.
 *
 * What        run_tests(name, tests, count) for main to return: the suite with a generous time limit.
 * Read next   test_buffer.c (the shortest user) */
#ifndef TOY_TESTS_RUN_TESTS_H
#define TOY_TESTS_RUN_TESTS_H

#include <check.h>
#include <stddef.h>

static inline int run_tests(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_set_timeout(all, 60);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}

#endif
