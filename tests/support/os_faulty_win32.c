/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the Windows backend, with faults on demand; see os_faulty_win32.h. What goes to the system goes
 * through os_direct.c itself, whose functions have other names here.
 */
#define os_port_create direct_port_create
#define os_port_associate direct_port_associate
#define os_port_wait direct_port_wait
#define os_port_post direct_port_post
#define os_skip_port_on_success direct_skip_port_on_success
#define os_read direct_read
#define os_write direct_write
#define os_result direct_result
#define os_cancel direct_cancel
#define os_pipe_create direct_pipe_create
#define os_pipe_accept direct_pipe_accept
#define os_pipe_open direct_pipe_open
#define os_pipe_wait direct_pipe_wait
#define os_pipe_instances direct_pipe_instances
#define os_pipe_flags direct_pipe_flags
#define os_pipe_read_messages direct_pipe_read_messages
#define os_pipe_peek direct_pipe_peek
#define os_pipe_client direct_pipe_client
#define os_pipe_name direct_pipe_name
#define os_close direct_close
#define os_handle_type direct_handle_type
#define os_event_create direct_event_create
#define os_event_find direct_event_find
#define os_event_wait direct_event_wait
#define os_event_create_once direct_event_create_once
#define os_wait_start direct_wait_start
#define os_wait_stop direct_wait_stop
#define os_file_is_overlapped direct_file_is_overlapped
#define os_thread_start direct_thread_start
#define os_thread_cancel_call direct_thread_cancel_call
#define os_thread_pause direct_thread_pause
#define os_pages_get direct_pages_get
#define os_pages_put direct_pages_put
#define os_heap_get direct_heap_get
#define os_heap_put direct_heap_put
#define os_lock direct_lock
#define os_unlock direct_unlock
#define os_user_sid direct_user_sid
#define os_security_get direct_security_get
#define os_security_put direct_security_put
#define os_process_id direct_process_id
#define os_counter direct_counter
#define os_counter_frequency direct_counter_frequency
#define os_text_to_utf8 direct_text_to_utf8
#define os_text_from_utf8 direct_text_from_utf8
#define os_thread_join direct_thread_join
#define os_condition_wait direct_condition_wait
#define os_condition_wake_one direct_condition_wake_one
#define os_condition_wake_all direct_condition_wake_all
#define os_console_listen direct_console_listen
#define os_console_hold direct_console_hold
#include "win32/os_direct.c"
#undef os_port_create
#undef os_port_associate
#undef os_port_wait
#undef os_port_post
#undef os_skip_port_on_success
#undef os_read
#undef os_write
#undef os_result
#undef os_cancel
#undef os_pipe_create
#undef os_pipe_accept
#undef os_pipe_open
#undef os_pipe_wait
#undef os_pipe_instances
#undef os_pipe_flags
#undef os_pipe_read_messages
#undef os_pipe_peek
#undef os_pipe_client
#undef os_pipe_name
#undef os_close
#undef os_handle_type
#undef os_event_create
#undef os_event_find
#undef os_event_wait
#undef os_event_create_once
#undef os_wait_start
#undef os_wait_stop
#undef os_file_is_overlapped
#undef os_thread_start
#undef os_thread_cancel_call
#undef os_thread_pause
#undef os_pages_get
#undef os_pages_put
#undef os_heap_get
#undef os_heap_put
#undef os_lock
#undef os_unlock
#undef os_user_sid
#undef os_security_get
#undef os_security_put
#undef os_process_id
#undef os_counter
#undef os_counter_frequency
#undef os_text_to_utf8
#undef os_text_from_utf8
#undef os_thread_join
#undef os_condition_wait
#undef os_condition_wake_one
#undef os_condition_wake_all
#undef os_console_listen
#undef os_console_hold
#undef WEIR_WIN32_OS_H
#include "win32/os.h"

#include "os_faulty_win32_private.h"

#define HANDLES_MAX 16384

struct fault {
  enum os_call call;
  size_t wait;  /* calls to come before it strikes */
  size_t times; /* how often it still strikes; 0: there is none */
  DWORD error;
};

