/* SPDX-License-Identifier: MIT */
/*
 * Connecting to a host's name: what its look-up tells, how it fails, and what happens to a socket that thinks better of
 * it meanwhile. Which of several addresses is connected to is in race_test.
 */
#include <stdio.h>

#include "support/hosts.h"
#include "support/world.h"

#define TCP_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "hosts have names for TCP")

#define SIM_CASE(rows, function)                                                           \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL | WORLD_NOT_WINDOWS | WORLD_NOT_POSIX, \
                    "only a simulated world has names of a case's own and an exact clock")

/* ---- parts ------------------------------------------------------------------------------------------------------ */

/* What is noted of the one address that the hosts have, up to its attempt. */
static const char *found(const struct hosts *hosts) {
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(&hosts->here, ip, sizeof ip);
  return world_format(hosts->world, "lookup(%s) attempt(%s)%s", ip, ip, hosts->world->simulated ? " at(0)" : "");
}

static void expect_error(weir_socket *socket, weir_code code, const char *operation, const char *address) {
  const weir_error *error = weir_socket_error(socket);
  assert_non_null(error);
  assert_int_equal(error->code, code);
  assert_string_equal(error->operation, operation);
  assert_string_equal(error->address, address);
  assert_int_equal(error->cause_count, 0);
}

/* ---- found ------------------------------------------------------------------------------------------------------ */

static void a_name_is_looked_up_and_then_connected_to(struct world *world) {
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, world_end_on, NULL);
  hosts_add_here(&hosts);
  hosts_connect(&hosts, NULL);
  assert_int_equal(hosts.asked, 0);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(hosts.asked, 1);
  assert_string_equal(hosts.host, "host.test");
  assert_int_equal(hosts.family, WEIR_FAMILY_NONE);
  world_expect(world, "C", world_format(world, "%s connect end finish close(false)", found(&hosts)));
}

static void note_host(const weir_event *event, void *world) {
  world_note(world, "C", "host(%s)", event->lookup->host);
  assert_null(event->lookup->error);
  assert_int_equal(event->lookup->address->port, WEIR_NO_PORT);
}

static void a_look_up_tells_the_name(struct world *world) {
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, world_end_on, NULL);
  hosts_add_here(&hosts);
  world_on(hosts_connect(&hosts, NULL), WEIR_EVENT_LOOKUP, note_host, world);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "C host(host.test)"), 1);
}

static void without_a_host_it_is_this_machine(struct world *world) {
  static const char *const before_port[] = {"tcp:", "tcp:*:", "tcp::"};
  struct hosts hosts = hosts_of(world);
  world_listen(world, NULL, world_end_on, NULL);
  hosts_add_here(&hosts);
  for (size_t i = 0; i < sizeof before_port / sizeof *before_port; i++) {
    snprintf(hosts.endpoint, sizeof hosts.endpoint, "%s%d", before_port[i], hosts.here.port);
    hosts_connect(&hosts, NULL);
    world_run_until_noted(world, "C close", i + 1);
    assert_string_equal(hosts.host, "localhost");
  }
  assert_int_equal(world_count(world, "C connect"), 3);
}

static void localhost_needs_no_resolver_of_the_program(struct world *world) {
  weir_address address;
  weir_socket *client = world_socket(world, NULL);
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  assert_int_equal(weir_server_listen(server, "tcp:0", NULL), WEIR_OK);
  assert_true(weir_server_bound_address(server, &address));
  hosts_trace(world, client, "C");
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_connect(client, world_format(world, "tcp:localhost:%d", address.port), NULL), WEIR_OK);
  world_run_until_noted(world, "C close", 1);
  assert_true(world_count(world, "C lookup") > 0);
  assert_int_equal(world_count(world, "C connect"), 1);
  assert_int_equal(world_count(world, "C close(false)"), 1);
}

static void a_family_is_asked_for(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  world_listen(world, NULL, world_end_on, NULL);
  hosts_add_here(&hosts);
  options.family = WEIR_FAMILY_IPV4;
  hosts_connect(&hosts, &options);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(hosts.family, WEIR_FAMILY_IPV4);
  options.family = WEIR_FAMILY_NONE;
  options.local_address = "127.0.0.1";
  hosts_connect(&hosts, &options);
  world_run_until_noted(world, "C close", 2);
  assert_int_equal(hosts.family, WEIR_FAMILY_IPV4);
}

static void the_first_address_alone_may_be_asked_for(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  world_listen(world, NULL, NULL, NULL);
  hosts_add_closed(&hosts, 0);
  hosts_add_here(&hosts);
  options.first_address_only = true;
  weir_socket *client = hosts_connect(&hosts, &options);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "C lookup"), 1);
  assert_int_equal(world_count(world, "C attempt"), 1);
  assert_int_equal(world_count(world, "C error(ECONNREFUSED)"), 1);
  assert_int_equal(weir_socket_attempted(client, 0, NULL), 1);
  assert_int_equal(weir_socket_error(client)->cause_count, 0);
}

