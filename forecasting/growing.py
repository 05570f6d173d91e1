"""Look ahead from counts that are still growing: where nowcasts stand, and what they leave open.

The latest periods enter by the median of their nowcast, not by what is known of them so far, which
is too low. What that leaves open widens the ranges of what is ahead: the model is asked again with
all of them at the low and at the high end of their nowcast, and by how far its medians move, ranges
are widened.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import numpy as np
import polars as pl

from forecasting.linear import Floats
from forecasting.nowcast import MODEL_NAME

_CELL: Final = [
    *("indicator_id", "area_system", "area_version", "area_id", "period_start", "grain"),
    "group_id",
]


def completed(values: pl.DataFrame, nowcasts: pl.DataFrame) -> pl.DataFrame:
    """Put nowcasts in the place of values that are still growing, for looking ahead from them.

    Args:
        values: the columns of `indicator_value`; kinds are count and rate where there are nowcasts.
            Without `denominator` all are counts.
        nowcasts: rows of `forecast`, those of other models and refusals are left out.

    Returns:
        `values` with the median, rounded to whole cases, as `value` and `numerator` where there is
        one; and `nowcast_low` and `nowcast_high`, the ends of the 80 % range in the unit of the
        indicator, null elsewhere. Rows and order stay.
    """
    if "denominator" not in values.columns:
        values = values.with_columns(denominator=pl.lit(None, pl.Float64))
    told = nowcasts.filter(pl.col("model") == MODEL_NAME, pl.col("value").is_not_null())
    wide = told.group_by(_CELL).agg(
        pl.col("value").filter(pl.col("quantile") == level).first().alias(name)
        for level, name in ((0.1, "nowcast_low"), (0.5, "median"), (0.9, "nowcast_high"))
    )
    # What one case comes to is told by rows that have some; a count is its own numerator.
    people = pl.coalesce("denominator", pl.lit(1.0))
    cases = pl.coalesce("numerator", "value")
    one_case = (pl.col("value") * people / cases).filter(cases > 0).median()
    each = one_case.over("indicator_id") / people
    whole = (pl.col("median") / each).round()
    known = pl.col("median").is_not_null() & each.is_finite()
    return (
        values.join(wide, on=_CELL, how="left", maintain_order="left")
        .with_columns(
            numerator=pl.when(known & pl.col("numerator").is_not_null())
            .then(whole)
            .otherwise("numerator"),
            value=pl.when(known).then(whole * each).otherwise("value"),
            nowcast_low=pl.when(known).then("nowcast_low"),
            nowcast_high=pl.when(known).then("nowcast_high"),
        )
        .drop("median")
    )


def carried(quantiles: Floats, levels: tuple[float, ...], low: Floats, high: Floats) -> Floats:
    """Widen forecasts by what is open about the values they start from.

    What a forecast misses and what the nowcast before it misses are taken to be independent, so
    distances from the median add up as roots of squares. Late reports of all periods are taken to
    be few, or many, together.

    Args:
        quantiles: (series, horizon, quantiles); forecasts from the medians of nowcasts.
        levels: of the quantiles, symmetric about the median.
        low: (series, horizon); medians had nowcasts come out at 10 %.
        high: had they come out at 90 %.
    """
    middle = len(levels) // 2
    median = quantiles[..., middle : middle + 1]
    ends = np.stack([low, high], axis=-1)
    down = np.maximum(median - ends.min(axis=-1, keepdims=True), 0.0)
    up = np.maximum(ends.max(axis=-1, keepdims=True) - median, 0.0)
    normal = NormalDist()
    reach = np.array([normal.inv_cdf(level) / normal.inv_cdf(0.9) for level in levels])
    moved = np.where(reach < 0, down, up) * reach
    away = quantiles - median
    return np.asarray(median + np.sign(away) * np.hypot(away, moved))
