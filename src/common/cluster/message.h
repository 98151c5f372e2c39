/* SPDX-License-Identifier: MIT */
/*
 * What a primary and its workers say to each other, as internal messages of their channel. Both are the same program as
 * a rule, and of one machine always; still nothing is believed: a message that is too short is ignored, and what it
 * names is looked for.
 *
 *   worker: ONLINE                                       primary: WELCOME
 *   worker: LISTEN --> primary: LISTENS or SERVER, or REFUSES                  worker: LISTENING
 *   primary: CONNECTION, with a socket                   worker: CLOSED
 *   primary: DISCONNECT --> worker: LEAVING --> primary: LEFT --> the worker ends the channel
 *
 * A name is known by the number that its worker gave it when it asked.
 */
#ifndef WEIR_COMMON_CLUSTER_MESSAGE_H
#define WEIR_COMMON_CLUSTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/address.h>
#include <weir/error.h>

#include "common/address/address.h"

enum subject {
  SUBJECT_ONLINE = 1, /* the worker has joined */
  SUBJECT_WELCOME,    /* the number of the worker */
  SUBJECT_LISTEN,     /* a listen_question */
  SUBJECT_LISTENS,    /* a listen_answer: connections will come */
  SUBJECT_SERVER,     /* a name's number; the server to listen on comes along */
  SUBJECT_REFUSES,    /* a listen_answer, with what went wrong */
  SUBJECT_LISTENING,  /* a name's number: the worker listens */
  SUBJECT_CLOSED,     /* a name's number: the worker listens no more */
  SUBJECT_CONNECTION, /* a name's number, and whether it must be taken; a socket comes along */
  SUBJECT_DISCONNECT, /* the worker shall leave */
  SUBJECT_LEAVING,    /* the worker leaves, and wants no connections */
  SUBJECT_LEFT        /* none will come any more */
};

/* Room for the longest text of a message: a printed name, every byte of which may stand as \xNN. */
enum { MESSAGE_TEXT_BYTES = ADDRESS_TEXT_BYTES * 4 + 64, MESSAGE_BYTES = 2 * MESSAGE_TEXT_BYTES };

/* One that is written; what does not fit spoils it. */
struct message {
  size_t length;
  bool spoiled;
  unsigned char bytes[MESSAGE_BYTES];
};

/* One that is read from its front to its end; what is not there spoils it. */
struct message_reader {
  const unsigned char *bytes;
  size_t length;
  size_t at;
  bool spoiled;
};

/* What a worker asks for. */
struct listen_question {
  uint32_t number;
  uint32_t turn; /* which of the worker's servers with this endpoint it is, from 0: each has a name of its own */
  uint32_t backlog;
  bool readable_all;
  bool writable_all;
  bool ipv6_only;
  size_t length; /* of the endpoint */
  char endpoint[MESSAGE_TEXT_BYTES];
};

/* What it hears. */
struct listen_answer {
  uint32_t number;
  weir_code code;
  int native_code;
  weir_address bound; /* no family but for TCP */
  char name[MESSAGE_TEXT_BYTES];
  char hint[MESSAGE_TEXT_BYTES];
};

void message_write(struct message *message, uint32_t number);
void message_write_question(struct message *message, const struct listen_question *question);
void message_write_answer(struct message *message, const struct listen_answer *answer);

uint32_t message_read(struct message_reader *reader);
bool message_read_question(struct message_reader *reader, struct listen_question *question);
bool message_read_answer(struct message_reader *reader, struct listen_answer *answer);

#endif
