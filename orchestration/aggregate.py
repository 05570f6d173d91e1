"""Runs a contract inside a department and gives out counts only, so that case rows never travel."""

import csv
import fnmatch
import glob
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from orchestration.declarations.register import UNASSIGNED_LEVEL
from orchestration.declarations.sources import Layout, Source
from orchestration.declarations.tree import Declarations
from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.ingest.lake import Delivery
from orchestration.masking import masked
from orchestration.place import Place

AREA, PERIOD, MEASURE, VALUE, KNOWN = "Gebiet", "Zeitraum", "Messgröße", "Wert", "Stand"
_SYMBOLS = {"suppressed": "geschützt", "missing": "fehlt", "not_collected": "nicht erhoben"}
_SMALL = 5


class AggregateError(ValueError):
    """The file gives no counts; the message says why, without contents of protected files."""


@dataclass(frozen=True)
class Aggregated:
    """What was written, and what the sender has to know before it leaves the house.

    `small` are cells with a count from 1 to 4, `limited` those of periods only partly covered or
    otherwise not certain, which stand in parentheses. `entry` has its reasons and notes masked.
    """

    counts: Path
    contract: Path
    cells: int
    small: int
    limited: int
    entry: Delivery


def aggregate(declarations: Declarations, source_id: str, file: Path, out: Path) -> Aggregated:
    """Read one file by its contract and write its counts and a contract that reads them.

    The file is read in a temporary folder that only this account may open and that is gone
    afterwards. `out` holds one row per measure, area, period and group; `out` with the ending
    `.contract.yml` is the contract for the receiving side. Raises AggregateError.
    """
    source = declarations.sources.get(source_id)
    if source is None:
        known = ", ".join(sorted(declarations.sources))
        raise AggregateError(f"there is no source {source_id!r}; declared are {known}")
    if not file.is_file():
        raise AggregateError(f"{file} is no file")
    if out.resolve() == file.resolve():
        raise AggregateError(f"{out} is the file itself; give the counts another name")
    here = source.model_copy(update={"layouts": _layouts(source, file)})
    with tempfile.TemporaryDirectory(prefix="wirkraum-") as folder:
        place = Place(Path(folder))
        inbox = place.inbox / source.id
        inbox.mkdir(parents=True)
        shutil.copy2(file, inbox / file.name)
        (entry,) = take_in(declarations, here, place).new
        observations = lake.observations(place, entry).collect()
    reasons, notes = masked(source, entry.reasons, entry.notes)
    entry = Delivery(**{**vars(entry), "reasons": reasons, "notes": notes})
    if entry.state == "rejected" or not observations.height:
        said = "; ".join([*(reason for reason, _, _ in reasons), *notes]) or "it holds no rows"
        raise AggregateError(f"{file.name} gives no counts: {said}")
    layout = next(one for one in here.layouts if one.name == entry.layout)
    _write_counts(observations, entry, out)
    contract = out.with_name(f"{out.stem}.contract.yml")
    _write_contract(declarations, source, layout, observations, out, contract)
    value = observations["value"].abs()
    return Aggregated(
        counts=out,
        contract=contract,
        cells=observations.height,
        small=int(((value > 0) & (value < _SMALL)).sum()),
        limited=observations.filter(pl.col("status").is_in(["provisional", "estimated"])).height,
        entry=entry,
    )


def _layouts(source: Source, file: Path) -> list[Layout]:
    """The layouts that take a file of this name, pointed at it alone."""
    patterns = {
        layout.name: [Path(pattern).name for pattern in layout.files]
        for layout in source.layouts
        if layout.database is None
    }
    fitting = [
        layout.model_copy(update={"files": [glob.escape(file.name)]})
        for layout in source.layouts
        if any(fnmatch.fnmatchcase(file.name, one) for one in patterns.get(layout.name, []))
    ]
    if not fitting:
        known = ", ".join(sorted({one for names in patterns.values() for one in names})) or "none"
        raise AggregateError(f"no layout of {source.id} takes a file {file.name!r}; names: {known}")
    return fitting


def _dimensions(observations: pl.DataFrame) -> list[str]:
    groups = observations["group_id"].unique().to_list()
    parts = [part for group in groups if group != "all" for part in group.split("|")]
    return sorted({part.split("=", 1)[0] for part in parts})


