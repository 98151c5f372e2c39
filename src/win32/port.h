/* SPDX-License-Identifier: MIT */
/*
 * The completion port of a loop, and tasks: whatever the backend began and will be told about. A task that is with the
 * system comes back through the port; one that was over at once joins the same line. `finish` cannot see a difference,
 * and says what to tell common, OPERATION_NONE for nothing.
 *
 * A task has one OVERLAPPED, so it is handed to the system again only when it has come back.
 */
#ifndef WEIR_WIN32_PORT_H
#define WEIR_WIN32_PORT_H

#include "common/backend.h"
#include "common/base/list.h"
#include "win32/os.h"
#include "win32/watch.h"

struct task;

typedef enum operation (*task_function)(struct backend *backend, struct task *task, struct completion *completion);

struct task {
  OVERLAPPED overlapped;
  struct list_node link; /* in one of the port's lists */
  task_function finish;
  DWORD error;         /* how it went: a Win32 error, */
  DWORD count;         /* and bytes */
  struct watch *watch; /* how it comes back when its file is bound to another port; or NULL */
  bool pending;        /* the system has it, or its packet was not handed out yet */
};

/* Makes a task ready to be handed to the system. */
void task_begin(struct task *task, task_function finish);

/* What became of a transfer that was handed to the system. */
enum submitted {
  SUBMITTED_PENDING, /* a packet will come */
  SUBMITTED_OVER     /* it is over, no packet comes; `error` and `count` of the task tell how it went */
};

/* Whether a read that succeeds at once with ERROR_MORE_DATA brings a packet although success at once brings none. */
enum warning_packets { WARNING_PACKETS_UNKNOWN = 0, WARNING_PACKETS_COME, WARNING_PACKETS_NEVER };

struct port {
  HANDLE handle;
  uint64_t frequency;      /* of the counter */
  struct list over;        /* tasks that were over at once, or later for another reason than a packet */
  struct list batch;       /* tasks that `next` is handing out */
  uint32_t batches;        /* how many there were */
  uint32_t asked_in_batch; /* the number of the last one for which the port was asked */
  bool in_batch;           /* a batch has begun and its end was not told */
  bool timed_out;          /* the last wait brought nothing */
  bool brings_one;         /* the last packet came alone, as far as was asked */
  DWORD failure;           /* why the port could not be asked the last time, or ERROR_SUCCESS */
  volatile LONG awake;     /* a packet that wakes is in the port */
  enum warning_packets warning_packets;
};

DWORD port_init(struct port *port);
void port_fini(struct port *port);

uint64_t port_now(const struct port *port);
bool port_wake(struct port *port);

/* Makes the port signalled for an outer loop when something lies here and not in the port. */
void port_show(struct port *port);

/*
 * The next task that has come back, or NULL at the end of a batch, after a time-out and after a wake. Waits only
 * between two batches.
 */
struct task *port_take(struct port *port, uint64_t timeout_ns);

/* Puts a task in line that is not with the system. */
void port_append(struct port *port, struct task *task);

/*
 * Sorts out what a transfer answered. `skips`: whether this file brings no packets for success at once. The task must
 * carry the `count` already.
 */
enum submitted port_sort(struct port *port, struct task *task, bool skips, DWORD error);

/* Binds a file to the port. `skips` tells whether it keeps quiet about success at once. */
DWORD port_bind(struct port *port, HANDLE file, bool *skips);

#endif
