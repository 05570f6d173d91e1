"""A source of births and a sound delivery of it, to be broken by tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from quality.checks import REGISTER_SCHEMA, VERDICT_SCHEMA, Delivered, MeasureSpec, SourceSpec
from quality.expectations import findings_of, judge

AREAS = [f"{place:04}" for place in range(20)]
LEVEL = ("lor", "2021", "area")


def register() -> pl.DataFrame:
    """20 areas in two boroughs of a city, and those without an area below each."""
    rows: list[tuple[str, str, int, str | None, bool]] = [
        ("0", "city", 2, None, False),
        ("b0", "borough", 1, "0", False),
        ("b1", "borough", 1, "0", False),
        ("b0:nz", "nz", 0, "b0", True),
        ("b1:nz", "nz", 0, "b1", True),
        ("0:nz", "nz", 0, "0", True),
    ]
    rows += [(one, "area", 0, f"b{int(one) // 10}", False) for one in AREAS]
    names = ["area_id", "level", "level_rank", "parent_id", "is_unassigned"]
    return (
        pl.DataFrame(rows, schema=names, orient="row")
        .with_columns(
            area_system=pl.lit("lor"),
            area_version=pl.lit("2021"),
            valid_from=pl.lit(date(2021, 1, 1)),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in REGISTER_SCHEMA.items())
    )


def spec(**changed: Any) -> SourceSpec:
    """What the source has promised."""
    promised: dict[str, Any] = {
        "source_id": "births",
        "measures": (
            MeasureSpec("births", "Personen"),
            MeasureSpec("mean_age", "Jahre", minimum=12, whole=False, additive_over_areas=False,
                        additive_over_groups=False),
            MeasureSpec("balance", "Personen", minimum=None),
        ),
        "register": register(),
        "earliest": date(2010, 1, 1),
        "latest": date(2025, 12, 31),
    }  # fmt: skip
    return SourceSpec(**{**promised, **changed})


def observed(
    rows: Sequence[tuple[str, int, float | None]], measure: str = "births", group: str = "all"
) -> pl.DataFrame:
    """Observations from (area, year, value); an empty value was suppressed."""
    frame = pl.DataFrame(
        rows, schema={"area_id": pl.String, "year": pl.Int32, "value": pl.Float64}, orient="row"
    )
    return frame.select(
        source_id=pl.lit("births"),
        measure_id=pl.lit(measure),
        area_system=pl.lit("lor"),
        area_version=pl.lit("2021"),
        area_id="area_id",
        period_start=pl.date("year", 1, 1),
        grain=pl.lit("year"),
        group_id=pl.lit(group),
        value="value",
        unit=pl.lit("Jahre" if measure == "mean_age" else "Personen"),
        status=pl.when(pl.col("value").is_null()).then(pl.lit("suppressed")).otherwise(
            pl.lit("observed")
        ),
        as_of=pl.lit(date(2025, 3, 1)),
    )  # fmt: skip


def delivery(measure: str = "births", value: float = 7) -> pl.DataFrame:
    """All 20 areas in two years."""
    return observed([(one, year, value) for year in (2023, 2024) for one in AREAS], measure)


def with_row(frame: pl.DataFrame, **changed: Any) -> pl.DataFrame:
    """The same delivery with the first row changed."""
    first = frame.head(1).with_columns(
        pl.lit(new).cast(frame.schema[column]).alias(column) for column, new in changed.items()
    )
    return pl.concat([first, frame.slice(1)])


def verdicts(frame: pl.DataFrame, promised: SourceSpec | None = None, **more: Any) -> pl.DataFrame:
    """What the checks say of one delivery."""
    asked = {"rows": frame.height, "complete": (LEVEL,), **more}
    found = judge([Delivered("d1", frame.lazy(), **asked)], promised or spec())
    assert found.schema == VERDICT_SCHEMA
    return found


def verdict(check_id: str, frame: pl.DataFrame, *args: Any, **more: Any) -> dict[str, Any]:
    """What one check says of one delivery; the suite has its own tests and is left out here."""
    (row,) = (one for one in _said(frame, *args, **more) if one["check_id"] == check_id)
    return row


def failed(frame: pl.DataFrame, *args: Any, **more: Any) -> dict[str, float]:
    """The figures of the checks that failed."""
    broken = [one for one in _said(frame, *args, **more) if one["passed"] is False]
    return {one["check_id"]: one["observed"] for one in broken}


def _said(
    frame: pl.DataFrame, promised: SourceSpec | None = None, **more: Any
) -> list[dict[str, Any]]:
    given = Delivered("d1", frame.lazy(), **{"rows": frame.height, "complete": (LEVEL,), **more})
    rows = []
    for one in findings_of(given, {}, promised or spec()):
        passed = None if one.figure is None else one.figure <= one.limit
        rows.append(
            {
                "check_id": one.check_id,
                "severity": one.severity,
                "passed": passed,
                "observed": one.figure,
                "expected": one.limit,
                "description": one.rule_de if passed else one.de,
                "description_en": one.rule_en if passed else one.en,
            }
        )
    return rows
