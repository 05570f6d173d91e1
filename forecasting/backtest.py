"""Forecast the past from what was known before it: rolling origins (Tashman 2000)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecasting.ensemble import SHORTEST, forecast_panel
from forecasting.linear import Floats
from forecasting.naive import naive_panel
from forecasting.scores import naive_error

# A model that saw much less than today's says little about today's.
KEPT: Final = 2 / 3


@dataclass(frozen=True)
class Backtest:
    """Forecasts of a panel from earlier origins, beside the values that came.

    Attributes:
        quantiles: (origins, series, horizon, quantiles); NaN where a series has no such origin.
        naive: the same of the seasonal naive forecast.
        actual: (origins, series, horizon); NaN where it is unknown or later than the series.
        scale: (series,); mean absolute change over a season, the unit of errors.
    """

    quantiles: Floats
    naive: Floats
    actual: Floats
    scale: Floats

    def of(self, series: Sequence[int]) -> Backtest:
        """The same of some of the series."""
        rows = list(series)
        return Backtest(
            self.quantiles[:, rows], self.naive[:, rows], self.actual[:, rows], self.scale[rows]
        )

    def through(self, units: Sequence[Callable[[Floats], Floats]], scale: Floats) -> Backtest:
        """The same in other units: a rising function and an error to compare with per series."""

        def carried(figures: Floats) -> Floats:
            each = [unit(figures[:, row]) for row, unit in enumerate(units)]
            return np.stack(each, axis=1)

        return Backtest(carried(self.quantiles), carried(self.naive), carried(self.actual), scale)


def step(horizon: int) -> int:
    """How many periods lie between two origins: a quarter of the horizon."""
    return max(1, horizon // 4)


def cuts(length: int, horizon: int, season_length: int, shortest: int = SHORTEST) -> list[int]:
    """How many of the last values are hidden, per origin of a series of this length.

    Origins reach two steps beyond the horizon, and leave two thirds of the series and at least
    `shortest` values, or one season and one more.
    """
    apart = step(horizon)
    least = max(shortest, SHORTEST, season_length + 1, int(np.ceil(KEPT * length)))
    return [cut for cut in range(apart, horizon + 2 * apart + 1, apart) if length - cut >= least]


def look_back(
    series: Sequence[Floats],
    known: Sequence[Floats],
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    logs: bool = True,
    shortest: int = SHORTEST,
    beyond: int = 0,
) -> tuple[Floats, Backtest]:
    """Forecast a panel from today and from all earlier origins, at once.

    Args:
        series: as in `forecasting.ensemble.forecast_panel`.
        known: the same values, NaN where one was only filled in.
        season_length: periods per year; 1 for none.
        horizon: periods ahead.
        levels: the quantiles wanted.
        logs: as in `forecast_panel`.
        shortest: least number of values at an origin.
        beyond: how many periods more today's forecasts go, which are not looked back at.

    Returns:
        Today's quantiles (series, horizon + beyond, quantiles), and the backtest.
    """
    asked = [
        (place, row, cut)
        for row, values in enumerate(series)
        for place, cut in enumerate(cuts(values.size, horizon, season_length, shortest))
        if np.ptp(values[: values.size - cut]) > 0
    ]
    histories = [series[row][: series[row].size - cut] for _, row, cut in asked]
    found = forecast_panel(
        [*series, *histories],
        season_length=season_length,
        horizon=horizon + beyond,
        levels=levels,
        logs=logs,
    )
    naive = naive_panel(histories, season_length=season_length, horizon=horizon, levels=levels)
    origins = 1 + max((place for place, _, _ in asked), default=-1)
    shape = (origins, len(series), horizon)
    result = Backtest(
        np.full((*shape, len(levels)), np.nan),
        np.full((*shape, len(levels)), np.nan),
        np.full(shape, np.nan),
        np.array([naive_error(values, season_length) for values in known]),
    )
    for one, (place, row, cut) in enumerate(asked):
        result.quantiles[place, row] = found[len(series) + one, :horizon]
        result.naive[place, row] = naive[one]
        came = known[row][known[row].size - cut :][:horizon]
        result.actual[place, row, : came.size] = came
    return found[: len(series)], result
