/* SPDX-License-Identifier: MIT */
/* A socket that came through a channel and is counted at its other side; see origin.c. */
#ifndef WEIR_COMMON_CHANNEL_GUEST_H
#define WEIR_COMMON_CHANNEL_GUEST_H

struct guest;

/* Its socket has closed, or goes where nobody can follow it: the other side hears of it. NULL is ignored. */
void guest_leave(struct guest *guest);

#endif
