/* SPDX-License-Identifier: MIT */
#include <weir/event.h>

/* No default: a missing event is a warning, and so does not build. */
const char *weir_event_name(weir_event_type type) {
  switch (type) {
    case WEIR_EVENT_CONNECT:
      return "connect";
    case WEIR_EVENT_DATA:
      return "data";
    case WEIR_EVENT_END:
      return "end";
    case WEIR_EVENT_FINISH:
      return "finish";
    case WEIR_EVENT_DRAIN:
      return "drain";
    case WEIR_EVENT_TIMEOUT:
      return "timeout";
    case WEIR_EVENT_PAUSE:
      return "pause";
    case WEIR_EVENT_RESUME:
      return "resume";
    case WEIR_EVENT_PIPE:
      return "pipe";
    case WEIR_EVENT_UNPIPE:
      return "unpipe";
    case WEIR_EVENT_LISTENING:
      return "listening";
    case WEIR_EVENT_CONNECTION:
      return "connection";
    case WEIR_EVENT_DROP:
      return "drop";
    case WEIR_EVENT_ERROR:
      return "error";
    case WEIR_EVENT_CLOSE:
      return "close";
    case WEIR_EVENT_LOOKUP:
      return "lookup";
    case WEIR_EVENT_ATTEMPT:
      return "attempt";
    case WEIR_EVENT_ATTEMPT_FAILED:
      return "attempt failed";
    case WEIR_EVENT_MESSAGE:
      return "message";
    case WEIR_EVENT_EXIT:
      return "exit";
    case WEIR_EVENT_FORK:
      return "fork";
    case WEIR_EVENT_ONLINE:
      return "online";
    case WEIR_EVENT_DISCONNECT:
      return "disconnect";
  }
  return "unknown";
}
