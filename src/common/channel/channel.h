/* SPDX-License-Identifier: MIT */
/*
 * A channel for those who build on it: the spawning of processes, and clusters. What it is made of stands in parts.h.
 *
 * Beside the user's messages go *internal* ones, each with a subject. They are never heard as `message`; a handler of
 * the channel gets them, and who has none ignores them, so that a later version can say more. Order is kept between all
 * of them.
 *
 * What travels is a *passenger*: a socket or a server that has left its loop, with everything that the next one must
 * know. It stays with the sender until the other side has taken it. So when it is refused, or the channel is lost, an
 * internal sender gets it back, and may send it elsewhere or close it.
 */
#ifndef WEIR_COMMON_CHANNEL_CHANNEL_H
#define WEIR_COMMON_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/channel.h>

#include "common/passing.h"

struct deadline;
struct frame;
struct passenger;

/* ---- making ---- */

/*
 * Makes a channel of an end, with one owner, the caller. On failure the end stays the caller's, to be closed with
 * `passing->close`.
 */
weir_code channel_open(weir_loop *loop, const struct channel_end *end, weir_channel **channel);

/* The other end is a child's now: `process` is what the system knows it by. */
weir_code channel_meet(weir_channel *channel, intptr_t process);

/* Nobody will listen any more who does not now: messages that nobody hears are dropped. */
void channel_let_flow(weir_channel *channel);

/* ---- internal messages that come ---- */

enum channel_kind { CHANNEL_NOTHING, CHANNEL_SOCKET, CHANNEL_SERVER };

/* One that has come; lent for the call. */
struct channel_message {
  uint16_t subject;
  const void *bytes;
  size_t length;
  enum channel_kind kind;      /* what came along, and waits to be taken or refused */
  weir_code code;              /* why nothing is there although something was sent along; it was refused with this */
  struct passenger *passenger; /* what came along; NULL once it was taken or refused */
  const struct frame *frame;   /* how it was sent */
};

/*
 * Gets each internal message, from the loop. What came along must be taken or refused before it returns; what is left
 * is refused with WEIR_ECANCELED.
 */
typedef void (*channel_handler)(weir_channel *channel, struct channel_message *message, void *user);

/* Those that came before there was a handler are lost, so set it before the loop runs. NULL: none. */
void channel_handle(weir_channel *channel, channel_handler handler, void *user);

/*
 * Takes the socket that came along: open, with one owner beside the loop, the caller, who begins to read with
 * socket_start_reading. The sender hears that it was taken, and of its `close`. On failure it was refused with that
 * code.
 */
weir_code channel_take_socket(weir_channel *channel, struct channel_message *message, weir_socket **socket);

/* The same for a server; it listens, and its `listening` is owed. It has one owner beside the loop, the caller. */
weir_code channel_take_server(weir_channel *channel, struct channel_message *message, weir_server **server);

/*
 * The same for what came along as the native that it is, of either kind, for `open` or for a listen; what else is known
 * of it is dropped, and its sender counts it no more.
 */
void channel_take_native(weir_channel *channel, struct channel_message *message, intptr_t *native);

/* Refuses what came along: the sender has it again, and hears this code, which is not WEIR_OK. */
void channel_refuse(weir_channel *channel, struct channel_message *message, weir_code code);

/* ---- internal messages that go ---- */

/*
 * It is known what has become of a message: handed to the system when nothing went along, else taken (WEIR_OK), refused
 * with a code of the other side, or lost: WEIR_ECANCELED when this side closed the channel, WEIR_EPIPE when the other
 * one has. `returned` is what went along when it is this side's again, else NULL: the callee owns it, and sends it on,
 * opens it, or releases it, which closes it.
 */
typedef void (*channel_sent)(weir_channel *channel, weir_code code, struct passenger *returned, void *user);

struct channel_send {
  uint16_t subject;
  const void *bytes;
  size_t length;
  weir_socket *socket;         /* goes along; see weir_send_options */
  weir_server *server;         /* goes along */
  struct passenger *passenger; /* goes along: one that was returned to the same loop; taken over unless this fails */
  bool keep_open;              /* socket or server stay open here too */
  bool uncounted;              /* once it is taken, the socket's server counts it no more */
  channel_sent sent;           /* NULL: nobody wants to know; what would be returned is closed */
  void *user;
};

/*
 * Sends an internal message. As weir_channel_send: 1, 0 when more than the mark is under way, or a code below 0 and
 * nothing has changed. `sent` is called from the loop, exactly once unless this fails or the loop ends.
 */
int channel_send(weir_channel *channel, const struct channel_send *send);

/* It is time to try again what the system could not take. */
void channel_flush_again(struct deadline *deadline);

/* Whether the other side has disconnected in order; of use in `close`, where false means that it was lost. */
bool channel_ended_in_order(const weir_channel *channel);

/* ---- passengers ---- */

/* Makes a socket of one on its loop: as it was, with one owner who is not the loop, and not reading yet. Frees it. */
weir_code passenger_open_socket(struct passenger *passenger, weir_socket **socket);

/* Closes what it is, and frees it. NULL is ignored. */
void passenger_release(struct passenger *passenger);

#endif
