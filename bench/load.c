/* SPDX-License-Identifier: MIT */
/*
 * load --connect ENDPOINT [OPTION...]: the load generator of the bench, on plain epoll and without a line of Weir.
 *
 * It measures from the first message, with all connections made, until the time is over or the last message has come
 * back; what is still under way is then brought to its end and compared, but no more measured.
 */
#include "load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "server_process.h"

/* A server that is silent for so long has hung. */
#define PATIENCE_SECONDS 60
#define EVENT_COUNT 1024

/* What is read at the begin and at the end of the measurement. */
struct reading {
  double seconds, cpu_seconds;
  uint64_t finished, bytes;
};

/* The server's private memory in mode idle. */
struct memory {
  uint64_t before, open, after;
};

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct reading read_now(const struct load *load) {
  struct reading reading = {.seconds = now_seconds(), .finished = load->finished, .bytes = load->bytes};
  if (load->options.server != 0) reading.cpu_seconds = server_process_cpu_seconds(load->options.server);
  return reading;
}

static uint64_t read_memory(const struct load *load) {
  return load->options.server == 0 ? 0 : server_process_private_bytes(load->options.server);
}

/* ---- Connections ---- */

static void watch(struct load *load, struct connection *connection, int operation, uint32_t interest) {
  struct epoll_event event = {.events = interest, .data = {.ptr = connection}};
  connection->interest = interest;
  if (epoll_ctl(load->epoll, operation, connection->descriptor, &event) != 0) {
    process_fail(PROCESS_FAILED, errno, "epoll_ctl");
  }
}

static void settle_interest(struct load *load, struct connection *connection) {
  bool wants_out = connection->state == CONNECTION_BUSY && connection->sent < connection->target;
  uint32_t interest = wants_out ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (interest != connection->interest) watch(load, connection, EPOLL_CTL_MOD, interest);
}

void connection_open(struct load *load, struct connection *connection) {
  *connection = (struct connection){.state = CONNECTION_BUSY, .number = load->next_number++};
  connection->descriptor = endpoint_connect(&load->endpoint, PATIENCE_SECONDS);
  load->open_count++;
  watch(load, connection, EPOLL_CTL_ADD, EPOLLIN);
}

void connection_send(struct load *load, struct connection *connection) {
  uint64_t left = connection->target - connection->sent;
  size_t length = left < PATTERN_CHUNK_BYTES ? (size_t)left : PATTERN_CHUNK_BYTES;
  if (length > load->options.size) length = load->options.size;
  if (length > 0) {
    const unsigned char *bytes = pattern_at(connection->number, connection->sent);
    ssize_t sent = send(connection->descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) process_fail(PROCESS_WRONG, errno, "the server broke off");
    if (sent > 0) connection->sent += (uint64_t)sent;
    if (sent > 0 && load->options.is_sink) load->bytes += (uint64_t)sent;
  }
  settle_interest(load, connection);
}

void connection_end(struct load *load, struct connection *connection) {
  connection->state = CONNECTION_ENDING;
  if (shutdown(connection->descriptor, SHUT_WR) != 0) process_fail(PROCESS_WRONG, errno, "the server broke off");
  settle_interest(load, connection);
}

static void take_echo(struct load *load, struct connection *connection, size_t length) {
  if (connection->received + length > connection->sent) process_fail(PROCESS_WRONG, 0, "more came than was sent");
  if (!pattern_matches(connection->number, connection->received, load->buffer, length)) {
    process_fail(PROCESS_WRONG, 0, "other bytes came than were sent");
  }
  connection->received += length;
  load->bytes += length;
}

static void take_answer(struct load *load, struct connection *connection, size_t length) {
  if (connection->state != CONNECTION_ENDING || connection->received + length > sizeof connection->answer) {
    process_fail(PROCESS_WRONG, 0, "the sink said more than a number");
  }
  memcpy(connection->answer + connection->received, load->buffer, length);
  connection->received += length;
}

