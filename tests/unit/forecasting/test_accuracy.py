"""What is kept of a backtest: figures by hand, and when the naive forecast wins."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from forecasting.accuracy import POOL, accuracy, naive_wins
from forecasting.backtest import Backtest
from forecasting.gaps import filled

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
KEY = dict.fromkeys(POOL, "x")
MODELS = ("ensemble", "seasonal_naive")


def around(middle: float) -> list[float]:
    return [middle - 2, middle - 1, middle, middle + 1, middle + 2]


def backtest(model: float, naive: float, origins: int = 3) -> Backtest:
    """One series whose values were all 10, forecast `model` and `naive`."""
    return Backtest(
        np.full((origins, 1, 2, 5), around(model)),
        np.full((origins, 1, 2, 5), around(naive)),
        np.full((origins, 1, 2), 10.0),
        np.array([4.0]),
    )


def figures(back: Backtest) -> pl.DataFrame:
    return accuracy(
        back, LEVELS, models=MODELS, key=KEY, published="ensemble", as_of=date(2026, 1, 1)
    )


def test_figures_by_hand() -> None:
    back = backtest(11.5, 14.0)
    back.actual[0, 0, 1] = np.nan
    found = figures(back)
    row = found.row(1, named=True)
    assert (row["model"], row["ahead"], row["published"]) == ("ensemble", 2, True)
    assert (row["series"], row["forecasts"], row["status"]) == (1, 2, "observed")
    assert row["smape"] == pytest.approx(200 * 1.5 / 21.5)
    assert row["mase"] == pytest.approx(1.5 / 4)
    assert (row["coverage_80"], row["coverage_95"]) == (0.0, 100.0)
    assert found.row(2, named=True)["mase"] == pytest.approx(1.0)


def test_naive_wins_where_it_was_closer_in_enough_origins() -> None:
    assert naive_wins(backtest(14.0, 11.0), LEVELS)
    assert not naive_wins(backtest(11.0, 14.0), LEVELS)
    assert not naive_wins(backtest(14.0, 11.0, origins=2), LEVELS)


def test_a_series_without_any_change_has_no_scaled_figures() -> None:
    plain = backtest(11, 12)
    back = Backtest(plain.quantiles, plain.naive, plain.actual, np.array([np.nan]))
    row = figures(back).row(0, named=True)
    assert row["mase"] is None
    assert row["smape"] is not None
    assert not naive_wins(back, LEVELS)


def test_gaps_are_filled_along_the_line_and_with_the_season() -> None:
    line = np.array([1.0, 2.0, np.nan, 4.0, np.nan, np.nan, 7.0])
    assert np.allclose(filled(line, 1), np.arange(1.0, 8.0))
    season = 10 + np.tile([0.0, 5.0, -5.0, 0.0], 4)
    gappy = season.copy()
    gappy[[5, 10]] = np.nan
    assert np.abs(filled(gappy, 4) - season).max() < 1.5
    assert filled(season, 4) is season
