/* SPDX-License-Identifier: MIT */
/*
 * errno to weir_code, and the hints.
 */
#include "posix/error.h"

#include <errno.h>

/* One row an errno. On some systems EWOULDBLOCK is EAGAIN and EOPNOTSUPP is ENOTSUP, on others they are numbers of
 * their own. */
static const struct {
  int native_code;
  weir_code code;
} codes[] = {
    {E2BIG, WEIR_E2BIG},
    {EACCES, WEIR_EACCES},
    {EADDRINUSE, WEIR_EADDRINUSE},
    {EADDRNOTAVAIL, WEIR_EADDRNOTAVAIL},
    {EAFNOSUPPORT, WEIR_ENOTSUP},
    {EAGAIN, WEIR_EAGAIN},
    {EALREADY, WEIR_EALREADY},
    {EBADF, WEIR_EBADF},
    {EBUSY, WEIR_EBUSY},
    {ECANCELED, WEIR_ECANCELED},
    {ECONNABORTED, WEIR_ECONNABORTED},
    {ECONNREFUSED, WEIR_ECONNREFUSED},
    {ECONNRESET, WEIR_ECONNRESET},
    {EEXIST, WEIR_EEXIST},
    {EHOSTUNREACH, WEIR_EHOSTUNREACH},
    {EINVAL, WEIR_EINVAL},
    {EIO, WEIR_EIO},
    {EISCONN, WEIR_EISCONN},
    {ELOOP, WEIR_ELOOP},
    {EMFILE, WEIR_EMFILE},
    {ENAMETOOLONG, WEIR_ENAMETOOLONG},
    {ENETUNREACH, WEIR_ENETUNREACH},
    {ENFILE, WEIR_ENFILE},
    {ENOBUFS, WEIR_ENOBUFS},
    {ENOENT, WEIR_ENOENT},
    {ENOEXEC, WEIR_ENOEXEC},
    {ENOMEM, WEIR_ENOMEM},
    {ENOSPC, WEIR_ENOSPC},
    {ENOSYS, WEIR_ENOTSUP},
    {ENOTCONN, WEIR_ENOTCONN},
    {ENOTDIR, WEIR_ENOTDIR},
    {ENOTSOCK, WEIR_ENOTSOCK},
    {ENOTSUP, WEIR_ENOTSUP},
    {EOPNOTSUPP, WEIR_ENOTSUP},
    {EPERM, WEIR_EPERM},
    {EPIPE, WEIR_EPIPE},
    {EPROTO, WEIR_EPROTO},
    {EPROTONOSUPPORT, WEIR_ENOTSUP},
    {EPROTOTYPE, WEIR_EPROTO},
    {EROFS, WEIR_EROFS},
    {ESRCH, WEIR_ESRCH},
    {ETIMEDOUT, WEIR_ETIMEDOUT},
    {EWOULDBLOCK, WEIR_EAGAIN},
};

weir_code error_code(int native_code) {
  if (native_code == 0) return WEIR_OK;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    if (codes[i].native_code == native_code) return codes[i].code;
  }
  return WEIR_EUNKNOWN;
}

bool error_ends_connection(int native_code) {
  return native_code == ECONNRESET || native_code == ETIMEDOUT || native_code == EHOSTUNREACH ||
         native_code == ENETUNREACH || native_code == ECONNABORTED;
}

