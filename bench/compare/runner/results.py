# SPDX-License-Identifier: Apache-2.0
"""results.json: every run as it was, what was left out and why, and what they come to.

    {"format": 1, "machine": {...}, "noise": {...}, "scale": "full", "rounds": 7, "workers": [1, 2],
     "idle_kib": {rival: KiB}, "idle_calls": {rival: {name: count}},
     "runs": [{"workload", "variant", "rival", "workers", "size", "round", ...measured}],
     "left_out": [{"workload", "variant", "rival", "workers", "why"}], "system_calls": [...]}
"""

import collections
import json
import os

import intervals
from measures import MEASURES
from rivals import BY_NAME
from workloads import WORKLOADS

FORMAT = 1

Key = collections.namedtuple("Key", "workload variant rival workers")
Cell = collections.namedtuple("Cell", "median least greatest values")


def load(path):
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    if results.get("format") != FORMAT:
        raise ValueError(f"{path}: format {results.get('format')}, not {FORMAT}")
    return results


def save(results, path):
    """All of it or nothing: an interruption leaves the old file."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(results, separators=(",", ":")) + "\n", encoding="utf-8")
    os.replace(part, path)


def key_of(entry):
    return Key(entry["workload"], entry["variant"], entry["rival"], entry["workers"])


class Summary:
    """What the runs come to."""

    def __init__(self, results):
        self.results = results
        self.by_key = collections.defaultdict(list)
        for run in results["runs"]:
            self.by_key[key_of(run)].append(run)

    def cell(self, key, measure):
        """Median, least and greatest of a measure, or None if it was not measured."""
        idle = self.results.get("idle_kib", {}).get(key.rival, 0)
        values = []
        for run in self.by_key.get(key, ()):
            try:
                values.append(MEASURES[measure].of(run, idle))
            except (KeyError, TypeError):
                return None
        return Cell(*intervals.spread(values), values) if values else None

    def cases(self):
        """(workload, case) for all that was measured, in the order of the table."""
        measured = {(key.workload, key.variant) for key in self.by_key}
        return [(w, c) for w in WORKLOADS for c in w.cases if (w.name, c.variant) in measured]

    def rivals(self, workload, variant):
        return [name for name in BY_NAME if any(k[:3] == (workload, variant, name) for k in self.by_key)]

    def workers(self, workload, variant, rival):
        return sorted(k.workers for k in self.by_key if k[:3] == (workload, variant, rival))

    def most(self, workload, variant, rival):
        """A rival's key with the most workers."""
        return Key(workload, variant, rival, self.workers(workload, variant, rival)[-1])

    def is_early(self, key):
        """Did it wake sleepers before their time? That is wrong, not fast, and is not ranked."""
        return key.workload == "lateness" and any(run["percentiles_us"][0] < -50 for run in self.by_key.get(key, ()))

    def best(self, workload, variant, measure, workers=None):
        """(rival, Cell) with the least median of those that are ranked: with so many workers, or each with its most."""
        found = []
        for name in self.rivals(workload, variant):
            counts = self.workers(workload, variant, name)
            if BY_NAME[name].reference or (workers is not None and workers not in counts):
                continue
            key = Key(workload, variant, name, workers or counts[-1])
            cell = self.cell(key, measure)
            if cell and not self.is_early(key):
                found.append((cell.median, name, cell))
        if not found:
            return None
        _, name, cell = min(found)
        return name, cell

    def losses(self):
        """Where charkha is not the best with the same number of workers, worst first: (ratio, workload, case, measure,
        workers, rival, certain). A single-threaded rival is compared with charkha on one worker."""
        found = []
        for workload, case in self.cases():
            for measure in case.measures:
                for workers in self.workers(workload.name, case.variant, "charkha"):
                    ours = self.cell(Key(workload.name, case.variant, "charkha", workers), measure)
                    best = self.best(workload.name, case.variant, measure, workers)
                    if not ours or not best or best[0] == "charkha" or best[1].median <= 0:
                        continue
                    ratio = ours.median / best[1].median
                    if ratio > 1.05:
                        certain = ours.least > best[1].greatest
                        found.append((ratio, workload, case, measure, workers, best[0], certain))
        return sorted(found, key=lambda loss: -loss[0])

    def standing(self):
        """In how many of the comparisons charkha is best or within 5 % of it, and of how many."""
        best = total = 0
        for workload, case in self.cases():
            for workers in self.workers(workload.name, case.variant, "charkha"):
                ours = self.cell(Key(workload.name, case.variant, "charkha", workers), case.measures[0])
                first = self.best(workload.name, case.variant, case.measures[0], workers)
                if ours and first and len(self.rivals(workload.name, case.variant)) > 1:
                    total += 1
                    best += ours.median <= first[1].median * 1.05
        return best, total

    def system_calls(self, workload, variant, rival):
        """System calls an operation without those of an idle process, and the most frequent, or None."""
        for entry in self.results.get("system_calls", ()):
            if (entry["workload"], entry["variant"], entry["rival"]) == (workload, variant, rival):
                idle = self.results.get("idle_calls", {}).get(rival, {})
                calls = {name: count - idle.get(name, 0) for name, count in entry["calls"].items()}
                calls = {name: count for name, count in calls.items() if count > 0}
                most = sorted(calls, key=lambda name: -calls[name])[:3]
                return sum(calls.values()) / max(entry["operations"], 1), {name: calls[name] for name in most}
        return None
