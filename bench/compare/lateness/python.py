# SPDX-License-Identifier: Apache-2.0
"""SIZE tasks that sleep between 1 and 100 ms, all started at once: how late each wakes."""

import asyncio

from program import Random, clock, join_all, report_times, run


async def lateness(pause):
    begin = clock()
    await asyncio.sleep(pause)
    return (clock() - begin - pause) * 1e6


async def measure(args):
    random = Random()
    pauses = [(1000 + random.below(99_001)) / 1e6 for _ in range(args.size)]
    report_times(await join_all(map(lateness, pauses)))


run(measure)
