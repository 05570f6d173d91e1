"""The shapes deliveries come in: wide, in sheets, as cases, corrected, repeated, damaged."""

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.place import Place
from tests.unit.ingest.town import Town, found, layout, settle, words, workbook

HEADER = "Jahr;Viertel;Fälle\n"
TEXT = {**layout(), "ignore": ["Text"]}


def test_a_wide_table_with_two_header_rows_becomes_long(tmp_path: Path) -> None:
    value = {"measure": "faelle", "match": r"(?P<period>\d{4}) / (?P<geschlecht>[mw])"}
    rules = layout(format={"header_rows": 2, "title_rows": 1}, values=[value])
    town = settle(tmp_path, rules)
    content = "Fälle nach Jahren\nViertel;2019;;2020;\n;m;w;m;w\n0101;1;2;3;4\n0102;5;6;7;8\n"
    entry = town.one(content)
    assert (entry.state, entry.rows_in, entry.observations) == ("accepted", 2, 8)
    rows = town.observed("area_id", "period_start", "group_id", "value")
    assert ("0101", date(2020, 1, 1), "geschlecht=m", 3.0) in rows
    assert ("0102", date(2019, 1, 1), "geschlecht=w", 6.0) in rows
    assert len(rows) == len(set(rows)) == 8


def test_a_header_that_names_no_code_is_said(tmp_path: Path) -> None:
    value = {"measure": "faelle", "match": r"(?P<period>\d{4}) (?P<geschlecht>.+)"}
    entry = settle(tmp_path, layout(values=[value])).one("Viertel;2020 divers\n0101;1\n")
    assert entry.state == "rejected"
    assert "header '2020 divers': 'divers' is no code of 'geschlecht'" in words(entry)


def test_periods_after_the_day_of_the_file_are_noted(tmp_path: Path) -> None:
    value = {"measure": "faelle", "match": r"Fälle (?P<period>\d{4})"}
    town = settle(tmp_path, layout(values=[value]))
    head = "Viertel;" + ";".join(f"Fälle {year}" for year in range(2020, 2026))
    entry = town.one(f"{head}\n0101;1;2;3;4;5;6\n0102;1;2;3;4;5;6\n")
    assert (entry.state, entry.observations) == ("accepted", 12)
    (note,) = entry.notes
    assert note == (
        "2 row(s) are about a time after 2021-01-31, when this was known "
        "(2022-01-01, 2023-01-01, 2024-01-01 …): a plan, or a wrong year?"
    )


def test_the_year_that_has_begun_is_not_noted(tmp_path: Path) -> None:
    measure = {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": "stock"}
    rules = layout(period={"columns": "Jahr", "format": "%Y-%m-%d", "grain": "month"})
    entry = settle(tmp_path, rules, measures=[measure]).one(
        f"{HEADER}2021-01-31;0101;1\n2021-02-01;0102;1\n"
    )
    (note,) = entry.notes
    assert note.startswith("1 row(s) are about a time after 2021-01-31, when this was known (2021-")
    assert settle(tmp_path / "b").one(f"{HEADER}2021;0101;1\n2020;0102;1\n").notes == []


def _years() -> dict[str, Any]:
    return layout(
        format={"type": "xlsx", "sheet": r"Jahr \d{4}", "title_rows": 1, "decimal": "."},
        period={"sheet": r"Jahr (\d{4})", "format": "%Y", "grain": "year"},
    )


def test_every_matching_sheet_is_read(tmp_path: Path) -> None:
    town = settle(tmp_path, _years())
    sheets: dict[str, list[list[object]]] = {
        "Deckblatt": [["nichts"]],
        "Jahr 2019": [["Titel"], ["Viertel", "Fälle"], ["0101", 1], ["0999", 9]],
        "Jahr 2020": [["Titel"], ["Viertel", "Fälle"], ["0101", 3], ["0102", 4]],
    }
    entry = town.one(workbook(sheets), "fall_2021-01-31.xlsx")
    assert (entry.rows_in, entry.rows_accepted) == (4, 3)
    assert town.aside(entry) == [("Jahr 2019!4", "'0999' is no area of raum 1", "0999\t9")]
    assert town.observed("row_ref", "period_start", "value") == [
        ("Jahr 2019!3", date(2019, 1, 1), 1.0),
        ("Jahr 2020!3", date(2020, 1, 1), 3.0),
        ("Jahr 2020!4", date(2020, 1, 1), 4.0),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 broken", "the workbook is damaged or cut off"),
        (b"Jahr;Viertel\n", "expected an Excel workbook (.xlsx), found text"),
    ],
)
def test_a_workbook_that_is_none(tmp_path: Path, content: bytes, message: str) -> None:
    entry = settle(tmp_path, _years()).one(content, "fall_2021-01-31.xlsx")
    assert entry.state == "rejected"
    assert message in words(entry)


