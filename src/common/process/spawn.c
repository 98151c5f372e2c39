/* SPDX-License-Identifier: MIT */
/*
 * From options to a child. Our ends of its pipes are sockets before it begins, so that nothing can fail behind its
 * start; when the start itself fails they close without anybody having seen them.
 */
#include <string.h>

#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/process/process.h"
#include "common/socket/socket.h"

enum { STANDARD_COUNT = 3, CHANNEL_EXTRAS = 2 };

/* A child that is to begin. */
struct spawn {
  weir_process *process;
  weir_process_options options;
  struct child_descriptor *descriptors;
  size_t count;
  intptr_t *theirs; /* the child's ends of its pipes, closed here when it has them */
  size_t theirs_count;
  struct channel_end channel; /* the child's */
  const struct child_extra *extras;
  size_t extra_count;
};

/* ---- options ---- */

static bool is_pipe(const weir_stdio *stdio) {
  return stdio->kind == WEIR_STDIO_PIPE || stdio->kind == WEIR_STDIO_CONNECTION;
}

static weir_code check_stdio(const weir_stdio *stdio) {
  if ((unsigned)stdio->kind > WEIR_STDIO_NATIVE) return WEIR_EINVAL;
  if (stdio->kind != WEIR_STDIO_SOCKET) return WEIR_OK;
  if (stdio->socket == NULL) return WEIR_EINVAL;
  return stdio->socket->life == LIFE_OPEN ? WEIR_OK : WEIR_ENOTCONN;
}

static weir_code check_options(const weir_process_options *options) {
  if (options->file == NULL || options->file[0] == '\0') return WEIR_EINVAL;
  if (options->arguments != NULL && options->arguments[0] == NULL) return WEIR_EINVAL;
  if (options->stdio == NULL && options->stdio_count > 0) return WEIR_EINVAL;
  weir_code code = WEIR_OK;
  for (size_t i = 0; i < options->stdio_count && code == WEIR_OK; i++) code = check_stdio(&options->stdio[i]);
  return code;
}

/* ---- descriptors ---- */

static void closed_here(const weir_event *event, void *process) {
  (void)event;
  process_let_close(process);
}

/* Input is for writing, output and error are for reading, and everything else is for both. */
static weir_code open_ours(weir_process *process, size_t index, intptr_t ours) {
  weir_socket *socket = NULL;
  weir_code code = weir_socket_create(process->handle.loop, NULL, &socket);
  if (code == WEIR_OK) code = weir_socket_once(socket, WEIR_EVENT_CLOSE, closed_here, process);
  if (code == WEIR_OK) code = weir_socket_open(socket, ours, index != 0, index == 0 || index >= STANDARD_COUNT);
  if (code != WEIR_OK) {
    weir_socket_release(socket);
    return code;
  }
  process->stdio[index] = socket;
  process_hold_close(process);
  return WEIR_OK;
}

static struct outcome make_pipe(struct spawn *spawn, size_t index) {
  intptr_t ours, theirs;
  bool waits = spawn->options.stdio[index].kind == WEIR_STDIO_PIPE;
  struct outcome outcome = system_connection_pair(waits, &ours, &theirs);
  if (outcome.code != WEIR_OK) return outcome;
  spawn->theirs[spawn->theirs_count++] = theirs;
  spawn->descriptors[index] = (struct child_descriptor){.source = CHILD_HAS_NATIVE, .native = theirs};
  outcome.code = open_ours(spawn->process, index, ours);
  if (outcome.code != WEIR_OK) system_connection_close(ours);
  return outcome;
}

static struct outcome share_socket(const weir_stdio *stdio, struct child_descriptor *descriptor) {
  weir_socket *socket = stdio->socket;
  *descriptor = (struct child_descriptor){.source = CHILD_HAS_NATIVE, .is_made_wait = true};
  weir_code code = socket_operations(socket)->control(socket_backend(socket), socket_connection(socket), CONTROL_NATIVE,
                                                      &descriptor->native);
  return (struct outcome){.code = code};
}

static struct outcome make_descriptor(struct spawn *spawn, size_t index) {
  const weir_stdio *stdio = &spawn->options.stdio[index];
  struct child_descriptor *descriptor = &spawn->descriptors[index];
  if (is_pipe(stdio)) return make_pipe(spawn, index);
  if (stdio->kind == WEIR_STDIO_SOCKET) return share_socket(stdio, descriptor);
  if (stdio->kind == WEIR_STDIO_NULL) descriptor->source = CHILD_HAS_NULL;
  if (stdio->kind == WEIR_STDIO_NATIVE) {
    *descriptor = (struct child_descriptor){.source = CHILD_HAS_NATIVE, .native = stdio->native};
  }
  return (struct outcome){.code = WEIR_OK};
}

static struct outcome make_descriptors(struct spawn *spawn) {
  struct outcome outcome = {.code = WEIR_OK};
  for (size_t i = 0; i < spawn->options.stdio_count && outcome.code == WEIR_OK; i++) {
    outcome = make_descriptor(spawn, i);
  }
  return outcome;
}

/* ---- starting ---- */

