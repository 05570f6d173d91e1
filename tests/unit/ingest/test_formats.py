"""Formats beside CSV and XLSX: what bytes really are decides, whatever the file is called."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from tests.unit.ingest.town import layout, settle, words, workbook

HEADER = "Jahr;Viertel;Fälle\n"
GOOD = f"{HEADER}2020;0101;10\n2020;0102;20\n"
LOADED = [("0101", 10.0), ("0102", 20.0)]
NAME = "fall_2021-01-31"
RECORDS = [
    {"jahr": 2020, "ort": {"viertel": "0101"}, "zahl": 10},
    {"jahr": 2020, "ort": {"viertel": "0102"}, "zahl": 20.0},
]


def _json(**how: Any) -> dict[str, Any]:
    return layout(
        format={"type": "json", **how},
        area={"column": "ort.viertel", "system": "raum", "version": "1", "level": "viertel"},
        period={"columns": "jahr", "format": "%Y", "grain": "year"},
        values=[{"measure": "faelle", "column": "zahl"}],
    )


def _zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, _zstd, lambda data: data]
)
def test_compressed_text_loads(tmp_path: Path, pack: Any) -> None:
    town = settle(tmp_path)
    assert town.one(pack(GOOD.encode())).state == "accepted"
    assert town.observed("area_id", "value") == LOADED


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "mac_roman", "cp850", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_end(tmp_path: Path, encoding: str, end: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    town = settle(tmp_path, layout(format={"encoding": declared}))
    assert town.one(GOOD.replace("\n", end).encode(encoding)).state == "accepted"
    assert town.observed("area_id", "value") == LOADED


def _ods() -> bytes:
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in line.split(";")
        )
        + "</table:table-row>"
        for line in GOOD.strip().split("\n")
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        f'xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="Tabelle1">{cells}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        )
    return packed.getvalue()


def test_ods(tmp_path: Path) -> None:
    town = settle(tmp_path, layout(format={"type": "ods"}))
    entry = town.one(_ods(), f"{NAME}.ods")
    assert (entry.state, entry.notes) == ("accepted", [])
    assert town.observed("area_id", "value") == LOADED


@pytest.mark.parametrize("packed", [False, True])
def test_a_workbook_under_a_wrong_ending_loads_and_is_noted(tmp_path: Path, packed: bool) -> None:
    town = settle(tmp_path, layout(format={"type": "xls"}))
    rows: list[list[object]] = [
        ["Jahr", "Viertel", "Fälle"],
        [2020, "0101", 10],
        [2020, "0102", 20],
    ]
    data = workbook({"Tabelle1": rows})
    entry = town.one(gzip.compress(data) if packed else data, f"{NAME}.xls")
    assert entry.state == "accepted"
    assert "is an Excel workbook (.xlsx) inside, although the contract says" in words(entry)
    assert town.observed("area_id", "value") == LOADED


def test_nested_json(tmp_path: Path) -> None:
    town = settle(tmp_path, _json(records="antwort.liste"))
    content = json.dumps({"antwort": {"liste": RECORDS}})
    assert town.one(content, f"{NAME}.json").state == "accepted"
    assert town.observed("area_id", "value", "row_ref") == [
        ("0101", 10.0, "1"),
        ("0102", 20.0, "2"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"antwort": [', "not valid JSON"),
        ('{"antwort": {"seite": 1}}', "no 'liste' on the way to 'antwort.liste'; found 'seite'"),
        ('{"antwort": {"liste": 3}}', "expected a list of records, found int"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_json_that_is_no_list_of_records(tmp_path: Path, content: str, message: str) -> None:
    entry = settle(tmp_path, _json(records="antwort.liste")).one(content, f"{NAME}.json")
    assert entry.state == "rejected"
    assert message in words(entry)


def test_geojson_gives_its_attributes(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [13, 52]},
            "properties": one,
        }
        for one in RECORDS
    ]
    town = settle(tmp_path, _json(type="geojson"))
    content = json.dumps({"type": "FeatureCollection", "features": features})
    assert town.one(content, f"{NAME}.geojson").state == "accepted"
    assert town.observed("area_id", "value") == LOADED


def test_parquet(tmp_path: Path) -> None:
    packed = io.BytesIO()
    columns = {"Jahr": [2020, 2020], "Viertel": ["0101", "0102"], "Fälle": [10.0, 20.0]}
    pl.DataFrame(columns).write_parquet(packed)
    town = settle(tmp_path, layout(format={"type": "parquet"}))
    assert town.one(packed.getvalue(), f"{NAME}.parquet").state == "accepted"
    assert town.observed("area_id", "value") == LOADED
    broken = town.one(packed.getvalue()[:-20], "fall_2021-02-28.parquet")
    assert "the Parquet file is damaged" in words(broken)


def _tar(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return packed.getvalue()


def _zip(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(("pack", "name"), [(_tar, "alle.tar.xz"), (_zip, "alle.zip")])
def test_each_file_in_an_archive_is_a_delivery(tmp_path: Path, pack: Any, name: str) -> None:
    town = settle(tmp_path, layout(format={"members": r"^fall_.*\.csv$"}))
    files = {
        "../../ausbruch/fall_2021-01-31.csv": GOOD,
        "tief/fall_2022-01-31.csv": f"{HEADER}2021;0101;30\n",
        "liesmich.txt": "nichts",
    }
    entries = town.deliver({name: pack(files)}).new
    assert [entry.file_name for entry in entries] == ["fall_2021-01-31.csv", "fall_2022-01-31.csv"]
    assert town.observed("value") == [(10.0,), (20.0,), (30.0,)]
    assert not (tmp_path.parent / "ausbruch").exists()
    again = town.deliver({})
    assert (again.new, again.known) == ([], 2)


def test_an_archive_need_not_hold_something_for_every_layout(tmp_path: Path) -> None:
    wide = {"name": "breit", "format": {"members": r"^breit_"}, "values": []}
    column = {"measure": "faelle", "column": "Zahl"}
    both = [layout(format={"members": r"^fall_"}), layout(**wide | {"values": [column]})]
    town = settle(tmp_path, layouts=both)
    wide_csv = "Jahr;Viertel;Zahl\n2021;0101;30\n"
    files: dict[str, str | bytes] = {
        "alt.zip": _zip({f"{NAME}.csv": GOOD}),
        "neu.zip": _zip({"breit_2022-01-31.csv": wide_csv}),
        "z.zip": _zip({"fremd.csv": GOOD}),
    }
    found = {one.file_name: one for one in town.deliver(files).new}
    states = {name: one.state for name, one in found.items()}
    taken = {f"{NAME}.csv": "accepted", "breit_2022-01-31.csv": "accepted"}
    assert states == {**taken, "z.zip": "rejected"}
    assert "matches '^breit_'; no file in the archive has a name that matches '^fall_'" in words(
        found["z.zip"]
    )
    assert town.observed("value") == [(10.0,), (20.0,), (30.0,)]


def test_a_damaged_archive_is_said(tmp_path: Path) -> None:
    town = settle(tmp_path, layout(format={"members": ".*"}))
    entry = town.one(_tar({f"{NAME}.csv": GOOD})[:-40], f"{NAME}.tar.xz")
    assert entry.state == "rejected"
    assert "the archive is damaged or locked" in words(entry)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    town = settle(tmp_path)
    entry = town.one(gzip.compress(b"x" * 40_000_000))
    assert "unpacks to more than" in words(entry)
    sheet = _zip({"xl/workbook.xml": "x", "xl/worksheets/sheet1.xml": " " * 300_000_000})
    other = settle(tmp_path / "b", layout(format={"type": "xlsx"})).one(sheet, f"{NAME}.xlsx")
    assert "unpacks to more than" in words(other)
