"""The register of areas: every area of every version, its parents and the crosswalk weights."""

import csv
import gzip
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from orchestration.declarations.areas import AreaFile, AreaSystem, Crosswalk, Events, Version
from orchestration.declarations.outlines import OUTLINE_SCHEMA, BadOutline, land_of, outlines_of
from orchestration.declarations.yaml_lines import Location

AREA_SCHEMA = {
    "area_system": pl.String,
    "area_version": pl.String,
    "area_id": pl.String,
    "name": pl.String,
    "level": pl.String,
    "level_rank": pl.Int64,
    "parent_id": pl.String,
    "is_unassigned": pl.Boolean,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
}
CROSSWALK_SCHEMA = {
    "area_system": pl.String,
    "from_version": pl.String,
    "from_area_id": pl.String,
    "to_version": pl.String,
    "to_area_id": pl.String,
    "level": pl.String,
    "basis": pl.String,
    "is_default": pl.Boolean,
    "weight_raw": pl.Float64,
    "spread": pl.Float64,
    "measured_by_de": pl.String,
    "measured_by_en": pl.String,
}
UNASSIGNED_LEVEL = "nicht_zuzuordnen"


class RegisterError(Exception):
    """Areas that do not fit together; `problems` are (system, location, message)."""

    def __init__(self, problems: list[tuple[str, Location, str]]) -> None:
        super().__init__("; ".join(message for _, _, message in problems))
        self.problems = problems


@dataclass(frozen=True)
class AreaRegister:
    """All areas, raw crosswalk weights and outlines as frames (AREA_SCHEMA, …, OUTLINE_SCHEMA)."""

    areas: pl.DataFrame
    crosswalk: pl.DataFrame
    outlines: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OUTLINE_SCHEMA))

    @classmethod
    def empty(cls) -> "AreaRegister":
        """A register without any area."""
        return cls(pl.DataFrame(schema=AREA_SCHEMA), pl.DataFrame(schema=CROSSWALK_SCHEMA))

    def of(self, system: str, version: str) -> pl.DataFrame:
        """The areas of one version."""
        return self.areas.filter(area_system=system, area_version=version)


def unassigned_id(parent_id: str) -> str:
    """The code of the member below `parent_id` that takes rows without a finer area."""
    return f"{parent_id}:nz"


def expand(path: str, base: Path) -> Path:
    """Resolve a declared path: `${NAME}/…` below that environment variable, else below `base`.

    Raises KeyError with the variable's name when it is not set.
    """
    filled = re.sub(r"\$\{(\w+)\}", lambda match: os.environ[match[1]], path)
    return base / filled


def read_register(folder: Path, systems: list[AreaSystem]) -> AreaRegister:
    """Read the areas and crosswalks all systems declare, relative to `folder`.

    Adds, below every area that is not of the finest level, the member for rows without a finer
    area. Raises RegisterError with all problems together.
    """
    problems: list[tuple[str, Location, str]] = []
    areas: list[dict[str, object]] = []
    weights: list[dict[str, object]] = []
    outlines: list[tuple[str, str, str, bytes]] = []
    for system in systems:
        known: dict[str, set[str]] = {}
        for index, version in enumerate(system.versions):
            rows = list(_version(folder, system, version, ("versions", index), problems))
            known[version.version] = {str(row["area_id"]) for row in rows}
            areas += rows
            outlines += _outlines(folder, system, version, ("versions", index), rows, problems)
        weights += _crosswalks(folder, system, known, problems)
    if problems:
        raise RegisterError(problems)
    return AreaRegister(
        pl.DataFrame(areas, schema=AREA_SCHEMA),
        pl.DataFrame(weights, schema=CROSSWALK_SCHEMA),
        pl.DataFrame(outlines, schema=OUTLINE_SCHEMA, orient="row"),
    )


def read_land(folder: Path, file: str) -> list[bytes]:
    """The polygons of a GeoJSON file, relative to `folder`, as WKB; raises BadOutline."""
    try:
        return land_of(_text(folder, file), file)
    except _Unreadable as error:
        raise BadOutline(str(error)) from None


def _outlines(
    folder: Path,
    system: AreaSystem,
    version: Version,
    at: Location,
    rows: list[dict[str, object]],
    problems: list[tuple[str, Location, str]],
) -> Iterator[tuple[str, str, str, bytes]]:
    """The outlines a version declares; areas without one are allowed, unknown ones are not."""
    for index, part in enumerate(version.areas):
        if part.geometry is None:
            continue
        known = {row["area_id"] for row in rows if row["level"] == part.level}
        file, here = part.geometry.file, (*at, "areas", index, "geometry")
        try:
            found = dict(outlines_of(_text(folder, file), file, part.geometry.id, part.level))
        except (_Unreadable, BadOutline) as error:
            problems.append((system.area_system, (*here, "file"), str(error)))
            continue
        strange = sorted(found.keys() - known)
        if strange:
            shown = ", ".join(map(repr, strange[:5]))
            said = f"{file!r} has outlines of no such area of level {part.level!r}: {shown}"
            problems.append((system.area_system, here, said))
        for area_id in sorted(found):
            yield system.area_system, version.version, area_id, found[area_id]


