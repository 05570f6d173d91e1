"""Berlin's files, taken in: every data line of every file is accepted or set aside."""

import bz2
import csv
import gzip
import io
import lzma
import re
import tarfile
from functools import cache
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from orchestration.declarations.sources import Format
from tests.real import tables
from tests.real.taken import Taken

pytestmark = pytest.mark.slow
NOT_DATA = {"PROVENANCE.md", "SOURCES.csv", "Beschreibung_EWR_Datenpool_202311.pdf"}


@cache
def _members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            Path(one.name).name: part.read()
            for one in archive
            if (part := archive.extractfile(one)) is not None
        }


def _lines(data: bytes, how: Format) -> int:
    """Lines below the header in which any cell is filled, up to the footnotes."""
    for start, unpack in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma)):
        if data.startswith(start):
            data = unpack.decompress(data)
    if how.type == "csv":
        text = io.StringIO(data.decode(how.encoding), newline="")
        grids = [list(csv.reader(text, delimiter=how.delimiter))]
    else:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [one for one in workbook.sheet_names if re.fullmatch(how.sheet or ".*", one)]
        sheets = [workbook.get_sheet_by_name(one) for one in names[: None if how.sheet else 1]]
        grids = [
            [[str(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            for sheet in sheets
        ]
    count = 0
    for grid in grids:
        for row in grid[how.title_rows + how.header_rows :]:
            if how.footer and row and re.match(how.footer, row[0].strip()):
                break
            count += any(cell.strip() for cell in row)
    return count


def test_every_file_but_geometry_and_documents_has_a_contract(berlin: Taken) -> None:
    files = {path for path in berlin.data.rglob("*") if path.is_file()}
    known = {path for paths in berlin.files.values() for path in paths}
    left = {path for path in files - known if "11_geometrie" not in path.parts}
    assert {path.name for path in left} == NOT_DATA
    assert all(berlin.files.values())


def test_no_line_is_lost(berlin: Taken) -> None:
    """The lines of every file, counted another way, are the rows the ledger has."""
    for source in berlin.declarations.sources.values():
        layouts = {one.name: one for one in source.layouts}
        rows, counted = {}, {}
        for one in berlin.of(source.id):
            how = layouts[one.layout].format
            paths = berlin.files[f"{source.id}/{one.layout}"]
            if how.members is None:
                (data,) = (path.read_bytes() for path in paths if path.name == one.file_name)
            else:
                data = _members(paths[0])[one.file_name]
            rows[one.file_name], counted[one.file_name] = one.rows_in, _lines(data, how)
        assert rows == counted
    for one in berlin.deliveries:
        assert one.rows_in == one.rows_accepted + one.rows_quarantined
        assert one.rows_accepted > 0, one.file_name


def test_the_figures_of_every_file(berlin: Taken) -> None:
    assert tables.figures(berlin.deliveries) == tables.declared()


def test_the_readme_says_the_same() -> None:
    assert tables.in_readme() == tables.as_text(tables.declared())


DAY = "2023-06-09 lies outside 2022-01-01 to 2023-06-08, which the file covers"
WRONG = "'10010001' is no area of lor 2006"
SET_ASIDE = [
    ("einwohnerregister", "EWR200912E_Matrix.csv", "ZEIT: found '', expected a date like 202412"),
    ("einwohnerregister", "EWR_L21_202412E_Matrix.csv", "'06200318' is no area of lor 2021"),
    ("fahrraddiebstahl", "stand_2023-06-08_Fahrraddiebstahl.csv.gz", DAY),
    ("fahrraddiebstahl_anzeigen", "stand_2023-06-08_Fahrraddiebstahl.csv.gz", DAY),
    (
        "kriminalitaetsatlas_haeufigkeit",
        "kriminalitaetsatlas_2015-2024.xlsx",
        "hz_straftaten: several rows give different values for the same cell",
    ),
    *(
        ("wohnungsbestand", f"berlin-lor-housing-stock-{year}-00-16-planning-areas.csv", WRONG)
        for year in (2015, 2016, 2017, 2018)
    ),
]


def test_the_rows_set_aside_say_why(berlin: Taken) -> None:
    said = [
        (one.source_id, one.file_name, reason)
        for one in berlin.deliveries
        for reason, _, _ in one.reasons
    ]
    assert sorted(said) == sorted(SET_ASIDE)
