"""What follows from the indicators: outlook, marks, the published warehouse and the releases."""

from collections.abc import Callable, Iterable
from typing import Any

import dagster as dg

from orchestration import steps, warehouse
from orchestration.city import City
from orchestration.declarations.releases import ReleaseProfile
from orchestration.declarations.tree import Declarations

PUBLISHED = dg.AssetKey(["published", "warehouse"])


def _mart(name: str) -> dg.AssetKey:
    return dg.AssetKey(["marts", name])


def _computed(
    name: str,
    deps: Iterable[str],
    telling: str,
    description: str,
    step: Callable[[City], int],
) -> dg.AssetsDefinition:
    """Python reads marts and writes rows that a later stage of dbt reads."""

    @dg.asset(
        key=["computed", name],
        deps=[_mart(mart) for mart in deps],
        group_name="computed",
        kinds={"python", "parquet"},
        description=description,
        required_resource_keys={"city"},
    )
    def computed(context: dg.AssetExecutionContext) -> Any:
        city: City = context.resources.city
        city.tell(telling)
        return dg.MaterializeResult(metadata={"rows": step(city)})

    return computed


@dg.multi_asset(
    name="forecast",
    specs=[
        dg.AssetSpec(
            ["computed", name],
            deps=[_mart(mart) for mart in ("indicator_value", "area", "indicator")],
            group_name="computed",
            kinds={"python", "parquet"},
            description=description,
        )
        for name, description in (
            ("forecast", "Look ahead with 80 and 95 % intervals, or a refusal in words."),
            ("forecast_backtest", "How wrong looks ahead from earlier values were."),
        )
    ],
    required_resource_keys={"city"},
)
def forecast(context: dg.AssetExecutionContext) -> Any:
    """Look ahead, and look back at how good that would have been."""
    city: City = context.resources.city
    city.tell("look ahead")
    rows = steps.look_ahead(city)
    yield dg.MaterializeResult(["computed", "forecast"], metadata={"rows": rows})
    yield dg.MaterializeResult(["computed", "forecast_backtest"])


mark = _computed(
    "mark",
    ("indicator_value", "indicator", "area", "area_crosswalk"),
    "look for what could be misread",
    "What is unusual about a value, what could explain it, and a question.",
    steps.mark,
)
goal_question = _computed(
    "goal_question",
    steps.OF_TODAY,
    "ask what changed together",
    "Questions where indicators with goals changed together; conflicts are declared.",
    steps.ask_about_goals,
)
occasion = _computed(
    "occasion",
    steps.OF_TODAY,
    "look for occasions to talk",
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
