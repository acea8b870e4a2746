# SPDX-License-Identifier: Apache-2.0
"""What a run is judged by: each measure takes one number out of a run. Less is better, everywhere."""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Measure:
    title: str
    unit: str
    of: typing.Callable  # (run, idle memory in KiB) -> number


def percentile(percent):
    return lambda run, _: run["percentiles_us"][percent]


def cpu_each(run, _):
    """A server's CPU time is spent on the warm-up, too."""
    return run["cpu_seconds"] * 1e6 / run.get("served", run["operations"])


def bytes_each(run, idle_kib):
    return max(run["peak_kib"] - idle_kib, 0) * 1024 / run["operations"]


MEASURES = {
    "ns": Measure("wall time an operation", "ns", lambda run, _: run["seconds"] * 1e9 / run["operations"]),
    "us": Measure("wall time an operation", "µs", lambda run, _: run["seconds"] * 1e6 / run["operations"]),
    "ms": Measure("wall time", "ms", lambda run, _: run["seconds"] * 1e3),
    "beyond_ms": Measure("wall time beyond the sleep", "ms", lambda run, _: run["beyond_ms"]),
    "cpu_us": Measure("CPU time an operation", "µs", cpu_each),
    "bytes": Measure("memory a task at the peak, beyond that of an idle process", "B", bytes_each),
    "p50": Measure("half of them within", "µs", percentile(50)),
    "p99": Measure("99 of 100 within", "µs", percentile(99)),
}
