/* SPDX-License-Identifier: MIT */
/*
 * The channel to a child. Our end is open before the child begins, so that nothing can fail behind its start. What the
 * child said before its end is heard before `exit`: that waits until our end has closed. Should somebody else hold the
 * child's end, who need not ever close it, it waits for a moment only.
 */
#include <string.h>

#include "common/channel/channel.h"
#include "common/process/process.h"

/* How long `exit` waits for a channel that somebody else keeps open. */
enum { PATIENCE_MS = 1000 };

static const struct passing_operations *passing_of(const weir_process *process) {
  return process->handle.loop->operations->passing;
}

/* ---- what waits for it ---- */

static void let_exit(weir_process *process) {
  if (!process->holds_exit_for_channel) return;
  process->holds_exit_for_channel = false;
  deadline_clear(&process->patience, process->handle.loop);
  process_let_exit(process);
}

void process_lose_patience(struct deadline *deadline) { let_exit(CONTAINER_OF(deadline, weir_process, patience)); }

static void hear_close(const weir_event *event, void *user) {
  weir_process *process = user;
  (void)event;
  handle_retain(&process->handle);
  let_exit(process);
  process_let_close(process);
  handle_release(&process->handle);
}

void process_await_channel(weir_process *process) {
  if (!process->holds_exit_for_channel) return;
  deadline_set_after(&process->patience, process->handle.loop, PATIENCE_MS);
}

/* ---- before and behind the start ---- */

weir_code process_open_channel(weir_process *process, struct channel_end *theirs) {
  weir_loop *loop = process->handle.loop;
  struct channel_end ends[2];
  if (passing_of(process) == NULL) return WEIR_ENOTSUP;
  weir_code code = deadline_init(&process->patience, loop, DEADLINE_PROCESS);
  if (code == WEIR_OK) code = passing_of(process)->create(loop->backend, ends);
  if (code != WEIR_OK) return code;
  code = channel_open(loop, &ends[0], &process->channel);
  if (code != WEIR_OK) passing_of(process)->close(loop->backend, &ends[0]);
  if (code == WEIR_OK) code = weir_channel_once(process->channel, WEIR_EVENT_CLOSE, hear_close, process);
  if (code != WEIR_OK) {
    process_close_end(process, &ends[1]);
    return code;
  }
  process_hold_exit(process);
  process_hold_close(process);
  process->holds_exit_for_channel = true;
  *theirs = ends[1];
  return WEIR_OK;
}

size_t process_name_end(const struct channel_end *end, struct child_extra extras[2]) {
  if (end->stream == PASSING_NONE) return 0;
  extras[0] = (struct child_extra){.variable = "WEIR_CHANNEL", .native = end->stream};
  extras[1] = (struct child_extra){.variable = "WEIR_CHANNEL_PASSAGE", .native = end->passage};
  return end->passage == PASSING_NONE ? 1 : 2;
}

void process_close_end(weir_process *process, struct channel_end *end) {
  if (end->stream != PASSING_NONE) passing_of(process)->close(process->handle.loop->backend, end);
  *end = (struct channel_end){PASSING_NONE, PASSING_NONE};
}

/* A child that nothing can be passed to hears messages all the same. */
void process_meet_child(weir_process *process) {
  if (process->channel != NULL) channel_meet(process->channel, system_child_native(process->child));
}

void process_drop_channel(weir_process *process) {
  if (process->channel == NULL) return;
  weir_channel_off(process->channel, WEIR_EVENT_CLOSE, hear_close, process);
  weir_channel_destroy(process->channel);
  weir_channel_release(process->channel);
  process->channel = NULL;
  process->holds = 0;
  process->holds_exit_for_channel = false;
}

weir_channel *weir_process_channel(const weir_process *process) { return process->channel; }
