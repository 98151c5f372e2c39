/* SPDX-License-Identifier: MIT */
/*
 * pipe_load --connect pipe:NAME [OPTION...]: the load generator for named pipes, which only Windows programs reach. It
 * takes the options of `load` and prints the same report, on a completion port and without a line of Weir.
 *
 * A pipe has no half-close, so a connection is over when everything that was sent has come back; then it is closed.
 */
#include "completion_port.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "load_options.h"
#include "pattern.h"
#include "process.h"

/* A server that is silent for so long has hung. */
#define PATIENCE_MS 60000

struct connection {
  struct transfer reading, writing;
  HANDLE pipe;
  bool has_read, has_write; /* The system has one. */
  uint64_t number;          /* Whose pattern it sends. */
  uint64_t target;          /* How far it is to send for now. */
  uint64_t sent, received;  /* Bytes. */
  unsigned char buffer[PATTERN_CHUNK_BYTES];
};

static struct load_options options;
static char name[PIPE_NAME_BYTES];
static struct connection *connections;
static size_t open_count;
static uint64_t next_number;
static uint64_t begun, finished; /* Messages. */
static uint64_t bytes;           /* That came back. */
static bool is_stopping;         /* The time is over: no new message. */

static double now_seconds(void) {
  LARGE_INTEGER now, frequency;
  QueryPerformanceCounter(&now);
  QueryPerformanceFrequency(&frequency);
  return (double)now.QuadPart / (double)frequency.QuadPart;
}

/* ---- Connections ---- */

static bool may_begin(void) { return !is_stopping && (options.count == 0 || begun < options.count); }

/* Servers have some instances waiting, and make the next when one was taken: who finds none tries again. */
static HANDLE open_pipe(void) {
  double deadline = now_seconds() + PATIENCE_MS / 1000.0;
  for (;;) {
    HANDLE pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    if (pipe != INVALID_HANDLE_VALUE) return pipe;
    DWORD error = GetLastError();
    if (error != ERROR_PIPE_BUSY || now_seconds() > deadline) process_fail(PROCESS_FAILED, (int)error, name);
    WaitNamedPipeA(name, 100);
  }
}

static void send_next(struct connection *connection) {
  uint64_t left = connection->target - connection->sent;
  if (connection->has_write || left == 0) return;
  uint64_t length = left < PATTERN_CHUNK_BYTES ? left : PATTERN_CHUNK_BYTES;
  if (length > options.size) length = options.size;
  connection->has_write = true;
  transfer_write(&connection->writing, connection->pipe, pattern_at(connection->number, connection->sent),
                 (DWORD)length);
}

static void read_next(struct connection *connection) {
  connection->has_read = true;
  transfer_read(&connection->reading, connection->pipe, connection->buffer, sizeof connection->buffer);
}

static void begin_message(struct connection *connection) {
  begun++;
  connection->target += options.size;
  send_next(connection);
}

static void write_over(struct transfer *transfer, DWORD error, DWORD count);
static void read_over(struct transfer *transfer, DWORD error, DWORD count);

static void connect_to_server(struct connection *connection) {
  connection->pipe = open_pipe();
  connection->reading.over = read_over;
  connection->writing.over = write_over;
  connection->number = next_number++;
  connection->target = connection->sent = connection->received = 0;
  open_count++;
  completion_port_bind(connection->pipe);
  read_next(connection);
}

/* ---- Modes ---- */

/* A count is shared out among the connections of a stream. */
static void begin_stream(struct connection *connection) {
  uint64_t share = options.count / options.connections;
  if (connection->number < options.count % options.connections) share++;
  connection->target = options.count == 0 ? UINT64_MAX : share * options.size;
  send_next(connection);
}

static void begin(struct connection *connection) {
  if (options.mode == LOAD_STREAM) {
    begin_stream(connection);
  } else if (may_begin()) {
    if (options.mode == LOAD_CHURN) connect_to_server(connection);
    begin_message(connection);
  }
}

/* The handle goes when the system has given both transfers back, the read as cancelled. */
static void close_connection(struct connection *connection) {
  if (connection->has_read) {
    CancelIoEx(connection->pipe, &connection->reading.overlapped);
    return;
  }
  CloseHandle(connection->pipe);
  open_count--;
  if (options.mode == LOAD_CHURN) finished++;
  if (options.mode == LOAD_CHURN) begin(connection);
}

