"""The unit tests of the dbt project, against a warehouse that has every table and no rows."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.declarations import read_declarations
from orchestration.ingest import lake
from orchestration.place import Place
from orchestration.touched import READ_AS_A_WHOLE
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


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A warehouse with every model and no rows."""
    place = Place(tmp_path_factory.mktemp("units") / "musterstadt")
    lake.prepare(place)
    warehouse.write_inputs(read_declarations(REPO / "examples" / "musterstadt"), place)
    warehouse.create_code_types(place)
    warehouse.copy_project(place)
    models = list(warehouse._invoke(place, ["run", "--empty"]))
    failures = _failures(models, "success")
    assert not failures, failures
    return place


def test_unit_tests_of_the_models_pass(place: Place) -> None:
    manifest = json.loads((place.dbt / "target" / "manifest.json").read_text(encoding="utf-8"))
    _create_sources(place, list(manifest["sources"].values()))

    results = list(warehouse._invoke(place, ["test", "--select", "test_type:unit"]))

    failures = _failures(results, "pass")
    assert not failures, failures
    assert {one.unique_id for one in results} == set(manifest["unit_tests"])
    assert results


def test_what_no_incremental_model_reads_is_read_as_a_whole(place: Place) -> None:
    """Else a changed word in one of these would have everything computed anew, or nothing."""
    manifest = json.loads((place.dbt / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = {key: one for key, one in manifest["nodes"].items() if key.startswith("model.")}
    read = [key for key, one in models.items() if one["config"]["materialized"] == "incremental"]
    for key in read:
        parents = models[key]["depends_on"]["nodes"] if key in models else []
        read += [one for one in parents if one not in read]
    tables = {key: one["name"] for key, one in manifest["sources"].items()}
    whole = {name for key, name in tables.items() if key not in read}
    assert set(READ_AS_A_WHOLE) == {one for one in whole if not one.startswith("indicator")}


def test_docs_are_generated_and_know_every_column(place: Place) -> None:
    """One page, as `wirkraum docs` writes it."""
    written = warehouse.document(place)

    target = place.dbt / "target"
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    catalog = json.loads((target / "catalog.json").read_text(encoding="utf-8"))
    models = {key: one for key, one in manifest["nodes"].items() if key.startswith("model.")}
    assert models
    assert set(models) <= set(catalog["nodes"])
    unknown = {
        key: sorted(set(catalog["nodes"][key]["columns"]) ^ set(one["columns"]))
        for key, one in models.items()
        if set(catalog["nodes"][key]["columns"]) != set(one["columns"])
    }
    assert unknown == {}
    page = written.read_text(encoding="utf-8")
    assert models["model.wirkraum.indicator_value"]["description"][:40] in page


def test_docs_need_a_warehouse(tmp_path: Path) -> None:
    with pytest.raises(warehouse.WarehouseError, match="is not there; `wirkraum run` builds it"):
        warehouse.document(Place(tmp_path))
