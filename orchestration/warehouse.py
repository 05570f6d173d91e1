"""The warehouse: hands dbt its inputs and runs one stage of the one dbt project in this process."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import duckdb
import polars as pl

from exports.vocabulary import AREA, STATUS_WORDS
from orchestration.access import reach
from orchestration.batches import as_text as batches_as_text
from orchestration.batches import batches
from orchestration.checks import check_table
from orchestration.computed import schemas
from orchestration.declarations.city_models import CODE_TYPES, CityModel, contract, read_models
from orchestration.declarations.sources import Grain
from orchestration.declarations.tables import declared_tables
from orchestration.declarations.tree import Declarations, read_declarations
from orchestration.ingest import lake
from orchestration.place import Place
from orchestration.touched import as_text, fingerprints, remember, touched

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

STAGES = ("base", "outlook", "review")
RELEASE_SCHEMA = {
    "release_id": pl.String,
    "audience": pl.String,
    "as_of": pl.Date,
    "content_hash": pl.String,
}


class WarehouseError(Exception):
    """A model or a test of the warehouse failed; the message names each and why."""


@dataclass(frozen=True)
class NodeResult:
    """What dbt says of one model or test."""

    unique_id: str
    kind: str
    status: str
    message: str
    seconds: float


@cache
def project_folder() -> Path:
    """The dbt project: beside the packages in a clone, inside this package in a wheel."""
    here = Path(__file__).parent
    for folder in (here / "dbt_project", here.parent / "dbt_project"):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise FileNotFoundError("the dbt project is missing; reinstall wirkraum")


def write_inputs(declarations: Declarations, place: Place) -> None:
    """Write what dbt reads besides the lake, and typed empty results of steps that come later."""
    tables = declared_tables(declarations)
    tables["unchanged_level"] = pl.DataFrame(
        list(
            dict.fromkeys(
                (system.area_system, crosswalk.from_version, crosswalk.to_version, level)
                for system in declarations.area_systems.values()
                for crosswalk in system.crosswalks
                for level in crosswalk.unchanged
            )
        ),
        schema=dict.fromkeys(("area_system", "from_version", "to_version", "level"), pl.String),
        orient="row",
    )
    tables["access_reach"] = reach(declarations, place)
    known = lake.ledger(place)
    tables["delivery"] = lake.delivery_table(known)
    tables["quarantine"] = lake.quarantine_table(known)
    tables["check_result"] = check_table(place, known)
    tables["release"] = _released(place)
    for name, frame in tables.items():
        lake.write_parquet(frame, place.inputs / f"{name}.parquet")
    for name, schema in schemas().items():
        path = place.inputs / f"{name}.parquet"
        if not path.exists():
            lake.write_parquet(pl.DataFrame(schema=schema), path)


def _released(place: Place) -> pl.DataFrame:
    from exports.release import list_releases

    rows = list_releases(place.release_ledger) if place.release_ledger.exists() else []
    return pl.DataFrame(
        [{name: row[name] for name in RELEASE_SCHEMA} for row in rows],
        schema=RELEASE_SCHEMA | {"as_of": pl.String},
    ).with_columns(pl.col("as_of").str.to_date())


def begin(place: Place) -> bool:
    """Mark the warehouse dirty, and write down what has to be computed anew.

    Throws away a warehouse that an earlier run left dirty, or of which nothing can stay. Returns
    True when a leftover had to be thrown away.
    """
    place.build.mkdir(parents=True, exist_ok=True)
    leftover = place.dirty.exists()
    found = None if leftover else touched(place, fingerprints(place, project_fingerprint()))
    place.touched.write_text(as_text(found), encoding="utf-8")
    place.batches.write_text(batches_as_text(batches(place, found)), encoding="utf-8")
    if found is None:
        place.fingerprints.unlink(missing_ok=True)
        for path in (place.warehouse, place.warehouse.with_name(place.warehouse.name + ".wal")):
            path.unlink(missing_ok=True)
        create_code_types(place, _codes(place))
    place.dirty.write_text("a run is writing the warehouse, or died while it did\n")
    return leftover


def _codes(place: Place) -> dict[str, list[str]]:
    areas = pl.read_parquet(place.inputs / "area.parquet")
    return {
        name: sorted(areas[name].unique()) for name in ("area_system", "area_version", "area_id")
    } | {
        "grain": sorted(get_args(Grain)),
        "status": sorted(STATUS_WORDS),
        "origin": ["absent", "carried", "delivered", "summed", "unchanged"],
    }


def create_code_types(place: Place, values: dict[str, list[str]] | None = None) -> None:
    """Create the types that codes have in staging and core (dbt_project/macros/codes.sql).

    `values` gives the texts of each type in the order in which they sort; without it the types take
    any text, which is slow but suits models that are tried on rows made up.
    """
    with duckdb.connect(str(place.warehouse)) as connection:
        for name in CODE_TYPES:
            listed = "varchar"
            if values is not None:
                quoted = (one.replace("'", "''") for one in values[name])
                listed = "enum (" + ", ".join(f"'{one}'" for one in quoted) + ")"
            connection.execute(f"create type {name} as {listed}")


def finish(place: Place) -> None:
    """The warehouse is whole again, and built from what was handed over to it."""
    remember(place, fingerprints(place, project_fingerprint()))
    (place.build / "published.json").write_text(json.dumps(_identity(place)), encoding="utf-8")
    place.dirty.unlink(missing_ok=True)


def changed_marts(place: Place) -> dict[str, list[str]] | None:
    """The marts of which only the rows of some indicators were made anew, with these.

    None where all were, or where the published file is not what the build before this one made,
    such as after a rollback.
    """
    stamp = place.build / "published.json"
    text = _read(place.touched)
    if not text or not stamp.exists() or json.loads(stamp.read_text("utf-8")) != _identity(place):
        return None
    nodes = json.loads((place.dbt / "target" / "manifest.json").read_text("utf-8"))["nodes"]
    return {
        node["name"]: json.loads(text)["indicators"]
        for node in nodes.values()
        if node["resource_type"] == "model"
        and node["schema"] == "marts"
        and node["config"]["materialized"] == "incremental"
    }


def _identity(place: Place) -> list[int]:
    """Tells one published file from every other."""
    path = place.published_warehouse
    if not path.exists():
        return []
    known = path.stat()
    return [known.st_ino, known.st_size, known.st_mtime_ns]


def copy_project(place: Place) -> Path:
    """Copy the dbt project to where it runs, so that nothing is written into the installation."""
    source, target = project_folder(), place.dbt
    for old in (target / "models", target / "macros"):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(
        source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target", "logs")
    )
    for name, text in city_files(place).items():
        path = target / "models" / "core" / "city" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return target


def _city_models(place: Place) -> list[str]:
    return [one.name for one in read_models(place.folder) if isinstance(one, CityModel)]


def city_files(place: Place) -> dict[str, str]:
    """The city's own models and the contracts they are held to, by file name."""
    models = [one for one in read_models(place.folder) if isinstance(one, CityModel)]
    if not models:
        return {}
    indicators = read_declarations(place.folder).indicators.values()
    by_model = {one.formula.model: one for one in indicators}
    files = {}
    for one in models:
        files[f"{one.name}.sql"] = one.sql
        files[f"{one.name}.yml"] = contract(one.name, by_model[one.name])
    return files