def _version(
    folder: Path,
    system: AreaSystem,
    version: Version,
    at: Location,
    problems: list[tuple[str, Location, str]],
) -> Iterator[dict[str, object]]:
    ranks = {level.id: rank for rank, level in enumerate(system.levels)}
    rows: dict[str, dict[str, object]] = {}
    for index, part in enumerate(version.areas):
        here: Location = (*at, "areas", index)
        if part.level not in ranks:
            problems.append(
                (system.area_system, (*here, "level"), f"found {part.level!r}; {_one_of(ranks)}")
            )
            continue
        try:
            members = list(_members(folder, part))
        except _Unreadable as error:
            problems.append((system.area_system, (*here, "file"), str(error)))
            continue
        dates = {one.id: one for one in part.validity}
        problems += [
            (system.area_system, (*here, "validity"), f"{unknown!r} is none of these areas")
            for unknown in sorted(dates.keys() - {area_id for area_id, _, _ in members})
        ]
        for area_id, name, lies_in in members:
            if area_id in rows:
                problems.append((system.area_system, here, f"area {area_id!r} stands twice"))
            own = dates.get(area_id)
            rows[area_id] = {
                "area_system": system.area_system,
                "area_version": version.version,
                "area_id": area_id,
                "name": name,
                "level": part.level,
                "level_rank": ranks[part.level],
                "parent_id": lies_in,
                "is_unassigned": False,
                "valid_from": (own and own.valid_from) or version.valid_from,
                "valid_to": (own and own.valid_to) or version.valid_to,
            }
    yield from rows.values()
    top = len(system.levels) - 1
    for row in rows.values():
        rank, parent = row["level_rank"], row["parent_id"]
        if rank != top and parent not in rows:
            problems.append(
                (
                    system.area_system,
                    at,
                    f"area {row['area_id']!r} lies in {parent!r}: no such area",
                )
            )
        elif rank != top and rows[str(parent)]["level_rank"] <= rank:  # type: ignore[operator]
            problems.append(
                (
                    system.area_system,
                    at,
                    f"area {row['area_id']!r} lies in {parent!r}, which is finer",
                )
            )
        if rank != 0:
            yield {
                **row,
                "area_id": unassigned_id(str(row["area_id"])),
                "name": f"{row['name']}, {system.unassigned.de}",
                "level": UNASSIGNED_LEVEL,
                "parent_id": row["area_id"],
                "is_unassigned": True,
            }


class _Unreadable(Exception):
    pass


def _text(folder: Path, file: str) -> str:
    try:
        path = expand(file, folder)
    except KeyError as error:
        raise _Unreadable(
            f"{file!r} needs the environment variable {error.args[0]}; "
            f"set it to the folder that holds the raw files"
        ) from None
    if not path.is_file():
        raise _Unreadable(f"{file!r} does not exist (looked for {path})")
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"{file!r} is not UTF-8 at byte {error.start}") from None


def _read_rows(folder: Path, file: str, delimiter: str) -> list[dict[str, str]]:
    text = _text(folder, file)
    if text.lstrip().startswith("{"):
        return [
            {key: "" if value is None else str(value) for key, value in one["properties"].items()}
            for one in json.loads(text)["features"]
        ]
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def _members(folder: Path, part: AreaFile) -> Iterator[tuple[str, str, str | None]]:
    for member in part.members:
        parent = member.parent or part.parent_is
        if parent is None and part.parent_prefix:
            parent = member.id[: part.parent_prefix]
        yield member.id, member.name, parent
    if part.file is None:
        return
    rows = _read_rows(folder, part.file, part.delimiter)
    needed = [part.id, part.name] + ([part.parent] if part.parent else [])
    for column in needed:
        if rows and column not in rows[0]:
            raise _Unreadable(
                f"{part.file!r} has no column {column!r}; it has {', '.join(map(repr, rows[0]))}"
            )
    level_of = "level" if rows and "level" in rows[0] else None
    seen: set[str] = set()
    for row in rows:
        if level_of and row[level_of] != part.level:
            continue
        area_id = row[part.id][: part.prefix]
        if area_id in seen and part.prefix:
            continue
        seen.add(area_id)
        parent = row[part.parent] if part.parent else part.parent_is
        if part.parent_prefix:
            parent = area_id[: part.parent_prefix]
        yield area_id, row[part.name], parent or None


Shares = dict[tuple[str, str], float]


