"""Berlin's files, taken in: every data line of every file is accepted or set aside."""

import csv
import gzip
import io
import os
import shutil
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from orchestration.declarations import read_declarations
from orchestration.declarations.sources import Format
from orchestration.ingest import lake
from orchestration.ingest.deliver import inbox_patterns, take_in
from orchestration.ingest.lake import Delivery
from orchestration.place import Place

REPO = Path(__file__).parents[2]
DATA = Path(os.environ.get("WIRKRAUM_DATA", REPO.parent / "shared" / "data" / "berlin"))
if not DATA.is_dir():
    pytest.skip(
        f"needs the open data of Berlin in {DATA} (or WIRKRAUM_DATA)", allow_module_level=True
    )

Taken = tuple[dict[str, Delivery], dict[str, int]]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Every delivery by file name, and the data lines of every file counted another way."""
    folder = tmp_path_factory.mktemp("rows") / "berlin"
    ignore = shutil.ignore_patterns("store", "var")
    shutil.copytree(REPO / "examples" / "berlin", folder, ignore=ignore)
    place, lines = Place(folder), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WIRKRAUM_DATA", str(DATA))
        declarations = read_declarations(folder)
        for source in declarations.sources.values():
            take_in(declarations, source, place)
            for anchor, pattern, layout in inbox_patterns(source, place):
                for path in anchor.glob(pattern):
                    lines[path.name] = _lines(path, layout.format)
    return {entry.file_name: entry for entry in lake.ledger(place)}, lines


def _lines(path: Path, how: Format) -> int:
    """Lines below the header in which any cell is filled."""
    data = path.read_bytes()
    tables: list[list[list[str]]] = []
    skip = how.title_rows + how.header_rows
    if how.type == "xlsx":
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [name for name in workbook.sheet_names if name.startswith("Fallzahlen_")]
        for name in sheets:
            grid = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            tables.append([[str(cell) for cell in row] for row in grid])
    else:
        plain = gzip.decompress(data) if path.suffix == ".gz" else data
        text = io.StringIO(plain.decode(how.encoding), newline="")
        tables.append(list(csv.reader(text, delimiter=how.delimiter)))
    rows = (row for table in tables for row in table[skip:])
    return sum(any(cell.strip() for cell in row) for row in rows)


def test_every_file_is_taken_in_and_no_line_is_lost(taken: Taken) -> None:
    entries, lines = taken
    assert {name: entry.rows_in for name, entry in entries.items()} == lines
    assert len(lines) == 33
    for entry in entries.values():
        assert entry.rows_in == entry.rows_accepted + entry.rows_quarantined
        assert entry.rows_accepted > 0


ACCIDENTS = "AfSBBB_BE_LOR_Strasse_Strassenverkehrsunfaelle_{}_Datensatz.csv.gz"


@pytest.mark.parametrize(
    ("name", "rows", "aside"),
    [
        (ACCIDENTS.format(2018), 13_652, 0),
        (ACCIDENTS.format(2019), 13_390, 0),
        (ACCIDENTS.format(2020), 11_810, 0),
        ("stand_2026-02-08_Fahrraddiebstahl.csv.gz", 17_996, 0),
        ("kriminalitaetsatlas_2015-2024.xlsx", 1_690, 0),
        ("EWR_L21_202412E_Matrix.csv", 542, 1),
        ("EWR200912E_Matrix.csv", 448, 1),
    ],
)
def test_figures_per_file(taken: Taken, name: str, rows: int, aside: int) -> None:
    entry = taken[0][name]
    expected = (rows, rows - aside, aside)
    assert (entry.rows_in, entry.rows_accepted, entry.rows_quarantined) == expected


def test_the_rows_set_aside_say_why(taken: Taken) -> None:
    said = {name: entry.reasons for name, entry in taken[0].items() if entry.reasons}
    assert said == {
        "EWR_L21_202412E_Matrix.csv": [("'06200318' is no area of lor 2021", 1, "262")],
        "EWR200912E_Matrix.csv": [("ZEIT: found '', expected a date like 202412", 1, "449")],
    }
