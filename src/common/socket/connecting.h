/* SPDX-License-Identifier: MIT */
/*
 * A connect from inside: from the user's call until the socket is open or has failed. Its code:
 *
 *   connecting.c      what was asked for, made and freed
 *   connect.c         the call, the deadline, the end
 *   lookup.c          a host's name becomes addresses
 *   race.c            addresses become attempts, several at a time (RFC 8305)
 *   attempt_error.c   what attempts met becomes one error
 *
 * An attempt is carried by a socket: by the one that the user has when there is only one address to try, else by a
 * scout, a socket of which the user knows nothing and whose connection moves into the user's when it was first. So
 * connecting, closing and the loop's end work for attempts as they do for sockets. A local name is one attempt without
 * an IP address, of which no event tells.
 */
#ifndef WEIR_COMMON_SOCKET_CONNECTING_H
#define WEIR_COMMON_SOCKET_CONNECTING_H

#include <weir/bound.h>
#include <weir/lookup.h>

#include "common/address/address.h"
#include "common/base/list.h"
#include "common/loop/deadline.h"
#include "common/socket/socket.h"

struct connecting;

/* One address, and the attempt to connect to it. */
struct attempt {
  struct connecting *connecting;
  struct weir_socket *carrier; /* whose connection the backend makes now; NULL: not begun, or over */
  weir_address address;        /* of no family for a local name */
  struct list_node link;       /* on `failed`; what it met stands below */
  weir_code code;
  int native_code;
  const char *hint; /* lives for ever, or NULL */
  const char *step; /* "bind" when that failed; NULL: connecting itself */
};

/* What was tried, for weir_socket_attempted. */
struct tried {
  size_t count;
  weir_address addresses[];
};

struct connecting {
  struct weir_socket *socket;

  /* what the user asked for */
  struct address address;
  struct address_failure failure; /* the endpoint made no sense; reported from the loop */
  char *name;                     /* for errors, until it begins and the socket has it */
  uint64_t timeout_ms;
  uint64_t silence_ms;
  uint64_t attempt_delay_ms;
  weir_address local; /* what to bind to before; of no family: any address. Port 0: any port */
  weir_family family; /* only addresses of this kind; NONE: of both */
  bool first_address_only;
  weir_resolver resolver;
  void *resolver_user;
  weir_bound *bound; /* claimed; NULL: none */
  weir_block_list *block_list;
  weir_cancellation *cancellation;
  weir_listener listener; /* of `connect`, dropped when it fails */
  void *listener_user;

  /* where it stands */
  struct deadline deadline;
  weir_lookup *lookup;   /* under way, or NULL */
  struct deadline retry; /* a busy local server is asked again */
  uint64_t pause_ms;     /* before that */
  struct deadline next;  /* the attempt after the last one begun */
  struct attempt only;   /* instead of an array, for one address */
  struct attempt *attempts;
  size_t attempt_count;
  size_t begun; /* attempts, from the first */
  size_t in_flight;
  struct list failed; /* attempts, in the order in which they failed */
};

static inline bool connecting_goes_on(const struct connecting *connecting) {
  return connecting->socket->life == LIFE_CONNECTING;
}

static inline bool connecting_is_tcp(const struct connecting *connecting) {
  return connecting->address.kind == ADDRESS_HOST || connecting->address.kind == ADDRESS_IP;
}

/* ---- connecting.c ---- */

/* Makes one that has not begun; then nothing of the socket has changed but for its extra part. */
weir_code connecting_make(struct weir_socket *socket, const char *endpoint, const weir_connect_options *options,
                          struct connecting **connecting);

/* Frees one that is over, or that never began; its listener goes too. NULL is ignored. */
void connecting_free(struct connecting *connecting);

/* ---- socket/connect.c ---- */

/* The deadline has passed. */
void connecting_time_out(struct deadline *deadline);

/* The connection is there, in the socket's own memory. */
void connecting_succeed(struct connecting *connecting);

/* ---- socket/lookup.c ---- */

/* Looks the host's name up; its addresses become attempts. */
void connecting_look_up(struct connecting *connecting);
void connecting_stop_lookup(struct connecting *connecting);

/* The deadline has passed meanwhile: fails. */
void connecting_time_out_lookup(struct connecting *connecting);

/* ---- socket/race.c ---- */

/* Tries the attempts, of which there is at least one. */
void race_begin(struct connecting *connecting);
void race_begin_next(struct deadline *deadline);

/* Asks the backend of a local name again. */
void race_try_again(struct deadline *deadline);

/* Gives up what is in flight because the deadline has passed; then fails. */
void race_time_out(struct connecting *connecting);

/* Closes what is in flight, but for what the socket itself carries. */
void race_stop(struct connecting *connecting);

/* ---- attempt_error.c ---- */

/* The texts of one attempt's error. */
struct attempt_texts {
  char address[WEIR_ADDRESS_TEXT_BYTES];
  char local[WEIR_ADDRESS_TEXT_BYTES];
};

/* What an attempt has met; its texts are those of `texts` and of the socket. */
weir_error attempt_error(const struct attempt *attempt, struct attempt_texts *texts);

/* The local address that an attempt binds to. False: the system chooses. */
bool attempt_local(const struct attempt *attempt, weir_address *local);

/* Destroys the socket with what its attempts have met; there is at least one. WEIR_OK: with the code of the first. */
void attempts_fail(struct connecting *connecting, weir_code code, const char *hint);

#endif
