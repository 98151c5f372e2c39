/* SPDX-License-Identifier: MIT */
/*
 * Look-ups by themselves: what answers, what is wrong with an answer, and that a resolver that is stuck holds up
 * nobody. What connecting and listening make of them is another suite's.
 */
#include <stdio.h>

#include "common/service/lookup.h"
#include "support/further_loop.h"
#include "support/native.h"
#include "support/system_faults.h"
#include "support/world.h"

enum { ANSWERS_MAX = 16 };

/* What a look-up's callback heard. */
struct heard {
  struct world *world;
  bool over;
  weir_lookup *lookup;
  weir_code code;
  int native_code;
  char operation[16];
  char address[300];
  char hint[160];
  size_t count;
  char addresses[ANSWERS_MAX][WEIR_ADDRESS_TEXT_BYTES];
};

static void copy_error(struct heard *heard, const weir_error *error) {
  heard->code = error->code;
  heard->native_code = error->native_code;
  snprintf(heard->operation, sizeof heard->operation, "%s", error->operation);
  snprintf(heard->address, sizeof heard->address, "%s", error->address);
  snprintf(heard->hint, sizeof heard->hint, "%s", error->hint);
}

static void hear(weir_lookup *lookup, const weir_error *error, const weir_address *addresses, size_t count,
                 void *user) {
  struct heard *heard = user;
  assert_false(heard->over);
  heard->over = true;
  heard->lookup = lookup;
  heard->count = count;
  if (error != NULL) copy_error(heard, error);
  assert_true((error != NULL) == (count == 0));
  for (size_t i = 0; i < count && i < ANSWERS_MAX; i++) {
    assert_int_equal(addresses[i].port, WEIR_NO_PORT);
    weir_address_format(&addresses[i], heard->addresses[i], sizeof heard->addresses[i]);
  }
}

static bool has(const struct heard *heard, const char *address) {
  for (size_t i = 0; i < heard->count && i < ANSWERS_MAX; i++) {
    if (strcmp(heard->addresses[i], address) == 0) return true;
  }
  return false;
}

/* Starts one and runs the loop to its end. */
static struct heard look_up(struct world *world, const char *host, weir_family family) {
  struct heard heard = {.world = world};
  weir_lookup *lookup = NULL;
  assert_int_equal(weir_lookup_start(world->loop, host, family, hear, &heard, &lookup), WEIR_OK);
  assert_false(heard.over);
  assert_true(weir_loop_alive(world->loop));
  world_run(world);
  assert_true(heard.over);
  assert_ptr_equal(heard.lookup, lookup);
  return heard;
}

/* ---- the system and IP addresses -------------------------------------------------------------------------------- */

static void an_ip_address_is_its_own_answer(struct world *world) {
  system_fault_end();
  static const char *const literals[] = {"127.0.0.1", "::1", "fe80::1%eth0", "::ffff:1.2.3.4"};
  for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
    struct heard heard = look_up(world, literals[i], WEIR_FAMILY_NONE);
    assert_int_equal(heard.count, 1);
    assert_string_equal(heard.addresses[0], literals[i]);
  }
  assert_int_equal(system_thread_starts(), 0);
}

static void an_ip_address_of_the_other_family_is_not_found(struct world *world) {
  struct heard heard = look_up(world, "::1", WEIR_FAMILY_IPV4);
  assert_int_equal(heard.code, WEIR_ENOTFOUND);
  assert_string_equal(heard.address, "::1");
  assert_int_equal(look_up(world, "::1", WEIR_FAMILY_IPV6).count, 1);
}

static void a_name_becomes_addresses(struct world *world) {
  struct heard heard = look_up(world, "localhost", WEIR_FAMILY_NONE);
  assert_true(heard.count > 0);
  assert_true(has(&heard, "127.0.0.1") || has(&heard, "::1"));
  for (size_t i = 1; i < heard.count; i++) assert_string_not_equal(heard.addresses[i], heard.addresses[i - 1]);
}

static void a_family_limits_the_answer(struct world *world) {
  struct heard heard = look_up(world, "localhost", WEIR_FAMILY_IPV4);
  assert_true(has(&heard, "127.0.0.1"));
  for (size_t i = 0; i < heard.count; i++) assert_int_equal(weir_is_ip(heard.addresses[i]), 4);
}

static void a_name_that_nobody_knows_is_an_error(struct world *world) {
  system_fault_begin(world, FAULT_LOOKUP, 1, FAULT_OF_NAME, FAULT_FOR_EVER);
  struct heard heard = look_up(world, "weir.invalid", WEIR_FAMILY_NONE);
  system_fault_end();
  assert_int_equal(heard.code, WEIR_ENOTFOUND);
  assert_string_equal(heard.operation, "lookup");
  assert_string_equal(heard.address, "weir.invalid");
  assert_string_not_equal(heard.hint, "");
  if (!world->simulated) assert_int_equal(heard.native_code, system_fault_native(FAULT_OF_NAME));
}

