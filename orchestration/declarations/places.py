"""Reads facility lists and travel times: every line is used, or set aside with its reason."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from orchestration.declarations.areas import AreaSystem
from orchestration.declarations.facilities import Columns, Edition, FacilityList, TravelTimes
from orchestration.declarations.outlines import Corners, rings
from orchestration.declarations.register import AreaRegister, expand
from orchestration.declarations.yaml_lines import Location

FACILITY_SCHEMA = {
    "facility_list_id": pl.String,
    "valid_on": pl.Date,
    "facility_id": pl.String,
    "name": pl.String,
    "longitude": pl.Float64,
    "latitude": pl.Float64,
    "capacity": pl.Float64,
    "opened": pl.Date,
    "closed": pl.Date,
    "is_used": pl.Boolean,
    "reason": pl.String,
    "reason_en": pl.String,
    "as_of": pl.Date,
}
TRAVEL_SCHEMA = {
    "facility_list_id": pl.String,
    "travel_times_id": pl.String,
    "area_id": pl.String,
    "point": pl.String,
    "people": pl.Float64,
    "facility_id": pl.String,
    "minutes": pl.Float64,
}


@dataclass(frozen=True)
class Places:
    """All facilities of all editions and all travel times (FACILITY_SCHEMA, TRAVEL_SCHEMA)."""

    facilities: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FACILITY_SCHEMA))
    travel_times: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TRAVEL_SCHEMA))


class PlacesError(Exception):
    """Lists that cannot be used; `problems` are (list, location, message)."""

    def __init__(self, problems: list[tuple[str, Location, str]]) -> None:
        super().__init__("; ".join(message for _, _, message in problems))
        self.problems = problems


class _Unusable(Exception):
    """A file as a whole cannot be read as declared."""


class Aside(NamedTuple):
    """Why a line has no usable place, in both languages."""

    de: str
    en: str


def read_places(
    folder: Path,
    lists: Mapping[str, FacilityList],
    register: AreaRegister,
    systems: Mapping[str, AreaSystem],
) -> Places:
    """Read what the lists declare, relative to `folder` (facilities/).

    A line without a usable place stays in the table, not used and with its reason. Raises
    PlacesError with all problems together: files that cannot be read, columns that are not there,
    more unusable lines than a list allows, travel times to or from what nobody declares.
    """
    problems: list[tuple[str, Location, str]] = []
    facilities: list[dict[str, object]] = []
    ways: list[dict[str, object]] = []
    outlines = _outlines(register, systems) if lists else []
    for one in lists.values():
        known: set[str] = set()
        for index, edition in enumerate(one.editions):
            here: Location = ("editions", index)
            try:
                rows = list(_facilities(folder, one, edition, outlines))
            except _Unusable as error:
                problems.append((one.id, (*here, "file"), str(error)))
                continue
            known |= {str(row["facility_id"]) for row in rows}
            said = _too_many(one, edition, rows)
            if said is not None:
                problems.append((one.id, (*here, "file"), said))
            facilities += rows
        for index, table in enumerate(one.travel_times):
            here = ("travel_times", index)
            try:
                ways += _ways(folder, one, table, known, register)
            except _Unusable as error:
                problems.append((one.id, (*here, "file"), str(error)))
    if problems:
        raise PlacesError(problems)
    return Places(
        pl.DataFrame(facilities, schema=FACILITY_SCHEMA, infer_schema_length=None),
        pl.DataFrame(ways, schema=TRAVEL_SCHEMA, infer_schema_length=None),
    )


def _lines(
    folder: Path, table: Columns, wanted: Mapping[str, str | None]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of every line; `wanted` names the columns by what they are for."""
    reader = csv.DictReader(io.StringIO(_text(folder, table)), delimiter=table.delimiter)
    header = reader.fieldnames or []
    for what, column in wanted.items():
        if column is not None and column not in header:
            hint = (
                "; a list that only counts facilities by area does not say where they are, and "
                "access needs their coordinates"
                if what in ("x", "y")
                else ""
            )
            raise _Unusable(
                f"{table.file!r} has no column {column!r} ({what}); it has "
                f"{', '.join(map(repr, header)) or 'none'}{hint}"
            )
    for row in reader:
        yield reader.line_num, {name: (row[name] or "").strip() for name in header}


def _text(folder: Path, table: Columns) -> str:
    from orchestration.ingest import content
    from orchestration.ingest.table import Unreadable

    try:
        path = expand(table.file, folder)
    except KeyError as error:
        raise _Unusable(
            f"{table.file!r} needs the environment variable {error.args[0]}; set it to the folder "
            "that holds the raw files"
        ) from None
    if not path.is_file():
        raise _Unusable(f"{table.file!r} does not exist (looked for {path})")
    try:
        if table.member is None:
            data = content.unpacked(path)[0]
        else:
            found = dict(content.members(path, f"^{table.member.replace('.', '[.]')}$"))
            data = found[table.member]
        return data.decode("utf-8-sig" if table.encoding == "utf-8" else table.encoding)
    except Unreadable as error:
        raise _Unusable(f"{table.file!r}: {error}") from None
    except UnicodeDecodeError as error:
        raise _Unusable(f"{table.file!r} is not {table.encoding} at byte {error.start}") from None


