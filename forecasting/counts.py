"""Sample paths for many series of small counts at once, where a normal model would go below zero.

Below about ten cases a period chance prevails in each series, but the districts of one city can
lend each other what they have in common. Three things are learnt from all of them together: how
much the level of a district differs (a gamma prior whose moments are those of the districts: an
empirical-Bayes Gamma-Poisson level), how far recent counts and the recent counts of the city move
it, and the season. The second is a negative-binomial regression on logs of those levels. Paths are
drawn period by period and feed back into it, with one shock that all districts share, so their sums
spread as the city does: coherent and never negative by construction.

Sources: Gamma-Poisson levels (Harvey & Fernandes 1989, Journal of Business & Economic Statistics
7: 407-417; Marshall 1991, Applied Statistics 40: 283-294, for the prior by moments), log-linear
autoregression of counts (Fokianos & Tjostheim 2011, Journal of Multivariate Analysis 102: 563-578).
Counts are whole, so a range between two counts holds more than it says; the quantiles given here
are mid-quantiles, between counts (Ma, Genton & Parzen 2011, AISM 63: 227-243). What that comes to
is shown by `python -m bench.counts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forecasting import refusal
from forecasting.scores import QUANTILES

Floats = NDArray[np.float64]

MODEL_NAME: Final = "counts_log_ar"
DRAWS: Final = 1000
MINIMUM_SERIES: Final = 5
MINIMUM_PERIODS: Final = 12
# Recent counts are looked at with a short and a long memory: weights of each period before.
MEMORIES: Final = (0.7, 0.92)
# The city as a whole is less noisy: its latest counts say most.
MEMORY_OF_CITY: Final = 0.4
# A recent level leans on the long one as if two more periods had been seen there.
PRIOR_PERIODS: Final = 2.0
HARMONICS: Final = 2
SMALLEST_SPREAD: Final = 1e-4


@dataclass(frozen=True)
class CountForecast:
    """Paths (draws, series, periods ahead) of whole numbers, and their mid-quantiles.

    `quantiles` has the shape (series, periods ahead, quantiles). A sum of series is the sum of
    their paths: `mid_quantiles(paths.sum(axis=1), …)`.
    """

    paths: Floats
    quantiles: Floats


@dataclass(frozen=True)
class _Levels:
    """What is known of each series by its latest period, for one history or one per draw.

    `mean` is the posterior mean of the level, `shape` its gamma shape; `recent` and `weight` hold
    a row per memory, the city's last: the decayed sum of counts, and what it would be at one case
    a period.
    """

    mean: Floats
    shape: Floats
    recent: Floats
    weight: Floats

    def regressors(self) -> Floats:
        """Log level, recent levels beside it, and the latest of all series: (…, series, 4).

        The city has only as many points as there are periods: one memory is all it can bear.
        """
        prior = PRIOR_PERIODS * self.mean
        recent, expected = prior + self.recent, prior + self.weight * self.mean
        city = np.log(recent[-1].sum(-1) / expected[-1].sum(-1))[..., None]
        parts = [np.log(self.mean), *np.log(recent[:-1] / expected[:-1]), city]
        return np.stack(np.broadcast_arrays(*parts), axis=-1)

    def after(self, counts: Floats, known: Floats) -> _Levels:
        """With one more period; the long level stays as it is."""
        memory = np.asarray([*MEMORIES, MEMORY_OF_CITY]).reshape(-1, *(1,) * counts.ndim)
        return _Levels(
            self.mean, self.shape, memory * self.recent + counts, memory * self.weight + known
        )


@dataclass(frozen=True)
class _Fit:
    """The regression, and by how much counts spread beside it, alone and together."""

    coefficients: Floats
    covariance: Floats
    own_spread: float
    common_spread: float
    lowest: Floats
    highest: Floats


def forecast_counts(
    panel: Floats,
    *,
    season_length: int,
    horizon: int,
    rng: np.random.Generator,
    draws: int = DRAWS,
    quantiles: Sequence[float] = QUANTILES,
) -> CountForecast:
    """Look `horizon` periods ahead of series that count the same thing in several districts.

    Args:
        panel: counts, one row per series and one column per period, in the order of time; NaN
            where unknown. Every row has a count.
        season_length: periods per year; 1 for none.
        horizon: number of periods ahead, at least 1.
        rng: the only source of chance.
        draws: number of paths.
        quantiles: ascending, between 0 and 1.

    Raises:
        ValueError: a count is negative, or nothing is known of a series.
        Refusal: fewer than 5 series or 12 periods, or the estimation did not settle.
    """
    known = np.isfinite(panel)
    if not known.any(axis=1).all():
        raise ValueError("the panel has a series of which nothing is known")
    if (panel[known] < 0).any():
        raise ValueError("the panel holds a negative count")
    if panel.shape[0] < MINIMUM_SERIES or panel.shape[1] < MINIMUM_PERIODS:
        raise refusal.too_few_together(
            panel.shape[0], MINIMUM_SERIES, panel.shape[1], MINIMUM_PERIODS
        )
    counts = np.where(known, panel, 0.0)
    if not counts.any():
        raise refusal.constant(panel.shape[1])
    season = _season(panel.shape[1] + horizon, season_length)
    history = _history(counts, known.astype(np.float64))
    fit = _fit(counts, known, history, season, max(season_length, 6))
    paths = _paths(history[-1], fit, season[panel.shape[1] :], rng, draws)
    return CountForecast(paths, mid_quantiles(paths, quantiles))


def mid_quantiles(draws: Floats, quantiles: Sequence[float]) -> Floats:
    """Quantiles of whole numbers, interpolated between the middles of their probabilities.

    `draws` has the draws as its first axis; the quantiles become the last axis of what is left.
    """
    ordered = np.sort(np.ascontiguousarray(draws.reshape(draws.shape[0], -1).T), axis=1)
    found = np.empty((ordered.shape[0], len(quantiles)))
    size = draws.shape[0]
    for place, row in enumerate(ordered):
        ends = np.append(np.flatnonzero(row[1:] != row[:-1]) + 1, size)
        starts = np.append(0, ends[:-1])
        found[place] = np.interp(quantiles, 0.5 * (starts + ends) / size, row[starts])
    return found.reshape(*draws.shape[1:], len(quantiles))


def _season(periods: int, length: int) -> Floats:
    """Up to two waves a year, one row per period; no column where there is no season."""
    waves = range(1, min(HARMONICS, (length - 1) // 2) + 1)
    turns = 2 * np.pi * np.arange(periods) / length
    columns = [wave(turn * turns) for turn in waves for wave in (np.sin, np.cos)]
    return np.column_stack(columns) if columns else np.zeros((periods, 0))


def _history(counts: Floats, known: Floats) -> list[_Levels]:
    """What was known before each period, and after the last one.

    The prior is that of the whole panel; a district's own counts enter as they come.
    """
    seen = known.sum(axis=1)
    means = counts.sum(axis=1) / seen
    centre = float(means.mean())
    between = float(means.var(ddof=1)) - centre * float((1 / seen).mean())
    rate = centre / max(between, 1e-3 * centre)
    history = []
    shape, periods = np.full(means.shape, centre * rate), np.full(means.shape, rate)
    recent = weight = np.zeros((len(MEMORIES) + 1, means.size))
    for period in range(counts.shape[1] + 1):
        levels = _Levels(shape / periods, shape, recent, weight)
        history.append(levels)
        if period < counts.shape[1]:
            after = levels.after(counts[:, period], known[:, period])
            recent, weight = after.recent, after.weight
            shape, periods = shape + counts[:, period], periods + known[:, period]
    return history


def _fit(
    counts: Floats, known: NDArray[np.bool_], history: list[_Levels], season: Floats, warm_up: int
) -> _Fit:
    """Negative-binomial regression of each count on what was known before it."""
    first = min(warm_up, counts.shape[1] // 2)
    used = range(first, counts.shape[1])
    levels = np.stack([history[period].regressors() for period in used])
    rows = [np.ones((*levels.shape[:2], 1)), levels]
    rows.append(np.broadcast_to(season[used][:, None], (*levels.shape[:2], season.shape[1])))
    cells = known[:, first:].T
    regressors = np.concatenate(rows, axis=-1)[cells]
    answers = counts[:, first:].T[cells]
    period = np.nonzero(cells)[0]
    # What all districts share is fitted to as many points as there are periods, not counts: both
    # the common spread and the robust covariance come out too small by that much.
    spare = len(used) / max(len(used) - 2 - season.shape[1], 1)
    own, common = 0.05, 0.0
    coefficients = np.zeros(regressors.shape[1])
    coefficients[0] = np.log(answers.mean())
    for _ in range(3):
        coefficients, _ = regress(answers, regressors, own + common, period, coefficients)
        own, common = _spread(answers, np.exp(regressors @ coefficients), period, spare)
    coefficients, covariance = regress(answers, regressors, own + common, period, coefficients)
    flat = levels.reshape(-1, levels.shape[-1])
    return _Fit(
        coefficients, covariance * spare**2, own, common, flat.min(axis=0), flat.max(axis=0)
    )


def regress(
    answers: Floats,
    regressors: Floats,
    spread: float,
    cluster: NDArray[np.int64],
    start: Floats,
) -> tuple[Floats, Floats]:
    """Negative-binomial regression with log link: coefficients and their cluster-robust covariance.

    Iteratively reweighted least squares by normal equations, which for few regressors and many rows
    is ten times as fast as `statsmodels.GLM`; a test holds both against each other.

    Raises:
        Refusal: no solution, or none after 50 rounds.
    """
    coefficients = start
    for _ in range(50):
        mean = np.exp(np.clip(regressors @ coefficients, -30, 30))
        weight = 1 / (1 + spread * mean)
        information = (regressors * (weight * mean)[:, None]).T @ regressors
        scores = regressors * (weight * (answers - mean))[:, None]
        try:
            step = np.linalg.solve(information, scores.sum(axis=0))
        except np.linalg.LinAlgError as trouble:
            raise refusal.not_settled() from trouble
        coefficients = coefficients + step
        if not np.isfinite(step).all():
            break
        if np.abs(step).max() < 1e-9:
            bread = np.linalg.inv(information)
            together = np.zeros((int(cluster.max()) + 1, scores.shape[1]))
            np.add.at(together, cluster, scores)
            return coefficients, bread @ (together.T @ together) @ bread
    raise refusal.not_settled()


def _spread(
    answers: Floats, fitted: Floats, period: NDArray[np.int64], spare: float
) -> tuple[float, float]:
    """By how much counts spread beyond chance, each alone and all of a period together (moments).

    The variance of a count is mean + (own + common) mean², that of a period's sum
    mean + own Σ mean² + common (Σ mean)².
    """
    away = answers - fitted
    sums, away_sums = np.bincount(period, fitted), np.bincount(period, away)
    single, whole = float((fitted**2).sum()), float((sums**2).sum())
    of_each = float((away**2 - fitted).sum())
    of_sums = float((away_sums**2 * spare - sums).sum())
    common = (of_sums - of_each) / (whole - single)
    if common <= 0:
        return max(of_each / single, 0.0), 0.0
    own = of_each / single - common
    return (own, common) if own > 0 else (0.0, max(of_sums / whole, 0.0))


def _paths(
    levels: _Levels, fit: _Fit, season: Floats, rng: np.random.Generator, draws: int
) -> Floats:
    """Draw period after period; what was drawn is the recent past of the next."""
    size = (draws, levels.mean.size)
    coefficients = rng.multivariate_normal(fit.coefficients, fit.covariance, draws, method="eigh")
    # How far the true level of a district may be from its posterior mean, once per path.
    level = rng.gamma(levels.shape, 1 / levels.shape, size)
    memory = (len(MEMORIES) + 1, *size)
    levels = _Levels(
        levels.mean,
        levels.shape,
        np.broadcast_to(levels.recent[:, None], memory),
        np.broadcast_to(levels.weight[:, None], memory),
    )
    count = 1 + fit.lowest.size
    paths = np.empty((*size, season.shape[0]))
    for ahead, waves in enumerate(season):
        # What was never seen is not extrapolated, so no path can run away with itself.
        seen = np.clip(levels.regressors(), fit.lowest, fit.highest)
        log_mean = (coefficients[:, None, 1:count] * seen).sum(axis=-1) + coefficients[:, :1]
        mean = level * np.exp(log_mean + (coefficients[:, count:] @ waves)[:, None])
        for spread, shape in ((fit.common_spread, (draws, 1)), (fit.own_spread, size)):
            if spread > SMALLEST_SPREAD:
                mean = mean * rng.gamma(1 / spread, spread, shape)
        paths[:, :, ahead] = rng.poisson(mean)
        levels = levels.after(paths[:, :, ahead], np.ones(size))
    return paths
