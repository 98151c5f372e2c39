/* SPDX-License-Identifier: MIT */
/*
 * Connecting to a host with several addresses, as RFC 8305 has it: in which order they are tried, when the next one is
 * begun, who wins, and what is told when nobody does. Silent addresses are in a simulated world, whose clock is exact.
 */
#include <stdio.h>

#include "support/further_loop.h"
#include "support/hosts.h"
#include "support/world.h"

#define TCP_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "hosts have names for TCP")

#define SIM_CASE(rows, function)                                                           \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL | WORLD_NOT_WINDOWS | WORLD_NOT_POSIX, \
                    "only a simulated world has silent addresses and an exact clock")

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static const char *ip_at(const struct hosts *hosts, size_t index) {
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(&hosts->addresses[index], ip, sizeof ip);
  return world_format(hosts->world, "%s", ip);
}

static const char *ip_of_here(const struct hosts *hosts) {
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(&hosts->here, ip, sizeof ip);
  return world_format(hosts->world, "%s", ip);
}

static const char *place_at(const struct hosts *hosts, size_t index) {
  weir_address address = hosts->addresses[index];
  char text[WEIR_ADDRESS_TEXT_BYTES];
  address.port = hosts->here.port;
  weir_address_format(&address, text, sizeof text);
  return world_format(hosts->world, "%s", text);
}

/* Fails unless the addresses at these places of the answer were tried, in this order. */
static void expect_tried(const struct hosts *hosts, const weir_socket *socket, const size_t *order, size_t count) {
  assert_int_equal(weir_socket_attempted(socket, 0, NULL), count);
  for (size_t i = 0; i < count; i++) {
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address tried;
    weir_socket_attempted(socket, i, &tried);
    weir_address_format(&tried, text, sizeof text);
    assert_string_equal(text, place_at(hosts, order[i]));
  }
}

static weir_block_list *block(const char *rule) {
  weir_block_list *list = NULL;
  assert_int_equal(weir_block_list_create(NULL, &list), WEIR_OK);
  assert_int_equal(weir_block_list_add(list, rule), WEIR_OK);
  return list;
}

/* ---- refused addresses ------------------------------------------------------------------------------------------ */

static const char *refused(const struct hosts *hosts, size_t index, const char *at) {
  const char *ip = ip_at(hosts, index);
  return world_format(hosts->world, "attempt(%s) %sfailed(%s,ECONNREFUSED)", ip, at, ip);
}

static void after_a_failure_the_next_address_is_tried_at_once(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  world_listen(world, NULL, world_end_on, NULL);
  options.attempt_delay_ms = 15000; /* no case lasts so long */
  hosts_add_closed(&hosts, 0);
  hosts_add_closed(&hosts, 1);
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, &options);
  world_run_until_noted(world, "C close", 1);
  const char *at = world->simulated ? "at(0) " : "";
  const char *lookups =
      world_format(world, "lookup(%s) lookup(%s) lookup(%s)", ip_at(&hosts, 0), ip_at(&hosts, 1), ip_at(&hosts, 2));
  const char *failures = world_format(world, "%s %s", refused(&hosts, 0, at), refused(&hosts, 1, at));
  const char *success = world_format(world, "attempt(%s) %sconnect end finish close(false)", ip_at(&hosts, 2), at);
  char expected[1024];
  snprintf(expected, sizeof expected, "%s %s %s", lookups, failures, success);
  world_expect(world, "C", expected);
  expect_tried(&hosts, client, (const size_t[]){0, 1, 2}, 3);
}

static void note_bytes(const weir_event *event, void *world) {
  world_trace_socket(world, event->connection, "S", WORLD_TRACE_DATA);
}

static void a_connection_that_has_won_carries_bytes_both_ways(struct world *world) {
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, note_bytes, world);
  hosts_add_closed(&hosts, 0);
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_end_noted(world, client, "C", "hello");
  world_run_until_noted(world, "C close", 1);
  world_run_until_noted(world, "S close", 1);
  world_expect(world, "S", "data(hello) end finish close(false)");
  weir_address remote;
  assert_true(weir_socket_remote_address(client, &remote));
  assert_true(weir_address_equal(&remote, &hosts.here));
}

