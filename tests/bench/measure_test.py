# SPDX-License-Identifier: Apache-2.0
"""Reading what programs, strace and valgrind's gate print."""

import importlib.util
import pathlib
import unittest

import measure
import measures

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           6       100         3 futex
 40.00    0.000400           8        50           epoll_pwait
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000                   150         3 total
"""
USED = "cpu_seconds=0.25 peak_kib=2048 voluntary=3 involuntary=4 exit=%d\n"


class Lines(unittest.TestCase):
    def test_pairs_of_all_lines(self):
        said = measure.checked(measure.parse("operations=1000 seconds=0.5\n" + USED % 0), "")
        self.assertEqual((said["operations"], said["seconds"], said["peak_kib"]), (1000, 0.5, 2048))
        self.assertEqual(measures.MEASURES["ns"].of(said, 0), 500_000)
        self.assertEqual(measures.MEASURES["bytes"].of(said, 1048), 1024)

    def test_percentiles_are_a_list(self):
        said = measure.parse("operations=3 percentiles_us=" + ",".join(["-1.5"] + ["7"] * 100))
        self.assertEqual(said["percentiles_us"][0], -1.5)
        self.assertEqual(measures.MEASURES["p99"].of(said, 0), 7)

    def test_exit_status_3_says_that_there_is_no_such_thing(self):
        with self.assertRaises(measure.Cannot):
            measure.checked(measure.parse(USED % 3), "")

    def test_a_wrong_result_is_a_failure_with_its_message(self):
        with self.assertRaisesRegex(measure.Failed, "wrong result: sum"):
            measure.checked(measure.parse("operations=1 seconds=1\n" + USED % 1), "wrong result: sum\n")

    def test_silence_is_a_failure(self):
        with self.assertRaises(measure.Failed):
            measure.checked(measure.parse(USED % 0), "")

    def test_the_table_of_strace(self):
        self.assertEqual(measure.parse_strace(STRACE), {"futex": 100, "epoll_pwait": 50})


class Instructions(unittest.TestCase):
    def setUp(self):
        spec = importlib.util.spec_from_file_location("check", ROOT / "bench/instructions/check.py")
        self.check = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.check)

    def test_within_the_tolerance_all_is_well(self):
        self.assertEqual(self.check.compare({"yield": 102.0}, {"yield": 100.0}, 3)[1], 0)

    def test_more_is_worse_and_fewer_is_only_said(self):
        self.assertEqual(self.check.compare({"yield": 104.0}, {"yield": 100.0}, 3)[1], 1)
        lines, worse = self.check.compare({"yield": 90.0}, {"yield": 100.0}, 3)
        self.assertEqual(worse, 0)
        self.assertIn("fewer", lines[0])

    def test_a_path_that_is_new_or_gone_is_not_passed_over(self):
        self.assertEqual(self.check.compare({"new": 1.0}, {"gone": 1.0}, 3)[1], 2)


if __name__ == "__main__":
    unittest.main()
