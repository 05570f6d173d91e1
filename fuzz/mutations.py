"""Kinds of damage (and of harmless difference) that are done to good deliveries.

Every kind is a function `(base, rng) -> Mutant | None`; None where it makes no sense for a base.
"""

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from fuzz import bases
from fuzz.bases import (
    NOW,
    Base,
    Grid,
    Tables,
    columns_of,
    frame_of,
    pack,
    records_of,
    squeeze,
    texts,
    workbook,
    written,
)

Rng = np.random.Generator
MB = 1024 * 1024


@dataclass(frozen=True)
class Mutant:
    """A file to deliver; `told` says what was done, to find it again."""

    name: str
    data: bytes
    told: str = ""
    links: dict[str, str] = field(default_factory=dict)


Mutation = Callable[[Base, Rng], Mutant | None]
HARMFUL: dict[str, Mutation] = {}
HARMLESS: dict[str, Mutation] = {}


def _harmful(mutation: Mutation) -> Mutation:
    HARMFUL[mutation.__name__.strip("_")] = mutation
    return mutation


def _harmless(mutation: Mutation) -> Mutation:
    HARMLESS[mutation.__name__.strip("_")] = mutation
    return mutation


def _pick(rng: Rng, things: list[Any]) -> Any:
    return things[int(rng.integers(len(things)))]


def _mutant(base: Base, data: bytes, told: object = "") -> Mutant:
    return Mutant(base.named(), data, str(told))


def _with_bytes(base: Base, rng: Rng, change: Callable[[bytearray, Rng], object]) -> Mutant:
    """Damage either the file as it is or what is inside it before it is packed."""
    inside = texts(base)
    deep = bool(base.packing) and rng.random() < 0.5
    if deep:
        name = _pick(rng, sorted(inside))
        data = bytearray(inside[name])
        told = change(data, rng)
        inside[name] = bytes(data)
        return _mutant(base, pack(base.packing, inside), told)
    data = bytearray(pack(base.packing, inside))
    told = change(data, rng)
    return _mutant(base, bytes(data), told)


@_harmful
def _flipped_bits(base: Base, rng: Rng) -> Mutant:
    def change(data: bytearray, rng: Rng) -> object:
        for at in rng.integers(0, len(data), int(rng.integers(1, 9))):
            data[at] ^= 1 << int(rng.integers(8))
        return ""

    return _with_bytes(base, rng, change)


@_harmful
def _overwritten_bytes(base: Base, rng: Rng) -> Mutant:
    def change(data: bytearray, rng: Rng) -> object:
        at, length = int(rng.integers(len(data))), int(rng.integers(1, 40))
        fill = rng.bytes(length) if rng.random() < 0.5 else b"\x00" * length
        data[at : at + length] = fill
        return at

    return _with_bytes(base, rng, change)


@_harmful
def _moved_bytes(base: Base, rng: Rng) -> Mutant:
    """A piece is lost, doubled, or something is put in between."""

    def change(data: bytearray, rng: Rng) -> object:
        at, length = int(rng.integers(len(data))), int(rng.integers(1, 60))
        piece = bytes(data[at : at + length])
        match int(rng.integers(4)):
            case 0:
                del data[at : at + length]
            case 1:
                data[at:at] = piece
            case 2:
                data[at:at] = rng.bytes(length)
            case _:
                data += rng.bytes(length)
        return at

    return _with_bytes(base, rng, change)


@_harmful
def _cut_file(base: Base, rng: Rng) -> Mutant:
    def change(data: bytearray, rng: Rng) -> object:
        at = int(rng.integers(len(data)))
        del data[at:]
        return at

    return _with_bytes(base, rng, change)


def _on_cells(base: Base, rng: Rng, change: Callable[[Grid, Rng], object]) -> Mutant:
    """Damage the cells of one table."""
    tables = deepcopy(base.tables)
    name = _pick(rng, sorted(tables))
    told = change(tables[name], rng)
    return _mutant(base, written(base, tables), told)


def _body(base: Base, grid: Grid) -> range:
    return range(base.head, len(grid) - bool(base.footer))


def _row(base: Base, grid: Grid, rng: Rng) -> int:
    return int(_pick(rng, list(_body(base, grid))))


