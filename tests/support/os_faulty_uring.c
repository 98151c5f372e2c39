/* SPDX-License-Identifier: MIT */
/*
 * The system calls of io_uring, with faults on demand; see os_faulty_posix.h.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os_faulty_posix.h"
#include "posix/os_uring.h"

int os_uring_setup(unsigned entries, struct io_uring_params *parameters) {
  return faults_strike(OS_URING_SETUP) ? -1 : faults_opened((int)syscall(SYS_io_uring_setup, entries, parameters));
}

int os_uring_register(int ring, unsigned operation, const void *argument, unsigned count) {
  return faults_strike(OS_URING_REGISTER) ? -1 : (int)syscall(SYS_io_uring_register, ring, operation, argument, count);
}

int os_uring_enter(int ring, unsigned entries, unsigned wanted, unsigned flags,
                   const struct io_uring_getevents_arg *argument) {
  if (faults_strike(OS_URING_ENTER)) return -1;
  return (int)syscall(SYS_io_uring_enter, ring, entries, wanted, flags, argument, sizeof *argument);
}

void *os_uring_map(int ring, uint64_t offset, size_t bytes) {
  if (faults_strike(OS_URING_MAP)) return NULL;
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, (off_t)offset);
  return memory == MAP_FAILED ? NULL : memory;
}

void os_uring_unmap(void *memory, size_t bytes) { munmap(memory, bytes); }

/* ---- what goes in ---- */

/*
 * An operation that shall fail goes in as one that does nothing, and its completion is answered for here. A client
 * whose accept was made to fail waits for the next one, as it would in the system's own queue.
 */
enum { ANSWERS_MAX = 256, ACCEPTS_MAX = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
  uint64_t name;
  int result;
} answers[ANSWERS_MAX];
static size_t answer_count;

/* Which socket an accept is about, by the name of its entry. */
static struct {
  uint64_t name;
  int listener;
} accepts[ACCEPTS_MAX];
static size_t accept_count;
static int waiting_client = -1;
static int waits_at = -1;

static void answer_instead(struct io_uring_sqe *entry, int result) {
  uint64_t name = entry->user_data;
  memset(entry, 0, sizeof *entry);
  entry->opcode = IORING_OP_NOP;
  entry->user_data = name;
  pthread_mutex_lock(&lock);
  if (answer_count == ANSWERS_MAX) abort();
  answers[answer_count].name = name;
  answers[answer_count++].result = result;
  pthread_mutex_unlock(&lock);
}

static int take_waiting_client(int listener) {
  pthread_mutex_lock(&lock);
  int client = waits_at == listener ? waiting_client : -1;
  if (client >= 0) waiting_client = waits_at = -1;
  pthread_mutex_unlock(&lock);
  return client;
}

/* Whether one waits there who shall not be accepted now. */
static bool keep_waiting_client(int listener) {
  pthread_mutex_lock(&lock);
  bool waits = waiting_client >= 0 && waits_at == listener;
  pthread_mutex_unlock(&lock);
  return waits && faults_strike(OS_URING_ACCEPTED);
}

static void note_accept(const struct io_uring_sqe *entry) {
  pthread_mutex_lock(&lock);
  accepts[accept_count % ACCEPTS_MAX].name = entry->user_data;
  accepts[accept_count++ % ACCEPTS_MAX].listener = entry->fd;
  pthread_mutex_unlock(&lock);
  faults_queue_clients(take_waiting_client, keep_waiting_client);
}

static int listener_of(uint64_t name) {
  for (size_t i = accept_count; i > 0 && i + ACCEPTS_MAX > accept_count; i--) {
    if (accepts[(i - 1) % ACCEPTS_MAX].name == name) return accepts[(i - 1) % ACCEPTS_MAX].listener;
  }
  return -1;
}

static void shorten_send(struct io_uring_sqe *entry) {
  if (entry->opcode == IORING_OP_SENDMSG && faults_shortened(SIZE_MAX) < SIZE_MAX) {
    const struct msghdr *message = (const struct msghdr *)(uintptr_t)entry->addr;
    entry->opcode = IORING_OP_SEND;
    entry->addr = (uint64_t)(uintptr_t)message->msg_iov[0].iov_base;
    entry->len = (uint32_t)message->msg_iov[0].iov_len;
  }
  if (entry->opcode == IORING_OP_SEND) entry->len = (uint32_t)faults_shortened(entry->len);
}

static void shorten_receive(struct io_uring_sqe *entry) {
  if (faults_shortened(SIZE_MAX) == SIZE_MAX) return;
  entry->ioprio = 0;
  entry->file_index = 0;
  entry->len = (uint32_t)faults_shortened(UINT32_MAX);
}

void os_uring_submitting(struct io_uring_sqe *entry) {
  int client;
  switch (entry->opcode) {
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
      shorten_send(entry);
      if (faults_strike(OS_SENDMSG)) answer_instead(entry, -errno);
      break;
    case IORING_OP_RECV:
      shorten_receive(entry);
      if (faults_strike(OS_RECV)) answer_instead(entry, -errno);
      break;
    case IORING_OP_ACCEPT:
      note_accept(entry);
      client = take_waiting_client(entry->fd);
      if (client >= 0) answer_instead(entry, client);
      break;
    default:
      break;
  }
}

/* ---- what comes out ---- */

int os_uring_result(const struct io_uring_cqe *completion) {
  int result = completion->res;
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < answer_count; i++) {
    if (answers[i].name != completion->user_data) continue;
    result = answers[i].result;
    answers[i] = answers[--answer_count];
    break;
  }
  pthread_mutex_unlock(&lock);
  return result;
}

int os_uring_accepted(const struct io_uring_cqe *completion) {
  int result = os_uring_result(completion);
  if (result < 0 || !faults_strike(OS_URING_ACCEPTED)) return faults_opened(result);
  int failure = errno;
  pthread_mutex_lock(&lock);
  if (waiting_client >= 0) abort();
  waiting_client = result;
  waits_at = listener_of(completion->user_data);
  pthread_mutex_unlock(&lock);
  return -failure;
}
