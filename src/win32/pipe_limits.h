/* SPDX-License-Identifier: MIT */
/*
 * The sizes that shape named pipes here. They are choices, measured under Wine 8 only; each says what it trades.
 */
#ifndef WEIR_WIN32_PIPE_LIMITS_H
#define WEIR_WIN32_PIPE_LIMITS_H

/* The longest whole name in UTF-16 units. Documented for CreateNamedPipeW; Wine 8 takes 259. */
#define PIPE_NAME_UNITS 256

/* What each direction holds before a writer must wait. A quota, no allocation: it costs only what lies in the pipe. */
#define PIPE_QUOTA_BYTES 65536

/* The most that one message of ours holds, and one completed read of a stream. */
#define PIPE_CHUNK_BYTES 65536

/* What an idle connection pins, because a read without a buffer would swallow the end mark. */
#define PIPE_SMALL_BYTES 128

/* How many reads of busy pipes may wait in a large buffer at a time, in one loop: 1 MiB. */
#define PIPE_LOANS_MAX 16

/* A read that has waited in one for so many batches of the loop gives it back when another pipe wants one, */
#define PIPE_LOAN_BATCHES 256

/* and when nothing at all has come for so long. */
#define PIPE_QUIET_NS UINT64_C(100000000)

/*
 * How many instances of a new server wait for clients, unless its backlog is smaller: a burst of so many never sees a
 * busy pipe. An instance costs a handle and, under Wine, a tenth of a millisecond of listening. A larger backlog's are
 * added when a burst has used these up.
 */
#define PIPE_INSTANCES_AT_FIRST 256

#endif
