/* SPDX-License-Identifier: MIT */
/*
 * How this system makes a descriptor that never blocks, is closed by exec and raises no SIGPIPE: in one call where
 * there is one (native_linux.c), else step by step (native_darwin.c). Used by os_direct.c and by its faulty twin only.
 */
#ifndef WEIR_POSIX_NATIVE_H
#define WEIR_POSIX_NATIVE_H

#include <sys/socket.h>

int native_socket(int family, int type);
int native_accept(int descriptor, struct sockaddr *address, socklen_t *length);
int native_adopt(int descriptor);
int native_pipe(int ends[2]);

/* What a send needs to raise no SIGPIPE: MSG_NOSIGNAL, or nothing where a socket option says it. */
extern const int native_send_flags __attribute__((visibility("hidden")));

#endif
