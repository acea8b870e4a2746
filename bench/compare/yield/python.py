# SPDX-License-Identifier: Apache-2.0
"""1,000 tasks that yield SIZE / 1,000 times each."""

import asyncio

from program import clock, join_all, report, run

TASKS = 1000


async def yields(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def measure(args):
    each = args.size // TASKS
    begin = clock()
    await join_all(yields(each) for _ in range(TASKS))
    report(each * TASKS, begin)


run(measure)
