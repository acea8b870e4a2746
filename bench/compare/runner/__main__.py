# SPDX-License-Identifier: Apache-2.0
"""The same work, side by side. `./run bench` builds the C++ programs and calls this.

    ./run bench [WORKLOAD...] [--quick] [--continue] [--rivals a,b] [--workers 1,2] [--rounds N] [--output DIR]
    ./run bench --report RESULTS.json      the Markdown and HTML of results that are there
    ./run bench --publish RESULTS.json     its tables into docs/performance.md
    ./run bench --diff OLD.json NEW.json   what changed, and how sure that is
"""

import argparse
import os
import pathlib
import sys
import time

import compare_results
import html_report
import markdown
import results as storage
from build import Toolbox
from machine import describe
from measure import Meter
from rivals import BY_NAME, COMPARE
from session import NO_SUCH_THING, Alone, Busy, Session
from workloads import WORKLOADS

ROOT = COMPARE.parent.parent
QUICK_SECONDS = 500  # no further round of --quick begins that would end later than this after the command was given
QUICK_ROUNDS, FULL_ROUNDS = 3, 7


def parse(words):
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(w.name for w in WORKLOADS))
    parser.add_argument("--quick", action="store_true", help="small sizes, three rounds at most: some minutes")
    parser.add_argument("--continue", dest="goes_on", action="store_true", help="go on with an interrupted run")
    parser.add_argument("--rivals", help="only these, separated by commas: " + ",".join(BY_NAME))
    parser.add_argument("--workers", help="numbers of workers, separated by commas; else 1, 2, 4, ...")
    parser.add_argument("--rounds", type=int, help=f"{FULL_ROUNDS}, or {QUICK_ROUNDS} with --quick")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build/bench", help="build/bench")
    programs = ROOT / "build/release/bench/compare"
    parser.add_argument("--build", type=pathlib.Path, default=programs, help=argparse.SUPPRESS)
    parser.add_argument("--spent", type=int, default=0, help=argparse.SUPPRESS)  # seconds that building has taken
    parser.add_argument("--smoke", action="store_true", help="does each program work: run each once, measure nothing")
    parser.add_argument("--report", type=pathlib.Path, metavar="RESULTS")
    parser.add_argument("--publish", type=pathlib.Path, metavar="RESULTS")
    parser.add_argument("--diff", type=pathlib.Path, nargs=2, metavar=("OLD", "NEW"))
    args = parser.parse_args(words)
    known = {workload.name for workload in WORKLOADS}
    for name in args.workloads:
        if name not in known:
            parser.error(f"no workload '{name}'; there are {', '.join(sorted(known))}")
    args.rivals = args.rivals.split(",") if args.rivals else list(BY_NAME)
    for name in args.rivals:
        if name not in BY_NAME:
            parser.error(f"no rival '{name}'; there are {', '.join(BY_NAME)}")
    args.workers = sorted({int(n) for n in args.workers.split(",")}) if args.workers else worker_counts(os.cpu_count())
    return args


def worker_counts(processors):
    """One, powers of two, all."""
    counts = [1]
    while 2 * counts[-1] < processors:
        counts.append(2 * counts[-1])
    return sorted({*counts, processors})


def plan_of(args):
    wanted = [w for w in WORKLOADS if not args.workloads or w.name in args.workloads]
    return [(w, c) for w in wanted for c in w.cases if (c.quick if args.quick or args.smoke else c.full)]


def fresh(args, toolbox):
    return {
        "format": storage.FORMAT,
        "machine": describe(toolbox, ROOT),
        "noise": None,
        "scale": "tiny" if args.smoke else "quick" if args.quick else "full",
        "rounds": args.rounds or (1 if args.smoke else QUICK_ROUNDS if args.quick else FULL_ROUNDS),
        "workers": args.workers,
        "rivals": [name for name in args.rivals if name in toolbox.tools],
        "skipped": toolbox.missing,
        "idle_kib": {},
        "idle_calls": {},
        "runs": [],
        "left_out": [],
        "system_calls": [],
    }


def write_reports(results, folder):
    summary = storage.Summary(results)
    markdown.write(summary, folder / "results.md")
    html_report.write(summary, folder / "report.html")
    print(f"{folder / 'results.md'}\n{folder / 'report.html'}")


def measure(args):
    begin = time.monotonic() - args.spent
    args.output.mkdir(parents=True, exist_ok=True)
    path = args.output / "results.json"
    toolbox = Toolbox(args.build)
    toolbox.make(args.rivals)
    results = storage.load(path) if args.goes_on else fresh(args, toolbox)
    session = Session(Meter(args.build, results["scale"]), toolbox, plan_of(args), results, path)
    try:
        with Alone():
            session.run(begin + QUICK_SECONDS - time.monotonic() if results["scale"] == "quick" else None)
    except KeyboardInterrupt:
        session.progress.end()
        words = sys.argv[3:] if sys.argv[1:2] == ["--spent"] else sys.argv[1:]
        again = " ".join(word for word in words if word != "--continue")
        print(f"interrupted; what was measured is kept: ./run bench {again} --continue")
        return 130
    finally:
        if results["runs"]:
            write_reports(results, args.output)
    return 0


def smoke(args):
    """Exit status 1 if a program that is there does not work."""
    toolbox = Toolbox(args.build)
    toolbox.make(args.rivals)
    args.workers = [1, 2]
    session = Session(Meter(args.build, "tiny", time_limit=60), toolbox, plan_of(args), fresh(args, toolbox), None)
    for step in session.steps(0):
        session.make(step, 0)
    failed = sum(entry["why"] != NO_SUCH_THING for entry in session.results["left_out"])
    print(f"{len(session.results['runs'])} programs work, {failed} do not")
    return 1 if failed or not session.results["runs"] else 0


def main(words):
    args = parse(words)
    if args.diff:
        return compare_results.show(*map(storage.load, args.diff))
    if args.report:
        write_reports(storage.load(args.report), args.report.resolve().parent)
        return 0
    if args.publish:
        markdown.publish(storage.Summary(storage.load(args.publish)), ROOT / "docs/performance.md")
        return 0
    if args.smoke:
        return smoke(args)
    return measure(args)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Busy, ValueError, OSError) as problem:
        sys.exit(f"./run bench: {problem}")
