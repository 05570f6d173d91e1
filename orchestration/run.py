"""Runs a municipality in this process and shows progress.

The whole of it is `orchestration.steps` in their order; what is selected goes through Dagster,
whose start alone takes seconds.
"""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

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
    from orchestration import steps

    rebuilt = city.place.dirty.exists()
    if select is not None:
        _run_selected(city, select)
        return Outcome(city, computed=True, rebuilt=rebuilt)
    steps.arrive(city)
    if city.is_current():
        return Outcome(city, computed=False, rebuilt=False)
    steps.follow(city)
    city.remember()
    return Outcome(city, computed=True, rebuilt=rebuilt)


def _run_selected(city: City, select: str) -> None:
    city.tell("open the graph")
    import dagster as dg

    from orchestration.definitions import graph

    _quiet()
    wanted = dg.AssetSelection.from_string(select)
    if city.place.as_of is not None:
        wanted = wanted - dg.AssetSelection.groups("release")
    everything = graph(city).get_implicit_global_asset_job_def()
    keys = wanted.resolve(everything.asset_layer.asset_graph)
    if keys:
        everything.execute_in_process(
            asset_selection=sorted(keys),
            instance=dg.DagsterInstance.ephemeral(),
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
