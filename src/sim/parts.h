/* SPDX-License-Identifier: MIT */
/*
 * The simulator's parts of a loop, a connection and an acceptor, and the operations on them that the seam's table is
 * made of. A connection and an acceptor live in common's memory, which is zero before they begin and is filled with
 * rubbish when they have come back, so that whoever forgets to clear it is found out.
 */
#ifndef WEIR_SIM_PARTS_H
#define WEIR_SIM_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/backend.h"
#include "common/base/list.h"
#include "sim/listener.h"
#include "sim/schedule.h"
#include "sim/wire.h"
#include "sim/world.h"

/* The longest read. */
#define LENT_BYTES 65536

struct backend {
  struct list_node node; /* in the world's backends */
  const weir_allocator *allocator;
  struct weir_sim *world;
  weir_loop *loop; /* for weir_sim_run; NULL when nobody runs it */

  struct schedule schedule;
  atomic_bool is_woken; /* the one thing that another thread touches */
  size_t open_count;    /* connections and acceptors that have not come back */

  struct acceptor *offering; /* has offered a client that was not answered */
  struct wire *offered;      /* that client */

  size_t lent_length;
  unsigned char lent[LENT_BYTES];
};

/* NEW -> CONNECTING -> OPEN -> CLOSING, or NEW -> OPEN when it was accepted; CLOSING from each; then it is rubbish. */
enum connection_life { CONNECTION_NEW = 0, CONNECTION_CONNECTING, CONNECTION_OPEN, CONNECTION_CLOSING };

/* OPEN -> ENDED */
enum write_half { WRITE_HALF_OPEN = 0, WRITE_HALF_ENDED };

struct connection {
  struct backend *backend;
  struct wire_end *end; /* NULL when the connect failed, and while closing */
  enum connection_life life;
  enum write_half write_half;

  struct task connect;
  struct task read;
  struct task write;
  struct task shutdown;
  struct task close;

  struct outcome connect_outcome;
  const struct piece *pieces; /* of the write under way, or cancelled by the close under way */
  size_t piece_count;
  weir_code close_code; /* CLOSING: why it could not be detached */
  intptr_t native;      /* CLOSING: under which number it was */
};

/* NEW -> OPEN -> CLOSING; then it is rubbish. */
enum acceptor_life { ACCEPTOR_NEW = 0, ACCEPTOR_OPEN, ACCEPTOR_CLOSING };

struct acceptor {
  struct list_node node; /* in the listener's acceptors, while OPEN */
  struct backend *backend;
  struct listener *listener; /* NULL while CLOSING */
  enum acceptor_life life;
  struct task accept;
  struct task close;
  intptr_t native; /* CLOSING: under which number it was detached */
};

/* How handles go from loop to loop. */
extern const struct passing_operations passing_sim;

/* ---- the loop ---- */

/* Asserts that memory is zero where it must be, and fills it where it must not be used again. */
void sim_check_cleared(const void *memory, size_t bytes);
void sim_spoil(void *memory, size_t bytes);

/* ---- acceptors ---- */

struct outcome sim_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request);
void sim_accept(struct backend *backend, struct acceptor *acceptor, bool wanted);
void sim_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection);
void sim_close_acceptor(struct backend *backend, struct acceptor *acceptor, enum ending ending);

/* Turns a portable name into the one it means here. */
void sim_resolve_name(const struct address *given, struct address *name);

/* Looks again whether a client waits. */
void sim_refresh_accept(struct acceptor *acceptor);

/* Frees a name that was only bound; the acceptor is as if never begun. */
void sim_use_up(struct acceptor *bound);

void sim_finish_accept(struct acceptor *acceptor, struct completion *completion);
void sim_finish_close_acceptor(struct acceptor *acceptor, struct completion *completion);

/* ---- connections ---- */

struct outcome sim_open(struct backend *backend, struct connection *connection, intptr_t native);
void sim_connect(struct backend *backend, struct connection *connection, const struct connect_request *request);
void sim_move(struct backend *backend, struct connection *from, struct connection *to);
void sim_read(struct backend *backend, struct connection *connection, bool wanted);
size_t sim_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
void sim_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count);
void sim_shutdown(struct backend *backend, struct connection *connection);
bool sim_close(struct backend *backend, struct connection *connection, enum ending ending);
weir_code sim_control(struct backend *backend, struct connection *connection, enum control control, void *argument);

/* Makes cleared memory a connection that has no end yet, and gives it one. */
void sim_begin(struct backend *backend, struct connection *connection);
void sim_attach(struct connection *connection, struct wire_end *end);

/* Makes cleared memory an open connection over this end. */
void sim_begin_open(struct backend *backend, struct connection *connection, struct wire_end *end);

/* Ends its part of the wire. */
void sim_leave_wire(struct connection *connection, enum ending ending);

/* Its connect comes back with this; NULL is ignored. */
void sim_settle_connect(struct connection *connection, struct outcome outcome);

/* What an open TCP connection was told; for tests. */
const struct tcp_options *sim_tcp_options(const struct connection *connection);

/* Asserts that it is open, and this loop's. */
void sim_check_open(const struct backend *backend, const struct connection *connection);

/* Looks again at what its operations wait for; NULL is ignored. To be called after anything happened to its wire. */
void sim_refresh(struct connection *connection);

void sim_finish_connect(struct connection *connection, struct completion *completion);
void sim_finish_read(struct connection *connection, struct completion *completion);
void sim_finish_write(struct connection *connection, struct completion *completion);
void sim_finish_shutdown(struct connection *connection, struct completion *completion);
void sim_finish_close(struct connection *connection, struct completion *completion);

#endif
