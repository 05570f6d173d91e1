"""The whole graph at a glance: deliveries → lake → warehouse → outlook → marks → releases.

`WIRKRAUM_MUNICIPALITY` names the municipality's folder; `wirkraum ui <folder>` sets it.
"""

import os
from pathlib import Path

import dagster as dg

from orchestration import warehouse
from orchestration.assets.deliveries import delivery_assets
from orchestration.assets.results import (
    effect,
    forecast,
    goal_question,
    mark,
    occasion,
    published_asset,
    release_assets,
    scenarios,
)
from orchestration.assets.warehouse import inputs_asset, stage_assets
from orchestration.city import City
from orchestration.schedules import daily_retention, everything, nightly, retention
from orchestration.sensors import inbox


def graph(city: City) -> dg.Definitions:
    """All definitions of one municipality, with `city` as the resource of every asset."""
    manifest = warehouse.manifest_path(city.place)
    stages = [stage_assets(manifest, stage) for stage in warehouse.STAGES]
    marts = [key for stage in stages for key in stage.keys if key.path[0] == "marts"]
    return dg.Definitions(
        assets=[
            *delivery_assets(city.declarations),
            inputs_asset(city.declarations, manifest),
            *stages,
            effect,
            forecast,
            scenarios,
            mark,
            goal_question,
            occasion,
            published_asset(sorted(marts)),
            *release_assets(city.declarations),
        ],
        jobs=[everything, retention],
        schedules=[daily_retention, nightly],
        sensors=[inbox],
        resources={"city": city},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; it calls this, an import of the module does not."""
    folder = os.environ.get("WIRKRAUM_MUNICIPALITY")
    if not folder:
        raise dg.DagsterInvalidDefinitionError(
            "No municipality is named. Set WIRKRAUM_MUNICIPALITY to its folder, for example "
            "WIRKRAUM_MUNICIPALITY=examples/musterstadt, or start with: wirkraum ui <folder>"
        )
    return graph(City.open(Path(folder)))
