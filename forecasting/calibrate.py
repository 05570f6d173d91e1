"""Ranges that hold: stretched by how far values lay from forecasts made earlier.

Split conformal prediction (Vovk, Gammerman & Shafer 2005; Romano, Patterson & Candès 2019) with
distances in units of the forecast's own range, so that series of all sizes can be pooled, and per
period ahead. Few origins say little, and all series of a place share their shocks, so the factors
are shrunk towards 1 by the number of origins that do not overlap, not of values; and they are kept
only where ranges left out while learning score better with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from forecasting.backtest import Backtest, look_back, step
from forecasting.ensemble import SHORTEST
from forecasting.linear import Floats
from forecasting.scores import interval_score

FEWEST_ORIGINS: Final = 3
# So many origins weigh as much as the belief that ranges are right; set once, on M3 and hospital.
_SHRINKAGE: Final = 6.0


def calibrated_panel(
    series: Sequence[Floats],
    known: Sequence[Floats],
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    logs: bool = True,
    shortest: int = SHORTEST,
) -> tuple[Floats, Backtest]:
    """Forecast a pool of series with ranges that learned from its past; the way by default.

    Arguments are those of `forecasting.backtest.look_back`. Gives back today's quantiles (series,
    horizon, quantiles) and the backtest, whose ranges are those before calibration.
    """
    quantiles, backtest = look_back(
        series,
        known,
        season_length=season_length,
        horizon=horizon,
        levels=levels,
        logs=logs,
        shortest=shortest,
    )
    return stretched(quantiles, factors(backtest, levels)), backtest


def factors(backtest: Backtest, levels: tuple[float, ...]) -> Floats:
    """Learn how much wider or narrower the ranges of a panel should be.

    Args:
        backtest: forecasts and values of a pool of series.
        levels: the quantiles, symmetric about the median.

    Returns:
        (horizon, ranges), the widest range first; 1 where ranges stay as they are. A period ahead
        with fewer than three origins takes the factor of the one before.
    """
    ratios = [_distances(backtest, rank) for rank in range(len(levels) // 2)]
    found = [_learn(one, levels[-1 - rank] - levels[rank]) for rank, one in enumerate(ratios)]
    better = [
        _improves(backtest, one, rank, levels[-1 - rank] - levels[rank])
        for rank, one in enumerate(ratios)
    ]
    return np.stack(
        [one if keep else np.ones_like(one) for one, keep in zip(found, better, strict=True)],
        axis=1,
    )


def stretched(quantiles: Floats, factor: Floats) -> Floats:
    """Give ranges (..., horizon, quantiles) their factors (horizon, ranges); the median stays.

    Periods beyond those of the factors take the last one.
    """
    ranges = factor.shape[-1]
    further = quantiles.shape[-2] - factor.shape[0]
    factor = np.concatenate([factor, np.repeat(factor[-1:], further, axis=0)])
    middle = quantiles[..., ranges : ranges + 1]
    both = np.concatenate([factor, np.ones_like(factor[..., :1]), factor[..., ::-1]], axis=-1)
    return np.sort(middle + (quantiles - middle) * both, axis=-1)


def cross_stretched(backtest: Backtest, levels: tuple[float, ...]) -> Backtest:
    """A backtest whose ranges learned from all other origins: how good calibrated ones are."""
    each = backtest.quantiles.copy()
    for origin in range(each.shape[0]):
        others = Backtest(
            np.delete(backtest.quantiles, origin, axis=0),
            np.delete(backtest.naive, origin, axis=0),
            np.delete(backtest.actual, origin, axis=0),
            backtest.scale,
        )
        each[origin] = stretched(each[origin], factors(others, levels))
    return Backtest(each, backtest.naive, backtest.actual, backtest.scale)


def _distances(backtest: Backtest, rank: int) -> Floats:
    """How far each value lies from the median, in units of that side of the range."""
    quantiles = backtest.quantiles
    middle = quantiles[..., quantiles.shape[-1] // 2]
    away = backtest.actual - middle
    side = np.where(away >= 0, quantiles[..., -1 - rank] - middle, middle - quantiles[..., rank])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(side > 0, np.abs(away) / side, np.nan)


def _learn(ratios: Floats, share: float, fewest: int = FEWEST_ORIGINS) -> Floats:
    """Factors per period ahead from distances (origins, series, horizon)."""
    horizon = ratios.shape[-1]
    found = np.ones(horizon)
    for ahead in range(horizon):
        seen = np.isfinite(ratios[..., ahead])
        origins = int(seen.any(axis=1).sum())
        values = ratios[..., ahead][seen]
        # The rank of conformal prediction; above 1 there are too few values to say.
        rank = np.ceil((values.size + 1) * share) / max(values.size, 1)
        if origins < fewest or rank > 1.0:
            found[ahead] = found[ahead - 1] if ahead else 1.0
        else:
            # Windows that overlap share their shocks: count how many fit beside each other.
            span = int(np.flatnonzero(seen.any(axis=1))[-1] + 1) * step(horizon)
            apart = min(origins, span / (ahead + 1))
            weight = apart / (apart + _SHRINKAGE)
            # As `np.quantile(values, rank, method="higher")`, of which there are very many here.
            place = int(np.ceil((values.size - 1) * rank))
            found[ahead] = 1.0 + weight * (np.partition(values, place)[place] - 1.0)
    return found


def _improves(backtest: Backtest, ratios: Floats, rank: int, share: float) -> bool:
    """Whether each origin, stretched by what the others teach, scores better on the whole."""
    origins = ratios.shape[0]
    if origins < FEWEST_ORIGINS:
        return False
    middle = backtest.quantiles.shape[-1] // 2
    gains = []
    for left_out in range(origins):
        factor = _learn(np.delete(ratios, left_out, axis=0), share, FEWEST_ORIGINS - 1)
        low, centre, high = (
            backtest.quantiles[left_out, ..., place] for place in (rank, middle, -1 - rank)
        )
        actual = backtest.actual[left_out]
        before = interval_score(low, high, actual, share)
        wide_low, wide_high = centre + factor * (low - centre), centre + factor * (high - centre)
        after = interval_score(wide_low, wide_high, actual, share)
        gains.append((before - after) / backtest.scale[:, None])
    gain = np.stack(gains)
    return bool(np.isfinite(gain).any() and np.nanmean(gain) > 0)
