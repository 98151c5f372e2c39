/* SPDX-License-Identifier: MIT */
/*
 * Socket options on Linux.
 */
#define _DEFAULT_SOURCE 1

#include "posix/system_option.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

const int system_option_reuse_port = SO_REUSEPORT;
const int system_option_bind_no_port = IP_BIND_ADDRESS_NO_PORT;
const int system_option_keep_alive_delay = TCP_KEEPIDLE;
