"""Watches the inbox: a new file starts a run once nothing has been written for a moment."""

import hashlib

import dagster as dg

from orchestration.city import City
from orchestration.ingest.files import inbox_files
from orchestration.schedules import everything


@dg.sensor(
    name="inbox",
    job=everything,
    minimum_interval_seconds=60,
    description="Starts a run when the files in the inbox change, one look after they stood still.",
)
def inbox(context: dg.SensorEvaluationContext, city: dg.ResourceParam[City]) -> dg.SensorResult:
    """Compare the inbox with the last look; run when it changed and then stood still."""
    digest = hashlib.sha256()
    for path in inbox_files(city.declarations, city.place):
        state = path.stat()
        digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    now = digest.hexdigest()
    seen, _, ran = (context.cursor or "|").partition("|")
    if now != seen:
        waiting = "files are still changing; looking again"
        return dg.SensorResult(skip_reason=waiting, cursor=f"{now}|{ran}")
    if now == ran:
        return dg.SensorResult(skip_reason="nothing new in the inbox", cursor=context.cursor)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=now)], cursor=f"{now}|{now}")