static void check_end(const struct load *load, const struct connection *connection) {
  if (connection->state != CONNECTION_ENDING) process_fail(PROCESS_WRONG, 0, "the server ended too early");
  if (load->options.is_sink) {
    uint64_t number = 0;
    for (size_t at = 0; at < sizeof connection->answer; at++) number |= (uint64_t)connection->answer[at] << (8 * at);
    if (connection->received != 8 || number != connection->sent) process_fail(PROCESS_WRONG, 0, "the sink miscounted");
  } else if (connection->received != connection->sent) {
    process_fail(PROCESS_WRONG, 0, "fewer bytes came than were sent");
  }
}

static void take_end(struct load *load, struct connection *connection) {
  check_end(load, connection);
  close(connection->descriptor);
  connection->state = CONNECTION_CLOSED;
  load->open_count--;
  load_mode_find(load->options.mode)->ended(load, connection);
}

static void receive(struct load *load, struct connection *connection) {
  ssize_t received = recv(connection->descriptor, load->buffer, sizeof load->buffer, MSG_DONTWAIT);
  if (received < 0) {
    if (errno != EAGAIN) process_fail(PROCESS_WRONG, errno, "the server broke off");
  } else if (received == 0) {
    take_end(load, connection);
  } else {
    (load->options.is_sink ? take_answer : take_echo)(load, connection, (size_t)received);
    load_mode_find(load->options.mode)->advance(load, connection);
  }
}

/* ---- The loop ---- */

/* An event is of this life of its connection: one that ended in this turn has no second event in it. */
static void handle(struct load *load, const struct epoll_event *event) {
  struct connection *connection = event->data.ptr;
  if (event->events & EPOLLOUT && connection->state == CONNECTION_BUSY) {
    connection_send(load, connection);
    load_mode_find(load->options.mode)->advance(load, connection);
  }
  if (event->events & ~(uint32_t)EPOLLOUT) receive(load, connection);
}

/* Waits for at most so long, and handles what has come. Returns whether anything has. */
static bool turn(struct load *load, double seconds) {
  static struct epoll_event events[EVENT_COUNT];
  int timeout_ms = seconds <= 0 ? 0 : (int)(seconds * 1000) + 1;
  int count = epoll_wait(load->epoll, events, EVENT_COUNT, timeout_ms);
  if (count < 0 && errno != EINTR) process_fail(PROCESS_FAILED, errno, "epoll_wait");
  for (int at = 0; at < count; at++) handle(load, &events[at]);
  return count != 0;
}

static void turn_or_fail(struct load *load) {
  if (!turn(load, PATIENCE_SECONDS)) process_fail(PROCESS_WRONG, 0, "the server does not answer");
}

static bool has_finished_count(const struct load *load) {
  return load->options.count != 0 && load->finished >= load->options.count;
}

static void turn_until_deadline(struct load *load, double deadline) {
  for (double left; (left = deadline - now_seconds()) > 0;) turn(load, left);
}

/* Until the time is over, or everything that was to be sent has come back. */
static void turn_until_measured(struct load *load, double deadline) {
  if (load->options.count == 0) {
    turn_until_deadline(load, deadline);
  } else {
    while (load->open_count > 0 && !has_finished_count(load)) turn_or_fail(load);
  }
}

static void bring_to_end(struct load *load) {
  load->is_stopping = true;
  const struct mode *mode = load_mode_find(load->options.mode);
  /* Those that wait for nothing hear of it only here. */
  bool waits_for_nothing = load->options.mode == LOAD_STREAM || load->options.mode == LOAD_IDLE;
  for (size_t at = 0; at < load->options.connections; at++) {
    if (waits_for_nothing && load->connections[at].state == CONNECTION_BUSY)
      mode->advance(load, &load->connections[at]);
  }
  while (load->open_count > 0) turn_or_fail(load);
}