static void silent_name_servers_are_another_error(struct world *world) {
  system_fault_begin(world, FAULT_LOOKUP, 1, FAULT_OF_SERVERS, FAULT_FOR_EVER);
  struct heard heard = look_up(world, "localhost", WEIR_FAMILY_NONE);
  system_fault_end();
  assert_int_equal(heard.code, WEIR_EAGAIN);
  assert_int_equal(heard.native_code, system_fault_native(FAULT_OF_SERVERS));
  assert_string_not_equal(heard.hint, "");
}

static void calls_that_make_no_sense_are_refused(struct world *world) {
  struct heard heard = {.world = world};
  char name[WEIR_HOST_BYTES_MAX + 2];
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  assert_int_equal(weir_lookup_start(NULL, "a", WEIR_FAMILY_NONE, hear, &heard, NULL), WEIR_EINVAL);
  assert_int_equal(weir_lookup_start(world->loop, NULL, WEIR_FAMILY_NONE, hear, &heard, NULL), WEIR_EINVAL);
  assert_int_equal(weir_lookup_start(world->loop, "", WEIR_FAMILY_NONE, hear, &heard, NULL), WEIR_EINVAL);
  assert_int_equal(weir_lookup_start(world->loop, "a", (weir_family)5, hear, &heard, NULL), WEIR_EINVAL);
  assert_int_equal(weir_lookup_start(world->loop, "a", WEIR_FAMILY_NONE, NULL, &heard, NULL), WEIR_EINVAL);
  assert_int_equal(weir_lookup_start(world->loop, name, WEIR_FAMILY_NONE, hear, &heard, NULL), WEIR_ENAMETOOLONG);
  assert_false(weir_loop_alive(world->loop));
}

/* ---- a resolver of the program ---------------------------------------------------------------------------------- */

struct program {
  struct world *world;
  weir_lookup_question *question; /* to be answered later */
  weir_code code;
  weir_address addresses[4];
  size_t count;
  bool later;
  char host[64];
  weir_family family;
};

static void answer(struct program *program) {
  weir_lookup_answer(program->question, program->code, program->addresses, program->count);
}

static void resolve(weir_lookup_question *question, const char *host, weir_family family, void *user) {
  struct program *program = user;
  program->question = question;
  program->family = family;
  snprintf(program->host, sizeof program->host, "%s", host);
  if (!program->later) answer(program);
}

static void add(struct program *program, const char *ip) {
  weir_address_make(ip, 80, &program->addresses[program->count++]);
}

static weir_lookup *ask_program(struct world *world, struct program *program, weir_family family, struct heard *heard) {
  weir_lookup *lookup = NULL;
  struct lookup_request request = {
      .host = "the.host", .length = 8, .family = family, .resolver = resolve, .resolver_user = program};
  assert_int_equal(lookup_start(world->loop, &request, hear, heard, &lookup), WEIR_OK);
  assert_string_equal(program->host, "");
  return lookup;
}

static void a_resolver_of_the_program_is_asked_and_believed(struct world *world) {
  struct program program = {.world = world};
  struct heard heard = {.world = world};
  add(&program, "10.0.0.1");
  add(&program, "fe80::1%eth0");
  add(&program, "10.0.0.1");
  ask_program(world, &program, WEIR_FAMILY_NONE, &heard);
  world_run(world);
  assert_string_equal(program.host, "the.host");
  assert_int_equal(program.family, WEIR_FAMILY_NONE);
  assert_int_equal(heard.count, 2);
  assert_string_equal(heard.addresses[0], "10.0.0.1");
  assert_string_equal(heard.addresses[1], "fe80::1%eth0");
}

static void answer_later(void *user) { answer(user); }

static void an_answer_may_come_later(struct world *world) {
  struct program program = {.world = world, .later = true};
  struct heard heard = {.world = world};
  add(&program, "10.0.0.1");
  ask_program(world, &program, WEIR_FAMILY_NONE, &heard);
  world_after(world, 300, answer_later, &program);
  world_run_for(world, 5);
  assert_string_equal(program.host, "the.host");
  assert_false(heard.over);
  world_run(world);
  assert_int_equal(heard.count, 1);
}

static void check_bad_answer(struct world *world, struct program program, weir_family family) {
  struct heard heard = {.world = world};
  ask_program(world, &program, family, &heard);
  world_run(world);
  assert_true(heard.over);
  assert_int_equal(heard.code, WEIR_EINVAL);
  assert_string_equal(heard.operation, "lookup");
  assert_string_equal(heard.address, "the.host");
  assert_string_not_equal(heard.hint, "");
}

