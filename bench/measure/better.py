# SPDX-License-Identifier: MIT
"""Where another library is better than Weir. What Weir's own pages would rather not say, a program says for them.

The hand-written servers are the limit and no library, so they are not asked. Times count when they differ by more than
their rounds do among themselves.
"""
from . import summary, table
from .contestant import WEIR, YARDSTICK

LIMITS = (YARDSTICK, "uring")
CLEARLY = 0.95


def peers_of(results):
    """The other libraries."""
    names = [contestant["name"] for contestant in results["contestants"]]
    return [name for name in names if name not in LIMITS and not name.startswith(WEIR)]


def in_race(results):
    """Processor time per message: where a whole quarter of the rounds lies between the two."""
    for cell in results["race"] + results["crowd"]:
        own = summary.ratio(cell, WEIR, summary.CPU)
        spreads = [(name, summary.ratio(cell, name, summary.CPU)) for name in peers_of(results)]
        better = [(name, spread.median) for name, spread in spreads
                  if spread is not None and spread.high < own.low and spread.median < CLEARLY * own.median]
        yield f"processor time, {cell['transport']} {cell['cell']}", own.median, better, 2


def in_counts(results):
    """System calls and instructions."""
    for key, (title, precision) in table.COUNTS.items():
        counted = {count["contestant"]: count["cells"] for count in results["counts"] if count["count"] == key}
        for cell, own in counted.get(WEIR, {}).items():
            better = [(name, counted[name][cell]) for name in peers_of(results)
                      if name in counted and counted[name][cell] < 0.98 * own]
            yield f"{title.lower()}, {cell}", own, better, precision


def in_memory(results):
    """Bytes per open connection, and what the process has before."""
    for key, text in table.MEMORY.items():
        for transport in ("unix", "tcp"):
            here = {memory["contestant"]: memory[key] for memory in results["memory"]
                    if memory["transport"] == transport}
            better = [(name, here[name]) for name in peers_of(results) if name in here and here[name] < here[WEIR]]
            scale = 1024 if key == "base" else 1
            yield (f"memory, {transport}, {text}", here[WEIR] / scale,
                   [(name, number / scale) for name, number in better], 0)


def in_primitives(results):
    """Nanoseconds."""
    for cell in dict.fromkeys(each["cell"] for each in results["primitives"]):
        times = {each["library"]: each["nanoseconds"] for each in results["primitives"] if each["cell"] == cell}
        if WEIR in times:
            better = [(name, number) for name, number in times.items() if number < CLEARLY * times[WEIR]]
            yield f"nanoseconds, {cell}", times[WEIR], better, 1


def find(results):
    """A table with a row for everything in which some peer is better."""
    rows = []
    for look in (in_race, in_counts, in_memory, in_primitives):
        for text, own, better, precision in look(results):
            better.sort(key=lambda each: each[1])
            names = ", ".join(f"{name} {number:,.{precision}f}" for name, number in better)
            if names:
                rows.append([text, f"{own:,.{precision}f}", names])
    return table.Table("Where a peer is better", ["", "Weir", "better"], rows)
