/* SPDX-License-Identifier: MIT */
/*
 * How the pipes are called that a child uses like files, so that our end is known for one: see connection_pair.c.
 */
#ifndef WEIR_WIN32_FILE_PIPE_NAME_H
#define WEIR_WIN32_FILE_PIPE_NAME_H

/* What follows "\\.\pipe", as the system says a pipe's name. */
#define FILE_PIPE_PREFIX L"\\weir-file-"

#endif
