"""One asset per source: what a department delivered, read by its contract into the lake."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from orchestration.city import City
from orchestration.declarations.sources import Source
from orchestration.declarations.tree import Declarations
from orchestration.steps import check_delivered, receive


def delivery_key(source_id: str) -> dg.AssetKey:
    """Where a source's deliveries stand in the graph."""
    return dg.AssetKey(["deliveries", source_id])


def delivery_assets(declarations: Declarations) -> list[dg.AssetsDefinition]:
    """An asset with its checks for every source."""
    return [_delivery(source) for source in declarations.sources.values()]


def _delivery(source: Source) -> dg.AssetsDefinition:
    key = delivery_key(source.id)

    @dg.asset(
        key=key,
        description=f"{source.name.de} / {source.name.english}. {source.why.de}",
        owners=[f"team:{source.department}"],
        group_name="deliveries",
        kinds={"parquet", *(layout.format.type for layout in source.layouts)},
        required_resource_keys={"city"},
        check_specs=[
            dg.AssetCheckSpec(
                "nothing_lost",
                asset=key,
                description="Rows in = rows accepted + rows set aside, for every file.",
            ),
            dg.AssetCheckSpec(
                "contract",
                asset=key,
                description=(
                    "Every newly delivered file meets the expectations made from the contract; "
                    "known files are not checked again."
                ),
            ),
        ],
    )
    def deliveries(context: dg.AssetExecutionContext) -> Iterator[Any]:
        city: City = context.resources.city
        intake = receive(city, source)
        lost = sum(one.rows_in - one.rows_accepted - one.rows_quarantined for one in intake.new)
        verdicts = check_delivered(city, source)
        failed = verdicts.filter(~pl.col("passed")) if verdicts.height else verdicts
        critical = failed.filter(severity="critical").height if failed.height else 0
        yield dg.MaterializeResult(
            metadata={
                "new_files": len(intake.new),
                "known_files": intake.known,
                "rows_in": sum(one.rows_in for one in intake.new),
                "rows_set_aside": sum(one.rows_quarantined for one in intake.new),
            },
            check_results=[
                dg.AssetCheckResult(check_name="nothing_lost", passed=lost == 0),
                dg.AssetCheckResult(
                    check_name="contract",
                    passed=failed.height == 0,
                    severity=dg.AssetCheckSeverity.ERROR
                    if critical
                    else dg.AssetCheckSeverity.WARN,
                    metadata={
                        "new_files": len(intake.new),
                        "failed": failed.height,
                        "critical": critical,
                    },
                ),
            ],
        )

    return deliveries
