"""How wrong a forecast was: smaller is better everywhere but in coverage.

Scaled errors follow Hyndman & Koehler (2006), the interval score Gneiting & Raftery (2007), the
weighted interval score, which approaches the CRPS, Bracher, Ray, Gneiting & Reich (2021).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from forecasting.linear import Floats

# What is published of every distribution: the median, and ranges of 80 and 95 percent.
QUANTILES: Final = (0.025, 0.1, 0.5, 0.9, 0.975)


def smape(forecast: Floats, actual: Floats) -> Floats:
    """Absolute error in percent of the mean of forecast and value; 0 where both are 0."""
    size = np.abs(actual) + np.abs(forecast)
    return np.asarray(200.0 * np.abs(actual - forecast) / np.where(size == 0, 1.0, size))


def naive_error(history: Floats, season_length: int) -> float:
    """Mean absolute change from one season to the next: the unit of scaled errors; NaN if none."""
    changes = np.abs(history[season_length:] - history[:-season_length])
    known = changes[np.isfinite(changes)]
    return float(known.mean()) if known.size and known.any() else float("nan")


def interval_score(low: Floats, high: Floats, actual: Floats, share: float) -> Floats:
    """Width of a range that should hold `share` of the values, plus the price of each miss."""
    price = 2.0 / (1.0 - share)
    return np.asarray(
        high - low + price * np.maximum(low - actual, 0.0) + price * np.maximum(actual - high, 0.0)
    )


def weighted_interval_score(quantiles: Floats, levels: tuple[float, ...], actual: Floats) -> Floats:
    """Score of all quantiles together; `quantiles` has one more axis at its end than `actual`."""
    level = np.asarray(levels)
    above = actual[..., None] - quantiles
    return np.asarray(2.0 * np.maximum(level * above, (level - 1.0) * above).mean(axis=-1))


def inside(low: Floats, high: Floats, actual: Floats) -> Floats:
    """1 where the value lies in the range, 0 where not, NaN where it is unknown."""
    return np.where(np.isnan(actual), np.nan, ((actual >= low) & (actual <= high)).astype(float))
