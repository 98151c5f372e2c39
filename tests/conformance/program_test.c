/* SPDX-License-Identifier: MIT */
/*
 * Whole small programs, as the notes that this project began with have them: what each prints, in which order.
 */
#include "support/world.h"

#include <stdio.h>

/* ---- a server that is interrupted ------------------------------------------------------------------------------- */

/* What the program prints goes to P, what it prints about a connection to S1 or S2. */
struct interrupted {
  struct world *world;
  weir_server *server;
  weir_socket *sockets[2];
  weir_address peers[2]; /* over TCP: whom it printed when they came */
  size_t count;
};

static void print_count(weir_server *server, const weir_error *error, size_t count, void *user) {
  struct interrupted *program = user;
  assert_ptr_equal(server, program->server);
  assert_null(error);
  world_note(program->world, "P", "count-%u", (unsigned)count);
}

static void print_listening(const weir_event *event, void *user) {
  struct interrupted *program = user;
  world_note(program->world, "P", "listening-%s", weir_server_listening(event->server) ? "true" : "false");
  assert_string_equal(weir_server_address(event->server), world_server_name(program->world));
  weir_address address;
  assert_int_equal(weir_server_bound_address(event->server, &address), program->world->tcp);
  if (program->world->tcp) assert_int_equal(address.family, WEIR_FAMILY_IPV4);
  weir_server_get_connections(event->server, print_count, program);
}

static void print_fin(const weir_event *event, void *user) {
  struct interrupted *program = user;
  world_note(program->world, event->socket == program->sockets[0] ? "S1" : "S2", "rec-FIN");
  world_note(program->world, "P", "FIN");
}

static void print_closed(const weir_event *event, void *user) {
  struct interrupted *program = user;
  size_t index = event->socket == program->sockets[0] ? 0 : 1;
  weir_address peer;
  assert_int_equal(weir_socket_remote_address(event->socket, &peer), program->world->tcp);
  if (program->world->tcp) assert_true(weir_address_equal(&peer, &program->peers[index]));
  world_note(program->world, index == 0 ? "S1" : "S2", "fully-close");
  world_note(program->world, "P", "closed");
}

static void store_connection(const weir_event *event, void *user) {
  struct interrupted *program = user;
  weir_socket_remote_address(event->connection, &program->peers[program->count]);
  program->sockets[program->count++] = world_keep_socket(program->world, weir_socket_retain(event->connection));
  world_note(program->world, "P", "incoming");
  world_on(event->connection, WEIR_EVENT_END, print_fin, program);
  world_on(event->connection, WEIR_EVENT_CLOSE, print_closed, program);
  weir_server_get_connections(event->server, print_count, program);
}

static void print_shutdown(weir_server *server, const weir_error *error, void *user) {
  struct interrupted *program = user;
  assert_ptr_equal(server, program->server);
  assert_null(error);
  world_note(program->world, "P", "close-callback");
}

/* What its handler of Ctrl-C does. */
static void interrupt(void *user) {
  struct interrupted *program = user;
  world_note(program->world, "P", "interrupted");
  for (size_t i = 0; i < program->count; i++) weir_socket_end(program->sockets[i], NULL);
  weir_server_get_connections(program->server, print_count, program);
  assert_int_equal(weir_server_close(program->server, print_shutdown, program), WEIR_OK);
}

static void an_interrupted_server_ends_its_connections_and_then_itself(struct world *world) {
  struct interrupted program = {.world = world};
  weir_listen_options options = weir_listen_options_default();
  program.server = world_server(world, NULL, store_connection, &program);
  world_on_server(program.server, WEIR_EVENT_LISTENING, print_listening, &program);
  world_on_server(program.server, WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "P", "shutdown"));
  world_note(world, "P", "listening-%s", weir_server_listening(program.server) ? "true" : "false");
  options.backlog = 5;
  options.listener = world_note_event;
  options.user = world_mark(world, "P", "im-test");
  assert_int_equal(weir_server_listen(program.server, world->endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "P count-0", 1);
  for (size_t i = 1; i <= 2; i++) {
    world_connect(world, NULL);
    world_run_until_noted(world, i == 1 ? "P count-1" : "P count-2", 1);
  }
  world_after(world, 20, interrupt, &program);
  world_run(world);
  static const char begin[] =
      "listening-false listening-true im-test count-0 incoming count-1 incoming count-2 "
      "interrupted count-2 ";
  char one[256];
  char other[256];
  snprintf(one, sizeof one, "%s%s", begin, "FIN FIN closed closed shutdown close-callback");
  snprintf(other, sizeof other, "%s%s", begin, "FIN closed FIN closed shutdown close-callback");
  world_expect_either(world, "P", one, other);
  world_expect(world, "S1", "rec-FIN fully-close");
  world_expect(world, "S2", "rec-FIN fully-close");
}

