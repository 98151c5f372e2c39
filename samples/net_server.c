/* SPDX-License-Identifier: MIT */
/*
 * net_server [ENDPOINT]: says what happens to a server and its connections, and closes everything after Ctrl-C.
 *
 * It answers nothing. What it shows is an orderly end: nobody calls exit; the sockets are ended, the server is closed,
 * and when the last of them has emitted its `close` nothing is left to wait for, so that the loop returns.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

#define BACKLOG 5

/* Room for an address and a port. */
#define PLACE_BYTES (WEIR_ADDRESS_TEXT_BYTES + 8)

static const char usage[] =
    "usage: net_server [ENDPOINT]\n"
    "\n"
    "Says what happens to a server and its connections; Ctrl-C ends it.\n"
    "\n"
    "  ENDPOINT  tcp:HOST:PORT, ipc:NAME or any other; tcp:127.0.0.1:8050 when there is none\n";

struct net_server {
  const char *endpoint;
  weir_server *server;
  weir_signal *interrupt;
  struct client *clients;    /* In the order in which they came. */
  struct client **last_next; /* Where the next one is hung up. */
  int exit_code;
};

struct client {
  struct client *next;
  struct net_server *net;
  weir_socket *socket;
};

/* ---- Saying it --------------------------------------------------------------------------------------------------- */

/* Who is at the other end: "127.0.0.1:28511". Its address is still known when the socket has closed. */
static const char *write_place(const weir_socket *socket, char place[PLACE_BYTES]) {
  weir_address remote;
  if (!weir_socket_remote_address(socket, &remote)) return "undefined:undefined"; /* A local socket has none. */
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(&remote, ip, sizeof ip);
  snprintf(place, PLACE_BYTES, "%s:%d", ip, remote.port);
  return place;
}

static void print_server_address(const weir_server *server) {
  weir_address bound;
  if (!weir_server_bound_address(server, &bound)) {
    program_print("listening on  %s", weir_server_address(server));
    return;
  }
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(&bound, ip, sizeof ip);
  program_print("listening on  { address: '%s', family: 'IPv%d', port: %d }", ip, (int)bound.family, bound.port);
}

static void print_listening(const weir_server *server) {
  program_print("server.listening: %s", weir_server_listening(server) ? "true" : "false");
}

static void print_count(weir_server *server, const weir_error *error, size_t count, void *user) {
  (void)server;
  (void)error;
  (void)user;
  program_print("connection count: %zu", count);
}

/* ---- A client ---------------------------------------------------------------------------------------------------- */

static void on_client_end(const weir_event *event, void *user) {
  (void)user;
  char place[PLACE_BYTES];
  program_print("rec FIN, half close(%s)", write_place(event->socket, place));
}

static void on_client_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

static void on_client_close(const weir_event *event, void *user) {
  struct client *client = user;
  char place[PLACE_BYTES];
  program_print("fully close(%s)", write_place(event->socket, place));

  struct net_server *net = client->net;
  struct client **from = &net->clients;
  while (*from != client) from = &(*from)->next;
  *from = client->next;
  if (client->next == NULL) net->last_next = from;
  free(client);
}

static weir_code listen_to(struct client *client) {
  weir_code code = weir_socket_on(client->socket, WEIR_EVENT_END, on_client_end, NULL);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_ERROR, on_client_error, NULL);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_CLOSE, on_client_close, client);
  return code;
}

/* ---- The server -------------------------------------------------------------------------------------------------- */

static void on_connection(const weir_event *event, void *user) {
  struct net_server *net = user;
  char place[PLACE_BYTES];
  program_print("incommint connection: %s", write_place(event->connection, place));
  program_require(weir_server_get_connections(net->server, print_count, NULL), "accept", net->endpoint);

  struct client *client = calloc(1, sizeof *client);
  program_require(client != NULL ? WEIR_OK : WEIR_ENOMEM, "accept", net->endpoint);
  client->net = net;
  client->socket = event->connection;
  *net->last_next = client;
  net->last_next = &client->next;
  program_require(listen_to(client), "accept", net->endpoint);
  weir_socket_resume(client->socket); /* Nobody listens to its data, and its end comes behind them. */
}

static void on_listening(const weir_event *event, void *user) {
  struct net_server *net = user;
  print_listening(event->server);
  print_server_address(event->server);
  program_require(weir_server_get_connections(event->server, print_count, NULL), "listen", net->endpoint);
}

static void on_listening_too(const weir_event *event, void *user) {
  (void)event;
  (void)user;
  program_print("im test");
}

static void on_server_close(const weir_event *event, void *user) {
  (void)event;
  (void)user;
  program_print("server shutdown");
}

static void on_closed(weir_server *server, const weir_error *error, void *user) {
  (void)server;
  (void)error;
  (void)user;
  program_print("server.close callback");
}

static void on_server_error(const weir_event *event, void *user) {
  struct net_server *net = user;
  program_report(event->error);
  if (!weir_server_listening(event->server)) net->exit_code = EXIT_FAILURE;
}

/* Ctrl-C. From here everything ends by itself; who presses it once more ends the program at once. */
static void on_interrupt(weir_signal *signal, weir_signal_number number, void *user) {
  (void)number;
  struct net_server *net = user;
  weir_signal_stop(signal);
  program_print("server.close() called.");
  for (struct client *client = net->clients; client != NULL; client = client->next) {
    char place[PLACE_BYTES];
    program_print("connection end,  %s", write_place(client->socket, place));
    weir_socket_end(client->socket, NULL);
  }
  program_require(weir_server_get_connections(net->server, print_count, NULL), "close", net->endpoint);
  program_require(weir_server_close(net->server, on_closed, NULL), "close", net->endpoint);
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

static weir_code start_server(struct net_server *net, weir_loop *loop) {
  weir_code code = weir_server_create(loop, NULL, on_connection, net, &net->server);
  if (code == WEIR_OK) code = weir_server_on(net->server, WEIR_EVENT_LISTENING, on_listening, net);
  if (code == WEIR_OK) code = weir_server_on(net->server, WEIR_EVENT_ERROR, on_server_error, net);
  if (code == WEIR_OK) code = weir_server_on(net->server, WEIR_EVENT_CLOSE, on_server_close, NULL);
  if (code != WEIR_OK) return code;

  print_listening(net->server);
  weir_listen_options options = weir_listen_options_default();
  options.backlog = BACKLOG;
  options.listener = on_listening_too;
  return weir_server_listen(net->server, net->endpoint, &options);
}

int main(int argument_count, char **arguments) {
  struct net_server net = {.endpoint = program_endpoint(argument_count, arguments, usage, "tcp:127.0.0.1:8050")};
  net.last_next = &net.clients;
  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", "");
  program_require(start_server(&net, loop), "listen", net.endpoint);

  /* A signal alone keeps no program running. */
  program_require(weir_signal_create(loop, on_interrupt, &net, &net.interrupt), "open", "SIGINT");
  program_require(weir_signal_start(net.interrupt, WEIR_SIGNAL_INTERRUPT), "open", "SIGINT");

  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", net.endpoint);

  weir_signal_release(net.interrupt);
  weir_server_release(net.server);
  weir_loop_release(loop);
  return net.exit_code;
}
