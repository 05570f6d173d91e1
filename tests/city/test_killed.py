"""A run that is killed while it writes, and readers who have the warehouse open meanwhile."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from exports.publish import content_hash
from orchestration.place import Place
from tests.city.cities import new_town, wirkraum

pytestmark = [pytest.mark.city, pytest.mark.slow]


def _deliver(folder: Path, day: str, rows: str) -> None:
    inbox = folder / "deliveries" / "fall" / f"fall_{day}.csv"
    inbox.write_text(f"Jahr;Viertel;Fälle\n{rows}", encoding="utf-8")


def _with_late_file(town: Place, folder: Path) -> Place:
    """A copy of the town in which a late file has just arrived."""
    shutil.copytree(town.folder, folder)
    _deliver(folder, "2022-01-31", "2020;0101;212\n2021;0101;199\n")
    return Place(folder)


def test_a_killed_run_leaves_readers_whole_and_the_next_run_completes(tmp_path: Path) -> None:
    town = Place(new_town(tmp_path / "town"))
    _deliver(town.folder, "2021-01-31", "2020;0101;210\n2020;0102;30\n")
    done = wirkraum("run", town.folder)
    assert done.returncode == 0, done.stderr

    undisturbed = _with_late_file(town, tmp_path / "undisturbed")
    before = content_hash(undisturbed.published_warehouse)
    with duckdb.connect(str(undisturbed.published_warehouse), read_only=True) as session:
        look = "select count(*), max(as_of) from marts.indicator_value"
        seen = session.sql(look).fetchone()
        # Dagster's graph comes to what the steps in their order come to, see below.
        done = wirkraum("run", undisturbed.folder, "--select", "*")
        assert done.returncode == 0, done.stderr
        assert session.sql(look).fetchone() == seen
    expected = content_hash(undisturbed.published_warehouse)
    assert expected != before

    killed = _with_late_file(town, tmp_path / "killed")
    command = [str(Path(sys.executable).with_name("wirkraum")), "run", str(killed.folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 120
        while not killed.dirty.exists():
            assert run.poll() is None, "the run ended before it wrote the warehouse"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(1)
        run.send_signal(signal.SIGKILL)
    assert killed.dirty.exists()
    assert content_hash(killed.published_warehouse) == before

    done = wirkraum("run", killed.folder)
    assert done.returncode == 0, done.stderr
    assert "broke off" in done.stdout
    assert not killed.dirty.exists()
    assert content_hash(killed.published_warehouse) == expected

    assert wirkraum("rollback", killed.folder).returncode == 0
    assert content_hash(killed.published_warehouse) == before
