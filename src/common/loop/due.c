/* SPDX-License-Identifier: MIT */
/* What is done when a deadline has come: all time-outs of the library stand here. */
#include "common/channel/channel.h"
#include "common/loop/deadline.h"
#include "common/loop/timer.h"
#include "common/process/process.h"
#include "common/server/server.h"
#include "common/service/lookup.h"
#include "common/socket/connecting.h"
#include "common/socket/socket.h"

static void (*const functions[])(struct deadline *deadline) = {
    [DEADLINE_TIMER] = timer_come,
    [DEADLINE_ACCEPT] = server_accept_again,
    [DEADLINE_CONNECT] = connecting_time_out,
    [DEADLINE_RETRY] = race_try_again,
    [DEADLINE_NEXT_ATTEMPT] = race_begin_next,
    [DEADLINE_LOOKUP] = lookup_tell_in_time,
    [DEADLINE_IDLE] = socket_idle_come,
    [DEADLINE_BUFFERS] = socket_write_again,
    [DEADLINE_SILENCE] = socket_silence_come,
    [DEADLINE_CHANNEL] = channel_flush_again,
    [DEADLINE_PROCESS] = process_lose_patience,
};

void deadline_come(struct deadline *deadline) { functions[deadline->purpose](deadline); }
