/* SPDX-License-Identifier: MIT */
/*
 * What only Unix sockets have: names, the files that servers make and remove, and why nobody can be met there. At no
 * moment can anybody connect who shall not: the mode is right before `listen`, and no one can connect before that. What
 * is in the way is explained and never removed.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <string.h>

#include "posix/name.h"
#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"

/* ---- what is in the way ---- */

/*
 * Asks whether somebody is bound there, without being a client of a live server: a datagram socket that connects to a
 * stream socket is refused with EPROTOTYPE before anybody hears of it (seen on Linux 6; xnu compares the types as
 * well).
 */
static enum hint probe(const struct address *address) {
  int descriptor = os_socket(AF_UNIX, SOCK_DGRAM);
  if (descriptor < 0) return HINT_ADDRESS_OTHER;
  struct socket_address target = socket_address_of_name(address);
  int result = os_connect(descriptor, &target.any, target.length);
  int failure = result < 0 ? errno : 0;
  os_close(descriptor);
  switch (failure) {
    case EPROTOTYPE:
      return HINT_ADDRESS_LIVE;
    case ECONNREFUSED:
      return HINT_ADDRESS_STALE;
    case ENOENT:
      return HINT_ADDRESS_VANISHED;
    default: /* also success: it is a datagram socket */
      return HINT_ADDRESS_OTHER;
  }
}

static enum hint explain_address_in_use(const struct address *address) {
  if (address->kind == ADDRESS_ABSTRACT) return HINT_ADDRESS_LIVE;
  struct stat status;
  if (os_lstat(address->text, &status) < 0) return errno == ENOENT ? HINT_ADDRESS_VANISHED : HINT_ADDRESS_OTHER;
  return S_ISSOCK(status.st_mode) ? probe(address) : HINT_ADDRESS_FILE;
}

static struct failure explain_bind(int failure, const struct address *address) {
  switch (failure) {
    case EADDRINUSE:
      return failure_of(failure, explain_address_in_use(address));
    case ENOENT:
      return failure_of(failure, HINT_LISTEN_DIRECTORY);
    case EACCES:
      return failure_of(failure, HINT_LISTEN_FORBIDDEN);
    default:
      return failure_of(failure, HINT_NONE);
  }
}

/* ---- the file ---- */

static mode_t mode_for(const struct listen_request *request) {
  mode_t mode = S_IRUSR | S_IWUSR;
  if (request->readable_all) mode |= S_IRUSR | S_IRGRP | S_IROTH;
  if (request->writable_all) mode |= S_IWUSR | S_IWGRP | S_IWOTH;
  return mode;
}

static void remember_file(struct acceptor *acceptor, const struct address *address, const struct stat *status) {
  memcpy(acceptor->path, address->text, address->length);
  acceptor->path[address->length] = '\0';
  acceptor->device = status->st_dev;
  acceptor->inode = status->st_ino;
}

static bool is_our_file(const struct acceptor *acceptor, const struct stat *status) {
  return S_ISSOCK(status->st_mode) && status->st_dev == acceptor->device && status->st_ino == acceptor->inode;
}

void unix_socket_remove_file(struct acceptor *acceptor) {
  struct stat status;
  bool made = acceptor->path[0] != '\0' && os_lstat(acceptor->path, &status) == 0;
  if (made && is_our_file(acceptor, &status)) os_unlink(acceptor->path);
  acceptor->path[0] = '\0';
}

static bool has_mode(const struct stat *status, mode_t mode) {
  return (status->st_mode & (S_IRWXU | S_IRWXG | S_IRWXO)) == mode;
}

/* The umask took from the mode, or the system knows no mode before there is a file. */
static struct failure make_mode_sure(struct acceptor *acceptor, struct stat *status, mode_t mode) {
  if (has_mode(status, mode)) return failure_none();
  if (os_chmod(acceptor->path, mode) < 0) return failure_of(errno, HINT_LISTEN_MODE);
  if (os_lstat(acceptor->path, status) < 0) return failure_of(errno, HINT_LISTEN_MODE);
  bool sure = is_our_file(acceptor, status) && has_mode(status, mode);
  return sure ? failure_none() : failure_of(EPERM, HINT_LISTEN_MODE);
}

