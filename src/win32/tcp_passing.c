/* SPDX-License-Identifier: MIT */
#include "win32/tcp_passing.h"

#include "win32/socket_address.h"

/* ---- connections ---- */

void tcp_pack(struct cargo *cargo, intptr_t native) { cargo_put_socket(cargo, (SOCKET)native); }

DWORD tcp_unpack(struct cargo *cargo, intptr_t *native) {
  SOCKET socket;
  DWORD error = cargo_get_socket(cargo, &socket);
  *native = (intptr_t)socket;
  return error;
}

/* ---- servers ---- */

static struct server_parcel *find_parcel(intptr_t native) {
  struct parcel *left = parcel_find(&acceptor_of_tcp, native);
  return left == NULL ? NULL : CONTAINER_OF(left, struct server_parcel, parcel);
}

/* Only a client that has its server's context can be shared; one that cannot get it is lost. */
static uint32_t present_clients(SOCKET listener, struct server_parcel *parcel) {
  uint32_t count = 0;
  for (size_t i = 0; parcel != NULL && i < parcel->count; ++i) {
    struct instance_place *place = &parcel->places[i];
    if (!place->is_presented) place->is_presented = tcp_present(listener, (SOCKET)place->handle) == ERROR_SUCCESS;
    count += place->is_presented;
  }
  return count;
}

void tcp_pack_server(struct cargo *cargo, intptr_t native) {
  struct server_parcel *parcel = find_parcel(native);
  uint32_t count = present_clients((SOCKET)native, parcel);
  cargo_put_socket(cargo, (SOCKET)native);
  cargo_put_number(cargo, count);
  for (size_t i = 0; count > 0 && i < parcel->count; ++i) {
    if (parcel->places[i].is_presented) cargo_put_socket(cargo, (SOCKET)parcel->places[i].handle);
  }
}

/* One who has gone meanwhile has no address any more, and nobody needs to meet him. */
static void add_client(struct server_parcel *parcel, SOCKET socket) {
  struct socket_address peer;
  peer.length = sizeof peer.ipv6;
  if (parcel == NULL || os_socket_peer(socket, &peer.native, &peer.length) != ERROR_SUCCESS) {
    os_socket_close(socket);
    return;
  }
  parcel->places[parcel->count++] = (struct instance_place){
      .handle = (HANDLE)socket, .has_client = true, .is_presented = true, .peer = socket_address_read(&peer.native)};
}

static void close_clients(struct server_parcel *parcel) {
  for (size_t i = 0; parcel != NULL && i < parcel->count; ++i) os_socket_close((SOCKET)parcel->places[i].handle);
  if (parcel != NULL) os_heap_put(parcel);
}

/* All of them, also when one is missing, or there is no room for any: what is not got is never closed. */
static DWORD get_clients(struct cargo *cargo, struct server_parcel **parcel) {
  uint32_t count = cargo_get_number(cargo);
  if (count > PASSAGE_OFFER_BYTES / sizeof count) return ERROR_INVALID_DATA;
  if (count == 0) return cargo->error;
  *parcel = os_heap_get(sizeof **parcel + count * sizeof(*parcel)->places[0]);
  DWORD failure = *parcel == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
  for (uint32_t i = 0; i < count && cargo->error == ERROR_SUCCESS; ++i) {
    SOCKET client;
    DWORD error = cargo_get_socket(cargo, &client);
    if (error == ERROR_SUCCESS) add_client(*parcel, client);
    if (error != ERROR_SUCCESS) failure = error;
  }
  return failure;
}

DWORD tcp_unpack_server(struct cargo *cargo, intptr_t *native) {
  SOCKET listener = 0;
  struct server_parcel *parcel = NULL;
  DWORD error = cargo_get_socket(cargo, &listener);
  DWORD clients_error = get_clients(cargo, &parcel);
  if (error == ERROR_SUCCESS && clients_error == ERROR_SUCCESS) {
    *native = (intptr_t)listener;
    if (parcel != NULL) parcel_leave(&parcel->parcel, &acceptor_of_tcp, *native);
    return ERROR_SUCCESS;
  }
  if (error == ERROR_SUCCESS) os_socket_close(listener);
  close_clients(parcel);
  return error != ERROR_SUCCESS ? error : clients_error;
}

void tcp_release_server(intptr_t native) {
  struct parcel *left = parcel_take(&acceptor_of_tcp, native);
  if (left != NULL) close_clients(CONTAINER_OF(left, struct server_parcel, parcel));
  os_socket_close((SOCKET)native);
}
