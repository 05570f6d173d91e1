"""CSV in batches: vectorised where the text is plain, record by record where it is quoted."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from orchestration.declarations.sources import Format
from orchestration.ingest import content
from orchestration.ingest.table import (
    ASIDE,
    Batch,
    Table,
    Unreadable,
    cells_to_batch,
    checked_header,
    joined_header,
    odd_width,
)

RECORDS_PER_BATCH = 100_000

# What str.strip() takes away; polars by itself would leave the four separators 0x1c to 0x1f.
_BLANK = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
# The first bytes of white space in UTF-8 and how many bytes it has; other signs begin alike.
_BLANK_LEADS = {c.encode()[0]: len(c.encode()) for c in _BLANK if c not in "\r\n"}


def read(path: Path, kind: str, how: Format) -> Table:
    """The one table of a text file; raises Unreadable where its header cannot be read."""
    head, _ = _head(content.text_chunks(path, kind, how.encoding), how)
    header = joined_header(head[how.title_rows :])
    columns = checked_header(header, "", how.title_rows + 1)
    table = Table(columns, lambda _: iter(()))
    table.batches = lambda wanted: _batches(path, kind, how, table, wanted)
    table.texts = lambda numbers: _texts(path, kind, how, table, numbers)
    return table


def _head(chunks: Iterator[bytes], how: Format) -> tuple[list[list[str]], tuple[bytes, int]]:
    """The records above the data, and what is left of the first chunk with its line number."""
    first = next(chunks, b"")
    rows = how.title_rows + how.header_rows
    reader = csv.reader(io.StringIO(first.decode(), newline=""), delimiter=how.delimiter)
    try:
        head = [cells for _, cells in zip(range(rows), reader, strict=False)]
        if reader.line_num > rows:  # a quotation mark that is never closed takes in all the rows
            text = io.StringIO(first.decode(), newline="")
            strict = csv.reader(text, delimiter=how.delimiter, strict=True)
            deque(islice(strict, rows), maxlen=0)
    except csv.Error as error:
        raise Unreadable(
            f"the header, from line 1 to line {reader.line_num}, is not valid CSV ({error}); look "
            "for a quotation mark that is never closed or for a cell of enormous length"
        ) from None
    if len(head) < rows:
        raise Unreadable(f"the file ends before its header (line {how.title_rows + 1})")
    position = 0
    for _ in range(reader.line_num):
        position = _after_line(first, position)
    return head, (first[position:], reader.line_num)


def _after_line(data: bytes, start: int) -> int:
    ends = [at for at in (data.find(b"\n", start), data.find(b"\r", start)) if at >= 0]
    if not ends:
        return len(data)
    end = min(ends)
    return end + (2 if data[end : end + 2] == b"\r\n" else 1)


def _batches(
    path: Path, kind: str, how: Format, table: Table, wanted: list[str]
) -> Iterator[Batch]:
    table.notes.clear()
    chunks = content.text_chunks(path, kind, how.encoding)
    head, (rest, line) = _head(chunks, how)
    width = len(joined_header(head[how.title_rows :]))
    empty_lines = 0
    pieces = _noticing_an_open_end(_chain(rest, chunks), how, table)
    for piece in pieces:
        if _is_plain(piece, how):
            batches = iter([_plain(piece, how, table.columns, width, wanted, line)])
        else:
            batches = _by_record(_chain(piece, pieces), how, table, wanted, line)
        for batch, empty in batches:
            empty_lines += empty
            yield batch
        line += content.line_ends(piece)
    if empty_lines:
        table.notes.append(f"{empty_lines} empty line(s)")


def _noticing_an_open_end(pieces: Iterator[bytes], how: Format, table: Table) -> Iterator[bytes]:
    """The same pieces; notes a last line without end, whose last cell may have been shortened."""
    last = b""
    for last in pieces:
        yield last
    end = last.rstrip(f" \t{how.delimiter}".encode())
    # a closing quotation mark ends the last cell, too
    if end and not end.endswith((b"\n", b"\r", b'"')):
        table.notes.append("the last line has no line end; perhaps the file was cut off")


def _texts(path: Path, kind: str, how: Format, table: Table, numbers: pl.Series) -> pl.DataFrame:
    """`_row` and `raw` of the rows of these numbers."""
    chunks = content.text_chunks(path, kind, how.encoding)
    _, (rest, line) = _head(chunks, how)
    numbers = numbers.sort()
    found = [pl.DataFrame(schema={name: ASIDE[name] for name in ("_row", "raw")})]
    pieces = _chain(rest, chunks)
    for piece in pieces:
        if _is_plain(piece, how):
            end = line + content.line_ends(piece) + (not piece.endswith(b"\n"))
            here = numbers.filter(numbers.is_between(line, end, closed="right"))
            found.append(pl.DataFrame({"_row": here, "raw": _Lines(piece, line).texts(here)}))
            line = end
        else:
            for batch, _ in _by_record(_chain(piece, pieces), how, table, [], line):
                here = numbers.filter(numbers.is_in(batch.frame["_row"].implode()))
                found.append(pl.DataFrame({"_row": here, "raw": batch.raw(here)}))
    return pl.concat(found)


def _is_plain(piece: bytes, how: Format) -> bool:
    """Whether every line is a record; the rest of the text after one that is not is not plain."""
    return (
        how.footer is None
        and how.delimiter.isascii()
        and b'"' not in piece
        and (b"\r" not in piece or piece.count(b"\r") == piece.count(b"\r\n"))
    )


def _has_blanks(piece: bytes, delimiter: str) -> bool:
    """Whether a cell may begin or end with white space; sometimes yes where none does."""
    signs = np.frombuffer(b"\n" + piece + b"\n", dtype=np.uint8)
    ends = np.zeros(256, dtype=bool)
    ends[[ord("\n"), ord(delimiter)]] = True
    for lead, length in _BLANK_LEADS.items():
        if lead != ord(delimiter) and lead in piece:
            found = np.flatnonzero(signs == lead)
            if ends[signs[found - 1]].any() or ends[signs[found + length]].any():
                return True
    return False


def _chain(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from others


def _plain(
    piece: bytes, how: Format, columns: list[str], width: int, wanted: list[str], line: int
) -> tuple[Batch, int]:
    """Lines without quotes: one record each, so that line numbers are row numbers."""
    if b"\r" in piece:
        piece = piece.replace(b"\r\n", b"\n")
    needed = list(wanted) or columns[:1]
    positions = [columns.index(name) for name in needed]
    beyond = [f"c{position}" for position in range(len(columns), width)]
    read = sorted({*positions, *range(len(columns), width)})
    lines, delimiters = _counted(piece, how.delimiter, line)
    body, numbers, odd = _regular(lines, delimiters, how.delimiter, len(columns), width)
    cells = _cells(body, how.delimiter, width, read)
    if _has_blanks(piece, how.delimiter):
        cells = cells.select(pl.all().str.strip_chars(_BLANK))
    if beyond:
        fits = cells.select(pl.all_horizontal(pl.col(beyond) == "")).to_series()
        odd += numbers[~fits.to_numpy()].tolist()
        cells, numbers = cells.filter(fits), numbers[fits.to_numpy()]
    frame = cells.select(
        pl.Series("_row", numbers + np.uint32(line + 1), dtype=pl.UInt32),
        *(
            pl.col(f"c{position}").alias(name)
            for name, position in zip(needed, positions, strict=True)
        ),
    )
    undivided = pl.col("raw").str.replace_all(how.delimiter, "", literal=True)
    is_blank = undivided.str.strip_chars(_BLANK) == ""
    empty = frame.filter(pl.all_horizontal(pl.col(needed) == "")).select("_row")
    blank = empty.with_columns(raw=lines.texts(empty["_row"])).filter(is_blank)
    if blank.height:
        frame = frame.filter(~pl.col("_row").is_in(blank["_row"].implode()))
    cut = pl.Series("_row", odd, dtype=pl.UInt32) + (line + 1)
    others = pl.DataFrame({"_row": cut, "raw": lines.texts(cut)})
    found = pl.col("raw").str.count_matches(how.delimiter, literal=True) + 1
    why = pl.format(odd_width("{}", len(columns)), found)
    asides = others.filter(~is_blank).select("_row", reason=why, raw="raw")
    blanks = blank.height + others.height - asides.height
    return Batch(frame.select("_row", *wanted), asides, lines.texts), blanks


def _cells(body: bytes, delimiter: str, width: int, positions: list[int]) -> pl.DataFrame:
    """The columns at these positions as text; every line has to have `width` cells."""
    schema = {f"c{position}": pl.String for position in range(width)}
    if not body:
        return pl.DataFrame(schema=schema).select(f"c{position}" for position in positions)
    lines = pl.scan_csv(
        body,
        has_header=False,
        separator=delimiter,
        quote_char=None,
        schema=schema,
        empty_string_is_null=False,
    )
    return lines.select(f"c{position}" for position in positions).collect()


def _regular(
    lines: "_Lines", delimiters: np.ndarray, delimiter: str, columns: int, width: int
) -> tuple[bytes, np.ndarray, list[int]]:
    """Bring lines to `width` cells where those beyond the header are empty; take out the others.

    Gives back the lines that fit, their numbers in the piece, and the numbers of the others.
    """
    piece, starts = lines.piece, lines.starts
    numbers = np.arange(len(delimiters), dtype=np.uint32)
    odd: list[int] = []
    fitted: list[bytes] = []
    done = 0
    for number in np.flatnonzero(delimiters != width - 1).tolist():
        start, end = int(starts[number]), int(starts[number + 1]) - 1
        found = piece[start:end].decode().split(delimiter)
        fitted.append(piece[done:start])
        done = end + 1
        if len(found) < columns or any(cell.strip() for cell in found[columns:]):
            odd.append(number)
        else:
            found = found[:columns] + [""] * (width - columns)
            fitted.append(delimiter.join(found).encode() + b"\n")
    if not fitted:
        return piece, numbers, []
    fitted.append(piece[done:])
    return b"".join(fitted), np.delete(numbers, odd), odd


def _counted(piece: bytes, delimiter: str, before: int) -> tuple["_Lines", np.ndarray]:
    """The lines of a piece, and how many delimiters each has; one look at every byte."""
    signs = np.frombuffer(piece, dtype=np.uint8)
    marks = np.flatnonzero((signs == ord("\n")) | (signs == ord(delimiter)))
    ends = np.flatnonzero(signs[marks] == ord("\n"))
    lines = _Lines(piece, before)
    lines.starts = _starts(piece, marks[ends])
    if not piece.endswith(b"\n"):
        ends = np.append(ends, len(marks))
    return lines, np.diff(ends, prepend=-1) - 1


def _starts(piece: bytes, ends: np.ndarray) -> np.ndarray:
    """Where each line begins, and the one that would come after the last."""
    after = [] if piece.endswith(b"\n") else [len(piece) + 1]
    return np.concatenate(([0], ends + 1, after)).astype(np.int64)


class _Lines:
    """The lines of a piece by their number in the file."""

    def __init__(self, piece: bytes, before: int) -> None:
        self.piece = piece
        self._before = before

    @cached_property
    def starts(self) -> np.ndarray:
        signs = np.frombuffer(self.piece, dtype=np.uint8)
        return _starts(self.piece, np.flatnonzero(signs == ord("\n")))

    def texts(self, numbers: pl.Series) -> pl.Series:
        """These lines without their end."""
        at = numbers.to_numpy().astype(np.int64) - self._before - 1
        starts, ends = self.starts[at].tolist(), (self.starts[at + 1] - 1).tolist()
        lines = [self.piece[start:end] for start, end in zip(starts, ends, strict=True)]
        return pl.Series(lines, dtype=pl.Binary).cast(pl.String).str.strip_chars_end("\r")


def _by_record(
    pieces: Iterator[bytes], how: Format, table: Table, wanted: list[str], line: int
) -> Iterator[tuple[Batch, int]]:
    """Quoted text: records may span lines; a record stands where its first line does."""
    lines: list[str] = []

    def following() -> Iterator[str]:
        for piece in pieces:
            # not splitlines(): that also breaks rows at form feeds and U+2028 inside a cell
            for text in io.StringIO(piece.decode(), newline=""):
                lines.append(text)
                yield text

    reader = csv.reader(following(), delimiter=how.delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    raws: dict[int, str] = {}
    empty = 0
    ended = False
    while not ended:
        before = reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Unreadable(f"line {line + before + 1}: not valid CSV ({error})") from None
        number = line + before + 1
        if cells is None:
            ended = True
        elif how.footer and cells and re.match(how.footer, cells[0].strip()):
            table.notes.append(f"{1 + sum(1 for _ in following())} line(s) of footnotes not read")
            ended = True
        elif any(cell.strip() for cell in cells):
            rows.append((number, cells))
            raws[number] = "".join(lines).rstrip("\r\n")
        else:
            empty += 1
        lines.clear()
        if len(rows) >= RECORDS_PER_BATCH or ended:
            texts = raws
            yield (
                cells_to_batch(
                    rows,
                    table.columns,
                    wanted,
                    lambda numbers, texts=texts: pl.Series(  # type: ignore[misc]
                        map(texts.__getitem__, numbers), dtype=pl.String
                    ),
                ),
                empty,
            )
            rows, raws, empty = [], {}, 0
