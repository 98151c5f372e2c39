/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the POSIX backend, with faults on demand; see os_faulty_posix.h.
 */
#define _DEFAULT_SOURCE 1

#include "os_faulty_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/native.h"
#include "posix/os.h"

enum { DESCRIPTORS_MAX = 1 << 20 };

/* Atomic because threads of the library call too, and signal handlers, which may wait for no lock. */
struct fault {
  _Atomic(enum os_call) call;
  atomic_size_t wait;  /* calls to come before it strikes */
  atomic_size_t times; /* how often it still strikes; 0: there is none */
  atomic_int error;
};

/* A process has one system below it, so this is the one place for globals. */
static struct fault fault;
static size_t longest_transfer;
static atomic_size_t interruptions;
static size_t interruptions_left[OS_CALL_COUNT];
static _Atomic(enum os_call) last_failed;
static long long user = FAULTS_REAL_USER;
static atomic_size_t calls[OS_CALL_COUNT];
static atomic_size_t failed;
static int (*_Atomic take_client)(int listener);
static bool (*_Atomic client_strikes)(int listener);
static atomic_long open_descriptors;
static atomic_bool is_open[DESCRIPTORS_MAX]; /* one that leaves a loop and is adopted by the next counts once */
static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_let_go = PTHREAD_COND_INITIALIZER;
static bool resolver_held;
static size_t resolver_calls;
static struct addrinfo *given_answers;

static const char *const names[OS_CALL_COUNT] = {"socket",
                                                 "adopt",
                                                 "bind",
                                                 "listen",
                                                 "accept",
                                                 "connect",
                                                 "shutdown",
                                                 "getsockopt",
                                                 "setsockopt",
                                                 "getpeername",
                                                 "getsockname",
                                                 "recv",
                                                 "send",
                                                 "sendmsg",
                                                 "if_nametoindex",
                                                 "if_indextoname",
                                                 "close",
                                                 "dup",
                                                 "dup_from",
                                                 "make_wait",
                                                 "open",
                                                 "open_null",
                                                 "pipe",
                                                 "socketpair",
                                                 "send_descriptors",
                                                 "receive_descriptors",
                                                 "read",
                                                 "write",
                                                 "poll",
                                                 "lstat",
                                                 "chmod",
                                                 "fchmod",
                                                 "mkdir",
                                                 "unlink",
                                                 "directory",
                                                 "getaddrinfo",
                                                 "thread_start",
                                                 "mutex_init",
                                                 "condition_init",
                                                 "pages_get",
                                                 "heap_get",
                                                 "sigaction",
                                                 "atfork",
                                                 "spawn",
                                                 "await_end",
                                                 "collect",
                                                 "kill",
                                                 "clock",
                                                 "epoll_create",
                                                 "epoll_ctl",
                                                 "epoll_wait",
                                                 "eventfd",
                                                 "kqueue",
                                                 "kevent",
                                                 "uring_setup",
                                                 "uring_register",
                                                 "uring_enter",
                                                 "uring_map",
                                                 "uring_accepted"};

void faults_reset(void) {
  faults_fail(OS_ANY, 1, 0, 0);
  longest_transfer = 0;
  user = FAULTS_REAL_USER;
  faults_interrupt(0);
  for (size_t i = 0; i < OS_CALL_COUNT; i++) atomic_store(&calls[i], 0);
  atomic_store(&failed, 0);
  last_failed = OS_ANY;
  faults_answer(NULL);
  faults_hold_resolver(false);
}

void faults_fail(enum os_call call, size_t nth, int error, size_t times) {
  fault.times = 0;
  fault.call = call;
  fault.wait = nth - 1;
  fault.error = error;
  fault.times = times;
}

void faults_shorten(size_t bytes) { longest_transfer = bytes; }

void faults_interrupt(size_t times) {
  interruptions = times;
  for (size_t i = 0; i < OS_CALL_COUNT; i++) interruptions_left[i] = times;
}

void faults_be_user(long long id) { user = id; }

void faults_hold_resolver(bool held) {
  pthread_mutex_lock(&resolver_lock);
  resolver_held = held;
  pthread_cond_broadcast(&resolver_let_go);
  pthread_mutex_unlock(&resolver_lock);
}

size_t faults_resolver_calls(void) {
  pthread_mutex_lock(&resolver_lock);
  size_t count = resolver_calls;
  pthread_mutex_unlock(&resolver_lock);
  return count;
}

void faults_answer(struct addrinfo *answers) {
  pthread_mutex_lock(&resolver_lock);
  given_answers = answers;
  pthread_mutex_unlock(&resolver_lock);
}

size_t faults_calls(enum os_call call) { return atomic_load(&calls[call]); }

size_t faults_failed(void) { return atomic_load(&failed); }

