/* SPDX-License-Identifier: MIT */
/*
 * Where a server is: what the user wrote, understood once. Common makes an address from an endpoint's text with the
 * rules of the backend in use; the backend takes it from there, and nothing parses the text again.
 */
#ifndef WEIR_COMMON_ADDRESS_ADDRESS_H
#define WEIR_COMMON_ADDRESS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/address.h>
#include <weir/error.h>

enum address_kind {
  ADDRESS_NONE = 0,
  ADDRESS_PATH,     /* a path in the file system; text ends with a zero that is not counted */
  ADDRESS_ABSTRACT, /* a name in Linux's abstract name space, without its leading NUL; may hold any byte */
  ADDRESS_PIPE,     /* a whole pipe name in UTF-8, normalised: \\.\pipe\x, or \\?\pipe\x as it was written */
  ADDRESS_REMOTE,   /* a whole pipe name on another machine: \\server\pipe\x */
  ADDRESS_PORTABLE, /* the NAME of ipc:NAME; the backend knows the user and turns it into one of the above */
  ADDRESS_HOST,     /* TCP at a host's name, which is the text and still has to be looked up; "" is any address (listen)
                       or this machine (connect). `ip` holds the port. No backend ever sees it */
  ADDRESS_IP        /* TCP at the address and port in `ip`; no text */
};

/* Room for the longest text: a pipe name of 256 UTF-16 units is at most 768 bytes of UTF-8. */
#define ADDRESS_TEXT_BYTES 772

struct address {
  enum address_kind kind;
  size_t length;
  char text[ADDRESS_TEXT_BYTES];
  weir_address ip;
};

/* Which names a backend can have, and how long they may be. */
struct address_rules {
  size_t path_bytes;     /* longest path, its zero not counted; 0: no paths here */
  size_t abstract_bytes; /* longest abstract name, its NUL not counted; 0: none here */
  size_t pipe_units;     /* longest whole pipe name in UTF-16 units; 0: no pipes here */
};

/* Why a text is no address: a code and a sentence with the limit and the length where they matter. */
struct address_failure {
  weir_code code;
  char hint[192];
};

/*
 * Understands an endpoint's text (see weir/endpoint.h for the grammar). `listening` refuses what only clients may name.
 * Returns WEIR_OK, or the code in `failure`.
 */
weir_code address_parse(const struct address_rules *rules, const char *text, size_t length, bool listening,
                        struct address *address, struct address_failure *failure);

/* Sets kind and text; the text must fit. For backends that turn a portable name into a native one. */
void address_set(struct address *address, enum address_kind kind, const char *text, size_t length);

/* Makes it an ADDRESS_IP. */
void address_set_ip(struct address *address, const weir_address *ip);

/* Writes the address as a user would read it, always terminated; a longer one is cut. Returns the whole length. */
size_t address_format(const struct address *address, char *text, size_t size);

/* How many UTF-16 units a UTF-8 text has; invalid bytes count as one each. */
size_t address_utf16_units(const char *text, size_t length);

#endif
