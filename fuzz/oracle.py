"""What a file says, read a second time by other libraries and simpler rules than those on trial.

Rows are read with the csv module, openpyxl, json and polars, one by one; numbers with Decimal. Only
what the fuzz's own contracts need is understood.
"""

import bz2
import csv
import io
import json
import lzma
import os
import re
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from fuzz.bases import AREAS, Base, measure_of

# (measure, area, first day of the period, group) → (value, status)
Cell = tuple[str, str, str, str]
Figure = tuple[float | None, str]
Values = dict[Cell, Figure]

_SIGNS: dict[str, Figure] = {
    "": (None, "missing"),
    "-": (0.0, "observed"),
    "–": (0.0, "observed"),
    ".": (None, "missing"),
    "…": (None, "missing"),
    "...": (None, "missing"),
    "/": (None, "missing"),
    "x": (None, "not_collected"),
    "X": (None, "not_collected"),
}
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RuntimeError,
    NotImplementedError,
    SyntaxError,
    zlib.error,
    lzma.LZMAError,
    pa.ArrowException,
    zipfile.BadZipFile,
    tarfile.TarError,
    csv.Error,
    RecursionError,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)


_NO_TEXT = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"%PDF", b"PAR1", b"SQLite", b"\x89PNG",
            b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")  # fmt: skip
MOST = 4 * 1024 * 1024


@dataclass
class Part:
    """One table file as the second reading sees it.

    `rows` are cells by header, None where a row has another width than the header, by the name
    that quarantine uses for it; None where nobody can say. `lines` counts written lines below the
    header.
    """

    name: str
    rows: dict[str, dict[str, str] | None] | None
    lines: int | None = None
    partial: bool = False


def unpacked(data: bytes) -> tuple[bytes, bool]:
    """Bytes without their compression, as far as they go, and whether that was all."""
    tools: list[tuple[bytes, Any]] = [
        (b"\x1f\x8b", zlib.decompressobj(31)),
        (b"BZh", bz2.BZ2Decompressor()),
        (b"\xfd7zXZ\x00", lzma.LZMADecompressor()),
    ]
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            found = pa.CompressedInputStream(io.BytesIO(data), "zstd").read(MOST + 1)
            return (found, True) if len(found) <= MOST else (b"\x1f\x8b", False)
        except _DAMAGED:
            return b"", False
    tool = next((tool for sign, tool in tools if data.startswith(sign)), None)
    if tool is None:
        return data, True
    found = b""
    try:
        for at in range(0, len(data), 16):
            found += tool.decompress(data[at : at + 16])
            if len(found) > MOST + len(data):
                return b"\x1f\x8b", False  # not worth a second reading
    except _DAMAGED:
        return found, False
    return found, bool(tool.eof) and not tool.unused_data


def read(base: Base, data: bytes, name: str) -> list[Part] | None:
    """The table files in a delivered file; None where an archive cannot be read."""
    if base.is_archive:
        try:
            inside = sorted(_members(data))
        except _DAMAGED:
            return None
        return [_part(base, content, member) for member, content in inside]
    return [_part(base, data, name)]


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if not info.is_dir() and info.filename.endswith(".csv"):
                    with archive.open(info) as handle:
                        yield info.filename.rsplit("/", 1)[-1], handle.read(MOST + 1)
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        for entry in packed.getmembers():
            if entry.isfile() and entry.name.endswith(".csv"):
                inside = packed.extractfile(entry)
                if inside is not None:
                    yield entry.name.rsplit("/", 1)[-1], inside.read(MOST + 1)


def _part(base: Base, data: bytes, name: str) -> Part:
    if base.is_archive and len(data) > MOST:
        return Part(name, None)
    match base.kind:
        case "csv":
            return _read_csv(base, data, name)
        case "json":
            reader = _read_json
        case "parquet":
            reader = _read_parquet
        case _:
            reader = _read_sheets
    try:
        return Part(name, dict(reader(base, data)))
    except _DAMAGED:
        return Part(name, None)


def _header(rows: list[list[str]]) -> list[str]:
    width = max(map(len, rows), default=0)
    names = [""] * width
    for number, row in enumerate(rows):
        said = ""
        for column in range(width):
            cell = row[column] if column < len(row) else ""
            text = " ".join(cell.replace("\xad", "").split())
            said = text or (said if number < len(rows) - 1 else "")
            if said and said not in names[column].split(" / "):
                names[column] = f"{names[column]} / {said}" if names[column] else said
    while names and not names[-1]:
        names.pop()
    return [
        f"{name} #{at}" if names.count(name) > 1 else name for at, name in enumerate(names)
    ]  # fmt: skip


