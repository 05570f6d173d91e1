"""The calendar of series: how periods of each grain follow one another.

Weeks are counted in days, all others in months. Of 52 weeks a year is made: the season of a weekly
series moves by a week in about six years.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Final

import polars as pl

SEASON_LENGTH: Final = {"week": 52, "month": 12, "quarter": 4, "half_year": 2, "year": 1}
# In days for weeks, in months for all others.
STEP: Final = {"week": 7, "month": 1, "quarter": 3, "half_year": 6, "year": 12}


def number(day: date, grain: str) -> int:
    """Days, or months, since the beginning of our years; neighbours lie STEP apart."""
    return day.toordinal() - 1 if grain == "week" else day.year * 12 + day.month - 1


def numbers(column: str) -> pl.Expr:
    """The same of a column of days beside a column `grain`."""
    day = pl.col(column)
    days = day.cast(pl.Date).dt.epoch("d").cast(pl.Int64) + date(1970, 1, 1).toordinal() - 1
    months = day.dt.year().cast(pl.Int64) * 12 + day.dt.month() - 1
    return pl.when(pl.col("grain") == "week").then(days).otherwise(months)


def steps() -> pl.Expr:
    """STEP of a column `grain`."""
    return pl.col("grain").replace_strict(STEP, return_dtype=pl.Int64)


def place_in_time(day: date, grain: str) -> int:
    """Number of the period a day lies in, so that neighbours differ by one."""
    return number(day, grain) // STEP[grain]


def later(last: date, periods: int, grain: str) -> date:
    """Move a reporting date ahead by whole periods; the end of a month stays the end of a month."""
    if grain == "week":
        return last + timedelta(weeks=periods)
    month = number(last, grain) + periods * STEP[grain]
    year, month = month // 12, month % 12 + 1
    final = calendar.monthrange(year, month)[1]
    is_month_end = last.day == calendar.monthrange(last.year, last.month)[1]
    return date(year, month, final if is_month_end else min(last.day, final))
