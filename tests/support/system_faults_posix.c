/* SPDX-License-Identifier: MIT */
/*
 * The faults of POSIX systems. Which call asks the poller depends on the poller.
 */
#define _DEFAULT_SOURCE 1

#include "system_faults.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "os_faulty_posix.h"

static const struct {
  int native;
  weir_code code;
} causes[] = {[FAULT_OF_DEVICE] = {EIO, WEIR_EIO},          [FAULT_OF_MEMORY] = {ENOMEM, WEIR_ENOMEM},
              [FAULT_OF_PROCESS] = {EMFILE, WEIR_EMFILE},   [FAULT_OF_SYSTEM] = {ENFILE, WEIR_ENFILE},
              [FAULT_OF_BUFFERS] = {ENOBUFS, WEIR_ENOBUFS}, [FAULT_OF_NAME] = {EAI_NONAME, WEIR_ENOTFOUND},
              [FAULT_OF_SERVERS] = {EAI_AGAIN, WEIR_EAGAIN}};

int system_fault_native(enum fault_cause cause) { return causes[cause].native; }

weir_code system_fault_code(enum fault_cause cause) { return causes[cause].code; }

static enum os_call call_of_poller(const char *backend) {
  if (strcmp(backend, "epoll") == 0) return OS_EPOLL_WAIT;
  if (strcmp(backend, "io_uring") == 0) return OS_URING_ENTER;
  return strcmp(backend, "kqueue") == 0 ? OS_KEVENT : OS_POLL;
}

static enum os_call call_at(const char *backend, enum fault_place place) {
  switch (place) {
    case FAULT_WAIT:
      return call_of_poller(backend);
    case FAULT_WAKE:
      return OS_WRITE;
    case FAULT_WRITE:
      return OS_SENDMSG;
    case FAULT_ACCEPT:
      return strcmp(backend, "io_uring") == 0 ? OS_URING_ACCEPTED : OS_ACCEPT;
    case FAULT_LOOKUP:
      return OS_GETADDRINFO;
    case FAULT_THREAD:
      return OS_THREAD_START;
    case FAULT_HEAP:
      return OS_HEAP_GET;
    case FAULT_ADDRESS:
      return OS_GETSOCKNAME;
    case FAULT_SIGNAL:
      return OS_SIGACTION;
    case FAULT_ANYWHERE:
      break;
  }
  return OS_ANY;
}

void system_fault_begin(const struct world *world, enum fault_place place, size_t nth, enum fault_cause cause,
                        size_t times) {
  faults_reset();
  faults_fail(call_at(world->backend, place), nth, causes[cause].native, times);
}

void system_fault_end(void) { faults_reset(); }

size_t system_fault_count(void) { return faults_failed(); }

const char *system_fault_name(void) { return faults_name(faults_last()); }

void system_shorten(size_t bytes) { faults_shorten(bytes); }

void system_interrupt(size_t times) { faults_interrupt(times); }

void system_hold_resolver(bool held) { faults_hold_resolver(held); }

size_t system_resolver_calls(void) { return faults_resolver_calls(); }

size_t system_thread_starts(void) { return faults_calls(OS_THREAD_START); }

bool system_raise(weir_signal_number number) {
  static const int natives[] = {
      [WEIR_SIGNAL_HANGUP] = SIGHUP,     [WEIR_SIGNAL_INTERRUPT] = SIGINT, [WEIR_SIGNAL_QUIT] = SIGQUIT,
      [WEIR_SIGNAL_TERMINATE] = SIGTERM, [WEIR_SIGNAL_USER_1] = SIGUSR1,   [WEIR_SIGNAL_USER_2] = SIGUSR2,
      [WEIR_SIGNAL_WINDOW] = SIGWINCH};
  return natives[number] != 0 && kill(getpid(), natives[number]) == 0;
}

size_t system_waits(void) {
  return faults_calls(OS_POLL) + faults_calls(OS_EPOLL_WAIT) + faults_calls(OS_KEVENT) + faults_calls(OS_URING_ENTER);
}

long system_open_count(void) { return faults_open_descriptors(); }
