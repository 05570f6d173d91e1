"""Lines without quotes are read by columns, others by record: both give the same."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.declarations.sources import Format
from orchestration.ingest import content
from orchestration.ingest.readers import text
from orchestration.ingest.table import Table

HOW = Format(delimiter=";")
COLUMNS = ["Jahr", "Viertel", "Fälle"]
HEADER = ";".join(COLUMNS)

cells = st.text(st.sampled_from("01aäß -'\t\x0b\x0c\x1c\x85\xa0\u2028\u3000€"), max_size=7)
lines = st.lists(cells, max_size=6).map(";".join)
ends = st.sampled_from(["\n", "\r\n"])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Good, short, long and empty lines, one kind of line end, the last perhaps without."""
    good = st.lists(cells, min_size=3, max_size=3).map(";".join)
    trailing = good.map(lambda line: f"{line};;")
    body = draw(st.lists(st.one_of(good, good, lines, trailing, st.sampled_from(["", ";;", "  "]))))
    end = draw(ends)
    header = HEADER + draw(st.sampled_from(["", ";", ";;"]))
    whole = end.join([header, *body]) + draw(st.sampled_from(["", end]))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + whole.encode()


def everything(table: Table, wanted: list[str]) -> tuple[pl.DataFrame, list[tuple[object, ...]]]:
    """All rows with what was delivered, and all odd ones."""
    frames, odd = [pl.DataFrame(schema={"_row": pl.UInt32} | dict.fromkeys(wanted, pl.String))], []
    raws = [pl.Series(dtype=pl.String)]
    for batch in table.batches(wanted):
        frames.append(batch.frame)
        odd += batch.odd.rows()
        raws.append(batch.raw(batch.frame["_row"]))
    return pl.concat(frames).with_columns(raw=pl.concat(raws)), odd


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("text") / "file.csv"


@pytest.fixture(scope="module", params=[content.CHUNK, 24], ids=["one piece", "many pieces"])
def _pieces(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "CHUNK", request.param)
        yield


@pytest.mark.usefixtures("_pieces")
@pytest.mark.parametrize("wanted", [COLUMNS, ["Fälle", "Jahr"], []])
@settings(max_examples=150)
@given(data=files())
@example(data=f"{HEADER}\n1;2;3\n1;2\n1;2;3;4\n\n;;\n1;2;3;;\n".encode())
@example(data=f"{HEADER}\r\n\r\n1;2;3".encode())
@example(data=f"{HEADER}\n1;2\n1;2;3;4\n".encode())
@example(data=f"{HEADER};\n1;2;3\n1;2;3;\n".encode())
def test_by_columns_as_by_record(path: Path, wanted: list[str], data: bytes) -> None:
    path.write_bytes(data)
    by_columns = text.read(path, "text", HOW)
    frame, odd = everything(by_columns, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_is_plain", lambda *_: False)
        by_record = text.read(path, "text", HOW)
        expected, expected_odd = everything(by_record, wanted)
    assert frame.equals(expected)
    assert sorted(odd) == sorted(expected_odd)
    assert by_columns.notes == by_record.notes
    assert by_columns.texts is not None
    assert by_columns.texts(frame["_row"]).equals(frame.select("_row", "raw"))


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_cells_of_every_length(path: Path, delimiter: str) -> None:
    texts = [("0123456789abcdefghij"[:n], "äöü€ß0123456789"[:n]) for n in range(21)]
    rows = [delimiter.join(one) for one in [("Jahr", "Name"), ("1", "2"), *texts]]
    for end in ("", "\n"):
        path.write_text("\n".join(rows) + end, encoding="utf-8")
        table = text.read(path, "text", Format(delimiter=delimiter))
        frame, odd = everything(table, ["Name", "Jahr"])
        assert frame.select("Jahr", "Name").rows() == [("1", "2"), *texts[1:]]
        assert frame["raw"].to_list() == [rows[1], *rows[3:]]
        assert not odd


def test_one_column_with_empty_lines(path: Path) -> None:
    path.write_bytes(b"Jahr\n1\n\n2\n \n3\n")
    table = text.read(path, "text", HOW)
    frame, odd = everything(table, ["Jahr"])
    assert frame.select("_row", "Jahr").rows() == [(2, "1"), (4, "2"), (6, "3")]
    assert not odd
    assert table.notes == ["2 empty line(s)"]


def test_a_quotation_mark_later_in_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "CHUNK", 24)
    rows = [f"{2000 + n};0101;{n}" for n in range(20)]
    path.write_text("\n".join([HEADER, *rows, '2020;"01;\n01";7', "2021;0102;8"]), encoding="utf-8")
    table = text.read(path, "text", HOW)
    frame, _ = everything(table, COLUMNS)
    assert frame["_row"].to_list() == [*range(2, 23), 24]
    assert frame["Viertel"][20] == "01;\n01"
    assert table.texts is not None
    assert table.texts(pl.Series([3, 22, 24], dtype=pl.UInt32)).rows() == [
        (3, "2001;0101;1"),
        (22, '2020;"01;\n01";7'),
        (24, "2021;0102;8"),
    ]
