"""Judge what a delivery brought before it is used; the only import of Great Expectations.

The checks of a source are plain data (`checks_of`), so they can be read, listed and tested without
Great Expectations. Rules about a row are first turned into flags by polars; Great Expectations then
judges flags, code sets and keys. Of its results only check, severity and counts leave this module:
it keeps raw values, which protected sources must not show.

Great Expectations takes 4 to 10 seconds to import, so it is imported on the first judgement and
kept with one in-memory context; further deliveries cost some hundredths of a second.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Final, Literal

import polars as pl

Severity = Literal["critical", "warning", "info"]

REQUIRED: Final = (
    "source_id",
    "measure_id",
    "area_system",
    "area_version",
    "area_id",
    "period_start",
    "grain",
    "group_id",
    "value",
    "unit",
    "status",
    "as_of",
)
UNIQUE: Final = (
    "measure_id",
    "area_system",
    "area_version",
    "area_id",
    "period_start",
    "grain",
    "group_id",
    "as_of",
)
STATUSES: Final = (
    "observed",
    "provisional",
    "estimated",
    "suppressed",
    "missing",
    "not_collected",
    "not_comparable",
)
WITHOUT_VALUE: Final = ("suppressed", "missing", "not_collected")
NOT_DELIVERED: Final = ("missing", "not_collected")
VERDICT_SCHEMA: Final = pl.Schema(
    {
        "check_id": pl.String(),
        "severity": pl.String(),
        "passed": pl.Boolean(),
        "description_en": pl.String(),
        "observed": pl.Int64(),
        "expected": pl.Int64(),
    }
)


@dataclass(frozen=True)
class MeasureSpec:
    """What values of a measure may look like; `minimum` None allows any number."""

    measure_id: str
    unit: str
    minimum: float | None = 0.0
    allow_fraction: bool = False


@dataclass(frozen=True)
class SourceSpec:
    """What a source has promised, as plain data.

    Attributes:
        source_id: the source; every row has to carry it.
        measures: the measures it owns.
        area_ids: allowed area ids per area version.
        expected_areas: how many areas a full period holds, per area version; a version left out is
            not judged for completeness.
        earliest: no period may begin before.
        latest: no period may begin after.
        area_noun_en: how to call the areas in a sentence, e.g. `planning areas`.
        statuses: the statuses the source may use.
    """

    source_id: str
    measures: tuple[MeasureSpec, ...]
    area_ids: Mapping[str, frozenset[str]]
    expected_areas: Mapping[str, int]
    earliest: date
    latest: date
    area_noun_en: str = "areas"
    statuses: tuple[str, ...] = STATUSES


@dataclass(frozen=True)
class Check:
    """One question to a table: which expectation is asked with which arguments."""

    check_id: str
    severity: Severity
    description_en: str
    expectation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


def judge(observations: pl.DataFrame, spec: SourceSpec) -> pl.DataFrame:
    """Judge one delivery against the promises of its source.

    `observed` counts the rows (for `key_unique`: all rows that share their key) that break the rule
    and `expected` is 0. `columns` counts required columns found and asked for; `completeness`
    counts areas, with one row per incomplete period, or a single passed row; `row_count` is the
    number of rows and passes unless it is 0. If required columns are missing nothing else can be
    judged, and only `columns` and `row_count` are given.

    Returns:
        `check_id, severity (critical|warning|info), passed, description_en, observed, expected`;
        nothing in it shows a raw value.
    """
    present = sum(column in observations.columns for column in REQUIRED)
    rows = [
        _verdict(
            Check("columns", "critical", "All required columns are there", ""),
            passed=present == len(REQUIRED),
            observed=present,
            expected=len(REQUIRED),
        )
    ]
    if present == len(REQUIRED):
        rows += _ask(_flagged(observations, spec), checks_of(spec))
        rows += _completeness(observations, spec)
    count = Check("row_count", "info", f"{observations.height} rows were delivered", "")
    rows.append(
        _verdict(
            count,
            passed=observations.height > 0,
            observed=observations.height,
            expected=None,
        )
    )
    return pl.DataFrame(rows, schema=VERDICT_SCHEMA)


def checks_of(spec: SourceSpec) -> tuple[Check, ...]:
    """The checks of rows that a source has to pass; they ask the table of `judge`'s flags."""
    measures = sorted(measure.measure_id for measure in spec.measures)
    period = f"{spec.earliest.isoformat()} to {spec.latest.isoformat()}"
    return (
        _in_set("source_known", "critical", f"Every row belongs to source {spec.source_id}",
                "source_id", [spec.source_id]),
        _in_set("measure_known", "critical", "Every measure is declared by the source",
                "measure_id", measures),
        _is_true("area_known", "critical", "Every area is in the register of its version"),
        _in_set("status_known", "critical", "Every status is in the vocabulary",
                "status", sorted(spec.statuses)),
        _is_true("value_fits_status", "critical",
                 "A value is empty exactly where the status says that there is none"),
        Check("key_unique", "critical", "No measure, area, period and group comes twice",
              "ExpectCompoundColumnsToBeUnique", {"column_list": list(UNIQUE)}),
        _is_true("unit_as_declared", "critical", "Every unit is the declared unit of its measure"),
        _is_true("period_plausible", "warning", f"Every period begins within {period}"),
        _is_true("minimum", "warning", "No value lies below the minimum of its measure"),
        _is_true("whole_numbers", "warning", "What is counted comes in whole numbers"),
    )  # fmt: skip


