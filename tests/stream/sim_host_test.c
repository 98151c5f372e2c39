/* SPDX-License-Identifier: MIT */
/* Names of a simulated world: what looking them up finds, and how long it takes. */
#include "common/address/resolved.h"
#include "common/system.h"
#include "stream/sim_bench.h"

static weir_address ip(const char *text) {
  weir_address address;
  assert_int_equal(weir_address_make(text, 80, &address), WEIR_OK);
  return address;
}

/* Looks a name up; `expected` are the texts of what it finds, separated by blanks. Returns how long that takes. */
static uint64_t expect_found(struct bench *bench, const char *name, weir_family family, const char *expected) {
  struct resolved resolved;
  uint64_t delay_ns = 1;
  char found[256] = "";
  sim_resolve(bench->sim, name, family, &resolved, &delay_ns);
  assert_int_equal(resolved.code, WEIR_OK);
  for (size_t i = 0; i < resolved.count; ++i) {
    char text[WEIR_ADDRESS_TEXT_BYTES];
    assert_true(weir_address_format(&resolved.addresses[i], text, sizeof text) < sizeof text);
    if (i > 0) strcat(found, " ");
    strcat(found, text);
  }
  assert_string_equal(found, expected);
  system_memory_put(resolved.addresses);
  return delay_ns;
}

static uint64_t expect_failure(struct bench *bench, const char *name, weir_family family, weir_code code) {
  struct resolved resolved;
  uint64_t delay_ns = 1;
  sim_resolve(bench->sim, name, family, &resolved, &delay_ns);
  assert_int_equal(resolved.code, code);
  assert_non_null(resolved.hint);
  assert_null(resolved.addresses);
  assert_int_equal(resolved.count, 0);
  return delay_ns;
}

static void localhost_is_known_from_the_beginning(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  assert_int_equal(expect_found(&bench, "localhost", WEIR_FAMILY_NONE, "::1 127.0.0.1"), 0);
  expect_found(&bench, "LocalHost", WEIR_FAMILY_IPV4, "127.0.0.1");
  expect_found(&bench, "localhost", WEIR_FAMILY_IPV6, "::1");
  expect_failure(&bench, "localhost2", WEIR_FAMILY_NONE, WEIR_ENOTFOUND);
  expect_failure(&bench, "localhos", WEIR_FAMILY_NONE, WEIR_ENOTFOUND);
  close_bench(&bench);
}

static void later_addresses_of_a_name_come_behind_and_the_slowest_counts(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  weir_address first[] = {ip("2001:db8::1"), ip("192.0.2.1")};
  weir_address second[] = {ip("192.0.2.2")};
  assert_int_equal(weir_sim_add_host(bench.sim, "weir.example", first, 2, 30), WEIR_OK);
  assert_int_equal(weir_sim_add_host(bench.sim, "other.example", second, 1, 500), WEIR_OK);
  assert_int_equal(weir_sim_add_host(bench.sim, "WEIR.example", second, 1, 20), WEIR_OK);
  assert_int_equal(expect_found(&bench, "weir.example", WEIR_FAMILY_NONE, "2001:db8::1 192.0.2.1 192.0.2.2"), 30000000);
  expect_found(&bench, "weir.example", WEIR_FAMILY_IPV4, "192.0.2.1 192.0.2.2");
  close_bench(&bench);
}

static void a_name_without_addresses_is_not_found_in_its_time(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  weir_address address = ip("::1");
  assert_int_equal(weir_sim_add_host(bench.sim, "slow.example", NULL, 0, 7), WEIR_OK);
  assert_int_equal(weir_sim_add_host(bench.sim, "six.example", &address, 1, 0), WEIR_OK);
  assert_int_equal(weir_sim_add_host(bench.sim, "never.example", NULL, 0, UINT64_MAX), WEIR_OK);
  assert_int_equal(expect_failure(&bench, "slow.example", WEIR_FAMILY_NONE, WEIR_ENOTFOUND), 7000000);
  assert_true(expect_failure(&bench, "never.example", WEIR_FAMILY_NONE, WEIR_ENOTFOUND) == UINT64_MAX);
  expect_failure(&bench, "six.example", WEIR_FAMILY_IPV4, WEIR_ENOTFOUND);
  close_bench(&bench);
}

static void a_look_up_can_be_made_to_fail(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_LOOKUP, 2, WEIR_EAGAIN), WEIR_OK);
  expect_found(&bench, "localhost", WEIR_FAMILY_IPV4, "127.0.0.1");
  expect_failure(&bench, "localhost", WEIR_FAMILY_IPV4, WEIR_EAGAIN);
  expect_found(&bench, "localhost", WEIR_FAMILY_IPV4, "127.0.0.1");
  close_bench(&bench);
}

static void names_that_make_no_sense_are_refused(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  weir_address none = {.family = WEIR_FAMILY_NONE};
  weir_address address = ip("::1");
  assert_int_equal(weir_sim_add_host(NULL, "x", &address, 1, 0), WEIR_EINVAL);
  assert_int_equal(weir_sim_add_host(bench.sim, NULL, &address, 1, 0), WEIR_EINVAL);
  assert_int_equal(weir_sim_add_host(bench.sim, "", &address, 1, 0), WEIR_EINVAL);
  assert_int_equal(weir_sim_add_host(bench.sim, "x", NULL, 1, 0), WEIR_EINVAL);
  assert_int_equal(weir_sim_add_host(bench.sim, "x", &none, 1, 0), WEIR_EINVAL);
  bench.blocks_until_failure = 1;
  assert_int_equal(weir_sim_add_host(bench.sim, "x", &address, 1, 0), WEIR_ENOMEM);
  expect_failure(&bench, "x", WEIR_FAMILY_NONE, WEIR_ENOTFOUND);
  close_bench(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(localhost_is_known_from_the_beginning),
      cmocka_unit_test(later_addresses_of_a_name_come_behind_and_the_slowest_counts),
      cmocka_unit_test(a_name_without_addresses_is_not_found_in_its_time),
      cmocka_unit_test(a_look_up_can_be_made_to_fail),
      cmocka_unit_test(names_that_make_no_sense_are_refused),
  };
  return cmocka_run_group_tests_name("names of a simulated world", tests, NULL, NULL);
}
