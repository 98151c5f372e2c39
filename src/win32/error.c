/* SPDX-License-Identifier: MIT */
/*
 * The tables from Win32 errors to ours: one for all, one for what sockets mean otherwise. The end of a stream is no
 * error and is recognised before anybody asks here.
 */
#include "win32/error.h"

#include <stddef.h>
#include <winsock2.h>

struct row {
  DWORD error;
  weir_code codes[ERROR_PLACES_OF_PIPES]; /* for a reader, a writer, an opener */
  const char *hint;                       /* for an opener */
};

#define EVERYWHERE(code) \
  { code, code, code }

static const struct row table[] = {
    {ERROR_SUCCESS, EVERYWHERE(WEIR_OK), NULL},
    {ERROR_INVALID_FUNCTION, {WEIR_ENOTSUP, WEIR_ENOTSUP, WEIR_ENOTSOCK}, "what has this name is not a named pipe"},
    {ERROR_FILE_NOT_FOUND, EVERYWHERE(WEIR_ENOENT), "no server has this pipe"},
    {ERROR_PATH_NOT_FOUND, EVERYWHERE(WEIR_ENOENT), "no server has this pipe"},
    {ERROR_TOO_MANY_OPEN_FILES, EVERYWHERE(WEIR_EMFILE), NULL},
    {ERROR_ACCESS_DENIED, EVERYWHERE(WEIR_EACCES), "the pipe belongs to a user who does not let this one in"},
    {ERROR_INVALID_HANDLE, {WEIR_EBADF, WEIR_EBADF, WEIR_EBADF}, NULL},
    {ERROR_NOT_ENOUGH_MEMORY, EVERYWHERE(WEIR_ENOMEM), NULL},
    {ERROR_OUTOFMEMORY, EVERYWHERE(WEIR_ENOMEM), NULL},
    {ERROR_NOT_SUPPORTED, EVERYWHERE(WEIR_ENOTSUP), NULL},
    {ERROR_REM_NOT_LIST, EVERYWHERE(WEIR_EHOSTUNREACH), NULL},
    {ERROR_BAD_NETPATH, {WEIR_ECONNRESET, WEIR_ECONNRESET, WEIR_EHOSTUNREACH}, "that machine cannot be reached"},
    {ERROR_BAD_NET_NAME, {WEIR_ECONNRESET, WEIR_ECONNRESET, WEIR_EHOSTUNREACH}, "that machine shares no pipes"},
    {ERROR_NETNAME_DELETED, {WEIR_ECONNRESET, WEIR_ECONNRESET, WEIR_EHOSTUNREACH}, NULL},
    {ERROR_UNEXP_NET_ERR, {WEIR_ECONNRESET, WEIR_ECONNRESET, WEIR_EHOSTUNREACH}, NULL},
    {ERROR_NETWORK_UNREACHABLE, {WEIR_ECONNRESET, WEIR_ECONNRESET, WEIR_ENETUNREACH}, NULL},
    {ERROR_HOST_UNREACHABLE, {WEIR_ECONNRESET, WEIR_ECONNRESET, WEIR_EHOSTUNREACH}, NULL},
    {ERROR_INVALID_PARAMETER, EVERYWHERE(WEIR_EINVAL), NULL},
    {ERROR_BROKEN_PIPE, {WEIR_ECONNRESET, WEIR_EPIPE, WEIR_ECONNRESET}, NULL},
    {ERROR_SEM_TIMEOUT, EVERYWHERE(WEIR_ETIMEDOUT), NULL},
    {ERROR_TIMEOUT, EVERYWHERE(WEIR_ETIMEDOUT), NULL},
    {ERROR_INVALID_NAME, EVERYWHERE(WEIR_EINVAL), "Windows does not take this name for a pipe"},
    {ERROR_BAD_PATHNAME, EVERYWHERE(WEIR_EINVAL), "Windows does not take this name for a pipe"},
    {ERROR_NO_UNICODE_TRANSLATION, EVERYWHERE(WEIR_EINVAL), "the name is not UTF-8"},
    {ERROR_INSUFFICIENT_BUFFER, EVERYWHERE(WEIR_ENAMETOOLONG), NULL},
    {ERROR_FILENAME_EXCED_RANGE, EVERYWHERE(WEIR_ENAMETOOLONG), NULL},
    {ERROR_BAD_PIPE, {WEIR_ENOTCONN, WEIR_ENOTCONN, WEIR_EINVAL}, NULL},
    {ERROR_PIPE_LISTENING, {WEIR_ENOTCONN, WEIR_ENOTCONN, WEIR_EINVAL}, NULL},
    {ERROR_PIPE_BUSY, EVERYWHERE(WEIR_EAGAIN), "all instances of the pipe are taken"},
    {ERROR_NO_DATA, {WEIR_ECONNRESET, WEIR_EPIPE, WEIR_ECONNRESET}, NULL},
    {ERROR_PIPE_NOT_CONNECTED, {WEIR_ECONNRESET, WEIR_EPIPE, WEIR_ECONNRESET}, NULL},
    {ERROR_OPERATION_ABORTED, EVERYWHERE(WEIR_ECANCELED), NULL},
    {ERROR_NO_SYSTEM_RESOURCES, EVERYWHERE(WEIR_ENOBUFS), NULL},
    {ERROR_NOT_ENOUGH_QUOTA, EVERYWHERE(WEIR_ENOBUFS), NULL},
    {ERROR_WORKING_SET_QUOTA, EVERYWHERE(WEIR_ENOBUFS), NULL},
    {ERROR_COMMITMENT_LIMIT, EVERYWHERE(WEIR_ENOMEM), NULL},
    {ERROR_IO_DEVICE, EVERYWHERE(WEIR_EIO), NULL},
};

