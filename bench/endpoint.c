/* SPDX-License-Identifier: MIT */
/* See endpoint.h. */
#include "endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "process.h"

static struct endpoint read_path(const char *path) {
  struct endpoint endpoint = {0};
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof name.sun_path) process_fail(PROCESS_USAGE, 0, "the path is empty or too long");
  memcpy(name.sun_path, path, length);
  memcpy(&endpoint.address, &name, sizeof name);
  endpoint.length = sizeof name;
  return endpoint;
}

/* HOST:PORT, with an IPv6 address in brackets. */
static struct endpoint read_host_port(const char *text) {
  char host[256];
  const char *colon = strrchr(text, ':');
  size_t length = colon == NULL ? 0 : (size_t)(colon - text);
  bool in_brackets = length >= 2 && text[0] == '[' && text[length - 1] == ']';
  if (in_brackets) {
    text++;
    length -= 2;
  }
  if (length == 0 || length >= sizeof host) process_fail(PROCESS_USAGE, 0, "not a tcp:HOST:PORT");
  memcpy(host, text, length);
  host[length] = '\0';

  struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
  struct addrinfo *found;
  int code = getaddrinfo(host, colon + 1, &wanted, &found);
  if (code != 0) process_fail(PROCESS_USAGE, 0, gai_strerror(code));
  struct endpoint endpoint = {.length = found->ai_addrlen, .is_tcp = true};
  memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return endpoint;
}

struct endpoint endpoint_read(const char *text) {
  if (strncmp(text, "unix:", 5) == 0) return read_path(text + 5);
  if (strncmp(text, "tcp:", 4) == 0) return read_host_port(text + 4);
  if (strncmp(text, "pipe:", 5) == 0) process_fail(PROCESS_USAGE, 0, "only Windows has named pipes");
  process_fail(PROCESS_USAGE, 0, "an endpoint is unix:PATH or tcp:HOST:PORT");
}

static int make_socket(const struct endpoint *endpoint, int flags) {
  int socket_fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (socket_fd < 0) process_fail(PROCESS_FAILED, errno, "socket");
  int on = 1;
  if (endpoint->is_tcp && setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    process_fail(PROCESS_FAILED, errno, "TCP_NODELAY");
  }
  return socket_fd;
}

int endpoint_listen(const struct endpoint *endpoint, int backlog) {
  int listener = make_socket(endpoint, SOCK_NONBLOCK);
  int on = 1;
  if (endpoint->is_tcp) setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (const struct sockaddr *)&endpoint->address, endpoint->length) != 0) {
    process_fail(PROCESS_FAILED, errno, "bind");
  }
  if (listen(listener, backlog) != 0) process_fail(PROCESS_FAILED, errno, "listen");
  return listener;
}

int endpoint_connect(const struct endpoint *endpoint, int timeout_seconds) {
  int connection = make_socket(endpoint, 0);
  struct timeval timeout = {.tv_sec = timeout_seconds};
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (connect(connection, (const struct sockaddr *)&endpoint->address, endpoint->length) != 0) {
    process_fail(PROCESS_FAILED, errno, "connect");
  }
  return connection;
}

void endpoint_remove(const struct endpoint *endpoint) {
  struct sockaddr_un name;
  if (endpoint->is_tcp) return;
  memcpy(&name, &endpoint->address, sizeof name);
  unlink(name.sun_path);
}
