# SPDX-License-Identifier: Apache-2.0
"""SIZE time-outs, one after the other, around an operation that is ready, or suspends once ("yield"), the latter also with
100,000 timers pending ("pending")."""

import asyncio

from program import clock, report, require, run


async def ready(value):
    return value


async def yields(value):
    await asyncio.sleep(0)
    return value


async def measure(args):
    loop = asyncio.get_running_loop()
    pending = [loop.call_later(600 + i / 1e3, print) for i in range(100_000 if args.variant == "pending" else 0)]
    operation = ready if args.variant in ("", "ready") else yields
    total = 0
    begin = clock()
    for i in range(args.size):
        async with asyncio.timeout(60):
            total += await operation(i)
    report(args.size, begin)
    require(total == args.size * (args.size - 1) // 2, "sum")
    for handle in pending:
        handle.cancel()


run(measure)
