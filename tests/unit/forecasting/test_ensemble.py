"""The ensemble: any lengths, each series for itself, ranges that rise and stay on earth."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting import ets
from forecasting.ensemble import SHORTEST, composition, forecast_panel
from forecasting.linear import Floats

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def town(seed: int = 1, lengths: tuple[int, ...] = (14, 20, 14, 20, 31)) -> list[Floats]:
    rng = np.random.default_rng(seed)
    return [100 + np.cumsum(rng.normal(0.5, 3, length)) for length in lengths]


def look(series: list[Floats], season_length: int = 4, horizon: int = 6) -> Floats:
    return forecast_panel(series, season_length=season_length, horizon=horizon, levels=LEVELS)


@pytest.mark.parametrize("season_length", [1, 4])
def test_a_series_does_not_depend_on_the_others(season_length: int) -> None:
    rng = np.random.default_rng(7)
    many = [50 + np.cumsum(rng.normal(0, 1, 20 + place % 2)) for place in range(150)]
    together = look(many, season_length)
    for place in (0, 37, 149):
        assert (look([many[place]], season_length)[0] == together[place]).all()
    assert (look(many[::-1], season_length)[::-1] == together).all()


def test_quantiles_rise_and_ranges_widen() -> None:
    found = look(town(), season_length=1)
    assert (np.diff(found, axis=2) > 0).all()
    width = found[:, :, 4] - found[:, :, 0]
    assert (np.diff(width, axis=1) > 0).all()


def test_scale_does_not_matter() -> None:
    series = town()
    assert np.allclose(look([one * 1000 for one in series]) / 1000, look(series), rtol=1e-3)


def test_a_season_is_repeated() -> None:
    pattern = 40 + 10 * np.sin(np.arange(48) / 12 * 2 * np.pi)
    values = pattern + np.random.default_rng(2).normal(0, 0.5, 48)
    median = look([values], season_length=12, horizon=12)[0, :, 2]
    assert np.corrcoef(median, pattern[:12])[0, 1] > 0.99


def test_series_with_zeros_and_below_are_forecast_as_well() -> None:
    rng = np.random.default_rng(3)
    found = look([rng.poisson(1, 30).astype(float), rng.normal(0, 3, 30)])
    assert np.isfinite(found).all()


def test_logs_may_be_left_out() -> None:
    series = town()
    options = {"season_length": 4, "horizon": 3, "levels": LEVELS}
    plain = forecast_panel(series, logs=False, **options)  # type: ignore[arg-type]
    assert not np.allclose(plain, look(series, horizon=3))
    moved = forecast_panel([one - 500 for one in series], logs=False, **options)  # type: ignore[arg-type]
    assert np.allclose(moved + 500, plain, atol=1e-2)


@pytest.mark.parametrize(
    "values", [[1, 9, 80, 700, 6000, 50000, 500000], [1, 3, 9, 27, 80, 250, 2]]
)
def test_logs_that_explode_are_left_out(values: list[int]) -> None:
    found = look([np.array(values, dtype=np.float64)], season_length=1, horizon=10)
    assert found.max() < ets.EXPLOSIVE_FACTOR * max(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0, 3.0, 2.0, 1.0], f"at least {SHORTEST}"),
        ([5.0] * 10, "constant or has gaps"),
        ([1.0, 2.0, np.nan, 3.0, 2.0, 4.0, 5.0, 3.0], "constant or has gaps"),
    ],
)
def test_what_cannot_be_forecast_is_named(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        look([np.array(values)])


def test_the_shortest_series_is_forecast() -> None:
    assert np.isfinite(look([np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])[:SHORTEST]])).all()


def test_the_80_percent_range_holds_about_80_percent() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.5, (300, 28))
    walks = 60 + np.cumsum(rng.normal(0, 1, (300, 28)), axis=1) + noise
    found = look(list(walks[:, :24]), season_length=4, horizon=4)
    inside = (walks[:, 24:] >= found[:, :, 1]) & (walks[:, 24:] <= found[:, :, 3])
    assert 0.74 <= inside.mean() <= 0.86


@pytest.mark.parametrize("season_length", [1, 4])
@pytest.mark.parametrize("logs", [True, False])
def test_what_a_forecast_is_made_of_gives_that_forecast(season_length: int, logs: bool) -> None:
    """Bit for bit, also where there are no logs."""
    rng = np.random.default_rng(11)
    series = [*town(), rng.poisson(1, 30).astype(float), rng.normal(0, 3, 20)]
    whole = forecast_panel(series, season_length=season_length, horizon=6, levels=LEVELS, logs=logs)
    for one, expected in zip(series, whole, strict=True):
        found = composition(one, season_length=season_length, horizon=6, levels=LEVELS, logs=logs)
        assert (found.quantiles == expected).all()
        assert sum(found.shares.values()) == pytest.approx(1.0)
        assert sum(shape.share for shape in found.shapes) == pytest.approx(1.0)
        usable = logs and bool((one > 0).all())
        assert any(name.endswith("_logs") for name in found.shares) == usable
