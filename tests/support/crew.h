/* SPDX-License-Identifier: MIT */
/*
 * A cluster in one process: the primary is the world's loop, and each worker has a loop of its own, run by turns with
 * it, so that the same cases run on every backend and in a simulation. Nothing here differs from workers that are
 * processes but how they are started, and that nobody hears their exit.
 *
 * Traced are the cluster as P, "fork(1)" and so on with the worker's number, and each worker from inside as W1 to W4,
 * its first server as V1 to V4.
 */
#ifndef WEIR_TESTS_CREW_H
#define WEIR_TESTS_CREW_H

#include "support/world.h"

enum { CREW_MAX = 8, CREW_SOCKETS = 64 };

struct crew_worker {
  struct crew *crew;
  weir_loop *loop;
  weir_worker *worker; /* its own side */
  weir_worker *seen;   /* the primary's */
  weir_server *server; /* the last that listened */
  weir_socket *sockets[CREW_SOCKETS];
  size_t served; /* connections that came */
  char name[4];  /* "W1" */
  char server_name[4];
};

struct crew {
  struct world *world;
  weir_cluster *cluster;
  size_t count; /* of workers that were ever started */
  struct crew_worker workers[CREW_MAX];
  const char *listens_at; /* a worker listens here as soon as it has joined; NULL: it does not */
};

/* A primary without workers. */
void crew_open(struct crew *crew, struct world *world, weir_scheduling scheduling);

/* Starts a worker as `weir_cluster_fork` does. */
struct crew_worker *crew_fork(struct crew *crew);

/* A primary with so many workers that are online, and with such that listen at the world's endpoint, in their order. */
void crew_open_with(struct crew *crew, struct world *world, weir_scheduling scheduling, size_t count);
void crew_open_listening(struct crew *crew, struct world *world, weir_scheduling scheduling, size_t count);

/* A server of a worker, traced as V1 to V4, that listens here; options may be NULL. Its connections are kept. */
weir_server *crew_listen(struct crew_worker *worker, const char *endpoint, const weir_listen_options *options);

/* A server of a worker that does nothing yet. */
weir_server *crew_server(struct crew_worker *worker, const weir_server_options *options);

/* All workers listen, one after the other. */
void crew_listen_all(struct crew *crew, const char *endpoint);

/* Each loop once, without waiting. */
void crew_turn(struct crew *crew);

/* All loops by turns, until so; fails the case when that takes too long. */
void crew_run_until_noted(struct crew *crew, const char *noted, size_t times);
void crew_run_until(struct crew *crew, const bool *flag);
void crew_run_until_served(struct crew *crew, size_t served);

/* Until this was noted under the name of a worker, "W1", or of its server, "V1". */
void crew_run_until_worker(struct crew_worker *worker, const char *noted);
void crew_run_until_server(struct crew_worker *worker, const char *noted);
void crew_run_for(struct crew *crew, uint64_t milliseconds);

/* A client of the primary's loop that is connected and that some worker has accepted. */
weir_socket *crew_connect(struct crew *crew, const char *endpoint);

/* A client that connects; nobody waits for what becomes of it. */
weir_socket *crew_begin_connecting(struct crew *crew, const char *endpoint);

/* How many connections came to all workers. */
size_t crew_served(const struct crew *crew);

/* Ends everything: loops, sockets, the cluster. Whether the case has left workers or not. */
void crew_close(struct crew *crew);

#endif