/* Every connection has said its word, so the server knows them all. They stay for the time that was asked for. */
static void hold_idle(struct load *load, struct memory *memory) {
  turn_until_deadline(load, now_seconds() + load->options.seconds);
  if (load->open_count != load->options.connections) process_fail(PROCESS_WRONG, 0, "the server ended too early");
  memory->open = read_memory(load);
}

/* ---- The report ---- */

static void print_cost(const struct load *load, const struct reading *start, const struct reading *stop) {
  double cpu_seconds = stop->cpu_seconds - start->cpu_seconds;
  uint64_t messages = stop->finished - start->finished;
  if (load->options.server == 0 || messages == 0) {
    printf(", \"server_cpu_seconds\": null, \"server_cpu_us_per_message\": null");
  } else {
    printf(", \"server_cpu_seconds\": %.6f, \"server_cpu_us_per_message\": %.4f", cpu_seconds,
           cpu_seconds * 1e6 / (double)messages);
  }
}

static void print_memory(const struct load *load, const struct memory *memory) {
  if (load->options.mode != LOAD_IDLE || load->options.server == 0) return;
  double connections = (double)load->options.connections;
  printf(", \"private_bytes_per_connection\": %.1f, \"private_bytes_kept_per_connection\": %.1f",
         ((double)memory->open - (double)memory->before) / connections,
         ((double)memory->after - (double)memory->before) / connections);
}

static void print_report(const struct load *load, const struct reading *start, const struct reading *stop) {
  double seconds = stop->seconds - start->seconds;
  uint64_t messages = stop->finished - start->finished;
  printf("{\"mode\": \"%s%s\", \"transport\": \"%s\", \"size\": %zu, \"connections\": %zu",
         load_mode_name(load->options.mode), load->options.is_sink ? "-sink" : "",
         load->endpoint.is_tcp ? "tcp" : "unix", load->options.size, load->options.connections);
  printf(", \"messages\": %" PRIu64 ", \"seconds\": %.6f, \"messages_per_second\": %.1f, \"bytes_per_second\": %.0f",
         messages, seconds, (double)messages / seconds, (double)(stop->bytes - start->bytes) / seconds);
  print_cost(load, start, stop);
}

/* ---- The program ---- */

static void prepare(struct load *load) {
  pattern_prepare();
  size_t limit = process_raise_descriptor_limit();
  if (load->options.connections + 16 > limit) process_fail(PROCESS_FAILED, 0, "not so many descriptors are allowed");
  load->endpoint = endpoint_read(load->options.endpoint);
  load->connections = calloc(load->options.connections, sizeof *load->connections);
  load->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (load->connections == NULL || load->epoll < 0) process_fail(PROCESS_FAILED, errno, "load");
}

static void begin(struct load *load) {
  const struct mode *mode = load_mode_find(load->options.mode);
  for (size_t at = 0; at < load->options.connections; at++) mode->begin(load, &load->connections[at]);
  /* What was to be sent may have gone at once. */
  for (size_t at = 0; at < load->options.connections; at++) {
    if (load->connections[at].state == CONNECTION_BUSY) mode->advance(load, &load->connections[at]);
  }
}

static void run(struct load *load) {
  struct memory memory = {.before = read_memory(load)};
  if (load->options.mode != LOAD_CHURN) {
    for (size_t at = 0; at < load->options.connections; at++) connection_open(load, &load->connections[at]);
  }
  struct reading start = read_now(load);
  begin(load);
  turn_until_measured(load, start.seconds + load->options.seconds);
  struct reading stop = read_now(load);
  if (load->options.mode == LOAD_IDLE) hold_idle(load, &memory);
  bring_to_end(load);
  memory.after = read_memory(load);
  print_report(load, &start, &stop);
  print_memory(load, &memory);
  puts("}");
}

int main(int argument_count, char **texts) {
  static struct load load;
  load.options = load_options_read(argument_count, texts);
  prepare(&load);
  run(&load);
  free(load.connections);
  close(load.epoll);
  return EXIT_SUCCESS;
}
