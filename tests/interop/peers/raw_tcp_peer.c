/* SPDX-License-Identifier: MIT */
/*
 * raw_tcp_peer ROLE tcp:HOST:PORT COUNT: a client or server made of nothing but blocking Winsock calls.
 *
 *   goodbye  COUNT times in a row: connects and only reads "goodbye" and the end
 *   echo     COUNT times in a row: sends a text, reads it back, closes
 *   half     COUNT times in a row: sends a text, ends its side, and reads the text and the end
 *   burst    has COUNT connections before it sends on any; then each must have its echo
 *   reset    COUNT times in a row: sends a text, and breaks off when the first byte has come back
 *   serve    sends COUNT clients, one after the other, back what they send, until they end their sides
 *   refuse   breaks COUNT clients off, each when its first byte has come
 *
 * Prints "N times" at the end, or what went wrong.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(const char *what) {
  fprintf(stderr, "%s (error %d)\n", what, WSAGetLastError());
  return false;
}

/* ---- Sockets ----------------------------------------------------------------------------------------------------- */

/* Splits tcp:HOST:PORT, where HOST may stand in brackets. */
static struct addrinfo *find_address(const char *endpoint) {
  char host[64];
  const char *colon = strrchr(endpoint, ':');
  if (strncmp(endpoint, "tcp:", 4) != 0 || colon == endpoint + 3) return NULL;
  const char *begin = endpoint + 4;
  size_t length = (size_t)(colon - begin);
  if (*begin == '[') {
    begin++;
    length -= 2;
  }
  if (length >= sizeof host) return NULL;
  memcpy(host, begin, length);
  host[length] = '\0';
  struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
  struct addrinfo *found = NULL;
  if (getaddrinfo(host, colon + 1, &wanted, &found) != 0) fail("getaddrinfo");
  return found;
}

static SOCKET connect_to(const struct addrinfo *address) {
  SOCKET connection = socket(address->ai_family, SOCK_STREAM, IPPROTO_TCP);
  if (connection == INVALID_SOCKET) {
    fail("socket");
    return connection;
  }
  if (connect(connection, address->ai_addr, (int)address->ai_addrlen) == 0) return connection;
  fail("connect");
  closesocket(connection);
  return INVALID_SOCKET;
}

static void break_off(SOCKET connection) {
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  setsockopt(connection, SOL_SOCKET, SO_LINGER, (const char *)&none, sizeof none);
}

static bool send_all(SOCKET connection, const char *bytes, int length) {
  while (length > 0) {
    int count = send(connection, bytes, length, 0);
    if (count <= 0) return fail("send");
    bytes += count;
    length -= count;
  }
  return true;
}

static bool expect_text(SOCKET connection, const char *expected) {
  char text[64];
  int length = (int)strlen(expected);
  for (int total = 0; total < length;) {
    int count = recv(connection, text + total, length - total, 0);
    if (count <= 0) return fail("recv");
    if (memcmp(text + total, expected + total, (size_t)count) != 0) return fail("another text came");
    total += count;
  }
  return true;
}

static bool expect_end(SOCKET connection) {
  char byte;
  return recv(connection, &byte, 1, 0) == 0 || fail("something else than the end came");
}

/* ---- Clients ----------------------------------------------------------------------------------------------------- */

static bool exchange(const char *role, SOCKET connection, unsigned number) {
  char text[32];
  snprintf(text, sizeof text, "client %u", number);
  if (strcmp(role, "goodbye") == 0) return expect_text(connection, "goodbye") && expect_end(connection);
  if (!send_all(connection, text, (int)strlen(text))) return false;
  if (strcmp(role, "half") == 0) {
    if (shutdown(connection, SD_SEND) != 0) return fail("shutdown");
    return expect_text(connection, text) && expect_end(connection);
  }
  if (strcmp(role, "reset") == 0) {
    break_off(connection);
    text[1] = '\0';
  }
  return expect_text(connection, text);
}

static unsigned call(const char *role, const struct addrinfo *address, unsigned count) {
  unsigned done = 0;
  bool is_good = true;
  while (is_good && done < count) {
    SOCKET connection = connect_to(address);
    if (connection == INVALID_SOCKET) return done;
    is_good = exchange(role, connection, done);
    closesocket(connection);
    if (is_good) done++;
  }
  return done;
}

static unsigned burst(const struct addrinfo *address, unsigned count) {
  SOCKET *connections = calloc(count, sizeof *connections);
  if (connections == NULL) return 0;
  unsigned open = 0;
  while (open < count && (connections[open] = connect_to(address)) != INVALID_SOCKET) open++;
  unsigned done = 0;
  while (done < open && exchange("echo", connections[done], done)) done++;
  for (unsigned i = 0; i < open; i++) closesocket(connections[i]);
  free(connections);
  return done;
}

/* ---- Servers ----------------------------------------------------------------------------------------------------- */

static bool send_back(SOCKET connection) {
  static char bytes[65536];
  for (;;) {
    int count = recv(connection, bytes, sizeof bytes, 0);
    if (count < 0) return fail("recv");
    if (count == 0) return shutdown(connection, SD_SEND) == 0 || fail("shutdown");
    if (!send_all(connection, bytes, count)) return false;
  }
}

static bool refuse(SOCKET connection) {
  char byte;
  if (recv(connection, &byte, 1, 0) != 1) return fail("recv");
  break_off(connection);
  return true;
}

static unsigned serve(const struct addrinfo *address, const char *endpoint, bool is_good, unsigned count) {
  SOCKET listening = socket(address->ai_family, SOCK_STREAM, IPPROTO_TCP);
  if (bind(listening, address->ai_addr, (int)address->ai_addrlen) != 0 || listen(listening, SOMAXCONN) != 0) {
    fail("listen");
    return 0;
  }
  printf("listening on %s\n", endpoint);
  fflush(stdout);
  unsigned done = 0;
  while (done < count) {
    SOCKET connection = accept(listening, NULL, NULL);
    if (connection == INVALID_SOCKET) {
      fail("accept");
      break;
    }
    if (!(is_good ? send_back(connection) : refuse(connection))) break;
    closesocket(connection);
    done++;
  }
  closesocket(listening);
  return done;
}

int main(int argument_count, char **arguments) {
  WSADATA data;
  if (argument_count != 4) return 2;
  int code = WSAStartup(MAKEWORD(2, 2), &data);
  if (code != 0) {
    fprintf(stderr, "WSAStartup (error %d)\n", code);
    return 2;
  }
  const char *role = arguments[1];
  unsigned count = (unsigned)strtoul(arguments[3], NULL, 10);
  struct addrinfo *address = find_address(arguments[2]);
  if (address == NULL) return 2;
  unsigned done = 0;
  if (strcmp(role, "serve") == 0 || strcmp(role, "refuse") == 0) {
    done = serve(address, arguments[2], strcmp(role, "serve") == 0, count);
  } else if (strcmp(role, "burst") == 0) {
    done = burst(address, count);
  } else {
    done = call(role, address, count);
  }
  freeaddrinfo(address);
  printf("%u times\n", done);
  return done == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
