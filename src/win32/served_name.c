/* SPDX-License-Identifier: MIT */
#include "win32/served_name.h"

struct served_name {
  struct served_name *next;
  uint64_t hash;
  size_t ends;
  size_t servers;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct served_name *names;

static struct served_name **find_place(uint64_t hash) {
  struct served_name **place = &names;
  while (*place != NULL && (*place)->hash != hash) place = &(*place)->next;
  return place;
}

static void forget_unused(struct served_name *name) {
  if (name->servers > 0 || name->ends > 0) return;
  *find_place(name->hash) = name->next;
  os_heap_put(name);
}

static DWORD find_or_add(uint64_t hash, struct served_name **found) {
  struct served_name **place = find_place(hash);
  if (*place == NULL) {
    *place = os_heap_get(sizeof **place);
    if (*place == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    (*place)->hash = hash;
  }
  *found = *place;
  return ERROR_SUCCESS;
}

DWORD served_name_listen(uint64_t hash, struct served_name **served, bool *joins) {
  struct served_name *name;
  os_lock(&lock);
  DWORD error = find_or_add(hash, &name);
  if (error == ERROR_SUCCESS && name->servers > 0) error = ERROR_ALREADY_EXISTS;
  if (error == ERROR_SUCCESS) {
    name->servers = 1;
    *joins = name->ends > 0;
    *served = name;
  }
  os_unlock(&lock);
  return error;
}

DWORD served_name_join(uint64_t hash, struct served_name **served) {
  os_lock(&lock);
  DWORD error = find_or_add(hash, served);
  if (error == ERROR_SUCCESS) ++(*served)->servers;
  os_unlock(&lock);
  return error;
}

DWORD served_name_receive_end(uint64_t hash, struct served_name **served) {
  os_lock(&lock);
  DWORD error = find_or_add(hash, served);
  if (error == ERROR_SUCCESS) ++(*served)->ends;
  os_unlock(&lock);
  return error;
}

void served_name_resign(struct served_name *name) {
  os_lock(&lock);
  --name->servers;
  forget_unused(name);
  os_unlock(&lock);
}

uint64_t served_name_hash(const struct served_name *name) { return name->hash; }

void served_name_add_end(struct served_name *name) {
  os_lock(&lock);
  ++name->ends;
  os_unlock(&lock);
}

void served_name_drop_end(struct served_name *name) {
  os_lock(&lock);
  --name->ends;
  forget_unused(name);
  os_unlock(&lock);
}
