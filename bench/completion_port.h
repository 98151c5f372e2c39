/* SPDX-License-Identifier: MIT */
/*
 * What the bench's own Windows programs share: pipe:NAME as Weir writes it, and a completion port with its transfers.
 * No line of Weir is in here.
 *
 * A transfer that is over at once brings no packet; it waits in a line of its own, and is handed out as if it had.
 */
#ifndef BENCH_COMPLETION_PORT_H
#define BENCH_COMPLETION_PORT_H

#include <windows.h>

#define PIPE_NAME_BYTES 260

/* One read or write. It must stay where it is while the system has it, and is begun again only when it is over. */
struct transfer {
  OVERLAPPED overlapped; /* First: a packet brings its address. */
  void (*over)(struct transfer *transfer, DWORD error, DWORD count);
  struct transfer *next; /* In the line of those that were over at once. */
  DWORD error, count;
};

/* The port of the program, which has one. */
void completion_port_open(void);

/* Makes its transfers come back here. */
void completion_port_bind(HANDLE file);

void transfer_read(struct transfer *transfer, HANDLE file, void *bytes, DWORD length);
void transfer_write(struct transfer *transfer, HANDLE file, const void *bytes, DWORD length);

/* Waits for a client. */
void transfer_accept(struct transfer *transfer, HANDLE pipe);

/* Waits at most so long, INFINITE: for ever, and calls back for what is over; FALSE: nothing was. */
BOOL completion_port_turn(DWORD milliseconds);

/* The system's name for pipe:NAME; says what is wrong with the text and exits. */
void pipe_name_read(const char *text, char name[PIPE_NAME_BYTES]);

#endif
