"""Areas as GeoParquet, read back by DuckDB's spatial extension, which shares no line with us."""

import json
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from examples.musterstadt.generate import FOLDER
from exports.geoparquet import write_areas
from orchestration.declarations import read_declarations
from orchestration.declarations.outlines import outlines_of
from orchestration.declarations.register import AREA_SCHEMA
from tests.unit.declarations.test_outlines import HOLE, SQUARE, collection, feature


@pytest.fixture(scope="module")
def spatial() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with its spatial extension, as installed from the lock."""
    spec = find_spec("duckdb_extension_spatial")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (path,) = Path(spec.submodule_search_locations[0]).rglob("spatial.duckdb_extension")
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{path}'")
        yield connection


def _area(area_id: str, **other: Any) -> dict[str, Any]:
    return {
        "area_system": "raum",
        "area_version": "1",
        "area_id": area_id,
        "name": f"Gebiet {area_id}",
        "level": "bezirk",
        "level_rank": 0,
        "parent_id": "0",
        "is_unassigned": False,
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        **other,
    }


def _write(path: Path, *features: Any) -> None:
    areas = [_area("02"), _area("01"), _area("01:nz", is_unassigned=True), _area("03")]
    outlines = outlines_of(collection(*features), "f", "area_id", "bezirk")
    frame = pl.DataFrame(
        [
            {"area_system": "raum", "area_version": "1", "area_id": area_id, "geometry": outline}
            for area_id, outline in outlines
        ],
        schema_overrides={"geometry": pl.Binary},
    )
    write_areas(pl.DataFrame(areas, schema=AREA_SCHEMA), frame, path)


def test_another_reader_sees_the_same_shapes(
    spatial: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A degree square; one with a triangle of 0.2 * 0.2 / 2 square degrees cut out, and another."""
    moved = [[lon + 5, lat] for lon, lat in SQUARE]
    several = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [moved]]}
    path = tmp_path / "areas.parquet"
    _write(path, feature("02", several), feature("01"))
    (kind,) = spatial.sql(f"SELECT DISTINCT typeof(geometry) FROM '{path}'").fetchall()
    assert kind == ("GEOMETRY('OGC:CRS84')",)
    rows = spatial.sql(
        f"SELECT area_id, round(ST_Area(geometry), 9), ST_XMax(geometry), ST_IsValid(geometry) "
        f"FROM '{path}'"
    ).fetchall()
    assert rows == [
        ("01", 1.0, 11.0, True),
        ("02", 1.98, 16.0, True),
        ("03", None, None, None),
    ]


def test_the_metadata_are_those_of_geoparquet(tmp_path: Path) -> None:
    path = tmp_path / "areas.parquet"
    moved = [[lon + 5, lat] for lon, lat in SQUARE]
    _write(path, feature("01"), feature("02", {"type": "MultiPolygon", "coordinates": [[moved]]}))
    schema = pq.read_schema(path)
    assert json.loads(schema.metadata[b"geo"]) == {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["MultiPolygon", "Polygon"],
                "bbox": [10.0, 50.0, 16.0, 51.0],
            }
        },
    }
    assert str(schema.field("geometry").type) == "binary"
    assert "is_unassigned" not in schema.names


def test_the_same_areas_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    _write(one, feature("01"), feature("02"))
    _write(two, feature("02"), feature("01"))
    assert one.read_bytes() == two.read_bytes()


def test_outlines_of_musterstadt_fit_together(
    spatial: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Districts fill their city area, city areas the city, without gap or overlap."""
    register = read_declarations(FOLDER).register
    path = tmp_path / "areas.parquet"
    write_areas(register.areas, register.outlines, path)
    counted = spatial.sql(
        "SELECT area_version, level, count(*), bool_and(ST_IsValid(geometry)) "
        f"FROM '{path}' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert counted == [
        ("2015", "stadt", 1, True),
        ("2015", "stadtgebiet", 4, True),
        ("2015", "stadtteil", 23, True),
        ("2020", "stadt", 1, True),
        ("2020", "stadtgebiet", 4, True),
        ("2020", "stadtteil", 24, True),
    ]
    gaps = spatial.sql(
        "SELECT above.area_version, above.area_id, ST_Area(any_value(above.geometry)) - "
        "sum(ST_Area(below.geometry)), ST_Area(ST_SymDifference(any_value(above.geometry), "
        f"ST_Union_Agg(below.geometry))) FROM '{path}' AS above JOIN '{path}' AS below "
        "ON below.parent_id = above.area_id AND below.area_version = above.area_version "
        "GROUP BY ALL"
    ).fetchall()
    assert len(gaps) == 10
    for *_, missing, different in gaps:
        assert missing == pytest.approx(0, abs=1e-9)
        assert different == pytest.approx(0, abs=1e-9)
