"""Re-banding: bands are understood, nest or are refused; nothing is ever split or counted twice."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.declarations.codes import CodeEntry
from orchestration.ingest import bands
from tests.unit.ingest.town import Town, layout, settle, words

CODES = "code,name_de,from,to\nk,unter 18,0,17\ne,18 bis 64,18,64\na,ab 65,65,\n"
ENTRIES = [
    CodeEntry("k", "unter 18", "", 0, 17),
    CodeEntry("e", "18 bis 64", "", 18, 64),
    CodeEntry("a", "ab 65", "", 65, None),
]


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("15 bis unter 18", (15, 17)),
        ("15-17", (15, 17)),
        ("15 – 17 Jahre", (15, 17)),
        ("15_18", (15, 17)),
        ("6U15", (6, 14)),
        ("unter 6", (0, 5)),
        ("U1", (0, 0)),
        ("bis 5", (0, 5)),
        ("65+", (65, None)),
        ("65 und mehr", (65, None)),
        ("80 Jahre und älter", (80, None)),
        ("ab 65 Jahren", (65, None)),
        ("über 64", (65, None)),
        ("7", (7, 7)),
        ("von 3 bis unter 6 Jahre", (3, 5)),
    ],
)
def test_bands_as_departments_write_them(text: str, band: tuple[int, int | None]) -> None:
    assert bands.parse(text) == band


@pytest.mark.parametrize("text", ["", "alt", "18 bis unter 15", "A1-B2", "1.5-2"])
def test_what_is_no_band(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no band|ends before it begins"):
        bands.parse(text)


@given(st.integers(0, 120), st.integers(0, 60))
def test_a_band_nests_in_the_code_that_holds_all_of_it(low: int, width: int) -> None:
    high = low + width
    holding = [e for e in ENTRIES if (e.low or 0) <= low and (e.high is None or high <= e.high)]
    if holding:
        assert bands.nest(f"{low}-{high}", ENTRIES, "alter") == holding[0].code
    else:
        with pytest.raises(ValueError, match="does not nest in"):
            bands.nest(f"{low}-{high}", ENTRIES, "alter")


def _town(folder: Path, **rules: Any) -> Town:
    (folder / "codes").mkdir(parents=True, exist_ok=True)
    (folder / "codes" / "alter.csv").write_text(CODES)
    return settle(folder, layout(**rules))


def test_rows_of_finer_bands_are_added_up(tmp_path: Path) -> None:
    groups = [{"dimension": "alter", "column": "Alter", "bands": True}]
    town = _town(tmp_path, groups=groups)
    content = "Jahr;Viertel;Alter;Fälle\n"
    content += "2020;0101;0-5;1\n2020;0101;6-17;2\n2020;0101;18-64;4\n2020;0101;65+;x\n"
    entry = town.one(content)
    assert (entry.state, entry.rows_in, entry.observations) == ("accepted", 4, 3)
    assert town.observed("group_id", "value", "status", "row_ref") == [
        ("alter=a", None, "not_collected", "5"),
        ("alter=e", 4.0, "observed", "4"),
        ("alter=k", 3.0, "observed", "2, 3"),
    ]


def test_a_band_that_straddles_is_refused_and_one_twice_is_not_added(tmp_path: Path) -> None:
    groups = [{"dimension": "alter", "column": "Alter", "bands": True}]
    town = _town(tmp_path, groups=groups)
    content = "Jahr;Viertel;Alter;Fälle\n2020;0101;0-5;1\n2020;0101;0-5;1\n2020;0101;15-20;9\n"
    content += "2020;0101;6-17;2\n2020;0102;0-17;2\n"
    entry = town.one(content)
    assert (entry.rows_accepted, entry.rows_quarantined) == (3, 2)
    assert "'15-20' does not nest in k, e of 'alter'" in words(entry)
    assert "the same cell stands in row 2 already" in words(entry)
    assert town.observed("area_id", "value") == [("0101", 3.0), ("0102", 2.0)]


def test_columns_of_finer_bands_are_added_up(tmp_path: Path) -> None:
    value = {"measure": "faelle", "match": r"E_(?P<alter>\d\d_\d+)", "bands": ["alter"]}
    town = _town(tmp_path, values=[value])
    entry = town.one("Jahr;Viertel;E_00_06;E_06_18;E_18_65\n2020;0101;1;2;4\n2020;0102;1;.;4\n")
    assert entry.state == "accepted"
    assert town.observed("area_id", "group_id", "value", "status") == [
        ("0101", "alter=e", 4.0, "observed"),
        ("0101", "alter=k", 3.0, "observed"),
        ("0102", "alter=e", 4.0, "observed"),
        ("0102", "alter=k", None, "missing"),
    ]


def test_a_column_that_straddles_refuses_the_file(tmp_path: Path) -> None:
    value = {"measure": "faelle", "match": r"E_(?P<alter>\d\d_\d+)", "bands": ["alter"]}
    entry = _town(tmp_path, values=[value]).one("Jahr;Viertel;E_00_20\n2020;0101;1\n")
    assert entry.state == "rejected"
    assert "header 'E_00_20': '00_20' does not nest in k, e" in words(entry)