static void what_follows_a_success_is_not_tried(struct world *world) {
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, world_end_on, NULL);
  hosts_add_here(&hosts);
  hosts_add_closed(&hosts, 0);
  hosts_add(&hosts, "::1");
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "C lookup"), 3);
  assert_int_equal(world_count(world, "C failed"), 0);
  expect_tried(&hosts, client, (const size_t[]){0}, 1);
}

static void families_take_turns_beginning_with_the_first(struct world *world) {
  struct hosts four_first = hosts_of(world);
  hosts_add_closed(&four_first, 0);
  hosts_add_closed(&four_first, 1);
  hosts_add_closed(&four_first, 2);
  hosts_add(&four_first, "::1");
  weir_socket *client = hosts_connect(&four_first, NULL);
  world_run_until_noted(world, "C close", 1);
  expect_tried(&four_first, client, (const size_t[]){0, 3, 1, 2}, 4);
  struct hosts six_first = hosts_of(world);
  hosts_add(&six_first, "::1");
  hosts_add(&six_first, "::ffff:127.200.0.1");
  hosts_add_closed(&six_first, 1);
  hosts_add_closed(&six_first, 2);
  client = hosts_connect(&six_first, NULL);
  world_run_until_noted(world, "C close", 2);
  expect_tried(&six_first, client, (const size_t[]){0, 2, 1, 3}, 4);
}

static void when_all_fail_one_error_has_every_cause(struct world *world) {
  struct hosts hosts = hosts_of(world);
  char line[512];
  hosts_add_closed(&hosts, 0);
  hosts_add_closed(&hosts, 1);
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_write_noted(world, client, "C", "queued");
  world_run(world);
  assert_int_equal(world_count(world, "C failed"), 2);
  assert_int_equal(world_count(world, "C error(ECONNREFUSED)"), 1);
  world_expect_before(world, "C error", "C write-cb(ECANCELED)");
  world_expect_before(world, "C write-cb(ECANCELED)", "C close(true)");
  const weir_error *error = weir_socket_error(client);
  assert_string_equal(error->operation, "connect");
  assert_string_equal(error->address, hosts.endpoint + strlen("tcp:"));
  assert_int_equal(error->cause_count, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(error->causes[i].code, WEIR_ECONNREFUSED);
    assert_string_equal(error->causes[i].operation, "connect");
    assert_string_equal(error->causes[i].address, place_at(&hosts, i));
  }
  weir_error_format(error, line, sizeof line);
  assert_non_null(strstr(line, world_format(world, "(connect ECONNREFUSED %s, connect ECONNREFUSED %s)",
                                            place_at(&hosts, 0), place_at(&hosts, 1))));
}

static void a_socket_that_lost_every_race_connects_again(struct world *world) {
  struct hosts hosts = hosts_of(world);
  hosts_add_closed(&hosts, 0);
  hosts_add_closed(&hosts, 1);
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_run(world);
  world_forget(world);
  world_listen(world, NULL, world_end_on, NULL);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "C connect"), 1);
  assert_null(weir_socket_error(client));
}

/* ---- blocked, and from where ------------------------------------------------------------------------------------ */

static void blocked_addresses_are_passed_over(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  weir_block_list *list = block("127.200.0.0/16");
  world_listen(world, NULL, world_end_on, NULL);
  options.block_list = list;
  hosts_add_closed(&hosts, 0);
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, &options);
  weir_block_list_release(list);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, world_format(world, "C failed(%s,EBLOCKED)", ip_at(&hosts, 0))), 1);
  assert_int_equal(world_count(world, "C connect"), 1);
  expect_tried(&hosts, client, (const size_t[]){1}, 1);
}

static void with_every_address_blocked_nobody_is_asked(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  weir_block_list *list = block("127.0.0.0/8");
  options.block_list = list;
  hosts_add_closed(&hosts, 0);
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, &options);
  weir_block_list_release(list);
  world_run(world);
  const weir_error *error = weir_socket_error(client);
  assert_int_equal(error->code, WEIR_EBLOCKED);
  assert_int_equal(error->cause_count, 2);
  assert_int_equal(world_count(world, "C attempt"), 0);
}