@pytest.mark.parametrize(
    ("cell", "value"), [("1.234,5", 1234.5), ("12,50", 12.5), ("1.234.567", 1234567.0)]
)
def test_decimal_comma_and_thousands(tmp_path: Path, cell: str, value: float) -> None:
    measure = {"id": "faelle", "name": "F", "unit": "h", "kind": "flow", "whole": False}
    rules = layout(format={"decimal": ",", "thousands": "."})
    town = settle(tmp_path, rules, measures=[measure])
    town.one(f"{HEADER}2020;0101;{cell}\n")
    assert town.observed("value") == [(value,)]


@pytest.mark.parametrize("cell", ["1.23", "1,234.5", "(12", "12)", "((12))", "1e999", "1 2", "٣"])
def test_what_only_looks_like_a_number_is_set_aside(tmp_path: Path, cell: str) -> None:
    town = settle(tmp_path, layout(format={"decimal": ",", "thousands": "."}))
    entry = town.one(f"{HEADER}2019;0101;7\n2020;0101;{cell}\n")
    assert (entry.rows_accepted, entry.rows_quarantined) == (1, 1)
    assert f"Fälle: found '{cell}', expected a number like 1234,5" in words(entry)
    assert town.aside(entry)[0][2] == f"2020;0101;{cell}"


@pytest.mark.parametrize("sign", ["\u2028", "\x0b", "\x0c", "\x85", "\x1e"])
def test_only_line_ends_end_a_row(tmp_path: Path, sign: str) -> None:
    town = settle(tmp_path, TEXT)
    header = "Jahr;Viertel;Fälle;Text\n"
    entry = town.one(f"{header}2020;0101;1;a{sign}2020;0102;9;b\n2020;0201;2;a{sign}b\n")
    assert (entry.rows_in, entry.rows_accepted) == (2, 1)
    assert town.observed("area_id", "value", "row_ref") == [("0201", 2.0, "3")]


def test_a_quoted_cell_over_two_lines_is_one_row(tmp_path: Path) -> None:
    town = settle(tmp_path, TEXT)
    header = "Jahr;Viertel;Fälle;Text\n"
    entry = town.one(f'{header}2020;0101;1;"a\nb"\n2020;0102;zwei;"c\nd"\n')
    assert entry.rows_in == 2
    assert [(ref, raw) for ref, _, raw in town.aside(entry)] == [("4", '2020;0102;zwei;"c\nd"')]


@pytest.mark.parametrize(
    ("period", "cell"),
    [
        ({"at": "end", "plus_days": 90}, "9999"),
        ({"offset_years": -1}, "0001"),
        ({"offset_years": 1}, "9999"),
    ],
)
def test_a_date_beyond_the_calendar_is_no_date(
    tmp_path: Path, period: dict[str, Any], cell: str
) -> None:
    rule = {"columns": "Jahr", "format": "%Y", "grain": "year", **period}
    entry = settle(tmp_path, layout(period=rule)).one(f"{HEADER}2019;0101;7\n{cell};0101;1\n")
    assert (entry.rows_accepted, entry.rows_quarantined) == (1, 1)
    assert f"Jahr: found '{cell}', expected a date like 2024" in words(entry)


def test_a_late_correction_stands_beside_what_was_known(tmp_path: Path) -> None:
    town = settle(tmp_path)
    town.one(f"{HEADER}2020;0101;10\n", "fall_2021-01-31.csv")
    town.one(f"{HEADER}2020;0101;12\n", "fall_2021-06-30.csv")
    assert town.observed("as_of", "value") == [(date(2021, 1, 31), 10.0), (date(2021, 6, 30), 12.0)]
    assert [entry.as_of_from for entry in town.ledger()] == ["file name", "file name"]


