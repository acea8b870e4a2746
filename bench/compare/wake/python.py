# SPDX-License-Identifier: Apache-2.0
"""SIZE times: an idle loop is given a coroutine by another thread; how long until its first instruction. With the variant
"burst": 1,000 at once, until the last has begun."""

import asyncio
import threading
import time

from program import clock, report_times, run


async def measure(args):
    loop, burst = asyncio.get_running_loop(), 1000 if args.variant == "burst" else 1
    finished = asyncio.Event()

    def outside():
        microseconds = []
        for _ in range(args.size):
            time.sleep(0.002)
            left, ran, at = burst, threading.Event(), 0.0

            async def note():
                nonlocal left, at
                now = clock()
                left -= 1
                if left == 0:
                    at = now
                    ran.set()

            begin = clock()
            for _ in range(burst):
                asyncio.run_coroutine_threadsafe(note(), loop)
            ran.wait()
            microseconds.append((at - begin) * 1e6)
        report_times(microseconds)
        loop.call_soon_threadsafe(finished.set)

    threading.Thread(target=outside).start()
    await finished.wait()


run(measure)
