/* SPDX-License-Identifier: MIT */
/* See server_process.h. */
#include "server_process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "process.h"

/* The process's own clock: /proc/PID/stat says the same in hundredths of a second, too coarse for a short cell. */
double server_process_cpu_seconds(pid_t process) {
  clockid_t clock;
  struct timespec used;
  int code = clock_getcpuclockid(process, &clock);
  if (code != 0) process_fail(PROCESS_FAILED, code, "the server's clock");
  if (clock_gettime(clock, &used) != 0) process_fail(PROCESS_FAILED, errno, "the server's clock");
  return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

size_t server_process_descriptor_count(pid_t process) {
  char path[64];
  size_t count = 0;
  snprintf(path, sizeof path, "/proc/%ld/fd", (long)process);
  DIR *folder = opendir(path);
  if (folder == NULL) process_fail(PROCESS_FAILED, errno, path);
  while (readdir(folder) != NULL) count++;
  closedir(folder);
  return count - 2; /* "." and ".." */
}

uint64_t server_process_private_bytes(pid_t process) {
  char text[128];
  snprintf(text, sizeof text, "/proc/%ld/smaps_rollup", (long)process);
  FILE *file = fopen(text, "r");
  if (file == NULL) process_fail(PROCESS_FAILED, errno, text);
  uint64_t total = 0, kibibytes;
  while (fgets(text, sizeof text, file) != NULL) {
    if (sscanf(text, "Private_Clean: %" SCNu64, &kibibytes) == 1 ||
        sscanf(text, "Private_Dirty: %" SCNu64, &kibibytes) == 1) {
      total += kibibytes * 1024;
    }
  }
  fclose(file);
  return total;
}
