"""The whole graph as text, so that a change to it is seen and meant."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.city import City
from orchestration.definitions import graph
from orchestration.sensors import inbox
from tests.city.cities import new_musterstadt

SNAPSHOT = Path(__file__).with_name("graph.txt")
pytestmark = [pytest.mark.city]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City.open(new_musterstadt(tmp_path_factory.mktemp("graph") / "city"))


@pytest.fixture(scope="module")
def definitions(city: City) -> dg.Definitions:
    return graph(city)


def _as_text(definitions: dg.Definitions) -> str:
    lines = []
    for spec in sorted(definitions.resolve_all_asset_specs(), key=lambda one: one.key):
        deps = ", ".join(sorted(dep.asset_key.to_user_string() for dep in spec.deps))
        owners = " ".join(spec.owners)
        kinds = " ".join(sorted(spec.kinds))
        lines.append(f"{spec.key.to_user_string()} [{spec.group_name}; {kinds}; {owners}] < {deps}")
    repository = definitions.get_repository_def()
    keys = repository.asset_graph.asset_check_keys
    lines += sorted(f"check {key.asset_key.to_user_string()}: {key.name}" for key in keys)
    lines += sorted(f"job {job.name}" for job in repository.get_all_jobs())
    lines += [f"schedule {one.name} {one.cron_schedule}" for one in repository.schedule_defs]
    lines += [f"sensor {one.name}" for one in repository.sensor_defs]
    return "\n".join(lines) + "\n"


def test_the_graph_is_the_one_we_know(definitions: dg.Definitions, tmp_path: Path) -> None:
    """After a change that is meant: read the new text, then write it to graph.txt."""
    text = _as_text(definitions)
    (tmp_path / "graph.txt").write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text(encoding="utf-8"), f"now: {tmp_path / 'graph.txt'}"


def test_every_asset_is_described(definitions: dg.Definitions) -> None:
    silent = [
        spec.key.to_user_string()
        for spec in definitions.resolve_all_asset_specs()
        if not spec.description
    ]
    assert silent == []


def test_the_inbox_sensor_waits_until_files_stand_still_and_runs_once(city: City) -> None:
    cursor: str | None = None
    seen = []
    for _ in range(3):
        with dg.build_sensor_context(cursor=cursor) as context:
            result = inbox(context, city=city)
        assert isinstance(result, dg.SensorResult)
        cursor = result.cursor
        seen.append("run" if result.run_requests else "skip")
    assert seen == ["skip", "run", "skip"]
