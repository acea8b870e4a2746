# SPDX-License-Identifier: Apache-2.0
"""From runs to what is said of them: medians, who is best, what changed, the report."""

import html.parser
import pathlib
import tempfile
import unittest

import canned
import compare_results
import html_report
import markdown
import results
from machine import Noise
from wording import quantity


class Reader(html.parser.HTMLParser):
    """Are all elements closed that have to be?"""

    def __init__(self):
        super().__init__()
        self.open, self.problems = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        while self.open and self.open[-1] == "th" != tag:  # need not be closed
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.problems.append((tag, self.getpos()))


class Summary(unittest.TestCase):
    def setUp(self):
        self.summary = results.Summary(canned.results())

    def test_median_and_spread(self):
        cell = self.summary.cell(results.Key("spawn", "", "charkha", 1), "ns")
        self.assertEqual([round(x, 6) for x in cell[:3]], [102, 100, 104])

    def test_memory_is_beyond_that_of_an_idle_process(self):
        self.assertEqual(self.summary.cell(results.Key("spawn", "", "charkha", 1), "bytes").median, 2048)

    def test_system_calls_are_without_those_of_an_idle_process(self):
        self.assertEqual(self.summary.system_calls("spawn", "", "charkha"), (0.4, {"futex": 40}))

    def test_what_was_not_measured_is_none(self):
        self.assertIsNone(self.summary.cell(results.Key("spawn", "", "go", 1), "ns"))
        self.assertIsNone(self.summary.cell(results.Key("spawn", "", "charkha", 1), "p50"))

    def test_the_best_and_where_charkha_is_not(self):
        self.assertEqual(self.summary.best("spawn", "", "ns", 2)[0], "onetbb")
        worst = self.summary.losses()[0]
        self.assertEqual((worst[1].name, worst[5], round(worst[0], 2)), ("spawn", "onetbb", 1.25))
        self.assertEqual(self.summary.standing(), (3, 6))

    def test_waking_early_does_not_win(self):
        early = canned.results()
        for run in early["runs"]:
            if run["rival"] == "asyncio" and run["workload"] == "lateness":
                run["percentiles_us"] = [-400.0] * 101
        self.assertEqual(results.Summary(early).best("lateness", "", "p50", 1)[0], "charkha")

    def test_results_survive_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.json"
            results.save(canned.results(), path)
            self.assertEqual(results.load(path), canned.results())
            path.write_text('{"format": 0}')
            with self.assertRaises(ValueError):
                results.load(path)


class Reports(unittest.TestCase):
    def test_the_page_is_whole_and_alone(self):
        page = html_report.page(results.Summary(canned.results()))
        reader = Reader()
        reader.feed(page)
        self.assertEqual((reader.open, reader.problems), ([], []))
        self.assertNotIn("http", page.replace("http-equiv", ""))
        for text in (
            "Create tasks, await them all",
            "Test &amp; Co &lt;4&gt;",
            "3 of 6",
            "futex",
            "Go: it is not installed",
        ):
            self.assertIn(text, page)

    def test_who_is_left_out_is_said(self):
        page = html_report.page(results.Summary(canned.results()))
        self.assertIn("Left out: oneTBB: no.", page)
        more = canned.results()
        more["rivals"].append("libuv")
        page = html_report.page(results.Summary(more))
        self.assertIn("libuv: cannot do it, or has no program for it", page)

    def test_the_table_marks_the_best(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.md"
            markdown.write(results.Summary(canned.results()), path)
            text = path.read_text()
        self.assertIn("| spawn | ns | 102 | **81.6** | 612 | 8,160 |", text)
        self.assertNotIn("not quiet", text)

    def test_publishing_replaces_what_is_between_the_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "performance.md"
            page.write_text(f"before\n{markdown.BEGIN}\nold\n{markdown.END}\nafter\n")
            markdown.publish(results.Summary(canned.results()), page)
            text = page.read_text()
            self.assertTrue(text.startswith("before") and text.endswith("after\n") and "| spawn |" in text)
            self.assertNotIn("old", text)
            page.write_text("no marks")
            with self.assertRaises(ValueError):
                markdown.publish(results.Summary(canned.results()), page)

    def test_a_noisy_machine_is_said(self):
        notes = {"load": 3.0, "turns": [[1.0, 1.3, 1.4]], "steal": 0.05}
        self.assertEqual(len(Noise.warnings(notes, 4)), 3)
        self.assertEqual(Noise.warnings(canned.RESULTS["noise"], 4), [])

    def test_quantities_take_the_unit_that_reads_best(self):
        self.assertEqual([quantity(x, "ns") for x in (0, 12.34, 1234, 5e6)], ["0 ns", "12.3 ns", "1.23 µs", "5.00 ms"])
        self.assertEqual(quantity(-408, "µs"), "-408 µs")


class Diff(unittest.TestCase):
    def said(self, old, new):
        lines = []
        compare_results.show(old, new, lines.append)
        return lines

    def test_slower_with_bounds_and_the_machine_unmoved(self):
        lines = self.said(canned.results(), canned.results(1.2))
        self.assertRegex(lines[0], r"slower 20 % \(\d+\.\.\d+\)")
        self.assertIn("moved by +0 %", lines[-1])

    def test_faster(self):
        self.assertRegex(self.said(canned.results(), canned.results(0.5))[0], r"faster 50 % \(\d+\.\.\d+\)")

    def test_the_same_cannot_be_told_apart(self):
        self.assertIn("no difference that can be told", self.said(canned.results(), canned.results(1.001))[0])

    def test_too_few_runs(self):
        self.assertIn("too few runs", self.said(canned.results(rounds=3), canned.results(2, rounds=3))[0])


if __name__ == "__main__":
    unittest.main()