def _in_set(
    check_id: str, severity: Severity, description: str, column: str, known: list[str]
) -> Check:
    arguments = {"column": column, "value_set": known}
    return Check(check_id, severity, description, "ExpectColumnValuesToBeInSet", arguments)


def _is_true(check_id: str, severity: Severity, description: str) -> Check:
    arguments = {"column": check_id, "value_set": [True]}
    return Check(check_id, severity, description, "ExpectColumnValuesToBeInSet", arguments)


def _flagged(observations: pl.DataFrame, spec: SourceSpec) -> pl.DataFrame:
    """Codes with nulls made visible, and one flag per rule about a row; no value is kept."""
    register = pl.DataFrame(
        [(version, area) for version, areas in spec.area_ids.items() for area in areas],
        schema={"area_version": pl.String, "area_id": pl.String},
        orient="row",
    ).with_columns(area_known=pl.lit(True))
    declared = pl.DataFrame(
        [(m.measure_id, m.unit, m.minimum, m.allow_fraction) for m in spec.measures],
        schema={
            "measure_id": pl.String,
            "declared_unit": pl.String,
            "declared_minimum": pl.Float64,
            "allow_fraction": pl.Boolean,
        },
        orient="row",
    )
    value = pl.col("value").cast(pl.Float64)
    empty = value.is_null()
    says_empty = pl.col("status").is_in(WITHOUT_VALUE)
    finite = value.is_finite().fill_null(True)
    flags = {
        "area_known": pl.col("area_known").fill_null(False),
        "value_fits_status": (empty == says_empty).fill_null(False) & finite,
        "unit_as_declared": pl.col("unit").eq(pl.col("declared_unit")).fill_null(False)
        | pl.col("declared_unit").is_null(),
        "period_plausible": pl.col("period_start")
        .is_between(spec.earliest, spec.latest)
        .fill_null(False),
        "minimum": (value >= pl.col("declared_minimum")).fill_null(True),
        "whole_numbers": pl.col("allow_fraction").fill_null(True)
        | (value == value.round(0)).fill_null(True),
    }
    return (
        observations.join(register, on=["area_version", "area_id"], how="left")
        .join(declared, on="measure_id", how="left")
        .select(
            pl.col("source_id", "status").cast(pl.String).fill_null(""),
            *(pl.col(column).cast(pl.String).fill_null("") for column in UNIQUE),
            **flags,
        )
    )


