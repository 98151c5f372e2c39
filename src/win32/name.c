/* SPDX-License-Identifier: MIT */
#include "win32/name.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A SID as text: "S-1-", an authority and at most 15 numbers. */
#define SID_UNITS 185

/* "\\.\pipe\" and "\\?\pipe\" are equally long. */
#define PREFIX_UNITS 9

DWORD name_resolve(const struct address *address, struct address *native) {
  if (address->kind != ADDRESS_PORTABLE) {
    if (native != address) *native = *address;
    return ERROR_SUCCESS;
  }
  wchar_t sid[SID_UNITS];
  DWORD error = os_user_sid(sid, SID_UNITS);
  if (error != ERROR_SUCCESS) return error;
  char digits[SID_UNITS]; /* a SID is ASCII */
  size_t units = 0;
  do digits[units] = (char)sid[units];
  while (sid[units++] != 0);
  char text[ADDRESS_TEXT_BYTES];
  int length = snprintf(text, sizeof text, "\\\\.\\pipe\\weir-%s-%.*s", digits, (int)address->length, address->text);
  if (length < 0 || length > PIPE_NAME_UNITS) return ERROR_FILENAME_EXCED_RANGE;
  address_set(native, ADDRESS_PIPE, text, (size_t)length);
  return ERROR_SUCCESS;
}

DWORD name_make(const struct address *native, struct name *name) {
  assert(native->kind == ADDRESS_PIPE || native->kind == ADDRESS_REMOTE);
  DWORD error = os_text_from_utf8(native->text, native->length, name->text, PIPE_NAME_UNITS + 1);
  if (error != ERROR_SUCCESS) return error;
  name->hash = native->kind == ADDRESS_PIPE ? name_hash(name->text + PREFIX_UNITS) : 0;
  return ERROR_SUCCESS;
}

DWORD name_read(const struct name *name, struct address *native) {
  char text[ADDRESS_TEXT_BYTES];
  size_t length = 0;
  DWORD error = os_text_to_utf8(name->text, text, sizeof text, &length);
  if (error == ERROR_SUCCESS) address_set(native, ADDRESS_PIPE, text, length);
  return error;
}

/* FNV-1a, of the two bytes of each unit. */
uint64_t name_hash(const wchar_t *name) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *name != 0; ++name) {
    wchar_t unit = *name >= L'a' && *name <= L'z' ? (wchar_t)(*name - L'a' + L'A') : *name;
    hash = (hash ^ (unit & 0xffU)) * UINT64_C(0x100000001b3);
    hash = (hash ^ (uint64_t)(unit >> 8)) * UINT64_C(0x100000001b3);
  }
  return hash;
}
