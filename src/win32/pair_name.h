/* SPDX-License-Identifier: MIT */
/*
 * How pipes between a process and its child are called. Of one that both ends open as connections of ours the name says
 * so: it is how each knows that the other understands the end mark.
 */
#ifndef WEIR_WIN32_PAIR_NAME_H
#define WEIR_WIN32_PAIR_NAME_H

/* What follows "\\.\pipe", as the system says a pipe's name. */
#define PAIR_PREFIX L"\\weir-pair-"
#define FILE_PAIR_PREFIX L"\\weir-file-"

enum { PAIR_NAME_UNITS = 96 };

#endif
