/* SPDX-License-Identifier: MIT */
#include "win32/connection.h"

#include <assert.h>

#include "win32/error.h"

bool connection_with_system(const struct connection *connection) {
  return connection->read.pending || connection->write.pending;
}

DWORD connection_watch(struct backend *backend, struct connection *connection) {
  connection->skips = false;
  DWORD error = watch_start(backend->allocator, backend->port.handle, &connection->read.watch);
  if (error != ERROR_SUCCESS) return error;
  error = watch_start(backend->allocator, backend->port.handle, &connection->write.watch);
  if (error != ERROR_SUCCESS) watch_stop(backend->allocator, &connection->read.watch);
  return error;
}

void connection_unwatch(struct backend *backend, struct connection *connection) {
  watch_stop(backend->allocator, &connection->read.watch);
  watch_stop(backend->allocator, &connection->write.watch);
}

static void forget(struct task *task) {
  if (!task->pending) list_remove(&task->link);
}

void connection_begin_close(struct connection *connection) {
  assert(connection->life == CONNECTION_OPEN);
  connection->life = CONNECTION_CLOSING;
  forget(&connection->read);
  forget(&connection->write);
}

void connection_cancel(struct connection *connection, HANDLE file) {
  if (connection->read.pending) os_cancel(file, &connection->read.overlapped);
  if (connection->write.pending) os_cancel(file, &connection->write.overlapped);
}

static enum operation finish_close(struct backend *backend, struct task *task, struct completion *completion) {
  return connection_finish_close(backend, CONTAINER_OF(task, struct connection, read), completion);
}

void connection_end_close(struct backend *backend, struct connection *connection) {
  if (connection_with_system(connection)) return;
  connection->read.finish = finish_close;
  port_append(&backend->port, &connection->read);
}

enum operation connection_finish_close(struct backend *backend, struct connection *connection,
                                       struct completion *completion) {
  assert(connection->life == CONNECTION_CLOSING);
  if (connection_with_system(connection)) return OPERATION_NONE;
  completion->connection = connection;
  completion->result = 0;
  connection_unwatch(backend, connection);
  if (connection->detaching == DETACHING_REFUSED) {
    error_complete(completion, ERROR_PLACE_OPEN, ERROR_NOT_SUPPORTED);
    completion->hint = "something was still being written, or had been read that only this loop can keep";
  }
  connection->kind->give_back(backend, connection, completion);
  return OPERATION_CLOSE;
}
