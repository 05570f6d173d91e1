"""Bad files: each gets a clear message, no row is lost and the other files still load."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.ingest.lake import Delivery
from orchestration.place import Place
from tests.unit.ingest.town import found, words

HEADER = "Jahr;Bezirk;Fälle\n"
GOOD = HEADER + "2020;01;10\n2020;02;20\n"


def _layout(**changes: Any) -> dict[str, Any]:
    return {
        "files": ["*"],
        "format": {"type": "csv", "encoding": "utf-8", "delimiter": ";", "decimal": ","},
        "as_of": {"file_name": r"_(\d{4}-\d{2}-\d{2})\."},
        "area": {"column": "Bezirk", "system": "raum", "version": "1", "level": "bezirk", "pad": 2},
        "period": {"columns": "Jahr", "format": "%Y", "grain": "year"},
        "values": [{"measure": "faelle", "column": "Fälle"}],
        **changes,
    }


@pytest.fixture
def town(tmp_path: Path) -> Callable[..., Callable[..., Delivery]]:
    """Make a town with one source; gives a function that delivers a file to it."""

    def make(layout: dict[str, Any] | None = None, **source: Any) -> Callable[..., Delivery]:
        place = Place(tmp_path / "town")
        declarations = found(place.folder, layout or _layout(), **source)

        def deliver(content: str | bytes, name: str = "fall_2021-01-31.csv") -> Delivery:
            data = content.encode() if isinstance(content, str) else content
            (place.inbox / "fall" / name).write_bytes(data)
            take_in(declarations, declarations.sources["fall"], place)
            (entry,) = (one for one in lake.ledger(place) if one.sha256 == lake.checksum(data))
            assert entry.rows_in == entry.rows_accepted + entry.rows_quarantined
            return entry

        return deliver

    return make


def _observed(tmp_path: Path) -> pl.DataFrame:
    return pl.read_parquet(tmp_path / "town/store/lake/observations/*/*.parquet")


Town = Callable[..., Callable[..., Delivery]]


def test_a_good_file_loads(town: Town, tmp_path: Path) -> None:
    entry = town()(GOOD)
    assert (entry.state, entry.rows_in, entry.observations) == ("accepted", 2, 2)
    assert _observed(tmp_path)["value"].sort().to_list() == [10.0, 20.0]


def test_an_unknown_column_is_named_and_the_rest_loads(town: Town) -> None:
    entry = town()("Jahr;Bezirk;Fälle;Neu\n2020;01;10;x\n")
    assert entry.state == "accepted"
    assert "unknown column(s) 'Neu'" in words(entry)


def test_a_missing_column_is_named_with_those_found(town: Town) -> None:
    entry = town()("Jahr;Bezirk\n2020;01\n")
    assert entry.state == "rejected"
    assert "column 'Fälle'" in words(entry)
    assert "'Bezirk'" in words(entry)


@pytest.mark.parametrize(
    ("declared", "sent", "hint"),
    [("utf-8", "cp1252", "looks like cp1252"), ("cp1252", "utf-8", "the file is utf-8")],
)
def test_a_wrong_encoding_is_said(town: Town, declared: str, sent: str, hint: str) -> None:
    how = {"type": "csv", "encoding": declared, "delimiter": ";"}
    entry = town(_layout(format=how))(GOOD.encode(sent))
    assert entry.state == "rejected"
    assert hint in words(entry)
    assert "line 1" in words(entry)


def test_a_row_with_shifted_cells_is_set_aside(town: Town) -> None:
    entry = town()(HEADER + "2020;01;10\n2020;;02;20\n2020;02;5\n")
    assert (entry.rows_accepted, entry.rows_quarantined) == (2, 1)
    assert "4 cells, but the header has 3 columns" in words(entry)


def test_a_file_with_all_columns_shifted_is_refused_as_a_whole(town: Town) -> None:
    entry = town()("Jahr;Bezirk;Fälle\n01;10;2020\n02;20;2020\n")
    assert (entry.state, entry.rows_quarantined) == ("rejected", 2)
    assert "refused as a whole: 2 of 2 rows" in words(entry)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty (0 bytes)"),
        (HEADER.encode(), "no rows of data"),
        (b"\x1f\x8b\x08 not gzip", "gzip archive is damaged"),
        (b"%PDF-1.4 x", "found a PDF document"),
    ],
)
def test_files_without_a_table(town: Town, content: bytes, message: str) -> None:
    entry = town()(content)
    assert (entry.state, entry.rows_in) == ("rejected", 0)
    assert message in words(entry)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(GOOD.encode(), mtime=0)[:-9], "gzip archive is damaged"),
        (GOOD.encode() + b'2020;01;"10\n', "not valid CSV"),
        (GOOD.encode() + "2020;01;ä\n".encode("cp1252"), "looks like cp1252"),
    ],
)
def test_lines_of_a_broken_text_are_set_aside(
    town: Town, tmp_path: Path, content: bytes, message: str
) -> None:
    entry = town()(content)
    assert (entry.state, entry.rows_accepted) == ("rejected", 0)
    assert message in words(entry)
    (aside,) = (tmp_path / "town/store/originals/quarantine").rglob("*.parquet")
    assert pl.read_parquet(aside)["raw"].to_list()[:2] == ["2020;01;10", "2020;02;20"]


@pytest.mark.parametrize(
    ("content", "noted"),
    [
        (GOOD[:-2], True),
        (f"{GOOD[:-2]};;", True),
        (gzip.compress(GOOD[:-2].encode(), mtime=0), True),
        (GOOD.replace("01;10", '"01";10')[:-2], True),
        (GOOD, False),
        (GOOD.replace("\n", "\r"), False),
        (f"{GOOD};; \t", False),
        (f'{HEADER}2020;01;"10"', False),
    ],
)
def test_a_cut_in_the_last_number_is_thinkable(
    town: Town, content: str | bytes, noted: bool
) -> None:
    """`2020;02;20` without its last byte is a whole row with another number."""
    entry = town()(content)
    said = "the last line has no line end; perhaps the file was cut off"
    assert (entry.state, said in entry.notes) == ("accepted", noted)


def test_a_zip_named_csv(town: Town) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("fall.csv", GOOD)
    entry = town()(packed.getvalue())
    assert entry.state == "rejected"
    assert "expected CSV text, found a ZIP archive" in words(entry)


def test_a_missing_sheet_is_named_with_those_found(town: Town) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Notizen"
    book.active.append(["x"])
    packed = io.BytesIO()
    book.save(packed)
    how = {"type": "xlsx", "sheet": r"Daten_\d+"}
    entry = town(_layout(format=how))(packed.getvalue(), "fall_2021-01-31.xlsx")
    assert entry.state == "rejected"
    assert "'Notizen'" in words(entry)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2020;99;1", "'99' is no area of raum 1"),
        ("zwanzig;01;1", "found 'zwanzig', expected a date like 2024"),
        ("2020;01;-3", "found '-3', which is below the minimum"),
        ("2020;01;1,5", "a count is a whole number"),
        ("2020;01;zehn", "found 'zehn', expected a number like 1234,5"),
    ],
)
def test_a_bad_row_goes_to_quarantine_with_its_reason(
    town: Town, tmp_path: Path, row: str, message: str
) -> None:
    entry = town()(HEADER + f"2019;01;1\n2019;02;2\n{row}\n")
    assert (entry.rows_accepted, entry.rows_quarantined) == (2, 1)
    assert message in words(entry)
    (aside,) = (tmp_path / "town/store/originals/quarantine").rglob("*.parquet")
    assert pl.read_parquet(aside)["raw"].to_list() == [row]
    assert (tmp_path / "town/store/originals").stat().st_mode & 0o777 == 0o700


def test_an_empty_area_counts_as_not_assignable(town: Town, tmp_path: Path) -> None:
    town()(HEADER + "2020;01;10\n2020;;7\n")
    assert set(_observed(tmp_path)["area_id"]) == {"01", "0:nz"}


def test_a_file_that_arrives_twice_changes_nothing(town: Town, tmp_path: Path) -> None:
    deliver = town()
    first = deliver(GOOD)
    again = deliver(GOOD, "Kopie von fall_2021-01-31.csv")
    assert again == first
    assert _observed(tmp_path).height == 2


def test_equal_rows_for_one_cell_count_once_different_ones_not_at_all(town: Town) -> None:
    equal = town()(HEADER + "2020;01;10\n2020;01;10\n2020;02;1\n")
    assert (equal.rows_accepted, equal.rows_quarantined) == (2, 1)
    assert "the same cell stands in row 2 already" in words(equal)
    differing = town(refuse_above=1.0)(HEADER + "2020;01;10\n2020;01;11\n2020;02;2\n")
    assert (differing.rows_accepted, differing.rows_quarantined) == (1, 2)


@pytest.mark.parametrize(
    ("cell", "value", "status"),
    [
        ("-", 0.0, "observed"),
        (".", None, "missing"),
        ("x", None, "not_collected"),
        ("…", None, "missing"),
        ("/", None, "missing"),
        ("(12)", 12.0, "estimated"),
        ("", None, "missing"),
    ],
)
def test_table_symbols_become_a_status(
    town: Town, tmp_path: Path, cell: str, value: float | None, status: str
) -> None:
    town()(HEADER + f"2020;01;{cell}\n2020;02;3\n")
    row = _observed(tmp_path).filter(area_id="01").row(0, named=True)
    assert (row["value"], row["status"]) == (value, status)


def test_a_bad_file_does_not_stop_a_good_one(town: Town, tmp_path: Path) -> None:
    deliver = town()
    assert deliver(b"").state == "rejected"
    assert deliver(GOOD, "fall_2021-02-28.csv").state == "accepted"
    assert _observed(tmp_path).height == 2


def test_a_name_without_the_date_it_should_have(town: Town) -> None:
    entry = town()(GOOD, "fall.csv")
    assert (entry.state, entry.rows_quarantined) == ("rejected", 2)
    assert "as_of: the name 'fall.csv' does not match" in words(entry)


cells = st.text(alphabet="0123456789,.-x/ äöü", max_size=6)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=6))
def test_no_table_escapes_the_balance(town: Town, rows: list[list[str]]) -> None:
    """Whatever the cells hold: no exception, and rows in = accepted + set aside."""
    town()(HEADER + "\n".join(";".join(row) for row in rows) + "\n")


def test_a_tab_is_a_delimiter_and_a_secret_cell_is_suppressed(town: Town, tmp_path: Path) -> None:
    how = {"type": "csv", "delimiter": "\t"}
    deliver = town(_layout(format=how, symbols={"*": "secret"}))
    entry = deliver("Jahr\tBezirk\tFälle\n2020\t01\t*\n2020\t02\t3\n")
    assert entry.state == "accepted"
    row = _observed(tmp_path).filter(area_id="01").row(0, named=True)
    assert (row["value"], row["status"]) == (None, "suppressed")


def test_very_many_reasons_are_told_by_kind(town: Town) -> None:
    wrong = "".join(f"2020;Z{number};1\n" for number in range(60))
    entry = town(refuse_above=1.0)(GOOD + "2021;01;viele\n" + wrong)
    assert entry.rows_quarantined == 61
    assert entry.reasons == [
        ("'…' is no area of raum 1", 60, "5, 6, 7, 8, 9, …"),
        ("Fälle: found 'viele', expected a number like 1234,5", 1, "4"),
    ]


def test_kinds_beyond_number_are_counted_together(town: Town) -> None:
    wide = "".join(f"2020;01;1{';1' * number}\n" for number in range(1, 61))
    entry = town(refuse_above=1.0)(GOOD + wide)
    assert len(entry.reasons) == 51
    assert entry.reasons[-1][:2] == ("10 other reasons", 10)
    assert sum(count for _, count, _ in entry.reasons) == entry.rows_quarantined == 60
