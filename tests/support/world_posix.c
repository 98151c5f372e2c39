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
void world_make_local_place(struct world *world) {
  const char *place = getenv("TMPDIR");
  if (!place || !*place || strlen(place) > 60) place = "/tmp";
  snprintf(world->directory, sizeof world->directory, "%s/weir-test-XXXXXX", place);
  assert_non_null(mkdtemp(world->directory));
  snprintf(world->endpoint, sizeof world->endpoint, "%s/s", world->directory);
  snprintf(world->other_endpoint, sizeof world->other_endpoint, "%s/t", world->directory);
}

/* Binds a socket to an address and a port, or one that the system draws; 0 when that is not possible. */
static unsigned try_port(uint32_t address, unsigned port, int *native) {
  struct sockaddr_in name = {.sin_family = AF_INET};
  socklen_t size = sizeof name;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons((uint16_t)port);
  *native = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(*native >= 0);
  if (bind(*native, (const struct sockaddr *)&name, size) != 0) return 0;
  return getsockname(*native, (struct sockaddr *)&name, &size) == 0 ? ntohs(name.sin_port) : 0;
}

/* The number of a process has at most 22 bits. Ports are drawn together, so that they differ. */
void world_make_tcp_place(struct world *world) {
  uint32_t address = 0x7F000000 + 0x10000 + ((uint32_t)getpid() & 0x3FFFFF);
  int natives[2];
  unsigned port = world_next_port();
  bool is_own = try_port(address, port, &natives[0]) != 0;
  close(natives[0]);
  if (is_own) {
    world_set_tcp_endpoints(world, address, port, port + 1);
    return;
  }
  unsigned drawn[2];
  for (int i = 0; i < 2; i++) drawn[i] = try_port(INADDR_LOOPBACK, 0, &natives[i]);
  for (int i = 0; i < 2; i++) close(natives[i]);
  world_set_tcp_endpoints(world, INADDR_LOOPBACK, drawn[0], drawn[1]);
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
