/* SPDX-License-Identifier: MIT */
/*
 * The system under a test, on POSIX. See native.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "support/native.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <weir/address.h>

/* A limit low enough to be reached soon, and room for what is open already. */
#define SHORTAGE_LIMIT 256

static struct rlimit limit_before;
static bool limit_is_lower;
static int fillers[SHORTAGE_LIMIT];
static size_t filler_count;

/* The socket address of a path, or of tcp: with an IPv4 address and a port; the length is 0 when it is none. */
struct place {
  union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ip;
  };
  socklen_t length;
};

static struct place place_of(const char *endpoint) {
  struct place place;
  memset(&place, 0, sizeof place);
  weir_address address;
  if (strncmp(endpoint, "tcp:", 4) == 0) {
    if (weir_address_parse(endpoint + 4, &address) != WEIR_OK) return place;
    place.ip.sin_family = AF_INET;
    place.ip.sin_port = htons((uint16_t)address.port);
    memcpy(&place.ip.sin_addr, address.bytes, 4);
    place.length = sizeof place.ip;
  } else if (strlen(endpoint) < sizeof place.local.sun_path) {
    place.local.sun_family = AF_UNIX;
    strcpy(place.local.sun_path, endpoint);
    place.length = sizeof place.local;
  }
  return place;
}

static bool open_local_pair(intptr_t ends[2]) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return false;
  ends[0] = pair[0];
  ends[1] = pair[1];
  return true;
}

/* A listener that the system gives a port to, and a client of it. */
static bool open_tcp_pair(intptr_t ends[2]) {
  struct place place = place_of("tcp:127.0.0.1:0");
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  int accepted = -1;
  if (bind(listener, &place.any, place.length) == 0 && listen(listener, 1) == 0 &&
      getsockname(listener, &place.any, &place.length) == 0 && connect(client, &place.any, place.length) == 0)
    accepted = accept(listener, NULL, NULL);
  close(listener);
  if (accepted < 0) close(client);
  ends[0] = accepted;
  ends[1] = client;
  return accepted >= 0;
}

bool native_pair(bool tcp, intptr_t ends[2]) { return tcp ? open_tcp_pair(ends) : open_local_pair(ends); }

intptr_t native_file(void) { return open("/dev/null", O_RDWR); }

intptr_t native_unconnected(bool tcp) { return socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0); }

intptr_t native_datagram(bool tcp) { return socket(tcp ? AF_INET : AF_UNIX, SOCK_DGRAM, 0); }

intptr_t native_bound(const char *endpoint, int backlog) {
  struct place place = place_of(endpoint);
  if (place.length == 0) return -1;
  int native = socket(place.any.sa_family, SOCK_STREAM, 0);
  if (native < 0) return -1;
  if (bind(native, &place.any, place.length) == 0 && (backlog < 0 || listen(native, backlog) == 0)) return native;
  close(native);
  return -1;
}

/* Over TCP connecting takes its time also on one machine; it is not waited for at a path, where it would be for ever.
 */
intptr_t native_connect(const char *endpoint) {
  struct place place = place_of(endpoint);
  if (place.length == 0) return -1;
  int native = socket(place.any.sa_family, SOCK_STREAM, 0);
  if (native < 0) return -1;
  bool waits = place.any.sa_family == AF_INET;
  bool is_ready = waits || fcntl(native, F_SETFL, O_NONBLOCK) == 0;
  if (is_ready && connect(native, &place.any, place.length) == 0 && fcntl(native, F_SETFL, O_NONBLOCK) == 0)
    return native;
  close(native);
  return -1;
}

bool native_is_closed(intptr_t native, int timeout_ms) {
  char byte;
  if (!native_wait(native, timeout_ms)) return false;
  return recv((int)native, &byte, 1, MSG_PEEK) <= 0;
}

/* Descriptors are few in a test, and given out from the lowest number. */
intptr_t native_inheritable(void) { return open("/dev/null", O_RDWR); }

size_t native_inherited(void) {
  size_t count = 0;
  for (int native = 0; native < 4096; native++) {
    int flags = fcntl(native, F_GETFD);
    count += flags >= 0 && (flags & FD_CLOEXEC) == 0;
  }
  return count;
}

bool native_process_is_there(uint32_t number) { return kill((pid_t)number, 0) == 0; }

bool native_is_open(intptr_t native) { return fcntl((int)native, F_GETFD) >= 0; }

void native_close(intptr_t native) { close((int)native); }

void native_remove(const char *path) { unlink(path); }

int native_zero_begin(intptr_t native) {
  int saved = dup(0);
  dup2((int)native, 0);
  close((int)native);
  return saved;
}

void native_zero_end(int saved) {
  if (saved < 0) {
    close(0);
    return;
  }
  dup2(saved, 0);
  close(saved);
}

void native_shortage_lower(void) {
  struct rlimit limit;
  if (limit_is_lower) return;
  getrlimit(RLIMIT_NOFILE, &limit_before);
  limit = limit_before;
  if (limit.rlim_cur > SHORTAGE_LIMIT) limit.rlim_cur = SHORTAGE_LIMIT;
  limit_is_lower = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

void native_shortage_begin(void) {
  native_shortage_lower();
  for (filler_count = 0; filler_count < SHORTAGE_LIMIT; filler_count++) {
    fillers[filler_count] = open("/dev/null", O_RDONLY);
    if (fillers[filler_count] < 0) break;
  }
}

void native_shortage_end(void) {
  while (filler_count > 0) close(fillers[--filler_count]);
  setrlimit(RLIMIT_NOFILE, &limit_before);
  limit_is_lower = false;
}

bool native_wait(intptr_t pollable, int timeout_ms) {
  struct pollfd entry = {.fd = (int)pollable, .events = POLLIN};
  return poll(&entry, 1, timeout_ms) > 0;
}

uint64_t native_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void native_pause_ms(unsigned milliseconds) { poll(NULL, 0, (int)milliseconds); }
