"""Rows that are no data of their own: skipped ones, and subtotals to compare with their parts."""

import math
import re

import polars as pl

from orchestration.declarations.sources import Subtotal
from orchestration.ingest.plan import Plan
from orchestration.ingest.table import Batch
from orchestration.ingest.tidy import figures_of, without


def leave_out(plan: Plan, batch: Batch, skipped: dict[str, list[int]]) -> Batch:
    """The batch without rows the contract skips; their numbers are added to `skipped` by reason."""
    frame = batch.frame
    for rule in plan.layout.skip:
        column = plan.column(rule.column, "skip")
        numbers = _matching(frame, column, rule.pattern)
        if len(numbers):
            skipped.setdefault(rule.why.english, []).extend(numbers)
            frame = without(frame, numbers)
    return Batch(frame, batch.odd, batch.raw)


def check_subtotals(plan: Plan, batch: Batch, prefix: str) -> tuple[Batch, list[str]]:
    """The batch without subtotal rows, and what to say of those that differ from their parts.

    The batch has to hold the whole table: parts stand before or after their subtotal.
    """
    frame, notes = batch.frame, []
    for rule in plan.layout.subtotals:
        column = plan.column(rule.column, "subtotals")
        numbers = _matching(frame, column, rule.pattern)
        if not len(numbers):
            continue
        differing = _differing(plan, rule, frame, numbers, prefix)
        notes.append(f"{len(numbers)} subtotal row(s) compared with their parts and not loaded")
        notes += differing[:10]
        if len(differing) > 10:
            notes.append(f"… and {len(differing) - 10} more subtotals that differ")
        frame = without(frame, numbers)
    return Batch(frame, batch.odd, batch.raw), notes


def _matching(frame: pl.DataFrame, column: str, pattern: str) -> pl.Series:
    wanted = [text for text in frame[column].unique() if re.fullmatch(pattern, text)]
    return frame.filter(pl.col(column).is_in(wanted))["_row"]


def _differing(
    plan: Plan, rule: Subtotal, frame: pl.DataFrame, numbers: pl.Series, prefix: str
) -> list[str]:
    """Subtotals whose value is further from the sum of their parts than the tolerance."""
    keys = [plan.column(name, "subtotals.by") for name in rule.by]
    is_sub = pl.col("_row").is_in(numbers.implode())
    ordered = frame.sort("_row", descending=rule.of == "preceding").with_columns(_sub=is_sub)
    ordered = ordered.with_columns(
        _block=pl.col("_sub").cum_sum().over(keys) if keys else pl.col("_sub").cum_sum()
    )
    found = []
    for one in plan.values:
        figures = figures_of(plan, one, ordered)
        looked = ordered.select("_row", "_sub", "_block", *keys).with_columns(figures["value"])
        sums = (
            looked.filter(~pl.col("_sub"), pl.col("_block") > 0)
            .group_by([*keys, "_block"], maintain_order=True)
            .agg(parts=pl.col("value").sum(), n=pl.len())
        )
        compared = (
            looked.filter("_sub")
            .join(sums, on=[*keys, "_block"], how="left", maintain_order="left")
            .filter(pl.col("value").is_not_null() & pl.col("n").is_not_null())
        )
        for row in compared.sort("_row").iter_rows(named=True):
            gap = row["value"] - row["parts"]
            if abs(gap) > rule.tolerance and not math.isclose(row["value"], row["parts"]):
                says, make = f"{row['value']:,.2f}", f"{row['parts']:,.2f}"
                found.append(
                    f"{prefix}{row['_row']}: the subtotal of {one.column} says {says}, its "
                    f"{row['n']} parts make {make} ({gap:+,.2f}). Who knows why?"
                )
    return found
