"""Published forecasts are kept in `store/records/forecasts`, and scored when the truth arrives.

A file is written whole, once, and never changed: its name holds its checksum. What was published
once stays in the record and is scored, also where it was taken back by `wirkraum rollback`: it was
said, and a forecast from a wrong delivery is a wrong forecast.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl

from forecasting.record import (
    CELL,
    FORECAST,
    KEPT_SCHEMA,
    RANGES,
    SCORE_SCHEMA,
    SERIES,
    score,
    to_keep,
)
from forecasting.scores import QUANTILES
from orchestration.city import City
from orchestration.declarations.offers import offered
from orchestration.declarations.tree import Declarations
from orchestration.ingest import lake
from orchestration.nowcasts import latest_delivery
from orchestration.place import Place

_TRUTH = """
    select {cell}, value.value, value.as_of, period.period_end
    from marts.indicator_value as value
    inner join marts.period as period using (period_start, grain)
    semi join cells using ({cell})
    where value.status = 'observed' and value.value is not null
    order by all
"""
# The baseline of a scenario is the forecast itself.
_SAID = {
    "forecast": "marts.forecast",
    "scenario_result": "(select * replace (scenario_id || '/' || alternative_id as scenario_id) "
    "from marts.scenario_result where alternative_id != 'baseline')",
}
_RANGES = ", ".join(
    f"max(value) filter (quantile = {level}) as {name}"
    for level, name in zip(QUANTILES, RANGES, strict=True)
)
# Nothing older than the year before is what would have been said without a model.
_BESIDE = f"""
    select {", ".join(SERIES)}, period_start, value
    from marts.indicator_value
    semi join (select distinct {", ".join(SERIES)} from marts.forecast)
        using ({", ".join(SERIES)})
    where
        value is not null
        and period_start >= (select min(period_start) - interval 13 month from marts.forecast)
"""


class RecordError(OSError):
    """A file of the record is not what was written; the message says what to do."""


def keep_forecasts(place: Place) -> int:
    """Keep the forecasts and scenarios that readers see; gives back how many of them are new.

    What was withheld from readers is not kept either. A look at an earlier day publishes nothing.
    """
    if place.as_of is not None or not place.published_warehouse.exists():
        return 0
    with duckdb.connect(str(place.published_warehouse), read_only=True) as connection:
        found = connection.sql(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        if ("forecast",) not in found:  # built without looking ahead
            return 0
        # What an earlier release published has no scenarios.
        said = [
            connection.sql(
                f"select run_id, {', '.join(FORECAST)}, as_of, {_RANGES} from {rows} "
                "where quantile is not null group by all"
            ).pl()
            for name, rows in _SAID.items()
            if (name,) in found
        ]
        values = connection.sql(_BESIDE).pl()
    new = to_keep(pl.concat(said), values, kept_forecasts(place))
    if new.height:
        content = io.BytesIO()
        new.write_parquet(content, compression="zstd")
        name = f"{new['run_id'].sort()[-1]}-{_digest(content.getvalue())}.parquet"
        with lake.replacing(place.kept_forecasts / name) as temporary:
            temporary.write_bytes(content.getvalue())
    return new.height


def kept_forecasts(place: Place) -> pl.DataFrame:
    """All that was ever kept, in KEPT_SCHEMA with `record_id`, the file it is kept in.

    Raises RecordError where a file is damaged or was changed.
    """
    frames = [pl.DataFrame(schema=pl.Schema({"record_id": pl.String(), **KEPT_SCHEMA}))]
    for path in sorted(place.kept_forecasts.glob("*.parquet")):
        content = path.read_bytes()
        if _digest(content) != path.stem.rpartition("-")[2]:
            raise RecordError(_damaged(path))
        frame = pl.read_parquet(io.BytesIO(content))
        frames.append(frame.select(pl.lit(path.stem).alias("record_id"), *KEPT_SCHEMA.names()))
    return pl.concat(frames)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _damaged(path: Path) -> str:
    return (
        f"{path}: its content does not fit the checksum in its name, so it is damaged or was "
        "changed; bring the file back from a backup, or move it out of the folder: the forecasts "
        "in it are then no longer scored"
    )


def score_forecasts(city: City, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """How earlier forecasts fared; `connection` is to the warehouse, after base.

    Seen from an earlier day, forecasts made after it are left out.
    """
    kept = kept_forecasts(city.place).filter(pl.col("as_of") <= city.known_on)
    if kept.is_empty():
        return pl.DataFrame(schema=SCORE_SCHEMA)
    connection.register("cells", kept.select(CELL).unique())
    values = connection.sql(_TRUTH.format(cell=", ".join(CELL))).pl()
    connection.unregister("cells")
    settled = pl.col("settled_until").is_null() | (pl.col("period_end") <= pl.col("settled_until"))
    truth = values.join(_growing(city), on=["indicator_id", "grain"], how="left").filter(settled)
    return score(kept, truth, decided(city.declarations))


def _growing(city: City) -> pl.DataFrame:
    """Up to when the counts are complete that go on growing after their period."""
    rows = [
        (
            one.id,
            one.nowcast.grain,
            (latest_delivery(city, one) or date.min + timedelta(one.nowcast.settled_after_days))
            - timedelta(one.nowcast.settled_after_days),
        )
        for one in city.declarations.indicators.values()
        if one.nowcast is not None
    ]
    schema = {"indicator_id": pl.String, "grain": pl.String, "settled_until": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


def decided(declarations: Declarations) -> pl.DataFrame:
    """What people decided or began about an indicator, where, on which day and from when it held.

    Decisions and changes of dialogues count for all topics of theirs, programmes for the indicators
    they name, from their start. Where areas are named it is for these, what lies in them and what
    they lie in.
    """
    rows = [
        (indicator, system, area, day, since)
        for indicators, areas, day, since in _acts(declarations)
        for system, area in _where(areas, declarations)
        for indicator in indicators
    ]
    schema = {
        **dict.fromkeys(("indicator_id", "area_system", "area_id"), pl.String),
        **dict.fromkeys(("decided_on", "since"), pl.Date),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _acts(declarations: Declarations) -> Iterator[tuple[list[str], list[str], date, date]]:
    for dialogue in declarations.dialogues.values():
        for decision in dialogue.decisions:
            yield dialogue.topics, decision.areas, decision.on, decision.on
        for change in dialogue.changes:
            yield dialogue.topics, [], dialogue.date, change.since
    for programme in declarations.programmes.values():
        yield programme.indicators, programme.areas, programme.start, programme.start


def _where(areas: list[str], declarations: Declarations) -> Iterator[tuple[str | None, str | None]]:
    if not areas:
        yield None, None
        return
    for one in offered(areas, declarations):
        if one["offered"] != "elsewhere":
            yield one["area_system"], one["area_id"]
