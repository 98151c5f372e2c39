# SPDX-License-Identifier: MIT
"""The race: every server once in every cell, in random order, and that again and again.

Each run has a fresh server. What disturbs the machine disturbs neighbours alike, so ratios are taken inside a round.
Many short rounds tell more than few long ones: a disturbed round is then one of many.
"""
import random
import tempfile
import time

from . import progress
from .server import Server, measure

LENGTHY = 2


class Race:
    """What was measured so far: for each cell the reports by name, round by round."""

    def __init__(self, programs, contestants, cells, seconds):
        self.programs = programs
        self.contestants = contestants
        self.cells = list(cells)
        self.seconds = seconds
        self.rounds = []
        self.longest_round = 0

    def run_once(self, cell, contestant, folder):
        seconds = LENGTHY * self.seconds if cell.lengthy else self.seconds
        options = (*cell.options, "--seconds", str(seconds), "--warm-up", str(contestant.warm_up_seconds))
        with Server(folder, contestant, cell.transport, cell.sink) as server:
            return measure(self.programs, server, options)

    def run_round(self, folder):
        """One list with an entry for each cell."""
        reports = []
        for cell in self.cells:
            progress.show(f"round {len(self.rounds) + 1}, {cell.transport} {cell.name}")
            shuffled = random.sample(self.contestants, len(self.contestants))
            reports.append({contestant.name: self.run_once(cell, contestant, folder) for contestant in shuffled})
        self.rounds.append(reports)

    def run(self, deadline, most):
        """Rounds until `most` are done or another one would end behind the deadline, but one in any case."""
        with tempfile.TemporaryDirectory(prefix="weir-bench.") as folder:
            while len(self.rounds) < most:
                start = time.monotonic()
                if self.rounds and start + self.longest_round > deadline:
                    break
                self.run_round(folder)
                self.longest_round = max(self.longest_round, time.monotonic() - start)

    def results(self):
        """For results.json."""
        return [{"transport": cell.transport, "cell": cell.name, "rounds": [reports[at] for reports in self.rounds]}
                for at, cell in enumerate(self.cells)]
