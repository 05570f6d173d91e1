"""Bring the values of districts to one table: a row for each district, a column for each span.

Spans are months counted from year 0 (`12 * year + month - 1`), so that starts, lags and periods can
be compared without calendars. Where cases are counted, spans of several months are put together
before any logarithm is taken: a quarter of sixty cases says more than three months of twenty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MONTHS: Final = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
COUNTED: Final = ("count", "rate", "share", "ratio", "cumulative")
KNOWN: Final = ("observed", "provisional", "estimated")
HALF_A_CASE: Final = 0.5
FEWEST_CASES: Final = 10.0
LONGEST_PAST: Final = 120


@dataclass(frozen=True)
class Panel:
    """What is compared: `values` districts by spans, on the log scale where `is_log`.

    `noise` is the variance that counting alone gives a value of each district, 0 where nothing is
    counted. `begins` are months, each span `months` long; spans without values are not listed.
    """

    areas: tuple[str, ...]
    values: Floats
    noise: Floats
    begins: Ints
    months: int
    is_log: bool

    def only(self, rows: Ints) -> Panel:
        """The same of some districts."""
        areas = tuple(self.areas[row] for row in rows)
        return replace(self, areas=areas, values=self.values[rows], noise=self.noise[rows])


def month_of(day: date) -> int:
    """The month a day lies in, counted from year 0."""
    return 12 * day.year + day.month - 1


def first_of(month: int) -> date:
    """The first day of a month counted from year 0."""
    return date(month // 12, month % 12 + 1, 1)


def panel(cells: pl.DataFrame, *, kind: str, grain: str, months: int, origin: int) -> Panel | None:
    """Values of districts in spans of `months`, one of which begins at the month `origin`.

    Args:
        cells: `area_id, period_start, numerator, denominator, value`, one row per cell.
        kind: of the indicator; what is counted is put together from its counts.
        grain: of the cells.
        months: length of a span, a multiple of the grain's. Only counts can be put together.
        origin: a month at which a span begins.

    Returns:
        The panel over the spans that are known in most districts, without the districts that lack
        one of these; None where nothing is left.
    """
    counted = is_counted(cells, kind)
    length = MONTHS[grain]
    column = (pl.col("period_start").dt.year() * 12 + pl.col("period_start").dt.month() - 1).cast(
        pl.Int64
    )
    table = cells.with_columns(span=((column - origin) // months) * months + origin)
    if counted:
        # What has no denominator is per district; the effect is relative, so its size drops out.
        table = table.with_columns(
            top=pl.col("numerator" if kind != "cumulative" else "value"),
            base=pl.col("denominator").fill_null(1.0) if kind != "cumulative" else pl.lit(1.0),
        )
    else:
        table = table.with_columns(top=pl.col("value"), base=pl.lit(1.0))
    table = (
        table.group_by("area_id", "span")
        .agg(pl.col("top", "base").sum(), parts=pl.len())
        .filter(pl.col("parts") == months // length, pl.col("base") > 0)
        .with_columns(districts=pl.col("area_id").n_unique().over("span"))
    )
    if table.is_empty():
        return None
    most = table["area_id"].n_unique()
    table = table.filter(pl.col("districts") >= 0.75 * most)
    spans = table["span"].unique().sort().to_numpy()
    whole = table.group_by("area_id").len().filter(pl.col("len") == spans.size)
    table = table.join(whole, on="area_id", how="semi").sort("area_id", "span")
    areas = tuple(table["area_id"].unique().sort())
    if not areas:
        return None
    top, base = (table[name].to_numpy().reshape(len(areas), -1) for name in ("top", "base"))
    noise = np.zeros(len(areas))
    if counted:
        values = np.log((top + HALF_A_CASE) / base)
        noise = 1.0 / (top.mean(axis=1) + HALF_A_CASE)
        if kind == "share":
            noise = noise * (1.0 - np.clip(top.sum(axis=1) / base.sum(axis=1), 0.0, 0.99))
        return Panel(areas, values, noise, spans, months, is_log=True)
    is_log = bool((top > 0).all())
    return Panel(areas, np.log(top) if is_log else top, noise, spans, months, is_log)


def is_counted(cells: pl.DataFrame, kind: str) -> bool:
    """Whether values rest on counts that may be put together."""
    if kind not in COUNTED:
        return False
    figure = "value" if kind == "cumulative" else "numerator"
    return cells[figure].null_count() == 0 and not bool((cells[figure] < 0).any())


def span_lengths(cells: pl.DataFrame, *, kind: str, grain: str) -> list[int]:
    """Lengths of a span worth trying, in months, the best first.

    The shortest whose spans hold enough cases in most districts, at least a quarter.
    """
    length = MONTHS[grain]
    if not is_counted(cells, kind) or kind == "cumulative":
        return [length]
    tried = [months for months in (3, 6, 12) if months >= length]
    cases = cells.group_by("area_id").agg(pl.col("numerator").mean())["numerator"].median()
    assert isinstance(cases, float)
    enough = [months for months in tried if cases * months / length >= FEWEST_CASES]
    best = enough[0] if enough else tried[-1]
    return [best, *(months for months in reversed(tried) if months < best)]
