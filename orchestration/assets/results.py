"""What follows from the indicators: outlook, marks, the published warehouse and the releases."""

from collections.abc import Callable, Iterable
from typing import Any

import dagster as dg

from orchestration import steps
from orchestration.city import City
from orchestration.declarations.releases import ReleaseProfile
from orchestration.declarations.tree import Declarations

PUBLISHED = dg.AssetKey(["published", "warehouse"])


def _table(name: str) -> dg.AssetKey:
    """A mart by its name, any other table as schema/name."""
    return dg.AssetKey(name.split("/") if "/" in name else ["marts", name])


def _computed(
    name: str,
    deps: Iterable[str],
    description: str,
    step: Callable[[City], int],
) -> dg.AssetsDefinition:
    """Python reads tables and writes rows that a later stage of dbt reads."""

    @dg.asset(
        key=["computed", name],
        deps=[_table(one) for one in deps],
        group_name="computed",
        kinds={"python", "parquet"},
        description=description,
        required_resource_keys={"city"},
    )
    def computed(context: dg.AssetExecutionContext) -> Any:
        return dg.MaterializeResult(metadata={"rows": step(context.resources.city)})

    return computed


@dg.multi_asset(
    name="forecast",
    specs=[
        dg.AssetSpec(
            ["computed", name],
            deps=[
                _table(one)
                for one in (
                    *("indicator_value", "area", "indicator", "period"),
                    "core/indicator_part_state",
                )
            ],
            group_name="computed",
            kinds={"python", "parquet"},
            description=description,
        )
        for name, description in (
            ("forecast", "Look ahead and nowcast with intervals, or a refusal in words."),
            ("forecast_backtest", "How wrong looks ahead from earlier values were."),
            ("forecast_score", "How looks ahead fared that were published earlier."),
        )
    ],
    required_resource_keys={"city"},
)
def forecast(context: dg.AssetExecutionContext) -> Any:
    """Look ahead, and look back at how good that would have been."""
    city: City = context.resources.city
    rows = steps.look_ahead(city)
    yield dg.MaterializeResult(["computed", "forecast"], metadata={"rows": rows})
    yield dg.MaterializeResult(["computed", "forecast_backtest"])
    yield dg.MaterializeResult(["computed", "forecast_score"])


@dg.multi_asset(
    name="scenarios",
    specs=[
        dg.AssetSpec(
            ["computed", name],
            deps=[
                _table(one)
                for one in (
                    *("computed/forecast", "declared/goal_area"),
                    *("indicator_value", "core/goal_version"),
                )
            ],
            group_name="computed",
            kinds={"python", "parquet"},
            description=description,
        )
        for name, description in (
            ("scenario_alternative", "Alternatives with what they cost and whether money lasts."),
            ("scenario_result", "What could become of the look ahead under each alternative."),
            ("scenario_difference", "How far alternatives lie from the baseline, from paths."),
            ("scenario_chance", "In how many simulated futures a goal is reached."),
            ("scenario_refutation", "Which observed value would refute it, and whether it has."),
            ("scenario_gap", "What scenarios leave out."),
        )
    ],
    required_resource_keys={"city"},
)
def scenarios(context: dg.AssetExecutionContext) -> Any:
    """Alternatives side by side on the look ahead."""
    rows = steps.compare_alternatives(context.resources.city)
    for key in sorted(context.selected_asset_keys):
        yield dg.MaterializeResult(key, metadata={"rows of results": rows})


effect = _computed(
    "effect",
    steps.OF_TODAY,
    "What programmes may have changed: a comparison, and one of five words.",
    steps.look_back,
)
mark = _computed(
    "mark",
    ("indicator_value", "indicator", "area", "area_crosswalk"),
    "What is unusual about a value, what could explain it, and a question.",
    steps.mark,
)
goal_question = _computed(
    "goal_question",
    steps.OF_TODAY,
    "Questions where indicators with goals changed together; conflicts are declared.",
    steps.ask_about_goals,
)
occasion = _computed(
    "occasion",
    steps.OF_TODAY,
    "Where numbers of several departments and people point to one place or group.",
    steps.find_occasions,
)


def published_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The warehouse readers open, replaced as a whole."""

    @dg.asset(
        key=PUBLISHED,
        deps=marts,
        group_name="published",
        kinds={"duckdb"},
        description="The marts, put in place for readers in one step.",
        required_resource_keys={"city"},
    )
    def published(context: dg.AssetExecutionContext) -> Any:
        content_hash = steps.publish(context.resources.city)
        return dg.MaterializeResult(metadata={"content_hash": content_hash})

    return published


def release_assets(declarations: Declarations) -> list[dg.AssetsDefinition]:
    """One asset per release profile."""
    return [_release(profile) for profile in declarations.releases.values()]


def _release(profile: ReleaseProfile) -> dg.AssetsDefinition:
    @dg.asset(
        key=["release", profile.id],
        deps=[PUBLISHED],
        group_name="release",
        kinds={"parquet", "csv"},
        description=f"{profile.title.de} / {profile.title.english} ({profile.audience})",
        required_resource_keys={"city"},
    )
    def release(context: dg.AssetExecutionContext) -> Any:
        release_id = steps.release(context.resources.city, profile)
        return dg.MaterializeResult(metadata={"release_id": release_id})

    return release