def _write_counts(observations: pl.DataFrame, entry: Delivery, out: Path) -> None:
    dimensions = _dimensions(observations)
    ordered = observations.sort("measure_id", "period_start", "area_id", "group_id")
    with lake.replacing(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as to:
        writer = csv.writer(to, lineterminator="\n")
        writer.writerow([MEASURE, AREA, PERIOD, *dimensions, VALUE, KNOWN])
        for row in ordered.iter_rows(named=True):
            group = {} if row["group_id"] == "all" else dict(
                part.split("=", 1) for part in row["group_id"].split("|")
            )  # fmt: skip
            codes = [group.get(name, "") for name in dimensions]
            cell = _cell(row["value"], row["status"])
            where = (row["measure_id"], row["area_id"], row["period_start"].isoformat())
            writer.writerow([*where, *codes, cell, entry.as_of.isoformat()])


def _cell(value: float | None, status: str) -> str:
    if value is None:
        return _SYMBOLS[status]
    text = str(int(value)) if value == int(value) else repr(value)
    return f"({text})" if status in ("provisional", "estimated") else text


def _write_contract(
    declarations: Declarations,
    source: Source,
    layout: Layout,
    observations: pl.DataFrame,
    out: Path,
    contract: Path,
) -> None:
    delivered = observations["measure_id"].unique().to_list()
    reading: dict[str, Any] = {
        "name": "counts",
        "files": [f"{out.stem}*{out.suffix}"],
        "format": {"type": "csv", "delimiter": ",", "decimal": "."},
        "as_of": {"cell": {"column": KNOWN, "row": 1}},
        "area": _area(declarations, layout, observations),
        "period": {"columns": PERIOD, "grain": layout.period.grain},
        "groups": [
            {"dimension": name, "column": name, "map": {"": ""}}
            for name in _dimensions(observations)
        ],
        "values": [
            {"measure": one.id, "column": VALUE, "where": {MEASURE: [one.id]}}
            for one in source.measures
            if one.id in delivered
        ],
        "symbols": {
            _SYMBOLS["suppressed"]: "secret",
            _SYMBOLS["missing"]: "missing",
            _SYMBOLS["not_collected"]: "blocked",
        },
        "ignore": [KNOWN],
    }
    text = source.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text["layouts"] = [reading]
    Source.model_validate(text)
    body = yaml.safe_dump(text, allow_unicode=True, sort_keys=False, width=100)
    with lake.replacing(contract) as temporary:
        temporary.write_text(_HEAD.format(id=source.id) + body, encoding="utf-8")


_HEAD = """\
# Liest Zählungen, die im Fachbereich mit `wirkraum aggregate` entstanden; beim Empfänger als
# sources/{id}.yml ablegen. Kleine Zählungen sind noch nicht geschützt: nur geschützt versenden.
# Reads counts made inside the department by `wirkraum aggregate`; the receiving side keeps it as
# sources/{id}.yml. Small counts are not yet protected: send them over a protected way only.
"""


def _area(declarations: Declarations, layout: Layout, observations: pl.DataFrame) -> dict[str, Any]:
    """The area column of the counts: full codes, with a rule for each other level that occurs."""
    area = layout.area
    register = declarations.register.areas.filter(area_system=area.system)
    levels = dict(
        observations.select("area_version", "area_id")
        .unique()
        .join(register, on=["area_version", "area_id"])
        .select("area_id", "level")
        .sort("level", "area_id")
        .iter_rows()
    )
    rules: list[dict[str, Any]] = []
    if UNASSIGNED_LEVEL in levels.values():
        rules.append({"pattern": "(.+):nz", "unassigned": True})
    for level in sorted(set(levels.values()) - {area.level, UNASSIGNED_LEVEL}):
        codes = sorted(register.filter(level=level)["area_id"].unique())
        rules.append({"pattern": "|".join(map(_literal, codes)), "level": level})
    found: dict[str, Any] = {
        "column": AREA,
        "system": area.system,
        "version": area.version,
        "level": area.level,
        "rules": rules,
    }
    if area.earlier:
        found["earlier"] = [one.model_dump(mode="json") for one in area.earlier]
    return found


def _literal(code: str) -> str:
    return "".join(sign if sign.isalnum() else f"\\{sign}" for sign in code)