/* What is said of a hint, and of which step it is; NULL: nothing, or of none. */
static const char *const sentences[HINT_COUNT] = {
    [HINT_ADDRESS_LIVE] = "a live server listens there",
    [HINT_ADDRESS_STALE] = "stale: no server listens at this socket file; if none is just starting, remove it",
    [HINT_ADDRESS_FILE] = "a file that is not a socket is in the way",
    [HINT_ADDRESS_OTHER] =
        "something is at that path that this user may not look at or that is a socket of another type",
    [HINT_ADDRESS_VANISHED] = "it was taken a moment ago and is free now; try again",
    [HINT_LISTEN_DIRECTORY] = "the directory that the path names does not exist; make it first",
    [HINT_LISTEN_FORBIDDEN] = "listening needs write permission in the directory of the path",
    [HINT_LISTEN_MODE] = "the permissions of the socket file could not be set, so it was removed again",
    [HINT_LISTEN_UNBOUND] = "a server needs a stream socket that is bound and not connected",
    [HINT_CONNECT_MISSING] = "nothing is at that path; the server has not started, or listens elsewhere",
    [HINT_CONNECT_STALE] = "no server listens at this socket file; it is stale, or its server is just starting",
    [HINT_CONNECT_FILE] = "what is at that path is not a socket",
    [HINT_CONNECT_ABSTRACT] = "no server has that abstract name",
    [HINT_CONNECT_BUSY] = "too many clients wait for the server already; trying again later can succeed",
    [HINT_CONNECT_FORBIDDEN] = "connecting needs write permission on the socket file and entry to its directories",
    [HINT_CONNECT_TYPE] = "the socket at that path is not a stream socket",
    [HINT_PORT_TAKEN] = "the port is taken there: a live server or another socket is bound to it",
    [HINT_PORT_FORBIDDEN] = "this user may not listen at that port; those below 1024 want privileges as a rule",
    [HINT_ADDRESS_FOREIGN] = "that address is none of this machine's; 0.0.0.0 and :: are all it has",
    [HINT_REUSE_PORT] = "this system does not spread clients over several sockets of one port",
    [HINT_NO_IPV6] = "this system has no IPv6",
    [HINT_ZONE_UNKNOWN] = "no network interface of this machine has that zone's name",
    [HINT_ZONE_MISSING] = "a link-local address needs a zone, the interface to go by: fe80::1%eth0",
    [HINT_TCP_REFUSED] = "nobody listens at that address and port; the server has not started, or listens elsewhere",
    [HINT_TCP_SILENT] = "no answer came from there; the machine is off, or a firewall swallows what is sent",
    [HINT_TCP_UNREACHABLE] = "this machine knows no way there; is its network up?",
    [HINT_TCP_NO_PORT] = "no server can be at that address and port, or this machine has no local port left",
    [HINT_LOCAL_TAKEN] = "the local port is taken; port 0 leaves the choice to the system",
    [HINT_LOCAL_FOREIGN] = "the local address is none of this machine's",
    [HINT_LOCAL_FORBIDDEN] = "this user may not have that local port; those below 1024 want privileges as a rule",
    [HINT_LOCAL_FAMILY] = "the local address is of another family than the one to connect to",
    [HINT_OPEN_NOT_STREAM] = "only a stream socket can be opened",
    [HINT_OPEN_LISTENING] = "that socket listens; give it to a server",
    [HINT_NAME_NOT_PRIVATE] = "the directory of this user's ipc names, /tmp/weir-UID, belongs to or is open to others",
    [HINT_NAME_NOT_DIRECTORY] = "what is at /tmp/weir-UID, where this user's ipc names live, is not a directory",
    [HINT_DESCRIPTORS] = "this process may open no more descriptors; raise its limit or close some",
    [HINT_POLLER] = "the system's poller failed; was its descriptor closed by mistake?",
    [HINT_THREADS] = "the system has no thread left for this user or process",
    [HINT_SPAWN_MISSING] = "no such file; or the interpreter that its first line names is missing",
    [HINT_SPAWN_UNKNOWN] = "no directory of PATH has a program of that name",
    [HINT_SPAWN_DIRECTORY] =
        "the directory in which the process should begin does not exist, or is closed to this user",
    [HINT_SPAWN_FORBIDDEN] = "this user may not run that file",
    [HINT_SPAWN_FORMAT] = "a script needs a first line that names its interpreter, as #!/bin/sh does",
    [HINT_SPAWN_LONG] = "the system limits how long arguments and environment may be together",
    [HINT_SPAWN_PROCESSES] = "the system has no process left for this user",
};

static const char *const steps[HINT_COUNT] = {
    [HINT_LOCAL] = "bind",           [HINT_LOCAL_TAKEN] = "bind",  [HINT_LOCAL_FOREIGN] = "bind",
    [HINT_LOCAL_FORBIDDEN] = "bind", [HINT_LOCAL_FAMILY] = "bind",
};

struct outcome error_outcome(struct failure failure) {
  enum hint hint = failure.hint == HINT_NONE && failure.native_code == EMFILE ? HINT_DESCRIPTORS : failure.hint;
  return (struct outcome){.code = error_code(failure.native_code),
                          .native_code = failure.native_code,
                          .hint = sentences[hint],
                          .step = steps[hint]};
}

void error_complete(struct completion *completion, struct failure failure) {
  struct outcome outcome = error_outcome(failure);
  completion->result = outcome.code;
  completion->native_code = outcome.native_code;
  completion->hint = outcome.hint;
  completion->step = outcome.step;
}