def environment(place: Place) -> dict[str, str]:
    """The variables by which the dbt project finds its files."""
    return {
        "WIRKRAUM_LAKE": str(place.lake.resolve()),
        "WIRKRAUM_INPUTS": str(place.inputs.resolve()),
        "WIRKRAUM_WAREHOUSE": str(place.warehouse.resolve()),
        "WIRKRAUM_TOUCHED": _read(place.touched),
        "WIRKRAUM_BATCHES": _read(place.batches),
    }


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def build(place: Place, stage: str) -> list[NodeResult]:
    """Run one stage (`base`, `outlook`, `review`) with its tests.

    Raises WarehouseError when a model or test fails.
    """
    arguments = ["build", "--select", f"tag:{stage}", "--exclude-resource-type", "unit_test"]
    arguments += ["--indirect-selection", "buildable", "--no-write-json"]
    results = list(_invoke(place, arguments, _parsed(manifest_path(place))))
    failed = [one for one in results if one.status in ("error", "fail", "runtime error")]
    if failed:
        if any("Could not convert string" in one.message for one in failed):
            _check_areas(place)
        own = _city_models(place)
        raise WarehouseError("\n".join(_failure(one, own) for one in failed))
    return results


def _check_areas(place: Place) -> None:
    """Raise WarehouseError where rows of the lake are of areas that are declared no longer."""
    known = pl.scan_parquet(place.inputs / "area.parquet").select(AREA)
    delivered = pl.scan_parquet(place.lake / "observations" / "*" / "*.parquet")
    lost = (
        delivered.join(known, on=AREA, how="anti")
        .group_by(*AREA, "source_id")
        .len()
        .sort(pl.all())
        .head(5)
        .collect()
        .rows()
    )
    if lost:
        told = "\n".join(
            f"areas/  {system} {version} has no area {area!r}, but {count} rows that {source} "
            "delivered are of it; declare it again, or take those deliveries back"
            for system, version, area, source, count in lost
        )
        raise WarehouseError(told)


