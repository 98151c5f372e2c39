/* SPDX-License-Identifier: MIT */
/*
 * Children that take part in connections: a socket as a child's output, a server on what it inherited, one that
 * outlives who started it, ports in common, and a peer that is killed.
 */
#include "support/further_loop.h"
#include "support/native.h"
#include "support/program.h"
#include "support/world.h"

#define NOTHING \
  { .kind = WEIR_STDIO_NULL }
#define PIPE \
  { .kind = WEIR_STDIO_PIPE }

#define DESCRIPTOR_CASE(rows, function)                                \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM | WORLD_NOT_WINDOWS, \
                    "a server that was inherited is a descriptor's; on Windows servers go through channels")

/* ---- a socket as output ----------------------------------------------------------------------------------------- */

static void end_when_it_has_ended(const weir_event *event, void *socket) {
  (void)event;
  weir_socket_end(socket, NULL);
}

static void give_as_output(const weir_event *event, void *world) {
  weir_process_options options = program_options(WORDS("print", "for the client"));
  options.stdio = (const weir_stdio[]){NOTHING, {.kind = WEIR_STDIO_SOCKET, .socket = event->connection}, NOTHING};
  struct program *program = program_start(world, "P", &options);
  assert_int_equal(weir_process_on(program->process, WEIR_EVENT_CLOSE, end_when_it_has_ended, event->connection),
                   WEIR_OK);
}

static void a_socket_is_the_output_of_a_child(struct world *world) {
  weir_server *server = world_listen(world, NULL, give_as_output, world);
  weir_socket *client = world_connect_traced(world, "C");
  world_on(client, WEIR_EVENT_END, world_close_server_on, server);
  world_trace_server(world, server, "V");
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  world_expect(world, "C", "connect data(for the client) end finish close(false)");
  world_expect(world, "V", "connection close");
}

/* The first client is the input of a child that copies, the second one its output. */
struct pair_of_clients {
  struct world *world;
  weir_socket *input;
  weir_socket *output;
};

static void end_both(const weir_event *event, void *user) {
  const struct pair_of_clients *clients = user;
  (void)event;
  weir_socket_destroy(clients->input, NULL);
  weir_socket_end(clients->output, NULL);
}

static void give_both(const weir_event *event, void *user) {
  struct pair_of_clients *clients = user;
  if (clients->input == NULL) {
    clients->input = event->connection;
    return;
  }
  clients->output = event->connection;
  weir_socket_resume(clients->output);
  weir_process_options options = program_options(WORDS("echo"));
  options.stdio = (const weir_stdio[]){{.kind = WEIR_STDIO_SOCKET, .socket = clients->input},
                                       {.kind = WEIR_STDIO_SOCKET, .socket = clients->output},
                                       NOTHING};
  struct program *program = program_start(clients->world, "P", &options);
  assert_int_equal(weir_process_on(program->process, WEIR_EVENT_CLOSE, end_both, clients), WEIR_OK);
}

static void sockets_are_the_input_and_the_output_of_a_child(struct world *world) {
  struct pair_of_clients clients = {.world = world};
  weir_server_options options = weir_server_options_default();
  options.pause_on_connect = true; /* what comes is the child's to read */
  weir_server *server = world_listen(world, &options, give_both, &clients);
  weir_socket *speaker = world_connect_traced(world, "S");
  world_write(speaker, "from one to the other");
  weir_socket_end(speaker, NULL);
  world_run_until_noted(world, "S finish", 1);
  weir_socket *hearer = world_connect_traced(world, "H");
  world_on(hearer, WEIR_EVENT_END, world_close_server_on, server);
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  world_expect(world, "H", "connect data(from one to the other) end finish close(false)");
}

/* ---- a peer that is killed -------------------------------------------------------------------------------------- */

static bool ignore_bytes(weir_socket *socket, void *bytes, size_t length, void *user) {
  (void)socket, (void)bytes, (void)length, (void)user;
  return true;
}

static void await_listening(struct program *program) {
  while (strcmp(program->output.text, "listening\n") != 0) {
    assert_string_equal(program->complaints.text, "");
    assert_false(program->closed);
    weir_loop_run(program->world->loop, WEIR_RUN_ONCE);
  }
}

static void a_peer_that_is_killed_ends_the_connection(struct world *world) {
  char buffer[16];
  weir_socket_options options = weir_socket_options_default();
  options.onread = ignore_bytes;
  options.onread_buffer = buffer;
  options.onread_size = sizeof buffer;
  struct program *program = program_do(world, "P", WORDS("serve", world->endpoint));
  await_listening(program);
  weir_socket *client = world_connect(world, &options);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "C connect", 1);
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_KILL), WEIR_OK);
  world_run(world);
  world_expect(world, "P", "exit(SIGKILL) close");
  world_expect_either(world, "C", "connect end finish close(false)", "connect error(ECONNRESET) close(true)");
}

/* ---- servers on what was inherited ------------------------------------------------------------------------------ */

