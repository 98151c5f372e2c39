/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the Windows backend, with faults on demand. A test build of the library links this in place of
 * os_direct.c: each call goes to the system unless it was told otherwise, and is counted.
 *
 *   faults_reset();
 *   faults_fail(OS_PIPE_CREATE, 2, ERROR_NO_SYSTEM_RESOURCES, 1);   the second instance from now on fails once
 *   faults_fail(OS_ANY, n, ERROR_IO_DEVICE, 1);                     the n-th call that can fail: for a sweep
 *   faults_fail(OS_SKIP_PORT_ON_SUCCESS, 1, ERROR_INVALID_FUNCTION, FAULTS_FOREVER);
 *   faults_shorten(3);                                              reads and writes move 3 bytes at the most
 *   assert_int_equal(faults_open_handles(), 0);
 *
 * A close that fails closes all the same. One fault at a time; counting is safe from several threads, asking for faults
 * is not.
 */
#ifndef WEIR_TESTS_OS_FAULTY_WIN32_H
#define WEIR_TESTS_OS_FAULTY_WIN32_H

#include <stdbool.h>
#include <stddef.h>

/* The functions of win32/os.h, os_socket.h, os_passing.h and os_process.h that can fail. */
enum os_call {
  OS_PORT_CREATE,
  OS_PORT_ASSOCIATE,
  OS_PORT_WAIT,
  OS_PORT_POST,
  OS_SKIP_PORT_ON_SUCCESS,
  OS_READ,
  OS_WRITE,
  OS_RESULT,
  OS_CANCEL,
  OS_PIPE_CREATE,
  OS_PIPE_ACCEPT,
  OS_PIPE_OPEN,
  OS_PIPE_WAIT,
  OS_PIPE_INSTANCES,
  OS_PIPE_FLAGS,
  OS_PIPE_READ_MESSAGES,
  OS_PIPE_PEEK,
  OS_PIPE_CLIENT,
  OS_PIPE_NAME,
  OS_CLOSE,
  OS_HANDLE_TYPE,
  OS_EVENT_CREATE,
  OS_EVENT_FIND,
  OS_EVENT_WAIT,
  OS_EVENT_CREATE_ONCE,
  OS_WAIT_START,
  OS_FILE_IS_OVERLAPPED,
  OS_THREAD_START,
  OS_THREAD_CANCEL_CALL,
  OS_PAGES_GET,
  OS_HEAP_GET,
  OS_GETADDRINFO,
  OS_CONSOLE_LISTEN,
  OS_USER_SID,
  OS_SECURITY_GET,
  OS_TEXT_FROM_UTF8,
  OS_TEXT_TO_UTF8,
  OS_PROCESS_CREATE,
  OS_PROCESS_BEGIN,
  OS_PROCESS_END,
  OS_PROCESS_CODE,
  OS_PROCESS_AWAIT,
  OS_HANDLE_LEND,
  OS_NULL_LEND,
  OS_FILE_PIPE_CREATE,
  OS_FILE_PIPE_OPEN,
  OS_ENVIRONMENT_GET,
  OS_SOCKET_START,
  OS_SOCKET_CREATE,
  OS_SOCKET_DUPLICATE,
  OS_SOCKET_CLOSE,
  OS_SOCKET_BIND,
  OS_SOCKET_LISTEN,
  OS_SOCKET_ACCEPT,
  OS_SOCKET_CONNECT,
  OS_SOCKET_SHUTDOWN,
  OS_SOCKET_RECEIVE,
  OS_SOCKET_SEND,
  OS_SOCKET_DO_NOT_BLOCK,
  OS_SOCKET_SET,
  OS_SOCKET_GET,
  OS_SOCKET_CONTROL,
  OS_SOCKET_NAME,
  OS_SOCKET_PEER,
  OS_PROCESS_OPEN,
  OS_PROCESS_NUMBER,
  OS_HANDLE_SEND,
  OS_HANDLE_FETCH,
  OS_HANDLE_KEEP,
  OS_SOCKET_SHARE,
  OS_SOCKET_IMPORT,
  OS_PIPE_SERVER,
  OS_SECTION_CREATE,
  OS_SECTION_MAP,
  OS_RANDOM,
  OS_ENVIRONMENT_TAKE,
  OS_CALL_COUNT,
  OS_ANY = OS_CALL_COUNT
};

#define FAULTS_FOREVER ((size_t)-1)

/* Everything goes to the system again, and all counts are 0 but that of the open handles. */
void faults_reset(void);

/* The `nth` call from now on, counted from 1, and the `times - 1` behind it fail with this Win32 error. */
void faults_fail(enum os_call call, size_t nth, unsigned long error, size_t times);

/* Reads and writes move so many bytes at the most; 0: as many as they can. */
void faults_shorten(size_t bytes);

/*
 * Holds the resolver: its calls answer nothing until it is let go, which a reset does too. How many calls are under
 * way, held or not.
 */
void faults_hold_resolver(bool held);
size_t faults_resolver_calls(void);

/* What the resolver answers instead of asking the system; NULL: it asks. Lent until it is taken back. */
struct addrinfoW;
void faults_answer(struct addrinfoW *answers);

/*
 * Calls the library's console handler as the system would, and returns whether it took the event. How often it held
 * still because the system ends the process when it returns; here it returns.
 */
bool faults_console_event(unsigned long event);
size_t faults_console_holds(void);

/* How many calls there were since the reset, and how many of them were made to fail. */
size_t faults_calls(enum os_call call);
size_t faults_failed(void);

/* Which call was the last that was made to fail; its name. */
enum os_call faults_last(void);
const char *faults_name(enum os_call call);

/* Handles that the backend opened, accepted or took over, less those that it closed. */
size_t faults_open_handles(void);

/* How often it closed one that it did not have. */
size_t faults_wrong_closes(void);

#endif