def _figures(base: Base) -> list[int]:
    """The columns that hold measures."""
    if base.id == "breit":
        return list(range(1, 7))
    header = next(iter(base.tables.values()))[base.head - 1]
    return [at for at, name in enumerate(header) if base.columns.get(name) in ("faelle", "stunden")]


def _set_figure(base: Base, rng: Rng, cell: object) -> Mutant | None:
    if not _figures(base):
        return None

    def change(grid: Grid, rng: Rng) -> object:
        row, column = _row(base, grid, rng), _pick(rng, _figures(base))
        grid[row][column] = cell
        return f"row {row + 1}: {cell!r}"[:80]

    return _on_cells(base, rng, change)


@_harmful
def _swapped_columns(base: Base, rng: Rng) -> Mutant:
    """The cells of two columns change places below their headers, in some rows or in all."""

    def change(grid: Grid, rng: Rng) -> object:
        width = len(grid[base.head - 1])
        one, other = rng.choice(width, 2, replace=False).tolist()
        rows = list(_body(base, grid))
        rows = rows if rng.random() < 0.7 else [_pick(rng, rows)]
        for row in rows:
            grid[row][one], grid[row][other] = grid[row][other], grid[row][one]
        return (one, other, len(rows))

    return _on_cells(base, rng, change)


@_harmful
def _shifted_cells(base: Base, rng: Rng) -> Mutant:
    def change(grid: Grid, rng: Rng) -> object:
        row = grid[_row(base, grid, rng)]
        at = int(rng.integers(len(row)))
        if rng.random() < 0.5:
            del row[at]
        else:
            row.insert(at, _pick(rng, ["", "7", "x", row[at]]))
        return at

    return _on_cells(base, rng, change)


@_harmful
def _wrong_decimals(base: Base, rng: Rng) -> Mutant | None:
    """Numbers are written with the other decimal mark or other groups, in one row or in all."""
    columns = _figures(base)
    if not columns:
        return None
    swap = str.maketrans(",.", ".,")

    def change(grid: Grid, rng: Rng) -> object:
        rows = list(_body(base, grid))
        for row in rows if rng.random() < 0.5 else [_pick(rng, rows)]:
            for column in columns:
                text = str(grid[row][column])
                match int(rng.integers(4)):
                    case 0:
                        grid[row][column] = text.translate(swap)
                    case 1:
                        grid[row][column] = text + _pick(rng, [".0", ",5", ".-", "'000"])
                    case 2:
                        grid[row][column] = text.replace(",", "").replace(".", "")
                    case _:
                        grid[row][column] = text[:1] + _pick(rng, [".", ",", " "]) + text[1:]
        return ""

    return _on_cells(base, rng, change)


@_harmful
def _digit_changed(base: Base, rng: Rng) -> Mutant:
    """One digit of one cell becomes another one."""

    def change(grid: Grid, rng: Rng) -> object:
        places = [
            (row, column, at)
            for row in _body(base, grid)
            for column, cell in enumerate(grid[row])
            for at, sign in enumerate(str(cell))
            if sign.isdigit()
        ]
        row, column, at = _pick(rng, places)
        cell = grid[row][column]
        text = str(cell)
        text = text[:at] + str((int(text[at]) + int(rng.integers(1, 10))) % 10) + text[at + 1 :]
        grid[row][column] = type(cell)(text)
        return f"row {row + 1}: {cell!r} → {text!r}"

    return _on_cells(base, rng, change)


_ODD_AREAS = ["9999", "101", "1", "0101 ", "0101a", "01", "0", "０１０１", "Nord", "0:nz", "101.0"]
_ODD_DAYS = ["0", "20", "2019-13", "31.02.2021", "2021-02-30", "99999", "heute", "٢٠٢٠", "1e3", ""]


@_harmful
def _odd_keys(base: Base, rng: Rng) -> Mutant:
    """Areas nobody knows, lost zeros, days that do not exist, unknown groups."""

    def change(grid: Grid, rng: Rng) -> object:
        uses = {at: base.columns.get(str(name)) for at, name in enumerate(grid[base.head - 1])}
        if base.id == "breit":
            uses = {0: "area"}
        keys = [at for at, use in uses.items() if use in ("area", "period", "sex")]
        column = _pick(rng, keys)
        odd = {"area": _ODD_AREAS, "period": _ODD_DAYS}.get(uses[column] or "", ["d", "M", "", "?"])
        rows = list(_body(base, grid))
        for row in rng.choice(rows, min(len(rows), int(rng.integers(1, 6))), replace=False):
            grid[row][column] = _pick(rng, odd)
        return uses[column]

    return _on_cells(base, rng, change)


