"""Nowcasts as rows of `forecast`: beside the value, in its unit, or refused in words."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from forecasting.outlook import FORECAST_SCHEMA
from orchestration.city import City
from orchestration.declarations import read_declarations
from orchestration.nowcasts import areas_above, nowcasts
from tests.unit.ingest.town import settle

DELIVERED = date(2024, 1, 20)
AREA = {"area_system": "raum", "area_version": "1"}


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A town that delivered on 20 January 2024 for the last time."""
    town = settle(tmp_path)
    town.one("Jahr;Viertel;Fälle\n2023;0101;5\n", f"fall_{DELIVERED}.csv")
    (tmp_path / "indicators").mkdir()
    content = {
        "id": "rate",
        "department": "amt",
        "name": "Fälle je 1.000",
        "meaning": "Fälle je 1.000",
        "unit": "je 1.000",
        "formula": {
            "kind": "rate",
            "numerator": [{"measure": "faelle"}],
            "denominator": [{"measure": "faelle"}],
            "per": 1000,
        },
        "nowcast": {"grain": "month", "levels": ["stadt"], "settled_after_days": 60},
    }
    text = yaml.safe_dump(content, allow_unicode=True)
    (tmp_path / "indicators" / "rate.yml").write_text(text, encoding="utf-8")
    return City(read_declarations(tmp_path), town.place)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def fill(
    connection: duckdb.DuckDBPyConnection, months: int, *, status: str = "observed", today: int = 80
) -> None:
    """The whole city: 80 cases a month after 20 days, 100 in the end, 50,000 residents."""
    starts = [date(2023 - ago // 12, 12 - ago % 12, 1) for ago in range(months)]
    ends = [
        (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        for start in starts
    ]
    rows = [
        (start, float(value), end + timedelta(days=days))
        for start, end in zip(starts, ends, strict=True)
        for days, value in ((20, 80), (50, 100))
    ]
    cell = {"indicator_id": "rate", **AREA, "area_id": "0", "grain": "month", "group_id": "all"}
    states = pl.DataFrame(rows, ["period_start", "value", "as_of"], orient="row").with_columns(
        role=pl.lit("numerator"),
        status=pl.lit(status),
        **{name: pl.lit(text) for name, text in cell.items()},
    )
    values = pl.DataFrame({"period_start": starts}).with_columns(
        numerator=pl.lit(float(today)),
        denominator=pl.lit(50_000.0),
        status=pl.lit("observed"),
        **{name: pl.lit(text) for name, text in cell.items()},
    )
    period = pl.DataFrame({"period_start": starts, "period_end": ends}).with_columns(
        grain=pl.lit("month")
    )
    area = pl.DataFrame(
        [{**AREA, "area_id": "0", "level": "stadt", "parent_id": None}],
        schema_overrides={"parent_id": pl.String},
    )
    tables = {
        "core.indicator_part_state": states,
        "marts.indicator_value": values,
        "marts.period": period,
        "marts.area": area,
    }
    connection.execute("create schema core; create schema marts")
    for name, frame in tables.items():
        connection.register("frame", frame)
        connection.execute(f"create table {name} as from frame")


def test_a_nowcast_stands_beside_the_value_in_its_unit(
    city: City, warehouse: duckdb.DuckDBPyConnection
) -> None:
    fill(warehouse, 30)
    found = nowcasts(city, warehouse)
    assert found.schema == FORECAST_SCHEMA
    assert set(found["period_start"]) == {date(2023, 12, 1)}
    assert found["quantile"].to_list() == [0.025, 0.1, 0.5, 0.9, 0.975]
    # 100 cases are 2 per 1,000 of 50,000 residents; 80 are known.
    assert found["value"].to_list() == pytest.approx([2.0] * 5)
    row = found.row(2, named=True)
    assert (row["model"], row["status"], row["as_of"]) == ("nowcast", "estimated", DELIVERED)
    assert row["reason"].startswith("Hochgerechnet aus dem")
    assert row["reason_en"].startswith("Projected from")


def test_a_short_triangle_is_one_row_with_the_reason(
    city: City, warehouse: duckdb.DuckDBPyConnection
) -> None:
    fill(warehouse, 6)
    (row,) = nowcasts(city, warehouse).iter_rows(named=True)
    assert (row["quantile"], row["value"], row["status"]) == (None, None, "missing")
    assert row["reason"].startswith("Zu kurz: nur von 4 früheren Zeiträumen")


@pytest.mark.parametrize(("status", "today"), [("estimated", 80), ("observed", 79)])
def test_sums_with_gaps_and_values_from_elsewhere_have_none(
    city: City, warehouse: duckdb.DuckDBPyConnection, status: str, today: int
) -> None:
    fill(warehouse, 30, status=status, today=today)
    assert nowcasts(city, warehouse).is_empty()


def test_without_a_delivery_nothing_is_said(
    city: City, warehouse: duckdb.DuckDBPyConnection
) -> None:
    fill(warehouse, 30)
    nobody = City(city.declarations, settle(city.place.folder / "other").place)
    assert nowcasts(nobody, warehouse).is_empty()


def test_areas_lie_in_others_by_their_newest_borders(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = [
        ("raum", "1", "0101", "01"),
        ("raum", "2", "0101", "02"),
        ("raum", "2", "02", "0"),
        ("raum", "2", "0", None),
    ]
    names = ["area_system", "area_version", "area_id", "parent_id"]
    frame = pl.DataFrame(rows, names, orient="row")
    warehouse.register("frame", frame)
    warehouse.execute("create schema marts; create table marts.area as from frame")
    assert areas_above(warehouse) == {
        "raum|0": [],
        "raum|0101": ["raum|02", "raum|0"],
        "raum|02": ["raum|0"],
    }
