/* SPDX-License-Identifier: MIT */
/*
 * ev_echo --listen ENDPOINT [--sink]: libev, which tells what is ready and leaves the rest to its user.
 *
 * So this is epoll_echo's way of reading and writing under libev's watchers: one of them a connection, which watches
 * for room instead of for bytes while the client does not take what it sent.
 */
#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../arguments.h"
#include "../endpoint.h"
#include "../process.h"
#include "../sink.h"

struct connection {
  ev_io watcher; /* First: a watcher is found in its connection. */
  char *rest;    /* What the client has not taken yet, or NULL. */
  size_t rest_at, rest_length;
  uint64_t count; /* Bytes that have come; only a sink counts. */
};

static bool is_sink;
static char buffer[65536];

static void close_connection(struct ev_loop *loop, struct connection *connection) {
  ev_io_stop(loop, &connection->watcher);
  close(connection->watcher.fd);
  free(connection->rest);
  free(connection);
}

static void watch_for(struct ev_loop *loop, ev_io *watcher, int events) {
  ev_io_stop(loop, watcher);
  ev_io_set(watcher, watcher->fd, events);
  ev_io_start(loop, watcher);
}

static void keep_rest(struct ev_loop *loop, struct connection *connection, const char *bytes, size_t length) {
  connection->rest = malloc(length);
  if (connection->rest == NULL) {
    close_connection(loop, connection);
    return;
  }
  memcpy(connection->rest, bytes, length);
  connection->rest_at = 0;
  connection->rest_length = length;
  watch_for(loop, &connection->watcher, EV_WRITE);
}

static void send_rest(struct ev_loop *loop, struct connection *connection) {
  size_t left = connection->rest_length - connection->rest_at;
  ssize_t sent = send(connection->watcher.fd, connection->rest + connection->rest_at, left, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN) close_connection(loop, connection);
    return;
  }
  connection->rest_at += (size_t)sent;
  if (connection->rest_at < connection->rest_length) return;
  free(connection->rest);
  connection->rest = NULL;
  watch_for(loop, &connection->watcher, EV_READ);
}

static void echo(struct ev_loop *loop, struct connection *connection, size_t length) {
  ssize_t sent = send(connection->watcher.fd, buffer, length, MSG_NOSIGNAL);
  if (sent == (ssize_t)length) return;
  if (sent < 0 && errno != EAGAIN) {
    close_connection(loop, connection);
    return;
  }
  size_t taken = sent < 0 ? 0 : (size_t)sent;
  keep_rest(loop, connection, buffer + taken, length - taken);
}

static void end_connection(struct ev_loop *loop, struct connection *connection) {
  unsigned char answer[SINK_ANSWER_BYTES];
  sink_write_answer(answer, connection->count);
  if (is_sink) send(connection->watcher.fd, answer, sizeof answer, MSG_NOSIGNAL);
  close_connection(loop, connection);
}

static void receive(struct ev_loop *loop, struct connection *connection) {
  ssize_t received = recv(connection->watcher.fd, buffer, sizeof buffer, 0);
  if (received > 0 && is_sink) {
    connection->count += (uint64_t)received;
  } else if (received > 0) {
    echo(loop, connection, (size_t)received);
  } else if (received == 0) {
    end_connection(loop, connection);
  } else if (errno != EAGAIN) {
    close_connection(loop, connection);
  }
}

static void serve(struct ev_loop *loop, ev_io *watcher, int events) {
  struct connection *connection = (struct connection *)watcher;
  if (events & EV_WRITE) {
    send_rest(loop, connection);
  } else {
    receive(loop, connection);
  }
}

static void accept_clients(struct ev_loop *loop, ev_io *listener, int events) {
  (void)events;
  for (;;) {
    int descriptor = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
      close(descriptor);
      return;
    }
    ev_io_init(&connection->watcher, serve, descriptor, EV_READ);
    ev_io_start(loop, &connection->watcher);
  }
}

static void terminate(struct ev_loop *loop, ev_signal *watcher, int events) {
  (void)watcher;
  (void)events;
  ev_break(loop, EVBREAK_ALL);
}

/* Open connections end with the process, as libev's users let them. */
int main(int argument_count, char **texts) {
  struct arguments arguments = arguments_read(argument_count, texts);
  struct endpoint endpoint = endpoint_read(arguments.endpoint);
  is_sink = arguments.is_sink;
  process_raise_descriptor_limit();

  struct ev_loop *loop = ev_default_loop(0);
  if (loop == NULL) process_fail(PROCESS_FAILED, 0, "ev_default_loop");
  ev_io listener;
  ev_io_init(&listener, accept_clients, endpoint_listen(&endpoint, ARGUMENTS_BACKLOG), EV_READ);
  ev_io_start(loop, &listener);
  ev_signal terminating;
  ev_signal_init(&terminating, terminate, SIGTERM);
  ev_signal_start(loop, &terminating);

  arguments_say_ready();
  ev_run(loop, 0);

  close(listener.fd);
  endpoint_remove(&endpoint);
  return EXIT_SUCCESS;
}
