"""Bridge periods without a value, so that a series can be forecast."""

from __future__ import annotations

import numpy as np

from forecasting.linear import Floats


def filled(values: Floats, season_length: int) -> Floats:
    """Fill gaps (NaN) by a straight line between neighbours, plus what the season usually adds.

    Args:
        values: in the order of time; first and last are known.
        season_length: periods per year; 1 for none. The season is left out where some part of the
            year was never seen twice.
    """
    time = np.arange(values.size)
    known = np.isfinite(values)
    if known.all():
        return values
    season = np.zeros(season_length)
    phase = time % season_length
    seen = np.bincount(phase[known], minlength=season_length)
    if season_length > 1 and seen.min() > 1:
        line = np.polyval(np.polyfit(time[known], values[known], 1), time)
        away = np.where(known, values - line, 0.0)
        season = np.bincount(phase, weights=away, minlength=season_length) / seen
    calm = values - season[phase]
    calm[~known] = np.interp(time[~known], time[known], calm[known])
    return np.asarray(np.where(known, values, calm + season[phase]))
