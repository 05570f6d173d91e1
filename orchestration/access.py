"""How much of each area has an offer in reach: the geometry behind indicators of kind access.

The answer goes to dbt as parquet, like the weights of a crosswalk; what it means for how many
people is computed there. People are taken to live where the declaration says.
"""

import hashlib
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import duckdb
import polars as pl

from orchestration.declarations.facilities import Edition, FacilityList, TravelTimes
from orchestration.declarations.indicators import Access, Indicator
from orchestration.declarations.register import read_land
from orchestration.declarations.tree import Declarations
from orchestration.ingest import lake
from orchestration.place import Place

REACH_SCHEMA = {
    "indicator_id": pl.String,
    "area_system": pl.String,
    "area_version": pl.String,
    "area_id": pl.String,
    "period_start": pl.Date,
    "share": pl.Float64,
    "certain": pl.Float64,
    "possible": pl.Float64,
    "places": pl.Float64,
    "reason": pl.String,
    "reason_en": pl.String,
    "as_of": pl.Date,
}
OUTLINED = {"area_id": pl.String, "geometry": pl.Binary}
OFFERS = {"longitude": pl.Float64, "latitude": pl.Float64, "capacity": pl.Float64}
# A list stands for its day and at most so long after it, as a stock does (`stock_max_age_days`).
LIST_MAX_AGE = timedelta(days=366)
# Corners of the polygon that stands for a circle: with 256 its area is 0.01 % too small.
_QUARTER_CORNERS = 64
# What rounding leaves of nothing, or of everything.
_TINY = 1e-6
_ALGORITHM = "1"


def spatial() -> duckdb.DuckDBPyConnection:
    """DuckDB in memory with its spatial extension, as installed from the lock; one thread."""
    connection = duckdb.connect(config={"threads": "1"})
    connection.execute(f"load '{_extension()}'")
    return connection


@cache
def _extension() -> str:
    spec = find_spec("duckdb_extension_spatial")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("DuckDB's spatial extension is missing; reinstall wirkraum")
    (path,) = Path(spec.submodule_search_locations[0]).rglob("spatial.duckdb_extension")
    return str(path)


