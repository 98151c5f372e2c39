/* SPDX-License-Identifier: MIT */
/*
 * Every call that the Windows backend makes into the system, so that a test can make any of them fail. Defined twice:
 * os_direct.c calls the system; the tests' os_faulty_win32.c does too, unless it was told otherwise. What is shipped is
 * what is tested but for that file.
 *
 * They answer with ERROR_SUCCESS or a Win32 error and leave nothing in GetLastError. Names are UTF-16, with a zero.
 */
#ifndef WEIR_WIN32_OS_H
#define WEIR_WIN32_OS_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the completion port ---- */

DWORD os_port_create(HANDLE *port);
DWORD os_port_associate(HANDLE port, HANDLE file);
DWORD os_port_wait(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count, DWORD milliseconds);
DWORD os_port_post(HANDLE port, OVERLAPPED *overlapped);

/* No packet for what succeeds at once, and no event set. */
DWORD os_skip_port_on_success(HANDLE file);

/* ---- transfers ---- */

/* `count` is set with ERROR_SUCCESS and with ERROR_MORE_DATA. */
DWORD os_read(HANDLE file, void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count);
DWORD os_write(HANDLE file, const void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count);

/* How a transfer ended whose packet has come; `count` is always set. */
DWORD os_result(OVERLAPPED *overlapped, DWORD *count);

/* Cancels one transfer, or with NULL all of the file. */
DWORD os_cancel(HANDLE file, OVERLAPPED *overlapped);

/* ---- pipes ---- */

/* An overlapped instance of a message-type pipe that refuses other machines; `first`: only when there is no other. */
DWORD os_pipe_create(const wchar_t *name, bool first, SECURITY_ATTRIBUTES *security, HANDLE *pipe);
DWORD os_pipe_accept(HANDLE pipe, OVERLAPPED *overlapped);
DWORD os_pipe_open(const wchar_t *name, DWORD rights, HANDLE *pipe);

/* Waits 1 ms for a listening instance. */
DWORD os_pipe_wait(const wchar_t *name);

DWORD os_pipe_instances(HANDLE pipe, DWORD *count);
DWORD os_pipe_flags(HANDLE pipe, DWORD *flags);
DWORD os_pipe_read_messages(HANDLE pipe);
DWORD os_pipe_peek(HANDLE pipe, DWORD *available);
DWORD os_pipe_client(HANDLE pipe, DWORD *process);

/* The name behind `\\.\pipe`, with its backslash; `room` in units. */
DWORD os_pipe_name(HANDLE pipe, wchar_t *name, size_t room);

/* ---- handles and events ---- */

DWORD os_close(HANDLE handle);
DWORD os_handle_type(HANDLE handle, DWORD *type);
DWORD os_event_create(const wchar_t *name, HANDLE *event);

/* Whether there is an event of this name: ERROR_SUCCESS, ERROR_ACCESS_DENIED (there is), ERROR_FILE_NOT_FOUND. */
DWORD os_event_find(const wchar_t *name);
DWORD os_event_wait(HANDLE event);

/* An event that is used up by whom it wakes. */
DWORD os_event_create_once(HANDLE *event);

/*
 * A thread of the system's calls back each time that the event is set. Stopping waits until no call is under way; the
 * calls must not do it.
 */
DWORD os_wait_start(HANDLE event, WAITORTIMERCALLBACK seen, void *argument, HANDLE *wait);
void os_wait_stop(HANDLE wait);

/* Whether transfers of this file can be under way while a program goes on. */
DWORD os_file_is_overlapped(HANDLE file, bool *overlapped);

/* ---- threads; their memory outlives a loop and its allocator ---- */

/* The thread holds the library in memory until it has returned from `run`. */
DWORD os_thread_start(DWORD (*run)(void *argument), void *argument, HANDLE *thread);
DWORD os_thread_cancel_call(HANDLE thread);
void os_thread_join(HANDLE thread);
void os_thread_pause(void);
void *os_pages_get(size_t bytes); /* all zero */
void os_pages_put(void *pages);
void *os_heap_get(size_t bytes);
void os_heap_put(void *block);

/* A lock of the process. */
void os_lock(SRWLOCK *lock);
void os_unlock(SRWLOCK *lock);
void os_condition_wait(CONDITION_VARIABLE *condition, SRWLOCK *lock);
void os_condition_wake_one(CONDITION_VARIABLE *condition);
void os_condition_wake_all(CONDITION_VARIABLE *condition);

/* ---- the console ---- */

/* The handler hears of Ctrl-C and the like from now on; the library stays in memory for ever. */
DWORD os_console_listen(PHANDLER_ROUTINE handler);

/* Never returns. */
void os_console_hold(void);

/* ---- users ---- */

/* The SID of the user whom this process runs as, as text. */
DWORD os_user_sid(wchar_t *text, size_t room);

/* A security descriptor from its text; give it back with os_security_put. */
DWORD os_security_get(const wchar_t *text, PSECURITY_DESCRIPTOR *descriptor);
void os_security_put(PSECURITY_DESCRIPTOR descriptor);

/* ---- these cannot fail ---- */

DWORD os_process_id(void);
uint64_t os_counter(void);
uint64_t os_counter_frequency(void);

/* ---- texts ---- */

/* ERROR_NO_UNICODE_TRANSLATION: not UTF-8. ERROR_INSUFFICIENT_BUFFER: too long. Ends with a zero. */
DWORD os_text_from_utf8(const char *utf8, size_t length, wchar_t *text, size_t room);

/* `length` of the UTF-8 does not count the zero. */
DWORD os_text_to_utf8(const wchar_t *text, char *utf8, size_t room, size_t *length);

#endif
