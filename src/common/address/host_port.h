/* SPDX-License-Identifier: MIT */
/*
 * The HOST:PORT of a tcp: endpoint, taken apart. What it is for is the business of address.h.
 */
#ifndef WEIR_COMMON_ADDRESS_HOST_PORT_H
#define WEIR_COMMON_ADDRESS_HOST_PORT_H

#include <stddef.h>

#include <weir/error.h>

#include "common/address/ip.h"

/* What a text was understood as. The host is lent by the text. */
struct host_port {
  const char *host; /* `host_length` bytes; none when any address is meant. Counts when `ip` has no family */
  size_t host_length;
  struct ip ip;
  int port;
};

/* Understands HOST:PORT, [IPV6]:PORT, *:PORT and PORT. Returns NULL, or a sentence that says what is wrong. */
const char *host_port_parse(const char *text, size_t length, struct host_port *parsed);

#endif
