/* SPDX-License-Identifier: MIT */
/*
 * What both libuv servers of the bench have in common: listening, accepting, the sink, and an end at SIGTERM.
 *
 * How they echo is their own: uv_echo as libuv's guide does it, uv_tuned_echo with what libuv offers to who wants more.
 */
#ifndef BENCH_UV_SERVER_H
#define BENCH_UV_SERVER_H

#include <uv.h>

/* What the server does with a client that has come: it starts reading. */
typedef void (*uv_server_begin)(uv_stream_t *client);

/* Serves what the command line says until SIGTERM. Returns the exit status. */
int uv_server_run(int argument_count, char **texts, uv_server_begin begin);

/* Closes a client, and gives its memory back when that is done. */
void uv_server_close_client(uv_stream_t *client);

#endif