_BROKEN = {
    "unique_together": "two rows have the same indicator, area, period and group; each has one",
    "accepted_values": "a row has another `indicator_id` or `unit` than its indicator",
    "says_why": "a row has no value and no reason in both languages, a value beside a status for "
    "none, a limit on the wrong side of its value, or a number that is none",
    "of_declared_areas": "a row is of an area that nobody declares",
}


def _failure(one: NodeResult, models: list[str]) -> str:
    """What failed; of a city's own model in its own file, with what would be right."""
    plain = f"{one.unique_id}: {one.message.strip()}"
    own = max((name for name in models if name in one.unique_id), key=len, default=None)
    if own is None:
        return plain
    words = next((text for name, text in _BROKEN.items() if f".{name}_" in one.unique_id), None)
    return f"models/{own}.sql:1  {words or 'it cannot be built'} ({plain})"


def manifest_path(place: Place) -> Path:
    """The project's manifest, parsed anew only when the project or dbt has changed."""
    target = place.dbt / "target" / "manifest.json"
    stamp = place.dbt / "target" / "fingerprint"
    own = "".join(f"{name}\n{text}" for name, text in city_files(place).items())
    known = project_fingerprint() + version("dbt-core") + version("dbt-duckdb") + own
    fingerprint = hashlib.sha256(known.encode()).hexdigest()
    if not target.exists() or not stamp.exists() or stamp.read_text() != fingerprint:
        copy_project(place)
        list(_invoke(place, ["parse"]))
        stamp.write_text(fingerprint)
    return target


def _parsed(manifest: Path) -> "Manifest":
    """The manifest as dbt itself keeps it: handed over, dbt parses nothing.

    Left to itself it parses everything anew where an option or a variable differs.
    """
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    kept = manifest.with_name("partial_parse.msgpack").read_bytes()
    return Manifest.from_msgpack(kept, decoder=extended_mashumuro_decoder)


def document(place: Place) -> Path:
    """Write one page that shows what every table and column means and is made from (dbt docs).

    Gives back where it lies. Needs no network. Raises WarehouseError where nothing was built yet.
    """
    if not place.warehouse.is_file():
        raise WarehouseError(f"{place.warehouse} is not there; `wirkraum run` builds it")
    copy_project(place)
    list(_invoke(place, ["docs", "generate", "--static"]))
    (place.dbt / "target" / "static_index.html").replace(place.docs)
    return place.docs


def project_fingerprint() -> str:
    """Changes when any file of the dbt project changes."""
    digest = hashlib.sha256()
    folder = project_folder()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not {"target", "logs"} & set(path.relative_to(folder).parts):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _invoke(
    place: Place, arguments: list[str], manifest: "Manifest | None" = None
) -> Iterator[NodeResult]:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    _silence()
    os.environ.update(environment(place))
    folder = str(place.dbt)
    quiet = ["--quiet", "--no-use-colors", "--log-level", "none", "--log-level-file", "none"]
    variables: dict[str, object] = {}
    if place.as_of is not None:
        variables["as_of"] = place.as_of.isoformat()
    if own := _city_models(place):
        variables["city_models"] = own
    if variables:
        arguments = [*arguments, "--vars", json.dumps(variables)]
    try:
        outcome = dbtRunner(manifest).invoke(
            [*quiet, *arguments, "--project-dir", folder, "--profiles-dir", folder]
        )
    finally:
        # The adapter keeps the file open for as long as the process lives; others have to read it.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None:
        raise WarehouseError(f"dbt {arguments[0]}: {outcome.exception}")
    for one in getattr(outcome.result, "results", None) or []:
        yield NodeResult(
            unique_id=one.node.unique_id,
            kind=str(one.node.resource_type),
            status=str(one.status),
            message=one.message or "",
            seconds=one.execution_time,
        )


def _silence() -> None:
    """Have dbt make none of its thousands of messages: errors are in its results."""
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class Silent(EventManager):
        def fire_event(self, *_event: object, **_options: object) -> None:
            pass

    ctx_set_event_manager(Silent())


def read_table(place: Place, name: str) -> pl.DataFrame:
    """A table of the warehouse under construction, such as `marts.indicator_value`, in order."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        return connection.sql(f"from {name} order by all").pl()
