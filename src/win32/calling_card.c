/* SPDX-License-Identifier: MIT */
/*
 * The card is put into the Global name space, where services and the users of every session see it, and which anybody
 * may fill with events. Only a process in an app container may not: its card is in the Local one, where the servers of
 * its session find it. A server looks into both.
 */
#include "win32/calling_card.h"

#include <wchar.h>

#include "common/base/memory.h"

#define CARD_UNITS 64

static void write_name(wchar_t *name, const wchar_t *space, DWORD process, uint64_t hash) {
  swprintf(name, CARD_UNITS, L"%ls\\weir-end-mark-%08lx-%08lx%08lx", space, (unsigned long)process,
           (unsigned long)(hash >> 32), (unsigned long)(hash & 0xffffffffU));
}

DWORD calling_card_lay(DWORD process, uint64_t hash, HANDLE *event) {
  wchar_t name[CARD_UNITS];
  write_name(name, L"Global", process, hash);
  DWORD error = os_event_create(name, event);
  if (error != ERROR_ACCESS_DENIED) return error;
  write_name(name, L"Local", process, hash);
  return os_event_create(name, event);
}

static struct calling_card *find_card(const struct list *cards, DWORD process, uint64_t hash) {
  for (struct list_node *node = list_first(cards); node != NULL; node = list_after(cards, node)) {
    struct calling_card *card = CONTAINER_OF(node, struct calling_card, link);
    if (card->hash == hash && card->process == process) return card;
  }
  return NULL;
}

DWORD calling_card_hold(struct list *cards, const weir_allocator *allocator, DWORD process, uint64_t hash,
                        struct calling_card **held) {
  struct calling_card *card = find_card(cards, process, hash);
  if (card == NULL) {
    card = memory_get_zeroed(allocator, sizeof *card);
    if (card == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    DWORD error = calling_card_lay(process, hash, &card->event);
    if (error != ERROR_SUCCESS) {
      memory_put(allocator, card);
      return error;
    }
    card->process = process;
    card->hash = hash;
    list_append(cards, &card->link);
  }
  ++card->users;
  *held = card;
  return ERROR_SUCCESS;
}

void calling_card_release(const weir_allocator *allocator, struct calling_card *card) {
  if (card == NULL || --card->users > 0) return;
  list_remove(&card->link);
  os_close(card->event);
  memory_put(allocator, card);
}

/* "Access denied" is an answer too: there is such an event, and it belongs to another user. */
static bool event_exists(const wchar_t *space, DWORD process, uint64_t hash) {
  wchar_t name[CARD_UNITS];
  write_name(name, space, process, hash);
  DWORD error = os_event_find(name);
  return error == ERROR_SUCCESS || error == ERROR_ACCESS_DENIED;
}

bool calling_card_seen(DWORD process, uint64_t hash) {
  return event_exists(L"Global", process, hash) || event_exists(L"Local", process, hash);
}
