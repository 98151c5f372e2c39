/* SPDX-License-Identifier: MIT */
/*
 * What attempts met becomes an error: each by itself for its event, and all of them as the causes of one. Without
 * memory for the causes the error is told without them.
 */
#include "common/base/memory.h"
#include "common/socket/connecting.h"

/* A port alone is bound at any address of the attempt's kind. */
bool attempt_local(const struct attempt *attempt, weir_address *local) {
  *local = attempt->connecting->local;
  if (attempt->address.family == WEIR_FAMILY_NONE) return false;
  if (local->family == WEIR_FAMILY_NONE && local->port == 0) return false;
  if (local->family == WEIR_FAMILY_NONE) local->family = attempt->address.family;
  return true;
}

/* A failed bind is about the local address; everything else is about where it was to go. */
weir_error attempt_error(const struct attempt *attempt, struct attempt_texts *texts) {
  weir_address local;
  weir_error error = {.code = attempt->code,
                      .native_code = attempt->native_code,
                      .operation = attempt->step == NULL ? "connect" : attempt->step,
                      .address = attempt->connecting->socket->extra->name,
                      .hint = attempt->hint == NULL ? "" : attempt->hint,
                      .local = ""};
  if (attempt->address.family == WEIR_FAMILY_NONE) return error;
  weir_address_format(&attempt->address, texts->address, sizeof texts->address);
  error.address = texts->address;
  if (!attempt_local(attempt, &local)) return error;
  if (local.port == 0) local.port = WEIR_NO_PORT;
  weir_address_format(&local, texts->local, sizeof texts->local);
  if (attempt->step == NULL) {
    error.local = texts->local;
  } else {
    error.address = texts->local;
  }
  return error;
}

/* The causes, in the order in which they failed. */
static void list_causes(const struct connecting *connecting, weir_error *causes, struct attempt_texts *texts) {
  size_t i = 0;
  for (struct list_node *node = list_first(&connecting->failed); node != NULL;
       node = list_after(&connecting->failed, node), i++) {
    causes[i] = attempt_error(CONTAINER_OF(node, struct attempt, link), &texts[i]);
  }
}

static size_t count_failed(const struct connecting *connecting) {
  size_t count = 0;
  for (struct list_node *node = list_first(&connecting->failed); node != NULL;
       node = list_after(&connecting->failed, node)) {
    count++;
  }
  return count;
}

static void fail_with_causes(struct connecting *connecting, weir_error *error) {
  const weir_allocator *allocator = &connecting->socket->handle.loop->allocator;
  size_t count = count_failed(connecting);
  weir_error *causes = memory_get(allocator, count * (sizeof *causes + sizeof(struct attempt_texts)));
  if (causes != NULL) {
    list_causes(connecting, causes, (struct attempt_texts *)(void *)(causes + count));
    error->causes = causes;
    error->cause_count = count;
  }
  socket_destroy(connecting->socket, error);
  memory_put(allocator, causes);
}

void attempts_fail(struct connecting *connecting, weir_code code, const char *hint) {
  struct attempt_texts texts;
  const struct attempt *first = CONTAINER_OF(list_first(&connecting->failed), struct attempt, link);
  weir_error error = attempt_error(first, &texts);
  if (connecting->attempt_count == 1) {
    socket_destroy(connecting->socket, &error);
    return;
  }
  error.operation = "connect";
  error.address = connecting->socket->extra->name;
  error.local = "";
  error.hint = hint;
  if (code != WEIR_OK) {
    error.code = code;
    error.native_code = 0;
  }
  fail_with_causes(connecting, &error);
}
