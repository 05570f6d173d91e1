"""`codes/*.csv`: code lists, one file per dimension with the columns code, name_de, name_en."""

import csv
from pathlib import Path
from typing import NamedTuple


class CodeEntry(NamedTuple):
    """One code of a dimension."""

    code: str
    name_de: str
    name_en: str


class CodeListError(ValueError):
    """A code list that cannot be read; `line` is where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_codes(path: Path) -> list[CodeEntry]:
    """Read a code list such as `codes/geschlecht.csv`.

    Codes are text and keep their leading zeros. Raises CodeListError with the line where the
    file is not UTF-8, lacks a column or repeats a code.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CodeListError(1, f"not UTF-8 at byte {error.start}") from None
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in text[:200] else ",")
    missing = {"code", "name_de"} - set(reader.fieldnames or [])
    if missing:
        raise CodeListError(
            1, f"needs the columns code, name_de, name_en; missing {', '.join(sorted(missing))}"
        )
    entries: dict[str, CodeEntry] = {}
    for row in reader:
        code = (row["code"] or "").strip()
        if not code:
            raise CodeListError(reader.line_num, "empty code")
        if code in entries:
            raise CodeListError(reader.line_num, f"code {code!r} stands twice")
        name = (row["name_de"] or code).strip()
        entries[code] = CodeEntry(code, name, (row.get("name_en") or name).strip())
    return list(entries.values())
