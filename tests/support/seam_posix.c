/* SPDX-License-Identifier: MIT */
/*
 * The bench for what only the POSIX backend has; see seam_posix.h.
 */
#define _DEFAULT_SOURCE 1

#include "support/seam_posix.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "support/os_faulty_posix.h"

/* What the process had before the case. */
static long open_before;
static struct rlimit limit_before;

int seam_posix_set_up(void **state) {
  faults_reset();
  open_before = faults_open_descriptors();
  if (getrlimit(RLIMIT_NOFILE, &limit_before) < 0) return -1;
  return seam_set_up(state);
}

int seam_posix_tear_down(void **state) {
  faults_reset();
  if (setrlimit(RLIMIT_NOFILE, &limit_before) < 0) return -1;
  int result = seam_tear_down(state);
  assert_int_equal(faults_open_descriptors(), open_before);
  return result;
}

bool seam_raise_limit(size_t descriptors) {
  struct rlimit limit = limit_before;
  if (limit.rlim_cur >= descriptors) return true;
  limit.rlim_cur = descriptors;
  return limit.rlim_max >= descriptors && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

void seam_expect_hint(const char *hint, const char *words) {
  assert_non_null(hint);
  if (strstr(hint, words) == NULL) fail_msg("hint is: %s", hint);
}

int seam_native_socket(const char *path, int type) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  assert_true(strlen(path) < sizeof address.sun_path);
  memcpy(address.sun_path, path, strlen(path));
  int descriptor = socket(AF_UNIX, type, 0);
  assert_true(descriptor >= 0);
  assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
  return descriptor;
}

struct connection *seam_let_one_wait(struct seam *seam, struct acceptor *acceptor) {
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  seam->operations->accept(seam->backend, acceptor, true);
  return client;
}
