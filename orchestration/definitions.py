"""The whole graph at a glance: deliveries → lake → warehouse → outlook → marks → releases.

Dagster asks this module for `defs`: the graph of the municipality whose folder
`WIRKRAUM_MUNICIPALITY` names. `wirkraum ui <folder>` sets it.
"""

import os
from pathlib import Path

import dagster as dg

from orchestration import warehouse
from orchestration.assets.deliveries import delivery_assets
from orchestration.assets.results import forecast, mark, published_asset, release_assets
from orchestration.assets.warehouse import inputs_asset, stage_assets
from orchestration.city import City
from orchestration.schedules import everything, nightly
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
            forecast,
            mark,
            published_asset(sorted(marts)),
            *release_assets(city.declarations),
        ],
        jobs=[everything],
        schedules=[nightly],
        sensors=[inbox],
        resources={"city": city},
        executor=dg.in_process_executor,
    )


def _of_environment() -> dg.Definitions:
    folder = os.environ.get("WIRKRAUM_MUNICIPALITY")
    if not folder:
        raise dg.DagsterInvalidDefinitionError(
            "no municipality is named: set WIRKRAUM_MUNICIPALITY to its folder, for example "
            "WIRKRAUM_MUNICIPALITY=examples/musterstadt, or start with `wirkraum ui <folder>`"
        )
    return graph(City.open(Path(folder)))


def __getattr__(name: str) -> dg.Definitions:
    """Build `defs` when it is asked for, so that `graph` can be imported without a municipality."""
    if name != "defs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["defs"] = _of_environment()
    return defs
