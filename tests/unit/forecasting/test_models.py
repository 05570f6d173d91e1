"""The model: what it does with trend, gaps, season, and warnings."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.statespace.structural import UnobservedComponents

from forecasting import models
from forecasting.refusal import Refusal


def noisy_line(length: int, slope: float, seed: int = 1) -> models.Floats:
    rng = np.random.default_rng(seed)
    return slope * np.arange(length) + rng.normal(0, 0.5, length)


def test_quantiles_rise_and_widen() -> None:
    found = models.forecast_quantiles(noisy_line(12, 0.3), season_length=1, horizon=5)
    assert found.shape == (5, 5)
    assert (np.diff(found, axis=1) > 0).all()
    assert (np.diff(found[:, 4] - found[:, 0]) > 0).all()


def test_a_trend_is_continued_and_runs_out() -> None:
    series = noisy_line(20, 1.0)
    median = models.forecast_quantiles(series, season_length=1, horizon=12)[:, 2]
    steps = np.diff(median)
    assert median[0] > series[-4:].mean()
    assert (steps > 0).all()
    assert np.allclose(steps[1:] / steps[:-1], models.DAMPING)


def test_a_season_is_repeated() -> None:
    rng = np.random.default_rng(2)
    pattern = np.sin(np.arange(48) / 12 * 2 * np.pi) * 5
    series = pattern + rng.normal(0, 0.2, 48)
    median = models.forecast_quantiles(series, season_length=12, horizon=12)[:, 2]
    assert np.corrcoef(median, pattern[:12])[0, 1] > 0.99


def test_gaps_are_bridged_and_widen_the_range() -> None:
    series = noisy_line(14, 0.2)
    gappy = series.copy()
    gappy[[3, 5, 11]] = np.nan
    whole = models.forecast_quantiles(series, season_length=1, horizon=2)
    bridged = models.forecast_quantiles(gappy, season_length=1, horizon=2)
    assert np.isfinite(bridged).all()
    assert abs(bridged[0, 2] - whole[0, 2]) < 1.0


def test_same_series_same_forecast() -> None:
    series = noisy_line(12, 0.1)
    first, second = (
        models.forecast_quantiles(series, season_length=1, horizon=3) for _ in range(2)
    )
    assert (first == second).all()


def test_location_and_scale_do_not_matter() -> None:
    series = noisy_line(12, 0.1)
    plain = models.forecast_quantiles(series, season_length=1, horizon=3)
    moved = models.forecast_quantiles(series * 1000 + 5e5, season_length=1, horizon=3)
    assert np.allclose((moved - 5e5) / 1000, plain, atol=1e-3)


def test_the_95_percent_range_holds_about_95_percent() -> None:
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(60):
        walk = np.cumsum(rng.normal(0, 1, 15)) + rng.normal(0, 0.5, 15)
        found = models.forecast_quantiles(walk[:12], season_length=1, horizon=3)
        inside.append((walk[12:] >= found[:, 0]) & (walk[12:] <= found[:, 4]))
    assert 0.88 <= np.mean(inside) <= 1.0


def test_an_estimate_that_does_not_settle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsettled(self: object, **_: object) -> object:
        warnings.warn("Maximum Likelihood optimization failed", ConvergenceWarning, stacklevel=1)
        return None

    monkeypatch.setattr(UnobservedComponents, "fit", unsettled)
    with pytest.raises(Refusal) as refused:
        models.forecast_quantiles(noisy_line(12, 0.1), season_length=1, horizon=3)
    assert refused.value.reason_de == "Die Schätzung hat keine stabile Lösung gefunden."


def test_a_singular_matrix_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def singular(self: object, **_: object) -> object:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(UnobservedComponents, "fit", singular)
    with pytest.raises(Refusal):
        models.forecast_quantiles(noisy_line(12, 0.1), season_length=1, horizon=3)


def test_a_warning_of_another_kind_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = UnobservedComponents.fit

    def warned(self: object, **options: object) -> object:
        warnings.warn("something new", FutureWarning, stacklevel=1)
        return fit(self, **options)

    monkeypatch.setattr(UnobservedComponents, "fit", warned)
    with pytest.warns(FutureWarning, match="something new"):
        models.forecast_quantiles(noisy_line(12, 0.1), season_length=1, horizon=3)
