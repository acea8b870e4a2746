# SPDX-License-Identifier: Apache-2.0
"""Medians, ranks and verdicts against values worked out by hand or found in tables."""

import math
import unittest

import intervals


class Ranks(unittest.TestCase):
    def test_equal_values_share_the_mean_of_their_ranks(self):
        self.assertEqual(intervals.rank([3, 1, 3, 2]), [3.5, 1, 3.5, 2])

    def test_complete_separation_has_the_least_probability(self):
        self.assertAlmostEqual(intervals.mann_whitney([1, 2, 3, 4], [5, 6, 7, 8]), 2 / 70)

    def test_the_same_samples_are_no_surprise(self):
        self.assertEqual(intervals.mann_whitney([1, 2, 3], [1, 2, 3]), 1)

    def test_large_samples_by_the_normal_approximation(self):
        low, high = list(range(20)), list(range(15, 35))
        self.assertLess(intervals.mann_whitney(low, high), 0.001)
        self.assertGreater(intervals.mann_whitney(low, low), 0.9)


class Verdicts(unittest.TestCase):
    def test_clearly_faster(self):
        sign, ratio, (low, high) = intervals.verdict([80, 81, 82, 83, 84], [100, 101, 102, 103, 104])
        self.assertEqual(sign, -1)
        self.assertAlmostEqual(ratio, 82 / 102)
        self.assertTrue(low <= ratio <= high < 1)

    def test_clearly_slower(self):
        self.assertEqual(intervals.verdict([120, 121, 122, 123], [100, 101, 102, 103])[0], 1)

    def test_overlapping_samples_cannot_be_told_apart(self):
        self.assertEqual(intervals.verdict([98, 105, 110, 99, 103], [100, 101, 104, 97, 108])[0], 0)

    def test_three_runs_each_are_too_few_however_far_apart(self):
        self.assertFalse(intervals.can_tell([1] * 3, [2] * 3))
        self.assertEqual(intervals.verdict([1, 1, 1], [9, 9, 9])[0], 0)

    def test_no_ratio_where_a_value_is_not_positive(self):
        self.assertTrue(math.isnan(intervals.verdict([-1, 2], [1, 2])[1]))


if __name__ == "__main__":
    unittest.main()
