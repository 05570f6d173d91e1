"""Which counts are still growing, and what they will come to: rows for `forecast.parquet`."""

from datetime import date

import duckdb
import polars as pl

from forecasting.nowcast import MODEL_NAME, nowcast
from forecasting.outlook import FORECAST_SCHEMA
from orchestration.city import City
from orchestration.declarations.indicators import Indicator, NowcastRule
from orchestration.ingest import lake

_NOTE_DE = (
    "Hochgerechnet aus dem, was früher in diesem Abstand noch nachgemeldet wurde; der bisher "
    "bekannte Wert bleibt daneben stehen."
)
_NOTE_EN = (
    "Projected from what was reported late at this distance before; the value known so far stays "
    "beside it."
)
# Sums with gaps grow because parts come in, which says nothing of late reports. An area that kept
# its code over a change of borders is learnt from as one.
_STATES = """
    select
        concat_ws('|', state.area_system, state.area_id) as series,
        area.area_system, area.area_version, area.area_id, state.period_start,
        period.period_end, state.value, state.as_of
    from core.indicator_part_state as state
    inner join marts.period using (period_start, grain)
    inner join marts.area using (area_system, area_version, area_id)
    where
        state.indicator_id = $indicator and state.grain = $grain and state.role = 'numerator'
        and state.group_id = 'all' and state.status in ('observed', 'provisional')
        and state.value is not null and area.level in (select unnest($levels))
    qualify state.area_version = max(state.area_version) over (
        partition by state.area_system, state.area_id, state.period_start
    )
    order by all
"""
_PARENTS = """
    select
        concat_ws('|', area_system, area_id),
        area_system || '|' || parent_id
    from marts.area
    qualify area_version = max(area_version) over (partition by area_system, area_id)
    order by all
"""
_VALUES = """
    select area_system, area_version, area_id, period_start, numerator, denominator
    from marts.indicator_value
    where
        indicator_id = $indicator and grain = $grain and group_id = 'all'
        and status in ('observed', 'provisional')
"""
_CELL = ["area_system", "area_version", "area_id", "period_start"]


def run_id(city: City) -> str:
    """The run, by the day whose knowledge it holds."""
    return f"{city.known_on:%Y%m%d}"


def nowcasts(city: City, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Nowcasts in the columns of `forecast`, sorted; `connection` is to the warehouse, after base.

    A value whose numerator is not the count that was delivered last, such as one carried over to
    other areas, has none.
    """
    frames = [
        _of_indicator(city, indicator, indicator.nowcast, connection)
        for indicator in city.declarations.indicators.values()
        if indicator.nowcast is not None and indicator.retired is None
    ]
    found = pl.concat([pl.DataFrame(schema=FORECAST_SCHEMA), *frames])
    return found.sort("indicator_id", *_CELL, "quantile", nulls_last=True)


def _of_indicator(
    city: City, indicator: Indicator, rule: NowcastRule, connection: duckdb.DuckDBPyConnection
) -> pl.DataFrame:
    known_on = latest_delivery(city, indicator)
    if known_on is None:
        return pl.DataFrame(schema=FORECAST_SCHEMA)
    named = {"indicator": indicator.id, "grain": rule.grain}
    states = connection.execute(_STATES, named | {"levels": rule.levels}).pl()
    values = connection.execute(_VALUES, named).pl()
    found = nowcast(
        states,
        known_on=known_on,
        settled_after=rule.settled_after_days,
        above=areas_above(connection),
        name=indicator.id,
    )
    cells = states.select("series", "period_end", *_CELL).unique()
    refused = pl.col("quantile").is_null()
    # A rate is that of the count which is to come, for the same people.
    scale = pl.lit(1.0)
    if indicator.formula.per is not None:
        scale = indicator.formula.per / pl.col("denominator")
    return (
        found.join(cells, on=["series", "period_end"])
        .join(values, on=_CELL)
        .filter(pl.col("numerator") == pl.col("known"))
        .with_columns(
            indicator_id=pl.lit(indicator.id),
            run_id=pl.lit(run_id(city)),
            grain=pl.lit(rule.grain),
            group_id=pl.lit("all"),
            scenario_id=pl.lit("trend"),
            model=pl.lit(MODEL_NAME),
            value=pl.col("value") * scale,
            status=pl.when(refused).then(pl.lit("missing")).otherwise(pl.lit("estimated")),
            reason=pl.coalesce("reason", pl.lit(_NOTE_DE)),
            reason_en=pl.coalesce("reason_en", pl.lit(_NOTE_EN)),
            as_of=pl.lit(known_on),
        )
        .select(FORECAST_SCHEMA.names())
        .cast(FORECAST_SCHEMA)
    )


def areas_above(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The areas each area lies in, the nearest first, as series are named; by newest borders."""
    rows = connection.execute(_PARENTS).fetchall()
    parents = dict(rows)
    found = {}
    for name in parents:
        over = [name]
        while (parent := parents.get(over[-1])) is not None:
            over.append(parent)
        found[name] = over[1:]
    return found


def latest_delivery(city: City, indicator: Indicator) -> date | None:
    """The day up to which every source of the numerator has delivered."""
    measures = city.declarations.measures
    sources = {measures[term.measure][0].id for term in indicator.formula.numerator}
    days: dict[str, date] = {}
    for entry in lake.ledger(city.place):
        if entry.state != "rejected":
            days[entry.source_id] = max(entry.as_of, days.get(entry.source_id, entry.as_of))
    return min(days[name] for name in sources) if sources <= days.keys() else None
