"""Reads an edited workbook back into plain data, remembering the cell of every value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.workbook.cells import BadCell, WorkbookError, from_cell
from orchestration.workbook.export import CODES
from orchestration.workbook.shape import Column, Sheet, root_sheets

Location = tuple[str | int, ...]


@dataclass
class Thing:
    """One declaration as the workbook has it: plain data and the cell of each part."""

    kind: str
    name: str
    data: dict[str, Any]
    cells: dict[Location, str]


@dataclass
class Contents:
    """All declarations, code lists (rows of text by list) and columns the workbook lacks.

    `missing` are (sheet, header): harmless for fields nobody uses, such as those a newer program
    knows, and a loss for all others.
    """

    things: list[Thing]
    codes: dict[str, list[dict[str, str]]]
    missing: set[tuple[str, str]]


@dataclass
class _Row:
    number: int
    cells: dict[str, Any]
    used: bool = False


@dataclass
class _Page:
    title: str
    letters: dict[str, str]
    rows: list[_Row] = field(default_factory=list)

    def at(self, header: str, row: int) -> str:
        return f"{self.title}!{self.letters.get(header, 'A')}{row}"


def read_workbook(path: Path) -> Contents:
    """Read a workbook that `export` wrote and people have edited.

    Raises WorkbookError with every cell that cannot be read: formulas, wrong types, rows that
    belong to nothing, ids that stand twice.
    """
    try:
        book = load_workbook(path)
    except (InvalidFileException, BadZipFile, KeyError, ValueError) as error:
        raise WorkbookError(f"{path} is no Excel workbook (.xlsx): {error}") from None
    reader = _Reader(book)
    things = [thing for root in root_sheets() for thing in reader.things(root)]
    codes = reader.codes()
    if reader.problems:
        raise WorkbookError("\n".join(reader.problems))
    return Contents(things, codes, reader.missing)


class _Reader:
    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.problems: list[str] = []
        self.pages: dict[str, _Page] = {}
        self.missing: set[tuple[str, str]] = set()

    def things(self, root: Sheet) -> Iterator[Thing]:
        for sheet in root.walk():
            if sheet.headers:
                self.pages[sheet.name] = self._page(sheet.title, sheet)
        seen: set[str] = set()
        if not root.headers:
            thing = Thing(root.name, "", {}, {})
            self._children(root, (), (), thing.data, thing)
            yield thing
        page = self.pages.get(root.name, _Page(root.title, {}))
        if root.single and root.headers and len(page.rows) != 1:
            self.problems.append(f"{page.title}!A2: expected exactly one row of values")
            return
        for row in page.rows:
            thing = Thing(root.name, "", {}, {})
            self._item(root, row, (), thing.data, thing, ())
            if not root.single:
                thing.name = str(thing.data.get(root.key or "", ""))
                where = page.at(root.key or "", row.number)
                if not thing.name:
                    self.problems.append(f"{where}: is missing and needed")
                elif not re.fullmatch("[a-z][a-z0-9_]*", thing.name):
                    self.problems.append(
                        f"{where}: found {thing.name!r}, expected lower-case letters, digits and "
                        "underscores"
                    )
                elif thing.name in seen:
                    self.problems.append(f"{where}: {thing.name!r} stands twice")
                seen.add(thing.name)
            yield thing
        self._left_over(root)

    def _left_over(self, root: Sheet) -> None:
        for sheet in root.walk():
            page = self.pages.get(sheet.name)
            if sheet is root or page is None:
                continue
            lost: dict[tuple[str, ...], list[_Row]] = {}
            for row in page.rows:
                if not row.used:
                    lost.setdefault(self._key(sheet, row), []).append(row)
            titles = " / ".join(owner.title for owner in sheet.owners)
            for key, rows in lost.items():
                more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
                self.problems.append(
                    f"{page.at(sheet.headers[0], rows[0].number)}{more}: belongs to "
                    f"{' / '.join(key)!r}, which is not in {titles}"
                )

    def _key(self, sheet: Sheet, row: _Row) -> tuple[str, ...]:
        headers = [f"{owner.name}.{owner.key}" for owner in sheet.owners]
        return tuple(_plain(row.cells.get(header)) for header in headers)

    def _item(
        self,
        sheet: Sheet,
        row: _Row,
        owners: tuple[str, ...],
        data: dict[str, Any],
        thing: Thing,
        location: Location,
    ) -> None:
        row.used = True
        page = self.pages[sheet.name]
        thing.cells[location] = page.at(sheet.headers[len(owners)], row.number)
        for column in sheet.columns:
            thing.cells[(*location, *column.path)] = page.at(column.header, row.number)
            value = self._value(page, row, column)
            if value is not _ABSENT:
                _set(data, column.path, value)
        key = owners
        if sheet.key == "nr":
            key = (*owners, _plain(row.cells.get("nr")))
        elif sheet.key is not None and not sheet.single:
            key = (*owners, _plain(row.cells.get(sheet.key)))
        self._children(sheet, () if sheet.single else key, location, data, thing)

    def _children(
        self,
        sheet: Sheet,
        key: tuple[str, ...],
        location: Location,
        data: dict[str, Any],
        thing: Thing,
    ) -> None:
        for child in sheet.children:
            page = self.pages[child.name]
            mine = [row for row in page.rows if self._key(child, row) == key]
            if not mine:
                continue
            here = (*location, *child.path)
            thing.cells[here] = page.at(child.headers[0], mine[0].number)
            if child.mapping:
                _set(data, child.path, self._mapping(child, page, mine, thing, here))
                continue
            items: list[Any] = []
            for number, row in enumerate(mine):
                item: dict[str, Any] = {}
                self._item(child, row, key, item, thing, (*here, number))
                items.append(item)
            _set(data, child.path, items)

    def _mapping(
        self, sheet: Sheet, page: _Page, rows: list[_Row], thing: Thing, location: Location
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        keys = [column for column in sheet.columns if column.kind == "key"]
        for row in rows:
            row.used = True
            path = [self._value(page, row, column) for column in keys]
            if _ABSENT in path:
                self.problems.append(f"{page.at('key', row.number)}: is missing and needed")
                continue
            value = self._value(page, row, sheet.columns[-1])
            into = found
            for part in path[:-1]:
                into = into.setdefault(part, {})
            if path[-1] in into:
                self.problems.append(f"{page.at('key', row.number)}: {path[-1]!r} stands twice")
            into[path[-1]] = "" if value is _ABSENT else value
            thing.cells[(*location, *path)] = page.at("value", row.number)
        return found

    def _value(self, page: _Page, row: _Row, column: Column) -> Any:
        cell = row.cells.get(column.header)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return _ABSENT
        try:
            return from_cell(cell, column)
        except BadCell as error:
            self.problems.append(f"{page.at(column.header, row.number)}: {error}")
            return _ABSENT

    def _page(self, title: str, sheet: Sheet | None) -> _Page:
        headers = sheet.headers if sheet is not None else []
        if title not in self.book.sheetnames:
            if sheet is None or sheet.parent is None:
                self.problems.append(f"the sheet {title!r} is missing; export the workbook anew")
            self.missing |= {(title, header) for header in headers}
            return _Page(title, {})
        page_: Worksheet = self.book[title]
        letters = self._letters(page_, title, sheet)
        page = _Page(title, letters)
        names = {letter: name for name, letter in letters.items()}
        for cells in page_.iter_rows(min_row=2):
            filled: dict[str, Any] = {}
            for cell in cells:
                if cell.value is None or cell.value == "":
                    continue
                header = names.get(get_column_letter(cell.column))
                where = f"{title}!{cell.coordinate}"
                if cell.data_type == "f":
                    self.problems.append(f"{where}: found a formula; write its value instead")
                elif cell.data_type == "e":
                    self.problems.append(f"{where}: found the error {cell.value}")
                elif header is None:
                    self.problems.append(f"{where}: stands below no header")
                else:
                    filled[header] = cell.value
            if any(_plain(value) for value in filled.values()):
                page.rows.append(_Row(cells[0].row, filled))
        return page

    def _letters(self, page_: Worksheet, title: str, sheet: Sheet | None) -> dict[str, str]:
        headers = sheet.headers if sheet is not None else []
        letters: dict[str, str] = {}
        for number, cell in enumerate(next(page_.iter_rows(max_row=1)), 1):
            name = _plain(cell.value)
            where = f"{title}!{get_column_letter(number)}1"
            if not name:
                continue
            if sheet is not None and name not in headers:
                self.problems.append(
                    f"{where}: unknown column {name!r}; there are {', '.join(headers)}"
                )
            if name in letters:
                self.problems.append(f"{where}: the column {name!r} stands twice")
            letters[name] = get_column_letter(number)
        optional = {one.header for one in sheet.columns if not one.required} if sheet else set()
        for name in headers:
            if name in letters:
                continue
            self.missing.add((title, name))
            if name not in optional:
                self.problems.append(f"{title}!A1: the column {name!r} is missing")
        return letters

    def codes(self) -> dict[str, list[dict[str, str]]]:
        page = self._page(CODES, None)
        codes: dict[str, list[dict[str, str]]] = {}
        for needed in ("list", "code", "name_de"):
            if needed not in page.letters:
                self.problems.append(f"{CODES}!A1: the column {needed!r} is missing")
                return {}
        for row in page.rows:
            found = {
                name: from_cell(value, Column((name,), "text")) for name, value in row.cells.items()
            }
            name, code = found.pop("list", ""), found.get("code", "")
            where = page.at("code", row.number)
            if not re.fullmatch("[a-z][a-z0-9_]*", name):
                self.problems.append(
                    f"{page.at('list', row.number)}: found {name!r}, expected the name of a list, "
                    "such as altersgruppe"
                )
            elif not code:
                self.problems.append(f"{where}: is missing and needed")
            elif any(code == other["code"] for other in codes.get(name, [])):
                self.problems.append(f"{where}: code {code!r} stands twice in {name}")
            else:
                codes.setdefault(name, []).append(found)
        return codes


class _Absent:
    """Stands for an empty cell."""


_ABSENT = _Absent()


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _set(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        inner = data.setdefault(part, {})
        if inner is None:
            inner = data[part] = {}
        data = inner
    data[path[-1]] = value
