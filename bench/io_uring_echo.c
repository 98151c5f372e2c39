/* SPDX-License-Identifier: MIT */
/*
 * io_uring_echo --listen ENDPOINT [--sink]: the other yardstick, an echo server written by hand on io_uring.
 *
 * As fast as completion allows: one accept and one receive per connection stay in the ring, what is received lies in
 * buffers that the kernel picks and is sent from there, and one system call submits and waits. A client that does not
 * take its echo is not read from while it has as many buffers as it may.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "endpoint.h"
#include "process.h"
#include "sink.h"

#define BUFFER_BYTES 65536u
#define BUFFER_COUNT 256u
#define ENTRY_COUNT 1024u
#define COMPLETION_COUNT 8192u
#define BUFFERS_EACH 4
#define MOST_DESCRIPTORS ((size_t)1 << 20)
#define NO_BUFFER (-1)

enum kind { ACCEPT, RECEIVE, SEND, CANCEL, TERMINATE };

/* A connection is found by its descriptor. What it owes its client is a chain of buffers; the first is being sent. */
struct connection {
  int first, last;
  int held;       /* Buffers of the chain. */
  uint64_t count; /* Bytes that have come; only a sink counts. */
  bool is_open, is_receiving, is_sending, is_over;
};

struct buffer {
  int next;
  uint32_t length, sent;
};

struct server {
  struct io_uring ring;
  struct io_uring_buf_ring *buffer_ring;
  char *memory;
  struct buffer buffers[BUFFER_COUNT];
  int listener, terminate;
  bool is_sink;
  struct connection *connections;
  size_t connection_limit;
};

static struct server server;

/* ---- entries ---- */

static uint64_t name_of(enum kind kind, int descriptor) { return (uint64_t)descriptor << 8 | (uint64_t)kind; }

static struct io_uring_sqe *add(void) {
  struct io_uring_sqe *entry = io_uring_get_sqe(&server.ring);
  if (entry == NULL) {
    io_uring_submit(&server.ring);
    entry = io_uring_get_sqe(&server.ring);
  }
  if (entry == NULL) process_fail(PROCESS_FAILED, 0, "the ring is full");
  return entry;
}

static void add_accept(void) {
  struct io_uring_sqe *entry = add();
  io_uring_prep_multishot_accept(entry, server.listener, NULL, NULL, SOCK_CLOEXEC);
  entry->user_data = name_of(ACCEPT, server.listener);
}

static void add_receive(int descriptor) {
  struct io_uring_sqe *entry = add();
  io_uring_prep_recv(entry, descriptor, NULL, 0, 0);
  entry->ioprio |= IORING_RECV_MULTISHOT;
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->user_data = name_of(RECEIVE, descriptor);
  server.connections[descriptor].is_receiving = true;
}

static void add_send(int descriptor) {
  struct connection *connection = &server.connections[descriptor];
  const struct buffer *buffer = &server.buffers[connection->first];
  const char *bytes = server.memory + (size_t)connection->first * BUFFER_BYTES;
  struct io_uring_sqe *entry = add();
  io_uring_prep_send(entry, descriptor, bytes + buffer->sent, buffer->length - buffer->sent, MSG_NOSIGNAL);
  entry->user_data = name_of(SEND, descriptor);
  connection->is_sending = true;
}

static void cancel_receive(int descriptor) {
  struct io_uring_sqe *entry = add();
  io_uring_prep_cancel64(entry, name_of(RECEIVE, descriptor), 0);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  entry->user_data = name_of(CANCEL, descriptor);
}

/* ---- buffers ---- */

static void give_back(int number) {
  io_uring_buf_ring_add(server.buffer_ring, server.memory + (size_t)number * BUFFER_BYTES, BUFFER_BYTES,
                        (unsigned short)number, io_uring_buf_ring_mask(BUFFER_COUNT), 0);
  io_uring_buf_ring_advance(server.buffer_ring, 1);
}

static void chain(struct connection *connection, int number, uint32_t length) {
  server.buffers[number] = (struct buffer){.next = NO_BUFFER, .length = length};
  if (connection->first == NO_BUFFER) {
    connection->first = number;
  } else {
    server.buffers[connection->last].next = number;
  }
  connection->last = number;
  connection->held++;
}

static void unchain(struct connection *connection) {
  int number = connection->first;
  connection->first = server.buffers[number].next;
  connection->held--;
  give_back(number);
}

/* ---- connections ---- */

static void answer_count(int descriptor) {
  unsigned char answer[SINK_ANSWER_BYTES];
  sink_write_answer(answer, server.connections[descriptor].count);
  send(descriptor, answer, sizeof answer, MSG_NOSIGNAL);
}

/* Closed when the ring has nothing of it any more. */
static void close_if_over(int descriptor) {
  struct connection *connection = &server.connections[descriptor];
  if (!connection->is_over || connection->is_receiving || connection->is_sending) return;
  while (connection->first != NO_BUFFER) unchain(connection);
  if (server.is_sink) answer_count(descriptor);
  *connection = (struct connection){.first = NO_BUFFER};
  close(descriptor);
}

static void fail_connection(int descriptor) {
  struct connection *connection = &server.connections[descriptor];
  if (connection->is_receiving) cancel_receive(descriptor);
  connection->is_over = true;
}

static void accepted(int result, uint32_t flags) {
  if ((flags & IORING_CQE_F_MORE) == 0) add_accept();
  if (result < 0) return;
  if ((size_t)result >= server.connection_limit) {
    close(result);
    return;
  }
  server.connections[result] = (struct connection){.first = NO_BUFFER, .is_open = true};
  add_receive(result);
}

