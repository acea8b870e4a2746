# SPDX-License-Identifier: Apache-2.0
"""Two tasks that wait for each other SIZE times: by event, by queue, or by a future for each message."""

import asyncio

from program import cannot, clock, join_all, report, require, run


async def by_event(rounds, mine, other, begins):
    for _ in range(rounds):
        if begins:
            other.set()
        await mine.wait()
        mine.clear()
        if not begins:
            other.set()


async def by_queue(rounds, mine, other, begins):
    for i in range(rounds):
        if begins:
            await other.put(i)
        require(await mine.get() == i, "message")
        if not begins:
            await other.put(i)


class Mailbox:
    """Where one side leaves the future that it waits for next."""

    def __init__(self):
        self.expected = asyncio.get_running_loop().create_future()


async def by_future(rounds, mine, other, begins):
    for i in range(rounds):
        if begins:
            other.expected.set_result(i)
        require(await mine.expected == i, "message")
        mine.expected = asyncio.get_running_loop().create_future()
        if not begins:
            other.expected.set_result(i)


async def measure(args):
    sides = {
        "": (by_event, asyncio.Event),
        "event": (by_event, asyncio.Event),
        "queue": (by_queue, lambda: asyncio.Queue(1)),
        "future": (by_future, Mailbox),
    }
    side, box = sides.get(args.variant) or cannot()
    a, b = box(), box()
    begin = clock()
    await join_all([side(args.size, a, b, True), side(args.size, b, a, False)])
    report(args.size, begin)


run(measure)
