/* SPDX-License-Identifier: MIT */
/*
 * What getaddrinfo's answers and codes become, and when it is asked a second time.
 */
#define _GNU_SOURCE 1

#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "common/system.h"
#include "support/os_faulty_posix.h"

/* A list of answers as the system gives it. */
struct answers {
  struct addrinfo nodes[4];
  union {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
  } names[4];
  size_t count;
};

static struct addrinfo *add(struct answers *answers, int family, socklen_t length) {
  struct addrinfo *node = &answers->nodes[answers->count];
  memset(node, 0, sizeof *node);
  memset(&answers->names[answers->count], 0, sizeof answers->names[0]);
  answers->names[answers->count].any.sa_family = (sa_family_t)family;
  node->ai_family = family;
  node->ai_addr = &answers->names[answers->count].any;
  node->ai_addrlen = length;
  if (answers->count > 0) answers->nodes[answers->count - 1].ai_next = node;
  answers->count++;
  return node;
}

static void add_ipv4(struct answers *answers, uint32_t number) {
  add(answers, AF_INET, sizeof(struct sockaddr_in));
  answers->names[answers->count - 1].ipv4.sin_addr.s_addr = htonl(number);
  answers->names[answers->count - 1].ipv4.sin_port = htons(80);
}

static void add_ipv6(struct answers *answers, unsigned char last, uint32_t scope) {
  add(answers, AF_INET6, sizeof(struct sockaddr_in6));
  struct sockaddr_in6 *name = &answers->names[answers->count - 1].ipv6;
  name->sin6_addr.s6_addr[0] = 0xfe;
  name->sin6_addr.s6_addr[1] = 0x80;
  name->sin6_addr.s6_addr[15] = last;
  name->sin6_scope_id = scope;
}

static struct resolved resolve(struct answers *answers, const char *host, weir_family family) {
  struct resolved resolved;
  faults_answer(answers == NULL ? NULL : answers->nodes);
  system_resolve(host, family, &resolved);
  faults_answer(NULL);
  return resolved;
}

