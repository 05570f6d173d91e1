"""Files as bytes that are the same on every run and every machine: delimited text and workbooks."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

Row = Sequence[object]

_WRITTEN: Final = datetime(2015, 1, 1)
_ZIP_DATE: Final = (2015, 1, 1, 0, 0, 0)


def text_file(
    rows: Iterable[Row],
    *,
    encoding: str,
    delimiter: str = ";",
    quoted: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """Rows of cells as delimited text, every cell in quotes if `quoted`.

    Raises UnicodeEncodeError where the encoding has no such character.
    """
    mark = '"' if quoted else ""
    lines = (delimiter.join(f"{mark}{cell}{mark}" for cell in row) for row in rows)
    return "".join(line + newline for line in lines).encode(encoding)


def german(number: float, digits: int) -> str:
    """A number with decimal comma, such as 41,7."""
    return f"{number:.{digits}f}".replace(".", ",")


def grouped(number: int) -> str:
    """A whole number as German tables print it: 12.345, and a dash for nothing."""
    return f"{number:,}".replace(",", ".") if number else "-"


def workbook_bytes(workbook: Workbook) -> bytes:
    """A workbook without a trace of when it was written.

    `Workbook.save` stamps the current time into the properties, and every entry of the archive has
    a time of its own: so the writer is called directly and the archive packed again. Entries are
    stored, not deflated, because compressors differ between machines.
    """
    workbook.properties.created = _WRITTEN
    workbook.properties.modified = _WRITTEN
    first = io.BytesIO()
    ExcelWriter(workbook, zipfile.ZipFile(first, "w")).save()
    final = io.BytesIO()
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(final, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, date_time=_ZIP_DATE)
            entry.create_system = 3
            target.writestr(entry, source.read(name))
    return final.getvalue()
