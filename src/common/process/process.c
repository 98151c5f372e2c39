/* SPDX-License-Identifier: MIT */
#include "common/process/process.h"

#include <assert.h>

#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/loop/forked.h"
#include "common/loop/listeners.h"
#include "common/socket/socket.h"

static void update_liveness(weir_process *process) {
  bool waits = process->state == PROCESS_RUNNING || process->state == PROCESS_ENDED;
  handle_count(&process->handle, waits && process->handle.referenced);
}

static void enter(weir_process *process, enum process_state state) {
  process->state = state;
  update_liveness(process);
}

/* ---- beginning ---- */

weir_process *process_make(weir_loop *loop, size_t stdio_count, void *user) {
  weir_process *process = memory_get_zeroed(&loop->allocator, sizeof *process + stdio_count * sizeof process->stdio[0]);
  if (process == NULL) return NULL;
  handle_init(&process->handle, loop, user);
  process->handle.kind = HANDLE_PROCESS;
  process->state = PROCESS_CLOSED;
  process->stdio_count = stdio_count;
  return process;
}

void process_began(weir_process *process) {
  handle_retain(&process->handle);
  process->id = system_child_id(process->child);
  enter(process, PROCESS_RUNNING);
}

weir_code process_refused(weir_process *process, const weir_error *error) {
  process->failure = failure_copy(&process->handle.loop->allocator, error);
  if (process->failure == NULL) return WEIR_ENOMEM;
  handle_retain(&process->handle);
  enter(process, PROCESS_FAILED);
  handle_owe(&process->handle);
  return WEIR_OK;
}

/* ---- its end ---- */

static void collect(weir_process *process) {
  system_child_collect(process->child, &process->end);
  process->child = NULL;
}

/* Nobody reads at the other end of its input any more. */
static void hear_end(void *user) {
  weir_process *process = user;
  collect(process);
  enter(process, PROCESS_ENDED);
  process_await_channel(process);
  if (process->stdio_count > 0 && process->stdio[0] != NULL) weir_socket_destroy(process->stdio[0], NULL);
  handle_owe(&process->handle);
}

/* The loop ended first: there is nobody to tell. */
static void drop_end(void *user) {
  weir_process *process = user;
  collect(process);
  handle_release(&process->handle);
}

void process_has_ended(void *user) {
  weir_process *process = user;
  process->post = (struct post){.function = hear_end, .dropped = drop_end, .user = process};
  post_send(process->handle.loop, &process->post);
}

/* What nobody has asked for flows away, or the pipes would never close. What somebody has paused is theirs. */
static void let_output_flow(weir_process *process) {
  for (size_t i = 0; i < process->stdio_count; i++) {
    weir_socket *socket = process->stdio[i];
    if (socket != NULL && socket->flow == FLOW_UNDECIDED) weir_socket_resume(socket);
  }
  if (process->channel != NULL) channel_let_flow(process->channel);
}

static void emit_exit(weir_process *process) {
  weir_event_exit end = process->end;
  weir_event event = {.type = WEIR_EVENT_EXIT, .process = process, .exit = &end};
  enter(process, PROCESS_EXITED);
  handle_emit(&process->handle, &event);
  let_output_flow(process);
}

static void emit_close(weir_process *process) {
  weir_event event = {.type = WEIR_EVENT_CLOSE, .process = process, .had_error = process->failure != NULL};
  enter(process, PROCESS_CLOSED);
  handle_emit(&process->handle, &event);
  handle_release(&process->handle);
}

static void emit_failure(weir_process *process) {
  weir_event event = {.type = WEIR_EVENT_ERROR, .process = process, .error = process->failure};
  handle_emit_error(&process->handle, &event);
  emit_close(process);
}

static void deliver(struct handle *handle) {
  weir_process *process = CONTAINER_OF(handle, weir_process, handle);
  if (process->state == PROCESS_FAILED) emit_failure(process);
  if (process->state == PROCESS_ENDED && process->holds == 0) emit_exit(process);
  if (process->state == PROCESS_EXITED && process->open == 0) emit_close(process);
}

void process_hold_exit(weir_process *process) { process->holds++; }

void process_let_exit(weir_process *process) {
  assert(process->holds > 0);
  if (--process->holds == 0) handle_owe(&process->handle);
}

