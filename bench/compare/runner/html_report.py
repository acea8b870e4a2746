# SPDX-License-Identifier: Apache-2.0
"""report.html: one file that needs nothing else."""

import html
import pathlib

import charts
from machine import Noise
from measures import MEASURES
from results import Key
from rivals import BY_NAME
from wording import case_title, figure, measure_title, quantity, ratio, rival_title

STYLE = pathlib.Path(__file__).with_name("report.css")
SCALING = ("fib", "skynet", "nqueens", "matmul", "spawn", "task_fib", "submit", "channel")


def write(summary, path):
    path.write_text(page(summary), encoding="utf-8")


def page(summary):
    body = [header(summary), glance(summary), losses(summary)]
    for workload in dict.fromkeys(w for w, _ in summary.cases()):
        body.append(section(summary, workload))
    body += [scaling(summary), footer(summary)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>charkha, side by side</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE.read_text(encoding='utf-8')}{colours()}</style></head><body>"
        f"<main>{''.join(body)}</main><script>{SCRIPT}</script></body></html>\n"
    )


# The theme follows the system; the button and #dark or #light at the end of the address override it.
SCRIPT = """const root = document.documentElement;
const set = (theme) => { if (theme === 'dark' || theme === 'light') root.dataset.theme = theme; };
set(location.hash.slice(1));
document.querySelector('button').onclick = () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  set(dark ? 'light' : 'dark');
};"""


def colours():
    light = "".join(f".rival.{r.name}{{--colour:{r.colours[0]}}}" for r in BY_NAME.values())
    dark = [f".rival.{r.name}{{--colour:{r.colours[1]}}}" for r in BY_NAME.values()]
    system = "".join(f":root:not([data-theme=light]) {rule}" for rule in dark)
    chosen = "".join(f":root[data-theme=dark] {rule}" for rule in dark)
    return f"{light}@media (prefers-color-scheme:dark){{{system}}}{chosen}"


def header(summary):
    results, machine = summary.results, summary.results["machine"]
    best, total = summary.standing()
    where = f"{machine['processor']} · {machine['processors']} processors · {machine['memory_gib']} GiB · "
    where += f"{machine['system']} · kernel {machine['kernel']}"
    versions = " · ".join(f"<b>{rival_title(n)}</b> {html.escape(v)}" for n, v in machine["versions"].items())
    warnings = Noise.warnings(results["noise"], machine["processors"])
    noise = f'<p class="warning"><b>The machine was not quiet:</b> {html.escape("; ".join(warnings))}. '
    noise += "Take small differences for none.</p>"
    quick = " Small sizes (--quick): a first look, not a figure to quote." if results["scale"] != "full" else ""
    return (
        "<header><button title='light or dark'>◐</button><h1>charkha, side by side</h1>"
        "<p class='lead'>The same work, written once for each rival, checked for the right result, run in turn on one "
        f"machine. charkha is best, or within 5 % of the best, in <b>{best} of {total}</b> comparisons.</p>"
        f"<p class='where'>{html.escape(where)}<br>{versions}<br>Medians of {results['rounds']} interleaved rounds; "
        f"the thin line on a bar goes from the least to the greatest.{quick}</p>{noise if warnings else ''}</header>"
    )


# ---- the overview ----------------------------------------------------------------------------------------------------


def glance(summary):
    """How many times the best: each rival with as many workers as it has."""
    names = [n for n in BY_NAME if any(k.rival == n for k in summary.by_key) and not BY_NAME[n].reference]
    rows, before = [], None
    for workload, case in summary.cases():
        measure = case.measures[0]
        best = summary.best(workload.name, case.variant, measure)
        if not best:
            continue
        cells = "".join(heat(summary, workload, case, name, best) for name in names)
        title = case_title(workload, case) if before != workload.name else f"<span>…</span> {html.escape(case.title)}"
        link = f'<a href="#{workload.name}">{title}</a>'
        rows.append(f"<tr><th>{link}</th>{cells}</tr>")
        before = workload.name
    head = "".join(f'<th class="{charts.style(n)}"><i></i>{rival_title(n)}</th>' for n in names)
    return (
        "<section><h2>At a glance</h2><p>How many times the best of each row; the figure below is the median. Each "
        "has as many workers as the machine has processors, or one if it knows only one.</p><div class='scroll'>"
        f"<table class='glance'><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        "</section>"
    )


def heat(summary, workload, case, name, best):
    if name not in summary.rivals(workload.name, case.variant):
        return "<td></td>"
    key, measure = summary.most(workload.name, case.variant, name), case.measures[0]
    cell = summary.cell(key, measure)
    if not cell:
        return "<td></td>"
    times = cell.median / best[1].median if best[1].median > 0 else 1
    early = summary.is_early(key)
    level = "early" if early else next((f"h{i}" for i, x in enumerate((1.05, 1.5, 3, 10)) if times <= x), "h4")
    text = "early" if early else ratio(times) if times > 1.05 else "best"
    us = " us" if name == "charkha" else ""
    return f"<td class='{level}{us}'>{text}<small>{quantity(cell.median, MEASURES[measure].unit)}</small></td>"