enum os_call faults_last(void) { return last_failed; }

const char *faults_name(enum os_call call) { return call < OS_CALL_COUNT ? names[call] : "none"; }

long faults_open_descriptors(void) { return atomic_load(&open_descriptors); }

int faults_opened(int descriptor) {
  bool is_new = descriptor >= 0 && descriptor < DESCRIPTORS_MAX && !atomic_exchange(&is_open[descriptor], true);
  if (is_new) atomic_fetch_add(&open_descriptors, 1);
  return descriptor;
}

/* These never fail, or nobody could do anything about it; a sweep leaves them out. */
static bool is_swept(enum os_call call) { return call != OS_CLOCK && call != OS_CLOSE && call != OS_COLLECT; }

static bool can_be_interrupted(enum os_call call) {
  switch (call) {
    case OS_ACCEPT:
    case OS_CONNECT:
    case OS_RECV:
    case OS_SENDMSG:
    case OS_READ:
    case OS_WRITE:
    case OS_POLL:
    case OS_AWAIT_END:
    case OS_EPOLL_WAIT:
    case OS_KEVENT:
    case OS_URING_ENTER:
      return true;
    default:
      return false;
  }
}

static bool interrupt(enum os_call call) {
  if (interruptions == 0 || !can_be_interrupted(call)) return false;
  if (interruptions_left[call] == 0) {
    interruptions_left[call] = interruptions;
    return false;
  }
  interruptions_left[call]--;
  errno = EINTR;
  return true;
}

bool faults_strike(enum os_call call) {
  atomic_fetch_add(&calls[call], 1);
  if (interrupt(call)) return true;
  bool meant = fault.times > 0 && (fault.call == call || (fault.call == OS_ANY && is_swept(call)));
  if (!meant) return false;
  if (fault.wait > 0) {
    fault.wait--;
    return false;
  }
  if (fault.times != FAULTS_FOREVER) fault.times--;
  atomic_fetch_add(&failed, 1);
  last_failed = call;
  errno = fault.error;
  return true;
}

void faults_queue_clients(int (*take)(int listener), bool (*strikes)(int listener)) {
  atomic_store(&take_client, take);
  atomic_store(&client_strikes, strikes);
}

static bool strikes_queued_client(int listener) {
  bool (*strikes)(int) = atomic_load(&client_strikes);
  return strikes != NULL && strikes(listener);
}

static int take_queued_client(int listener) {
  int (*take)(int) = atomic_load(&take_client);
  return take != NULL ? take(listener) : -1;
}

size_t faults_shortened(size_t length) {
  return longest_transfer > 0 && longest_transfer < length ? longest_transfer : length;
}

/* ---- sockets ---- */

int os_socket(int family, int type) {
  return faults_strike(OS_SOCKET) ? -1 : faults_opened(native_socket(family, type));
}

int os_adopt(int descriptor) {
  if (faults_strike(OS_ADOPT) || native_adopt(descriptor) < 0) return -1;
  faults_opened(descriptor);
  return 0;
}

int os_bind(int descriptor, const struct sockaddr *address, socklen_t length) {
  return faults_strike(OS_BIND) ? -1 : bind(descriptor, address, length);
}

int os_listen(int descriptor, int backlog) { return faults_strike(OS_LISTEN) ? -1 : listen(descriptor, backlog); }

int os_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
  if (faults_strike(OS_ACCEPT) || strikes_queued_client(descriptor)) return -1;
  int client = take_queued_client(descriptor);
  return faults_opened(client >= 0 ? client : native_accept(descriptor, address, length));
}

int os_connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  return faults_strike(OS_CONNECT) ? -1 : connect(descriptor, address, length);
}

int os_shutdown(int descriptor) { return faults_strike(OS_SHUTDOWN) ? -1 : shutdown(descriptor, SHUT_WR); }

int os_getsockopt(int descriptor, int level, int option, int *value) {
  socklen_t length = sizeof *value;
  return faults_strike(OS_GETSOCKOPT) ? -1 : getsockopt(descriptor, level, option, value, &length);
}

int os_setsockopt(int descriptor, int level, int option, const void *value, socklen_t length) {
  return faults_strike(OS_SETSOCKOPT) ? -1 : setsockopt(descriptor, level, option, value, length);
}

int os_getpeername(int descriptor, struct sockaddr *address, socklen_t *length) {
  return faults_strike(OS_GETPEERNAME) ? -1 : getpeername(descriptor, address, length);
}

int os_getsockname(int descriptor, struct sockaddr *address, socklen_t *length) {
  return faults_strike(OS_GETSOCKNAME) ? -1 : getsockname(descriptor, address, length);
}

ssize_t os_recv(int descriptor, void *bytes, size_t length) {
  return faults_strike(OS_RECV) ? -1 : recv(descriptor, bytes, faults_shortened(length), MSG_DONTWAIT);
}

