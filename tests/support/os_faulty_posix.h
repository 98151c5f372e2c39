/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the POSIX backend, with faults on demand. A test build of the library links this in place of
 * os_direct*.c: each call goes to the system unless it was told otherwise, and is counted.
 *
 *   faults_reset();
 *   faults_fail(OS_ACCEPT, 2, EMFILE, 1);     the second accept from now on fails once
 *   faults_fail(OS_ANY, n, EIO, 1);           the n-th call of whatever kind that can fail: for a sweep
 *   faults_fail(OS_SEND, 1, EAGAIN, FAULTS_FOREVER);
 *   faults_shorten(3);                        receives and sends move 3 bytes at the most
 *   faults_interrupt(2);                      every call that can be interrupted is, twice before it is made
 *   assert_int_equal(faults_open_descriptors(), 0);
 *
 * A close that fails closes all the same, as on Linux. One fault at a time; counting is safe from several threads,
 * asking for faults is not.
 */
#ifndef WEIR_TESTS_OS_FAULTY_POSIX_H
#define WEIR_TESTS_OS_FAULTY_POSIX_H

#include <stdbool.h>
#include <stddef.h>

/* The functions of os.h, os_epoll.h, os_kqueue.h and os_uring.h. */
enum os_call {
  OS_SOCKET,
  OS_ADOPT,
  OS_BIND,
  OS_LISTEN,
  OS_ACCEPT,
  OS_CONNECT,
  OS_SHUTDOWN,
  OS_GETSOCKOPT,
  OS_SETSOCKOPT,
  OS_GETPEERNAME,
  OS_GETSOCKNAME,
  OS_RECV,
  OS_SEND,
  OS_SENDMSG,
  OS_INTERFACE_NUMBER,
  OS_INTERFACE_NAME,
  OS_CLOSE,
  OS_DUPLICATE,
  OS_DUPLICATE_FROM,
  OS_MAKE_WAIT,
  OS_OPEN_SPARE,
  OS_OPEN_NULL,
  OS_PIPE,
  OS_SOCKET_PAIR,
  OS_SEND_DESCRIPTORS,
  OS_RECEIVE_DESCRIPTORS,
  OS_READ,
  OS_WRITE,
  OS_POLL,
  OS_LSTAT,
  OS_CHMOD,
  OS_FCHMOD,
  OS_MKDIR,
  OS_UNLINK,
  OS_DIRECTORY,
  OS_GETADDRINFO,
  OS_THREAD_START,
  OS_MUTEX_INIT,
  OS_CONDITION_INIT,
  OS_PAGES_GET,
  OS_HEAP_GET,
  OS_SIGACTION,
  OS_FORK_PREPARE,
  OS_SPAWN,
  OS_AWAIT_END,
  OS_COLLECT,
  OS_KILL,
  OS_CLOCK,
  OS_EPOLL_CREATE,
  OS_EPOLL_CTL,
  OS_EPOLL_WAIT,
  OS_EVENTFD,
  OS_KQUEUE,
  OS_KEVENT,
  OS_URING_SETUP,
  OS_URING_REGISTER,
  OS_URING_ENTER,
  OS_URING_MAP,
  OS_URING_ACCEPTED,
  OS_CALL_COUNT,
  OS_ANY = OS_CALL_COUNT
};

#define FAULTS_FOREVER ((size_t)-1)

/* Everything goes to the system again, and all counts are 0 but that of the open descriptors. */
void faults_reset(void);

/* The `nth` call from now on, counted from 1, and the `times - 1` behind it fail with this errno. */
void faults_fail(enum os_call call, size_t nth, int error, size_t times);

/* Transfers on sockets move so many bytes at the most; 0: as many as they can. */
void faults_shorten(size_t bytes);

/* So often in a row a call that can be interrupted says EINTR before it is made. */
void faults_interrupt(size_t times);

/* The user that os_user() names. */
#define FAULTS_REAL_USER (-1)
void faults_be_user(long long id);

/*
 * Holds the resolver: its calls answer nothing until it is let go, which a reset does too. How many calls are under
 * way, held or not.
 */
void faults_hold_resolver(bool held);
size_t faults_resolver_calls(void);

/* What the resolver answers instead of asking the system; NULL: it asks. Lent until it is taken back. */
struct addrinfo;
void faults_answer(struct addrinfo *answers);

/* How many calls there were since the reset, and how many of them were made to fail. */
size_t faults_calls(enum os_call call);
size_t faults_failed(void);

/* Which call was the last that was made to fail; its name. */
enum os_call faults_last(void);
const char *faults_name(enum os_call call);

/* Descriptors that the backend opened, was given or accepted, less those that it closed. */
long faults_open_descriptors(void);

/* ---- for os_faulty_*.c ---- */

/* Counts a call; true: it shall fail, and `errno` says with what. */
bool faults_strike(enum os_call call);

/* Whom a listening socket's queue has besides: gives a client of it, or -1; whether an accept of it shall fail. */
void faults_queue_clients(int (*take)(int listener), bool (*strikes)(int listener));

/* How much of a transfer there may be. */
size_t faults_shortened(size_t length);

/* Counts what a call that makes descriptors has made; returns its argument. */
int faults_opened(int descriptor);

#endif
