"""When a file is about: dates in a column, in headers, in sheet names or in the file's name."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from orchestration.declarations.sources import DateRule
from orchestration.ingest import dates
from orchestration.propose.table import Found

_HINT = re.compile(
    r"(?i)jahr|year|zeit|datum|date|monat|month|stichtag|quartal|period|berichts|halbjahr|tag\b"
)
_EVENT = re.compile(r"(?i)tat|ereignis|fall|anfang|beginn|unfall|vorfall|eingang|antrag")
_LATER = re.compile(r"(?i)ende|bis|angelegt|erfasst|gemeldet|abschluss|änderung|druck|export")
_MONTH = re.compile(r"(?i)monat|month")
_QUARTER = re.compile(r"(?i)quartal|quarter")
_YEAR = re.compile(r"(?i)jahr|year")
_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%Y-%m", "%m/%Y", "%m.%Y", "%Y/%m", "%Y%m", "%Y",
            "%d.%m.%y", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S",
            "%B %Y", "%b %Y", "Q%q %Y", "Q%q/%Y", "%Y-Q%q", "%YQ%q", "%q. Quartal %Y",
            "%q/%Y"]  # fmt: skip
_IN_NAMES = [
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"),
    (r"\d{2}\.\d{2}\.\d{4}", "%d.%m.%Y"),
    (r"(?:19|20)\d{6}", "%Y%m%d"),
    (r"\d{4}-\d{2}", "%Y-%m"),
    (r"(?:19|20)\d{4}", "%Y%m"),
    (r"(?:19|20)\d{2}", "%Y"),
]
_STAND = r"(?i:stand|asof|as_of|vom|version|export|abruf)[ _-]*"
SPAN = (date(1900, 1, 1), date(2100, 12, 31))


@dataclass
class PeriodGuess:
    """A rule for the period as the contract takes it, with doubts and the days it gives here."""

    rule: dict[str, object]
    grain: str
    days: list[date]
    doubts: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    by_day: bool = False
    where: str = "column"


def as_of_rule(file_name: str) -> dict[str, object] | None:
    """The date a file's name gives for its state, such as `_Stand_2024-04-05`."""
    for pattern, form in _IN_NAMES:
        found = re.search(f"({_STAND})({pattern})(?!\\d)", file_name)
        if found and _day(found[2], form):
            rule: dict[str, object] = {"file_name": f"{re.escape(found[1])}({_plain(pattern)})"}
            if form != "%Y-%m-%d":
                rule["format"] = form
            if "%d" not in form:
                rule["at"] = "end"
            return rule
    return None


def find_period(tables: list[Found], file_name: str) -> PeriodGuess:
    """The best of column, header, sheet name and file name; a fixed year, with a doubt, if none."""
    guess = _in_columns(tables) or _in_headers(tables[0].columns)
    guess = guess or _in_sheets(tables) or _in_file_name(file_name)
    if guess is not None:
        return guess
    titles = " ".join(table.titles for table in tables)
    years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", titles)
    day = date(int(years[-1]) if years else 2000, 1, 1)
    told = f"the lines above the table say {years[-1]}" if years else "nothing in the file tells it"
    return PeriodGuess(
        {"fixed": day, "grain": "year"},
        "year",
        [day],
        [f"one fixed period for every file: {told}; have the year written into the file name"],
        where="fixed",
    )


def _day(text: str, form: str) -> date | None:
    try:
        day = dates.parse(text, DateRule(fixed=SPAN[0], format=form))
    except dates.NoDate:
        return None
    return day if SPAN[0] <= day <= SPAN[1] else None


def _form(cells: set[str]) -> str | None:
    """The one format by which (nearly) all cells are dates."""
    for form in _FORMATS:
        bad = 0
        for cell in cells:
            bad += _day(cell, form) is None
            if bad > len(cells) * 0.05:
                break
        else:
            return form
    return None


