"""Parts and sums that add up, and what feeds them."""

from __future__ import annotations

import numpy as np

from forecasting.ensemble import expected_panel, forecast_panel
from forecasting.ets import one_step_errors
from forecasting.linear import Floats
from forecasting.reconcile import corrections, reconciled, shrunk_covariance

SUMS = np.array([[1.0, 1.0, 1.0], *np.eye(3).tolist()])


def hierarchy() -> Floats:
    rng = np.random.default_rng(8)
    parts = 100 + np.cumsum(rng.normal(0, 1, (3, 40)), axis=1) * [[1], [3], [0.3]]
    return np.asarray(SUMS @ parts)


def test_reconciled_forecasts_add_up() -> None:
    series = hierarchy()
    expected = expected_panel(list(series), season_length=4, horizon=3)
    errors = one_step_errors(series, season_length=4)
    found = reconciled(expected, errors, SUMS)
    assert not np.allclose(expected[0], expected[1:].sum(axis=0))
    assert np.allclose(found[0], found[1:].sum(axis=0))


def test_what_is_uncertain_gives_way() -> None:
    rng = np.random.default_rng(1)
    errors = rng.normal(0, 1, (4, 60)) * [[1], [1], [9], [1]]
    found = reconciled(np.array([[120.0], [30.0], [30.0], [30.0]]), errors, SUMS)[:, 0]
    moved = found - [120, 30, 30, 30]
    assert np.argmax(np.abs(moved)) == 2
    assert abs(moved[2]) > 20


def test_expected_values_lie_above_the_median_where_logs_speak() -> None:
    rng = np.random.default_rng(2)
    growing = [np.exp(np.cumsum(rng.normal(0.05, 0.3, 30))) for _ in range(20)]
    mean = expected_panel(growing, season_length=1, horizon=6)
    median = forecast_panel(growing, season_length=1, horizon=6, levels=(0.5,))[:, :, 0]
    assert (mean.mean(axis=0) > median.mean(axis=0)).all()


def test_errors_of_one_step_are_as_large_as_the_shocks() -> None:
    rng = np.random.default_rng(3)
    walks = np.cumsum(rng.normal(0, 2.0, (30, 80)), axis=1)
    found = one_step_errors(walks, season_length=4)
    assert found.shape == walks.shape
    assert 1.7 < found.std() < 2.2
    assert abs(np.corrcoef(found[:, 1:].ravel(), found[:, :-1].ravel())[0, 1]) < 0.1


def test_corrections_path_by_path_are_those_of_the_library() -> None:
    series = hierarchy()
    errors = one_step_errors(series, season_length=4)
    expected = expected_panel(list(series), season_length=4, horizon=3)
    gain = corrections(errors, SUMS[:1], np.zeros(3, dtype=bool))
    parts = expected[1:] - gain @ (expected[:1] - SUMS[:1] @ expected[1:])
    assert np.allclose(parts, reconciled(expected, errors, SUMS)[1:], rtol=1e-6)


def test_parts_that_are_fixed_leave_it_to_the_others() -> None:
    errors = one_step_errors(hierarchy(), season_length=4)
    gain = corrections(errors, SUMS[:1], np.array([True, False, False]))
    assert gain[0, 0] == 0
    assert (gain[1:, 0] != 0).all()
    assert not corrections(errors, SUMS[:1], np.ones(3, dtype=bool)).any()


def test_the_others_give_way_as_if_the_fixed_were_known_for_certain() -> None:
    errors = one_step_errors(hierarchy(), season_length=4)
    fixed = np.array([False, True, False])
    spread = shrunk_covariance(errors)
    spread[2] = 0
    spread[:, 2] = 0
    differs = np.hstack([np.eye(1), -SUMS[:1]])
    expected = spread[1:] @ differs.T / (differs @ spread @ differs.T)
    assert np.allclose(corrections(errors, SUMS[:1], fixed), expected)


def test_a_sum_that_never_moved_does_not_stop_anything() -> None:
    assert np.isfinite(corrections(np.zeros((4, 20)), SUMS[:1], np.zeros(3, dtype=bool))).all()