#define PORT_TAKEN "the port is taken there: a live server or another socket is bound to it"
#define REFUSED "nobody listens at that address and port; the server has not started, or listens elsewhere"
#define SILENT "no answer came from there; the machine is off, or a firewall swallows what is sent"
#define UNREACHABLE "this machine knows no way there; is its network up?"

/*
 * Winsock says the same things in two ways: its own codes when a call fails at once, and those that the system makes of
 * a status when a transfer fails later.
 */
static const struct {
  DWORD error;
  weir_code code;
  const char *hint;
} socket_table[] = {
    {ERROR_DEV_NOT_EXIST, WEIR_EADDRNOTAVAIL, "no network interface of this machine has that zone's name"},
    {ERROR_NETNAME_DELETED, WEIR_ECONNRESET, NULL},
    {ERROR_SEM_TIMEOUT, WEIR_ETIMEDOUT, SILENT},
    {ERROR_DUP_NAME, WEIR_EADDRINUSE, PORT_TAKEN},
    {ERROR_GRACEFUL_DISCONNECT, WEIR_EPIPE, NULL},
    {ERROR_ADDRESS_ALREADY_ASSOCIATED, WEIR_EADDRINUSE, PORT_TAKEN},
    {ERROR_CONNECTION_REFUSED, WEIR_ECONNREFUSED, REFUSED},
    {ERROR_NETWORK_UNREACHABLE, WEIR_ENETUNREACH, UNREACHABLE},
    {ERROR_HOST_UNREACHABLE, WEIR_EHOSTUNREACH, UNREACHABLE},
    {ERROR_PORT_UNREACHABLE, WEIR_ECONNREFUSED, REFUSED},
    {ERROR_CONNECTION_ABORTED, WEIR_ECONNABORTED, NULL},
    {WSAEBADF, WEIR_EBADF, "this is no open socket"},
    {WSAEACCES, WEIR_EACCES, "Windows keeps this port for itself, or another program has it alone"},
    {WSAEFAULT, WEIR_EINVAL, NULL},
    {WSAEINVAL, WEIR_EINVAL, NULL},
    {WSAEMFILE, WEIR_EMFILE, NULL},
    {WSAENOTSOCK, WEIR_ENOTSOCK, "this is no socket"},
    {WSAENOPROTOOPT, WEIR_ENOTSUP, NULL},
    {WSAEPROTOTYPE, WEIR_ENOTSUP, NULL},
    {WSAEPROTONOSUPPORT, WEIR_ENOTSUP, NULL},
    {WSAEOPNOTSUPP, WEIR_ENOTSUP, NULL},
    {WSAEAFNOSUPPORT, WEIR_ENOTSUP, "this system has no such kind of IP"},
    {WSAEADDRINUSE, WEIR_EADDRINUSE, PORT_TAKEN},
    {WSAEADDRNOTAVAIL, WEIR_EADDRNOTAVAIL, "that address is none of this machine's; 0.0.0.0 and :: are all it has"},
    {WSAENETDOWN, WEIR_ENETUNREACH, UNREACHABLE},
    {WSAENETUNREACH, WEIR_ENETUNREACH, UNREACHABLE},
    {WSAENETRESET, WEIR_ECONNRESET, NULL},
    {WSAECONNABORTED, WEIR_ECONNABORTED, NULL},
    {WSAECONNRESET, WEIR_ECONNRESET, NULL},
    {WSAENOBUFS, WEIR_ENOBUFS, NULL},
    {WSAEISCONN, WEIR_EISCONN, NULL},
    {WSAENOTCONN, WEIR_ENOTCONN, NULL},
    {WSAESHUTDOWN, WEIR_EPIPE, NULL},
    {WSAETIMEDOUT, WEIR_ETIMEDOUT, SILENT},
    {WSAECONNREFUSED, WEIR_ECONNREFUSED, REFUSED},
    {WSAEHOSTDOWN, WEIR_EHOSTUNREACH, UNREACHABLE},
    {WSAEHOSTUNREACH, WEIR_EHOSTUNREACH, UNREACHABLE},
    {WSASYSNOTREADY, WEIR_ENETUNREACH, "Windows has no network at all"},
    {WSAVERNOTSUPPORTED, WEIR_ENOTSUP, "this Windows has no Winsock 2.2"},
};