static void take(int descriptor, int number, uint32_t length) {
  struct connection *connection = &server.connections[descriptor];
  if (server.is_sink) {
    connection->count += length;
    give_back(number);
    return;
  }
  chain(connection, number, length);
  if (!connection->is_sending) add_send(descriptor);
  if (connection->held == BUFFERS_EACH && connection->is_receiving) cancel_receive(descriptor);
}

/* -ECANCELED: it has as many buffers as it may, or it failed. -ENOBUFS: there was none, and it asks again. */
static void received(int descriptor, int result, uint32_t flags) {
  struct connection *connection = &server.connections[descriptor];
  if ((flags & IORING_CQE_F_MORE) == 0) connection->is_receiving = false;
  if (result > 0) {
    take(descriptor, (int)(flags >> IORING_CQE_BUFFER_SHIFT), (uint32_t)result);
  } else if (result != -ECANCELED && result != -ENOBUFS) {
    connection->is_over = true;
  }
  bool reads_on = !connection->is_over && !connection->is_receiving && connection->held < BUFFERS_EACH;
  if (reads_on) add_receive(descriptor);
  close_if_over(descriptor);
}

static void sent(int descriptor, int result) {
  struct connection *connection = &server.connections[descriptor];
  connection->is_sending = false;
  if (result < 0) {
    fail_connection(descriptor);
  } else {
    struct buffer *buffer = &server.buffers[connection->first];
    buffer->sent += (uint32_t)result;
    if (buffer->sent == buffer->length) unchain(connection);
    if (connection->first != NO_BUFFER) add_send(descriptor);
    if (!connection->is_receiving && !connection->is_over && connection->held < BUFFERS_EACH) add_receive(descriptor);
  }
  close_if_over(descriptor);
}

/* ---- running ---- */

/* Returns whether to go on. */
static bool handle(const struct io_uring_cqe *completion) {
  int descriptor = (int)(completion->user_data >> 8);
  switch ((enum kind)(completion->user_data & 0xFF)) {
    case ACCEPT:
      accepted(completion->res, completion->flags);
      break;
    case RECEIVE:
      received(descriptor, completion->res, completion->flags);
      break;
    case SEND:
      sent(descriptor, completion->res);
      break;
    case CANCEL:
      break;
    case TERMINATE:
      return false;
  }
  return true;
}

static void run(void) {
  for (;;) {
    int result = io_uring_submit_and_wait(&server.ring, 1);
    if (result < 0 && result != -EINTR) process_fail(PROCESS_FAILED, -result, "io_uring_enter");
    struct io_uring_cqe *completion;
    unsigned head;
    unsigned count = 0;
    io_uring_for_each_cqe(&server.ring, head, completion) {
      if (!handle(completion)) return;
      count++;
    }
    io_uring_cq_advance(&server.ring, count);
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

static void open_ring(void) {
  struct io_uring_params parameters = {.cq_entries = COMPLETION_COUNT};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  int result = io_uring_queue_init_params(ENTRY_COUNT, &server.ring, &parameters);
  if (result < 0) process_fail(PROCESS_FAILED, -result, "io_uring_setup");
}

static void open_buffers(void) {
  size_t ring_bytes = BUFFER_COUNT * sizeof(struct io_uring_buf);
  server.buffer_ring = aligned_alloc(4096, ring_bytes);
  server.memory = aligned_alloc(4096, (size_t)BUFFER_COUNT * BUFFER_BYTES);
  if (server.buffer_ring == NULL || server.memory == NULL) process_fail(PROCESS_FAILED, errno, "buffers");
  io_uring_buf_ring_init(server.buffer_ring);
  struct io_uring_buf_reg request = {.ring_addr = (uint64_t)(uintptr_t)server.buffer_ring,
                                     .ring_entries = BUFFER_COUNT};
  int result = io_uring_register_buf_ring(&server.ring, &request, 0);
  if (result < 0) process_fail(PROCESS_FAILED, -result, "buffer ring");
  for (int number = 0; number < (int)BUFFER_COUNT; number++) give_back(number);
}

static void start(const struct arguments *arguments, const struct endpoint *endpoint) {
  size_t limit = process_raise_descriptor_limit();
  server.connection_limit = limit < MOST_DESCRIPTORS ? limit : MOST_DESCRIPTORS;
  server.connections = calloc(server.connection_limit, sizeof *server.connections);
  if (server.connections == NULL) process_fail(PROCESS_FAILED, errno, "connections");
  server.is_sink = arguments->is_sink;
  server.terminate = open_terminate();
  server.listener = endpoint_listen(endpoint, ARGUMENTS_BACKLOG);
  open_ring();
  open_buffers();
  struct io_uring_sqe *entry = add();
  io_uring_prep_poll_add(entry, server.terminate, POLLIN);
  entry->user_data = name_of(TERMINATE, server.terminate);
  add_accept();
}

static void stop(const struct endpoint *endpoint) {
  io_uring_queue_exit(&server.ring);
  close(server.listener);
  endpoint_remove(endpoint);
  for (size_t descriptor = 0; descriptor < server.connection_limit; descriptor++) {
    if (server.connections[descriptor].is_open) close((int)descriptor);
  }
  free(server.connections);
  free(server.buffer_ring);
  free(server.memory);
  close(server.terminate);
}

int main(int argument_count, char **texts) {
  struct arguments arguments = arguments_read(argument_count, texts);
  if (arguments.backend != NULL && strcmp(arguments.backend, "io_uring") != 0) {
    process_fail(PROCESS_USAGE, 0, "io_uring_echo has one backend: io_uring");
  }
  struct endpoint endpoint = endpoint_read(arguments.endpoint);
  start(&arguments, &endpoint);
  arguments_say_ready();
  run();
  stop(&endpoint);
  return EXIT_SUCCESS;
}