static void a_slow_look_up_is_waited_for(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_socket *client = world_socket(world, NULL);
  world_listen(world, NULL, world_end_on, NULL);
  assert_int_equal(weir_sim_add_host(world->sim, "slow.test", &hosts.here, 1, 300), WEIR_OK);
  hosts_trace(world, client, "C");
  assert_int_equal(weir_socket_connect(client, world_format(world, "tcp:slow.test:%d", hosts.here.port), NULL),
                   WEIR_OK);
  world_run_until_noted(world, "C attempt", 1);
  world_expect(world, "C", "lookup(127.0.0.1) attempt(127.0.0.1) at(300)");
}

/* ---- not found -------------------------------------------------------------------------------------------------- */

static void a_name_that_nobody_knows_fails_the_socket(struct world *world) {
  struct hosts hosts = hosts_of(world);
  hosts.code = WEIR_ENOTFOUND;
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_write_noted(world, client, "C", "queued");
  world_run(world);
  world_expect(world, "C", "lookup(ENOTFOUND) error(ENOTFOUND) write-cb(ECANCELED) close(true)");
  expect_error(client, WEIR_ENOTFOUND, "lookup", "host.test");
  assert_int_equal(weir_socket_attempted(client, 0, NULL), 0);
}

/* A machine without a network may say that nobody answers, instead of that nobody knows. */
static void the_system_does_not_know_an_invalid_name(struct world *world) {
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  assert_int_equal(weir_socket_connect(client, "tcp:no-such-host.invalid:80", NULL), WEIR_OK);
  world_run_until_noted(world, "C close", 1);
  world_expect_either(world, "C", "error(ENOTFOUND) close(true)", "error(EAGAIN) close(true)");
  assert_string_equal(weir_socket_error(client)->operation, "lookup");
  assert_string_equal(weir_socket_error(client)->address, "no-such-host.invalid");
}

static void an_end_before_a_failed_look_up_is_canceled(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  hosts.code = WEIR_ENOTFOUND;
  options.listener = world_note_event;
  options.user = world_mark(world, "C", "connect-cb");
  weir_socket *client = hosts_connect(&hosts, &options);
  world_end_noted(world, client, "C", NULL);
  world_run(world);
  world_expect(world, "C", "lookup(ENOTFOUND) error(ENOTFOUND) end-cb(ECANCELED) close(true)");
}

static void expect_bad_answer(struct hosts *hosts, const weir_connect_options *options) {
  weir_socket *client = hosts_connect(hosts, options);
  world_run_until_noted(hosts->world, "C close", 1);
  world_expect(hosts->world, "C", "lookup(EINVAL) error(EINVAL) close(true)");
  expect_error(client, WEIR_EINVAL, "lookup", "host.test");
  world_forget(hosts->world);
}

static void answers_that_make_no_sense_are_errors(struct world *world) {
  struct hosts nothing = hosts_of(world);
  expect_bad_answer(&nothing, NULL);
  struct hosts no_family = hosts_of(world);
  no_family.addresses[no_family.count++] = (weir_address){.family = WEIR_FAMILY_NONE};
  expect_bad_answer(&no_family, NULL);
  struct hosts strange = hosts_of(world);
  strange.addresses[strange.count++] = (weir_address){.family = (weir_family)100};
  expect_bad_answer(&strange, NULL);
  struct hosts other = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&other);
  options.family = WEIR_FAMILY_IPV6;
  hosts_add_here(&other);
  expect_bad_answer(&other, &options);
}

static void a_blocked_address_is_not_connected_to(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  weir_block_list *list = NULL;
  assert_int_equal(weir_block_list_create(NULL, &list), WEIR_OK);
  assert_int_equal(weir_block_list_add(list, "127.0.0.0/8"), WEIR_OK);
  options.block_list = list;
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, &options);
  weir_block_list_release(list);
  world_run(world);
  assert_int_equal(world_count(world, "C lookup"), 1);
  assert_int_equal(world_count(world, "C attempt"), 0);
  expect_error(client, WEIR_EBLOCKED, "connect", world->endpoint + strlen("tcp:"));
}

/* ---- meanwhile -------------------------------------------------------------------------------------------------- */

static void destroyed_during_the_look_up_it_hears_nothing_of_it(struct world *world) {
  struct hosts hosts = hosts_of(world);
  hosts.held = true;
  hosts_add_here(&hosts);
  weir_socket *client = hosts_connect(&hosts, NULL);
  world_run_for(world, 10);
  assert_int_equal(hosts.asked, 1);
  assert_true(weir_socket_connecting(client));
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_EALREADY);
  weir_socket_destroy(client, NULL);
  world_run(world);
  hosts_answer(&hosts);
  world_run(world);
  world_expect(world, "C", "close(false)");
}

