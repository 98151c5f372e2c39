/* SPDX-License-Identifier: MIT */
/*
 * Portable names: ipc:NAME is the socket /tmp/weir-UID/NAME.sock in a directory that only this user can enter.
 */
#ifndef WEIR_POSIX_NAME_H
#define WEIR_POSIX_NAME_H

#include <stdbool.h>

#include "common/address/address.h"
#include "posix/error.h"

/*
 * Replaces a portable name by the path it means; leaves other addresses alone. The directory is made when `listening`,
 * and always checked: in /tmp anybody could have made it first, to be taken for our server.
 */
struct failure name_resolve(struct address *address, bool listening);

#endif
