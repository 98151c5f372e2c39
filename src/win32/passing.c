/* SPDX-License-Identifier: MIT */
/*
 * How handles go to other processes on Windows: the table. A channel's stream is a pipe (channel_pipe.h), its passage
 * memory that both processes see (passage.h), and a ticket no more than the number of an offer there. What is in an
 * offer, pipe_passing.c and tcp_passing.c say.
 */
#include "win32/passing.h"

#include <string.h>

#include "win32/channel_pipe.h"
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/pipe_parcel.h"
#include "win32/pipe_passing.h"
#include "win32/tcp_passing.h"

/* What an offer begins with. */
enum cargo_content { CARGO_PIPE = 1, CARGO_TCP };

static weir_code code_of(DWORD error) {
  switch (error) {
    case ERROR_BUSY:
      return WEIR_EAGAIN;
    case ERROR_INVALID_DATA:
      return WEIR_EPROTO;
    case ERROR_CANCELLED:
      return WEIR_ECANCELED;
    case ERROR_BROKEN_PIPE:
      return WEIR_EPIPE;
    default:
      return error_code(ERROR_PLACE_SOCKET, error);
  }
}

/* ---- what is in an offer ---- */

static bool is_over_pipes(enum passing_kind kind, intptr_t native) {
  const void *of_pipes =
      kind == PASSING_CONNECTION ? (const void *)&connection_over_pipe : (const void *)&acceptor_of_pipes;
  return parcel_find(of_pipes, native) != NULL;
}

static void pack(struct cargo *cargo, enum passing_kind kind, intptr_t native) {
  bool pipes = is_over_pipes(kind, native);
  cargo_put_number(cargo, pipes ? CARGO_PIPE : CARGO_TCP);
  if (kind == PASSING_CONNECTION) {
    pipes ? pipe_pack(cargo, native) : tcp_pack(cargo, native);
  } else {
    pipes ? pipe_pack_server(cargo, native) : tcp_pack_server(cargo, native);
  }
}

static DWORD unpack(struct passage *passage, struct offer *offer, intptr_t *native) {
  struct cargo cargo = cargo_open(passage, offer);
  uint32_t content = cargo_get_number(&cargo);
  bool connection = offer->kind == PASSING_CONNECTION;
  if (offer->kind > PASSING_ACCEPTOR) return ERROR_INVALID_DATA;
  if (content == CARGO_PIPE) return connection ? pipe_unpack(&cargo, native) : pipe_unpack_server(&cargo, native);
  if (content == CARGO_TCP) return connection ? tcp_unpack(&cargo, native) : tcp_unpack_server(&cargo, native);
  return ERROR_INVALID_DATA;
}

static void release(struct backend *backend, enum passing_kind kind, intptr_t native) {
  if (is_over_pipes(kind, native)) {
    backend_iocp.open(backend, NULL, native); /* without a sound, over pipes */
  } else if (kind == PASSING_ACCEPTOR) {
    tcp_release_server(native);
  } else {
    os_socket_close((SOCKET)native);
  }
}

/* Closes what lies in an offer that nobody wants any more. */
static void sweep(struct passage *passage, const struct offer *offer) {
  struct offer copy;
  intptr_t native;
  memcpy(&copy, offer, sizeof copy);
  if (copy.length > PASSAGE_OFFER_BYTES || unpack(passage, &copy, &native) != ERROR_SUCCESS) return;
  release(NULL, (enum passing_kind)copy.kind, native);
}

/* ---- channels ---- */

static weir_code create(struct backend *backend, struct channel_end ends[2]) {
  (void)backend;
  HANDLE pipes[2];
  HANDLE sections[2];
  DWORD error = channel_pipe_create(pipes);
  if (error != ERROR_SUCCESS) return code_of(error);
  error = passage_create(sections);
  if (error != ERROR_SUCCESS) {
    pipe_discard((intptr_t)pipes[0]);
    os_close(pipes[1]);
    return code_of(error);
  }
  for (int i = 0; i < 2; ++i) {
    ends[i].stream = (intptr_t)pipes[i];
    ends[i].passage = (intptr_t)sections[i];
  }
  return WEIR_OK;
}

static weir_code meet(struct backend *backend, struct channel_end *end, intptr_t process) {
  (void)backend;
  return code_of(passage_meet(passage_find(end->passage), (HANDLE)process));
}

