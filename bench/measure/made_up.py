# SPDX-License-Identifier: MIT
"""Results that nobody measured, so that a test can see what is told of them: Weir costs half of everything."""
from . import summary


def report(cpu):
    return {summary.CPU: cpu, summary.RATE: 1000.0 / cpu, summary.P50: 10.0 * cpu, summary.P99: 20.0 * cpu}


def cell(transport, name):
    return {"transport": transport, "cell": name,
            "rounds": [{"weir": report(scale), "epoll": report(2.0 * scale)} for scale in (1.0, 3.0, 2.0)]}


def counts(key):
    return [{"contestant": name, "count": key, "cells": {"churn": number},
             "parts": {"churn": {"half": number / 2, "other half": number / 2}}}
            for name, number in (("weir", 3.0), ("epoll", 6.0))]


def memory(transport):
    return [{"contestant": name, "transport": transport, "connections": 10, "base": 1024 * number, "silent": number,
             "spoken": number, "kept": 0} for name, number in (("weir", 40), ("epoll", 80))]


def results():
    """As measure/run.py makes them."""
    names = [f"64 B x {count}" for count in ("10", "100", "1,000")]
    return {
        "machine": {"processor": "none", "processors": 2, "kernel": "0", "load": 0.0, "date": "1970-01-01"},
        "is_quick": False,
        "seconds": 60.0,
        "contestants": [{"name": "weir", "text": "ours"}, {"name": "epoll", "text": "by hand"}],
        "race": [cell(transport, name) for transport in ("unix", "tcp") for name in names],
        "crowd": [cell("unix", "190 of 190"), cell("unix", "190 of 19,000")],
        "counts": counts("system_calls") + counts("instructions"),
        "memory": memory("unix") + memory("tcp"),
        "primitives": [{"cell": "timer_start", "count": 10, "library": library, "nanoseconds": number,
                        "smallest": number, "largest": number} for library, number in (("weir", 5.0), ("libev", 4.0))],
    }
