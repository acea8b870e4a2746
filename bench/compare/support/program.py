# SPDX-License-Identifier: Apache-2.0
"""What the programs for asyncio and uvloop share: arguments, loop, clock, the one line of output (support/program.hpp).

With LOOP=uvloop the same program runs on uvloop. There is one worker, whatever WORKERS says: more are refused.
"""

import asyncio
import collections
import os
import sys
import time

Arguments = collections.namedtuple("Arguments", "workers size variant")
clock = time.perf_counter


def parse():
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} WORKERS SIZE [VARIANT]")
    args = Arguments(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
    if args.workers != 1:
        cannot()
    return args


def run(measure):
    args = parse()
    if os.environ.get("LOOP") == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(measure(args))


def cannot():
    sys.exit(3)


def require(right, what):
    if not right:
        sys.exit(f"wrong result: {what}")


def report(operations, begin):
    print(f"operations={operations} seconds={clock() - begin:.9f}", flush=True)


def report_times(microseconds):
    microseconds.sort()
    points = [microseconds[(len(microseconds) - 1) * percent // 100] for percent in range(101)]
    print(f"operations={len(microseconds)} percentiles_us={','.join(f'{p:.1f}' for p in points)}", flush=True)


async def join_all(coroutines):
    """Runs them all as tasks, and awaits each."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    return [await task for task in tasks]


class Random:
    """xorshift64: the same sequence in every language."""

    def __init__(self):
        self.state = 88172645463325252

    def below(self, bound):
        self.state ^= self.state << 13 & 0xFFFFFFFFFFFFFFFF
        self.state ^= self.state >> 7
        self.state ^= self.state << 17 & 0xFFFFFFFFFFFFFFFF
        return self.state % bound
