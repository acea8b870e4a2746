# SPDX-License-Identifier: Apache-2.0
"""Numbers and names as people read them."""

from measures import MEASURES
from rivals import BY_NAME

STEPS = {"ns": (("ns", 1), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)), "µs": (("µs", 1), ("ms", 1e3), ("s", 1e6)),
         "ms": (("ms", 1), ("s", 1e3)), "B": (("B", 1), ("KiB", 1024), ("MiB", 2**20))}  # fmt: skip


def figure(x):
    """Three digits are what a figure is good for."""
    size = abs(x)
    return f"{x:,.0f}" if size >= 100 else f"{x:.1f}" if size >= 10 else f"{x:.2f}" if size else "0"


def quantity(x, unit):
    """With the unit in which it reads best."""
    name, factor = max((step for step in STEPS[unit] if abs(x) >= step[1]), key=lambda s: s[1], default=STEPS[unit][0])
    return f"{figure(x / factor)} {name}"


def ratio(x):
    return f"{x:.2f} ×" if x < 9.95 else f"{x:,.0f} ×"


def threads(workers):
    return "1 worker" if workers == 1 else f"{workers} workers"


def case_title(workload, case):
    return f"{workload.title}, {case.title}" if case.title else workload.title


def case_name(workload, variant):
    return f"{workload} {variant}".strip()


def rival_title(name):
    return BY_NAME[name].title


def measure_title(name):
    return MEASURES[name].title
