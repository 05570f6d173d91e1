"""Bytes to tables of text cells, exactly as the contract's format says and never by guessing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.declarations.sources import SPREADSHEETS, Format
from orchestration.ingest import content
from orchestration.ingest.readers import records, sheets, text
from orchestration.ingest.table import Table, Unreadable


@dataclass
class Opened:
    """What a file turned out to be: its kind by content, notes where that is not as declared."""

    kind: str
    tables: Iterator[Table]
    notes: list[str] = field(default_factory=list)


def open_tables(path: Path, how: Format) -> Opened:
    """Open one delivered file as its tables: one, or for spreadsheets one per matching sheet.

    Raises Unreadable when the file is empty, of another kind, in another encoding, or lacks the
    sheet or the header the contract names.
    """
    if not path.stat().st_size:
        raise Unreadable("the file is empty (0 bytes)")
    kind = content.kind_of(path)
    if how.type == "csv":
        inner = _inner_kind(path, kind)
        if inner != "text":
            raise Unreadable(_other("CSV text", inner))
        return Opened(inner, iter([text.read(path, kind, how)]))
    if how.type == "parquet":
        if kind != "parquet":
            raise Unreadable(_other("a Parquet file", kind))
        return Opened(kind, iter([records.read_parquet(path, how)]))
    data, inner = content.unpacked(path)
    if how.type in ("json", "geojson"):
        if inner != "text":
            raise Unreadable(_other("JSON text", inner))
        return Opened(inner, iter([records.read_json(data, how)]))
    if inner not in SPREADSHEETS:
        if inner == "zip" and not _has_end(data):
            raise Unreadable(
                "the workbook is damaged or cut off: it begins like one but has no end; ask for "
                "the file again"
            )
        raise Unreadable(_other(content.in_words(how.type), inner))
    notes = []
    if inner != how.type:
        found, wanted = content.in_words(inner), content.in_words(how.type)
        notes.append(f"is {found} inside, although the contract says {wanted}; read as it is")
    return Opened(inner, sheets.read(data, how), notes)


def _inner_kind(path: Path, kind: str) -> str:
    if kind not in content.COMPRESSED:
        return kind
    return content.kind_of_start(content.start_of(path, kind))


def _has_end(data: bytes) -> bool:
    return b"PK\x05\x06" in data[-70_000:]


def _other(wanted: str, kind: str) -> str:
    return (
        f"expected {wanted}, found {content.in_words(kind)}; ask for the right file or change "
        "format.type"
    )
