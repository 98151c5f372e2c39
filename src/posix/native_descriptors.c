/* SPDX-License-Identifier: MIT */
/*
 * Descriptors in a message. There is always room for as many as the system allows in one: what is cut off is lost on
 * Linux, and stays open under unknown numbers on macOS. (facts C.9)
 */
#define _DEFAULT_SOURCE 1
#define _DARWIN_C_SOURCE 1

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "posix/native.h"

/* Aligned as a header of what comes beside the bytes. */
union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(NATIVE_DESCRIPTORS_MAX * sizeof(int))];
};

int native_send_descriptors(int passage, const int *descriptors, size_t count) {
  char byte = 0;
  union control control;
  struct iovec piece = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes};
  memset(&control, 0, sizeof control);
  message.msg_controllen = (__typeof__(message.msg_controllen))CMSG_SPACE(count * sizeof descriptors[0]);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = (__typeof__(header->cmsg_len))CMSG_LEN(count * sizeof descriptors[0]);
  memcpy(CMSG_DATA(header), descriptors, count * sizeof descriptors[0]);
  return sendmsg(passage, &message, native_send_flags) < 0 ? -1 : 0;
}

static size_t collect(struct msghdr *message, int *descriptors) {
  size_t count = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t here = (header->cmsg_len - CMSG_LEN(0)) / sizeof descriptors[0];
    for (size_t i = 0; i < here && count < NATIVE_DESCRIPTORS_MAX; i++) {
      memcpy(&descriptors[count++], CMSG_DATA(header) + i * sizeof descriptors[0], sizeof descriptors[0]);
    }
  }
  return count;
}

static int close_all(const int *descriptors, size_t count, int failure) {
  for (size_t i = 0; i < count; i++) close(descriptors[i]);
  errno = failure;
  return -1;
}

int native_receive_descriptors(int passage, int descriptors[NATIVE_DESCRIPTORS_MAX]) {
  char byte = 0;
  union control control;
  struct iovec piece = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes};
  message.msg_controllen = sizeof control.bytes;
  ssize_t length = recvmsg(passage, &message, native_receive_flags);
  if (length < 0) return -1;
  size_t count = collect(&message, descriptors);
  if (length == 0) return close_all(descriptors, count, ECONNRESET);
  if ((message.msg_flags & MSG_CTRUNC) != 0) return close_all(descriptors, count, EMFILE);
  for (size_t i = 0; i < count; i++) {
    if (native_mark_received(descriptors[i]) < 0) return close_all(descriptors, count, errno);
  }
  return (int)count;
}
