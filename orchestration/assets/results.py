"""What follows from the indicators: outlook, marks, the published warehouse and the releases."""

from typing import Any

import dagster as dg

from orchestration import steps, warehouse
from orchestration.city import City
from orchestration.declarations.releases import ReleaseProfile
from orchestration.declarations.tree import Declarations

PUBLISHED = dg.AssetKey(["published", "warehouse"])


def _mart(name: str) -> dg.AssetKey:
    return dg.AssetKey(["marts", name])


@dg.asset(
    key=["computed", "forecast"],
    deps=[_mart("indicator_value"), _mart("area"), _mart("indicator")],
    group_name="computed",
    kinds={"python", "parquet"},
    description="Look ahead with 80 and 95 % intervals, or a refusal in words.",
    required_resource_keys={"city"},
)
def forecast(context: dg.AssetExecutionContext) -> Any:
    """Forecast what the indicators ask for."""
    city: City = context.resources.city
    city.tell("look ahead")
    return dg.MaterializeResult(metadata={"rows": steps.look_ahead(city)})


@dg.asset(
    key=["computed", "mark"],
    deps=[_mart(name) for name in ("indicator_value", "indicator", "area", "area_crosswalk")],
    group_name="computed",
    kinds={"python", "parquet"},
    description="What is unusual about a value, what could explain it, and a question.",
    required_resource_keys={"city"},
)
def mark(context: dg.AssetExecutionContext) -> Any:
    """Let all detectors look at the values."""
    city: City = context.resources.city
    city.tell("look for what could be misread")
    return dg.MaterializeResult(metadata={"rows": steps.mark(city)})


@dg.asset(
    key=["computed", "goal_question"],
    deps=[_mart(name) for name in steps.OF_TODAY],
    group_name="computed",
    kinds={"python", "parquet"},
    description="Questions where indicators with goals changed together; conflicts are declared.",
    required_resource_keys={"city"},
)
def goal_question(context: dg.AssetExecutionContext) -> Any:
    """Ask where indicators with goals changed together."""
    city: City = context.resources.city
    city.tell("ask what changed together")
    return dg.MaterializeResult(metadata={"rows": steps.ask_about_goals(city)})


@dg.asset(
    key=["computed", "occasion"],
    deps=[_mart(name) for name in steps.OF_TODAY],
    group_name="computed",
    kinds={"python", "parquet"},
    description="Where numbers of several departments and people point to one place or group.",
    required_resource_keys={"city"},
)
def occasion(context: dg.AssetExecutionContext) -> Any:
    """Put beside each other what departments count and what people say."""
    city: City = context.resources.city
    city.tell("look for occasions to talk")
    return dg.MaterializeResult(metadata={"rows": steps.find_occasions(city)})


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
        city: City = context.resources.city
        city.tell("publish")
        content_hash = steps.publish(city)
        warehouse.finish(city.place)
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
        city: City = context.resources.city
        city.tell(f"release for {profile.audience}")
        release_id = steps.release(city, profile)
        return dg.MaterializeResult(metadata={"release_id": release_id})

    return release