/* A client that hears "served" and an end; with `last` the server hears something, and closes. */
static void visit(struct world *world, const char *name, const char *last) {
  weir_socket *client = world_connect_traced(world, name);
  if (last != NULL) world_write(client, last);
  world_run_until_noted(world, world_format(world, "%s close", name), 1);
  world_expect(world, name, "connect data(served) end finish close(false)");
}

static struct program *start_on(struct world *world, const char *word, intptr_t native) {
  weir_process_options options = program_options(WORDS(word, "3"));
  options.stdio = (const weir_stdio[]){NOTHING, PIPE, PIPE, {.kind = WEIR_STDIO_NATIVE, .native = native}};
  options.stdio_count = 4;
  struct program *program = program_start(world, "P", &options);
  native_close(native);
  return program;
}

static void a_child_serves_on_an_inherited_descriptor(struct world *world) {
  struct program *program = start_on(world, "listen", native_bound(world->endpoint, 16));
  await_listening(program);
  visit(world, "A", NULL);
  visit(world, "B", "stop");
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  assert_string_equal(program->complaints.text, "");
}

/* Who started it has ended, and everything that is known of it is where it listens. */
static void a_detached_child_serves_on_when_its_parent_has_gone(struct world *world) {
  struct program *program = start_on(world, "leave", native_bound(world->endpoint, 16));
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  assert_string_equal(program->complaints.text, "");
  visit(world, "A", NULL);
  visit(world, "B", "stop");
  world_run(world);
}

static void a_name_is_free_again_whatever_children_run(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  struct program *program = program_do(world, "P", WORDS("await"));
  world_trace_server(world, server, "V");
  weir_server_close(server, NULL, NULL);
  world_run_until_noted(world, "V close", 1);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  world_expect(world, "V", "close listening");
  weir_server_close(server, NULL, NULL);
  weir_socket_end(weir_process_stdio(program->process, 0), NULL);
  world_run(world);
  world_expect(world, "P", "exit(0) close");
}

/* ---- without its loop ------------------------------------------------------------------------------------------- */

static void stop_loop(const weir_event *event, void *loop) {
  (void)event;
  weir_loop_stop(loop);
}

/* What nobody hears of any more is collected all the same. */
static void a_child_goes_on_when_its_loop_has_ended(struct world *world) {
  weir_loop *loop = further_loop(world);
  weir_process *process = NULL;
  weir_process_options options = program_options(WORDS("answer", world->endpoint));
  assert_int_equal(weir_process_spawn(loop, &options, &process), WEIR_OK);
  weir_socket_on(weir_process_stdio(process, 1), WEIR_EVENT_DATA, stop_loop, loop);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 1);
  weir_loop_release(loop);
  uint32_t id = weir_process_id(process);
  assert_int_equal(weir_process_kill(process, WEIR_SIGNAL_KILL), WEIR_ESRCH);
  weir_process_release(process);
  assert_true(native_process_is_there(id));
  visit(world, "A", NULL);
  visit(world, "B", "stop");
  for (unsigned i = 0; native_process_is_there(id); i++) {
    assert_in_range(i, 0, 2000);
    native_pause_ms(10);
  }
}

/* ---- ports in common -------------------------------------------------------------------------------------------- */

static void children_listen_at_the_parents_port(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  weir_listen_options options = weir_listen_options_default();
  options.reuse_port = true;
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  world_trace_server(world, server, "V");
  world_run_until_noted(world, "V listening", 1);
  struct program *one = program_do(world, "P", WORDS("share", world->endpoint));
  struct program *two = program_do(world, "Q", WORDS("share", world->endpoint));
  await_listening(one);
  await_listening(two);
  weir_server_close(server, NULL, NULL);
  world_run_until_noted(world, "V close", 1);
  visit(world, "C", NULL);
  weir_process_kill(one->process, WEIR_SIGNAL_KILL);
  program_await(one);
  visit(world, "D", NULL);
  weir_process_kill(two->process, WEIR_SIGNAL_KILL);
  world_run(world);
  world_expect(world, "V", "listening close");
}

static const struct world_case cases[] = {
    PROGRAM_CASE("A265", a_socket_is_the_output_of_a_child),
    PROGRAM_CASE("A176", sockets_are_the_input_and_the_output_of_a_child),
    PROGRAM_CASE("A099", a_peer_that_is_killed_ends_the_connection),
    DESCRIPTOR_CASE("A288 A292", a_child_serves_on_an_inherited_descriptor),
    DESCRIPTOR_CASE("A289 A290", a_detached_child_serves_on_when_its_parent_has_gone),
    PROGRAM_CASE("A293", a_name_is_free_again_whatever_children_run),
    PROGRAM_CASE("", a_child_goes_on_when_its_loop_has_ended),
    WORLD_CASE_EXCEPT("A266", children_listen_at_the_parents_port, WORLD_NOT_SIM | WORLD_NOT_WINDOWS | WORLD_NOT_LOCAL,
                      "no port there can be had twice"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "inherit", cases, sizeof cases / sizeof cases[0]); }
