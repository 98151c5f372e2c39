/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the faulty system share: os_faulty_win32.c and its neighbours for sockets, processes and passing.
 */
#ifndef WEIR_TESTS_OS_FAULTY_WIN32_PRIVATE_H
#define WEIR_TESTS_OS_FAULTY_WIN32_PRIVATE_H

#include <windows.h>

#include "os_faulty_win32.h"

/* Counts a call and gives the error that it shall fail with, or ERROR_SUCCESS. */
DWORD faults_strike(enum os_call call);

/* How long a transfer may be that wants to move so much. */
DWORD faults_shortened(DWORD length);

/* Notes a handle that a call has made or taken over; returns its error. */
DWORD faults_note(DWORD error, const HANDLE *handle);

/* Takes the note back, before the handle is closed. */
void faults_forget(HANDLE handle);

#endif
