/* SPDX-License-Identifier: MIT */
/*
 * load --connect ENDPOINT [OPTION...]: the load generator of the bench, on plain epoll and without a line of Weir.
 *
 * It measures from the first message, or from the end of the warm-up, with all connections made, until the time is over
 * or the last message has come back; what is still under way is then brought to its end and compared, but no more
 * measured.
 */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load_report.h"
#include "process.h"

/* A server that is silent for so long has hung. */
#define PATIENCE_SECONDS 60
#define EVENT_COUNT 1024

uint64_t load_clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static double now_seconds(void) { return (double)load_clock_ns() / 1e9; }

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
    bool is_whole = connection->received == sizeof connection->answer;
    if (!is_whole || sink_read_answer(connection->answer) != connection->sent) {
      process_fail(PROCESS_WRONG, 0, "the sink miscounted");
    }
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

/* The active ones are spread evenly over all. */
static bool is_silent(const struct load *load, size_t at) {
  return at * load->options.active % load->options.connections >= load->options.active;
}

static void bring_to_end(struct load *load) {
  load->is_stopping = true;
  const struct mode *mode = load_mode_find(load->options.mode);
  /* Those that wait for nothing hear of it only here. */
  bool waits_for_nothing = load->options.mode == LOAD_STREAM || load->options.mode == LOAD_IDLE;
  for (size_t at = 0; at < load->options.connections; at++) {
    struct connection *connection = &load->connections[at];
    if (connection->state != CONNECTION_BUSY) continue;
    if (is_silent(load, at)) {
      connection_end(load, connection);
    } else if (waits_for_nothing) {
      mode->advance(load, connection);
    }
  }
  while (load->open_count > 0) turn_or_fail(load);
}

/* They stay for the time that was asked for, and the server must let them. */
static void hold_idle(struct load *load) {
  turn_until_deadline(load, now_seconds() + load->options.seconds);
  if (load->open_count != load->options.connections) process_fail(PROCESS_WRONG, 0, "the server ended too early");
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

static void open_all(struct load *load) {
  for (size_t at = 0; at < load->options.connections; at++) connection_open(load, &load->connections[at]);
}

static void begin(struct load *load) {
  const struct mode *mode = load_mode_find(load->options.mode);
  for (size_t at = 0; at < load->options.connections; at++) {
    load->now_ns = load_clock_ns();
    if (!is_silent(load, at)) mode->begin(load, &load->connections[at]);
  }
  /* What was to be sent may have gone at once. */
  for (size_t at = 0; at < load->options.connections; at++) {
    if (load->connections[at].state == CONNECTION_BUSY && !is_silent(load, at)) {
      mode->advance(load, &load->connections[at]);
    }
  }
}

static void run(struct load *load) {
  struct report report = {0};
  size_t descriptors = report_server_descriptors(load);
  report.memory_before = report_server_memory(load);
  if (load->options.mode != LOAD_CHURN) open_all(load);
  if (load->options.mode == LOAD_IDLE || load->options.active < load->options.connections) {
    report_await_descriptors(load, descriptors + load->options.connections);
  }
  report.memory_silent = report_server_memory(load);
  report.start = report_read(load);
  begin(load);
  if (load->options.count == 0 && load->options.warm_up_seconds > 0) {
    turn_until_deadline(load, report.start.seconds + load->options.warm_up_seconds);
    load->latencies = (struct histogram){0};
    report.start = report_read(load);
  }
  turn_until_measured(load, report.start.seconds + load->options.seconds);
  report.stop = report_read(load);
  if (load->options.mode == LOAD_IDLE) hold_idle(load);
  report.memory_open = report_server_memory(load);
  bring_to_end(load);
  report.memory_after = report_server_memory(load);
  report_print(load, &report);
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
