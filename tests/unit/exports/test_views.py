"""Views for analysts: the latest period, one wide row per area, nothing the marts withhold."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from exports.disclosure import mask_protected
from exports.publish import publish
from tests.unit.exports import frames

KEYS = list(frames.VALUE_SCHEMA)[:7]


def _build(path: Path, values: list[dict[str, Any]], retired: str = "") -> Path:
    """The small city of `frames`, with other values, marks on all of them, maybe one retired."""
    tables = frames.marts()
    tables["indicator_value"] = pl.DataFrame(values, schema=frames.VALUE_SCHEMA)
    tables["indicator_value_mark"] = (
        tables["indicator_value"].select(KEYS).with_columns(marks=pl.lit("M01 hoch"))
    )
    tables["indicator"] = tables["indicator"].with_columns(
        retired_on=pl.when(indicator_id=retired).then(date(2023, 1, 1)).cast(pl.Date)
    )
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA marts")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f'CREATE TABLE marts."{name}" AS SELECT * FROM frame')
            connection.unregister("frame")
    return path


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(sql).fetchall()


VALUES = [
    frames.value("faelle", "01", 2022, 40.0),
    frames.value("faelle", "01", 2023, 44.0),
    frames.value("faelle", "02", 2022, 12.0),
    frames.value("faelle", "02", 2023, 3.0),
    # Nothing is known of 2024 yet, so that 2023 is the latest; a month never replaces a year.
    frames.value("faelle", "01", 2024, None),
    frames.value("faelle", "01", 2024, 5.0, grain="month"),
    frames.value("faelle", "01", 2023, 30.0, group_id="geschlecht=w"),
    frames.value("offen", "01", 2023, 2.0),
    frames.value("offen", "02", 2023, None),
    frames.value("median", "01", 2021, None, None, 2.5),
    frames.value("faelle", "01", 2023, 7.0, area_version="2010"),
]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The small city, published with its protected sources masked."""
    target = tmp_path / "published" / "warehouse.duckdb"
    publish(_build(tmp_path / "build.duckdb", VALUES), target, mask_protected)
    return target


def test_latest_is_the_newest_year_known_on_the_level(published: Path) -> None:
    found = _rows(
        published,
        "SELECT indicator_id, area_name, year(period_start), grain, group_id, value, status "
        "FROM views.latest_value ORDER BY ALL",
    )
    assert found == [
        ("faelle", "Nord", 2023, "year", "all", 44.0, "observed"),
        ("faelle", "Nord", 2023, "year", "geschlecht=w", 30.0, "observed"),
        ("faelle", "Süd", 2023, "year", "all", None, "suppressed"),
        ("median", "Nord", 2021, "year", "all", 2.5, "observed"),
        ("offen", "Nord", 2023, "year", "all", 2.0, "observed"),
        ("offen", "Süd", 2023, "year", "all", None, "missing"),
    ]


def test_a_wide_row_keeps_interval_status_and_marks_beside_the_value(published: Path) -> None:
    found = _rows(
        published,
        "SELECT area_id, area_name, faelle, faelle__low, faelle__high, faelle__status, "
        "faelle__marks, median FROM views.bezirk_bezirk ORDER BY 1",
    )
    assert found == [
        ("01", "Nord", 44.0, 22.0, 66.0, "observed", "M01 hoch", 2.5),
        ("02", "Süd", None, None, None, "suppressed", "M01 hoch", None),
    ]
    names = {name for (name,) in _rows(published, "SELECT view_name FROM duckdb_views()")}
    assert {"latest_value", "bezirk_bezirk"} <= names
    assert "stadt_stadt" not in names


def test_columns_come_from_the_declared_indicators(tmp_path: Path) -> None:
    target = tmp_path / "published" / "warehouse.duckdb"
    publish(_build(tmp_path / "build.duckdb", VALUES, retired="offen"), target)
    asked = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'bezirk_bezirk'"
    columns = [name for (name,) in _rows(target, asked)]
    endings = ("", "__low", "__high", "__status", "__reason", "__marks", "__period_start")
    wanted = [f"{indicator}{ending}" for indicator in ("faelle", "median") for ending in endings]
    assert columns == [
        *("area_system", "area_version", "area_id", "area_name", "parent_id"),
        *wanted,
    ]


def test_views_read_the_published_marts_under_any_name(published: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{published}' AS town (READ_ONLY)")
        assert connection.sql("SELECT count(*) FROM town.views.bezirk_bezirk").fetchone() == (2,)


def test_other_views_alone_are_a_reason_to_publish(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "build.duckdb"
    assert not publish(source, published, mask_protected).is_new
    monkeypatch.setattr("exports.views.LATEST_WORDS", "anders / different")
    assert publish(source, published, mask_protected).is_new


def test_without_the_marts_there_are_no_views(tmp_path: Path) -> None:
    source = tmp_path / "build.duckdb"
    with duckdb.connect(str(source)) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE TABLE marts.area AS SELECT 1 AS area_id")
    target = tmp_path / "published" / "warehouse.duckdb"
    publish(source, target)
    asked = "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'views'"
    assert _rows(target, asked) == [(0,)]
