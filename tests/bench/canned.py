# SPDX-License-Identifier: Apache-2.0
"""Results as a run leaves them, made up."""

import copy

TIMES = {"charkha": 1.0, "tokio": 6.0, "onetbb": 0.8, "asyncio": 80.0}
RESULTS = {
    "format": 1,
    "machine": {
        "processor": "Test & Co <4>", "processors": 4, "memory_gib": 16, "system": "Debian", "kernel": "6.1",
        "compiler": "clang 19", "versions": {"charkha": "abc", "tokio": "1.24"},
    },
    "noise": {"load": 0.1, "turns": [[1.0, 1.01, 1.02]], "steal": 0.0},
    "scale": "full", "rounds": 5, "workers": [1, 2, 4], "rivals": list(TIMES), "skipped": {"go": "it is not installed"},
    "idle_kib": {"charkha": 1000}, "idle_calls": {"charkha": {"futex": 10, "mmap": 40}}, "runs": [], "left_out": [], "system_calls": [],
}  # fmt: skip


def run(workload, variant, rival, workers, number, seconds, **more):
    return {
        "workload": workload, "variant": variant, "rival": rival, "workers": workers, "size": 1000, "round": number,
        "operations": 1000, "seconds": seconds, "cpu_seconds": seconds, "peak_kib": 3000, "voluntary": 1,
        "involuntary": 2, **more,
    }  # fmt: skip


def results(factor=1.0, rounds=5):
    """`factor`: how much longer charkha takes than usual."""
    made = copy.deepcopy(RESULTS)
    made["rounds"] = rounds
    for number in range(rounds):
        for rival, time in TIMES.items():
            time *= 1e-4 * (1 + number / 100) * (factor if rival == "charkha" else 1)
            for workers in [1] if rival == "asyncio" else [1, 2, 4]:
                made["runs"].append(run("spawn", "", rival, workers, number, time / workers))
                times = [time * 1e6 * (i + 1) for i in range(101)]
                if rival != "onetbb":
                    made["runs"].append(run("lateness", "", rival, workers, number, time, percentiles_us=times))
    made["left_out"].append({"workload": "lateness", "variant": "", "rival": "onetbb", "workers": 1, "why": "no"})
    made["system_calls"].append(
        {
            "workload": "spawn",
            "variant": "",
            "rival": "charkha",
            "workers": 4,
            "operations": 100,
            "calls": {"futex": 50, "mmap": 40},
        }
    )
    return made
