/* SPDX-License-Identifier: MIT */
#include "common/service/lookup.h"

#include <assert.h>
#include <string.h>

#include "common/address/ip.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/loop/deadline.h"
#include "common/loop/deferred.h"
#include "common/loop/loop.h"
#include "common/service/question.h"
#include "common/service/workers.h"
#include "common/system.h"

/* What a thread of the resolver has: system memory, which outlives the look-up, the loop and its allocator. */
struct resolution {
  struct job job;
  weir_lookup *lookup; /* for the loop's thread */
  weir_family family;
  struct resolved resolved;
  char host[];
};

/* Its callback runs once, from TOLD, and only its return frees what was told. */
enum lookup_state { LOOKUP_UNDER_WAY = 0, LOOKUP_ANSWERED, LOOKUP_TOLD };

struct weir_lookup {
  weir_loop *loop;
  struct list_node link; /* on the loop's list of look-ups */
  enum lookup_state state;
  weir_lookup_callback callback;
  void *user;

  /* who answers */
  struct deferred deferred;       /* asks a program's resolver, or tells what is known */
  struct deadline deadline;       /* a simulated world's answer comes */
  struct resolution *resolution;  /* a thread has it */
  weir_lookup_question *question; /* the program has it */
  weir_resolver resolver;
  void *resolver_user;

  /* the answer */
  weir_code code;
  int native_code;
  const char *hint;
  weir_address *addresses;
  size_t count;

  weir_family family;
  size_t length;
  char host[];
};

/* ---- the answer ---- */

static void fail(weir_lookup *lookup, weir_code code, int native_code, const char *hint) {
  lookup->code = code;
  lookup->native_code = native_code;
  lookup->hint = hint;
  lookup->count = 0;
}

static bool is_known(const weir_lookup *lookup, const weir_address *address) {
  for (size_t i = 0; i < lookup->count; i++) {
    if (weir_address_equal(&lookup->addresses[i], address)) return true;
  }
  return false;
}

/* What is wrong with an address, or NULL. */
static const char *find_mistake(const weir_lookup *lookup, const weir_address *address) {
  if (address->family != WEIR_FAMILY_IPV4 && address->family != WEIR_FAMILY_IPV6) {
    return "the resolver answered with something that is no IP address";
  }
  if (lookup->family != WEIR_FAMILY_NONE && address->family != lookup->family) {
    return "the resolver answered with an address of a family that was not asked for";
  }
  return memchr(address->zone, '\0', sizeof address->zone) == NULL ? "the resolver answered with a zone without an end"
                                                                   : NULL;
}

static void keep_addresses(weir_lookup *lookup, const weir_address *addresses, size_t count) {
  lookup->addresses = memory_get(&lookup->loop->allocator, count * sizeof *addresses);
  if (lookup->addresses == NULL) {
    fail(lookup, WEIR_ENOMEM, 0, NULL);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    weir_address address = addresses[i];
    address.port = WEIR_NO_PORT;
    const char *mistake = find_mistake(lookup, &address);
    if (mistake != NULL) {
      fail(lookup, WEIR_EINVAL, 0, mistake);
      return;
    }
    if (!is_known(lookup, &address)) lookup->addresses[lookup->count++] = address;
  }
}

static void set_answer(weir_lookup *lookup, weir_code code, const weir_address *addresses, size_t count) {
  assert(lookup->state == LOOKUP_UNDER_WAY);
  lookup->state = LOOKUP_ANSWERED;
  if (code > WEIR_OK) {
    fail(lookup, WEIR_EINVAL, 0, "the resolver answered with a number that is no code");
  } else if (code != WEIR_OK) {
    fail(lookup, code, 0, NULL);
  } else if (count == 0 || addresses == NULL) {
    fail(lookup, WEIR_EINVAL, 0, "the resolver answered without any address");
  } else {
    keep_addresses(lookup, addresses, count);
  }
}

static void set_resolved(weir_lookup *lookup, const struct resolved *resolved) {
  set_answer(lookup, resolved->code, resolved->addresses, resolved->count);
  if (resolved->code == WEIR_OK) return;
  lookup->native_code = resolved->native_code;
  lookup->hint = resolved->hint;
}

/* ---- the end ---- */

/* Whoever could still answer is told that nobody waits. */
static void detach(weir_lookup *lookup) {
  deferred_remove(&lookup->deferred);
  deadline_fini(&lookup->deadline, lookup->loop);
  if (lookup->resolution != NULL) workers_abandon(lookup->loop, &lookup->resolution->job);
  if (lookup->question != NULL) question_abandon(lookup->question);
  lookup->resolution = NULL;
  lookup->question = NULL;
  list_remove(&lookup->link);
}

