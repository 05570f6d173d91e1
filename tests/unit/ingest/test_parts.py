"""A file in many parts comes to the same as in one, cells that several rows fill included."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from orchestration.ingest import content, lake
from tests.unit.ingest.town import layout, settle, words

ROWS = (
    "Jahr;Viertel;Fälle;Offen\n"
    "2019;0101;1;1\n"
    "2019;0102;2;2\n"
    "2019;0101;1;9\n"  # Fälle as in line 2, Offen not: both rows go
    "2020;0101;5;5\n"
    "2020;0101;5;5\n"  # equal: the first stays
    "2020;0201;7;7\n"
    "2020;0102;viele;7\n"
    "2020;0201;8;7\n"  # both rows go
    "2021;0101;3;3\n"
)
MEASURES = [
    {"id": name, "name": name, "unit": "Fälle", "kind": "flow"} for name in ("faelle", "offen")
]
VALUES = [{"measure": "faelle", "column": "Fälle"}, {"measure": "offen", "column": "Offen"}]
ALL = ("row_ref", "measure_id", "area_id", "period_start", "value", "status")


@pytest.mark.parametrize("chunk", [content.CHUNK, 40, 16])
def test_rows_go_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(content, "CHUNK", chunk)
    contract: dict[str, Any] = layout(values=VALUES)
    town = settle(tmp_path, contract, measures=MEASURES, refuse_above=0.9)
    entry = town.one(ROWS)
    kept = {ref: [value for r, _, _, _, value, _ in town.observed(*ALL) if r == ref]
            for ref in ("3", "5", "10")}  # fmt: skip
    assert kept == {"3": [2.0, 2.0], "5": [5.0, 5.0], "10": [3.0, 3.0]}
    assert sorted(town.observed("row_ref")) == sorted([("3",), ("5",), ("10",)] * 2)
    assert entry.observations == 6
    lines = ROWS.splitlines()
    aside = {ref: (why, raw) for ref, why, raw in town.aside(entry)}
    assert sorted(aside) == ["2", "4", "6", "7", "8", "9"]
    assert all(raw == lines[int(ref) - 1] for ref, (_, raw) in aside.items())
    assert aside["6"][0] == "faelle: the same cell stands in row 5 already"
    assert "different values" in aside["2"][0]
    assert aside["4"][0] == "faelle: the same cell stands in row 2 already"
    folder = town.place.lake / "observations" / "fall"
    assert not [one for one in folder.iterdir() if one.suffix != ".parquet"]


def test_many_equal_rows_are_one_reason(tmp_path: Path) -> None:
    town = settle(tmp_path, refuse_above=0.9)
    rows = [f"{year};0101;1" for year in (2019, 2020, 2021)] * 2
    entry = town.one("\n".join(["Jahr;Viertel;Fälle", *rows]) + "\n")
    assert entry.reasons == [
        ("faelle: the same cell stands in an earlier row already", 3, "5, 6, 7"),
    ]
    assert "in row 2 already" not in words(entry)
    assert town.aside(entry)[0][1] == "faelle: the same cell stands in row 2 already"


@pytest.mark.parametrize("prefix", ["", "Blatt 1!"])
@pytest.mark.parametrize(
    ("first", "last"),
    [(2, 9), (2, 12), (10, 99), (10_000, 10_001), (9_990_000, 9_990_003), (10_000_000, 99_999_999),
     (99_999_999, 100_000_001), (4_294_967_290, 4_294_967_295)],
)  # fmt: skip
def test_row_numbers_as_text(prefix: str, first: int, last: int) -> None:
    numbers = np.unique(np.linspace(first, last, 5, dtype=np.uint32))
    found = lake._references(prefix, pl.Series(numbers))
    assert found.to_pylist() == [f"{prefix}{number}" for number in numbers.tolist()]
    assert str(found.type) == "large_string"
