#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A table of what llvm-cov export -summary-only found, from standard input: a row for each file, the least covered first."""

import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def share(of):
    return 100.0 if of["count"] == 0 else 100.0 * of["covered"] / of["count"]


def row(name, summary):
    lines, branches = summary["lines"], summary["branches"]
    missed = [lines["count"] - lines["covered"], branches["count"] - branches["covered"]]
    return f"{share(lines):6.1f} %  {missed[0]:5}  {share(branches):6.1f} %  {missed[1]:5}  {name}"


def main():
    data = json.load(sys.stdin)["data"][0]
    print("   lines  missed  branches missed  file")
    files = sorted(data["files"], key=lambda each: (share(each["summary"]["lines"]), each["filename"]))
    for each in files:
        summary = each["summary"]
        if summary["lines"]["covered"] < summary["lines"]["count"] or summary["branches"]["covered"] < summary["branches"]["count"]:
            print(row(os.path.relpath(each["filename"], ROOT), summary))
    print(row(f"all {len(files)} files", data["totals"]))


if __name__ == "__main__":
    main()
