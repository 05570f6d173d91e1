"""The plain functions behind the assets, and the order in which a run calls them."""

from datetime import date

import duckdb
import polars as pl

from exports.disclosure import CONTEXT, mask_protected
from exports.geoparquet import write_areas
from exports.publish import keep
from exports.publish import publish as put_in_place
from exports.release import Profile, build_release, create_ledger
from exports.vocabulary import AREA
from orchestration import checks, corrections, warehouse
from orchestration.city import City
from orchestration.declarations.indicators import Indicator, measures_behind
from orchestration.declarations.offers import item_rows, voice_rows
from orchestration.declarations.releases import ReleaseProfile
from orchestration.declarations.sources import Source
from orchestration.ingest import lake
from orchestration.ingest.deliver import Intake, take_in
from orchestration.ingest.lake import Delivery
from orchestration.ingest.rename import follow_renames
from orchestration.warehouse import read_table
from quality.checks import VERDICT_SCHEMA
from quality.comovement import QUESTION_SCHEMA, goal_questions
from quality.expectations import judge
from quality.marks import Frames, find_marks
from quality.occasions import OCCASION_SCHEMA, occasions

# Values and what it takes to withhold from them what publishing withholds.
OF_TODAY = ("area", "indicator_value", "indicator_smallest_count", *CONTEXT)

_STAGES = {
    "base": "compute the indicators",
    "outlook": "load the outlook",
    "review": "load marks",
}


def arrive(city: City) -> None:
    """Take in and check every delivery, then hand over what dbt reads."""
    for _, source in sorted(city.declarations.sources.items()):
        receive(city, source)
        check_delivered(city, source)
    hand_over(city)


def follow(city: City) -> None:
    """All that follows from what was handed over, releases last; none as of an earlier day."""
    build(city, "base")
    look_back(city)
    look_ahead(city)
    compare_alternatives(city)
    build(city, "outlook")
    mark(city)
    ask_about_goals(city)
    find_occasions(city)
    build(city, "review")
    publish(city)
    if city.place.as_of is None:
        for _, profile in sorted(city.declarations.releases.items()):
            release(city, profile)


def receive(city: City, source: Source) -> Intake:
    """Take in what a department delivered; on a municipality's first run its records begin."""
    if not city.place.records.exists():
        create_ledger(city.place.release_ledger)
    follow_renames(city.place, source)
    intake = take_in(city.declarations, source, city.place, city.tell)
    city.intakes[source.id] = intake
    return intake


def check_delivered(city: City, source: Source) -> pl.DataFrame:
    """Judge the deliveries of a source that nobody has judged by their contract, in one suite.

    The results are recorded; a delivery that fails a critical check is set aside as a whole, and
    what was published before stays. Returns the verdicts (`quality.checks.VERDICT_SCHEMA`).
    """
    place = city.place
    entries = lake.ledger(place, source.id)
    for entry in entries:
        if entry.state == "rejected":
            lake.clear(place, entry)
    waiting = checks.not_judged(place, entries)
    if not waiting:
        return pl.DataFrame(schema=VERDICT_SCHEMA)
    city.tell(f"check {source.id}")
    spec = checks.expectation_spec(city.declarations, source)
    verdicts = judge(list(checks.to_judge(place, source, entries, waiting)), spec)
    for entry in waiting:
        mine = verdicts.filter(delivery_id=entry.delivery_id)
        failed = mine.filter(~pl.col("passed"), pl.col("severity") != "info")
        told = failed.select("check_id", "severity", "description_en")
        for check, severity, words in told.iter_rows():
            city.failed_checks.append((check, entry.file_name, severity, words))
        critical = failed.filter(severity="critical")["description_en"]
        if critical.len():
            _set_aside(city, entry, f"set aside as a whole: {'; '.join(critical)}")
        checks.record(place, entry, mine)
    return verdicts


def _set_aside(city: City, entry: Delivery, reason: str) -> None:
    whole = lake.set_aside(city.place, entry, reason)
    intake = city.intakes.get(entry.source_id)
    if intake is not None:
        intake.new = [whole if one == entry else one for one in intake.new]


def hand_over(city: City) -> None:
    """Write what dbt reads: the declarations as tables, and the ledgers."""
    city.tell("hand over to the warehouse")
    warehouse.write_inputs(city.declarations, city.place)


