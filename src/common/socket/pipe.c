/* SPDX-License-Identifier: MIT */
#include "common/socket/pipe.h"

#include "common/base/memory.h"
#include "common/socket/socket.h"

/* An event that the destination is owed; part of the pipe, so that it cannot fail for want of memory. */
struct notice {
  struct list_node link;
  weir_event_type type;
  struct pipe *pipe;
};

/*
 * A pipe holds both sockets until it is freed, which happens between emissions: a listener that was removed in the
 * midst of one still runs (weir/event.h), and finds the pipe as it was.
 */
struct pipe {
  struct list_node out_link; /* on the source's list; on the loop's once it has ended */
  struct list_node in_link;  /* on the destination's list */
  weir_socket *source;
  weir_socket *destination;
  unsigned flags;
  bool waits; /* the destination is full: the source is paused until its `drain` */
  bool ended; /* its listeners were removed, but can still be called once */
  bool source_ended;
  struct notice piped;
  struct notice unpiped;
};

/* ---- notices ---- */

static void owe_notice(struct pipe *pipe, struct notice *notice, weir_event_type type) {
  notice->type = type;
  notice->pipe = pipe;
  list_append(&pipe->destination->extra->pipe_notices, &notice->link);
  socket_owe(pipe->destination, DEBT_PIPES);
}

void pipe_deliver_notices(weir_socket *destination) {
  struct list_node *node = NULL;
  while (destination->extra != NULL && (node = list_take_first(&destination->extra->pipe_notices)) != NULL) {
    const struct notice *notice = CONTAINER_OF(node, struct notice, link);
    if (notice->type == WEIR_EVENT_PIPE && socket_is_over(destination)) continue;
    weir_event event = {.type = notice->type, .socket = destination, .peer = notice->pipe->source};
    handle_emit(&destination->handle, &event);
  }
}

void pipe_drop_notices(weir_socket *destination) {
  while (list_take_first(&destination->extra->pipe_notices) != NULL) {
  }
}

/* ---- flow ---- */

static bool any_waits(const weir_socket *source) {
  const struct list *pipes = &source->extra->pipes_out;
  for (struct list_node *node = list_first(pipes); node != NULL; node = list_after(pipes, node)) {
    if (CONTAINER_OF(node, struct pipe, out_link)->waits) return true;
  }
  return false;
}

static void stop_carrying(struct pipe *pipe);

static void carry(const weir_event *event, void *user) {
  struct pipe *pipe = user;
  int result = weir_socket_write(pipe->destination, event->data.bytes, event->data.length);
  if (result == WEIR_ENOMEM) { /* a stream with a hole in it must not end well */
    socket_fail(pipe->destination, "write", WEIR_ENOMEM, 0, "no memory for what was piped here");
  }
  if (result > 0 || pipe->ended) return;
  if (result < 0) { /* the destination has ended, which it tells itself: nothing more can go there */
    stop_carrying(pipe);
    return;
  }
  pipe->waits = true;
  weir_socket_pause(pipe->source);
}

static void go_on(const weir_event *event, void *user) {
  struct pipe *pipe = user;
  (void)event;
  if (!pipe->waits || pipe->ended) return;
  pipe->waits = false;
  if (!any_waits(pipe->source)) weir_socket_resume(pipe->source);
}

/* ---- ending ---- */

static void end_destination(const weir_event *event, void *user);
static void end_with_destination(const weir_event *event, void *user);

/* Takes the pipe's listeners and links away. It is freed when no emission can reach it any more. */
static void detach(struct pipe *pipe) {
  weir_socket_off(pipe->source, WEIR_EVENT_DATA, carry, pipe);
  weir_socket_off(pipe->source, WEIR_EVENT_END, end_destination, pipe);
  weir_socket_off(pipe->destination, WEIR_EVENT_DRAIN, go_on, pipe);
  weir_socket_off(pipe->destination, WEIR_EVENT_FINISH, end_with_destination, pipe);
  list_remove(&pipe->out_link);
  list_remove(&pipe->in_link);
  list_append(&pipe->source->handle.loop->unpiped, &pipe->out_link);
}

/*
 * The last pipe of a source leaves it paused, so that it keeps what comes; while others are left it goes on, unless one
 * of them is full. The destination hears `unpipe`.
 */
static void unpipe(struct pipe *pipe) {
  bool waited = pipe->waits;
  pipe->waits = false;
  pipe->ended = true;
  detach(pipe);
  if (list_empty(&pipe->source->extra->pipes_out)) {
    weir_socket_pause(pipe->source);
  } else if (waited && !any_waits(pipe->source)) {
    weir_socket_resume(pipe->source);
  }
  owe_notice(pipe, &pipe->unpiped, WEIR_EVENT_UNPIPE);
}

static void end_destination(const weir_event *event, void *user) {
  struct pipe *pipe = user;
  (void)event;
  if (pipe->ended) return;
  pipe->source_ended = true;
  if ((pipe->flags & WEIR_PIPE_KEEP_OPEN) != 0) {
    unpipe(pipe);
  } else {
    weir_socket_end(pipe->destination, NULL);
  }
}

/*
 * The destination takes nothing more. A pipe that propagates errors lasts until the destination closes, to take the
 * source with it; any other ends here.
 */
static void stop_carrying(struct pipe *pipe) {
  bool waits_for_close = (pipe->flags & WEIR_PIPE_PROPAGATE_ERRORS) != 0 && !pipe->source_ended;
  if (waits_for_close && pipe->source != pipe->destination) {
    pipe->waits = true;
    weir_socket_pause(pipe->source);
  } else {
    unpipe(pipe);
  }
}

