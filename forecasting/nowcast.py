"""Say what the latest counts will come to once late reports are in.

A count that is still growing is held against what was known of earlier periods as many days after
their end, and what became of them. Each such past correction, standardised by the root of its
count, is one draw of the range: the smaller the difference in size, the more recent and, above all,
the same series, the more it weighs. So a range needs no assumption on how corrections are
distributed: some counts fall again, and weeks of holidays bring outliers.

Sources: the chain ladder and its multiplicative factors (Mack 1993), spread learnt from the errors
past nowcasts would have made (KIT-simple_nowcast, Wolffram et al. 2023, PLOS Computational Biology
19(8): e1011394; `baselinenowcast`), nowcasting of counts under delay (Höhle & an der Heiden 2014,
Biometrics 70: 993-1002). Unlike those, corrections come from past data themselves and not from a
negative binomial: one correction in a holiday week then does not widen the range of every week.

The weights below were set by judgement and checked on the reporting triangles of pneumococcal
disease, COVID-19 and severe respiratory infections, none of which `bench.nowcast` scores. Halving
or doubling any of them moved the score there by up to about three percent.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from forecasting import refusal
from forecasting.nowcast_sums import FINE, added_up
from forecasting.refusal import Refusal
from forecasting.scores import QUANTILES

Floats = NDArray[np.float64]

MODEL_NAME: Final = "nowcast"
STATE_COLUMNS: Final = ["series", "period_end", "value", "as_of"]
_DATES: Final = {"period_end": pl.Date, "seen_on": pl.Date}
RESULT_COLUMNS: Final = {
    "period_end": pl.Date(),
    "known": pl.Float64(),
    "quantile": pl.Float64(),
    "value": pl.Float64(),
    "reason": pl.String(),
    "reason_en": pl.String(),
}

MINIMUM_PERIODS: Final = 8
HALF_LIFE_PERIODS: Final = 60.0
SIZE_BANDWIDTH: Final = 1.0
WEIGHT_OF_OWN: Final = 5.0
PRIOR_PERIODS: Final = 20.0
# A count of none can still become one; half a case keeps its root from vanishing.
HALF_A_CASE: Final = 0.5


def nowcast(
    states: pl.DataFrame,
    *,
    known_on: date,
    settled_after: int,
    quantiles: Sequence[float] = QUANTILES,
    above: Mapping[str, Sequence[str]] | None = None,
    name: str = "",
) -> pl.DataFrame:
    """Look at every period that ended less than `settled_after` days ago.

    Args:
        states: `series` (any key), `period_end` (last day of the period), `value` (the count as it
            was known), `as_of` (first day on which that was known); one row per change, equal
            states in between may be there or not. All series are learnt from together, so hand
            over what is reported in the same way. What became known after `known_on` is not used.
        known_on: day of the latest delivery.
        settled_after: days after the end of a period from which its count is taken as complete.
        quantiles: ascending, between 0 and 1.
        above: the series each one is a part of, the nearest first; these are made to add up
            (`forecasting.nowcast_sums`). Without it every series stands on its own.
        name: of what is counted; the seed of draws where there are sums.

    Returns:
        `series, period_end, known, quantile, value, reason, reason_en`, one row per series, period
        and quantile, in this order; values ascend and are never negative. A refusal is one row per
        series and period without quantile and value. Periods of an age at which no count was ever
        corrected, or of which nothing is known yet, have no row.

    Raises:
        ValueError: a column is missing, a count is negative or unknown, or a state is there twice.
    """
    _check(states)
    known = (
        states.select(STATE_COLUMNS)
        .filter(pl.col("as_of") <= known_on)
        .with_columns(lag=(pl.col("as_of") - pl.col("period_end")).dt.total_days())
        .sort("series", "period_end", "as_of")
    )
    rows: list[dict[str, Any]] = []
    age = (pl.lit(known_on) - pl.col("period_end")).dt.total_days()
    latest = known.group_by("series", "period_end", maintain_order=True).last()
    growing = latest.filter(age >= 0, age < settled_after)
    settled = latest.filter(age >= settled_after)
    for (end,), now in growing.group_by("period_end", maintain_order=True):
        assert isinstance(end, date)
        past = _corrections(known, settled, (known_on - end).days, end)
        lag = (known_on - end).days
        rows.extend(_one_period(now, past, lag, quantiles, above, f"{name}|{end}"))
    schema = pl.Schema({"series": states.schema["series"]} | RESULT_COLUMNS)
    return pl.DataFrame(rows, schema=schema).sort(
        "series", "period_end", "quantile", nulls_last=True, maintain_order=True
    )


def _check(states: pl.DataFrame) -> None:
    if absent := [name for name in STATE_COLUMNS if name not in states.columns]:
        raise ValueError(f"states lack the columns {', '.join(absent)}")
    if not states["value"].cast(pl.Float64).is_finite().fill_null(False).all():
        raise ValueError("states hold unknown values; leave them out")
    if (states["value"] < 0).any():
        raise ValueError("states hold negative values; only counts can be nowcast")
    if states.select("series", "period_end", "as_of").is_duplicated().any():
        raise ValueError("states hold a series, period and day twice")


def _corrections(known: pl.DataFrame, settled: pl.DataFrame, lag: int, end: date) -> pl.DataFrame:
    """What was known of settled periods about `lag` days after their end, and what became of it.

    Deliveries do not come on the same day each time: the one nearest to that age counts, unless
    none came within half a period of it.
    """
    ends = settled["period_end"].unique().sort().to_list()
    length = min((after - before).days for before, after in pairwise(ends)) if ends[1:] else 1
    days = known["as_of"].unique().sort().to_list()
    seen = [_nearest(days, one + timedelta(days=lag), length // 2) for one in ends]
    seen_on = pl.DataFrame({"period_end": ends, "seen_on": seen}, schema_overrides=_DATES)
    cell = ["series", "period_end"]
    return (
        known.join(seen_on, on="period_end")
        .filter(pl.col("as_of") <= pl.col("seen_on"))
        .group_by(cell, maintain_order=True)
        .agg(first=pl.col("value").last())
        .join(settled.select(*cell, "value"), on=cell)
        .with_columns(
            periods_ago=(pl.lit(end) - pl.col("period_end")).dt.total_days() / length,
        )
        .sort(cell)
    )


def _nearest(days: list[date], day: date, within: int) -> date:
    """The day of a delivery nearest to `day`, the earlier of two; `day` where none is near."""
    place = bisect_right(days, day)
    near = min(days[max(place - 1, 0) : place + 1], key=lambda one: abs((one - day).days))
    return near if abs((near - day).days) <= within else day


def _one_period(
    now: pl.DataFrame,
    past: pl.DataFrame,
    lag: int,
    quantiles: Sequence[float],
    above: Mapping[str, Sequence[str]] | None,
    name: str,
) -> Iterator[dict[str, Any]]:
    try:
        if above:
            values = _added_up(now, past, lag, quantiles, above, name)
        else:
            values = _predict(now, past, lag, quantiles)
    except Refusal as why:
        for series, end, count in now.select("series", "period_end", "value").iter_rows():
            yield {
                "series": series,
                "period_end": end,
                "known": count,
                "reason": why.reason_de,
                "reason_en": why.reason_en,
            }
        return
    if values is None:
        return
    cells = now.select("series", "period_end", "value").iter_rows()
    for (series, end, count), row in zip(cells, values.tolist(), strict=True):
        for quantile, value in zip(quantiles, row, strict=True):
            yield {
                "series": series,
                "period_end": end,
                "known": count,
                "quantile": quantile,
                "value": value,
            }


def _predict(
    now: pl.DataFrame, past: pl.DataFrame, lag: int, quantiles: Sequence[float]
) -> Floats | None:
    """One row per series of `now`; None where counts of this age were never corrected."""
    periods = past["period_end"].n_unique()
    if periods < MINIMUM_PERIODS:
        raise refusal.triangle_too_short(periods, MINIMUM_PERIODS, lag)
    size, correction, growth, recent = _growth(past)
    if not correction.any():
        return None
    deviation = (correction - growth * size) / np.sqrt(size)
    spread = _spread(past["series"], np.abs(deviation), recent)
    standard = deviation / past["series"].replace_strict(spread, return_dtype=pl.Float64).to_numpy()
    order = np.argsort(standard, kind="stable")
    standard, logs, recent = standard[order], np.log(size)[order], recent[order]
    whose = past["series"].gather(order)
    found = np.empty((now.height, len(quantiles)))
    for place, (series, count) in enumerate(now.select("series", "value").iter_rows()):
        own = count + HALF_A_CASE
        distance = (logs - np.log(own)) / SIZE_BANDWIDTH
        # Where no count of that size was ever seen, the nearest still say something.
        weight = recent * (np.exp(-0.5 * distance**2) + 1e-6)
        weight *= np.where((whose == series).to_numpy(), WEIGHT_OF_OWN, 1.0)
        drawn = _quantiles(standard, weight, quantiles, in_order=True)
        width = np.sqrt(own) * spread.get(series, 1.0)
        found[place] = count + growth * own + width * drawn
    return np.maximum(found, 0.0)


def _growth(past: pl.DataFrame) -> tuple[Floats, Floats, float, Floats]:
    """Sizes, corrections, their median in units of size, and how much each weighs by its age."""
    first = past["first"].to_numpy().astype(np.float64)
    correction = past["value"].to_numpy() - first
    size = first + HALF_A_CASE
    recent = 0.5 ** (past["periods_ago"].to_numpy() / HALF_LIFE_PERIODS)
    # The median and not the sum of corrections: one holiday week does not decide for all others.
    growth = float(_quantiles(correction / size, recent * np.sqrt(size), [0.5])[0])
    return size, correction, growth, recent


def _added_up(
    now: pl.DataFrame,
    past: pl.DataFrame,
    lag: int,
    quantiles: Sequence[float],
    above: Mapping[str, Sequence[str]],
    name: str,
) -> Floats | None:
    """As `_predict`, with series that are sums of others made so."""
    own, fine = (_predict(now, past, lag, at) for at in (quantiles, (0.0, *FINE)))
    if own is None or fine is None:
        return None
    size, correction, growth, _ = _growth(past)
    missed = past.select("series", "period_end", missed=correction - growth * size)
    wide = missed.pivot("period_end", index="series", values="missed")
    # Where nothing was seen, nothing was missed.
    beside = now.select("series").join(wide, on="series", how="left", maintain_order="left")
    return added_up(
        now["series"].to_list(),
        above,
        known=now["value"].to_numpy().astype(np.float64),
        own=own,
        fine=fine,
        missed=beside.drop("series").fill_null(0.0).to_numpy().astype(np.float64),
        levels=quantiles,
        seed=name,
    )


def _spread(series: pl.Series, deviation: Floats, weight: Floats) -> dict[Any, float]:
    """How far the corrections of each series spread beside all, shrunk towards 1."""
    whole = float((weight * deviation).sum() / weight.sum())
    if whole == 0.0:
        return dict.fromkeys(series.unique(), 1.0)
    sums = (
        pl.DataFrame({"series": series, "weight": weight, "deviation": weight * deviation})
        .group_by("series", maintain_order=True)
        .agg(pl.col("weight", "deviation").sum())
    )
    return {
        name: (own + PRIOR_PERIODS * whole) / ((total + PRIOR_PERIODS) * whole)
        for name, total, own in sums.iter_rows()
    }


def _quantiles(
    values: Floats, weight: Floats, at: Sequence[float], *, in_order: bool = False
) -> Floats:
    """Quantiles of weighted values, interpolated between the middles of their weights."""
    if not in_order:
        order = np.argsort(values, kind="stable")
        values, weight = values[order], weight[order]
    reached = np.cumsum(weight)
    return np.interp(at, (reached - 0.5 * weight) / reached[-1], values)