/* ---- a server that counts its clients --------------------------------------------------------------------------- */

struct counting {
  struct world *world;
  int clients;
};

/* What all listeners of one connection share. */
struct visit {
  struct counting *program;
  int number;
};

static void print_end(const weir_event *event, void *unused) {
  (void)unused;
  const struct visit *visit = weir_socket_user(event->socket);
  world_note(visit->program->world, "P", "ends-%d", visit->number);
}

static void print_close(const weir_event *event, void *visits) {
  const struct visit *visit = weir_socket_user(event->socket);
  assert_ptr_equal(visit, (struct visit *)visits + visit->number - 1);
  world_note(visit->program->world, "P", "closed-%d", visit->number);
}

static void ignore_data(const weir_event *event, void *unused) {
  (void)event;
  (void)unused;
}

static void count_client(const weir_event *event, void *user) {
  struct visit *visits = user;
  struct counting *program = visits[0].program;
  struct visit *visit = &visits[program->clients++];
  char text[16];
  *visit = (struct visit){program, program->clients};
  weir_socket_set_user(event->connection, visit);
  world_on(event->connection, WEIR_EVENT_DATA, ignore_data, NULL);
  world_on(event->connection, WEIR_EVENT_END, print_end, NULL);
  world_on(event->connection, WEIR_EVENT_CLOSE, print_close, visits);
  snprintf(text, sizeof text, "%d;", program->clients);
  world_write(event->connection, text);
}

static void end_at_semicolon(const weir_event *event, void *unused) {
  (void)unused;
  const char *bytes = event->data.bytes;
  if (bytes[event->data.length - 1] == ';') weir_socket_end(event->socket, NULL);
}

static void print_address(const weir_event *event, void *world) {
  world_note(world, "P", "%s", weir_server_address(event->server)[0] ? "at-an-address" : "nowhere");
}

static void print_failure(const weir_event *event, void *world) {
  world_note(world, "P", "%s", weir_code_name(event->error->code));
}

static void listen_and_print(struct world *world, weir_server *server) {
  weir_listen_options options = weir_listen_options_default();
  options.listener = print_address;
  options.user = world;
  world_on_server(server, WEIR_EVENT_ERROR, print_failure, world);
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  world_run_for(world, 10);
}

/* Each client is done before the next comes, as in the notes' test. */
static void a_counting_server_numbers_its_clients(struct world *world) {
  struct counting program = {world, 0};
  struct visit visits[8] = {{&program, 0}};
  weir_server *server = world_server(world, NULL, count_client, visits);
  listen_and_print(world, server);
  weir_server *second = world_server(world, NULL, NULL, NULL);
  listen_and_print(world, second);
  world_on_server(server, WEIR_EVENT_CONNECTION, world_note_event, world_mark(world, "P", "comes"));
  for (size_t i = 1; i <= 3; i++) {
    weir_socket *client = world_connect(world, NULL);
    world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
    world_on(client, WEIR_EVENT_DATA, end_at_semicolon, NULL);
    world_run_until_noted(world, "C close", i);
    world_run_until_noted(world, i == 1 ? "P closed-1" : i == 2 ? "P closed-2" : "P closed-3", 1);
  }
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "P",
               "at-an-address EADDRINUSE comes ends-1 closed-1 comes ends-2 closed-2 comes ends-3 closed-3");
  world_expect(world, "C",
               "connect data(1;) finish end close(false) connect data(2;) finish end close(false) "
               "connect data(3;) finish end close(false)");
}

/* ---- a chat room ------------------------------------------------------------------------------------------------ */

struct room {
  struct world *world;
  weir_socket *guests[3];
  size_t count;
};

static void greet_guest(weir_server *server, const weir_error *error, size_t count, void *guest) {
  (void)server;
  assert_null(error);
  char text[64];
  snprintf(text, sizeof text, "\xe4\xbd\xa0\xe6\x98\xaf%u ", (unsigned)count);
  world_write(guest, text);
}

