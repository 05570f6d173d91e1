"""Judgements of deliveries: each broken promise is found, counted, and shown without its value."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from quality import expectations
from quality.expectations import (
    VERDICT_SCHEMA,
    MeasureSpec,
    SourceSpec,
    checks_of,
    judge,
)

AREAS = [f"{place:04}" for place in range(20)]
SPEC = SourceSpec(
    source_id="births",
    measures=(
        MeasureSpec("births", "Personen"),
        MeasureSpec("mean_age", "Jahre", minimum=12, allow_fraction=True),
        MeasureSpec("balance", "Personen", minimum=None),
    ),
    area_ids={"2021": frozenset(AREAS)},
    expected_areas={"2021": 20},
    earliest=date(2010, 1, 1),
    latest=date(2025, 12, 31),
    area_noun_en="planning areas",
)


def delivery(measure: str = "births", unit: str = "Personen", value: float = 7) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area_id": AREAS * 2,
            "period_start": [date(2023, 1, 1)] * 20 + [date(2024, 1, 1)] * 20,
        }
    ).with_columns(
        source_id=pl.lit("births"),
        measure_id=pl.lit(measure),
        area_system=pl.lit("lor"),
        area_version=pl.lit("2021"),
        grain=pl.lit("year"),
        group_id=pl.lit("all"),
        value=pl.lit(float(value)),
        unit=pl.lit(unit),
        status=pl.lit("observed"),
        as_of=pl.lit(date(2025, 3, 1)),
    )


def with_row(frame: pl.DataFrame, **changed: Any) -> pl.DataFrame:
    """The same delivery with the first row changed."""
    first = frame.head(1).with_columns(
        pl.lit(new).cast(frame.schema[column]).alias(column) for column, new in changed.items()
    )
    return pl.concat([first, frame.slice(1)])


def failed(frame: pl.DataFrame, spec: SourceSpec = SPEC) -> dict[str, tuple[int, int | None]]:
    found = judge(frame, spec)
    assert found.schema == VERDICT_SCHEMA
    broken = found.filter(~pl.col("passed"))
    return {row["check_id"]: (row["observed"], row["expected"]) for row in broken.to_dicts()}


def test_a_good_delivery_passes_everything() -> None:
    found = judge(delivery(), SPEC)
    assert found["passed"].all()
    asked = ["columns", *(check.check_id for check in checks_of(SPEC)), "completeness", "row_count"]
    assert found["check_id"].to_list() == asked
    assert found.row(-1, named=True)["observed"] == 40


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"source_id": "deaths"}, "source_known"),
        ({"measure_id": "weddings"}, "measure_known"),
        ({"measure_id": None}, "measure_known"),
        ({"area_id": "9999"}, "area_known"),
        ({"area_version": None}, "area_known"),
        ({"status": "guessed"}, "status_known"),
        ({"status": None}, "status_known"),
        ({"value": None}, "value_fits_status"),
        ({"value": float("nan")}, "value_fits_status"),
        ({"status": "suppressed"}, "value_fits_status"),
        ({"unit": "Haushalte"}, "unit_as_declared"),
        ({"unit": None}, "unit_as_declared"),
        ({"period_start": date(1923, 1, 1)}, "period_plausible"),
        ({"period_start": None}, "period_plausible"),
        ({"value": -1.0}, "minimum"),
        ({"value": 7.5}, "whole_numbers"),
    ],
)
def test_one_broken_row_is_found_and_counted(changed: dict[str, Any], check: str) -> None:
    assert failed(with_row(delivery(), **changed))[check] == (1, 0)


def test_severities() -> None:
    severity = {check.check_id: check.severity for check in checks_of(SPEC)}
    warnings = {check_id for check_id, level in severity.items() if level == "warning"}
    assert warnings == {"period_plausible", "minimum", "whole_numbers"}
    assert set(severity.values()) == {"critical", "warning"}


def test_a_key_that_comes_twice() -> None:
    frame = delivery()
    assert failed(pl.concat([frame, frame.head(1)])) == {"key_unique": (2, 0)}


def test_rules_follow_the_measure() -> None:
    assert failed(delivery("mean_age", "Jahre", 31.4)) == {}
    assert failed(delivery("balance", value=-12)) == {}
    assert failed(delivery("mean_age", "Jahre", 3.4)) == {"minimum": (40, 0)}


def test_what_is_suppressed_or_missing_has_no_value_and_breaks_no_rule() -> None:
    frame = with_row(delivery(), status="suppressed", value=None)
    assert failed(frame) == {}


def test_completeness_says_how_many_of_how_many() -> None:
    frame = delivery().slice(3)
    found = judge(frame, SPEC).filter(pl.col("check_id") == "completeness")
    assert found.to_dicts() == [
        {
            "check_id": "completeness",
            "severity": "warning",
            "passed": False,
            "description_en": "17 of 20 planning areas (version 2021) for the year of 2023-01-01; "
            "1 of 1 measures incomplete, the scarcest in 17",
            "observed": 17,
            "expected": 20,
        }
    ]


def test_suppressed_areas_were_delivered_and_missing_ones_were_not() -> None:
    assert "completeness" not in failed(with_row(delivery(), status="suppressed", value=None))
    incomplete = failed(with_row(delivery(), status="missing", value=None))
    assert incomplete == {"completeness": (19, 20)}


def test_without_a_total_areas_are_counted_over_groups() -> None:
    frame = delivery()
    split = pl.concat([frame.with_columns(group_id=pl.lit(f"sex={code}")) for code in ("f", "m")])
    assert failed(split) == {}


def test_without_an_expected_count_completeness_is_not_judged() -> None:
    found = judge(delivery().slice(3), replace(SPEC, expected_areas={}))
    assert "completeness" not in found["check_id"]


def test_missing_columns_end_the_judgement() -> None:
    found = judge(delivery().drop("value", "unit"), SPEC)
    assert found["check_id"].to_list() == ["columns", "row_count"]
    assert found.row(0)[2:] == (False, "All required columns are there", 10, 12)


def test_an_empty_delivery_is_named() -> None:
    assert failed(delivery().clear()) == {"row_count": (0, None)}


def test_no_raw_value_leaves() -> None:
    frame = with_row(delivery(), value=-4711.5, status="geheim", area_id="Musterweg 3")
    text = judge(frame, SPEC).write_csv()
    assert not any(raw in text for raw in ("4711", "geheim", "Musterweg"))


def test_one_context_serves_many_deliveries_and_sends_nothing() -> None:
    judge(delivery(), SPEC)
    batches, _, _ = expectations._great_expectations()
    judge(delivery().slice(1), SPEC)
    assert expectations._great_expectations()[0] is batches
    config = batches.data_asset.datasource.data_context.config
    assert config.analytics_enabled is False
    assert config.progress_bars.globally is False
