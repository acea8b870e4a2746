# SPDX-License-Identifier: Apache-2.0
# examples/tutorial_ticker.cpp, as it is written with asyncio.
import asyncio
import time

start = time.monotonic()


def say(line):
    print(f"[{time.monotonic() - start:.1f} s] {line}", flush=True)


async def delay(seconds):
    say(f"sleeping for {seconds} s")
    await asyncio.sleep(seconds)
    say(f"finished sleeping for {seconds} s")
    return seconds


async def tick():
    for second in range(2):
        await asyncio.sleep(1)
        say("while I wait, other code runs")


async def main():
    first = asyncio.create_task(delay(3))
    second = asyncio.create_task(delay(3))
    await tick()
    await first
    await second


asyncio.run(main())
