/* SPDX-License-Identifier: MIT */
/*
 * Channels of a simulated world, and what goes through them: loops are its processes, and the number under which
 * something was detached means the same to all of them. So a ticket is that number, and nothing need be released.
 */
#include <stdint.h>

#include "common/base/octets.h"
#include "common/passing.h"
#include "sim/native.h"
#include "sim/parts.h"

enum { TICKET_BYTES = 8 };

static weir_code create(struct backend *backend, struct channel_end ends[2]) {
  struct weir_sim *world = backend->world;
  struct wire *wire = wire_create(&world->allocator, TRANSPORT_LOCAL, world->pipe_bytes);
  if (wire == NULL) return WEIR_ENOMEM;
  wire->state = WIRE_CONNECTED;
  ends[0] = (struct channel_end){.stream = native_add(world, &wire->client.native, NATIVE_END)};
  ends[1] = (struct channel_end){.stream = native_add(world, &wire->server.native, NATIVE_END)};
  return WEIR_OK;
}

/* Nothing is spawned here. */
static weir_code meet(struct backend *backend, struct channel_end *end, intptr_t process) {
  (void)backend;
  (void)end;
  (void)process;
  return WEIR_ENOTSUP;
}

static weir_code inherit(struct backend *backend, struct channel_end *end) {
  (void)backend;
  (void)end;
  return WEIR_ENOTSUP;
}

static void close_end(struct backend *backend, const struct channel_end *end) {
  if (end->stream != PASSING_NONE) sim_open(backend, NULL, end->stream);
}

static weir_code give(struct backend *backend, intptr_t passage, enum passing_kind kind, intptr_t native,
                      struct passing_ticket *ticket) {
  struct octet_writer writer = {.bytes = ticket->bytes};
  (void)backend;
  (void)passage;
  (void)kind;
  octets_put(&writer, (uint64_t)native, TICKET_BYTES);
  ticket->length = writer.length;
  return WEIR_OK;
}

static weir_code take(struct backend *backend, intptr_t passage, enum passing_kind kind, const void *ticket,
                      size_t length, intptr_t *native) {
  struct octet_reader reader = {.bytes = ticket, .left = length};
  enum native_kind wanted = kind == PASSING_CONNECTION ? NATIVE_END : NATIVE_LISTENER;
  (void)passage;
  if (length != TICKET_BYTES) return WEIR_EPROTO;
  *native = (intptr_t)octets_get(&reader, TICKET_BYTES);
  return native_find(backend->world, *native, wanted) == NULL ? WEIR_EPROTO : WEIR_OK;
}

static void release(struct backend *backend, enum passing_kind kind, intptr_t native) {
  (void)backend;
  (void)kind;
  (void)native;
}

/* An end of a wire has one holder. */
static weir_code duplicate_connection(struct backend *backend, struct connection *connection, intptr_t *native) {
  (void)backend;
  (void)connection;
  *native = PASSING_NONE;
  return WEIR_ENOTSUP;
}

static weir_code duplicate_acceptor(struct backend *backend, struct acceptor *acceptor, intptr_t *native) {
  (void)backend;
  acceptor->listener->holders++;
  *native = listener_detach(acceptor->listener);
  return WEIR_OK;
}

const struct passing_operations passing_sim = {.create = create,
                                               .meet = meet,
                                               .inherit = inherit,
                                               .close = close_end,
                                               .give = give,
                                               .take = take,
                                               .release = release,
                                               .duplicate_connection = duplicate_connection,
                                               .duplicate_acceptor = duplicate_acceptor};
