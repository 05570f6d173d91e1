"""The archives of the RKI load as vintages: what was known on each day, falling counts included."""

from datetime import date

import polars as pl
import pytest

from tests.real.taken import Taken

pytestmark = pytest.mark.slow
CELL = ["area_id", "period_start", "group_id"]


@pytest.mark.parametrize(
    ("source", "vintages", "rows", "first", "last"),
    [
        ("rsv", 128, 296_640, date(2024, 3, 14), date(2026, 8, 20)),
        ("influenza", 131, 1_800_747, date(2023, 12, 19), date(2026, 6, 25)),
        ("sari", 140, 643_071, date(2023, 9, 28), date(2026, 6, 25)),
    ],
)
def test_every_vintage_is_a_delivery(
    rki: Taken, source: str, vintages: int, rows: int, first: date, last: date
) -> None:
    entries = rki.of(source)
    assert len(entries) == len({one.as_of for one in entries}) == vintages
    assert (entries[0].as_of, entries[-1].as_of) == (first, last)
    assert sum(one.rows_in for one in entries) == rows
    assert sum(one.rows_accepted for one in entries) == rows
    assert sum(one.observations for one in entries) == rows
    assert rki.copies == []


def test_a_count_that_falls_again(rki: Taken) -> None:
    """Berlin in week 6 of 2025: every value it ever had, with the day it was known."""
    found = (
        rki.measure("influenza_faelle")
        .filter(area_id="11", period_start=date(2025, 2, 3))
        .sort("as_of")
        .filter(pl.col("value") != pl.col("value").shift(1, fill_value=-1))
    )
    assert found.select("as_of", "value").rows() == [
        (date(2025, 2, 13), 1_380),
        (date(2025, 2, 20), 1_387),
        (date(2025, 2, 27), 1_388),
        (date(2025, 3, 6), 1_386),
        (date(2025, 3, 13), 1_387),
        (date(2025, 3, 27), 1_386),
        (date(2025, 7, 31), 1_387),
    ]
    assert set(found["grain"]) == {"week"}


@pytest.mark.parametrize(
    ("measure", "falls", "rises"),
    [("rsv_faelle", 698, 4_111), ("influenza_faelle", 2_386, 11_908)],
)
def test_falls_and_rises_from_one_vintage_to_the_next(
    rki: Taken, measure: str, falls: int, rises: int
) -> None:
    known = rki.measure(measure, None).select(*CELL, "as_of", "value").sort(*CELL, "as_of")
    change = known.select(change=pl.col("value") - pl.col("value").shift(1).over(CELL))["change"]
    assert ((change < 0).sum(), (change > 0).sum()) == (falls, rises)


def test_a_renamed_column_is_another_layout(rki: Taken) -> None:
    entries = rki.of("sari")
    by_layout = {
        name: [one for one in entries if one.layout == name] for name in ("gesamt", "nach_erreger")
    }
    assert {name: len(found) for name, found in by_layout.items()} == {
        "gesamt": 54,
        "nach_erreger": 86,
    }
    assert by_layout["gesamt"][-1].as_of < by_layout["nach_erreger"][0].as_of
