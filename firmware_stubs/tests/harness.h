/* cmocka with the headers it wants, and the two lines every test program ends with. */
#ifndef BW_TEST_HARNESS_H
#define BW_TEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUN(tests) cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL)

#endif
