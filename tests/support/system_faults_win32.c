/* SPDX-License-Identifier: MIT */
/*
 * The faults of Windows.
 */
#include "system_faults.h"

#include <winsock2.h>

#include "os_faulty_win32.h"

/* Whatever an instance cannot be made for, but memory, is a shortage of the system to a server. */
static const struct {
  DWORD native;
  weir_code code;
} causes[] = {[FAULT_OF_DEVICE] = {ERROR_IO_DEVICE, WEIR_EIO},
              [FAULT_OF_MEMORY] = {ERROR_NOT_ENOUGH_MEMORY, WEIR_ENOMEM},
              [FAULT_OF_PROCESS] = {ERROR_TOO_MANY_OPEN_FILES, WEIR_EMFILE},
              [FAULT_OF_SYSTEM] = {ERROR_PIPE_BUSY, WEIR_ENFILE},
              [FAULT_OF_BUFFERS] = {ERROR_NO_SYSTEM_RESOURCES, WEIR_ENOBUFS},
              [FAULT_OF_NAME] = {WSAHOST_NOT_FOUND, WEIR_ENOTFOUND},
              [FAULT_OF_SERVERS] = {WSATRY_AGAIN, WEIR_EAGAIN}};

/* Of named pipes. */
static const enum os_call calls[] = {
    [FAULT_ANYWHERE] = OS_ANY,         [FAULT_WAIT] = OS_PORT_WAIT,     [FAULT_WAKE] = OS_PORT_POST,
    [FAULT_WRITE] = OS_WRITE,          [FAULT_ACCEPT] = OS_PIPE_CREATE, [FAULT_LOOKUP] = OS_GETADDRINFO,
    [FAULT_THREAD] = OS_THREAD_START,  [FAULT_HEAP] = OS_HEAP_GET,      [FAULT_ADDRESS] = OS_SOCKET_NAME,
    [FAULT_SIGNAL] = OS_CONSOLE_LISTEN};

static enum os_call call_at(const struct world *world, enum fault_place place) {
  if (world->tcp && place == FAULT_WRITE) return OS_SOCKET_SEND;
  if (world->tcp && place == FAULT_ACCEPT) return OS_SOCKET_ACCEPT;
  return calls[place];
}

int system_fault_native(enum fault_cause cause) { return (int)causes[cause].native; }

weir_code system_fault_code(enum fault_cause cause) { return causes[cause].code; }

void system_fault_begin(const struct world *world, enum fault_place place, size_t nth, enum fault_cause cause,
                        size_t times) {
  faults_reset();
  faults_fail(call_at(world, place), nth, causes[cause].native, times);
}

void system_fault_end(void) { faults_reset(); }

size_t system_fault_count(void) { return faults_failed(); }

const char *system_fault_name(void) { return faults_name(faults_last()); }

void system_shorten(size_t bytes) { faults_shorten(bytes); }

/* Nothing is interrupted here. */
void system_interrupt(size_t times) { (void)times; }

void system_hold_resolver(bool held) { faults_hold_resolver(held); }

size_t system_resolver_calls(void) { return faults_resolver_calls(); }

size_t system_thread_starts(void) { return faults_calls(OS_THREAD_START); }

bool system_raise(weir_signal_number number) {
  if (number == WEIR_SIGNAL_INTERRUPT) return faults_console_event(CTRL_C_EVENT);
  if (number == WEIR_SIGNAL_BREAK) return faults_console_event(CTRL_BREAK_EVENT);
  return number == WEIR_SIGNAL_HANGUP && faults_console_event(CTRL_CLOSE_EVENT);
}

size_t system_waits(void) { return faults_calls(OS_PORT_WAIT); }

long system_open_count(void) { return (long)(faults_open_handles() + faults_wrong_closes()); }
