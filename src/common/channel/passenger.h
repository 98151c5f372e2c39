/* SPDX-License-Identifier: MIT */
/*
 * Passengers: parcels that go through a channel, before they are sent, while they are under way, and when they have
 * come. See channel.h for who has one.
 *
 * What a socket is counted by goes along as its *origin*: its server here, or the sender whom it came from.
 */
#ifndef WEIR_COMMON_CHANNEL_PASSENGER_H
#define WEIR_COMMON_CHANNEL_PASSENGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/channel.h>

#include "common/base/octets.h"
#include "common/channel/channel.h"
#include "common/channel/guest.h"
#include "common/hand_over/parcel.h"

struct sending;

/* Who counts a socket until it is closed; all NULL: nobody. */
struct origin {
  weir_server *server; /* held */
  struct guest *guest;
};

struct passenger {
  weir_loop *loop;
  enum channel_kind kind;
  bool is_taken; /* it has come through a channel, and its native is its sender's too */
  union {
    struct socket_parcel socket;
    struct server_parcel server;
  };
  struct origin origin;
  struct sending *sending; /* whose it is while it leaves */
};

/* ---- leaving ---- */

/* One for a socket or a server that has been checked: it leaves, and `sending` hears when it is packed. */
weir_code passenger_begin_socket(weir_socket *socket, struct sending *sending, struct passenger **passenger);
weir_code passenger_begin_server(weir_server *server, struct sending *sending, struct passenger **passenger);

/* One for what stays open too; it is packed. */
weir_code passenger_copy_socket(weir_socket *socket, struct passenger **passenger);
weir_code passenger_copy_server(weir_server *server, struct passenger **passenger);

/* Why it is empty, or WEIR_OK. */
weir_code passenger_code(const struct passenger *passenger);

intptr_t passenger_native(const struct passenger *passenger);

/* Writes all but the native. */
void passenger_write(const struct passenger *passenger, struct octet_writer *writer);

/* The other side has it: closes what is left here, and frees all but the origin, which is the caller's. */
void passenger_hand_over(struct passenger *passenger);

/* ---- arriving ---- */

/* One of bytes that may be forged; its native is still to be set. WEIR_EPROTO or WEIR_ENOMEM. */
weir_code passenger_read(weir_loop *loop, enum channel_kind kind, struct octet_reader *reader,
                         struct passenger **passenger);
void passenger_set_native(struct passenger *passenger, intptr_t native);

/* Its native is the caller's from now on, and it is freed. */
intptr_t passenger_take_native(struct passenger *passenger);

/* As passenger_open_socket, for a server. */
weir_code passenger_open_server(struct passenger *passenger, weir_server **server);

/* ---- who counts it: origin.c ---- */

/* Goes on counting a socket that leaves. */
void origin_take(struct origin *origin, struct weir_socket *socket);

/* It is back. */
void origin_give(struct origin *origin, struct weir_socket *socket);

/* It has closed. */
void origin_release(struct origin *origin);

/* ---- sockets that came and are counted elsewhere: origin.c ---- */

/* One for a socket that will arrive; NULL: no memory. It joins its socket, or is dropped; NULL is ignored then. */
struct guest *guest_make(weir_channel *channel, uint32_t id);
void guest_join(struct guest *guest, struct weir_socket *socket);
void guest_drop(struct guest *guest);

/* The channel's end: nobody wants to know. */
void guest_forget_all(weir_channel *channel);

#endif
