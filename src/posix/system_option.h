/* SPDX-License-Identifier: MIT */
/*
 * The numbers of socket options that systems call by different names or do not have: system_option_linux.c,
 * system_option_darwin.c.
 */
#ifndef WEIR_POSIX_SYSTEM_OPTION_H
#define WEIR_POSIX_SYSTEM_OPTION_H

/* This system has no such option. */
#define SYSTEM_OPTION_NONE (-1)

extern const int system_option_reuse_port;       /* of SOL_SOCKET: several may listen, and the system spreads clients */
extern const int system_option_bind_no_port;     /* of IPPROTO_IP: a bind to port 0 leaves the port to the connect */
extern const int system_option_keep_alive_delay; /* of IPPROTO_TCP: seconds of silence before the first probe */

#endif
