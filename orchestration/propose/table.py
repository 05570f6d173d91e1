"""From a grid to a table: titles, header lines, rows, footnotes, and how numbers look."""

import re
from collections import Counter
from dataclasses import dataclass

from orchestration.declarations.sources import GERMAN_TABLE_SYMBOLS
from orchestration.ingest.table import normalised
from orchestration.propose.sniff import Grid

NOTE = re.compile(
    r"(?i)(quelle|anmerkung|hinweis|erläuterung|fußnote|datenstand|datenquelle|legende|"
    r"zeichenerklärung|copyright|source|note|©|\*|\d\)|_{3})"
)
TOTAL = re.compile(r"(?i)(summe|insgesamt|gesamt|zusammen|total|alle\b)")
_VALUE = re.compile(
    r"\(?[+-]?[.,]?\d[\d.,' \u00a0]*(?:[eE][+-]?\d+)?%?\)?|\d{1,4}[-./]\d{1,2}(?:[-./]\d{1,4})?.*"
)
_YEAR = re.compile(r"(19|20)\d\d")
_UNIT_WORDS = {
    "%",
    "anzahl",
    "in %",
    "prozent",
    "eur",
    "euro",
    "€",
    "personen",
    "absolut",
    "je 1000",
}
SYMBOLS = set(GERMAN_TABLE_SYMBOLS) - {""}


@dataclass(frozen=True)
class Found:
    """A table in a sheet; rows have one cell per column, columns are named as the reader does."""

    sheet: str | None
    title_rows: int
    header_rows: int
    titles: str
    columns: list[str]
    rows: list[list[str]]
    footers: list[str]
    crooked: int

    def cells(self, column: str) -> list[str]:
        """One column's cells from top to bottom."""
        index = self.columns.index(column)
        return [row[index] for row in self.rows]


def find_table(grid: Grid) -> Found | None:
    """The table in a grid, or None where nothing looks like one (fewer than two cells a row)."""
    rows = [[cell.strip() for cell in row] for row in grid.rows]
    widths = Counter(_width(row) for row in rows if sum(map(bool, row)) > 1)
    if not widths:
        return None
    most = max(widths.values())
    width = max(one for one, count in widths.items() if count > most * 0.3)
    first = _first_row(rows, width)
    if first is None or first == 0 or not any(rows[first - 1]):
        return None
    top = _header_top(rows, first, width)
    columns = _header(rows[top:first])
    while columns and not columns[-1]:
        columns.pop()
    end = _end(rows, first, len(columns))
    body = [row for row in rows[first:end] if any(row)]
    square = [row[: len(columns)] + [""] * (len(columns) - len(row)) for row in body]
    crooked = sum(grid.name is None and len(row) != len(columns) for row in body)
    titles = " ".join(cell for row in rows[:top] for cell in row if cell)
    footers = [row[0] for row in rows[end:] if any(row) and row[0]]
    return Found(grid.name, top, first - top, titles, columns, square, footers, crooked)


def valueish(cell: str) -> bool:
    """Looks like a number, a date or a table symbol rather than like a word."""
    return cell in SYMBOLS or bool(_VALUE.fullmatch(cell))


def _width(row: list[str]) -> int:
    return max((index for index, cell in enumerate(row, 1) if cell), default=0)


def _first_row(rows: list[list[str]], width: int) -> int | None:
    """Where data begin: the first row whose cells are values wherever the columns hold values."""
    body = [row for row in rows if _width(row) >= width * 0.6]
    typed = []
    for column in range(width):
        cells = [row[column] for row in body if column < len(row) and row[column]]
        if cells and sum(map(valueish, cells)) >= len(cells) * 0.6:
            typed.append(column)
    wide = None
    for index, row in enumerate(rows):
        if len(set(filter(None, row))) < min(2, width) or _width(row) < width * 0.6:
            continue
        if wide is None:
            wide = index
            continue  # the first wide row is always the header
        if not typed:
            return index
        cells = [row[column] for column in typed if column < len(row) and row[column]]
        values = sum(map(valueish, cells))
        if cells and values >= len(cells) * 0.6 and not _years(cells):
            return index
    return None