/* A process has one system below it, so this is the one place for globals. */
static struct fault fault;
static DWORD longest_transfer;
static enum os_call last_failed;
static volatile LONG calls[OS_CALL_COUNT];
static volatile LONG failed;
static SRWLOCK lock = SRWLOCK_INIT;
static HANDLE handles[HANDLES_MAX];
static size_t handle_count;
static size_t wrong_closes;

static const char *const names[OS_CALL_COUNT] = {"port_create",
                                                 "port_associate",
                                                 "port_wait",
                                                 "port_post",
                                                 "skip_port_on_success",
                                                 "read",
                                                 "write",
                                                 "result",
                                                 "cancel",
                                                 "pipe_create",
                                                 "pipe_accept",
                                                 "pipe_open",
                                                 "pipe_wait",
                                                 "pipe_instances",
                                                 "pipe_flags",
                                                 "pipe_read_messages",
                                                 "pipe_peek",
                                                 "pipe_client",
                                                 "pipe_name",
                                                 "close",
                                                 "handle_type",
                                                 "event_create",
                                                 "event_find",
                                                 "event_wait",
                                                 "event_create_once",
                                                 "wait_start",
                                                 "file_is_overlapped",
                                                 "thread_start",
                                                 "thread_cancel_call",
                                                 "pages_get",
                                                 "heap_get",
                                                 "getaddrinfo",
                                                 "console_listen",
                                                 "user_sid",
                                                 "security_get",
                                                 "text_from_utf8",
                                                 "text_to_utf8",
                                                 "process_create",
                                                 "process_begin",
                                                 "process_end",
                                                 "process_code",
                                                 "process_await",
                                                 "handle_lend",
                                                 "null_lend",
                                                 "file_pipe_create",
                                                 "file_pipe_open",
                                                 "environment_get",
                                                 "socket_start",
                                                 "socket_create",
                                                 "socket_duplicate",
                                                 "socket_close",
                                                 "socket_bind",
                                                 "socket_listen",
                                                 "socket_accept",
                                                 "socket_connect",
                                                 "socket_shutdown",
                                                 "socket_receive",
                                                 "socket_send",
                                                 "socket_do_not_block",
                                                 "socket_set",
                                                 "socket_get",
                                                 "socket_control",
                                                 "socket_name",
                                                 "socket_peer",
                                                 "process_open",
                                                 "process_number",
                                                 "handle_send",
                                                 "handle_fetch",
                                                 "handle_keep",
                                                 "socket_share",
                                                 "socket_import",
                                                 "pipe_server",
                                                 "section_create",
                                                 "section_map",
                                                 "random",
                                                 "environment_take"};

void faults_reset(void) {
  fault = (struct fault){0};
  longest_transfer = 0;
  for (size_t i = 0; i < OS_CALL_COUNT; i++) InterlockedExchange(&calls[i], 0);
  InterlockedExchange(&failed, 0);
  last_failed = OS_ANY;
  faults_answer(NULL);
  faults_hold_resolver(false);
}

void faults_fail(enum os_call call, size_t nth, unsigned long error, size_t times) {
  fault = (struct fault){.call = call, .wait = nth - 1, .times = times, .error = error};
}

void faults_shorten(size_t bytes) { longest_transfer = (DWORD)bytes; }

size_t faults_calls(enum os_call call) { return (size_t)calls[call]; }

size_t faults_failed(void) { return (size_t)failed; }

enum os_call faults_last(void) { return last_failed; }

const char *faults_name(enum os_call call) { return call < OS_CALL_COUNT ? names[call] : "none"; }

/* ---- striking ---- */

/*
 * These never fail, or nobody could do anything about it: a close, a packet that wakes, a wait for packets, and what
 * tells how a transfer went, which a fault of the transfer covers. A sweep leaves them out.
 */
static bool is_swept(enum os_call call) {
  return call != OS_CLOSE && call != OS_SOCKET_CLOSE && call != OS_PORT_POST && call != OS_PORT_WAIT &&
         call != OS_RESULT && call != OS_EVENT_WAIT;
}

