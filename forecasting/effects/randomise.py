"""Hold the difference that was found against those that chance would have dealt out.

Had the programme gone to other districts, at the same times and as strong, what difference would
have been seen? Every such deal of the labels gives one; the share of deals with a difference at
least as large is the p value (Fisher 1935; MacKinnon & Webb 2020 on few treated groups). Each
difference is in units of the error its own districts let expect, so that a deal of small, noisy
districts does not pass for a large effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forecasting.effects.panel import Floats, Ints

DEALS: Final = 1999
NEVER: Final = -1


@dataclass(frozen=True)
class Difference:
    """A difference, its standard error and the p value; `fewest` is the smallest p possible."""

    estimate: float
    error: float
    p_value: float
    fewest: float
    freedom: int

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """Ends of the interval, from the t distribution."""
        # scipy.stats would say the same and takes a second to load.
        from scipy.special import stdtrit

        width = float(stdtrit(self.freedom, 0.5 + level / 2)) * self.error
        return self.estimate - width, self.estimate + width

    @property
    def t_value(self) -> float:
        """The p value of the t test, where labels are too few to be dealt."""
        from scipy.special import stdtr

        return float(2.0 * stdtr(self.freedom, -abs(self.estimate) / self.error))


def deals(cohort: Ints, strength: Floats, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Deals of the labels, the true one first; all there are where they are few."""
    districts = cohort.size
    treated = np.flatnonzero(cohort != NEVER)
    plain = np.unique(cohort[treated]).size == 1 and np.unique(strength[treated]).size == 1
    if plain and comb(districts, treated.size) <= DEALS:
        chosen = np.array(list(combinations(range(districts), treated.size)))
        order = np.full((len(chosen), districts), NEVER)
        doses = np.zeros((len(chosen), districts))
        rows = np.arange(len(chosen))[:, None]
        order[rows, chosen] = cohort[treated[0]]
        doses[rows, chosen] = strength[treated[0]]
        own = (order == cohort).all(axis=1)
        first = np.argsort(~own, kind="stable")
        return order[first], doses[first]
    mixed = np.argsort(rng.random((DEALS, districts)), axis=1)
    mixed = np.vstack([np.arange(districts), mixed])
    return cohort[mixed], strength[mixed]


def slopes(rest: Floats, variance: Floats, cohort: Ints, strength: Floats) -> tuple[Floats, Floats]:
    """Difference per unit of strength and its variance, for every deal (row).

    `rest` and `variance` have a column for each cohort: what a district lies beside its expectation
    were it of that cohort. A cohort is held against the districts that never began.
    """
    top, base = np.zeros(len(cohort)), np.zeros(len(cohort))
    never = cohort == NEVER
    for place in range(rest.shape[1]):
        mine = ((cohort == place) | never).astype(np.float64)
        weight = 1.0 / variance[:, place]
        told = weight * rest[:, place]
        dosed = mine * strength
        whole = mine @ weight
        shift = dosed @ weight
        information = (dosed * strength) @ weight - shift**2 / whole
        top += dosed @ told - shift * (mine @ told) / whole
        base += information
    base = np.maximum(base, 1e-12)
    return top / base, 1.0 / base


def difference(
    rest: Floats,
    variance: Floats,
    without: NDArray[np.float64],
    dealt: tuple[Ints, Floats],
) -> Difference:
    """The difference of the true labels (first row of `dealt`) beside all others.

    `without` is `rest` with the difference taken out: chance alone, from which the error comes.
    """
    estimate, spread = slopes(rest, variance, *dealt)
    size = np.abs(estimate) / np.sqrt(spread)
    count = len(size)
    at_least = int((size >= size[0] * (1 - 1e-9)).sum())
    # All deals there are hold the true one already; of those drawn it is one more.
    p_value = at_least / count
    alone, _ = slopes(without, variance, *dealt)
    districts = rest.shape[0]
    freedom = max(districts - 2, 1)
    scale = np.mean((alone / np.sqrt(spread)) ** 2) * (districts - 1) / freedom
    return Difference(
        float(estimate[0]),
        float(np.sqrt(max(scale, 1e-12) * spread[0])),
        p_value,
        1.0 / count,
        freedom,
    )
