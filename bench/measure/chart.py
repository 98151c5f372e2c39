# SPDX-License-Identifier: MIT
"""Charts: rows of bars, rows of dots on a scale of powers of ten, and lines over a number of connections.

A chart draws itself into a rectangle of a picture. What lies beyond its scale is cut off, and its number says so.
"""
import math

ROW_HEIGHT = 18
HEAD_HEIGHT = 24
FOOT_HEIGHT = 22
NAME_WIDTH = 82
NUMBER_WIDTH = 62
TEXT_WIDTH = 40


class Row:
    """One contestant: `low` and `high` are the quarters, or None."""

    def __init__(self, name, value, text, low=None, high=None):
        self.name = name
        self.value = value
        self.text = text
        self.low = low
        self.high = high

    def colour(self):
        """Weir is what the chart is about; hand-written servers are what it is measured with."""
        if self.name.startswith("weir"):
            return "weir"
        return "hand" if self.name in ("epoll", "uring") else "peer"


def height_of(rows):
    """What a chart of so many rows needs, with its scale below."""
    return HEAD_HEIGHT + ROW_HEIGHT * len(rows) + FOOT_HEIGHT


def draw_names(picture, x, y, title, rows):
    picture.text(x, y + 14, title, "text bold")
    for at, row in enumerate(rows):
        classes = "text bold" if row.colour() == "weir" else "faint"
        picture.text(x + NAME_WIDTH - 8, y + HEAD_HEIGHT + ROW_HEIGHT * at + 12.5, row.name, classes, "end")


def draw_number(picture, x, y, row):
    picture.text(x, y + 12.5, row.text, "text bold" if row.colour() == "weir" else "text")


def bars(picture, x, y, width, title, rows, most, mark=None):
    """Bars from 0 to `most`, with a line at `mark`."""
    draw_names(picture, x, y, title, rows)
    left, room = x + NAME_WIDTH, width - NAME_WIDTH - NUMBER_WIDTH
    top = y + HEAD_HEIGHT

    def place(value):
        return left + room * min(value / most, 1)

    for at, row in enumerate(rows):
        row_top = top + ROW_HEIGHT * at
        picture.bar(left, row_top + 3, place(row.value) - left, ROW_HEIGHT - 6, row.colour())
        is_inside = row.high is not None and row.high <= most
        if is_inside and row.high > row.low:
            middle = row_top + ROW_HEIGHT / 2
            picture.line([(place(row.low), middle), (place(row.high), middle)], "line-faint", 1.5)
        end = max(place(row.value), place(row.high) if is_inside else left)
        # The line at the mark must not cross a number.
        if mark is not None and place(mark) - TEXT_WIDTH < end < place(mark):
            end = place(mark)
        draw_number(picture, end + 6, row_top, row)
    if mark is not None:
        picture.line([(place(mark), top), (place(mark), top + ROW_HEIGHT * len(rows))], "line-mark", 1)


def dots(picture, x, y, width, title, rows):
    """Dots on a scale of powers of ten: for what differs by more than a bar can show."""
    draw_names(picture, x, y, title, rows)
    left, room = x + NAME_WIDTH, width - NAME_WIDTH - NUMBER_WIDTH
    top, bottom = y + HEAD_HEIGHT, y + HEAD_HEIGHT + ROW_HEIGHT * len(rows)
    values = [max(row.value, 0.01) for row in rows]
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    last = max(last, first + 1)

    def place(value):
        return left + room * (math.log10(max(value, 10.0**first)) - first) / (last - first)

    for power in range(first, last + 1):
        picture.line([(place(10.0**power), top), (place(10.0**power), bottom)], "line-grid")
        picture.text(place(10.0**power), bottom + 14, f"{10.0**power:,.10g}", "faint", "middle")
    for at, row in enumerate(rows):
        row_top = top + ROW_HEIGHT * at
        middle = row_top + ROW_HEIGHT / 2
        picture.line([(left, middle), (place(row.value), middle)], "line-grid", 3)
        picture.dot(place(row.value), middle, 5, row.colour())
        draw_number(picture, place(row.value) + 10, row_top, row)


class Series:
    """One line: points of a number of connections and a value."""

    def __init__(self, name, points, colour):
        self.name = name
        self.points = points
        self.colour = colour


def spread_apart(places, distance):
    """Moves what would stand on one another downwards, in order of their places. Gives the new places."""
    moved = dict(places)
    last = None
    for key in sorted(places, key=places.get):
        if last is not None and moved[key] < last + distance:
            moved[key] = last + distance
        last = moved[key]
    return moved


def lines(picture, x, y, width, height, title, series, most):
    """Lines over a scale of powers of ten, each with its name at its end."""
    picture.text(x, y + 14, title, "text bold")
    left, right, top, bottom = x + 34, x + width - 92, y + HEAD_HEIGHT + 4, y + height - 22
    counts = sorted({count for each in series for count, _ in each.points})
    first, last = math.log10(counts[0]), math.log10(counts[-1])

    def place(count, value):
        across = (math.log10(count) - first) / (last - first)
        return left + (right - left) * across, bottom - (bottom - top) * min(value / most, 1)

    for step in range(5):
        value = most * step / 4
        picture.line([(left, place(counts[0], value)[1]), (right, place(counts[0], value)[1])], "line-grid")
        picture.text(left - 6, place(counts[0], value)[1] + 4, f"{value:g}", "faint", "end")
    for count in counts:
        picture.text(place(count, 0)[0], bottom + 16, f"{count:,}", "faint", "middle")
    ends = spread_apart({each.name: place(*each.points[-1])[1] for each in series}, 14)
    for each in series:
        places = [place(*point) for point in each.points]
        picture.line(places, f"line-{each.colour}", 2)
        for point in places:
            picture.dot(*point, 2.5, each.colour)
        picture.text(places[-1][0] + 8, ends[each.name] + 4, each.name, f"{each.colour} bold")
