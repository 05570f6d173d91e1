"""What fuzzing has found once and must not find again."""

import gzip
import io
import json
import tarfile
import zipfile
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.unit.ingest.town import layout, settle, words, workbook

HEADER = "Jahr;Viertel;Fälle\n"


def test_a_parquet_file_refused_as_a_whole_keeps_all_its_rows_as_delivered(tmp_path: Path) -> None:
    packed = io.BytesIO()
    frame = pl.DataFrame(
        {"Jahr": ["x", "y"], "Viertel": ["0101"] * 2, "Fälle": [1, 2], "Z": [3, 4]}
    )
    frame.write_parquet(packed)
    town = settle(tmp_path, layout(format={"type": "parquet"}))
    entry = town.one(packed.getvalue(), "fall_2021-01-31.parquet")
    assert (entry.state, entry.rows_in, entry.rows_quarantined) == ("rejected", 2, 2)
    assert [raw for *_, raw in town.aside(entry)] == ["x\t0101\t1\t3", "y\t0101\t2\t4"]


@pytest.mark.parametrize("cell", ["=1+1", "#DIV/0!"])
def test_a_cell_that_was_never_computed_is_not_an_empty_one(tmp_path: Path, cell: str) -> None:
    rows: list[list[object]] = [["Jahr", "Viertel", "Fälle"], ["2020", "0101", 3]]
    rows.append(["2020", "0102", cell])
    town = settle(tmp_path, layout(format={"type": "xlsx"}))
    entry = town.one(workbook({"Daten": rows}), "fall_2021-01-31.xlsx")
    assert (entry.rows_accepted, entry.rows_quarantined) == (1, 1)
    assert f"found '{cell}" in words(entry)


def test_a_workbook_whose_bytes_were_changed_is_refused(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Jahr", "Viertel", "Fälle"], ["2020", "0101", 3]]
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook({"Daten": rows}))) as given,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as stored,
    ):
        for name in given.namelist():
            stored.writestr(name, given.read(name))
    changed = packed.getvalue().replace(b"<v>3</v>", b"<v>8</v>")
    town = settle(tmp_path, layout(format={"type": "xlsx"}))
    entry = town.one(changed, "fall_2021-01-31.xlsx")
    assert entry.state == "rejected"
    assert "does not match its checksum" in words(entry)


def test_an_archive_without_a_matching_file_is_not_passed_over(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("brief.docx"))
    town = settle(tmp_path, layout(format={"members": r"\.csv$"}))
    entry = town.one(packed.getvalue(), "fall_2021-01-31.tar")
    assert "no file in the archive has a name that matches" in words(entry)


def test_a_bomb_is_refused_before_any_row_is_read(tmp_path: Path) -> None:
    bomb = gzip.compress((HEADER + "x;y;z\n" * 2_000_000).encode(), mtime=0)
    entry = settle(tmp_path).one(bomb)
    assert (entry.state, entry.rows_in) == ("rejected", 0)
    assert "unpacks to more than" in words(entry)


def columnar(areas: pa.Array, figures: pa.Array | None = None, **more: pa.Array) -> bytes:
    """A Parquet file of two rows."""
    figures = pa.array([3, 4]) if figures is None else figures
    named = {"Jahr": pa.array(["2020", "2021"]), "Viertel": areas, "Fälle": figures, **more}
    packed = io.BytesIO()
    parquet.write_table(pa.table(named), packed)
    return packed.getvalue()


AREAS = pa.array(["0101", "0102"])
NO_TEXT = pa.StringArray.from_buffers(
    2, pa.array([0, 4, 8], pa.int32()).buffers()[1], pa.py_buffer(b"0101\xff\xfe\xfa\xfb")
)


@pytest.mark.parametrize(
    ("areas", "figures", "said"),
    [
        (NO_TEXT, None, "Invalid UTF8 sequence"),
        (pa.array([b"0101", b"\xff"]), None, "cannot be read as text: invalid utf8"),
        (pa.array([1, 2], pa.duration("s")), None, "cannot be read as text: casting from Duration"),
        (pa.array([1, 2], pa.timestamp("us", tz="Mars/Rover")), None, "unable to parse time zone"),
        (pa.array([2**30, 1], pa.date32()), None, "value out of range"),
        (AREAS, pa.array([Decimal(1)] * 2, pa.decimal256(60, 2)), "of more than 38 digits"),
    ],
)
def test_columns_that_are_no_text_set_all_rows_aside_without_a_panic(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    areas: pa.Array,
    figures: pa.Array | None,
    said: str,
) -> None:
    town = settle(tmp_path, layout(format={"type": "parquet"}))
    entry = town.one(columnar(areas, figures), "fall_2021-01-31.parquet")
    assert (entry.state, entry.rows_in, entry.rows_quarantined) == ("rejected", 2, 2)
    assert said in words(entry)
    assert capfd.readouterr().err == ""