def build(city: City, stage: str) -> list[warehouse.NodeResult]:
    """Run one stage of the dbt project; the first one begins the warehouse."""
    city.tell(_STAGES[stage])
    if stage == "base":
        warehouse.begin(city.place)
    results = warehouse.build(city.place, stage)
    if stage == "base":
        city.corrected = corrections.verify(city.place)
    return results


def look_back(city: City) -> int:
    """Compare where programmes were with where they were not; write `effect.parquet`.

    What publishing withholds is left out before, so that no estimate gives it away. Gives back the
    number of rows.
    """
    from forecasting.effects.looking_back import EFFECT_SCHEMA
    from orchestration.effects.step import effects_of

    city.tell("look back")
    path = city.place.inputs / "effect.parquet"
    if not any(one.indicators for one in city.declarations.programmes.values()):
        lake.write_parquet(pl.DataFrame(schema=EFFECT_SCHEMA), path)
        return 0
    tables, areas = _values_of_today(city)
    found = effects_of(city, tables["indicator_value"].join(areas.select(*AREA, "level"), on=AREA))
    lake.write_parquet(found, path)
    return found.height


def look_ahead(city: City) -> int:
    """Forecast and nowcast what indicators ask for; give back the rows of `forecast.parquet`.

    How good such forecasts would have been is written beside it, to `forecast_backtest.parquet`,
    and how those fared that were published earlier, to `forecast_score.parquet`.
    """
    from forecasting.engine import look_ahead as of_all
    from forecasting.growing import completed
    from orchestration.nowcasts import nowcasts, run_id
    from orchestration.record import keep_forecasts, score_forecasts

    city.tell("look ahead")
    # What a run put in place that broke off before it was kept.
    keep_forecasts(city.place)
    rules = [
        (
            *(one.id, one.forecast.grain, one.forecast.levels, one.forecast.horizon),
            *(one.formula.kind, _breaks(city, one)),
        )
        for one in city.declarations.indicators.values()
        if one.forecast is not None and one.retired is None
    ]
    specs = pl.DataFrame(
        rules,
        schema={
            "indicator_id": pl.String,
            "grain": pl.String,
            "levels": pl.List(pl.String),
            "horizon": pl.Int64,
            "kind": pl.String,
            "breaks": pl.List(pl.Date),
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
        areas = connection.table("marts.area").pl()
        growing = nowcasts(city, connection)
        scored = score_forecasts(city, connection)
    found = of_all(
        completed(values, growing),
        specs,
        run_id=run_id(city),
        areas=areas,
        progress=lambda done, of: city.tell(f"look ahead: {done:,} of {of:,} series"),
    )
    forecast = pl.concat([found.forecast, growing])
    lake.write_parquet(forecast, city.place.inputs / "forecast.parquet")
    lake.write_parquet(found.backtest, city.place.inputs / "forecast_backtest.parquet")
    lake.write_parquet(scored, city.place.inputs / "forecast_score.parquet")
    return forecast.height


def _breaks(city: City, indicator: Indicator) -> list[date]:
    """From when on the indicator counts something else."""
    behind = measures_behind(indicator, city.declarations.indicators)
    measures = city.declarations.measures
    return sorted({one.since for name in behind for one in measures[name][1].breaks})


def compare_alternatives(city: City) -> int:
    """Compute the scenarios on the look ahead; write `scenario_….parquet`, give back their rows."""
    from orchestration.scenarios.step import scenarios

    city.tell("compare alternatives")
    found = scenarios(city)
    for name, frame in found.items():
        lake.write_parquet(frame, city.place.inputs / f"{name}.parquet")
    return found["scenario_result"].height


def mark(city: City) -> int:
    """Let all detectors look at the values; write `mark.parquet` and give back its rows."""
    city.tell("look for what could be misread")
    frames = Frames(
        **{
            name: read_table(city.place, f"marts.{name}")
            for name in ("indicator_value", "indicator", "area", "area_crosswalk")
        }
    )
    found = find_marks(frames, city.declarations.marks.thresholds, as_of=city.known_on)
    lake.write_parquet(found, city.place.inputs / "mark.parquet")
    return found.height


def ask_about_goals(city: City) -> int:
    """Ask where indicators with goals changed together; write `goal_question.parquet`.

    What publishing withholds is left out before, so that no correlation gives it away. Where fewer
    than two indicators have goals nothing is looked at. Gives back the number of rows.
    """
    city.tell("ask what changed together")
    path = city.place.inputs / "goal_question.parquet"
    goals = [
        (goal.indicator, goal.group, goal.grain)
        for goal in city.declarations.goals.values()
        if goal.versions[-1].state != "dropped"
    ]
    if len({indicator for indicator, _, _ in goals}) < 2:
        lake.write_parquet(pl.DataFrame(schema=QUESTION_SCHEMA), path)
        return 0
    tables, areas = _values_of_today(city)
    terms = [
        (one.id, term.measure)
        for one in city.declarations.indicators.values()
        for term in [*one.formula.numerator, *one.formula.denominator]
    ]
    asked = goal_questions(
        tables["indicator_value"].join(areas.select(*AREA, "level", "level_rank"), on=AREA),
        pl.DataFrame(
            goals,
            schema=dict.fromkeys(("indicator_id", "group_id", "grain"), pl.String),
            orient="row",
        ),
        tables["indicator"],
        pl.DataFrame(
            terms, schema=dict.fromkeys(("indicator_id", "measure_id"), pl.String), orient="row"
        ),
        as_of=city.known_on,
    )
    lake.write_parquet(asked, path)
    return asked.height


def find_occasions(city: City) -> int:
    """Put what departments count beside what people say; write `occasion.parquet`.

    What publishing withholds is left out before, so that no reason gives it away. Where nobody was
    heard nothing is looked at. Gives back the number of rows.
    """
    city.tell("look for occasions to talk")
    path = city.place.inputs / "occasion.parquet"
    if not city.declarations.voices:
        lake.write_parquet(pl.DataFrame(schema=OCCASION_SCHEMA), path)
        return 0
    tables, areas = _values_of_today(city)
    numerators = [
        (one.id, term.measure)
        for one in city.declarations.indicators.values()
        for term in one.formula.numerator
    ]
    named = areas.select(*AREA, "level_rank", area_name="name")
    found = occasions(
        tables["indicator_value"].join(named, on=AREA),
        tables["indicator"],
        pl.DataFrame(
            numerators,
            schema=dict.fromkeys(("indicator_id", "measure_id"), pl.String),
            orient="row",
        ),
        voice_rows(city.declarations),
        item_rows(city.declarations, city.known_on),
        as_of=city.known_on,
    )
    lake.write_parquet(found, path)
    return found.height


def _values_of_today(city: City) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Marts as they will be published, and the areas of today's borders."""
    tables = {name: read_table(city.place, f"marts.{name}") for name in OF_TODAY}
    if _is_protected(city):
        tables |= mask_protected(tables)
    systems = city.declarations.area_systems.values()
    current = pl.DataFrame(
        [(one.area_system, one.current.version) for one in systems],
        schema=dict.fromkeys(AREA[:2], pl.String),
        orient="row",
    )
    areas = tables["area"].filter(~pl.col("is_unassigned"))
    return tables, areas.join(current, on=AREA[:2], how="semi")


def _is_protected(city: City) -> bool:
    return city.declarations.municipality.room == "fachplanung" and any(
        source.protection != "none" for source in city.declarations.sources.values()
    )


def publish(city: City) -> str:
    """Put the marts in place for readers; gives back the content hash.

    Where the warehouse stands in a `fachplanung` room, protected sources are
    disclosure-controlled in it too. What it says of the coming time is kept.
    """
    from orchestration.record import keep_forecasts

    city.tell("publish")
    mask = mask_protected if _is_protected(city) else None
    place = city.place
    # Selected alone, no other step has kept what a run left that broke off.
    keep_forecasts(place)
    done = put_in_place(
        place.warehouse, place.published_warehouse, mask, warehouse.changed_marts(place)
    )
    if done.is_new:
        keep(place.published_areas)
    register = city.declarations.register
    if register.outlines.height:
        write_areas(register.areas, register.outlines, place.published_areas)
    else:
        place.published_areas.unlink(missing_ok=True)
    keep_forecasts(place)
    warehouse.finish(place)
    return done.content_hash


def release(city: City, profile: ReleaseProfile) -> str:
    """Release the published marts to one audience; gives back the release's id."""
    city.tell(f"release for {profile.audience}")
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