def _facilities(
    folder: Path, one: FacilityList, edition: Edition, outlines: list[list[Corners]]
) -> Iterator[dict[str, object]]:
    wanted = {name: getattr(edition, name) for name in ("id", "name", "x", "y", "capacity")}
    wanted |= {name: getattr(edition, name) for name in ("opened", "closed")}
    read: list[tuple[dict[str, object], Aside | None]] = []
    seen: set[str] = set()
    for number, cells in _lines(folder, edition, wanted):
        row: dict[str, object] = {
            "facility_list_id": one.id,
            "valid_on": edition.valid_on,
            "facility_id": cells[edition.id] or f"(line {number})",
            "name": cells[edition.name] if edition.name else None,
            "as_of": edition.known,
        }
        aside = _fill(row, cells, edition)
        if not cells[edition.id]:
            aside = Aside("ohne Kennung", "no code")
        elif cells[edition.id] in seen:
            aside = Aside("Kennung steht zweimal in der Liste", "code stands twice in the list")
            row["facility_id"] = f"{cells[edition.id]} (line {number})"
        seen.add(cells[edition.id])
        read.append((row, aside))
    inside = _inside([(row.get("longitude"), row.get("latitude")) for row, _ in read], outlines)
    for (row, found), is_inside in zip(read, inside, strict=True):
        aside = found
        if aside is None and outlines and not is_inside and one.beyond_border == "refused":
            aside = Aside(
                f"liegt mit Länge {row['longitude']:.5f}, Breite {row['latitude']:.5f} außerhalb "
                "aller Gebiete (Spalten vertauscht, falsches Bezugssystem?)",
                f"lies at longitude {row['longitude']:.5f}, latitude {row['latitude']:.5f}, "
                "outside all areas (columns swapped, wrong coordinate reference system?)",
            )
        words = {} if aside is None else {"reason": aside.de, "reason_en": aside.en}
        yield row | words | {"is_used": aside is None}


def _fill(row: dict[str, object], cells: dict[str, str], edition: Edition) -> Aside | None:
    """Put numbers and dates into `row`; says why the line cannot be used, if so."""
    aside: Aside | None = None
    x, y = (_number(cells[column], edition.decimal) for column in (edition.x, edition.y))
    if x is None or y is None:
        found = f"{cells[edition.x]!r}, {cells[edition.y]!r}"
        aside = Aside(f"ohne Koordinaten: {found}", f"no coordinates: {found}")
    else:
        point = degrees(x, y, edition.crs)
        if point is None:
            aside = Aside(
                f"{x:.15g}, {y:.15g} kann es in {edition.crs} nicht geben"
                + (" (steht die Zone vor dem Ostwert?)" if abs(x) > 1e6 else ""),
                f"{x:.15g}, {y:.15g} cannot be in {edition.crs}"
                + (" (is the zone in front of the easting?)" if abs(x) > 1e6 else ""),
            )
        else:
            row["longitude"], row["latitude"] = point
    if edition.capacity is not None:
        row["capacity"] = _number(cells[edition.capacity], edition.decimal)
        if row["capacity"] is None:
            found = repr(cells[edition.capacity])
            aside = aside or Aside(
                f"ohne Zahl der Plätze: {found}", f"no number of places: {found}"
            )
    for what in ("opened", "closed"):
        column = getattr(edition, what)
        if column is not None and cells[column]:
            try:
                row[what] = datetime.strptime(cells[column], edition.date_format).date()
            except ValueError:
                found = repr(cells[column])
                aside = aside or Aside(f"unlesbares Datum: {found}", f"unreadable date: {found}")
    opened, closed = row.get("opened"), row.get("closed")
    if isinstance(opened, date) and isinstance(closed, date) and closed < opened:
        aside = aside or Aside("schließt, bevor es öffnet", "closes before it opens")
    return aside


def _number(cell: str, decimal: str) -> float | None:
    try:
        number = float(cell.replace(",", ".") if decimal == "," else cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _too_many(one: FacilityList, edition: Edition, rows: list[dict[str, object]]) -> str | None:
    unusable = [row for row in rows if not row["is_used"]]
    if not rows:
        return f"{edition.file!r} has no line with a facility"
    if len(unusable) <= one.at_most_set_aside * len(rows):
        return None
    shown = "; ".join(f"{row['facility_id']}: {row['reason_en']}" for row in unusable[:3])
    more = "; …" if len(unusable) > 3 else ""
    return (
        f"{len(unusable)} of {len(rows)} facilities of {edition.valid_on} have no usable place "
        f"({shown}{more}); mend the list, or allow a share with `at_most_set_aside`"
    )


# GRS 80 and the Krüger series in the third flattening, exact to a millimetre in a zone.
_FLATTENING = 1 / 298.257222101
_N = _FLATTENING / (2 - _FLATTENING)
_RADIUS = 6378137 / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96,
    _N**2 / 48 + _N**3 / 15,
    17 * _N**3 / 480,
)
_DELTA = (2 * _N - 2 * _N**2 / 3 - 2 * _N**3, 7 * _N**2 / 3 - 8 * _N**3 / 5, 56 * _N**3 / 15)


