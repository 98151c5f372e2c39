/* SPDX-License-Identifier: MIT */
/*
 * Handles that go to another process and come from an io_uring backend, or to one: as for the pollers, but with a
 * server go the clients that its ring had accepted. They wait in a parcel, in the taker's process as in the giver's.
 */
#include "posix/os.h"
#include "posix/passing.h"
#include "posix/uring_parcel.h"

static weir_code give(struct backend *backend, intptr_t passage, enum passing_kind kind, intptr_t native,
                      struct passing_ticket *ticket) {
  int descriptors[OS_DESCRIPTORS_MAX] = {(int)native};
  (void)backend;
  ticket->length = 0;
  size_t clients = kind == PASSING_ACCEPTOR ? parcel_copy((int)native, descriptors + 1, OS_DESCRIPTORS_MAX - 1) : 0;
  return passing_send(passage, descriptors, 1 + clients);
}

static weir_code take(struct backend *backend, intptr_t passage, enum passing_kind kind, const void *ticket,
                      size_t length, intptr_t *native) {
  int descriptors[OS_DESCRIPTORS_MAX];
  size_t count = 0;
  (void)backend;
  (void)ticket;
  if (length > 0) return WEIR_EPROTO;
  weir_code code = passing_receive(passage, descriptors, &count);
  if (code != WEIR_OK) return code;
  *native = descriptors[0];
  if (kind == PASSING_ACCEPTOR && count > 1) {
    parcel_leave(descriptors[0], descriptors + 1, count - 1);
  } else {
    for (size_t i = 1; i < count; i++) os_close(descriptors[i]);
  }
  return WEIR_OK;
}

static void release(struct backend *backend, enum passing_kind kind, intptr_t native) {
  (void)backend;
  if (kind == PASSING_ACCEPTOR) parcel_drop((int)native);
  os_close((int)native);
}

const struct passing_operations passing_uring = {.create = passing_create,
                                                 .meet = passing_meet,
                                                 .inherit = passing_inherit,
                                                 .close = passing_close,
                                                 .give = give,
                                                 .take = take,
                                                 .release = release,
                                                 .duplicate_connection = passing_duplicate_connection,
                                                 .duplicate_acceptor = passing_duplicate_acceptor};
