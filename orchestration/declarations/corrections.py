"""`corrections.csv`: wrong values upstream, what they should be, and whether anybody was told."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from orchestration.declarations.common import Code, Declared, GroupId, Identifier
from orchestration.declarations.sources import Grain, Source


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


class Correction(Declared):
    """One wrong value of one cell. It is applied only while the delivery says `expected`.

    `open` and `reported` are applied, `fixed` is the record of one that upstream has put right.
    `as_of` is when the error was known: a state of an earlier day shows the value as delivered.
    """

    source: Identifier
    measure: Identifier
    area_version: Code
    area: Code
    period_start: date
    grain: Grain
    group: GroupId = "all"
    expected: Annotated[float, Field(allow_inf_nan=False)]
    corrected: Annotated[float, Field(allow_inf_nan=False)]
    why_de: Annotated[str, Field(min_length=1)]
    why_en: Annotated[str | None, BeforeValidator(_empty_is_none)] = None
    told: Annotated[str | None, BeforeValidator(_empty_is_none)] = None
    state: Literal["open", "reported", "fixed"]
    as_of: date
    line: Annotated[int, Field(ge=2)]

    @property
    def cell(self) -> tuple[str, str, str, date, str, str]:
        """What it is about: measure, area version, area, period, grain and group."""
        where = (self.area_version, self.area, self.period_start, self.grain, self.group)
        return (self.measure, *where)


def systems_of(correction: Correction, source: Source) -> list[str]:
    """The area systems in which the source delivers the measure by the correction's version."""
    found = set()
    for layout in source.layouts:
        versions = {layout.area.version, *(one.version for one in layout.area.earlier)}
        if correction.measure in layout.measures and correction.area_version in versions:
            found.add(layout.area.system)
    return sorted(found)


COLUMNS = tuple(name for name in Correction.model_fields if name != "line")
REQUIRED = tuple(
    name for name, info in Correction.model_fields.items() if name != "line" and info.is_required()
)


class CorrectionsError(ValueError):
    """A file of corrections that cannot be used; `problems` are (line, column, message)."""

    def __init__(self, problems: list[tuple[int, str, str]]) -> None:
        super().__init__("; ".join(message for _, _, message in problems))
        self.problems = problems


def read_corrections(path: Path) -> list[Correction]:
    """Read `corrections.csv`, delimited by comma or semicolon, in the order of its lines.

    Codes keep their leading zeros; numbers have a decimal point or, between semicolons, a decimal
    comma. Raises CorrectionsError with all problems together.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CorrectionsError([(line, "", "not UTF-8; save the file as UTF-8")]) from None
    delimiter = ";" if ";" in text.split("\n", 1)[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    problems: list[tuple[int, str, str]] = []
    corrections = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                message = f"found {len(cells)} cells, the header has {len(header)}"
                problems.append((line, "", message))
                continue
            found = _one(dict(zip(header, cells, strict=True)), line, delimiter, problems)
            if found is not None:
                corrections.append(found)
    except csv.Error as error:
        problems.append((reader.line_num, "", f"not CSV: {error}"))
    problems += _doubled(corrections)
    if problems:
        raise CorrectionsError(problems)
    return corrections


def _check_header(header: list[str]) -> None:
    wanted = f"the columns are {', '.join(COLUMNS)}"
    problems = [
        (1, name, f"this column is missing; {wanted}") for name in REQUIRED if name not in header
    ]
    problems += [
        (1, name, f"unknown column {name!r}; {wanted}") for name in header if name not in COLUMNS
    ]
    problems += [
        (1, name, "this column stands twice") for name in COLUMNS if header.count(name) > 1
    ]
    if problems:
        raise CorrectionsError(problems)


def _one(
    row: dict[str, str], line: int, delimiter: str, problems: list[tuple[int, str, str]]
) -> Correction | None:
    given = {name: cell.strip() for name, cell in row.items()}
    if delimiter == ";":
        for name in ("expected", "corrected"):
            given[name] = given[name].replace(",", ".")
    if not given.get("group"):
        given.pop("group", None)
    try:
        found = Correction.model_validate({**given, "line": line})
    except ValidationError as error:
        for detail in error.errors():
            column = str(detail["loc"][0])
            message = detail["msg"].removeprefix("Value error, ")
            problems.append((line, column, f"found {given.get(column, '')!r}; {message}"))
        return None
    if found.expected == found.corrected:
        problems.append((line, "corrected", f"is the same as expected, {found.corrected:g}"))
    return found


def _doubled(corrections: list[Correction]) -> list[tuple[int, str, str]]:
    """Of one cell, one correction at most is at work, and each wrong value is named once."""
    problems = []
    at_work: dict[object, int] = {}
    named: dict[object, int] = {}
    for one in corrections:
        if (one.cell, one.expected) in named:
            first = named[(one.cell, one.expected)]
            message = f"line {first} corrects the same value of this cell already"
            problems.append((one.line, "expected", message))
        elif one.state != "fixed" and one.cell in at_work:
            message = (
                f"line {at_work[one.cell]} is still at work on this cell; "
                "set its state to fixed or remove one of the two"
            )
            problems.append((one.line, "state", message))
        named.setdefault((one.cell, one.expected), one.line)
        if one.state != "fixed":
            at_work.setdefault(one.cell, one.line)
    return problems
