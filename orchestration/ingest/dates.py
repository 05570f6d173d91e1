"""Reads dates as contracts say where they stand: in columns, file names, sheet names or fixed."""

import calendar
import re
from datetime import date, datetime, timedelta

from orchestration.declarations.sources import Covers, DateRule, Layout

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jan january jänner",
            "februar feb february",
            "märz mär mrz maerz mar march",
            "april apr",
            "mai may",
            "juni jun june",
            "juli jul july",
            "august aug",
            "september sep sept",
            "oktober okt october oct",
            "november nov",
            "dezember dez december dec",
        ),
        1,
    )
    for name in names.split()
}


class NoDate(ValueError):
    """A text that is no date by its format."""


def parse(text: str, rule: DateRule) -> date:
    """Turn a text such as `201212` into a date by the rule's format, end and offsets.

    With `at: end` a year stands for its 31 December, a quarter and a month for their last day.
    `%B` and `%b` read German and English month names, whatever the language of the machine, and
    `%q` the number of a quarter. A week by `%G` and `%V` stands for its Monday, at its end for its
    Sunday.
    Raises NoDate when the text does not fit.
    """
    try:
        plain, pattern = _in_numbers(text.strip(), rule.format)
        return _shift(datetime.strptime(plain, pattern).date(), rule, rule.format)
    except (ValueError, OverflowError):
        raise NoDate(f"found {text!r}, expected a date like {example(rule.format)}") from None


def month_number(name: str) -> int | None:
    """1 to 12 for a German or English month name or its usual abbreviation, such as `Mrz.`."""
    return _MONTHS.get(name.strip().rstrip(".").casefold())


def _in_numbers(text: str, pattern: str) -> tuple[str, str]:
    """Month names and quarters replaced by month numbers, which strptime reads everywhere alike."""
    if "%B" in pattern or "%b" in pattern:
        words = [word for word in re.findall(r"[^\W\d_]+\.?", text) if month_number(word)]
        if not words:
            raise ValueError
        text = text.replace(words[0], f"{month_number(words[0]):02d}", 1)
        return text, pattern.replace("%B", "%m").replace("%b", "%m")
    if "%q" in pattern:
        left = re.escape(pattern).replace("%q", "([1-4])").replace("%Y", r"\d{4}")
        found = re.fullmatch(left, text)
        if found is None:
            raise ValueError
        month = f"{3 * int(found[1]) - 2:02d}"
        text = f"{text[: found.start(1)]}{month}{text[found.end(1) :]}"
        return text, pattern.replace("%q", "%m")
    if "%V" in pattern and not any(sign in pattern for sign in ("%u", "%w", "%a", "%A")):
        return f"{text}-1", f"{pattern}-%u"  # an ISO week stands for its Monday
    return text, pattern


def _shift(day: date, rule: DateRule, pattern: str) -> date:
    if rule.offset_years:
        leap_day = (day.month, day.day) == (2, 29)
        day = day.replace(year=day.year + rule.offset_years, day=28 if leap_day else day.day)
    if rule.at == "end":
        if "%q" in pattern:
            last = day.month + 2
            day = date(day.year, last, calendar.monthrange(day.year, last)[1])
        elif "%V" in pattern:
            day += timedelta(days=6)
        elif not any(sign in pattern for sign in ("%m", "%b", "%B", "%j")):
            day = date(day.year, 12, 31)
        elif "%d" not in pattern:
            day = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day + timedelta(days=rule.plus_days)


def example(pattern: str) -> str:
    """What a date looks like in a format, for error messages."""
    return date(2024, 12, 31).strftime(pattern.replace("%q", "4"))


def from_names(rule: DateRule, file_name: str, sheet: str | None) -> date | None:
    """The date a rule finds outside the rows, or None when it stands in columns.

    Raises NoDate when the file's or sheet's name does not match.
    """
    if rule.fixed is not None:
        return rule.fixed
    if rule.columns is not None or rule.cell is not None:
        return None
    pattern, name = (
        (rule.file_name, file_name) if rule.file_name is not None else (rule.sheet, sheet or "")
    )
    found = re.search(pattern or "", name)
    if found is None:
        raise NoDate(f"the name {name!r} does not match {pattern!r}")
    return parse(found[1], rule)


def told_by_name(layout: Layout, file_name: str) -> str:
    """The dates a layout takes from a file's name, as text; empty where it takes none.

    A name that does not tell them stands for itself.
    """
    rules: list[DateRule] = [layout.period]
    if layout.as_of is not None:
        rules.append(layout.as_of)
    if layout.cases is not None and layout.cases.covers.file_name is not None:
        covers = layout.cases.covers
        rules.append(DateRule(file_name=covers.file_name, format=covers.format))
    try:
        days = [from_names(rule, file_name, None) for rule in rules if rule.file_name is not None]
    except NoDate:
        return file_name
    return " ".join(map(str, days))


def span(covers: Covers, file_name: str, as_of: date) -> tuple[date, date]:
    """First and last day a case list covers.

    Nothing is known of months that begin after its as_of, not even that nothing happened.
    """
    if covers.since is not None:
        year = as_of.year - (1 if covers.since == "previous_year" else 0)
        return date(year, 1, 1), as_of
    rule = DateRule(file_name=covers.file_name, format=covers.format)
    start = from_names(rule, file_name, None)
    end = from_names(rule.model_copy(update={"at": "end"}), file_name, None)
    if start is None or end is None:
        raise NoDate(f"the name {file_name!r} tells no period")
    month_end = as_of.replace(day=calendar.monthrange(as_of.year, as_of.month)[1])
    return start, min(end, month_end)


def months_between(start: date, end: date) -> list[date]:
    """The first days of all months that a span touches."""
    first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
    return [date(index // 12, index % 12 + 1, 1) for index in range(first, last + 1)]
