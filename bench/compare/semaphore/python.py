# SPDX-License-Identifier: Apache-2.0
"""1,000 tasks that take one of ten permits SIZE / 1,000 times each; with the variant "yield" they yield inside."""

import asyncio

from program import clock, join_all, report, run

TASKS = 1000


async def measure(args):
    permits, each, yields = asyncio.Semaphore(10), args.size // TASKS, args.variant == "yield"

    async def hold():
        for _ in range(each):
            async with permits:
                if yields:
                    await asyncio.sleep(0)

    begin = clock()
    await join_all(hold() for _ in range(TASKS))
    report(each * TASKS, begin)


run(measure)