def reach_by_distance(
    outlines: pl.DataFrame, offers: pl.DataFrame, metres: float, land: list[bytes] | None = None
) -> pl.DataFrame:
    """The share of each area from which an offer is at most so far away, as the crow flies.

    `outlines` (OUTLINED) are WKB in longitude and latitude, `offers` (OFFERS) points. With `land`
    (WKB), only the part of an area on it counts. One row per area in its order: `area_id`, `share`
    from 0 to 1, `certain` 1 where all of it is in reach, `possible` 1 where any of it is, `places`
    in reach of a point of it on average. All null where nothing of the area lies on the land.

    Distances are measured in the UTM zone at the middle of the outlines, 0.04 % off at most there.
    """
    with spatial() as connection:
        connection.register("outlines", outlines.select(*OUTLINED))
        connection.register("offers", offers.select(*OFFERS))
        (west, east, south, north) = connection.sql(
            "select min(st_xmin(g)), max(st_xmax(g)), min(st_ymin(g)), max(st_ymax(g)) "
            "from (select st_geomfromwkb(geometry) as g from outlines)"
        ).fetchall()[0]
        zone = int(((west + east) / 2 + 180) // 6) + 1
        metric = f"EPSG:{32600 + zone if south + north > 0 else 32700 + zone}"
        flat = f"'OGC:CRS84', '{metric}', always_xy := true"
        connection.execute(
            "create table area as select row_number() over () as place, area_id, "
            f"st_makevalid(st_transform(st_geomfromwkb(geometry), {flat})) as shape from outlines"
        )
        if land is not None:
            connection.register("land", pl.DataFrame({"geometry": land}))
            connection.execute(
                "create table inhabited as select "
                f"st_makevalid(st_transform(st_geomfromwkb(geometry), {flat})) as shape from land"
            )
            connection.execute(
                "create or replace table area as select place, area_id, (select "
                "st_union_agg(st_intersection(area.shape, inhabited.shape)) from inhabited where "
                "st_intersects(area.shape, inhabited.shape)) as shape from area"
            )
        connection.execute(
            "create table circle as select capacity, st_buffer(st_transform(st_point(longitude, "
            f"latitude), {flat}), {float(metres)!r}, {_QUARTER_CORNERS}) as shape "
            "from (from offers order by all)"
        )
        found = connection.sql(
            """
            with met as (
                select
                    place,
                    st_area(st_intersection(any_value(area.shape), st_union_agg(circle.shape)))
                        as within,
                    sum(circle.capacity * st_area(st_intersection(area.shape, circle.shape)))
                        as places
                from area join circle on st_intersects(area.shape, circle.shape)
                group by place
            )
            select
                area_id,
                coalesce(within, 0) / st_area(shape) as share,
                coalesce(places, 0) / st_area(shape) as places
            from area left join met using (place) order by place
            """
        ).pl()
    known = pl.col("share").is_not_null() & pl.col("share").is_not_nan()
    share = (
        pl.when(pl.col("share") < _TINY)
        .then(0.0)
        .when(pl.col("share") > 1 - _TINY)
        .then(1.0)
        .otherwise(pl.col("share").round(9))
    )
    return found.select(
        "area_id",
        pl.when(known).then(share).alias("share"),
        pl.when(known).then((share == 1).cast(pl.Float64)).alias("certain"),
        pl.when(known).then((share > 0).cast(pl.Float64)).alias("possible"),
        pl.when(known).then(pl.col("places").round(6)).alias("places"),
    )


def reach_by_time(
    areas: list[str], ways: pl.DataFrame, capacities: dict[str, float | None], minutes: float
) -> pl.DataFrame:
    """As `reach_by_distance`, from a travel-time table; limits are not known from it (null).

    `ways` has `area_id`, `point`, `people`, `facility_id`, `minutes`; only ways to `capacities`
    (facility → its places) count. An area that the table does not have stays null.
    """
    at = ways.group_by("area_id", "point").agg(
        people=pl.col("people").max(),
        near=((pl.col("minutes") <= minutes) & pl.col("facility_id").is_in(list(capacities))).any(),
    )
    places = (
        ways.filter(pl.col("minutes") <= minutes, pl.col("facility_id").is_in(list(capacities)))
        .unique(["area_id", "point", "facility_id"])
        .with_columns(
            places=pl.col("facility_id").replace_strict(capacities, return_dtype=pl.Float64)
            if capacities
            else pl.lit(None, pl.Float64)
        )
        .group_by("area_id", "point")
        .agg(pl.col("places").sum())
    )
    weight = pl.col("people").fill_null(1.0)
    by_area = (
        at.join(places, on=["area_id", "point"], how="left")
        .group_by("area_id")
        .agg(
            share=(weight * pl.col("near")).sum() / weight.sum(),
            places=(weight * pl.col("places").fill_null(0.0)).sum() / weight.sum(),
        )
        .with_columns(pl.col("share", "places").fill_nan(None).round(9))
    )
    return (
        pl.DataFrame({"area_id": areas}, schema={"area_id": pl.String})
        .join(by_area, on="area_id", how="left", maintain_order="left")
        .with_columns(
            certain=pl.lit(None, pl.Float64),
            possible=pl.lit(None, pl.Float64),
        )
        .select("area_id", "share", "certain", "possible", "places")
    )


def reach(declarations: Declarations, place: Place) -> pl.DataFrame:
    """How much of each area is in reach, for every access and date with people (REACH_SCHEMA).

    For the finest areas people were delivered for, in their version and in today's. Dates before
    the first list get no rows, others without a usable list get rows that say so. What was computed
    before for the same places is taken from `var/build/access/`.
    """
    indicators = [one for one in declarations.indicators.values() if one.formula.access is not None]
    if not indicators:
        return pl.DataFrame(schema=REACH_SCHEMA)
    delivered = _delivered(declarations, place, indicators)
    kept = _Kept(place.build / "access")
    frames = [pl.DataFrame(schema=REACH_SCHEMA)]
    for indicator in indicators:
        for part in delivered.filter(indicator_id=indicator.id).partition_by(
            "area_system", "area_version", "level_rank", maintain_order=True
        ):
            system, version, rank = part.row(0)[1:4]
            areas = declarations.register.of(system, version).filter(
                ~pl.col("is_unassigned"), level_rank=rank
            )
            for day in part["period_start"]:
                found = _on(declarations, indicator, areas, day, place.as_of, kept)
                if found is not None:
                    frames.append(found)
    kept.forget_others()
    return pl.concat(frames).sort(pl.all())


class _Kept:
    """Results of the geometry by what they depend on, in a folder that may be thrown away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.used: set[Path] = set()

    def distance(
        self, outlines: pl.DataFrame, offers: pl.DataFrame, metres: float, land: list[bytes] | None
    ) -> pl.DataFrame:
        digest = hashlib.sha256(f"{_ALGORITHM} {metres!r}".encode())
        for area_id, geometry in outlines.select(*OUTLINED).iter_rows():
            digest.update(f"{area_id} {len(geometry)} ".encode() + geometry)
        digest.update(repr(offers.select(*OFFERS).rows()).encode())
        for one in land or []:
            digest.update(b"land" + one)
        path = self.folder / f"{digest.hexdigest()}.parquet"
        self.used.add(path)
        if not path.exists():
            lake.write_parquet(reach_by_distance(outlines, offers, metres, land), path)
        return pl.read_parquet(path)

    def forget_others(self) -> None:
        for path in self.folder.glob("*.parquet"):
            if path not in self.used:
                path.unlink()


def _delivered(
    declarations: Declarations, place: Place, indicators: list[Indicator]
) -> pl.DataFrame:
    """Per access the dates with people and the finest level they came for; also today's areas."""
    terms = pl.DataFrame(
        [
            (one.id, term.measure, group)
            for one in indicators
            for term in one.formula.denominator
            for group in term.groups
        ],
        schema=dict.fromkeys(("indicator_id", "measure_id", "group_id"), pl.String),
        orient="row",
    )
    areas = declarations.register.areas.filter(~pl.col("is_unassigned"))
    today = pl.DataFrame(
        [(one.area_system, one.current.version) for one in declarations.area_systems.values()],
        schema=dict.fromkeys(("area_system", "today"), pl.String),
        orient="row",
    )
    with duckdb.connect() as connection:
        for name, frame in {"terms": terms, "areas": areas, "today": today}.items():
            connection.register(name, frame)
        return (
            connection.execute(
                """
            with delivered as (
                select distinct measure_id, group_id, area_system, area_version, area_id,
                    period_start
                from read_parquet($1)
            ),
            finest as (
                select indicator_id, area_system, area_version, period_start,
                    min(level_rank) as level_rank
                from terms
                join delivered using (measure_id, group_id)
                join areas using (area_system, area_version, area_id)
                group by all
            )
            select indicator_id, area_system, unnest(
                list_distinct([area_version, today])) as area_version, level_rank, period_start
            from finest join today using (area_system)
            """,
                [str(place.lake / "observations" / "*" / "*.parquet")],
            )
            .pl()
            .unique()
            .sort(pl.all())
        )


def _on(
    declarations: Declarations,
    indicator: Indicator,
    areas: pl.DataFrame,
    day: date,
    as_of: date | None,
    kept: _Kept,
) -> pl.DataFrame | None:
    access = indicator.formula.access
    assert access is not None
    offers = declarations.facilities[access.facilities]
    editions = [one for one in offers.editions if as_of is None or one.known <= as_of]
    if not editions or day < min(one.since for one in editions):
        return None
    usable = [one for one in editions if one.since <= day <= one.valid_on + LIST_MAX_AGE]
    ids = areas["area_id"].to_list()
    if not usable:
        newest = max(one.valid_on for one in editions if one.since <= day)
        found = _nothing(ids).with_columns(
            reason=pl.lit(
                "keine höchstens ein Jahr alte Liste der Angebote; "
                f"die letzte ist vom {_german(newest)}"
            ),
            reason_en=pl.lit(
                f"no list of offers that is at most a year old; the last one is of {newest}"
            ),
            as_of=pl.lit(None, pl.Date),
        )
        return _rows(found, indicator, areas, day)
    edition = max(usable, key=lambda one: one.valid_on)
    listed = declarations.places.facilities.filter(
        facility_list_id=offers.id, valid_on=edition.valid_on
    )
    open_then = listed.filter(
        "is_used",
        pl.col("opened").is_null() | (pl.col("opened") <= day),
        pl.col("closed").is_null() | (pl.col("closed") >= day),
        pl.col("capacity").is_null() | (pl.col("capacity") > 0),
    ).sort("facility_id")
    if access.within_metres is not None:
        found = _by_distance(declarations, access, areas, open_then, kept)
    else:
        found = _by_time(declarations, access, offers, areas, open_then)
    words = _assumption(
        access, offers, edition, open_then.height, listed.filter(~pl.col("is_used"))
    )
    missing = pl.col("share").is_null()
    return _rows(
        found.with_columns(
            reason=pl.when(missing).then(pl.col("reason")).otherwise(pl.lit(words[0])),
            reason_en=pl.when(missing).then(pl.col("reason_en")).otherwise(pl.lit(words[1])),
            as_of=pl.lit(edition.known),
        ),
        indicator,
        areas,
        day,
    )


def _by_distance(
    declarations: Declarations,
    access: Access,
    areas: pl.DataFrame,
    offers: pl.DataFrame,
    kept: _Kept,
) -> pl.DataFrame:
    assert access.within_metres is not None
    key = ["area_system", "area_version", "area_id"]
    outlines = areas.join(declarations.register.outlines, on=key).sort("area_id")
    land = None
    if access.inhabited_land is not None:
        land = read_land(declarations.folder / "areas", access.inhabited_land)
    if outlines.is_empty():
        found = _nothing([]).select("area_id", "share", "certain", "possible", "places")
    else:
        found = kept.distance(outlines, offers, access.within_metres, land)
    without = ~pl.col("area_id").is_in(outlines["area_id"].to_list())
    return (
        areas.select("area_id")
        .join(found, on="area_id", how="left")
        .with_columns(
            reason=pl.when(without)
            .then(pl.lit("kein Umriss des Gebiets"))
            .otherwise(pl.lit("im Gebiet liegt kein bewohntes Land")),
            reason_en=pl.when(without)
            .then(pl.lit("no outline of the area"))
            .otherwise(pl.lit("no inhabited land lies in the area")),
        )
    )


def _by_time(
    declarations: Declarations,
    access: Access,
    offers: FacilityList,
    areas: pl.DataFrame,
    open_then: pl.DataFrame,
) -> pl.DataFrame:
    assert access.within_minutes is not None
    table = _table(access, offers)
    ways = declarations.places.travel_times.filter(
        facility_list_id=offers.id, travel_times_id=table.id
    )
    system, version = areas.row(0)[:2]
    if (system, version) != (table.area_system, table.area_version):
        ways = ways.clear()
    capacities = dict(open_then.select("facility_id", "capacity").iter_rows())
    found = reach_by_time(areas["area_id"].to_list(), ways, capacities, access.within_minutes)
    return found.with_columns(
        reason=pl.lit("das Gebiet steht nicht in der Tabelle der Wegezeiten"),
        reason_en=pl.lit("the area is not in the table of travel times"),
    )


def _table(access: Access, offers: FacilityList) -> TravelTimes:
    return next(one for one in offers.travel_times if one.id == access.travel_times)


def _nothing(areas: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"area_id": areas}, schema={"area_id": pl.String}).with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("share", "certain", "possible", "places")
    )


