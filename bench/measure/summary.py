# SPDX-License-Identifier: MIT
"""One number out of many rounds: medians, and ratios to the yardstick, which are taken inside a round."""
import statistics

from .contestant import YARDSTICK

RATE = "messages_per_second"
CPU = "server_cpu_us_per_message"
P50 = "p50_us"
P99 = "p99_us"


class Spread:
    """A median with the quarter below and the quarter above it, so that one disturbed round does not show."""

    def __init__(self, numbers):
        ordered = sorted(numbers)
        self.count = len(ordered)
        self.median = statistics.median(ordered)
        quarter = len(ordered) // 4
        self.low, self.high = ordered[quarter], ordered[-1 - quarter]

    def as_list(self):
        """For results.json."""
        return [self.low, self.median, self.high]


def values(cell, name, key):
    """One contestant's number in each round; rounds in which it could not be measured are left out."""
    reports = (reports.get(name) for reports in cell["rounds"])
    return [report[key] for report in reports if report is not None and report.get(key) is not None]


def typical(cell, name, key):
    """The spread of one contestant's number, or None."""
    numbers = values(cell, name, key)
    return Spread(numbers) if numbers else None


def ratio(cell, name, key):
    """The spread of its ratios to the yardstick, or None."""
    ratios = []
    for reports in cell["rounds"]:
        own, yardstick = (reports.get(each, {}).get(key) for each in (name, YARDSTICK))
        if own is not None and yardstick:
            ratios.append(own / yardstick)
    return Spread(ratios) if ratios else None


# What the cells of a group have in common says more than each alone. In each transport; those that are not there are
# left out.
GROUPS = {
    "64 B x 10 to 1,000": ("64 B x 10", "64 B x 100", "64 B x 1,000"),
    "64 KiB x 10": ("64 KiB x 10",),
    "stream": ("stream",),
    "sink": ("sink",),
    "churn": ("churn",),
}


def groups(cells):
    """A text and the cells of each group that has any."""
    for transport in ("unix", "tcp"):
        for text, names in GROUPS.items():
            members = [cell for cell in cells if cell["transport"] == transport and cell["cell"] in names]
            if members:
                yield f"{transport} {text}", members


def group_ratio(cells, name, key):
    """The spread over the rounds of the geometric mean of the ratios in one round, or None."""
    means = []
    for reports in zip(*(cell["rounds"] for cell in cells)):
        pairs = [(report.get(name, {}).get(key), report.get(YARDSTICK, {}).get(key)) for report in reports]
        if all(own and yardstick for own, yardstick in pairs):
            means.append(statistics.geometric_mean(own / yardstick for own, yardstick in pairs))
    return Spread(means) if means else None


def summarize(cell, names):
    """For results.json, beside the rounds: [low quartile, median, high quartile] of everything."""
    result = {}
    for name in names:
        numbers = {key: typical(cell, name, key) for key in (RATE, CPU, P50, P99)}
        numbers |= {f"{key}_ratio": ratio(cell, name, key) for key in (RATE, CPU)}
        result[name] = {key: spread.as_list() for key, spread in numbers.items() if spread is not None}
    return result
