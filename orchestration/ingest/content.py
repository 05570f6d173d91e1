"""What bytes really are: their kind by their first bytes, compression, archives and encodings."""

import bz2
import codecs
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa

from orchestration.ingest.table import Unreadable

CHUNK = 4 * 1024 * 1024
LONGEST_LINE = 16 * 1024 * 1024
LARGEST_MEMBER = 256 * 1024 * 1024
LARGEST_ARCHIVE = 8 * 1024 * 1024 * 1024
ALWAYS_SANE = 4 * 1024 * 1024
BOMB_RATIO = 100
SOLID_RATIO = 2000  # states of one table, packed together, come to 300 and more

_KINDS = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"%PDF": "pdf",
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PAR1": "parquet",
    b"SQLite format 3\x00": "sqlite",
    b"\x89PNG": "image",
    b"\xff\xd8\xff": "image",
}
_WORDS = {
    "zip": "a ZIP archive",
    "xlsx": "an Excel workbook (.xlsx)",
    "ods": "an OpenDocument spreadsheet (.ods)",
    "xls": "an old Excel workbook (.xls)",
    "pdf": "a PDF document",
    "gzip": "a gzip archive",
    "bz2": "a bzip2 archive",
    "xz": "an xz archive",
    "zstd": "a zstd archive",
    "parquet": "a Parquet file",
    "sqlite": "a SQLite database",
    "image": "an image",
    "text": "text",
}
COMPRESSED = ("gzip", "bz2", "xz", "zstd")


def kind_of(path: Path) -> str:
    """What a file is by its content: zip, xlsx, ods, xls, pdf, gzip, …, or text for all else."""
    with path.open("rb") as handle:
        start = handle.read(16)
    kind = kind_of_start(start)
    return _kind_in_zip(path) if kind == "zip" else kind


def kind_of_start(start: bytes) -> str:
    """What a file is by its first 16 bytes, without telling apart what a ZIP archive holds."""
    return next((kind for sign, kind in _KINDS.items() if start.startswith(sign)), "text")


def _kind_in_zip(file: Path | IO[bytes]) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" in names or "[Content_Types].xml" in names:
                return "xlsx"
            if "content.xml" in names and "mimetype" in names:
                return "ods"
    except (zipfile.BadZipFile, OSError, ValueError):
        pass
    return "zip"


def in_words(kind: str) -> str:
    """A kind as people call it."""
    return _WORDS.get(kind, kind)


def opened(path: Path, kind: str) -> IO[bytes]:
    """Open a file for reading, unpacking gzip, bz2, xz and zstd on the way."""
    match kind:
        case "gzip":
            return cast(IO[bytes], gzip.open(path, "rb"))
        case "bz2":
            return cast(IO[bytes], bz2.open(path, "rb"))
        case "xz":
            return cast(IO[bytes], lzma.open(path, "rb"))
        case "zstd":
            return cast(IO[bytes], pa.CompressedInputStream(str(path), "zstd"))
        case _:
            return path.open("rb")


def unpacked(path: Path) -> tuple[bytes, str]:
    """All bytes of a file, unpacked, and the kind of what is inside; for kinds read as a whole.

    Raises Unreadable where the archive is damaged or unpacks to more than is sane.
    """
    kind = kind_of(path)
    limit = min(LARGEST_MEMBER, sane(path.stat().st_size)) if kind in COMPRESSED else LARGEST_MEMBER
    with opened(path, kind) as stream:
        try:
            data = stream.read(limit + 1)
        except DAMAGED as error:
            raise Unreadable(damaged(kind, error)) from None
    if len(data) > limit:
        raise Unreadable(_too_large(limit))
    if kind in COMPRESSED:
        kind = kind_of_start(data[:16])
        if kind == "zip":
            kind = _kind_in_zip(io.BytesIO(data))
    return data, kind


DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowInvalid)


# what zipfile and tarfile raise for archives whose directory was changed
_BROKEN_ARCHIVE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    RuntimeError,
    ValueError,
    LookupError,
)


def damaged(kind: str, error: Exception) -> str:
    """What to say of an archive that cannot be unpacked."""
    return f"the {kind} archive is damaged: {error}"


def sane(packed: int) -> int:
    """How many bytes so many packed ones may hold; whatever holds more is taken for a bomb."""
    return max(ALWAYS_SANE, BOMB_RATIO * packed)


