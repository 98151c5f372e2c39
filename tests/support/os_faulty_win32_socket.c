/* SPDX-License-Identifier: MIT */
/*
 * The calls into Winsock, with faults on demand; see os_faulty_win32.h. What goes to the system goes through
 * os_direct_socket.c itself, whose functions have other names here.
 */
#define os_socket_start direct_socket_start
#define os_socket_create direct_socket_create
#define os_socket_duplicate direct_socket_duplicate
#define os_socket_close direct_socket_close
#define os_socket_bind direct_socket_bind
#define os_socket_listen direct_socket_listen
#define os_socket_accept direct_socket_accept
#define os_socket_connect direct_socket_connect
#define os_socket_shutdown direct_socket_shutdown
#define os_socket_receive direct_socket_receive
#define os_socket_send direct_socket_send
#define os_socket_do_not_block direct_socket_do_not_block
#define os_socket_set direct_socket_set
#define os_socket_get direct_socket_get
#define os_socket_control direct_socket_control
#define os_socket_name direct_socket_name
#define os_socket_peer direct_socket_peer
#define os_socket_accepted_peer direct_socket_accepted_peer
#define os_interface_index direct_interface_index
#define os_getaddrinfo direct_getaddrinfo
#define os_freeaddrinfo direct_freeaddrinfo
#include "win32/os_direct_socket.c"
#undef os_socket_start
#undef os_socket_create
#undef os_socket_duplicate
#undef os_socket_close
#undef os_socket_bind
#undef os_socket_listen
#undef os_socket_accept
#undef os_socket_connect
#undef os_socket_shutdown
#undef os_socket_receive
#undef os_socket_send
#undef os_socket_do_not_block
#undef os_socket_set
#undef os_socket_get
#undef os_socket_control
#undef os_socket_name
#undef os_socket_peer
#undef os_socket_accepted_peer
#undef os_interface_index
#undef os_getaddrinfo
#undef os_freeaddrinfo
#undef WEIR_WIN32_OS_SOCKET_H
#include "win32/os_socket.h"

#include "os_faulty_win32_private.h"

DWORD os_socket_start(void) {
  DWORD error = faults_strike(OS_SOCKET_START);
  return error != ERROR_SUCCESS ? error : direct_socket_start();
}

static DWORD note_socket(DWORD error, const SOCKET *made) {
  HANDLE handle = error == ERROR_SUCCESS ? (HANDLE)*made : NULL;
  return faults_note(error, &handle);
}

DWORD os_socket_create(int family, SOCKET *created) {
  DWORD error = faults_strike(OS_SOCKET_CREATE);
  if (error == ERROR_SUCCESS) error = direct_socket_create(family, created);
  return note_socket(error, created);
}

DWORD os_socket_duplicate(SOCKET socket, SOCKET *duplicate) {
  DWORD error = faults_strike(OS_SOCKET_DUPLICATE);
  if (error == ERROR_SUCCESS) error = direct_socket_duplicate(socket, duplicate);
  return note_socket(error, duplicate);
}

DWORD os_socket_close(SOCKET socket) {
  faults_forget((HANDLE)socket);
  DWORD error = direct_socket_close(socket);
  DWORD struck = faults_strike(OS_SOCKET_CLOSE);
  return struck != ERROR_SUCCESS ? struck : error;
}

DWORD os_socket_receive(SOCKET socket, void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count) {
  DWORD error = faults_strike(OS_SOCKET_RECEIVE);
  return error != ERROR_SUCCESS ? error
                                : direct_socket_receive(socket, bytes, faults_shortened(length), overlapped, count);
}

/* What is shortened sends a part of its first piece. */
DWORD os_socket_send(SOCKET socket, WSABUF *pieces, DWORD pieces_count, OVERLAPPED *overlapped, DWORD *count) {
  DWORD error = faults_strike(OS_SOCKET_SEND);
  if (error != ERROR_SUCCESS) return error;
  WSABUF first = pieces[0];
  first.len = faults_shortened(first.len);
  bool whole = faults_shortened(MAXDWORD) == MAXDWORD;
  return direct_socket_send(socket, whole ? pieces : &first, whole ? pieces_count : 1, overlapped, count);
}

const struct sockaddr *os_socket_accepted_peer(void *addresses) { return direct_socket_accepted_peer(addresses); }

uint32_t os_interface_index(const char *name) { return direct_interface_index(name); }

DWORD os_socket_bind(SOCKET socket, const struct sockaddr *address, int length) {
  DWORD error = faults_strike(OS_SOCKET_BIND);
  return error != ERROR_SUCCESS ? error : direct_socket_bind(socket, address, length);
}