static void every_attempt_connects_from_where_it_was_told(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  weir_address other, local;
  char endpoint[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, endpoint);
  assert_int_equal(weir_address_parse(endpoint + strlen("tcp:"), &other), WEIR_OK);
  world_listen(world, NULL, NULL, NULL);
  options.local_address = ip_of_here(&hosts);
  options.local_port = other.port;
  hosts_add_closed(&hosts, 0);
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, &options);
  world_run_until_noted(world, "C connect", 1);
  assert_int_equal(world_count(world, world_format(world, "C failed(%s,ECONNREFUSED)", ip_at(&hosts, 0))), 1);
  assert_true(weir_socket_local_address(client, &local));
  assert_int_equal(local.port, other.port);
}

/* ---- meanwhile -------------------------------------------------------------------------------------------------- */

static void destroyed_between_attempts_it_tries_no_further(struct world *world) {
  struct hosts hosts = hosts_of(world);
  hosts_add_closed(&hosts, 0);
  hosts_add_closed(&hosts, 1);
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_on(client, WEIR_EVENT_ATTEMPT_FAILED, world_destroy_on, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "C attempt"), 1);
  assert_int_equal(world_count(world, "C error"), 0);
  assert_int_equal(world_count(world, "C close(false)"), 1);
}

static void destroyed_in_an_attempt_it_makes_no_connection(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  hosts_add_here(&hosts);
  hosts_add_closed(&hosts, 0);
  world_on(hosts_connect(&hosts, NULL), WEIR_EVENT_ATTEMPT, world_destroy_on, NULL);
  world_run_until_noted(world, "C close", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "V", "close");
  assert_int_equal(world_count(world, "C attempt"), 1);
  assert_int_equal(world_count(world, "C close(false)"), 1);
}

static void destroy_soon(void *socket) { weir_socket_destroy(socket, NULL); }

static void destroyed_while_an_attempt_is_in_flight_it_closes(struct world *world) {
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, NULL, NULL);
  hosts_add_here(&hosts);
  hosts_add_closed(&hosts, 0);
  weir_socket *client = hosts_connect(&hosts, NULL);
  assert_int_equal(weir_loop_post(world->loop, destroy_soon, client), WEIR_OK);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "C close(false)"), 1);
  assert_int_equal(world_count(world, "C connect"), 0);
}

static void stop_loop(const weir_event *event, void *loop) {
  (void)event;
  weir_loop_stop(loop);
}

/* The world ends with the attempt in flight, and counts what was given back. */
static void a_loop_may_end_in_the_middle_of_a_race(struct world *world) {
  struct hosts hosts = hosts_of(world);
  hosts_add_closed(&hosts, 0);
  hosts_add_here(&hosts);
  world_on(hosts_connect(&hosts, NULL), WEIR_EVENT_ATTEMPT, stop_loop, world->loop);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_DEFAULT), 1);
  assert_int_equal(world_count(world, "C attempt"), 1);
  assert_int_equal(world_count(world, "C failed"), 0);
}

/* ---- silent addresses ------------------------------------------------------------------------------------------- */

static void add_silent(struct hosts *hosts, const char *ip) {
  hosts_add(hosts, ip);
  weir_sim_set_unreachable(hosts->world->sim, &hosts->addresses[hosts->count - 1], true);
}

static void past_a_silent_address_the_next_one_is_tried_after_250_ms(struct world *world) {
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, world_end_on, NULL);
  add_silent(&hosts, "2001:db8::1");
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C",
               "lookup(2001:db8::1) lookup(127.0.0.1) attempt(2001:db8::1) at(0) attempt(127.0.0.1) at(250) connect "
               "end finish close(false)");
  expect_tried(&hosts, client, (const size_t[]){0, 1}, 2);
}

