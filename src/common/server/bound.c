/* SPDX-License-Identifier: MIT */
#include "common/server/bound.h"

#include <assert.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/server/server.h"

struct weir_bound {
  weir_server *holder; /* BOUND while it is had and not taken */
  weir_address address;
  uint32_t owners;
  bool is_claimed;
};

/* ---- making ---- */

/* What has no IP address yet, or never, cannot be bound; any address of this machine can. */
static weir_code parse_endpoint(const weir_loop *loop, const char *endpoint, struct address *address) {
  struct address_failure failure;
  weir_code code = address_parse(&loop->operations->addresses, endpoint, strlen(endpoint), true, address, &failure);
  if (code != WEIR_OK) return code;
  bool is_any = address->kind == ADDRESS_HOST && address->length == 0;
  return address->kind == ADDRESS_IP || is_any ? WEIR_OK : WEIR_ENOTSUP;
}

static weir_code bind_holder(weir_bound *bound, struct address *address, const weir_bind_options *options) {
  struct outcome outcome = server_bind(bound->holder, address, options);
  if (outcome.code == WEIR_OK) bound->address = address->ip;
  return outcome.code;
}

weir_code weir_bound_create(weir_loop *loop, const char *endpoint, const weir_bind_options *options,
                            weir_bound **bound) {
  weir_bind_options whole = weir_bind_options_default();
  struct address address;
  if (loop == NULL || endpoint == NULL || bound == NULL || !versioned_read(&whole, sizeof whole, options))
    return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  weir_code code = parse_endpoint(loop, endpoint, &address);
  if (code != WEIR_OK) return code;
  weir_bound *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  made->owners = 1;
  code = weir_server_create(loop, NULL, NULL, NULL, &made->holder);
  if (code == WEIR_OK) code = bind_holder(made, &address, &whole);
  if (code == WEIR_OK) {
    *bound = made;
  } else {
    weir_server *holder = made->holder;
    memory_put(&loop->allocator, made);
    weir_server_release(holder);
  }
  return code;
}

weir_bound *weir_bound_retain(weir_bound *bound) {
  assert(bound->owners > 0);
  bound->owners++;
  return bound;
}

/* The holder goes last: its loop's memory may go with it. */
void weir_bound_release(weir_bound *bound) {
  if (bound == NULL) return;
  weir_server *holder = bound->holder;
  loop_check_thread(holder->handle.loop);
  assert(bound->owners > 0);
  if (--bound->owners > 0) return;
  server_unbind(holder);
  memory_put(&holder->handle.loop->allocator, bound);
  weir_server_release(holder);
}

bool weir_bound_address(const weir_bound *bound, weir_address *address) {
  bool is_had = bound->holder->state == SERVER_BOUND && !bound->is_claimed;
  *address = is_had ? bound->address : (weir_address){.family = WEIR_FAMILY_NONE};
  return is_had;
}

/* ---- using ---- */

bool bound_claim(weir_bound *bound, const weir_loop *loop) {
  if (bound->holder->handle.loop != loop || bound->holder->state != SERVER_BOUND || bound->is_claimed) return false;
  bound->is_claimed = true;
  return true;
}

void bound_unclaim(weir_bound *bound) { bound->is_claimed = false; }

struct acceptor *bound_acceptor(weir_bound *bound) {
  assert(bound->is_claimed && bound->holder->state == SERVER_BOUND);
  return server_acceptor(bound->holder);
}

void bound_take(weir_bound *bound) { bound->holder->state = SERVER_IDLE; }

const weir_address *bound_name(const weir_bound *bound) { return &bound->address; }

void bound_drop(weir_bound *bound) { server_unbind(bound->holder); }