static void free_lookup(weir_lookup *lookup) {
  weir_loop *loop = lookup->loop;
  memory_put(&loop->allocator, lookup->addresses);
  memory_put(&loop->allocator, lookup);
}

static void tell(weir_lookup *lookup) {
  detach(lookup);
  lookup->state = LOOKUP_TOLD;
  loop_let_end(lookup->loop);
  const weir_error error = {.code = lookup->code,
                            .native_code = lookup->native_code,
                            .operation = "lookup",
                            .address = lookup->host,
                            .hint = lookup->hint == NULL ? "" : lookup->hint,
                            .local = ""};
  bool failed = lookup->code != WEIR_OK;
  lookup->callback(lookup, failed ? &error : NULL, failed ? NULL : lookup->addresses, lookup->count, lookup->user);
  free_lookup(lookup);
}

void weir_lookup_cancel(weir_lookup *lookup) {
  if (lookup == NULL || lookup->state == LOOKUP_TOLD) return;
  loop_check_thread(lookup->loop);
  detach(lookup);
  loop_let_end(lookup->loop);
  free_lookup(lookup);
}

void lookup_abandon_all(weir_loop *loop) {
  for (struct list_node *node; (node = list_first(&loop->lookups)) != NULL;) {
    weir_lookup_cancel(CONTAINER_OF(node, weir_lookup, link));
  }
}

/* ---- told in the next turn ---- */

static void tell_deferred(struct deferred *deferred) { tell(CONTAINER_OF(deferred, weir_lookup, deferred)); }

static void tell_later(weir_lookup *lookup) {
  deferred_remove(&lookup->deferred);
  lookup->deferred.run = tell_deferred;
  deferred_add(lookup->loop, &lookup->deferred);
}

void lookup_answer(weir_lookup *lookup, weir_code code, const weir_address *addresses, size_t count) {
  lookup->question = NULL;
  set_answer(lookup, code, addresses, count);
  tell_later(lookup);
}

static void answer_literal(weir_lookup *lookup) {
  weir_address address;
  weir_code code = weir_address_make(lookup->host, WEIR_NO_PORT, &address);
  bool unwanted = code == WEIR_OK && lookup->family != WEIR_FAMILY_NONE && lookup->family != address.family;
  set_answer(lookup, unwanted ? WEIR_ENOTFOUND : code, &address, 1);
  if (unwanted) lookup->hint = "an IP address of the other family";
  if (code == WEIR_ENAMETOOLONG) lookup->hint = "the zone of the address is too long";
  tell_later(lookup);
}

/* ---- a resolver of the program ---- */

static void ask_program(struct deferred *deferred) {
  weir_lookup *lookup = CONTAINER_OF(deferred, weir_lookup, deferred);
  question_ask(lookup->question, lookup->family, lookup->resolver, lookup->resolver_user);
}

static weir_code begin_with_program(weir_lookup *lookup) {
  lookup->question = question_create(lookup->loop, lookup, lookup->host, lookup->length);
  if (lookup->question == NULL) return WEIR_ENOMEM;
  lookup->deferred.run = ask_program;
  deferred_add(lookup->loop, &lookup->deferred);
  return WEIR_OK;
}

/* ---- a simulated world ---- */

void lookup_tell_in_time(struct deadline *deadline) { tell(CONTAINER_OF(deadline, weir_lookup, deadline)); }

static weir_code begin_in_simulation(weir_lookup *lookup) {
  weir_code code = deadline_init(&lookup->deadline, lookup->loop, DEADLINE_LOOKUP);
  if (code != WEIR_OK) return code;
  struct resolved resolved = {.code = WEIR_OK};
  uint64_t delay_ns = 0;
  sim_resolve(lookup->loop->simulator, lookup->host, lookup->family, &resolved, &delay_ns);
  set_resolved(lookup, &resolved);
  system_memory_put(resolved.addresses);
  loop_read_clock(lookup->loop);
  uint64_t now_ns = loop_now(lookup->loop);
  deadline_set(&lookup->deadline, lookup->loop, delay_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + delay_ns);
  return WEIR_OK;
}

/* ---- the system ---- */

static void resolve(struct job *job) {
  struct resolution *resolution = CONTAINER_OF(job, struct resolution, job);
  system_resolve(resolution->host, resolution->family, &resolution->resolved);
}

