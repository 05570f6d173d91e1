"""Scores, against figures worked out by hand and against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting import scores
from forecasting.naive import naive_panel


def test_smape_is_in_percent_and_bears_zeros() -> None:
    found = scores.smape(np.array([110.0, 0.0, 5.0]), np.array([90.0, 0.0, 0.0]))
    assert found.tolist() == [20.0, 0.0, 200.0]


def test_the_unit_of_scaled_errors() -> None:
    history = np.array([1.0, 10.0, 3.0, 13.0, np.nan, 15.0])
    assert scores.naive_error(history, 2) == pytest.approx((2 + 3 + 2) / 3)
    assert np.isnan(scores.naive_error(np.array([1.0, 2.0]), 12))
    assert np.isnan(scores.naive_error(np.array([4.0, 4.0, 4.0]), 1))


def test_an_interval_pays_for_its_width_and_for_misses() -> None:
    low, high = np.array([0.0, 0.0, 0.0]), np.array([10.0, 10.0, 10.0])
    found = scores.interval_score(low, high, np.array([5.0, -1.0, 12.0]), 0.8)
    assert np.allclose(found, [10, 10 + 1 / 0.1, 10 + 2 / 0.1])


def test_the_weighted_interval_score_is_that_of_bracher() -> None:
    levels, quantiles = (0.025, 0.1, 0.5, 0.9, 0.975), np.array([[1.0, 2.0, 4.0, 8.0, 9.0]])
    actual = np.array([8.5])
    parts = 0.5 * abs(8.5 - 4.0)
    for share, low, high in ((0.95, 1.0, 9.0), (0.8, 2.0, 8.0)):
        one = scores.interval_score(np.array(low), np.array(high), actual, share)
        parts += (1 - share) / 2 * float(one[0])
    assert scores.weighted_interval_score(quantiles, levels, actual) == pytest.approx(parts / 2.5)


def test_inside_knows_that_it_does_not_know() -> None:
    found = scores.inside(np.zeros(3), np.ones(3), np.array([1.0, 1.1, np.nan]))
    assert np.array_equal(found, [1.0, 0.0, np.nan], equal_nan=True)


def test_the_naive_forecast_repeats_the_season_and_widens_with_each() -> None:
    values = np.array([1.0, 5.0, 2.0, 7.0, 2.0, 6.0])
    found = naive_panel([values], season_length=2, horizon=4, levels=(0.1, 0.5, 0.9))[0]
    assert np.allclose(found[:, 1], [2, 6, 2, 6])
    width = found[:, 2] - found[:, 0]
    assert width[0] == pytest.approx(width[1])
    assert width[2] == pytest.approx(width[0] * np.sqrt(2))
