# SPDX-License-Identifier: MIT
"""What is being done at the moment, for who sits at a terminal."""
import sys

WIDTH = 60


def show(text):
    """In the same place as the last one."""
    if sys.stderr.isatty():
        print(f"\r{text[:WIDTH]:{WIDTH}}", end="", file=sys.stderr, flush=True)


def clear():
    """Before something is printed that stays."""
    if sys.stderr.isatty():
        print(f"\r{'':{WIDTH}}\r", end="", file=sys.stderr, flush=True)
