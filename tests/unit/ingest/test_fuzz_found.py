"""What fuzzing has found once and must not find again."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest

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