ssize_t os_send(int descriptor, const void *bytes, size_t length) {
  return faults_strike(OS_SEND) ? -1 : send(descriptor, bytes, faults_shortened(length), native_send_flags);
}

/* Cuts the pieces so that they hold so many bytes at the most; returns how many pieces that are. */
static size_t cut(struct iovec *pieces, size_t count, size_t bytes) {
  for (size_t i = 0; i < count; i++) {
    if (pieces[i].iov_len >= bytes) {
      pieces[i].iov_len = bytes;
      return i + 1;
    }
    bytes -= pieces[i].iov_len;
  }
  return count;
}

ssize_t os_sendmsg(int descriptor, struct iovec *pieces, size_t count) {
  if (faults_strike(OS_SENDMSG)) return -1;
  if (longest_transfer > 0) count = cut(pieces, count, longest_transfer);
  struct msghdr message = {.msg_iov = pieces};
  message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
  return sendmsg(descriptor, &message, native_send_flags);
}

/* ---- interfaces ---- */

unsigned os_interface_number(const char *name) { return faults_strike(OS_INTERFACE_NUMBER) ? 0 : if_nametoindex(name); }

int os_interface_name(unsigned number, char *name) {
  return faults_strike(OS_INTERFACE_NAME) || if_indextoname(number, name) == NULL ? -1 : 0;
}

/* ---- other descriptors ---- */

int os_close(int descriptor) {
  int client = take_queued_client(descriptor);
  if (client >= 0) close(client);
  bool was_open = descriptor >= 0 && descriptor < DESCRIPTORS_MAX && atomic_exchange(&is_open[descriptor], false);
  if (was_open) atomic_fetch_sub(&open_descriptors, 1);
  int result = close(descriptor);
  return faults_strike(OS_CLOSE) ? -1 : result;
}

