"""The unit tests of the dbt project, against a warehouse that has every table and no rows."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.declarations import read_declarations
from orchestration.ingest import lake
from orchestration.place import Place
from tests.city.cities import REPO

pytestmark = [pytest.mark.city, pytest.mark.slow]


def _create_sources(place: Place, sources: list[dict[str, str]]) -> None:
    """Create each source as an empty table: unit tests take the columns from there."""
    files = {path.stem: path for path in place.inputs.glob("*.parquet")}
    files["observation"] = place.lake / "observations" / "_schema" / "empty.parquet"
    with duckdb.connect(str(place.warehouse)) as connection:
        for schema in {one["schema"] for one in sources}:
            connection.execute(f"create schema {schema}")
        for one in sources:
            empty = connection.from_parquet(str(files[one["name"]])).limit(0)
            empty.create(f"{one['schema']}.{one['name']}")


def _failures(results: list[warehouse.NodeResult], wanted: str) -> str:
    """Each model or test that did not end as wanted, with what dbt says or the rows that differ."""
    return "\n\n".join(f"{one.unique_id}\n{one.message}" for one in results if one.status != wanted)


def test_unit_tests_of_the_models_pass(tmp_path: Path) -> None:
    place = Place(tmp_path / "musterstadt")
    lake.prepare(place)
    warehouse.write_inputs(read_declarations(REPO / "examples" / "musterstadt"), place)
    folder = warehouse.copy_project(place)
    models = list(warehouse._invoke(place, ["run", "--empty"]))
    failures = _failures(models, "success")
    assert not failures, failures
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    _create_sources(place, list(manifest["sources"].values()))

    results = list(warehouse._invoke(place, ["test", "--select", "test_type:unit"]))

    failures = _failures(results, "pass")
    assert not failures, failures
    assert {one.unique_id for one in results} == set(manifest["unit_tests"])
    assert results
