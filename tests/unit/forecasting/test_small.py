"""Small counts of a level: bounds of shares, units of rates, and the past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.linear import Floats
from forecasting.refusal import Refusal
from forecasting.scores import QUANTILES
from forecasting.small import Cases, SmallForecast, cases_of, look_at_small, side_by_side

NOBODY = np.full(60, np.nan)


def level(mean: float = 3.0, *, most: float = np.inf, per_case: float = 1.0) -> Cases:
    rng = np.random.default_rng(2)
    cases = np.minimum(rng.poisson(mean, (9, 60)).astype(np.float64), most)
    return Cases(cases, np.full(cases.shape, per_case), np.full(cases.shape, most))


def look(at: Cases, seed: str = "theft") -> SmallForecast:
    return look_at_small(at, season_length=12, horizon=6, levels=QUANTILES, shortest=24, seed=seed)


def test_a_case_is_worth_what_the_denominator_says_even_where_there_was_none() -> None:
    cases = np.array([0.0, 2.0, np.nan, 3.0])
    people = np.array([100.0, 200.0, 200.0, np.nan])
    with np.errstate(invalid="ignore"):
        found = cases_of(cases, 1000 * cases / people, people, share=True)
    assert np.allclose(found.per_case, [10, 5, 5, 5])
    assert found.most.tolist() == [100, 200, 200, 200]
    plain = cases_of(cases, cases, np.full(4, np.nan), share=False)
    assert plain.per_case.tolist() == [1] * 4
    assert np.isinf(plain.most).all()
    never = cases_of(np.zeros(4), np.zeros(4), np.full(4, np.nan), share=False)
    assert never.per_case.tolist() == [1] * 4


def test_series_that_begin_and_end_at_other_times_share_a_grid() -> None:
    one = Cases(np.array([1.0, 2.0]), np.array([4.0, 5.0]), np.array([9.0, 9.0]))
    two = Cases(np.array([3.0]), np.array([7.0]), np.array([8.0]))
    found = side_by_side([one, two], [(10, 12), (12, 13)])
    assert np.array_equal(found.cases, [[1, 2, np.nan], [np.nan, np.nan, 3]], equal_nan=True)
    assert found.per_case.tolist() == [[4, 5, 5], [7, 7, 7]]


def test_a_share_of_few_stays_possible_and_comes_in_its_unit() -> None:
    found = look(level(3.0, most=4.0, per_case=25.0))
    assert found.paths.max() <= 4
    assert found.quantiles.min() >= 0
    assert found.quantiles.max() <= 100
    assert found.naive.max() <= 100
    assert found.naive.min() >= 0


def test_the_past_is_forecast_by_the_same_model_and_its_ranges_hold() -> None:
    found = look(level(), "a")
    past = found.backtest
    assert past.quantiles.shape == (8, 9, 6, len(QUANTILES))
    low, high, came = past.quantiles[..., 1], past.quantiles[..., -2], past.actual
    known = np.isfinite(came)
    assert known.any(axis=2).all()
    assert 0.74 < ((came >= low) & (came <= high))[known].mean() < 0.9


def test_the_name_of_a_level_is_its_seed() -> None:
    def quantiles(seed: str) -> Floats:
        return look(level(), seed).quantiles

    assert np.array_equal(quantiles("a"), quantiles("a"))
    assert not np.array_equal(quantiles("a"), quantiles("b"))


def test_a_late_series_is_forecast_with_the_others() -> None:
    at = level()
    at.cases[0, -2:] = np.nan
    found = look(at)
    assert np.isfinite(found.quantiles).all()
    assert np.isfinite(found.naive).all()


def test_a_series_that_begins_late_is_not_held_against_what_it_had_not_seen() -> None:
    at = level()
    at.cases[0, :34] = np.nan
    past = look(at).backtest
    assert not np.isfinite(past.quantiles[2:, 0]).any()
    assert np.isfinite(past.quantiles[:, 1:]).all()


def test_too_few_together() -> None:
    at = level()
    with pytest.raises(Refusal, match="Too little for small counts: 4 areas"):
        look(Cases(at.cases[:4], at.per_case[:4], at.most[:4]))


def test_paths_start_from_low_middle_and_high_ends_of_nowcasts() -> None:
    at = level(4.0)
    low, high = at.cases.copy(), at.cases.copy()
    low[:, -6:] = 0.0
    high[:, -6:] = 30.0
    plain, wide = look(at), look(replace(at, moved=(low, high)))
    assert wide.paths.shape == plain.paths.shape
    third = round(0.3 * len(plain.paths))
    assert np.array_equal(wide.paths[third:-third], plain.paths[third:-third])
    assert wide.paths[:third].mean() < plain.paths.mean() < wide.paths[-third:].mean()
    assert (wide.quantiles[..., 3] > plain.quantiles[..., 3]).all()
    assert (wide.quantiles[:, 0, 1] <= plain.quantiles[:, 0, 1]).all()
    assert (np.diff(wide.naive, axis=2) >= 0).all()
    assert np.array_equal(wide.backtest.quantiles, plain.backtest.quantiles, equal_nan=True)
