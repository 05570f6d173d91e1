"""Linear exponential smoothing for all series of one length at once: the screen.

Additive errors, no, additive or damped trend, no or additive season (Hyndman, Koehler, Ord & Snyder
2008, Forecasting with Exponential Smoothing), each averaged over a grid of smoothing parameters;
shapes are weighed by the corrected information criterion of Akaike (Burnham & Anderson 2002), the
same shapes on the log scale among them where all values are positive. The authority is
`statsmodels`: at the same parameters and starting values `ETSModel` gives the same likelihood,
forecast and variance. Shapes with multiplicative parts are left out: they explode on large sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forecasting.linear import (
    Average,
    Candidates,
    Floats,
    average,
    blocks,
    concentrate,
    student_quantiles,
)

_SMALLEST_VARIANCE: Final = 1e-12
_LEAST_FREEDOM: Final = 3.0
_LARGEST_EXPONENT: Final = 700.0
EXPLOSIVE_FACTOR: Final = 10.0
_LEVEL: Final = (0.001, 0.03, 0.07, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999)
_LEVEL_TREND: Final = (0.001, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9, 0.999)
_LEVEL_SEASON: Final = (0.001, 0.06, 0.12, 0.2, 0.3, 0.45, 0.6, 0.8, 0.999)
_LEVEL_BOTH: Final = (0.001, 0.1, 0.25, 0.45, 0.7, 0.95)


class Parameters(NamedTuple):
    """One point of a grid, in the words of Hyndman et al.: trend and season as shares.

    `trend` is beta* (beta = level x trend), `season` is gamma* (gamma = (1 - level) x season),
    `damping` is phi.
    """

    level: float
    trend: float = 0.0
    season: float = 0.0
    damping: float = 1.0


Trend = Literal["none", "additive", "damped"]

# Level, trend, season and damping of each shape; denser where a shape has fewer parts, for denser
# grids of the others cost time and changed nothing on M3. Zero would leave starting values that
# nothing can tell apart from the rest, so the least is a little above.
_GRIDS: Final[dict[tuple[Trend, bool], tuple[tuple[float, ...], ...]]] = {
    ("none", False): (_LEVEL, (0.0,), (0.0,), (1.0,)),
    ("none", True): (_LEVEL_SEASON, (0.0,), (0.001, 0.08, 0.2, 0.45), (1.0,)),
    ("additive", False): (_LEVEL_TREND, (0.001, 0.03, 0.08, 0.15, 0.3, 0.5), (0.0,), (1.0,)),
    ("additive", True): (_LEVEL_BOTH, (0.001, 0.05, 0.2), (0.001, 0.1, 0.35), (1.0,)),
    ("damped", False): (_LEVEL_TREND, (0.03, 0.1, 0.25, 0.5), (0.0,), (0.85, 0.95)),
    ("damped", True): (_LEVEL_BOTH, (0.05, 0.25), (0.001, 0.1, 0.3), (0.85, 0.96)),
}


@dataclass(frozen=True)
class Shape:
    """Which parts a model has."""

    trend: Trend
    seasonal: bool

    def grid(self) -> list[Parameters]:
        """Smoothing parameters that are tried."""
        level, trend, season, damping = _GRIDS[self.trend, self.seasonal]
        return [Parameters(*point) for point in product(level, trend, season, damping)]

    def estimated(self, season_length: int) -> int:
        """Smoothing parameters, starting values and the variance."""
        smoothing = {"none": 1, "additive": 2, "damped": 3}[self.trend] + self.seasonal
        starts = 1 + (self.trend != "none") + (season_length - 1 if self.seasonal else 0)
        return smoothing + starts + 1

    def fits(self, length: int, season_length: int) -> bool:
        """Whether a series of this length can say anything about this shape."""
        if self.seasonal and (season_length == 1 or length < 2 * season_length + 1):
            return False
        return self.estimated(season_length) + 1 < length - 1


SHAPES: Final = tuple(Shape(trend, seasonal) for trend, seasonal in _GRIDS)


def candidates(
    shape: Shape,
    parameters: list[Parameters],
    *,
    length: int,
    season_length: int,
    horizon: int,
    precision: type[np.floating[Any]] = np.float64,
) -> Candidates:
    """Matrices of one shape at every given point.

    State space with one source of error: `y = w x + e`, then `x = F x + g e`; put in terms of the
    data, `x = D x + g y` with `D = F - g w`.
    """
    step, read, gain = _state_space(shape, parameters, season_length)
    points, size = gain.shape
    decay = step - gain[:, :, None] * read[:, None, :]
    impulse = np.empty((points, length))
    design = np.empty((points, length, size))
    memory = np.empty((points, length, size))
    impulse[:, 0] = 1.0
    seen, kept = read, gain
    for t in range(length):
        design[:, t], memory[:, t] = seen, kept
        if t < length - 1:
            impulse[:, t + 1] = -np.einsum("pk,pk->p", read, kept)
        seen = np.einsum("pk,pkj->pj", seen, decay)
        kept = np.einsum("pjk,pk->pj", decay, kept)
    lag = np.subtract.outer(np.arange(length), np.arange(length))
    response = np.where(lag >= 0, impulse[:, np.abs(lag)], 0.0)
    psi = np.ones((points, horizon))
    reach = np.empty((points, horizon, size))
    seen, kept = read, gain
    for h in range(horizon):
        reach[:, h] = seen
        if h < horizon - 1:
            psi[:, h + 1] = np.einsum("pk,pk->p", read, kept)
        seen = np.einsum("pk,pkj->pj", seen, step)
        kept = np.einsum("pjk,pk->pj", step, kept)
    # A level and all seasonal starts say the same thing twice: the last of them stays zero.
    free = size - shape.seasonal
    residuals, ahead, starts = concentrate(
        response,
        design[:, :, :free],
        reach @ memory[:, ::-1].swapaxes(1, 2),
        reach @ np.linalg.matrix_power(decay, length)[:, :, :free],
    )
    growth = np.cumsum(np.concatenate([np.ones((points, 1)), psi[:, 1:] ** 2], axis=1), axis=1)
    return Candidates(
        residuals.astype(precision),
        ahead.astype(precision),
        starts,
        growth,
        shape.estimated(season_length),
    )


def _state_space(
    shape: Shape, parameters: list[Parameters], season_length: int
) -> tuple[Floats, Floats, Floats]:
    """Transition (points, states, states), what is read and what an error moves (points, states).

    States: level, slope, then the seasons, latest first.
    """
    level, trend, season, damping = np.asarray(parameters, dtype=np.float64).T
    sloped = shape.trend != "none"
    first = 1 + sloped
    size = first + (season_length if shape.seasonal else 0)
    step = np.zeros((len(parameters), size, size))
    read = np.zeros((len(parameters), size))
    gain = np.zeros((len(parameters), size))
    step[:, 0, 0] = read[:, 0] = 1.0
    gain[:, 0] = level
    if sloped:
        step[:, 0, 1] = step[:, 1, 1] = read[:, 1] = damping
        gain[:, 1] = level * trend
    if shape.seasonal:
        step[:, first, -1] = read[:, -1] = 1.0
        for one in range(first + 1, size):
            step[:, one, one - 1] = 1.0
        gain[:, first] = season * (1.0 - level)
    return step, read, gain


def smooth(
    panel: Floats,
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    logs: bool = True,
    precision: type[np.floating[Any]] = np.float32,
) -> Floats:
    """Forecast complete series of one length by the average over shapes and grids.

    Args:
        panel: (series, length), no gaps, no constant series.
        season_length: periods per year; 1 for none.
        horizon: periods ahead.
        levels: the quantiles wanted, each between 0 and 1.
        logs: whether positive series are also tried on the log scale.
        precision: of the large products; single is enough for forecasts.

    Returns:
        (series, horizon, quantiles).

    Raises:
        ValueError: the series are too short for any shape.
    """
    sides, weight = _on_scales(panel, season_length, horizon, levels, logs, precision)
    return np.asarray(
        sum(one[:, None, None] * side.quantiles for one, side in zip(weight, sides, strict=True))
    )


class ShapeShare(NamedTuple):
    """How much one shape, on the plain or the log scale, says in the average for one series."""

    shape: Shape
    logged: bool
    share: float


def shape_shares(
    values: Floats,
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    logs: bool = True,
) -> tuple[ShapeShare, ...]:
    """Say what `smooth` made of one series (length,): its shapes, largest share first.

    Other arguments are those of `smooth`; shares add up to 1.
    """
    panel = values[None, :]
    sides, weight = _on_scales(panel, season_length, horizon, levels, logs, np.float32)
    fitting = [shape for shape in SHAPES if shape.fits(values.size, season_length)]
    found = [
        ShapeShare(shape, logged, float(one[0] * inner))
        for logged, one, side in zip((False, True), weight, sides, strict=False)
        for shape, inner in zip(fitting, side.weights[:, 0], strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -one.share))


def _on_scales(
    panel: Floats,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    logs: bool,
    precision: type[np.floating[Any]],
) -> tuple[list[_Side], Floats]:
    """What the plain scale and that of the logs say, and their weights (scales, series)."""
    length = panel.shape[1]
    models = [
        candidates(
            shape,
            shape.grid(),
            length=length,
            season_length=season_length,
            horizon=horizon,
            precision=precision,
        )
        for shape in SHAPES
        if shape.fits(length, season_length)
    ]
    if not models:
        raise ValueError(f"{length} values are too few for exponential smoothing")
    sides = [_one_scale(models, panel, levels, precision)]
    positive: NDArray[np.bool_] = np.all(panel > 0, axis=1)
    if logs and positive.any():
        # Where a series has no logs any other stands in, and is then given no weight.
        logged = np.log(np.where(positive[:, None], panel, np.arange(1.0, length + 1.0)))
        side = _one_scale(models, logged, levels, precision)
        quantiles = np.exp(np.minimum(side.quantiles, _LARGEST_EXPONENT))
        usable = positive & ~explodes(quantiles, panel)
        jacobian = np.where(usable, 2.0 * logged.sum(axis=1), np.inf)
        sides.append(_Side(side.criterion + jacobian, quantiles, side.weights))
    criterion = np.stack([side.criterion for side in sides])
    weight = np.exp(-0.5 * (criterion - criterion.min(axis=0)))
    weight /= weight.sum(axis=0)
    return sides, weight


def one_step_errors(panel: Floats, *, season_length: int) -> Floats:
    """Errors (series, length) of forecasting each value from those before it, on the plain scale.

    Averaged over shapes and grids like the forecasts; for the covariance between series. Takes the
    panel as `smooth` does.
    """
    length = panel.shape[1]
    centre, spread = panel.mean(axis=1, keepdims=True), panel.std(axis=1, keepdims=True)
    standard = ((panel - centre) / spread).T
    each, criterion = [], []
    for shape in SHAPES:
        if shape.fits(length, season_length):
            model = candidates(
                shape, shape.grid(), length=length, season_length=season_length, horizon=1
            )
            errors = model.residuals @ standard
            variance = np.maximum((errors**2).mean(axis=1), _SMALLEST_VARIANCE)
            likelihood = -length / 2 * np.log(variance)
            weight = np.exp(likelihood - likelihood.max(axis=0))
            each.append(np.einsum("pn,ptn->tn", weight / weight.sum(axis=0), errors))
            criterion.append(_penalty(model.estimated, length) - 2 * likelihood.max(axis=0))
    evidence = np.stack(criterion)
    shares = np.exp(-0.5 * (evidence - evidence.min(axis=0)))
    shares /= shares.sum(axis=0)
    return np.asarray(np.einsum("sn,stn->nt", shares, np.stack(each)) * spread)


def explodes(quantiles: Floats, panel: Floats) -> NDArray[np.bool_]:
    """Which series (series, horizon, quantiles) are carried far beyond all that they ever were."""
    highest = np.abs(panel).max(axis=1)
    return np.asarray(quantiles.max(axis=(1, 2)) > EXPLOSIVE_FACTOR * highest)


class _Side(NamedTuple):
    """What all shapes together say on one scale: -2 log of their evidence, and quantiles.

    `weights` (shapes, series) say how much of that is whose.
    """

    criterion: Floats
    quantiles: Floats
    weights: Floats


def _one_scale(
    models: list[Candidates],
    panel: Floats,
    levels: tuple[float, ...],
    precision: type[np.floating[Any]],
) -> _Side:
    centre = panel.mean(axis=1, keepdims=True)
    spread = panel.std(axis=1, keepdims=True)
    standard = (panel - centre) / spread
    length = panel.shape[1]
    quantiles = np.empty((panel.shape[0], models[0].growth.shape[1], len(levels)))
    criterion = np.empty(panel.shape[0])
    weights = np.empty((len(models), panel.shape[0]))
    for place, block in blocks(standard, precision):
        width = place.stop - place.start
        shapes = [average(model, block) for model in models]
        # Moving to the standard scale shifts every log-likelihood of a series alike.
        akaike = np.stack(
            [_akaike(one, model, length) for one, model in zip(shapes, models, strict=True)]
        )
        best = akaike.min(axis=0)
        weight = np.exp(-0.5 * (akaike - best))
        total = weight.sum(axis=0)
        weight /= total
        mean: Floats = np.asarray(sum(w * one.mean for w, one in zip(weight, shapes, strict=True)))
        second: Floats = np.asarray(
            sum(w * one.second for w, one in zip(weight, shapes, strict=True))
        )
        freedom = weight.T @ np.array([float(one.freedom) for one in shapes])
        deviation: Floats = np.sqrt(np.maximum(second - mean**2, _SMALLEST_VARIANCE))
        student = student_quantiles(
            np.asarray(levels)[:, None], np.maximum(freedom, _LEAST_FREEDOM)
        )
        found = mean[:, :, None] + deviation[:, :, None] * student.T
        quantiles[place] = found.swapaxes(0, 1)[:width]
        criterion[place] = (best - 2.0 * np.log(total))[:width]
        weights[:, place] = weight[:, :width]
    criterion += 2.0 * length * np.log(spread[:, 0])
    return _Side(criterion, quantiles * spread[:, :, None] + centre[:, :, None], weights)


def _akaike(found: Average, model: Candidates, length: int) -> Floats:
    """Corrected information criterion at the best point of the grid."""
    return np.asarray(_penalty(model.estimated, length) - 2.0 * found.likelihood)


def _penalty(estimated: int, length: int) -> float:
    return 2 * estimated + 2 * estimated * (estimated + 1) / (length - estimated - 1)