static void end_with_destination(const weir_event *event, void *user) {
  struct pipe *pipe = user;
  (void)event;
  if (!pipe->ended) stop_carrying(pipe);
}

/* One of the two closes. The other is destroyed when the pipe was told so and the source had not ended. */
static void break_pipe(struct pipe *pipe, weir_socket *closing) {
  weir_socket *other = closing == pipe->source ? pipe->destination : pipe->source;
  bool propagates = (pipe->flags & WEIR_PIPE_PROPAGATE_ERRORS) != 0 && !pipe->source->handle.loop->ended;
  bool destroys = propagates && !pipe->source_ended && other != closing;
  unpipe(pipe);
  if (destroys) socket_destroy(other, NULL);
}

/* A source that has ended may go before its destination has finished: that pipe ends with the destination. (EO-42) */
void pipe_break_all(weir_socket *socket) {
  struct list_node *node = NULL;
  if (socket->extra == NULL) return;
  for (node = list_first(&socket->extra->pipes_out); node != NULL;) {
    struct pipe *pipe = CONTAINER_OF(node, struct pipe, out_link);
    node = list_after(&socket->extra->pipes_out, node);
    if (!pipe->source_ended || socket->handle.loop->ended) break_pipe(pipe, socket);
  }
  while ((node = list_first(&socket->extra->pipes_in)) != NULL) {
    break_pipe(CONTAINER_OF(node, struct pipe, in_link), socket);
  }
}

static void free_pipe(struct pipe *pipe) {
  weir_loop *loop = pipe->source->handle.loop;
  list_remove(&pipe->piped.link);
  list_remove(&pipe->unpiped.link);
  handle_release(&pipe->source->handle);
  handle_release(&pipe->destination->handle);
  memory_put(&loop->allocator, pipe);
}

/* A pipe whose notices are still owed waits for them. */
void pipe_free_ended(weir_loop *loop) {
  struct list ended;
  list_init(&ended);
  list_move_all(&loop->unpiped, &ended);
  for (struct list_node *node = list_take_first(&ended); node != NULL; node = list_take_first(&ended)) {
    struct pipe *pipe = CONTAINER_OF(node, struct pipe, out_link);
    bool owed = list_linked(&pipe->piped.link) || list_linked(&pipe->unpiped.link);
    if (owed && !loop->ended) {
      list_append(&loop->unpiped, node);
    } else {
      free_pipe(pipe);
    }
  }
}

/* ---- making ---- */

static weir_code attach(struct pipe *pipe) {
  weir_code code = weir_socket_on(pipe->destination, WEIR_EVENT_DRAIN, go_on, pipe);
  if (code == WEIR_OK) code = weir_socket_on(pipe->destination, WEIR_EVENT_FINISH, end_with_destination, pipe);
  if (code == WEIR_OK) code = weir_socket_on(pipe->source, WEIR_EVENT_END, end_destination, pipe);
  if (code == WEIR_OK) {
    code = handle_listen(&pipe->source->handle, WEIR_EVENT_DATA, LISTENER_LAST, carry, pipe);
  }
  return code;
}

/* A source that has ended before has nothing more to say than that. */
static void start_flow(struct pipe *pipe) {
  if (pipe->source->read_half == READ_ENDED) {
    end_destination(NULL, pipe);
  } else if (weir_socket_needs_drain(pipe->destination)) {
    pipe->waits = true;
    weir_socket_pause(pipe->source);
  } else if (!any_waits(pipe->source)) {
    weir_socket_resume(pipe->source);
  }
}

weir_code weir_socket_pipe(weir_socket *source, weir_socket *destination, unsigned flags) {
  unsigned known = WEIR_PIPE_KEEP_OPEN | WEIR_PIPE_PROPAGATE_ERRORS;
  if (source == NULL || destination == NULL || (flags & ~known) != 0) return WEIR_EINVAL;
  if (source->handle.loop != destination->handle.loop) return WEIR_EINVAL;
  weir_loop *loop = source->handle.loop;
  if (loop->ended) return WEIR_ECANCELED;
  if (socket_is_over(source) || socket_is_over(destination)) return WEIR_EDESTROYED;
  if (socket_need_extra(source) == NULL || socket_need_extra(destination) == NULL) return WEIR_ENOMEM;
  struct pipe *pipe = memory_get_zeroed(&loop->allocator, sizeof *pipe);
  if (pipe == NULL) return WEIR_ENOMEM;
  pipe->source = source;
  pipe->destination = destination;
  pipe->flags = flags;
  handle_retain(&source->handle);
  handle_retain(&destination->handle);
  list_append(&source->extra->pipes_out, &pipe->out_link);
  list_append(&destination->extra->pipes_in, &pipe->in_link);
  weir_code code = attach(pipe);
  if (code != WEIR_OK) {
    detach(pipe);
    return code;
  }
  owe_notice(pipe, &pipe->piped, WEIR_EVENT_PIPE);
  start_flow(pipe);
  return WEIR_OK;
}

void weir_socket_unpipe(weir_socket *source, weir_socket *destination) {
  if (source == NULL || source->extra == NULL) return;
  struct list *pipes = &source->extra->pipes_out;
  for (struct list_node *node = list_first(pipes); node != NULL;) {
    struct pipe *pipe = CONTAINER_OF(node, struct pipe, out_link);
    node = list_after(pipes, node);
    if (destination != NULL && pipe->destination != destination) continue;
    unpipe(pipe);
    if (destination != NULL) return;
  }
}
