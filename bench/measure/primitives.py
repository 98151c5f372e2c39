# SPDX-License-Identifier: MIT
"""Timers, wake-ups and handles without any traffic: programs of their own, one for each library, print them.

A program prints a line of JSON for each cell: library, cell, count, nanoseconds.
"""
import glob
import json
import os
import random
import statistics
import subprocess
import time

from . import progress
from .failure import Failure


def find(programs):
    """Every program that is built, Weir's first: primitives_weir, peers/primitives_uv and so on."""
    paths = [path for folder in (programs, os.path.join(programs, "peers"))
             for path in sorted(glob.glob(os.path.join(folder, "primitives_*")))]
    return [path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)]


def run_program(path, quick):
    progress.show(f"primitives: {os.path.basename(path)}")
    words = [path, *(["--quick"] if quick else [])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{path}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(programs, most, deadline, quick):
    """For results.json: for each library and cell the median over the rounds, with its smallest and its largest.

    There is one round in any case, and no other one begins behind the deadline.
    """
    found = {}
    paths = find(programs)
    for done in range(most):
        if done > 0 and time.monotonic() > deadline:
            break
        for path in paths:
            for line in run_program(path, quick):
                key = (line["cell"], line["count"], line["library"])
                found.setdefault(key, []).append(line["nanoseconds"])
        random.shuffle(paths)
    return [{"cell": cell, "count": count, "library": library, "nanoseconds": statistics.median(times),
             "smallest": min(times), "largest": max(times)} for (cell, count, library), times in found.items()]
