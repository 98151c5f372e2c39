/* SPDX-License-Identifier: MIT */
/*
 * The one machine of a simulated world, as the internet sees it: its addresses, those that are out of reach, and its
 * ports. An address is compared in its plain form, in which an IPv4-mapped one is IPv4; ports do not count in it.
 */
#ifndef WEIR_SIM_MACHINE_H
#define WEIR_SIM_MACHINE_H

#include <stdbool.h>

#include <weir/address.h>

struct weir_sim;

/* What becomes of a connect to an address, whoever listens there. */
enum reach { REACH_HERE, REACH_NOWHERE, REACH_REFUSED, REACH_SILENT };

/* An address and port that somebody has or wants. */
struct claim {
  weir_address address; /* plain */
  bool takes_ipv4;      /* it is `::`, and IPv4 clients come there too */
  bool shares;          /* with others that share too */
};

weir_address machine_plain(const weir_address *address);
weir_address machine_mapped(const weir_address *address);

/* Whether it is 0.0.0.0 or ::, and the address of this machine that a client means by that. */
bool machine_is_any(const weir_address *address);
weir_address machine_loopback(weir_family family);

/* Whether an address in plain form is one of this machine's; 0.0.0.0 and :: are. */
bool machine_has(const struct weir_sim *sim, const weir_address *plain);

enum reach machine_reach(const struct weir_sim *sim, const weir_address *plain);

/* Whether clients of this address in plain form come to who has the claim; the ports do not count. */
bool machine_covers(const struct claim *claim, const weir_address *plain);

bool machine_port_is_taken(const struct weir_sim *sim, const struct claim *claim);

/* Gives the claim a port that is free; false: there is none. */
bool machine_draw_port(struct weir_sim *sim, struct claim *claim);

void machine_forget_places(struct weir_sim *sim);

#endif