def start_of(path: Path, kind: str) -> bytes:
    """The first bytes of a compressed file, unpacked.

    Raises Unreadable where it is a bomb or damaged: before any row is read, since a row that is
    set aside takes far more memory than its text.
    """
    limit, total, start = sane(path.stat().st_size), 0, b""
    try:
        with opened(path, kind) as stream:
            while piece := stream.read(CHUNK):
                start = start or piece[:16]
                total += len(piece)
                if total > limit:
                    raise Unreadable(_too_large(limit))
    except DAMAGED as error:
        raise Unreadable(damaged(kind, error)) from None
    return start


def _too_large(limit: int) -> str:
    return f"unpacks to more than {limit // 1024**2} MB; deliver it in parts or as CSV"


class NoMember(Unreadable):
    """An archive holds no file whose name matches."""


def members(path: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """The files inside an archive whose base name matches, sorted by name.

    Nothing is written to disk, so that names such as ../../x do no harm. Raises Unreadable where
    the archive is damaged, locked, or holds more than is sane for its size, NoMember where no name
    matches.
    """
    kind = kind_of(path)
    found = False
    try:
        inside = _zip_members if kind in ("zip", "xlsx", "ods") else _tar_members
        for member in inside(path, pattern):
            found = True
            yield member
    except (*DAMAGED, *_BROKEN_ARCHIVE) as error:
        raise Unreadable(f"the archive is damaged or locked: {error}") from None
    if not found:
        raise NoMember(f"no file in the archive has a name that matches {pattern!r}")


def _zip_members(path: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        entries = [one for one in archive.infolist() if not one.is_dir()]
        for entry in sorted(entries, key=lambda one: one.filename):
            name = Path(entry.filename).name
            if re.search(pattern, name):
                _refuse_large(entry.file_size, entry.compress_size, name)
                yield name, archive.read(entry)


def _tar_members(path: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    packed = path.stat().st_size
    with tarfile.open(path) as archive:
        entries = []
        for entry in archive:
            end = entry.offset_data + entry.size
            if end > min(LARGEST_ARCHIVE, SOLID_RATIO * packed):
                raise Unreadable(f"the archive {_too_large(SOLID_RATIO * packed)}")
            entries.append(entry)
        # only at the very end an archive that was cut off is noticed
        while archive.fileobj is not None and archive.fileobj.read(CHUNK):
            continue
        for entry in sorted(entries, key=lambda one: one.name):
            name = Path(entry.name).name
            handle = archive.extractfile(entry) if entry.isfile() else None
            if handle is not None and re.search(pattern, name):
                _refuse_large(entry.size, packed, name)
                yield name, handle.read()


def _refuse_large(size: int, packed: int, name: str) -> None:
    limit = min(LARGEST_MEMBER, sane(packed))
    if size > limit:
        raise Unreadable(f"{name} {_too_large(limit)}")


def text_chunks(path: Path, kind: str, encoding: str) -> Iterator[bytes]:
    """The text of a file as UTF-8 without byte order mark, in pieces that end with a line.

    The pieces hold about CHUNK bytes. Raises Unreadable where the text is in another encoding than
    the contract says, with the line, or where a line is longer than LONGEST_LINE.
    """
    codec = codecs.lookup(encoding).name
    is_utf8 = codec in ("utf-8", "utf-8-sig", "ascii")
    decoder = codecs.getincrementaldecoder(encoding)()
    rest, lines, total = b"", 0, 0
    limit = sane(path.stat().st_size)
    with opened(path, kind) as stream:
        while True:
            try:
                data = stream.read(CHUNK)
            except DAMAGED as error:
                raise Unreadable(damaged(kind, error)) from None
            if is_utf8 and not total:
                rest = data.removeprefix(codecs.BOM_UTF8)
            elif is_utf8:
                rest += data
            else:
                try:
                    rest += decoder.decode(data, final=not data).encode()
                except UnicodeError as error:
                    raise Unreadable(_wrong(error, lines, encoding)) from None
            total += len(data)
            if kind in COMPRESSED and total > limit:
                raise Unreadable(_too_large(limit))
            cut = len(rest) if not data else max(rest.rfind(b"\n"), _last_return(rest)) + 1
            piece, rest = rest[:cut], rest[cut:]
            if len(rest) > LONGEST_LINE:
                raise Unreadable(
                    f"line {lines + 1} is longer than {LONGEST_LINE // 1024**2} MB; "
                    "a quotation mark or a line end is missing"
                )
            if is_utf8 and not piece.isascii():
                try:
                    piece.decode(codec)
                except UnicodeError as error:
                    raise Unreadable(_wrong(error, lines, encoding)) from None
            elif not piece.isascii():
                _not_utf8(piece.decode(), lines, encoding)
            if b"\x00" in piece:
                raise Unreadable(
                    f"the text holds zero bytes; it is not {encoding} (perhaps utf-16)"
                )
            if piece:
                yield piece
            lines += line_ends(piece)
            if not data:
                return


def line_ends(data: bytes) -> int:
    """How many line feeds there are; several times quicker than bytes.count where they are many."""
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")))


def _last_return(text: bytes) -> int:
    """The last line end of files that use only carriage returns."""
    return text.rfind(b"\r", 0, len(text) - 1) if b"\n" not in text else -1


def _wrong(error: UnicodeError, lines: int, encoding: str) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return f"the text is not {encoding}: {error}"
    data = error.object
    line = lines + data[: error.start].count(b"\n") + 1
    return (
        f"line {line}: byte 0x{data[error.start]:02x} is not {encoding}; the file looks like "
        f"{likely_encoding(data)}: set format.encoding or ask for {encoding}"
    )


def _not_utf8(piece: str, lines: int, encoding: str) -> None:
    """Refuse UTF-8 that was declared as something else: umlauts would be garbled in silence."""
    try:
        original = piece.encode(encoding)
        original.decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return
    parts = piece.split("\n")
    line = lines + next(n for n, part in enumerate(parts, 1) if not part.isascii())
    raise Unreadable(
        f"line {line}: the contract says {encoding}, but the file is utf-8 "
        f"(umlauts would be garbled): set format.encoding: utf-8"
    )


def likely_encoding(data: bytes) -> str:
    """The encoding in which German text makes most sense; for hints, never for reading."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if not data.isascii():
        try:
            data.decode("utf-8")
            return "utf-8"
        except UnicodeDecodeError:
            pass
    letters = {
        "cp1252": b"\xe4\xf6\xfc\xdf\xc4\xd6\xdc",
        "cp850": b"\x84\x94\x81\xe1\x8e\x99\x9a",
        "mac_roman": b"\x8a\x9a\x9f\xa7\x80\x85\x86",
    }
    return max(letters, key=lambda name: sum(data.count(bytes([one])) for one in letters[name]))


def _before_damage(path: Path, kind: str) -> Iterator[bytes]:
    """What can be unpacked, little by little: a piece with damage in it is lost as a whole."""
    if kind == "gzip":
        with path.open("rb") as packed:
            tool = zlib.decompressobj(31)
            while piece := packed.read(16):
                try:
                    yield tool.decompress(piece)
                except zlib.error:
                    return
                if tool.eof:
                    rest, tool = tool.unused_data, zlib.decompressobj(31)
                    packed.seek(-len(rest), io.SEEK_CUR)
        return
    with opened(path, kind) as stream:
        read = stream.read1 if isinstance(stream, io.BufferedIOBase) else stream.read
        while True:
            try:
                piece = read(CHUNK if kind == "text" else 512)
            except DAMAGED:
                return
            if not piece:
                return
            yield piece


def lines_as_they_are(path: Path, encoding: str) -> Iterator[str]:
    """The lines of a text that is no table, as far as it can be unpacked.

    Bytes that are no text in the encoding are shown as escapes. Files of a kind that is not text,
    archives of several files and bombs have no lines.
    """
    kind = kind_of(path)
    if kind not in (*COMPRESSED, "text"):
        return
    limit, total = sane(path.stat().st_size), 0
    for piece in _before_damage(path, kind) if kind in COMPRESSED else ():
        total += len(piece)
        if total > limit:
            return
    decoder = codecs.getincrementaldecoder(encoding)(errors="backslashreplace")
    rest, start = "", True
    for piece in _before_damage(path, kind):
        if start and (kind_of_start(piece[:16]) != "text" or piece[257:262] == b"ustar"):
            return
        start = False
        text = rest + decoder.decode(piece)
        half = "\r" if text.endswith("\r") else ""  # its line feed may come with the next piece
        *lines, rest = io.StringIO(text.removesuffix(half) + "\0", newline="")
        rest = rest.removesuffix("\0") + half
        yield from (line.rstrip("\r\n") for line in lines)
    yield from (line.rstrip("\r\n") for line in io.StringIO(rest + decoder.decode(b"", final=True)))