def _ask(table: pl.DataFrame, checks: tuple[Check, ...]) -> list[dict[str, Any]]:
    """Let Great Expectations judge; a check it cannot run is an error, never a pass."""
    batches, vocabulary, suite_of = _great_expectations()
    suite = suite_of(
        name="delivery",
        expectations=[
            getattr(vocabulary, check.expectation)(
                **check.arguments, severity=check.severity, meta={"check_id": check.check_id}
            )
            for check in checks
        ],
    )
    batch = batches.get_batch({"dataframe": table.to_pandas()})
    answer = batch.validate(
        suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
    )
    found = {result.expectation_config.meta["check_id"]: result for result in answer.results}
    rows = []
    for check in checks:
        result = found[check.check_id]
        if result.exception_info.get("raised_exception"):
            # The message of the exception may quote values, so it does not travel on.
            raise RuntimeError(f"check {check.check_id} could not be run on the delivery")
        broken = int(result.result["unexpected_count"])
        rows.append(_verdict(check, passed=bool(result.success), observed=broken, expected=0))
    return rows


def _completeness(observations: pl.DataFrame, spec: SourceSpec) -> list[dict[str, Any]]:
    """Per period the measure with the fewest areas, where areas of the register are absent.

    Areas are counted on the total (`group_id` all) where a measure has one, else over its groups.
    Suppressed areas were delivered; those with status missing or not_collected were not.
    """
    register = pl.DataFrame(
        [
            (version, area, spec.expected_areas[version])
            for version, areas in spec.area_ids.items()
            if version in spec.expected_areas
            for area in areas
        ],
        schema={"area_version": pl.String, "area_id": pl.String, "expected": pl.Int64},
        orient="row",
    )
    if not spec.expected_areas:
        return []
    is_total = pl.col("group_id") == "all"
    delivered = ~pl.col("status").is_in(NOT_DELIVERED)
    period = ["period_start", "grain", "area_version"]
    incomplete = (
        observations.join(register, on=["area_version", "area_id"])
        .filter(is_total | ~is_total.any().over("measure_id"), pl.col("period_start").is_not_null())
        .group_by("measure_id", *period)
        .agg(
            pl.col("expected").first(),
            observed=pl.col("area_id").filter(delivered).n_unique().cast(pl.Int64),
        )
        .group_by(period)
        .agg(
            pl.col("expected").first(),
            pl.col("observed").max(),
            fewest=pl.col("observed").min(),
            measures=pl.len(),
            affected=(pl.col("observed") != pl.col("expected")).sum(),
        )
        .filter(pl.col("affected") > 0)
        .sort(period)
    )
    if incomplete.is_empty():
        check = Check("completeness", "warning", f"Every period holds all {spec.area_noun_en}", "")
        return [_verdict(check, passed=True, observed=None, expected=None)]
    rows = []
    for row in incomplete.iter_rows(named=True):
        text = (
            f"{row['observed']} of {row['expected']} {spec.area_noun_en} (version "
            f"{row['area_version']}) for the {row['grain']} of {row['period_start'].isoformat()}; "
            f"{row['affected']} of {row['measures']} measures incomplete, "
            f"the scarcest in {row['fewest']}"
        )
        rows.append(
            _verdict(
                Check("completeness", "warning", text, ""),
                passed=False,
                observed=row["observed"],
                expected=row["expected"],
            )
        )
    return rows


def _verdict(
    check: Check, *, passed: bool, observed: int | None, expected: int | None
) -> dict[str, Any]:
    return {
        "check_id": check.check_id,
        "severity": check.severity,
        "passed": passed,
        "description_en": check.description_en,
        "observed": observed,
        "expected": expected,
    }


@cache
def _great_expectations() -> tuple[Any, Any, Any]:
    """Import once; give the batch definition, the vocabulary of expectations and the suite."""
    with warnings.catch_warnings():
        # Its dependencies announce their own deprecations on import; nothing here can act on them.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    asset = context.data_sources.add_pandas("deliveries").add_dataframe_asset("observations")
    batches = asset.add_batch_definition_whole_dataframe("whole")
    return batches, gx.expectations, gx.ExpectationSuite
