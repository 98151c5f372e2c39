/* SPDX-License-Identifier: MIT */
/*
 * An address as the system wants it. Nothing is ever cut: common refuses what is too long.
 */
#define _DEFAULT_SOURCE 1

#include "posix/socket_address.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* A path that fills sun_path has no zero; systems go by the length (seen on Linux; xnu and the BSDs copy by it). */
static void set_path(struct socket_address *made, const char *text, size_t length) {
  assert(length > 0 && length <= sizeof made->native.sun_path);
  memcpy(made->native.sun_path, text, length);
  size_t zero = length < sizeof made->native.sun_path ? 1 : 0;
  made->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + zero);
}

/* The length counts: "x" and "x\0" are two names. */
static void set_abstract(struct socket_address *made, const char *text, size_t length) {
  assert(length < sizeof made->native.sun_path);
  memcpy(made->native.sun_path + 1, text, length);
  made->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

struct socket_address socket_address_of(const struct address *address) {
  struct socket_address made;
  memset(&made, 0, sizeof made);
  made.native.sun_family = AF_UNIX;
  if (address->kind == ADDRESS_ABSTRACT) {
    set_abstract(&made, address->text, address->length);
  } else {
    assert(address->kind == ADDRESS_PATH);
    set_path(&made, address->text, address->length);
  }
  return made;
}

void socket_address_read(const struct socket_address *native, struct address *address) {
  size_t header = offsetof(struct sockaddr_un, sun_path);
  const char *text = native->native.sun_path;
  address_set(address, ADDRESS_NONE, "", 0);
  if (native->native.sun_family != AF_UNIX || native->length <= header) return;
  size_t length = native->length - header;
  if (length > sizeof native->native.sun_path) length = sizeof native->native.sun_path;
  if (text[0] == '\0') {
    address_set(address, ADDRESS_ABSTRACT, text + 1, length - 1);
  } else {
    address_set(address, ADDRESS_PATH, text, strnlen(text, length));
  }
}
