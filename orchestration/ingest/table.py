"""What readers give and everything after them takes: tables of text cells that come in batches."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from orchestration.ingest.headers import numbered


class Unreadable(Exception):
    """The file as a whole cannot be read by its contract; the message says what would be right."""


# Rows that are set aside: their number in the table, why, and as they were delivered.
ASIDE = {"_row": pl.UInt32, "reason": pl.String, "raw": pl.String}


@dataclass(frozen=True)
class Batch:
    """Some rows of a table.

    `frame` has the column `_row` (UInt32, the line or the row of the sheet) and text columns by
    header, stripped and never null. `odd` (ASIDE) are rows with too many or too few cells. `raw`
    gives the texts of the rows of these numbers as they were delivered, in the same order.
    """

    frame: pl.DataFrame
    odd: pl.DataFrame
    raw: Callable[[pl.Series], pl.Series]


@dataclass
class Table:
    """One table of a file.

    `batches` gives the rows with the columns asked for, each call from the beginning. `notes` say
    what was met on the way (empty lines, footnotes), in words; they are complete after the last
    batch. `prefix` stands before row numbers, such as the name of the sheet. `texts`, where there
    is one, gives `_row` and `raw` of the rows of these numbers, quicker than reading them again.
    """

    columns: list[str]
    batches: Callable[[list[str]], Iterator[Batch]]
    sheet: str | None = None
    prefix: str = ""
    notes: list[str] = field(default_factory=list)
    texts: Callable[[pl.Series], pl.DataFrame] | None = None


def normalised(header: str) -> str:
    """A header as contracts write it: one blank for any white space, no soft hyphens."""
    return re.sub(r"\s+", " ", header.replace("\xad", "")).strip()


def joined_header(rows: list[list[str]]) -> list[str]:
    """One name per column from one or more header rows; cells of upper rows reach to the right."""
    width = max(map(len, rows), default=0)
    rows = [[normalised(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    for upper in rows[:-1]:
        for column in range(1, width):
            upper[column] = upper[column] or upper[column - 1]
    return [
        " / ".join(dict.fromkeys(part for part in parts if part))
        for parts in zip(*rows, strict=True)
    ]


def checked_header(columns: list[str], where: str, line: int) -> list[str]:
    """The columns without empty ones at the end, doubled names told apart by numbers.

    `line` is where the header stands, for the message. Raises Unreadable where it is empty.
    """
    columns = list(columns)
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise Unreadable(f"{where}the header in line {line} is empty")
    return numbered(columns)


def cells_to_batch(
    rows: list[tuple[int, list[str]]],
    columns: list[str],
    wanted: list[str],
    raw: Callable[[pl.Series], pl.Series],
) -> Batch:
    """A batch from rows of cells, of which those with other than one cell per column are odd."""
    square: list[tuple[int, list[str]]] = []
    odd: dict[str, list[Any]] = {"_row": [], "reason": []}
    width = len(columns)
    for number, cells in rows:
        beyond = any(cell.strip() for cell in cells[width:])
        if len(cells) >= width and not beyond:
            square.append((number, cells))
        else:
            odd["_row"].append(number)
            odd["reason"].append(odd_width(len(cells), width))
    data: dict[str, list[int] | list[str]] = {"_row": [number for number, _ in square]}
    for name in wanted:
        position = columns.index(name)
        data[name] = [cells[position].strip() for _, cells in square]
    frame = pl.DataFrame(data, schema={"_row": pl.UInt32, **dict.fromkeys(wanted, pl.String)})
    return Batch(frame, with_texts(pl.DataFrame(odd, schema_overrides=ASIDE), raw), raw)


def with_texts(rows: pl.DataFrame, raw: Callable[[pl.Series], pl.Series]) -> pl.DataFrame:
    """Rows (`_row`, `reason`) with their texts as they were delivered (ASIDE)."""
    return rows.select("_row", "reason", raw=raw(rows["_row"]))


def odd_width(found: int | str, wanted: int) -> str:
    """Why a row with another number of cells is set aside."""
    return f"{found} cells, but the header has {wanted} columns"
