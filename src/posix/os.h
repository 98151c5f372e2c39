/* SPDX-License-Identifier: MIT */
/*
 * Every system call that the POSIX backend makes, so that a test can make any of them fail. Defined twice: os_direct.c
 * calls the system; the tests' os_faulty_posix.c does too, unless it was told otherwise. What is shipped is what is
 * tested but for that file.
 *
 * They answer as the system does: -1 and `errno`. A new descriptor never blocks and is closed by exec.
 */
#ifndef WEIR_POSIX_OS_H
#define WEIR_POSIX_OS_H

#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* The most that go in one message. */
#define OS_DESCRIPTORS_MAX 253

struct addrinfo;
struct native_child;
struct sigaction;

/* ---- sockets ---- */

int os_socket(int family, int type);
int os_adopt(int descriptor); /* makes a socket that came from elsewhere like one of ours */
int os_bind(int descriptor, const struct sockaddr *address, socklen_t length);
int os_listen(int descriptor, int backlog);
int os_accept(int descriptor, struct sockaddr *address, socklen_t *length);
int os_connect(int descriptor, const struct sockaddr *address, socklen_t length);
int os_shutdown(int descriptor); /* the write direction */
int os_getsockopt(int descriptor, int level, int option, int *value);
int os_setsockopt(int descriptor, int level, int option, const void *value, socklen_t length);
int os_getpeername(int descriptor, struct sockaddr *address, socklen_t *length);
int os_getsockname(int descriptor, struct sockaddr *address, socklen_t *length);

/* These three never raise SIGPIPE. */
ssize_t os_recv(int descriptor, void *bytes, size_t length);
ssize_t os_send(int descriptor, const void *bytes, size_t length);
ssize_t os_sendmsg(int descriptor, struct iovec *pieces, size_t count);

/* ---- interfaces ---- */

unsigned os_interface_number(const char *name); /* 0: there is none */
int os_interface_name(unsigned number, char *name);

/* ---- other descriptors ---- */

int os_close(int descriptor);
int os_duplicate(int descriptor);
int os_duplicate_from(int descriptor, int lowest); /* its number is not below that */
int os_look_at(int descriptor);                    /* fails when there is no such descriptor */
int os_make_wait(int descriptor);                  /* takes back that it never blocks */
int os_open_spare(void);                           /* one that is good for nothing but to be closed */
int os_open_null(void);                            /* one that is empty and takes everything */
int os_pipe(int ends[2]);
int os_socket_pair(int ends[2]); /* two ends of one connection, on which calls wait */
int os_send_descriptors(int passage, const int *descriptors, size_t count);
int os_receive_descriptors(int passage, int descriptors[OS_DESCRIPTORS_MAX]); /* how many; see native.h */
ssize_t os_read(int descriptor, void *bytes, size_t length);
ssize_t os_write(int descriptor, const void *bytes, size_t length);
int os_poll(struct pollfd *entries, size_t count, int timeout_ms);

/* ---- files ---- */

int os_lstat(const char *path, struct stat *status);
int os_stat(const char *path, struct stat *status);
int os_chmod(const char *path, mode_t mode);
int os_fchmod(int descriptor, mode_t mode);
int os_mkdir(const char *path, mode_t mode);
int os_unlink(const char *path);
int os_directory(char *path, size_t size); /* the process's */
uid_t os_user(void);                       /* whom new files belong to; cannot fail */

/* ---- names; these block for as long as the resolver likes ---- */

int os_getaddrinfo(const char *host, const struct addrinfo *hints, struct addrinfo **answers); /* 0, or an EAI_ code */
void os_freeaddrinfo(struct addrinfo *answers);

/* ---- threads, and memory that outlives a loop and its allocator ---- */

int os_thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);
void os_thread_join(pthread_t thread);
void os_thread_detach(pthread_t thread);
int os_mutex_init(pthread_mutex_t *mutex);
int os_condition_init(pthread_cond_t *condition);
void *os_pages_get(size_t bytes); /* all zero */
void os_pages_put(void *pages, size_t bytes);
void *os_heap_get(size_t bytes); /* all zero */
void os_heap_put(void *block);

/* ---- signals ---- */

int os_sigaction(int number, const struct sigaction *wanted, struct sigaction *former);

/* ---- processes ---- */

int os_fork_prepare(void (*before)(void), void (*behind)(void), void (*in_child)(void));
int os_spawn(const struct native_child *child, pid_t *id);
int os_await_end(pid_t id, int *code, int *status); /* until then; `si_code` and `si_status`. It stays as it is */
int os_collect(pid_t id); /* forgets a child that has ended; never waits for one that has not */
int os_kill(pid_t id, int number);

/* ---- time ---- */

int os_clock(struct timespec *time); /* the monotonic clock */
void os_sleep(int milliseconds);

#endif
