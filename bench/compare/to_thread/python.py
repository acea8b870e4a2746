# SPDX-License-Identifier: Apache-2.0
"""SIZE empty functions by to_thread, one at a time; with the variant "all" all in flight at once."""

import asyncio

from program import clock, join_all, report, require, run


def same(value):
    return value


async def measure(args):
    begin = clock()
    if args.variant == "all":
        total = sum(await join_all(asyncio.to_thread(same, i) for i in range(args.size)))
    else:
        total = 0
        for i in range(args.size):
            total += await asyncio.to_thread(same, i)
    report(args.size, begin)
    require(total == args.size * (args.size - 1) // 2, "sum")


run(measure)
