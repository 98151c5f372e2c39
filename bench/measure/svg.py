# SPDX-License-Identifier: MIT
"""Drawing: a picture is a card with texts, bars, dots and lines on it, written as SVG.

The card brings its own background, so that it can be read on a light page and on a dark one; which of the two it is,
the reader's browser says.
"""
from xml.sax.saxutils import escape

# What a class looks like in light and in dark.
COLOURS = {
    "card": ("#ffffff", "#151a21"),
    "frame": ("#d8dee6", "#2c3540"),
    "text": ("#1c2430", "#e4e9ef"),
    "faint": ("#5c6876", "#98a5b3"),
    "grid": ("#e6eaef", "#29313b"),
    "mark": ("#8d99a6", "#66727f"),
    "weir": ("#0b6fc2", "#4aa8f5"),
    "hand": ("#3a4552", "#c3ccd6"),
    "peer": ("#aeb8c3", "#5d6976"),
    "first": ("#c2540a", "#ff9a4d"),
    "second": ("#147a4d", "#4ecb92"),
}


def style():
    """Every class can fill and, with `line` before its name, be drawn with."""
    def rules(at):
        return "".join(f".{name}{{fill:{colours[at]}}}.line-{name}{{stroke:{colours[at]};fill:none}}"
                       for name, colours in COLOURS.items())

    return (f"<style>text{{font:12px system-ui,sans-serif}}.title{{font-size:15px;font-weight:600}}"
            f".bold{{font-weight:600}}{rules(0)}@media (prefers-color-scheme:dark){{{rules(1)}}}</style>")


class Picture:
    """Collects what is drawn; (0, 0) is the upper left corner."""

    def __init__(self, width, height, title, description):
        self.width = width
        self.height = height
        self.title = title
        self.parts = [f'<rect class="card" width="{width}" height="{height}" rx="8"/>',
                      f'<rect class="line-frame" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>']
        self.text(20, 30, title, "text title")
        self.text(20, 50, description, "faint")

    def text(self, x, y, text, classes="text", anchor="start"):
        self.parts.append(f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
                          f'{escape(text)}</text>')

    def bar(self, x, y, width, height, classes):
        self.parts.append(f'<rect class="{classes}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" '
                          f'height="{height:.1f}" rx="1.5"/>')

    def dot(self, x, y, radius, classes):
        self.parts.append(f'<circle class="{classes}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>')

    def line(self, points, classes, width=1.0):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline class="{classes}" points="{places}" stroke-width="{width}"/>')

    def in_text(self):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                f'width="{self.width}" role="img" aria-label="{escape(self.title)}">')
        return "\n".join([head, style(), *self.parts, "</svg>\n"])