def test_a_parquet_column_that_stands_twice_is_no_choice_of_one(tmp_path: Path) -> None:
    names, packed = ["Jahr", "Viertel", "Fälle", "Fälle"], io.BytesIO()
    arrays = [pa.array(["2020"]), pa.array(["0101"]), pa.array([3]), pa.array([7])]
    parquet.write_table(pa.Table.from_arrays(arrays, names=names), packed)
    town = settle(tmp_path, layout(format={"type": "parquet"}))
    entry = town.one(packed.getvalue(), "fall_2021-01-31.parquet")
    assert (entry.state, entry.rows_quarantined) == ("rejected", 1)
    assert "the file has 'Jahr', 'Viertel', 'Fälle (1)', 'Fälle (2)'" in words(entry)


def test_of_columns_that_stand_twice_each_can_be_named(tmp_path: Path) -> None:
    names, packed = ["Fälle", "Jahr", "Viertel", "Fälle"], io.BytesIO()
    arrays = [pa.array([3]), pa.array(["2020"]), pa.array(["0101"]), pa.array([7])]
    parquet.write_table(pa.Table.from_arrays(arrays, names=names), packed)
    second = [{"measure": "faelle", "column": "Fälle (2)"}]
    town = settle(tmp_path, layout(format={"type": "parquet"}, values=second, ignore=["Fälle (1)"]))
    town.one(packed.getvalue(), "fall_2021-01-31.parquet")
    assert town.observed("area_id", "value") == [("0101", 7.0)]


def test_large_decimals_are_no_missing_figures(tmp_path: Path) -> None:
    figures = pa.array([Decimal(10) ** 29, Decimal("1200.00")], pa.decimal128(38, 2))
    town = settle(tmp_path, layout(format={"type": "parquet"}))
    town.one(columnar(AREAS, figures), "fall_2021-01-31.parquet")
    assert town.observed("area_id", "value") == [("0101", 1e29), ("0102", 1200.0)]


def records(odd: str) -> str:
    """Three records, the figure of the first written as wanted."""
    rest = [{"Jahr": 2021, "Viertel": area, "Fälle": 4} for area in ("0102", "0201")]
    first = f'{{"Jahr": 2020, "Viertel": "0101", "Fälle": {odd}}}'
    return "[\n" + ",\n".join([first, *map(json.dumps, rest)]) + "\n]"


@pytest.mark.parametrize("odd", ["9" * 400, '"\\ud800"'])
def test_a_figure_that_no_column_can_hold_is_set_aside(tmp_path: Path, odd: str) -> None:
    town = settle(tmp_path, layout(format={"type": "json"}))
    entry = town.one(records(odd), "fall_2021-01-31.json")
    assert (entry.rows_accepted, entry.rows_quarantined) == (2, 1)
    ((_, reason, raw),) = town.aside(entry)
    assert reason.startswith("Fälle: found '" + odd.strip('"')[:40])
    assert odd in raw


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ('3, "Fälle": 7', "the name 'Fälle' stands twice in one record"),
        ('3, "Fälle ": 7', "record 1 has two fields that are both called 'Fälle'"),
    ],
)
def test_of_two_figures_in_one_field_none_is_chosen(tmp_path: Path, odd: str, said: str) -> None:
    town = settle(tmp_path, layout(format={"type": "json"}))
    entry = town.one(records(odd), "fall_2021-01-31.json")
    assert entry.state == "rejected"
    assert said in words(entry)


def test_a_header_whose_quotation_mark_is_never_closed_does_not_take_in_the_rows(
    tmp_path: Path,
) -> None:
    town = settle(tmp_path)
    entry = town.one('Jahr;Viertel;"Fälle\n2020;0101;3\n2020;0102;4\n')
    assert (entry.state, entry.rows_in, entry.rows_quarantined) == ("rejected", 2, 2)
    assert [raw for *_, raw in town.aside(entry)] == ["2020;0101;3", "2020;0102;4"]
    assert "look for a quotation mark that is never closed" in words(entry)


def test_json_on_one_line_that_cannot_be_read_is_kept_as_a_line(tmp_path: Path) -> None:
    town = settle(tmp_path, layout(format={"type": "json"}))
    entry = town.one('[{"Jahr": 2020, "Viertel": "0101"', "fall_2021-01-31.json")
    assert (entry.state, entry.rows_in, entry.rows_quarantined) == ("rejected", 1, 1)
    assert [raw for *_, raw in town.aside(entry)] == ['[{"Jahr": 2020, "Viertel": "0101"']
