"""Writes the declarations of a municipality into one workbook: `wirkraum workbook export`."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from orchestration.declarations.register import AREA_SCHEMA
from orchestration.declarations.tree import Declarations
from orchestration.workbook.cells import WorkbookError, to_cell
from orchestration.workbook.shape import Column, Sheet, root_sheets

READ_ME, CODES, AREAS = "Lies mich", "Codes", "Gebiete (nur lesen)"
LONGEST_CELL = 32_767
_WRITTEN = datetime(2015, 1, 1)
_ZIP_DATE = (2015, 1, 1, 0, 0, 0)
_ROWS = 2000
_NEEDED = PatternFill("solid", fgColor="FFE8C9")
_KEY = PatternFill("solid", fgColor="D6E4F0")
_PLAIN = PatternFill("solid", fgColor="EEEEEE")
# A column whose name ends so takes the ids of that sheet.
_REFERENCES = {
    "department": "municipality.departments",
    "indicator": "indicators",
    "measure": "sources.measures",
    "control_of": "sources.measures",
    "need_measure": "sources.measures",
    "denominator": "sources.measures",
    "level": "areas.levels",
    "system": "areas",
    "dimension": CODES,
}
_TEXT = """\
Diese Mappe enthält alle Festlegungen der Gemeinde, die Wirkraum kennt.
Jedes Blatt ist eine Art von Festlegung, jede Zeile ein Ding (eine Quelle, ein Indikator, ein Ziel).
Was zu etwas gehört, steht in einem eigenen Blatt; die blauen Spalten links sagen, wozu.
Orange Spalten müssen ausgefüllt sein. Beim Zeigen auf eine Überschrift steht, was sie bedeutet.
Leere Zellen bedeuten: der übliche Wert gilt. (none) heißt ausdrücklich keiner, [] keine Einträge.
Mehrere Einträge einer Zelle stehen untereinander (Alt+Eingabe). Codes sind Text: 0101, nicht 101.
Bedingungen stehen als „Spalte = Text | anderer Text“. Formeln werden nicht gelesen.
Das Blatt „Gebiete (nur lesen)“ ist eine Übersicht; Gebiete stehen in Dateien im Ordner areas/.
Zurück: wirkraum workbook import DATEI.xlsx GEMEINDE (mit --dry-run nur prüfen).
Fehler nennen Blatt und Zelle. Geschrieben werden nur Dateien, deren Inhalt sich geändert hat.
Wer eine Zeile löscht, löscht keine Datei: die Mappe sagt dann, was übrig ist.

This workbook holds all declarations of the municipality that Wirkraum knows.
Each sheet is a kind of declaration, each row one thing (a source, an indicator, a goal).
What belongs to a thing has a sheet of its own; the blue columns on the left say to which.
Orange columns are required. Point at a header to read what it means.
Empty cells mean: the default holds. (none) is explicitly none, [] is no entries.
Several entries in one cell stand below each other (Alt+Enter). Codes are text: 0101, not 101.
Conditions are written as "column = text | other text". Formulas are not read.
The sheet "Gebiete (nur lesen)" is an overview; areas stand in files in the folder areas/.
Back: wirkraum workbook import FILE.xlsx MUNICIPALITY (with --dry-run it only checks).
Errors name sheet and cell. Only files whose content has changed are written.
Deleting a row deletes no file: the import then says what is left over."""


def export(declarations: Declarations, path: Path) -> list[str]:
    """Write one workbook with all declarations and give its sheets' names.

    The same declarations give the same bytes. Raises FileExistsError rather than writing over a
    workbook in which somebody may have worked.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists; name a new file")
    book = Workbook()
    front = book.active
    front.title = READ_ME
    front.column_dimensions["A"].width = 110
    for number, line in enumerate(_TEXT.splitlines(), 1):
        _put(front, number, 1, line)
    sheets = {sheet.name: sheet for root in root_sheets() for sheet in root.walk()}
    for root in root_sheets():
        if root.name == "groups":
            _codes(book, declarations.folder)
        rows = flat(root, _items(declarations, root))
        for sheet in root.walk():
            if sheet.headers:
                _write(book, sheet, rows[sheet.name], sheets)
    _overview(book, declarations)
    path.write_bytes(_bytes(book))
    return list(book.sheetnames)


