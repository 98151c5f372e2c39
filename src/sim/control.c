/* SPDX-License-Identifier: MIT */
/* What a simulated connection can be asked and told. Options change nothing here but how it closes; they are kept. */
#include "sim/parts.h"

const struct tcp_options *sim_tcp_options(const struct connection *connection) { return &connection->end->options; }

static weir_code tell(struct wire_end *end, enum control control, const void *argument) {
  switch (control) {
    case CONTROL_NO_DELAY:
      end->options.no_delay = *(const bool *)argument;
      return WEIR_OK;
    case CONTROL_KEEP_ALIVE:
      end->options.keep_alive = *(const struct keep_alive *)argument;
      return WEIR_OK;
    case CONTROL_TYPE_OF_SERVICE:
      end->options.type_of_service = *(const int *)argument;
      return WEIR_OK;
    case CONTROL_LINGER:
      end->options.linger_s = *(const int *)argument;
      return WEIR_OK;
    default:
      return WEIR_ENOTSUP;
  }
}

weir_code sim_control(struct backend *backend, struct connection *connection, enum control control, void *argument) {
  sim_check_open(backend, connection);
  struct wire_end *end = connection->end;
  if (control == CONTROL_CAN_HALF_CLOSE) {
    *(bool *)argument = true;
    return WEIR_OK;
  }
  if (end->wire->transport != TRANSPORT_TCP) return WEIR_ENOTSUP;
  if (control == CONTROL_LOCAL_ADDRESS || control == CONTROL_REMOTE_ADDRESS) {
    *(weir_address *)argument = control == CONTROL_LOCAL_ADDRESS ? end->local : end->remote;
    return WEIR_OK;
  }
  weir_code fault = sim_count_operation(backend->world, WEIR_SIM_FAULT_OPTION);
  return fault == WEIR_OK ? tell(end, control, argument) : fault;
}
