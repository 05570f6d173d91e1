"""Types of codes: they sort as their texts do, and an area that is gone is named."""

from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.declarations import read_declarations
from tests.unit.ingest.town import AREAS, settle


def test_codes_sort_as_their_texts_do(tmp_path: Path) -> None:
    town = settle(tmp_path)
    town.deliver({"fall_2021-01-31.csv": "Jahr;Viertel;Fälle\n2020;0102;3\n2020;0101;4\n"})
    warehouse.write_inputs(town.declarations, town.place)
    warehouse.begin(town.place)
    with duckdb.connect(str(town.place.warehouse)) as connection:
        for name, texts in warehouse._codes(town.place).items():
            listed = ", ".join(f"('{one}')" for one in reversed(texts))
            found = connection.execute(
                f"select cast(t as {name}) from (values {listed}) as texts (t) order by 1"
            ).fetchall()
            assert [code for (code,) in found] == sorted(texts)


def test_rows_of_an_area_that_is_gone_are_named(tmp_path: Path) -> None:
    town = settle(tmp_path)
    town.deliver({"fall_2021-01-31.csv": "Jahr;Viertel;Fälle\n2020;0102;3\n2020;0201;4\n"})
    warehouse.write_inputs(town.declarations, town.place)
    warehouse._check_areas(town.place)

    (tmp_path / "areas" / "raum.csv").write_text(AREAS.replace("0201,", "0202,"), encoding="utf-8")
    warehouse.write_inputs(read_declarations(tmp_path), town.place)
    with pytest.raises(
        warehouse.WarehouseError,
        match="raum 1 has no area '0201', but 1 rows that fall delivered are of it; declare it",
    ):
        warehouse._check_areas(town.place)
