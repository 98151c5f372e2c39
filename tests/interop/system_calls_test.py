# SPDX-License-Identifier: MIT
"""What the library asks of the system, seen by strace: how it listens and accepts, and when options become calls."""

import os
import re
import shutil

from connection import free_endpoint
from harness import Skip, case, expect, expect_equal, expect_success, main, shows

TRACED = "socket,bind,listen,accept,accept4,setsockopt,shutdown,unlink,close,write"


def _steps(world, endpoint):
    """The calls of the peer that sets options, by the step in which it made them."""
    if world.windows:
        raise Skip("strace is for programs of Linux")
    strace = shutil.which("strace")
    if strace is None:
        raise Skip("there is no strace")
    probe = world.command(strace, "-o", os.devnull, "true")
    if probe.finish() != 0:
        raise Skip("strace may not trace here")
    file = os.path.join(world.directory, "trace")
    # The leak check of a sanitizer would want to trace as well.
    program = world.peer("option_setter", endpoint, before=[strace, "-f", "-e", f"trace={TRACED}", "-o", file],
                         environment={"ASAN_OPTIONS": "detect_leaks=0"})
    expect_success(program)
    steps, step = {"start": []}, "start"
    with open(file, encoding="utf-8", errors="replace") as trace:
        for line in trace:
            call = re.sub(r"^\d+ +", "", line).strip()
            if found := re.match(r'write\(1, "step ([-a-z]+)', call):
                step = found[1]
                steps[step] = []
            else:
                steps[step].append(call)
    return steps


def _options(calls):
    """The names and values of the options that calls set."""
    found = [re.match(r"setsockopt\(\d+, \w+, (\w+), \[(\d+)\], 4\) += 0", call) for call in calls]
    return [(match[1], int(match[2])) for match in found if match]


def _only(calls, name):
    """The one call of this name."""
    found = [call for call in calls if call.startswith(name + "(")]
    expect_equal(len(found), 1, f"calls of {name} in {calls}")
    return found[0]


def _expect_plain_server(world, steps):
    listen = _only(steps["listen"], "listen")
    expect(re.search(r", 511\) += 0", listen), f"the backlog: {listen}")
    later = [call for calls in steps.values() for call in calls]
    accepted = [call for call in later if call.startswith("accept4(") and "EAGAIN" not in call]
    # A ring accepts without a call.
    expect_equal(len(accepted), 0 if world.backend == "io_uring" else 1, f"calls of accept4 in {later}")
    for flag in ("SOCK_CLOEXEC", "SOCK_NONBLOCK"):
        for call in accepted:
            expect(flag in call, f"how it accepts: {call}")
        for call in later:
            expect(not call.startswith("socket(AF_") or flag in call, f"how it opens: {call}")
    ends = [call for call in steps["end"] if call.startswith("shutdown(")]
    # The server's answer needs no call: it closes at once. A ring may still have bytes to send then.
    expect_equal(len(ends), 2 if world.backend == "io_uring" else 1, f"calls of shutdown in {steps['end']}")
    expect("SHUT_WR" in ends[0], "the client's end is an end")


@case
@shows("EO-50 S048 A293")
def a_tcp_server_takes_511_clients_and_its_address_again(world):
    steps = _steps(world, free_endpoint("127.0.0.1"))
    _expect_plain_server(world, steps)
    options = _options(steps["listen"])
    expect(("SO_REUSEADDR", 1) in options, f"options of the listening socket: {options}")
    expect(not any(name == "SO_REUSEPORT" for name, _ in options), f"options of the listening socket: {options}")


@case
@shows("EO-50 S048 A293")
def a_unix_server_takes_511_clients_and_removes_its_file_first(world):
    steps = _steps(world, world.endpoint())
    _expect_plain_server(world, steps)
    calls = [call for calls in steps.values() for call in calls]
    unlinked = next(i for i, call in enumerate(calls) if call.startswith("unlink("))
    listening = re.match(r"listen\((\d+)", _only(calls, "listen"))[1]
    closed = next(i for i, call in enumerate(calls) if call.startswith(f"close({listening})"))
    expect(unlinked < closed, f"the file is gone before the server: {calls}")


@case
@shows("EO-50 A120 A121 A124 A128")
def options_become_calls_only_when_they_change(world):
    steps = _steps(world, free_endpoint("127.0.0.1"))
    expected = {
        "no-delay": [("TCP_NODELAY", 1)],
        "no-delay-again": [],
        "no-delay-off": [("TCP_NODELAY", 0)],
        "keep-alive": [("SO_KEEPALIVE", 1), ("TCP_KEEPIDLE", 3), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 10)],
        "keep-alive-again": [],
        "keep-alive-longer": [("SO_KEEPALIVE", 1), ("TCP_KEEPIDLE", 4), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 10)],
        "keep-alive-off": [("SO_KEEPALIVE", 0)],
    }
    for step, options in expected.items():
        expect_equal(sorted(_options(steps[step])), sorted(options), step)


@case
@shows("EO-50")
def a_local_socket_has_no_such_options(world):
    steps = _steps(world, world.endpoint())
    calls = [call for calls in steps.values() for call in calls if call.startswith("setsockopt(")]
    expect_equal(calls, [], "calls")


main()