_ODD_FIGURES: list[object] = [
    "NaN", "inf", "-inf", "1e999", "-5", "1_000", "0x10", "٣", "①", "½", "１２", "12 Fälle", "ca. 5",
    "12*", "1 000", "1.234.56", "--", "+", "e5", "(", ")", "()", "(-5)", "1e3", "+7", "TRUE", "null",
    "#REF!", "#DIV/0!", "12%", "12€", "\u200b12", "\u202e21", "1\u00a0000", "−5", "9" * 400, "1e-400",
    "00012", "0,0000001", "1.5", "1,5", "5.", ",5", "NULL", "n/a", "k.A.", "?",
]  # fmt: skip


@_harmful
def _odd_figures(base: Base, rng: Rng) -> Mutant | None:
    if not _figures(base):
        return None

    def change(grid: Grid, rng: Rng) -> object:
        rows, told = list(_body(base, grid)), []
        for row in rng.choice(rows, int(rng.integers(1, 4)), replace=False).tolist():
            cell = _pick(rng, _ODD_FIGURES)
            grid[row][_pick(rng, _figures(base))] = cell
            told.append(f"row {row + 1}: {cell!r}"[:60])
        return told

    return _on_cells(base, rng, change)


_FORMULAS = ["=1+1", "=SUMME(D2:D5)", "+1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "-1+2", '="12"',
             "=HYPERLINK(\"http://x\")", "=D2", "=NA()"]  # fmt: skip


@_harmful
def _formula_cells(base: Base, rng: Rng) -> Mutant | None:
    """Formulas; in a workbook they carry no computed value, as many programs write them."""
    return _set_figure(base, rng, _pick(rng, _FORMULAS))


