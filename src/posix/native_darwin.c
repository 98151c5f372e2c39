/* SPDX-License-Identifier: MIT */
/*
 * Descriptors on macOS, which has neither accept4 nor pipe2: the flags are set right behind the call that makes the
 * descriptor. A fork of another thread in between inherits it; there is no remedy.
 */
#include "posix/native.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

const int native_send_flags = MSG_DONTWAIT;

int native_adopt(int descriptor) {
  int status = fcntl(descriptor, F_GETFL);
  if (status < 0) return -1;
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) return -1;
  if (fcntl(descriptor, F_SETFL, status | O_NONBLOCK) < 0) return -1;
  /* EINVAL: the peer has closed already (xnu, sosetoptlock). What it wrote can still be read, so that is no failure. */
  int on = 1;
  if (setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) < 0 && errno != EINVAL) return -1;
  return 0;
}

static int adopt_or_close(int descriptor) {
  if (descriptor < 0 || native_adopt(descriptor) == 0) return descriptor;
  int saved = errno;
  close(descriptor);
  errno = saved;
  return -1;
}

int native_socket(int family, int type) { return adopt_or_close(socket(family, type, 0)); }

/* xnu gives a client that is gone already without an address; elsewhere that is ECONNABORTED. (golang's net does so) */
int native_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
  int client = accept(descriptor, address, length);
  if (client >= 0 && *length == 0) {
    close(client);
    errno = ECONNABORTED;
    return -1;
  }
  return adopt_or_close(client);
}

/* Lets exec close both; on failure they are closed at once. */
static int set_apart_or_close(int ends[2], int status) {
  for (int end = 0; end < 2; end++) {
    if (fcntl(ends[end], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[end], F_SETFL, status) == 0) continue;
    int saved = errno;
    close(ends[0]);
    close(ends[1]);
    errno = saved;
    return -1;
  }
  return 0;
}

int native_pipe(int ends[2]) { return pipe(ends) < 0 ? -1 : set_apart_or_close(ends, O_NONBLOCK); }

const int native_receive_flags = 0;

int native_mark_received(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

int native_socket_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ? -1 : set_apart_or_close(ends, 0);
}

/* What no action names is closed by the flag. */
const short native_spawn_flags = POSIX_SPAWN_CLOEXEC_DEFAULT;

int native_close_from(posix_spawn_file_actions_t *actions, int first) {
  (void)actions, (void)first;
  return 0;
}