def _read_csv(base: Base, data: bytes, name: str) -> Part:
    plain, whole = unpacked(data)
    if plain.startswith(_NO_TEXT):
        return Part(name, None)
    loose = plain.decode(base.encoding, "backslashreplace")
    written = list(io.StringIO(loose, newline=""))[base.head :]
    lines = sum(1 for line in written if line.strip())
    if not whole:
        return Part(name, None, lines, partial=True)
    usual = csv.field_size_limit(len(plain) + 1)
    try:
        text = plain.decode("utf-8-sig" if base.encoding == "utf-8" else base.encoding)
        stream = csv.reader(io.StringIO(text, newline=""), delimiter=base.delimiter, strict=True)
        rows: list[tuple[int, list[str]]] = []
        before = 0
        for cells in stream:
            rows.append((before + 1, cells))
            before = stream.line_num
    except (UnicodeError, csv.Error):
        return Part(name, None, lines)
    finally:
        csv.field_size_limit(usual)  # ingest in the same process keeps its own
    names = _header([cells for _, cells in rows[: base.head]][-1:])
    found: dict[str, dict[str, str] | None] = {}
    for number, cells in rows[base.head :]:
        if base.footer and cells and cells[0].strip().startswith(base.footer):
            break
        if not any(cell.strip() for cell in cells):
            continue
        fits = len(cells) >= len(names) and not any(cell.strip() for cell in cells[len(names) :])
        found[str(number)] = dict(zip(names, map(str.strip, cells), strict=False)) if fits else None
    return Part(name, found, lines)


def _read_json(base: Base, data: bytes) -> Iterator[tuple[str, dict[str, str] | None]]:
    plain, _ = unpacked(data)
    content = json.loads(plain.decode("utf-8-sig"), object_pairs_hook=_once)
    for number, record in enumerate(content["daten"]["zeilen"], 1):
        if not isinstance(record, dict):
            raise TypeError("no record")
        yield str(number), {".".join(path): _text(cell, base) for path, cell in _leaves(record)}


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    else:
        yield path, value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("of two values under one name nobody knows which is meant")
    return dict(pairs)


def _text(value: object, base: Base) -> str:
    if isinstance(value, bool):
        return "WAHR" if value else "FALSCH"
    if isinstance(value, bytes):
        return value.decode().strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        value = value.date()
    if isinstance(value, float | int):
        return str(value).replace(".", base.decimal)
    return "" if value is None else str(value).strip()


def _read_parquet(base: Base, data: bytes) -> Iterator[tuple[str, dict[str, str] | None]]:
    with hushed():
        try:
            columns = pl.read_parquet(data).get_columns()
        except pl.exceptions.DuplicateError:
            columns = _doubled_columns(data)
        rows = list(zip(*(one.to_list() for one in columns), strict=True))
    names = _header([[one.name for one in columns]])
    for number, cells in enumerate(rows, 1):
        yield str(number), dict(zip(names, [_text(cell, base) for cell in cells], strict=False))


def _doubled_columns(data: bytes) -> list[pl.Series]:
    """Columns of which some have one name, which no frame can hold."""
    table = parquet.read_table(io.BytesIO(data))
    return [
        pl.Series(name, cells.to_pylist(), strict=False)
        for name, cells in zip(table.column_names, table.columns, strict=True)
    ]


