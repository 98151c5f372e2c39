/* SPDX-License-Identifier: MIT */
/*
 * A listening socket as the simulated system sees it: a name and the wires whose clients wait. Acceptors of loops hold
 * it, several when servers share it, and natives when it was detached; with the last one the name is free.
 */
#ifndef WEIR_SIM_LISTENER_H
#define WEIR_SIM_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/address/address.h"
#include "common/backend.h"
#include "common/base/list.h"
#include "sim/machine.h"
#include "sim/native.h"
#include "sim/wire.h"

struct weir_sim;

/* BOUND -> LISTENING; BOUND it has its name, and nobody can connect. */
enum listener_state { LISTENER_BOUND, LISTENER_LISTENING };

struct listener {
  struct list_node node; /* in the world's listeners */
  struct weir_sim *world;
  enum listener_state state;
  size_t holders;  /* acceptors, and one for each time it was detached and not taken on */
  size_t detached; /* how many of them are such */
  struct native native;
  struct address name;
  struct claim claim; /* ADDRESS_IP: the same, to be compared */
  struct list acceptors;
  struct list backlog; /* wires whose clients are connected */
  size_t backlog_count;
  size_t backlog_limit;
  struct list waiting; /* TCP: wires for which the backlog has no room */
};

/* Takes a name in the form that the world has for it, as far as it is free, with one holder. */
struct outcome listener_create(struct weir_sim *sim, const struct listen_request *request, struct listener **listener);

/* From now on clients come. */
void listener_begin(struct listener *listener, int backlog);

/* Detaches one holder, and gives the number that it can be taken on under; several have the same one. */
intptr_t listener_detach(struct listener *listener);

/* The listener of a native, one of whose detached holders is the caller now. */
struct listener *listener_take_on(struct native *native);

/* One holder fewer; with the last one the clients that wait are reset, or refused when they were not connected yet. */
void listener_release(struct listener *listener);

/* Who has a local name, or NULL. */
struct listener *listener_find(const struct weir_sim *sim, const struct address *name);

/* Who listens at an address in plain form, with its port, to this client's port; or NULL. */
struct listener *listener_find_ip(const struct weir_sim *sim, const weir_address *plain, int client_port);

/* A client comes: it is connected, or it waits for room; over local names WEIR_EAGAIN when there is none. */
weir_code listener_enqueue(struct listener *listener, struct wire *wire);

/* The client that came first, or NULL; the next one that waits has room then. */
struct wire *listener_dequeue(struct listener *listener);

#endif
