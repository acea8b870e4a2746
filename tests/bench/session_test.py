# SPDX-License-Identifier: Apache-2.0
"""The order of a run, what it keeps, and how it goes on; with programs that are only played."""

import importlib.util
import pathlib
import tempfile
import unittest

import canned
import results
import session
from measure import Cannot, Failed
from workloads import find, size_of


class Meter:
    """Plays every program."""

    def __init__(self, stops_at=10**9):
        self.ran, self.stops_at = [], stops_at

    def run(self, program):
        if program.size == 1:
            return canned.run("", "", "", 1, 0, 0.1)  # the idle process
        self.ran.append((program.command[1], program.workers))
        if len(self.ran) > self.stops_at:
            raise KeyboardInterrupt
        if program.command[1] == "asio":
            raise Cannot
        if program.command[1] == "go":
            raise Failed("wrong result")
        return {k: v for k, v in canned.run("", "", "", 1, 0, 0.1).items() if k not in ("workload", "variant", "rival",
                                                                                       "workers", "size", "round")}  # fmt: skip


class Toolbox:
    def command(self, workload, rival):
        return [workload, rival]

    def environment(self, rival):
        return {}


def empty(rivals, rounds=3, workers=(1, 2)):
    return {**canned.RESULTS, "noise": None, "rounds": rounds, "workers": list(workers), "rivals": rivals, "runs": [],
            "left_out": [], "system_calls": [], "idle_kib": {}, "idle_calls": {}}  # fmt: skip


class Order(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "results.json"

    def play(self, kept, meter):
        played = session.Session(meter, Toolbox(), [find("yield", "")], kept, self.path)
        played.count_system_calls = lambda: None
        played.progress.out = open("/dev/null", "w", encoding="utf-8")
        self.addCleanup(played.progress.out.close)
        played.run()
        return kept

    def test_rounds_interleave_and_another_rival_is_first_in_each(self):
        meter = Meter()
        self.play(empty(["charkha", "tokio", "asyncio"], rounds=2), meter)
        one = [("charkha", 1), ("tokio", 1), ("asyncio", 1), ("charkha", 2), ("tokio", 2)]
        two = [("tokio", 1), ("asyncio", 1), ("charkha", 1), ("tokio", 2), ("charkha", 2)]
        self.assertEqual(meter.ran, one + two)

    def test_what_a_rival_cannot_do_or_gets_wrong_is_left_out_once(self):
        meter = Meter()
        kept = self.play(empty(["charkha", "asio", "go"], rounds=3, workers=(1,)), meter)
        self.assertEqual([name for name, _ in meter.ran].count("asio"), 1)
        self.assertEqual(
            {e["rival"]: e["why"] for e in kept["left_out"]}, {"asio": session.NO_SUCH_THING, "go": "wrong result"}
        )

    def test_an_interrupted_run_goes_on_where_it_was(self):
        with self.assertRaises(KeyboardInterrupt):
            self.play(empty(["charkha", "tokio"]), Meter(stops_at=5))
        meter = Meter()
        kept = self.play(results.load(self.path), meter)
        self.assertEqual(len(meter.ran), 3 * 4 - 5)
        self.assertEqual(len({(results.key_of(r), r["round"]) for r in kept["runs"]}), 12)

    def test_two_at_once_are_refused(self):
        lock = str(self.path) + ".lock"
        with session.Alone(lock):
            with self.assertRaises(session.Busy):
                session.Alone(lock).__enter__()
        with session.Alone(lock):
            pass

    def test_workers_go_up_by_powers_of_two(self):
        spec = importlib.util.spec_from_file_location("suite", pathlib.Path(session.__file__).with_name("__main__.py"))
        suite = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(suite)
        self.assertEqual([suite.worker_counts(n) for n in (1, 2, 6, 8)], [[1], [1, 2], [1, 2, 4, 6], [1, 2, 4, 8]])

    def test_a_rival_may_have_a_size_of_its_own(self):
        _, case = find("spawn", "")
        self.assertLess(size_of(case, "asyncio", "full"), size_of(case, "charkha", "full"))


if __name__ == "__main__":
    unittest.main()
