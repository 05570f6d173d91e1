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
import pyarrow as pa

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
# The first bytes of white space beyond ASCII and how many bytes it has; other signs begin alike.
_BLANK_LEADS = {c.encode()[0]: len(c.encode()) for c in _BLANK if not c.isascii()}

# Masks that leave the first 0 to 8 bytes of eight.
_FIRST_BYTES = np.array([(1 << (8 * count)) - 1 for count in range(9)], dtype=np.uint64)


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
            line += batch.frame.height + batch.odd.height + empty  # where each line is a record
            yield batch
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
            lines = _Lines(piece, line)
            end = line + len(lines.starts) - 1
            here = numbers.filter(numbers.is_between(line, end, closed="right"))
            found.append(pl.DataFrame({"_row": here, "raw": lines.texts(here)}))
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
    low = signs <= ord(" ")
    low &= signs != ord("\n")
    found = np.flatnonzero(low)
    if delimiter <= " ":
        found = found[signs[found] != ord(delimiter)]
    if ends[signs[found - 1]].any() or ends[signs[found + 1]].any():
        return True
    for lead, length in () if piece.isascii() else _BLANK_LEADS.items():
        if lead in piece:
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
    lines, marks, last = _marked(piece, how.delimiter, line)
    ends, numbers, odd = _regular(lines, marks, last, how.delimiter, len(columns), width)
    cells = _cells(piece, lines.starts[numbers], ends, {one: columns.index(one) for one in needed})
    if _has_blanks(piece, how.delimiter):
        cells = cells.select(pl.all().str.strip_chars(_BLANK))
    row = pl.Series("_row", numbers + np.uint32(line + 1), dtype=pl.UInt32)
    frame = cells.select(row, pl.all())
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


def _cells(
    piece: bytes, starts: np.ndarray, ends: np.ndarray, positions: dict[str, int]
) -> pl.DataFrame:
    """The columns at these positions as text, from where lines start and their cells end."""
    padded = piece + bytes(16)
    eights = np.ndarray(shape=(len(piece) + 9,), dtype="<u8", buffer=padded, strides=(1,))
    texts = {}
    for name, position in positions.items():
        first = ends[:, position - 1] + 1 if position else starts
        texts[name] = _texts_at(piece, eights, first, ends[:, position])
    return pl.DataFrame(texts)


def _texts_at(piece: bytes, eights: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> pl.Series:
    """The texts from `starts` to `ends` as Arrow's views; `eights` are the 8 bytes from each place.

    A view is 16 bytes: the length in 4, then either up to 12 bytes of text or, where it is longer,
    its first 4 bytes, the number of the buffer and the place in it.
    """
    lengths = ends - starts
    longest = int(lengths.max(initial=0))
    views = np.zeros((len(lengths), 2), dtype=np.uint64)
    texts = eights[starts]
    texts &= _FIRST_BYTES[lengths if longest <= 8 else np.minimum(lengths, 8)]
    if longest > 4:
        np.right_shift(texts, 32, out=views[:, 1])
    texts <<= np.uint64(32)
    np.bitwise_or(texts, lengths.view(np.uint64), out=views[:, 0])
    buffers = [None, pa.py_buffer(views)]
    if longest > 8:
        more = eights[starts + 8] & _FIRST_BYTES[np.clip(lengths - 8, 0, 4)]
        views[:, 1] |= more << np.uint64(32)
    if longest > 12:
        long = np.flatnonzero(lengths > 12)
        views[long, 1] = starts[long].view(np.uint64) << np.uint64(32)
        buffers.append(pa.py_buffer(piece))
    found = pa.Array.from_buffers(pa.string_view(), len(views), buffers)
    return pl.Series(pl.from_arrow(found))


def _regular(
    lines: "_Lines",
    marks: np.ndarray,
    last: np.ndarray,
    delimiter: str,
    columns: int,
    width: int,
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Find the lines that have all columns and whose cells beyond them are empty.

    Gives back where the cells of these lines end, a row for each, their numbers in the piece, and
    the numbers of the others.
    """
    found = np.diff(last, prepend=-1)
    unusual = found != width
    if width > columns:
        beyond = marks[last] - marks[last - np.where(unusual, 0, width - columns)]
        unusual |= beyond != width - columns
    odd: list[int] = []
    fitted: list[np.ndarray] = []
    done = 0
    for number in np.flatnonzero(unusual).tolist():
        after = int(last[number]) + 1
        ends = marks[after - int(found[number]) : after]
        fitted.append(marks[done : after - len(ends)])
        done = after
        rest = lines.piece[ends[columns - 1] : ends[-1]] if len(ends) >= columns else b"too few"
        if rest.decode().replace(delimiter, " ").strip():
            odd.append(number)
        else:
            fitted.append(np.pad(ends[:columns], (0, width - columns)))
    numbers = np.arange(len(last), dtype=np.uint32)
    if fitted:
        fitted.append(marks[done:])
        marks, numbers = np.concatenate(fitted), np.delete(numbers, odd)
    return marks.reshape(-1, width), numbers, odd


def _marked(piece: bytes, delimiter: str, before: int) -> tuple["_Lines", np.ndarray, np.ndarray]:
    """The lines of a piece, where its cells end, and which of these ends are those of lines.

    One look at every byte.
    """
    signs = np.frombuffer(piece, dtype=np.uint8)
    found = signs == ord("\n")
    found |= signs == ord(delimiter)
    marks = np.flatnonzero(found)
    last = np.flatnonzero(signs[marks] == ord("\n"))
    lines = _Lines(piece, before)
    lines.starts = _starts(piece, marks[last])
    if not piece.endswith(b"\n"):
        last = np.append(last, len(marks))
        marks = np.append(marks, len(piece))
    return lines, marks, last


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