static void the_delay_is_the_users_but_at_least_10_ms(struct world *world) {
  static const struct {
    uint64_t asked_ms;
    const char *second;
  } rows[] = {{0, "C at(250)"}, {1, "C at(10)"}, {9, "C at(10)"}, {10, "C at(10)"}, {700, "C at(700)"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct hosts hosts = hosts_of(world);
    weir_connect_options options = hosts_connect_options(&hosts);
    uint64_t before = weir_sim_now_ms(world->sim);
    options.attempt_delay_ms = rows[i].asked_ms;
    add_silent(&hosts, "2001:db8::1");
    hosts_add_closed(&hosts, 0);
    weir_socket *client = hosts_connect(&hosts, &options);
    while (weir_socket_attempted(client, 0, NULL) < 2) weir_loop_run(world->loop, WEIR_RUN_ONCE);
    uint64_t taken = weir_sim_now_ms(world->sim) - before;
    assert_string_equal(world_format(world, "C at(%u)", (unsigned)taken), rows[i].second);
    weir_socket_destroy(client, NULL);
    world_run(world);
  }
}

static void a_failure_in_between_begins_the_delay_anew(struct world *world) {
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, world_end_on, NULL);
  add_silent(&hosts, "192.0.2.1");
  hosts_add_closed(&hosts, 0);
  add_silent(&hosts, "192.0.2.2");
  hosts_add_here(&hosts);
  hosts_connect(&hosts, NULL);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "C at(0)"), 1);
  assert_int_equal(world_count(world, "C at(250)"), 2);
  assert_int_equal(world_count(world, "C at(500)"), 1);
  assert_int_equal(world_count(world, "C failed"), 1);
  assert_int_equal(world_count(world, "C connect"), 1);
}

static void when_all_are_silent_the_deadline_ends_every_attempt(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  options.timeout_ms = 1000;
  add_silent(&hosts, "2001:db8::1");
  hosts_add_closed(&hosts, 0);
  add_silent(&hosts, "2001:db8::2");
  weir_socket *client = hosts_connect(&hosts, &options);
  world_run(world);
  assert_int_equal(weir_sim_now_ms(world->sim), 1000);
  const weir_error *error = weir_socket_error(client);
  assert_int_equal(error->code, WEIR_ETIMEDOUT);
  assert_int_equal(error->cause_count, 3);
  assert_int_equal(error->causes[0].code, WEIR_ECONNREFUSED);
  assert_int_equal(error->causes[1].code, WEIR_ETIMEDOUT);
  assert_string_equal(error->causes[1].address, place_at(&hosts, 0));
  assert_int_equal(error->causes[2].code, WEIR_ETIMEDOUT);
  assert_string_equal(error->causes[2].address, place_at(&hosts, 2));
  assert_int_equal(world_count(world, "C failed"), 3);
  world_expect_before(world, "C failed(2001:db8::2,ETIMEDOUT)", "C error(ETIMEDOUT)");
}

static void destroyed_in_a_time_out_of_an_attempt_it_has_no_error(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  options.timeout_ms = 1000;
  add_silent(&hosts, "2001:db8::1");
  add_silent(&hosts, "192.0.2.1");
  world_on(hosts_connect(&hosts, &options), WEIR_EVENT_ATTEMPT_FAILED, world_destroy_on, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "C failed"), 1);
  assert_int_equal(world_count(world, "C error"), 0);
  assert_int_equal(world_count(world, "C close(false)"), 1);
}

static void one_silent_address_ends_at_the_deadline(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  options.timeout_ms = 1000;
  add_silent(&hosts, "192.0.2.1");
  weir_socket *client = hosts_connect(&hosts, &options);
  world_run(world);
  world_expect(world, "C",
               "lookup(192.0.2.1) attempt(192.0.2.1) at(0) failed(192.0.2.1,ETIMEDOUT) error(ETIMEDOUT) close(true)");
  assert_string_equal(weir_socket_error(client)->address, place_at(&hosts, 0));
  assert_int_equal(weir_socket_error(client)->cause_count, 0);
}