/* The channel's parts stand behind those of the caller. */
static struct outcome start_child(struct spawn *spawn, struct child_extra *extras) {
  const weir_process_options *options = &spawn->options;
  const char *only_name[] = {options->file, NULL};
  for (size_t i = 0; i < spawn->extra_count; i++) extras[i] = spawn->extras[i];
  size_t named = process_name_end(&spawn->channel, extras + spawn->extra_count);
  struct child_request request = {.file = options->file,
                                  .arguments = options->arguments != NULL ? options->arguments : only_name,
                                  .environment = options->environment,
                                  .directory = options->directory,
                                  .descriptors = spawn->descriptors,
                                  .descriptor_count = spawn->count,
                                  .extras = extras,
                                  .extra_count = spawn->extra_count + named,
                                  .detached = options->detached};
  return system_child_start(&request, process_has_ended, spawn->process, &spawn->process->child);
}

static struct outcome start(struct spawn *spawn, struct child_extra *extras) {
  struct outcome outcome = make_descriptors(spawn);
  if (outcome.code == WEIR_OK && spawn->options.channel) {
    outcome.code = process_open_channel(spawn->process, &spawn->channel);
  }
  if (outcome.code == WEIR_OK) outcome = start_child(spawn, extras);
  if (outcome.code == WEIR_OK) process_meet_child(spawn->process);
  for (size_t i = 0; i < spawn->theirs_count; i++) system_connection_close(spawn->theirs[i]);
  process_close_end(spawn->process, &spawn->channel);
  return outcome;
}

/* Nobody shall see a pipe without a child. */
static void drop_pipes(weir_process *process) {
  for (size_t i = 0; i < process->stdio_count; i++) {
    weir_socket *socket = process->stdio[i];
    if (socket == NULL) continue;
    weir_socket_off(socket, WEIR_EVENT_CLOSE, closed_here, process);
    weir_socket_destroy(socket, NULL);
    weir_socket_release(socket);
    process->stdio[i] = NULL;
  }
  process_drop_channel(process);
  process->open = 0;
}

/* WEIR_ENOMEM is the call's answer; everything else is the system's and becomes an event. */
static weir_code settle(struct spawn *spawn, const struct outcome *outcome) {
  if (outcome->code == WEIR_OK) {
    process_began(spawn->process);
    return WEIR_OK;
  }
  drop_pipes(spawn->process);
  if (outcome->code == WEIR_ENOMEM && outcome->native_code == 0) return WEIR_ENOMEM;
  weir_error error = {.code = outcome->code,
                      .native_code = outcome->native_code,
                      .operation = "spawn",
                      .address = spawn->options.file,
                      .hint = outcome->hint};
  return process_refused(spawn->process, &error);
}

/* Makes room for what a spawn needs and gives it back. */
static weir_code run(struct spawn *spawn) {
  const weir_allocator *allocator = &spawn->process->handle.loop->allocator;
  size_t extra_room = (spawn->extra_count + CHANNEL_EXTRAS) * sizeof(struct child_extra);
  size_t bytes = spawn->count * (sizeof *spawn->descriptors + sizeof *spawn->theirs);
  struct child_extra *extras = memory_get_zeroed(allocator, extra_room + bytes);
  if (extras == NULL) return WEIR_ENOMEM;
  spawn->descriptors = (struct child_descriptor *)(void *)((char *)extras + extra_room);
  spawn->theirs = (intptr_t *)(spawn->descriptors + spawn->count);
  struct outcome outcome = start(spawn, extras);
  memory_put(allocator, extras);
  return settle(spawn, &outcome);
}

weir_code process_spawn(weir_loop *loop, const weir_process_options *options, const struct child_extra *extras,
                        size_t extra_count, weir_process **process) {
  struct spawn spawn = {.options = weir_process_options_default(),
                        .channel = {PASSING_NONE, PASSING_NONE},
                        .extras = extras,
                        .extra_count = extra_count};
  if (loop == NULL || options == NULL || process == NULL) return WEIR_EINVAL;
  if (!versioned_read(&spawn.options, sizeof spawn.options, options)) return WEIR_EINVAL;
  loop_check_thread(loop);
  weir_code code = check_options(&spawn.options);
  if (code != WEIR_OK) return code;
  if (loop->ended) return WEIR_ECANCELED;
  if (loop->simulator != NULL) return WEIR_ENOTSUP;
  spawn.count = spawn.options.stdio_count < STANDARD_COUNT ? STANDARD_COUNT : spawn.options.stdio_count;
  spawn.process = process_make(loop, spawn.options.stdio_count, spawn.options.user);
  if (spawn.process == NULL) return WEIR_ENOMEM;
  if (spawn.options.exit != NULL) {
    code = weir_process_once(spawn.process, WEIR_EVENT_EXIT, spawn.options.exit, spawn.options.exit_user);
  }
  if (code == WEIR_OK) code = run(&spawn);
  if (code != WEIR_OK) {
    weir_process_release(spawn.process);
    return code;
  }
  *process = spawn.process;
  return WEIR_OK;
}

weir_code weir_process_spawn(weir_loop *loop, const weir_process_options *options, weir_process **process) {
  return process_spawn(loop, options, NULL, 0, process);
}
