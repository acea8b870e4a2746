# SPDX-License-Identifier: Apache-2.0
"""Echoes what it is sent: a task for each connection, which reads and writes streams; uvloop's and asyncio's protocols
would be faster, and are callbacks. Prints its port and serves until it is killed."""

import asyncio

from program import run


async def serve(reader, writer):
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()


async def measure(args):
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(f"port={server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


run(measure)
