/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Everything of Weir: servers and sockets for talking between processes, the same on every system.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/address.h>
#include <weir/block_list.h>
#include <weir/bound.h>
#include <weir/cancellation.h>
#include <weir/channel.h>
#include <weir/cluster.h>
#include <weir/encoding.h>
#include <weir/endpoint.h>
#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>
#include <weir/hand_over.h>
#include <weir/lookup.h>
#include <weir/loop.h>
#include <weir/process.h>
#include <weir/server.h>
#include <weir/signal.h>
#include <weir/sim.h>
#include <weir/socket.h>
#include <weir/tcp.h>
#include <weir/timer.h>
#include <weir/work.h>

#endif
