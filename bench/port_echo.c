/* SPDX-License-Identifier: MIT */
/*
 * port_echo --listen pipe:NAME: the yardstick on Windows, an echo server written by hand on one completion port.
 *
 * A connection owns a buffer and has one transfer under way, which reads and then writes what was read; nothing is
 * looked up and nothing allocated but with a connection. The system's calls say what it costs, as a program would
 * write them that does only this.
 */
#include "completion_port.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "process.h"

#define BUFFER_BYTES 65536
#define WAITING_COUNT 256

struct connection {
  struct transfer transfer; /* First: it leads here. */
  HANDLE pipe;
  DWORD at, length; /* Of the buffer: what is still to be written. */
  unsigned char buffer[BUFFER_BYTES];
};

static char name[PIPE_NAME_BYTES];

static void read_over(struct transfer *transfer, DWORD error, DWORD count);
static void accept_over(struct transfer *transfer, DWORD error, DWORD count);

static struct connection *connection_of(struct transfer *transfer) {
  return (struct connection *)(void *)((char *)transfer - offsetof(struct connection, transfer));
}

/* One more instance of the pipe, waiting for its client. */
static void await_client(DWORD first) {
  struct connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) process_fail(PROCESS_FAILED, 0, "no memory for a connection");
  connection->pipe = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
                                      PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                                      PIPE_UNLIMITED_INSTANCES, BUFFER_BYTES, BUFFER_BYTES, 0, NULL);
  if (connection->pipe == INVALID_HANDLE_VALUE) process_fail(PROCESS_FAILED, (int)GetLastError(), name);
  completion_port_bind(connection->pipe);
  connection->transfer.over = accept_over;
  transfer_accept(&connection->transfer, connection->pipe);
}

static void close_connection(struct connection *connection) {
  CloseHandle(connection->pipe);
  free(connection);
}

static void read_next(struct connection *connection) {
  connection->transfer.over = read_over;
  transfer_read(&connection->transfer, connection->pipe, connection->buffer, BUFFER_BYTES);
}

static void write_over(struct transfer *transfer, DWORD error, DWORD count) {
  struct connection *connection = connection_of(transfer);
  connection->at += count;
  if (error != ERROR_SUCCESS) {
    close_connection(connection);
  } else if (connection->at < connection->length) {
    transfer_write(transfer, connection->pipe, connection->buffer + connection->at,
                   connection->length - connection->at);
  } else {
    read_next(connection);
  }
}

static void read_over(struct transfer *transfer, DWORD error, DWORD count) {
  struct connection *connection = connection_of(transfer);
  if (error != ERROR_SUCCESS) {
    close_connection(connection);
    return;
  }
  connection->at = 0;
  connection->length = count;
  transfer->over = write_over;
  transfer_write(transfer, connection->pipe, connection->buffer, count);
}

static void accept_over(struct transfer *transfer, DWORD error, DWORD count) {
  struct connection *connection = connection_of(transfer);
  (void)count;
  await_client(0);
  /* No data: a client that has left again, and what it wrote is there to read. */
  if (error == ERROR_SUCCESS || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA) {
    read_next(connection);
  } else {
    close_connection(connection);
  }
}

int main(int argument_count, char **texts) {
  struct arguments arguments = arguments_read(argument_count, texts);
  if (arguments.is_sink || arguments.backend != NULL) {
    process_fail(PROCESS_USAGE, 0, "port_echo is no sink and has one backend");
  }
  pipe_name_read(arguments.endpoint, name);
  completion_port_open();
  await_client(FILE_FLAG_FIRST_PIPE_INSTANCE);
  for (int count = 1; count < WAITING_COUNT; count++) await_client(0);
  arguments_say_ready();
  for (;;) completion_port_turn(INFINITE);
}
