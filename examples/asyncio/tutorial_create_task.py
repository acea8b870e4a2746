# SPDX-License-Identifier: Apache-2.0
# examples/tutorial_create_task.cpp, as it is written with asyncio.
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
    say(f"created {sleep_three.get_name()}")
    result = await sleep_three
    say(f"{sleep_three.get_name()} gave {result}")


asyncio.run(main())
