/* SPDX-License-Identifier: MIT */
/*
 * What the console tells a process, told to those who watch. The system calls the handler on a thread of its own, so an
 * ordinary lock will do.
 *
 * The handler stays registered once somebody wanted it, and then answers "not mine" while nobody watches, which is as
 * if it were not there: the system may hold its list of handlers locked while it calls one, and who wanted to remove
 * ours would wait for it.
 */
#include "common/system.h"
#include "win32/error.h"
#include "win32/os.h"

static SRWLOCK lock = SRWLOCK_INIT;
static struct signal_watch *first;

static SRWLOCK registration = SRWLOCK_INIT;
static bool registered;

static weir_signal_number number_of(DWORD event) {
  if (event == CTRL_C_EVENT) return WEIR_SIGNAL_INTERRUPT;
  return event == CTRL_BREAK_EVENT ? WEIR_SIGNAL_BREAK : WEIR_SIGNAL_HANGUP;
}

static bool notify_all(weir_signal_number number) {
  bool any = false;
  os_lock(&lock);
  for (struct signal_watch *watch = first; watch != NULL; watch = atomic_load(&watch->next)) {
    if (watch->number != number) continue;
    watch->notify(watch);
    any = true;
  }
  os_unlock(&lock);
  return any;
}

/*
 * When the console closes, the user logs off or the machine shuts down, the process is over as soon as this returns. It
 * does not, so that the program can end by itself in the seconds that the system leaves it (HandlerRoutine: 5 s,
 * SPI_GETHUNGAPPTIMEOUT).
 */
static BOOL WINAPI handle(DWORD event) {
  weir_signal_number number = number_of(event);
  bool heard = notify_all(number);
  if (heard && number == WEIR_SIGNAL_HANGUP) os_console_hold();
  return heard;
}

static DWORD register_once(void) {
  os_lock(&registration);
  DWORD error = registered ? ERROR_SUCCESS : os_console_listen(handle);
  registered = error == ERROR_SUCCESS;
  os_unlock(&registration);
  return error;
}

static bool is_known(weir_signal_number number) {
  return number == WEIR_SIGNAL_HANGUP || number == WEIR_SIGNAL_INTERRUPT || number == WEIR_SIGNAL_TERMINATE ||
         number == WEIR_SIGNAL_BREAK;
}

weir_code system_signal_watch(struct signal_watch *watch) {
  if (!is_known(watch->number)) return WEIR_ENOTSUP;
  DWORD error = register_once();
  if (error != ERROR_SUCCESS) return error_code(ERROR_PLACE_OPEN, error);
  os_lock(&lock);
  atomic_store(&watch->next, first);
  first = watch;
  os_unlock(&lock);
  return WEIR_OK;
}

void system_signal_unwatch(struct signal_watch *watch) {
  os_lock(&lock);
  if (first == watch) {
    first = atomic_load(&watch->next);
  } else {
    struct signal_watch *before = first;
    while (atomic_load(&before->next) != watch) before = atomic_load(&before->next);
    atomic_store(&before->next, atomic_load(&watch->next));
  }
  os_unlock(&lock);
}
