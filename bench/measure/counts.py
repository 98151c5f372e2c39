# SPDX-License-Identifier: MIT
"""What one operation costs in counts that no other process disturbs: system calls and instructions in user space.

A server runs a short and a long load under strace or callgrind. The difference, divided by the operations between the
two, has no start and no end in it.
"""
import os
import shutil
import signal
import tempfile

from . import progress
from .contestant import WEIR
from .counter import Callgrind, Strace
from .failure import Failure
from .server import Server, load

# Name, options, operations of the short and of the long load.
CELLS = (
    ("64 B x 1", ("--connections", "1"), 500, 2500),
    ("64 B x 100", ("--connections", "100"), 1000, 9000),
    ("64 KiB x 10", ("--connections", "10", "--size", "65536"), 200, 1200),
    ("churn", ("--mode", "churn", "--connections", "1"), 200, 1200),
)


class Counted(Server):
    """A server under the eyes of a counter, which writes its file when the server ends."""

    def __init__(self, folder, contestant, counter):
        self.output = os.path.join(folder, "output")
        super().__init__(folder, contestant, "unix", pinned=False, wrapper=counter.words(self.output))
        self.counter = counter

    def terminate(self):
        os.kill(self.counter.server_of(self.process.pid), signal.SIGTERM)


def count(programs, folder, contestant, counter, options, operations):
    """Everything the counter saw in a run of so many operations."""
    with Counted(folder, contestant, counter) as server:
        status, _, complaint = load(programs, server.endpoint, (*options, "--count", str(operations)))
    if status != 0:
        raise Failure(f"{contestant.name} under {counter.program}: {complaint}")
    with open(server.output, encoding="utf-8") as file:
        return counter.parts(file.read())


def count_cells(programs, folder, contestant, counter):
    """By name of the cell, what one operation costs and in which parts."""
    result = {}
    for name, options, short, long in CELLS:
        progress.show(f"{counter.program}: {contestant.name}, {name}")
        parts = count(programs, folder, contestant, counter, options, long)
        parts.subtract(count(programs, folder, contestant, counter, options, short))
        result[name] = {part: number / (long - short) for part, number in parts.items() if number != 0}
    return result


def tell(contestant, counter, cells):
    """For results.json. Which functions others consist of is not told: their names would fill it."""
    has_parts = counter is Strace or contestant.name == WEIR
    return {"contestant": contestant.name, "count": counter.key,
            "cells": {cell: sum(parts.values()) for cell, parts in cells.items()},
            "parts": cells if has_parts else {}}


def run(programs, contestants):
    """For results.json; a counter that is not there counts nothing."""
    results = []
    with tempfile.TemporaryDirectory(prefix="weir-bench.") as folder:
        for counter in (Strace, Callgrind):
            if shutil.which(counter.program) is None:
                continue
            for contestant in contestants:
                if counter.can_count(contestant):
                    cells = count_cells(programs, folder, contestant, counter)
                    results.append(tell(contestant, counter, cells))
    return results
