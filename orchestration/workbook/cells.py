"""One value to one cell and back, so that nothing is lost on the way through a spreadsheet."""

import json
import re
from datetime import date, datetime
from typing import Any

from orchestration.workbook.shape import Column

NONE = "(none)"
EMPTY = "[]"
_YES = {"ja": True, "nein": False, "yes": True, "no": False, "wahr": True, "falsch": False,
        "true": True, "false": False}  # fmt: skip


class WorkbookError(Exception):
    """The workbook cannot be written or read; the message names sheet and cell."""


class BadCell(ValueError):
    """What stands in a cell is no value of its column; the message says what would be right."""


def to_cell(value: Any, column: Column) -> Any:
    """What a cell holds for a value, such as lines of text for a list."""
    if value is None:
        return NONE
    match column.kind:
        case "bool":
            return "ja" if value else "nein"
        case "int" | "float" | "date":
            return value
        case "list":
            return "\n".join(map(_quoted, value)) if value else EMPTY
        case "one_or_list":
            if isinstance(value, str):
                return _quoted(value)
            return "\n".join(map(_quoted, value)) if len(value) > 1 else _json(value)
        case "lists":
            lines = (f"{_quoted(key)} = {' | '.join(map(_quoted, some))}"
                     for key, some in value.items())  # fmt: skip
            return "\n".join(lines) if value else EMPTY
        case "json":
            return _json(value)
        case "key":
            return value if value else '""'
        case _:
            return _quoted(str(value))


def from_cell(cell: Any, column: Column) -> Any:
    """The value of a cell that is not empty; raises BadCell."""
    text = _text(cell)
    if text == NONE:
        return None
    match column.kind:
        case "bool":
            return _bool(cell, text)
        case "int" | "float":
            return _number(cell, text, column.kind)
        case "date":
            return _date(cell, text)
        case "list":
            return [] if text == EMPTY else [_unquoted(line) for line in _split(text)]
        case "one_or_list":
            if text.startswith("["):
                return _from_json(text)
            some = [_unquoted(line) for line in _split(text)]
            return some[0] if len(some) == 1 else some
        case "lists":
            return {} if text == EMPTY else dict(_named(line) for line in _split(text))
        case "json":
            return _from_json(text)
        case "key":
            return "" if text == '""' else text
        case "choice":
            if text not in column.choices:
                raise BadCell(f"found {text!r}, expected one of {', '.join(column.choices)}")
            return text
        case _:
            return _unquoted(text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadCell(f"found {text[:40]!r}, expected JSON: {error.msg}") from None


def _quoted(text: str) -> str:
    """The text itself where it can be read back as it is, else in double quotes."""
    special = text in ("", NONE, EMPTY) or text[0] in '"[' or text != text.strip()
    if special or re.search(r"[\n\r\t\\]| \| | = |_x[0-9A-Fa-f]{4}_", text):
        return _json(text).replace("_x", "_\\u0078").replace("|", "\\u007c")
    return text


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        value = _from_json(text)
        if isinstance(value, str):
            return value
    return text


def _split(text: str) -> list[str]:
    return [line for line in re.split(r"\r?\n", text) if line.strip()]


def _named(line: str) -> tuple[str, list[str]]:
    key, sign, rest = line.partition(" = ")
    if line.startswith('"'):
        found = re.match(r'("(?:[^"\\]|\\.)*") = (.*)', line)
        key, sign, rest = (found[1], "=", found[2]) if found else (line, "", "")
    if not sign:
        raise BadCell(f"found {line[:40]!r}, expected a line like `column = text | other text`")
    return _unquoted(key), [_unquoted(part) for part in rest.split(" | ")]


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _bool(cell: Any, text: str) -> bool:
    known = _YES.get(text.casefold())
    if known is None or isinstance(cell, float):
        raise BadCell(f"found {text!r}, expected ja or nein")
    return known


def _number(cell: Any, text: str, kind: str) -> int | float:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        number = float(cell)
    else:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            raise BadCell(f"found {text!r}, expected a number") from None
    if number.is_integer():
        return int(number)
    if kind == "int":
        raise BadCell(f"found {text!r}, expected a whole number")
    return number


def _date(cell: Any, text: str) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    for pattern, order in ((r"(\d{4})-(\d\d?)-(\d\d?)", (1, 2, 3)),
                           (r"(\d\d?)\.(\d\d?)\.(\d{4})", (3, 2, 1))):  # fmt: skip
        found = re.fullmatch(pattern, text)
        if found:
            try:
                return date(*(int(found[part]) for part in order))
            except ValueError:
                break
    raise BadCell(f"found {text!r}, expected a date like 31.12.2024")