def degrees(x: float, y: float, crs: str) -> tuple[float, float] | None:
    """Longitude and latitude of a point, or None where no such point can be in the system."""
    if crs in ("EPSG:4326", "EPSG:4258"):
        return (x, y) if abs(x) <= 180 and abs(y) <= 90 else None
    if not (100_000 <= x <= 900_000 and 0 <= y <= 10_000_000):
        return None
    middle = 6 * int(crs[-2:]) - 183
    xi, eta = y / (0.9996 * _RADIUS), (x - 500_000) / (0.9996 * _RADIUS)
    north = xi - sum(
        b * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, b in enumerate(_BETA, start=1)
    )
    east = eta - sum(
        b * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, b in enumerate(_BETA, start=1)
    )
    chi = math.asin(math.sin(north) / math.cosh(east))
    latitude = chi + sum(d * math.sin(2 * j * chi) for j, d in enumerate(_DELTA, start=1))
    longitude = math.radians(middle) + math.atan(math.sinh(east) / math.cos(north))
    return math.degrees(longitude), math.degrees(latitude)


def _outlines(register: AreaRegister, systems: Mapping[str, AreaSystem]) -> list[list[Corners]]:
    """The finest outlines of today's areas, as rings of points."""
    found = register.outlines.join(
        register.areas.select("area_system", "area_version", "area_id", "level_rank"),
        on=["area_system", "area_version", "area_id"],
    )
    shapes = []
    for system in systems.values():
        own = found.filter(
            area_system=system.area_system, area_version=system.current.version
        ).filter(pl.col("level_rank") == pl.col("level_rank").min())
        shapes += [rings(outline) for outline in own["geometry"]]
    return shapes


def _inside(points: list[tuple[object, object]], outlines: list[list[Corners]]) -> list[bool]:
    """For each point (longitude, latitude) whether any outline holds it; a border point may."""
    places = np.array(points, dtype=float).reshape(-1, 2)
    inside = np.zeros(len(places), dtype=bool)
    for shape in outlines:
        corners = np.concatenate(shape)
        low, high = corners.min(axis=0), corners.max(axis=0)
        near = np.flatnonzero(~inside & ((places >= low) & (places <= high)).all(axis=1))
        if not near.size:
            continue
        x, y = places[near, :1], places[near, 1:]
        odd = np.zeros(len(near), dtype=bool)
        for ring in shape:
            x1, y1 = ring[:-1, 0], ring[:-1, 1]
            x2, y2 = ring[1:, 0], ring[1:, 1]
            crosses = (y1 > y) != (y2 > y)
            with np.errstate(divide="ignore", invalid="ignore"):
                at = (x2 - x1) * (y - y1) / (y2 - y1) + x1
            odd ^= (crosses & (x < at)).sum(axis=1) % 2 == 1
        inside[near] = odd
    return [bool(one) for one in inside]


def _ways(
    folder: Path,
    one: FacilityList,
    table: TravelTimes,
    facilities: set[str],
    register: AreaRegister,
) -> Iterator[dict[str, object]]:
    wanted = {name: getattr(table, name) for name in ("area", "facility", "minutes")}
    wanted |= {name: getattr(table, name) for name in ("point", "people")}
    areas = set(register.of(table.area_system, table.area_version)["area_id"])
    for number, cells in _lines(folder, table, wanted):
        line = f"{table.file!r}, line {number}"
        area, facility = cells[table.area], cells[table.facility]
        if area not in areas:
            raise _Unusable(
                f"{line}: found area {area!r}; {table.area_system} {table.area_version} has none"
            )
        if facility not in facilities:
            raise _Unusable(f"{line}: found facility {facility!r}, which is in no edition")
        minutes = _number(cells[table.minutes], table.decimal)
        people = None if table.people is None else _number(cells[table.people], table.decimal)
        if minutes is None or minutes < 0:
            raise _Unusable(f"{line}: found {cells[table.minutes]!r}; minutes are a number from 0")
        if table.people is not None and (people is None or people < 0):
            raise _Unusable(f"{line}: found {cells[table.people]!r} people; a number from 0")
        yield {
            "facility_list_id": one.id,
            "travel_times_id": table.id,
            "area_id": area,
            "point": "" if table.point is None else cells[table.point],
            "people": people,
            "facility_id": facility,
            "minutes": minutes,
        }
