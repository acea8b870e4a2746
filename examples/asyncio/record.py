#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the asyncio programs beside this file print, as NAME.txt beside each NAME.py.

    record.py            run them and write the files
    record.py --check    run them and compare with the files; exit code 1 if one differs

The programs run under virtual time: nobody waits for their sleeps, and the times they print are exact.
"""

import pathlib
import subprocess
import sys

# Runs the program named on its command line with a clock that stands still, except where asyncio waits for a timer.
VIRTUAL_TIME = """
import runpy, selectors, sys, time

class VirtualTimeSelector(selectors.DefaultSelector):
    now = 0.0
    def select(self, timeout=None):
        VirtualTimeSelector.now += max(timeout or 0.0, 0.0)
        return super().select(0)

selectors.DefaultSelector = VirtualTimeSelector
time.monotonic = lambda: VirtualTimeSelector.now
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def output_of(program):
    command = [sys.executable, "-c", VIRTUAL_TIME, str(program)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    stale = []
    for program in sorted(pathlib.Path(__file__).parent.glob("tutorial_*.py")):
        recorded, output = program.with_suffix(".txt"), output_of(program)
        if not sys.argv[1:]:
            recorded.write_text(output, encoding="utf-8")
        elif not recorded.is_file() or recorded.read_text(encoding="utf-8") != output:
            stale.append(recorded.name)
            print(f"{recorded} does not hold what {program.name} prints:\n{output}")
        print(f"{program.name}: {len(output.splitlines())} lines")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