/* ERROR_ELEVATION_REQUIRED; not every toolchain knows it. */
#define ERROR_RIGHTS_WANTED 740

/* What starting a process means otherwise than opening a pipe. */
static const struct {
  DWORD error;
  weir_code code;
  const char *hint;
} spawn_table[] = {
    {ERROR_FILE_NOT_FOUND, WEIR_ENOENT, "no such file; and no directory of PATH has a program of that name"},
    {ERROR_PATH_NOT_FOUND, WEIR_ENOENT, "no such file or directory"},
    {ERROR_DIRECTORY, WEIR_ENOENT, "the directory in which the process should begin does not exist"},
    {ERROR_ACCESS_DENIED, WEIR_EACCES, "this user may not run that file"},
    {ERROR_RIGHTS_WANTED, WEIR_EACCES, "that program wants the rights of an administrator"},
    {ERROR_BAD_EXE_FORMAT, WEIR_ENOEXEC, "that file is no program for this system"},
    {ERROR_EXE_MACHINE_TYPE_MISMATCH, WEIR_ENOEXEC, "that program is for another kind of processor"},
    {ERROR_BAD_ARGUMENTS, WEIR_EINVAL, "the name of a program, its first argument, cannot have a quote in it"},
    {ERROR_NO_UNICODE_TRANSLATION, WEIR_EINVAL, "an argument, a variable or a name is not UTF-8"},
    {ERROR_FILENAME_EXCED_RANGE, WEIR_E2BIG, "a command line has at most 32766 UTF-16 units"},
    {ERROR_INVALID_HANDLE, WEIR_EBADF, "one of the handles for the process is not open"},
};

#define ROWS(array) (sizeof(array) / sizeof(array)[0])

weir_code error_code(enum error_place place, DWORD error) {
  for (size_t i = 0; place == ERROR_PLACE_SOCKET && i < ROWS(socket_table); ++i) {
    if (socket_table[i].error == error) return socket_table[i].code;
  }
  for (size_t i = 0; place == ERROR_PLACE_SPAWN && i < ROWS(spawn_table); ++i) {
    if (spawn_table[i].error == error) return spawn_table[i].code;
  }
  for (size_t i = 0; i < ROWS(table); ++i) {
    if (table[i].error == error) return table[i].codes[place >= ERROR_PLACES_OF_PIPES ? ERROR_PLACE_OPEN : place];
  }
  return WEIR_EUNKNOWN;
}

/* The hints of pipes are for who opens one. */
static const char *find_hint(enum error_place place, DWORD error) {
  for (size_t i = 0; place == ERROR_PLACE_SOCKET && i < ROWS(socket_table); ++i) {
    if (socket_table[i].error == error) return socket_table[i].hint;
  }
  for (size_t i = 0; place == ERROR_PLACE_SPAWN && i < ROWS(spawn_table); ++i) {
    if (spawn_table[i].error == error) return spawn_table[i].hint;
  }
  for (size_t i = 0; place == ERROR_PLACE_OPEN && i < ROWS(table); ++i) {
    if (table[i].error == error) return table[i].hint;
  }
  return NULL;
}

void error_complete(struct completion *completion, enum error_place place, DWORD error) {
  completion->result = error_code(place, error);
  completion->native_code = (int)error;
  completion->hint = find_hint(place, error);
  completion->step = NULL;
}

struct outcome error_outcome(enum error_place place, DWORD error, const char *hint) {
  struct outcome outcome = {.code = error_code(place, error), .native_code = (int)error, .hint = hint};
  if (hint == NULL) outcome.hint = find_hint(place, error);
  return outcome;
}

struct outcome error_none(void) {
  struct outcome outcome = {.code = WEIR_OK};
  return outcome;
}
