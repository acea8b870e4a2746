# SPDX-License-Identifier: Apache-2.0
"""fib(SIZE) with a task for each call."""

import asyncio

from program import clock, report, require, run


async def fib(n):
    if n < 2:
        return n
    left, right = asyncio.create_task(fib(n - 1)), asyncio.create_task(fib(n - 2))
    return await left + await right


async def measure(args):
    begin = clock()
    value = await fib(args.size)
    here, following = 0, 1
    for _ in range(args.size):
        here, following = following, here + following
    report(2 * following - 1, begin)
    require(value == here, "fib")


run(measure)
