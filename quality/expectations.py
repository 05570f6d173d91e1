"""Judge what deliveries brought before it is used; the only import of Great Expectations.

Which rule runs where:

- Over all rows, in polars (`quality.rules`, `quality.totals`, `quality.past`): rules about single
  rows (columns, source, measure, area, status, value, key, unit, period, minimum, whole numbers),
  parts against totals (`parts`, `sums:…`, `areas`), areas and figures of the register that are
  absent (`areas_there`, `figures_there`), row counts and values against the past (`rows`, `past`).
  Each gives one figure per delivery: rows broken, totals missed, a share, a distance.
- Over that tidy outcome, one row per delivery and one column per check, the suite: the contract's
  expectations with their severities and limits, judged by Great Expectations for all new
  deliveries of a source at once.

So Great Expectations, which keeps what it judges, never sees a value of a delivery, and its time
does not grow with the rows. Whoever delivers a million rows waits for polars only.

A check is `critical`, `warning` or `info` (`quality.checks.SEVERITY_WORDS`). Great Expectations
takes 4 to 10 seconds to import, so it is imported on the first judgement and kept with one
in-memory context.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import polars as pl

from quality.checks import (
    CELL,
    VERDICT_SCHEMA,
    WITHOUT_VALUE,
    Delivered,
    Finding,
    SourceSpec,
)
from quality.past import coverage, latest_state, row_count, unusual_changes
from quality.rules import columns_found, row_rules
from quality.totals import area_sums, part_sums

_INDEX: Final = "delivery_id"


def judge(deliveries: Sequence[Delivered], spec: SourceSpec) -> pl.DataFrame:
    """Judge deliveries of one source, oldest first, against what the source has promised.

    A delivery is compared with what those before it told, unless they failed a critical check.
    If required columns are missing only `columns` and `rows` are judged.

    Returns:
        VERDICT_SCHEMA, one row per delivery and check: `passed` is null where a check could not
        be judged; `observed` is the figure, `expected` the largest that passes. The words show
        values only where nothing protects the source.
    """
    found: list[tuple[str, Finding]] = []
    known, told = dict[str, pl.DataFrame](), list[pl.LazyFrame]()
    for one in deliveries:
        told += one.before
        while told:
            _learn(known, told[:8])
            del told[:8]
        findings = list(findings_of(one, known, spec))
        found += [(one.delivery_id, finding) for finding in findings]
        if not any(map(_is_critical, findings)):
            told.append(one.observations)
    rows = [
        {
            "delivery_id": delivery_id,
            "check_id": finding.check_id,
            "severity": finding.severity,
            "passed": passed,
            "observed": finding.figure,
            "expected": None if finding.figure is None else finding.limit,
            "description": finding.rule_de if passed else finding.de,
            "description_en": finding.rule_en if passed else finding.en,
        }
        for (delivery_id, finding), passed in zip(found, _ask(found, spec), strict=True)
    ]
    return pl.DataFrame(rows, schema=VERDICT_SCHEMA)


def _learn(known: dict[str, pl.DataFrame], told: Sequence[pl.LazyFrame]) -> None:
    """Add what deliveries tell to what is known, kept by measure so that others stay untouched."""
    fresh = latest_state(told)
    for (measure,), part in fresh.partition_by("measure_id", as_dict=True).items():
        before = known.get(str(measure))
        frames = [part.lazy()] if before is None else [before.lazy(), part.lazy()]
        known[str(measure)] = latest_state(frames)


def findings_of(
    delivered: Delivered, known: Mapping[str, pl.DataFrame], spec: SourceSpec
) -> Iterable[Finding]:
    """What all checks measure on one delivery, in a fixed order.

    `known` is the state before it (`latest_state`), by measure.
    """
    columns = columns_found(delivered.observations)
    yield columns
    yield row_count(delivered, spec)
    if columns.figure:
        return
    yield from row_rules(delivered.observations, spec)
    observations = delivered.observations.collect()
    measures = observations["measure_id"].unique().drop_nulls().sort()
    parts = [known[measure] for measure in measures if measure in known]
    before = pl.concat(parts) if parts else latest_state([])
    yield from coverage(observations, before, delivered, spec)
    said = observations.with_columns(
        value=pl.when(~pl.col("status").is_in(WITHOUT_VALUE)).then("value")
    ).unique(CELL, keep="last", maintain_order=True)
    yield from part_sums(said, spec)
    yield from area_sums(said, spec)
    yield unusual_changes(said, before, spec)


def _is_critical(finding: Finding) -> bool:
    too_much = finding.figure is not None and finding.figure > finding.limit
    return too_much and finding.severity == "critical"


def _ask(found: Sequence[tuple[str, Finding]], spec: SourceSpec) -> list[bool | None]:
    """Let Great Expectations judge; a check it cannot run is an error, never a pass.

    Limits that differ between deliveries (a row count's usual spread) become the distance from
    the limit, so that one expectation holds for all deliveries.
    """
    judged = [(one, finding) for one, finding in found if finding.figure is not None]
    if not judged:
        return [None] * len(found)
    checks = list(dict.fromkeys((finding.check_id, finding.severity) for _, finding in judged))
    limits = {finding.check_id: set[float]() for _, finding in judged}
    for _, finding in judged:
        limits[finding.check_id].add(finding.limit)
    cells: dict[str, dict[str, float]] = {one: {} for one, _ in found}
    for one, finding in judged:
        shift = 0.0 if len(limits[finding.check_id]) == 1 else finding.limit
        cells[one][finding.check_id] = finding.figure - shift  # type: ignore[operator]
    names = [name for name, _ in checks]
    table = pl.DataFrame(
        [{_INDEX: one, **{name: row.get(name) for name in names}} for one, row in cells.items()],
        schema={_INDEX: pl.String} | dict.fromkeys(names, pl.Float64),
    )
    batches, vocabulary, suite_of = _great_expectations()
    suite = suite_of(
        name=spec.source_id,
        expectations=[
            vocabulary.ExpectColumnValuesToBeBetween(
                column=name,
                max_value=min(limits[name]) if len(limits[name]) == 1 else 0.0,
                severity=severity,
                meta={"check_id": name},
            )
            for name, severity in checks
        ],
    )
    answer = batches.get_batch({"dataframe": table.to_pandas()}).validate(
        suite,
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [_INDEX]},
    )
    failed: set[tuple[str, str]] = set()
    for result in answer.results:
        check_id = result.expectation_config.meta["check_id"]
        indexes = result.result.get("unexpected_index_list") or []
        if result.success == bool(indexes):
            # Neither passed nor failed anywhere: it could not be asked, and that is no answer.
            raise RuntimeError(f"check {check_id} of {spec.source_id} could not be run")
        failed |= {(str(index[_INDEX]), check_id) for index in indexes}
    return [
        None if finding.figure is None else (one, finding.check_id) not in failed
        for one, finding in found
    ]


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
    asset = context.data_sources.add_pandas("deliveries").add_dataframe_asset("outcome")
    batches = asset.add_batch_definition_whole_dataframe("whole")
    return batches, gx.expectations, gx.ExpectationSuite
