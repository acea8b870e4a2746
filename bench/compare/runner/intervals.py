# SPDX-License-Identifier: Apache-2.0
"""How sure we are: medians, spreads, and whether two sets of runs differ."""

import itertools
import math
import random
import statistics

ALPHA = 0.05


def spread(values):
    """Median, least and greatest."""
    return statistics.median(values), min(values), max(values)


def mann_whitney(a, b):
    """The two-sided probability that two samples of the same thing would differ in rank as much as these do: exact for
    small samples, by the normal approximation for large ones."""
    ranks = rank(a + b)
    observed = sum(ranks[: len(a)])
    expected = len(a) * (len(a) + len(b) + 1) / 2
    if math.comb(len(a) + len(b), len(a)) <= 20_000:
        sums = [sum(some) for some in itertools.combinations(ranks, len(a))]
        return sum(abs(s - expected) >= abs(observed - expected) - 1e-9 for s in sums) / len(sums)
    deviation = math.sqrt(len(a) * len(b) * (len(a) + len(b) + 1) / 12)
    return math.erfc(max(abs(observed - expected) - 0.5, 0) / deviation / math.sqrt(2))


def rank(values):
    """The rank of each value, from 1; equal values share the mean of theirs."""
    order = sorted(values)
    first, count = {}, {}
    for position, value in enumerate(order, 1):
        first.setdefault(value, position)
        count[value] = count.get(value, 0) + 1
    return [first[value] + (count[value] - 1) / 2 for value in values]


def ratio_interval(new, old, draws=4000):
    """Bootstrap: between which bounds the ratio of the medians, new to old, lies in 95 of 100 repetitions."""
    source = random.Random(1)
    ratios = sorted(
        statistics.median(source.choices(new, k=len(new))) / statistics.median(source.choices(old, k=len(old)))
        for _ in range(draws)
    )
    return ratios[int(draws * ALPHA / 2)], ratios[int(draws * (1 - ALPHA / 2)) - 1]


def can_tell(a, b):
    """Could samples of these sizes differ enough to be sure?"""
    return 2 / math.comb(len(a) + len(b), len(a)) < ALPHA


def verdict(new, old):
    """(-1 faster, 0 cannot be told, 1 slower; ratio of the medians; its bounds)."""
    if min(new) <= 0 or min(old) <= 0:  # a ratio means nothing
        return 0, math.nan, (math.nan, math.nan)
    ratio = statistics.median(new) / statistics.median(old)
    low, high = ratio_interval(new, old)
    differs = can_tell(new, old) and mann_whitney(new, old) < ALPHA and not low <= 1 <= high
    return (0 if not differs else -1 if ratio < 1 else 1), ratio, (low, high)
