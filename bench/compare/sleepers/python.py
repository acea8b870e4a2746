# SPDX-License-Identifier: Apache-2.0
"""SIZE tasks that sleep 10 s each; with the variant "random" between 1 and 10 s."""

import asyncio

from program import Random, clock, join_all, run


async def measure(args):
    random, spread = Random(), args.variant == "random"
    begin = clock()
    await join_all(asyncio.sleep((1000 + random.below(9001)) / 1e3 if spread else 10) for _ in range(args.size))
    seconds = clock() - begin
    print(f"operations={args.size} seconds={seconds:.9f} beyond_ms={(seconds - 10) * 1e3:.1f}")


run(measure)
