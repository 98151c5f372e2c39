# SPDX-License-Identifier: MIT
"""What one operation costs in counts that no other process disturbs: system calls and instructions in user space.

A server runs a short and a long load under strace or callgrind. The difference, divided by the operations between the
two, has no start and no end in it.
"""
import os
import re
import shutil
import signal
import tempfile

from . import progress
from .failure import Failure
from .server import Server, load

# Name, options, operations of the short and of the long load.
CELLS = (
    ("64 B x 1", ("--connections", "1"), 500, 2500),
    ("64 B x 100", ("--connections", "100"), 1000, 9000),
    ("64 KiB x 10", ("--connections", "10", "--size", "65536"), 200, 1200),
    ("churn", ("--mode", "churn", "--connections", "1"), 200, 1200),
)


class Traced(Server):
    """A server under the eyes of a tool, which writes into a file when the server ends."""

    def __init__(self, folder, contestant, tool):
        self.output = os.path.join(folder, "output")
        super().__init__(folder, contestant, "unix", pinned=False, wrapper=tool.words(self.output))
        self.tool = tool

    def terminate(self):
        os.kill(self.tool.server_of(self.process.pid), signal.SIGTERM)


class Strace:
    """Counts system calls, of all threads."""

    key = "system_calls"
    program = "strace"

    @staticmethod
    def words(output):
        return ["strace", "-f", "-c", "-o", output]

    @staticmethod
    def server_of(pid):
        """strace would keep a SIGTERM for itself: the server is its child."""
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    @staticmethod
    def total(text):
        return int(re.search(r"(\d+)\s+(?:\d+\s+)?total", text).group(1))

    @staticmethod
    def can_count(contestant):
        del contestant
        return True


class Callgrind:
    """Counts instructions in user space, the C library's too."""

    key = "instructions"
    program = "valgrind"

    @staticmethod
    def words(output):
        return ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={output}"]

    @staticmethod
    def server_of(pid):
        return pid

    @staticmethod
    def total(text):
        return int(re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE).group(1))

    @staticmethod
    def can_count(contestant):
        return contestant.counts_instructions


def count(programs, folder, contestant, tool, options, operations):
    """Everything the tool saw in a run of so many operations."""
    with Traced(folder, contestant, tool) as server:
        status, _, complaint = load(programs, server.endpoint, (*options, "--count", str(operations)))
    if status != 0:
        raise Failure(f"{contestant.name} under {tool.program}: {complaint}")
    with open(server.output, encoding="utf-8") as file:
        return tool.total(file.read())


def count_each(programs, folder, contestant, tool):
    """By name of the cell, what one operation costs."""
    result = {}
    for name, options, short, long in CELLS:
        progress.show(f"{tool.program}: {contestant.name}, {name}")
        costs = [count(programs, folder, contestant, tool, options, operations) for operations in (short, long)]
        result[name] = (costs[1] - costs[0]) / (long - short)
    return result


def run(programs, contestants):
    """For results.json; a tool that is not there counts nothing."""
    results = []
    with tempfile.TemporaryDirectory(prefix="weir-bench.") as folder:
        for tool in (Strace, Callgrind):
            if shutil.which(tool.program) is None:
                continue
            for contestant in contestants:
                if tool.can_count(contestant):
                    counted = count_each(programs, folder, contestant, tool)
                    results.append({"contestant": contestant.name, "count": tool.key, "cells": counted})
    return results
