/* SPDX-License-Identifier: MIT */
/* One direction of a connection; see flow.h. */
#include "sim/flow.h"

#include <assert.h>
#include <string.h>

void flow_init(struct flow *flow, unsigned char *bytes, size_t capacity) {
  assert(capacity > 0);
  memset(flow, 0, sizeof *flow);
  flow->bytes = bytes;
  flow->capacity = capacity;
}

size_t flow_room(const struct flow *flow) { return flow->capacity - flow->length; }

bool flow_is_readable(const struct flow *flow) { return flow->length > 0 || flow->state != FLOW_OPEN; }

bool flow_is_writable(const struct flow *flow) { return flow->write_code != WEIR_OK || flow_room(flow) > 0; }

void flow_put(struct flow *flow, const void *bytes, size_t length) {
  if (flow->late_code != WEIR_OK) {
    flow_forbid(flow, flow->late_code);
    return;
  }
  assert(flow->state == FLOW_OPEN && flow->write_code == WEIR_OK);
  assert(length <= flow_room(flow));
  size_t at = (flow->start + flow->length) % flow->capacity;
  size_t first = length < flow->capacity - at ? length : flow->capacity - at;
  memcpy(flow->bytes + at, bytes, first);
  memcpy(flow->bytes, (const unsigned char *)bytes + first, length - first);
  flow->length += length;
}

void flow_get(struct flow *flow, void *bytes, size_t length) {
  assert(length <= flow->length);
  size_t first = length < flow->capacity - flow->start ? length : flow->capacity - flow->start;
  memcpy(bytes, flow->bytes + flow->start, first);
  memcpy((unsigned char *)bytes + first, flow->bytes, length - first);
  flow->start = (flow->start + length) % flow->capacity;
  flow->length -= length;
}

void flow_end(struct flow *flow) {
  if (flow->state == FLOW_OPEN) flow->state = FLOW_ENDED;
}

void flow_break(struct flow *flow, weir_code read_code) {
  if (flow->state == FLOW_BROKEN) return;
  flow->state = FLOW_BROKEN;
  flow->read_code = read_code;
}

void flow_forbid(struct flow *flow, weir_code write_code) {
  if (flow->write_code == WEIR_OK) flow->write_code = write_code;
}

void flow_refuse(struct flow *flow, weir_code write_code) {
  flow->length = 0;
  flow_forbid(flow, write_code);
}

void flow_desert(struct flow *flow, weir_code late_code) {
  flow->length = 0;
  flow->late_code = late_code;
}
