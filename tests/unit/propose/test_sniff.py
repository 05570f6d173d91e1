"""Files of unknown form: encoding, delimiter, header, footnotes, numbers."""

import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.propose.sniff import CannotPropose, Grid, sniff
from orchestration.propose.table import Marks, find_table, number_marks
from tests.unit.ingest.town import workbook

TEXT = "Stadtteil;Größe;Fälle\nKönigstraße;groß;12\nMühläcker;übrig;7\n"


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1252", "cp1252"),
        ("cp850", "cp850"),
        ("mac_roman", "mac_roman"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_encodings_by_evidence(codec: str, expected: str) -> None:
    found = sniff(TEXT.encode(codec))
    assert found.encoding == expected
    assert found.grids[0].rows[1] == ["Königstraße", "groß", "12"]
    assert found.doubts == {}


def test_ascii_is_a_doubt() -> None:
    assert "umlauts" in sniff(b"a;b\n1;2\n3;4\n").doubts["encoding"][0]


@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
def test_delimiters(sign: str) -> None:
    rows = [f"010{n}{sign}Ort {n}{sign}{n}" for n in range(1, 9)]
    assert sniff("\n".join(["Nr" + sign + "Name" + sign + "Zahl", *rows]).encode()).delimiter == (
        sign
    )


def test_decimal_commas_do_not_win_over_semicolons() -> None:
    rows = "".join(f"01{n:02d};Ort;4{n % 10},{n % 10};1{n % 9},0\n" for n in range(30))
    assert sniff(f"Gebiet;Name;Alter;Dauer\n{rows}".encode()).delimiter == ";"


def test_gzip_is_unpacked() -> None:
    assert sniff(gzip.compress(TEXT.encode())).grids[0].rows[0][1] == "Größe"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04 cut off", "damaged"),
        (b'{"a": [1, 2]}', "JSON"),
        (b"PAR1....", "Parquet"),
        (b"\x1f\x8b\x08 no archive", "gzip"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(CannotPropose, match=words):
        sniff(data)


def test_a_zip_of_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "a;b")
    with pytest.raises(CannotPropose, match="ZIP archive"):
        sniff((tmp_path / "a.zip").read_bytes())


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data: bytes) -> None:
    try:
        found = sniff(data)
    except CannotPropose:
        return
    for grid in found.grids:
        find_table(grid)


def test_titles_header_lines_and_footnotes() -> None:
    data = workbook(
        {
            "T1": [
                ["Hilfen nach Stadtteil", None, None, None],
                ["Nr.", "Name", "2019", None],
                [None, None, "w", "m"],
                ["0101", "Hafen", 3, 4],
                ["0102", "Markt", 5, "-"],
                ["Summe", None, 8, 4],
                ["Quelle: eigene Zählung", None, None, None],
            ]
        }
    )
    table = find_table(sniff(data).grids[0])
    assert table is not None
    assert (table.title_rows, table.header_rows) == (1, 2)
    assert table.columns == ["Nr.", "Name", "2019 / w", "2019 / m"]
    assert table.footers == ["Quelle: eigene Zählung"]
    assert len(table.rows) == 3


def test_years_as_headers_are_no_data() -> None:
    grid = Grid(None, [["Bezirk", "2020", "2021"], ["01", "5", "6"], ["02", "7", "8"]])
    table = find_table(grid)
    assert table is not None
    assert table.columns == ["Bezirk", "2020", "2021"]


@pytest.mark.parametrize(
    ("cells", "expected", "doubtful"),
    [
        (["12,5", "3,0"], Marks(",", None), False),
        (["12.5", "3.0"], Marks(".", None), False),
        (["1.234,5", "3,0"], Marks(",", "."), False),
        (["1,234.5", "3.0"], Marks(".", ","), False),
        (["197.372", "12"], Marks(",", "."), True),
        ([".707", "-.05"], Marks(".", None), False),
        (["1", "2"], Marks(",", None), False),
        (["12 345", "1 000"], Marks(",", " "), False),
    ],
)
def test_number_marks(cells: list[str], expected: Marks, doubtful: bool) -> None:
    marks, doubt = number_marks(cells)
    assert marks == expected
    assert (doubt is not None) == doubtful
    assert all(marks.number(cell) is not None for cell in cells)


@given(st.lists(st.integers(0, 10**7), min_size=3, max_size=20), st.sampled_from(".' "))
def test_grouped_numbers_are_read_back(numbers: list[int], mark: str) -> None:
    cells = [f"{number:,}".replace(",", mark) for number in numbers]
    marks, _ = number_marks(cells)
    assert [marks.number(cell) for cell in cells] == numbers
