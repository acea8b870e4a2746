# SPDX-License-Identifier: Apache-2.0
"""Creates SIZE tasks, holds them all, then awaits each."""

from program import clock, join_all, report, require, run


async def give(value):
    return value


async def measure(args):
    begin = clock()
    total = sum(await join_all(give(i) for i in range(args.size)))
    report(args.size, begin)
    require(total == args.size * (args.size - 1) // 2, "sum")


run(measure)
