# SPDX-License-Identifier: MIT
"""The pictures of docs/performance.md, drawn from the results of one run."""
import os

from . import chart, summary
from .svg import Picture

WIDTH = 880
HALF = 420
TOP = 70
MOST_RATIO = 3.0
MOST_SYSTEM_CALLS = 14.0
LINES = {"weir": "weir", "weir-uring": "second", "weir-poll": "first", "epoll": "hand", "libuv": "peer"}
TIMERS = ("timer_start", "timer_restart", "timer_stop", "timer_fire")


def names_of(results):
    return [contestant["name"] for contestant in results["contestants"]]


def grid(title, description, panels, draw):
    """Two panels beside each other, as many rows as it takes. A panel is a title and its rows."""
    heights = [max(chart.height_of(rows) for _, rows in panels[at : at + 2]) for at in range(0, len(panels), 2)]
    picture = Picture(WIDTH, TOP + sum(heights) + 12 * len(heights), title, description)
    top = TOP
    for at, height in enumerate(heights):
        for column, (text, rows) in enumerate(panels[2 * at : 2 * at + 2]):
            draw(picture, 20 + column * (HALF + 10), top, HALF, text, rows)
        top += height + 12
    return picture


def draw_cpu(results):
    """Ratios of processor time."""
    panels = []
    for text, cells in summary.groups(results["race"]):
        spreads = {name: summary.group_ratio(cells, name, summary.CPU) for name in names_of(results)}
        rows = [chart.Row(name, spread.median, f"{spread.median:.2f}", spread.low, spread.high)
                for name, spread in spreads.items() if spread is not None]
        panels.append((text, rows))
    # Both transports of a group beside each other.
    panels.sort(key=lambda panel: list(summary.GROUPS).index(panel[0].partition(" ")[2]))
    return grid("Processor time of the server per message",
                "Hand-written epoll = 1; shorter is better. A thin line joins the quarters; bars end at 3.", panels,
                lambda *place: chart.bars(*place, MOST_RATIO, 1.0))


def counted_panels(results, key, precision):
    counted = {count["contestant"]: count["cells"] for count in results["counts"] if count["count"] == key}
    names = [name for name in names_of(results) if name in counted]
    cells = list(next(iter(counted.values()), {}))
    return [(cell, [chart.Row(name, counted[name][cell], f"{counted[name][cell]:,.{precision}f}") for name in names])
            for cell in cells]


def draw_system_calls(results):
    """Counts of strace."""
    panels = counted_panels(results, "system_calls", 2)
    return panels and grid("System calls per operation", "Counted by strace over Unix sockets; shorter is better.",
                           panels, lambda *place: chart.bars(*place, MOST_SYSTEM_CALLS))


def draw_instructions(results):
    """Counts of callgrind."""
    panels = counted_panels(results, "instructions", 0)
    return panels and grid("Instructions per operation in user space",
                           "Counted by callgrind over Unix sockets. On a scale of powers of ten; left is better.",
                           panels, chart.dots)


def draw_memory(results):
    """Bytes for an open connection that has spoken."""
    panels = []
    for transport in ("unix", "tcp"):
        rows = [chart.Row(memory["contestant"], memory["spoken"], f"{memory['spoken']:,.0f}")
                for memory in results["memory"] if memory["transport"] == transport]
        panels.append((transport, rows))
    return grid("Memory of the server per open connection, in bytes",
                f"{results['memory'][0]['connections']:,} idle connections, after one message each; "
                "on a scale of powers of ten; further left is better.", panels, chart.dots)


def series_of(cells, count_of):
    """One line for each of LINES that took part."""
    found = []
    for name, colour in LINES.items():
        spreads = [(count_of(cell), summary.typical(cell, name, summary.CPU)) for cell in cells]
        points = [(count, spread.median) for count, spread in spreads if spread is not None]
        if len(points) > 1:
            found.append(chart.Series(name, points, colour))
    return found


def number_at_end(cell):
    return int(cell["cell"].split(" ")[-1].replace(",", ""))


def draw_crowd(results):
    """How the cost of a message grows with the connections around it."""
    crowds = [cell for cell in results["crowd"] if cell["transport"] == "unix"]
    rounds = [cell for cell in results["race"] if cell["transport"] == "unix" and cell["cell"].startswith("64 B x")
              and number_at_end(cell) > 1]
    if not crowds:
        return None
    picture = Picture(WIDTH, TOP + 280, "Processor time per message, by open connections",
                      "Microseconds over Unix sockets; lower is better.")
    both = [("All of them active", series_of(rounds, number_at_end)),
            ("190 of them active", series_of(crowds, number_at_end))]
    most = max(value for _, series in both for each in series for _, value in each.points)
    most = 4 * -(-most // 4)
    for column, (title, series) in enumerate(both):
        chart.lines(picture, 20 + column * (HALF + 10), TOP, HALF, 270, title, series, most)
    return picture


def draw_timers(results):
    """Timers of the libraries that have any."""
    panels = []
    for cell, count in dict.fromkeys((each["cell"], each["count"]) for each in results["primitives"]):
        lines = [each for each in results["primitives"] if (each["cell"], each["count"]) == (cell, count)]
        if cell in TIMERS and len(lines) > 1:
            lines.sort(key=lambda each: (each["library"] != "weir", each["library"]))
            rows = [chart.Row(each["library"], each["nanoseconds"], f"{each['nanoseconds']:,.0f}") for each in lines]
            panels.append((f"{cell.replace('_', ' ')}, {count:,} of them", rows))
    return panels and grid("Timers, nanoseconds each", "On a scale of powers of ten; further left is better.", panels,
                           chart.dots)


PICTURES = {"cpu": draw_cpu, "system_calls": draw_system_calls, "instructions": draw_instructions,
            "memory": draw_memory, "crowd": draw_crowd, "timers": draw_timers}


def write(results, folder):
    """Every picture that there are numbers for. Gives their names."""
    os.makedirs(folder, exist_ok=True)
    written = []
    for name, draw in PICTURES.items():
        picture = draw(results)
        path = os.path.join(folder, f"{name}.svg")
        if picture:
            with open(path, "w", encoding="utf-8") as file:
                file.write(picture.in_text())
            written.append(name)
        elif os.path.exists(path):
            os.remove(path)  # It would be of another run.
    return written
