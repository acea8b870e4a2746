# SPDX-License-Identifier: Apache-2.0
"""SIZE messages from 4 producers through one queue of 1,024 places to 4 consumers; with the variant "one" to one."""

import asyncio

from program import clock, join_all, report, require, run

PRODUCERS = 4


async def produce(queue, first, count):
    for i in range(first, first + count):
        await queue.put(i)
    return 0


async def consume(queue, count):
    total = 0
    for _ in range(count):
        total += await queue.get()
    return total


async def measure(args):
    consumers, each = 1 if args.variant == "one" else 4, args.size // PRODUCERS
    everything = each * PRODUCERS
    queue = asyncio.Queue(1024)
    begin = clock()
    total = sum(
        await join_all(
            [produce(queue, i * each, each) for i in range(PRODUCERS)]
            + [consume(queue, everything // consumers) for _ in range(consumers)]
        )
    )
    report(everything, begin)
    require(total == everything * (everything - 1) // 2, "sum")


run(measure)
