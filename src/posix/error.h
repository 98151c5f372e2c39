/* SPDX-License-Identifier: MIT */
/*
 * What an errno is called in Weir, and what to tell the user about it. The only table of its kind in this folder.
 */
#ifndef WEIR_POSIX_ERROR_H
#define WEIR_POSIX_ERROR_H

#include "common/backend.h"

enum hint {
  HINT_NONE = 0,
  HINT_ADDRESS_LIVE,       /* listen: a server answers there */
  HINT_ADDRESS_STALE,      /* listen: a socket file nobody listens at */
  HINT_ADDRESS_FILE,       /* listen: a file that is no socket */
  HINT_ADDRESS_OTHER,      /* listen: taken, and it cannot be found out by what */
  HINT_ADDRESS_VANISHED,   /* listen: taken a moment ago, free now */
  HINT_LISTEN_DIRECTORY,   /* listen: the directory is missing */
  HINT_LISTEN_FORBIDDEN,   /* listen: no permission to make the file */
  HINT_LISTEN_MODE,        /* listen: the permissions of the file could not be set */
  HINT_LISTEN_UNBOUND,     /* listen: not a bound stream socket */
  HINT_CONNECT_MISSING,    /* connect: nothing at that path */
  HINT_CONNECT_STALE,      /* connect: a socket file nobody listens at */
  HINT_CONNECT_FILE,       /* connect: a file that is no socket */
  HINT_CONNECT_ABSTRACT,   /* connect: nobody has that abstract name */
  HINT_CONNECT_BUSY,       /* connect: the backlog is full */
  HINT_CONNECT_FORBIDDEN,  /* connect: no permission */
  HINT_CONNECT_TYPE,       /* connect: a datagram socket */
  HINT_PORT_TAKEN,         /* listen at TCP: another socket has it */
  HINT_PORT_FORBIDDEN,     /* listen at TCP: no permission */
  HINT_ADDRESS_FOREIGN,    /* listen at TCP: not this machine's */
  HINT_REUSE_PORT,         /* listen at TCP: this system does not spread clients */
  HINT_NO_IPV6,            /* TCP: this system has none */
  HINT_ZONE_UNKNOWN,       /* TCP: no interface is called so */
  HINT_ZONE_MISSING,       /* connect to TCP: a link-local address says nothing of the link */
  HINT_TCP_REFUSED,        /* connect to TCP: nobody listens */
  HINT_TCP_SILENT,         /* connect to TCP: nobody answers */
  HINT_TCP_UNREACHABLE,    /* connect to TCP: there is no way */
  HINT_TCP_NO_PORT,        /* connect to TCP: EADDRNOTAVAIL */
  HINT_LOCAL,              /* connect to TCP: the bind before it failed; this and the following name that step */
  HINT_LOCAL_TAKEN,        /* the local port is another socket's */
  HINT_LOCAL_FOREIGN,      /* the local address is not this machine's */
  HINT_LOCAL_FORBIDDEN,    /* no permission for the local port */
  HINT_LOCAL_FAMILY,       /* IPv4 here and IPv6 there, or the reverse */
  HINT_OPEN_NOT_STREAM,    /* open: a socket of another type */
  HINT_OPEN_LISTENING,     /* open: a listening socket */
  HINT_NAME_NOT_PRIVATE,   /* ipc:NAME: others could enter the directory */
  HINT_NAME_NOT_DIRECTORY, /* ipc:NAME: something else is in its place */
  HINT_DESCRIPTORS,        /* EMFILE */
  HINT_POLLER,             /* the poller failed */
  HINT_THREADS,            /* no thread could be started */
  HINT_SPAWN_MISSING,      /* spawn: no such file */
  HINT_SPAWN_UNKNOWN,      /* spawn: no such program in PATH */
  HINT_SPAWN_DIRECTORY,    /* spawn: the directory is missing */
  HINT_SPAWN_FORBIDDEN,    /* spawn: no permission to run it */
  HINT_SPAWN_FORMAT,       /* spawn: no program */
  HINT_SPAWN_LONG,         /* spawn: too many arguments */
  HINT_SPAWN_PROCESSES,    /* spawn: too many processes */
  HINT_COUNT
};

/* Why something failed, as it goes from hand to hand in this folder. */
struct failure {
  int native_code; /* the errno; 0: it did not fail */
  enum hint hint;
};

static inline struct failure failure_of(int native_code, enum hint hint) {
  return (struct failure){.native_code = native_code, .hint = hint};
}

static inline struct failure failure_none(void) { return failure_of(0, HINT_NONE); }

/* The code for an errno; WEIR_EUNKNOWN for one that has no name. */
weir_code error_code(int native_code);

/* Whether this ends a connection: it is told to one call, whichever it is, and after it a read would see a clean end.
 */
bool error_ends_connection(int native_code);

/* The whole of it for an operation that answers at once. */
struct outcome error_outcome(struct failure failure);

/* Puts a failure into a completion. */
void error_complete(struct completion *completion, struct failure failure);

#endif