@_harmful
def _giant_cells(base: Base, rng: Rng) -> Mutant:
    def change(grid: Grid, rng: Rng) -> object:
        row = grid[_row(base, grid, rng)]
        length = int(rng.choice([40_000, 200_000, 2 * MB, 20 * MB], p=[0.4, 0.4, 0.15, 0.05]))
        match int(rng.integers(3)):
            case 0:
                row[int(rng.integers(len(row)))] = _pick(rng, ["9", "x", '"', "ä\n"]) * length
            case 1:
                row += ["1"] * min(length // 100, 15_000 if base.kind == "xlsx" else length)
            case _:
                row += ["y" * length]
        return length

    return _on_cells(base, rng, change)


@_harmful
def _control_signs(base: Base, rng: Rng) -> Mutant:
    signs = ["\x00", "\x0c", "\x1a", "\u2028", "\u200b", "\x85", "\ufeff", "\x1b[31m", "\r", "\ud7ff",
             "\x0b", "\xad", "\xa0"]  # fmt: skip

    def change(grid: Grid, rng: Rng) -> object:
        row = grid[_row(base, grid, rng)]
        column = int(rng.integers(len(row)))
        text, sign = str(row[column]), str(_pick(rng, signs))
        at = int(rng.integers(len(text) + 1))
        row[column] = text[:at] + sign + text[at:]
        return repr(sign)

    return _on_cells(base, rng, change)


@_harmful
def _rows_doubled(base: Base, rng: Rng) -> Mutant:
    """The same row again, now and then with another figure; pasted blocks; totals below."""

    def change(grid: Grid, rng: Rng) -> object:
        rows, figures = list(_body(base, grid)), _figures(base)
        copies = [list(grid[_pick(rng, rows)]) for _ in range(int(rng.integers(1, 6)))]
        for row in copies if figures and rng.random() < 0.5 else []:
            row[_pick(rng, figures)] = "777" if base.kind == "csv" else 777
        if rng.random() < 0.3:
            copies[0][0] = "Summe"
        at = int(rng.integers(base.head, rows[-1] + 2))
        grid[at:at] = copies
        return at

    return _on_cells(base, rng, change)


@_harmful
def _rows_missing(base: Base, rng: Rng) -> Mutant:
    def change(grid: Grid, rng: Rng) -> object:
        at, count = _row(base, grid, rng), int(rng.integers(1, 6))
        del grid[at : min(at + count, len(grid) - bool(base.footer))]
        return at

    return _on_cells(base, rng, change)


@_harmful
def _broken_header(base: Base, rng: Rng) -> Mutant:
    def change(grid: Grid, rng: Rng) -> object:
        at = int(rng.integers(base.head))
        row = grid[at]
        column, other = int(rng.integers(len(row))), int(rng.integers(len(row)))
        kind = int(rng.integers(7))
        match kind:
            case 0:
                del grid[at]
            case 1:
                row[column] = row[other]
            case 2:
                row[column] = ""
            case 3:
                row[column], row[other] = row[other], row[column]
            case 4:
                grid.insert(at, ["Stand: heute"])
            case 5:
                del row[column]
            case _:
                row[column] = str(row[column]).upper() + "?"
        return kind

    return _on_cells(base, rng, change)


@_harmful
def _stray_signs(base: Base, rng: Rng) -> Mutant | None:
    """Quotation marks, delimiters and line ends where they do not belong."""
    if not base.is_text:
        return None
    signs = [
        b'"',
        b'""',
        b"'",
        b";",
        b",",
        b"\t",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b'";"',
        b"{",
        b"]",
        b"\\",
    ]
    inside = texts(base)
    name = _pick(rng, sorted(inside))
    data, told = bytearray(inside[name]), []
    for _ in range(int(rng.integers(1, 4))):
        at, sign = int(rng.integers(len(data))), bytes(_pick(rng, signs))
        data[at:at] = sign
        told.append((at, sign))
    inside[name] = bytes(data)
    return _mutant(base, pack(base.packing, inside), told)


@_harmful
def _mixed_encodings(base: Base, rng: Rng) -> Mutant | None:
    """The file, or some lines of it, in another encoding than the contract says."""
    if not base.is_text:
        return None
    others = ["utf-8", "cp1252", "cp850", "utf-16", "utf-16-le", "mac_roman", "utf-8-sig", "utf-7"]
    other = _pick(rng, [one for one in others if one != base.encoding])
    inside = texts(base)
    name = _pick(rng, sorted(inside))
    lines = inside[name].decode(base.encoding).splitlines(keepends=True)
    wanted = range(len(lines))
    if rng.random() < 0.5:
        wanted = range(int(rng.integers(len(lines))), len(lines))
        lines[wanted[0]] = lines[wanted[0]].replace(";", "ä;", 1).replace(",", "ß,", 1)
    inside[name] = b"".join(
        line.encode(other if number in wanted else base.encoding, "replace")
        for number, line in enumerate(lines)
    )
    return _mutant(base, pack(base.packing, inside), (other, wanted[0]))


@_harmful
def _wrong_kind(base: Base, rng: Rng) -> Mutant:
    """Another file than the contract says: a document, a page, somebody else's delivery."""
    known = bases.bases(1)
    other = _pick(rng, [one for one in known.values() if one.id != base.id])
    page = "<html><body><h1>404 Nicht gefunden</h1></body></html>\n"
    kinds = [
        b"%PDF-1.7\n%\xe2\xe3\n1 0 obj", page.encode(), b"\xd0\xcf\x11\xe0" + rng.bytes(600),
        b"\x89PNG\r\n" + rng.bytes(90), rng.bytes(500), b"\x00" * 5000, b"\n" * 900, b" ", b"\xef\xbb\xbf",
        b"SQLite format 3\x00" + rng.bytes(99), b"PAR1" + rng.bytes(80) + b"PAR1", b"PK\x05\x06" + b"\x00" * 18,
        b"[" * 100_000, b'{"daten": {"zeilen": [' + b'{"a":' * 5000, b'{"daten": {"zeilen": [1, 2]}}',
        b"null", b"\x1f\x8b\x08\x00", b"BZh9", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00",
        written(other), squeeze("gz", squeeze("gz", written(base))),
        pack("zip", {"a.zip": pack("zip", {base.named(): b"x"})}),
    ]  # fmt: skip
    at = int(rng.integers(len(kinds)))
    return _mutant(base, kinds[at], (at, other.id))


@cache
def _bomb(packing: str, kind: str) -> bytes:
    """Little that unpacks to 48 MB; made once per process."""
    piece = {
        "zeros": b"\x00" * MB,
        "line": b"9" * MB,
        "rows": b"2020;0101;m;5;5\n" * (MB // 16),
        "bad rows": b"x;y;z\n" * (MB // 6),
    }[kind]
    packed = io.BytesIO()
    size = 48 * MB
    match packing:
        case "zip" | "xlsx":
            name = "xl/worksheets/sheet1.xml" if packing == "xlsx" else f"b_{NOW}.csv"
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                if packing == "xlsx":
                    archive.writestr("[Content_Types].xml", "<Types/>")
                    archive.writestr("xl/workbook.xml", "<workbook/>")
                with archive.open(name, "w") as handle:
                    for _ in range(size // MB):
                        handle.write(piece)
        case "tar.xz":
            with tarfile.open(fileobj=packed, mode="w:xz", preset=0) as archive:
                entry = tarfile.TarInfo(f"b_{NOW}.csv")
                entry.size = len(piece) * (size // MB)
                archive.addfile(entry, _Again(piece))  # type: ignore[arg-type]
        case "zstd":
            sink = pa.BufferOutputStream()
            with pa.CompressedOutputStream(sink, "zstd") as handle:
                for _ in range(size // MB):
                    handle.write(piece)
            return bytes(sink.getvalue())
        case _:
            opener: Any = {
                "gz": lambda: gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0),
                "bz2": lambda: bz2.BZ2File(packed, "wb", compresslevel=9),
                "xz": lambda: lzma.LZMAFile(packed, "wb", preset=0),
            }[packing]
            with opener() as handle:
                for _ in range(size // MB):
                    handle.write(piece)
    return packed.getvalue()


class _Again:
    """A file that repeats a piece for ever."""

    def __init__(self, piece: bytes) -> None:
        self._piece, self._rest = piece, b""

    def read(self, length: int) -> bytes:
        """The next bytes."""
        while len(self._rest) < length:
            self._rest += self._piece
        found, self._rest = self._rest[:length], self._rest[length:]
        return found


@_harmful
def _zip_bombs(base: Base, rng: Rng) -> Mutant | None:
    kind = _pick(rng, ["zeros", "line", "rows", "bad rows"])
    if base.is_archive:
        packing = base.packing
    elif base.kind == "xlsx":
        packing = _pick(rng, ["xlsx", "gz"])
    elif base.is_text:
        packing = _pick(rng, ["gz", "xz", "zstd"])
    else:
        packing = "gz"
    data = _bomb(packing, kind)
    # a sign more makes it another file for those who remember checksums
    return _mutant(base, data, (packing, kind))


_TRICKS = [
    "../../../../{}", "/{}", "..\\..\\{}", "C:\\Windows\\{}", "a/../../{}", "//server/{}", "~/{}",
    "{}\x00.txt", "-rf {}", "$(touch weg) {}", "'; drop table x; {}", "%2e%2e%2f{}", "\u202e{}", "con {}",
    "a\nb {}", "Ä ö ü ß {}", "e\u0301 {}", "{{}} {}", "[a-z]* {}", "?? {}", "\\x41 {}", "\x1b[31m {}", ". {}",
    "<script> {}", "%s %d {}", "weg; rm {}",
]  # fmt: skip


@_harmful
def _path_tricks(base: Base, rng: Rng) -> Mutant:
    """Names that want out of their folder, of the file or of the members of an archive."""
    trick = str(_pick(rng, [*_TRICKS, "x" * 160 + "{}"]))
    if not base.is_archive or rng.random() < 0.2:
        name = trick.format(base.named()).replace("/", "_").replace("\x00", "_")
        # a name that begins with a dot is hidden and by design no delivery
        return Mutant(f"x{name}", written(base), trick)
    inside = texts(base)
    if base.packing == "zip" or rng.random() < 0.5:
        renamed = {trick.format(name): data for name, data in inside.items()}
        return _mutant(base, pack(base.packing, renamed), trick)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz", preset=0) as archive:
        for number, (name, data) in enumerate(inside.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
            kind = _pick(rng, [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE,
                               tarfile.DIRTYPE])  # fmt: skip
            odd = tarfile.TarInfo(trick.format(f"odd{number}_{NOW}.csv"))
            odd.type, odd.linkname = kind, _pick(rng, ["/etc/passwd", "../../x", name, odd.name])
            archive.addfile(odd)
    return _mutant(base, packed.getvalue(), f"{trick} with links")


@_harmful
def _odd_workbooks(base: Base, rng: Rng) -> Mutant | None:
    """Sheets renamed or hidden, cells merged in the data, dates and truth values as figures."""
    if base.kind != "xlsx":
        return None
    kind = int(rng.integers(7))

    def finish(book: Any) -> None:
        sheet = book.worksheets[0]
        line, column = base.head + int(rng.integers(1, 5)), int(rng.integers(2, 4))
        match kind:
            case 0:
                sheet.title = "Anderes"
            case 1:
                sheet.merge_cells(
                    start_row=line, end_row=line + 1, start_column=1, end_column=column
                )
            case 2:
                sheet.cell(line, column).number_format = "DD.MM.YYYY"
            case 3:
                sheet.cell(line, column).value = True
            case 4:
                sheet.delete_rows(line)
            case 5:
                sheet.cell(line + 90, column).value = "Anmerkung"
            case _:
                sheet.insert_cols(1)

    return _mutant(base, workbook(base, deepcopy(base.tables), finish), kind)


_ODD_RECORDS = [
    "9" * 400, "9" * 5000, "1e999", "NaN", "-Infinity", '"\\ud800"', '"\\udfff 7"', "true", "null", "[]", "[7]",
    '{"a": 7}', "[" * 700 + "]" * 700, '{"a":' * 700 + "1" + "}" * 700, "-0.0", "1e2", "7.0", "12.5", '""', '"\\u0000"',
]  # fmt: skip


def _odd_columns(cells: list[str]) -> list[pa.Array]:
    """Columns of kinds that text and figures do not have, or that say something else."""
    count = len(cells)
    numbers = [Decimal(number) for number in range(count)]
    broken = [cell.encode() + b"\xff" for cell in cells]
    ends = pa.array(np.cumsum([0, *map(len, broken)]), pa.int32()).buffers()[1]
    return [
        pa.StringArray.from_buffers(count, ends, pa.py_buffer(b"".join(broken))),
        pa.array(broken), pa.array([cell.encode() for cell in cells]), pa.array(cells).dictionary_encode(),
        pa.nulls(count), pa.array([[cell] for cell in cells]), pa.array([{"a": cell} for cell in cells]),
        pa.array(range(count), pa.duration("s")), pa.array(range(count), pa.timestamp("us", tz="Mars/Rover")),
        pa.array([2**30] * count, pa.date32()), pa.array([2**60] * count, pa.timestamp("us")),
        pa.array([time(1, 2)] * count), pa.array([True] * count), pa.array([float("nan")] * count),
        pa.array([2**63 + 1] * count, pa.uint64()), pa.array(np.arange(count, dtype=np.float16)),
        pa.array(numbers, pa.decimal128(20, 4)), pa.array(numbers, pa.decimal256(60, 2)),
        pa.array([Decimal(10) ** 29] * count, pa.decimal128(38, 2)),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16] * count, pa.binary(16))),
    ]  # fmt: skip


@_harmful
def _wrong_types(base: Base, rng: Rng) -> Mutant | None:
    """A value of a kind nobody expects: in one record, or in a whole column with a type."""
    grid = base.tables.get("", [[]])
    column = int(rng.integers(len(grid[0]) or 1))
    if base.kind == "json":
        odd = str(_pick(rng, _ODD_RECORDS))
        record = json.dumps(records_of(grid)[0], ensure_ascii=False)
        name = str(grid[0][column]).split(".")[-1]
        if rng.random() < 0.3:  # the name stands there a second time
            changed = record.replace(f'"{name}": ', f'"{name}": {odd}, "{name}": ', 1)
        else:
            changed = re.sub(rf'"{name}": [^,}}]+', lambda _: f'"{name}": {odd}', record, count=1)
        records = [changed, *(json.dumps(one) for one in records_of(grid)[1:])]
        text = '{"daten": {"zeilen": [\n' + ",\n".join(records) + "\n]}}"
        return _mutant(base, text.encode(), (name, odd[:40], changed[:90]))
    if base.kind == "parquet":
        arrays = [one.to_arrow(compat_level=pl.CompatLevel.oldest()) for one in columns_of(grid)]
        arrays[column] = _pick(rng, _odd_columns([str(row[column]) for row in grid[1:]]))
        packed = io.BytesIO()
        parquet.write_table(pa.Table.from_arrays(arrays, names=list(map(str, grid[0]))), packed)
        return _mutant(base, packed.getvalue(), (grid[0][column], arrays[column].type))
    return None


# --- harmless ---------------------------------------------------------------------------------


def _on_text(base: Base, rng: Rng, change: Callable[[bytes], bytes]) -> Mutant | None:
    if not base.is_text:
        return None
    inside = {name: change(data) for name, data in texts(base).items()}
    return _mutant(base, pack(base.packing, inside))


@_harmless
def _line_ends(base: Base, rng: Rng) -> Mutant | None:
    end = bytes(_pick(rng, [b"\r\n", b"\r"]))
    some = rng.random() < 0.2

    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        if not some:
            return end.join(lines)
        return (
            b"".join(
                line + (b"\r\n" if number % 3 else b"\n") for number, line in enumerate(lines[:-1])
            )
            + lines[-1]
        )

    return _on_text(base, rng, change)


@_harmless
def _byte_order_mark(base: Base, rng: Rng) -> Mutant | None:
    if base.encoding != "utf-8":
        return None
    return _on_text(base, rng, lambda data: b"\xef\xbb\xbf" + data)


@_harmless
def _final_lines(base: Base, rng: Rng) -> Mutant | None:
    """No line end at the end, empty lines at the end or in between, lines of delimiters only."""
    if base.kind != "csv":
        return None
    sep = base.delimiter.encode()
    kind = int(rng.integers(3))

    def change(data: bytes) -> bytes:
        lines = data.rstrip(b"\n").split(b"\n")
        if kind == 0:
            return b"\n".join(lines)
        if kind == 1:
            return data + b"\n" * int(rng.integers(1, 5)) + sep * 3 + b"\n"
        at = int(rng.integers(base.head, len(lines)))
        return b"\n".join([*lines[:at], b"", sep * 2, *lines[at:]]) + b"\n"

    return _on_text(base, rng, change)


def _harmless_cells(base: Base, rng: Rng, change: Callable[[Grid], Grid]) -> Mutant:
    tables: Tables = {name: change(deepcopy(grid)) for name, grid in base.tables.items()}
    return _mutant(base, written(base, tables))


@_harmless
def _column_order(base: Base, rng: Rng) -> Mutant | None:
    if base.id == "breit":
        return None
    title = base.head - 1

    def change(grid: Grid) -> Grid:
        order = rng.permutation(len(grid[title])).tolist()
        if base.footer:  # a footnote is known by its first cell
            order = sorted(order, key=bool)
        return [
            row if number < title else [row[at] for at in order] for number, row in enumerate(grid)
        ]

    return _harmless_cells(base, rng, change)


@_harmless
def _added_columns(base: Base, rng: Rng) -> Mutant:
    def change(grid: Grid) -> Grid:
        width = len(grid[base.head - 1])
        at = width if base.id == "breit" else int(rng.integers(bool(base.footer), width + 1))
        for number, row in enumerate(grid):
            if number >= base.head - 1 and not (base.footer and number == len(grid) - 1):
                added: Any = "Neu" if number == base.head - 1 else f'"n" {number}; x'
                row[at:at] = [added, "" if number >= base.head else "Leer"]
        return grid

    return _harmless_cells(base, rng, change)


@_harmless
def _row_order(base: Base, rng: Rng) -> Mutant:
    def change(grid: Grid) -> Grid:
        rows = list(_body(base, grid))
        order = rng.permutation(rows).tolist()
        return [*grid[: base.head], *(grid[at] for at in order), *grid[rows[-1] + 1 :]]

    return _harmless_cells(base, rng, change)


@_harmless
def _other_compression(base: Base, rng: Rng) -> Mutant:
    """The same file in another packing, with the name it had or one that fits."""
    if base.kind == "parquet":
        packed = io.BytesIO()
        codec = _pick(rng, ["snappy", "gzip", "zstd", "lz4", "uncompressed", "brotli"])
        frame_of(base.tables[""]).write_parquet(packed, compression=codec)
        return _mutant(base, packed.getvalue(), codec)
    if base.packing == "zip":
        packed = io.BytesIO()
        method = _pick(rng, [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
        with zipfile.ZipFile(packed, "w", method) as archive:
            for name, data in texts(base).items():
                archive.writestr(zipfile.ZipInfo(f"ordner/{name}"), data, method)
        return _mutant(base, packed.getvalue(), method)
    if base.packing == "tar.xz":
        inside = texts(base)
        packed = io.BytesIO()
        mode = _pick(rng, ["w", "w:gz", "w:bz2"])
        with tarfile.open(fileobj=packed, mode=mode, format=_pick(rng, [0, 1, 2])) as archive:
            for name, data in inside.items():
                entry = tarfile.TarInfo(f"./{name}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        return _mutant(base, packed.getvalue(), mode)
    packing = _pick(rng, ["gz", "bz2", "xz", "zstd"])
    ending = f".{packing}" if rng.random() < 0.5 else ""
    (plain,) = texts(base).values()
    return Mutant(base.named() + ending, squeeze(packing, plain), packing)


@_harmless
def _quoted_cells(base: Base, rng: Rng) -> Mutant | None:
    """All cells in quotation marks, blanks around them, numbers as text or with more zeros."""
    if base.id in ("breit", "blatt", "saeule", "netz"):
        return _harmless_cells(base, rng, lambda grid: _as_words(base, grid))
    sep = base.delimiter

    def write(grid: Grid) -> bytes:
        mark = '"'
        return "".join(
            sep.join(f'"{str(cell).replace(mark, mark * 2)}"' for cell in row) + "\n"
            for row in grid
        ).encode(base.encoding)

    names = list(texts(base))
    inside = dict(zip(names, map(write, base.tables.values()), strict=True))
    return _mutant(base, pack(base.packing, inside))


def _as_words(base: Base, grid: Grid) -> Grid:
    return [
        [
            str(cell).replace(".", base.decimal) if isinstance(cell, float | int) else cell
            for cell in row
        ]
        if number >= base.head
        else row
        for number, row in enumerate(grid)
    ]


@_harmless
def _blanks(base: Base, rng: Rng) -> Mutant:
    """Blanks around cells and in headers, soft hyphens and line breaks in headers."""

    def change(grid: Grid) -> Grid:
        for row in grid[base.head :]:
            row[:] = [
                f" {cell}  " if isinstance(cell, str) and cell and "Quelle" not in cell else cell
                for cell in row
            ]
        if base.kind in ("csv", "xlsx"):
            header = grid[base.head - 1]
            header[:] = [
                f"{cell[:2]}\xad{cell[2:]} " if isinstance(cell, str) and len(cell) > 3 else cell
                for cell in header
            ]
        return grid

    return _harmless_cells(base, rng, change)


@_harmless
def _other_writer(base: Base, rng: Rng) -> Mutant | None:
    """The same content as another program would write it."""
    if base.kind == "json":
        content = json.loads(texts(base)[""])
        extra = {"a": [1, {"b": None}], **content, "z": "ä"}
        indent = _pick(rng, [None, 4])
        return _mutant(base, json.dumps(extra, ensure_ascii=True, indent=indent).encode())
    if base.kind == "xlsx":

        def finish(book: Any) -> None:
            book.create_sheet("Deckblatt", 0)["A1"] = "Übersicht"
            for sheet in book.worksheets:
                sheet.freeze_panes = "B2"
                sheet.cell(1, 1).font = openpyxl.styles.Font(bold=True)

        name = base.named().replace(".xlsx", _pick(rng, [".xls", ".XLSX", ".xlsm"]))
        return Mutant(name, workbook(base, deepcopy(base.tables), finish))
    if base.kind == "parquet":
        packed = io.BytesIO()
        frame = frame_of(base.tables[""])
        frame = frame.cast({"jahr": _pick(rng, [pl.Int16, pl.String])})
        frame.write_parquet(packed, row_group_size=5, use_pyarrow=bool(rng.random() < 0.5))
        return _mutant(base, packed.getvalue())
    return None
