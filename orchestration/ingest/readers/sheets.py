"""Spreadsheets of any kind (xlsx, xls, ods), one table per sheet that the contract names."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from xml.etree import ElementTree

import polars as pl

from orchestration.declarations.sources import Format
from orchestration.ingest.content import DAMAGED, LARGEST_MEMBER, sane
from orchestration.ingest.table import (
    Batch,
    Table,
    Unreadable,
    cells_to_batch,
    checked_header,
    joined_header,
)

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINKS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def read(data: bytes, how: Format) -> Iterator[Table]:
    """The tables of a workbook; raises Unreadable where it cannot be opened or lacks the sheet."""
    from python_calamine import CalamineError, CalamineWorkbook

    _refuse_bombs(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = workbook.sheet_names
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable(
            f"the workbook cannot be opened ({error}); it may be damaged, cut off or locked with "
            "a password"
        ) from None
    wanted = [name for name in names if how.sheet is None or re.fullmatch(how.sheet, name)]
    if how.sheet is None:
        wanted = wanted[:1]
    if not wanted:
        raise Unreadable(
            f"no sheet matches {how.sheet!r}; the workbook has {', '.join(map(repr, names))}"
        )
    for name in wanted:
        try:
            sheet = workbook.get_sheet_by_name(name)
            cells = sheet.to_python(skip_empty_area=False)
        except (CalamineError, OSError, ValueError) as error:
            raise Unreadable(f"sheet {name!r} cannot be read ({error})") from None
        grid = [[cell_text(cell, how.decimal) for cell in row] for row in cells]
        try:
            odd = _without_value(data, name)
        except (ElementTree.ParseError, KeyError) as error:
            raise Unreadable(f"sheet {name!r} is damaged ({error})") from None
        for (line, column), text in odd.items():
            if line < len(grid) and column < len(grid[line]):
                grid[line][column] = text
        head = how.title_rows + how.header_rows
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
            for line in range(top, min(bottom, len(grid) - 1, head - 1) + 1):
                for column in range(left, min(right, len(grid[line]) - 1) + 1):
                    grid[line][column] = grid[top][left]
        yield _table(name, grid, how)


def _refuse_bombs(data: bytes) -> None:
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return
    limit = min(LARGEST_MEMBER // 2, sane(len(data)))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            # the reader of cells does not compare checksums, and changed figures would go unseen
            broken = archive.testzip() if size <= limit else None
    except (*DAMAGED, zipfile.BadZipFile, RuntimeError, ValueError, LookupError) as error:
        raise Unreadable(f"the workbook is damaged or locked: {error}") from None
    if size > limit:
        raise Unreadable(
            f"the workbook unpacks to more than {limit // 1024**2} MB; deliver it as CSV"
        )
    if broken is not None:
        raise Unreadable(f"the workbook is damaged: {broken!r} does not match its checksum")


def _without_value(data: bytes, sheet: str) -> dict[tuple[int, int], str]:
    """Cells of an .xlsx sheet that calamine gives as empty though they are not, by row and column.

    These are errors such as #DIV/0!, and formulas whose value was never computed.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return {}
    found: dict[tuple[int, int], str] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        path = _sheet_path(archive, sheet)
        xml = archive.read(path) if path is not None else b""
        if b"<f" not in xml and b't="e"' not in xml:
            return {}
        for _, cell in ElementTree.iterparse(io.BytesIO(xml)):
            if cell.tag != f"{_MAIN}c":
                continue
            place = re.fullmatch(r"([A-Z]{1,3})(\d+)", cell.get("r", ""))
            formula, value = cell.findtext(f"{_MAIN}f"), cell.findtext(f"{_MAIN}v")
            lacks = formula is not None and not value and cell.get("t") != "str"
            if place is not None and (lacks or cell.get("t") == "e"):
                column = 0
                for letter in place[1]:
                    column = column * 26 + ord(letter) - 64
                text = value or f"={formula} (never computed)"
                found[int(place[2]) - 1, column - 1] = text
            cell.clear()
    return found


def _sheet_path(archive: zipfile.ZipFile, sheet: str) -> str | None:
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for entry in book.iter(f"{_MAIN}sheet"):
        if entry.get("name") == sheet:
            target = targets.get(entry.get(f"{_LINKS}id"), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return path if path in names else None
    return None


def cell_text(cell: object, decimal: str) -> str:
    """A cell as contracts see it: ISO dates, whole numbers without .0, the decimal mark set."""
    match cell:
        case bool():
            return "WAHR" if cell else "FALSCH"
        case int():
            return str(cell)
        case float():
            number = int(cell) if cell.is_integer() else cell
            return str(number).replace(".", decimal)
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time() | timedelta():
            return str(cell)
        case None:
            return ""
        case _:
            return str(cell)


def _table(name: str, grid: list[list[str]], how: Format) -> Table:
    where = f"sheet {name!r}: "
    first = how.title_rows + how.header_rows
    head = grid[how.title_rows : first]
    if len(head) < how.header_rows:
        raise Unreadable(f"{where}the file ends before its header (line {how.title_rows + 1})")
    columns = checked_header(joined_header(head), where, how.title_rows + 1)
    rows: list[tuple[int, list[str]]] = []
    notes: list[str] = []
    empty = 0
    for number, cells in enumerate(grid[first:], first + 1):
        if how.footer and cells and re.match(how.footer, cells[0].strip()):
            notes.append(f"{where}{len(grid) - number + 1} line(s) of footnotes not read")
            break
        if any(cell.strip() for cell in cells):
            rows.append((number, cells + [""] * (len(columns) - len(cells))))
        else:
            empty += 1
    if empty:
        notes.append(f"{where}{empty} empty line(s)")

    def raw(numbers: pl.Series) -> pl.Series:
        return pl.Series(("\t".join(grid[number - 1]) for number in numbers), dtype=pl.String)

    def batches(wanted: list[str]) -> Iterator[Batch]:
        yield cells_to_batch(rows, columns, wanted, raw)

    return Table(columns, batches, name, f"{name}!", notes)