def _crosswalks(
    folder: Path,
    system: AreaSystem,
    known: dict[str, set[str]],
    problems: list[tuple[str, Location, str]],
) -> list[dict[str, object]]:
    name = system.area_system
    rows: list[dict[str, object]] = []
    by_basis: dict[tuple[str, str, str], dict[str, Shares]] = {}
    for index, crosswalk in enumerate(system.crosswalks):
        at: Location = ("crosswalks", index)
        wrong = _unfit(system, crosswalk, known)
        pair = (crosswalk.from_version, crosswalk.to_version, crosswalk.level)
        others = by_basis.setdefault(pair, {})
        if crosswalk.basis in others:
            wrong = f"a second crosswalk of basis {crosswalk.basis!r} between the same versions"
        elif crosswalk.prior is not None and crosswalk.prior not in others:
            wrong = f"prior {crosswalk.prior!r}: declare that crosswalk above this one"
        if wrong is not None:
            problems.append((name, at, wrong))
            continue
        try:
            shares = _shares(folder, crosswalk, others)
        except _Unreadable as error:
            problems.append((name, at, str(error)))
            others[crosswalk.basis] = {}
            continue
        for side, version in enumerate(pair[:2]):
            strange = {codes[side] for codes in shares} - known[version]
            if strange:
                shown = ", ".join(sorted(strange)[:5])
                problems.append((name, at, f"unknown areas of version {version!r}: {shown}"))
        stated = crosswalk.error
        rows += [
            {
                "area_system": name,
                "from_version": crosswalk.from_version,
                "from_area_id": old,
                "to_version": crosswalk.to_version,
                "to_area_id": new,
                "level": crosswalk.level,
                "basis": crosswalk.basis,
                "is_default": not others,
                "weight_raw": share,
                "spread": stated and stated.spread,
                "measured_by_de": stated and stated.measured_by.de,
                "measured_by_en": stated and stated.measured_by.english,
            }
            for (old, new), share in shares.items()
        ]
        others[crosswalk.basis] = shares
    return rows


def _unfit(system: AreaSystem, crosswalk: Crosswalk, known: dict[str, set[str]]) -> str | None:
    for version in (crosswalk.from_version, crosswalk.to_version):
        if version not in known:
            return f"found version {version!r}; {_one_of(known)}"
    levels = {level.id for level in system.levels}
    for level in (crosswalk.level, *crosswalk.unchanged):
        if level not in levels:
            return f"found level {level!r}; {_one_of(levels)}"
    return None


def _shares(folder: Path, crosswalk: Crosswalk, others: dict[str, Shares]) -> Shares:
    """The raw weight of each pair of an older and a newer area, in a fixed order."""
    if crosswalk.events is not None:
        counts = count_events(folder, crosswalk.events)
        prior = _normalised(others[crosswalk.prior]) if crosswalk.prior is not None else {}
        together = {pair: float(counts.get(pair, 0)) for pair in sorted({*counts, *prior})}
        return _normalised({pair: n + prior.get(pair, 0.0) for pair, n in together.items()})
    file = str(crosswalk.file)
    column = crosswalk.count_column or crosswalk.weight_column
    try:
        shares = [
            ((row[crosswalk.from_column], row[crosswalk.to_column]), float(row[column] or ""))
            for row in _read_rows(folder, file, crosswalk.delimiter)
        ]
    except KeyError as error:
        raise _Unreadable(f"{file!r} has no column {error.args[0]!r}") from None
    except ValueError as error:
        raise _Unreadable(f"{file!r}: {error}") from None
    twice = [pair for pair, times in Counter(pair for pair, _ in shares).items() if times > 1]
    if twice:
        old, new = twice[0]
        raise _Unreadable(f"{file!r} has the pair {old!r}, {new!r} twice")
    return dict(shares) if crosswalk.count_column is None else _normalised(dict(shares))


def _normalised(weights: Shares) -> Shares:
    """Make the weights of each older area sum to 1; pairs without any weight are left out."""
    totals: dict[str, float] = {}
    for (old, _), weight in weights.items():
        totals[old] = totals.get(old, 0.0) + weight
    return {
        (old, new): weight / totals[old] for (old, new), weight in weights.items() if weight > 0
    }


def count_events(folder: Path, events: Events) -> dict[tuple[str, str], int]:
    """How many events lie in each pair of an older and a newer area.

    Rows that lack one of the two codes are left out: they say nothing about the pair.
    """
    counts: dict[tuple[str, str], int] = {}
    for file in events.files:
        rows = _read_rows(folder, file, events.delimiter)
        for column in (events.from_column, events.to_column):
            if rows and column not in rows[0]:
                raise _Unreadable(
                    f"{file!r} has no column {column!r}; it has {', '.join(map(repr, rows[0]))}"
                )
        for row in rows:
            old, new = (row[events.from_column] or ""), (row[events.to_column] or "")
            if old and new:
                pair = (old.zfill(events.pad), new.zfill(events.pad))
                counts[pair] = counts.get(pair, 0) + 1
    return counts


def _one_of(names: object) -> str:
    return f"declared are {', '.join(map(repr, sorted(names)))}"  # type: ignore[call-overload]
