/* SPDX-License-Identifier: MIT */
#include "win32/environment.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "win32/os_process.h"

enum { EXTRA_UNITS = 96, ROOT_UNITS = 320 };

/* The texts stand behind the pointers to them, until they are sorted into the block. */
struct gathering {
  const wchar_t **entries;
  size_t count;
  wchar_t *at;  /* where the next text goes */
  size_t room;  /* units left there */
  size_t units; /* of all entries with their zeros */
};

/* ---- names ---- */

/* The first unit may be "=": Windows keeps the directory of each drive under such names. */
static size_t name_length(const wchar_t *entry) {
  const wchar_t *end = *entry == 0 ? NULL : wcschr(entry + 1, L'=');
  return end == NULL ? wcslen(entry) : (size_t)(end - entry);
}

static int compare_names(const wchar_t *one, const wchar_t *other) {
  return CompareStringOrdinal(one, (int)name_length(one), other, (int)name_length(other), TRUE) - CSTR_EQUAL;
}

const wchar_t *environment_find(const wchar_t *block, const wchar_t *name) {
  for (; *block != 0; block += wcslen(block) + 1) {
    if (compare_names(block, name) != 0) continue;
    size_t length = name_length(block);
    return block[length] == L'=' ? block + length + 1 : block + length;
  }
  return NULL;
}

/* ---- gathering ---- */

/* Behind those that are not greater; of two with one name the later counts. */
static void insert(struct gathering *gathering, const wchar_t *entry) {
  size_t at = gathering->count;
  while (at > 0 && compare_names(gathering->entries[at - 1], entry) > 0) at--;
  if (at > 0 && compare_names(gathering->entries[at - 1], entry) == 0) {
    gathering->units -= wcslen(gathering->entries[at - 1]) + 1;
    gathering->entries[at - 1] = entry;
  } else {
    memmove(gathering->entries + at + 1, gathering->entries + at, (gathering->count - at) * sizeof *gathering->entries);
    gathering->entries[at] = entry;
    gathering->count++;
  }
  gathering->units += wcslen(entry) + 1;
}

static void insert_next(struct gathering *gathering) {
  size_t units = wcslen(gathering->at) + 1;
  insert(gathering, gathering->at);
  gathering->at += units;
  gathering->room -= units;
}

static DWORD gather_utf8(struct gathering *gathering, const char *const *entries) {
  for (; *entries != NULL; entries++) {
    DWORD error = os_text_from_utf8(*entries, strlen(*entries), gathering->at, gathering->room);
    if (error != ERROR_SUCCESS) return error;
    if (*gathering->at != 0) insert_next(gathering);
  }
  return ERROR_SUCCESS;
}

static void gather_block(struct gathering *gathering, const wchar_t *block) {
  for (; *block != 0; block += wcslen(block) + 1) insert(gathering, block);
}

/* A name of an extra is ASCII. */
static void gather_extra(struct gathering *gathering, const struct environment_extra *extra) {
  swprintf(gathering->at, gathering->room, L"%hs=%llu", extra->name, (unsigned long long)extra->value);
  insert_next(gathering);
}

static void gather_root(struct gathering *gathering, const wchar_t *own) {
  const wchar_t *root = environment_find(own, L"SYSTEMROOT");
  for (size_t i = 0; i < gathering->count; i++) {
    if (compare_names(gathering->entries[i], L"SYSTEMROOT") == 0) return;
  }
  if (root == NULL || wcslen(root) >= ROOT_UNITS - sizeof "SYSTEMROOT=") return;
  swprintf(gathering->at, gathering->room, L"SYSTEMROOT=%ls", root);
  insert_next(gathering);
}

/* ---- the block ---- */

/* One zero more ends it, and an empty one has two. */
static DWORD write_block(const struct gathering *gathering, wchar_t **block) {
  wchar_t *at = *block = os_heap_get((gathering->units + 2) * sizeof **block);
  if (at == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  for (size_t i = 0; i < gathering->count; i++) {
    size_t units = wcslen(gathering->entries[i]) + 1;
    memcpy(at, gathering->entries[i], units * sizeof *at);
    at += units;
  }
  return ERROR_SUCCESS;
}

static size_t count_block(const wchar_t *block) {
  size_t count = 0;
  for (; *block != 0; block += wcslen(block) + 1) count++;
  return count;
}

/* No UTF-8 has fewer bytes than its UTF-16 has units. */
static void measure(const char *const *entries, size_t *count, size_t *units) {
  for (; *entries != NULL; entries++) {
    ++*count;
    *units += strlen(*entries) + 1;
  }
}

static DWORD make_of(const wchar_t *own, const char *const *entries, const struct environment_extra *extras,
                     size_t extra_count, wchar_t **block) {
  size_t count = extra_count + 1;
  size_t units = extra_count * EXTRA_UNITS + ROOT_UNITS;
  if (entries == NULL) {
    count += count_block(own);
  } else {
    measure(entries, &count, &units);
  }
  void *room = os_heap_get(count * sizeof(wchar_t *) + units * sizeof(wchar_t));
  if (room == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  struct gathering gathering = {.entries = room, .at = (wchar_t *)((const wchar_t **)room + count), .room = units};
  DWORD error = ERROR_SUCCESS;
  if (entries == NULL) {
    gather_block(&gathering, own);
  } else {
    error = gather_utf8(&gathering, entries);
  }
  for (size_t i = 0; i < extra_count && error == ERROR_SUCCESS; i++) gather_extra(&gathering, &extras[i]);
  if (error == ERROR_SUCCESS) gather_root(&gathering, own);
  if (error == ERROR_SUCCESS) error = write_block(&gathering, block);
  os_heap_put(room);
  return error;
}

DWORD environment_make(const char *const *entries, const struct environment_extra *extras, size_t extra_count,
                       wchar_t **block) {
  wchar_t *own = os_environment_get();
  if (own == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  DWORD error = make_of(own, entries, extras, extra_count, block);
  os_environment_put(own);
  return error;
}