static void answers_that_make_no_sense_are_errors(struct world *world) {
  struct program nothing = {.world = world};
  check_bad_answer(world, nothing, WEIR_FAMILY_NONE);
  struct program no_address = {.world = world, .count = 1};
  check_bad_answer(world, no_address, WEIR_FAMILY_NONE);
  struct program other_family = {.world = world};
  add(&other_family, "10.0.0.1");
  check_bad_answer(world, other_family, WEIR_FAMILY_IPV6);
  struct program unknown_family = other_family;
  unknown_family.addresses[0].family = (weir_family)100;
  check_bad_answer(world, unknown_family, WEIR_FAMILY_NONE);
  struct program no_code = {.world = world, .code = (weir_code)7};
  check_bad_answer(world, no_code, WEIR_FAMILY_NONE);
}

static void the_code_of_a_program_is_the_code_of_the_error(struct world *world) {
  struct program program = {.world = world, .code = WEIR_ENOTFOUND};
  struct heard heard = {.world = world};
  ask_program(world, &program, WEIR_FAMILY_NONE, &heard);
  world_run(world);
  assert_int_equal(heard.code, WEIR_ENOTFOUND);
  assert_string_equal(heard.address, "the.host");
}

static void an_answer_that_nobody_waits_for_is_taken_all_the_same(struct world *world) {
  struct program program = {.world = world, .later = true};
  struct heard heard = {.world = world};
  add(&program, "10.0.0.1");
  weir_lookup *lookup = ask_program(world, &program, WEIR_FAMILY_NONE, &heard);
  world_run_for(world, 5);
  weir_lookup_cancel(lookup);
  assert_false(weir_loop_alive(world->loop));
  answer(&program);
  world_run(world);
  assert_false(heard.over);
}

static void a_question_that_was_not_asked_yet_is_never_asked_when_it_is_cancelled(struct world *world) {
  struct program program = {.world = world};
  struct heard heard = {.world = world};
  weir_lookup_cancel(ask_program(world, &program, WEIR_FAMILY_NONE, &heard));
  world_run(world);
  assert_string_equal(program.host, "");
  assert_false(heard.over);
}

static void an_answer_may_come_after_the_end_of_its_loop(struct world *world) {
  weir_loop *loop = further_loop(world);
  struct program program = {.world = world, .later = true};
  struct heard heard = {.world = world};
  struct lookup_request request = {.host = "a", .length = 1, .resolver = resolve, .resolver_user = &program};
  assert_int_equal(lookup_start(loop, &request, hear, &heard, NULL), WEIR_OK);
  weir_loop_run(loop, WEIR_RUN_NOWAIT);
  assert_non_null(program.question);
  weir_loop_release(loop);
  answer(&program);
  assert_false(heard.over);
}

/* ---- stuck ------------------------------------------------------------------------------------------------------ */

enum { STUCK = 64 };

static void await_calls(size_t count) {
  while (system_resolver_calls() != count) native_pause_ms(1);
}

static void stuck_lookups_delay_neither_ip_addresses_nor_a_programs_resolver(struct world *world) {
  static struct heard stuck[STUCK];
  memset(stuck, 0, sizeof stuck);
  weir_lookup *lookups[STUCK];
  system_hold_resolver(true);
  for (size_t i = 0; i < STUCK; i++) {
    assert_int_equal(weir_lookup_start(world->loop, "localhost", 0, hear, &stuck[i], &lookups[i]), WEIR_OK);
  }
  await_calls(STUCK);
  struct heard literal = {.world = world}, asked = {.world = world};
  struct program program = {.world = world};
  add(&program, "10.0.0.1");
  assert_int_equal(weir_lookup_start(world->loop, "127.0.0.1", 0, hear, &literal, NULL), WEIR_OK);
  ask_program(world, &program, WEIR_FAMILY_NONE, &asked);
  world_run_until(world, &literal.over);
  world_run_until(world, &asked.over);
  for (size_t i = 0; i < STUCK; i++) {
    assert_false(stuck[i].over);
    weir_lookup_cancel(lookups[i]);
  }
  assert_false(weir_loop_alive(world->loop));
  system_hold_resolver(false);
  await_calls(0);
}

static void stuck_lookups_go_on_when_the_resolver_does(struct world *world) {
  struct heard heard = {.world = world}, other = {.world = world};
  system_hold_resolver(true);
  assert_int_equal(weir_lookup_start(world->loop, "localhost", 0, hear, &heard, NULL), WEIR_OK);
  assert_int_equal(weir_lookup_start(world->loop, "localhost", 0, hear, &other, NULL), WEIR_OK);
  await_calls(2);
  system_hold_resolver(false);
  world_run(world);
  assert_true(heard.over && other.over);
  assert_true(heard.count > 0);
}