DWORD faults_strike(enum os_call call) {
  InterlockedIncrement(&calls[call]);
  bool meant = fault.times > 0 && (fault.call == call || (fault.call == OS_ANY && is_swept(call)));
  if (!meant) return ERROR_SUCCESS;
  if (fault.wait > 0) {
    fault.wait--;
    return ERROR_SUCCESS;
  }
  if (fault.times != FAULTS_FOREVER) fault.times--;
  InterlockedIncrement(&failed);
  last_failed = call;
  return fault.error;
}

DWORD faults_shortened(DWORD length) {
  return longest_transfer > 0 && length > longest_transfer ? longest_transfer : length;
}

/* ---- handles ---- */

static size_t find_handle(HANDLE handle) {
  size_t i = 0;
  while (i < handle_count && handles[i] != handle) i++;
  return i;
}

DWORD faults_note(DWORD error, const HANDLE *handle) {
  if (error != ERROR_SUCCESS) return error;
  AcquireSRWLockExclusive(&lock);
  if (find_handle(*handle) == handle_count && handle_count < HANDLES_MAX) handles[handle_count++] = *handle;
  ReleaseSRWLockExclusive(&lock);
  return ERROR_SUCCESS;
}

void faults_forget(HANDLE handle) {
  AcquireSRWLockExclusive(&lock);
  size_t i = find_handle(handle);
  if (i < handle_count) {
    handles[i] = handles[--handle_count];
  } else {
    wrong_closes++;
  }
  ReleaseSRWLockExclusive(&lock);
}

size_t faults_open_handles(void) { return handle_count; }

size_t faults_wrong_closes(void) { return wrong_closes; }

/* ---- the calls ---- */

DWORD os_port_create(HANDLE *port) {
  DWORD error = faults_strike(OS_PORT_CREATE);
  if (error == ERROR_SUCCESS) error = direct_port_create(port);
  return faults_note(error, port);
}

DWORD os_port_associate(HANDLE port, HANDLE file) {
  DWORD error = faults_strike(OS_PORT_ASSOCIATE);
  if (error == ERROR_SUCCESS) error = direct_port_associate(port, file);
  return faults_note(error, &file);
}

DWORD os_port_wait(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count, DWORD milliseconds) {
  DWORD error = faults_strike(OS_PORT_WAIT);
  return error != ERROR_SUCCESS ? error : direct_port_wait(port, entries, room, count, milliseconds);
}

DWORD os_port_post(HANDLE port, OVERLAPPED *overlapped) {
  DWORD error = faults_strike(OS_PORT_POST);
  return error != ERROR_SUCCESS ? error : direct_port_post(port, overlapped);
}

DWORD os_skip_port_on_success(HANDLE file) {
  DWORD error = faults_strike(OS_SKIP_PORT_ON_SUCCESS);
  return error != ERROR_SUCCESS ? error : direct_skip_port_on_success(file);
}

DWORD os_read(HANDLE file, void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count) {
  DWORD error = faults_strike(OS_READ);
  return error != ERROR_SUCCESS ? error : direct_read(file, bytes, faults_shortened(length), overlapped, count);
}

DWORD os_write(HANDLE file, const void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count) {
  DWORD error = faults_strike(OS_WRITE);
  return error != ERROR_SUCCESS ? error : direct_write(file, bytes, faults_shortened(length), overlapped, count);
}

DWORD os_result(OVERLAPPED *overlapped, DWORD *count) {
  *count = 0;
  DWORD error = faults_strike(OS_RESULT);
  return error != ERROR_SUCCESS ? error : direct_result(overlapped, count);
}

DWORD os_cancel(HANDLE file, OVERLAPPED *overlapped) {
  DWORD error = faults_strike(OS_CANCEL);
  return error != ERROR_SUCCESS ? error : direct_cancel(file, overlapped);
}

DWORD os_pipe_create(const wchar_t *name, bool first, SECURITY_ATTRIBUTES *security, HANDLE *pipe) {
  DWORD error = faults_strike(OS_PIPE_CREATE);
  if (error == ERROR_SUCCESS) error = direct_pipe_create(name, first, security, pipe);
  return faults_note(error, pipe);
}

