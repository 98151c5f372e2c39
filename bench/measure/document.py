# SPDX-License-Identifier: MIT
"""The numbers in docs/performance.md: they stand between comments, and are replaced by those of the last run.

So the numbers, the tables and the pictures are always of one run, and nobody copies them by hand.
"""
import re

from . import better, pictures, summary, table
from .contestant import WEIR
from .failure import Failure

PLACE = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)

ENOUGH_ROUNDS = 5
ROUGH = ("**The machine was busy with other work.** That leaves the counts and the memory as they are, but makes the\n"
         "times of this run rough: a ratio between 0.8 and 1.25 says nothing, and `-` is a server that had no turn.")


def describe_run(results):
    """The machine, and how much was measured on it."""
    machine = results["machine"]
    rounds = len(results["race"][0]["rounds"])
    contestants = "\n".join(f"| {each['name']} | {each['text']} |" for each in results["contestants"])
    is_rough = rounds < ENOUGH_ROUNDS or machine["load"] > machine["processors"]
    warning = f"\n\n{ROUGH}" if is_rough else ""
    return (f"Measured on {machine['date']}: {machine['processor']}, {machine['processors']} processors, Linux "
            f"{machine['kernel']}, {rounds} {'round' if rounds == 1 else 'rounds'}, {results['seconds'] / 60:.0f} "
            f"minutes, load average {machine['load']:.1f} at the start.{warning}\n\n"
            f"| name | what |\n| --- | --- |\n{contestants}")


def describe_tables(results):
    """Every table by the name of its place; those without numbers say so."""
    names = pictures.names_of(results)
    races = results["race"] + results["crowd"]
    return {
        "groups": table.group_ratios(races, names, summary.CPU, ""),
        "cpu": table.ratios(races, names, summary.CPU, ""),
        "rates": table.ratios(races, names, summary.RATE, ""),
        "microseconds": table.absolutes(races, names, summary.CPU, 2, ""),
        "latencies": table.latencies(races, names),
        "system_calls": table.counts(results["counts"], names, "system_calls"),
        "instructions": table.counts(results["counts"], names, "instructions"),
        "churn_calls": table.system_calls_of(results["counts"], names, "churn"),
        "functions": table.functions_of(results["counts"], WEIR),
        "memory": table.memory(results["memory"], names),
        "primitives": table.primitives(results["primitives"]),
        "better": better.find(results),
    }


def write(results, path):
    """Replaces what stands between the comments."""
    texts = {name: "Not measured in this run." if each is None else each.in_markdown()
             for name, each in describe_tables(results).items()}
    texts["run"] = describe_run(results)

    def replace(found):
        if found.group(2) not in texts:
            raise Failure(f"{path} wants {found.group(2)}, which nobody measures")
        return f"{found.group(1)}{texts[found.group(2)]}\n{found.group(3)}"

    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(PLACE.sub(replace, text))
