# SPDX-License-Identifier: MIT
"""The tables that a run prints: a row for each cell, a column for each contestant.

A table is made of rows of texts, so that the same one can be printed and written into a document.
"""
from . import summary

COUNTS = {"system_calls": ("System calls per operation", 2), "instructions": ("Instructions per operation", 0)}
MEMORY = {"silent": "open", "spoken": "after a message", "kept": "kept after close", "base": "process, KiB"}


class Table:
    """`rows` have as many texts as `heads`; the first of each says what the row is."""

    def __init__(self, title, heads, rows):
        self.title = title
        self.heads = heads
        self.rows = rows

    def in_text(self):
        """For a terminal."""
        lines = [self.heads, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.heads))]
        texts = [line[0].ljust(widths[0]) + "".join(f"  {word:>{width}}" for word, width in zip(line[1:], widths[1:]))
                 for line in lines]
        return "\n".join([self.title, "", *(text.rstrip() for text in texts)])

    def in_markdown(self):
        """For a document."""
        rule = "| --- |" + " ---: |" * (len(self.heads) - 1)
        lines = ["| " + " | ".join(line) + " |" for line in (self.heads, *self.rows)]
        return "\n".join([lines[0], rule, *lines[1:]])


def with_spread(spread, precision=2):
    """1.02 ±.03: the half of the distance between the quarters. A single round has none."""
    if spread is None:
        return "-"
    if spread.count == 1:
        return f"{spread.median:.{precision}f}"
    half = f"{(spread.high - spread.low) / 2:.{precision}f}"
    return f"{spread.median:.{precision}f} ±{half.removeprefix('0')}"


def plain(spread, precision):
    """A median alone."""
    return "-" if spread is None else f"{spread.median:,.{precision}f}"


def of_cells(title, cells, names, text_of):
    """A row for each cell; text_of(cell, name) is what stands in a column."""
    rows = [[f"{cell['transport']} {cell['cell']}", *(text_of(cell, name) for name in names)] for cell in cells]
    return Table(title, ["", *names], rows)


def ratios(cells, names, key, title):
    """Ratios to the yardstick, each with its spread."""
    return of_cells(title, cells, names, lambda cell, name: with_spread(summary.ratio(cell, name, key)))


def group_ratios(cells, names, key, title):
    """The same for groups of cells, with less noise."""
    rows = [[text, *(with_spread(summary.group_ratio(members, name, key)) for name in names)]
            for text, members in summary.groups(cells)]
    return Table(title, ["", *names], rows)


def absolutes(cells, names, key, precision, title):
    """Medians: what they say of is this machine."""
    return of_cells(title, cells, names, lambda cell, name: plain(summary.typical(cell, name, key), precision))


def latencies(cells, names):
    """Half of the messages were back by the first time, 99 of 100 by the second."""

    def text_of(cell, name):
        low, high = (plain(summary.typical(cell, name, key), 0) for key in (summary.P50, summary.P99))
        return f"{low} / {high}"

    timed = [cell for cell in cells if any(summary.P50 in report for report in cell["rounds"][0].values())]
    return of_cells("Latency in microseconds, median / 99th percentile", timed, names, text_of)


def counts(results, names, key):
    """What callgrind or strace counted; None when nothing was."""
    counted = {result["contestant"]: result["cells"] for result in results if result["count"] == key}
    if not counted:
        return None
    title, precision = COUNTS[key]
    columns = [name for name in names if name in counted]
    cells = list(next(iter(counted.values())))
    rows = [[cell, *(f"{counted[name][cell]:,.{precision}f}" for name in columns)] for cell in cells]
    return Table(f"{title} (Unix sockets)", ["", *columns], rows)


def parts(columns, precision, least):
    """A row for each part that is worth one somewhere, the dearest first, and the rest in one. `columns`: by head."""
    sums = {}
    for numbers in columns.values():
        for part, number in numbers.items():
            sums[part] = max(sums.get(part, 0), number)
    shown = sorted((part for part, number in sums.items() if number >= least), key=lambda part: -sums[part])
    rows = [[part, *(text_of_part(numbers.get(part, 0), precision) for numbers in columns.values())] for part in shown]
    rest = [sum(number for part, number in numbers.items() if part not in shown) for numbers in columns.values()]
    rows.append(["the rest", *(text_of_part(number, precision) for number in rest)])
    return Table("", ["", *columns], rows)


def text_of_part(number, precision):
    """Nothing for nothing, so that what is there stands out."""
    text = f"{number:,.{precision}f}"
    return "" if float(text.replace(",", "")) == 0 else text


def system_calls_of(results, names, cell):
    """Which ones an operation consists of; None when nobody counted."""
    columns = {count["contestant"]: count["parts"][cell] for count in results if count["count"] == "system_calls"}
    return parts({name: columns[name] for name in names if name in columns}, 2, 0.3) if columns else None


def functions_of(results, name):
    """Which functions an operation's instructions are in; None when nobody counted."""
    for count in results:
        if count["count"] == "instructions" and count["contestant"] == name:
            return parts(count["parts"], 0, 8)
    return None


def memory(results, names):
    """Bytes for each open connection."""
    rows = []
    for transport in sorted({result["transport"] for result in results}, reverse=True):
        here = {result["contestant"]: result for result in results if result["transport"] == transport}
        columns = [name for name in names if name in here]
        for key, text in MEMORY.items():
            scale = 1024 if key == "base" else 1
            rows.append([f"{transport}, {text}", *(f"{here[name][key] / scale:,.0f}" for name in columns)])
    return Table(f"Private memory in bytes per connection, {results[0]['connections']:,} of them", ["", *columns], rows)


def primitives(results):
    """Nanoseconds; None when no program printed any."""
    if not results:
        return None
    libraries = sorted({result["library"] for result in results}, key=lambda name: (name != "weir", name))
    times = {(result["cell"], result["count"], result["library"]): result["nanoseconds"] for result in results}
    rows = []
    for cell, count in dict.fromkeys((result["cell"], result["count"]) for result in results):
        numbers = [times.get((cell, count, library)) for library in libraries]
        rows.append([f"{cell} ({count:,})", *("-" if number is None else f"{number:,.1f}" for number in numbers)])
    return Table("Primitives, nanoseconds each", ["", *libraries], rows)


def all_of(results):
    """Every table that a run has numbers for."""
    names = [contestant["name"] for contestant in results["contestants"]]
    races = results["race"] + results["crowd"]
    if not results["is_quick"]:
        yield group_ratios(races, names, summary.CPU, "Processor time per message in groups of cells, epoll = 1")
    yield ratios(races, names, summary.CPU, "Server's processor time per message, epoll = 1; lower is better")
    yield ratios(races, names, summary.RATE, "Messages per second, epoll = 1; higher is better")
    yield absolutes(races, names, summary.CPU, 2, "Server's processor time per message in microseconds")
    yield latencies(races, names)
    for key in COUNTS:
        yield counts(results["counts"], names, key)
    if results["memory"]:
        yield memory(results["memory"], names)
    yield primitives(results["primitives"])
