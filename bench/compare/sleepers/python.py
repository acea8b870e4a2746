# SPDX-License-Identifier: Apache-2.0
"""SIZE tasks that sleep 10 s each; with the variant "brief" 2 s, with "random" between 1 and 10 s."""

import asyncio

from program import Random, clock, join_all, run


async def measure(args):
    random, longest = Random(), 2 if args.variant == "brief" else 10
    begin = clock()
    if args.variant == "random":
        await join_all(asyncio.sleep((1000 + random.below(9001)) / 1e3) for _ in range(args.size))
    else:
        await join_all(asyncio.sleep(longest) for _ in range(args.size))
    seconds = clock() - begin
    print(f"operations={args.size} seconds={seconds:.9f} beyond_ms={(seconds - longest) * 1e3:.1f}")


run(measure)
