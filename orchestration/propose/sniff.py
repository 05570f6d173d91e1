"""From bytes to grids of text: compression, kind, encoding, delimiter and sheets of a file."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

ROWS_LOOKED_AT = 200_000
BYTES_LOOKED_AT = 512 * 1024 * 1024

_PACKED = {b"\xfd7zXZ\x00": "an xz archive", b"BZh": "a bzip2 archive", b"\x28\xb5\x2f\xfd": "zstd"}
_OTHER = {b"%PDF": "a PDF document", b"PAR1": "a Parquet file"}
_LETTERS = set("äöüÄÖÜß")
_SIGNS = set("–—„“”‘’…§€°²³·×éèêáàóôçëïñÉ½©®«» ")
_DELIMITERS = ";,\t|"


class CannotPropose(Exception):
    """No contract can be drafted from the file; the message says why and what would help."""


@dataclass(frozen=True)
class Grid:
    """One sheet (or the whole text) as rows of text cells, spans of merged cells filled in."""

    name: str | None
    rows: list[list[str]]


@dataclass(frozen=True)
class Sniffed:
    """A file as far as it can be read without knowing what it is about."""

    kind: str
    encoding: str
    delimiter: str
    grids: list[Grid]
    doubts: dict[str, list[str]] = field(default_factory=dict)


def sniff(data: bytes) -> Sniffed:
    """Read a file of unknown form, such as `sniff(path.read_bytes())`.

    `doubts` are sentences by field of the contract's format. Raises CannotPropose for anything
    that is neither text nor a spreadsheet.
    """
    if not data:
        raise CannotPropose("the file is empty (0 bytes)")
    data = _unpacked(data)
    kind = _spreadsheet(data)
    if kind is not None:
        return Sniffed(kind, "utf-8", ";", _sheets(data))
    for start, what in (_PACKED | _OTHER).items():
        if data.startswith(start):
            raise CannotPropose(
                f"the file is {what}; a draft is made from text (CSV) or spreadsheets: "
                "unpack or convert it"
            )
    if data.lstrip()[:1] in (b"{", b"[") and b'"' in data[:200]:
        raise CannotPropose("the file is JSON; a draft is made from text (CSV) or spreadsheets")
    encoding, text, doubts = decoded(data)
    delimiter, sure = _delimiter(text)
    if not sure:
        doubts["delimiter"] = ["no delimiter splits the lines evenly"]
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= ROWS_LOOKED_AT:
                doubts["type"] = [f"only the first {ROWS_LOOKED_AT} lines were looked at"]
                break
    except csv.Error as error:
        raise CannotPropose(f"line {len(rows) + 1}: not valid CSV ({error})") from None
    return Sniffed("csv", encoding, delimiter, [Grid(None, rows)], doubts)


def _unpacked(data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            unpacked = packed.read(BYTES_LOOKED_AT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CannotPropose(f"the gzip archive is damaged: {error}") from None
    if len(unpacked) > BYTES_LOOKED_AT:
        raise CannotPropose(f"unpacked, the file is larger than {BYTES_LOOKED_AT >> 20} MB")
    return unpacked


def _spreadsheet(data: bytes) -> str | None:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if not data.startswith(b"PK"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if sum(one.file_size for one in archive.infolist()) > BYTES_LOOKED_AT:
                raise CannotPropose(f"unpacked, it is larger than {BYTES_LOOKED_AT >> 20} MB")
    except zipfile.BadZipFile:
        raise CannotPropose("the workbook or archive is damaged or cut off") from None
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise CannotPropose("the file is a ZIP archive; unpack it and propose from one file in it")


def decoded(data: bytes) -> tuple[str, str, dict[str, list[str]]]:
    """Encoding by evidence, the text, and doubts: byte order mark, zero bytes, German letters."""
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8", data.decode("utf-8-sig", errors="replace"), {}
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", data.decode("utf-16", errors="replace"), {}
    head = data[:4000]
    for codec, odd in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(head) > 3 and odd.count(0) > len(odd) * 0.7:
            return codec, data.decode(codec, errors="replace"), {}
    if b"\x00" in data:
        raise CannotPropose("the file holds zero bytes; it is no text")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _eight_bit(data)
    doubts = {}
    if data.isascii():
        doubts["encoding"] = ["no letter beyond a-z here: umlauts may come in another encoding"]
    return "utf-8", text, doubts


def _eight_bit(data: bytes) -> tuple[str, str, dict[str, list[str]]]:
    scored = []
    for codec in ("cp1252", "cp850", "mac_roman"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        scored.append((_german(text), codec, text))
    if not scored:
        raise CannotPropose("the text is neither utf-8 nor cp1252, cp850 or mac_roman")
    best = max(scored, key=lambda one: one[0])
    doubts = {}
    close = [codec for score, codec, _ in scored if codec != best[1] and score >= best[0]]
    if close or best[0] <= 0:
        doubts["encoding"] = [f"the letters do not decide; {', '.join(close) or 'none'} fits too"]
    return best[1], best[2], doubts


def _german(text: str) -> float:
    """How much the letters beyond ASCII look like German words: umlauts beside letters."""
    score = 0.0
    for found in re.finditer(r"[^\x00-\x7f]", text[:2_000_000]):
        sign = found[0]
        beside = (
            text[max(found.start() - 1, 0) : found.start()] + text[found.end() : found.end() + 1]
        )
        if sign in _LETTERS:
            score += 1.0 if any(one.isalpha() and one.isascii() for one in beside) else 0.2
        else:
            score += 0.1 if sign in _SIGNS else -1.0
    return score


def _delimiter(text: str) -> tuple[str, bool]:
    """The sign that splits most lines into the same number of cells, more cells being better."""
    lines = text[:500_000].splitlines()[:400]
    best, score = ";", 0.0
    for sign in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=sign) if any(row)]
        except csv.Error:
            continue
        wide = Counter(width for width in widths if width > 1)
        if not wide:
            continue
        width, rows = wide.most_common(1)[0]
        share = rows / len(widths)
        here = share * share * (1 + width / (width + 5))
        if here > score + 1e-9:
            best, score = sign, here
    return best, score > 0.5


def _sheets(data: bytes) -> list[Grid]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, OSError) as error:
        raise CannotPropose(f"the workbook cannot be opened: {error}") from None
    grids = []
    for name in workbook.sheet_names:
        try:
            sheet = workbook.get_sheet_by_name(name)
            rows = [
                [_cell(cell) for cell in row]
                for row in sheet.to_python(skip_empty_area=False)[:ROWS_LOOKED_AT]
            ]
        except (CalamineError, OSError):
            continue
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
            if bottom - top > 10:
                continue
            for line in range(top, min(bottom, len(rows) - 1) + 1):
                for column in range(left, min(right, len(rows[line]) - 1) + 1):
                    rows[line][column] = rows[top][left]
        grids.append(Grid(name, rows))
    return grids


def _cell(cell: object) -> str:
    match cell:
        case bool():
            return "WAHR" if cell else "FALSCH"
        case int() | float():
            return str(int(cell) if float(cell).is_integer() else cell).replace(".", ",")
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time() | timedelta():
            return str(cell)
        case _:
            return str(cell)
