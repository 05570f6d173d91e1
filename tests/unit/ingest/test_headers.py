"""Headers in which one name stands twice, and weeks as dates."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.declarations.sources import DateRule
from orchestration.ingest import dates
from orchestration.ingest.headers import numbered
from tests.unit.ingest.town import layout, settle, words

DOUBLED = "Jahr;Viertel;Fälle;Fälle\n2021;0101;5;6\n"


@given(st.lists(st.sampled_from(["", "a", "b", "c"])))
def test_names_are_told_apart_and_single_ones_kept(columns: list[str]) -> None:
    names = numbered(columns)
    filled = [name for name in names if name]
    assert len(set(filled)) == len(filled)
    for before, after in zip(columns, names, strict=True):
        assert after == before if columns.count(before) < 2 or not before else after[0] == before


def test_a_contract_says_which_of_two_columns_it_means(tmp_path: Path) -> None:
    rules = layout(values=[{"measure": "faelle", "column": "Fälle (2)"}], ignore=["Fälle (1)"])
    town = settle(tmp_path, rules)
    assert town.one(DOUBLED).state == "accepted"
    assert town.observed("area_id", "value") == [("0101", 6.0)]


def test_a_contract_that_does_not_say_which_is_refused(tmp_path: Path) -> None:
    entry = settle(tmp_path).one(DOUBLED)
    assert entry.state == "rejected"
    assert "column 'Fälle' (measure faelle) is missing" in words(entry)
    assert "'Fälle (1)', 'Fälle (2)'" in words(entry)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("2025-W06", "start", date(2025, 2, 3)),
        ("2025-W06", "end", date(2025, 2, 9)),
        ("2020-W53", "start", date(2020, 12, 28)),
        ("2026-W01", "start", date(2025, 12, 29)),
    ],
)
def test_a_week_stands_for_its_monday_or_sunday(text: str, at: str, expected: date) -> None:
    rule = DateRule.model_validate({"columns": "Woche", "format": "%G-W%V", "at": at})
    assert dates.parse(text, rule) == expected


@pytest.mark.parametrize("text", ["2025-W54", "2025-06", "W06"])
def test_what_is_no_week_is_said(text: str) -> None:
    rule = DateRule.model_validate({"columns": "Woche", "format": "%G-W%V"})
    with pytest.raises(dates.NoDate, match="expected a date like 2025-W01"):
        dates.parse(text, rule)