/* A passage that is not understood is left alone: messages go all the same. */
static weir_code inherit(struct backend *backend, struct channel_end *end) {
  (void)backend;
  HANDLE pipe;
  HANDLE section;
  DWORD parent;
  if (channel_pipe_inherit(&pipe, &section) != ERROR_SUCCESS) return WEIR_ENOTCONN;
  end->stream = (intptr_t)pipe;
  end->passage = PASSING_NONE;
  DWORD error = section == NULL ? ERROR_INVALID_HANDLE : os_handle_keep(section);
  if (error == ERROR_SUCCESS) error = os_pipe_server(pipe, &parent);
  if (error == ERROR_SUCCESS) error = passage_inherit(section, parent);
  if (error == ERROR_SUCCESS) end->passage = (intptr_t)section;
  return WEIR_OK;
}

static void close_end(struct backend *backend, const struct channel_end *end) {
  (void)backend;
  if (end->passage != PASSING_NONE) passage_end(passage_find(end->passage), sweep);
  if (end->stream != PASSING_NONE && !pipe_discard(end->stream)) os_close((HANDLE)end->stream);
}

/* ---- handles ---- */

static weir_code give(struct backend *backend, intptr_t native_passage, enum passing_kind kind, intptr_t native,
                      struct passing_ticket *ticket) {
  (void)backend;
  struct passage *passage = passage_find(native_passage);
  struct offer *offer;
  uint32_t number;
  if (passage_is_lost(passage)) return WEIR_EPIPE; /* which Wine 8 does not say of a socket */
  if (!passage_is_direct(passage)) return WEIR_EACCES;
  DWORD error = passage_begin_offer(passage, &offer, &number);
  if (error != ERROR_SUCCESS) return code_of(error);
  offer->kind = kind;
  struct cargo cargo = cargo_begin(passage, offer);
  pack(&cargo, kind, native);
  enum offer_state failed = cargo.has_sent ? OFFER_WITHDRAWN : OFFER_FREE;
  passage_end_offer(passage, offer, cargo.error == ERROR_SUCCESS ? OFFER_OFFERED : failed);
  ticket->length = sizeof number;
  memcpy(ticket->bytes, &number, sizeof number);
  return code_of(cargo.error);
}

/* Whoever gives must not lose what he has: what was got counts only when it can be claimed. */
static weir_code take(struct backend *backend, intptr_t native_passage, enum passing_kind kind, const void *ticket,
                      size_t length, intptr_t *native) {
  struct passage *passage = passage_find(native_passage);
  struct offer offer;
  uint32_t number;
  if (length != sizeof number) return WEIR_EPROTO;
  memcpy(&number, ticket, sizeof number);
  passage_sweep_withdrawn(passage, sweep);
  DWORD error = passage_look(passage, number, &offer);
  if (error == ERROR_SUCCESS && offer.kind != (uint32_t)kind) error = ERROR_INVALID_DATA;
  if (error != ERROR_SUCCESS) return code_of(error);
  error = passage_is_direct(passage) ? unpack(passage, &offer, native) : ERROR_ACCESS_DENIED;
  bool claimed = passage_claim(passage, number);
  if (error == ERROR_SUCCESS && !claimed) {
    release(backend, kind, *native);
    error = ERROR_CANCELLED;
  }
  return code_of(error);
}

static weir_code duplicate_connection(struct backend *backend, struct connection *connection, intptr_t *native) {
  (void)backend;
  if (connection->kind == &connection_over_pipe) return code_of(pipe_copy(connection, native));
  SOCKET socket;
  DWORD error = os_socket_duplicate(connection->tcp.socket, &socket);
  *native = (intptr_t)socket;
  return code_of(error);
}

static weir_code duplicate_acceptor(struct backend *backend, struct acceptor *acceptor, intptr_t *native) {
  (void)backend;
  if (acceptor->kind == &acceptor_of_pipes) return code_of(pipe_copy_server(acceptor, native));
  SOCKET socket;
  DWORD error = os_socket_duplicate(acceptor->tcp.socket, &socket);
  *native = (intptr_t)socket;
  return code_of(error);
}

const struct passing_operations passing_iocp = {
    .create = create,
    .meet = meet,
    .inherit = inherit,
    .close = close_end,
    .give = give,
    .take = take,
    .release = release,
    .duplicate_connection = duplicate_connection,
    .duplicate_acceptor = duplicate_acceptor,
};
