"""Which measures and indicators a new delivery or a changed declaration touches.

Each measure and each indicator has a fingerprint of all it is computed from. Those of the last
build lie beside the warehouse; what differs is computed anew, and what follows from it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import polars as pl

from orchestration.computed import COMPUTED
from orchestration.declarations.city_models import CityModel, read_models
from orchestration.ingest import lake
from orchestration.place import Place

# What is followed row by row, and what no incremental model reads. Where any other table changes,
# such as that of areas, everything is computed anew.
_OF_MEASURES = ("correction", "measure_asked", "measure_break")
READ_AS_A_WHOLE = (
    *("department", "source", "group", "goal", "goal_area", "conflict", "conflict_side"),
    *("service", "service_cost", "service_indicator", "programme", "programme_indicator"),
    *("target_group", "reach", "reach_area", "reach_dimension", "reach_term", "contribution"),
    *("voice", "dialogue", "dialogue_change", "dialogue_indicator", "facility"),
    *("reference_set", "reference_context", "reference_indicator"),
    *("scenario", "scenario_assumption", "quarantine", "check_result", "release"),
    *COMPUTED,
)
_COMPUTED_FROM = ("indicator_derived", "indicator_component", "indicator_read")


@dataclass(frozen=True)
class Touched:
    """What has to be computed anew, by id.

    `indicators_needed` are also those from which touched ones are computed, and `measures_needed`
    all measures behind these.
    """

    measures: list[str]
    indicators: list[str]
    indicators_needed: list[str]
    measures_needed: list[str]


@dataclass(frozen=True)
class Fingerprints:
    """What everything rests on (`whole`), and every measure and indicator by its id."""

    whole: str
    measures: dict[str, str]
    indicators: dict[str, str]


def fingerprints(place: Place, project: str) -> Fingerprints:
    """Fingerprints of what is known now; reads what was handed over to the warehouse."""
    tables = {path.stem: pl.read_parquet(path) for path in sorted(place.inputs.glob("*.parquet"))}
    of_indicators = {
        name: frame
        for name, frame in tables.items()
        if name == "access_reach" or (name.startswith("indicator") and "indicator_id" in frame)
    }
    sql = {one.name: one.sql for one in read_models(place.folder) if isinstance(one, CityModel)}
    of_indicators["indicator_read"] = tables["indicator_read"].with_columns(
        sql=pl.col("model_id").replace_strict(sql, default=None, return_dtype=pl.String)
    )
    of_measures = {name: tables[name] for name in _OF_MEASURES}
    followed = {"measure", "delivery", *READ_AS_A_WHOLE, *of_measures, *of_indicators}
    rest = [(name, _rows(frame)) for name, frame in tables.items() if name not in followed]
    whole = _digest([project, place.as_of, rest])
    delivered: dict[str, list[str]] = {}
    for entry in lake.ledger(place):
        told = f"{entry.delivery_id} {entry.fingerprint} {entry.state} {entry.as_of}"
        delivered.setdefault(entry.source_id, []).append(told)
    noted = _by("measure_id", of_measures)
    measures = {
        row["measure_id"]: _digest(
            [row, delivered.get(row["source_id"]), noted.get(row["measure_id"])]
        )
        for row in tables["measure"].iter_rows(named=True)
    }
    own = _by("indicator_id", of_indicators)
    behind = _pairs(tables["indicator_measure"], "measure_id")
    others = computed_from(tables)
    indicators = {
        one: _digest(
            [
                [own.get(other) for other in _with_all_before([one], others)],
                [(measure, measures.get(measure)) for measure in sorted(behind.get(one, ()))],
            ]
        )
        for one in tables["indicator"]["indicator_id"]
    }
    return Fingerprints(whole, measures, indicators)


def touched(place: Place, now: Fingerprints) -> Touched | None:
    """What differs from the last build; None where everything has to be built.

    What is gone is touched too, so that its rows go.
    """
    path = place.fingerprints
    if place.as_of is not None or not path.exists() or not place.warehouse.exists():
        return None
    last = Fingerprints(**json.loads(path.read_text(encoding="utf-8")))
    if last.whole != now.whole:
        return None
    tables = {
        name: pl.read_parquet(place.inputs / f"{name}.parquet")
        for name in (*_COMPUTED_FROM, "indicator_measure")
    }
    indicators = _differing(last.indicators, now.indicators)
    needed = _with_all_before(indicators, computed_from(tables))
    behind = _pairs(tables["indicator_measure"], "measure_id")
    measures = _differing(last.measures, now.measures)
    return Touched(
        measures,
        indicators,
        needed,
        sorted({*measures, *(measure for one in needed for measure in behind.get(one, ()))}),
    )


def as_text(found: Touched | None) -> str:
    """As the dbt project reads it; empty where everything is built."""
    return "" if found is None else json.dumps(asdict(found))


def remember(place: Place, now: Fingerprints) -> None:
    """Note what the warehouse has been built from."""
    with lake.replacing(place.fingerprints) as temporary:
        temporary.write_text(json.dumps(asdict(now), indent=1), encoding="utf-8")


def computed_from(tables: Mapping[str, pl.DataFrame]) -> dict[str, set[str]]:
    """The indicators from which an indicator is computed directly, by its id."""
    found: dict[str, set[str]] = {}
    read = tables["indicator_read"].filter(kind="indicator")
    for frame, name in (
        (tables["indicator_derived"], "of_indicator_id"),
        (tables["indicator_component"], "part_id"),
        (read, "read_id"),
    ):
        for one, others in _pairs(frame, name).items():
            found.setdefault(one, set()).update(others)
    return found


def _with_all_before(ids: Iterable[str], others: Mapping[str, set[str]]) -> list[str]:
    """These and all they are computed from, in a fixed order."""
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += others.get(one, ())
    return sorted(found)


def _differing(last: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(one for one in {*last, *now} if last.get(one) != now.get(one))


def _pairs(frame: pl.DataFrame, name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, other in frame.select("indicator_id", name).iter_rows():
        found.setdefault(one, set()).add(other)
    return found


def _by(key: str, tables: Mapping[str, pl.DataFrame]) -> dict[str, list[str]]:
    """The rows of several tables as texts, by an id they share."""
    found: dict[str, list[str]] = {}
    for name, frame in sorted(tables.items()):
        for row in frame.iter_rows(named=True):
            found.setdefault(row[key], []).append(f"{name} {row}")
    return {one: sorted(rows) for one, rows in found.items()}


def _rows(frame: pl.DataFrame) -> list[str]:
    return sorted(map(str, frame.iter_rows()))


def _digest(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()