static void expect_address(const struct resolved *resolved, size_t index, const char *expected) {
  char text[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format(&resolved->addresses[index], text, sizeof text);
  assert_string_equal(text, expected);
}

static int begin(void **state) {
  (void)state;
  faults_reset();
  return 0;
}

static void answers_come_in_order_without_ports(void **state) {
  (void)state;
  struct answers answers = {.count = 0};
  add_ipv6(&answers, 1, 0);
  add_ipv4(&answers, 0x0a000001);
  struct resolved resolved = resolve(&answers, "a", WEIR_FAMILY_NONE);
  assert_int_equal(resolved.code, WEIR_OK);
  assert_int_equal(resolved.count, 2);
  expect_address(&resolved, 0, "fe80::1");
  expect_address(&resolved, 1, "10.0.0.1");
  system_memory_put(resolved.addresses);
}

static void a_scope_becomes_the_name_of_its_interface_or_its_number(void **state) {
  (void)state;
  struct answers answers = {.count = 0};
  add_ipv6(&answers, 1, 1);
  struct resolved resolved = resolve(&answers, "a", WEIR_FAMILY_NONE);
  assert_string_not_equal(resolved.addresses[0].zone, "");
  assert_string_not_equal(resolved.addresses[0].zone, "1");
  system_memory_put(resolved.addresses);
  add_ipv6(&answers, 2, 4000000);
  resolved = resolve(&answers, "a", WEIR_FAMILY_NONE);
  expect_address(&resolved, 1, "fe80::2%4000000");
  system_memory_put(resolved.addresses);
}

static void answers_of_other_families_do_not_count(void **state) {
  (void)state;
  struct answers answers = {.count = 0};
  add(&answers, AF_UNIX, sizeof(struct sockaddr_un));
  struct resolved resolved = resolve(&answers, "a", WEIR_FAMILY_NONE);
  assert_int_equal(resolved.code, WEIR_ENOTFOUND);
  assert_null(resolved.addresses);
  add_ipv4(&answers, 0x0a000001);
  resolved = resolve(&answers, "a", WEIR_FAMILY_NONE);
  assert_int_equal(resolved.count, 1);
  expect_address(&resolved, 0, "10.0.0.1");
  system_memory_put(resolved.addresses);
}

static void codes_have_our_names_and_hints(void **state) {
  static const struct {
    int native_code;
    weir_code code;
    bool hint;
  } rows[] = {{EAI_NONAME, WEIR_ENOTFOUND, true}, {EAI_NODATA, WEIR_ENOTFOUND, true},
              {EAI_FAIL, WEIR_ENOTFOUND, true},   {EAI_ADDRFAMILY, WEIR_ENOTFOUND, true},
              {EAI_AGAIN, WEIR_EAGAIN, true},     {EAI_MEMORY, WEIR_ENOMEM, false},
              {EAI_FAMILY, WEIR_ENOTSUP, true},   {12345, WEIR_EUNKNOWN, false}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    faults_fail(OS_GETADDRINFO, 1, rows[i].native_code, FAULTS_FOREVER);
    struct resolved resolved = resolve(NULL, "a", WEIR_FAMILY_NONE);
    assert_int_equal(resolved.code, rows[i].code);
    assert_int_equal(resolved.native_code, rows[i].native_code);
    assert_int_equal(resolved.hint != NULL, rows[i].hint);
    assert_null(resolved.addresses);
  }
}

static void no_memory_for_the_answers_is_an_error(void **state) {
  (void)state;
  struct answers answers = {.count = 0};
  add_ipv4(&answers, 0x0a000001);
  faults_fail(OS_HEAP_GET, 1, 0, 1);
  struct resolved resolved = resolve(&answers, "a", WEIR_FAMILY_NONE);
  assert_int_equal(resolved.code, WEIR_ENOMEM);
  assert_null(resolved.addresses);
}

/* AI_ADDRCONFIG could have hidden a loopback address; see resolver.c. */
static void a_name_that_is_not_found_is_asked_for_again_when_addresses_may_be_hidden(void **state) {
  (void)state;
  struct answers answers = {.count = 0};
  add_ipv6(&answers, 1, 0);
  faults_fail(OS_GETADDRINFO, 1, EAI_NONAME, 1);
  struct resolved resolved = resolve(&answers, "a", WEIR_FAMILY_NONE);
  assert_int_equal(resolved.code, WEIR_OK);
  assert_int_equal(faults_calls(OS_GETADDRINFO), 2);
  system_memory_put(resolved.addresses);
}

static void nothing_is_asked_twice_that_was_asked_whole(void **state) {
  (void)state;
  static const struct {
    const char *host;
    weir_family family;
    int failure;
  } rows[] = {{"localhost", WEIR_FAMILY_NONE, EAI_NONAME},
              {"a.LOCALHOST", WEIR_FAMILY_NONE, EAI_NONAME},
              {"a", WEIR_FAMILY_IPV4, EAI_NONAME},
              {"a", WEIR_FAMILY_NONE, EAI_AGAIN}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    faults_reset();
    faults_fail(OS_GETADDRINFO, 1, rows[i].failure, FAULTS_FOREVER);
    struct resolved resolved = resolve(NULL, rows[i].host, rows[i].family);
    assert_int_not_equal(resolved.code, WEIR_OK);
    assert_int_equal(faults_calls(OS_GETADDRINFO), 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(answers_come_in_order_without_ports, begin),
      cmocka_unit_test_setup(a_scope_becomes_the_name_of_its_interface_or_its_number, begin),
      cmocka_unit_test_setup(answers_of_other_families_do_not_count, begin),
      cmocka_unit_test_setup(codes_have_our_names_and_hints, begin),
      cmocka_unit_test_setup(no_memory_for_the_answers_is_an_error, begin),
      cmocka_unit_test_setup(a_name_that_is_not_found_is_asked_for_again_when_addresses_may_be_hidden, begin),
      cmocka_unit_test_setup(nothing_is_asked_twice_that_was_asked_whole, begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
