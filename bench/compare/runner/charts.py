# SPDX-License-Identifier: Apache-2.0
"""Charts as HTML that fits any width: bars are boxes, curves are SVG without text; text is HTML and keeps its size."""

import html
import math

from measures import MEASURES
from results import Key
from rivals import BY_NAME
from wording import measure_title, quantity, ratio, rival_title

CUT = 10  # bars are not cut off before they are so many times as long as the best


def legend(names):
    chips = (f'<span class="chip {style(name)}"><i></i>{html.escape(rival_title(name))}</span>' for name in names)
    return f'<p class="legend">{"".join(chips)}</p>'


def style(name):
    return f"rival {name}" + (" reference" if BY_NAME[name].reference else "")


# ---- bars ------------------------------------------------------------------------------------------------------------


def bars(summary, workload, case, measure):
    """A row for each rival, a bar for one worker and for the most; the best first."""
    rows = []
    for name in summary.rivals(workload.name, case.variant):
        counts = summary.workers(workload.name, case.variant, name)
        shown = counts if len(counts) < 3 else [counts[0], counts[-1]]
        keys = [Key(workload.name, case.variant, name, count) for count in shown]
        cells = [(key, cell) for key in keys if (cell := summary.cell(key, measure))]
        if cells:
            rows.append((summary.is_early(cells[-1][0]), cells[-1][1].median, name, cells))
    if not rows:
        return ""
    rows.sort(key=lambda row: row[:2])
    best = summary.best(workload.name, case.variant, measure)
    least = best[1].median if best else rows[0][1]
    end = end_of([row[1] for row in rows if row[1] >= least], [cell.greatest for row in rows for _, cell in row[3]])
    lines = [bar_row(summary, name, cells, end, least, MEASURES[measure].unit) for _, _, name, cells in rows]
    title = f"{measure_title(measure).capitalize()} <span>· less is better</span>"
    return f'<figure class="bars"><figcaption>{title}</figcaption>{"".join(lines)}</figure>'


def end_of(medians, greatest):
    """Where the axis ends: so that the shortest bars can be told apart, and not for the sake of the longest."""
    medians = sorted(medians)
    end = max(CUT * medians[0], 4 * medians[min(1, len(medians) - 1)])
    return max(greatest) if max(greatest) <= 1.3 * end else end


def bar_row(summary, name, cells, end, least, unit):
    lines = []
    for position, (key, cell) in enumerate(cells):
        cut = cell.median > end
        width, low, high = (min(max(x / end, 0), 1) * 100 for x in cell[:3])
        kind = "bar most" if position == len(cells) - 1 else "bar one"
        whisker = "" if cut or high - low < 0.4 else f'<b style="left:{low:.1f}%;width:{high - low:.1f}%"></b>'
        note = "wakes early" if summary.is_early(key) else ratio(cell.median / least) if cell.median > 0 < least else ""
        tag = f"{key.workers} w" if BY_NAME[name].threads == "many" else ""
        hover = f"{rival_title(name)} {tag}: {quantity(cell.median, unit)}, from {quantity(cell.least, unit)} to "
        hover += f"{quantity(cell.greatest, unit)} in {len(cell.values)} runs"
        lines.append(
            f'<div class="line" title="{html.escape(hover)}"><span class="tag">{tag}</span><span class="track">'
            f'<i class="{kind}{" cut" if cut else ""}" style="width:{width:.1f}%"></i>{whisker}</span>'
            f'<span class="value">{quantity(cell.median, unit)} <small>{note}</small></span></div>'
        )
    note = BY_NAME[name].note
    small = f"<small>{html.escape(note)}</small>" if note else ""
    title = f'<span class="name">{rival_title(name)}{small}</span>'
    return f'<div class="row {style(name)}">{title}<div>{"".join(lines)}</div></div>'


# ---- curves ----------------------------------------------------------------------------------------------------------


def line(points, name):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{style(name)}" points="{path}" vector-effect="non-scaling-stroke"/>'


