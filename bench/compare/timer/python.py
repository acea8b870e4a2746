# SPDX-License-Identifier: Apache-2.0
"""SIZE timers armed and cancelled, one after the other. Variants: "ahead", with an earlier one pending; "pending" and
"million", with 100,000 and 1,000,000 later ones."""

import asyncio
import os
import sys

from program import cannot, clock, report, run


def nothing():
    pass


async def measure(args):
    if args.variant == "both":
        cannot()
    loop = asyncio.get_running_loop()
    later = {"pending": 100_000, "million": 1_000_000}.get(args.variant, 0)
    pending = [loop.call_later(600 + i / 1e3, nothing) for i in range(later)]
    if args.variant == "ahead":
        pending.append(loop.call_later(30, nothing))
    begin = clock()
    for i in range(args.size):
        loop.call_later(60, nothing).cancel()
        if i % 128 == 127:
            await asyncio.sleep(0)  # the loop wants to sort out the cancelled ones
    report(args.size, begin)
    sys.stdout.flush()
    os._exit(0)  # cancelling what is pending is not part of the measurement


run(measure)
