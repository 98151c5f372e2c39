/* SPDX-License-Identifier: MIT */
/* Two servers of a loop that listen at one place: both accept, and each closes for itself. */
#include "support/pair.h"

static weir_server *listen_shared(struct world *world, weir_server *other, const char *name,
                                  struct world_accepted *kept) {
  weir_server *server = world_server(world, NULL, world_keep_on, kept);
  kept->world = world;
  world_trace_server(world, server, name);
  assert_int_equal(weir_server_listen_shared(server, other, NULL), WEIR_OK);
  return server;
}

static void connect_many(struct world *world, size_t count) {
  for (size_t i = 0; i < count; i++) {
    world_connect_traced(world, "C");
    world_run_until_noted(world, "C connect", i + 1);
  }
}

static void wait_for_all(struct world *world, const struct world_accepted *one, const struct world_accepted *other,
                         size_t count) {
  while (one->count + other->count < count) world_run_for(world, 1);
}

static void both_servers_have_one_address(struct world *world) {
  struct world_accepted mine = {.trace = 0};
  weir_server *first = world_listen(world, NULL, NULL, NULL);
  weir_server *second = listen_shared(world, first, "B", &mine);
  world_run_until_noted(world, "B listening", 1);
  weir_address addresses[2];
  assert_string_equal(weir_server_address(first), weir_server_address(second));
  bool has_one = weir_server_bound_address(first, &addresses[0]);
  assert_int_equal(weir_server_bound_address(second, &addresses[1]), has_one);
  assert_memory_equal(&addresses[0], &addresses[1], sizeof addresses[0]);
}

static void every_client_comes_to_one_of_them(struct world *world) {
  struct world_accepted at_first = {.trace = 0};
  struct world_accepted at_second = {.trace = 0};
  weir_server *first = world_listen_and_keep(world, &at_first);
  listen_shared(world, first, "B", &at_second);
  world_run_until_noted(world, "B listening", 1);
  connect_many(world, 20);
  wait_for_all(world, &at_first, &at_second, 20);
  assert_int_equal(at_first.count + at_second.count, 20);
}

static void the_second_goes_on_when_the_first_closes(struct world *world) {
  struct world_accepted at_second = {.trace = 0};
  weir_server *first = world_listen(world, NULL, NULL, NULL);
  weir_server *second = listen_shared(world, first, "B", &at_second);
  world_run_until_noted(world, "B listening", 1);
  weir_server_close(first, NULL, NULL);
  connect_many(world, 3);
  while (at_second.count < 3) world_run_for(world, 1);
  weir_server_close(second, NULL, NULL);
  weir_server_destroy_connections(second);
  assert_false(weir_server_listening(second));
}

static void the_first_goes_on_when_the_second_closes(struct world *world) {
  struct world_accepted at_first = {.trace = 0};
  struct world_accepted at_second = {.trace = 0};
  weir_server *first = world_listen_and_keep(world, &at_first);
  weir_server *second = listen_shared(world, first, "B", &at_second);
  weir_server_close(second, NULL, NULL);
  world_run_until_noted(world, "B close", 1);
  world_expect(world, "B", "close");
  connect_many(world, 3);
  while (at_first.count < 3) world_run_for(world, 1);
  assert_int_equal(at_second.count, 0);
}

static void the_name_is_free_when_both_have_closed(struct world *world) {
  struct world_accepted at_second = {.trace = 0};
  weir_server *first = world_listen(world, NULL, NULL, NULL);
  weir_server *second = listen_shared(world, first, "B", &at_second);
  weir_server *third = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, third, "T");
  world_run_until_noted(world, "B listening", 1);
  weir_server_close(first, NULL, NULL);
  assert_int_equal(weir_server_listen(third, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "T error", 1);
  weir_server_close(second, NULL, NULL);
  assert_int_equal(weir_server_listen(third, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "T listening", 1);
  world_expect(world, "T", "error(EADDRINUSE) listening");
}

static void a_server_that_does_not_listen_cannot_be_shared(struct world *world) {
  weir_server *idle = world_server(world, NULL, NULL, NULL);
  weir_server *server = world_server(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_listen_shared(server, idle, NULL), WEIR_ENOTOPEN);
  assert_int_equal(weir_server_listen_shared(server, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_server_listen_shared(NULL, idle, NULL), WEIR_EINVAL);
  weir_server *listening = world_listen(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_listen_shared(listening, listening, NULL), WEIR_EALREADY);
  assert_false(weir_server_listening(server));
}

static void a_cancellation_closes_one_of_them(struct world *world) {
  struct world_accepted at_first = {.trace = 0};
  weir_server *first = world_listen_and_keep(world, &at_first);
  weir_server *second = world_server(world, NULL, NULL, NULL);
  weir_cancellation *cancellation = NULL;
  weir_listen_options options = weir_listen_options_default();
  world_trace_server(world, second, "B");
  assert_int_equal(weir_cancellation_create(world->loop, &cancellation), WEIR_OK);
  options.cancellation = cancellation;
  assert_int_equal(weir_server_listen_shared(second, first, &options), WEIR_OK);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
  world_run_until_noted(world, "B close", 1);
  assert_true(weir_server_listening(first));
}

static void pipes_cannot_be_shared(struct world *world) {
  struct world_accepted mine = {.trace = 0};
  weir_server *first = world_listen(world, NULL, NULL, NULL);
  listen_shared(world, first, "B", &mine);
  world_run_until_noted(world, "B error", 1);
  world_expect(world, "B", "error(ENOTSUP)");
}

#define NOT_PIPES(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_PIPES, "pipes cannot be shared")

static const struct world_case cases[] = {
    NOT_PIPES("S006 S045", both_servers_have_one_address),
    NOT_PIPES("S006 S045 EO-55", every_client_comes_to_one_of_them),
    NOT_PIPES("EO-55", the_second_goes_on_when_the_first_closes),
    NOT_PIPES("EO-55", the_first_goes_on_when_the_second_closes),
    NOT_PIPES("", the_name_is_free_when_both_have_closed),
    WORLD_CASE("", a_server_that_does_not_listen_cannot_be_shared),
    NOT_PIPES("A356", a_cancellation_closes_one_of_them),
    WORLD_CASE_EXCEPT("", pipes_cannot_be_shared, WORLD_NOT_SIM | WORLD_NOT_POSIX | WORLD_NOT_TCP, "anything else can"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "shared", cases, sizeof cases / sizeof *cases); }
