/* SPDX-License-Identifier: MIT */
/*
 * Hosts for cases that connect to or listen at names: a resolver of the program that answers what a case has given it,
 * and what a socket tells of look-ups and attempts.
 */
#ifndef WEIR_TESTS_HOSTS_H
#define WEIR_TESTS_HOSTS_H

#include "support/world.h"

struct hosts {
  struct world *world;
  weir_code code; /* the answer: WEIR_OK and the addresses, or this */
  weir_address addresses[8];
  size_t count;
  bool held;                      /* a question waits for hosts_answer */
  weir_lookup_question *question; /* the one that waits */
  unsigned asked;                 /* how many questions came */
  char host[64];                  /* of the last one */
  weir_family family;             /* of the last one */
  weir_address here;              /* the address and port of the world's endpoint */
  char endpoint[64];              /* "tcp:host.test" with that port */
};

/* Makes hosts without an address. The world runs over TCP. */
struct hosts hosts_of(struct world *world);

/* Adds an address to the answer: "::1". */
void hosts_add(struct hosts *hosts, const char *ip);

/* Adds the address that the world's endpoint has. */
void hosts_add_here(struct hosts *hosts);

/*
 * Adds an address of this machine at whose port nobody listens; another one for each `index` from 0 to 3.
 * Addresses of IPv4 only: macOS has just one, so there it is an address that nobody has.
 */
void hosts_add_closed(struct hosts *hosts, unsigned index);

/* The resolver; `hosts` is its user pointer. */
void hosts_resolve(weir_lookup_question *question, const char *host, weir_family family, void *hosts);

/* Answers the question that waits. A weir_function. */
void hosts_answer(void *hosts);

/* Options that ask these hosts. */
weir_connect_options hosts_connect_options(struct hosts *hosts);

/* Connects to hosts->endpoint; `options` may be NULL: hosts_connect_options. Traced as C, with the events below. */
weir_socket *hosts_connect(struct hosts *hosts, const weir_connect_options *options);

/*
 * Notes under this name "lookup(1.2.3.4)" or "lookup(ENOTFOUND)", "attempt(1.2.3.4)", "failed(1.2.3.4,ECONNREFUSED)",
 * and "at(250)" after each attempt when the world is simulated: milliseconds since the world began.
 */
void hosts_trace(struct world *world, weir_socket *socket, const char *name);

#endif