/* ---- binding ---- */

static struct failure bind_to_path(struct acceptor *acceptor, int descriptor, const struct listen_request *request) {
  mode_t mode = mode_for(request);
  /* On Linux the file is born with this mode, less the umask; behind `bind` it would change nothing. Elsewhere EINVAL.
   */
  os_fchmod(descriptor, mode);
  struct socket_address target = socket_address_of_name(request->address);
  if (os_bind(descriptor, &target.any, target.length) < 0) {
    return explain_bind(errno, request->address);
  }
  struct stat status;
  if (os_lstat(request->address->text, &status) < 0) {
    struct failure failure = failure_of(errno, HINT_NONE);
    os_unlink(request->address->text); /* bind never takes a name over, so this is the file it has just made */
    return failure;
  }
  remember_file(acceptor, request->address, &status);
  return make_mode_sure(acceptor, &status, mode);
}

static struct failure bind_to_name(int descriptor, const struct address *address) {
  struct socket_address target = socket_address_of_name(address);
  if (os_bind(descriptor, &target.any, target.length) == 0) return failure_none();
  return explain_bind(errno, address);
}

struct failure unix_socket_bind(struct acceptor *acceptor, int descriptor, const struct listen_request *request) {
  return request->address->kind == ADDRESS_PATH ? bind_to_path(acceptor, descriptor, request)
                                                : bind_to_name(descriptor, request->address);
}

void unix_socket_adopt_file(struct acceptor *acceptor, const struct address *address) {
  struct stat status;
  if (address->kind != ADDRESS_PATH || os_lstat(address->text, &status) < 0) return;
  if (S_ISSOCK(status.st_mode)) remember_file(acceptor, address, &status);
}

/* ---- connecting ---- */

/* ECONNREFUSED comes for a socket nobody listens at, and on Linux for every other kind of file too. */
static enum hint explain_refusal(const struct address *address) {
  if (address->kind == ADDRESS_ABSTRACT) return HINT_CONNECT_ABSTRACT;
  struct stat status;
  if (os_lstat(address->text, &status) < 0) return HINT_NONE;
  return S_ISSOCK(status.st_mode) || S_ISLNK(status.st_mode) ? HINT_CONNECT_STALE : HINT_CONNECT_FILE;
}

static enum hint explain_connect(int failure, const struct address *address) {
  switch (failure) {
    case ECONNREFUSED:
      return explain_refusal(address);
    case EAGAIN:
      return HINT_CONNECT_BUSY;
    case ENOENT:
      return HINT_CONNECT_MISSING;
    case ENOTSOCK:
      return HINT_CONNECT_FILE;
    case EPROTOTYPE:
      return HINT_CONNECT_TYPE;
    case EACCES:
    case EPERM:
      return HINT_CONNECT_FORBIDDEN;
    default:
      return HINT_NONE;
  }
}

static struct failure try_connect(int descriptor, const struct address *address) {
  struct socket_address target = socket_address_of_name(address);
  int result;
  do result = os_connect(descriptor, &target.any, target.length);
  while (result < 0 && errno == EINTR);
  if (result == 0) return failure_none();
  int failure = errno;
  return failure_of(failure, explain_connect(failure, address));
}

/* A Unix socket connects at once or not at all: polling one that said EAGAIN would report success (seen on Linux 6). */
struct failure unix_socket_connect(struct connection *connection, const struct address *address) {
  struct address native = *address;
  struct failure failure = name_resolve(&native, false);
  if (failure.native_code != 0) return failure;
  int descriptor = os_socket(AF_UNIX, SOCK_STREAM);
  if (descriptor < 0) return failure_of(errno, HINT_NONE);
  failure = try_connect(descriptor, &native);
  if (failure.native_code == 0) {
    connection->watch.descriptor = descriptor;
  } else {
    os_close(descriptor);
  }
  return failure;
}
