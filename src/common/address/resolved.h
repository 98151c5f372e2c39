/* SPDX-License-Identifier: MIT */
/*
 * What a look-up of a host's name has found, from the system's resolver or from a simulated world. A value without a
 * loop: another thread may make it.
 */
#ifndef WEIR_COMMON_ADDRESS_RESOLVED_H
#define WEIR_COMMON_ADDRESS_RESOLVED_H

#include <stddef.h>
#include <stdint.h>

#include <weir/address.h>
#include <weir/error.h>

struct weir_sim;

struct resolved {
  weir_code code;          /* WEIR_OK, or why there are no addresses; the next two count only then */
  int native_code;         /* what the system said, or 0 */
  const char *hint;        /* a sentence that lives for ever, or NULL */
  weir_address *addresses; /* without ports, in the resolver's order; memory of system_memory_put, or NULL */
  size_t count;            /* of them; more than 0 with WEIR_OK */
};

/*
 * Asks a simulated world, at once: the answer is to be given after `*delay_ns`. `family` NONE wants both kinds. Defined
 * in the simulator.
 */
void sim_resolve(struct weir_sim *sim, const char *host, weir_family family, struct resolved *resolved,
                 uint64_t *delay_ns);

#endif
