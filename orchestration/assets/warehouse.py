"""The warehouse: inputs for dbt, then the three stages of the one dbt project."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from orchestration import steps
from orchestration.assets.deliveries import delivery_key
from orchestration.declarations.tree import Declarations

DECLARED = (
    "area",
    "crosswalk",
    "unchanged_level",
    "department",
    "source",
    "measure",
    "measure_asked",
    "measure_break",
    "group",
    "indicator",
    "indicator_term",
    "indicator_dimension",
    "indicator_measure",
    "indicator_derived",
    "indicator_band",
    "indicator_read",
    "indicator_level",
    "indicator_component",
    "indicator_left_out",
    "indicator_class_limit",
    "indicator_access",
    "access_reach",
    "reference_set",
    "reference_indicator",
    "reference_context",
    "facility",
    "goal",
    "goal_area",
    "conflict",
    "conflict_side",
    "service",
    "service_cost",
    "service_indicator",
    "programme",
    "programme_indicator",
    "target_group",
    "reach",
    "reach_term",
    "reach_dimension",
    "reach_area",
    "contribution",
    "voice",
    "dialogue",
    "dialogue_indicator",
    "dialogue_change",
    "scenario",
    "scenario_assumption",
    "correction",
)
LEDGER = ("delivery", "quarantine", "check_result", "release")


class Translator(DagsterDbtTranslator):
    """Names and groups of dbt models in the graph."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Schema and name, such as marts/indicator_value or declared/area."""
        props = dbt_resource_props
        if props["resource_type"] == "source":
            return dg.AssetKey([props["source_name"], props["name"]])
        return dg.AssetKey([props["fqn"][1], props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer."""
        return str(dbt_resource_props["fqn"][1])


def inputs_asset(declarations: Declarations, manifest: Path) -> dg.AssetsDefinition:
    """What dbt reads: the lake, the declarations as tables and the ledgers."""
    words = _source_words(manifest)
    sources = [delivery_key(source_id) for source_id in declarations.sources]
    keys = [
        dg.AssetKey(["lake", "observation"]),
        *(dg.AssetKey(["declared", name]) for name in DECLARED),
        *(dg.AssetKey(["ledger", name]) for name in LEDGER),
    ]

    @dg.multi_asset(
        name="inputs",
        specs=[
            dg.AssetSpec(
                key,
                deps=sources,
                group_name=key.path[0],
                kinds={"parquet"},
                description=words[key],
            )
            for key in keys
        ],
        required_resource_keys={"city"},
    )
    def inputs(context: dg.AssetExecutionContext) -> Iterator[Any]:
        steps.hand_over(context.resources.city)
        for key in keys:
            yield dg.MaterializeResult(asset_key=key)

    return inputs


def _source_words(manifest: Path) -> dict[dg.AssetKey, str]:
    """What the dbt project says about the tables it reads."""
    tables = json.loads(manifest.read_text(encoding="utf-8"))["sources"].values()
    return {
        dg.AssetKey([table["source_name"], table["name"]]): (
            f"{table['description']} {table['source_description']}"
        )
        for table in tables
    }


def stage_assets(manifest: Path, stage: str) -> dg.AssetsDefinition:
    """One stage of the dbt project as assets, each dbt test an asset check."""

    @dbt_assets(
        manifest=manifest,
        select=f"tag:{stage}",
        exclude="resource_type:unit_test",
        name=f"dbt_{stage}",
        dagster_dbt_translator=Translator(),
        required_resource_keys={"city"},
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        results = {one.unique_id: one for one in steps.build(context.resources.city, stage)}
        checks = {spec.key: spec for spec in context.assets_def.check_specs}
        built = [name.rsplit(".", 1)[-1] for name in results]
        for key in sorted(context.selected_asset_keys, key=lambda key: built.index(key.path[-1])):
            yield dg.MaterializeResult(asset_key=key)
        for check in context.selected_asset_check_keys:
            unique_id = str(checks[check].metadata.get("dagster_dbt/unique_id", ""))
            result = results.get(unique_id)
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=True,
                metadata={} if result is None else {"seconds": result.seconds},
            )

    return models
