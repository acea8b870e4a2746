# SPDX-License-Identifier: Apache-2.0
# examples/tutorial_together.cpp, as it is written with asyncio.
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


async def main():
    sleep_three = asyncio.create_task(delay(3))
    sleep_again = asyncio.create_task(delay(3))
    sleep_once_more = asyncio.create_task(delay(3))
    await sleep_three
    await sleep_again
    await sleep_once_more
    say("all three have finished")


asyncio.run(main())
