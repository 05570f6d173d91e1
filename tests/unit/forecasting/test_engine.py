"""The engine: the same rows whatever the parts and processes, and progress told."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from forecasting.engine import look_ahead
from forecasting.outlook import Outlook, outlook

NAMES = ("births", "moves", "thefts")


def place(area: str, parent: str | None) -> dict[str, str | None]:
    return {"area_system": "s", "area_version": "1", "area_id": area, "parent_id": parent}


AREAS = pl.DataFrame([place("city", None), *(place(f"d{one}", "city") for one in range(6))])


@pytest.fixture(scope="module")
def values() -> pl.DataFrame:
    """Three indicators of six districts and their city by month; thefts are few."""
    rng = np.random.default_rng(1)
    starts = [date(2021 + month // 12, month % 12 + 1, 1) for month in range(40)]
    rows = []
    for name, mean in zip(NAMES, (60.0, 200.0, 3.0), strict=True):
        counts = rng.poisson(mean, (6, 40)).astype(float)
        for area, row in zip(AREAS["area_id"], [counts.sum(axis=0), *counts], strict=True):
            rows += [
                (name, area, "city" if area == "city" else "district", start, value)
                for start, value in zip(starts, row.tolist(), strict=True)
            ]
    names = ["indicator_id", "area_id", "level", "period_start", "value"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        area_system=pl.lit("s"),
        area_version=pl.lit("1"),
        group_id=pl.lit("all"),
        grain=pl.lit("month"),
        numerator=pl.col("value"),
        unit=pl.lit("cases"),
        status=pl.lit("observed"),
        as_of=pl.lit(date(2025, 1, 1)),
    )


SPECS = pl.DataFrame(
    {
        "indicator_id": [*NAMES[::-1], "unknown"],
        "grain": "month",
        "levels": [["district", "city"]] * 4,
        "horizon": 4,
        "kind": "count",
    }
)


def found(values: pl.DataFrame, part: int, processes: int = 1) -> Outlook:
    return look_ahead(values, SPECS, run_id="r", areas=AREAS, part=part, processes=processes)


@pytest.fixture(scope="module")
def whole(values: pl.DataFrame) -> Outlook:
    return outlook(values, SPECS, run_id="r", areas=AREAS)


@pytest.mark.parametrize("part", [1, 8, 15, 1000])
def test_the_size_of_parts_changes_nothing(values: pl.DataFrame, whole: Outlook, part: int) -> None:
    assert whole.forecast["status"].unique().to_list() == ["estimated"]
    in_parts = found(values, part)
    assert in_parts.forecast.equals(whole.forecast)
    assert in_parts.backtest.equals(whole.backtest)


def test_processes_change_nothing(values: pl.DataFrame, whole: Outlook) -> None:
    both = found(values, 1, processes=2)
    assert both.forecast.equals(whole.forecast)
    assert both.backtest.equals(whole.backtest)


def test_progress_is_told_after_each_part(values: pl.DataFrame) -> None:
    told: list[tuple[int, int]] = []
    look_ahead(
        values,
        SPECS,
        run_id="r",
        part=1,
        processes=1,
        progress=lambda done, of: told.append((done, of)),
    )
    assert told == [(7, 21), (14, 21), (21, 21)]


def test_nothing_to_look_at(values: pl.DataFrame) -> None:
    nothing = look_ahead(values, SPECS.clear(), run_id="r")
    assert nothing.forecast.is_empty()
    assert nothing.forecast.schema == outlook(values, SPECS.clear(), run_id="r").forecast.schema
    assert nothing.backtest.is_empty()


def test_what_is_wrong_with_the_whole_is_said_before_it_is_split(values: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="indicator and grain twice"):
        look_ahead(values, pl.concat([SPECS, SPECS]), run_id="r", part=1)
