"""The seasonal naive forecast: what was a year ago comes again. The bar for all others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from forecasting.linear import Floats, student_quantiles

MODEL_NAME: Final = "seasonal_naive"
# The same of small counts, which are judged apart.
SMALL_NAME: Final = "seasonal_naive_small"


def naive_panel(
    series: Sequence[Floats], *, season_length: int, horizon: int, levels: tuple[float, ...]
) -> Floats:
    """Repeat the last season of each series; ranges from its changes (Hyndman & Athanasopoulos).

    Each further season ahead adds the variance of one change. Arguments and result are those of
    `forecasting.ensemble.forecast_panel`; series need one change at least.
    """
    found = np.empty((len(series), horizon, len(levels)))
    ahead = np.arange(horizon)
    for row, values in enumerate(series):
        season = values[-season_length:]
        changes = values[season_length:] - values[:-season_length]
        spread = np.sqrt((changes**2).mean() * (ahead // season_length + 1))
        student = _student(levels, max(changes.size, 3))
        found[row] = season[ahead % season_length][:, None] + spread[:, None] * student
    return found


@cache
def _student(levels: tuple[float, ...], freedom: int) -> Floats:
    return student_quantiles(levels, freedom)
