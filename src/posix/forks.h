/* SPDX-License-Identifier: MIT */
/*
 * The one lock of the process, for what is rare: signals watched, children started and ended, forks. Nobody holds it
 * while the process forks, so that the new process finds it free.
 */
#ifndef WEIR_POSIX_FORKS_H
#define WEIR_POSIX_FORKS_H

void process_lock(void);
void process_unlock(void);

#endif
