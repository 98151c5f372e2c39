/* SPDX-License-Identifier: MIT */
/*
 * What a TCP connection is told to be: the options of a socket, or of a server for its accepted sockets, in the units
 * of the seam. They say what is wanted; the connection has them once it is made.
 */
#ifndef WEIR_COMMON_SOCKET_OPTIONS_H
#define WEIR_COMMON_SOCKET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "common/backend.h"

enum { TYPE_OF_SERVICE_UNSET = -1, LINGER_OFF = -1 };

struct socket_options {
  bool no_delay;
  struct keep_alive keep_alive;
  int type_of_service; /* 0 to 255, or TYPE_OF_SERVICE_UNSET */
  int linger_s;        /* or LINGER_OFF */
};

/* What a program says of keep-alive, as the options of a socket and of a server hold it. */
struct keep_alive_wish {
  bool enabled;
  uint64_t delay_ms;
  uint64_t interval_ms;
  int count;
};

/* Whole seconds of milliseconds: rounded down, but never to 0, which means the system's choice. (EO-50) */
int socket_options_seconds(uint64_t milliseconds);

/* Reads what options of a socket or a server say; WEIR_EINVAL when that makes no sense. 0 leaves the type of service
 * alone. */
weir_code socket_options_read(struct socket_options *options, bool no_delay, const struct keep_alive_wish *keep_alive,
                              int type_of_service);

/* Whether they say anything at all. */
bool socket_options_any(const struct socket_options *options);

#endif
