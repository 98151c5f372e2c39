/* SPDX-License-Identifier: MIT */
/*
 * Socket options on macOS. Its SO_REUSEPORT gives every client to the socket that bound last, so it is none.
 */
#include "posix/system_option.h"

#include <netinet/tcp.h>

const int system_option_reuse_port = SYSTEM_OPTION_NONE;
const int system_option_bind_no_port = SYSTEM_OPTION_NONE;
const int system_option_keep_alive_delay = TCP_KEEPALIVE;
