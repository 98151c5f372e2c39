/* SPDX-License-Identifier: MIT */
#include "win32/pipe_passing.h"

#include "win32/pipe_parcel.h"

/* ---- connections ---- */

/* What a connection's parcel holds, as another build reads it too. */
struct connection_facts {
  uint64_t served_hash;
  uint64_t card_hash;
  uint32_t card_process;
  uint8_t is_served;
  uint8_t has_card;
  uint8_t peer;
  uint8_t unreadable;
  uint8_t ended;
  uint8_t unused[7];
};

void pipe_pack(struct cargo *cargo, intptr_t native) {
  const struct parcel *left = parcel_find(&connection_over_pipe, native);
  const struct pipe_parcel *parcel = CONTAINER_OF(left, struct pipe_parcel, parcel);
  struct connection_facts facts = {.card_hash = parcel->card_hash,
                                   .card_process = parcel->card_process,
                                   .is_served = parcel->served != NULL,
                                   .has_card = parcel->has_card,
                                   .peer = parcel->peer,
                                   .unreadable = parcel->unreadable,
                                   .ended = parcel->ended};
  if (parcel->served != NULL) facts.served_hash = served_name_hash(parcel->served);
  cargo_put_handle(cargo, (HANDLE)native);
  cargo_put(cargo, &facts, sizeof facts);
}

/* A byte of another process is no bool yet. */
static DWORD make_parcel(const struct connection_facts *facts, struct pipe_parcel **parcel) {
  struct pipe_parcel content = {.card_process = facts->card_process,
                                .card_hash = facts->card_hash,
                                .has_card = facts->has_card != 0,
                                .peer = facts->peer <= PIPE_PEER_UNASKED ? facts->peer : (uint8_t)PIPE_PEER_FOREIGN,
                                .unreadable = facts->unreadable != 0,
                                .ended = facts->ended != 0};
  DWORD error = ERROR_SUCCESS;
  if (facts->is_served != 0) error = served_name_receive_end(facts->served_hash, &content.served);
  if (content.peer == PIPE_PEER_UNASKED && content.served == NULL) content.peer = PIPE_PEER_FOREIGN;
  if (error == ERROR_SUCCESS) error = pipe_parcel_make(&content, parcel);
  if (error != ERROR_SUCCESS && content.served != NULL) served_name_drop_end(content.served);
  return error;
}

DWORD pipe_unpack(struct cargo *cargo, intptr_t *native) {
  HANDLE handle;
  struct connection_facts facts;
  struct pipe_parcel *parcel;
  DWORD error = cargo_get_handle(cargo, &handle);
  if (error != ERROR_SUCCESS) return error;
  cargo_get(cargo, &facts, sizeof facts);
  error = cargo->error;
  if (error == ERROR_SUCCESS) error = make_parcel(&facts, &parcel);
  if (error != ERROR_SUCCESS) {
    os_close(handle);
    return error;
  }
  *native = (intptr_t)handle;
  parcel_leave(&parcel->parcel, &connection_over_pipe, *native);
  return ERROR_SUCCESS;
}

/* ---- servers ---- */

struct server_facts {
  uint16_t name[PIPE_NAME_UNITS + 1];
  uint8_t readable_all;
  uint8_t writable_all;
  uint32_t count; /* of instances, each a number, whether a client is there, and a handle */
};

void pipe_pack_server(struct cargo *cargo, intptr_t native) {
  const struct parcel *left = parcel_find(&acceptor_of_pipes, native);
  const struct server_parcel *parcel = CONTAINER_OF(left, struct server_parcel, parcel);
  const struct security *security = &parcel->pipe.security;
  struct server_facts facts = {
      .readable_all = security->readable_all, .writable_all = security->writable_all, .count = (uint32_t)parcel->count};
  for (size_t i = 0; parcel->pipe.name.text[i] != 0; ++i) facts.name[i] = (uint16_t)parcel->pipe.name.text[i];
  cargo_put(cargo, &facts, sizeof facts);
  for (size_t i = 0; i < parcel->count; ++i) {
    cargo_put_number(cargo, parcel->places[i].has_client);
    cargo_put_handle(cargo, parcel->places[i].handle);
  }
}

/* The rights and the name of a server, and that it serves. */
static DWORD begin_serving(struct pipe_acceptor *pipe, bool readable_all, bool writable_all) {
  DWORD error = security_init(&pipe->security, readable_all, writable_all);
  if (error != ERROR_SUCCESS) return error;
  error = served_name_join(pipe->name.hash, &pipe->served);
  if (error != ERROR_SUCCESS) security_fini(&pipe->security);
  return error;
}

/* All of them, also when one is missing, or there is no room for any: what is not got is never closed. */
static DWORD get_instances(struct cargo *cargo, struct server_parcel *parcel, uint32_t count) {
  DWORD failure = parcel == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
  for (uint32_t i = 0; i < count && cargo->error == ERROR_SUCCESS; ++i) {
    struct instance_place place = {.has_client = cargo_get_number(cargo) != 0};
    DWORD error = cargo_get_handle(cargo, &place.handle);
    if (error != ERROR_SUCCESS) {
      failure = error;
    } else if (parcel == NULL) {
      os_close(place.handle);
    } else {
      parcel->places[parcel->count++] = place;
    }
  }
  return failure;
}

static void close_instances(struct server_parcel *parcel) {
  if (parcel == NULL) return;
  for (size_t i = 0; i < parcel->count; ++i) os_close(parcel->places[i].handle);
  os_heap_put(parcel);
}

static DWORD read_name(const struct server_facts *facts, struct name *name) {
  struct address address;
  for (size_t i = 0; i < PIPE_NAME_UNITS; ++i) name->text[i] = (wchar_t)facts->name[i];
  name->text[PIPE_NAME_UNITS] = 0;
  DWORD error = name_read(name, &address);
  return error == ERROR_SUCCESS ? name_make(&address, name) : error;
}

DWORD pipe_unpack_server(struct cargo *cargo, intptr_t *native) {
  struct server_facts facts;
  cargo_get(cargo, &facts, sizeof facts);
  if (facts.count > PASSAGE_OFFER_BYTES / sizeof facts.count) return ERROR_INVALID_DATA;
  struct server_parcel *parcel = os_heap_get(sizeof *parcel + facts.count * sizeof parcel->places[0]);
  DWORD error = get_instances(cargo, parcel, facts.count);
  if (error == ERROR_SUCCESS) error = read_name(&facts, &parcel->pipe.name);
  if (error == ERROR_SUCCESS) error = begin_serving(&parcel->pipe, facts.readable_all != 0, facts.writable_all != 0);
  if (error != ERROR_SUCCESS) {
    close_instances(parcel);
    return error;
  }
  *native = (intptr_t)parcel;
  parcel_leave(&parcel->parcel, &acceptor_of_pipes, *native);
  return ERROR_SUCCESS;
}

DWORD pipe_copy_server(const struct acceptor *acceptor, intptr_t *native) {
  const struct pipe_acceptor *pipe = &acceptor->pipe;
  struct server_parcel *parcel = os_heap_get(sizeof *parcel);
  if (parcel == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  parcel->pipe.name = pipe->name;
  DWORD error = begin_serving(&parcel->pipe, pipe->security.readable_all, pipe->security.writable_all);
  if (error != ERROR_SUCCESS) {
    os_heap_put(parcel);
    return error;
  }
  *native = (intptr_t)parcel;
  parcel_leave(&parcel->parcel, &acceptor_of_pipes, *native);
  return ERROR_SUCCESS;
}