def _in_columns(tables: list[Found]) -> PeriodGuess | None:
    columns = tables[0].columns
    found: list[tuple[tuple[float, ...], list[str], str, list[date]]] = []
    parts: dict[str, str] = {}
    for index, column in enumerate(columns):
        cells = {row[index] for table in tables for row in table.rows if index < len(row)} - {""}
        if not column or not cells:
            continue
        filled = sum(bool(row[index]) for table in tables for row in table.rows)
        if filled < 0.95 * sum(len(table.rows) for table in tables):
            continue
        if _MONTH.search(column) and not _YEAR.search(column):
            if all(re.fullmatch(r"0?[1-9]|1[0-2]", cell) for cell in cells):
                parts["month"] = column
            elif all(dates.month_number(cell) for cell in cells):
                parts["name"] = column
        if _QUARTER.search(column) and all(re.fullmatch("[1-4]", cell) for cell in cells):
            parts["quarter"] = column
        form = _form(cells)
        hinted = bool(_HINT.search(column))
        if form is None or (not hinted and (form in ("%Y", "%Y%m", "%q/%Y", "%Y%m%d", "%m.%Y"))):
            continue
        if form == "%Y" and "year" not in parts and (hinted or _YEAR.search(column)):
            parts["year"] = column
        days = [day for cell in sorted(cells) if (day := _day(cell, form))]
        rank = (
            -float(bool(_LATER.search(column))),
            float(bool(_EVENT.search(column))),
            float(hinted),
            -float(index),
        )
        found.append((rank, [column], form, days))
    for part, form in (("month", "%Y-%m"), ("name", "%Y-%B"), ("quarter", "%Y-%q")):
        if part in parts and "year" in parts:
            pair = [parts["year"], parts[part]]
            return _of_column(pair, form, _joined(tables, pair, form), [])
    if not found:
        return None
    found.sort(key=lambda one: one[0], reverse=True)
    _, chosen, form, days = found[0]
    guess = _of_column(chosen, form, days, [one[1][0] for one in found[1:]])
    if guess.others:
        guess.doubts.append(f"also dates: {', '.join(map(repr, guess.others))}")
    return guess


def _joined(tables: list[Found], pair: list[str], form: str) -> list[date]:
    cells = {
        "-".join(parts)
        for table in tables
        for parts in zip(*(table.cells(column) for column in pair), strict=True)
    }
    return [day for cell in sorted(cells) if (day := _day(cell, form))]


def _of_column(columns: list[str], form: str, days: list[date], others: list[str]) -> PeriodGuess:
    grain, doubts = _grain(form, days)
    rule: dict[str, object] = {
        "columns": columns[0] if len(columns) == 1 else columns,
        "format": form,
        "grain": grain,
    }
    by_day = "%d" in form and len({(day.month, day.day) for day in days}) > 12
    return PeriodGuess(rule, grain, days, doubts, columns, others, by_day=by_day)


def _grain(form: str, days: list[date]) -> tuple[str, list[str]]:
    if "%q" in form:
        return "quarter", []
    if "%m" not in form and "%b" not in form.lower():
        return "year", []
    months = {day.month for day in days}
    same_day = len({(day.month, day.day) for day in days}) == 1
    if same_day or len(days) == 1:
        return "year", ["one date a year: taken for yearly figures"]
    if "%d" in form and len({(day.month, day.day) for day in days}) > 12:
        return "day", []
    if months <= {6, 12} or months <= {1, 7}:
        return "half_year", []
    if months <= {3, 6, 9, 12} or months <= {1, 4, 7, 10}:
        return "quarter", ["taken for quarters by the months that occur"]
    return "month", []


def header_period(header: str) -> tuple[str, str, str, date] | None:
    """Where a header names a period: text before, text after, format and the day; None if not."""
    for pattern, form in [*_IN_NAMES, (r"[A-Za-zä]{3,9}\.? (?:19|20)\d{2}", "%B %Y")]:
        for found in re.finditer(rf"(?<![\d.])({pattern})(?![\d])", header):
            day = _day(found[1], form)
            if day is not None:
                return header[: found.start()], header[found.end() :], form, day
    return None