def _items(declarations: Declarations, root: Sheet) -> Iterator[dict[str, Any]]:
    name = {"areas": "area_systems"}.get(root.name, root.name)
    found = getattr(declarations, name)
    for model in [found] if root.single else found.values():
        yield model.model_dump(mode="python", by_alias=True, exclude_defaults=True)


def flat(root: Sheet, items: Iterable[dict[str, Any]]) -> dict[str, list[list[Any]]]:
    """The rows of all sheets of a kind, by the sheet's name; empty cells are None."""
    rows: dict[str, list[list[Any]]] = {sheet.name: [] for sheet in root.walk()}
    for item in items:
        _rows(root, item, (), rows)
    return rows


def _rows(
    sheet: Sheet, item: Any, owners: tuple[str, ...], rows: dict[str, list[list[Any]]]
) -> None:
    """The row of one item and, below other sheets' headers, those of its nested lists."""
    key = owners
    row: list[Any] = list(owners)
    if sheet.key == "nr":
        number = 1 + sum(tuple(one[: len(owners)]) == owners for one in rows[sheet.name])
        row.append(number)
        key = (*owners, str(number))
    elif sheet.key is not None and not sheet.single:
        key = (*owners, str(item[sheet.key]))
        if sheet.children and any(tuple(one[: len(key)]) == key for one in rows[sheet.name]):
            raise WorkbookError(f"{sheet.name}: {' / '.join(key)} is there twice; rename one")
    for column in sheet.columns:
        value, there = _at(item, column.path)
        row.append(to_cell(value, column) if there else None)
    rows[sheet.name].append(row)
    for child in sheet.children:
        value, there = _at(item, child.path)
        if not there or value is None:
            continue
        below = () if sheet.single else key
        if child.mapping:
            rows[child.name] += [[*below, *cells] for cells in _mapped(child, value)]
        else:
            for one in value:
                _rows(child, one, below, rows)


def _mapped(sheet: Sheet, value: dict[str, Any]) -> Iterator[list[Any]]:
    deep = sum(column.kind == "key" for column in sheet.columns) > 1
    first, last = sheet.columns[0], sheet.columns[-1]
    for key, one in value.items():
        for inner, cell in one.items() if deep else [(None, one)]:
            middle = [to_cell(inner, first)] if deep else []
            yield [to_cell(key, first), *middle, to_cell(cell, last)]


def _at(item: Any, path: tuple[str, ...]) -> tuple[Any, bool]:
    for part in path:
        if not isinstance(item, dict) or part not in item:
            return None, False
        item = item[part]
    return item, True


def _write(book: Workbook, sheet: Sheet, rows: list[list[Any]], sheets: dict[str, Sheet]) -> None:
    page = book.create_sheet(sheet.title)
    keys = len(sheet.headers) - len(sheet.columns)
    for number, header in enumerate(sheet.headers, 1):
        column = sheet.columns[number - 1 - keys] if number > keys else None
        _head(page, number, header, column)
        if column is None:
            if header != "nr":
                _choose_from(page, number, sheets[header.rpartition(".")[0]], sheets)
        elif column.kind in ("choice", "bool"):
            choices = column.choices or ("ja", "nein")
            _choose(page, number, f'"{",".join(choices)}"', strict=True)
        elif column.kind in ("text", "one_or_list") and column.path[-1] in _REFERENCES:
            other = _REFERENCES[column.path[-1]]
            if other == CODES:
                _choose(page, number, f"{CODES}!$A$2:$A${_ROWS}", strict=False)
            elif sheets[other] is not sheet:
                _choose_from(page, number, sheets[other], sheets)
    for line, row in enumerate(rows, 2):
        for number, cell in enumerate(row, 1):
            if cell is not None:
                _put(page, line, number, cell)
    _finish(page, keys or 1)