static void drop_resolution(struct job *job) {
  struct resolution *resolution = CONTAINER_OF(job, struct resolution, job);
  system_memory_put(resolution->resolved.addresses);
  system_memory_put(resolution);
}

static void finish_resolution(struct job *job) {
  weir_lookup *lookup = CONTAINER_OF(job, struct resolution, job)->lookup;
  set_resolved(lookup, &lookup->resolution->resolved);
  lookup->resolution = NULL;
  drop_resolution(job);
  tell(lookup);
}

/* Without a thread it fails as if the resolver had said so, in the next turn. */
static weir_code begin_with_system(weir_lookup *lookup) {
  struct resolution *resolution = system_memory_get(sizeof *resolution + lookup->length + 1);
  if (resolution == NULL) return WEIR_ENOMEM;
  resolution->job =
      (struct job){.lane = LANE_LOOKUPS, .run = resolve, .finish = finish_resolution, .drop = drop_resolution};
  resolution->lookup = lookup;
  resolution->family = lookup->family;
  memcpy(resolution->host, lookup->host, lookup->length);
  struct outcome outcome = workers_submit(lookup->loop, &resolution->job);
  if (outcome.code == WEIR_OK) {
    lookup->resolution = resolution;
    return WEIR_OK;
  }
  drop_resolution(&resolution->job);
  struct resolved resolved = {.code = outcome.code, .native_code = outcome.native_code, .hint = outcome.hint};
  set_resolved(lookup, &resolved);
  tell_later(lookup);
  return WEIR_OK;
}

/* ---- the beginning ---- */

static weir_code begin(weir_lookup *lookup) {
  struct ip ip;
  if (ip_parse(lookup->host, lookup->length, &ip)) {
    answer_literal(lookup);
    return WEIR_OK;
  }
  if (lookup->resolver != NULL) return begin_with_program(lookup);
  return lookup->loop->simulator != NULL ? begin_in_simulation(lookup) : begin_with_system(lookup);
}

static bool makes_sense(const struct lookup_request *request) {
  if (request->host == NULL || request->length == 0 || memchr(request->host, '\0', request->length) != NULL)
    return false;
  return request->family == WEIR_FAMILY_NONE || request->family == WEIR_FAMILY_IPV4 ||
         request->family == WEIR_FAMILY_IPV6;
}

static weir_lookup *make_lookup(weir_loop *loop, const struct lookup_request *request) {
  weir_lookup *lookup = memory_get_zeroed(&loop->allocator, sizeof *lookup + request->length + 1);
  if (lookup == NULL) return NULL;
  lookup->loop = loop;
  lookup->family = request->family;
  lookup->resolver = request->resolver;
  lookup->resolver_user = request->resolver_user;
  lookup->length = request->length;
  memcpy(lookup->host, request->host, request->length);
  return lookup;
}

weir_code lookup_start(weir_loop *loop, const struct lookup_request *request, weir_lookup_callback callback, void *user,
                       weir_lookup **lookup) {
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  if (!makes_sense(request)) return WEIR_EINVAL;
  if (request->length > WEIR_HOST_BYTES_MAX) return WEIR_ENAMETOOLONG;
  weir_lookup *made = make_lookup(loop, request);
  if (made == NULL) return WEIR_ENOMEM;
  made->callback = callback;
  made->user = user;
  weir_code code = begin(made);
  if (code != WEIR_OK) {
    deadline_fini(&made->deadline, loop);
    free_lookup(made);
    return code;
  }
  list_append(&loop->lookups, &made->link);
  loop_keep_alive(loop);
  loop->counters.lookups++;
  if (lookup != NULL) *lookup = made;
  return WEIR_OK;
}

weir_code weir_lookup_start(weir_loop *loop, const char *host, weir_family family, weir_lookup_callback callback,
                            void *user, weir_lookup **lookup) {
  if (loop == NULL || host == NULL || callback == NULL) return WEIR_EINVAL;
  struct lookup_request request = {.host = host, .length = strlen(host), .family = family};
  return lookup_start(loop, &request, callback, user, lookup);
}

/* ---- for people ---- */

void lookup_dump(weir_loop *loop, struct text *text) {
  for (struct list_node *node = list_first(&loop->lookups); node != NULL; node = list_after(&loop->lookups, node)) {
    const weir_lookup *lookup = CONTAINER_OF(node, weir_lookup, link);
    text_add(text, "  look-up of ");
    text_add(text, lookup->host);
    text_add(text, lookup->state == LOOKUP_UNDER_WAY ? ": under way\n" : ": answered, and not told yet\n");
  }
}
