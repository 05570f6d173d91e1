"""When the graph runs by itself: every night."""

import dagster as dg

everything = dg.define_asset_job(
    "everything",
    selection=dg.AssetSelection.all(),
    description="From the deliveries to the releases.",
)

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=everything,
    cron_schedule="0 4 * * *",
    execution_timezone="Europe/Berlin",
    description="Every night at four. Where nothing is new, no release is added.",
)