@contextmanager
def hushed() -> Iterator[Callable[[], str]]:
    """Keep what is written to standard error, also by threads of libraries; gives it as text."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        usual = os.dup(2)
        os.dup2(kept.fileno(), 2)

        def said() -> str:
            sys.stderr.flush()
            kept.seek(0)
            return kept.read().decode("utf-8", "backslashreplace")

        try:
            yield said
        finally:
            sys.stderr.flush()
            os.dup2(usual, 2)
            os.close(usual)


def _read_sheets(base: Base, data: bytes) -> Iterator[tuple[str, dict[str, str] | None]]:
    plain, _ = unpacked(data)
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        if archive.testzip() is not None:
            raise ValueError("a checksum differs")
    book = openpyxl.load_workbook(io.BytesIO(plain), data_only=True)
    wanted = base.layout["format"]["sheet"]
    titles = [title for title in book.sheetnames if re.fullmatch(wanted, title)]
    if not titles:
        raise ValueError(wanted)
    for title in titles:
        sheet = book[title]
        grid = [[_text(cell, base) for cell in row] for row in sheet.iter_rows(values_only=True)]
        upper = grid[1 if base.head > 1 else 0 : base.head]
        for area in sheet.merged_cells.ranges:
            for line in range(area.min_row, min(area.max_row, base.head) + 1):
                for column in range(area.min_col, area.max_col + 1):
                    text = grid[area.min_row - 1][area.min_col - 1]
                    if base.head > 1 and line >= 2:
                        upper[line - 2][column - 1] = text
                    elif base.head == 1:
                        upper[0][column - 1] = text
        names = _header(upper)
        year = re.search(r"\d{4}", title) if base.head == 1 else None
        for number, cells in enumerate(grid[base.head :], base.head + 1):
            if any(cells):
                row = dict(zip(names, cells, strict=False))
                if year is not None:
                    row["#year"] = year[0]
                yield f"{title}!{number}", row


def figure(text: str, base: Base, *, whole: bool) -> Figure | None:
    """What a cell says as a figure of at least 0; None where it says none."""
    if text in _SIGNS:
        return _SIGNS[text]
    status = "observed"
    bracketed = re.fullmatch(r"\((.*)\)", text)
    if bracketed:
        text, status = bracketed[1].strip(" "), "estimated"
    if base.thousands and re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?(e.*)?", text, re.I):
        text = text.replace(base.thousands, "")
    mark = re.escape(base.decimal)
    if not re.fullmatch(rf"[+-]?([0-9]+({mark}[0-9]*)?|{mark}[0-9]+)(e[+-]?[0-9]+)?", text, re.I):
        return None
    value = float(Decimal(text.replace(base.decimal, ".")))
    if value < 0 or value in (float("inf"),) or (whole and not value.is_integer()):
        return None
    return value, status


def _day(text: str, grain: str) -> str | None:
    pattern = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}[grain]
    try:
        found = datetime.strptime(text, pattern).date()
    except ValueError:
        return None
    first = date(found.year, 1, 1) if grain == "year" else found.replace(day=1)
    return first.isoformat()


def _area(text: str) -> str | None:
    return text if text in AREAS else "0:nz" if not text else None


def values_of(base: Base, row: dict[str, str] | None) -> Values | None:
    """What a row of a table says; None where it says nothing that may be taken in."""
    if row is None:
        return None
    use = {kind: name for name, kind in base.columns.items()}
    absent = "" if base.kind == "json" else "?"  # a record need not have every field
    area = _area(row.get(use["area"], absent))
    found: Values = {}
    if base.id == "breit":
        for name, text in row.items():
            match = re.fullmatch(r"(\d{4}) / ([mw])", name)
            if match:
                said = figure(text, base, whole=True)
                if said is None or area is None:
                    return None
                key = (measure_of(base, "faelle"), area, f"{match[1]}-01-01", match[2])
                found[(*key[:3], f"geschlecht={key[3]}")] = said
        return found or None
    grain = base.layout["period"]["grain"]
    text = row["#year"] if base.id == "blatt" else row.get(use.get("period", ""), "?")
    day = _day(text, grain)
    sex = "all"
    if "sex" in use:
        code = row.get(use["sex"], "?")
        if code not in ("m", "w", "insgesamt"):
            return None
        sex = "all" if code == "insgesamt" else f"geschlecht={code}"
    if area is None or day is None:
        return None
    for kind in ("faelle", "stunden"):
        if kind in use:
            said = figure(row.get(use[kind], absent), base, whole=kind == "faelle")
            if said is None:
                return None
            found[(measure_of(base, kind), area, day, sex)] = said
    return found


def said(base: Base, parts: list[Part], aside: Collection[tuple[str, str]]) -> Values | None:
    """What all rows say that were not set aside (part's name, row); None where nobody can tell."""
    total: Values = {}
    for part in parts:
        if part.rows is None:
            return None
        for ref, row in part.rows.items():
            if (part.name, ref) in aside:
                continue
            found = case_of(base, row) if base.id == "einzeln" else values_of(base, row)
            if found is None:
                return {("unreadable row accepted", ref, "", ""): (None, "")}
            for key, said_here in found.items():
                if base.id == "einzeln":
                    total[key] = ((total.get(key, (0.0, ""))[0] or 0.0) + 1.0, "observed")
                elif key in total:
                    return {("one cell in two rows", ref, "", ""): (None, "")}
                else:
                    total[key] = said_here
    return total


def case_of(base: Base, row: dict[str, str] | None) -> Values | None:
    """The cells in which a case counts."""
    if row is None:
        return None
    area = _area(row.get("Viertel", "?"))
    day = _day(row.get("Tag", "?"), "day")
    sex = row.get("Geschlecht", "?")
    if area is None or day is None or not day.startswith("2021") or sex not in ("m", "w"):
        return None
    measure = measure_of(base, "faelle")
    one: Figure = (1.0, "observed")
    return {(measure, area, day, group): one for group in ("all", f"geschlecht={sex}")}
