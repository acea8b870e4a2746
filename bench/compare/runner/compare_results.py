# SPDX-License-Identifier: Apache-2.0
"""What changed between two results, and how sure that is.

A difference is said only where rank test and bootstrap interval agree (intervals.verdict). The rivals have not changed
between two runs of one machine, so what they seem to have changed by is the machine: it is said at the end.
"""

import math
import statistics

from intervals import can_tell, verdict
from measures import MEASURES
from results import Summary, key_of
from wording import case_name, quantity, threads
from workloads import find


def words(sign, ratio, bounds, tellable):
    """A verdict as people read it; all per cent are of the old time."""
    if math.isnan(ratio):
        return "no ratio"
    change, low, high = ((x - 1) * 100 for x in (ratio, *bounds))
    if sign < 0:
        return f"faster {-change:.0f} % ({-high:.0f}..{-low:.0f})"
    if sign > 0:
        return f"slower {change:.0f} % ({low:.0f}..{high:.0f})"
    few = "" if tellable else "; too few runs to tell"
    return f"no difference that can be told ({low:+.0f}..{high:+.0f} %{few})"


def lines(old, new, rival="charkha"):
    """(name of the case, old median, new median, words, sign)"""
    before, after = Summary(old), Summary(new)
    for key in before.by_key:
        if key.rival != rival or key not in after.by_key:
            continue
        _, case = find(key.workload, key.variant)
        for measure in case.measures:
            a, b = before.cell(key, measure), after.cell(key, measure)
            if not a or not b:
                continue
            sign, ratio, bounds = verdict(b.values, a.values)
            unit = MEASURES[measure].unit
            name = f"{case_name(key.workload, key.variant)}, {threads(key.workers)}, {MEASURES[measure].title}"
            said = words(sign, ratio, bounds, can_tell(a.values, b.values))
            yield name, quantity(a.median, unit), quantity(b.median, unit), said, sign


def drift(old, new):
    """The median ratio, new to old, of all that is not charkha, or None: what the machine did."""
    before, after = Summary(old), Summary(new)
    ratios = []
    for key in before.by_key:
        _, case = find(key.workload, key.variant)
        a, b = before.cell(key, case.measures[0]), after.cell(key, case.measures[0])
        if key.rival != "charkha" and a and b and a.median > 0 and b.median > 0:
            ratios.append(b.median / a.median)
    return statistics.median(ratios) if ratios else None


def different_sizes(old, new):
    """Cases whose sizes differ, of which nothing can be said."""
    sizes = {key_of(run): run["size"] for run in old["runs"]}
    return {key_of(run) for run in new["runs"] if sizes.get(key_of(run), run["size"]) != run["size"]}


def show(old, new, say=print):
    if different_sizes(old, new):
        say(f"sizes differ ({old['scale']} and {new['scale']}): figures per operation are compared all the same\n")
    rows = list(lines(old, new))
    if not rows:
        say("the two have nothing of charkha in common")
        return 1
    width = max(len(row[0]) for row in rows)
    for name, a, b, said, _ in rows:
        say(f"{name:{width}}  {a:>9} -> {b:>9}  {said}")
    counts = {sign: sum(row[4] == sign for row in rows) for sign in (-1, 0, 1)}
    say(f"\nfaster {counts[-1]}, slower {counts[1]}, cannot be told {counts[0]}")
    moved = drift(old, new)
    if moved:
        say(f"the rivals, which are the same, moved by {(moved - 1) * 100:+.0f} % at the median: that is the machine")
    return 0