int os_duplicate(int descriptor) {
  return faults_strike(OS_DUPLICATE) ? -1 : faults_opened(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

int os_duplicate_from(int descriptor, int lowest) {
  return faults_strike(OS_DUPLICATE_FROM) ? -1 : faults_opened(fcntl(descriptor, F_DUPFD_CLOEXEC, lowest));
}

int os_look_at(int descriptor) { return fcntl(descriptor, F_GETFD); }

int os_make_wait(int descriptor) {
  int status = faults_strike(OS_MAKE_WAIT) ? -1 : fcntl(descriptor, F_GETFL);
  return status < 0 ? -1 : fcntl(descriptor, F_SETFL, status & ~O_NONBLOCK);
}

int os_open_null(void) {
  return faults_strike(OS_OPEN_NULL) ? -1 : faults_opened(open("/dev/null", O_RDWR | O_CLOEXEC));
}

int os_open_spare(void) {
  return faults_strike(OS_OPEN_SPARE) ? -1 : faults_opened(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int os_pipe(int ends[2]) {
  if (faults_strike(OS_PIPE) || native_pipe(ends) < 0) return -1;
  faults_opened(ends[0]);
  faults_opened(ends[1]);
  return 0;
}

int os_socket_pair(int ends[2]) {
  if (faults_strike(OS_SOCKET_PAIR) || native_socket_pair(ends) < 0) return -1;
  faults_opened(ends[0]);
  faults_opened(ends[1]);
  return 0;
}

int os_send_descriptors(int passage, const int *descriptors, size_t count) {
  return faults_strike(OS_SEND_DESCRIPTORS) ? -1 : native_send_descriptors(passage, descriptors, count);
}

int os_receive_descriptors(int passage, int descriptors[OS_DESCRIPTORS_MAX]) {
  bool strikes = faults_strike(OS_RECEIVE_DESCRIPTORS);
  if (strikes && errno != EMFILE) return -1;
  int count = native_receive_descriptors(passage, descriptors);
  if (strikes) {
    for (int i = 0; i < count; i++) close(descriptors[i]); /* they were lost for want of room */
    errno = EMFILE;
    return -1;
  }
  for (int i = 0; i < count; i++) faults_opened(descriptors[i]);
  return count;
}

ssize_t os_read(int descriptor, void *bytes, size_t length) {
  return faults_strike(OS_READ) ? -1 : read(descriptor, bytes, length);
}

ssize_t os_write(int descriptor, const void *bytes, size_t length) {
  return faults_strike(OS_WRITE) ? -1 : write(descriptor, bytes, length);
}

int os_poll(struct pollfd *entries, size_t count, int timeout_ms) {
  return faults_strike(OS_POLL) ? -1 : poll(entries, (nfds_t)count, timeout_ms);
}

/* ---- files ---- */

int os_lstat(const char *path, struct stat *status) { return faults_strike(OS_LSTAT) ? -1 : lstat(path, status); }

int os_stat(const char *path, struct stat *status) { return stat(path, status); }

int os_chmod(const char *path, mode_t mode) { return faults_strike(OS_CHMOD) ? -1 : chmod(path, mode); }

int os_fchmod(int descriptor, mode_t mode) { return faults_strike(OS_FCHMOD) ? -1 : fchmod(descriptor, mode); }

int os_mkdir(const char *path, mode_t mode) { return faults_strike(OS_MKDIR) ? -1 : mkdir(path, mode); }

int os_unlink(const char *path) { return faults_strike(OS_UNLINK) ? -1 : unlink(path); }

int os_directory(char *path, size_t size) { return faults_strike(OS_DIRECTORY) || getcwd(path, size) == NULL ? -1 : 0; }

uid_t os_user(void) { return user != FAULTS_REAL_USER ? (uid_t)user : geteuid(); }

/* ---- names ---- */

/* Gives the answers to give, or NULL. */
static struct addrinfo *begin_resolver_call(void) {
  pthread_mutex_lock(&resolver_lock);
  resolver_calls++;
  while (resolver_held) pthread_cond_wait(&resolver_let_go, &resolver_lock);
  struct addrinfo *given = given_answers;
  pthread_mutex_unlock(&resolver_lock);
  return given;
}

static int end_resolver_call(int result) {
  pthread_mutex_lock(&resolver_lock);
  resolver_calls--;
  pthread_mutex_unlock(&resolver_lock);
  return result;
}

int os_getaddrinfo(const char *host, const struct addrinfo *hints, struct addrinfo **answers) {
  *answers = begin_resolver_call();
  if (faults_strike(OS_GETADDRINFO)) return end_resolver_call(errno);
  return end_resolver_call(*answers != NULL ? 0 : getaddrinfo(host, NULL, hints, answers));
}

void os_freeaddrinfo(struct addrinfo *answers) {
  pthread_mutex_lock(&resolver_lock);
  bool given = answers == given_answers;
  pthread_mutex_unlock(&resolver_lock);
  if (!given) freeaddrinfo(answers);
}

/* ---- threads ---- */

static int answer(int failure) {
  errno = failure;
  return failure == 0 ? 0 : -1;
}

int os_thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument) {
  return faults_strike(OS_THREAD_START) ? -1 : answer(pthread_create(thread, NULL, run, argument));
}

void os_thread_join(pthread_t thread) { pthread_join(thread, NULL); }

void os_thread_detach(pthread_t thread) { pthread_detach(thread); }

int os_mutex_init(pthread_mutex_t *mutex) {
  return faults_strike(OS_MUTEX_INIT) ? -1 : answer(pthread_mutex_init(mutex, NULL));
}

int os_condition_init(pthread_cond_t *condition) {
  return faults_strike(OS_CONDITION_INIT) ? -1 : answer(pthread_cond_init(condition, NULL));
}

void *os_pages_get(size_t bytes) {
  if (faults_strike(OS_PAGES_GET)) return NULL;
  void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

void os_pages_put(void *pages, size_t bytes) { munmap(pages, bytes); }

void *os_heap_get(size_t bytes) { return faults_strike(OS_HEAP_GET) ? NULL : calloc(1, bytes); }

void os_heap_put(void *block) { free(block); }

/* ---- signals ---- */

int os_sigaction(int number, const struct sigaction *wanted, struct sigaction *former) {
  return faults_strike(OS_SIGACTION) ? -1 : sigaction(number, wanted, former);
}

/* ---- processes ---- */

int os_fork_prepare(void (*before)(void), void (*behind)(void), void (*in_child)(void)) {
  return faults_strike(OS_FORK_PREPARE) ? -1 : answer(pthread_atfork(before, behind, in_child));
}

int os_spawn(const struct native_child *child, pid_t *id) {
  return faults_strike(OS_SPAWN) ? -1 : native_spawn(child, id);
}

int os_await_end(pid_t id, int *code, int *status) {
  siginfo_t end;
  if (faults_strike(OS_AWAIT_END) || waitid(P_PID, (id_t)id, &end, WEXITED | WNOWAIT) < 0) return -1;
  *code = end.si_code;
  *status = end.si_status;
  return 0;
}

int os_collect(pid_t id) {
  int result = waitpid(id, NULL, WNOHANG);
  return faults_strike(OS_COLLECT) ? -1 : result;
}

int os_kill(pid_t id, int number) { return faults_strike(OS_KILL) ? -1 : kill(id, number); }

/* ---- time ---- */

int os_clock(struct timespec *time) { return faults_strike(OS_CLOCK) ? -1 : clock_gettime(CLOCK_MONOTONIC, time); }

void os_sleep(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}
