"""The record of published forecasts: what is kept of them, and how they fared when the truth came.

What is kept is never judged by hindsight: the figures are those that were published on that day.
Where people decided something after a forecast, the outcome says little about it, since averted
harm is not an error; such forecasts are told apart.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from forecasting.periods import SEASON_LENGTH, numbers, steps
from forecasting.scores import QUANTILES, inside, weighted_interval_score

NOWCAST: Final = "nowcast"
SERIES: Final = ("indicator_id", "area_system", "area_version", "area_id", "grain", "group_id")
CELL: Final = (
    *("indicator_id", "area_system", "area_version", "area_id"),
    *("period_start", "grain", "group_id"),
)
FORECAST: Final = (*CELL, "scenario_id", "model")
# In the order of QUANTILES.
RANGES: Final = ("low_95", "low_80", "median", "high_80", "high_95")
KEPT_SCHEMA: Final = pl.Schema(
    {
        "run_id": pl.String(),
        **{name: pl.Date() if name == "period_start" else pl.String() for name in FORECAST},
        "ahead": pl.Int64(),
        **dict.fromkeys(RANGES, pl.Float64()),
        "simple": pl.Float64(),
        "as_of": pl.Date(),
    }
)
SCORE_SCHEMA: Final = pl.Schema(
    {
        "record_id": pl.String(),
        "run_id": pl.String(),
        **{name: KEPT_SCHEMA[name] for name in FORECAST},
        "ahead": pl.Int64(),
        "median": pl.Float64(),
        "value": pl.Float64(),
        "absolute_error": pl.Float64(),
        "wis": pl.Float64(),
        "inside_80": pl.Boolean(),
        "inside_95": pl.Boolean(),
        "simple": pl.Float64(),
        "simple_error": pl.Float64(),
        "acted_on": pl.Boolean(),
        "status": pl.String(),
        "reason": pl.String(),
        "reason_en": pl.String(),
        "forecast_as_of": pl.Date(),
        "as_of": pl.Date(),
    }
)
_ACTED_ON_DE: Final = (
    "Nach diesem Ausblick wurde zu dieser Kennzahl etwas beschlossen oder begonnen; er zählt für "
    "sich, denn abgewendeter Schaden ist kein Fehler."
)
_ACTED_ON_EN: Final = (
    "After this look ahead something was decided or begun about this indicator; it counts apart, "
    "since averted harm is not an error."
)


def to_keep(published: pl.DataFrame, values: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """What was published and is not kept yet, one row per forecast, in KEPT_SCHEMA, sorted.

    Refusals and withheld forecasts are left out. A forecast that later runs repeat is kept once,
    with the day on which it was made first. `ahead` counts periods after the last known value, of
    scenarios too, which begin with the look ahead they move or later; a nowcast has as many below 0
    as its period lies before the one it was made in. `simple` is what
    one would have said without a model: the value of the last season, or for a nowcast the value
    so far; it is empty where readers saw none.

    Args:
        published: `run_id`, FORECAST, RANGES and `as_of`, one row per forecast; ranges are empty
            where it is withheld.
        values: SERIES, `period_start` and `value` as published beside them, at least of the last
            year.
        kept: all that was kept before, in KEPT_SCHEMA; more columns do no harm.
    """
    behind = numbers("period_start") // steps() - numbers("as_of") // steps()
    nowcast = pl.col("model") == NOWCAST
    season = pl.col("grain").replace_strict(SEASON_LENGTH, return_dtype=pl.Int64)
    seasons = (pl.col("ahead") + season - 1) // season
    forecasts = (
        published.with_columns(
            ahead=pl.when(nowcast)
            .then(behind)
            .otherwise(
                pl.col("period_start").rank("dense").over("run_id", *SERIES, nowcast).cast(pl.Int64)
            )
        )
        .drop_nulls(RANGES)
        .with_columns(
            number=numbers("period_start")
            - pl.when(nowcast).then(0).otherwise(season * seasons * steps())
        )
    )
    before = (
        values.filter(pl.col("value").is_not_null())
        .select(*SERIES, number=numbers("period_start"), simple="value")
        .unique([*SERIES, "number"], keep="none")
    )
    return (
        forecasts.join(before, on=[*SERIES, "number"], how="left")
        .join(kept, on=[*FORECAST, *RANGES], how="anti")
        .select(KEPT_SCHEMA.names())
        .cast(KEPT_SCHEMA)
        .sort("run_id", *FORECAST)
    )


def score(kept: pl.DataFrame, truth: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """How far kept forecasts were off, one row each whose period is known, in SCORE_SCHEMA.

    Args:
        kept: KEPT_SCHEMA and `record_id`.
        truth: the columns of CELL, `period_end`, `value`, `as_of`: what is known for good, one row
            per cell. What was known when a forecast was made is no truth to it; a nowcast was made
            beside a value that may turn out to have been complete.
        decided: `indicator_id`, `area_system`, `area_id`, `decided_on`, `since`: what people
            decided, where (no area: everywhere), and from when it held. A forecast is acted on
            where that was after it, and held before its period ended.

    Returns:
        Sorted by record and forecast; errors and scores are in the unit of the indicator. A single
        figure such as `simple` has no range: its score is its error.
    """
    later = (pl.col("truth_as_of") > pl.col("as_of")) | (pl.col("model") == NOWCAST)
    known = truth.select(*CELL, "period_end", "value", truth_as_of="as_of")
    found = kept.join(known, on=CELL).filter(later).sort("record_id", *FORECAST)
    here = pl.col("area_id_right").is_null() | (
        (pl.col("area_system") == pl.col("area_system_right"))
        & (pl.col("area_id") == pl.col("area_id_right"))
    )
    acted = (
        found.join(decided, on="indicator_id")
        .filter(here)
        .filter(pl.col("decided_on") > pl.col("as_of"), pl.col("since") <= pl.col("period_end"))
        .select("record_id", *FORECAST, acted_on=True)
        .unique()
    )
    quantiles, value = found.select(RANGES).to_numpy(), found["value"].to_numpy()
    wis = weighted_interval_score(quantiles, QUANTILES, value)
    within = {
        "inside_80": inside(quantiles[:, 1], quantiles[:, 3], value),
        "inside_95": inside(quantiles[:, 0], quantiles[:, 4], value),
    }
    return (
        found.with_columns(
            pl.Series("wis", wis),
            *(pl.Series(name, one).cast(pl.Boolean) for name, one in within.items()),
            absolute_error=(pl.col("value") - pl.col("median")).abs(),
            simple_error=(pl.col("value") - pl.col("simple")).abs(),
            status=pl.lit("observed"),
        )
        .join(acted, on=["record_id", *FORECAST], how="left", maintain_order="left")
        .with_columns(
            pl.col("acted_on").fill_null(False),
            forecast_as_of="as_of",
            as_of="truth_as_of",
        )
        .with_columns(
            reason=pl.when("acted_on").then(pl.lit(_ACTED_ON_DE)),
            reason_en=pl.when("acted_on").then(pl.lit(_ACTED_ON_EN)),
        )
        .select(SCORE_SCHEMA.names())
        .cast(SCORE_SCHEMA)
    )
