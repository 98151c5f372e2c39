/* SPDX-License-Identifier: MIT */
#include "win32/security.h"

#include <wchar.h>

/* "D:P", three entries of about 30 units and a SID. */
#define DESCRIPTOR_UNITS 320

/*
 * FILE_APPEND_DATA is FILE_CREATE_PIPE_INSTANCE on a pipe, and the generic rights hold it: whoever has them can serve
 * under this name. Hence single rights for everyone. Message read mode needs FILE_WRITE_ATTRIBUTES.
 */
static DWORD rights_of_everyone(bool readable_all, bool writable_all) {
  DWORD rights = 0;
  if (readable_all) rights |= FILE_READ_DATA;
  if (writable_all) rights |= FILE_WRITE_DATA;
  if (rights != 0) rights |= FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;
  return rights;
}

DWORD security_init(struct security *security, bool readable_all, bool writable_all) {
  wchar_t user[DESCRIPTOR_UNITS / 2];
  DWORD error = os_user_sid(user, DESCRIPTOR_UNITS / 2);
  if (error != ERROR_SUCCESS) return error;
  wchar_t text[DESCRIPTOR_UNITS];
  DWORD rights = rights_of_everyone(readable_all, writable_all);
  int length = swprintf(text, DESCRIPTOR_UNITS, L"D:P(A;;FA;;;%ls)(A;;FA;;;SY)", user);
  if (length > 0 && rights != 0) {
    length = swprintf(text + length, DESCRIPTOR_UNITS - (size_t)length, L"(A;;0x%lx;;;WD)", (unsigned long)rights);
  }
  if (length < 0) return ERROR_INSUFFICIENT_BUFFER;
  security->attributes.nLength = sizeof security->attributes;
  security->attributes.bInheritHandle = FALSE;
  security->readable_all = readable_all;
  security->writable_all = writable_all;
  return os_security_get(text, &security->attributes.lpSecurityDescriptor);
}

void security_fini(struct security *security) {
  if (security->attributes.lpSecurityDescriptor != NULL) os_security_put(security->attributes.lpSecurityDescriptor);
  security->attributes.lpSecurityDescriptor = NULL;
}
