/* SPDX-License-Identifier: MIT */
#include "common/cluster/message.h"

#include <string.h>

/* ---- parts ---- */

static void write_bytes(struct message *message, const void *bytes, size_t length) {
  if (length > sizeof message->bytes - message->length) {
    message->spoiled = true;
  } else if (length > 0) {
    memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
  }
}

void message_write(struct message *message, uint32_t number) {
  const unsigned char bytes[4] = {(unsigned char)number, (unsigned char)(number >> 8), (unsigned char)(number >> 16),
                                  (unsigned char)(number >> 24)};
  write_bytes(message, bytes, sizeof bytes);
}

static void read_bytes(struct message_reader *reader, void *bytes, size_t length) {
  if (length > reader->length - reader->at) {
    reader->spoiled = true;
    memset(bytes, 0, length);
  } else if (length > 0) {
    memcpy(bytes, reader->bytes + reader->at, length);
    reader->at += length;
  }
}

uint32_t message_read(struct message_reader *reader) {
  unsigned char bytes[4];
  read_bytes(reader, bytes, sizeof bytes);
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void write_text(struct message *message, const char *text, size_t length) {
  message_write(message, (uint32_t)length);
  write_bytes(message, text, length);
}

/* Into memory of MESSAGE_TEXT_BYTES; a zero follows. Returns how long it is. */
static size_t read_text(struct message_reader *reader, char *text) {
  size_t length = message_read(reader);
  if (length >= MESSAGE_TEXT_BYTES) reader->spoiled = true;
  if (reader->spoiled) length = 0;
  read_bytes(reader, text, length);
  text[length] = '\0';
  return length;
}

static void write_address(struct message *message, const weir_address *address) {
  message_write(message, (uint32_t)address->family);
  message_write(message, (uint32_t)address->port);
  message_write(message, address->flow_label);
  write_bytes(message, address->bytes, sizeof address->bytes);
  write_bytes(message, address->zone, sizeof address->zone);
}

static weir_address read_address(struct message_reader *reader) {
  weir_address address = {.family = (weir_family)message_read(reader)};
  address.port = (int)message_read(reader);
  address.flow_label = message_read(reader);
  read_bytes(reader, address.bytes, sizeof address.bytes);
  read_bytes(reader, address.zone, sizeof address.zone);
  address.zone[sizeof address.zone - 1] = '\0';
  return address;
}

/* ---- questions and answers ---- */

enum { READABLE_ALL = 1, WRITABLE_ALL = 2, IPV6_ONLY = 4 };

void message_write_question(struct message *message, const struct listen_question *question) {
  uint32_t flags = (question->readable_all ? READABLE_ALL : 0U) | (question->writable_all ? WRITABLE_ALL : 0U) |
                   (question->ipv6_only ? IPV6_ONLY : 0U);
  message_write(message, question->number);
  message_write(message, question->turn);
  message_write(message, question->backlog);
  message_write(message, flags);
  write_text(message, question->endpoint, question->length);
}

bool message_read_question(struct message_reader *reader, struct listen_question *question) {
  question->number = message_read(reader);
  question->turn = message_read(reader);
  question->backlog = message_read(reader);
  uint32_t flags = message_read(reader);
  question->readable_all = (flags & READABLE_ALL) != 0;
  question->writable_all = (flags & WRITABLE_ALL) != 0;
  question->ipv6_only = (flags & IPV6_ONLY) != 0;
  question->length = read_text(reader, question->endpoint);
  return !reader->spoiled;
}

void message_write_answer(struct message *message, const struct listen_answer *answer) {
  message_write(message, answer->number);
  message_write(message, (uint32_t)answer->code);
  message_write(message, (uint32_t)answer->native_code);
  write_address(message, &answer->bound);
  write_text(message, answer->name, strlen(answer->name));
  write_text(message, answer->hint, strlen(answer->hint));
}

bool message_read_answer(struct message_reader *reader, struct listen_answer *answer) {
  answer->number = message_read(reader);
  answer->code = (weir_code)(int32_t)message_read(reader);
  answer->native_code = (int)(int32_t)message_read(reader);
  answer->bound = read_address(reader);
  read_text(reader, answer->name);
  read_text(reader, answer->hint);
  return !reader->spoiled;
}
