/* SPDX-License-Identifier: MIT */
#include "win32/tcp_acceptor.h"

#include <mswsock.h>

#include "win32/acceptor.h"
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/socket.h"

struct tcp_instance {
  struct instance instance;
  weir_address peer;
  unsigned char addresses[2 * OS_ACCEPTED_BYTES];
};

/* ---- instances ---- */

static struct tcp_instance *tcp_of(struct instance *instance) {
  return CONTAINER_OF(instance, struct tcp_instance, instance);
}

static DWORD prepare(struct backend *backend, struct instance *instance) {
  (void)backend;
  SOCKET socket;
  DWORD error = socket_create(instance->acceptor->tcp.family, &socket);
  if (error != ERROR_SUCCESS) return error;
  instance->handle = (HANDLE)socket;
  instance->skips = instance->acceptor->tcp.skips;
  return ERROR_SUCCESS;
}

static DWORD wait_for_client(struct instance *instance) {
  return os_socket_accept(instance->acceptor->tcp.socket, (SOCKET)instance->handle, tcp_of(instance)->addresses,
                          &instance->task.overlapped);
}

/* One that has reset the connection already is gone before anybody saw it, as it is on other systems. */
static bool has_client(DWORD error) { return error == ERROR_SUCCESS; }

/* Without its context a socket that AcceptEx has connected cannot be asked or shut down. */
static bool present(struct backend *backend, struct instance *instance, const weir_address **peer) {
  struct tcp_instance *tcp = tcp_of(instance);
  SOCKET socket = (SOCKET)instance->handle;
  SOCKET listener = instance->acceptor->tcp.socket;
  tcp->peer = socket_address_read(os_socket_accepted_peer(tcp->addresses));
  *peer = &tcp->peer;
  DWORD error = os_socket_set(socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, &listener, sizeof listener);
  return error == ERROR_SUCCESS && socket_bind_port(&backend->port, socket, &instance->skips) == ERROR_SUCCESS;
}

static void hand_over(struct backend *backend, struct instance *instance, struct connection *connection) {
  (void)backend;
  tcp_attach(connection, (SOCKET)instance->handle, instance->skips);
}

static void shut(struct instance *instance) {
  os_socket_close((SOCKET)instance->handle);
  instance->handle = NULL;
}

/* ---- close ---- */

/* Another server may listen with the same socket: then its end does not end what waits with this one's. */
static void close_listener(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  (void)backend;
  (void)ending;
  struct list *waiting = &acceptor->waiting;
  for (struct list_node *node = list_first(waiting); node != NULL; node = list_after(waiting, node)) {
    struct instance *instance = CONTAINER_OF(node, struct instance, link);
    os_cancel((HANDLE)acceptor->tcp.socket, &instance->task.overlapped);
  }
  tcp_let_go(acceptor);
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
};