def _head(page: Worksheet, number: int, header: str, column: Column | None) -> None:
    cell = page.cell(1, number, header)
    cell.font = Font(bold=True)
    needed = column is not None and column.required
    cell.fill = _KEY if column is None else _NEEDED if needed else _PLAIN
    if column is None:
        text = "Wozu die Zeile gehört / what the row belongs to"
    else:
        hint = {
            "list": "ein Eintrag je Zeile / one entry per line",
            "one_or_list": "ein Name je Zeile / one name per line",
            "lists": "Spalte = Text | Text",
            "json": "JSON",
            "date": "Datum / date",
            "bool": "ja / nein",
        }.get(column.kind, "")
        parts = [column.description, hint, ", ".join(column.choices)]
        parts.append("Pflicht / required" if needed else "")
        text = "\n".join(part for part in parts if part)
    if text:
        cell.comment = Comment(text, "Wirkraum", width=320, height=120)
    letter = get_column_letter(number)
    if column is None or column.kind not in ("int", "float", "date"):
        page.column_dimensions[letter].number_format = "@"
    page.column_dimensions[letter].width = max(12, min(28, len(header) + 3))


def _choose_from(page: Worksheet, number: int, other: Sheet, sheets: dict[str, Sheet]) -> None:
    position = sheets[other.name].headers.index(other.key or "id") + 1
    letter = get_column_letter(position)
    _choose(page, number, f"'{other.title}'!${letter}$2:${letter}${_ROWS}", strict=False)


def _choose(page: Worksheet, number: int, formula: str, *, strict: bool) -> None:
    if len(formula) > 255:
        return  # Excel takes no longer lists
    rule = DataValidation(
        type="list",
        formula1=formula,
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="stop" if strict else "warning",
    )
    letter = get_column_letter(number)
    rule.add(f"{letter}2:{letter}{_ROWS}")
    page.add_data_validation(rule)


def _put(page: Worksheet, line: int, number: int, value: Any) -> None:
    """A cell that never becomes a formula, whatever its text begins with."""
    cell = page.cell(line, number)
    if isinstance(value, str) and len(value) > LONGEST_CELL:
        raise WorkbookError(f"{page.title}!{cell.coordinate}: the text is too long for a cell")
    try:
        cell.value = value
    except IllegalCharacterError:
        raise WorkbookError(
            f"{page.title}!{cell.coordinate}: {str(value)[:40]!r} holds a control character"
        ) from None
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        if value[:1] in ("=", "+", "-", "@"):
            cell.quotePrefix = True
        cell.alignment = Alignment(vertical="top", wrap_text="\n" in value)
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"


def _finish(page: Worksheet, keys: int) -> None:
    page.freeze_panes = page.cell(2, keys + 1).coordinate
    if page.max_row > 1:
        page.sheet_properties.tabColor = "5B9BD5"
        page.auto_filter.ref = page.dimensions


def _codes(book: Workbook, folder: Path) -> None:
    page = book.create_sheet(CODES)
    lists = {path.stem: code_rows(path) for path in sorted((folder / "codes").glob("*.csv"))}
    fields = ["code", "name_de", "name_en"]
    for rows in lists.values():
        fields += [name for row in rows[:1] for name in row if name not in fields]
    for number, header in enumerate(["list", *fields], 1):
        needed = header in ("list", "code", "name_de")
        _head(page, number, header, Column((header,), "text", needed))
    line = 2
    for name, rows in lists.items():
        for row in rows:
            for number, cell in enumerate([name, *(row.get(one) for one in fields)], 1):
                if cell is not None:
                    _put(page, line, number, cell)
            line += 1
    _finish(page, 2)


def code_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a code list as they stand in its file, all columns."""
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=code_delimiter(text)))


def code_delimiter(text: str) -> str:
    """The delimiter of a code list, as its reader decides."""
    return ";" if ";" in text[:200] else ","


def _overview(book: Workbook, declarations: Declarations) -> None:
    page = book.create_sheet(AREAS)
    for number, header in enumerate(AREA_SCHEMA, 1):
        _head(page, number, header, Column((header,), "text"))
    areas = declarations.register.areas
    for line, row in enumerate(areas.filter(~areas["is_unassigned"]).rows(), 2):
        for number, cell in enumerate(row, 1):
            if cell is not None:
                _put(page, line, number, cell)
    _finish(page, 3)


def _bytes(book: Workbook) -> bytes:
    """The workbook without a trace of when it was written."""
    book.properties.created = _WRITTEN
    book.properties.modified = _WRITTEN
    first, final = io.BytesIO(), io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(first, "w")).save()
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(final, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, date_time=_ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return final.getvalue()
