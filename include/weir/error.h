/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Errors are values: what was tried, on which address, what went wrong in Weir's words, what the system said, and
 * what to do about it.
 *
 * Functions return a `weir_code`: 0 for success, negative for an error. What fails later arrives as an `error` event
 * with a whole `weir_error`.
 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include <stddef.h>

#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What went wrong, the same number on every system. Numbers never change; new ones are added at the end. */
typedef enum weir_code {
  WEIR_OK = 0,              /**< Nothing went wrong. */
  WEIR_EINVAL = -1,         /**< An argument or a name makes no sense; the hint says which. */
  WEIR_ENOMEM = -2,         /**< The allocator had no memory. */
  WEIR_ENOTSUP = -3,        /**< This system, or this kind of connection, cannot do it. */
  WEIR_ECANCELED = -4,      /**< It was given up: the socket, server or loop was closed first, or it was cancelled. */
  WEIR_EDESTROYED = -5,     /**< The socket has been destroyed. */
  WEIR_EENDED = -6,         /**< Written after the own `end()`. */
  WEIR_EPIPE = -7,          /**< The peer has ended or gone: nothing more can be written. */
  WEIR_ENOTCONN = -8,       /**< The socket was never connected. */
  WEIR_EISCONN = -9,        /**< The socket is connected already. */
  WEIR_EALREADY = -10,      /**< It is under way already: a connect, or a listen. */
  WEIR_ENOTOPEN = -11,      /**< The server is not listening. */
  WEIR_EADDRINUSE = -12,    /**< The name is taken; the hint says whether by a live server or a stale file. */
  WEIR_EADDRNOTAVAIL = -13, /**< The address is not one of this machine. */
  WEIR_EACCES = -14,        /**< No permission. */
  WEIR_ENOENT = -15,        /**< The name, or its directory, does not exist. */
  WEIR_ENOTDIR = -16,       /**< A part of the path is not a directory. */
  WEIR_ENAMETOOLONG = -17,  /**< The name is longer than the system allows; the hint gives limit and length. */
  WEIR_ENOTSOCK = -18,      /**< There is something under that name or number, but no socket or pipe. */
  WEIR_ECONNREFUSED = -19,  /**< Nobody listens there. */
  WEIR_ECONNRESET = -20,    /**< The peer broke the connection off. */
  WEIR_ECONNABORTED = -21,  /**< The connection was given up before it was accepted. */
  WEIR_ETIMEDOUT = -22,     /**< The deadline has passed. */
  WEIR_EAGAIN = -23,        /**< The other side is busy; trying again later can succeed. */
  WEIR_EBUSY = -24,         /**< In use: a loop that runs already, a name that is being closed. */
  WEIR_EMFILE = -25,        /**< This process has no descriptors or handles left. */
  WEIR_ENFILE = -26,        /**< The system has no descriptors, handles or pipe instances left. */
  WEIR_ENOBUFS = -27,       /**< The system has no buffer space left. */
  WEIR_EBADF = -28,         /**< Not an open descriptor or handle. */
  WEIR_EPERM = -29,         /**< The system forbids it. */
  WEIR_EROFS = -30,         /**< The file system is read-only. */
  WEIR_ELOOP = -31,         /**< Too many symbolic links in the path. */
  WEIR_ENOSPC = -32,        /**< No space left on the device. */
  WEIR_EHOSTUNREACH = -33,  /**< No way to that machine. */
  WEIR_ENETUNREACH = -34,   /**< No way to that network. */
  WEIR_EPROTO = -35,        /**< The system reported a protocol error. */
  WEIR_EIO = -36,           /**< Input or output failed in the device. */
  WEIR_EEXIST = -37,        /**< Something of that name exists already. */
  WEIR_EUNKNOWN = -38,      /**< The system gave a code that Weir has no name for; see `native_code`. */
  WEIR_ENOTFOUND = -39,     /**< A host's name is known to nobody. */
  WEIR_EBLOCKED = -40,      /**< The address is on the block list that was given. */
  WEIR_E2BIG = -41,         /**< The arguments and the environment of a process are too long together. */
  WEIR_ENOEXEC = -42,       /**< The file is no program that this system can run. */
  WEIR_ESRCH = -43,         /**< The process has ended. */
  WEIR_EFORKED = -44        /**< The loop was made by another process, of which this one is a fork. */
} weir_code;

/** An error in full. In want of memory an `error` event can hold the code alone; its texts are "" then. */
typedef struct weir_error weir_error;

/** See above. Begin with all zero when you make one: NULL texts count as "". */
struct weir_error {
  weir_code code;        /**< What went wrong. */
  int native_code;       /**< What the system said: `errno`, or a Win32 error; 0 when Weir found it itself. */
  const char *operation; /**< What was tried: "connect", "bind", "listen", "accept", "lookup", "read", "write",
                              "shutdown", "open", "reset", "cancel", "spawn", "send", "channel". */
  const char *address;   /**< On which address, as the user would write it; "" when there is none. */
  const char *hint;      /**< What to know or to do about it, in a sentence; "" when there is nothing to add. */
  const char *local; /**< The local address that `connect` was told to use: "127.0.0.1:5000"; "" when there is none. */
  const weir_error *causes; /**< Of a connect that tried several addresses: what each attempt met, in the order in which
                                 they failed; `code` is that of the first. NULL otherwise. */
  size_t cause_count;       /**< How many. */
};

/**
 * The name of a code: "ECONNREFUSED", or "OK".
 *
 * **Owns:** the library; the text lives for ever. **Errors:** an unknown number gives "EUNKNOWN". **Thread:** any.
 */
WEIR_API const char *weir_code_name(weir_code code);

/**
 * What a code means, in a few words: "nobody listens there".
 *
 * **Owns:** the library; the text lives for ever. **Errors:** an unknown number gives a text that says so.
 * **Thread:** any.
 */
WEIR_API const char *weir_code_text(weir_code code);

/**
 * Writes an error as one line without a line end:
 * "connect ECONNREFUSED /run/x.sock: nobody listens there; start the server first [system error 111]". A local address
 * stands behind the address, "connect ECONNREFUSED 127.0.0.1:80 - Local (127.0.0.1:5000)", and causes follow in
 * brackets.
 *
 * **Owns:** the caller owns `text`; it is always terminated when `size` is not 0.
 * **Errors:** returns the length of the whole line, which was cut when it is not less than `size`. **Thread:** any.
 */
WEIR_API size_t weir_error_format(const weir_error *error, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
