/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Bound addresses: a TCP address is had now, and a server listens or a socket connects with it later.
 *
 * What binding meets is known at once, before anything else is set up; and a program may take a port while it still may
 * and use it when it is ready.
 */
#ifndef WEIR_BOUND_H
#define WEIR_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An address that is had. */
typedef struct weir_bound weir_bound;

/** How an address is bound. Zero is the default of every field; begin with `weir_bind_options_default()`. */
typedef struct weir_bind_options {
  size_t size;     /**< `sizeof(weir_bind_options)`. */
  bool ipv6_only;  /**< An IPv6 address takes no IPv4 clients. */
  bool reuse_port; /**< As in `weir_listen_options`. */
} weir_bind_options;

/** Options with every default. */
static inline weir_bind_options weir_bind_options_default(void) {
  weir_bind_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/**
 * Binds an IP address: `tcp:127.0.0.1:0`, `tcp:8080`. `options` may be NULL. It keeps no loop running.
 *
 * **Owns:** the caller owns `*bound`; give it back with `weir_bound_release`, which closes it unless it was used.
 * **Errors:** `WEIR_EADDRINUSE`, `WEIR_EADDRNOTAVAIL`, `WEIR_EACCES` and the like; `WEIR_ENOTSUP` for local names,
 * whose listening is their binding, and for host names, which would have to be looked up; `WEIR_EINVAL`, `WEIR_ENOMEM`.
 * **Thread:** the loop's.
 */
WEIR_API weir_code weir_bound_create(weir_loop *loop, const char *endpoint, const weir_bind_options *options,
                                     weir_bound **bound);

/**
 * The address that is had, with its port. False, and all zero, once it was used, by `weir_server_listen_bound` or by a
 * connect with `weir_connect_options.bound`, or when the loop has ended.
 *
 * **Thread:** the loop's.
 */
WEIR_API bool weir_bound_address(const weir_bound *bound, weir_address *address);

/** Adds an owner. Returns it. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_bound *weir_bound_retain(weir_bound *bound);

/** Gives an ownership back; the last one closes it, unless it was used. NULL is ignored. **Thread:** the loop's. */
WEIR_API void weir_bound_release(weir_bound *bound);

#ifdef __cplusplus
}
#endif

#endif