def plot(lines, x_marks, y_marks, x_title):
    """Marks are (position in per cent, text); y counts from below."""
    grid = "".join(f'<line x1="0" x2="100" y1="{100 - y:.1f}" y2="{100 - y:.1f}" vector-effect="non-scaling-stroke"/>'
                   for y, _ in y_marks)  # fmt: skip
    left = "".join(f'<span style="bottom:{y:.1f}%">{text}</span>' for y, text in y_marks)
    below = "".join(f'<span style="left:{x:.1f}%">{text}</span>' for x, text in x_marks)
    return (
        f'<div class="plot"><div class="y">{left}</div><svg viewBox="0 0 100 100" preserveAspectRatio="none" '
        f'aria-hidden="true"><g class="grid">{grid}</g>{"".join(lines)}</svg><div class="x">{below}</div>'
        f'<div class="x-title">{x_title}</div></div>'
    )


def quantiles(summary, workload, case):
    """Which share of the times is below what: one curve a rival, with its most workers; the scale is logarithmic."""
    curves = []
    for name in summary.rivals(workload.name, case.variant):
        runs = summary.by_key[summary.most(workload.name, case.variant, name)]
        middle = [sorted(run["percentiles_us"][i] for run in runs)[len(runs) // 2] for i in range(101)]
        curves.append((middle[99], name, middle))
    curves.sort()
    positive = [x for _, _, points in curves for x in points if x > 0]
    if not positive:
        return ""
    low, high = math.floor(math.log10(max(min(positive), 1))), math.ceil(math.log10(max(positive)))

    def y(x):
        return (math.log10(max(x, 10**low)) - low) / (high - low) * 100

    curves.sort(key=lambda curve: curve[1] == "charkha")  # ours is drawn last, above the others
    lines = [line([(i, 100 - y(x)) for i, x in enumerate(points)], name) for _, name, points in curves]
    y_marks = [((power - low) / (high - low) * 100, quantity(10.0**power, "µs")) for power in range(low, high + 1)]
    x_marks = [(x, f"{x} %") for x in (0, 25, 50, 75, 99)]
    names = [name for _, name, _ in sorted(curves)]
    title = "All of them, from the quickest to the slowest <span>· lower is better · logarithmic</span>"
    chart = plot(lines, x_marks, y_marks, "so many were within")
    return f'<figure class="curves"><figcaption>{title}</figcaption>{chart}{legend(names)}</figure>'


def scaling(summary, workload, case):
    """How many times faster with more workers than with one; dashed: as many times as there are workers."""
    names = [n for n in summary.rivals(workload.name, case.variant) if BY_NAME[n].threads == "many"]
    names = [n for n in names if len(summary.workers(workload.name, case.variant, n)) > 1]
    series = {}
    for name in names:
        counts = summary.workers(workload.name, case.variant, name)
        cells = [summary.cell(Key(workload.name, case.variant, name, count), case.measures[0]) for count in counts]
        if all(cells):
            series[name] = [(count, cells[0].median / cell.median) for count, cell in zip(counts, cells)]
    if not series:
        return ""
    most = max(count for points in series.values() for count, _ in points)
    top = max(most, *(speed for points in series.values() for _, speed in points))

    def x(count):
        return math.log2(count) / math.log2(most) * 100

    ideal = " ".join(f"{x(n):.1f},{100 - n / top * 100:.1f}" for n in range(1, most + 1))
    lines = [f'<polyline class="ideal" points="{ideal}" vector-effect="non-scaling-stroke"/>']
    for name in sorted(series, key=lambda n: n == "charkha"):
        lines.append(line([(x(count), 100 - speed / top * 100) for count, speed in series[name]], name))
    counts = sorted({count for points in series.values() for count, _ in points})
    step = max(1, math.ceil(most / 4))
    y_marks = [(n / top * 100, f"{n} ×") for n in range(0, int(top) + 1, step)]
    chart = plot(lines, [(x(count), str(count)) for count in counts], y_marks, "workers")
    ends = ", ".join(f"{rival_title(n)} {p[-1][1]:.1f}" for n, p in sorted(series.items(), key=lambda s: -s[1][-1][1]))
    title = f"<figcaption>{html.escape(workload.title)}</figcaption>"
    return f'<figure class="curves small">{title}{chart}<p class="ends">{ends}</p></figure>'
