"""Many linear models of one shape at once, averaged by how well each explains a series.

Once its parameters are fixed, an exponential smoothing or theta model is linear: residuals and
forecasts are matrices times the series and its starting values. The best starting values are a
regression, so they drop out too, and one matrix per grid point of the parameters serves all series
of that length; a fit is a product of matrices. Averaging over the grid by likelihood instead of
picking its best point follows Bayesian model averaging with flat weights (Hoeting et al. 1999).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Matrix = NDArray[np.floating[Any]]

# Products of matrices of the same shape give the same bits, wherever in the panel a series stands.
BLOCK: Final = 64
_SMALLEST_VARIANCE: Final = 1e-10
_NEARLY_SINGULAR: Final = 1e-9


@dataclass(frozen=True)
class Candidates:
    """Models of one shape at every point of a grid of parameters, for one length of series.

    Attributes:
        residuals: (points, length, length); times the series gives its one-step errors.
        ahead: (points, horizon, length); times the series gives its forecasts.
        starts: (points, starts, length); times the series gives its starting values.
        growth: (points, horizon); variance of a forecast in units of the one-step variance.
        estimated: how many numbers a fit estimates, starting values and variance included.
    """

    residuals: Matrix
    ahead: Matrix
    starts: Floats
    growth: Floats
    estimated: int


@dataclass(frozen=True)
class Average:
    """What one shape says about a panel, over its grid.

    Attributes:
        mean: (horizon, series).
        second: (horizon, series); mean of the squares, so variance is `second - mean**2`.
        likelihood: (series,); log-likelihood at the best point of the grid.
        freedom: residual degrees of freedom of a fit.
    """

    mean: Floats
    second: Floats
    likelihood: Floats
    freedom: int


def concentrate(
    response: Floats, design: Floats, ahead: Floats, ahead_design: Floats
) -> tuple[Floats, Floats, Floats]:
    """Put the least-squares starting values into residuals and forecasts.

    Args:
        response: (points, length, length); errors from a start at zero.
        design: (points, length, starts); what one unit of a starting value adds to each one-step
            forecast.
        ahead: (points, horizon, length); forecasts from a start at zero.
        ahead_design: (points, horizon, starts); what a starting value adds to them.

    Returns:
        Matrices of residuals, forecasts and starting values as in `Candidates`.
    """
    basis, triangle = np.linalg.qr(design)
    projected = basis.swapaxes(1, 2) @ response
    size = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    singular = size.min(axis=1) <= _NEARLY_SINGULAR * size.max(axis=1)
    starts = np.empty(projected.shape)
    starts[~singular] = np.linalg.solve(triangle[~singular], projected[~singular])
    for point in np.flatnonzero(singular):
        starts[point] = np.linalg.pinv(design[point]) @ response[point]
    return response - basis @ projected, ahead + ahead_design @ starts, starts


def blocks(panel: Floats, precision: type[np.floating[Any]]) -> Iterator[tuple[slice, Matrix]]:
    """Cut a panel (series, length) into blocks of equal width, transposed, zeros at the end."""
    for first in range(0, panel.shape[0], BLOCK):
        part = panel[first : first + BLOCK]
        block = np.zeros((panel.shape[1], BLOCK), dtype=precision)
        block[:, : part.shape[0]] = part.T
        yield slice(first, first + part.shape[0]), block


def average(candidates: Candidates, block: Matrix) -> Average:
    """Average the forecasts of all grid points for one block of standardised series.

    Args:
        candidates: the models; of the same length and precision as the block.
        block: (length, series).
    """
    length, width = block.shape
    points, horizon, _ = candidates.ahead.shape
    errors = (candidates.residuals.reshape(-1, length) @ block).reshape(points, length, width)
    squares = np.einsum("ptn,ptn->pn", errors, errors).astype(np.float64)
    variance = np.maximum(squares / length, _SMALLEST_VARIANCE)
    likelihood = -length / 2 * (np.log(2 * np.pi * variance) + 1)
    best = likelihood.max(axis=0)
    weight = np.exp(likelihood - best)
    weight /= weight.sum(axis=0)
    # One for the variance itself, which costs no degree of freedom.
    freedom = length - (candidates.estimated - 1)
    variance *= length / freedom
    forecast = (candidates.ahead.reshape(-1, length) @ block).reshape(points, horizon, width)
    forecast = forecast.astype(np.float64)
    mean = np.einsum("pn,phn->hn", weight, forecast)
    spread = candidates.growth.T @ (weight * variance)
    second = np.einsum("pn,phn->hn", weight, forecast * forecast) + spread
    return Average(mean, second, best, freedom)


def student_quantiles(levels: Any, freedom: Any) -> Floats:
    """Quantiles of Student's t with so many degrees of freedom; both broadcast."""
    from scipy import stats  # slow to load, and a run with nothing new looks nowhere

    return np.asarray(stats.t.ppf(levels, freedom))
