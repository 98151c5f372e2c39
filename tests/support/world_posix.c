/* SPDX-License-Identifier: MIT */
/*
 * The part of a world that POSIX systems have: a fresh directory for socket files, a loopback address, and counting
 * open descriptors.
 */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE

#include "world_private.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A long TMPDIR is passed over, because a socket's path has at most 103 bytes on some systems. */
void world_make_place(struct world *world) {
  const char *place = getenv("TMPDIR");
  if (!place || !*place || strlen(place) > 60) place = "/tmp";
  snprintf(world->directory, sizeof world->directory, "%s/weir-test-XXXXXX", place);
  assert_non_null(mkdtemp(world->directory));
  snprintf(world->endpoint, sizeof world->endpoint, "%s/s", world->directory);
}

/* Binds a socket to an address and a port, or one that the system draws. Returns the port; 0 when it cannot be had. */
static unsigned try_port(uint32_t address, unsigned port) {
  struct sockaddr_in name = {.sin_family = AF_INET};
  socklen_t size = sizeof name;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons((uint16_t)port);
  int native = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(native >= 0);
  bool is_bound = bind(native, (const struct sockaddr *)&name, size) == 0 &&
                  getsockname(native, (struct sockaddr *)&name, &size) == 0;
  close(native);
  return is_bound ? ntohs(name.sin_port) : 0;
}

/* The number of a process has at most 22 bits. */
void world_make_tcp_endpoint(char endpoint[WORLD_ENDPOINT_BYTES]) {
  uint32_t address = 0x7F010000 + ((uint32_t)getpid() & 0x3FFFFF);
  unsigned port = try_port(address, world_next_port());
  if (port == 0) port = try_port(address = INADDR_LOOPBACK, 0);
  world_format_tcp(endpoint, address, port);
}

static void remove_entry(const char *directory, const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  if (unlink(path) != 0) rmdir(path);
}

void world_remove_place(struct world *world) {
  chmod(world->directory, 0700);
  DIR *directory = opendir(world->directory);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove_entry(world->directory, entry->d_name);
  closedir(directory);
  rmdir(world->directory);
}

/* One less than listed: the listing itself needs a descriptor. */
size_t world_open_handles(void) {
  DIR *directory = opendir("/dev/fd");
  assert_non_null(directory);
  size_t count = 0;
  for (struct dirent *entry; (entry = readdir(directory));) count += entry->d_name[0] != '.';
  closedir(directory);
  return count - 1;
}
