"""Intervals for counts and shares, the reference for what the warehouse computes in SQL.

Byar's approximation for counts (Breslow & Day 1987, vol. II, eq. 2.13) and Wilson's score interval
for shares (Wilson 1927; Newcombe 1998, method 3), as Fingertips uses them. All functions take and
return polars expressions.
"""

from __future__ import annotations

from statistics import NormalDist

import polars as pl

RULE_OF_THREE = 3.0
"""Upper 95 % limit of the expected cases where none was seen (Hanley & Lippman-Hand 1983)."""


def byar(cases: pl.Expr, *, confidence: float = 0.95) -> tuple[pl.Expr, pl.Expr]:
    """Lower and upper limit of the expected cases; the lower limit of 0 cases is 0.

    Multiply by `per / denominator` for a rate. Estimated, non-integer cases are allowed.
    """
    z = _quantile(confidence)
    above = cases + 1.0
    low = cases * (1.0 - 1.0 / (9.0 * cases) - z / (3.0 * cases.sqrt())).pow(3)
    high = above * (1.0 - 1.0 / (9.0 * above) + z / (3.0 * above.sqrt())).pow(3)
    # Below about a third of a case (weighted values) the cube would turn negative.
    return pl.when(cases > 0).then(low.clip(lower_bound=0.0)).otherwise(cases * 0.0), high


def wilson(cases: pl.Expr, base: pl.Expr, *, confidence: float = 0.95) -> tuple[pl.Expr, pl.Expr]:
    """Lower and upper limit of the share `cases / base`, between 0 and 1; null where base is 0."""
    z2 = _quantile(confidence) ** 2
    base = pl.when(base > 0).then(base)
    spread = (z2 * (z2 + 4.0 * cases * (1.0 - cases / base))).sqrt()
    centre, width = 2.0 * cases + z2, 2.0 * (base + z2)
    # Rounding may leave a hair outside 0 to 1 where no case or every case counts.
    low = ((centre - spread) / width).clip(0.0, 1.0)
    high = ((centre + spread) / width).clip(0.0, 1.0)
    return low, high


def relative_standard_error(cases: pl.Expr, base: pl.Expr | None = None) -> pl.Expr:
    """Standard error as a part of the value itself: 0.3 means 30 percent.

    Without `base` for counts and rates: `1 / sqrt(cases)` (Poisson). With `base` for shares:
    `sqrt((1 - p) / cases)` (binomial). Infinite for 0 cases.
    """
    inverse = 1.0 / cases if base is None else (1.0 - cases / base) / cases
    return inverse.clip(lower_bound=0.0).sqrt()


def _quantile(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, found {confidence}")
    return NormalDist().inv_cdf(0.5 + confidence / 2.0)
