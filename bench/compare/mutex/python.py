# SPDX-License-Identifier: Apache-2.0
"""1,000 tasks that take one lock SIZE / 1,000 times each and count; with the variant "yield" they yield inside."""

import asyncio

from program import clock, join_all, report, require, run

TASKS = 1000


async def measure(args):
    lock, each, yields = asyncio.Lock(), args.size // TASKS, args.variant == "yield"
    counter = 0

    async def count():
        nonlocal counter
        for _ in range(each):
            async with lock:
                seen = counter
                if yields:
                    await asyncio.sleep(0)
                counter = seen + 1

    begin = clock()
    await join_all(count() for _ in range(TASKS))
    report(each * TASKS, begin)
    require(counter == each * TASKS, "count")


run(measure)
