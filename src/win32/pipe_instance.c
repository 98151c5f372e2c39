/* SPDX-License-Identifier: MIT */
#include "win32/pipe_instance.h"

#include "common/memory.h"

/* A client that has written and left again is one: what it wrote is there to read. */
bool instance_has_client(DWORD error) {
  return error == ERROR_SUCCESS || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
}

/* Wine 8 ignores FILE_FLAG_FIRST_PIPE_INSTANCE; but it counts, and two who race never both count one. */
static DWORD check_first(HANDLE pipe) {
  DWORD count;
  DWORD error = os_pipe_instances(pipe, &count);
  return error == ERROR_SUCCESS && count > 1 ? ERROR_ACCESS_DENIED : error;
}

static DWORD prepare(struct backend *backend, struct instance *instance, bool first) {
  struct acceptor *acceptor = instance->acceptor;
  DWORD error = os_pipe_create(acceptor->name.text, first, &acceptor->security.attributes, &instance->pipe);
  if (error != ERROR_SUCCESS) {
    instance->pipe = NULL;
    return error;
  }
  if (first) error = check_first(instance->pipe);
  return error == ERROR_SUCCESS ? port_bind(&backend->port, instance->pipe, &instance->skips) : error;
}

/* ERROR_SUCCESS: it waits, or a client is there already. */
static DWORD wait_for_client(struct backend *backend, struct instance *instance, bool *has_client) {
  struct task *task = &instance->task;
  DWORD error = os_pipe_accept(instance->pipe, &task->overlapped);
  *has_client = port_sort(&backend->port, task, instance->skips, error) == SUBMITTED_OVER;
  return *has_client && !instance_has_client(error) ? error : ERROR_SUCCESS;
}

DWORD instance_create(struct backend *backend, struct acceptor *acceptor, bool first, task_function finish,
                      struct instance **created, bool *has_client) {
  struct instance *instance = memory_get_zeroed(backend->allocator, sizeof *instance);
  if (instance == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  instance->acceptor = acceptor;
  instance->task.finish = finish;
  DWORD error = prepare(backend, instance, first);
  if (error == ERROR_SUCCESS) error = wait_for_client(backend, instance, has_client);
  if (error != ERROR_SUCCESS) {
    instance_free(backend, instance);
    return error;
  }
  *created = instance;
  return ERROR_SUCCESS;
}

void instance_shut(struct instance *instance) {
  if (instance->pipe != NULL) os_close(instance->pipe);
  instance->pipe = NULL;
}

void instance_free(struct backend *backend, struct instance *instance) {
  instance_shut(instance);
  memory_put(backend->allocator, instance);
}
