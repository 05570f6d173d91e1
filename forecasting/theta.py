"""The theta method for all series of one length at once, and its dynamic form for short series.

Classical (Assimakopoulos & Nikolopoulos 2000; Hyndman & Billah 2003): simple exponential smoothing
with half the slope of a straight line through the series as drift. Dynamic (Fiorucci, Pellegrini,
Louzada, Petropoulos & Koehler 2016): line and level are renewed with each value, and the weight of
the line is estimated as well. Both are linear in the data and averaged over a grid by likelihood.

Series whose autocorrelation at one season is significant at 10 % are adjusted by the ratios, or
where that cannot be by the differences, to a moving average. Ranges come from the errors on the
adjusted scale and are then given back their season like the forecast itself.
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forecasting.linear import Candidates, Floats, average, blocks, concentrate, student_quantiles

_LEVEL: Final = (0.001, 0.03, 0.07, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999)
_LINE: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_SEASON_FOUND: Final = 1.6448536269514722
_SMALLEST_VARIANCE: Final = 1e-12


def classical(
    length: int, horizon: int, precision: type[np.floating[Any]] = np.float64
) -> Candidates:
    """Theta models with the usual weight of the line (theta = 2), over levels of smoothing."""
    level = np.array(_LEVEL)[:, None]
    time = np.arange(length)
    # Row s of the state says how much of y_s is in the level; the last column is the start.
    state = np.zeros((level.size, length + 1))
    state[:, length] = 1.0
    errors = np.empty((level.size, length, length + 1))
    for t in range(length):
        errors[:, t] = -state
        errors[:, t, t] += 1.0
        state = state + level * errors[:, t]
    centred = time - time.mean()
    slope = centred / (centred**2).sum()
    ahead = np.repeat(state[:, None, :], horizon, axis=1)
    steps = np.arange(horizon) + (1.0 - (1.0 - level) ** length) / level
    ahead[:, :, :length] += 0.5 * steps[:, :, None] * slope
    return _started(errors, ahead, level, 2, precision)


def dynamic(
    length: int, horizon: int, precision: type[np.floating[Any]] = np.float64
) -> Candidates:
    """Dynamic theta models over levels of smoothing and weights of the line."""
    grid = np.array(list(product(_LEVEL, _LINE)))
    level, line = grid[:, :1], 1.0 - 1.0 / grid[:, 1:]
    points = len(grid)
    state = np.zeros((points, length + 1))
    state[:, length] = 1.0
    errors = np.empty((points, length, length + 1))
    mean, base, slope = np.zeros((3, points, length + 1))
    fading = np.ones((points, 1))
    values = np.eye(length, length + 1)

    def expected() -> Floats:
        drift = fading * base + (1.0 - (1.0 - level) * fading) / level * slope
        return np.asarray(state + line * drift)

    def renew(t: int, value: Floats) -> None:
        """Take in the value of period t, counted from 0."""
        nonlocal state, mean, base, slope, fading
        state = level * value + (1.0 - level) * state
        slope = ((t - 1) * slope + 6.0 / (t + 1) * (value - mean)) / (t + 2) if t else slope
        mean = (t * mean + value) / (t + 1)
        base = mean - (t + 2) / 2 * slope
        fading = fading * (1.0 - level)

    for t in range(length):
        errors[:, t] = values[t] - (expected() if t else state)
        renew(t, values[t][None])
    ahead = np.empty((points, horizon, length + 1))
    for h in range(horizon):
        ahead[:, h] = expected()
        renew(length + h, ahead[:, h])
    return _started(errors, ahead, level, 3, precision)


def _started(
    errors: Floats, ahead: Floats, level: Floats, estimated: int, precision: type[np.floating[Any]]
) -> Candidates:
    """Estimate the start of the level; a forecast h periods ahead has h - 1 more shocks in it."""
    residuals, forecasts, starts = concentrate(
        errors[:, :, :-1], -errors[:, :, -1:], ahead[:, :, :-1], ahead[:, :, -1:]
    )
    growth = 1.0 + np.arange(ahead.shape[1]) * level**2
    return Candidates(
        residuals.astype(precision), forecasts.astype(precision), starts, growth, estimated
    )


class Season(NamedTuple):
    """A fixed season of every series of a panel: factors where `ratio`, else amounts."""

    pattern: Floats  # (series, season length), first period of the panel first
    ratio: NDArray[np.bool_]  # (series,)

    def taken_from(self, panel: Floats) -> Floats:
        """The panel (series, length) without its season."""
        pattern = self.pattern[:, np.arange(panel.shape[1]) % self.pattern.shape[1]]
        return np.where(
            self.ratio[:, None],
            panel / np.where(self.ratio[:, None], pattern, 1.0),
            panel - pattern,
        )

    def given_back(self, quantiles: Floats, length: int) -> Floats:
        """Forecasts (series, horizon, quantiles) after `length` periods, with their season."""
        ahead = (length + np.arange(quantiles.shape[1])) % self.pattern.shape[1]
        pattern = self.pattern[:, ahead, None]
        return np.where(self.ratio[:, None, None], quantiles * pattern, quantiles + pattern)


def season_of(panel: Floats, season_length: int) -> Season:
    """Classical decomposition of the series that show a season; no season for the others."""
    length = panel.shape[1]
    ratio = panel.min(axis=1) > 0
    none = np.where(ratio[:, None], 1.0, 0.0) * np.ones(season_length)
    if season_length == 1 or length < 2 * season_length:
        return Season(none, ratio)
    trend = _moving_average(panel, season_length)
    half = season_length // 2
    inner = panel[:, half : half + trend.shape[1]]
    place = np.arange(half, half + trend.shape[1]) % season_length
    parts = np.stack([place == one for one in range(season_length)], axis=1)
    each = parts / parts.sum(axis=0)
    factors = np.einsum("nt,ts->ns", inner / np.where(ratio[:, None], trend, 1.0), each)
    factors /= np.where(ratio, factors.mean(axis=1), 1.0)[:, None]
    amounts = np.einsum("nt,ts->ns", inner - trend, each)
    amounts -= amounts.mean(axis=1, keepdims=True)
    ratio = ratio & (factors.min(axis=1) > 0)
    none = np.where(ratio[:, None], 1.0, 0.0)
    pattern = np.where(ratio[:, None], factors, amounts)
    return Season(np.where(_has_season(panel, season_length)[:, None], pattern, none), ratio)


def _moving_average(panel: Floats, season_length: int) -> Floats:
    """Centred, over one year; even years count their ends half."""
    even = season_length % 2 == 0
    weights = np.full(season_length + even, 1.0 / season_length)
    if even:
        weights[[0, -1]] /= 2
    windows = np.lib.stride_tricks.sliding_window_view(panel, weights.size, axis=1)
    return np.asarray(np.einsum("ntw,w->nt", windows, weights))


def _has_season(panel: Floats, season_length: int) -> NDArray[np.bool_]:
    """Whether the autocorrelation at one season is beyond its 90 % bounds (Bartlett 1946)."""
    length = panel.shape[1]
    centred = panel - panel.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    lags = [
        (centred[:, lag:] * centred[:, : length - lag]).sum(axis=1) / power
        for lag in range(1, season_length + 1)
    ]
    bound = _SEASON_FOUND * np.sqrt((1.0 + 2.0 * sum(one**2 for one in lags[:-1])) / length)
    return np.asarray(np.abs(lags[-1]) > bound)


def extrapolate(
    panel: Floats,
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    renewed: bool = False,
    precision: type[np.floating[Any]] = np.float32,
) -> Floats:
    """Forecast complete series of one length by theta models averaged over their grid.

    Args:
        panel: (series, length), no gaps, no constant series.
        season_length: periods per year; 1 for none.
        horizon: periods ahead.
        levels: the quantiles wanted, each between 0 and 1.
        renewed: the dynamic form.
        precision: of the large products.

    Returns:
        (series, horizon, quantiles).
    """
    length = panel.shape[1]
    models = (dynamic if renewed else classical)(length, horizon, precision)
    season = season_of(panel, season_length)
    adjusted = season.taken_from(panel)
    centre = adjusted.mean(axis=1, keepdims=True)
    spread = adjusted.std(axis=1, keepdims=True)
    quantiles = np.empty((panel.shape[0], horizon, len(levels)))
    for place, block in blocks((adjusted - centre) / spread, precision):
        found = average(models, block)
        deviation = np.sqrt(np.maximum(found.second - found.mean**2, _SMALLEST_VARIANCE))
        student = student_quantiles(levels, found.freedom)
        ranges = found.mean[:, :, None] + deviation[:, :, None] * student
        quantiles[place] = ranges.swapaxes(0, 1)[: place.stop - place.start]
    return season.given_back(quantiles * spread[:, :, None] + centre[:, :, None], length)
