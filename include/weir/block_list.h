/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Block lists: IP addresses that a server turns away, and that a socket does not connect to.
 *
 * | a rule's text                    | short text             | is on the list                                       |
 * | -------------------------------- | ---------------------- | ---------------------------------------------------- |
 * | `Address: IPv4 1.2.3.4`          | `1.2.3.4`              | this address                                         |
 * | `Range: IPv4 10.0.0.1-10.0.0.10` | `10.0.0.1-10.0.0.10`   | the first address, the last, and all between         |
 * | `Subnet: IPv6 2001:db8::/32`     | `2001:db8::/32`        | all addresses that begin with so many of these bits  |
 *
 * An IPv4 address and its IPv4-mapped IPv6 address (`0:0:0:0:0:ffff:1.2.3.4`) are the same address, in a rule as in
 * what is checked. Ports, zones and flow labels do not count.
 *
 * A list can be shared by any number of servers, sockets, loops and threads. Retaining and releasing are safe at any
 * time. Functions that take a `const weir_block_list *` may run on any number of threads at once, but not while
 * another function changes the list: build a list first and share it then, and to change what other threads use, build
 * a new one.
 */
#ifndef WEIR_BLOCK_LIST_H
#define WEIR_BLOCK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Room for the text of any rule, its zero included. */
#define WEIR_RULE_TEXT_BYTES 96

/** A block list. */
typedef struct weir_block_list weir_block_list;

/**
 * Makes an empty list. `allocator` may be NULL: the C library's.
 *
 * **Owns:** the caller owns `*list`; give it back with `weir_block_list_release`. The allocator is copied; it must be
 * callable from every thread that changes or releases the list, and outlive it. **Errors:** `WEIR_ENOMEM`.
 * **Thread:** any.
 */
WEIR_API weir_code weir_block_list_create(const weir_allocator *allocator, weir_block_list **list);

/** Adds an owner. Returns the list. **Owns:** every retain wants a release. **Thread:** any, at any time. */
WEIR_API weir_block_list *weir_block_list_retain(weir_block_list *list);

/**
 * Gives an ownership back; with the last one the list is freed. NULL is ignored.
 *
 * **Owns:** the list is gone for the caller. **Thread:** any, at any time.
 */
WEIR_API void weir_block_list_release(weir_block_list *list);

/**
 * Blocks one address.
 *
 * **Owns:** the address is copied. **Errors:** `WEIR_EINVAL` when it is none, `WEIR_ENOMEM`; then the list is as it
 * was. **Thread:** any, but no other at the same time.
 */
WEIR_API weir_code weir_block_list_add_address(weir_block_list *list, const weir_address *address);

/**
 * Blocks the addresses from `first` to `last`, both included.
 *
 * **Owns:** as `weir_block_list_add_address`. **Errors:** `WEIR_EINVAL` when `last` comes before `first` or is of
 * another family, else as `weir_block_list_add_address`. **Thread:** any, but no other at the same time.
 */
WEIR_API weir_code weir_block_list_add_range(weir_block_list *list, const weir_address *first,
                                             const weir_address *last);

/**
 * Blocks the addresses whose first `prefix` bits are those of `network`; its further bits do not count.
 *
 * **Owns:** as `weir_block_list_add_address`. **Errors:** `WEIR_EINVAL` when `prefix` is not from 0 to 32 (IPv4) or 128
 * (IPv6), else as `weir_block_list_add_address`. **Thread:** any, but no other at the same time.
 */
WEIR_API weir_code weir_block_list_add_subnet(weir_block_list *list, const weir_address *network, int prefix);

/**
 * Adds a rule by its text, long or short, as in the table above: what a program reads from its configuration, or what
 * `weir_block_list_rule` gave.
 *
 * **Owns:** the text is not kept. **Errors:** `WEIR_EINVAL` for any other text, for a port or a zone in it, and for
 * what the functions above refuse; `WEIR_ENOMEM`. **Thread:** any, but no other at the same time.
 */
WEIR_API weir_code weir_block_list_add(weir_block_list *list, const char *rule);

/**
 * Removes every rule that says the same as this text; what other rules block stays blocked.
 *
 * **Errors:** `WEIR_EINVAL` as `weir_block_list_add`, `WEIR_ENOENT` when there is no such rule.
 * **Thread:** any, but no other at the same time.
 */
WEIR_API weir_code weir_block_list_remove(weir_block_list *list, const char *rule);

/** Removes all rules. **Thread:** any, but no other at the same time. */
WEIR_API void weir_block_list_clear(weir_block_list *list);

/**
 * Whether an address is blocked. It costs a comparison with each rule, the newest first. Without a list, and for what
 * is no IP address, the answer is no.
 *
 * **Thread:** any, unless the list is being changed.
 */
WEIR_API bool weir_block_list_check(const weir_block_list *list, const weir_address *address);

/** How many rules there are. **Thread:** any, unless the list is being changed. */
WEIR_API size_t weir_block_list_count(const weir_block_list *list);

/**
 * Writes a rule's long text. Index 0 is the newest rule. A subnet is written with its further bits zero.
 *
 * **Owns:** the caller owns `text`; it is always terminated when `size` is not 0.
 * **Errors:** returns the length of the whole text, which was cut when it is not less than `size`; that cannot happen
 * with `WEIR_RULE_TEXT_BYTES`. 0 and "" when there is no such rule.
 * **Thread:** any, unless the list is being changed.
 */
WEIR_API size_t weir_block_list_rule(const weir_block_list *list, size_t index, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
