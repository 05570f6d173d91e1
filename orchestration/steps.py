"""The plain functions behind the assets after ingest: look ahead, mark, publish, release."""

from datetime import date

import duckdb
import polars as pl

from exports.disclosure import mask_protected
from exports.publish import publish as put_in_place
from exports.release import Profile, build_release, create_ledger
from forecasting.outlook import outlook
from orchestration.city import City
from orchestration.declarations.releases import ReleaseProfile
from orchestration.declarations.sources import Source
from orchestration.ingest import lake
from orchestration.ingest.deliver import Intake, take_in
from orchestration.warehouse import read_table
from quality.expectations import MeasureSpec, SourceSpec, judge
from quality.marks import Frames, find_marks


def receive(city: City, source: Source) -> Intake:
    """Take in what a department delivered; on a municipality's first run its records begin."""
    if not city.place.records.exists():
        create_ledger(city.place.release_ledger)
    intake = take_in(city.declarations, source, city.place, city.tell)
    city.intakes[source.id] = intake
    return intake


def check_delivered(city: City, source: Source) -> pl.DataFrame:
    """Judge each newly delivered file of a source against its contract's suite.

    Returns the verdicts (`quality.expectations.judge`) with a `delivery_id` column.
    """
    intake = city.intakes.get(source.id)
    verdicts = []
    for entry in intake.new if intake else []:
        if not entry.observations:
            continue
        city.tell(f"check {entry.file_name}")
        observations = lake.observations(city.place, entry).collect()
        latest = observations["period_start"].max()
        assert isinstance(latest, date)
        verdict = judge(observations, expectation_spec(city, source, latest))
        verdicts.append(verdict.with_columns(delivery_id=pl.lit(entry.delivery_id)))
        for row in verdict.filter(~pl.col("passed")).iter_rows(named=True):
            city.failed_checks.append((entry.file_name, row["severity"], row["description_en"]))
    return pl.concat(verdicts) if verdicts else pl.DataFrame()


def expectation_spec(city: City, source: Source, latest: date) -> SourceSpec:
    """The contract as the plain data the suite is built from.

    A full period holds every area of the layout's level that exists by `latest`; case lists and
    tables in which absence means zero are full by construction.
    """
    register = city.declarations.register
    area_ids: dict[str, frozenset[str]] = {}
    expected: dict[str, int] = {}
    for layout in source.layouts:
        areas = register.of(layout.area.system, layout.area.version)
        known = area_ids.get(layout.area.version, frozenset())
        area_ids[layout.area.version] = known | frozenset(areas["area_id"])
        listed = layout.cases is None and layout.area.absent == "missing"
        if listed and layout.area.column is not None and not layout.area.rules:
            begins = pl.col("valid_from")
            exists = (begins <= latest) | (begins <= areas["valid_from"].min())
            full = areas.filter(pl.col("level") == layout.area.level, exists)
            expected[layout.area.version] = full.height
    return SourceSpec(
        source_id=source.id,
        measures=tuple(
            MeasureSpec(one.id, one.unit, one.minimum, allow_fraction=not one.whole)
            for one in source.measures
        ),
        area_ids=area_ids,
        expected_areas=expected,
        earliest=date(1900, 1, 1),
        latest=date(2100, 1, 1),
    )


def look_ahead(city: City) -> int:
    """Forecast what the indicators ask for; write `forecast.parquet` and give back its rows."""
    rules = [
        (one.id, one.forecast.grain, one.forecast.levels, one.forecast.horizon, one.formula.kind)
        for one in city.declarations.indicators.values()
        if one.forecast is not None
    ]
    specs = pl.DataFrame(
        rules,
        schema={
            "indicator_id": pl.String,
            "grain": pl.String,
            "levels": pl.List(pl.String),
            "horizon": pl.Int64,
            "kind": pl.String,
        },
        orient="row",
    )
    with duckdb.connect(str(city.place.warehouse), read_only=True) as connection:
        connection.register("specs", specs.select("indicator_id", "grain"))
        values = connection.sql(
            "select value.*, area.level from marts.indicator_value as value "
            "join marts.area as area using (area_system, area_version, area_id) "
            "semi join specs using (indicator_id, grain) where value.group_id = 'all' "
            "order by all"
        ).pl()
    forecast = outlook(values, specs, run_id=f"{city.known_on:%Y%m%d}")
    lake.write_parquet(forecast, city.place.inputs / "forecast.parquet")
    return forecast.height


def mark(city: City) -> int:
    """Let all detectors look at the values; write `mark.parquet` and give back its rows."""
    frames = Frames(
        **{
            name: read_table(city.place, f"marts.{name}")
            for name in ("indicator_value", "indicator", "area", "area_crosswalk")
        }
    )
    found = find_marks(frames, city.declarations.marks.thresholds, as_of=city.known_on)
    lake.write_parquet(found, city.place.inputs / "mark.parquet")
    return found.height


def publish(city: City) -> str:
    """Put the marts in place for readers; gives back the content hash.

    Where the warehouse stands in a `fachplanung` room, protected sources are
    disclosure-controlled in it too.
    """
    protected = city.declarations.municipality.room == "fachplanung" and any(
        source.protection != "none" for source in city.declarations.sources.values()
    )
    mask = mask_protected if protected else None
    place = city.place
    done = put_in_place(place.warehouse, place.published_warehouse, mask)
    return done.content_hash


def release(city: City, profile: ReleaseProfile) -> str:
    """Release the published marts to one audience; gives back the release's id."""
    place = city.place
    done = build_release(
        published_tables(city),
        Profile(
            id=profile.id,
            audience=profile.audience,
            title_de=profile.title.de,
            title_en=profile.title.english,
            indicators=None if profile.indicators is None else tuple(profile.indicators),
            levels=None if profile.levels is None else tuple(profile.levels),
            minimum_count=profile.minimum_count,
        ),
        municipality=city.declarations.municipality.name.de,
        as_of=city.known_on,
        releases=place.releases,
        ledger=place.release_ledger,
    )
    city.released.append((profile.audience, str(done.folder), done.is_new, done.suppressed))
    return done.release_id


def published_tables(city: City) -> dict[str, pl.DataFrame]:
    """The published marts as frames, by name."""
    with duckdb.connect(str(city.place.published_warehouse), read_only=True) as connection:
        names = connection.sql(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        return {name: connection.table(f'marts."{name}"').pl() for (name,) in names}
