"""Draws of the future from quantiles: whole paths, and what several series share.

Quantiles say of each period how far it may lie off, not what follows from it for the next one or
for the neighbours. Both are added here by a Gaussian copula (Nelsen 2006, ch. 2) with as few
figures as a short past can teach:

- over time, errors are a mixture of a wandering level, whose part in them is `persistence`, and
  chance of the period alone; learned from earlier forecasts and shrunk towards a half;
- between series of a level, errors share one factor that explains `shared` of their variance: the
  mean correlation of one-step errors, the most that shrinking all correlations to one leaves over.

Each margin keeps its quantiles; between them, and beyond the outer ones, values lie on a line over
the normal scale. What is drawn for a series depends on its name, the name of its pool and on
nothing else: neither on its neighbours nor on the order or parts in which they are computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np

from forecasting.backtest import Backtest
from forecasting.linear import Floats

DRAWS: Final = 1000
# What is believed of errors before any have been seen, and how many origins that belief weighs.
PERSISTENCE: Final = 0.5
_BELIEF: Final = 6.0
_MOST_SHARED: Final = 0.95


@dataclass(frozen=True)
class Dependence:
    """How much of an error lasts, and how much of it the series of a level share; 0 to 1 both."""

    persistence: float = PERSISTENCE
    shared: float = 0.0


def generator(name: str, origin: int = 0) -> np.random.Generator:
    """The source of chance that belongs to a name and an origin, wherever it is asked for."""
    digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
    return np.random.default_rng([int.from_bytes(digest), origin])


def scores(
    names: Sequence[str],
    pool: str,
    dependence: Dependence,
    *,
    horizon: int,
    draws: int = DRAWS,
    origin: int = 0,
) -> Floats:
    """Standard normal errors (series, horizon, draws) with this dependence.

    Args:
        names: of the series, each its seed.
        pool: name of what they share, and its seed.
        dependence: how errors belong together.
        horizon: periods ahead.
        draws: number of paths.
        origin: set apart what is drawn for forecasts from earlier origins.
    """
    lasting, own = np.sqrt(dependence.persistence), np.sqrt(1 - dependence.persistence)
    root = np.sqrt(np.arange(1, horizon + 1))[:, None]

    def errors(name: str) -> Floats:
        steps, alone = generator(name, origin).standard_normal((2, horizon, draws))
        return np.asarray(lasting * np.cumsum(steps, axis=0) / root + own * alone)

    alone = np.stack([errors(name) for name in names])
    if dependence.shared == 0:
        return alone
    common = errors(pool)
    return np.asarray(np.sqrt(dependence.shared) * common + np.sqrt(1 - dependence.shared) * alone)


def drawn(quantiles: Floats, levels: tuple[float, ...], order: Floats) -> Floats:
    """Draws (series, horizon, draws) with these quantiles, ranked as `order` is.

    Args:
        quantiles: (series, horizon, quantiles).
        levels: of the quantiles, rising, each between 0 and 1.
        order: (series, horizon, draws); any figures that say which draw is the larger.
    """
    values = quantiles @ _weights(order.shape[2], levels).T
    found = np.empty(order.shape)
    np.put_along_axis(found, np.argsort(order, axis=2), values, axis=2)
    return found


def quantiles_of(draws: Floats, levels: tuple[float, ...]) -> Floats:
    """Quantiles of equally likely draws, the last axis; they become the last axis instead."""
    ordered = np.sort(draws, axis=-1)
    # Each draw stands for the middle of its share.
    place = np.clip(np.asarray(levels) * draws.shape[-1] - 0.5, 0, draws.shape[-1] - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, draws.shape[-1] - 1)
    part = place - low
    return np.asarray((1 - part) * ordered[..., low] + part * ordered[..., high])


def persistence(backtest: Backtest) -> float:
    """How much of an error lasts, from forecasts made earlier (see above)."""
    middle = backtest.quantiles.shape[-1] // 2
    centre = backtest.quantiles[..., middle]
    away = backtest.actual - centre
    side = np.where(away >= 0, *(backtest.quantiles[..., middle + one] - centre for one in (1, -1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(side != 0, away / np.abs(side), np.nan).reshape(-1, away.shape[-1])
    origins = int(np.isfinite(backtest.actual).any(axis=(1, 2)).sum())
    ahead = np.arange(1, error.shape[1] + 1)
    lasting = np.sqrt(ahead[:, None] / ahead)
    known = np.isfinite(error)
    square = np.where(known, error, 0.0) ** 2
    pairs = np.triu(np.ones(lasting.shape, dtype=bool), 1)
    both = (known.astype(float).T @ known)[pairs]
    if not both.any() or not square.any():
        return PERSISTENCE
    product = np.where(known, error, 0.0)
    together = (product.T @ product)[pairs] / (square.sum() / known.sum())
    seen = float((together * lasting[pairs]).sum() / (both * lasting[pairs] ** 2).sum())
    weight = origins / (origins + _BELIEF)
    return float(np.clip(PERSISTENCE + weight * (seen - PERSISTENCE), 0.0, 1.0))


def shared(errors: Floats) -> float:
    """Mean correlation of errors (series, length), at least 0: what the series have in common."""
    spread = errors.std(axis=1)
    standard = (errors - errors.mean(axis=1, keepdims=True))[spread > 0] / spread[spread > 0, None]
    series = standard.shape[0]
    if series < 2:
        return 0.0
    mean = (standard.sum(axis=0).var() / series - 1) / (series - 1)
    return float(np.clip(mean, 0.0, _MOST_SHARED))


def normal_scores(draws: int) -> Floats:
    """As many normal numbers as draws, evenly spaced by probability, in rising order."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((rank + 0.5) / draws) for rank in range(draws)])


@cache
def _weights(draws: int, levels: tuple[float, ...]) -> Floats:
    """What each of equally likely draws, from the lowest, takes of each quantile."""
    normal = NormalDist()
    knots = np.array([normal.inv_cdf(level) for level in levels])
    points = normal_scores(draws)
    left = np.clip(np.searchsorted(knots, points) - 1, 0, knots.size - 2)
    part = (points - knots[left]) / (knots[left + 1] - knots[left])
    found = np.zeros((draws, knots.size))
    found[np.arange(draws), left] = 1 - part
    found[np.arange(draws), left + 1] += part
    return found
