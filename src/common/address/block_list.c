/* SPDX-License-Identifier: MIT */
/*
 * Block lists. Every rule, whatever it was added as, is a first and a last address of 16 bytes, IPv4 as IPv4-mapped;
 * so one comparison serves all kinds and both families. Kind, family and prefix are kept for the text alone.
 */
#include <weir/block_list.h>

#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/address/ip.h"
#include "common/base/memory.h"

enum rule_kind { RULE_ADDRESS = 0, RULE_RANGE, RULE_SUBNET };

struct rule {
  enum rule_kind kind;
  weir_family family;
  int prefix; /* of a subnet, as its family counts */
  unsigned char first[IPV6_BYTES];
  unsigned char last[IPV6_BYTES];
};

/* The rules stand in the order in which they were added. */
struct weir_block_list {
  atomic_size_t owner_count;
  weir_allocator allocator;
  struct rule *rules;
  size_t count;
  size_t capacity;
};

enum { FIRST_CAPACITY = 8 };

/* The long text of a rule begins with its kind and family. */
static const char *const kind_names[] = {"Address", "Range", "Subnet"};

enum { LABEL_BYTES = sizeof "Address: IPv4 " };

_Static_assert(sizeof "Range: IPv6 " + (IP_TEXT_BYTES - 1) + sizeof "-" - 1 + (IP_TEXT_BYTES - 1) <=
                   WEIR_RULE_TEXT_BYTES,
               "the longest text has room");

/* From addresses, or from a text, to a rule. */

static bool is_family(weir_family family) { return family == WEIR_FAMILY_IPV4 || family == WEIR_FAMILY_IPV6; }

static void set_rule(struct rule *rule, enum rule_kind kind, weir_family family, const unsigned char *first,
                     const unsigned char *last) {
  memset(rule, 0, sizeof *rule);
  rule->kind = kind;
  rule->family = family;
  ip_map(family, first, rule->first);
  ip_map(family, last, rule->last);
}

static weir_code make_range(weir_family family, const unsigned char *first, const unsigned char *last,
                            struct rule *rule) {
  set_rule(rule, RULE_RANGE, family, first, last);
  return memcmp(rule->first, rule->last, sizeof rule->first) <= 0 ? WEIR_OK : WEIR_EINVAL;
}

static weir_code make_subnet(weir_family family, const unsigned char *network, int prefix, struct rule *rule) {
  int family_bits = CHAR_BIT * (family == WEIR_FAMILY_IPV4 ? IPV4_BYTES : IPV6_BYTES);
  if (prefix < 0 || prefix > family_bits) return WEIR_EINVAL;
  set_rule(rule, RULE_SUBNET, family, network, network);
  rule->prefix = prefix;
  size_t kept_bits = (size_t)(CHAR_BIT * IPV6_BYTES - family_bits + prefix);
  for (size_t i = 0; i < IPV6_BYTES; i++) {
    size_t kept = kept_bits <= i * CHAR_BIT ? 0 : kept_bits - i * CHAR_BIT;
    unsigned char rest = (unsigned char)(kept >= CHAR_BIT ? 0 : UCHAR_MAX >> kept);
    rule->first[i] &= (unsigned char)~rest;
    rule->last[i] |= rest;
  }
  return WEIR_OK;
}

static weir_code parse_short(const char *text, struct rule *rule) {
  size_t length = strlen(text);
  size_t span = strcspn(text, "-/");
  struct ip first, last;
  if (!ip_parse(text, span, &first) || first.zone_length > 0) return WEIR_EINVAL;
  if (span == length) {
    set_rule(rule, RULE_ADDRESS, first.family, first.bytes, first.bytes);
    return WEIR_OK;
  }
  const char *behind = text + span + 1;
  if (text[span] == '/') {
    unsigned prefix;
    if (!ip_parse_number(behind, length - span - 1, CHAR_BIT * IPV6_BYTES, &prefix)) return WEIR_EINVAL;
    return make_subnet(first.family, first.bytes, (int)prefix, rule);
  }
  if (!ip_parse(behind, length - span - 1, &last) || last.zone_length > 0) return WEIR_EINVAL;
  if (last.family != first.family) return WEIR_EINVAL;
  return make_range(first.family, first.bytes, last.bytes, rule);
}

static void format_label(const struct rule *rule, char label[LABEL_BYTES]) {
  snprintf(label, LABEL_BYTES, "%s: IPv%d ", kind_names[rule->kind], rule->family == WEIR_FAMILY_IPV4 ? 4 : 6);
}

/* A short text has no blanks; what comes before it must be the label of what it says. */
static weir_code parse_rule(const char *text, struct rule *rule) {
  if (text == NULL) return WEIR_EINVAL;
  const char *blank = strrchr(text, ' ');
  if (blank == NULL) return parse_short(text, rule);
  weir_code code = parse_short(blank + 1, rule);
  if (code != WEIR_OK) return code;
  char label[LABEL_BYTES];
  format_label(rule, label);
  size_t label_length = strlen(label);
  return strncmp(text, label, label_length) == 0 && text + label_length == blank + 1 ? WEIR_OK : WEIR_EINVAL;
}

/* From a rule to its text. */

