#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the tutorial's programs print what asyncio prints?

    tutorial.py virtual RECORDED PROGRAM    PROGRAM runs under virtual time, on one worker and, seed by seed, on more
    tutorial.py real RECORDED PROGRAM       PROGRAM runs for real on 1, 2 and 4 workers
    tutorial.py arguments PROGRAM           PROGRAM refuses arguments that make no sense

RECORDED is what CPython printed. On one worker every line and, under virtual time, the time in front of it is CPython's.
On more, the same lines come, those of one task in their order (ORDERED below), and none before its time. For real there
is no upper bound: a busy machine is late, not wrong.
"""

import collections
import math
import pathlib
import re
import subprocess
import sys

# Lines of which the left one comes first on any number of workers: it is the same task's, or that of a task awaited.
ORDERED = [
    ("created Task-2", "Task-2 gave 3"),
    ("sleeping for 3 s", "finished sleeping for 3 s"),
    ("finished sleeping for 3 s", "Task-2 gave 3"),
    ("finished sleeping for 3 s", "all three have finished"),
]


def parse(output):
    """The lines as (time, text)."""
    matches = [re.fullmatch(r"\[(\d+\.\d) s\] (.*)", line) for line in output.splitlines()]
    if not all(matches):
        raise ValueError(f"a line without its time in:\n{output}")
    return [(float(match[1]), match[2]) for match in matches]


def faults(lines, expected, workers, exact_times):
    if workers == 1 and [text for _, text in lines] != [text for _, text in expected]:
        yield "not asyncio's lines in asyncio's order"

    # The earliest of the equal lines of one against the earliest of the other, and so on.
    by_text = [sorted(part, key=lambda line: (line[1], line[0])) for part in (lines, expected)]
    if [text for _, text in by_text[0]] != [text for _, text in by_text[1]]:
        yield "not asyncio's lines"
    else:
        for (time, text), (due, _) in zip(*by_text):
            if time < due or (exact_times and time != due):
                yield f"'{text}' at {time} s, due at {due} s"

    seen, total = collections.Counter(), collections.Counter(text for _, text in lines)
    for _, text in lines:
        seen[text] += 1
        for first, then in ORDERED:
            if then == text and seen[first] < math.ceil(total[first] * seen[then] / total[then]):
                yield f"'{then}' before '{first}'"


def judge(what, output, expected, workers, exact_times):
    found = list(faults(parse(output), expected, workers, exact_times))
    if found:
        print(f"{what}: {'; '.join(found)}. It printed:\n{output}")
    return not found


def virtual(expected, program):
    runs = [(1, 1)] + [(workers, seed) for workers in (2, 4, 8) for seed in range(1, 51)]
    good = True
    for workers, seed in runs:
        command = [program, str(workers), str(seed)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        good &= judge(f"{workers} workers, seed {seed}", output, expected, workers, exact_times=True)
    print(f"{len(runs)} runs under virtual time")
    return good


def real(expected, program):
    runs = {
        workers: subprocess.Popen([program, "--workers", str(workers)], stdout=subprocess.PIPE, text=True)
        for workers in (1, 2, 4)
    }
    good = True
    for workers, process in runs.items():
        output, _ = process.communicate()
        if process.returncode != 0:
            print(f"{workers} workers: exit code {process.returncode}")
            good = False
        good &= judge(f"{workers} workers", output, expected, workers, exact_times=False)
    return good


def arguments(program):
    good = True
    for bad in (["--workers"], ["--workers", "0"], ["--workers", "-1"], ["--workers", "2x"], ["--workers", "1025"],
                ["--workers", "99999999999999999999"], ["--workers", ""], ["4"], ["--workers", "2", "3"]):  # fmt: skip
        process = subprocess.run([program, *bad], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if process.returncode != 2 or process.stdout or not process.stderr.startswith("usage: "):
            print(f"{bad}: exit code {process.returncode}, stdout '{process.stdout}', stderr '{process.stderr}'")
            good = False
    return good


def main():
    mode, *paths = sys.argv[1:]
    if mode == "arguments":
        return 0 if arguments(*paths) else 1
    recorded, program = paths
    expected = parse(pathlib.Path(recorded).read_text(encoding="utf-8"))
    return 0 if {"virtual": virtual, "real": real}[mode](expected, program) else 1


if __name__ == "__main__":
    sys.exit(main())