static void more_lookups_than_threads_wait_for_one(struct world *world) {
  enum { COUNT = WEIR_LOOKUPS_MAX + 40 };
  static struct heard heard[COUNT];
  memset(heard, 0, sizeof heard);
  system_fault_end();
  system_hold_resolver(true);
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(weir_lookup_start(world->loop, "localhost", 4, hear, &heard[i], NULL), WEIR_OK);
  }
  await_calls(WEIR_LOOKUPS_MAX);
  assert_int_equal(system_thread_starts(), WEIR_LOOKUPS_MAX);
  system_hold_resolver(false);
  world_run(world);
  for (size_t i = 0; i < COUNT; i++) assert_true(heard[i].count > 0);
}

static void a_loop_ends_while_lookups_are_stuck_and_wait(struct world *world) {
  enum { COUNT = WEIR_LOOKUPS_MAX + 2 };
  weir_loop *loop = further_loop(world);
  struct heard heard = {.world = world};
  system_hold_resolver(true);
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(weir_lookup_start(loop, "localhost", 0, hear, &heard, NULL), WEIR_OK);
  }
  await_calls(WEIR_LOOKUPS_MAX);
  weir_loop_release(loop);
  assert_int_equal(system_resolver_calls(), WEIR_LOOKUPS_MAX);
  system_hold_resolver(false);
  await_calls(0);
  assert_false(heard.over);
}

/* ---- from callbacks --------------------------------------------------------------------------------------------- */

struct canceller {
  weir_lookup *other;
  size_t heard;
};

static void cancel_other(weir_lookup *lookup, const weir_error *error, const weir_address *addresses, size_t count,
                         void *user) {
  struct canceller *canceller = user;
  (void)error, (void)addresses, (void)count;
  canceller->heard++;
  if (canceller->other != lookup) weir_lookup_cancel(canceller->other);
  canceller->other = NULL;
  weir_lookup_cancel(lookup);
}

static void a_callback_may_cancel_another_lookup_and_its_own(struct world *world) {
  static const char *const hosts[] = {"127.0.0.1", "localhost"};
  for (size_t i = 0; i < 2; i++) {
    struct canceller canceller = {0};
    assert_int_equal(weir_lookup_start(world->loop, hosts[i], 0, cancel_other, &canceller, NULL), WEIR_OK);
    assert_int_equal(weir_lookup_start(world->loop, hosts[i], 0, cancel_other, &canceller, &canceller.other), WEIR_OK);
    world_run(world);
    assert_in_range(canceller.heard, 1, 2);
    assert_false(weir_loop_alive(world->loop));
  }
}

#define SYSTEM_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "a simulated world asks no resolver and starts no thread")

static const struct world_case cases[] = {
    WORLD_CASE("EO-23", an_ip_address_is_its_own_answer),
    WORLD_CASE("", an_ip_address_of_the_other_family_is_not_found),
    WORLD_CASE("", a_name_becomes_addresses),
    WORLD_CASE("", a_family_limits_the_answer),
    WORLD_CASE("A042", a_name_that_nobody_knows_is_an_error),
    SYSTEM_CASE("", silent_name_servers_are_another_error),
    WORLD_CASE("", calls_that_make_no_sense_are_refused),
    WORLD_CASE("A041", a_resolver_of_the_program_is_asked_and_believed),
    WORLD_CASE("", an_answer_may_come_later),
    WORLD_CASE("EO-23 A039 A041 A045", answers_that_make_no_sense_are_errors),
    WORLD_CASE("", the_code_of_a_program_is_the_code_of_the_error),
    WORLD_CASE("", an_answer_that_nobody_waits_for_is_taken_all_the_same),
    WORLD_CASE("", a_question_that_was_not_asked_yet_is_never_asked_when_it_is_cancelled),
    WORLD_CASE("", an_answer_may_come_after_the_end_of_its_loop),
    SYSTEM_CASE("S189", stuck_lookups_delay_neither_ip_addresses_nor_a_programs_resolver),
    SYSTEM_CASE("", stuck_lookups_go_on_when_the_resolver_does),
    SYSTEM_CASE("", more_lookups_than_threads_wait_for_one),
    SYSTEM_CASE("S189", a_loop_ends_while_lookups_are_stuck_and_wait),
    WORLD_CASE("", a_callback_may_cancel_another_lookup_and_its_own),
};

int main(int argc, char **argv) { return world_main(argc, argv, "resolve", cases, sizeof cases / sizeof *cases); }
