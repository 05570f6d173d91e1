"""Look ahead for many series at once, or say per series why not.

A series is one indicator, area (of one version), group and grain. Everything is deterministic: same
frames, same forecast, bit for bit. Series of one indicator, grain and level learn from each other
how wide ranges have to be; where repeating the last season would have been closer in the past, that
is published instead. Then areas are made to add up (`forecasting.hierarchy`), as they are in the
record of the past, which is of what is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from forecasting import ensemble
from forecasting.accuracy import BACKTEST_SCHEMA, POOL
from forecasting.calibrate import factors
from forecasting.ets import ShapeShare
from forecasting.linear import Floats
from forecasting.periods import SEASON_LENGTH
from forecasting.pools import look, pool_of, small_pool
from forecasting.refusal import Refusal
from forecasting.rows import FORECAST_SCHEMA, refused_row, rows_of
from forecasting.scores import QUANTILES
from forecasting.series import (
    LONGEST_GAP_AT_END,
    MINIMUM_LENGTH,
    SERIES_KEY,
    USABLE_STATUS,
    VALUE_COLUMNS,
    Ready,
    check_inputs,
    collect,
    grouped,
    prepared,
)
from forecasting.trees import areas_above, made_to_fit

# What others need to know of rows and series stands here too.
__all__ = [
    "FORECAST_SCHEMA",
    "MINIMUM_LENGTH",
    "SERIES_KEY",
    "USABLE_STATUS",
    "VALUE_COLUMNS",
    "MadeOf",
    "Outlook",
    "made_of",
    "outlook",
]


class Outlook(NamedTuple):
    """What `outlook` gives back."""

    forecast: pl.DataFrame
    backtest: pl.DataFrame


def outlook(
    values: pl.DataFrame, specs: pl.DataFrame, *, run_id: str, areas: pl.DataFrame | None = None
) -> Outlook:
    """Forecast every series that a spec asks for; series without a spec are left out.

    A forecast is one row per period and quantile (0.025, 0.1, 0.5, 0.9, 0.975) with status
    `estimated`. It starts after the last known value of the series and runs `horizon` periods
    beyond the last known value of the indicator at that level, so that areas reporting late are
    covered up to the same period. Series of few cases are looked at together with the others of
    their level, and all begin after the last value known of any. A refusal is one row per series
    with status `missing`, no quantile, no value and the reason in words.

    Args:
        values: the columns of `indicator_value` plus `level`, unfiltered; one row per key and
            period. Without `denominator`, rates of few cases are taken to have a steady one. With
            `nowcast_low` and `nowcast_high`, values where these are known are still growing, and
            ranges are widened by what that leaves open (`forecasting.growing`).
        specs: `indicator_id`, `grain`, `levels` (list of text), `horizon` (periods), `kind` (count,
            share, rate, ratio, reported); where something else is counted from a day on, also
            `breaks` (list of days).
        run_id: written into every row.
        areas: `area_system`, `area_version`, `area_id`, `parent_id`; areas are made to add up along
            these. Without it every series stands on its own.

    Returns:
        The columns of `forecast`, sorted by series, period and quantile, and those of
        `forecast_backtest`: how wrong forecasts made earlier were, per indicator, grain, level and
        periods ahead, beside those that repeat the last season.

    Raises:
        ValueError: a column is missing, a grain is unknown, a horizon is below 1, or a key is there
            twice.
    """
    check_inputs(values, specs)
    rows: list[dict[str, Any]] = []
    ready: list[Ready] = []
    few: list[Ready] = []
    for row in collect(values, specs).iter_rows(named=True):
        try:
            one = prepared(row)
        except Refusal as why:
            rows.append(refused_row(row, run_id, why))
        else:
            (ready if one.cases is None else few).append(one)
    pools = [small_pool(pool) for pool in grouped(few, lambda one: one.pool)]
    for batch in grouped(ready, lambda one: one.batch):
        pools.extend(pool_of(*looked) for looked in look(batch))
    looked = [one for pool in pools for one in pool.series]
    if areas is not None:
        looked = made_to_fit(looked, areas_above(areas))
    for ahead in looked:
        rows.extend(rows_of(ahead, run_id))
    fitting = {id(ahead.ready): ahead for ahead in looked}
    backtests = [
        pool.record(run_id, [fitting[id(ahead.ready)] for ahead in pool.series]) for pool in pools
    ]
    forecast = pl.DataFrame(rows, schema=FORECAST_SCHEMA).sort(
        *SERIES_KEY, "period_start", "quantile", nulls_last=True, maintain_order=True
    )
    record = pl.concat([pl.DataFrame(schema=BACKTEST_SCHEMA), *backtests])
    return Outlook(forecast, record.sort(*POOL, "model", "ahead"))


class MadeOf(NamedTuple):
    """What the ensemble's forecast of one series is made of, for people to read.

    Attributes:
        shares: as in `forecasting.ensemble.Composition`.
        shapes: as there.
        scale: the scale on which the series is modelled: log (plain values, logs among the
            members), logit or identity.
        gaps: how many times as wide ranges are for values that were filled in; 1 without any.
        factors: (horizon, ranges), as `forecasting.calibrate.factors`: what the past of the series
            and those it learns with has taught about ranges.
        medians: (periods,) in the unit of the indicator; those published where areas did not have
            to be made to add up, and values are the ones the forecast was made from.
    """

    shares: dict[str, float]
    shapes: tuple[ShapeShare, ...]
    scale: str
    gaps: float
    factors: Floats
    medians: Floats


def made_of(
    values: pl.DataFrame,
    series: Mapping[str, str],
    *,
    kind: str,
    levels: list[str],
    periods: int,
    breaks: Sequence[date] = (),
) -> MadeOf:
    """Say what the ensemble's forecast of one series is made of.

    Args:
        values: as in `outlook`; of the indicator and grain of the series at least.
        series: the columns of `SERIES_KEY`.
        kind: count, share, rate, ratio, reported.
        levels: those of the spec, whose areas are forecast.
        periods: how many the forecast has.
        breaks: days from which on something else is counted.

    Raises:
        Refusal: the series is not forecast.
        ValueError: inputs are wrong as in `outlook`, or hold no such series.
    """
    spec = {"indicator_id": series["indicator_id"], "grain": series["grain"], "levels": levels}
    asked = spec | {"horizon": periods, "kind": kind, "breaks": list(breaks)}
    specs = pl.DataFrame([asked], schema_overrides={"breaks": pl.List(pl.Date)})
    check_inputs(values, specs)
    rows = collect(values, specs)
    mine = rows.filter(pl.col(name) == series[name] for name in SERIES_KEY)
    if mine.height != 1:
        raise ValueError(f"there is no series {', '.join(series.values())}")
    own = prepared(mine.row(0, named=True))
    pool = []
    for row in rows.iter_rows(named=True):
        with suppress(Refusal):
            one = prepared(row | {"horizon": periods - own.periods_after_end})
            if one.cases is None and one.pool == own.pool:
                pool.append(one)
    ((_, _, backtest),) = look(pool)
    found = ensemble.composition(
        own.modelled,
        season_length=SEASON_LENGTH[series["grain"]],
        horizon=periods - own.periods_after_end + LONGEST_GAP_AT_END,
        levels=QUANTILES,
        logs=own.scale.name == "log",
    )
    return MadeOf(
        found.shares,
        found.shapes,
        own.scale.name,
        float(np.sqrt(own.values.size / own.series.known)),
        factors(backtest, QUANTILES),
        own.in_its_unit(found.quantiles[:periods, len(QUANTILES) // 2]),
    )
