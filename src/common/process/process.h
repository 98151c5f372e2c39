/* SPDX-License-Identifier: MIT */
/*
 * A child process from inside. spawn.c starts it, process.c is everything after.
 *
 *   RUNNING --the system says so--> ENDED --nothing holds `exit` back: emitted--> EXITED --nothing is open: `close`-->
 *   CLOSED        never started: FAILED --`error` and `close` emitted--> CLOSED
 *
 * The loop owns it until CLOSED. The end is noticed on a thread of the system's and posted; only the loop's thread
 * collects the child, so that its number means this child for as long as a signal can be sent.
 */
#ifndef WEIR_COMMON_PROCESS_PROCESS_H
#define WEIR_COMMON_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/process.h>

#include "common/channel/channel.h"
#include "common/loop/deadline.h"
#include "common/loop/handle.h"
#include "common/loop/post.h"
#include "common/system.h"

enum process_state { PROCESS_RUNNING, PROCESS_ENDED, PROCESS_EXITED, PROCESS_FAILED, PROCESS_CLOSED };

struct weir_process {
  struct handle handle;
  enum process_state state;
  struct post post;           /* that it has ended */
  struct system_child *child; /* until it is collected or left */
  uint32_t id;
  unsigned holds;              /* on `exit`: what comes before it is not over */
  size_t open;                 /* what `close` waits for: ends of its pipes, and who else holds that */
  weir_event_exit end;         /* how it ended */
  weir_error *failure;         /* FAILED */
  weir_channel *channel;       /* NULL: none */
  bool holds_exit_for_channel; /* until that has closed, or `patience` is over */
  struct deadline patience;
  size_t stdio_count;
  weir_socket *stdio[]; /* NULL: not a pipe */
};

/* ---- spawn.c ---- */

/* As weir_process_spawn, with something beside its descriptors. `extras` are lent, and stay the caller's. */
weir_code process_spawn(weir_loop *loop, const weir_process_options *options, const struct child_extra *extras,
                        size_t extra_count, weir_process **process);

/* ---- process.c ---- */

/* One with room for so many pipes and one owner; NULL: no memory. */
weir_process *process_make(weir_loop *loop, size_t stdio_count, void *user);

/* It was started: the loop owns it from now on. */
void process_began(weir_process *process);

/* On the thread that noticed its end. */
void process_has_ended(void *process);

/* It was not: `error` and `close` are owed. WEIR_ENOMEM: nothing is. */
weir_code process_refused(weir_process *process, const weir_error *error);

/* `exit` waits until it is let go as often as it was held; that is for what the child said before its end. */
void process_hold_exit(weir_process *process);
void process_let_exit(weir_process *process);

/* `close` waits until it is let go as often as it was held. */
void process_hold_close(weir_process *process);
void process_let_close(weir_process *process);

/* ---- channel.c ---- */

/* Opens the channel; `theirs` is for the child, and closed when it has it. */
weir_code process_open_channel(weir_process *process, struct channel_end *theirs);

/* How the child finds it: fills in what is added to its descriptors; how many these are. */
size_t process_name_end(const struct channel_end *end, struct child_extra extras[2]);

void process_close_end(weir_process *process, struct channel_end *end);

/* The child runs. */
void process_meet_child(weir_process *process);

/* It has not begun: nobody shall see a channel without a child. */
void process_drop_channel(weir_process *process);

/* The child has ended: `exit` waits for what it said, but not for ever. */
void process_await_channel(weir_process *process);
void process_lose_patience(struct deadline *deadline);

/* ---- describe.c ---- */

void process_describe(const struct handle *handle, struct text *text);

#endif
