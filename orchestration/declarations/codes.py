"""`codes/*.csv`: code lists, one per dimension.

Columns: code, name_de, name_en, from, to, aliases, and `standard_<name>` for a standard population.
"""

import csv
import math
from pathlib import Path
from typing import NamedTuple

_STANDARD = "standard_"


class CodeEntry(NamedTuple):
    """One code of a dimension.

    `low` and `high` are the first and last whole number of a band, such as 15 and 17 years; `high`
    is None for an open one. `aliases` are what departments write instead of the code. `standards`
    are weights of this code in standard populations, by their names.
    """

    code: str
    name_de: str
    name_en: str
    low: int | None = None
    high: int | None = None
    aliases: tuple[str, ...] = ()
    standards: tuple[tuple[str, float], ...] = ()

    def weight(self, standard: str) -> float | None:
        """How many people of the standard population have this code; None where it has none."""
        return dict(self.standards).get(standard)


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
        entries[code] = CodeEntry(
            code,
            name,
            (row.get("name_en") or name).strip(),
            _whole(row.get("from"), reader.line_num),
            _whole(row.get("to"), reader.line_num),
            tuple(one.strip() for one in (row.get("aliases") or "").split("|") if one.strip()),
            tuple(
                (name.removeprefix(_STANDARD), _weight(row[name], reader.line_num))
                for name in reader.fieldnames or []
                if name.startswith(_STANDARD) and (row[name] or "").strip()
            ),
        )
    return list(entries.values())


def _whole(text: str | None, line: int) -> int | None:
    if not text or not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise CodeListError(line, f"found {text!r}; from and to are whole numbers") from None


def _weight(text: str, line: int) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise CodeListError(
            line, f"found {text!r}; a standard population is a number above 0, such as 5500"
        )
    return weight
