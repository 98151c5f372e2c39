/* SPDX-License-Identifier: MIT */
/*
 * A server of either kind: a pool of instances, each waiting for one client. For a pipe an instance is the only way in;
 * for TCP it spares the client that comes a wait in the system's queue. The pool is filled up before a client is
 * offered, doubles when all were taken between two looks, up to the limit, and shrinks when few are.
 */
#ifndef WEIR_WIN32_ACCEPTOR_H
#define WEIR_WIN32_ACCEPTOR_H

#include "win32/backend.h"
#include "win32/error.h"
#include "win32/parcel.h"
#include "win32/pipe_acceptor.h"
#include "win32/tcp_acceptor.h"

/* One place for a client, from its creation until a connection takes it over. */
struct instance {
  struct task task;
  struct list_node link; /* in one of the acceptor's lists */
  struct acceptor *acceptor;
  HANDLE handle; /* the pipe or the SOCKET; NULL: taken over, or closed while its packet is under way */
  bool skips;
  bool has_client;
  struct watch *spare; /* for the write side of the connection, when the task has one; or NULL */
};

/* An instance that goes over to another loop, and all of a server's that do. */
struct instance_place {
  HANDLE handle;
  bool has_client;
  bool is_presented; /* a client over TCP that can be asked and shared */
  weir_address peer; /* of a client over TCP */
};

struct server_parcel {
  struct parcel parcel;
  struct pipe_acceptor pipe; /* of a server of pipes */
  size_t count;
  struct instance_place places[];
};

struct acceptor_kind {
  size_t instance_bytes; /* what it allocates for an instance, which is the first thing there */
  enum error_place place;

  /* Makes the handle of an instance and lets it wait; the task tells how that went. */
  DWORD (*prepare)(struct backend *backend, struct instance *instance);
  DWORD (*wait)(struct instance *instance);

  /* Whether a client has come, perhaps to leave again, by what the wait ended with. */
  bool (*has_client)(DWORD error);

  /* Makes a client ready to be offered and tells its address, if there is one. False: it is lost. */
  bool (*present)(struct backend *backend, struct instance *instance, const weir_address **peer);

  /* Makes it a connection; the handle goes over. */
  void (*hand_over)(struct backend *backend, struct instance *instance, struct connection *connection);

  /* Closes the instance's handle. */
  void (*shut)(struct instance *instance);

  /* Gives the name up; no instance that waits may bring a client any more. */
  void (*close)(struct acceptor *acceptor);

  /* Instead of `close`: calls back what waits, and keeps the name. On failure `close` follows. */
  DWORD (*detach)(struct acceptor *acceptor);

  /* Moves an instance into a place of what goes over, if it is worth it, and out of one. */
  bool (*pack)(struct instance *instance, struct instance_place *place);
  void (*unpack)(struct instance *instance, const struct instance_place *place);

  /* All is packed: moves the rest, and tells what the other loop listens on. */
  intptr_t (*give_away)(struct acceptor *acceptor, struct server_parcel *parcel);

  /* Nobody wants it: closes all that went over. */
  void (*discard)(struct server_parcel *parcel);
};

struct acceptor {
  const struct acceptor_kind *kind;
  struct task task;         /* offers the next client; the close */
  struct list waiting;      /* instances for clients to come */
  struct list clients;      /* instances with a client, the first one first */
  struct instance *offered; /* until `take` */
  uint32_t first_goal;
  uint32_t limit; /* at most so many wait or hold a client that nobody took */
  uint32_t goal;  /* so many shall wait */
  uint32_t waiting_count;
  uint32_t client_count;
  uint32_t burst; /* clients of this batch of the port's */
  uint32_t burst_batch;
  DWORD shortage;               /* why no instance waits, or ERROR_SUCCESS */
  struct server_parcel *parcel; /* while it is detached; or NULL */
  bool wanted;
  bool closing;
  bool refused; /* it was to be detached, and could not be */

  union {
    struct pipe_acceptor pipe;
    struct tcp_acceptor tcp;
  };
};

extern const struct acceptor_kind acceptor_of_pipes;
extern const struct acceptor_kind acceptor_of_tcp;

/* Begins with an empty pool: `goal` instances at first, never more than `limit`. */
void acceptor_init(struct acceptor *acceptor, const struct acceptor_kind *kind, uint32_t goal, uint32_t limit);

/* One instance more, which need not be wanted yet. */
DWORD acceptor_add_instance(struct backend *backend, struct acceptor *acceptor);

/* Lets as many instances wait as shall, and notes when not even one can. */
void acceptor_fill(struct backend *backend, struct acceptor *acceptor);

/*
 * Takes over what another loop's server has left. `watched`: its instances are bound to that loop's port. On failure
 * nothing has changed.
 */
DWORD acceptor_unpack(struct backend *backend, struct acceptor *acceptor, const struct server_parcel *parcel,
                      bool watched);

/* Closes what another loop's server has left; false: there is no such server. */
bool acceptor_discard(intptr_t native);

/* Frees an instance that is not with the system, and closes its handle. */
void acceptor_free_instance(struct backend *backend, struct instance *instance);

void acceptor_accept(struct backend *backend, struct acceptor *acceptor, bool wanted);
void acceptor_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection);
void acceptor_close(struct backend *backend, struct acceptor *acceptor, enum ending ending);

#endif
