/* SPDX-License-Identifier: MIT */
/*
 * errno to weir_code, and the hints.
 */
#include "posix/error.h"

#include <errno.h>

weir_code error_code(int native_code) {
  if (native_code == EWOULDBLOCK) return WEIR_EAGAIN; /* on some systems not the same as EAGAIN */
  if (native_code == EOPNOTSUPP) return WEIR_ENOTSUP; /* nor this as ENOTSUP */
  switch (native_code) {
    case 0:
      return WEIR_OK;
    case EACCES:
      return WEIR_EACCES;
    case EADDRINUSE:
      return WEIR_EADDRINUSE;
    case EADDRNOTAVAIL:
      return WEIR_EADDRNOTAVAIL;
    case EAFNOSUPPORT:
      return WEIR_ENOTSUP;
    case EAGAIN:
      return WEIR_EAGAIN;
    case EALREADY:
      return WEIR_EALREADY;
    case EBADF:
      return WEIR_EBADF;
    case EBUSY:
      return WEIR_EBUSY;
    case ECANCELED:
      return WEIR_ECANCELED;
    case ECONNABORTED:
      return WEIR_ECONNABORTED;
    case ECONNREFUSED:
      return WEIR_ECONNREFUSED;
    case ECONNRESET:
      return WEIR_ECONNRESET;
    case EEXIST:
      return WEIR_EEXIST;
    case EHOSTUNREACH:
      return WEIR_EHOSTUNREACH;
    case EINVAL:
      return WEIR_EINVAL;
    case EIO:
      return WEIR_EIO;
    case EISCONN:
      return WEIR_EISCONN;
    case ELOOP:
      return WEIR_ELOOP;
    case EMFILE:
      return WEIR_EMFILE;
    case ENAMETOOLONG:
      return WEIR_ENAMETOOLONG;
    case ENETUNREACH:
      return WEIR_ENETUNREACH;
    case ENFILE:
      return WEIR_ENFILE;
    case ENOBUFS:
      return WEIR_ENOBUFS;
    case ENOENT:
      return WEIR_ENOENT;
    case ENOMEM:
      return WEIR_ENOMEM;
    case ENOSPC:
      return WEIR_ENOSPC;
    case ENOSYS:
      return WEIR_ENOTSUP;
    case ENOTCONN:
      return WEIR_ENOTCONN;
    case ENOTDIR:
      return WEIR_ENOTDIR;
    case ENOTSOCK:
      return WEIR_ENOTSOCK;
    case ENOTSUP:
      return WEIR_ENOTSUP;
    case EPERM:
      return WEIR_EPERM;
    case EPIPE:
      return WEIR_EPIPE;
    case EPROTO:
      return WEIR_EPROTO;
    case EPROTONOSUPPORT:
      return WEIR_ENOTSUP;
    case EPROTOTYPE:
      return WEIR_EPROTO;
    case EROFS:
      return WEIR_EROFS;
    case ETIMEDOUT:
      return WEIR_ETIMEDOUT;
    default:
      return WEIR_EUNKNOWN;
  }
}

static const char *sentence(enum hint hint) {
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
      [HINT_OPEN_NOT_STREAM] = "only a stream socket can be opened",
      [HINT_OPEN_LISTENING] = "that socket listens; give it to a server",
      [HINT_NAME_NOT_PRIVATE] =
          "the directory of this user's ipc names, /tmp/weir-UID, belongs to or is open to others",
      [HINT_NAME_NOT_DIRECTORY] = "what is at /tmp/weir-UID, where this user's ipc names live, is not a directory",
      [HINT_DESCRIPTORS] = "this process may open no more descriptors; raise its limit or close some",
      [HINT_POLLER] = "the system's poller failed; was its descriptor closed by mistake?",
  };
  return sentences[hint];
}

struct outcome error_outcome(struct failure failure) {
  enum hint hint = failure.hint == HINT_NONE && failure.native_code == EMFILE ? HINT_DESCRIPTORS : failure.hint;
  return (struct outcome){
      .code = error_code(failure.native_code), .native_code = failure.native_code, .hint = sentence(hint)};
}

void error_complete(struct completion *completion, struct failure failure) {
  struct outcome outcome = error_outcome(failure);
  completion->result = outcome.code;
  completion->native_code = outcome.native_code;
  completion->hint = outcome.hint;
}
