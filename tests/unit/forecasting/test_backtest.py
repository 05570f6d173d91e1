"""Looking back: no origin sees what came after it, and ranges learn from their misses."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.backtest import Backtest, cuts, look_back, step
from forecasting.calibrate import factors, stretched
from forecasting.ensemble import forecast_panel
from forecasting.linear import Floats

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def town(series: int = 4, length: int = 30) -> list[Floats]:
    rng = np.random.default_rng(11)
    return list(80 + np.cumsum(rng.normal(0, 2, (series, length)), axis=1))


def test_origins_reach_two_steps_beyond_the_horizon() -> None:
    assert cuts(120, 12, 12) == [3, 6, 9, 12, 15, 18]
    assert cuts(60, 3, 1) == [1, 2, 3, 4, 5]


def test_origins_keep_two_thirds_and_enough() -> None:
    assert cuts(12, 6, 1) == [1, 2, 3, 4]
    assert cuts(12, 6, 1, shortest=10) == [1, 2]
    assert cuts(8, 6, 1, shortest=8) == []
    assert cuts(14, 4, 12) == [1]


def test_each_origin_sees_only_what_was_known_then() -> None:
    series = town()
    today, found = look_back(series, series, season_length=4, horizon=4, levels=LEVELS)
    assert np.array_equal(today, forecast_panel(series, season_length=4, horizon=4, levels=LEVELS))
    for place, cut in enumerate(cuts(30, 4, 4)):
        then = forecast_panel(
            [one[: one.size - cut] for one in series], season_length=4, horizon=4, levels=LEVELS
        )
        assert np.array_equal(found.quantiles[place], then)
        came = min(cut, 4)
        assert np.array_equal(found.actual[place, 0, :came], series[0][30 - cut :][:came])
        assert np.isnan(found.actual[place, 0, came:]).all()


def test_a_value_filled_in_is_no_truth_to_score_against() -> None:
    series = town()
    known = [one.copy() for one in series]
    known[0][-1] = np.nan
    _, found = look_back(series, known, season_length=1, horizon=2, levels=LEVELS)
    assert np.isnan(found.actual[0, 0, 0])
    assert np.isfinite(found.actual[0, 1, 0])


def test_a_history_that_was_constant_is_left_out() -> None:
    values = np.array([5.0] * 9 + [7.0, 6.0])
    _, found = look_back([values], [values], season_length=1, horizon=2, levels=LEVELS)
    assert found.quantiles.shape[0] == 1
    assert np.isfinite(found.quantiles).all()


def made(truth: float, *, origins: int = 6, series: int = 100, horizon: int = 3) -> Backtest:
    """Forecasts of standard normal ranges where values spread `truth` times as wide."""
    rng = np.random.default_rng(2)
    normal = np.array([-1.959964, -1.281552, 0.0, 1.281552, 1.959964])
    shape = (origins, series, horizon)
    return Backtest(
        np.broadcast_to(normal, (*shape, 5)).copy(),
        np.zeros((*shape, 5)),
        rng.normal(0, truth, shape),
        np.ones(series),
    )


@pytest.mark.parametrize(("truth", "horizon"), [(2.0, 1), (0.5, 1), (2.0, 3)])
def test_ranges_move_towards_what_was_missed_but_not_all_the_way(
    truth: float, horizon: int
) -> None:
    found = factors(made(truth, horizon=horizon), LEVELS)
    assert found.shape == (horizon, 2)
    reached = (found - 1) / (truth - 1)
    assert (reached > 0.15).all()
    assert (reached < 0.7).all()
    # The further ahead, the more windows overlap and the less they teach.
    assert (np.diff(reached, axis=0) <= 0.05).all()


def test_ranges_that_hold_stay() -> None:
    assert np.abs(factors(made(1.0), LEVELS) - 1).max() < 0.08


def test_two_origins_teach_nothing() -> None:
    assert (factors(made(3.0, origins=2), LEVELS) == 1).all()


def test_too_few_values_teach_nothing() -> None:
    found = factors(made(3.0, origins=3, series=4, horizon=1), LEVELS)
    assert found[0, 0] == 1
    assert found[0, 1] > 1


def test_what_does_not_improve_the_score_is_not_kept() -> None:
    """One wild origin teaches all others ranges that are too wide for them."""
    back = made(1.0, origins=3, horizon=1)
    back.actual[0] *= 6
    assert (factors(back, LEVELS)[:, 1] == 1).all()


def test_no_backtest_no_change() -> None:
    empty = Backtest(
        np.empty((0, 3, 2, 5)), np.empty((0, 3, 2, 5)), np.empty((0, 3, 2)), np.ones(3)
    )
    assert (factors(empty, LEVELS) == 1).all()


def test_stretching_keeps_the_median_and_the_order() -> None:
    quantiles = np.array([[[0.0, 1.0, 2.0, 4.0, 9.0]]])
    found = stretched(quantiles, np.array([[2.0, 0.5]]))
    assert found.tolist() == [[[-2.0, 1.5, 2.0, 3.0, 16.0]]]
    assert (np.diff(stretched(quantiles, np.array([[0.1, 3.0]])), axis=2) >= 0).all()


def test_a_step_is_a_quarter_of_the_horizon() -> None:
    assert [step(horizon) for horizon in (1, 3, 8, 12, 18)] == [1, 1, 2, 3, 4]
