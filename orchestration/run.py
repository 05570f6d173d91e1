"""Runs the whole graph in this process, shows progress and ends with a short table."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
from dagster._core.definitions.asset_selection import AssetSelection
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from orchestration.city import City
from orchestration.place import Place

_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunError(Exception):
    """A run that could not go to its end; the message says what to do."""


@dataclass(frozen=True)
class Outcome:
    """What a run did: whether anything was new, and the city with what it collected."""

    city: City
    computed: bool
    rebuilt: bool


def run(
    folder: Path, *, select: str | None = None, as_of: date | None = None, console: Console
) -> Outcome:
    """Run a municipality from its deliveries to its releases.

    Reads new deliveries first; where neither they, nor declarations, nor code have changed since
    the published state was made, the rest is left as it is. Raises DeclarationError, RunError, or
    WarehouseError.
    """
    with _progress(console) as tell:
        tell("check the declarations")
        city = City.open(folder, as_of, tell)
        with alone(city.place):
            return _run(city, select)


def _run(city: City, select: str | None) -> Outcome:
    city.tell("open the graph")
    rebuilt = city.place.dirty.exists()
    from orchestration.definitions import graph

    _quiet()
    everything = graph(city).get_implicit_global_asset_job_def()
    first = AssetSelection.groups("deliveries", "lake", "declared", "ledger")
    wanted = AssetSelection.all() if select is None else AssetSelection.from_string(select)
    if city.place.as_of is not None:
        wanted = wanted - AssetSelection.groups("release")
    instance = dg.DagsterInstance.ephemeral()
    layer = everything.asset_layer
    _execute(everything, (first & wanted).resolve(layer.asset_graph), instance)
    if select is None and city.is_current():
        return Outcome(city, computed=False, rebuilt=False)
    _execute(everything, (wanted - first).resolve(layer.asset_graph), instance)
    if select is None:
        city.remember()
    return Outcome(city, computed=True, rebuilt=rebuilt)


def _execute(
    job: dg.JobDefinition,
    keys: Set[dg.AssetKey],
    instance: dg.DagsterInstance,
) -> None:
    if not keys:
        return
    job.execute_in_process(
        asset_selection=sorted(keys),
        instance=instance,
        run_config=_SILENT,
        raise_on_error=True,
    )


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """One run at a time: a second one is told so instead of waiting."""
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(place.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(
            f"another run is working on {place.folder}; wait until it has ended"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Show the step at work on a terminal; elsewhere stay silent."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("start", total=None)
        yield lambda step: progress.update(task, description=step)


def _quiet() -> None:
    """Keep Dagster's and dbt's own chatter out of the terminal; errors still raise."""
    logging.getLogger("dagster").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="dagster")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
