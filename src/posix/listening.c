/* SPDX-License-Identifier: MIT */
/*
 * How a server begins to listen: at an address, or on a descriptor that came from elsewhere.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <limits.h>

#include "posix/name.h"
#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"

static struct failure bind_and_listen(struct acceptor *acceptor, int descriptor, const struct listen_request *request) {
  struct failure failure = unix_socket_bind(acceptor, descriptor, request);
  if (failure.native_code == 0 && os_listen(descriptor, request->backlog) < 0) failure = failure_of(errno, HINT_NONE);
  if (failure.native_code != 0) unix_socket_remove_file(acceptor);
  return failure;
}

static struct failure listen_at_address(struct acceptor *acceptor, const struct listen_request *request) {
  if (request->address->kind >= ADDRESS_HOST) return failure_of(EAFNOSUPPORT, HINT_NONE);
  struct failure failure = name_resolve(request->address, true);
  if (failure.native_code != 0) return failure;
  int descriptor = os_socket(SOCK_STREAM);
  if (descriptor < 0) return failure_of(errno, HINT_NONE);
  failure = bind_and_listen(acceptor, descriptor, request);
  if (failure.native_code != 0) {
    os_close(descriptor);
  } else {
    acceptor->watch.descriptor = descriptor;
  }
  return failure;
}

/* Without a name the server listens all the same. */
static void read_name(int descriptor, struct address *address) {
  struct socket_address native;
  native.length = sizeof native.native;
  if (os_getsockname(descriptor, (struct sockaddr *)&native.native, &native.length) == 0) {
    socket_address_read(&native, address);
  }
}

/* Whose file it is, is not known here: it is never removed. */
static struct failure listen_on_native(struct acceptor *acceptor, const struct listen_request *request) {
  if (request->native < 0 || request->native > INT_MAX) return failure_of(EBADF, HINT_NONE);
  int descriptor = (int)request->native;
  int type = 0;
  if (os_getsockopt(descriptor, SO_TYPE, &type) < 0) return failure_of(errno, HINT_NONE);
  if (type != SOCK_STREAM) return failure_of(EINVAL, HINT_LISTEN_UNBOUND);
  if (os_listen(descriptor, request->backlog) < 0) {
    return failure_of(errno, errno == EINVAL ? HINT_LISTEN_UNBOUND : HINT_NONE);
  }
  if (os_adopt(descriptor) < 0) return failure_of(errno, HINT_NONE);
  read_name(descriptor, request->address);
  acceptor->watch.descriptor = descriptor;
  return failure_none();
}

struct failure listening_open(struct acceptor *acceptor, const struct listen_request *request) {
  acceptor->path[0] = '\0';
  bool named = request->address->kind != ADDRESS_NONE;
  return named ? listen_at_address(acceptor, request) : listen_on_native(acceptor, request);
}
