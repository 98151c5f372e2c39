/* SPDX-License-Identifier: MIT */
#include "common/address/host_port.h"

#include <stdbool.h>
#include <string.h>

#include <weir/endpoint.h>

static const char bad_port[] = "PORT is a number from 0 to 65535, without sign or leading zeros";
static const char bad_brackets[] = "an IPv6 address is written in brackets, and a port follows: tcp:[::1]:80";

static const char *parse_port(const char *text, size_t length, struct host_port *parsed) {
  unsigned number;
  if (!ip_parse_number(text, length, UINT16_MAX, &number)) return bad_port;
  parsed->port = (int)number;
  return NULL;
}

static const char *parse_bracketed(const char *text, size_t length, struct host_port *parsed) {
  const char *bracket = memchr(text, ']', length);
  if (bracket == NULL) return bad_brackets;
  size_t inside = (size_t)(bracket - text) - 1;
  if (!ip_parse(text + 1, inside, &parsed->ip) || parsed->ip.family != WEIR_FAMILY_IPV6) return bad_brackets;
  size_t used = inside + 2;
  if (used == length || text[used] != ':') return bad_brackets;
  return parse_port(text + used + 1, length - used - 1, parsed);
}

/* The resolver would read "1.2.3" as an address of its own making; nobody has such a name. */
static bool is_numeric(const char *host, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if ((host[i] < '0' || host[i] > '9') && host[i] != '.') return false;
  }
  return true;
}

static bool is_host_byte(unsigned char byte) { return byte > ' ' && byte != 0x7F && strchr("/[]\\", byte) == NULL; }

static const char *check_host(const char *host, size_t length) {
  if (length > WEIR_HOST_MAX) return "the name of a host has at most 253 bytes";
  if (is_numeric(host, length)) return "an IPv4 address is four numbers up to 255 without leading zeros";
  for (size_t i = 0; i < length; i++) {
    if (!is_host_byte((unsigned char)host[i])) return "no host has such a name";
  }
  return NULL;
}

static const char *parse_host(const char *host, size_t length, struct host_port *parsed) {
  if (length == 0 || (length == 1 && host[0] == '*')) return NULL;
  struct ip ip;
  if (ip_parse(host, length, &ip)) {
    parsed->ip = ip;
    return NULL;
  }
  parsed->host = host;
  parsed->host_length = length;
  return check_host(host, length);
}

const char *host_port_parse(const char *text, size_t length, struct host_port *parsed) {
  memset(parsed, 0, sizeof *parsed);
  parsed->host = "";
  if (length == 0) return "there is no port: tcp:HOST:PORT";
  if (text[0] == '[') return parse_bracketed(text, length, parsed);
  const char *colon = memchr(text, ':', length);
  if (colon == NULL) return parse_port(text, length, parsed);
  size_t host_length = (size_t)(colon - text);
  if (memchr(colon + 1, ':', length - host_length - 1) != NULL) return bad_brackets;
  const char *reason = parse_host(text, host_length, parsed);
  return reason != NULL ? reason : parse_port(colon + 1, length - host_length - 1, parsed);
}
