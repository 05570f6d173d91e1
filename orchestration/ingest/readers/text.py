"""CSV in batches: vectorised where the text is plain, record by record where it is quoted."""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from orchestration.declarations.sources import Format
from orchestration.ingest import content
from orchestration.ingest.table import (
    Aside,
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
_BLANK_BYTES = [char.encode() for char in _BLANK if char.isascii() and char not in "\r\n"]


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
    except csv.Error as error:
        raise Unreadable(f"line {reader.line_num}: not valid CSV ({error})") from None
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
        line += piece.count(b"\n")
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


def _texts(path: Path, kind: str, how: Format, table: Table, numbers: list[int]) -> dict[int, str]:
    """The rows of these numbers as they were delivered."""
    chunks = content.text_chunks(path, kind, how.encoding)
    _, (rest, line) = _head(chunks, how)
    numbers, texts = sorted(numbers), dict[int, str]()
    pieces = _chain(rest, chunks)
    for piece in pieces:
        if _is_plain(piece, how):
            end = line + piece.count(b"\n") + (not piece.endswith(b"\n"))
            here = numbers[bisect_right(numbers, line) : bisect_right(numbers, end)]
            texts |= _Lines(piece, line).texts(here)
            line = end
        else:
            for batch, _ in _by_record(_chain(piece, pieces), how, table, [], line):
                texts |= batch.raw(sorted(set(numbers) & set(batch.frame["_row"])))
    return texts


def _is_plain(piece: bytes, how: Format) -> bool:
    """Whether every line is a record; the rest of the text after one that is not is not plain."""
    return (
        how.footer is None
        and how.delimiter.isascii()
        and b'"' not in piece
        and (b"\r" not in piece or piece.count(b"\r") == piece.count(b"\r\n"))
    )


def _has_blanks(piece: bytes, delimiter: str) -> bool:
    """Whether cells may have white space around them."""
    if not piece.isascii():
        return True
    return any(one in piece for one in _BLANK_BYTES if one != delimiter.encode())


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
    lines = _Lines(piece, line)
    body, numbers, odd = _regular(piece, lines.starts, how.delimiter, len(columns), width)
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
    empty = frame.filter(pl.all_horizontal(pl.col(needed) == ""))["_row"].to_list()
    blank: list[int] = []
    if empty:
        texts = lines.texts(empty)
        blank = [n for n in empty if not texts[n].replace(how.delimiter, "").strip()]
        frame = frame.filter(~pl.col("_row").is_in(blank))
    asides: list[Aside] = []
    for number, text in lines.texts([offset + line + 1 for offset in odd]).items():
        if not text.replace(how.delimiter, "").strip():
            blank.append(number)
        else:
            found = text.count(how.delimiter) + 1
            asides.append(Aside(number, odd_width(found, len(columns)), text))
    return Batch(frame.select("_row", *wanted), asides, lines.texts), len(blank)


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
    piece: bytes, starts: np.ndarray, delimiter: str, columns: int, width: int
) -> tuple[bytes, np.ndarray, list[int]]:
    """Bring lines to `width` cells where those beyond the header are empty; take out the others.

    Gives back the lines that fit, their numbers in the piece, and the numbers of the others.
    """
    signs = np.frombuffer(piece, dtype=np.uint8)
    delimiters = np.flatnonzero(signs == ord(delimiter))
    ends, each = starts[1:] - 1, width - 1
    if len(delimiters) == len(ends) * each:
        places = delimiters.reshape(len(ends), each)
        if (places >= starts[:-1, None]).all() and (places < ends[:, None]).all():
            return piece, np.arange(len(ends), dtype=np.uint32), []
    counts = np.diff(np.searchsorted(delimiters, ends), prepend=0)
    odd: list[int] = []
    fitted: list[bytes] = []
    done = 0
    for number in np.flatnonzero(counts != width - 1).tolist():
        start, end = int(starts[number]), int(ends[number])
        found = piece[start:end].decode().split(delimiter)
        fitted.append(piece[done:start])
        done = end + 1
        if len(found) < columns or any(cell.strip() for cell in found[columns:]):
            odd.append(number)
        else:
            found = found[:columns] + [""] * (width - columns)
            fitted.append(delimiter.join(found).encode() + b"\n")
    fitted.append(piece[done:])
    numbers = np.delete(np.arange(len(ends), dtype=np.uint32), odd)
    return b"".join(fitted), numbers, odd


class _Lines:
    """The lines of a piece by their number in the file."""

    def __init__(self, piece: bytes, before: int) -> None:
        self._piece = piece
        self._before = before

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each line begins, and the one that would come after the last."""
        ends = np.flatnonzero(np.frombuffer(self._piece, dtype=np.uint8) == 10)
        after = [] if self._piece.endswith(b"\n") else [len(self._piece) + 1]
        return np.concatenate(([0], ends + 1, after)).astype(np.int64)

    def texts(self, numbers: list[int]) -> dict[int, str]:
        """These lines without their end."""
        if not numbers:
            return {}
        indexes = np.array(numbers, dtype=np.int64) - self._before - 1
        starts, ends = self.starts[indexes].tolist(), (self.starts[indexes + 1] - 1).tolist()
        return {
            number: self._piece[start:end].decode().rstrip("\r")
            for number, start, end in zip(numbers, starts, ends, strict=True)
        }


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
                    lambda numbers, texts=texts: {n: texts[n] for n in numbers},  # type: ignore[misc]
                ),
                empty,
            )
            rows, raws, empty = [], {}, 0