def _in_headers(columns: list[str]) -> PeriodGuess | None:
    """Periods side by side: at least two headers that differ by their date only."""
    templates: dict[tuple[str, str, str], list[date]] = {}
    for column in columns:
        part = header_period(column)
        if part is not None:
            before, after, form, day = part
            templates.setdefault((before, after, form), []).append(day)
    forms = Counter(form for (_, _, form), days in templates.items() if len(set(days)) > 1)
    if not forms:
        groups = Counter(form for _, _, form in templates)
        # one year above several columns of parts, such as 2019 / w, 2019 / m
        if not groups or groups.most_common(1)[0][1] < 2 or len(templates) < len(columns) * 0.5:
            return None
        forms = groups
    form = forms.most_common(1)[0][0]
    days = sorted({day for (_, _, its), some in templates.items() if its == form for day in some})
    grain, doubts = _grain(form, days)
    rule: dict[str, object] = {"fixed": days[0], "format": form, "grain": grain}
    doubts.append("the periods stand in the headers; the fixed day is not used")
    return PeriodGuess(rule, grain, days, doubts, where="header")


def _in_sheets(tables: list[Found]) -> PeriodGuess | None:
    names = [table.sheet or "" for table in tables]
    found = _in_text(names)
    if found is None:
        return None
    pattern, form, days = found
    grain, doubts = _grain(form, days)
    if "%d" not in form and "%m" in form and len(days) == 1:
        grain = "month"
    return PeriodGuess(
        {"sheet": pattern, "format": form, "grain": grain}, grain, days, doubts, where="sheet"
    )


def _in_file_name(file_name: str) -> PeriodGuess | None:
    rest = re.sub(f"{_STAND}({'|'.join(pattern for pattern, _ in _IN_NAMES)})", "", file_name)
    doubts = []
    found = _in_text([rest])
    if found is None:
        found = _in_text([file_name])
        doubts = ["the only date in the file's name"]
    if found is None:
        return None
    pattern, form, days = found
    if re.search(pattern, file_name) is None:
        return None
    grain, more = _grain(form, days)
    if form in ("%Y-%m", "%Y%m"):
        # names like 2015-01 and 2015-02 often count half-years
        more = ["a month in the file's name: monthly, half-yearly or yearly figures?"]
        grain = "month"
    return PeriodGuess(
        {"file_name": pattern, "format": form, "grain": grain},
        grain,
        days,
        [*doubts, *more],
        where="file name",
    )


def _in_text(names: list[str]) -> tuple[str, str, list[date]] | None:
    """A pattern that finds one date in each of the names, with the words before it."""
    for pattern, form in _IN_NAMES:
        hits = [re.search(rf"(?<!\d)({pattern})(?!\d)", name) for name in names]
        texts = [hit[1] for hit in hits if hit is not None]
        days = [day for text in texts if (day := _day(text, form))]
        if not names or len(days) < len(names):
            continue
        first = hits[0]
        assert first is not None
        lead = word_before(names[0][: first.start()])
        if any(lead not in name for name in names):
            lead = ""
        anchor = "^" if first.start() == len(lead) and not lead else ""
        return f"{anchor}{_literal(lead)}({_plain(pattern)})", form, days
    return None


def word_before(text: str) -> str:
    """The last word of a text with the signs behind it, such as `Einwohner_`; perhaps nothing."""
    found = re.search(r"[^\W\d_]*[^\w]*_*$", text)
    return found[0] if found is not None else ""


def _plain(pattern: str) -> str:
    return re.sub(r"\(\?:19\|20\)\\d\{(\d)\}", lambda m: f"\\d{{{int(m[1]) + 2}}}", pattern)


def _literal(text: str) -> str:
    return re.escape(text).replace("\\ ", " ").replace("\\-", "-")
