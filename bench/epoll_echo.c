/* SPDX-License-Identifier: MIT */
/*
 * epoll_echo --listen ENDPOINT [--sink]: the yardstick, an echo server written by hand.
 *
 * As fast as readiness allows: level-triggered epoll, one buffer for all, one recv and one send for a message, no
 * epoll_ctl while traffic is steady, nothing looked up and nothing allocated. What a client does not take at once is
 * kept in memory of its own, and nothing more is read from it meanwhile.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "endpoint.h"
#include "process.h"
#include "sink.h"

#define BUFFER_BYTES 65536
#define EVENT_COUNT 1024
#define MOST_DESCRIPTORS ((size_t)1 << 20)

/* A connection is found by its descriptor: no memory to get, none to give back. */
struct connection {
  char *rest; /* What the client has not taken yet, or NULL. */
  size_t rest_at, rest_length;
  uint64_t count; /* Bytes that have come; only a sink counts. */
  bool is_open;
};

struct server {
  int epoll, listener, terminate;
  bool is_sink;
  struct connection *connections;
  size_t connection_limit;
  char buffer[BUFFER_BYTES];
};

static struct server server;

static void watch(int descriptor, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
  if (epoll_ctl(server.epoll, operation, descriptor, &event) != 0) process_fail(PROCESS_FAILED, errno, "epoll_ctl");
}

static void close_connection(int descriptor) {
  struct connection *connection = &server.connections[descriptor];
  free(connection->rest);
  *connection = (struct connection){0};
  close(descriptor);
}

/* Until nobody waits: a burst of clients costs one turn. */
static void accept_clients(void) {
  for (;;) {
    int descriptor = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    if ((size_t)descriptor >= server.connection_limit) {
      close(descriptor);
      continue;
    }
    server.connections[descriptor].is_open = true;
    watch(descriptor, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static void keep_rest(int descriptor, const char *bytes, size_t length) {
  struct connection *connection = &server.connections[descriptor];
  connection->rest = malloc(length);
  if (connection->rest == NULL) {
    close_connection(descriptor);
    return;
  }
  memcpy(connection->rest, bytes, length);
  connection->rest_at = 0;
  connection->rest_length = length;
  watch(descriptor, EPOLL_CTL_MOD, EPOLLOUT);
}

static void send_rest(int descriptor) {
  struct connection *connection = &server.connections[descriptor];
  size_t left = connection->rest_length - connection->rest_at;
  ssize_t sent = send(descriptor, connection->rest + connection->rest_at, left, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN) close_connection(descriptor);
    return;
  }
  connection->rest_at += (size_t)sent;
  if (connection->rest_at < connection->rest_length) return;
  free(connection->rest);
  connection->rest = NULL;
  watch(descriptor, EPOLL_CTL_MOD, EPOLLIN);
}

static void answer_count(int descriptor) {
  unsigned char answer[SINK_ANSWER_BYTES];
  sink_write_answer(answer, server.connections[descriptor].count);
  send(descriptor, answer, sizeof answer, MSG_NOSIGNAL);
}

static void end_connection(int descriptor) {
  if (server.is_sink) answer_count(descriptor);
  close_connection(descriptor);
}

static void echo(int descriptor, size_t length) {
  ssize_t sent = send(descriptor, server.buffer, length, MSG_NOSIGNAL);
  if (sent == (ssize_t)length) return;
  if (sent < 0 && errno != EAGAIN) {
    close_connection(descriptor);
    return;
  }
  size_t taken = sent < 0 ? 0 : (size_t)sent;
  keep_rest(descriptor, server.buffer + taken, length - taken);
}

/* One recv: what is left brings the next event. */
static void receive(int descriptor) {
  ssize_t received = recv(descriptor, server.buffer, sizeof server.buffer, 0);
  if (received > 0 && server.is_sink) {
    server.connections[descriptor].count += (uint64_t)received;
  } else if (received > 0) {
    echo(descriptor, (size_t)received);
  } else if (received == 0) {
    end_connection(descriptor);
  } else if (errno != EAGAIN) {
    close_connection(descriptor);
  }
}

/* Returns whether to go on. */
static bool handle(int descriptor) {
  if (descriptor == server.terminate) return false;
  if (descriptor == server.listener) {
    accept_clients();
  } else if (server.connections[descriptor].rest != NULL) {
    send_rest(descriptor);
  } else {
    receive(descriptor);
  }
  return true;
}

static void run(void) {
  static struct epoll_event events[EVENT_COUNT];
  for (;;) {
    int count = epoll_wait(server.epoll, events, EVENT_COUNT, -1);
    if (count < 0 && errno != EINTR) process_fail(PROCESS_FAILED, errno, "epoll_wait");
    for (int at = 0; at < count; at++) {
      if (!handle(events[at].data.fd)) return;
    }
  }
}

static int open_terminate(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) process_fail(PROCESS_FAILED, errno, "signalfd");
  return descriptor;
}

static void start(const struct arguments *arguments, const struct endpoint *endpoint) {
  size_t limit = process_raise_descriptor_limit();
  server.connection_limit = limit < MOST_DESCRIPTORS ? limit : MOST_DESCRIPTORS;
  server.connections = calloc(server.connection_limit, sizeof *server.connections);
  if (server.connections == NULL) process_fail(PROCESS_FAILED, errno, "connections");
  server.is_sink = arguments->is_sink;
  server.terminate = open_terminate();
  server.listener = endpoint_listen(endpoint, ARGUMENTS_BACKLOG);
  server.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (server.epoll < 0) process_fail(PROCESS_FAILED, errno, "epoll_create1");
  watch(server.terminate, EPOLL_CTL_ADD, EPOLLIN);
  watch(server.listener, EPOLL_CTL_ADD, EPOLLIN);
}

static void stop(const struct endpoint *endpoint) {
  close(server.listener);
  endpoint_remove(endpoint);
  for (size_t descriptor = 0; descriptor < server.connection_limit; descriptor++) {
    if (server.connections[descriptor].is_open) close_connection((int)descriptor);
  }
  free(server.connections);
  close(server.epoll);
  close(server.terminate);
}

int main(int argument_count, char **texts) {
  struct arguments arguments = arguments_read(argument_count, texts);
  if (arguments.backend != NULL && strcmp(arguments.backend, "epoll") != 0) {
    process_fail(PROCESS_USAGE, 0, "epoll_echo has one backend: epoll");
  }
  struct endpoint endpoint = endpoint_read(arguments.endpoint);
  start(&arguments, &endpoint);
  arguments_say_ready();
  run();
  stop(&endpoint);
  return EXIT_SUCCESS;
}
