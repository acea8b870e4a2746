# SPDX-License-Identifier: Apache-2.0
"""How many ways there are to place SIZE queens: a task for each square of a row that is free."""

from program import clock, join_all, report, require, run

ANSWERS = {8: (92, 2057), 11: (2680, 166926), 13: (73712, 4674890), 14: (365596, 27358553)}


def can_place(rows, column):
    return all(column not in (other, other - away, other + away) for away, other in enumerate(reversed(rows), 1))


async def place(rows, size):
    if len(rows) == size:
        return 1
    return sum(await join_all(place((*rows, column), size) for column in range(size) if can_place(rows, column)))


async def measure(args):
    answer, boards = ANSWERS[args.size]
    begin = clock()
    ways = await place((), args.size)
    report(boards, begin)
    require(ways == answer, "ways")


run(measure)
