/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the shipped library: straight to the system. Nothing is decided here.
 */
#define _DEFAULT_SOURCE 1

#include "posix/os.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/native.h"

int os_socket(int family, int type) { return native_socket(family, type); }

int os_adopt(int descriptor) { return native_adopt(descriptor); }

int os_bind(int descriptor, const struct sockaddr *address, socklen_t length) {
  return bind(descriptor, address, length);
}

int os_listen(int descriptor, int backlog) { return listen(descriptor, backlog); }

int os_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
  return native_accept(descriptor, address, length);
}

int os_connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  return connect(descriptor, address, length);
}

int os_shutdown(int descriptor) { return shutdown(descriptor, SHUT_WR); }

int os_getsockopt(int descriptor, int level, int option, int *value) {
  socklen_t length = sizeof *value;
  return getsockopt(descriptor, level, option, value, &length);
}

int os_setsockopt(int descriptor, int level, int option, const void *value, socklen_t length) {
  return setsockopt(descriptor, level, option, value, length);
}

int os_getpeername(int descriptor, struct sockaddr *address, socklen_t *length) {
  return getpeername(descriptor, address, length);
}

int os_getsockname(int descriptor, struct sockaddr *address, socklen_t *length) {
  return getsockname(descriptor, address, length);
}

/* Not read, which would be shorter here and takes a longer way in Linux: 6 % of a message of 64 bytes. */
ssize_t os_recv(int descriptor, void *bytes, size_t length) { return recv(descriptor, bytes, length, MSG_DONTWAIT); }

ssize_t os_send(int descriptor, const void *bytes, size_t length) {
  return send(descriptor, bytes, length, native_send_flags);
}

ssize_t os_sendmsg(int descriptor, struct iovec *pieces, size_t count) {
  struct msghdr message = {.msg_iov = pieces};
  message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
  return sendmsg(descriptor, &message, native_send_flags);
}

unsigned os_interface_number(const char *name) { return if_nametoindex(name); }

int os_interface_name(unsigned number, char *name) { return if_indextoname(number, name) == NULL ? -1 : 0; }

int os_close(int descriptor) { return close(descriptor); }

int os_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

int os_duplicate_from(int descriptor, int lowest) { return fcntl(descriptor, F_DUPFD_CLOEXEC, lowest); }

int os_look_at(int descriptor) { return fcntl(descriptor, F_GETFD); }

int os_make_wait(int descriptor) {
  int status = fcntl(descriptor, F_GETFL);
  return status < 0 ? -1 : fcntl(descriptor, F_SETFL, status & ~O_NONBLOCK);
}

int os_open_null(void) { return open("/dev/null", O_RDWR | O_CLOEXEC); }

int os_open_spare(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

int os_pipe(int ends[2]) { return native_pipe(ends); }

int os_socket_pair(int ends[2]) { return native_socket_pair(ends); }

int os_send_descriptors(int passage, const int *descriptors, size_t count) {
  return native_send_descriptors(passage, descriptors, count);
}

int os_receive_descriptors(int passage, int descriptors[OS_DESCRIPTORS_MAX]) {
  return native_receive_descriptors(passage, descriptors);
}

ssize_t os_read(int descriptor, void *bytes, size_t length) { return read(descriptor, bytes, length); }

ssize_t os_write(int descriptor, const void *bytes, size_t length) { return write(descriptor, bytes, length); }

int os_poll(struct pollfd *entries, size_t count, int timeout_ms) { return poll(entries, (nfds_t)count, timeout_ms); }

int os_lstat(const char *path, struct stat *status) { return lstat(path, status); }

int os_stat(const char *path, struct stat *status) { return stat(path, status); }

int os_chmod(const char *path, mode_t mode) { return chmod(path, mode); }

int os_fchmod(int descriptor, mode_t mode) { return fchmod(descriptor, mode); }

int os_mkdir(const char *path, mode_t mode) { return mkdir(path, mode); }

int os_unlink(const char *path) { return unlink(path); }

int os_directory(char *path, size_t size) { return getcwd(path, size) == NULL ? -1 : 0; }

uid_t os_user(void) { return geteuid(); }

/* ---- names ---- */

int os_getaddrinfo(const char *host, const struct addrinfo *hints, struct addrinfo **answers) {
  return getaddrinfo(host, NULL, hints, answers);
}

void os_freeaddrinfo(struct addrinfo *answers) { freeaddrinfo(answers); }

/* ---- threads ---- */

static int answer(int failure) {
  errno = failure;
  return failure == 0 ? 0 : -1;
}

int os_thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument) {
  return answer(pthread_create(thread, NULL, run, argument));
}

void os_thread_join(pthread_t thread) { pthread_join(thread, NULL); }

void os_thread_detach(pthread_t thread) { pthread_detach(thread); }

int os_mutex_init(pthread_mutex_t *mutex) { return answer(pthread_mutex_init(mutex, NULL)); }

int os_condition_init(pthread_cond_t *condition) { return answer(pthread_cond_init(condition, NULL)); }

void *os_pages_get(size_t bytes) {
  void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

void os_pages_put(void *pages, size_t bytes) { munmap(pages, bytes); }

void *os_heap_get(size_t bytes) { return calloc(1, bytes); }

void os_heap_put(void *block) { free(block); }

/* ---- signals ---- */

int os_sigaction(int number, const struct sigaction *wanted, struct sigaction *former) {
  return sigaction(number, wanted, former);
}

/* ---- processes ---- */

int os_fork_prepare(void (*before)(void), void (*behind)(void), void (*in_child)(void)) {
  return answer(pthread_atfork(before, behind, in_child));
}

int os_spawn(const struct native_child *child, pid_t *id) { return native_spawn(child, id); }

int os_await_end(pid_t id, int *code, int *status) {
  siginfo_t end;
  if (waitid(P_PID, (id_t)id, &end, WEXITED | WNOWAIT) < 0) return -1;
  *code = end.si_code;
  *status = end.si_status;
  return 0;
}

int os_collect(pid_t id) { return waitpid(id, NULL, WNOHANG); }

int os_kill(pid_t id, int number) { return kill(id, number); }

/* ---- time ---- */

int os_clock(struct timespec *time) { return clock_gettime(CLOCK_MONOTONIC, time); }

void os_sleep(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}
