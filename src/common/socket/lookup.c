/* SPDX-License-Identifier: MIT */
/*
 * A host's name becomes addresses, of which `lookup` events tell, and the addresses become attempts: those of the two
 * families take turns, beginning with the family of the resolver's first answer. (RFC 8305, section 4)
 */
#include "common/service/lookup.h"
#include "common/base/memory.h"
#include "common/socket/connecting.h"

/* ---- failing ---- */

static void emit_lookup(struct connecting *connecting, const weir_address *address, const weir_error *error) {
  weir_event_lookup told = {.host = connecting->address.text,
                            .address = address,
                            .family = address == NULL ? WEIR_FAMILY_NONE : address->family,
                            .error = error};
  weir_event event = {.type = WEIR_EVENT_LOOKUP, .socket = connecting->socket, .lookup = &told};
  handle_emit(&connecting->socket->handle, &event);
}

static void fail(struct connecting *connecting, const weir_error *error) {
  emit_lookup(connecting, NULL, error);
  if (connecting_goes_on(connecting)) socket_destroy(connecting->socket, error);
}

static void fail_with(struct connecting *connecting, weir_code code, const char *hint) {
  weir_error error = {
      .code = code, .operation = "lookup", .address = connecting->address.text, .hint = hint, .local = ""};
  fail(connecting, &error);
}

/* ---- from addresses to attempts ---- */

/* The next address of a family from `*at` on; NULL: none is left. */
static const weir_address *take_next(const weir_address *addresses, size_t count, weir_family family, size_t *at) {
  while (*at < count && addresses[*at].family != family) (*at)++;
  return *at < count ? &addresses[(*at)++] : NULL;
}

static void plan_attempts(struct connecting *connecting, const weir_address *addresses, size_t count) {
  weir_family families[] = {addresses[0].family,
                            addresses[0].family == WEIR_FAMILY_IPV4 ? WEIR_FAMILY_IPV6 : WEIR_FAMILY_IPV4};
  size_t at[] = {0, 0};
  for (size_t i = 0, turn = 0; i < count; i++, turn = 1 - turn) {
    const weir_address *address = take_next(addresses, count, families[turn], &at[turn]);
    if (address == NULL) address = take_next(addresses, count, families[1 - turn], &at[1 - turn]);
    connecting->attempts[i] = (struct attempt){.connecting = connecting, .address = *address};
    connecting->attempts[i].address.port = connecting->address.ip.port;
  }
}

static weir_code make_room(struct connecting *connecting, size_t count) {
  connecting->attempt_count = count;
  if (count == 1) return WEIR_OK;
  connecting->attempts = memory_get(&connecting->socket->handle.loop->allocator, count * sizeof(struct attempt));
  return connecting->attempts == NULL ? WEIR_ENOMEM : WEIR_OK;
}

/* ---- looking up ---- */

static void take_answer(weir_lookup *lookup, const weir_error *error, const weir_address *addresses, size_t count,
                        void *user) {
  struct connecting *connecting = user;
  (void)lookup;
  connecting->lookup = NULL;
  if (error != NULL) {
    fail(connecting, error);
    return;
  }
  if (connecting->first_address_only) count = 1;
  for (size_t i = 0; i < count && connecting_goes_on(connecting); i++) emit_lookup(connecting, &addresses[i], NULL);
  if (!connecting_goes_on(connecting)) return;
  if (make_room(connecting, count) != WEIR_OK) {
    socket_fail(connecting->socket, "connect", WEIR_ENOMEM, 0, "no memory for the attempts");
    return;
  }
  plan_attempts(connecting, addresses, count);
  race_begin(connecting);
}

void connecting_look_up(struct connecting *connecting) {
  struct lookup_request request = {.host = connecting->address.text,
                                   .length = connecting->address.length,
                                   .family = connecting->family,
                                   .resolver = connecting->resolver,
                                   .resolver_user = connecting->resolver_user};
  weir_code code =
      lookup_start(connecting->socket->handle.loop, &request, take_answer, connecting, &connecting->lookup);
  if (code != WEIR_OK) fail_with(connecting, code, "the look-up did not begin");
}

void connecting_stop_lookup(struct connecting *connecting) {
  if (connecting->lookup == NULL) return;
  weir_lookup_cancel(connecting->lookup);
  connecting->lookup = NULL;
}

void connecting_time_out_lookup(struct connecting *connecting) {
  connecting_stop_lookup(connecting);
  fail_with(connecting, WEIR_ETIMEDOUT, "nobody answered for the name before the deadline");
}
