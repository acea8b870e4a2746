# SPDX-License-Identifier: Apache-2.0
"""One thread beside the loop submits SIZE coroutines and waits until all have run."""

import asyncio
import threading

from program import clock, report, run


async def measure(args):
    loop, finished = asyncio.get_running_loop(), threading.Event()
    done = 0

    async def count():
        nonlocal done
        done += 1
        if done == args.size:
            finished.set()

    def outside():
        begin = clock()
        for _ in range(args.size):
            asyncio.run_coroutine_threadsafe(count(), loop)
        finished.wait()
        report(args.size, begin)

    thread = threading.Thread(target=outside)
    thread.start()
    while thread.is_alive():
        await asyncio.sleep(0.05)


run(measure)
