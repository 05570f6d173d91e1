"""Spreadsheets of any kind (xlsx, xls, ods), one table per sheet that the contract names."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from orchestration.declarations.sources import Format
from orchestration.ingest.content import LARGEST_MEMBER
from orchestration.ingest.table import (
    Batch,
    Table,
    Unreadable,
    cells_to_batch,
    checked_header,
    joined_header,
)


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
        head = how.title_rows + how.header_rows
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
            for line in range(top, min(bottom, len(grid) - 1, head - 1) + 1):
                for column in range(left, min(right, len(grid[line]) - 1) + 1):
                    grid[line][column] = grid[top][left]
        yield _table(name, grid, how)


def _refuse_bombs(data: bytes) -> None:
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_MEMBER // 2:
            raise Unreadable(
                f"the workbook unpacks to more than {LARGEST_MEMBER // 2 // 1024**2} MB; "
                "deliver it as CSV"
            )


def cell_text(cell: object, decimal: str) -> str:
    """A cell as contracts see it: ISO dates, whole numbers without .0, the decimal mark set."""
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

    def raw(numbers: list[int]) -> dict[int, str]:
        return {number: "\t".join(grid[number - 1]) for number in numbers}

    def batches(wanted: list[str]) -> Iterator[Batch]:
        yield cells_to_batch(rows, columns, wanted, raw)

    return Table(columns, batches, name, f"{name}!", notes)
