"""How periods follow one another."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from forecasting.periods import SEASON_LENGTH, STEP, later, number, numbers, place_in_time

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@given(day=DAYS, grain=st.sampled_from(sorted(SEASON_LENGTH)), ahead=st.integers(0, 60))
def test_periods_ahead_are_as_many_places_on(day: date, grain: str, ahead: int) -> None:
    assert place_in_time(later(day, ahead, grain), grain) == place_in_time(day, grain) + ahead


@given(day=DAYS, grain=st.sampled_from(sorted(SEASON_LENGTH)))
def test_a_column_is_numbered_as_a_day_is(day: date, grain: str) -> None:
    frame = pl.DataFrame({"day": [day], "grain": [grain]})
    assert frame.select(numbers("day")).item() == number(day, grain)


def test_weeks_are_seven_days_apart_across_years() -> None:
    monday = date(2020, 12, 28)
    assert later(monday, 1, "week") == date(2021, 1, 4)
    assert place_in_time(monday + timedelta(weeks=1), "week") == place_in_time(monday, "week") + 1


def test_the_end_of_a_month_stays_the_end_of_a_month() -> None:
    assert later(date(2024, 2, 29), 12, "month") == date(2025, 2, 28)
    assert later(date(2023, 12, 31), 1, "half_year") == date(2024, 6, 30)
    assert later(date(2023, 12, 30), 1, "quarter") == date(2024, 3, 30)


def test_every_grain_has_a_step_and_a_season() -> None:
    assert STEP.keys() == SEASON_LENGTH.keys()
