/* SPDX-License-Identifier: MIT */
#include "win32/cargo.h"

#include <string.h>

#include "win32/socket.h"

static void fail(struct cargo *cargo, DWORD error) {
  if (cargo->error == ERROR_SUCCESS) cargo->error = error;
}

struct cargo cargo_begin(const struct passage *passage, struct offer *offer) {
  offer->length = 0;
  return (struct cargo){.passage = passage, .offer = offer};
}

struct cargo cargo_open(const struct passage *passage, struct offer *offer) {
  return (struct cargo){.passage = passage, .offer = offer};
}

/* ---- in ---- */

static bool has_room(struct cargo *cargo, size_t length) {
  if (length > PASSAGE_OFFER_BYTES - cargo->offer->length) fail(cargo, ERROR_NO_SYSTEM_RESOURCES);
  return cargo->error == ERROR_SUCCESS;
}

void cargo_put(struct cargo *cargo, const void *bytes, size_t length) {
  struct offer *offer = cargo->offer;
  if (!has_room(cargo, length)) return;
  memcpy(offer->bytes + offer->length, bytes, length);
  offer->length += (uint32_t)length;
}

void cargo_put_number(struct cargo *cargo, uint32_t number) { cargo_put(cargo, &number, sizeof number); }

/* Room is looked for first: a handle of which nobody is told would stay in the other process for ever. */
void cargo_put_handle(struct cargo *cargo, HANDLE handle) {
  uint32_t value = 0;
  if (!has_room(cargo, sizeof value)) return;
  fail(cargo, passage_send(cargo->passage, handle, &value));
  if (cargo->error == ERROR_SUCCESS) cargo->has_sent = true;
  cargo_put_number(cargo, value);
}

/* Most of it is the provider's name, and most of that is zeros, which are left out. */
void cargo_put_socket(struct cargo *cargo, SOCKET socket) {
  WSAPROTOCOL_INFOW info;
  if (cargo->passage->peer == NULL) fail(cargo, ERROR_ACCESS_DENIED);
  if (!has_room(cargo, sizeof(uint32_t) + sizeof info)) return;
  memset(&info, 0, sizeof info);
  fail(cargo, os_socket_share(socket, cargo->passage->peer_number, &info));
  if (cargo->error == ERROR_SUCCESS) cargo->has_sent = true;
  size_t length = sizeof info;
  while (length > 0 && ((const unsigned char *)&info)[length - 1] == 0) --length;
  cargo_put_number(cargo, (uint32_t)length);
  cargo_put(cargo, &info, length);
}

/* ---- out ---- */

void cargo_get(struct cargo *cargo, void *bytes, size_t length) {
  const struct offer *offer = cargo->offer;
  if (length > offer->length - cargo->at) fail(cargo, ERROR_INVALID_DATA);
  memset(bytes, 0, length);
  if (cargo->error != ERROR_SUCCESS) return;
  memcpy(bytes, offer->bytes + cargo->at, length);
  cargo->at += length;
}

uint32_t cargo_get_number(struct cargo *cargo) {
  uint32_t number;
  cargo_get(cargo, &number, sizeof number);
  return number;
}

DWORD cargo_get_handle(struct cargo *cargo, HANDLE *handle) {
  uint32_t value = cargo_get_number(cargo);
  return cargo->error == ERROR_SUCCESS ? passage_receive(cargo->passage, value, handle) : cargo->error;
}

/* Tried twice: one that cannot be had cannot be closed either, and its peer would wait for this process's end. */
static DWORD import_socket(WSAPROTOCOL_INFOW *info, SOCKET *socket) {
  DWORD error = os_socket_import(info, socket);
  return error == ERROR_SUCCESS ? ERROR_SUCCESS : os_socket_import(info, socket);
}

DWORD cargo_get_socket(struct cargo *cargo, SOCKET *socket) {
  WSAPROTOCOL_INFOW info;
  memset(&info, 0, sizeof info);
  uint32_t length = cargo_get_number(cargo);
  if (length > sizeof info) fail(cargo, ERROR_INVALID_DATA);
  if (cargo->error == ERROR_SUCCESS) cargo_get(cargo, &info, length);
  DWORD error = cargo->error;
  if (error == ERROR_SUCCESS) error = socket_start();
  if (error == ERROR_SUCCESS) error = import_socket(&info, socket);
  return error;
}
