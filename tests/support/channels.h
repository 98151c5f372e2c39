/* SPDX-License-Identifier: MIT */
/*
 * A channel between the world's loop and a further one, run by turns: its ends A and B, traced under these names as
 * "message(hello)", "message(hello)+socket", "message(hello)+server", "message(hello)-EMFILE", "drain", "error(EPROTO)"
 * and "close(false)". What comes along is kept, and traced when its case wants it.
 */
#ifndef WEIR_TESTS_CHANNELS_H
#define WEIR_TESTS_CHANNELS_H

#include "support/world.h"

#define CHANNELS_ARRIVED_MAX 64

struct channels {
  struct world *world;
  weir_loop *there;
  weir_channel *a; /* on the world's loop */
  weir_channel *b; /* on the other one */
  unsigned trace;  /* world_trace bits of sockets that come to B, which are traced as N1, N2 and so on */
  bool is_quiet;   /* B does not trace its messages */
  weir_socket *arrived[CHANNELS_ARRIVED_MAX]; /* sockets that came to B; each is held */
  size_t arrived_count;
  weir_listener serve;         /* of connections of a server that comes to B, with the world as its user; or NULL */
  weir_server *arrived_server; /* held; traced as W */
};

/* Opens it; with `is_listening` false nobody listens to the messages of B. */
void channels_open(struct channels *channels, struct world *world);
void channels_open_unheard(struct channels *channels, struct world *world);

/* B begins to listen. */
void channels_listen(struct channels *channels);

/* Disconnects, waits for both ends, and gives everything back. */
void channels_close(struct channels *channels);

/* Gives everything back when both ends have closed. */
void channels_forget(struct channels *channels);

/* Both loops by turns. */
void channels_turn(struct channels *channels);
void channels_run_until(struct channels *channels, const bool *flag);
void channels_run_until_noted(struct channels *channels, const char *noted, size_t times);

/* Sends a text, and a socket or a server; all note "sent" or "sent(EPIPE)" under `name` when it is known what became of
 * it. Return what weir_channel_send returned. */
int channels_send(struct world *world, weir_channel *channel, const char *name, const char *text);
int channels_send_socket(struct world *world, weir_channel *channel, const char *name, const char *text,
                         weir_socket *socket);
int channels_send_server(struct world *world, weir_channel *channel, const char *name, const char *text,
                         weir_server *server, bool keep_open);

/* The callback that does so. */
void channels_note_sent(weir_channel *channel, const weir_error *error, void *mark);

#endif
