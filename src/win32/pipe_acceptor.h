/* SPDX-License-Identifier: MIT */
/*
 * A server's name and its instances. Windows has no queue of clients: each client takes an instance that waits, and
 * finds the door closed when none does. So a pool of instances waits; it is filled up before a client is offered,
 * doubles when all were taken between two looks, up to the backlog, and shrinks when few are.
 */
#ifndef WEIR_WIN32_PIPE_ACCEPTOR_H
#define WEIR_WIN32_PIPE_ACCEPTOR_H

#include "win32/backend.h"
#include "win32/name.h"
#include "win32/security.h"
#include "win32/served_name.h"

struct instance;

struct acceptor {
  struct task task;         /* offers the next client; the close */
  struct list waiting;      /* instances for clients to come */
  struct list clients;      /* instances with a client, the first one first */
  struct instance *offered; /* until `take` */
  struct security security;
  struct name name;
  struct served_name *served;
  uint32_t backlog; /* at most so many wait or hold a client that nobody took */
  uint32_t goal;    /* so many shall wait */
  uint32_t waiting_count;
  uint32_t client_count;
  uint32_t burst; /* clients of this batch of the port's */
  uint32_t burst_batch;
  DWORD shortage; /* why no instance waits, or ERROR_SUCCESS */
  bool wanted;
  bool closing;
};

struct outcome pipe_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request);
void pipe_accept(struct backend *backend, struct acceptor *acceptor, bool wanted);
void pipe_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection);
void pipe_close_acceptor(struct backend *backend, struct acceptor *acceptor, enum ending ending);

#endif