static void destroyed_while_silent_addresses_are_tried_it_tries_no_further(struct world *world) {
  struct hosts hosts = hosts_of(world);
  add_silent(&hosts, "192.0.2.1");
  add_silent(&hosts, "192.0.2.2");
  add_silent(&hosts, "192.0.2.3");
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_after(world, 300, destroy_soon, client);
  world_run(world);
  assert_int_equal(world_count(world, "C attempt"), 2);
  assert_int_equal(world_count(world, "C close(false)"), 1);
  assert_int_equal(weir_sim_now_ms(world->sim), 300);
}

static void with_a_port_of_its_own_it_waits_for_a_failure(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  options.local_port = 5000;
  options.timeout_ms = 2000;
  add_silent(&hosts, "192.0.2.1");
  hosts_add_closed(&hosts, 0);
  weir_socket *client = hosts_connect(&hosts, &options);
  world_run(world);
  assert_int_equal(weir_socket_attempted(client, 0, NULL), 1);
  assert_int_equal(weir_socket_error(client)->code, WEIR_ETIMEDOUT);
}

static void turn_a_few_times(weir_loop *loop) {
  for (int i = 0; i < 20; i++) weir_loop_run(loop, WEIR_RUN_NOWAIT);
}

/* The server's program is busy, and its queue is full: the first attempt waits until it looks at its clients. */
static void the_first_attempt_may_win_after_the_second_has_begun(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_loop_options options = further_loop_options(world);
  weir_listen_options listen_options = weir_listen_options_default();
  weir_loop *busy = NULL;
  weir_server *server = NULL;
  listen_options.backlog = 1;
  assert_int_equal(weir_loop_create(&options, &busy), WEIR_OK);
  assert_int_equal(weir_server_create(busy, NULL, world_end_on, NULL, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, &listen_options), WEIR_OK);
  turn_a_few_times(busy);
  for (int i = 0; i < 4; i++) world_connect(world, NULL);
  world_run_for(world, 1000);
  hosts_add_here(&hosts);
  add_silent(&hosts, "192.0.2.1");
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_run_for(world, 400);
  expect_tried(&hosts, client, (const size_t[]){0, 1}, 2);
  assert_int_equal(world_count(world, "C connect"), 0);
  for (int i = 0; i < 20 && world_count(world, "C close") == 0; i++) {
    turn_a_few_times(busy);
    turn_a_few_times(world->loop);
  }
  world_expect(
      world, "C",
      "lookup(127.0.0.1) lookup(192.0.2.1) attempt(127.0.0.1) at(1000) attempt(192.0.2.1) at(1250) connect end "
      "finish close(false)");
  weir_server_close(server, NULL, NULL);
  weir_server_release(server);
  weir_loop_release(busy);
}

/* ---- any addresses ---------------------------------------------------------------------------------------------- */

enum kind { KIND_CLOSED, KIND_SILENT, KIND_UNREACHABLE, KIND_LIVE, KIND_COUNT };

static unsigned draw(uint64_t *state, unsigned below) {
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return (unsigned)(*state >> 33) % below;
}

/* Gives the host some addresses, each at most once, and says how many of each kind they are. */
static void draw_addresses(struct hosts *hosts, uint64_t *chance, unsigned counts[KIND_COUNT]) {
  static const char *const silent[] = {"2001:db8::1", "192.0.2.1", "2001:db8::2"};
  static const char *const unreachable[] = {"2001:db8:1::1", "198.51.100.1", "2001:db8:1::2"};
  unsigned length = 1 + draw(chance, 6);
  while (hosts->count < length) {
    enum kind kind = (enum kind)draw(chance, KIND_COUNT);
    if (counts[kind] == (kind == KIND_LIVE ? 1 : 3)) continue;
    unsigned index = counts[kind]++;
    if (kind == KIND_CLOSED) hosts_add_closed(hosts, index);
    if (kind == KIND_SILENT) add_silent(hosts, silent[index]);
    if (kind == KIND_LIVE) hosts_add_here(hosts);
    if (kind != KIND_UNREACHABLE) continue;
    hosts_add(hosts, unreachable[index]);
    weir_sim_set_unreachable(hosts->world->sim, &hosts->addresses[hosts->count - 1], false);
  }
}

