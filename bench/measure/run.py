# SPDX-License-Identifier: MIT
"""A whole run: what is measured in which order, and what of it goes into results.json.

What has its fixed time comes first, the race last, with as many rounds as fit. Each part has to end with its share
of the time, so that a busy machine makes a run less exact but not longer.
"""
import os
import platform
import time

from . import cell, counts, idle, primitives, summary
from .race import Race


class Plan:
    """How much of everything."""

    def __init__(self, **numbers):
        self.__dict__.update(numbers)


QUICK = Plan(seconds=52, cell_seconds=0.1, most_rounds=9, crowd_rounds=0, idle_connections=2000,
             primitive_rounds=1, counted=("weir", "epoll"), is_quick=True)
FULL = Plan(seconds=1140, cell_seconds=0.15, most_rounds=15, crowd_rounds=3, idle_connections=10000,
            primitive_rounds=3, counted=None, is_quick=False)
PRIMITIVES_SHARE = 0.3
CROWD_SHARE = 0.45
CROWD_NAMES = ("weir", "weir-uring", "weir-poll", "epoll", "uring", "libuv", "libuv-tuned", "libev")


def processor():
    """Its name as Linux knows it."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe_machine():
    return {"processor": processor(), "processors": os.cpu_count(), "kernel": platform.release().partition("-")[0],
            "load": os.getloadavg()[0], "date": time.strftime("%Y-%m-%d")}


def race(programs, contestants, cells, plan, deadline):
    """As many rounds as fit."""
    contest = Race(programs, contestants, cells, plan.cell_seconds)
    contest.run(deadline, plan.most_rounds)
    return contest.results()


def race_crowds(programs, contestants, plan, deadline):
    """Few rounds: to make so many connections takes longer than to measure them."""
    if plan.crowd_rounds == 0:
        return []
    taking_part = [contestant for contestant in contestants if contestant.name in CROWD_NAMES]
    contest = Race(programs, taking_part, cell.crowds(), plan.cell_seconds)
    contest.run(deadline, plan.crowd_rounds)
    return contest.results()


def run(programs, contestants, plan):
    """Everything that results.json holds."""
    start = time.monotonic()
    machine = describe_machine()
    counted = [each for each in contestants if plan.counted is None or each.name in plan.counted]
    results = {
        "machine": machine,
        "is_quick": plan.is_quick,
        "contestants": [{"name": each.name, "text": each.describe()} for each in contestants],
        "counts": counts.run(programs, counted),
        "memory": idle.run(programs, counted, plan.idle_connections),
        "primitives": primitives.run(programs, plan.primitive_rounds, start + PRIMITIVES_SHARE * plan.seconds,
                                     plan.is_quick),
        "crowd": race_crowds(programs, contestants, plan, start + CROWD_SHARE * plan.seconds),
        "race": race(programs, contestants, cell.quick() if plan.is_quick else cell.full(), plan,
                     start + plan.seconds),
    }
    names = [contestant.name for contestant in contestants]
    for each in results["race"] + results["crowd"]:
        each["summary"] = summary.summarize(each, names)
    results["seconds"] = time.monotonic() - start
    return results
