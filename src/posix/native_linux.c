/* SPDX-License-Identifier: MIT */
/*
 * Descriptors on Linux: every flag is given in the call that makes the descriptor, so that no other thread can fork in
 * between.
 */
#define _GNU_SOURCE 1

#include "posix/native.h"

#include <fcntl.h>
#include <unistd.h>

const int native_send_flags = MSG_NOSIGNAL | MSG_DONTWAIT;

int native_socket(int family, int type) { return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

int native_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
  return accept4(descriptor, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int native_adopt(int descriptor) {
  int status = fcntl(descriptor, F_GETFL);
  if (status < 0) return -1;
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) return -1;
  return fcntl(descriptor, F_SETFL, status | O_NONBLOCK);
}

int native_pipe(int ends[2]) { return pipe2(ends, O_NONBLOCK | O_CLOEXEC); }

const int native_receive_flags = MSG_CMSG_CLOEXEC;

int native_mark_received(int descriptor) {
  (void)descriptor;
  return 0;
}

int native_socket_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends); }
