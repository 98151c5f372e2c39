/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Endpoints: one way to write down where a server is, in every function and every program.
 *
 * | written                                   | means                                                             |
 * | ----------------------------------------- | ----------------------------------------------------------------- |
 * | `ipc:NAME`                                | a portable local name: the same text on every system (see below)  |
 * | `unix:PATH`, or a bare path               | a Unix domain socket (POSIX systems)                              |
 * | `unix:@NAME`, `@NAME`, a leading NUL      | an abstract name (Linux): no file, no permissions                 |
 * | `pipe:NAME`                               | the named pipe `\\.\pipe\NAME` (Windows); NAME is taken as it is  |
 * | `\\.\pipe\NAME`                           | that pipe, read as Windows reads it (see below)                   |
 * | `\\?\pipe\NAME`                           | that pipe, every character taken literally                        |
 * | `\\SERVER\pipe\NAME`                      | a pipe of another machine; clients only                           |
 * | `tcp:HOST:PORT`                           | TCP; HOST is a name, an IPv4 address, or an IPv6 address in `[]`  |
 * | `tcp:PORT`, `tcp:*:PORT`                  | TCP at any address of this machine; for clients, at `localhost`   |
 *
 * A bare text is a path on POSIX systems, and must be one of the `\\` forms on Windows. Begin a path with `./` when it
 * could be taken for something else. What this system does not have is `WEIR_ENOTSUP`, never a file of a strange name:
 * a pipe's name on POSIX systems, `unix:` on Windows.
 *
 * PORT is a decimal number from 0 to 65,535 without sign or leading zeros; a server that listens at 0 gets a free one.
 * A server at any address listens at `::`, where IPv4 clients are welcome too, or at `0.0.0.0` on a machine without
 * IPv6. An IPv6 address may have a zone, `tcp:[fe80::1%eth0]:80`. A HOST that is no address is looked up; it has 1 to
 * `WEIR_HOST_MAX` bytes, none of them a blank, a control character, a slash, `[` or `]`.
 *
 * `ipc:NAME` belongs to the user who runs the program, whatever the environment says, so that a daemon and a shell of
 * one user meet: a socket in a directory that only this user can enter (`/tmp/weir-UID/NAME.sock`), or a pipe whose
 * name holds the user's SID. NAME has 1 to `WEIR_IPC_NAME_MAX` bytes: letters, digits, `.`, `_` and `-`, neither
 * beginning nor ending with a dot. Windows does not tell upper from lower case; do not rely on the difference.
 *
 * Pipe names are UTF-8. In `\\.\pipe\NAME` a slash is a backslash and several are one, `.` and `..` are resolved, and
 * dots and blanks at the end vanish; `..` never leads out of the pipes. The forms are known with slashes too
 * (`//./pipe/NAME`), and then read in the same way. The NAME of `pipe:NAME` has no slash or backslash and no dot or
 * blank at its end, so that Windows has nothing to change.
 *
 * Names are never shortened. What is too long is `WEIR_ENAMETOOLONG`, with a hint that says the length as written and
 * the limit; what is empty, of the wrong form or has a NUL inside is `WEIR_EINVAL`, with a hint that says why. Only the
 * abstract name behind a leading NUL may hold NULs.
 */
#ifndef WEIR_ENDPOINT_H
#define WEIR_ENDPOINT_H

/** The longest NAME of an `ipc:NAME`, in bytes. */
#define WEIR_IPC_NAME_MAX 64

/** The longest HOST of a `tcp:HOST:PORT`, in bytes. */
#define WEIR_HOST_MAX 253

#endif