def test_a_second_run_knows_the_file_by_any_name(tmp_path: Path) -> None:
    town = settle(tmp_path)
    files: dict[str, str | bytes] = {"fall_2021-01-31.csv": f"{HEADER}2020;0101;10\n"}
    assert len(town.deliver(files).new) == 1
    again = town.deliver({})
    assert (again.new, again.known) == ([], 1)
    assert town.deliver({"anders_2021-01-31.csv": files["fall_2021-01-31.csv"]}).new == []
    assert town.observed("as_of", "value") == [(date(2021, 1, 31), 10.0)]


def test_too_many_bad_rows_refuse_the_whole_file(tmp_path: Path) -> None:
    town = settle(tmp_path, refuse_above=0.25)
    entry = town.one(f"{HEADER}2018;0101;1\n2019;0101;2\n2020;0101;3\n2020;0102;vier\n")
    assert entry.state == "partly"
    entry = town.one(f"{HEADER}2018;0201;1\n2020;0201;3\n2020;0102;vier\n", "b_2021-02-28.csv")
    assert (entry.state, entry.rows_accepted, entry.rows_quarantined) == ("rejected", 0, 3)
    assert "1 of 3 rows are bad (the contract allows 25%)" in words(entry)
    assert town.aside(entry)[0][2] == "2018;0201;1"
    assert not any(area == "0201" for (area,) in town.observed("area_id"))


def test_a_bad_file_first_does_not_stop_a_good_one(tmp_path: Path) -> None:
    town = settle(tmp_path)
    bad: dict[str, str | bytes] = {
        "a_2021-01-01.csv": b"",
        "b_2021-01-01.csv": b"PK\x03\x04",
        "c_2021-01-01.csv": f"{HEADER}2020;0999;1\n",
        "d_9999-99-99.csv": f"{HEADER}2020;0102;1\n",
        "z_2021-01-01.csv": f"{HEADER}2020;0101;5\n",
    }
    states = [entry.state for entry in town.deliver(bad).new]
    assert states == ["rejected"] * 4 + ["accepted"]
    assert town.observed("area_id", "value") == [("0101", 5.0)]


def test_an_empty_area_lies_in_the_coarser_one_still_known(tmp_path: Path) -> None:
    area = {**layout()["area"], "within": {"column": "Bezirk", "level": "bezirk", "pad": 2}}
    town = settle(tmp_path, layout(area=area), refuse_above=1)
    entry = town.one("Jahr;Viertel;Bezirk;Fälle\n2020;;1;3\n2020;;;4\n2020;0101;1;5\n2020;;77;6\n")
    expected = [("01:nz", 3.0), ("0101", 5.0), ("0:nz", 4.0)]
    assert town.observed("area_id", "value") == sorted(expected, key=str)
    assert "area is empty and '77' is no area of raum 1" in words(entry)


def _cases() -> dict[str, Any]:
    rules = layout(
        period={"columns": "Tag", "grain": "month"},
        cases={"counts": [{"measure": "faelle"}], "covers": {"since": "same_year"}},
    )
    del rules["values"]
    return rules


def test_cases_become_monthly_counts_with_zeros(tmp_path: Path) -> None:
    town = settle(tmp_path, _cases())
    entry = town.one(
        "Tag;Viertel\n2021-01-05;0101\n2021-01-05;0101\n2021-03-02;0102\n2021-02-03;\n"
        "2020-12-31;0101\n",
        "fall_2021-03-15.csv",
    )
    assert (entry.rows_in, entry.rows_accepted) == (5, 4)
    assert "2020-12-31 lies outside 2021-01-01 to 2021-03-15" in words(entry)
    seen = town.observed("area_id", "period_start", "value", "status", "row_ref")
    by_cell = {(area, day.month): rest for area, day, *rest in seen}
    assert len(seen) == len(by_cell) == 4 * 3  # three areas, and the member that occurs
    assert by_cell[("0101", 1)] == [2.0, "observed", "2-3"]
    assert by_cell[("0102", 1)] == [0.0, "observed", ""]
    assert by_cell[("0102", 3)] == [1.0, "provisional", "4"]
    assert by_cell[("0201", 3)] == [0.0, "provisional", ""]
    assert by_cell[("0:nz", 2)] == [1.0, "observed", "5"]
    assert sum(row[2] for row in seen) == entry.rows_accepted


def _bytes(folder: Path) -> dict[str, bytes]:
    store = folder / "store" / "lake"
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*.*")}