static void come_back(struct connection *connection) {
  bool stays = options.mode == LOAD_PING_PONG;
  if (stays) finished++;
  if (stays && may_begin()) {
    begin_message(connection);
    if (!connection->has_read) read_next(connection);
  } else {
    close_connection(connection);
  }
}

static void advance(struct connection *connection) {
  if (options.mode == LOAD_STREAM) finished = bytes / options.size;
  if (options.mode == LOAD_STREAM && is_stopping && !connection->has_write) connection->target = connection->sent;
  if (!connection->has_write && connection->received == connection->target) {
    come_back(connection);
  } else {
    send_next(connection);
    if (!connection->has_read) read_next(connection);
  }
}

static struct connection *connection_at(struct transfer *transfer, size_t offset) {
  return (struct connection *)(void *)((char *)transfer - offset);
}

static void write_over(struct transfer *transfer, DWORD error, DWORD count) {
  struct connection *connection = connection_at(transfer, offsetof(struct connection, writing));
  if (error != ERROR_SUCCESS) process_fail(PROCESS_WRONG, (int)error, "the server broke off");
  connection->has_write = false;
  connection->sent += count;
  advance(connection);
}

/* A read that is cancelled was under way when all had come back. The echo may overtake the news of the write. */
static void read_over(struct transfer *transfer, DWORD error, DWORD count) {
  struct connection *connection = connection_at(transfer, offsetof(struct connection, reading));
  connection->has_read = false;
  if (error == ERROR_OPERATION_ABORTED) {
    close_connection(connection);
    return;
  }
  if (error != ERROR_SUCCESS) process_fail(PROCESS_WRONG, (int)error, "the server broke off");
  uint64_t most = connection->has_write ? connection->target : connection->sent;
  if (connection->received + count > most) process_fail(PROCESS_WRONG, 0, "more came than was sent");
  if (!pattern_matches(connection->number, connection->received, connection->buffer, count)) {
    process_fail(PROCESS_WRONG, 0, "other bytes came than were sent");
  }
  connection->received += count;
  bytes += count;
  advance(connection);
}

/* ---- The program ---- */

static bool is_measured(double deadline) {
  if (options.count == 0) return now_seconds() >= deadline;
  return open_count == 0 || finished >= options.count;
}

static void turn(void) {
  if (!completion_port_turn(PATIENCE_MS)) process_fail(PROCESS_WRONG, 0, "the server does not answer");
}

static void run(void) {
  if (options.mode != LOAD_CHURN) {
    for (size_t at = 0; at < options.connections; at++) connect_to_server(&connections[at]);
  }
  double start = now_seconds();
  for (size_t at = 0; at < options.connections; at++) begin(&connections[at]);
  while (!is_measured(start + options.seconds)) turn();
  double seconds = now_seconds() - start;
  uint64_t messages = finished, came_back = bytes;
  is_stopping = true;
  while (open_count > 0) turn();
  printf("{\"mode\": \"%s\", \"transport\": \"pipe\", \"size\": %zu, \"connections\": %zu",
         load_mode_name(options.mode), options.size, options.connections);
  printf(", \"messages\": %" PRIu64 ", \"seconds\": %.6f, \"messages_per_second\": %.1f, \"bytes_per_second\": %.0f}\n",
         messages, seconds, (double)messages / seconds, (double)came_back / seconds);
}

int main(int argument_count, char **texts) {
  options = load_options_read(argument_count, texts);
  if (options.is_sink || options.mode == LOAD_IDLE || options.server != 0) {
    process_fail(PROCESS_USAGE, 0, "pipe_load knows ping-pong, stream and churn, and no server's pid");
  }
  pipe_name_read(options.endpoint, name);
  pattern_prepare();
  connections = calloc(options.connections, sizeof *connections);
  if (connections == NULL) process_fail(PROCESS_FAILED, 0, "no memory for the connections");
  completion_port_open();
  run();
  free(connections);
  return EXIT_SUCCESS;
}
