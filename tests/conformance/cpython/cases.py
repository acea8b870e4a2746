#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is every case of CPython's asyncio suite (cases.json) here, or left out with a reason?

    cases.py FOLDER SUITE...      the suites that must be complete, such as test_tasks

A case is here when some *_test.cpp in FOLDER has a TEST_CASE whose name begins with `suite.Class.case:`. It is left out
when not_applicable.json names it and says why. Both at once, neither, or a name that CPython does not have: an error.
"""

import json
import pathlib
import re
import sys

NAMES = re.compile(r'TEST_CASE\(\s*"(test_\w+\.\w+\.\w+):')


def main(folder, suites):
    folder = pathlib.Path(folder)
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    reasons = json.loads((folder / "not_applicable.json").read_text(encoding="utf-8"))
    known = {f"{suite}.{case}" for suite in cases for case in cases[suite]}
    required = {f"{suite}.{case}" for suite in suites for case in cases[suite]}
    found = [name for source in sorted(folder.glob("*_test.cpp")) for name in NAMES.findall(source.read_text(encoding="utf-8"))]

    problems = [f"{name}: neither tested nor left out with a reason" for name in sorted(required - set(found) - set(reasons))]
    problems += [f"{name}: tested, and left out" for name in sorted(set(found) & set(reasons))]
    problems += [f"{name}: CPython has no such case" for name in sorted((set(found) | set(reasons)) - known)]
    problems += [f"{name}: tested twice" for name in sorted({name for name in found if found.count(name) > 1})]
    problems += [f"{name}: left out without a reason" for name, reason in sorted(reasons.items()) if not reason.strip()]
    print("\n".join(problems) or f"{len(required & set(found))} cases tested, {len(required & set(reasons))} left out with a reason")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
