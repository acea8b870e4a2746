# SPDX-License-Identifier: Apache-2.0
"""The results as a Markdown table: medians, one row for each case, a column for each rival."""

from machine import Noise
from measures import MEASURES
from results import Key
from rivals import BY_NAME
from wording import case_name, figure, ratio, rival_title, threads


def about(results):
    machine = results["machine"]
    yield f"{machine['processor']}, {machine['processors']} processors, {machine['memory_gib']} GiB; {machine['system']}, "
    yield f"kernel {machine['kernel']}; {machine['compiler']}. "
    yield "; ".join(
        f"{rival_title(name)} {version}" for name, version in machine["versions"].items() if name in BY_NAME
    )
    yield f". Medians of {results['rounds']} interleaved rounds ({results['scale']} sizes); less is better.\n"


def cell(summary, key, measure, best):
    found = summary.cell(key, measure)
    if not found:
        return ""
    text = figure(found.median)
    return f"**{text}**" if best and best[0] == key.rival else text


def tables(summary):
    """One table for each number of workers; single-threaded rivals stand in the one for one worker."""
    results = summary.results
    for workers in results["workers"]:
        names = [n for n in BY_NAME if any(k.rival == n and k.workers == workers for k in summary.by_key)]
        if not names:
            continue
        yield f"\n### {threads(workers).capitalize()}\n\n"
        yield "| | unit | " + " | ".join(map(rival_title, names)) + " |\n"
        yield "|---|---|" + "---:|" * len(names) + "\n"
        for workload, case in summary.cases():
            for measure in case.measures:
                best = summary.best(workload.name, case.variant, measure, workers)
                cells = [cell(summary, Key(workload.name, case.variant, n, workers), measure, best) for n in names]
                if any(cells):
                    name = case_name(workload.name, case.variant)
                    label = name if measure in ("ns", "us", "ms") else f"{name}: {MEASURES[measure].title}"
                    yield f"| {label} | {MEASURES[measure].unit} | " + " | ".join(cells) + " |\n"


def losses(summary):
    best, total = summary.standing()
    yield f"\n### Where charkha is not the best\n\nBest, or within 5 % of it, in {best} of {total} comparisons. "
    yield "Behind, with the same number of workers:\n\n| | measure | workers | best | charkha takes |\n|---|---|---:|---|---:|\n"
    for times, workload, case, measure, workers, rival, certain in summary.losses():
        doubt = "" if certain else " (spreads overlap)"
        name = case_name(workload.name, case.variant)
        yield f"| {name} | {MEASURES[measure].title} | {workers} | {rival_title(rival)} | {ratio(times)}{doubt} |\n"


def write(summary, path):
    path.write_text(text_of(summary), encoding="utf-8")


BEGIN, END = "<!-- figures: written by ./run bench --publish from results.json -->", "<!-- end of figures -->"


def text_of(summary):
    results = summary.results
    warnings = Noise.warnings(results["noise"], results["machine"]["processors"])
    noise = [f"\n**The machine was not quiet**: {'; '.join(warnings)}.\n"] if warnings else []
    return "".join([*about(results), *noise, *tables(summary), *losses(summary)])


def publish(summary, page):
    """Puts the tables between the two marks of a page."""
    before, found, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{page}: the marks of the figures are not there")
    page.write_text(f"{before}{BEGIN}\n{text_of(summary)}{END}{after}", encoding="utf-8")