DWORD os_pipe_accept(HANDLE pipe, OVERLAPPED *overlapped) {
  DWORD error = faults_strike(OS_PIPE_ACCEPT);
  return error != ERROR_SUCCESS ? error : direct_pipe_accept(pipe, overlapped);
}

DWORD os_pipe_open(const wchar_t *name, DWORD rights, HANDLE *pipe) {
  DWORD error = faults_strike(OS_PIPE_OPEN);
  if (error == ERROR_SUCCESS) error = direct_pipe_open(name, rights, pipe);
  return faults_note(error, pipe);
}

DWORD os_pipe_wait(const wchar_t *name) {
  DWORD error = faults_strike(OS_PIPE_WAIT);
  return error != ERROR_SUCCESS ? error : direct_pipe_wait(name);
}

DWORD os_pipe_instances(HANDLE pipe, DWORD *count) {
  DWORD error = faults_strike(OS_PIPE_INSTANCES);
  return error != ERROR_SUCCESS ? error : direct_pipe_instances(pipe, count);
}

DWORD os_pipe_flags(HANDLE pipe, DWORD *flags) {
  DWORD error = faults_strike(OS_PIPE_FLAGS);
  return error != ERROR_SUCCESS ? error : direct_pipe_flags(pipe, flags);
}

DWORD os_pipe_read_messages(HANDLE pipe) {
  DWORD error = faults_strike(OS_PIPE_READ_MESSAGES);
  return error != ERROR_SUCCESS ? error : direct_pipe_read_messages(pipe);
}

DWORD os_pipe_peek(HANDLE pipe, DWORD *available) {
  DWORD error = faults_strike(OS_PIPE_PEEK);
  return error != ERROR_SUCCESS ? error : direct_pipe_peek(pipe, available);
}

DWORD os_pipe_client(HANDLE pipe, DWORD *process) {
  DWORD error = faults_strike(OS_PIPE_CLIENT);
  return error != ERROR_SUCCESS ? error : direct_pipe_client(pipe, process);
}

DWORD os_pipe_name(HANDLE pipe, wchar_t *name, size_t room) {
  DWORD error = faults_strike(OS_PIPE_NAME);
  return error != ERROR_SUCCESS ? error : direct_pipe_name(pipe, name, room);
}

DWORD os_close(HANDLE handle) {
  faults_forget(handle);
  DWORD error = direct_close(handle);
  DWORD struck = faults_strike(OS_CLOSE);
  return struck != ERROR_SUCCESS ? struck : error;
}

DWORD os_handle_type(HANDLE handle, DWORD *type) {
  DWORD error = faults_strike(OS_HANDLE_TYPE);
  return error != ERROR_SUCCESS ? error : direct_handle_type(handle, type);
}

DWORD os_event_create(const wchar_t *name, HANDLE *event) {
  DWORD error = faults_strike(OS_EVENT_CREATE);
  if (error == ERROR_SUCCESS) error = direct_event_create(name, event);
  return faults_note(error, event);
}

DWORD os_event_find(const wchar_t *name) {
  DWORD error = faults_strike(OS_EVENT_FIND);
  return error != ERROR_SUCCESS ? error : direct_event_find(name);
}

DWORD os_event_wait(HANDLE event) {
  DWORD error = faults_strike(OS_EVENT_WAIT);
  return error != ERROR_SUCCESS ? error : direct_event_wait(event);
}

DWORD os_event_create_once(HANDLE *event) {
  DWORD error = faults_strike(OS_EVENT_CREATE_ONCE);
  if (error == ERROR_SUCCESS) error = direct_event_create_once(event);
  return faults_note(error, event);
}

DWORD os_wait_start(HANDLE event, WAITORTIMERCALLBACK seen, void *argument, HANDLE *wait) {
  DWORD error = faults_strike(OS_WAIT_START);
  if (error == ERROR_SUCCESS) error = direct_wait_start(event, seen, argument, wait);
  return faults_note(error, wait);
}