DWORD os_socket_listen(SOCKET socket, int backlog) {
  DWORD error = faults_strike(OS_SOCKET_LISTEN);
  return error != ERROR_SUCCESS ? error : direct_socket_listen(socket, backlog);
}

DWORD os_socket_accept(SOCKET listener, SOCKET accepted, void *addresses, OVERLAPPED *overlapped) {
  DWORD error = faults_strike(OS_SOCKET_ACCEPT);
  return error != ERROR_SUCCESS ? error : direct_socket_accept(listener, accepted, addresses, overlapped);
}

DWORD os_socket_connect(SOCKET socket, const struct sockaddr *address, int length, OVERLAPPED *overlapped) {
  DWORD error = faults_strike(OS_SOCKET_CONNECT);
  return error != ERROR_SUCCESS ? error : direct_socket_connect(socket, address, length, overlapped);
}

DWORD os_socket_shutdown(SOCKET socket) {
  DWORD error = faults_strike(OS_SOCKET_SHUTDOWN);
  return error != ERROR_SUCCESS ? error : direct_socket_shutdown(socket);
}

DWORD os_socket_do_not_block(SOCKET socket) {
  DWORD error = faults_strike(OS_SOCKET_DO_NOT_BLOCK);
  return error != ERROR_SUCCESS ? error : direct_socket_do_not_block(socket);
}

DWORD os_socket_set(SOCKET socket, int level, int name, const void *value, int length) {
  DWORD error = faults_strike(OS_SOCKET_SET);
  return error != ERROR_SUCCESS ? error : direct_socket_set(socket, level, name, value, length);
}

DWORD os_socket_get(SOCKET socket, int level, int name, void *value, int length) {
  DWORD error = faults_strike(OS_SOCKET_GET);
  return error != ERROR_SUCCESS ? error : direct_socket_get(socket, level, name, value, length);
}

DWORD os_socket_control(SOCKET socket, DWORD code, void *value, DWORD length) {
  DWORD error = faults_strike(OS_SOCKET_CONTROL);
  return error != ERROR_SUCCESS ? error : direct_socket_control(socket, code, value, length);
}

DWORD os_socket_name(SOCKET socket, struct sockaddr *address, int *length) {
  DWORD error = faults_strike(OS_SOCKET_NAME);
  return error != ERROR_SUCCESS ? error : direct_socket_name(socket, address, length);
}

DWORD os_socket_peer(SOCKET socket, struct sockaddr *address, int *length) {
  DWORD error = faults_strike(OS_SOCKET_PEER);
  return error != ERROR_SUCCESS ? error : direct_socket_peer(socket, address, length);
}

/* ---- the resolver ---- */

static SRWLOCK resolver_lock = SRWLOCK_INIT;
static CONDITION_VARIABLE resolver_let_go = CONDITION_VARIABLE_INIT;
static bool resolver_held;
static size_t resolver_calls;
static ADDRINFOW *given_answers;

void faults_hold_resolver(bool held) {
  AcquireSRWLockExclusive(&resolver_lock);
  resolver_held = held;
  WakeAllConditionVariable(&resolver_let_go);
  ReleaseSRWLockExclusive(&resolver_lock);
}

size_t faults_resolver_calls(void) {
  AcquireSRWLockExclusive(&resolver_lock);
  size_t count = resolver_calls;
  ReleaseSRWLockExclusive(&resolver_lock);
  return count;
}

void faults_answer(struct addrinfoW *answers) { given_answers = answers; }

static void begin_resolver_call(void) {
  AcquireSRWLockExclusive(&resolver_lock);
  resolver_calls++;
  while (resolver_held) SleepConditionVariableSRW(&resolver_let_go, &resolver_lock, INFINITE, 0);
  ReleaseSRWLockExclusive(&resolver_lock);
}

static DWORD end_resolver_call(DWORD error) {
  AcquireSRWLockExclusive(&resolver_lock);
  resolver_calls--;
  ReleaseSRWLockExclusive(&resolver_lock);
  return error;
}

DWORD os_getaddrinfo(const wchar_t *host, const ADDRINFOW *hints, ADDRINFOW **answers) {
  begin_resolver_call();
  DWORD error = faults_strike(OS_GETADDRINFO);
  if (error != ERROR_SUCCESS) return end_resolver_call(error);
  *answers = given_answers;
  return end_resolver_call(given_answers != NULL ? ERROR_SUCCESS : direct_getaddrinfo(host, hints, answers));
}

void os_freeaddrinfo(ADDRINFOW *answers) {
  if (answers != given_answers) direct_freeaddrinfo(answers);
}