def test_two_towns_hold_the_same_bytes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a_2021-01-31.csv": f"{HEADER}2020;0101;1\n2020;0102;2\n2020;0999;3\n2020;0201;(4)\n",
        "b_2021-02-28.csv": f"{HEADER}2020;0101;5\n",
    }
    for name in ("eins", "zwei"):
        settle(tmp_path / name).deliver(files)
    one, two = _bytes(tmp_path / "eins"), _bytes(tmp_path / "zwei")
    assert sum(name.endswith(".parquet") for name in one) == 3  # two files and the empty schema
    assert one == two


numbers = st.one_of(
    st.integers(0, 10**12).map(str),
    st.decimals(0, 10**6, places=3, allow_nan=False).map(lambda n: str(n).replace(".", ",")),
)
junk = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
table = st.lists(
    st.lists(st.one_of(numbers, junk, st.sampled_from(["0101", "2020", "-", "(7)"])), max_size=5),
    max_size=6,
)


@pytest.fixture(scope="module")
def open_town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    measure = {"id": "faelle", "name": "F", "unit": "h", "kind": "flow", "whole": False}
    folder = tmp_path_factory.mktemp("town")
    return settle(folder, measures=[measure], refuse_above=1)


@settings(max_examples=100)
@given(rows=table, cells=st.lists(numbers, min_size=3, max_size=3))
@example(rows=[['"']], cells=["0", "0", "0"])
def test_no_row_is_lost_and_no_number_changes(
    open_town: Town, rows: list[list[str]], cells: list[str]
) -> None:
    """Whatever else stands in the file, sound rows keep their figures exactly."""
    assume(not any(cell.strip() in {"1990", "1991", "1992"} for row in rows for cell in row[:1]))
    text = HEADER
    text += "".join(f"{1990 + n};0101;{cell}\n" for n, cell in enumerate(cells))
    text += "".join(";".join(row) + "\n" for row in rows)
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name))
        (place.inbox / "fall").mkdir(parents=True)
        town = Town(open_town.declarations, place)
        entry = town.one(text)
        kept = {
            day.year: value
            for area, day, value in town.observed("area_id", "period_start", "value")
            if area == "0101" and 1990 <= day.year < 1993
        }
        if "not valid CSV" in words(entry):  # a stray quote: the file as a whole is unreadable
            assert not kept
        else:
            assert {1990 + n: float(cell.replace(",", ".")) for n, cell in enumerate(cells)} == kept


def test_take_in_reports_files_of_no_layout(tmp_path: Path) -> None:
    declarations = found(tmp_path, layout(files=["*.csv"]))
    place = Place(tmp_path)
    (place.inbox / "fall" / "brief.docx").write_bytes(b"x")
    intake = take_in(declarations, declarations.sources["fall"], place)
    assert (intake.new, intake.unmatched) == ([], ["fall/brief.docx"])
    assert lake.ledger(place) == []


def test_equal_bytes_under_names_of_two_years_are_two_deliveries(tmp_path: Path) -> None:
    rules = layout(period={"file_name": r"fall_(\d{4})", "format": "%Y", "grain": "year"})
    town = settle(tmp_path, {**rules, "ignore": ["Jahr"]})
    same = f"{HEADER}x;0101;7\n"
    files: dict[str, str | bytes] = {
        "fall_2019_2021-01-31.csv": same,
        "fall_2020_2021-01-31.csv": same,
        "fall_2020_2021-01-31.csv.alt": same,
    }
    intake = town.deliver(files)
    assert [entry.state for entry in intake.new] == ["accepted", "accepted"]
    assert intake.copies == [("fall_2020_2021-01-31.csv.alt", "fall_2020_2021-01-31.csv")]
    assert town.observed("period_start", "value") == [(date(2019, 1, 1), 7), (date(2020, 1, 1), 7)]
    again = town.deliver({})
    assert (again.new, again.known) == ([], 2)


def test_a_contract_that_now_reads_the_name_counts_the_file_once(tmp_path: Path) -> None:
    town = settle(tmp_path, layout(as_of=None))
    first = town.one(f"{HEADER}2020;0101;7\n")
    later = settle(tmp_path, layout())
    (second,) = later.deliver({}).new
    assert second.delivery_id != first.delivery_id
    assert second.as_of == date(2021, 1, 31)
    assert later.ledger() == [second]
    assert later.observed("value") == [(7.0,)]
