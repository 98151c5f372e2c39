/* SPDX-License-Identifier: MIT */
/*
 * The end of a child, which a thread of the system's waits for together with others. The process begins only when
 * somebody waits: one of which nobody could hear would be lost. Its handle is kept until the loop has heard, so that no
 * stranger can have its number before.
 *
 * Windows has no signals. Those that end a program as a rule end it here, and the end is remembered as theirs.
 */
#include "win32/child.h"

#include <stdatomic.h>

#include "win32/error.h"

/* What a process returns that ended in a way of the system's: at Ctrl-C, or above it by an exception. */
#define ENDED_BY_INTERRUPT 0xC000013AUL
#define ENDED_BY_SYSTEM 0xC0000000UL

struct system_child {
  HANDLE process;
  HANDLE wait;
  DWORD id;
  atomic_bool told;
  weir_signal_number killed_by; /* NONE: not by us */
  void (*ended)(void *user);
  void *user;
};

static void CALLBACK hear_end(void *argument, BOOLEAN timed_out) {
  struct system_child *child = argument;
  (void)timed_out;
  atomic_store(&child->told, true);
  child->ended(child->user);
}

/* ---- starting ---- */

/* Whoever waits is there before the process goes on. */
static DWORD begin(struct system_child *child, const PROCESS_INFORMATION *made) {
  child->process = made->hProcess;
  child->id = made->dwProcessId;
  DWORD error = os_process_await(child->process, hear_end, child, &child->wait);
  if (error == ERROR_SUCCESS) {
    error = os_process_begin(made->hThread);
    if (error != ERROR_SUCCESS) os_wait_stop(child->wait);
  }
  if (error != ERROR_SUCCESS) {
    os_process_end(child->process);
    os_close(child->process);
  }
  os_close(made->hThread);
  return error;
}

struct outcome system_child_start(const struct child_request *request, void (*ended)(void *user), void *user,
                                  struct system_child **child) {
  PROCESS_INFORMATION information;
  const char *hint = NULL;
  struct system_child *made = os_heap_get(sizeof *made);
  if (made == NULL) return (struct outcome){.code = WEIR_ENOMEM};
  made->ended = ended;
  made->user = user;
  DWORD error = child_start(request, &information, &hint);
  if (error == ERROR_SUCCESS) error = begin(made, &information);
  if (error == ERROR_SUCCESS) {
    *child = made;
    return error_none();
  }
  os_heap_put(made);
  return error_outcome(ERROR_PLACE_SPAWN, error, hint);
}

/* ---- afterwards ---- */

uint32_t system_child_id(const struct system_child *child) { return child->id; }

intptr_t system_child_native(const struct system_child *child) { return (intptr_t)child->process; }

static bool ends_a_program(weir_signal_number number) {
  return number == WEIR_SIGNAL_KILL || number == WEIR_SIGNAL_TERMINATE || number == WEIR_SIGNAL_INTERRUPT ||
         number == WEIR_SIGNAL_QUIT;
}

static bool has_ended(const struct system_child *child) {
  DWORD code;
  return os_process_code(child->process, &code) == ERROR_SUCCESS && code != STILL_ACTIVE;
}

/* Who has ended already cannot be ended, and that is no failure. */
weir_code system_child_kill(struct system_child *child, weir_signal_number number) {
  if (!ends_a_program(number)) return WEIR_ENOTSUP;
  DWORD error = os_process_end(child->process);
  if (error == ERROR_SUCCESS) child->killed_by = number;
  if (error == ERROR_ACCESS_DENIED && has_ended(child)) return WEIR_OK;
  return error_code(ERROR_PLACE_SPAWN, error);
}

static weir_event_exit read_end(const struct system_child *child) {
  DWORD code;
  if (os_process_code(child->process, &code) != ERROR_SUCCESS) return (weir_event_exit){.code = -1};
  weir_signal_number signal = child->killed_by;
  if (signal == WEIR_SIGNAL_NONE && code == ENDED_BY_INTERRUPT) signal = WEIR_SIGNAL_INTERRUPT;
  if (signal == WEIR_SIGNAL_NONE && code >= ENDED_BY_SYSTEM) signal = WEIR_SIGNAL_OTHER;
  if (signal == WEIR_SIGNAL_NONE) return (weir_event_exit){.code = (int)code};
  return (weir_event_exit){.code = -1, .signal = signal, .native_signal = (int)code};
}

static void let_go(struct system_child *child) {
  os_close(child->process);
  os_heap_put(child);
}

static void stop_waiting(struct system_child *child) {
  if (child->wait != NULL) os_wait_stop(child->wait);
  child->wait = NULL;
}

void system_child_collect(struct system_child *child, weir_event_exit *exit) {
  stop_waiting(child);
  *exit = read_end(child);
  let_go(child);
}

/* No call is under way when it is stopped, and none comes. */
bool system_child_leave(struct system_child *child) {
  stop_waiting(child);
  if (atomic_load(&child->told)) return false;
  let_go(child);
  return true;
}
