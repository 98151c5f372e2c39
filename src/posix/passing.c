/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE 1

#include "posix/passing.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "posix/error.h"

/* What a child finds its end by: the number of each part, as process_spawn was told. */
#define STREAM_VARIABLE "WEIR_CHANNEL"
#define PASSAGE_VARIABLE "WEIR_CHANNEL_PASSAGE"

/* ---- ends ---- */

/* Never blocks, and is closed by exec. */
static int open_pair(intptr_t *first, intptr_t *second) {
  int ends[2];
  if (os_socket_pair(ends) < 0) return errno;
  if (os_adopt(ends[0]) < 0 || os_adopt(ends[1]) < 0) {
    int failure = errno;
    os_close(ends[0]);
    os_close(ends[1]);
    return failure;
  }
  *first = ends[0];
  *second = ends[1];
  return 0;
}

weir_code passing_create(struct backend *backend, struct channel_end ends[2]) {
  ends[0] = ends[1] = (struct channel_end){PASSING_NONE, PASSING_NONE};
  int failure = open_pair(&ends[0].stream, &ends[1].stream);
  if (failure == 0) failure = open_pair(&ends[0].passage, &ends[1].passage);
  if (failure == 0) return WEIR_OK;
  passing_close(backend, &ends[0]);
  passing_close(backend, &ends[1]);
  return error_code(failure);
}

/* Who is at the other end of a pair of sockets needs no proof. */
weir_code passing_meet(struct backend *backend, struct channel_end *end, intptr_t process) {
  (void)backend;
  (void)end;
  (void)process;
  return WEIR_OK;
}

/* The number that a variable holds, which is there no more then; PASSING_NONE: none. */
static intptr_t take_variable(const char *name) {
  const char *text = getenv(name);
  char *end = NULL;
  long number = text == NULL || text[0] == '\0' ? -1 : strtol(text, &end, 10);
  bool is_descriptor = number >= 0 && number <= INT_MAX && end != NULL && *end == '\0';
  unsetenv(name);
  return is_descriptor ? (intptr_t)number : PASSING_NONE;
}

weir_code passing_inherit(struct backend *backend, struct channel_end *end) {
  end->stream = take_variable(STREAM_VARIABLE);
  end->passage = take_variable(PASSAGE_VARIABLE);
  if (end->stream == PASSING_NONE) return WEIR_ENOTCONN;
  bool has_passage = end->passage != PASSING_NONE;
  if (os_adopt((int)end->stream) == 0 && (!has_passage || os_adopt((int)end->passage) == 0)) return WEIR_OK;
  weir_code code = error_code(errno);
  passing_close(backend, end);
  return code;
}

void passing_close(struct backend *backend, const struct channel_end *end) {
  (void)backend;
  if (end->stream != PASSING_NONE) os_close((int)end->stream);
  if (end->passage != PASSING_NONE) os_close((int)end->passage);
}

/* ---- through the passage ---- */

/* EMSGSIZE: macOS, when the buffer is too full; ETOOMANYREFS: Linux, when too many are under way. (facts C.9) */
static bool passes(int failure) {
  return failure == EAGAIN || failure == EWOULDBLOCK || failure == EINTR || failure == EMSGSIZE ||
         failure == ETOOMANYREFS || failure == ENOBUFS;
}

weir_code passing_send(intptr_t passage, const int *descriptors, size_t count) {
  if (os_send_descriptors((int)passage, descriptors, count) == 0) return WEIR_OK;
  return passes(errno) ? WEIR_EAGAIN : error_code(errno);
}

weir_code passing_receive(intptr_t passage, int descriptors[OS_DESCRIPTORS_MAX], size_t *count) {
  int result;
  do result = os_receive_descriptors((int)passage, descriptors);
  while (result < 0 && errno == EINTR);
  if (result > 0) {
    *count = (size_t)result;
    return WEIR_OK;
  }
  bool is_lost = result < 0 && errno == EMFILE;
  return is_lost ? WEIR_EMFILE : WEIR_EPROTO;
}

static weir_code duplicate(const struct watch *watch, intptr_t *native) {
  int descriptor = os_duplicate(watch->descriptor);
  *native = descriptor;
  return descriptor < 0 ? error_code(errno) : WEIR_OK;
}

weir_code passing_duplicate_connection(struct backend *backend, struct connection *connection, intptr_t *native) {
  (void)backend;
  return duplicate(&connection->watch, native);
}

weir_code passing_duplicate_acceptor(struct backend *backend, struct acceptor *acceptor, intptr_t *native) {
  (void)backend;
  return duplicate(&acceptor->watch, native);
}

/* ---- of the pollers ---- */

static weir_code give(struct backend *backend, intptr_t passage, enum passing_kind kind, intptr_t native,
                      struct passing_ticket *ticket) {
  (void)backend;
  (void)kind;
  const int descriptor = (int)native;
  ticket->length = 0;
  return passing_send(passage, &descriptor, 1);
}

/* Clients that a ring has accepted, and that come along with its server, learn here that they are not served. */
static weir_code take(struct backend *backend, intptr_t passage, enum passing_kind kind, const void *ticket,
                      size_t length, intptr_t *native) {
  int descriptors[OS_DESCRIPTORS_MAX];
  size_t count = 0;
  (void)backend;
  (void)kind;
  (void)ticket;
  if (length > 0) return WEIR_EPROTO;
  weir_code code = passing_receive(passage, descriptors, &count);
  if (code != WEIR_OK) return code;
  for (size_t i = 1; i < count; i++) os_close(descriptors[i]);
  *native = descriptors[0];
  return WEIR_OK;
}

static void release(struct backend *backend, enum passing_kind kind, intptr_t native) {
  (void)backend;
  (void)kind;
  os_close((int)native);
}

const struct passing_operations passing_posix = {.create = passing_create,
                                                 .meet = passing_meet,
                                                 .inherit = passing_inherit,
                                                 .close = passing_close,
                                                 .give = give,
                                                 .take = take,
                                                 .release = release,
                                                 .duplicate_connection = passing_duplicate_connection,
                                                 .duplicate_acceptor = passing_duplicate_acceptor};
