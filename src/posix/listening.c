/* SPDX-License-Identifier: MIT */
/*
 * How a server begins to listen: at an address, or on a socket that is there already: bound before, shared with
 * another server, or from elsewhere.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "posix/name.h"
#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"

/* ---- at an address ---- */

static struct failure open_socket(const struct address *address, int *descriptor) {
  if (address->kind == ADDRESS_IP) return tcp_socket_open(&address->ip, descriptor);
  *descriptor = os_socket(AF_UNIX, SOCK_STREAM);
  return *descriptor < 0 ? failure_of(errno, HINT_NONE) : failure_none();
}

static struct failure bind_socket(struct acceptor *acceptor, int descriptor, const struct listen_request *request) {
  return request->address->kind == ADDRESS_IP ? tcp_socket_bind(descriptor, request)
                                              : unix_socket_bind(acceptor, descriptor, request);
}

static struct failure begin_to_listen(int descriptor, const struct listen_request *request) {
  if (request->only_bind || os_listen(descriptor, request->backlog) == 0) return failure_none();
  return request->address->kind == ADDRESS_IP ? tcp_socket_explain_listen(errno) : failure_of(errno, HINT_NONE);
}

/* Asked behind `listen`, because a system may choose the port only then. */
static struct failure read_port(int descriptor, struct address *address) {
  if (address->kind != ADDRESS_IP) return failure_none();
  struct socket_address native = socket_address_room();
  if (os_getsockname(descriptor, &native.any, &native.length) < 0) return failure_of(errno, HINT_NONE);
  struct address bound;
  socket_address_read(&native, &bound);
  address->ip.port = bound.ip.port;
  return failure_none();
}

static struct failure listen_at_address(struct acceptor *acceptor, const struct listen_request *request) {
  struct failure failure = name_resolve(request->address, true);
  if (failure.native_code != 0) return failure;
  int descriptor;
  failure = open_socket(request->address, &descriptor);
  if (failure.native_code != 0) return failure;
  failure = bind_socket(acceptor, descriptor, request);
  if (failure.native_code == 0) failure = begin_to_listen(descriptor, request);
  if (failure.native_code == 0) failure = read_port(descriptor, request->address);
  if (failure.native_code == 0) {
    acceptor->watch.descriptor = descriptor;
  } else {
    unix_socket_remove_file(acceptor);
    os_close(descriptor);
  }
  return failure;
}

/* ---- on a socket that is there already ---- */

/* Without a name the server listens all the same. */
static void read_name(int descriptor, struct address *address) {
  struct socket_address native = socket_address_room();
  if (os_getsockname(descriptor, &native.any, &native.length) == 0) socket_address_read(&native, address);
}

/* Linux would give a TCP socket without a port one, and nobody would know which. */
static struct failure check_bound(int descriptor, struct address *address) {
  int type = 0;
  if (os_getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type) < 0) return failure_of(errno, HINT_NONE);
  if (type != SOCK_STREAM) return failure_of(EINVAL, HINT_LISTEN_UNBOUND);
  read_name(descriptor, address);
  bool lacks_port = address->kind == ADDRESS_IP && address->ip.port == 0;
  return lacks_port ? failure_of(EINVAL, HINT_LISTEN_UNBOUND) : failure_none();
}

/* Whose file it is, is not known here, so it is never removed, unless the request says so. */
static struct failure listen_on_native(struct acceptor *acceptor, const struct listen_request *request) {
  if (request->native < 0 || request->native > INT_MAX) return failure_of(EBADF, HINT_NONE);
  int descriptor = (int)request->native;
  struct failure failure = check_bound(descriptor, request->address);
  if (failure.native_code != 0) return failure;
  if (os_listen(descriptor, request->backlog) < 0) {
    return failure_of(errno, errno == EINVAL ? HINT_LISTEN_UNBOUND : HINT_NONE);
  }
  if (os_adopt(descriptor) < 0) return failure_of(errno, HINT_NONE);
  if (request->owns_file) unix_socket_adopt_file(acceptor, request->address);
  acceptor->watch.descriptor = descriptor;
  return failure_none();
}

static void copy_file(const struct acceptor *from, struct acceptor *to) {
  memcpy(to->path, from->path, sizeof to->path);
  to->device = from->device;
  to->inode = from->inode;
}

static struct failure listen_on_bound(struct acceptor *acceptor, const struct listen_request *request) {
  struct acceptor *bound = request->bound;
  int descriptor = bound->watch.descriptor;
  read_name(descriptor, request->address);
  struct failure failure = failure_none();
  if (request->address->kind == ADDRESS_IP) failure = tcp_socket_reuse_address(descriptor);
  if (failure.native_code == 0) failure = begin_to_listen(descriptor, request);
  if (failure.native_code != 0) return failure;
  copy_file(bound, acceptor);
  bound->path[0] = '\0';
  bound->watch.descriptor = -1;
  acceptor->watch.descriptor = descriptor;
  return failure;
}

static struct failure share_socket(struct acceptor *acceptor, const struct listen_request *request) {
  struct acceptor *shared = request->shared;
  int descriptor = os_duplicate(shared->watch.descriptor);
  if (descriptor < 0) return failure_of(errno, HINT_NONE);
  read_name(descriptor, request->address);
  copy_file(shared, acceptor);
  acceptor->next_sharer = shared->next_sharer != NULL ? shared->next_sharer : shared;
  shared->next_sharer = acceptor;
  acceptor->watch.descriptor = descriptor;
  return failure_none();
}

void listening_leave(struct acceptor *acceptor) {
  if (acceptor->next_sharer == NULL) return;
  struct acceptor *before = acceptor->next_sharer;
  while (before->next_sharer != acceptor) before = before->next_sharer;
  before->next_sharer = acceptor->next_sharer != before ? acceptor->next_sharer : NULL;
  acceptor->next_sharer = NULL;
  acceptor->path[0] = '\0';
}

/* ---- whichever it is ---- */

struct failure listening_open(struct acceptor *acceptor, const struct listen_request *request) {
  acceptor->path[0] = '\0';
  if (request->address->kind != ADDRESS_NONE) return listen_at_address(acceptor, request);
  if (request->shared != NULL) return share_socket(acceptor, request);
  if (request->bound != NULL) return listen_on_bound(acceptor, request);
  return listen_on_native(acceptor, request);
}
