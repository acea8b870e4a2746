# SPDX-License-Identifier: Apache-2.0
"""A tree of ten children a node, SIZE levels deep: a task for each child."""

from program import clock, join_all, report, require, run


async def node(first, leaves):
    if leaves == 1:
        return first
    part = leaves // 10
    return sum(await join_all(node(first + i * part, part) for i in range(10)))


async def measure(args):
    leaves = 10**args.size
    begin = clock()
    total = await node(0, leaves)
    report((10 * leaves - 1) // 9, begin)
    require(total == leaves * (leaves - 1) // 2, "sum")


run(measure)