static void destroyed_in_lookup_it_hears_of_no_further_address(struct world *world) {
  struct hosts hosts = hosts_of(world);
  hosts_add_here(&hosts);
  hosts_add(&hosts, "::1");
  weir_socket *client = world_socket(world, NULL);
  weir_connect_options options = hosts_connect_options(&hosts);
  world_on(client, WEIR_EVENT_LOOKUP, world_destroy_on, NULL);
  world_on(client, WEIR_EVENT_LOOKUP, world_note_event, world_mark(world, "C", "further-listener"));
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  hosts_trace(world, client, "C");
  assert_int_equal(weir_socket_connect(client, hosts.endpoint, &options), WEIR_OK);
  world_run(world);
  world_expect(world, "C", "close(false)");
}

static void destroyed_in_a_failed_lookup_it_has_no_error(struct world *world) {
  struct hosts hosts = hosts_of(world);
  hosts.code = WEIR_ENOTFOUND;
  world_on(hosts_connect(&hosts, NULL), WEIR_EVENT_LOOKUP, world_destroy_on, NULL);
  world_run(world);
  world_expect(world, "C", "lookup(ENOTFOUND) close(false)");
}

static void connect_on(const weir_event *event, void *user) {
  const struct hosts *hosts = user;
  weir_socket_destroy(event->socket, NULL);
  assert_int_equal(weir_socket_connect(event->socket, hosts->world->endpoint, NULL), WEIR_OK);
}

static void a_listener_of_lookup_may_connect_elsewhere(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  world_listen(world, NULL, world_end_on, NULL);
  hosts_add_closed(&hosts, 0);
  hosts_add_closed(&hosts, 1);
  weir_socket *client = world_socket(world, NULL);
  world_on(client, WEIR_EVENT_LOOKUP, connect_on, &hosts);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_connect(client, hosts.endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "C close", 2);
  world_expect(world, "C", "close(false) connect end finish close(false)");
}

static void a_look_up_ends_at_the_deadline(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  hosts.held = true;
  options.timeout_ms = 20;
  weir_socket *client = hosts_connect(&hosts, &options);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "lookup(ETIMEDOUT) error(ETIMEDOUT) close(true)");
  expect_error(client, WEIR_ETIMEDOUT, "lookup", "host.test");
  hosts_answer(&hosts);
  world_run(world);
}

static void the_deadline_covers_look_up_and_attempts(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  world_listen(world, NULL, world_end_on, NULL);
  hosts.held = true;
  hosts_add_here(&hosts);
  options.timeout_ms = 10000;
  world_after(world, 30, hosts_answer, &hosts);
  hosts_connect(&hosts, &options);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "C connect"), 1);
  world_expect_before(world, "C lookup", "C connect");
}

static const struct world_case cases[] = {
    TCP_CASE("A041 EO-23 S079 S093 S126 S129", a_name_is_looked_up_and_then_connected_to),
    TCP_CASE("A041 A044 S079", a_look_up_tells_the_name),
    TCP_CASE("S089 S126 S129", without_a_host_it_is_this_machine),
    TCP_CASE("A044 S089 S126 S129", localhost_needs_no_resolver_of_the_program),
    SIM_CASE("S079", a_slow_look_up_is_waited_for),
    TCP_CASE("A040 S092", a_family_is_asked_for),
    TCP_CASE("A034 A035", the_first_address_alone_may_be_asked_for),
    TCP_CASE("A038 A042 EO-23 S079", a_name_that_nobody_knows_fails_the_socket),
    TCP_CASE("A038 A042", the_system_does_not_know_an_invalid_name),
    TCP_CASE("A022", an_end_before_a_failed_look_up_is_canceled),
    TCP_CASE("A039 A041 A045 EO-23", answers_that_make_no_sense_are_errors),
    TCP_CASE("A348", a_blocked_address_is_not_connected_to),
    TCP_CASE("A100 EO-23", destroyed_during_the_look_up_it_hears_nothing_of_it),
    TCP_CASE("A050", destroyed_in_lookup_it_hears_of_no_further_address),
    TCP_CASE("A050 EO-23", destroyed_in_a_failed_lookup_it_has_no_error),
    TCP_CASE("A050", a_listener_of_lookup_may_connect_elsewhere),
    TCP_CASE("", a_look_up_ends_at_the_deadline),
    TCP_CASE("", the_deadline_covers_look_up_and_attempts),
};

int main(int argc, char **argv) { return world_main(argc, argv, "lookup", cases, sizeof cases / sizeof *cases); }