void os_wait_stop(HANDLE wait) {
  faults_forget(wait);
  direct_wait_stop(wait);
}

DWORD os_file_is_overlapped(HANDLE file, bool *overlapped) {
  DWORD error = faults_strike(OS_FILE_IS_OVERLAPPED);
  return error != ERROR_SUCCESS ? error : direct_file_is_overlapped(file, overlapped);
}

DWORD os_thread_start(DWORD (*run)(void *argument), void *argument, HANDLE *thread) {
  DWORD error = faults_strike(OS_THREAD_START);
  if (error == ERROR_SUCCESS) error = direct_thread_start(run, argument, thread);
  return faults_note(error, thread);
}

DWORD os_thread_cancel_call(HANDLE thread) {
  DWORD error = faults_strike(OS_THREAD_CANCEL_CALL);
  return error != ERROR_SUCCESS ? error : direct_thread_cancel_call(thread);
}

void os_thread_pause(void) { direct_thread_pause(); }

void *os_pages_get(size_t bytes) {
  return faults_strike(OS_PAGES_GET) != ERROR_SUCCESS ? NULL : direct_pages_get(bytes);
}

void os_pages_put(void *pages) { direct_pages_put(pages); }

void *os_heap_get(size_t bytes) { return faults_strike(OS_HEAP_GET) != ERROR_SUCCESS ? NULL : direct_heap_get(bytes); }

void os_heap_put(void *block) { direct_heap_put(block); }

void os_lock(SRWLOCK *lock_of_process) { direct_lock(lock_of_process); }

void os_unlock(SRWLOCK *lock_of_process) { direct_unlock(lock_of_process); }

void os_thread_join(HANDLE thread) { direct_thread_join(thread); }

void os_condition_wait(CONDITION_VARIABLE *condition, SRWLOCK *condition_lock) {
  direct_condition_wait(condition, condition_lock);
}

void os_condition_wake_one(CONDITION_VARIABLE *condition) { direct_condition_wake_one(condition); }

void os_condition_wake_all(CONDITION_VARIABLE *condition) { direct_condition_wake_all(condition); }

static PHANDLER_ROUTINE console_handler;
static volatile LONG console_holds;

DWORD os_console_listen(PHANDLER_ROUTINE handler) {
  DWORD error = faults_strike(OS_CONSOLE_LISTEN);
  if (error == ERROR_SUCCESS) error = direct_console_listen(handler);
  if (error == ERROR_SUCCESS) console_handler = handler;
  return error;
}

/* The case goes on. */
void os_console_hold(void) { InterlockedIncrement(&console_holds); }

bool faults_console_event(unsigned long event) { return console_handler != NULL && console_handler(event); }

size_t faults_console_holds(void) { return (size_t)console_holds; }

DWORD os_user_sid(wchar_t *text, size_t room) {
  DWORD error = faults_strike(OS_USER_SID);
  return error != ERROR_SUCCESS ? error : direct_user_sid(text, room);
}

DWORD os_security_get(const wchar_t *text, PSECURITY_DESCRIPTOR *descriptor) {
  DWORD error = faults_strike(OS_SECURITY_GET);
  return error != ERROR_SUCCESS ? error : direct_security_get(text, descriptor);
}

void os_security_put(PSECURITY_DESCRIPTOR descriptor) { direct_security_put(descriptor); }

DWORD os_process_id(void) { return direct_process_id(); }

uint64_t os_counter(void) { return direct_counter(); }

uint64_t os_counter_frequency(void) { return direct_counter_frequency(); }

DWORD os_text_from_utf8(const char *utf8, size_t length, wchar_t *text, size_t room) {
  DWORD error = faults_strike(OS_TEXT_FROM_UTF8);
  return error != ERROR_SUCCESS ? error : direct_text_from_utf8(utf8, length, text, room);
}

DWORD os_text_to_utf8(const wchar_t *text, char *utf8, size_t room, size_t *length) {
  DWORD error = faults_strike(OS_TEXT_TO_UTF8);
  return error != ERROR_SUCCESS ? error : direct_text_to_utf8(text, utf8, room, length);
}