def _years(cells: list[str]) -> bool:
    return len(cells) > 1 and all(_YEAR.fullmatch(one) for one in cells) and len(set(cells)) > 1


def _header_top(rows: list[list[str]], first: int, width: int) -> int:
    top = first - 1
    while top > 0 and first - top < 5:
        names = _header(rows[top:first])
        names += [""] * (width - len(names))
        complete = all(names) and len(set(names)) == len(names)
        units = {cell.lower() for cell in rows[top] if cell} <= _UNIT_WORDS
        above = [cell for cell in rows[top - 1] if cell]
        # a name that stands in both lines reaches over both
        spans = any(
            one and one == other for one, other in zip(rows[top - 1], rows[top], strict=False)
        )
        if (complete and not units and not spans) or len(set(above)) < 2:
            break
        top -= 1
    return top


def _header(rows: list[list[str]]) -> list[str]:
    """Column names as the reader makes them: several lines joined by ' / ', gaps filled."""
    width = max(map(len, rows))
    lines = [[normalised(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    for upper in lines[:-1]:
        for column in range(1, width):
            upper[column] = upper[column] or upper[column - 1]
    return [
        " / ".join(dict.fromkeys(part for part in parts if part))
        for parts in zip(*lines, strict=True)
    ]


def _end(rows: list[list[str]], first: int, width: int) -> int:
    """Where footnotes begin, seen from below."""
    end = len(rows)
    while end > first + 1:
        row = rows[end - 1]
        filled = sum(map(bool, row))
        note = bool(row and NOTE.match(row[0])) and filled <= max(1, width // 2)
        if filled and not note and filled > max(1, int(width * 0.4)):
            break
        if filled and not row[0]:
            break  # the contract's footer looks at the first cell only
        end -= 1
    while end < len(rows) and not any(rows[end]):
        end += 1
    return end


@dataclass(frozen=True)
class Marks:
    """How numbers are written."""

    decimal: str
    thousands: str | None

    def number(self, text: str) -> float | None:
        """The number a text stands for, None where it is none."""
        bare = text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text
        mark, whole = re.escape(self.decimal), r"\d+"
        if self.thousands is not None:
            whole = rf"(?:\d{{1,3}}(?:{re.escape(self.thousands)}\d{{3}})+|\d+)"
        if not re.fullmatch(
            rf"[+-]?(?:{whole}(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?", bare, re.ASCII
        ):
            return None
        plain = bare.replace(self.thousands, "") if self.thousands else bare
        return float(plain.replace(self.decimal, "."))


def number_marks(cells: list[str]) -> tuple[Marks, str | None]:
    """Decimal and thousands mark by which most cells can be read, and a doubt if any."""
    seen = Counter(
        cell.strip("()")
        for cell in cells
        if re.fullmatch(r"\(?[+-]?[\d.,' ]+(?:[eE][+-]?\d+)?\)?", cell)
    )
    marked = {cell: count for cell, count in seen.items() if not cell.lstrip("+-").isdigit()}
    if not marked:
        return Marks(",", None), None
    choices = [
        Marks(",", None),
        Marks(",", "."),
        Marks(".", None),
        Marks(".", ","),
        Marks(",", " "),
        Marks(",", "'"),
        Marks(".", "'"),
    ]
    read = [
        sum(count for cell, count in marked.items() if one.number(cell) is not None)
        for one in choices
    ]
    best = [one for one, count in zip(choices, read, strict=True) if count == max(read)]
    grouped = all(re.fullmatch(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+", cell) for cell in marked)
    if not grouped or len(best) == 1:
        return best[0], None
    sign = "." if any("." in cell for cell in marked) else ","
    example = next(iter(marked))
    return (
        Marks("," if sign == "." else ".", sign),
        f"{example!r} was taken for a whole number with {sign!r} between thousands",
    )