void process_hold_close(weir_process *process) { process->open++; }

void process_let_close(weir_process *process) {
  assert(process->open > 0);
  if (--process->open == 0) handle_owe(&process->handle);
}

/* ---- class ---- */

/* When its end is on the way already, that is dropped with the posts. */
static void abandon(struct handle *handle) {
  weir_process *process = CONTAINER_OF(handle, weir_process, handle);
  bool is_owned = process->state != PROCESS_CLOSED;
  bool is_posted = process->child != NULL && !system_child_leave(process->child);
  if (!is_posted) process->child = NULL;
  enter(process, PROCESS_CLOSED);
  if (is_owned && !is_posted) handle_release(handle);
}

static void free_process(struct handle *handle) {
  weir_process *process = CONTAINER_OF(handle, weir_process, handle);
  for (size_t i = 0; i < process->stdio_count; i++) weir_socket_release(process->stdio[i]);
  weir_channel_release(process->channel);
  deadline_fini(&process->patience, handle->loop);
  memory_put(&handle->loop->allocator, process->failure);
  memory_put(&handle->loop->allocator, process);
}

const struct handle_class process_class = {
    .events = 1U << WEIR_EVENT_EXIT | 1U << WEIR_EVENT_ERROR | 1U << WEIR_EVENT_CLOSE,
    .deliver = deliver,
    .abandon = abandon,
    .free = free_process,
    .describe = process_describe};

/* ---- asking and telling ---- */

uint32_t weir_process_id(const weir_process *process) { return process->id; }

bool weir_process_running(const weir_process *process) { return process->child != NULL; }

weir_socket *weir_process_stdio(const weir_process *process, size_t index) {
  return index < process->stdio_count ? process->stdio[index] : NULL;
}

static bool is_signal(weir_signal_number number) {
  return (unsigned)number >= WEIR_SIGNAL_HANGUP && (unsigned)number <= WEIR_SIGNAL_KILL;
}

weir_code weir_process_kill(weir_process *process, weir_signal_number number) {
  if (process == NULL || !is_signal(number)) return WEIR_EINVAL;
  loop_check_thread(process->handle.loop);
  if (loop_is_forked(process->handle.loop)) return WEIR_EFORKED;
  return process->child == NULL ? WEIR_ESRCH : system_child_kill(process->child, number);
}

weir_code weir_process_on(weir_process *process, weir_event_type type, weir_listener listener, void *user) {
  return process == NULL ? WEIR_EINVAL : handle_listen(&process->handle, type, LISTENER_LAST, listener, user);
}

weir_code weir_process_once(weir_process *process, weir_event_type type, weir_listener listener, void *user) {
  return process == NULL ? WEIR_EINVAL : handle_listen(&process->handle, type, LISTENER_LAST_ONCE, listener, user);
}

weir_code weir_process_prepend(weir_process *process, weir_event_type type, weir_listener listener, void *user) {
  return process == NULL ? WEIR_EINVAL : handle_listen(&process->handle, type, LISTENER_FIRST, listener, user);
}

weir_code weir_process_off(weir_process *process, weir_event_type type, weir_listener listener, void *user) {
  return process == NULL ? WEIR_EINVAL : handle_unlisten(&process->handle, type, listener, user);
}

size_t weir_process_listener_count(const weir_process *process, weir_event_type type) {
  return listeners_count(&process->handle, type);
}

weir_process *weir_process_retain(weir_process *process) {
  handle_retain(&process->handle);
  return process;
}

void weir_process_release(weir_process *process) {
  if (process == NULL) return;
  loop_check_thread(process->handle.loop);
  handle_release(&process->handle);
}

weir_process *weir_process_ref(weir_process *process) {
  process->handle.referenced = true;
  update_liveness(process);
  return process;
}

weir_process *weir_process_unref(weir_process *process) {
  process->handle.referenced = false;
  update_liveness(process);
  return process;
}

bool weir_process_has_ref(const weir_process *process) { return process->handle.referenced; }

weir_loop *weir_process_loop(const weir_process *process) { return process->handle.loop; }

void *weir_process_user(const weir_process *process) { return process->handle.user; }

void weir_process_set_user(weir_process *process, void *user) { process->handle.user = user; }
