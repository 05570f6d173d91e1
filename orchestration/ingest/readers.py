"""Bytes to tables of text cells, exactly as the contract's format says and never by guessing."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from orchestration.declarations.sources import Format


class Unreadable(Exception):
    """The file as a whole cannot be read by its contract; the message says what would be right."""


class Row(NamedTuple):
    """One line of data: where it stands, its cells and its text as delivered."""

    ref: str
    cells: list[str]
    raw: str


@dataclass
class Table:
    """One table of a file: `columns` are the headers, each row has as many cells or is reported.

    `notes` say what was met on the way (empty lines, footnotes), in words.
    """

    sheet: str | None
    columns: list[str]
    rows: list[Row]
    notes: list[str] = field(default_factory=list)


_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}


def read_tables(data: bytes, how: Format) -> list[Table]:
    """Read the bytes of one delivery into its tables, one for CSV, one per matching sheet for XLSX.

    Raises Unreadable when the file is empty, of another kind, in another encoding, or lacks the
    sheet or the header the contract names.
    """
    if not data:
        raise Unreadable("the file is empty (0 bytes)")
    tables = [_csv(data, how)] if how.type == "csv" else list(_xlsx(data, how))
    if not any(table.rows for table in tables):
        raise Unreadable("the file has a header but no rows of data")
    return tables


def raw_lines(data: bytes, how: Format) -> list[Row]:
    """The lines below the header of a text that is no table, as far as it can be unpacked.

    Bytes that are no text in the contract's encoding are shown as escapes. Binary files of
    another kind have no lines.
    """
    if how.type != "csv":
        return []
    if data[:2] == b"\x1f\x8b":
        data = _unpacked_part(data)
    if _kind(data) is not None:
        return []
    lines = data.decode(how.encoding, errors="backslashreplace").split("\n")
    head = how.title_rows + how.header_rows
    return [
        Row(str(number), [], line.rstrip("\r"))
        for number, line in enumerate(lines[head:], head + 1)
        if line.strip()
    ]


def _unpacked_part(data: bytes) -> bytes:
    """What a damaged gzip archive still gives."""
    unpacking, parts = zlib.decompressobj(wbits=31), []
    try:
        parts.append(unpacking.decompress(data))
    except zlib.error:
        unpacking = zlib.decompressobj(wbits=31)
        for byte in data:
            try:
                parts.append(unpacking.decompress(bytes([byte])))
            except zlib.error:
                break
    return b"".join(parts)


def normalised(header: str) -> str:
    """A header as contracts write it: one blank for any white space, no soft hyphens."""
    return re.sub(r"\s+", " ", header.replace("\xad", "")).strip()


def _kind(data: bytes) -> str | None:
    return next((what for start, what in _MAGIC.items() if data.startswith(start)), None)


def _csv(data: bytes, how: Format) -> Table:
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"the gzip archive is damaged: {error}") from None
    kind = _kind(data)
    if kind is not None:
        raise Unreadable(f"expected CSV text, found {kind}; ask for CSV or set format.type")
    text = _decode(data, how.encoding)
    # not splitlines(): that also breaks rows at form feeds and U+2028 inside a cell
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=how.delimiter, strict=True)
    records: list[Row] = []
    before = 0
    try:
        for cells in reader:
            raw = "".join(lines[before : reader.line_num]).rstrip("\r\n")
            records.append(Row(str(before + 1), cells, raw))
            before = reader.line_num
    except csv.Error as error:
        raise Unreadable(f"line {before + 1}: not valid CSV ({error})") from None
    return _table(None, records, how)


def _decode(data: bytes, encoding: str) -> str:
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(
            f"line {line}: byte 0x{data[error.start]:02x} is not {encoding}; "
            f"the file looks like {_likely_encoding(data)}: set format.encoding "
            f"or ask for {encoding}"
        ) from None
    if "\x00" in text:
        raise Unreadable(f"the text holds zero bytes; it is not {encoding} (perhaps utf-16)")
    if codec != "utf-8-sig" and _is_utf8_with_umlauts(data):
        line = next(n for n, part in enumerate(data.split(b"\n"), 1) if not part.isascii())
        raise Unreadable(
            f"line {line}: the contract says {encoding}, but the file is utf-8 "
            f"(umlauts would be garbled): set format.encoding: utf-8"
        )
    return text


def _is_utf8_with_umlauts(data: bytes) -> bool:
    if data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _likely_encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if _is_utf8_with_umlauts(data):
        return "utf-8"
    letters = {"cp1252": b"\xe4\xf6\xfc\xdf\xc4\xd6\xdc", "cp850": b"\x84\x94\x81\xe1\x8e\x99\x9a"}
    return max(letters, key=lambda name: sum(data.count(bytes([one])) for one in letters[name]))


def _xlsx(data: bytes, how: Format) -> Iterator[Table]:
    from python_calamine import CalamineError, CalamineWorkbook

    if not zipfile.is_zipfile(io.BytesIO(data)):
        if data.startswith(b"PK\x03\x04"):
            raise Unreadable(
                "the Excel workbook is damaged or cut off: it begins like one but has no end; "
                "ask for the file again"
            )
        found = _kind(data) or ("text" if b"\x00" not in data[:4096] else "something else")
        raise Unreadable(f"expected an Excel workbook (.xlsx), found {found}")
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, OSError) as error:
        raise Unreadable(f"the workbook cannot be opened: {error}") from None
    names = workbook.sheet_names
    wanted = [name for name in names if how.sheet is None or re.fullmatch(how.sheet, name)]
    if how.sheet is None:
        wanted = wanted[:1]
    if not wanted:
        raise Unreadable(
            f"no sheet matches {how.sheet!r}; the workbook has {', '.join(map(repr, names))}"
        )
    for name in wanted:
        sheet = workbook.get_sheet_by_name(name)
        grid = [
            [_cell_text(cell, how.decimal) for cell in row]
            for row in sheet.to_python(skip_empty_area=False)
        ]
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
            for line in range(top, min(bottom, len(grid) - 1) + 1):
                for column in range(left, right + 1):
                    if line < how.title_rows + how.header_rows and column < len(grid[line]):
                        grid[line][column] = grid[top][left]
        yield _table(
            name,
            [Row(f"{name}!{n}", cells, "\t".join(cells)) for n, cells in enumerate(grid, 1)],
            how,
        )


def _cell_text(cell: object, decimal: str) -> str:
    match cell:
        case bool():
            return "WAHR" if cell else "FALSCH"
        case int() | float():
            number = int(cell) if float(cell).is_integer() else cell
            return str(number).replace(".", decimal)
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time() | timedelta():
            return str(cell)
        case _:
            return str(cell)


def _table(sheet: str | None, records: list[Row], how: Format) -> Table:
    where = f"sheet {sheet!r}: " if sheet else ""
    head = records[how.title_rows : how.title_rows + how.header_rows]
    if len(head) < how.header_rows:
        raise Unreadable(f"{where}the file ends before its header (line {how.title_rows + 1})")
    columns = _header([row.cells for row in head])
    while columns and not columns[-1]:
        columns.pop()
    doubled = {name for name in columns if name and columns.count(name) > 1}
    if doubled:
        raise Unreadable(f"{where}the header has {', '.join(map(repr, sorted(doubled)))} twice")
    if not any(columns):
        raise Unreadable(f"{where}the header in line {how.title_rows + 1} is empty")
    table = Table(sheet, columns, [])
    blank = 0
    body = records[how.title_rows + how.header_rows :]
    for number, row in enumerate(body):
        if how.footer and row.cells and re.match(how.footer, row.cells[0].strip()):
            table.notes.append(f"{where}{len(body) - number} line(s) of footnotes not read")
            break
        if not any(cell.strip() for cell in row.cells):
            blank += 1
            continue
        cells = row.cells
        while len(cells) > len(columns) and not cells[-1].strip():
            cells = cells[:-1]
        table.rows.append(row._replace(cells=cells))
    if blank:
        table.notes.append(f"{where}{blank} empty line(s)")
    return table


def _header(rows: list[list[str]]) -> list[str]:
    width = max(map(len, rows))
    rows = [[normalised(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    for upper in rows[:-1]:
        for column in range(1, width):
            upper[column] = upper[column] or upper[column - 1]
    return [
        " / ".join(dict.fromkeys(part for part in parts if part))
        for parts in zip(*rows, strict=True)
    ]
