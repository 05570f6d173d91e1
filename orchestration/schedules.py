"""What runs by itself every night: what is due is deleted, then the whole graph."""

from datetime import date

import dagster as dg

from orchestration.city import City
from orchestration.retention import retain as delete_due
from orchestration.run import alone

everything = dg.define_asset_job(
    "everything",
    selection=dg.AssetSelection.all(),
    description="From the deliveries to the releases.",
)


class Day(dg.Config):
    """The day whose deletions are due, such as 2024-05-01."""

    on: str


@dg.op(description="Delete originals and quarantined lines whose time is over.")
def retain(config: Day, city: dg.ResourceParam[City]) -> None:
    """Write a tombstone for each deletion; observations and ledger stay."""
    with alone(city.place):
        delete_due(city.declarations, city.place, date.fromisoformat(config.on), dry=False)


@dg.job(description="Delete originals and quarantined lines whose time is over.")
def retention() -> None:
    """One step, apart from the graph: it makes nothing that others read."""
    retain()


@dg.schedule(
    job=retention,
    cron_schedule="0 3 * * *",
    execution_timezone="Europe/Berlin",
    description="Every night at three, before the graph runs.",
)
def daily_retention(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day is the schedule's, so that a late start deletes nothing more."""
    day = context.scheduled_execution_time.date().isoformat()
    return dg.RunRequest(run_key=day, run_config={"ops": {"retain": {"config": {"on": day}}}})


nightly = dg.ScheduleDefinition(
    name="nightly",
    job=everything,
    cron_schedule="0 4 * * *",
    execution_timezone="Europe/Berlin",
    description="Every night at four. Where nothing is new, no release is added.",
)