def losses(summary):
    rows = []
    for times, workload, case, measure, workers, rival, certain in summary.losses():
        doubt = "" if certain else "<small>spreads overlap</small>"
        rows.append(
            f'<tr><td><a href="#{workload.name}">{html.escape(case_title(workload, case))}</a> <small>{measure_title(measure)}'
            f"</small></td><td class='number'>{workers}</td><td>{rival_title(rival)}</td><td class='number'>{ratio(times)} "
            f"{doubt}</td></tr>"
        )
    if not rows:
        return ""
    rest = f"<details><summary>{len(rows) - 10} more</summary>{loss_table(rows[10:])}</details>" if rows[10:] else ""
    return (
        "<section><h2>Where charkha is not the best</h2><p>With the same number of workers, everything that is more than "
        f"5 % behind, worst first.</p>{loss_table(rows[:10])}{rest}</section>"
    )


def loss_table(rows):
    head = "<th>Work, measure</th><th>Workers</th><th>Best</th><th>charkha takes</th>"
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


# ---- one workload ----------------------------------------------------------------------------------------------------


def section(summary, workload):
    parts = [f'<section id="{workload.name}"><h2>{html.escape(workload.title)}</h2><p>{html.escape(workload.text)}</p>']
    for case in (c for w, c in summary.cases() if w is workload):
        if case.title:
            parts.append(f"<h3>{html.escape(case.title)}</h3>")
        figures = [charts.bars(summary, workload, case, measure) for measure in case.measures]
        if workload.curves:
            figures.append(charts.quantiles(summary, workload, case))
        parts.append(f'<div class="figures">{"".join(figures)}</div>{details(summary, workload, case)}')
    return "".join(parts) + "</section>"


def details(summary, workload, case):
    rows = []
    for name in summary.rivals(workload.name, case.variant):
        for workers in summary.workers(workload.name, case.variant, name):
            rows.append(detail(summary, Key(workload.name, case.variant, name, workers), case))
    left = "; ".join(absent(summary, workload, case))
    left = f"<p>Left out: {html.escape(left)}.</p>" if left else ""
    head = "<th>Workers<th>Size<th>Runs<th>Median (least–greatest)<th>CPU an operation<th>Peak memory"
    head += "<th>Switches, voluntary / not<th>System calls an operation"
    return (
        f"<details><summary>All figures</summary><div class='scroll'><table><thead><tr><th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{left}</details>"
    )


def absent(summary, workload, case):
    """Who takes part elsewhere and not here, and why."""
    left = [e for e in summary.results["left_out"] if (e["workload"], e["variant"]) == (workload.name, case.variant)]
    named = dict.fromkeys(f"{rival_title(entry['rival'])}: {entry['why']}" for entry in left)
    here = {entry["rival"] for entry in left} | set(summary.rivals(workload.name, case.variant))
    others = [n for n in summary.results["rivals"] if n not in here and not BY_NAME[n].reference]
    return [*named, *(f"{rival_title(name)}: cannot do it, or has no program for it" for name in others)]


def detail(summary, key, case):
    runs = summary.by_key[key]
    middle = sorted(runs, key=lambda run: run["cpu_seconds"])[len(runs) // 2]
    cell, unit = summary.cell(key, case.measures[0]), MEASURES[case.measures[0]].unit
    calls = summary.system_calls(key.workload, key.variant, key.rival) if key == summary.most(*key[:3]) else None
    most = ", ".join(calls[1]) if calls else ""
    columns = (
        key.workers,
        f"{middle['size']:,}",
        len(runs),
        f"{quantity(cell.median, unit)} ({figure_range(cell, unit)})",
        quantity(middle["cpu_seconds"] * 1e9 / middle["operations"], "ns"),
        quantity(middle["peak_kib"] * 1024, "B"),
        f"{middle['voluntary']:,} / {middle['involuntary']:,}",
        f"{figure(calls[0])} <small>{most}</small>" if calls else "",
    )
    cells = "".join(f"<td class='number'>{column}</td>" for column in columns)
    return f'<tr class="{charts.style(key.rival)}"><th><i></i>{rival_title(key.rival)}</th>{cells}</tr>'


def figure_range(cell, unit):
    return f"{quantity(cell.least, unit)} – {quantity(cell.greatest, unit)}"


# ---- the end ---------------------------------------------------------------------------------------------------------


def scaling(summary):
    plots = []
    for name in SCALING:
        found = next(((w, c) for w, c in summary.cases() if w.name == name), None)
        plots.append(charts.scaling(summary, *found) if found else "")
    if not any(plots):
        return ""
    names = [r.name for r in BY_NAME.values() if r.threads == "many" and any(k.rival == r.name for k in summary.by_key)]
    return (
        "<section id='scaling'><h2>More workers</h2><p>How many times as fast as the same program with one worker; dashed: "
        "as many times as there are workers. It says who divides his work well, not who is fast: who is slow alone has "
        f"more to gain.</p>{charts.legend(names)}<div class='figures many'>{''.join(plots)}</div></section>"
    )


def footer(summary):
    skipped = "; ".join(f"{rival_title(n)}: {why}" for n, why in summary.results.get("skipped", {}).items())
    skipped = f"<p>Not compared: {html.escape(skipped)}.</p>" if skipped else ""
    return (
        f"<footer>{skipped}<p>Grey and hatched: floors and ceilings, which are not ranked. A bar with a gap is longer "
        "than there is room for. How it is measured, what each workload stands for and whom it flatters: "
        "docs/performance.md. To repeat it: <code>./run bench</code>.</p></footer>"
    )
