/* SPDX-License-Identifier: MIT */
/*
 * How this system makes a descriptor that never blocks, is closed by exec and raises no SIGPIPE: in one call where
 * there is one (native_linux.c), else step by step (native_darwin.c); and how a program is started, which is written
 * once (native_spawn.c) but for one step (native_close_*.c). Used by os_direct.c and by its faulty twin only.
 */
#ifndef WEIR_POSIX_NATIVE_H
#define WEIR_POSIX_NATIVE_H

#include <spawn.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

int native_socket(int family, int type);
int native_accept(int descriptor, struct sockaddr *address, socklen_t *length);
int native_adopt(int descriptor);
int native_pipe(int ends[2]);

/* Two sockets that are connected and closed by exec; calls on them wait. */
int native_socket_pair(int ends[2]);

/* ---- descriptors that go through a socket: native_descriptors.c ---- */

/* The most that one message may hold; Linux: SCM_MAX_FD. */
#define NATIVE_DESCRIPTORS_MAX 253

/* Sends these, and one byte that carries them. */
int native_send_descriptors(int passage, const int *descriptors, size_t count);

/*
 * Receives one byte and what it carries; how many these are. ECONNRESET: there is nobody who could send; EMFILE: some
 * were lost for want of descriptors, and the others are closed.
 */
int native_receive_descriptors(int passage, int descriptors[NATIVE_DESCRIPTORS_MAX]);

/* What a receive needs so that they are closed by exec, or what is to be done to each behind it. */
extern const int native_receive_flags __attribute__((visibility("hidden")));
int native_mark_received(int descriptor);

/* What a send needs to raise no SIGPIPE: MSG_NOSIGNAL, or nothing where a socket option says it; and never to wait on a
 * socket that a child has too, which may have made it wait. */
extern const int native_send_flags __attribute__((visibility("hidden")));

/* What posix_spawn needs to close every descriptor of the child from this one on: an action, or a flag. */
int native_close_from(posix_spawn_file_actions_t *actions, int first);
extern const short native_spawn_flags __attribute__((visibility("hidden")));

/* A program to start. */
struct native_child {
  const char *path;
  char *const *arguments;
  char *const *environment;
  const char *directory;  /* NULL: that of this process */
  const int *descriptors; /* the child's 0, 1, 2 and so on: each not below `count`, or its own number; -1: none */
  int count;
  bool detached;
};

/* Starts it, in a session of its own when it is detached, with every signal as a new program expects it. */
int native_spawn(const struct native_child *child, pid_t *id);

#endif
