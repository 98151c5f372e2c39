/* SPDX-License-Identifier: MIT */
/*
 * What the files of the support code share among themselves. Test cases include world.h alone.
 */
#ifndef WEIR_TESTS_WORLD_PRIVATE_H
#define WEIR_TESTS_WORLD_PRIVATE_H

#include <stdatomic.h>

#include "world.h"

/* How much of a data event the trace shows. */
#define WORLD_SHOWN_BYTES 40

/* One word of the trace. */
struct world_entry {
  const char *name;
  char *text;                            /* NULL for data */
  uint64_t data_length;                  /* all of it */
  unsigned char data[WORLD_SHOWN_BYTES]; /* its beginning */
};

/* What a case made and the world gives back. */
struct world_thing {
  struct world_thing *next;
  weir_server *server;
  weir_socket *socket;
  weir_process *process;
  weir_timer *timer;
  weir_function function; /* the timer's */
  void *user;
  struct world *world;
  struct world_mark mark;
  unsigned trace;
  char *text;
};

struct world_private {
  atomic_size_t blocks;  /* of the loop's allocator, given and not taken back */
  size_t handles_before; /* open when the world began */
  unsigned endpoints;    /* made besides the first */
  weir_timer *guard;     /* unreferenced */
  bool expired;          /* the guard's time has come */
  struct world_entry *entries;
  size_t entry_count;
  size_t entry_room;
  struct world_thing *things;
  const char **skip_reason; /* where world_skip tells why */
};

/* The names by which a command line and a report know the transports. */
#define WORLD_TRANSPORT_LOCAL "local"
#define WORLD_TRANSPORT_TCP "tcp"

/* Makes the world of a case, and takes it down with all checks. */
struct world *world_create(const char *backend, bool tcp, uint64_t seed, const char **skip_reason);
void world_destroy(struct world *world);

/* After a failed case: shows the trace and removes the files; the rest stays as it is. */
void world_abandon(struct world *world);

/* The line by which a skip says why; `skip` comes next. */
void print_skip(const char *reason);

/* Remembers a new thing; never NULL. */
struct world_thing *world_remember(struct world *world);

/* The whole trace, as the user would read it, to the test's output; and its memory. */
void world_print_trace(struct world *world);
void world_free_trace(struct world *world);

/*
 * The system's part: fresh endpoints for real backends, and the removal of what a local one left. Every address
 * 127.x.y.z is this machine's on Linux and Windows, so that a process has one to itself, and none of its ports is still
 * held by an old connection; where there is only one address, the system draws the ports.
 */
void world_make_place(struct world *world);
void world_remove_place(struct world *world);
void world_make_tcp_endpoint(char endpoint[WORLD_ENDPOINT_BYTES]);

/* The next port of this process, below those that a system draws; and an endpoint. */
unsigned world_next_port(void);
void world_format_tcp(char endpoint[WORLD_ENDPOINT_BYTES], uint32_t address, unsigned port);

#endif
