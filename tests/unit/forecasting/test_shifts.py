"""Series that count something else from a day on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.shifts import moved, needed


def test_earlier_values_get_the_level_of_later_ones() -> None:
    rng = np.random.default_rng(1)
    line = 10 + 0.2 * np.arange(20) + rng.normal(0, 0.1, 20)
    broken = line - 3 * (np.arange(20) < 12)
    assert np.allclose(moved(broken, [12], 1), line, atol=0.4)
    assert np.array_equal(moved(broken, [12], 1)[12:], broken[12:])


def test_a_season_is_no_step() -> None:
    season = np.tile([0.0, 4.0, 0.0, -4.0], 6)
    broken = season + 5 * (np.arange(24) >= 13)
    assert np.allclose(moved(broken, [13], 4), season + 5)


def test_two_changes_lead_to_the_last_level() -> None:
    broken = np.repeat([1.0, 4.0, 2.0], 6)
    broken[4] = np.nan
    found = moved(broken, [6, 12], 1)
    assert np.allclose(found[np.isfinite(broken)], 2)
    assert np.isnan(found[4])


@settings(max_examples=30, deadline=None)
@given(st.floats(-50, 50), st.integers(3, 17))
def test_what_the_step_is_does_not_matter(step: float, place: int) -> None:
    values = np.random.default_rng(place).normal(0, 1, 20)
    stepped = values + step * (np.arange(20) < place)
    assert np.allclose(moved(values, [place], 1), moved(stepped, [place], 1), atol=1e-8)


def test_a_season_needs_a_year_on_each_side() -> None:
    assert needed(1) == 3
    assert needed(12) == 12


@pytest.mark.parametrize("place", [3, 10, 17])
def test_without_a_step_little_is_moved(place: int) -> None:
    values = np.random.default_rng(2).normal(0, 0.01, 20)
    assert np.abs(moved(values, [place], 1) - values).max() < 0.05
