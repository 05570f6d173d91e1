"""Dates that strptime alone does not read: German month names and quarters."""

from datetime import date

import pytest

from orchestration.declarations.sources import DateRule
from orchestration.ingest import dates


@pytest.mark.parametrize(
    ("text", "form", "at", "expected"),
    [
        ("März 2024", "%B %Y", "start", date(2024, 3, 1)),
        ("Mrz. 2024", "%b %Y", "end", date(2024, 3, 31)),
        ("2023-Dezember", "%Y-%B", "start", date(2023, 12, 1)),
        ("3. Mai 2024", "%d. %B %Y", "start", date(2024, 5, 3)),
        ("May 2024", "%B %Y", "start", date(2024, 5, 1)),
        ("Q3 2024", "Q%q %Y", "start", date(2024, 7, 1)),
        ("Q3 2024", "Q%q %Y", "end", date(2024, 9, 30)),
        ("4. Quartal 2023", "%q. Quartal %Y", "end", date(2023, 12, 31)),
        ("2024-1", "%Y-%q", "end", date(2024, 3, 31)),
    ],
)
def test_months_and_quarters(text: str, form: str, at: str, expected: date) -> None:
    rule = DateRule.model_validate({"fixed": "2000-01-01", "format": form, "at": at})
    assert dates.parse(text, rule) == expected


@pytest.mark.parametrize(
    ("text", "form"), [("Brumaire 2024", "%B %Y"), ("Q5 2024", "Q%q %Y"), ("2024", "Q%q %Y")]
)
def test_what_is_no_month_or_quarter(text: str, form: str) -> None:
    with pytest.raises(dates.NoDate, match="expected a date like"):
        dates.parse(text, DateRule(fixed=date(2000, 1, 1), format=form))
