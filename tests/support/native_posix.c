/* SPDX-License-Identifier: MIT */
/*
 * The system under a test, on POSIX. See native.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "support/native.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A limit low enough to be reached soon, and room for what is open already. */
#define SHORTAGE_LIMIT 256

static struct rlimit limit_before;
static int fillers[SHORTAGE_LIMIT];
static size_t filler_count;

bool native_pair(intptr_t ends[2]) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return false;
  ends[0] = pair[0];
  ends[1] = pair[1];
  return true;
}

intptr_t native_file(void) { return open("/dev/null", O_RDWR); }

intptr_t native_unconnected(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }

intptr_t native_datagram(void) { return socket(AF_UNIX, SOCK_DGRAM, 0); }

static bool fill_address(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) return false;
  memcpy(address->sun_path, path, strlen(path));
  return true;
}

intptr_t native_bound(const char *path, int backlog) {
  struct sockaddr_un address;
  if (!fill_address(&address, path)) return -1;
  int native = socket(AF_UNIX, SOCK_STREAM, 0);
  if (native < 0) return -1;
  if (bind(native, (const struct sockaddr *)&address, sizeof address) == 0) {
    if (backlog < 0 || listen(native, backlog) == 0) return native;
  }
  close(native);
  return -1;
}

intptr_t native_connect(const char *path) {
  struct sockaddr_un address;
  if (!fill_address(&address, path)) return -1;
  int native = socket(AF_UNIX, SOCK_STREAM, 0);
  if (native < 0) return -1;
  if (fcntl(native, F_SETFL, O_NONBLOCK) == 0) {
    if (connect(native, (const struct sockaddr *)&address, sizeof address) == 0) return native;
  }
  close(native);
  return -1;
}

bool native_is_closed(intptr_t native, int timeout_ms) {
  char byte;
  if (!native_wait(native, timeout_ms)) return false;
  return recv((int)native, &byte, 1, MSG_PEEK) <= 0;
}

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

void native_shortage_begin(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit_before);
  limit = limit_before;
  if (limit.rlim_cur > SHORTAGE_LIMIT) limit.rlim_cur = SHORTAGE_LIMIT;
  setrlimit(RLIMIT_NOFILE, &limit);
  for (filler_count = 0; filler_count < SHORTAGE_LIMIT; filler_count++) {
    fillers[filler_count] = open("/dev/null", O_RDONLY);
    if (fillers[filler_count] < 0) break;
  }
}

void native_shortage_end(void) {
  while (filler_count > 0) close(fillers[--filler_count]);
  setrlimit(RLIMIT_NOFILE, &limit_before);
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