static void tell_the_others(const weir_event *event, void *user) {
  struct room *room = user;
  for (size_t i = 0; i < room->count; i++)
    if (room->guests[i] != event->socket) weir_socket_write(room->guests[i], event->data.bytes, event->data.length);
}

static void let_in(const weir_event *event, void *user) {
  struct room *room = user;
  room->guests[room->count++] = world_keep_socket(room->world, weir_socket_retain(event->connection));
  assert_int_equal(weir_socket_set_encoding(event->connection, WEIR_ENCODING_UTF8), WEIR_OK);
  weir_server_get_connections(event->server, greet_guest, event->connection);
  world_on(event->connection, WEIR_EVENT_DATA, tell_the_others, room);
}

static weir_socket *enter(struct world *world, const char *name, const char *greeting) {
  char noted[64];
  weir_socket *guest = world_connect(world, NULL);
  world_trace_socket(world, guest, name, WORLD_TRACE_DATA);
  snprintf(noted, sizeof noted, "%s data(\xe4\xbd\xa0\xe6\x98\xaf%s )", name, greeting);
  world_run_until_noted(world, noted, 1);
  return guest;
}

static void what_one_says_in_a_chat_room_reaches_all_others(struct world *world) {
  struct room room = {.world = world};
  weir_server *server = world_listen(world, NULL, let_in, &room);
  weir_socket *guests[3] = {enter(world, "A", "1"), enter(world, "B", "2"), enter(world, "C", "3")};
  world_write(guests[0], "hej!");
  world_run_until_noted(world,
                        "B data(\xe4\xbd\xa0\xe6\x98\xaf"
                        "2 hej!)",
                        1);
  world_run_until_noted(world,
                        "C data(\xe4\xbd\xa0\xe6\x98\xaf"
                        "3 hej!)",
                        1);
  weir_server_close(server, NULL, NULL);
  for (size_t i = 0; i < 3; i++) weir_socket_end(guests[i], NULL);
  world_run(world);
  world_expect(world, "A",
               "connect data(\xe4\xbd\xa0\xe6\x98\xaf"
               "1 ) finish end close(false)");
  world_expect(world, "B",
               "connect data(\xe4\xbd\xa0\xe6\x98\xaf"
               "2 hej!) finish end close(false)");
  world_expect(world, "C",
               "connect data(\xe4\xbd\xa0\xe6\x98\xaf"
               "3 hej!) finish end close(false)");
}

/* ---- the examples of Node's documentation ----------------------------------------------------------------------- */

static void say_hello_and_echo(const weir_event *event, void *world) {
  world_note(world, "P", "client-connected");
  world_on(event->connection, WEIR_EVENT_END, world_note_event, world_mark(world, "P", "client-disconnected"));
  world_write(event->connection, "hello\r\n");
  assert_int_equal(weir_socket_pipe(event->connection, event->connection, WEIR_PIPE_DEFAULT), WEIR_OK);
}

static void say_world(const weir_event *event, void *unused) {
  (void)unused;
  world_write(event->socket, "world!\r\n");
}

static void end_after_everything(const weir_event *event, void *unused) {
  (void)unused;
  if (weir_socket_bytes_read(event->socket) == strlen("hello\r\nworld!\r\n")) weir_socket_end(event->socket, NULL);
}

static void the_echo_server_of_the_documentation(struct world *world) {
  weir_server *server = world_listen(world, NULL, say_hello_and_echo, world);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  world_on(client, WEIR_EVENT_CONNECT, say_world, NULL);
  world_on(client, WEIR_EVENT_DATA, end_after_everything, NULL);
  world_run_until_noted(world, "C connect", 1);
  world_run_until_noted(world, "P client-connected", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "P", "client-connected client-disconnected");
  world_expect(world, "C", "connect data(hello\\r\\nworld!\\r\\n) finish end close(false)");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-15 S021 S022 S023 S024 S025 S026 S027 S028 S031 S032 S033 S034 X06",
               an_interrupted_server_ends_its_connections_and_then_itself),
    WORLD_CASE("S173 S174 S176 S177 S180 S181 S182 S184", a_counting_server_numbers_its_clients),
    WORLD_CASE("S185 X17", what_one_says_in_a_chat_room_reaches_all_others),
    WORLD_CASE("S001 S002 S016 S017 S035 S036 S065 S136 S138 S142 S169", the_echo_server_of_the_documentation),
};

int main(int argc, char **argv) { return world_main(argc, argv, "program", cases, sizeof cases / sizeof *cases); }