static void format_end(const struct rule *rule, const unsigned char mapped[IPV6_BYTES], char text[IP_TEXT_BYTES]) {
  size_t offset = rule->family == WEIR_FAMILY_IPV4 ? IPV6_BYTES - IPV4_BYTES : 0;
  ip_format(rule->family, mapped + offset, text);
}

static size_t format_rule(const struct rule *rule, char *text, size_t size) {
  char label[LABEL_BYTES], first[IP_TEXT_BYTES], rest[1 + IP_TEXT_BYTES] = "";
  format_label(rule, label);
  format_end(rule, rule->first, first);
  if (rule->kind == RULE_RANGE) {
    rest[0] = '-';
    format_end(rule, rule->last, rest + 1);
  }
  if (rule->kind == RULE_SUBNET) snprintf(rest, sizeof rest, "/%d", rule->prefix);
  return (size_t)snprintf(text, size, "%s%s%s", label, first, rest);
}

/* The list itself. */

static weir_code append(weir_block_list *list, const struct rule *rule) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : list->capacity * 2;
    struct rule *rules = memory_resize(&list->allocator, list->rules, capacity * sizeof *rules);
    if (rules == NULL) return WEIR_ENOMEM;
    list->rules = rules;
    list->capacity = capacity;
  }
  list->rules[list->count++] = *rule;
  return WEIR_OK;
}

weir_code weir_block_list_create(const weir_allocator *allocator, weir_block_list **list) {
  if (allocator == NULL || allocator->resize == NULL) allocator = &memory_default;
  weir_block_list *made = memory_get_zeroed(allocator, sizeof *made);
  *list = made;
  if (made == NULL) return WEIR_ENOMEM;
  atomic_init(&made->owner_count, 1);
  made->allocator = *allocator;
  return WEIR_OK;
}

weir_block_list *weir_block_list_retain(weir_block_list *list) {
  atomic_fetch_add_explicit(&list->owner_count, 1, memory_order_relaxed);
  return list;
}

void weir_block_list_release(weir_block_list *list) {
  if (list == NULL) return;
  size_t owners = atomic_fetch_sub_explicit(&list->owner_count, 1, memory_order_acq_rel);
  assert(owners > 0);
  if (owners > 1) return;
  weir_allocator allocator = list->allocator;
  memory_put(&allocator, list->rules);
  memory_put(&allocator, list);
}

weir_code weir_block_list_add_address(weir_block_list *list, const weir_address *address) {
  struct rule rule;
  if (!is_family(address->family)) return WEIR_EINVAL;
  set_rule(&rule, RULE_ADDRESS, address->family, address->bytes, address->bytes);
  return append(list, &rule);
}

weir_code weir_block_list_add_range(weir_block_list *list, const weir_address *first, const weir_address *last) {
  struct rule rule;
  if (!is_family(first->family) || first->family != last->family) return WEIR_EINVAL;
  weir_code code = make_range(first->family, first->bytes, last->bytes, &rule);
  return code == WEIR_OK ? append(list, &rule) : code;
}

weir_code weir_block_list_add_subnet(weir_block_list *list, const weir_address *network, int prefix) {
  struct rule rule;
  if (!is_family(network->family)) return WEIR_EINVAL;
  weir_code code = make_subnet(network->family, network->bytes, prefix, &rule);
  return code == WEIR_OK ? append(list, &rule) : code;
}

weir_code weir_block_list_add(weir_block_list *list, const char *rule) {
  struct rule parsed;
  weir_code code = parse_rule(rule, &parsed);
  return code == WEIR_OK ? append(list, &parsed) : code;
}

/* The family does not count: both name the same addresses. */
static bool says_the_same(const struct rule *a, const struct rule *b) {
  return a->kind == b->kind && memcmp(a->first, b->first, sizeof a->first) == 0 &&
         memcmp(a->last, b->last, sizeof a->last) == 0;
}

weir_code weir_block_list_remove(weir_block_list *list, const char *rule) {
  struct rule parsed;
  weir_code code = parse_rule(rule, &parsed);
  if (code != WEIR_OK) return code;
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i++) {
    if (!says_the_same(&list->rules[i], &parsed)) list->rules[kept++] = list->rules[i];
  }
  bool was_found = kept < list->count;
  list->count = kept;
  return was_found ? WEIR_OK : WEIR_ENOENT;
}

void weir_block_list_clear(weir_block_list *list) {
  memory_put(&list->allocator, list->rules);
  list->rules = NULL;
  list->count = 0;
  list->capacity = 0;
}

bool weir_block_list_check(const weir_block_list *list, const weir_address *address) {
  if (list == NULL || !is_family(address->family)) return false;
  unsigned char mapped[IPV6_BYTES];
  ip_map(address->family, address->bytes, mapped);
  for (size_t i = list->count; i > 0; i--) {
    const struct rule *rule = &list->rules[i - 1];
    if (memcmp(rule->first, mapped, sizeof mapped) <= 0 && memcmp(mapped, rule->last, sizeof mapped) <= 0) return true;
  }
  return false;
}

size_t weir_block_list_count(const weir_block_list *list) { return list->count; }

size_t weir_block_list_rule(const weir_block_list *list, size_t index, char *text, size_t size) {
  if (size > 0) text[0] = '\0';
  return index < list->count ? format_rule(&list->rules[list->count - 1 - index], text, size) : 0;
}