static void check_undisturbed(struct hosts *hosts, weir_socket *client, const unsigned counts[KIND_COUNT]) {
  struct world *world = hosts->world;
  const weir_error *error = weir_socket_error(client);
  assert_int_equal(world_count(world, "C connect"), counts[KIND_LIVE]);
  assert_int_equal(error == NULL, counts[KIND_LIVE] == 1);
  if (error == NULL) return;
  assert_int_equal(weir_socket_attempted(client, 0, NULL), hosts->count);
  assert_int_equal(world_count(world, "C failed"), hosts->count);
  assert_int_equal(error->cause_count, hosts->count == 1 ? 0 : hosts->count);
  if (counts[KIND_SILENT] > 0) assert_int_equal(error->code, WEIR_ETIMEDOUT);
}

/* A live address is always found before the deadline, and a socket always closes once, whenever it is destroyed. */
static void whatever_the_addresses_are_the_race_ends(struct world *world) {
  uint64_t chance = 7;
  world_listen(world, NULL, world_end_on, NULL);
  for (int i = 0; i < 300; i++) {
    unsigned counts[KIND_COUNT] = {0};
    struct hosts hosts = hosts_of(world);
    weir_connect_options options = hosts_connect_options(&hosts);
    options.timeout_ms = 3000;
    draw_addresses(&hosts, &chance, counts);
    weir_socket *client = hosts_connect(&hosts, &options);
    bool is_disturbed = draw(&chance, 3) == 0;
    if (is_disturbed) world_after(world, draw(&chance, 1000), destroy_soon, client);
    world_run_until_noted(world, "C close", 1);
    world_run_for(world, 1000);
    assert_int_equal(world_count(world, "C close"), 1);
    assert_int_equal(world_count(world, "C attempt"), weir_socket_attempted(client, 0, NULL));
    if (!is_disturbed) check_undisturbed(&hosts, client, counts);
    world_forget(world);
  }
}

static const struct world_case cases[] = {
    TCP_CASE("A037 A047 EO-23", after_a_failure_the_next_address_is_tried_at_once),
    TCP_CASE("A037", a_connection_that_has_won_carries_bytes_both_ways),
    TCP_CASE("A036", what_follows_a_success_is_not_tried),
    TCP_CASE("A036 A037 EO-23", families_take_turns_beginning_with_the_first),
    TCP_CASE("A037 A047 EO-21", when_all_fail_one_error_has_every_cause),
    TCP_CASE("M59", a_socket_that_lost_every_race_connects_again),
    TCP_CASE("A348", blocked_addresses_are_passed_over),
    TCP_CASE("A348", with_every_address_blocked_nobody_is_asked),
    TCP_CASE("A037", every_attempt_connects_from_where_it_was_told),
    TCP_CASE("A048", destroyed_between_attempts_it_tries_no_further),
    TCP_CASE("A048", destroyed_in_an_attempt_it_makes_no_connection),
    TCP_CASE("A048", destroyed_while_an_attempt_is_in_flight_it_closes),
    SIM_CASE("A033 A037", past_a_silent_address_the_next_one_is_tried_after_250_ms),
    SIM_CASE("A033 A046", the_delay_is_the_users_but_at_least_10_ms),
    SIM_CASE("A037", a_failure_in_between_begins_the_delay_anew),
    SIM_CASE("A037", the_first_attempt_may_win_after_the_second_has_begun),
    SIM_CASE("A049", when_all_are_silent_the_deadline_ends_every_attempt),
    SIM_CASE("A048 A049", destroyed_in_a_time_out_of_an_attempt_it_has_no_error),
    SIM_CASE("A049", one_silent_address_ends_at_the_deadline),
    SIM_CASE("A048", destroyed_while_silent_addresses_are_tried_it_tries_no_further),
    SIM_CASE("A037", whatever_the_addresses_are_the_race_ends),
    SIM_CASE("", with_a_port_of_its_own_it_waits_for_a_failure),
    TCP_CASE("", a_loop_may_end_in_the_middle_of_a_race),
};

int main(int argc, char **argv) { return world_main(argc, argv, "race", cases, sizeof cases / sizeof *cases); }
