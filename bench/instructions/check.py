#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many instructions each core path takes, against expected.json: a gate that does not depend on the clock.

    check.py PROGRAM            compare; exit status 1 if a path takes more than it may
    check.py PROGRAM --update   write what is measured into expected.json; say why in the commit

PROGRAM (paths.cpp) runs under callgrind with a count and with twice the count; the difference, divided, is what one
operation takes: starting and ending the program cancels out. The numbers hold for one compiler and one build type.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

EXPECTED = pathlib.Path(__file__).with_name("expected.json")
COUNT = 2000
SKIPPED = 77  # what ctest is told when there is no valgrind


def instructions(program, path, count):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, path, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"{path}: valgrind failed:\n{done.stderr[-2000:]}")
    return int(found[1])


def measure(program, path):
    return round((instructions(program, path, 2 * COUNT) - instructions(program, path, COUNT)) / COUNT, 1)


def measure_all(program):
    paths = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(paths, pool.map(lambda path: measure(program, path), paths)))


def compare(measured, expected, tolerance):
    """(lines to print, how many paths take too many)"""
    lines, worse = [], 0
    for path, now in measured.items():
        then = expected.get(path)
        if then is None:
            lines.append(f"{path:24} {now:9.1f}  is new: --update")
            worse += 1
            continue
        change = (now / then - 1) * 100
        verdict = "" if abs(change) <= tolerance else "MORE" if change > 0 else "fewer: --update keeps the gain"
        worse += change > tolerance
        lines.append(f"{path:24} {now:9.1f}  expected {then:9.1f}  {change:+6.1f} %  {verdict}".rstrip())
    for path in expected.keys() - measured.keys():
        lines.append(f"{path:24} is gone: --update")
        worse += 1
    return lines, worse


def main(words):
    if not words or words[1:] not in ([], ["--update"]):
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        print("skips the count of instructions: valgrind is not installed (apt install valgrind)")
        return SKIPPED
    kept = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {"tolerance_percent": 3, "instructions": {}}
    measured = measure_all(words[0])
    lines, worse = compare(measured, kept["instructions"], kept["tolerance_percent"])
    print("\n".join(lines))
    if words[1:]:
        kept["instructions"] = measured
        EXPECTED.write_text(json.dumps(kept, indent=2) + "\n")
        print(f"written: {EXPECTED}")
        return 0
    if worse:
        print(f"\n{worse} paths take more than {kept['tolerance_percent']} % beyond what is expected.")
        print("If that is worth it: ./run bench instructions --update, and the reason in the commit.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