def _rows(
    found: pl.DataFrame, indicator: Indicator, areas: pl.DataFrame, day: date
) -> pl.DataFrame:
    system, version = areas.row(0)[:2]
    return found.with_columns(
        indicator_id=pl.lit(indicator.id),
        area_system=pl.lit(system),
        area_version=pl.lit(version),
        period_start=pl.lit(day),
    ).select(pl.col(name).cast(dtype) for name, dtype in REACH_SCHEMA.items())


def _assumption(
    access: Access, offers: FacilityList, edition: Edition, count: int, aside: pl.DataFrame
) -> tuple[str, str]:
    """What a figure takes for granted, in both languages."""
    if access.travel_times is not None:
        table = _table(access, offers)
        several = table.point is not None
        de = (
            "an den Punkten der Wegezeiten wohnen"
            if several
            else ("dort wohnen, wo die Wegezeiten beginnen")
        )
        en = "at the points of the travel times" if several else "where the travel times start"
        how_de, how_en = table.mode.de, table.mode.english
    else:
        land = access.inhabited_land is not None
        de = (
            f"gleichmäßig über {'das bewohnte Land ihres Gebiets' if land else 'ihr Gebiet'} wohnen"
        )
        en = f"evenly over {'the inhabited land of their area' if land else 'their area'}"
        how_de, how_en = "Luftlinie", "as the crow flies"
    offered_de, offered_en = _count(count, "Angebot", "Angebote"), _count(count, "offer", "offers")
    de = f"angenommen, dass alle {de}; {how_de}; {offered_de}, Liste vom"
    en = f"taking all to live {en}; {how_en}; {offered_en}, list of"
    de, en = f"{de} {_german(edition.valid_on)}", f"{en} {edition.valid_on}"
    if aside.height:
        de += f"; {_count(aside.height, 'Zeile', 'Zeilen')} der Liste nicht verwendbar"
        en += f"; {_count(aside.height, 'line', 'lines')} of the list not usable"
    return de, en


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _german(day: date) -> str:
    return f"{day:%d.%m.%Y}"
