/* SPDX-License-Identifier: MIT */
#include "win32/tcp_acceptor.h"

#include <mswsock.h>

#include "win32/acceptor.h"
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/socket.h"

struct tcp_instance {
  struct instance instance;
  bool is_presented; /* it has the context of the socket that listens */
  weir_address peer;
  unsigned char addresses[2 * OS_ACCEPTED_BYTES];
};

/* ---- instances ---- */

static struct tcp_instance *tcp_of(struct instance *instance) {
  return CONTAINER_OF(instance, struct tcp_instance, instance);
}

static DWORD prepare(struct backend *backend, struct instance *instance) {
  const struct tcp_acceptor *tcp = &instance->acceptor->tcp;
  SOCKET socket;
  DWORD error = socket_create(tcp->family, &socket);
  if (error != ERROR_SUCCESS) return error;
  instance->handle = (HANDLE)socket;
  instance->skips = tcp->skips;
  return tcp->watched ? watch_start(backend->allocator, backend->port.handle, &instance->task.watch) : ERROR_SUCCESS;
}

static DWORD wait_for_client(struct instance *instance) {
  return os_socket_accept(instance->acceptor->tcp.socket, (SOCKET)instance->handle, tcp_of(instance)->addresses,
                          &instance->task.overlapped);
}

/* One that has reset the connection already is gone before anybody saw it, as it is on other systems. */
static bool has_client(DWORD error) { return error == ERROR_SUCCESS; }

static weir_address read_peer(struct tcp_instance *tcp) {
  return socket_address_read(os_socket_accepted_peer(tcp->addresses));
}

/* Without its context a socket that AcceptEx has connected cannot be asked, shared or shut down. */
DWORD tcp_present(SOCKET listener, SOCKET client) {
  return os_socket_set(client, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, &listener, sizeof listener);
}

/* Who is lost is told. */
static bool present(struct backend *backend, struct instance *instance, const weir_address **peer) {
  struct tcp_instance *tcp = tcp_of(instance);
  SOCKET socket = (SOCKET)instance->handle;
  DWORD error = ERROR_SUCCESS;
  if (tcp->peer.family == WEIR_FAMILY_NONE) tcp->peer = read_peer(tcp);
  *peer = &tcp->peer;
  if (!tcp->is_presented) error = tcp_present(instance->acceptor->tcp.socket, socket);
  if (error == ERROR_SUCCESS) error = socket_bind_port(&backend->port, socket, &instance->skips);
  if (error != ERROR_SUCCESS) socket_forget_unsent(socket);
  return error == ERROR_SUCCESS;
}

static void hand_over(struct backend *backend, struct instance *instance, struct connection *connection) {
  (void)backend;
  tcp_attach(connection, (SOCKET)instance->handle, instance->skips);
}

/* Who came to a server that closes was never let in, and is told as those are whom the system still queues. */
static void shut(struct instance *instance) {
  if (instance->has_client && instance->acceptor->closing) socket_forget_unsent((SOCKET)instance->handle);
  os_socket_close((SOCKET)instance->handle);
  instance->handle = NULL;
}

/* ---- close ---- */

/* One by one: another server may listen with the same socket. */
static DWORD call_back(struct acceptor *acceptor) {
  struct list *waiting = &acceptor->waiting;
  DWORD failure = ERROR_SUCCESS;
  for (struct list_node *node = list_first(waiting); node != NULL; node = list_after(waiting, node)) {
    struct instance *instance = CONTAINER_OF(node, struct instance, link);
    DWORD error = os_cancel((HANDLE)acceptor->tcp.socket, &instance->task.overlapped);
    if (error != ERROR_SUCCESS && error != ERROR_NOT_FOUND) failure = error;
  }
  return failure;
}

static void close_listener(struct acceptor *acceptor) {
  call_back(acceptor);
  tcp_let_go(acceptor);
}

/* ---- to another loop ---- */

static bool pack(struct instance *instance, struct instance_place *place) {
  struct tcp_instance *tcp = tcp_of(instance);
  if (!instance->has_client) return false;
  place->handle = instance->handle;
  place->has_client = true;
  place->is_presented = tcp->is_presented;
  place->peer = tcp->peer.family == WEIR_FAMILY_NONE ? read_peer(tcp) : tcp->peer;
  instance->handle = NULL;
  return true;
}

static void unpack(struct instance *instance, const struct instance_place *place) {
  tcp_of(instance)->peer = place->peer;
  tcp_of(instance)->is_presented = place->is_presented;
}

static intptr_t give_away(struct acceptor *acceptor, struct server_parcel *parcel) {
  (void)parcel;
  return (intptr_t)acceptor->tcp.socket;
}

static void discard(struct server_parcel *parcel) {
  for (size_t i = 0; i < parcel->count; ++i) {
    SOCKET socket = (SOCKET)parcel->places[i].handle;
    socket_forget_unsent(socket);
    os_socket_close(socket);
  }
  os_socket_close((SOCKET)parcel->parcel.native);
}

const struct acceptor_kind acceptor_of_tcp = {
    .instance_bytes = sizeof(struct tcp_instance),
    .place = ERROR_PLACE_SOCKET,
    .prepare = prepare,
    .wait = wait_for_client,
    .has_client = has_client,
    .present = present,
    .hand_over = hand_over,
    .shut = shut,
    .close = close_listener,
    .detach = call_back,
    .pack = pack,
    .unpack = unpack,
    .give_away = give_away,
    .discard = discard,
};
